/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What libvirt says of a domain's snapshots, made true, so that other tools can go on from it. libvirt's own calls
 * believe it to the letter: they unlink what <disks> or <revertDisks> of the current snapshot names, crash where there
 * is no current one, or where a definition does not say its whole chain. Which one is current, and what it says of
 * where the domain is, is in strata-snapshot-current.c.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/connection/strata-connection-private.h"
#include "strata-snapshot-reconcile-private.h"
#include "strata-snapshot-reconcile.h"
#include "strata-snapshot.h"
#include "base/strata-error.h"
#include "xml/strata-snapshot-xml.h"

static void
item_free (StrataSettlingItem *self)
{
  g_clear_object (&self->document);
  g_free (self);
}

static gboolean
load_items (StrataReconciling *self, GError **error)
{
  self->items = g_ptr_array_new_with_free_func ((GDestroyNotify) item_free);

  for (guint i = 0; i < self->domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *facts = g_ptr_array_index (self->domain->snapshots, i);
      StrataSettlingItem *item = g_new0 (StrataSettlingItem, 1);

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
apply_move (StrataReconciling *self, StrataSettlingItem *item, const StrataImageMove *move)
{
  g_autoptr (GPtrArray) disks = strata_snapshot_xml_get_disks (item->document);
  gboolean moved =
      strata_snapshot_xml_replace_image (item->document, move->from, move->to, move->format);

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (disks, i);
      const char *const names[] = { disk->image, disk->overlay, disk->revert_overlay };

      for (size_t j = 0; j < G_N_ELEMENTS (names); j++)
        if (strata_reconciling_is_same (self, names[j], move->from))
          moved |=
              strata_snapshot_xml_replace_image (item->document, names[j], move->to, move->format);
    }

  item->moved |= moved;
  item->changed |= moved;
}

/* What is below --------------------------------------------------------------------------------- */

/* Of an external one libvirt has to know the whole chain; of others, that it does not know a wrong one. */
static void
reconcile_backing (StrataReconciling *self, StrataSettlingItem *item)
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

/* All of it ---------------------------------------------------------------------------------------- */

/* Libvirt takes no document of a snapshot whose definition it would not take any more. Where that only makes it
 * less sound for other tools, the job is none the worse for it. */
static gboolean
write_item (StrataReconciling *self, StrataSettlingItem *item, GError **error)
{
  g_autofree char *xml = strata_snapshot_xml_to_string (item->document);
  GError *failure = NULL;

  if (strata_snapshot_define (self->connection, self->domain->uuid, xml, item->current, &failure))
    return TRUE;
  if (item->moved || g_error_matches (failure, STRATA_ERROR, STRATA_ERROR_CONNECTION))
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
reconcile (StrataReconciling *self, GPtrArray *moves, GCancellable *cancellable, GError **error)
{
  gboolean chosen;

  if (!load_items (self, error))
    return FALSE;

  for (guint i = 0; i < self->items->len; i++)
    {
      StrataSettlingItem *item = g_ptr_array_index (self->items, i);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      for (guint j = 0; moves != NULL && j < moves->len; j++)
        apply_move (self, item, g_ptr_array_index (moves, j));
      reconcile_backing (self, item);
    }
  chosen = strata_reconciling_reconcile_current (self);

  for (guint i = 0; i < self->items->len; i++)
    {
      StrataSettlingItem *item = g_ptr_array_index (self->items, i);

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
  StrataReconciling self = { .connection = connection, .remarks = remarks };
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
