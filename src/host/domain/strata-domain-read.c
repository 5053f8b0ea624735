/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Looking at a domain: everything Strata wants to know of it, as StrataDomainFacts. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>

#include "host/connection/strata-connection-private.h"
#include "strata-domain-control.h"
#include "host/connection/strata-vir.h"
#include "base/strata-error.h"
#include "xml/strata-volume-xml.h"

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
static gboolean
read_state (virDomainPtr domain, StrataDomainState *state, gboolean *saved)
{
  int number;
  int reason;

  if (virDomainGetState (domain, &number, &reason, 0) < 0)
    return FALSE;

  *saved = number == VIR_DOMAIN_SHUTOFF && reason == VIR_DOMAIN_SHUTOFF_SAVED;
  *state = state_from_vir (number);
  if (*state == STRATA_DOMAIN_STATE_CRASHED && virDomainIsActive (domain) == 1)
    *state = STRATA_DOMAIN_STATE_PAUSED;

  return TRUE;
}

gboolean
strata_connection_read_state (virDomainPtr domain, StrataDomainState *state)
{
  gboolean saved;

  return read_state (domain, state, &saved);
}

/* Whether what libvirt was asked for last is gone; its words alone may as well be about a file that isn't there. */
static gboolean
is_gone (void)
{
  int code = strata_vir_last_code ();

  return code == VIR_ERR_NO_DOMAIN || code == VIR_ERR_NO_DOMAIN_SNAPSHOT;
}

/* Takes ERROR into UNREAD where it is about one document: the rest of the host can be read all the same. */
static gboolean
take_unread (char **unread, GError **error)
{
  if (g_error_matches (*error, STRATA_ERROR, STRATA_ERROR_CONNECTION))
    return FALSE;

  if (*unread == NULL)
    *unread = g_strdup ((*error)->message);
  g_clear_error (error);

  return TRUE;
}

/* Returns: NULL without an error for one that went meanwhile */
static StrataSnapshotFacts *
read_snapshot (StrataConnection *self,
               virDomainSnapshotPtr snapshot,
               gboolean current,
               const char *domain_name,
               GError **error)
{
  g_autofree char *xml =
      virDomainSnapshotGetXMLDesc (snapshot, strata_connection_get_secrecy (self));

  if (xml != NULL)
    return strata_snapshot_facts_new (xml, current, error);
  if (!is_gone ())
    /* Translators: a snapshot, a virtual machine */
    strata_vir_set_error (error, _ ("Reading the snapshot “%s” of “%s”"),
                          virDomainSnapshotGetName (snapshot), domain_name);

  return NULL;
}

static gboolean
add_snapshots (StrataConnection *self,
               virDomainPtr domain,
               StrataDomainFacts *facts,
               GError **error)
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
      const char *name = virDomainSnapshotGetName (snapshot);
      gboolean is_current =
          current != NULL && g_str_equal (virDomainSnapshotGetName (current), name);
      g_autoptr (GError) local = NULL;
      StrataSnapshotFacts *item = read_snapshot (self, snapshot, is_current, facts->name, &local);

      if (item != NULL)
        strata_domain_facts_take_snapshot (facts, item);
      else if (local != NULL && !take_unread (&facts->unread, &local))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }
  strata_domain_facts_find_lost (facts);

  return TRUE;
}

/* UNREAD: out: why it can't be told, of a domain that is there. Returns: NULL without an error then */
static char *
read_definition (StrataConnection *self,
                 virDomainPtr domain,
                 guint flags,
                 char **unread,
                 GError **error)
{
  g_autoptr (GError) local = NULL;
  char *xml = virDomainGetXMLDesc (domain, flags | strata_connection_get_secrecy (self));
  gboolean gone = xml == NULL && is_gone ();

  if (xml != NULL)
    return xml;

  strata_vir_set_error (&local, _ ("Reading the virtual machine “%s”"), virDomainGetName (domain));
  if (gone || !take_unread (unread, &local))
    g_propagate_error (error, g_steal_pointer (&local));

  return NULL;
}

/* What is known of a domain whose definition can't be told. */
static char *
make_stand_in (virDomainPtr domain)
{
  char uuid[VIR_UUID_STRING_BUFLEN] = "";

  virDomainGetUUIDString (domain, uuid);

  return g_markup_printf_escaped ("<domain type='qemu'><name>%s</name><uuid>%s</uuid></domain>",
                                  virDomainGetName (domain), uuid);
}

/* Of one whose next definition alone can't be told, what it runs with is known. */
static StrataDomainFacts *
make_facts (StrataConnection *self, virDomainPtr domain, StrataDomainState state, GError **error)
{
  g_autofree char *unread = NULL;
  g_autofree char *stand_in = make_stand_in (domain);
  g_autofree char *xml = NULL;
  g_autofree char *live_xml = NULL;
  g_autoptr (GError) local = NULL;
  StrataDomainFacts *facts = NULL;

  xml = read_definition (self, domain, VIR_DOMAIN_XML_INACTIVE, &unread, &local);
  if (local == NULL && state != STRATA_DOMAIN_STATE_OFF && state != STRATA_DOMAIN_STATE_CRASHED)
    live_xml = read_definition (self, domain, 0, &unread, &local);
  if (local == NULL)
    facts = strata_domain_facts_new (xml != NULL        ? xml
                                     : live_xml != NULL ? live_xml
                                                        : stand_in,
                                     live_xml, state, &local);
  if (facts == NULL && g_error_matches (local, STRATA_ERROR, STRATA_ERROR_INVALID) &&
      take_unread (&unread, &local))
    facts = strata_domain_facts_new (stand_in, NULL, state, &local);
  if (facts != NULL)
    facts->unread = g_steal_pointer (&unread);
  else
    g_propagate_error (error, g_steal_pointer (&local));

  return facts;
}

static StrataDomainFacts *
ask (StrataConnection *self, virDomainPtr domain, const char *name, GError **error)
{
  g_autoptr (StrataDomainFacts) facts = NULL;
  StrataDomainState state;
  gboolean saved;

  if (!read_state (domain, &state, &saved))
    {
      strata_vir_set_error (error, _ ("Reading the virtual machine “%s”"), name);
      return NULL;
    }
  facts = make_facts (self, domain, state, error);
  if (facts == NULL || !add_snapshots (self, domain, facts, error))
    return NULL;
  facts->read_only = strata_connection_get_read_only (self) != NULL;
  facts->saved = saved;

  return g_steal_pointer (&facts);
}

/* Of a pool that is not active only its definition tells where the volume would be. */
static char *
guess_volume_path (virStoragePoolPtr pool, const char *volume)
{
  g_autofree char *xml = virStoragePoolGetXMLDesc (pool, 0);
  g_autoptr (StrataPoolXml) facts =
      xml != NULL ? strata_pool_xml_new_from_string (xml, NULL) : NULL;

  return facts != NULL && facts->path != NULL && g_path_is_absolute (facts->path)
             ? g_build_filename (facts->path, volume, NULL)
             : NULL;
}

/**
 * strata_connection_get_volume_path:
 * @self: a connection
 * @pool_name: a storage pool, active or not
 * @volume_name: a volume of it
 *
 * Worker threads only.
 *
 * Returns: (transfer full) (nullable): the file or device that the volume is, %NULL where it can't be told
 */
char *
strata_connection_get_volume_path (StrataConnection *self,
                                   const char *pool_name,
                                   const char *volume_name)
{
  g_autoptr (virStoragePool) pool =
      virStoragePoolLookupByName (strata_connection_get_handle (self), pool_name);
  g_autoptr (virStorageVol) volume =
      pool != NULL ? virStorageVolLookupByName (pool, volume_name) : NULL;

  if (volume != NULL)
    return virStorageVolGetPath (volume);

  return pool != NULL ? guess_volume_path (pool, volume_name) : NULL;
}

/* A domain's paths are in a few folders, which are looked up once. */
typedef struct
{
  StrataConnection *connection;
  StrataDomainFacts *facts;
  GHashTable *folders; /* a folder as it is spelled -> its canonical path */
} Reading;

static GHashTable *
folders_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

/* Makes PLACE the one name of its file, so that the graph can compare it, and notes down how the documents spell it.
 * POOL: (nullable): where PLACE is a volume's name */
static void
resolve_place (Reading *self, const char *pool, char **place)
{
  g_autofree char *path = NULL;
  g_autofree char *canonical = NULL;

  if (*place == NULL)
    return;

  if (pool != NULL && *pool != '\0')
    path = strata_connection_get_volume_path (self->connection, pool, *place);
  else if (g_path_is_absolute (*place))
    path = g_strdup (*place);
  if (path == NULL)
    return;

  canonical = strata_connection_canonical_path_by (self->connection, self->folders, path);
  if (pool != NULL && *pool != '\0')
    g_ptr_array_add (self->facts->spellings, strata_spelling_new (pool, *place, canonical));
  if (!g_str_equal (path, canonical))
    g_ptr_array_add (self->facts->spellings, strata_spelling_new (NULL, path, canonical));
  g_set_str (place, canonical);
}

/* A disk given as pool and volume is turned into the file or the device that this means. */
static void
resolve_disk (Reading *self, StrataDiskXml *disk)
{
  gboolean volume = g_str_equal (disk->type, "volume") && disk->pool != NULL;

  if (volume || g_str_equal (disk->type, "file") || g_str_equal (disk->type, "block"))
    resolve_place (self, volume ? disk->pool : NULL, &disk->source);
  if (volume && disk->source != NULL && g_path_is_absolute (disk->source))
    {
      g_set_str (&disk->type, strata_path_is_device (disk->source) ? "block" : "file");
      g_clear_pointer (&disk->pool, g_free);
    }

  for (guint i = 0; disk->backings != NULL && disk->backings[i] != NULL; i++)
    resolve_place (self, disk->backing_pools[i], &disk->backings[i]);
  if (disk->backings != NULL)
    g_set_str (&disk->backing, disk->backings[0]);
}

/* PATHS: a set, which has each as it is spelled and as its canonical path after this */
static void
resolve_set (Reading *self, GHashTable *paths)
{
  g_autofree gpointer *spelled = g_hash_table_get_keys_as_array (paths, NULL);

  for (guint i = 0; spelled[i] != NULL; i++)
    {
      g_autofree char *path = g_strdup (spelled[i]);

      resolve_place (self, NULL, &path);
      g_hash_table_add (paths, g_steal_pointer (&path));
    }
}

static void
resolve_disks (Reading *self, GPtrArray *disks)
{
  for (guint i = 0; i < disks->len; i++)
    resolve_disk (self, g_ptr_array_index (disks, i));
}

static void
resolve_snapshot (Reading *self, StrataSnapshotFacts *snapshot)
{
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      resolve_place (self, disk->pool, &disk->image);
      resolve_place (self, NULL, &disk->overlay);
      resolve_place (self, NULL, &disk->revert_overlay);
      for (guint j = 0; disk->backings != NULL && disk->backings[j] != NULL; j++)
        resolve_place (self, NULL, &disk->backings[j]);
    }
  resolve_disks (self, snapshot->options);
  resolve_set (self, snapshot->named);
  resolve_place (self, NULL, &snapshot->memory_file);
}

/* All but what the list of domains can tell of many at once: persistent, autostart, managed_save. */
StrataDomainFacts *
strata_connection_read_without_traits (StrataConnection *self, virDomainPtr domain, GError **error)
{
  const char *name = virDomainGetName (domain);
  StrataDomainFacts *facts = ask (self, domain, name, error);
  g_autoptr (GHashTable) folders = folders_new ();
  Reading reading = { self, facts, folders };

  if (facts == NULL)
    return NULL;

  resolve_set (&reading, facts->files);
  for (guint i = 0; i < facts->uses->len; i++)
    resolve_disk (&reading, ((StrataImageUse *) g_ptr_array_index (facts->uses, i))->disk);
  resolve_disks (&reading, facts->disks);
  if (facts->next_disks != facts->disks)
    resolve_disks (&reading, facts->next_disks);
  for (guint i = 0; i < facts->snapshots->len; i++)
    resolve_snapshot (&reading, g_ptr_array_index (facts->snapshots, i));
  strata_connection_read_jobs (self, domain, facts);

  return facts;
}

/* A saved state goes on with the disks of then, whatever was detached from the definition since. One that went meanwhile has
 * none. */
gboolean
strata_connection_read_saved (StrataConnection *self, StrataDomainFacts *facts, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *xml = NULL;
  g_autoptr (StrataDomainXml) saved = NULL;

  if (!facts->managed_save || strata_domain_facts_is_active (facts))
    return TRUE;

  xml = strata_domain_get_saved_xml (self, facts->uuid, &local);
  if (xml != NULL)
    saved = strata_domain_xml_new_from_string (xml, &local);
  if (saved != NULL)
    {
      g_autoptr (GHashTable) folders = folders_new ();
      Reading reading = { self, facts, folders };
      guint first = facts->uses->len;

      strata_domain_facts_take_uses (facts, STRATA_IMAGE_USE_SAVED,
                                     strata_domain_xml_get_disks (saved));
      strata_domain_facts_take_uses (facts, STRATA_IMAGE_USE_SAVED,
                                     strata_domain_xml_get_option_disks (saved));
      for (guint i = first; i < facts->uses->len; i++)
        resolve_disk (&reading, ((StrataImageUse *) g_ptr_array_index (facts->uses, i))->disk);
      return TRUE;
    }
  if (g_error_matches (local, STRATA_ERROR, STRATA_ERROR_CONNECTION))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (!g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    facts->saved_unread = g_strdup (local->message);

  return TRUE;
}

StrataDomainFacts *
strata_connection_read_domain (StrataConnection *self, virDomainPtr domain, GError **error)
{
  StrataDomainFacts *facts = strata_connection_read_without_traits (self, domain, error);
  int autostart = 0;

  if (facts == NULL)
    return NULL;

  facts->persistent = virDomainIsPersistent (domain) == 1;
  /* A transient domain has no autostart, and says so with an error. */
  facts->autostart = virDomainGetAutostart (domain, &autostart) == 0 && autostart != 0;
  facts->managed_save = virDomainHasManagedSaveImage (domain, 0) == 1;
  if (!strata_connection_read_saved (self, facts, error))
    g_clear_pointer (&facts, strata_domain_facts_unref);

  return facts;
}
