/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps that merge layers: down (commit) and up (pull), in a worker domain or in the VM that runs on them. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/strata-live-merge.h"
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

static StrataWorker *
start_worker (StrataStepContext *context,
              const char *path,
              const char *format,
              GCancellable *cancellable,
              GError **error)
{
  gboolean block = strata_step_context_is (context, "block");

  return strata_worker_start (context->connection, path, format,
                              block ? STRATA_WORKER_BLOCK : STRATA_WORKER_FILE, cancellable, error);
}

/* Whether the header of PATH names BASE, or nothing where that is NULL. */
static gboolean
stands_on (StrataStepContext *context,
           const char *path,
           const char *base,
           gboolean *stands,
           GError **error)
{
  g_autoptr (StrataImage) image = strata_storage_look (context->connection, path, error);

  if (image == NULL)
    return FALSE;
  *stands = g_strcmp0 (image->backing_path, base) == 0;

  return TRUE;
}

/* commit ------------------------------------------------------------------------------------------- */

static gboolean
commit_live (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  return strata_live_commit (
      context->connection, strata_step_context_get (context, "uuid"),
      strata_step_context_get (context, "target"), strata_step_context_get (context, "top"),
      strata_step_context_get (context, "base"), strata_step_context_is (context, "active"),
      strata_job_get_bandwidth (context->job), on_bytes, context->job, cancellable, error);
}

/* One overlay of TOP after the other gets its turn, each in a worker of its own; one that had it knows
 * nothing of TOP any more. */
static gboolean
commit_below (StrataStepContext *context,
              const char *via,
              GCancellable *cancellable,
              GError **error)
{
  const char *base = strata_step_context_get (context, "base");
  g_autoptr (StrataWorker) worker = NULL;
  gboolean done;

  if (!stands_on (context, via, base, &done, error))
    return FALSE;
  if (done)
    return TRUE;

  worker = start_worker (context, via, strata_step_context_get (context, "via-format"), cancellable,
                         error);

  return worker != NULL &&
         strata_worker_commit_below (worker, strata_step_context_get (context, "top"), base,
                                     strata_job_get_bandwidth (context->job), on_bytes,
                                     context->job, cancellable, error);
}

static gboolean
commit_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *via = strata_step_context_get (context, "via");
  g_autoptr (StrataWorker) worker = NULL;

  if (strata_step_context_get (context, "uuid") != NULL)
    return commit_live (context, cancellable, error);
  if (via != NULL)
    return commit_below (context, via, cancellable, error);

  worker = start_worker (context, strata_step_context_get (context, "top"),
                         strata_step_context_get (context, "top-format"), cancellable, error);

  return worker != NULL && strata_worker_commit (worker, strata_step_context_get (context, "base"),
                                                 strata_job_get_bandwidth (context->job), on_bytes,
                                                 context->job, cancellable, error);
}

/* In a worker it may be run again; under a VM it can't, because there is nothing to commit then. */
static gboolean
commit_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");
  g_auto (GStrv) layers = NULL;

  *done = FALSE;
  if (uuid == NULL)
    return TRUE;

  layers = strata_live_chain (context->connection, uuid,
                              strata_step_context_get (context, "target"), error);
  if (layers == NULL)
    return FALSE;
  *done = !g_strv_contains ((const char *const *) layers, strata_step_context_get (context, "top"));

  return TRUE;
}

const StrataStepClass strata_step_commit = {
  .kind = "commit",
  .run = commit_run,
  .is_done = commit_is_done,
};

/* pull --------------------------------------------------------------------------------------------- */

/* libvirt pulls only into what the VM writes to. */
static gboolean
check_is_active_layer (StrataStepContext *context, GError **error)
{
  const char *image = strata_step_context_get (context, "image");
  g_auto (GStrv) layers =
      strata_live_chain (context->connection, strata_step_context_get (context, "uuid"),
                         strata_step_context_get (context, "target"), error);

  if (layers == NULL)
    return FALSE;
  if (g_str_equal (layers[0], image))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_BUSY, _ ("Try again; what is to be done differs now."),
                    _ ("The virtual machine does not run on “%s” any more"), image);
  return FALSE;
}

static gboolean
pull_live (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  return check_is_active_layer (context, error) &&
         strata_live_pull (
             context->connection, strata_step_context_get (context, "uuid"),
             strata_step_context_get (context, "target"), strata_step_context_get (context, "base"),
             strata_job_get_bandwidth (context->job), on_bytes, context->job, cancellable, error);
}

static gboolean
pull_in_worker (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_autoptr (StrataWorker) worker =
      start_worker (context, strata_step_context_get (context, "image"),
                    strata_step_context_get (context, "format"), cancellable, error);

  return worker != NULL && strata_worker_pull (worker, strata_step_context_get (context, "base"),
                                               strata_job_get_bandwidth (context->job), on_bytes,
                                               context->job, cancellable, error);
}

static gboolean
pull_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  return stands_on (context, strata_step_context_get (context, "image"),
                    strata_step_context_get (context, "base"), done, error);
}

/* What is above it is deleted next, trusting the header. */
static gboolean
pull_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  gboolean live = strata_step_context_get (context, "uuid") != NULL;
  gboolean done;

  if (live ? !pull_live (context, cancellable, error)
           : !pull_in_worker (context, cancellable, error))
    return FALSE;
  if (!pull_is_done (context, &done, error))
    return FALSE;
  if (done)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_FAILED, NULL,
                    _ ("“%s” still stands on what it should have taken"),
                    strata_step_context_get (context, "image"));
  return FALSE;
}

const StrataStepClass strata_step_pull = {
  .kind = "pull",
  .run = pull_run,
  .is_done = pull_is_done,
};
