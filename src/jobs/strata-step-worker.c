/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps that move bytes between images: block jobs in a worker domain, or a direct copy. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/strata-direct-copy.h"
#include "host/strata-storage.h"
#include "host/strata-worker.h"
#include "strata-job-private.h"
#include "strata-step-private.h"
#include "xml/strata-error.h"

static void
on_bytes (guint64 done, guint64 total, gpointer user_data)
{
  strata_job_report_bytes (user_data, done, total);
}

/* copy-image --------------------------------------------------------------------------------------- */

static gboolean
copy_image_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *path = strata_step_context_get (context, "destination");
  gboolean exists;

  if (!strata_storage_exists (context->connection, path, &exists, error))
    return FALSE;
  if (!exists)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_EXISTS, _ ("Move it away, or choose another name."),
                    _ ("The file “%s” exists already"), path);
  return FALSE;
}

static gboolean
copy_in_worker (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_autoptr (StrataWorker) worker = NULL;

  worker = strata_worker_start (context->connection, strata_step_context_get (context, "source"),
                                strata_step_context_get (context, "source-format"),
                                strata_step_context_is (context, "block"), cancellable, error);

  return worker != NULL &&
         strata_worker_copy (worker, strata_step_context_get (context, "destination"),
                             strata_step_context_get (context, "format"),
                             strata_job_get_bandwidth (context->job), on_bytes, context->job,
                             cancellable, error);
}

/* Directly where that gives the same (and no bandwidth limit has to be kept), else in a worker. */
static gboolean
copy_image_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (strata_step_context_is (context, "flat") && strata_job_get_bandwidth (context->job) == 0)
    {
      if (strata_direct_copy (context->connection, strata_step_context_get (context, "source"),
                              strata_step_context_get (context, "destination"), on_bytes,
                              context->job, cancellable, &local))
        return TRUE;
      if (!g_error_matches (local, STRATA_ERROR, STRATA_ERROR_UNSUPPORTED))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }

  return copy_in_worker (context, cancellable, error);
}

static gboolean
copy_image_undo (StrataStepContext *context, GError **error)
{
  return strata_storage_delete (context->connection,
                                strata_step_context_get (context, "destination"), error);
}

const StrataStepClass strata_step_copy_image = {
  .kind = "copy-image",
  .check = copy_image_check,
  .run = copy_image_run,
  .undo = copy_image_undo,
};

/* commit ------------------------------------------------------------------------------------------- */

static gboolean
commit_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_autoptr (StrataWorker) worker = NULL;

  worker = strata_worker_start (context->connection, strata_step_context_get (context, "top"),
                                strata_step_context_get (context, "top-format"), FALSE, cancellable,
                                error);

  return worker != NULL && strata_worker_commit (worker, strata_step_context_get (context, "base"),
                                                 strata_job_get_bandwidth (context->job), on_bytes,
                                                 context->job, cancellable, error);
}

const StrataStepClass strata_step_commit = {
  .kind = "commit",
  .run = commit_run,
};
