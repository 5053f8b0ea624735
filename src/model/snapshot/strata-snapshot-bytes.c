/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How many bytes a snapshot holds: what its layers take on disk, told only where the graph shows every one of them. */

#include "config.h"

#include "strata-snapshot-bytes.h"

static gboolean
add_image (StrataGraph *graph, const char *path, gint64 *bytes)
{
  const StrataImage *image = strata_graph_get_image (graph, path);

  if (image == NULL || image->missing)
    return FALSE;

  *bytes += (gint64) image->allocation;

  return TRUE;
}

/**
 * strata_snapshot_bytes_held:
 * @snapshot: a snapshot
 * @graph: (nullable): the host's images
 *
 * An internal snapshot shares its image with what was written later, so its own part of it is not known.
 *
 * Returns: bytes on disk, or -1
 */
gint64
strata_snapshot_bytes_held (const StrataSnapshotFacts *snapshot, StrataGraph *graph)
{
  gint64 bytes = 0;
  guint n = 0;

  g_return_val_if_fail (snapshot != NULL, -1);

  if (graph == NULL || snapshot->memory == STRATA_SNAPSHOT_INTERNAL)
    return -1;

  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->location == STRATA_SNAPSHOT_NONE)
        continue;
      if (disk->location == STRATA_SNAPSHOT_INTERNAL || !add_image (graph, disk->image, &bytes))
        return -1;
      n++;
    }
  if (snapshot->memory == STRATA_SNAPSHOT_EXTERNAL &&
      !add_image (graph, snapshot->memory_file, &bytes))
    return -1;

  return n > 0 ? bytes : -1;
}

static const StrataDiskXml *
find_disk (const StrataDomainFacts *facts, const char *target)
{
  for (guint i = 0; i < facts->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (facts->disks, i);

      if (g_strcmp0 (disk->target, target) == 0)
        return disk;
    }

  return NULL;
}

/**
 * strata_snapshot_bytes_since:
 * @facts: a domain
 * @graph: (nullable): the host's images
 *
 * Known where each disk runs on an overlay that stands directly on what the current snapshot froze, and which holds no
 * internal snapshot.
 *
 * Returns: bytes on disk, or -1
 */
gint64
strata_snapshot_bytes_since (const StrataDomainFacts *facts, StrataGraph *graph)
{
  const StrataSnapshotFacts *current;
  gint64 bytes = 0;
  guint n = 0;

  g_return_val_if_fail (facts != NULL, -1);

  current = strata_domain_facts_get_current (facts);
  if (graph == NULL || current == NULL)
    return -1;

  for (guint i = 0; i < current->disks->len; i++)
    {
      const StrataSnapshotDisk *frozen = g_ptr_array_index (current->disks, i);
      const StrataDiskXml *disk = find_disk (facts, frozen->target);
      const StrataImage *top = disk != NULL ? strata_graph_get_image (graph, disk->source) : NULL;

      if (frozen->location == STRATA_SNAPSHOT_NONE)
        continue;
      if (frozen->location == STRATA_SNAPSHOT_INTERNAL || top == NULL || top->missing ||
          g_strcmp0 (top->backing_path, frozen->image) != 0 || top->tags_unknown ||
          (top->tags != NULL && top->tags[0] != NULL))
        return -1;
      bytes += (gint64) top->allocation;
      n++;
    }

  return n > 0 ? bytes : -1;
}
