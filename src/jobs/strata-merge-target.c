/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The disk of a VM whose layers are to be merged, whether the VM runs or not. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/blockjob/strata-live-merge.h"
#include "host/storage/strata-file-chain.h"
#include "host/storage/strata-storage.h"
#include "strata-merge-target.h"
#include "base/strata-error.h"

void
strata_merge_target_clear (StrataMergeTarget *self)
{
  self->disk = NULL;
  self->active = FALSE;
  g_clear_pointer (&self->facts, strata_domain_facts_unref);
  g_clear_pointer (&self->layers, g_strfreev);
}

/* By the headers, since no QEMU has it open. FORMAT: what the definition says of PATH; below a raw image is nothing, whatever a
 * guest wrote into it. */
static GStrv
list_layers (StrataConnection *connection, const char *path, const char *format, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (StrataFileChain) link = strata_file_chain_begin (path, format);

  while (link.path != NULL && g_path_is_absolute (link.path))
    {
      g_autoptr (StrataImage) image = strata_storage_read_image (connection, link.path, error);

      if (image == NULL)
        return NULL;
      g_strv_builder_add (builder, link.path);
      strata_file_chain_next (&link, image->backing_path, image->backing_format);
    }

  return g_strv_builder_end (builder);
}

/* PROBLEM: (inout): why the first layers that could not be read could not be; not of a drive, whose medium may be away. Returns
 * whether SELF has found its disk. */
static gboolean
try_disk (StrataMergeTarget *self,
          const StrataDiskXml *disk,
          gboolean active,
          const char *image,
          GError **problem)
{
  g_autoptr (GError) local = NULL;
  g_auto (GStrv) layers = NULL;

  if (disk->source == NULL)
    return FALSE;
  if (active)
    layers = strata_live_chain (self->connection, self->facts->uuid, disk->target, &local);
  else
    layers = list_layers (self->connection, disk->source, disk->format, &local);
  if (layers == NULL && *problem == NULL && g_strcmp0 (disk->device, "disk") == 0)
    *problem = g_steal_pointer (&local);
  if (layers == NULL ||
      !strata_storage_is_among (self->connection, (const char *const *) layers, image))
    return FALSE;

  self->disk = disk;
  self->active = active;
  self->layers = g_steal_pointer (&layers);

  return TRUE;
}

static gboolean
try_disks (StrataMergeTarget *self,
           GPtrArray *disks,
           gboolean active,
           const char *image,
           GError **problem)
{
  for (guint i = 0; i < disks->len; i++)
    {
      if (try_disk (self, g_ptr_array_index (disks, i), active, image, problem))
        return TRUE;
    }

  return FALSE;
}

/**
 * strata_merge_target_query:
 * @self: a subject
 * @connection: a connection
 * @uuid: a domain's UUID
 * @image: a layer of the disk that is meant
 * @which: where to look for it
 * @error: where to put an error
 *
 * A target is only a place: another client may have put another disk there, or the same disk elsewhere.
 *
 * Worker threads only.
 *
 * Returns: whether @self says what is true now; its disk is %NULL where no disk has @image
 */
gboolean
strata_merge_target_query (StrataMergeTarget *self,
                           StrataConnection *connection,
                           const char *uuid,
                           const char *image,
                           StrataMergeWhere which,
                           GError **error)
{
  g_autoptr (GError) problem = NULL;
  gboolean active;

  strata_merge_target_clear (self);
  self->connection = connection;
  self->facts = strata_connection_get_domain (connection, uuid, error);
  if (self->facts == NULL)
    return FALSE;

  active = strata_domain_facts_is_active (self->facts);
  if ((which & STRATA_MERGE_LIVE) != 0 && active &&
      try_disks (self, self->facts->disks, TRUE, image, &problem))
    return TRUE;
  if ((which & STRATA_MERGE_DEFINED) != 0 &&
      try_disks (self, self->facts->next_disks, FALSE, image, &problem))
    return TRUE;
  if (problem == NULL)
    return TRUE;

  /* It may be the one. */
  g_propagate_error (error, g_steal_pointer (&problem));

  return FALSE;
}

gboolean
strata_merge_target_check_top (const StrataMergeTarget *self, const char *path, GError **error)
{
  if (strata_storage_is_same (self->connection, self->layers[0], path))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_BUSY, _ ("Try again; what is to be done differs now."),
                    _ ("“%s” does not run on “%s” any more"), self->facts->name, path);

  return FALSE;
}
