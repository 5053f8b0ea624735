/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Taking back a snapshot that was just made. What was written since is not lost by it: it is committed into the image
 * that was frozen.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "host/connection/strata-connection-private.h"
#include "host/domain/strata-domain-control.h"
#include "host/storage/strata-freeze.h"
#include "strata-internal-snapshot.h"
#include "host/blockjob/strata-live-merge.h"
#include "host/storage/strata-qemu-img.h"
#include "strata-snapshot-create.h"
#include "strata-snapshot-private.h"
#include "strata-snapshot-reconcile.h"
#include "strata-snapshot.h"
#include "host/storage/strata-file-chain.h"
#include "host/storage/strata-storage.h"
#include "host/blockjob/strata-worker.h"
#include "base/strata-error.h"

/* A target is only a place: another client may have put the disk elsewhere. */
static const StrataDiskXml *
find_disk_on (StrataConnection *connection, GPtrArray *disks, const char *path)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (disk->source != NULL && strata_storage_is_same (connection, disk->source, path))
        return disk;
    }

  return NULL;
}

/* ACTIVE: QEMU has it open. */
static const StrataDiskXml *
find_overlay (StrataConnection *connection,
              const StrataDomainFacts *facts,
              const char *overlay,
              gboolean *active)
{
  const StrataDiskXml *disk = NULL;

  if (strata_domain_facts_is_active (facts))
    disk = find_disk_on (connection, facts->disks, overlay);
  *active = disk != NULL;

  return disk != NULL ? disk : find_disk_on (connection, facts->next_disks, overlay);
}

static gboolean
reaches (StrataConnection *connection, const char *top, const char *path)
{
  g_auto (StrataFileChain) link = strata_file_chain_begin (top, NULL);

  while (link.path != NULL && g_path_is_absolute (link.path))
    {
      g_autoptr (StrataImage) image = strata_storage_read_image (connection, link.path, NULL);

      if (strata_storage_is_same (connection, link.path, path))
        return TRUE;
      strata_file_chain_next (&link, image != NULL ? image->backing_path : NULL, NULL);
    }

  return FALSE;
}

/* Another client may have put the domain on something that stands on the overlay. */
static gboolean
check_not_below (StrataConnection *connection,
                 const StrataDomainFacts *facts,
                 GPtrArray *disks,
                 const StrataSnapshotOverlay *item,
                 GError **error)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (!reaches (connection, disk->source, item->overlay))
        continue;
      strata_set_error (error, STRATA_ERROR_FAILED,
                        _ ("Delete what was made on top of it, then take the job back again."),
                        /* Translators: a disk (“vda”), a virtual machine, and two paths. */
                        _ ("The disk %s of “%s” is on “%s” by now, which may stand on “%s”"),
                        disk->target, facts->name, disk->source, item->overlay);
      return FALSE;
    }

  return TRUE;
}

/* What the disk was before the snapshot; NULL where neither the plan nor the definition says. */
static char *
get_base_format (const StrataSnapshotParams *params, const StrataSnapshotOverlay *item)
{
  g_autoptr (StrataDomainXml) previous =
      params->previous != NULL ? strata_domain_xml_new_from_string (params->previous, NULL) : NULL;
  g_autoptr (GPtrArray) disks = previous != NULL ? strata_domain_xml_get_disks (previous) : NULL;
  const StrataDiskXml *disk = disks != NULL ? strata_disk_xml_find (disks, item->target) : NULL;

  return g_strdup (disk != NULL ? disk->format : item->base_format);
}

/**
 * strata_snapshot_is_unwritten:
 * @connection: a connection
 * @params: a snapshot that was made
 * @item: one of its overlays
 *
 * Worker threads only.
 *
 * Returns: whether the base is known to show all that the overlay does: nothing was written to it, or that was merged before
 */
gboolean
strata_snapshot_is_unwritten (StrataConnection *connection,
                              const StrataSnapshotParams *params,
                              const StrataSnapshotOverlay *item)
{
  g_autofree char *format = get_base_format (params, item);
  const char *const arguments[] = { "compare", "-q",   "-U",          "-f",       "qcow2",
                                    "-F",      format, item->overlay, item->base, NULL };
  int status;

  STRATA_ASSERT_WORKER ();

  return format != NULL && strata_connection_get_facts (connection)->is_local &&
         strata_qemu_img_run (arguments, &status, NULL, NULL, NULL, NULL) && status == 0;
}

static gboolean
check_overlay (StrataConnection *connection,
               const StrataSnapshotParams *params,
               const StrataDomainFacts *facts,
               const StrataSnapshotOverlay *item,
               GError **error)
{
  const StrataSnapshotFacts *snapshot;
  gboolean active;
  gboolean exists;

  if (find_overlay (connection, facts, item->overlay, &active) != NULL)
    return TRUE;
  if (!strata_storage_exists (connection, item->overlay, &exists, error))
    return FALSE;
  if (!exists)
    return TRUE;
  if (!check_not_below (connection, facts, facts->disks, item, error) ||
      !check_not_below (connection, facts, facts->next_disks, item, error))
    return FALSE;
  if (strata_snapshot_is_unwritten (connection, params, item))
    return TRUE;

  snapshot = strata_domain_facts_find_snapshot (facts, params->name);
  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      snapshot != NULL && snapshot->retained
          ? _ ("It was merged already, perhaps, when the way back was broken off: don’t put the machine "
               "on it before you have looked at both.")
          : _ ("Give the machine its disk back, and try again."),
      _ ("“%s” was written to since, and no disk of “%s” is on it any more; taking "
         "the snapshot back would lose that"),
      item->overlay, facts->name);
  return FALSE;
}

static gboolean
check_overlays (StrataConnection *connection,
                const StrataSnapshotParams *params,
                const StrataDomainFacts *facts,
                GError **error)
{
  for (guint i = 0; i < params->overlays->len; i++)
    {
      if (!check_overlay (connection, params, facts, g_ptr_array_index (params->overlays, i),
                          error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
commit_in_worker (StrataConnection *connection, const StrataSnapshotOverlay *item, GError **error)
{
  g_autoptr (StrataWorker) worker = strata_worker_start (
      connection, item->overlay, "qcow2",
      strata_path_is_device (item->overlay) ? STRATA_WORKER_BLOCK : STRATA_WORKER_FILE, NULL,
      error);

  return worker != NULL && strata_worker_commit (worker, item->base, NULL, error);
}

/* libvirt deletes an overlay that it can't write into the definition of a domain that is off, and goes on naming it. Its folder is
 * that of the base, which is there: it is not the storage that is away. */
static gboolean
was_deleted (StrataConnection *connection,
             const StrataSnapshotParams *params,
             const StrataDomainFacts *facts,
             const StrataSnapshotOverlay *item)
{
  g_autofree char *folder = g_path_get_dirname (item->overlay);
  g_autofree char *base_folder = g_path_get_dirname (item->base);
  gboolean exists;

  return strata_domain_facts_find_snapshot (facts, params->name) == NULL &&
         g_str_equal (folder, base_folder) &&
         strata_storage_exists (connection, item->base, &exists, NULL) && exists &&
         strata_storage_exists (connection, item->overlay, &exists, NULL) && !exists;
}

/* From the first byte that comes down into a frozen image on the snapshot keeps nothing any more, and this may be broken off: who takes
 * up what is left then, or comes by, has to know. */
static gboolean
retain (StrataConnection *connection, const StrataSnapshotParams *params, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *xml = strata_snapshot_get_xml (connection, params->uuid, params->name, &local);
  g_autoptr (StrataSnapshotXml) document = NULL;
  g_autofree char *text = NULL;

  /* libvirt could not write it down. */
  if (g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    return TRUE;
  if (xml != NULL)
    document = strata_snapshot_xml_new_from_string (xml, &local);
  if (document == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (strata_snapshot_xml_get_retained (document))
    return TRUE;

  strata_snapshot_xml_set_retained (document, TRUE);
  text = strata_snapshot_xml_to_string (document);

  return strata_snapshot_define (connection, params->uuid, text, NULL, FALSE, error);
}

/* An overlay that a running guest has left goes at once: what the guest writes into the base from then on, the overlay doesn't have, and it
 * would look as if that were the other way round. */
static gboolean
merge (StrataConnection *connection,
       const StrataSnapshotParams *params,
       const StrataDomainFacts *facts,
       GError **error)
{
  for (guint i = 0; i < params->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (params->overlays, i);
      gboolean active;
      const StrataDiskXml *disk = find_overlay (connection, facts, item->overlay, &active);
      gboolean merged;

      if (disk == NULL || (!active && was_deleted (connection, params, facts, item)))
        continue;
      if (!retain (connection, params, error))
        return FALSE;
      if (active)
        merged = strata_live_commit (connection, params->uuid, disk->target, item->overlay,
                                     item->base, TRUE, NULL, error) &&
                 strata_storage_delete (connection, item->overlay, error);
      else
        merged = commit_in_worker (connection, item, error);
      if (!merged)
        return FALSE;
    }

  return TRUE;
}

static gboolean
has_overlay (const StrataSnapshotParams *params, const char *target)
{
  for (guint i = 0; i < params->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (params->overlays, i);

      if (g_strcmp0 (item->target, target) == 0)
        return TRUE;
    }

  return FALSE;
}

/* Whether DEFINITION, whose disks are on the bases, is PREVIOUS but for how these are written. */
static gboolean
is_as_before (const StrataSnapshotParams *params,
              StrataDomainXml *definition,
              StrataDomainXml *previous)
{
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (definition);
  g_autoptr (GPtrArray) previous_disks = strata_domain_xml_get_disks (previous);

  if (disks->len != previous_disks->len ||
      !strata_domain_xml_equal_but_images (definition, previous))
    return FALSE;

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);
      const StrataDiskXml *before = strata_disk_xml_find (previous_disks, disk->target);

      if (before == NULL ||
          (!has_overlay (params, disk->target) && (g_strcmp0 (disk->source, before->source) != 0 ||
                                                   g_strcmp0 (disk->pool, before->pool) != 0)))
        return FALSE;
    }

  return TRUE;
}

/* What another client has changed of the definition since stays: only the disks go back, wherever they are. After a live commit
 * libvirt has written the base into the inactive definition itself. */
static gboolean
define_on_bases (StrataConnection *connection, const StrataSnapshotParams *params, GError **error)
{
  g_autoptr (StrataDomainFacts) facts =
      strata_connection_get_domain (connection, params->uuid, error);
  g_autoptr (StrataDomainXml) definition = NULL;
  g_autoptr (StrataDomainXml) previous = NULL;
  g_autofree char *text = NULL;
  gboolean moved = FALSE;
  gboolean elsewhere = FALSE;

  if (facts == NULL)
    return FALSE;
  definition = strata_domain_xml_new_from_string (facts->xml, error);
  previous =
      definition != NULL ? strata_domain_xml_new_from_string (params->previous, error) : NULL;
  if (previous == NULL)
    return FALSE;

  for (guint i = 0; facts->persistent && i < params->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (params->overlays, i);
      const StrataDiskXml *disk = find_disk_on (connection, facts->next_disks, item->overlay);
      g_autofree char *format = get_base_format (params, item);

      if (disk == NULL)
        continue;
      strata_domain_xml_set_disk_file (definition, disk->target, item->base, format);
      moved = TRUE;
      elsewhere |= g_strcmp0 (disk->target, item->target) != 0;
    }
  if (!moved)
    return TRUE;

  /* As it was to the letter, where nothing else was changed: a disk may have been a volume, or have a <backingStore>. */
  if (!elsewhere && is_as_before (params, definition, previous))
    return strata_domain_define (connection, params->previous, error);
  text = strata_domain_xml_to_string (definition);

  return strata_domain_define (connection, text, error);
}

static gboolean
delete_files (StrataConnection *connection, const StrataSnapshotParams *params, GError **error)
{
  for (guint i = 0; i < params->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (params->overlays, i);

      if (!strata_storage_delete (connection, item->overlay, error))
        return FALSE;
    }

  return params->memory_file == NULL ||
         strata_storage_delete (connection, params->memory_file, error);
}

/* The snapshot before it lost, by its creation, what says where the domain really is. */
static void
reconcile_parent (StrataConnection *connection, const StrataSnapshotParams *params)
{
  g_autoptr (GError) error = NULL;

  if (!strata_snapshot_reconcile (connection, params->uuid, NULL, NULL, NULL, &error))
    g_warning ("%s", error->message);
}

/* Takes REASON. What the domain is on meanwhile is said before it. */
static GError *
add_place (StrataConnection *connection, const StrataSnapshotParams *params, GError *reason)
{
  g_autoptr (GError) error = reason;
  g_autoptr (StrataDomainFacts) facts =
      strata_connection_get_domain (connection, params->uuid, NULL);

  for (guint i = 0; facts != NULL && error->domain == STRATA_ERROR && i < params->overlays->len;
       i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (params->overlays, i);
      gboolean active;
      const StrataDiskXml *disk = find_overlay (connection, facts, item->overlay, &active);

      if (disk != NULL)
        return strata_error_new (
            error->code, strata_error_get_hint (error),
            active
                /* Translators: a virtual machine, a path, and what the trouble is */
                ? _ ("“%s” runs on “%s”, where all is that it writes: %s")
                /* Translators: a virtual machine, a path, and what the trouble is */
                : _ ("The definition of “%s” names “%s”: %s"),
            facts->name, item->overlay, error->message);
    }

  return g_steal_pointer (&error);
}

/* Calls of libvirt wait for others, who may have put the domain onto an overlay again. */
static gboolean
require_left (StrataConnection *connection, const StrataSnapshotParams *params, GError **error)
{
  g_autoptr (StrataDomainFacts) facts =
      strata_connection_get_domain (connection, params->uuid, error);

  for (guint i = 0; facts != NULL && i < params->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (params->overlays, i);
      gboolean active;
      const StrataDiskXml *disk = find_overlay (connection, facts, item->overlay, &active);

      if (disk != NULL && !active && was_deleted (connection, params, facts, item))
        continue;
      if (disk == NULL && check_not_below (connection, facts, facts->disks, item, error) &&
          check_not_below (connection, facts, facts->next_disks, item, error))
        continue;
      if (disk == NULL)
        return FALSE;
      strata_set_error (error, STRATA_ERROR_CHANGED, _ ("Try again."),
                        /* Translators: a disk (“vda”), a virtual machine, a path */
                        _ ("The disk %s of “%s” is on “%s” again"), disk->target, facts->name,
                        item->overlay);
      return FALSE;
    }

  return facts != NULL;
}

static gboolean
undo_external (StrataConnection *connection, const StrataSnapshotParams *params, GError **error)
{
  g_autoptr (StrataDomainFacts) facts = NULL;

  if (!strata_domain_require_settled (connection, params->uuid, error))
    return FALSE;
  facts = strata_connection_get_domain (connection, params->uuid, error);
  if (facts == NULL || !check_overlays (connection, params, facts, error) ||
      !merge (connection, params, facts, error) || !define_on_bases (connection, params, error) ||
      !require_left (connection, params, error) ||
      !strata_snapshot_delete_metadata (connection, params->uuid, params->name, error) ||
      !require_left (connection, params, error) || !delete_files (connection, params, error))
    return FALSE;
  reconcile_parent (connection, params);

  return TRUE;
}

/* Where libvirt couldn't write the snapshot down it knows nothing of the tags that it has made. */
static gboolean
undo_internal (StrataConnection *connection, const StrataSnapshotParams *params, GError **error)
{
  static const char *const none[] = { NULL };
  const char *const *images = params->images != NULL ? (const char *const *) params->images : none;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) formats = NULL;
  gboolean listed;

  if (!strata_snapshot_exists (connection, params->uuid, params->name, &listed, error))
    return FALSE;
  for (size_t i = 0; !listed && images[i] != NULL; i++)
    g_strv_builder_add (builder, "qcow2");
  formats = g_strv_builder_end (builder);

  return strata_snapshot_delete_internal (connection, params->uuid, params->name, params->name,
                                          images, (const char *const *) formats, NULL, error);
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
 * strata_snapshot_check_undo:
 * @connection: a connection
 * @params: a snapshot that was, perhaps, made
 * @error: where to put `STRATA_ERROR_REFUSED` or another error
 *
 * Worker threads only.
 *
 * Returns: whether nothing that was written since would be lost with its overlays
 */
gboolean
strata_snapshot_check_undo (StrataConnection *connection,
                            const StrataSnapshotParams *params,
                            GError **error)
{
  g_autoptr (StrataDomainFacts) facts = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (params->kind == STRATA_SNAPSHOT_KIND_INTERNAL)
    return TRUE;
  facts = strata_connection_get_domain (connection, params->uuid, error);

  return facts != NULL && check_overlays (connection, params, facts, error);
}

/**
 * strata_snapshot_undo:
 * @connection: a connection
 * @params: a snapshot that was, perhaps, made
 * @error: where to put an error
 *
 * Nothing may stand on its overlays but the domain. Does nothing where there is nothing to take back. Worker threads
 * only.
 *
 * Returns: whether nothing of it is left
 */
gboolean
strata_snapshot_undo (StrataConnection *connection,
                      const StrataSnapshotParams *params,
                      GError **error)
{
  g_autoptr (GError) thaw_error = NULL;
  g_autoptr (GError) undo_error = NULL;
  gboolean taken_back;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  /* A guest that stays frozen is told of, but the rest is done all the same. */
  if (params->quiesce)
    strata_snapshot_thaw (connection, params->uuid, &thaw_error);
  if (params->screenshot != NULL)
    g_unlink (params->screenshot);

  if (params->kind == STRATA_SNAPSHOT_KIND_INTERNAL)
    taken_back = undo_internal (connection, params, error);
  else
    taken_back = undo_external (connection, params, &undo_error);
  if (undo_error != NULL)
    g_propagate_error (error, add_place (connection, params, g_steal_pointer (&undo_error)));
  if (!taken_back || thaw_error == NULL)
    return taken_back;

  g_propagate_error (error, g_steal_pointer (&thaw_error));

  return FALSE;
}
