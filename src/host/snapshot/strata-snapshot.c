/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What libvirt knows of a domain's snapshots: read, told, and forgotten. No image is touched here. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/connection/strata-connection-private.h"
#include "host/domain/strata-domain-control.h"
#include "strata-snapshot-private.h"
#include "strata-snapshot.h"
#include "base/strata-error.h"
#include "xml/strata-snapshot-xml.h"

/* libvirt keeps <revertDisks> from 9.10 on, and before that drops it without a word. */
#define KEEPS_REVERT_DISKS_SINCE 9010000

virDomainSnapshotPtr
strata_snapshot_lookup (virDomainPtr domain, const char *name, GError **error)
{
  virDomainSnapshotPtr snapshot = virDomainSnapshotLookupByName (domain, name, 0);

  if (snapshot == NULL)
    strata_vir_set_error (error, _ ("Looking for the snapshot “%s”"), name);

  return snapshot;
}

static gboolean
get_current (virDomainPtr domain, char **name, GError **error)
{
  g_autoptr (virDomainSnapshot) current = virDomainSnapshotCurrent (domain, 0);

  *name = NULL;
  if (current != NULL)
    {
      *name = g_strdup (virDomainSnapshotGetName (current));
      return TRUE;
    }
  if (strata_vir_last_code () == VIR_ERR_NO_DOMAIN_SNAPSHOT)
    return TRUE;

  strata_vir_set_error (error, _ ("Asking for the current snapshot"));

  return FALSE;
}

static char *
get_xml (virDomainPtr domain, const char *name, GError **error)
{
  g_autoptr (virDomainSnapshot) snapshot = strata_snapshot_lookup (domain, name, error);
  char *xml;

  if (snapshot == NULL)
    return NULL;

  xml = virDomainSnapshotGetXMLDesc (snapshot, VIR_DOMAIN_SNAPSHOT_XML_SECURE);
  if (xml == NULL)
    strata_vir_set_error (error, _ ("Reading the snapshot “%s”"), name);

  return xml;
}

/* libvirt takes no document whose parent it doesn't know, not even the one it gave. NULL: it knows it, or there is none. */
static char *
without_lost_parent (virDomainPtr domain, const char *xml)
{
  g_autoptr (StrataSnapshotXml) document = strata_snapshot_xml_new_from_string (xml, NULL);
  g_autofree char *parent = document != NULL ? strata_snapshot_xml_get_parent (document) : NULL;
  g_autoptr (virDomainSnapshot) known = NULL;

  if (parent == NULL)
    return NULL;
  known = virDomainSnapshotLookupByName (domain, parent, 0);
  if (known != NULL || strata_vir_last_code () != VIR_ERR_NO_DOMAIN_SNAPSHOT)
    return NULL;
  strata_snapshot_xml_set_parent (document, NULL);

  return strata_snapshot_xml_to_string (document);
}

static gboolean
redefine (virDomainPtr domain, const char *name, const char *xml, gboolean current, GError **error)
{
  unsigned int flags = VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE;
  g_autoptr (virDomainSnapshot) snapshot = NULL;
  g_autoptr (GError) local_error = NULL;
  g_autofree char *orphan = NULL;

  if (current)
    flags |= VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT;
  snapshot = virDomainSnapshotCreateXML (domain, xml, flags);
  if (snapshot != NULL)
    return TRUE;

  strata_vir_set_error (&local_error, _ ("Writing down the snapshot “%s”"), name);
  orphan = without_lost_parent (domain, xml);
  if (orphan != NULL)
    snapshot = virDomainSnapshotCreateXML (domain, orphan, flags);
  if (snapshot != NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}

static gboolean
kept_revert_disks (virDomainPtr domain, const char *name, gboolean *kept, GError **error)
{
  g_autofree char *xml = get_xml (domain, name, error);
  g_autoptr (StrataSnapshotXml) document = NULL;

  if (xml == NULL)
    return FALSE;
  document = strata_snapshot_xml_new_from_string (xml, error);
  if (document == NULL)
    return FALSE;
  *kept = strata_snapshot_xml_has_revert_disks (document);

  return TRUE;
}

/* Any snapshot but NAME; NULL if there is no other. */
static char *
find_other (virDomainPtr domain, const char *name)
{
  virDomainSnapshotPtr *list = NULL;
  int n = virDomainListAllSnapshots (domain, &list, 0);
  g_autoptr (GPtrArray) snapshots =
      strata_vir_take_list ((gpointer *) list, n, (GDestroyNotify) virDomainSnapshotFree);

  for (guint i = 0; i < snapshots->len; i++)
    {
      const char *other = virDomainSnapshotGetName (g_ptr_array_index (snapshots, i));

      if (!g_str_equal (other, name))
        return g_strdup (other);
    }

  return NULL;
}

/* A change of the current snapshot clears <revertDisks> of the one that was it; so another one is, for a
 * moment. */
static gboolean
redefine_by_way_of_another (virDomainPtr domain, const char *name, const char *xml, GError **error)
{
  g_autofree char *other = find_other (domain, name);
  g_autofree char *other_xml = NULL;

  if (other == NULL)
    return TRUE;

  other_xml = get_xml (domain, other, error);

  return other_xml != NULL && redefine (domain, other, other_xml, TRUE, error) &&
         redefine (domain, name, xml, TRUE, error);
}

/* Without <revertDisks> the next native revert would unlink what <disks> names, which may be the base of a
 * child. */
static gboolean
ensure_revert_disks (virDomainPtr domain, const char *name, const char *xml, GError **error)
{
  gboolean kept;

  if (!kept_revert_disks (domain, name, &kept, error))
    return FALSE;
  if (!kept && (!redefine_by_way_of_another (domain, name, xml, error) ||
                !kept_revert_disks (domain, name, &kept, error)))
    return FALSE;
  if (kept)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_FAILED,
                    _ ("Do not revert to a snapshot of this virtual machine with another program."),
                    _ ("The host did not keep what “%s” stands on now"), name);

  return FALSE;
}

/**
 * strata_snapshot_keeps_revert_disks:
 * @connection: a connection
 *
 * Returns: whether the host can be told what a domain runs on since it went back to a snapshot
 */
gboolean
strata_snapshot_keeps_revert_disks (StrataConnection *connection)
{
  return strata_connection_get_facts (connection)->libvirt_version >= KEEPS_REVERT_DISKS_SINCE;
}

/**
 * strata_snapshot_exists:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @name: a snapshot's name
 * @exists: (out): whether the host knows it
 * @error: where to put an error other than that it does not
 *
 * Worker threads only.
 *
 * Returns: whether @exists was set
 */
gboolean
strata_snapshot_exists (StrataConnection *connection,
                        const char *uuid,
                        const char *name,
                        gboolean *exists,
                        GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autoptr (virDomainSnapshot) snapshot = NULL;
  g_autoptr (GError) local_error = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL)
    return FALSE;

  snapshot = strata_snapshot_lookup (domain, name, &local_error);
  *exists = snapshot != NULL;
  if (snapshot != NULL || g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}

/**
 * strata_snapshot_get_xml:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @name: a snapshot's name
 * @error: where to put `STRATA_ERROR_NOT_FOUND` or another error
 *
 * Worker threads only.
 *
 * Returns: (transfer full): its document, with its secrets
 */
char *
strata_snapshot_get_xml (StrataConnection *connection,
                         const char *uuid,
                         const char *name,
                         GError **error)
{
  g_autoptr (virDomain) domain = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);

  domain = strata_connection_lookup_domain (connection, uuid, error);

  return domain != NULL ? get_xml (domain, name, error) : NULL;
}

/**
 * strata_snapshot_check_id:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @name: a snapshot's name
 * @id: (nullable): the StrataSnapshotFacts.id that it is to have; %NULL: any
 * @error: where to put `STRATA_ERROR_NOT_FOUND` if it is gone, or `STRATA_ERROR_REFUSED` if another one has the name now
 *
 * Worker threads only.
 *
 * Returns: whether the host knows that very snapshot
 */
gboolean
strata_snapshot_check_id (StrataConnection *connection,
                          const char *uuid,
                          const char *name,
                          const char *id,
                          GError **error)
{
  g_autofree char *xml = NULL;
  g_autoptr (StrataSnapshotFacts) facts = NULL;

  if (id == NULL)
    return TRUE;
  xml = strata_snapshot_get_xml (connection, uuid, name, error);
  facts = xml != NULL ? strata_snapshot_facts_new (xml, FALSE, error) : NULL;
  if (facts == NULL)
    return FALSE;
  if (g_str_equal (facts->id, id))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Look at it again, and begin anew."),
                    _ ("“%s” is another snapshot now: it was deleted and made again"), name);
  return FALSE;
}

/**
 * strata_snapshot_get_current:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @name: (out) (nullable): the name of its current snapshot, %NULL if there is none
 * @error: where to put libvirt's error
 *
 * Worker threads only.
 *
 * Returns: whether @name was set
 */
gboolean
strata_snapshot_get_current (StrataConnection *connection,
                             const char *uuid,
                             char **name,
                             GError **error)
{
  g_autoptr (virDomain) domain = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, error);

  return domain != NULL && get_current (domain, name, error);
}

/* Whether NOW, which may say more of the domain than SEEN, is of the same snapshot with the same images. */
static gboolean
is_as_seen (const char *now, const char *seen)
{
  g_autoptr (StrataSnapshotFacts) a = NULL;
  g_autoptr (StrataSnapshotFacts) b = NULL;

  if (g_str_equal (now, seen))
    return TRUE;
  a = strata_snapshot_facts_new (now, FALSE, NULL);
  b = strata_snapshot_facts_new (seen, FALSE, NULL);
  if (a == NULL || b == NULL || g_strcmp0 (a->id, b->id) != 0 ||
      g_strcmp0 (a->parent, b->parent) != 0 || a->disks->len != b->disks->len)
    return FALSE;

  for (guint i = 0; i < a->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (a->disks, i);
      const StrataSnapshotDisk *other = g_ptr_array_index (b->disks, i);

      if (g_strcmp0 (disk->target, other->target) != 0 ||
          g_strcmp0 (disk->image, other->image) != 0 || disk->location != other->location)
        return FALSE;
    }

  return TRUE;
}

/* libvirt (11.3) takes a snapshot whose new document it can't write out of its list, and has it again, as it was, when its daemon
 * starts: until then nothing shows what it holds. So it is asked before to write what it has already, in the same place. That
 * also waits for what another client does with the domain: a deletion changes the snapshots above. */
static gboolean
require_replaceable (StrataConnection *connection,
                     virDomainPtr domain,
                     const char *uuid,
                     const char *name,
                     const char *seen,
                     GError **error)
{
  g_autofree char *now = NULL;

  if (!strata_domain_require_writable (connection, uuid, error))
    return FALSE;
  if (seen == NULL)
    return TRUE;
  now = get_xml (domain, name, error);
  if (now == NULL || is_as_seen (now, seen))
    return now != NULL;

  strata_set_error (error, STRATA_ERROR_CHANGED, _ ("Look at it again, and begin anew."),
                    _ ("The snapshot “%s” was changed in the meantime"), name);
  return FALSE;
}

/* What is in the way of the snapshot's own file alone shows only then. */
static void
tell_if_dropped (virDomainPtr domain, const char *name, GError **error)
{
  g_autoptr (virDomainSnapshot) snapshot = strata_snapshot_lookup (domain, name, NULL);
  g_autofree char *why = NULL;

  if (snapshot != NULL || error == NULL || *error == NULL ||
      g_error_matches (*error, STRATA_ERROR, STRATA_ERROR_CONNECTION))
    return;

  why = g_strdup ((*error)->message);
  g_clear_error (error);
  strata_set_error (
      error, STRATA_ERROR_FAILED,
      _ ("Let libvirt write to its folder (room, rights), start its daemon again, and "
         "do nothing else with the virtual machine before."),
      /* Translators: a snapshot, and what the trouble is */
      _ ("libvirt has taken the snapshot “%s” out of its list, since it can’t write "
         "it down: %s"),
      name, why);
}

/**
 * strata_snapshot_define:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @xml: the snapshot's document
 * @seen: (nullable): the document of which @xml was made
 * @current: whether it becomes the current one; one that is stays so in any case
 * @error: where to put `STRATA_ERROR_CHANGED` if it is gone, or its images or its parent aren't those of @seen any more, or
 *   another error
 *
 * A `<revertDisks>` is only kept on the current one, since on another it would say something untrue as soon as
 * that became current. On the current one it is read back, and its loss is an error. Worker threads only.
 *
 * Returns: whether the host has it
 */
gboolean
strata_snapshot_define (StrataConnection *connection,
                        const char *uuid,
                        const char *xml,
                        const char *seen,
                        gboolean current,
                        GError **error)
{
  g_autoptr (StrataSnapshotXml) document = NULL;
  g_autoptr (virDomain) domain = NULL;
  g_autoptr (virDomainSnapshot) before = NULL;
  g_autofree char *name = NULL;
  g_autofree char *now = NULL;
  g_autofree char *text = NULL;
  gboolean is_current;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  document = strata_snapshot_xml_new_from_string (xml, error);
  if (document == NULL)
    return FALSE;
  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL || !get_current (domain, &now, error))
    return FALSE;

  name = strata_snapshot_xml_get_name (document);
  is_current = g_strcmp0 (name, now) == 0;
  if (!current && !is_current)
    strata_snapshot_xml_set_revert_disks (document, NULL);

  strata_snapshot_xml_complete_disks (document);
  strata_snapshot_xml_name_devices (document, strata_connection_is_device, connection);

  /* CURRENT on the one that is current already drops <revertDisks>; without the flag it stays, and stays current. */
  text = strata_snapshot_xml_to_string (document);
  before = strata_snapshot_lookup (domain, name, NULL);
  if (before == NULL && seen != NULL)
    {
      strata_set_error (error, STRATA_ERROR_CHANGED, _ ("Look at it again, and begin anew."),
                        _ ("The snapshot “%s” was deleted in the meantime"), name);
      return FALSE;
    }
  if (before != NULL && !require_replaceable (connection, domain, uuid, name, seen, error))
    return FALSE;
  if (!redefine (domain, name, text, current && !is_current, error))
    {
      if (before != NULL)
        tell_if_dropped (domain, name, error);
      return FALSE;
    }

  return !strata_snapshot_xml_has_revert_disks (document) ||
         !strata_snapshot_keeps_revert_disks (connection) ||
         ensure_revert_disks (domain, name, text, error);
}

/**
 * strata_snapshot_set_current:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @name: a snapshot's name
 * @error: where to put `STRATA_ERROR_NOT_FOUND` or another error
 *
 * Worker threads only. The one that was current loses its `<revertDisks>` by it.
 *
 * Returns: whether it is the current one now
 */
gboolean
strata_snapshot_set_current (StrataConnection *connection,
                             const char *uuid,
                             const char *name,
                             GError **error)
{
  g_autofree char *xml = strata_snapshot_get_xml (connection, uuid, name, error);

  return xml != NULL && strata_snapshot_define (connection, uuid, xml, NULL, TRUE, error);
}

/* libvirt 9.0, when it forgets a snapshot, takes its overlays for merged into what is below, and writes that into the
 * documents of the snapshots that stand on them. So the snapshot first says that its overlays are files that don't exist. */
static gboolean
disown_overlays (virDomainPtr domain, const char *name, GError **error)
{
  g_autofree char *xml = get_xml (domain, name, error);
  g_autoptr (StrataSnapshotXml) document =
      xml != NULL ? strata_snapshot_xml_new_from_string (xml, error) : NULL;
  g_autoptr (GPtrArray) disks = NULL;
  g_autofree char *text = NULL;
  gboolean changed = FALSE;

  if (document == NULL)
    return FALSE;

  disks = strata_snapshot_xml_get_disks (document);
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (disks, i);
      g_autofree char *path = g_strconcat (disk->overlay, ".forgotten", NULL);

      changed |= path != NULL && strata_snapshot_xml_set_overlay (document, disk->target, path);
    }
  if (!changed)
    return TRUE;
  strata_snapshot_xml_set_revert_disks (document, NULL);
  text = strata_snapshot_xml_to_string (document);

  return redefine (domain, name, text, FALSE, error);
}

/**
 * strata_snapshot_delete_metadata:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @name: a snapshot's name
 * @error: where to put libvirt's error
 *
 * Its children become those of its parent; every file stays. Worker threads only.
 *
 * Returns: whether the host does not know it any more
 */
gboolean
strata_snapshot_delete_metadata (StrataConnection *connection,
                                 const char *uuid,
                                 const char *name,
                                 GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autoptr (virDomainSnapshot) snapshot = NULL;
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GError) failure = NULL;
  gboolean exists;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL)
    return FALSE;

  snapshot = strata_snapshot_lookup (domain, name, &local_error);
  if (snapshot == NULL)
    {
      if (g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  if (!strata_domain_require_settled (connection, uuid, error) ||
      !disown_overlays (domain, name, error))
    return FALSE;
  if (virDomainSnapshotDelete (snapshot, VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY) == 0 ||
      strata_vir_last_code () == VIR_ERR_NO_DOMAIN_SNAPSHOT)
    return TRUE;

  /* libvirt 9.0 deletes it, and fails where a disk of it was detached since ("disk 'vdb' not found in domain"). */
  strata_vir_set_error (&failure, _ ("Forgetting the snapshot “%s”"), name);
  if (strata_snapshot_exists (connection, uuid, name, &exists, NULL) && !exists)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));

  return FALSE;
}
