/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What libvirt says of a domain's snapshots, made true, so that other tools can go on from it. libvirt's own calls
 * believe it to the letter: they unlink what <disks> or <revertDisks> of the current snapshot names, crash where there
 * is no current one, or where a definition does not say its whole chain.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/connection/strata-connection-private.h"
#include "host/storage/strata-chain-reader.h"
#include "strata-snapshot-reconcile.h"
#include "strata-snapshot.h"
#include "base/strata-error.h"
#include "xml/strata-snapshot-xml.h"

typedef struct
{
  const StrataSnapshotFacts *facts;
  StrataSnapshotXml *document;
  gboolean current;
  gboolean changed;
  /* names files that will go, so that it has to be written */
  gboolean moved;
} Item;

typedef struct
{
  StrataConnection *connection;
  StrataDomainFacts *domain;
  StrataChainReader *chains;
  GPtrArray *items; /* Item */
  GPtrArray *remarks;
} Reconciling;

/* Two names of one file. */
static gboolean
is_same (Reconciling *self, const char *a, const char *b)
{
  g_autofree char *canonical_a = NULL;
  g_autofree char *canonical_b = NULL;

  if (a == NULL || b == NULL || g_str_equal (a, b))
    return a != NULL && b != NULL;

  canonical_a = strata_connection_canonical_path (self->connection, a);
  canonical_b = strata_connection_canonical_path (self->connection, b);

  return g_str_equal (canonical_a, canonical_b);
}

static void
item_free (Item *self)
{
  g_clear_object (&self->document);
  g_free (self);
}

static gboolean
load_items (Reconciling *self, GError **error)
{
  self->items = g_ptr_array_new_with_free_func ((GDestroyNotify) item_free);

  for (guint i = 0; i < self->domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *facts = g_ptr_array_index (self->domain->snapshots, i);
      Item *item = g_new0 (Item, 1);

      g_ptr_array_add (self->items, item);
      item->facts = facts;
      item->current = facts->current;
      item->document = strata_snapshot_xml_new_from_string (facts->xml, error);
      if (item->document == NULL)
        return FALSE;
      if (facts->lost_parent != NULL)
        {
          strata_snapshot_xml_set_parent (item->document, NULL);
          item->changed = TRUE;
        }
    }

  return TRUE;
}

/* What was moved -------------------------------------------------------------------------------- */

static void
apply_move (Reconciling *self, Item *item, const StrataImageMove *move)
{
  g_autoptr (GPtrArray) disks = strata_snapshot_xml_get_disks (item->document);
  gboolean moved =
      strata_snapshot_xml_replace_image (item->document, move->from, move->to, move->format);

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (disks, i);
      const char *const names[] = { disk->image, disk->overlay, disk->revert_overlay };

      for (size_t j = 0; j < G_N_ELEMENTS (names); j++)
        if (is_same (self, names[j], move->from))
          moved |=
              strata_snapshot_xml_replace_image (item->document, names[j], move->to, move->format);
    }

  item->moved |= moved;
  item->changed |= moved;
}

/* What is below --------------------------------------------------------------------------------- */

/* Of an external one libvirt has to know the whole chain; of others, that it does not know a wrong one. */
static void
reconcile_backing (Reconciling *self, Item *item)
{
  g_autoptr (GPtrArray) disks = strata_snapshot_xml_get_disks (item->document);

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (disks, i);
      g_auto (GStrv) paths = NULL;
      g_auto (GStrv) formats = NULL;

      if (disk->image == NULL ||
          !strata_chain_reader_read (self->chains, disk->image, disk->format, &paths, &formats))
        continue;

      if (disk->location == STRATA_SNAPSHOT_EXTERNAL)
        item->changed |= strata_snapshot_xml_set_backing (item->document, disk->target,
                                                          (const char *const *) paths,
                                                          (const char *const *) formats);
      else if (strata_snapshot_xml_contradicts_backing (item->document, disk->target,
                                                        (const char *const *) paths))
        item->changed |= strata_snapshot_xml_set_backing (item->document, disk->target, NULL, NULL);
    }
}

/* The current snapshot, and what it says of where the domain is since then: the files that libvirt's own calls unlink when they
 * leave it. */

/* Which is current ------------------------------------------------------------------------------ */

static const StrataDiskXml *
find_disk (Reconciling *self, const char *target)
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
stands_directly_on (Reconciling *self, const StrataDiskXml *disk, const char *image)
{
  g_auto (GStrv) paths = NULL;
  g_auto (GStrv) formats = NULL;

  return disk->source != NULL && image != NULL &&
         strata_chain_reader_read (self->chains, disk->source, disk->format, &paths, &formats) &&
         is_same (self, paths[0], image);
}

/* Whether the domain runs on this external snapshot. */
static gboolean
carries_domain (Reconciling *self, Item *item)
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

static Item *
get_current (Reconciling *self)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      Item *item = g_ptr_array_index (self->items, i);

      if (item->current)
        return item;
    }

  return NULL;
}

/* The one that the domain runs on; else the first root. */
static Item *
choose_current (Reconciling *self)
{
  Item *chosen = NULL;

  for (guint i = 0; i < self->items->len; i++)
    {
      Item *item = g_ptr_array_index (self->items, i);

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
is_leaf (Reconciling *self, Item *item)
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
is_promised (Reconciling *self, const char *path)
{
  for (guint i = 0; i < self->domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *other = g_ptr_array_index (self->domain->snapshots, i);

      for (guint j = 0; j < other->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (other->disks, j);

          if (disk->location != STRATA_SNAPSHOT_NONE && is_same (self, disk->image, path))
            return TRUE;
        }
    }

  return FALSE;
}

/* What native calls may take for the snapshot's overlay and unlink: the domain's source, but only where that is
 * nothing else than an overlay of the frozen image, and no other machine's. NULL: nothing. */
static const char *
get_true_overlay (Reconciling *self, const StrataSnapshotDisk *snapshot_disk)
{
  const StrataDiskXml *disk = find_disk (self, snapshot_disk->target);

  /* One that was taken out may be held all the same. */
  if (disk == NULL || is_promised (self, disk->source))
    return NULL;
  if (is_same (self, disk->source, snapshot_disk->overlay))
    return snapshot_disk->overlay;

  return stands_directly_on (self, disk, snapshot_disk->image) ? disk->source : NULL;
}

/* Where there is none to name. An entry without a file would do for <revertDisks>, but when a child is deleted libvirt
 * puts that in place of the snapshot's own <disks>, and then nothing would tell what the snapshot froze (libvirt 11.3). So
 * a file is named that doesn't exist; libvirt's calls then find nothing to unlink, and say so in their log. */
static char *
name_overlay (Reconciling *self, const StrataSnapshotDisk *snapshot_disk)
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
find_overlays (Reconciling *self, Item *item, Overlays *result)
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
      result->as_said &= is_same (self, overlay, said);
      result->as_in_disks &= is_same (self, overlay, disk->overlay);
      entry = strata_snapshot_disk_new (disk->target, STRATA_SNAPSHOT_EXTERNAL);
      entry->revert_overlay = g_steal_pointer (&overlay);
      g_ptr_array_add (result->disks, entry);
    }
}

static void
reconcile_overlays (Reconciling *self, Item *item)
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

/* TRUE if there was no current one, and one was chosen. */
static gboolean
reconcile_current (Reconciling *self)
{
  Item *current = get_current (self);
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
      Item *item = g_ptr_array_index (self->items, i);

      if (item->current || !strata_snapshot_xml_has_revert_disks (item->document))
        continue;
      strata_snapshot_xml_set_revert_disks (item->document, NULL);
      item->changed = TRUE;
    }

  return chosen;
}

/* All of it ---------------------------------------------------------------------------------------- */

static gboolean
is_dropped (Reconciling *self, Item *item)
{
  g_autofree char *name = strata_snapshot_xml_get_name (item->document);
  gboolean exists;

  return strata_snapshot_exists (self->connection, self->domain->uuid, name, &exists, NULL) &&
         !exists;
}

/* Libvirt takes no document of a snapshot whose definition it would not take any more. Where that only makes it
 * less sound for other tools, the job is none the worse for it. */
static gboolean
write_item (Reconciling *self, Item *item, GError **error)
{
  g_autofree char *xml = strata_snapshot_xml_to_string (item->document);
  GError *failure = NULL;

  if (strata_snapshot_define (self->connection, self->domain->uuid, xml, item->facts->xml,
                              item->current, &failure))
    return TRUE;
  /* Another client has deleted it. */
  if (g_error_matches (failure, STRATA_ERROR, STRATA_ERROR_CHANGED) && is_dropped (self, item))
    {
      g_error_free (failure);
      return TRUE;
    }
  if (item->moved || g_error_matches (failure, STRATA_ERROR, STRATA_ERROR_CONNECTION) ||
      is_dropped (self, item))
    {
      g_propagate_error (error, failure);
      return FALSE;
    }

  if (self->remarks != NULL)
    g_ptr_array_add (self->remarks, g_strdup (failure->message));
  g_error_free (failure);

  return TRUE;
}

static gboolean
reconcile (Reconciling *self, GPtrArray *moves, GCancellable *cancellable, GError **error)
{
  gboolean chosen;

  if (!load_items (self, error))
    return FALSE;

  for (guint i = 0; i < self->items->len; i++)
    {
      Item *item = g_ptr_array_index (self->items, i);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      for (guint j = 0; moves != NULL && j < moves->len; j++)
        apply_move (self, item, g_ptr_array_index (moves, j));
      reconcile_backing (self, item);
    }
  chosen = reconcile_current (self);

  for (guint i = 0; i < self->items->len; i++)
    {
      Item *item = g_ptr_array_index (self->items, i);

      if ((item->changed || (chosen && item->current)) && !write_item (self, item, error))
        return FALSE;
    }

  return TRUE;
}

StrataImageMove *
strata_image_move_new (const char *from, const char *to, const char *format)
{
  StrataImageMove *self = g_new0 (StrataImageMove, 1);

  self->from = g_strdup (from);
  self->to = g_strdup (to);
  self->format = g_strdup (format);

  return self;
}

void
strata_image_move_free (StrataImageMove *self)
{
  g_free (self->from);
  g_free (self->to);
  g_free (self->format);
  g_free (self);
}

/**
 * strata_snapshot_reconcile:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @moves: (nullable) (element-type StrataImageMove): images that are somewhere else now; in this order
 * @remarks: (nullable) (element-type utf8): takes a line for each snapshot that libvirt would not take back
 * @cancellable: (nullable): looked at before anything is written
 * @error: where to put an error
 *
 * Writes only what it changed. A domain that is gone is fine. Worker threads only.
 *
 * Returns: whether every snapshot says what is true
 */
gboolean
strata_snapshot_reconcile (StrataConnection *connection,
                           const char *uuid,
                           GPtrArray *moves,
                           GPtrArray *remarks,
                           GCancellable *cancellable,
                           GError **error)
{
  Reconciling self = { .connection = connection, .remarks = remarks };
  g_autoptr (GError) local_error = NULL;
  gboolean reconciled = TRUE;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  self.domain = strata_connection_get_domain (connection, uuid, &local_error);
  if (self.domain == NULL)
    {
      if (g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  if (self.domain->snapshots->len > 0)
    {
      self.chains = strata_chain_reader_new (connection, cancellable);
      reconciled = reconcile (&self, moves, cancellable, error);
      g_clear_pointer (&self.items, g_ptr_array_unref);
      g_clear_pointer (&self.chains, strata_chain_reader_free);
    }
  g_clear_pointer (&self.domain, strata_domain_facts_unref);

  return reconciled;
}
