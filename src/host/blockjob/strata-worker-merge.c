/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Merging layers in the worker domain: down (commit) and up (pull).
 *
 * An active commit takes the worker's own image away from the chain and ends by a pivot. The others end by
 * themselves, with another name in the header of what stands on the layer that went.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-block-job.h"
#include "host/connection/strata-connection-private.h"
#include "host/storage/strata-layer.h"
#include "host/storage/strata-storage.h"
#include "strata-worker-private.h"
#include "base/strata-error.h"

/* Without a base libvirt would commit to the very bottom, into a template perhaps; so each is named. */
static char *
find_layer (StrataWorker *self, const char *path, GError **error)
{
  char *layer = strata_layer_find (self->connection, self->domain, STRATA_WORKER_TARGET, path);

  if (layer == NULL)
    strata_set_error (error, STRATA_ERROR_INVALID, NULL, _ ("“%s” does not stand on “%s”"),
                      self->path, path);

  return layer;
}

static StrataBlockJob *
watch (StrataWorker *self)
{
  return strata_block_job_new (strata_connection_get_handle (self->connection), self->domain,
                               STRATA_WORKER_TARGET);
}

/**
 * strata_worker_commit:
 * @self: a worker on the overlay
 * @base: the image that takes its content; somewhere below it
 * @transfer: (nullable): cancelled, it stops where it is
 * @error: where to put `STRATA_ERROR_INVALID` if @base is not below the overlay, or another
 *
 * Merges the overlay, and what is between it and @base, down into @base. Stopped half-way, @base has changed
 * and the overlay is whole, so that it shows what it did; run again, it is finished. After success @base
 * shows what the overlay did. Worker threads only.
 *
 * Returns: whether all of it is in @base
 */
gboolean
strata_worker_commit (StrataWorker *self,
                      const char *base,
                      const StrataTransfer *transfer,
                      GError **error)
{
  g_autoptr (StrataBlockJob) job = NULL;
  g_autofree char *layer = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (self != NULL && base != NULL, FALSE);

  if (g_cancellable_set_error_if_cancelled (strata_transfer_get_cancellable (transfer), error) ||
      (layer = find_layer (self, base, error)) == NULL)
    return FALSE;

  job = watch (self);
  if (virDomainBlockCommit (
          self->domain, STRATA_WORKER_TARGET, layer, NULL, strata_transfer_get_bandwidth (transfer),
          VIR_DOMAIN_BLOCK_COMMIT_ACTIVE | VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES) < 0)
    {
      strata_vir_set_error (error, _ ("Merging “%s” into “%s”"), self->path, base);
      return FALSE;
    }

  if (strata_block_job_wait_ready (job, transfer, error) &&
      strata_block_job_finish (job, TRUE, error))
    return TRUE;

  strata_block_job_abort (job);
  strata_storage_explain_failure (self->connection, base, error);

  return FALSE;
}

/* Waits for a job that ends by itself and writes to WRITTEN; afterwards it is BASE that the image ABOVE stands on. libvirt's view
 * of the layers and the image's header have to agree: the process that opens it next reads the header. */
static gboolean
see_through (StrataWorker *self,
             StrataBlockJob *job,
             const char *written,
             const char *above,
             const char *base,
             const StrataTransfer *transfer,
             GError **error)
{
  g_autoptr (StrataImage) image = NULL;
  g_autofree char *wanted = NULL;

  if (!strata_block_job_wait_done (job, transfer, error))
    {
      strata_block_job_abort (job);
      strata_storage_explain_failure (self->connection, written, error);
      return FALSE;
    }

  image = strata_storage_read_image (self->connection, above, error);
  if (image == NULL)
    return FALSE;
  wanted = base != NULL ? strata_connection_canonical_path (self->connection, base) : NULL;
  if ((image->backing_path == NULL && wanted == NULL) ||
      strata_storage_is_same (self->connection, image->backing_path, wanted))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_FAILED, NULL,
                    _ ("QEMU did not finish the merging of what “%s” stands on"), above);

  return FALSE;
}

/* What stands on the layer PATH in the worker. */
static char *
find_overlay (StrataWorker *self, const char *path, GError **error)
{
  g_autofree char *wanted = strata_connection_canonical_path (self->connection, path);
  g_auto (GStrv) layers =
      strata_layer_list (self->connection, self->domain, STRATA_WORKER_TARGET, error);

  if (layers == NULL)
    return NULL;
  for (guint i = 0; layers[i + 1] != NULL; i++)
    {
      if (strata_storage_is_same (self->connection, layers[i + 1], wanted))
        return g_strdup (layers[i]);
    }
  strata_set_error (error, STRATA_ERROR_INVALID, NULL, _ ("“%s” does not stand on “%s”"),
                    self->path, path);

  return NULL;
}

/**
 * strata_worker_commit_below:
 * @self: a worker on an image that stands on @top
 * @top: the layer whose content goes down; not the worker's own image
 * @base: the image that takes it; somewhere below @top
 * @transfer: (nullable): cancelled, it stops where it is
 * @error: where to put `STRATA_ERROR_INVALID` if these are not layers of the worker's image, or another
 *
 * Merges @top, and what is between it and @base, down into @base. Stopped half-way, @base has changed and
 * what stands on @top shows what it did; run again, it is finished. Then the image directly above @top names
 * @base in its header; any other overlay of @top still names @top. Worker threads only.
 *
 * Returns: whether all of it is in @base, and the header says so
 */
gboolean
strata_worker_commit_below (StrataWorker *self,
                            const char *top,
                            const char *base,
                            const StrataTransfer *transfer,
                            GError **error)
{
  g_autoptr (StrataBlockJob) job = NULL;
  g_autofree char *overlay = NULL;
  g_autofree char *top_layer = NULL;
  g_autofree char *base_layer = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (self != NULL && top != NULL && base != NULL, FALSE);

  if (g_cancellable_set_error_if_cancelled (strata_transfer_get_cancellable (transfer), error) ||
      (overlay = find_overlay (self, top, error)) == NULL ||
      (top_layer = find_layer (self, top, error)) == NULL ||
      (base_layer = find_layer (self, base, error)) == NULL)
    return FALSE;

  job = watch (self);
  if (virDomainBlockCommit (self->domain, STRATA_WORKER_TARGET, base_layer, top_layer,
                            strata_transfer_get_bandwidth (transfer),
                            VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES) < 0)
    {
      strata_vir_set_error (error, _ ("Merging “%s” into “%s”"), top, base);
      return FALSE;
    }

  return see_through (self, job, base, overlay, base, transfer, error);
}

/**
 * strata_worker_pull:
 * @self: a worker
 * @base: (nullable): what the worker's image shall stand on; %NULL for nothing
 * @transfer: (nullable): cancelled, it stops where it is
 * @error: where to put `STRATA_ERROR_INVALID` if @base is not below the worker's image, or another
 *
 * The worker's image takes all that is between it and @base; these layers stay as they are. Stopped
 * half-way it has more of its own and stands where it stood. Worker threads only.
 *
 * Returns: whether it stands on @base, and its header says so
 */
gboolean
strata_worker_pull (StrataWorker *self,
                    const char *base,
                    const StrataTransfer *transfer,
                    GError **error)
{
  g_autoptr (StrataBlockJob) job = NULL;
  g_autofree char *layer = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (self != NULL, FALSE);

  if (g_cancellable_set_error_if_cancelled (strata_transfer_get_cancellable (transfer), error) ||
      (base != NULL && (layer = find_layer (self, base, error)) == NULL))
    return FALSE;

  job = watch (self);
  if (virDomainBlockRebase (self->domain, STRATA_WORKER_TARGET, layer,
                            strata_transfer_get_bandwidth (transfer),
                            VIR_DOMAIN_BLOCK_REBASE_BANDWIDTH_BYTES) < 0)
    {
      strata_vir_set_error (error, _ ("Merging the layers of “%s”"), self->path);
      return FALSE;
    }

  return see_through (self, job, self->path, self->path, base, transfer, error);
}
