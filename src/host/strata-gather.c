/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Gathering the whole host into a graph: what the planner decides upon.
 *
 * Pools are refreshed first, because what another program made a second ago must be seen. Then every
 * disk of every domain is followed down its chain, also into folders that no pool is on.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "strata-connection-private.h"
#include "strata-gather-private.h"
#include "strata-image-tags.h"
#include "strata-pool-lease.h"
#include "strata-vir.h"
#include "xml/strata-error.h"
#include "xml/strata-volume-xml.h"

static gboolean
is_gone (const GError *error)
{
  return g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
}

static StrataPoolXml *
read_pool (virStoragePoolPtr pool, GError **error)
{
  g_autofree char *xml = virStoragePoolGetXMLDesc (pool, 0);
  g_autofree char *name = NULL;

  if (xml != NULL)
    return strata_pool_xml_new_from_string (xml, error);

  name = g_strdup (virStoragePoolGetName (pool));
  strata_vir_set_error (error, _ ("Reading the storage pool “%s”"), name);

  return NULL;
}

/* Of one whose list of images is of now, though it was not refreshed. */
static void
look_at_space (StrataPoolXml *pool)
{
  struct statvfs status;

  if (statvfs (pool->path, &status) != 0)
    return;
  pool->capacity = (guint64) status.f_blocks * status.f_frsize;
  pool->available = (guint64) status.f_bfree * status.f_frsize;
}

/* Where the pool is a folder, as far as libvirt is concerned. */
static char *
get_folder (StrataGathering *self, const StrataPoolXml *pool)
{
  static const char *const types[] = { "dir", "fs", "netfs", NULL };

  if (pool->path == NULL || pool->type == NULL || !g_strv_contains (types, pool->type))
    return NULL;

  return strata_connection_canonical_path (self->connection, pool->path);
}

/* Sets FACTS to what is true of POOL now, or to NULL: one whose storage is away (an unplugged disk) goes inactive at a
 * refresh; the rest of the host is still worth showing. */
static gboolean
bring_up_to_date (StrataGathering *self,
                  virStoragePoolPtr pool,
                  StrataPoolXml **facts,
                  GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autofree char *folder = NULL;

  *facts = read_pool (pool, error);
  if (*facts == NULL)
    return FALSE;

  folder = get_folder (self, *facts);
  if (folder != NULL && strata_gathering_is_up_to_date (self, pool, folder))
    {
      look_at_space (*facts);
      return TRUE;
    }

  g_clear_pointer (facts, strata_pool_xml_free);
  if (strata_pool_refresh (pool, &local_error))
    {
      *facts = read_pool (pool, error);
      return *facts != NULL;
    }
  if (!g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_CONNECTION))
    {
      g_debug ("%s", local_error->message);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}

static gboolean
add_pool (StrataGathering *self, virStoragePoolPtr pool, GError **error)
{
  g_autofree char *name = g_strdup (virStoragePoolGetName (pool));
  g_autofree char *folder = NULL;
  g_autoptr (StrataPoolXml) facts = NULL;
  StrataPoolFacts *result;

  if (!bring_up_to_date (self, pool, &facts, error))
    return FALSE;
  if (facts == NULL)
    return TRUE;

  folder = get_folder (self, facts);
  if (!strata_gathering_add_volumes (self, pool, name, folder, error))
    return FALSE;

  result = g_new0 (StrataPoolFacts, 1);
  result->name = g_strdup (name);
  result->type = g_strdup (facts->type);
  result->path =
      facts->path != NULL ? strata_connection_canonical_path (self->connection, facts->path) : NULL;
  result->capacity = facts->capacity;
  result->available = facts->available;
  strata_graph_take_pool (self->graph, result);

  return TRUE;
}

/* One that was stopped while we looked is left out. What it has in it is found by the chains that reach it. */
static gboolean
add_pool_if_active (StrataGathering *self, virStoragePoolPtr pool, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  if (g_str_has_prefix (virStoragePoolGetName (pool), STRATA_POOL_LEASE_PREFIX) ||
      add_pool (self, pool, &local_error))
    return TRUE;

  if (local_error->domain == STRATA_ERROR && strata_connection_is_alive (self->connection) &&
      virStoragePoolIsActive (pool) != 1)
    {
      g_debug ("%s", local_error->message);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}

static gboolean
add_pools (StrataGathering *self, GError **error)
{
  g_autoptr (GPtrArray) pools = NULL;
  virStoragePoolPtr *list = NULL;
  int n = virConnectListAllStoragePools (strata_connection_get_handle (self->connection), &list,
                                         VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE);

  /* A daemon without a storage driver has no pools; its disks can still be seen by their paths. */
  if (n < 0 && strata_vir_last_code () == VIR_ERR_NO_SUPPORT)
    return TRUE;
  if (n < 0)
    {
      strata_vir_set_error (error, _ ("Listing the storage pools"));
      return FALSE;
    }

  pools = strata_vir_take_list ((gpointer *) list, n, (GDestroyNotify) virStoragePoolFree);
  for (guint i = 0; i < pools->len; i++)
    {
      if (!add_pool_if_active (self, g_ptr_array_index (pools, i), error))
        return FALSE;
    }

  return TRUE;
}

/* A raw file has no chain, so there is nothing to ask libvirt about one that we see: it would have to
 * read every file of a folder full of installation media. */
static StrataImage *
look_at_raw_file (StrataGathering *self, const char *path)
{
  StrataImage *image;
  struct stat status;

  if (!strata_connection_get_facts (self->connection)->is_local || stat (path, &status) != 0 ||
      !S_ISREG (status.st_mode))
    return NULL;

  image = strata_image_new (path);
  image->format = g_strdup ("raw");
  image->capacity = (guint64) status.st_size;
  image->allocation = (guint64) status.st_blocks * 512;
  image->mode = status.st_mode & 07777;

  return image;
}

/* A device that no pool lists: a pool on /dev would be a list of all the machine has. */
static StrataImage *
look_at_device (StrataGathering *self, const char *uuid, const char *path, const char *format)
{
  g_autoptr (virDomain) domain =
      virDomainLookupByUUIDString (strata_connection_get_handle (self->connection), uuid);
  StrataImage *image = strata_image_new (path);
  virDomainBlockInfo info;

  image->type = STRATA_IMAGE_BLOCK;
  image->format = g_strdup (format);
  if (domain != NULL && virDomainGetBlockInfo (domain, path, &info, 0) == 0)
    {
      image->capacity = info.capacity;
      image->allocation = info.allocation;
    }
  else if (strata_connection_get_facts (self->connection)->is_local)
    image->missing = !g_file_test (path, G_FILE_TEST_EXISTS);
  strata_image_tags_fill (self->connection, image, NULL);

  return image;
}

/* All that is in the folder of PATH is added: an overlay there that no domain names still stands on
 * its base. */
gboolean
strata_gathering_add_folder (StrataGathering *self,
                             const char *path,
                             gboolean *readable,
                             GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (StrataPoolLease) lease = NULL;
  g_autoptr (GError) local_error = NULL;

  *readable = TRUE;
  if (g_hash_table_contains (self->folders, folder))
    return TRUE;

  lease = strata_pool_lease_new (self->connection, folder, &local_error);
  if (lease != NULL && !strata_pool_lease_refresh (lease, &local_error))
    g_clear_pointer (&lease, strata_pool_lease_free);
  if (lease == NULL && g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_CONNECTION))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  if (lease == NULL)
    {
      *readable = is_gone (local_error);
      return TRUE;
    }

  g_hash_table_add (self->folders, g_strdup (folder));

  return strata_gathering_add_volumes (self, strata_pool_lease_get_pool (lease),
                                       strata_pool_lease_get_name (lease), folder, error);
}

/* Not in a pool, and not on the list of its folder: it is missing, unless we could not look. */
static gboolean
add_lone_file (StrataGathering *self, const char *path, const char *format, GError **error)
{
  StrataImage *image = NULL;
  gboolean readable;

  if (g_strcmp0 (format, "raw") == 0)
    image = look_at_raw_file (self, path);

  if (image == NULL)
    {
      if (!strata_gathering_add_folder (self, path, &readable, error))
        return FALSE;
      if (strata_graph_get_image (self->graph, path) != NULL)
        return TRUE;

      image = strata_image_new (path);
      image->format = g_strdup (format);
      image->missing = readable;
    }
  strata_graph_take_image (self->graph, image);

  return TRUE;
}

/* FORMAT is what the definition or the overlay says of PATH. */
gboolean
strata_gathering_follow (StrataGathering *self,
                         const StrataDomainFacts *domain,
                         const char *path,
                         const char *format,
                         gboolean block,
                         GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *current = g_strdup (path);
  g_autofree char *current_format = g_strdup (format);

  /* A chain that bites its own tail is the graph's to report. */
  while (current != NULL && g_hash_table_add (seen, g_strdup (current)))
    {
      StrataImage *image = strata_graph_get_image (self->graph, current);

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;

      if (image == NULL && (block || strata_path_is_device (current)))
        strata_graph_take_image (self->graph,
                                 look_at_device (self, domain->uuid, current, current_format));
      else if (image == NULL && g_path_is_absolute (current) &&
               !add_lone_file (self, current, current_format, error))
        return FALSE;

      image = strata_graph_get_image (self->graph, current);
      g_set_str (&current, image != NULL ? image->backing_path : NULL);
      g_set_str (&current_format, image != NULL ? image->backing_format : NULL);
      block = FALSE;
    }

  return TRUE;
}

static gboolean
follow_disks (StrataGathering *self, StrataDomainFacts *domain, GError **error)
{
  for (guint i = 0; i < domain->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (domain->disks, i);
      gboolean block = g_strcmp0 (disk->type, "block") == 0;

      if (disk->source != NULL && (block || g_strcmp0 (disk->type, "file") == 0) &&
          !strata_gathering_follow (self, domain, disk->source, disk->format, block, error))
        return FALSE;
      if (disk->backing != NULL &&
          !strata_gathering_follow (self, domain, disk->backing, NULL, FALSE, error))
        return FALSE;
    }

  return TRUE;
}

/* Where libvirt keeps UEFI variables on a host whose user's home is not known here. */
static char *
find_nvram_dir (const StrataHostFacts *facts, GPtrArray *domains)
{
  if (facts->nvram_dir != NULL)
    return g_strdup (facts->nvram_dir);

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);
      g_autofree char *nvram = strata_domain_xml_get_nvram (domain->definition);

      if (nvram != NULL)
        return g_path_get_dirname (nvram);
    }

  return NULL;
}

/**
 * strata_connection_gather:
 * @self: a connection
 * @cancellable: (nullable): looked at between two images
 * @error: where to put libvirt's error
 *
 * Worker threads only. What it says was true during the call.
 *
 * Returns: (transfer full): the host's domains, pools and images
 */
StrataGraph *
strata_connection_gather (StrataConnection *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (GPtrArray) domains = NULL;
  g_autoptr (GHashTable) folders = NULL;
  g_autofree char *nvram_dir = NULL;
  const StrataHostFacts *facts;
  StrataGathering gathering;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (self), NULL);

  graph = strata_graph_new ();
  folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gathering = (StrataGathering) { self, graph, cancellable, folders };

  if (!add_pools (&gathering, error))
    return NULL;
  /* After the refresh, so that a volume named by a definition resolves to what is there now. */
  domains = strata_connection_list_domains (self, cancellable, error);
  if (domains == NULL)
    return NULL;

  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      strata_graph_add_domain (graph, domain);
      if (!follow_disks (&gathering, domain, error) ||
          !strata_gathering_add_snapshots (&gathering, domain, error))
        return NULL;
    }

  facts = strata_connection_get_facts (self);
  nvram_dir = find_nvram_dir (facts, domains);
  strata_graph_set_host (graph, facts->is_local, facts->is_session, nvram_dir);
  strata_graph_set_libvirt_version (graph, facts->libvirt_version);

  return g_steal_pointer (&graph);
}
