/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Snapshots inside an image: deleted and gone back to by libvirt's own calls, and looked after, since libvirt says
 * "deleted" also where it found no tag, or not the right one.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/connection/strata-connection-private.h"
#include "host/domain/strata-domain-control.h"
#include "host/storage/strata-image-tags.h"
#include "strata-internal-snapshot.h"
#include "strata-snapshot-private.h"
#include "base/strata-error.h"
#include "xml/strata-snapshot-xml.h"

static gboolean
is_own (StrataConnection *connection, const char *const *own, const char *path)
{
  for (size_t i = 0; own[i] != NULL; i++)
    {
      g_autofree char *canonical = strata_connection_canonical_path (connection, own[i]);

      if (g_strcmp0 (canonical, path) == 0)
        return TRUE;
    }

  return FALSE;
}

/* Where an image can't be looked into its tags are not known, and the law has refused already. */
static gboolean
check_disk_has_no_tag (StrataConnection *connection,
                       const StrataDomainFacts *facts,
                       const StrataDiskXml *disk,
                       const char *tag,
                       GCancellable *cancellable,
                       GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_auto (GStrv) tags = strata_image_tags_list (connection, disk->source,
                                                disk->format != NULL ? disk->format : "qcow2",
                                                cancellable, &local_error);

  if (tags == NULL && (g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_UNSUPPORTED) ||
                       g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND)))
    return TRUE;
  if (tags == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  if (!g_strv_contains ((const char *const *) tags, tag))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_CHANGED,
                    _ ("Detach that disk, or shut the virtual machine down, and try again."),
                    _ ("Another internal snapshot “%s” is in “%s” by now, which is a disk of "
                       "“%s”, and libvirt takes the two for one"),
                    tag, disk->source, facts->name);
  return FALSE;
}

gboolean
strata_snapshot_require_no_other_tag (StrataConnection *connection,
                                      const char *uuid,
                                      const char *tag,
                                      const char *const *own,
                                      GCancellable *cancellable,
                                      GError **error)
{
  g_autoptr (StrataDomainFacts) facts = strata_connection_get_domain (connection, uuid, error);
  GPtrArray *views[2];

  if (facts == NULL)
    return FALSE;

  views[0] = facts->disks;
  views[1] = facts->next_disks;
  for (size_t v = 0; v < G_N_ELEMENTS (views); v++)
    {
      for (guint i = 0; i < views[v]->len; i++)
        {
          const StrataDiskXml *disk = g_ptr_array_index (views[v], i);

          if (disk->source != NULL && !disk->read_only && g_strcmp0 (disk->device, "cdrom") != 0 &&
              !is_own (connection, own, disk->source) &&
              !check_disk_has_no_tag (connection, facts, disk, tag, cancellable, error))
            return FALSE;
        }
    }

  return TRUE;
}

/* While DOMAIN is off libvirt deletes only in the images that the snapshot's document names. */
static gboolean
require_no_other_tag (StrataConnection *connection,
                      virDomainPtr domain,
                      const char *uuid,
                      const char *tag,
                      const char *const *own,
                      GCancellable *cancellable,
                      GError **error)
{
  return virDomainIsActive (domain) == 0 ||
         strata_snapshot_require_no_other_tag (connection, uuid, tag, own, cancellable, error);
}

static gboolean
native_delete (StrataConnection *connection,
               const char *uuid,
               const char *name,
               const char *tag,
               const char *const *own,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (virDomain) domain = strata_connection_lookup_domain (connection, uuid, error);
  g_autoptr (virDomainSnapshot) snapshot = NULL;
  g_autoptr (GError) local_error = NULL;

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

  if (!require_no_other_tag (connection, domain, uuid, tag, own, cancellable, error))
    return FALSE;
  if (virDomainSnapshotDelete (snapshot, 0) == 0 ||
      strata_vir_last_code () == VIR_ERR_NO_DOMAIN_SNAPSHOT)
    return TRUE;

  strata_vir_set_error (error, _ ("Deleting the snapshot “%s”"), name);

  return FALSE;
}

/* Where the image can't be looked into, or is gone altogether, there is nothing to say. */
static gboolean
ensure_no_tag (StrataConnection *connection,
               const char *path,
               const char *format,
               const char *tag,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_auto (GStrv) tags =
      strata_image_tags_list (connection, path, format, cancellable, &local_error);

  if (g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_UNSUPPORTED) ||
      g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    return TRUE;
  if (tags == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  if (!g_strv_contains ((const char *const *) tags, tag) ||
      strata_image_tags_delete (connection, path, format, tag, cancellable, &local_error))
    return TRUE;
  g_propagate_prefixed_error (
      error, g_steal_pointer (&local_error),
      /* Translators: a snapshot’s name and a path; the reason follows. */
      _ ("The host says that the snapshot “%s” is deleted, but it is still in “%s”: "), tag, path);

  return FALSE;
}

/**
 * strata_snapshot_delete_internal:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @name: the snapshot's name
 * @tag: what it is called in the images
 * @paths: the images that have it
 * @formats: their formats; empty where libvirt's word is taken that the tag is gone
 * @cancellable: (nullable): looked at between two images
 * @error: where to put an error
 *
 * On a host that is not local libvirt's word is taken for it. Worker threads only.
 *
 * Returns: whether it is gone, from libvirt and from every image
 */
gboolean
strata_snapshot_delete_internal (StrataConnection *connection,
                                 const char *uuid,
                                 const char *name,
                                 const char *tag,
                                 const char *const *paths,
                                 const char *const *formats,
                                 GCancellable *cancellable,
                                 GError **error)
{
  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  for (size_t i = 0; paths[i] != NULL && formats[i] != NULL; i++)
    {
      g_auto (GStrv) tags =
          strata_image_tags_list (connection, paths[i], formats[i], cancellable, NULL);

      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          (tags != NULL && !strata_image_tags_require_single (paths[i], tags, tag, error)))
        return FALSE;
    }
  if (!native_delete (connection, uuid, name, tag, paths, cancellable, error))
    return FALSE;

  for (size_t i = 0; paths[i] != NULL && formats[i] != NULL; i++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !ensure_no_tag (connection, paths[i], formats[i], tag, cancellable, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
require_no_other_tag_than (StrataConnection *connection,
                           const char *uuid,
                           const char *name,
                           GError **error)
{
  g_autoptr (StrataDomainFacts) facts = strata_connection_get_domain (connection, uuid, error);
  const StrataSnapshotFacts *snapshot =
      facts != NULL ? strata_domain_facts_find_snapshot (facts, name) : NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) own = NULL;

  if (facts == NULL)
    return FALSE;

  for (guint i = 0; snapshot != NULL && i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->location == STRATA_SNAPSHOT_INTERNAL && disk->image != NULL)
        g_strv_builder_add (builder, disk->image);
    }
  own = g_strv_builder_end (builder);

  return strata_snapshot_require_no_other_tag (connection, uuid, name, (const char *const *) own,
                                               NULL, error);
}

/* With memory libvirt starts the domain; paused, so that the guest does not write before it is off. */
static unsigned int
revert_flags (virDomainSnapshotPtr snapshot, StrataAfter after)
{
  g_autofree char *xml = NULL;
  g_autoptr (StrataSnapshotXml) document = NULL;

  switch (after)
    {
    case STRATA_AFTER_RUNNING:
      return VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING;
    case STRATA_AFTER_PAUSED:
      return VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED;
    case STRATA_AFTER_AS_SNAPSHOT:
      return 0;
    case STRATA_AFTER_OFF:
    default:
      break;
    }

  xml = virDomainSnapshotGetXMLDesc (snapshot, 0);
  document = xml != NULL ? strata_snapshot_xml_new_from_string (xml, NULL) : NULL;
  if (document != NULL && strata_snapshot_xml_get_memory (document) == STRATA_SNAPSHOT_NONE)
    return 0;

  return VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED;
}

/* "Risky" is a snapshot of an old libvirt, which does not say its definition, or a guest that runs and would be
 * ended; the domain is off, and its definition is the planner's. */
static gboolean
native_revert (virDomainSnapshotPtr snapshot, unsigned int flags, GError **error)
{
  if (virDomainRevertToSnapshot (snapshot, flags) == 0)
    return TRUE;
  if (strata_vir_last_code () == VIR_ERR_SNAPSHOT_REVERT_RISKY &&
      virDomainRevertToSnapshot (snapshot, flags | VIR_DOMAIN_SNAPSHOT_REVERT_FORCE) == 0)
    return TRUE;

  strata_vir_set_error (error, _ ("Reverting to a snapshot"));

  return FALSE;
}

/**
 * strata_snapshot_revert_internal:
 * @connection: a connection
 * @uuid: the UUID of a domain that is off
 * @name: an internal snapshot of it
 * @after: what the domain is afterwards
 * @error: where to put `STRATA_ERROR_CHANGED`, with nothing done, where the domain is on; or another error
 *
 * Rewrites the image: nothing may stand on it. libvirt itself would end a domain that is on. Worker threads only.
 *
 * Returns: whether the domain is where the snapshot says
 */
gboolean
strata_snapshot_revert_internal (StrataConnection *connection,
                                 const char *uuid,
                                 const char *name,
                                 StrataAfter after,
                                 GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autoptr (virDomainSnapshot) snapshot = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL)
    return FALSE;
  snapshot = strata_snapshot_lookup (domain, name, error);
  if (snapshot == NULL || !require_no_other_tag_than (connection, uuid, name, error))
    return FALSE;
  if (virDomainIsActive (domain) == 1)
    {
      strata_set_error (error, STRATA_ERROR_CHANGED,
                        _ ("Nothing more is done. Look at the machine, and try again."),
                        _ ("“%s” was started in the meantime"), virDomainGetName (domain));
      return FALSE;
    }
  if (!native_revert (snapshot, revert_flags (snapshot, after), error))
    return FALSE;

  return after != STRATA_AFTER_OFF || virDomainIsActive (domain) == 0 ||
         strata_domain_force_off (connection, uuid, error);
}
