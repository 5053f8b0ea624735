/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Looking at a domain: everything Strata wants to know of it, as StrataDomainFacts. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>

#include "strata-connection-private.h"
#include "strata-vir.h"
#include "xml/strata-error.h"

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
  int n = virDomainListAllSnapshots (domain, &snapshots, 0);

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

/* All but what the list of domains can tell of many at once: persistent, autostart, managed_save. */
StrataDomainFacts *
strata_connection_look_without_traits (StrataConnection *self, virDomainPtr domain, GError **error)
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

StrataDomainFacts *
strata_connection_look (StrataConnection *self, virDomainPtr domain, GError **error)
{
  StrataDomainFacts *facts = strata_connection_look_without_traits (self, domain, error);
  int autostart = 0;

  if (facts == NULL)
    return NULL;

  facts->persistent = virDomainIsPersistent (domain) == 1;
  /* A transient domain has no autostart, and says so with an error. */
  facts->autostart = virDomainGetAutostart (domain, &autostart) == 0 && autostart != 0;
  facts->managed_save = virDomainHasManagedSaveImage (domain, 0) == 1;

  return facts;
}
