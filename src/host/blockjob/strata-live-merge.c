/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Merging layers in a running VM.
 *
 * A job outlives the client that started it, so there may be one on the disk already: an active commit
 * to the right place is taken over, and one that ends by itself is waited for; what it was is then seen
 * in the disk's layers, which are also what says in the end whether ours did its work.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/domain/strata-reacquire.h"
#include "strata-block-job.h"
#include "host/connection/strata-connection-private.h"
#include "host/storage/strata-layer.h"
#include "strata-live-merge.h"
#include "host/storage/strata-storage.h"
#include "host/connection/strata-vir.h"
#include "host/connection/strata-xpath.h"
#include "base/strata-error.h"

typedef struct
{
  StrataConnection *connection;
  virDomainPtr domain;
  const char *target;
  char *top;  /* canonical */
  char *base; /* canonical; NULL: a pull of everything */
  const StrataTransfer *transfer;
} Merge;

static void
merge_clear (Merge *self)
{
  g_clear_pointer (&self->domain, virDomainFree);
  g_clear_pointer (&self->top, g_free);
  g_clear_pointer (&self->base, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Merge, merge_clear)

static gboolean
merge_init (Merge *self, const char *uuid, const char *top, const char *base, GError **error)
{
  self->domain = strata_live_find (self->connection, uuid, error);
  if (self->domain == NULL || !strata_reacquire_images (self->domain, error))
    return FALSE;

  if (top != NULL)
    self->top = strata_connection_canonical_path (self->connection, top);
  if (base != NULL)
    self->base = strata_connection_canonical_path (self->connection, base);

  return TRUE;
}

static StrataBlockJob *
watch (Merge *self)
{
  return strata_block_job_new (strata_connection_get_handle (self->connection), self->domain,
                               self->target);
}

static GStrv
list_layers (Merge *self, GError **error)
{
  return strata_layer_list (self->connection, self->domain, self->target, error);
}

static gboolean
set_no_layer (Merge *self, const char *path, GError **error)
{
  strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                    /* Translators: a path, a disk’s name such as vda, a virtual machine’s name */
                    _ ("“%s” is not a layer of the disk “%s” of “%s”"), path, self->target,
                    virDomainGetName (self->domain));

  return FALSE;
}

/* Where the active commit that runs on the disk goes to. */
static char *
get_mirror (Merge *self)
{
  g_autofree char *xml = virDomainGetXMLDesc (self->domain, 0);
  g_autofree char *expression =
      g_strdup_printf ("string(/domain/devices/disk[target/@dev='%s']/mirror[@job='active-commit']/"
                       "source/@*[name()='file' or name()='dev'])",
                       self->target);
  g_autofree char *source = strata_xpath_string (xml, expression);

  return source != NULL ? strata_connection_canonical_path (self->connection, source) : NULL;
}

static gboolean
set_disk_busy (Merge *self, GError **error)
{
  strata_set_error (error, STRATA_ERROR_BUSY, _ ("Wait until that is done, or end it there."),
                    _ ("Another program works on the disk “%s” of “%s”"), self->target,
                    virDomainGetName (self->domain));

  return FALSE;
}

/* ADOPTED: an active commit into our base is under way. A job that ends by itself is waited for, and
 * not aborted on cancellation: it may be another client's. */
static gboolean
reconcile_left_over (Merge *self, gboolean active, gboolean *adopted, GError **error)
{
  g_autoptr (StrataBlockJob) job = watch (self);
  g_autoptr (GError) local = NULL;
  virDomainBlockJobInfo info;

  *adopted = FALSE;
  if (virDomainGetBlockJobInfo (self->domain, self->target, &info, 0) != 1)
    return TRUE;

  if (info.type == VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT && active)
    {
      g_autofree char *mirror = get_mirror (self);

      *adopted = strata_storage_is_same (self->connection, mirror, self->base);
      return *adopted || set_disk_busy (self, error);
    }
  if (info.type != VIR_DOMAIN_BLOCK_JOB_TYPE_COMMIT && info.type != VIR_DOMAIN_BLOCK_JOB_TYPE_PULL)
    return set_disk_busy (self, error);

  /* That it failed doesn't matter: ours comes next. */
  if (strata_block_job_wait_done (
          job,
          &(StrataTransfer) { .cancellable = strata_transfer_get_cancellable (self->transfer) },
          &local) ||
      g_error_matches (local, STRATA_ERROR, STRATA_ERROR_FAILED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

static gboolean
start_commit (Merge *self, const char *top_layer, GError **error)
{
  g_autofree char *base_layer =
      strata_layer_find (self->connection, self->domain, self->target, self->base);
  unsigned int flags = VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES;

  if (base_layer == NULL)
    return set_no_layer (self, self->base, error);

  if (top_layer == NULL)
    flags |= VIR_DOMAIN_BLOCK_COMMIT_ACTIVE;
  if (virDomainBlockCommit (self->domain, self->target, base_layer, top_layer,
                            strata_transfer_get_bandwidth (self->transfer), flags) == 0)
    return TRUE;
  strata_vir_set_error (error, _ ("Merging “%s” into “%s”"), self->top, self->base);

  return FALSE;
}

static gboolean
set_not_merged (Merge *self, GError **error)
{
  strata_set_error (error, STRATA_ERROR_FAILED,
                    _ ("The host’s log of this virtual machine may say more."),
                    _ ("The layers of the disk “%s” of “%s” could not be merged"), self->target,
                    virDomainGetName (self->domain));

  return FALSE;
}

static gboolean
commit_active (Merge *self, GError **error)
{
  g_auto (GStrv) before = NULL;
  g_auto (GStrv) after = NULL;
  g_autoptr (StrataBlockJob) job = NULL;
  gboolean adopted;

  if (!reconcile_left_over (self, TRUE, &adopted, error) ||
      (before = list_layers (self, error)) == NULL)
    return FALSE;
  if (!strata_storage_is_same (self->connection, before[0], self->top))
    return set_no_layer (self, self->top, error);

  job = watch (self);
  if (!adopted && !start_commit (self, NULL, error))
    return FALSE;
  if (!strata_block_job_wait_ready (job, self->transfer, error) ||
      !strata_block_job_finish (job, TRUE, error))
    {
      strata_block_job_abort (job);
      strata_storage_explain_failure (self->connection, self->base, error);
      return FALSE;
    }

  after = list_layers (self, error);
  if (after == NULL)
    return FALSE;

  return strata_storage_is_same (self->connection, after[0], self->base) ||
         set_not_merged (self, error);
}

/* Waits for a job that ends by itself, and writes to WRITTEN. */
static gboolean
see_through (Merge *self, StrataBlockJob *job, const char *written, GError **error)
{
  if (strata_block_job_wait_done (job, self->transfer, error))
    return TRUE;
  strata_block_job_abort (job);
  strata_storage_explain_failure (self->connection, written, error);

  return FALSE;
}

/* With a left-over that was the same commit, TOP may be gone when we come to it. */
static gboolean
commit_below (Merge *self, GError **error)
{
  g_auto (GStrv) before = list_layers (self, error);
  g_auto (GStrv) after = NULL;
  g_autofree char *layer = NULL;
  g_autoptr (StrataBlockJob) job = NULL;
  gboolean adopted;

  if (before == NULL)
    return FALSE;
  if (!strata_storage_is_among (self->connection, (const char *const *) before + 1, self->top))
    return set_no_layer (self, self->top, error);
  if (!reconcile_left_over (self, FALSE, &adopted, error))
    return FALSE;

  layer = strata_layer_find (self->connection, self->domain, self->target, self->top);
  if (layer != NULL)
    {
      job = watch (self);
      if (!start_commit (self, layer, error) || !see_through (self, job, self->base, error))
        return FALSE;
    }

  after = list_layers (self, error);
  if (after == NULL)
    return FALSE;

  return (strata_storage_is_among (self->connection, (const char *const *) after, self->base) &&
          !strata_storage_is_among (self->connection, (const char *const *) after, self->top)) ||
         set_not_merged (self, error);
}

static gboolean
stands_on (Merge *self, char **layers)
{
  return (layers[1] == NULL && self->base == NULL) ||
         strata_storage_is_same (self->connection, layers[1], self->base);
}

static gboolean
pull (Merge *self, GError **error)
{
  g_auto (GStrv) before = NULL;
  g_auto (GStrv) after = NULL;
  g_autofree char *layer = NULL;
  g_autoptr (StrataBlockJob) job = NULL;
  gboolean adopted;

  if (!reconcile_left_over (self, FALSE, &adopted, error) ||
      (before = list_layers (self, error)) == NULL)
    return FALSE;
  self->top = g_strdup (before[0]);
  if (stands_on (self, before))
    return TRUE;

  if (self->base != NULL)
    {
      layer = strata_layer_find (self->connection, self->domain, self->target, self->base);
      if (layer == NULL)
        return set_no_layer (self, self->base, error);
    }

  job = watch (self);
  if (virDomainBlockRebase (self->domain, self->target, layer,
                            strata_transfer_get_bandwidth (self->transfer),
                            VIR_DOMAIN_BLOCK_REBASE_BANDWIDTH_BYTES) < 0)
    {
      strata_vir_set_error (error, _ ("Merging the layers of “%s”"), self->top);
      return FALSE;
    }
  if (!see_through (self, job, self->top, error))
    return FALSE;

  after = list_layers (self, error);
  if (after == NULL)
    return FALSE;

  return stands_on (self, after) || set_not_merged (self, error);
}

/**
 * strata_live_commit:
 * @connection: a connection
 * @uuid: a running or paused domain
 * @target: a disk of it, `vda`
 * @top: the layer whose content goes down
 * @base: the layer that takes it; somewhere below @top
 * @active: whether @top is what the domain writes to
 * @transfer: (nullable): cancelled, it stops where it is
 * @error: where to put `STRATA_ERROR_INVALID` if the disk has no such layers, `BUSY` if the domain is off
 *   or its disk worked on by others, or another
 *
 * Merges @top, and what is between it and @base, down into @base. Stopped half-way, @base has changed and
 * all above it show what they did; run again, it is finished. What stood on @top stands on @base then, and
 * @top is no longer needed by this domain. Worker threads only.
 *
 * Returns: whether all of it is in @base
 */
gboolean
strata_live_commit (StrataConnection *connection,
                    const char *uuid,
                    const char *target,
                    const char *top,
                    const char *base,
                    gboolean active,
                    const StrataTransfer *transfer,
                    GError **error)
{
  g_auto (Merge) merge = { connection, NULL, target, NULL, NULL, transfer };

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (uuid != NULL && target != NULL && top != NULL && base != NULL, FALSE);

  if (g_cancellable_set_error_if_cancelled (strata_transfer_get_cancellable (transfer), error) ||
      !merge_init (&merge, uuid, top, base, error))
    return FALSE;

  return (active ? commit_active (&merge, error) : commit_below (&merge, error)) &&
         strata_live_flush (connection, uuid, base, error);
}

/**
 * strata_live_pull:
 * @connection: a connection
 * @uuid: a running or paused domain
 * @target: a disk of it, `vda`
 * @base: (nullable): the layer that it shall stand on then; %NULL for none
 * @transfer: (nullable): cancelled, it stops where it is
 * @error: where to put `STRATA_ERROR_INVALID` if the disk has no such layer, `BUSY` if the domain is off or
 *   its disk worked on by others, or another
 *
 * What the domain writes to takes all that is between it and @base; these layers stay as they are. Stopped
 * half-way it has more of its own and stands where it stood. Worker threads only.
 *
 * Returns: whether it stands on @base
 */
gboolean
strata_live_pull (StrataConnection *connection,
                  const char *uuid,
                  const char *target,
                  const char *base,
                  const StrataTransfer *transfer,
                  GError **error)
{
  g_auto (Merge) merge = { connection, NULL, target, NULL, NULL, transfer };

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (uuid != NULL && target != NULL, FALSE);

  if (g_cancellable_set_error_if_cancelled (strata_transfer_get_cancellable (transfer), error) ||
      !merge_init (&merge, uuid, NULL, base, error))
    return FALSE;

  return pull (&merge, error) && strata_live_flush (connection, uuid, merge.top, error);
}
