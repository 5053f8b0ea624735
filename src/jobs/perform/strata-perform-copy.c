/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps that copy images: by a block job in a worker domain, directly, or as an internal snapshot has them. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/storage/strata-direct-copy.h"
#include "host/storage/strata-image-tags.h"
#include "host/storage/strata-storage.h"
#include "host/blockjob/strata-worker.h"
#include "jobs/strata-job-private.h"
#include "strata-perform-private.h"
#include "base/strata-error.h"

static guint64
on_bytes (guint64 done, guint64 total, gpointer user_data)
{
  strata_job_report_bytes (user_data, done, total);

  return strata_job_get_bandwidth (user_data);
}

/* copy-image --------------------------------------------------------------------------------------- */

static gboolean
copy_image_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  return strata_storage_require_absent (context->connection,
                                        strata_step_context_get (context, "destination"), error);
}

static gboolean
copy_in_worker (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_autoptr (StrataWorker) worker = NULL;
  StrataWorkerFlags flags = STRATA_WORKER_FILE;

  if (strata_step_context_is (context, "block"))
    flags |= STRATA_WORKER_BLOCK;
  if (strata_step_context_is (context, "read-only"))
    flags |= STRATA_WORKER_READ_ONLY;
  worker = strata_worker_start (context->connection, strata_step_context_get (context, "source"),
                                strata_step_context_get (context, "source-format"), flags,
                                cancellable, error);

  return worker != NULL &&
         strata_worker_copy (worker, strata_step_context_get (context, "destination"),
                             strata_step_context_get (context, "format"),
                             &(StrataTransfer) { strata_job_get_bandwidth (context->job), on_bytes,
                                                 context->job, cancellable },
                             error);
}

/* Directly where that gives the same (and no bandwidth limit has to be kept), else in a worker. */
static gboolean
copy_image_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (!strata_direct_require_unwritten (
          context->connection, strata_step_context_get (context, "source"),
          strata_step_context_get (context, "source-format"), cancellable, error))
    return FALSE;

  /* Its file as it is only where that is what the definition says: on a raw disk its guest may have written a qcow2 image. */
  if (strata_step_context_is (context, "flat") &&
      g_strcmp0 (strata_step_context_get (context, "source-format"), "qcow2") == 0 &&
      strata_job_get_bandwidth (context->job) == 0)
    {
      if (strata_direct_copy (context->connection, strata_step_context_get (context, "source"),
                              strata_step_context_get (context, "destination"),
                              &(StrataTransfer) { 0, on_bytes, context->job, cancellable }, &local))
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

const StrataStepOps strata_step_copy_image = {
  .interruptible = TRUE,
  .check = copy_image_check,
  .run = copy_image_run,
  .undo = copy_image_undo,
};

/* copy-verbatim: with everything that is in the file, as its internal snapshots -------------------- */

static gboolean
copy_to_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  return strata_storage_require_absent (context->connection,
                                        strata_step_context_get (context, "to"), error);
}

static gboolean
copy_verbatim_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  return strata_direct_require_unwritten (context->connection,
                                          strata_step_context_get (context, "from"), "raw",
                                          cancellable, error) &&
         strata_direct_copy_verbatim (
             context->connection, strata_step_context_get (context, "from"),
             strata_step_context_get (context, "to"),
             &(StrataTransfer) { 0, on_bytes, context->job, cancellable }, error);
}

static gboolean
copy_to_undo (StrataStepContext *context, GError **error)
{
  return strata_storage_delete (context->connection, strata_step_context_get (context, "to"),
                                error);
}

const StrataStepOps strata_step_copy_verbatim = {
  .interruptible = TRUE,
  .check = copy_to_check,
  .run = copy_verbatim_run,
  .undo = copy_to_undo,
};

/* convert-tag: what the guest saw at an internal snapshot, as an image of its own ------------------ */

static gboolean
convert_tag_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  return strata_image_tags_convert (
      context->connection, strata_step_context_get (context, "from"),
      strata_step_context_get (context, "tag"), strata_step_context_get (context, "to"),
      strata_step_context_get (context, "to-format"),
      &(StrataTransfer) { 0, on_bytes, context->job, cancellable }, error);
}

const StrataStepOps strata_step_convert_tag = {
  .interruptible = TRUE,
  .check = copy_to_check,
  .run = convert_tag_run,
  .undo = copy_to_undo,
};
