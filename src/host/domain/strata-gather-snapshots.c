/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Gathering what a domain's snapshots hold: their images with all below them, and whether what libvirt wrote
 * down of them is complete and still true.
 */

#include "config.h"

#include "host/connection/strata-connection-private.h"
#include "strata-gather-private.h"
#include "host/storage/strata-storage.h"

/* What was put on the frozen image may be gone (its domain was reverted, and it was discarded) without anything
 * missing; where it is there, it has to be seen. */
static gboolean
add_overlay (StrataGathering *self, const char *path, GError **error)
{
  return path == NULL || !g_path_is_absolute (path) || strata_path_is_device (path) ||
         strata_graph_get_image (self->graph, path) != NULL ||
         strata_gathering_add_folder (self, path, NULL, error);
}

static gboolean
follow_snapshot (StrataGathering *self,
                 const StrataDomainFacts *domain,
                 const StrataSnapshotFacts *snapshot,
                 GError **error)
{
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->image != NULL && disk->pool != NULL && *disk->pool != '\0' &&
          !g_path_is_absolute (disk->image))
        {
          strata_gathering_add_unresolved (self, disk->pool, &disk->image, disk->format,
                                           disk->medium);
          if (!add_overlay (self, disk->overlay, error) ||
              !add_overlay (self, disk->revert_overlay, error))
            return FALSE;
          continue;
        }
      /* A disk that was left out is a raw one where nothing is said, and stands on nothing, unless it is called so by mistake. */
      if (disk->location == STRATA_SNAPSHOT_NONE &&
          (disk->format == NULL || g_str_equal (disk->format, "raw")))
        {
          if (disk->image != NULL)
            strata_gathering_add_claimant (self, disk->image);
          continue;
        }
      if (disk->image != NULL &&
          !strata_gathering_follow (self, domain, disk->image, disk->format,
                                    strata_path_is_device (disk->image), error))
        return FALSE;
      if (!add_overlay (self, disk->overlay, error) ||
          !add_overlay (self, disk->revert_overlay, error))
        return FALSE;
    }
  for (guint i = 0; i < snapshot->options->len; i++)
    {
      if (!strata_gathering_follow_option (self, domain, g_ptr_array_index (snapshot->options, i),
                                           error))
        return FALSE;
    }

  return TRUE;
}

/* A folder that can't be looked into is no proof that the file is gone. */
static gboolean
is_memory_missing (StrataGathering *self, const StrataSnapshotFacts *snapshot)
{
  gboolean exists;

  return snapshot->memory_file != NULL &&
         !strata_gathering_is_inactive (self, snapshot->memory_file) &&
         strata_storage_exists (self->connection, snapshot->memory_file, &exists, NULL) && !exists;
}

/* Of a folder that is away, or can't be looked into, nothing is known. ABSENT: what was asked before, with the answer */
static void
find_missing_media (StrataGathering *self, StrataSnapshotFacts *snapshot, GHashTable *absent)
{
  for (guint i = 0; i < snapshot->media->len; i++)
    {
      const char *path = g_ptr_array_index (snapshot->media, i);
      gpointer answer;
      gboolean exists;

      if (!g_hash_table_lookup_extended (absent, path, NULL, &answer))
        {
          answer = GINT_TO_POINTER (
              !strata_path_is_device (path) && !strata_gathering_is_inactive (self, path) &&
              strata_storage_exists (self->connection, path, &exists, NULL) && !exists);
          g_hash_table_insert (absent, g_strdup (path), answer);
        }
      if (GPOINTER_TO_INT (answer))
        g_ptr_array_add (snapshot->missing_media, g_strdup (path));
    }
}

static gboolean
is_backing_wrong (StrataGathering *self, const StrataSnapshotDisk *disk)
{
  const StrataImage *image = strata_graph_get_image (self->graph, disk->image);

  for (guint i = 0; disk->backings != NULL && disk->backings[i] != NULL; i++)
    {
      /* Of what can't be read nothing shows that the document is wrong. */
      if (image == NULL || image->state != STRATA_IMAGE_SEEN)
        return FALSE;
      if (image->backing_path == NULL ||
          !g_str_equal (strata_graph_resolve (self->graph, image->backing_path),
                        strata_graph_resolve (self->graph, disk->backings[i])))
        return TRUE;
      image = strata_graph_get_image (self->graph, image->backing_path);
    }

  return disk->ends && image != NULL && image->state == STRATA_IMAGE_SEEN &&
         image->backing_path != NULL;
}

/* libvirt writes a disk's whole chain or nothing of it, so that one level tells whether it does. What it wrote is not true any
 * more where an image of another domain was merged or made independent below. */
static void
compare_backing (StrataGathering *self, StrataSnapshotFacts *snapshot)
{
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);
      const StrataImage *image = strata_graph_get_image (self->graph, disk->image);

      if (disk->location == STRATA_SNAPSHOT_EXTERNAL && image != NULL &&
          image->backing_path != NULL && (disk->backings == NULL || disk->backings[0] == NULL))
        snapshot->backing_known = FALSE;
      if (disk->location != STRATA_SNAPSHOT_NONE && is_backing_wrong (self, disk))
        snapshot->backing_wrong = TRUE;
    }
}

/**
 * strata_gathering_add_snapshots:
 * @self: a gathering
 * @domain: a domain that no other thread knows yet
 * @error: where to put an error that ends the gathering
 *
 * Adds the images that @domain's snapshots name, and completes what is known of the snapshots. Worker
 * threads only.
 *
 * Returns: whether to go on
 */
gboolean
strata_gathering_add_snapshots (StrataGathering *self, StrataDomainFacts *domain, GError **error)
{
  g_autoptr (GHashTable) absent = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      if (!follow_snapshot (self, domain, snapshot, error))
        return FALSE;
      snapshot->memory_missing = is_memory_missing (self, snapshot);
      find_missing_media (self, snapshot, absent);
      compare_backing (self, snapshot);
    }

  return TRUE;
}
