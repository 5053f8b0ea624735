/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataGraph: every image of a host, and everybody who holds one. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-graph.h"
#include "base/strata-error.h"

struct _StrataGraph
{
  GObject parent_instance;

  GPtrArray *domains;     /* StrataDomainFacts */
  GHashTable *images;     /* path -> StrataImage */
  GHashTable *aliases;    /* another name -> path */
  GHashTable *taken;      /* a set of paths at which there is something that is no image */
  GHashTable *volumes;    /* pool -> (volume's name -> path) */
  GPtrArray *blind_spots; /* BlindSpot */
  char *unread;           /* (nullable): what could not be read first, in words */
  char *unread_hint;
  GPtrArray *pools; /* StrataPoolFacts */
  char *nvram_dir;
  char *far_host;
  gboolean far_reached;
  GError *read_only;
  gboolean modes_fixed;
  gulong libvirt_version;
};

typedef struct
{
  char *where;
  char *why;
  gboolean busy;
} BlindSpot;

static void
blind_spot_free (gpointer data)
{
  BlindSpot *spot = data;

  g_free (spot->where);
  g_free (spot->why);
  g_free (spot);
}

G_DEFINE_FINAL_TYPE (StrataGraph, strata_graph, G_TYPE_OBJECT)

static void
strata_graph_finalize (GObject *object)
{
  StrataGraph *self = STRATA_GRAPH (object);

  g_ptr_array_unref (self->domains);
  g_hash_table_unref (self->images);
  g_hash_table_unref (self->aliases);
  g_hash_table_unref (self->taken);
  g_hash_table_unref (self->volumes);
  g_ptr_array_unref (self->blind_spots);
  g_free (self->unread);
  g_free (self->unread_hint);
  g_ptr_array_unref (self->pools);
  g_free (self->nvram_dir);
  g_free (self->far_host);
  g_clear_error (&self->read_only);

  G_OBJECT_CLASS (strata_graph_parent_class)->finalize (object);
}

static void
strata_graph_class_init (StrataGraphClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_graph_finalize;
}

static void
strata_graph_init (StrataGraph *self)
{
  self->domains = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_domain_facts_unref);
  self->images =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) strata_image_free);
  self->aliases = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->volumes =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_hash_table_unref);
  self->blind_spots = g_ptr_array_new_with_free_func (blind_spot_free);
  self->pools = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_pool_facts_free);
}

/**
 * strata_graph_new:
 *
 * An empty graph. It is filled in one thread, and may then be read in any.
 *
 * Returns: (transfer full): a graph
 */
StrataGraph *
strata_graph_new (void)
{
  return g_object_new (STRATA_TYPE_GRAPH, NULL);
}

static void
copy_names (GHashTable *from, GHashTable *to)
{
  GHashTableIter iter;
  const char *name;
  const char *path;

  g_hash_table_iter_init (&iter, from);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &path))
    g_hash_table_insert (to, g_strdup (name), g_strdup (path));
}

static void
copy_volumes (StrataGraph *self, StrataGraph *copy)
{
  GHashTableIter iter;
  const char *pool;
  GHashTable *names;

  g_hash_table_iter_init (&iter, self->volumes);
  while (g_hash_table_iter_next (&iter, (gpointer *) &pool, (gpointer *) &names))
    {
      GHashTable *own = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

      copy_names (names, own);
      g_hash_table_insert (copy->volumes, g_strdup (pool), own);
    }
}

StrataGraph *
strata_graph_copy_without (StrataGraph *self, GHashTable *domains, GHashTable *images)
{
  StrataGraph *copy;
  GHashTableIter iter;
  StrataImage *image;
  const char *path;

  g_return_val_if_fail (STRATA_IS_GRAPH (self), NULL);

  copy = strata_graph_new ();
  for (guint i = 0; i < self->domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (self->domains, i);

      if (!g_hash_table_contains (domains, domain))
        g_ptr_array_add (copy->domains, strata_domain_facts_ref (domain));
    }

  g_hash_table_iter_init (&iter, self->images);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &image))
    {
      if (!g_hash_table_contains (images, image))
        g_hash_table_insert (copy->images, image->path, strata_image_ref (image));
    }

  copy_names (self->aliases, copy->aliases);
  copy_volumes (self, copy);
  g_hash_table_iter_init (&iter, self->taken);
  while (g_hash_table_iter_next (&iter, (gpointer *) &path, NULL))
    strata_graph_add_taken (copy, path);
  for (guint i = 0; i < self->blind_spots->len; i++)
    {
      const BlindSpot *spot = g_ptr_array_index (self->blind_spots, i);

      strata_graph_add_blind_spot (copy, spot->where, spot->why, spot->busy);
    }
  copy->unread = g_strdup (self->unread);
  copy->unread_hint = g_strdup (self->unread_hint);
  for (guint i = 0; i < self->pools->len; i++)
    strata_graph_take_pool (copy, strata_pool_facts_copy (g_ptr_array_index (self->pools, i)));
  copy->nvram_dir = g_strdup (self->nvram_dir);
  strata_graph_set_read_only (copy, self->read_only);
  copy->libvirt_version = self->libvirt_version;

  return copy;
}

void
strata_graph_add_spelling (StrataGraph *self, const StrataSpelling *spelling)
{
  GHashTable *names;

  if (spelling->pool == NULL)
    {
      strata_graph_add_alias (self, spelling->name, spelling->path);
      return;
    }

  names = g_hash_table_lookup (self->volumes, spelling->pool);
  if (names == NULL)
    {
      names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
      g_hash_table_insert (self->volumes, g_strdup (spelling->pool), names);
    }
  g_hash_table_replace (names, g_strdup (spelling->name), g_strdup (spelling->path));
}

void
strata_graph_add_domain (StrataGraph *self, StrataDomainFacts *domain)
{
  g_return_if_fail (STRATA_IS_GRAPH (self));

  g_ptr_array_add (self->domains, strata_domain_facts_ref (domain));
  for (guint i = 0; i < domain->spellings->len; i++)
    strata_graph_add_spelling (self, g_ptr_array_index (domain->spellings, i));
}

void
strata_graph_take_image (StrataGraph *self, StrataImage *image)
{
  g_return_if_fail (STRATA_IS_GRAPH (self));

  g_hash_table_replace (self->images, image->path, image);
}

void
strata_graph_take_pool (StrataGraph *self, StrataPoolFacts *pool)
{
  g_return_if_fail (STRATA_IS_GRAPH (self));

  g_ptr_array_add (self->pools, pool);
}

/**
 * strata_graph_set_nvram_dir:
 * @self: a graph that is being filled
 * @nvram_dir: (nullable): the folder in which libvirt keeps UEFI variables
 */
void
strata_graph_set_nvram_dir (StrataGraph *self, const char *nvram_dir)
{
  g_return_if_fail (STRATA_IS_GRAPH (self));

  g_set_str (&self->nvram_dir, nvram_dir);
}

const char *
strata_graph_get_nvram_dir (StrataGraph *self)
{
  g_return_val_if_fail (STRATA_IS_GRAPH (self), NULL);

  return self->nvram_dir;
}

void
strata_graph_set_modes_fixed (StrataGraph *self, gboolean fixed)
{
  g_return_if_fail (STRATA_IS_GRAPH (self));

  self->modes_fixed = fixed;
}

gboolean
strata_graph_get_modes_fixed (StrataGraph *self)
{
  g_return_val_if_fail (STRATA_IS_GRAPH (self), FALSE);

  return self->modes_fixed;
}

void
strata_graph_set_read_only (StrataGraph *self, const GError *reason)
{
  g_return_if_fail (STRATA_IS_GRAPH (self));

  g_clear_error (&self->read_only);
  self->read_only = reason != NULL ? g_error_copy (reason) : NULL;
}

const GError *
strata_graph_get_read_only (StrataGraph *self)
{
  g_return_val_if_fail (STRATA_IS_GRAPH (self), NULL);

  return self->read_only;
}

void
strata_graph_set_far_host (StrataGraph *self, const char *name, gboolean reached)
{
  g_return_if_fail (STRATA_IS_GRAPH (self));

  self->far_reached = reached;
  g_set_str (&self->far_host, name);
}

const char *
strata_graph_get_far_host (StrataGraph *self, gboolean *reached)
{
  g_return_val_if_fail (STRATA_IS_GRAPH (self), NULL);

  *reached = self->far_reached;
  return self->far_host;
}

void
strata_graph_set_libvirt_version (StrataGraph *self, gulong version)
{
  g_return_if_fail (STRATA_IS_GRAPH (self));

  self->libvirt_version = version;
}

gulong
strata_graph_get_libvirt_version (StrataGraph *self)
{
  g_return_val_if_fail (STRATA_IS_GRAPH (self), 0);

  return self->libvirt_version;
}

/**
 * strata_graph_get_domains:
 * @self: a graph
 *
 * Returns: (transfer none) (element-type StrataDomainFacts): every domain of the host
 */
GPtrArray *
strata_graph_get_domains (StrataGraph *self)
{
  g_return_val_if_fail (STRATA_IS_GRAPH (self), NULL);

  return self->domains;
}

/**
 * strata_graph_find_domain:
 * @self: a graph
 * @name_or_uuid: a domain's UUID, or its name; a UUID wins: a name that looks like one may be that of any domain
 *
 * Returns: (transfer none) (nullable): the domain
 */
StrataDomainFacts *
strata_graph_find_domain (StrataGraph *self, const char *name_or_uuid)
{
  StrataDomainFacts *by_name = NULL;

  g_return_val_if_fail (STRATA_IS_GRAPH (self), NULL);

  for (guint i = 0; i < self->domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (self->domains, i);

      if (g_strcmp0 (domain->uuid, name_or_uuid) == 0)
        return domain;
      if (by_name == NULL && g_strcmp0 (domain->name, name_or_uuid) == 0)
        by_name = domain;
    }

  return by_name;
}

/**
 * strata_graph_get_images:
 * @self: a graph
 *
 * Returns: (transfer container) (element-type StrataImage): every image
 */
GPtrArray *
strata_graph_get_images (StrataGraph *self)
{
  g_return_val_if_fail (STRATA_IS_GRAPH (self), NULL);

  return g_hash_table_get_values_as_ptr_array (self->images);
}

/**
 * strata_graph_get_image:
 * @self: a graph
 * @path: a canonical source
 *
 * Returns: (transfer none) (nullable): the image; one that is referred to but isn't there is
 *   either absent or `missing`
 */
StrataImage *
strata_graph_get_image (StrataGraph *self, const char *path)
{
  g_return_val_if_fail (STRATA_IS_GRAPH (self), NULL);

  return path != NULL ? g_hash_table_lookup (self->images, strata_graph_resolve (self, path))
                      : NULL;
}

static void
look_up_image (StrataChain *link, gconstpointer graph, const char *path)
{
  link->image = strata_graph_get_image ((StrataGraph *) graph, path);
  link->path =
      link->image != NULL ? link->image->path : strata_graph_resolve ((StrataGraph *) graph, path);
  link->below = link->image != NULL ? link->image->backing_path : NULL;
}

StrataChain
strata_graph_walk (StrataGraph *self, const char *top)
{
  return strata_chain_begin (self, look_up_image, top);
}

/* A broken chain holds what it can be followed to. */
gboolean
strata_graph_reaches (StrataGraph *self, const char *top, const char *path)
{
  path = strata_graph_resolve (self, path);
  for (StrataChain link = strata_graph_walk (self, top); link.path != NULL;
       strata_chain_next (&link))
    {
      if (g_strcmp0 (link.path, path) == 0 ||
          (link.image != NULL && g_strcmp0 (link.image->data_file, path) == 0))
        return TRUE;
    }

  return FALSE;
}

/**
 * strata_graph_rename_image:
 * @self: a graph that is being filled
 * @image: an image of it
 * @path: another name of @image, which is its path from now on
 */
void
strata_graph_rename_image (StrataGraph *self, StrataImage *image, const char *path)
{
  g_autofree char *old = NULL;

  g_return_if_fail (STRATA_IS_GRAPH (self));

  if (g_str_equal (image->path, path))
    return;

  g_hash_table_steal (self->images, image->path);
  g_hash_table_remove (self->aliases, path);
  old = g_steal_pointer (&image->path);
  image->path = g_strdup (path);
  strata_graph_take_image (self, image);
  strata_graph_add_alias (self, old, path);
}

/**
 * strata_graph_add_alias:
 * @self: a graph that is being filled
 * @spelling: another name of the image
 * @path: the image's path
 */
void
strata_graph_add_alias (StrataGraph *self, const char *spelling, const char *path)
{
  g_return_if_fail (STRATA_IS_GRAPH (self));

  if (!g_str_equal (spelling, path) && !g_str_equal (strata_graph_resolve (self, path), spelling) &&
      !g_hash_table_contains (self->images, spelling))
    g_hash_table_replace (self->aliases, g_strdup (spelling), g_strdup (path));
}

/**
 * strata_graph_resolve:
 * @self: a graph
 * @path: (nullable): a path of an image, as a document or a header spells it
 *
 * Returns: (transfer none) (nullable): the path under which the graph has that image
 */
const char *
strata_graph_resolve (StrataGraph *self, const char *path)
{
  const char *next;

  g_return_val_if_fail (STRATA_IS_GRAPH (self), path);

  /* Most often there are none, and paths are long. */
  if (g_hash_table_size (self->aliases) == 0)
    return path;

  while (path != NULL && (next = g_hash_table_lookup (self->aliases, path)) != NULL)
    path = next;

  return path;
}

/* POOL: NULL or "" for a path */
static void
resolve_place (StrataGraph *self, const char *pool, char **place)
{
  GHashTable *names =
      pool != NULL && *pool != '\0' ? g_hash_table_lookup (self->volumes, pool) : NULL;
  const char *path = names != NULL && *place != NULL ? g_hash_table_lookup (names, *place) : NULL;

  g_set_str (place, strata_graph_resolve (self, path != NULL ? path : *place));
}

/**
 * strata_graph_resolve_disk:
 * @self: a graph
 * @disk: a disk of a document
 *
 * A volume becomes the file or the device that it is.
 */
void
strata_graph_resolve_disk (StrataGraph *self, StrataDiskXml *disk)
{
  g_return_if_fail (STRATA_IS_GRAPH (self));

  resolve_place (self, disk->pool, &disk->source);
  if (disk->pool != NULL && disk->source != NULL && g_path_is_absolute (disk->source))
    {
      StrataImage *image = strata_graph_get_image (self, disk->source);

      g_set_str (&disk->type,
                 image != NULL && image->type == STRATA_IMAGE_BLOCK ? "block" : "file");
      g_clear_pointer (&disk->pool, g_free);
    }

  for (guint i = 0; disk->backings != NULL && disk->backings[i] != NULL; i++)
    resolve_place (self, disk->backing_pools[i], &disk->backings[i]);
  if (disk->backings != NULL)
    g_set_str (&disk->backing, disk->backings[0]);
}

void
strata_graph_resolve_snapshot (StrataGraph *self, StrataSnapshotFacts *snapshot)
{
  g_autofree gpointer *named = NULL;

  g_return_if_fail (STRATA_IS_GRAPH (self));

  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      resolve_place (self, disk->pool, &disk->image);
      resolve_place (self, NULL, &disk->overlay);
      resolve_place (self, NULL, &disk->revert_overlay);
      for (guint j = 0; disk->backings != NULL && disk->backings[j] != NULL; j++)
        resolve_place (self, NULL, &disk->backings[j]);
    }
  for (guint i = 0; i < snapshot->options->len; i++)
    strata_graph_resolve_disk (self, g_ptr_array_index (snapshot->options, i));

  named = g_hash_table_get_keys_as_array (snapshot->named, NULL);
  for (guint i = 0; named[i] != NULL; i++)
    {
      const char *path = strata_graph_resolve (self, named[i]);

      if (path != named[i])
        g_hash_table_add (snapshot->named, g_strdup (path));
    }
}

/**
 * strata_graph_add_taken:
 * @self: a graph that is being filled
 * @path: where there is something that is no image, as a link that leads nowhere
 *
 * No image can be made there.
 */
void
strata_graph_add_taken (StrataGraph *self, const char *path)
{
  g_return_if_fail (STRATA_IS_GRAPH (self));

  g_hash_table_add (self->taken, g_strdup (path));
}

gboolean
strata_graph_is_taken (StrataGraph *self, const char *path)
{
  g_return_val_if_fail (STRATA_IS_GRAPH (self), FALSE);

  return g_hash_table_contains (self->taken, path);
}

/**
 * strata_graph_add_blind_spot:
 * @self: a graph that is being filled
 * @where: a pool, or a folder
 * @why: why it could not be looked into, in the words of who refused it
 * @busy: whether it is so for the moment only
 */
void
strata_graph_add_blind_spot (StrataGraph *self, const char *where, const char *why, gboolean busy)
{
  BlindSpot *spot = g_new0 (BlindSpot, 1);

  g_return_if_fail (STRATA_IS_GRAPH (self));

  spot->where = g_strdup (where);
  spot->why = g_strdup (why);
  spot->busy = busy;
  g_ptr_array_add (self->blind_spots, spot);
}

void
strata_graph_set_unread (StrataGraph *self, const char *what, const char *hint)
{
  g_return_if_fail (STRATA_IS_GRAPH (self));

  if (self->unread != NULL)
    return;
  self->unread = g_strdup (what);
  self->unread_hint = g_strdup (hint);
}

/**
 * strata_graph_check_seen:
 * @self: a graph
 * @error: `STRATA_ERROR_BUSY` where it may be seen in a moment, else `STRATA_ERROR_REFUSED`
 *
 * Returns: whether every place that could hold images could be looked into
 */
gboolean
strata_graph_check_seen (StrataGraph *self, GError **error)
{
  const BlindSpot *spot;

  g_return_val_if_fail (STRATA_IS_GRAPH (self), FALSE);

  if (self->unread != NULL)
    {
      strata_set_error (error, STRATA_ERROR_REFUSED, self->unread_hint, "%s", self->unread);
      return FALSE;
    }
  if (self->blind_spots->len == 0)
    return TRUE;

  spot = g_ptr_array_index (self->blind_spots, 0);
  if (spot->busy)
    strata_set_error (error, STRATA_ERROR_BUSY, _ ("Wait until that is done, then try again."),
                      _ ("“%s” is busy, so what is in it can’t be seen now: %s"), spot->where,
                      spot->why);
  else
    strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Repair that, or stop the pool."),
                      _ ("“%s” can’t be looked into, so what is in it isn’t known: %s"),
                      spot->where, spot->why);

  return FALSE;
}

GPtrArray *
strata_graph_get_pools (StrataGraph *self)
{
  g_return_val_if_fail (STRATA_IS_GRAPH (self), NULL);

  return self->pools;
}

StrataPoolFacts *
strata_graph_find_pool (StrataGraph *self, const char *name)
{
  g_return_val_if_fail (STRATA_IS_GRAPH (self), NULL);

  for (guint i = 0; i < self->pools->len; i++)
    {
      StrataPoolFacts *pool = g_ptr_array_index (self->pools, i);

      if (g_strcmp0 (pool->name, name) == 0)
        return pool;
    }

  return NULL;
}

/**
 * strata_graph_pool_of_path:
 * @self: a graph
 * @path: the path of an image that exists or could
 *
 * Returns: (transfer none) (nullable): the pool whose folder @path is directly in
 */
StrataPoolFacts *
strata_graph_pool_of_path (StrataGraph *self, const char *path)
{
  g_autofree char *folder = NULL;

  g_return_val_if_fail (STRATA_IS_GRAPH (self), NULL);
  g_return_val_if_fail (path != NULL, NULL);

  folder = g_path_get_dirname (path);
  for (guint i = 0; i < self->pools->len; i++)
    {
      StrataPoolFacts *pool = g_ptr_array_index (self->pools, i);

      if (g_strcmp0 (pool->path, folder) == 0)
        return pool;
    }

  return NULL;
}

/**
 * strata_graph_get_chain:
 * @self: a graph
 * @top: the image that would be opened
 * @error: where to put `STRATA_ERROR_REFUSED` for a missing link or a loop
 *
 * Returns: (transfer container) (element-type StrataImage): @top and what it stands on, or %NULL
 */
GPtrArray *
strata_graph_get_chain (StrataGraph *self, const char *top, GError **error)
{
  g_autoptr (GPtrArray) chain = g_ptr_array_new ();
  const char *above = NULL;
  StrataChain link;

  g_return_val_if_fail (STRATA_IS_GRAPH (self), NULL);

  for (link = strata_graph_walk (self, top); link.path != NULL; strata_chain_next (&link))
    {
      if (link.image != NULL && link.image->state != STRATA_IMAGE_SEEN &&
          link.image->state != STRATA_IMAGE_MISSING && link.image->state != STRATA_IMAGE_FOREIGN)
        {
          strata_image_require_seen (link.image, error);
          return NULL;
        }
      if (link.image == NULL || link.image->missing)
        {
          strata_set_error (error, STRATA_ERROR_REFUSED,
                            _ ("Bring the file back, or repair the backing chain."),
                            above != NULL ? _ ("The image “%s” is missing; “%s” stands on it")
                                          : _ ("The image “%s” is missing"),
                            link.path, above);
          return NULL;
        }

      g_ptr_array_add (chain, link.image);
      above = link.path;
    }
  if (link.loops != NULL)
    {
      strata_set_error (error, STRATA_ERROR_REFUSED,
                        _ ("Repair the backing chain before anything else is done to it."),
                        _ ("The backing chain of “%s” loops at “%s”"), top, link.loops);
      return NULL;
    }

  return g_steal_pointer (&chain);
}

/**
 * strata_graph_find_disagreement:
 * @self: a graph
 * @disk: a disk, with canonical paths
 * @above: (out): the image that is spoken of
 * @said: (out) (nullable): what it stands on by the definition, %NULL for nothing
 * @below: (out) (nullable): what it stands on by its header
 *
 * Returns: whether there is a disagreement, the topmost of which is told
 */
gboolean
strata_graph_find_disagreement (StrataGraph *self,
                                const StrataDiskXml *disk,
                                const char **above,
                                const char **said,
                                const char **below)
{
  g_return_val_if_fail (STRATA_IS_GRAPH (self), FALSE);

  *above = disk->source;
  for (guint i = 0; disk->backings != NULL; i++)
    {
      StrataImage *image = strata_graph_get_image (self, *above);

      *said = disk->backings[i];
      if (image == NULL || image->state == STRATA_IMAGE_MISSING ||
          image->state == STRATA_IMAGE_UNKNOWN || (*said == NULL && !disk->ends))
        return FALSE;
      *below = image->backing_path;
      if (g_strcmp0 (strata_graph_resolve (self, *said), strata_graph_resolve (self, *below)) != 0)
        return TRUE;
      if (*said == NULL)
        return FALSE;
      *above = *said;
    }

  return FALSE;
}

/* (transfer full): for a person, without a full stop */
char *
strata_disagreement_to_text (const char *above, const char *said, const char *below)
{
  if (said == NULL)
    return g_strdup_printf (
        _ ("By the definition nothing is below “%s”, but “%s” is by its header"), above, below);
  if (below == NULL)
    return g_strdup_printf (
        _ ("By the definition “%s” stands on “%s”, but on nothing by its header"), above, said);

  return g_strdup_printf (_ ("By the definition “%s” stands on “%s”, but on “%s” by its header"),
                          above, said, below);
}
