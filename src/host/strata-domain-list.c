/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Looking at domains: everything Strata wants to know of one, as StrataDomainFacts. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>

#include "strata-connection-private.h"
#include "strata-vir.h"
#include "xml/strata-error.h"
#include "xml/strata-worker-xml.h"

static StrataDomainState
state_from_vir (int state)
{
  switch (state)
    {
    case VIR_DOMAIN_SHUTOFF:
      return STRATA_DOMAIN_STATE_OFF;
    case VIR_DOMAIN_PAUSED:
      return STRATA_DOMAIN_STATE_PAUSED;
    case VIR_DOMAIN_SHUTDOWN:
      return STRATA_DOMAIN_STATE_SHUTTING_DOWN;
    case VIR_DOMAIN_CRASHED:
      return STRATA_DOMAIN_STATE_CRASHED;
    case VIR_DOMAIN_PMSUSPENDED:
      return STRATA_DOMAIN_STATE_SUSPENDED;
    default:
      return STRATA_DOMAIN_STATE_RUNNING;
    }
}

/* A guest that crashed may be kept for inspection, and QEMU then still has its disks open. */
gboolean
strata_connection_look_state (virDomainPtr domain, StrataDomainState *state)
{
  int number;

  if (virDomainGetState (domain, &number, NULL, 0) < 0)
    return FALSE;

  *state = state_from_vir (number);
  if (*state == STRATA_DOMAIN_STATE_CRASHED && virDomainIsActive (domain) == 1)
    *state = STRATA_DOMAIN_STATE_PAUSED;

  return TRUE;
}

/* One that goes while we look is left out. */
static gboolean
add_snapshots (virDomainPtr domain, StrataDomainFacts *facts, GError **error)
{
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (virDomainSnapshot) current = NULL;
  virDomainSnapshotPtr *snapshots = NULL;
  int n = virDomainSnapshotNum (domain, 0);

  if (n > 0)
    n = virDomainListAllSnapshots (domain, &snapshots, 0);
  if (n < 0)
    {
      strata_vir_set_error (error, _ ("Reading the snapshots of “%s”"), facts->name);
      return FALSE;
    }

  list = strata_vir_take_list ((gpointer *) snapshots, n, (GDestroyNotify) virDomainSnapshotFree);
  if (n > 0)
    current = virDomainSnapshotCurrent (domain, 0);

  for (guint i = 0; i < list->len; i++)
    {
      virDomainSnapshotPtr snapshot = g_ptr_array_index (list, i);
      g_autofree char *xml = virDomainSnapshotGetXMLDesc (snapshot, VIR_DOMAIN_SNAPSHOT_XML_SECURE);
      const char *name = virDomainSnapshotGetName (snapshot);
      gboolean is_current =
          current != NULL && g_str_equal (virDomainSnapshotGetName (current), name);
      StrataSnapshotFacts *item;

      if (xml == NULL)
        continue;
      item = strata_snapshot_facts_new (xml, is_current, error);
      if (item == NULL)
        return FALSE;
      strata_domain_facts_take_snapshot (facts, item);
    }

  return TRUE;
}

static StrataDomainFacts *
ask (virDomainPtr domain, const char *name, GError **error)
{
  g_autoptr (StrataDomainFacts) facts = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *live_xml = NULL;
  StrataDomainState state;
  int autostart = 0;

  if (!strata_connection_look_state (domain, &state))
    goto failed;
  xml = virDomainGetXMLDesc (domain, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE);
  if (xml == NULL)
    goto failed;
  if (state != STRATA_DOMAIN_STATE_OFF && state != STRATA_DOMAIN_STATE_CRASHED)
    {
      live_xml = virDomainGetXMLDesc (domain, VIR_DOMAIN_XML_SECURE);
      if (live_xml == NULL)
        goto failed;
    }
  facts = strata_domain_facts_new (xml, live_xml, state, error);
  if (facts == NULL || !add_snapshots (domain, facts, error))
    return NULL;

  facts->persistent = virDomainIsPersistent (domain) == 1;
  /* A transient domain has no autostart, and says so with an error. */
  facts->autostart = virDomainGetAutostart (domain, &autostart) == 0 && autostart != 0;
  facts->managed_save = virDomainHasManagedSaveImage (domain, 0) == 1;

  return g_steal_pointer (&facts);

failed:
  strata_vir_set_error (error, _ ("Reading the virtual machine “%s”"), name);
  return NULL;
}

/* A disk given as pool and volume is turned into the file that this means, and every path into the
 * one name of its file, so that the graph can compare them. */
static void
resolve_disk (StrataConnection *self, StrataDiskXml *disk)
{
  if (g_strcmp0 (disk->type, "volume") == 0 && disk->pool != NULL && disk->source != NULL)
    {
      g_autoptr (virStoragePool) pool =
          virStoragePoolLookupByName (strata_connection_get_handle (self), disk->pool);
      g_autoptr (virStorageVol) volume =
          pool != NULL ? virStorageVolLookupByName (pool, disk->source) : NULL;
      g_autofree char *path = volume != NULL ? virStorageVolGetPath (volume) : NULL;
      virStorageVolInfo info;

      if (path != NULL && virStorageVolGetInfo (volume, &info) == 0 &&
          (info.type == VIR_STORAGE_VOL_FILE || info.type == VIR_STORAGE_VOL_BLOCK))
        {
          g_set_str (&disk->type, info.type == VIR_STORAGE_VOL_FILE ? "file" : "block");
          g_set_str (&disk->source, path);
          g_clear_pointer (&disk->pool, g_free);
        }
    }

  if (disk->source != NULL &&
      (g_str_equal (disk->type, "file") || g_str_equal (disk->type, "block")))
    {
      g_autofree char *path = strata_connection_canonical_path (self, disk->source);

      g_set_str (&disk->source, path);
    }
  if (disk->backing != NULL)
    {
      g_autofree char *path = strata_connection_canonical_path (self, disk->backing);

      g_set_str (&disk->backing, path);
    }
  for (guint i = 0; disk->backings != NULL && disk->backings[i] != NULL; i++)
    {
      char *path = strata_connection_canonical_path (self, disk->backings[i]);

      g_free (disk->backings[i]);
      disk->backings[i] = path;
    }
}

static void
make_canonical (StrataConnection *self, char **path)
{
  g_autofree char *canonical = NULL;

  if (*path == NULL)
    return;
  canonical = strata_connection_canonical_path (self, *path);
  g_set_str (path, canonical);
}

/* The image of a disk that is given as pool and volume, which is named by the volume alone. */
static void
resolve_volume (StrataConnection *self, const char *xml, StrataSnapshotDisk *disk)
{
  g_autoptr (StrataSnapshotXml) document = strata_snapshot_xml_new_from_string (xml, NULL);
  g_autoptr (StrataDomainXml) definition =
      document != NULL ? strata_snapshot_xml_get_live_definition (document) : NULL;
  g_autoptr (GPtrArray) disks =
      definition != NULL ? strata_domain_xml_get_disks (definition) : NULL;

  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      StrataDiskXml *candidate = g_ptr_array_index (disks, i);

      if (g_strcmp0 (candidate->target, disk->target) != 0 ||
          !g_str_equal (candidate->type, "volume"))
        continue;
      resolve_disk (self, candidate);
      if (!g_str_equal (candidate->type, "volume"))
        g_set_str (&disk->image, candidate->source);
    }
}

static void
resolve_snapshot (StrataConnection *self, StrataSnapshotFacts *snapshot)
{
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->image != NULL && !g_path_is_absolute (disk->image))
        resolve_volume (self, snapshot->xml, disk);
      make_canonical (self, &disk->image);
      make_canonical (self, &disk->overlay);
      make_canonical (self, &disk->revert_overlay);
    }
  make_canonical (self, &snapshot->memory_file);
}

StrataDomainFacts *
strata_connection_look (StrataConnection *self, virDomainPtr domain, GError **error)
{
  const char *name = virDomainGetName (domain);
  StrataDomainFacts *facts = ask (domain, name, error);

  if (facts == NULL)
    return NULL;

  for (guint i = 0; i < facts->disks->len; i++)
    resolve_disk (self, g_ptr_array_index (facts->disks, i));
  for (guint i = 0; i < facts->snapshots->len; i++)
    resolve_snapshot (self, g_ptr_array_index (facts->snapshots, i));

  return facts;
}

/**
 * strata_connection_list_domains:
 * @self: a connection
 * @cancellable: (nullable): looked at between two domains
 * @error: where to put libvirt's error
 *
 * Every domain of the host with its snapshots' names, worker domains left out. A domain that goes
 * while we look is left out too. Disks given as a volume of a pool appear as the file or device that is.
 * Worker threads only.
 *
 * Returns: (transfer container) (element-type StrataDomainFacts): the domains
 */
GPtrArray *
strata_connection_list_domains (StrataConnection *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) result = NULL;
  g_autoptr (GPtrArray) domains = NULL;
  virDomainPtr *list = NULL;
  int n;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (self), NULL);

  n = virConnectListAllDomains (strata_connection_get_handle (self), &list, 0);
  if (n < 0)
    {
      strata_vir_set_error (error, _ ("Listing the virtual machines"));
      return NULL;
    }
  domains = strata_vir_take_list ((gpointer *) list, n, (GDestroyNotify) virDomainFree);
  result = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_domain_facts_unref);

  for (guint i = 0; i < domains->len; i++)
    {
      virDomainPtr domain = g_ptr_array_index (domains, i);
      g_autoptr (GError) local_error = NULL;
      StrataDomainFacts *facts;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;
      if (g_str_has_prefix (virDomainGetName (domain), STRATA_WORKER_PREFIX))
        continue;

      facts = strata_connection_look (self, domain, &local_error);
      if (facts != NULL)
        g_ptr_array_add (result, facts);
      else if (!g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return NULL;
        }
    }

  return g_steal_pointer (&result);
}

/**
 * strata_connection_get_domain:
 * @self: a connection
 * @uuid: a domain's UUID
 * @error: where to put `STRATA_ERROR_NOT_FOUND`
 *
 * Worker threads only.
 *
 * Returns: (transfer full): what is true of the domain now
 */
StrataDomainFacts *
strata_connection_get_domain (StrataConnection *self, const char *uuid, GError **error)
{
  g_autoptr (virDomain) domain = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (self), NULL);

  domain = strata_connection_lookup_domain (self, uuid, error);
  if (domain == NULL)
    return NULL;

  return strata_connection_look (self, domain, error);
}

/* NOT_FOUND if it is gone */
virDomainPtr
strata_connection_lookup_domain (StrataConnection *self, const char *uuid, GError **error)
{
  virDomainPtr domain = virDomainLookupByUUIDString (strata_connection_get_handle (self), uuid);

  if (domain == NULL)
    strata_vir_set_error (error, _ ("Looking for the virtual machine %s"), uuid);

  return domain;
}
