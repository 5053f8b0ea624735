/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps about what is inside of images: whether a chain is sound, and which internal snapshots stay. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/storage/strata-chain-check.h"
#include "host/storage/strata-image-tags.h"
#include "host/storage/strata-storage.h"
#include "jobs/strata-job-private.h"
#include "strata-perform-private.h"
#include "base/strata-error.h"

/* check-chain: comes before anything is stopped ---------------------------------------------------- */

static gboolean
check_memory (StrataStepContext *context, const char *path, GError **error)
{
  gboolean exists;

  if (!strata_storage_exists (context->connection, path, &exists, error))
    return FALSE;
  if (exists)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_NOT_FOUND,
                    _ ("Revert to the snapshot’s disks alone, with the virtual machine off."),
                    _ ("The snapshot’s memory is gone: there is no file “%s”"), path);
  return FALSE;
}

static gboolean
check_chain_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *memory = strata_step_context_get (context, "memory-file");

  return strata_chain_check (context->connection, strata_step_context_get (context, "path"),
                             strata_step_context_get (context, "format"), cancellable, error) &&
         (memory == NULL || check_memory (context, memory, error));
}

const StrataStepOps strata_step_check_chain = {
  .interruptible = TRUE,
  .run = check_chain_run,
};

/* keep-tag, delete-tag ----------------------------------------------------------------------------- */

/* A tag that is left takes room and does no harm, so that where it can't be removed from here this is told
 * and no more. */
static gboolean
tell_unsupported (StrataStepContext *context, GError *local, GError **error)
{
  if (!g_error_matches (local, STRATA_ERROR, STRATA_ERROR_UNSUPPORTED))
    {
      g_propagate_error (error, local);
      return FALSE;
    }

  strata_job_append_log (context->job, local->message);
  g_error_free (local);

  return TRUE;
}

static gboolean
keep_tag_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  GError *local = NULL;

  return strata_image_tags_keep (context->connection, strata_step_context_get (context, "path"),
                                 strata_step_context_get (context, "format"),
                                 strata_step_context_get (context, "tag"), cancellable, &local) ||
         tell_unsupported (context, local, error);
}

const StrataStepOps strata_step_keep_tag = {
  .interruptible = TRUE,
  .run = keep_tag_run,
};

static gboolean
delete_tag_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  GError *local = NULL;

  return strata_image_tags_delete (context->connection, strata_step_context_get (context, "path"),
                                   strata_step_context_get (context, "format"),
                                   strata_step_context_get (context, "tag"), cancellable, &local) ||
         tell_unsupported (context, local, error);
}

const StrataStepOps strata_step_delete_tag = {
  .interruptible = TRUE,
  .run = delete_tag_run,
};
