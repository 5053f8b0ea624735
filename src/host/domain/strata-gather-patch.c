/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Patching: a graph with some domains read anew, for a window that is told that these changed.
 *
 * What has to do with their images (the related part of the graph) is read anew, too, by the same functions as when all is gathered; the
 * rest is shared with the graph before. So the part has to be plain: files of this computer with one name each, which are there and say
 * the same as the definitions. Where anything else is met, nothing is patched, and the caller gathers.
 *
 * Of the rest nothing is asked again, and libvirt has no events for snapshots: no job may rely on it.
 */

#include "config.h"

#include <string.h>
#include <sys/stat.h>

#include "graph/strata-related.h"
#include "host/connection/strata-connection-private.h"
#include "host/connection/strata-vir.h"
#include "host/storage/strata-pool-lease.h"
#include "host/storage/strata-volume.h"
#include "strata-gather-private.h"
#include "xml/strata-volume-xml.h"
#include "xml/strata-worker-xml.h"

/* More of them are faster read with all the others. */
#define MOST_DOMAINS 60

typedef struct
{
  StrataConnection *connection;
  StrataGraph *last;
  StrataGathering gathering;
  GHashTable *domains; /* a set: those of LAST that are read anew */
  GHashTable *images;  /* a set: those of LAST that are read anew */
  GHashTable *read;    /* UUID -> StrataDomainFacts, NULL for one that is gone */
  GHashTable *listed;  /* a set: the folders that were looked into */
  GHashTable *seen;    /* a set: those of LAST that are in these folders */
  GHashTable *found;   /* path -> StrataImage, which LAST doesn't have */
} Patch;

static gboolean
has_same_pools (Patch *self)
{
  GPtrArray *known = strata_graph_get_pools (self->last);
  g_autoptr (GPtrArray) pools = NULL;
  virStoragePoolPtr *list = NULL;
  guint n_active = 0;
  int n = virConnectListAllStoragePools (strata_connection_get_handle (self->connection), &list,
                                         VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE);

  if (n < 0)
    return FALSE;

  pools = strata_vir_take_list ((gpointer *) list, n, (GDestroyNotify) virStoragePoolFree);
  for (guint i = 0; i < pools->len; i++)
    {
      const char *name = virStoragePoolGetName (g_ptr_array_index (pools, i));

      if (g_str_has_prefix (name, STRATA_POOL_LEASE_PREFIX) ||
          g_str_has_prefix (name, STRATA_LOCK_PREFIX))
        continue;
      if (strata_graph_find_pool (self->last, name) == NULL)
        return FALSE;
      n_active++;
    }

  return n_active == known->len;
}

/* Of links, hard links, devices and the like more has to be known than a part. */
static gboolean
is_plain (const StrataImage *image)
{
  return image->type == STRATA_IMAGE_FILE && image->state == STRATA_IMAGE_SEEN &&
         image->identity != NULL && g_str_has_prefix (image->identity, "file:") &&
         image->n_names == 1 && image->n_other_names == 0 && image->parts == NULL &&
         image->claims == NULL && image->links == NULL && image->spelling == NULL &&
         image->relative == NULL && image->relative_data == NULL && image->data_file == NULL &&
         (image->backing_path == NULL || g_path_is_absolute (image->backing_path)) &&
         !image->unread && !image->named_apart && !image->overlapping && !image->disputed;
}

/* FALSE with an error only where libvirt is gone. */
static gboolean
read_domain (Patch *self, const char *uuid, GError **error)
{
  g_autoptr (StrataDomainFacts) facts = NULL;
  g_autoptr (GError) local = NULL;

  if (g_hash_table_contains (self->read, uuid))
    return TRUE;
  if (g_cancellable_set_error_if_cancelled (self->gathering.cancellable, error))
    return FALSE;

  facts = strata_connection_look_at_domain (self->connection, uuid, &local);
  if (facts == NULL && !g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (facts != NULL && g_str_has_prefix (facts->name, STRATA_WORKER_PREFIX) && !facts->persistent)
    g_clear_pointer (&facts, strata_domain_facts_unref);
  g_hash_table_insert (self->read, g_strdup (uuid), g_steal_pointer (&facts));

  return TRUE;
}

static gboolean
read_related (Patch *self, GError **error)
{
  GHashTableIter iter;
  const StrataDomainFacts *domain;

  g_hash_table_iter_init (&iter, self->domains);
  while (g_hash_table_iter_next (&iter, (gpointer *) &domain, NULL))
    {
      if (!read_domain (self, domain->uuid, error))
        return FALSE;
    }

  return TRUE;
}

static const char *
get_pool (Patch *self, const char *folder)
{
  GPtrArray *pools = strata_graph_get_pools (self->last);

  for (guint i = 0; i < pools->len; i++)
    {
      const StrataPoolFacts *pool = g_ptr_array_index (pools, i);

      if (g_strcmp0 (pool->path, folder) == 0)
        return pool->name;
    }

  return NULL;
}

/* FALSE for what may be an image, and isn't plain. */
static gboolean
look_at_new (Patch *self, const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  const char *pool = get_pool (self, folder);
  StrataImage *image;
  struct stat status;

  if (lstat (path, &status) != 0 ||
      !(S_ISREG (status.st_mode) || S_ISBLK (status.st_mode) || S_ISLNK (status.st_mode)))
    return TRUE;
  /* Outside of pools it depends on who names what whether all of a folder was looked at. */
  if (pool == NULL)
    return FALSE;

  image = strata_volume_read_here (self->connection, folder, name, pool);
  if (image == NULL || !is_plain (image))
    {
      strata_image_free (image);
      return FALSE;
    }
  g_hash_table_insert (self->found, image->path, image);

  return TRUE;
}

static gboolean
look_into (Patch *self, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GHashTable) names = NULL;
  GHashTableIter iter;
  const char *name;

  if (g_hash_table_contains (self->listed, folder))
    return TRUE;
  names = strata_gathering_list_folder (&self->gathering, folder);
  if (names == NULL)
    return FALSE;

  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, NULL))
    {
      g_autofree char *there = g_strconcat (folder, "/", name, NULL);
      StrataImage *image = strata_graph_get_image (self->last, there);

      if (image != NULL)
        g_hash_table_add (self->seen, image);
      else if (!look_at_new (self, folder, name))
        return FALSE;
    }
  g_hash_table_add (self->listed, g_steal_pointer (&folder));

  return TRUE;
}

typedef struct
{
  Patch *patch;
  gboolean plain;
} Places;

static void
add_place_cb (const char *path, gboolean medium, gpointer user_data)
{
  Places *places = user_data;
  Patch *self = places->patch;
  StrataImage *image = strata_graph_get_image (self->last, path);

  if (!g_path_is_absolute (path) || strata_path_is_device (path) ||
      !g_str_equal (strata_graph_resolve (self->last, path), path))
    places->plain = FALSE;
  else if (image == NULL)
    places->plain = places->plain && look_into (self, path);
  else if (!medium || !strata_image_is_disc (image, self->domains))
    g_hash_table_add (self->images, image);
}

static gboolean
has_plain_names (Patch *self, const StrataDomainFacts *domain)
{
  GStrv bases = domain->thin_mark != NULL ? domain->thin_mark->bases : NULL;

  for (guint i = 0; i < domain->spellings->len; i++)
    {
      if (((StrataSpelling *) g_ptr_array_index (domain->spellings, i))->pool == NULL)
        return FALSE;
    }
  for (guint i = 0; bases != NULL && bases[i] != NULL; i++)
    {
      g_autofree char *path = strata_connection_canonical_path (self->connection, bases[i]);

      if (!g_str_equal (path, bases[i]))
        return FALSE;
    }

  return domain->saved_unread == NULL && domain->unread == NULL;
}

static gboolean
add_places (Patch *self)
{
  Places places = { self, TRUE };
  GHashTableIter iter;
  const StrataDomainFacts *domain;

  g_hash_table_iter_init (&iter, self->read);
  while (places.plain && g_hash_table_iter_next (&iter, NULL, (gpointer *) &domain))
    {
      if (domain == NULL)
        continue;
      if (!has_plain_names (self, domain))
        return FALSE;
      strata_domain_facts_foreach_place (domain, add_place_cb, &places);
    }

  return places.plain;
}

/* Images that are new, by themselves or in the folders where the others are. */
static gboolean
add_found (Patch *self)
{
  g_autoptr (GPtrArray) images = g_hash_table_get_keys_as_ptr_array (self->images);
  GHashTableIter iter;
  const StrataImage *image;

  for (guint i = 0; i < images->len; i++)
    {
      if (!look_into (self, ((StrataImage *) g_ptr_array_index (images, i))->path))
        return FALSE;
    }

  g_hash_table_iter_init (&iter, self->found);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &image))
    {
      StrataImage *below = strata_graph_get_image (self->last, image->backing_path);

      if (below != NULL)
        g_hash_table_add (self->images, below);
    }

  return TRUE;
}

/* All that has to do with the domains, before or now. Sets PLAIN; FALSE with an error only. */
static gboolean
find_part (Patch *self, gboolean *plain, GError **error)
{
  guint n_domains;
  guint n_images;

  do
    {
      strata_graph_add_related (self->last, self->domains, self->images);
      n_domains = g_hash_table_size (self->domains);
      n_images = g_hash_table_size (self->images);
      *plain = n_domains <= MOST_DOMAINS;
      if (!*plain)
        return TRUE;
      if (!read_related (self, error))
        return FALSE;
      *plain = add_places (self) && add_found (self);
    }
  while (*plain && (g_hash_table_size (self->images) != n_images));

  return TRUE;
}

static gboolean
is_in_listed (Patch *self, const char *path)
{
  GHashTableIter iter;
  const char *folder;

  g_hash_table_iter_init (&iter, self->listed);
  while (g_hash_table_iter_next (&iter, (gpointer *) &folder, NULL))
    {
      size_t length = strlen (folder);

      if (strncmp (path, folder, length) == 0 && path[length] == '/' &&
          strchr (path + length + 1, '/') == NULL)
        return TRUE;
    }

  return FALSE;
}

/* Whether in the folders that were looked into there is nothing new of images that aren't read again. */
static gboolean
is_rest_as_before (Patch *self, GPtrArray *all)
{
  for (guint i = 0; i < all->len; i++)
    {
      StrataImage *image = g_ptr_array_index (all, i);

      if (g_hash_table_contains (self->seen, image) == image->missing &&
          !g_hash_table_contains (self->images, image) && is_in_listed (self, image->path))
        return FALSE;
    }

  return TRUE;
}

static StrataImage *
read_again (Patch *self, const StrataImage *image)
{
  g_autofree char *folder = g_path_get_dirname (image->path);
  g_autofree char *name = g_path_get_basename (image->path);
  const char *pool = image->missing ? get_pool (self, folder) : image->pool;
  StrataImage *again = strata_volume_read_here (self->connection, folder, name, pool);
  g_autoptr (virStorageVol) volume = NULL;

  if (again != NULL || pool == NULL)
    return again;
  volume = virStorageVolLookupByPath (strata_connection_get_handle (self->connection), image->path);

  return volume != NULL ? strata_volume_read (self->connection, volume, pool, NULL) : NULL;
}

static gboolean
add_images (Patch *self)
{
  GHashTableIter iter;
  StrataImage *image;

  g_hash_table_iter_init (&iter, self->images);
  while (g_hash_table_iter_next (&iter, (gpointer *) &image, NULL))
    {
      StrataImage *again;

      if (!image->missing && !is_plain (image))
        return FALSE;
      if (!g_hash_table_contains (self->seen, image))
        continue;
      again = read_again (self, image);
      if (again != NULL)
        strata_gathering_take_image (&self->gathering, again);
      /* A raw one outside of pools is read for the domain that names it. */
      else if (image->pool != NULL || image->missing || !strata_image_is_raw (image))
        return FALSE;
    }

  g_hash_table_iter_init (&iter, self->found);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &image))
    strata_gathering_take_image (&self->gathering, strata_image_ref (image));

  return TRUE;
}

static gboolean
add_domains (Patch *self, GPtrArray *domains, GError **error)
{
  for (guint i = 0; i < domains->len; i++)
    {
      if (!strata_gathering_add_domain (&self->gathering, g_ptr_array_index (domains, i), error))
        return FALSE;
    }
  strata_gathering_sort_domains (strata_graph_get_domains (self->gathering.graph));

  return TRUE;
}

static gboolean
is_unchanged (Patch *self, const StrataImage *image)
{
  g_autoptr (StrataImage) now = strata_image_new (image->path);

  strata_image_identify (self->connection, now, NULL);

  return g_strcmp0 (now->identity, image->identity) == 0 && now->length == image->length &&
         now->modified == image->modified && now->n_names == image->n_names;
}

static gboolean
is_shared (Patch *self, const StrataImage *image)
{
  return strata_graph_get_image (self->last, image->path) == image;
}

static void
check_place_cb (const char *path, gboolean medium, gpointer user_data)
{
  Places *places = user_data;
  Patch *self = places->patch;
  const StrataImage *image = strata_graph_get_image (self->gathering.graph, path);

  if (image == NULL || (is_shared (self, image) && !(medium && is_unchanged (self, image))))
    places->plain = FALSE;
}

/* PART: the images that the new graph has for itself. Whether nothing leads out of it but to discs. */
static gboolean
is_closed (Patch *self, GPtrArray *part, GPtrArray *domains)
{
  Places places = { self, TRUE };

  for (guint i = 0; i < part->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (part, i);
      const StrataImage *below =
          strata_graph_get_image (self->gathering.graph, image->backing_path);

      if (!is_plain (image) || (below != NULL && is_shared (self, below)))
        return FALSE;
    }
  for (guint i = 0; i < domains->len; i++)
    strata_domain_facts_foreach_place (g_ptr_array_index (domains, i), check_place_cb, &places);

  return places.plain;
}

static gboolean
are_all_plain (GPtrArray *images)
{
  for (guint i = 0; i < images->len; i++)
    {
      if (!is_plain (g_ptr_array_index (images, i)))
        return FALSE;
    }

  return TRUE;
}

/* NULL without an error where it isn't plain. */
static StrataGraph *
make (Patch *self, GError **error)
{
  g_autoptr (GPtrArray) all = strata_graph_get_images (self->last);
  g_autoptr (GPtrArray) domains = NULL;
  g_autoptr (StrataGraph) graph = NULL;

  if (!is_rest_as_before (self, all) || !strata_gathering_note_inactive (&self->gathering, NULL))
    return NULL;

  graph = strata_graph_copy_without (self->last, self->domains, self->images);
  self->gathering.graph = graph;
  domains = g_hash_table_get_values_as_ptr_array (self->read);
  while (g_ptr_array_remove_fast (domains, NULL))
    ;
  strata_gathering_sort_domains (domains);
  if (!add_images (self) || !add_domains (self, domains, error) || self->gathering.too_narrow)
    return NULL;

  if (!is_closed (self, self->gathering.taken, domains))
    return NULL;
  strata_graph_finish_part (graph, domains, self->gathering.taken);

  return are_all_plain (self->gathering.taken) ? g_steal_pointer (&graph) : NULL;
}

static void
unref_read (gpointer facts)
{
  if (facts != NULL)
    strata_domain_facts_unref (facts);
}

static StrataGraph *
patch (Patch *self, const char *const *uuids, GError **error)
{
  gboolean plain;

  if (!strata_connection_get_facts (self->connection)->is_local ||
      !strata_graph_check_seen (self->last, NULL) || !has_same_pools (self))
    return NULL;

  for (guint i = 0; uuids[i] != NULL; i++)
    {
      StrataDomainFacts *domain = strata_graph_find_domain (self->last, uuids[i]);

      if (!read_domain (self, uuids[i], error))
        return NULL;
      if (domain != NULL && g_str_equal (domain->uuid, uuids[i]))
        g_hash_table_add (self->domains, domain);
    }
  if (!find_part (self, &plain, error) || !plain)
    return NULL;

  return make (self, error);
}

/**
 * strata_connection_patch:
 * @self: a connection
 * @last: an earlier graph of it, which other threads may read
 * @uuids: the domains that changed, were made or went
 * @cancellable: (nullable): looked at between two domains
 * @error: where to put libvirt's error
 *
 * Worker threads only.
 *
 * Returns: (transfer full) (nullable): what strata_connection_gather() would say if nothing changed but what has to do with @uuids;
 *   %NULL without an error where only that can tell
 */
StrataGraph *
strata_connection_patch (StrataConnection *self,
                         StrataGraph *last,
                         const char *const *uuids,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (GHashTable) domains = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) images = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) read = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unref_read);
  g_autoptr (GHashTable) listed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) found =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) strata_image_free);
  g_autoptr (GHashTable) folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) identities = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) named = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) links = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) spellings =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GPtrArray) inactive =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_pool_xml_free);
  g_autoptr (GPtrArray) taken = g_ptr_array_new ();
  Patch patching = { self, last, { self, NULL, cancellable }, domains, images, read, listed,
                     seen, found };

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (self), NULL);
  g_return_val_if_fail (STRATA_IS_GRAPH (last), NULL);
  g_return_val_if_fail (uuids != NULL, NULL);

  patching.gathering.folders = folders;
  patching.gathering.identities = identities;
  patching.gathering.named = named;
  patching.gathering.links = links;
  patching.gathering.inactive = inactive;
  patching.gathering.spellings = spellings;
  patching.gathering.taken = taken;
  patching.gathering.narrow = TRUE;

  return patch (&patching, uuids, error);
}
