/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Taking back a snapshot that was just made. What was written since is not lost by it: it is committed into the image
 * that was frozen.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "strata-connection-private.h"
#include "strata-domain-control.h"
#include "strata-freeze.h"
#include "strata-internal-snapshot.h"
#include "strata-live-merge.h"
#include "strata-snapshot-create.h"
#include "strata-snapshot-private.h"
#include "strata-snapshot-settle.h"
#include "strata-snapshot.h"
#include "strata-storage.h"

/* Where the disk TARGET of DISKS is, canonically; NULL if there is no such disk. */
static char *
find_source (StrataConnection *connection, GPtrArray *disks, const char *target)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (g_str_equal (disk->target, target) && disk->source != NULL)
        return strata_connection_canonical_path (connection, disk->source);
    }

  return NULL;
}

static gboolean
is_on (StrataConnection *connection, GPtrArray *disks, const char *target, const char *path)
{
  g_autofree char *source = find_source (connection, disks, target);
  g_autofree char *wanted = strata_connection_canonical_path (connection, path);

  return g_strcmp0 (source, wanted) == 0;
}

/* Somebody else may have put the domain on something that stands on the overlay. */
static gboolean
check_is_on_either (StrataConnection *connection,
                    const StrataDomainFacts *facts,
                    const StrataSnapshotOverlay *item,
                    GError **error)
{
  g_autofree char *source = find_source (connection, facts->disks, item->target);

  if (source == NULL || is_on (connection, facts->disks, item->target, item->overlay) ||
      is_on (connection, facts->disks, item->target, item->base))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_FAILED,
                    _ ("Delete what was made on top of it, then take the job back again."),
                    /* Translators: a disk (“vda”), a virtual machine, and two paths. */
                    _ ("The disk %s of “%s” is on “%s” by now, which may stand on “%s”"),
                    item->target, facts->name, source, item->overlay);

  return FALSE;
}

static gboolean
commit_in_worker (StrataConnection *connection, const StrataSnapshotOverlay *item, GError **error)
{
  g_autoptr (StrataWorker) worker = strata_worker_start (
      connection, item->overlay, "qcow2",
      strata_path_is_device (item->overlay) ? STRATA_WORKER_BLOCK : STRATA_WORKER_FILE, NULL,
      error);

  return worker != NULL && strata_worker_commit (worker, item->base, 0, NULL, NULL, NULL, error);
}

static gboolean
merge (StrataConnection *connection,
       const StrataSnapshotOrder *order,
       const StrataDomainFacts *facts,
       GError **error)
{
  for (guint i = 0; i < order->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (order->overlays, i);
      gboolean merged;

      if (!check_is_on_either (connection, facts, item, error))
        return FALSE;
      if (!is_on (connection, facts->disks, item->target, item->overlay))
        continue;

      if (strata_domain_facts_is_active (facts))
        merged = strata_live_commit (connection, order->uuid, item->target, item->overlay,
                                     item->base, TRUE, 0, NULL, NULL, NULL, error);
      else
        merged = commit_in_worker (connection, item, error);
      if (!merged)
        return FALSE;
    }

  return TRUE;
}

static const StrataDiskXml *
find_disk (GPtrArray *disks, const char *target)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (g_strcmp0 (disk->target, target) == 0)
        return disk;
    }

  return NULL;
}

/* What another client has changed of the definition since stays: only the disks go back. After a live commit libvirt has written
 * the base into the inactive definition itself. */
static gboolean
define_on_bases (StrataConnection *connection, const StrataSnapshotOrder *order, GError **error)
{
  g_autofree char *xml = strata_domain_get_xml (connection, order->uuid, error);
  g_autoptr (StrataDomainXml) definition = NULL;
  g_autoptr (StrataDomainXml) previous = NULL;
  g_autoptr (GPtrArray) disks = NULL;
  g_autoptr (GPtrArray) previous_disks = NULL;
  g_autofree char *text = NULL;
  gboolean moved = FALSE;

  if (xml == NULL)
    return FALSE;
  definition = strata_domain_xml_new_from_string (xml, error);
  previous = definition != NULL ? strata_domain_xml_new_from_string (order->previous, error) : NULL;
  if (previous == NULL)
    return FALSE;

  disks = strata_domain_xml_get_disks (definition);
  previous_disks = strata_domain_xml_get_disks (previous);
  for (guint i = 0; i < order->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (order->overlays, i);
      const StrataDiskXml *before = find_disk (previous_disks, item->target);

      if (!is_on (connection, disks, item->target, item->overlay))
        continue;
      strata_domain_xml_set_disk_file (definition, item->target, item->base,
                                       before != NULL ? before->format : NULL);
      moved = TRUE;
    }
  if (!moved)
    return TRUE;

  /* As it was to the letter, where nothing else was changed: a disk may have been a volume, or have a <backingStore>. */
  if (disks->len == previous_disks->len && strata_domain_xml_equal_but_disks (definition, previous))
    return strata_domain_define (connection, order->previous, error);
  text = strata_domain_xml_to_string (definition);

  return strata_domain_define (connection, text, error);
}

static gboolean
delete_files (StrataConnection *connection, const StrataSnapshotOrder *order, GError **error)
{
  for (guint i = 0; i < order->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (order->overlays, i);

      if (!strata_storage_delete (connection, item->overlay, error))
        return FALSE;
    }

  return order->memory_file == NULL ||
         strata_storage_delete (connection, order->memory_file, error);
}

/* The snapshot before it lost, by its creation, what says where the domain really is. */
static void
settle_parent (StrataConnection *connection, const StrataSnapshotOrder *order)
{
  g_autoptr (GError) error = NULL;

  if (!strata_snapshot_settle (connection, order->uuid, NULL, NULL, NULL, &error))
    g_warning ("%s", error->message);
}

static gboolean
take_back_external (StrataConnection *connection, const StrataSnapshotOrder *order, GError **error)
{
  g_autoptr (StrataDomainFacts) facts =
      strata_connection_get_domain (connection, order->uuid, error);

  if (facts == NULL || !merge (connection, order, facts, error) ||
      !define_on_bases (connection, order, error) ||
      !strata_snapshot_forget (connection, order->uuid, order->name, error) ||
      !delete_files (connection, order, error))
    return FALSE;
  settle_parent (connection, order);

  return TRUE;
}

/**
 * strata_snapshot_thaw:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @error: where to put libvirt's error
 *
 * Who froze the guest may have been killed before he thawed it. Worker threads only.
 *
 * Returns: whether the guest can write
 */
gboolean
strata_snapshot_thaw (StrataConnection *connection, const char *uuid, GError **error)
{
  g_autoptr (virDomain) domain = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL)
    return FALSE;

  return virDomainIsActive (domain) != 1 || strata_thaw (domain, error);
}

/**
 * strata_snapshot_take_back:
 * @connection: a connection
 * @order: a snapshot that was, perhaps, made
 * @error: where to put an error
 *
 * Nothing may stand on its overlays but the domain. Does nothing where there is nothing to take back. Worker threads
 * only.
 *
 * Returns: whether nothing of it is left
 */
gboolean
strata_snapshot_take_back (StrataConnection *connection,
                           const StrataSnapshotOrder *order,
                           GError **error)
{
  static const char *const none[] = { NULL };
  g_autoptr (GError) thaw_error = NULL;
  gboolean taken_back;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  /* A guest that stays frozen is told of, but the rest is done all the same. */
  if (order->quiesce)
    strata_snapshot_thaw (connection, order->uuid, &thaw_error);
  if (order->screenshot != NULL)
    g_unlink (order->screenshot);

  if (order->kind == STRATA_SNAPSHOT_KIND_INTERNAL)
    taken_back = strata_snapshot_delete_internal (connection, order->uuid, order->name, order->name,
                                                  none, none, NULL, error);
  else
    taken_back = take_back_external (connection, order, error);
  if (!taken_back || thaw_error == NULL)
    return taken_back;

  g_propagate_error (error, g_steal_pointer (&thaw_error));

  return FALSE;
}
