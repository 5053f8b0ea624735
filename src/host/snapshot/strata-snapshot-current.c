/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The current snapshot, and what it says of where the domain is since then: the files that libvirt's own calls unlink
 * when they leave it.
 */

#include "config.h"

#include "host/connection/strata-connection-private.h"
#include "strata-snapshot-reconcile-private.h"
#include "strata-snapshot.h"

/* Two names of one file. */
gboolean
strata_reconciling_is_same (StrataReconciling *self, const char *a, const char *b)
{
  g_autofree char *canonical_a = NULL;
  g_autofree char *canonical_b = NULL;

  if (a == NULL || b == NULL || g_str_equal (a, b))
    return a != NULL && b != NULL;

  canonical_a = strata_connection_canonical_path (self->connection, a);
  canonical_b = strata_connection_canonical_path (self->connection, b);

  return g_str_equal (canonical_a, canonical_b);
}

/* Which is current ------------------------------------------------------------------------------ */

static const StrataDiskXml *
find_disk (StrataReconciling *self, const char *target)
{
  for (guint i = 0; i < self->domain->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (self->domain->disks, i);

      if (g_str_equal (disk->target, target))
        return disk;
    }

  return NULL;
}

static gboolean
stands_directly_on (StrataReconciling *self, const StrataDiskXml *disk, const char *image)
{
  g_auto (GStrv) paths = NULL;
  g_auto (GStrv) formats = NULL;

  return disk->source != NULL && image != NULL &&
         strata_chain_reader_read (self->chains, disk->source, disk->format, &paths, &formats) &&
         strata_reconciling_is_same (self, paths[0], image);
}

/* Whether the domain runs on this external snapshot. */
static gboolean
carries_domain (StrataReconciling *self, StrataSettlingItem *item)
{
  g_autoptr (GPtrArray) disks = strata_snapshot_xml_get_disks (item->document);
  gboolean any = FALSE;

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataSnapshotDisk *snapshot_disk = g_ptr_array_index (disks, i);
      const StrataDiskXml *disk = find_disk (self, snapshot_disk->target);

      if (snapshot_disk->location != STRATA_SNAPSHOT_EXTERNAL || disk == NULL)
        continue;
      if (!stands_directly_on (self, disk, snapshot_disk->image))
        return FALSE;
      any = TRUE;
    }

  return any;
}

static StrataSettlingItem *
get_current (StrataReconciling *self)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      StrataSettlingItem *item = g_ptr_array_index (self->items, i);

      if (item->current)
        return item;
    }

  return NULL;
}

/* The one that the domain runs on; else the first root. */
static StrataSettlingItem *
choose_current (StrataReconciling *self)
{
  StrataSettlingItem *chosen = NULL;

  for (guint i = 0; i < self->items->len; i++)
    {
      StrataSettlingItem *item = g_ptr_array_index (self->items, i);

      if (carries_domain (self, item))
        return item;
      if (item->facts->parent == NULL &&
          (chosen == NULL || item->facts->created < chosen->facts->created))
        chosen = item;
    }

  return chosen;
}

/* What the current one's overlays are ----------------------------------------------------------- */

static gboolean
is_leaf (StrataReconciling *self, StrataSettlingItem *item)
{
  for (guint i = 0; i < self->domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *other = g_ptr_array_index (self->domain->snapshots, i);

      if (g_strcmp0 (other->parent, item->facts->name) == 0)
        return FALSE;
    }

  return TRUE;
}

/* Whether another snapshot is of PATH: an internal one has its tag in it. */
static gboolean
is_promised (StrataReconciling *self, const char *path)
{
  for (guint i = 0; i < self->domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *other = g_ptr_array_index (self->domain->snapshots, i);

      for (guint j = 0; j < other->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (other->disks, j);

          if (disk->location != STRATA_SNAPSHOT_NONE &&
              strata_reconciling_is_same (self, disk->image, path))
            return TRUE;
        }
    }

  return FALSE;
}

/* What native calls may take for the snapshot's overlay and unlink: the domain's source, but only where that is
 * nothing else than an overlay of the frozen image, and nobody else's. NULL: nothing. */
static const char *
get_true_overlay (StrataReconciling *self, const StrataSnapshotDisk *snapshot_disk)
{
  const StrataDiskXml *disk = find_disk (self, snapshot_disk->target);

  /* One that was taken out is somebody's all the same. */
  if (disk == NULL || is_promised (self, disk->source))
    return NULL;
  if (strata_reconciling_is_same (self, disk->source, snapshot_disk->overlay))
    return snapshot_disk->overlay;

  return stands_directly_on (self, disk, snapshot_disk->image) ? disk->source : NULL;
}

/* Where there is none to name. An entry without a file would do for <revertDisks>, but when a child is deleted libvirt
 * puts that in place of the snapshot's own <disks>, and then nobody would know what the snapshot froze (libvirt 11.3). So
 * a file is named that nobody has; libvirt's calls then find nothing to unlink, and say so in their log. */
static char *
name_overlay (StrataReconciling *self, const StrataSnapshotDisk *snapshot_disk)
{
  const char *overlay = get_true_overlay (self, snapshot_disk);

  if (overlay != NULL)
    return g_strdup (overlay);

  return snapshot_disk->image != NULL
             ? g_strconcat (snapshot_disk->image, STRATA_NO_OVERLAY_SUFFIX, NULL)
             : NULL;
}

typedef struct
{
  /* StrataSnapshotDisk, of which revert_overlay is the true one */
  GPtrArray *disks;
  gboolean as_said;       /* by <revertDisks>, or else by <disks> */
  gboolean as_in_disks;   /* by <disks> */
  gboolean without_holes; /* every disk has one */
} Overlays;

static void
overlays_clear (Overlays *self)
{
  g_clear_pointer (&self->disks, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Overlays, overlays_clear)

static void
find_overlays (StrataReconciling *self, StrataSettlingItem *item, Overlays *result)
{
  g_autoptr (GPtrArray) disks = strata_snapshot_xml_get_disks (item->document);
  gboolean reverted = strata_snapshot_xml_has_revert_disks (item->document);

  result->disks = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_snapshot_disk_free);
  result->as_said = result->as_in_disks = result->without_holes = TRUE;

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (disks, i);
      const char *said = reverted ? disk->revert_overlay : disk->overlay;
      g_autofree char *overlay = NULL;
      StrataSnapshotDisk *entry;

      if (disk->location != STRATA_SNAPSHOT_EXTERNAL)
        continue;

      overlay = name_overlay (self, disk);
      result->without_holes &= get_true_overlay (self, disk) != NULL;
      result->as_said &= strata_reconciling_is_same (self, overlay, said);
      result->as_in_disks &= strata_reconciling_is_same (self, overlay, disk->overlay);
      entry = strata_snapshot_disk_new (disk->target, STRATA_SNAPSHOT_EXTERNAL);
      entry->revert_overlay = g_steal_pointer (&overlay);
      g_ptr_array_add (result->disks, entry);
    }
}

static void
reconcile_overlays (StrataReconciling *self, StrataSettlingItem *item)
{
  g_auto (Overlays) overlays = { NULL };
  gboolean keeps = strata_snapshot_keeps_revert_disks (self->connection);

  find_overlays (self, item, &overlays);
  if (overlays.as_said)
    return;

  if (overlays.as_in_disks)
    strata_snapshot_xml_set_revert_disks (item->document, NULL);
  else if (is_leaf (self, item) && (overlays.without_holes || !keeps))
    {
      for (guint i = 0; i < overlays.disks->len; i++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (overlays.disks, i);

          strata_snapshot_xml_set_overlay (item->document, disk->target, disk->revert_overlay);
        }
      strata_snapshot_xml_set_revert_disks (item->document, NULL);
    }
  else if (keeps)
    strata_snapshot_xml_set_revert_disks (item->document, overlays.disks);
  else
    /* Such a host can't go back to an external snapshot by itself, so nothing follows from it there. */
    return;

  item->changed = TRUE;
}

gboolean
strata_reconciling_reconcile_current (StrataReconciling *self)
{
  StrataSettlingItem *current = get_current (self);
  gboolean chosen = current == NULL;

  if (chosen)
    current = choose_current (self);
  if (current == NULL)
    return FALSE;
  current->current = TRUE;
  reconcile_overlays (self, current);

  /* Elsewhere it would come into force as soon as that one is current, and name files that are another's. */
  for (guint i = 0; i < self->items->len; i++)
    {
      StrataSettlingItem *item = g_ptr_array_index (self->items, i);

      if (item->current || !strata_snapshot_xml_has_revert_disks (item->document))
        continue;
      strata_snapshot_xml_set_revert_disks (item->document, NULL);
      item->changed = TRUE;
    }

  return chosen;
}
