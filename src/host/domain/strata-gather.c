/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Gathering the whole host into a graph: what the planner decides upon.
 *
 * Pools are refreshed first, because what another program made a second ago must be seen. Then every
 * disk of every domain is followed down its chain, also into folders that no pool is on.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "host/connection/strata-connection-private.h"
#include "strata-domain-control.h"
#include "strata-gather-private.h"
#include "host/storage/strata-volume.h"
#include "host/storage/strata-image-tags.h"
#include "host/storage/strata-pool-lease.h"
#include "host/storage/strata-qcow2.h"
#include "host/connection/strata-vir.h"
#include "base/strata-error.h"
#include "xml/strata-volume-xml.h"

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

/* One that can't be refreshed: a volume is being made in it, or its storage does not answer. What libvirt said of it before may
 * not be true any more, and what it never listed may be there. */
static void
add_blind_pool (StrataGathering *self, virStoragePoolPtr pool, const char *folder, GError *why)
{
  const char *name = virStoragePoolGetName (pool);

  if (folder != NULL && strata_gathering_add_folder_here (self, folder, name))
    return;

  strata_graph_add_blind_spot (self->graph, name, why->message,
                               strata_error_get_vir_code (why) == VIR_ERR_INTERNAL_ERROR);
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
  /* Who may only look may not have it refreshed either. What it said last is enough to be shown, and no plan is made of it. */
  if (strata_connection_get_read_only (self->connection) != NULL ||
      (folder != NULL && strata_gathering_is_up_to_date (self, pool, folder)))
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
      if (virStoragePoolIsActive (pool) == 1)
        {
          add_blind_pool (self, pool, folder, local_error);
          *facts = read_pool (pool, NULL);
        }
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}

/* A session's daemon is the user, as we are. What another may do where is not for us to tell. */
static gboolean
is_read_only (StrataGathering *self, const char *folder)
{
  const StrataHostFacts *facts = strata_connection_get_facts (self->connection);

  return facts->is_session && facts->is_local && folder != NULL && g_access (folder, W_OK) != 0 &&
         (errno == EACCES || errno == EROFS);
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
  result->read_only = is_read_only (self, result->path);
  strata_graph_take_pool (self->graph, result);

  return TRUE;
}

/* One that was stopped while we looked is left out. What it has in it is found by the chains that reach it. */
static gboolean
add_pool_if_active (StrataGathering *self, virStoragePoolPtr pool, GError **error)
{
  const char *name = virStoragePoolGetName (pool);
  g_autoptr (GError) local_error = NULL;

  if (g_str_has_prefix (name, STRATA_POOL_LEASE_PREFIX) ||
      g_str_has_prefix (name, STRATA_LOCK_PREFIX) || add_pool (self, pool, &local_error))
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

static StrataPoolXml *
note_inactive (StrataGathering *self, virStoragePoolPtr pool)
{
  StrataPoolXml *facts = read_pool (pool, NULL);
  g_autofree char *folder = facts != NULL ? get_folder (self, facts) : NULL;

  if (folder == NULL)
    {
      strata_pool_xml_free (facts);
      return NULL;
    }
  g_set_str (&facts->path, folder);
  g_ptr_array_add (self->inactive, facts);

  return facts;
}

/* What is in it is looked at where the client may; nothing is started for that. */
static void
add_inactive_pool (StrataGathering *self, virStoragePoolPtr pool)
{
  const StrataPoolXml *facts = note_inactive (self, pool);

  if (facts != NULL)
    strata_gathering_add_folder_here (self, facts->path, facts->name);
}

gboolean
strata_gathering_note_inactive (StrataGathering *self, GError **error)
{
  g_autoptr (GPtrArray) pools = NULL;
  virStoragePoolPtr *list = NULL;
  int n = virConnectListAllStoragePools (strata_connection_get_handle (self->connection), &list,
                                         VIR_CONNECT_LIST_STORAGE_POOLS_INACTIVE);

  if (n < 0)
    {
      strata_vir_set_error (error, _ ("Listing the storage pools"));
      return FALSE;
    }

  pools = strata_vir_take_list ((gpointer *) list, n, (GDestroyNotify) virStoragePoolFree);
  for (guint i = 0; i < pools->len; i++)
    note_inactive (self, g_ptr_array_index (pools, i));

  return TRUE;
}

static gboolean
add_pools (StrataGathering *self, GError **error)
{
  g_autoptr (GPtrArray) pools = NULL;
  virStoragePoolPtr *list = NULL;
  int n = virConnectListAllStoragePools (strata_connection_get_handle (self->connection), &list, 0);

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
      virStoragePoolPtr pool = g_ptr_array_index (pools, i);

      if (virStoragePoolIsActive (pool) != 1)
        add_inactive_pool (self, pool);
      else if (!add_pool_if_active (self, pool, error))
        return FALSE;
    }

  return TRUE;
}

/* What a header in a raw image claims is held, so it has to be known; nothing is opened by it. */
static void
read_claim (StrataGathering *self, StrataImage *image, virDomainPtr domain)
{
  guint8 bytes[STRATA_QCOW2_HEAD_SIZE];

  gsize n = strata_gathering_read_head (domain, image->path, bytes, sizeof bytes);

  strata_gathering_take_claim (self, image, bytes, n);
}

/* A raw file has no chain, so there is nothing to ask libvirt about one that we see: it would have to
 * read every file of a folder full of installation media. */
static StrataImage *
look_at_raw_file (StrataGathering *self, const char *uuid, const char *path)
{
  g_autoptr (virDomain) domain = NULL;
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
  strata_image_identify (self->connection, image, NULL);
  if (uuid == NULL)
    return image;
  if (access (path, R_OK) != 0)
    domain = virDomainLookupByUUIDString (strata_connection_get_handle (self->connection), uuid);
  read_claim (self, image, domain);

  return image;
}

static void
read_device_header (StrataGathering *self, StrataImage *image, virDomainPtr domain)
{
  guint8 bytes[STRATA_QCOW2_HEAD_SIZE];
  g_autoptr (StrataQcow2) header = NULL;
  gsize n = strata_gathering_read_head (domain, image->path, bytes, sizeof bytes);

  if (n == 0)
    {
      image->unread = TRUE;
      return;
    }

  header = strata_qcow2_parse (bytes, n);
  if (header == NULL)
    g_set_str (&image->format, "raw");
  else if (!strata_image_take_header (self->connection, image, header, -1))
    strata_image_set_problem (image, STRATA_IMAGE_UNKNOWN,
                              _ ("What “%s” stands on can’t be told from its header"), image->path);
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
      image->length = info.physical;
    }
  else if (strata_connection_get_facts (self->connection)->is_local &&
           !g_file_test (path, G_FILE_TEST_EXISTS))
    {
      strata_image_set_problem (image, STRATA_IMAGE_MISSING, _ ("“%s” is missing"), path);
      return image;
    }

  strata_image_identify (self->connection, image, NULL);
  if (g_strcmp0 (format, "qcow2") == 0)
    read_device_header (self, image, domain);
  else if (g_strcmp0 (format, "raw") == 0)
    read_claim (self, image, domain);

  return image;
}

static const StrataPoolXml *
find_inactive (StrataGathering *self, const char *folder)
{
  for (guint i = 0; i < self->inactive->len; i++)
    {
      const StrataPoolXml *pool = g_ptr_array_index (self->inactive, i);

      if (g_strcmp0 (pool->path, folder) == 0)
        return pool;
    }

  return NULL;
}

gboolean
strata_gathering_is_inactive (StrataGathering *self, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  return find_inactive (self, folder) != NULL;
}

/* All that is in the folder of PATH is added: an overlay there that no domain names still stands on
 * its base. */
gboolean
strata_gathering_add_folder (StrataGathering *self, const char *path, char **why, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  const StrataPoolXml *inactive = find_inactive (self, folder);
  g_autoptr (StrataPoolLease) lease = NULL;
  g_autoptr (GError) local_error = NULL;

  if (why != NULL)
    *why = inactive != NULL
               ? g_strdup_printf (_ ("the storage pool “%s” is not active"), inactive->name)
               : NULL;
  if (self->narrow)
    self->too_narrow = TRUE;
  if (self->narrow || g_hash_table_contains (self->folders, folder))
    return TRUE;
  /* A look starts no pool: that would mount a file system, and end it again under others. */
  if (inactive != NULL)
    {
      strata_gathering_add_folder_here (self, folder, inactive->name);
      return TRUE;
    }

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
      if (!strata_gathering_add_folder_here (self, folder, NULL) && why != NULL)
        *why = g_strdup (local_error->message);
      return TRUE;
    }

  g_hash_table_add (self->folders, g_strdup (folder));

  return strata_gathering_add_volumes (self, strata_pool_lease_get_pool (lease),
                                       strata_pool_lease_get_name (lease), folder, error);
}

/* Whether there is nothing at all in the folder of PATH, as in one on which nothing is mounted. */
static gboolean
is_bare (StrataGathering *self, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GPtrArray) images = strata_graph_get_images (self->graph);
  g_autoptr (GDir) dir = NULL;

  if (strata_connection_get_facts (self->connection)->is_local)
    {
      dir = g_dir_open (folder, 0, NULL);
      return dir != NULL && g_dir_read_name (dir) == NULL;
    }

  for (guint i = 0; i < images->len; i++)
    {
      g_autofree char *other =
          g_path_get_dirname (((StrataImage *) g_ptr_array_index (images, i))->path);

      if (g_str_equal (folder, other))
        return FALSE;
    }

  return TRUE;
}

/* Not in a pool, and not on the list of its folder: it is missing, unless we could not look. UUID: of the domain that names it,
 * NULL for the data of another image, in which no header means anything. */
static gboolean
add_lone_file (StrataGathering *self,
               const char *uuid,
               const char *path,
               const char *format,
               GError **error)
{
  StrataImage *image = NULL;
  g_autofree char *why = NULL;

  if (g_strcmp0 (format, "raw") == 0)
    image = look_at_raw_file (self, uuid, path);

  if (image == NULL)
    {
      if (!strata_gathering_add_folder (self, path, &why, error))
        return FALSE;
      if (strata_graph_get_image (self->graph, path) != NULL)
        return TRUE;

      image = strata_image_new (path);
      image->format = g_strdup (format);
      if (why != NULL)
        strata_image_set_problem (image, STRATA_IMAGE_UNKNOWN, _ ("“%s” can’t be seen: %s"), path,
                                  why);
      else if (is_bare (self, path))
        strata_image_set_problem (image, STRATA_IMAGE_UNKNOWN,
                                  _ ("“%s” can’t be seen: its folder is empty, as where storage "
                                     "isn’t mounted"),
                                  path);
      else
        strata_image_set_problem (image, STRATA_IMAGE_MISSING, _ ("The image “%s” is missing"),
                                  path);
    }
  strata_gathering_take_image (self, image);

  return TRUE;
}

/* QEMU has more ways of naming a file than by its path: json:, file:, blkdebug:, blkverify:, fat:… What is on the network begins
 * with one of a few words, and an export's name has none. */
static gboolean
may_be_a_file (const char *place)
{
  static const char *const network[] = { "ftp",      "ftps", "gluster", "http", "https", "iscsi",
                                         "iser",     "nbd",  "nbds",    "nfs",  "rbd",   "sftp",
                                         "sheepdog", "ssh",  "vxhs",    NULL };
  const char *colon = strchr (place, ':');
  const char *slash = strchr (place, '/');
  g_autofree char *word = NULL;

  if (colon == NULL || (slash != NULL && slash < colon))
    return FALSE;
  word = g_strndup (place, strcspn (place, ":+"));

  return !g_strv_contains (network, word);
}

/* What is neither a file nor a device of the host: it is there for QEMU, and nothing here works on it. QEMU's own ways of naming a
 * file may mean any. */
static void
add_foreign (StrataGathering *self, const char *place, const char *format)
{
  StrataImage *image = strata_image_new (place);

  image->type = STRATA_IMAGE_NETWORK;
  image->format = g_strdup (format);
  if (may_be_a_file (place))
    strata_image_set_problem (image, STRATA_IMAGE_UNKNOWN,
                              _ ("It can’t be told which file “%s” means"), place);
  strata_image_set_problem (image, STRATA_IMAGE_FOREIGN, _ ("“%s” is not a file of the host"),
                            place);
  strata_graph_take_image (self->graph, image);
}

/* Also of images that no definition leads to. */
static void
add_foreign_bases (StrataGathering *self)
{
  g_autoptr (GPtrArray) images = strata_graph_get_images (self->graph);

  for (guint i = 0; i < images->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (images, i);

      if (image->backing_path != NULL && !g_path_is_absolute (image->backing_path) &&
          strata_graph_get_image (self->graph, image->backing_path) == NULL)
        add_foreign (self, image->backing_path, image->backing_format);
    }
}

static gboolean
add_link (StrataGathering *self,
          const StrataDomainFacts *domain,
          const char *path,
          const char *format,
          gboolean block,
          GError **error)
{
  if (strata_graph_get_image (self->graph, path) != NULL)
    return TRUE;
  if (block || strata_path_is_device (path))
    {
      strata_gathering_take_image (self, look_at_device (self, domain->uuid, path, format));
      return TRUE;
    }
  if (g_path_is_absolute (path))
    return add_lone_file (self, domain->uuid, path, format, error);
  add_foreign (self, path, format);

  return TRUE;
}

static gboolean
add_data (StrataGathering *self, const StrataDomainFacts *domain, const char *path, GError **error)
{
  if (strata_graph_get_image (self->graph, path) != NULL || !g_path_is_absolute (path) ||
      strata_path_is_device (path))
    return add_link (self, domain, path, "raw", FALSE, error);

  return add_lone_file (self, NULL, path, "raw", error);
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
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autofree char *current = g_strdup (path);
  g_autofree char *current_format = g_strdup (format);

  while (current != NULL)
    {
      StrataImage *image;

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error) ||
          !add_link (self, domain, current, current_format, block, error))
        return FALSE;

      image = strata_graph_get_image (self->graph, current);
      /* A chain that bites its own tail is the graph's to report. And a raw image ends it, whatever a guest wrote into it. */
      if (image == NULL || !g_hash_table_add (seen, image) ||
          g_strcmp0 (current_format, "raw") == 0)
        break;
      if (image->data_file != NULL && !add_data (self, domain, image->data_file, error))
        return FALSE;
      g_set_str (&current, image->backing_path);
      g_set_str (&current_format, image->backing_format);
      block = FALSE;
    }

  return TRUE;
}

/* It may be any image by another name, and stand on any. */
void
strata_gathering_add_unresolved (StrataGathering *self,
                                 const char *pool,
                                 char **volume,
                                 const char *format,
                                 gboolean medium)
{
  g_autofree char *place = g_strdup_printf ("%s/%s", pool, *volume);
  StrataSpelling *spelling = strata_spelling_new (pool, *volume, place);
  StrataImage *image = strata_image_new (place);

  /* Installation media stand on nothing, and nothing stands on them. */
  image->type = medium && g_strcmp0 (format, "raw") == 0 ? STRATA_IMAGE_FILE : STRATA_IMAGE_NETWORK;
  image->format = g_strdup (format);
  strata_image_set_problem (
      image, STRATA_IMAGE_UNKNOWN,
      /* Translators: a volume, then a storage pool */
      _ ("The volume “%s” can’t be seen: there is no storage pool “%s” that says where it is"),
      *volume, pool);
  strata_graph_add_spelling (self->graph, spelling);
  strata_spelling_free (spelling);
  g_set_str (volume, place);
  strata_graph_take_image (self->graph, image);
}

/* FORMAT: (nullable): of one whose format is for QEMU to find out */
static gboolean
follow_disk (StrataGathering *self,
             StrataDomainFacts *domain,
             StrataDiskXml *disk,
             const char *format,
             GError **error)
{
  gboolean block = g_strcmp0 (disk->type, "block") == 0;

  /* A volume that can't be resolved is named by what its pool calls it. */
  gboolean volume = g_strcmp0 (disk->type, "volume") == 0;

  if (disk->source != NULL && volume)
    strata_gathering_add_unresolved (self, disk->pool, &disk->source, disk->format,
                                     strata_disk_xml_is_drive (disk));
  else if (disk->source != NULL && (block || g_strcmp0 (disk->type, "file") == 0) &&
           !strata_gathering_follow (self, domain, disk->source, format, block, error))
    return FALSE;
  if (disk->source != NULL)
    strata_gathering_name_image (self, disk->source);
  for (guint j = 0; disk->backings != NULL && disk->backings[j] != NULL; j++)
    {
      const char *said = disk->backing_formats[j];

      if (!strata_gathering_follow (self, domain, disk->backings[j], *said != '\0' ? said : NULL,
                                    FALSE, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
follow_disks (StrataGathering *self, StrataDomainFacts *domain, GPtrArray *disks, GError **error)
{
  for (guint i = 0; i < disks->len; i++)
    {
      StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (!follow_disk (self, domain, disk, disk->format != NULL ? disk->format : "raw", error))
        return FALSE;
    }

  return TRUE;
}

/* An image on QEMU's command line, of whatever format. To ask for all of its folder, as for a disk, is worth it only where it isn't
 * there, to know whether it could be. */
gboolean
strata_gathering_follow_option (StrataGathering *self,
                                const StrataDomainFacts *domain,
                                const StrataDiskXml *disk,
                                GError **error)
{
  g_autofree char *folder = g_path_get_dirname (disk->source);
  g_autofree char *name = g_path_get_basename (disk->source);
  GStatBuf status;
  StrataImage *image;

  if (g_strcmp0 (disk->format, "raw") == 0)
    return TRUE;
  if (strata_graph_get_image (self->graph, disk->source) == NULL &&
      strata_connection_get_facts (self->connection)->is_local &&
      g_stat (disk->source, &status) == 0)
    {
      if (!S_ISREG (status.st_mode) && !S_ISBLK (status.st_mode))
        return TRUE;
      image = S_ISREG (status.st_mode)
                  ? strata_volume_read_here (self->connection, folder, name, NULL)
                  : NULL;
      /* libvirt may see what the client may not. */
      if (image == NULL && access (disk->source, R_OK) == 0)
        image = strata_volume_read_by_qemu (self->connection, disk->source, NULL);
      if (image != NULL)
        strata_gathering_take_image (self, image);
    }
  image = strata_graph_get_image (self->graph, disk->source);

  return strata_gathering_follow (self, domain, disk->source, image != NULL ? image->format : NULL,
                                  FALSE, error);
}

static void
note_unread (StrataGathering *self, const StrataDomainFacts *domain)
{
  g_autoptr (GError) unread = NULL;
  g_autofree char *saved = NULL;

  if (!strata_domain_facts_require_read (domain, &unread))
    strata_graph_set_unread (self->graph, unread->message, strata_error_get_hint (unread));
  if (domain->saved_unread == NULL)
    return;

  /* Translators: a virtual machine, then libvirt's words */
  saved = g_strdup_printf (_ ("What “%s”, which is saved to disk, goes on with isn’t known: %s"),
                           domain->name, domain->saved_unread);
  strata_graph_set_unread (self->graph, saved,
                           _ ("Start it and shut it down, or drop the state with “virsh "
                              "managedsave-remove”."));
}

static gboolean
follow_uses (StrataGathering *self, StrataDomainFacts *domain, GError **error)
{
  note_unread (self, domain);
  for (guint i = 0; i < domain->uses->len; i++)
    {
      StrataImageUse *use = g_ptr_array_index (domain->uses, i);
      const char *format = use->disk->format != NULL ? use->disk->format : "raw";

      if (use->kind == STRATA_IMAGE_USE_OPTION
              ? !strata_gathering_follow_option (self, domain, use->disk, error)
              : !follow_disk (self, domain, use->disk, format, error))
        return FALSE;
    }

  return TRUE;
}

/* What any other option of QEMU names, say: an overlay there stands on its base like any other. */
static gboolean
follow_files (StrataGathering *self, StrataDomainFacts *domain, GError **error)
{
  GHashTableIter iter;
  const char *path;

  if (!strata_connection_get_facts (self->connection)->is_local)
    return TRUE;

  g_hash_table_iter_init (&iter, domain->files);
  while (g_hash_table_iter_next (&iter, (gpointer *) &path, NULL))
    {
      g_autofree char *folder = g_path_get_dirname (path);
      g_autofree char *name = g_path_get_basename (path);
      StrataImage *image = strata_graph_get_image (self->graph, path) == NULL
                               ? strata_volume_read_here (self->connection, folder, name, NULL)
                               : NULL;

      if (image == NULL)
        continue;
      strata_gathering_take_image (self, image);
      if (!strata_gathering_follow (self, domain, path, "qcow2", FALSE, error))
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

static int
compare_domains (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (((const StrataDomainFacts *) a)->name, ((const StrataDomainFacts *) b)->name);
}

static int
compare_snapshots (gconstpointer a, gconstpointer b)
{
  const StrataSnapshotFacts *first = a;
  const StrataSnapshotFacts *second = b;

  if (first->created != second->created)
    return first->created < second->created ? -1 : 1;

  return g_strcmp0 (first->name, second->name);
}

void
strata_gathering_sort_domains (GPtrArray *domains)
{
  g_ptr_array_sort_values (domains, compare_domains);
}

gboolean
strata_gathering_add_domain (StrataGathering *self, StrataDomainFacts *domain, GError **error)
{
  /* libvirt lists them in whatever order its tables have: what is said of them would change from one look to the next. */
  g_ptr_array_sort_values (domain->snapshots, compare_snapshots);
  strata_graph_add_domain (self->graph, domain);

  return follow_disks (self, domain, domain->disks, error) &&
         (domain->next_disks == domain->disks ||
          follow_disks (self, domain, domain->next_disks, error)) &&
         follow_uses (self, domain, error) && follow_files (self, domain, error) &&
         strata_gathering_add_snapshots (self, domain, error);
}

static StrataGraph *
gather (StrataConnection *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (GPtrArray) domains = NULL;
  g_autoptr (GHashTable) folders = NULL;
  g_autoptr (GHashTable) links = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) spellings =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GHashTable) identities = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) named = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) inactive =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_pool_xml_free);
  g_autofree char *nvram_dir = NULL;
  const StrataHostFacts *facts;
  StrataGathering gathering;

  graph = strata_graph_new ();
  folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gathering = (StrataGathering) { self,  graph, cancellable, folders,  identities,
                                  named, links, inactive,    spellings };

  if (!add_pools (&gathering, error))
    return NULL;
  /* After the refresh, so that a volume named by a definition resolves to what is there now. */
  domains = strata_connection_list_domains (self, cancellable, error);
  if (domains == NULL)
    return NULL;

  strata_gathering_sort_domains (domains);
  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      if (!strata_gathering_add_domain (&gathering, domain, error))
        return NULL;
    }

  strata_gathering_claim_by_names (&gathering);
  add_foreign_bases (&gathering);
  strata_gathering_reconcile_names (&gathering);
  strata_graph_finish (graph);

  facts = strata_connection_get_facts (self);
  nvram_dir = find_nvram_dir (facts, domains);
  strata_graph_set_nvram_dir (graph, nvram_dir);
  strata_graph_set_libvirt_version (graph, facts->libvirt_version);
  strata_graph_set_modes_fixed (graph, !facts->is_local || (!facts->is_session && geteuid () != 0));
  strata_graph_set_read_only (graph, strata_connection_get_read_only (self));
  if (!facts->is_local)
    strata_graph_set_far_host (
        graph, facts->hostname != NULL ? facts->hostname : strata_connection_get_uri (self),
        facts->ssh != NULL);

  return g_steal_pointer (&graph);
}

static gboolean
is_all_seen (StrataGraph *graph, GPtrArray *disks)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);
      const StrataImage *image = strata_graph_get_image (graph, disk->source);

      if (image != NULL && image->state != STRATA_IMAGE_SEEN)
        return FALSE;
    }

  return TRUE;
}

/* A domain whose images could not be seen may have been deleted with them while they were looked for. */
static gboolean
has_lost_one (StrataConnection *self, StrataGraph *graph)
{
  GPtrArray *domains = strata_graph_get_domains (graph);

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);
      gboolean exists;

      if ((!is_all_seen (graph, domain->disks) || !is_all_seen (graph, domain->next_disks)) &&
          strata_domain_exists (self, domain->uuid, &exists, NULL) && !exists)
        return TRUE;
    }

  return FALSE;
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

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (self), NULL);

  for (guint tries = 0; tries < 3; tries++)
    {
      g_clear_object (&graph);
      graph = gather (self, cancellable, error);
      if (graph == NULL || !has_lost_one (self, graph))
        break;
    }

  return g_steal_pointer (&graph);
}
