/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataGraph: every image of a host, and everybody who holds one. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-graph.h"
#include "xml/strata-error.h"

struct _StrataGraph
{
  GObject parent_instance;

  GPtrArray *domains; /* StrataDomainFacts */
  GHashTable *images; /* path -> StrataImage */
  GPtrArray *pools;   /* StrataPoolFacts */
  char *nvram_dir;
  gulong libvirt_version;
  gboolean is_local;
  gboolean is_session;
};

G_DEFINE_FINAL_TYPE (StrataGraph, strata_graph, G_TYPE_OBJECT)

static void
strata_graph_finalize (GObject *object)
{
  StrataGraph *self = STRATA_GRAPH (object);

  g_ptr_array_unref (self->domains);
  g_hash_table_unref (self->images);
  g_ptr_array_unref (self->pools);
  g_free (self->nvram_dir);

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

void
strata_graph_add_domain (StrataGraph *self, StrataDomainFacts *domain)
{
  g_return_if_fail (STRATA_IS_GRAPH (self));

  g_ptr_array_add (self->domains, strata_domain_facts_ref (domain));
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
 * strata_graph_set_host:
 * @self: a graph that is being filled
 * @is_local: whether the client sees the host's files
 * @is_session: whether the daemon runs as the user
 * @nvram_dir: (nullable): the folder in which libvirt keeps UEFI variables
 */
void
strata_graph_set_host (StrataGraph *self,
                       gboolean is_local,
                       gboolean is_session,
                       const char *nvram_dir)
{
  g_return_if_fail (STRATA_IS_GRAPH (self));

  self->is_local = is_local;
  self->is_session = is_session;
  g_set_str (&self->nvram_dir, nvram_dir);
}

gboolean
strata_graph_is_local (StrataGraph *self)
{
  g_return_val_if_fail (STRATA_IS_GRAPH (self), FALSE);

  return self->is_local;
}

gboolean
strata_graph_is_session (StrataGraph *self)
{
  g_return_val_if_fail (STRATA_IS_GRAPH (self), FALSE);

  return self->is_session;
}

const char *
strata_graph_get_nvram_dir (StrataGraph *self)
{
  g_return_val_if_fail (STRATA_IS_GRAPH (self), NULL);

  return self->nvram_dir;
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
 * @name_or_uuid: a domain's name, or its UUID; a name wins
 *
 * Returns: (transfer none) (nullable): the domain
 */
StrataDomainFacts *
strata_graph_find_domain (StrataGraph *self, const char *name_or_uuid)
{
  StrataDomainFacts *by_uuid = NULL;

  g_return_val_if_fail (STRATA_IS_GRAPH (self), NULL);

  for (guint i = 0; i < self->domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (self->domains, i);

      if (g_strcmp0 (domain->name, name_or_uuid) == 0)
        return domain;
      if (g_strcmp0 (domain->uuid, name_or_uuid) == 0)
        by_uuid = domain;
    }

  return by_uuid;
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

  return path != NULL ? g_hash_table_lookup (self->images, path) : NULL;
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

static gboolean
chain_contains (GPtrArray *chain, const char *path)
{
  for (guint i = 0; i < chain->len; i++)
    {
      StrataImage *image = g_ptr_array_index (chain, i);

      if (g_strcmp0 (image->path, path) == 0)
        return TRUE;
    }

  return FALSE;
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

  g_return_val_if_fail (STRATA_IS_GRAPH (self), NULL);

  for (const char *path = top; path != NULL;)
    {
      StrataImage *image = strata_graph_get_image (self, path);

      if (chain_contains (chain, path))
        {
          strata_set_error (error, STRATA_ERROR_REFUSED,
                            _ ("Repair the backing chain before anything else is done to it."),
                            _ ("The backing chain of “%s” loops at “%s”"), top, path);
          return NULL;
        }
      if (image == NULL || image->missing)
        {
          strata_set_error (error, STRATA_ERROR_REFUSED,
                            _ ("Bring the file back, or repair the backing chain."),
                            above != NULL ? _ ("The image “%s” is missing; “%s” stands on it")
                                          : _ ("The image “%s” is missing"),
                            path, above);
          return NULL;
        }

      g_ptr_array_add (chain, image);
      above = path;
      path = image->backing_path;
    }

  return g_steal_pointer (&chain);
}

/**
 * strata_graph_find_disagreement:
 * @self: a graph
 * @disk: a disk, with canonical paths
 * @above: (out): the image that is spoken of
 * @said: (out): what it stands on by the definition
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
  for (guint i = 0; disk->backings != NULL && disk->backings[i] != NULL; i++)
    {
      StrataImage *image = strata_graph_get_image (self, *above);

      if (image == NULL || image->missing)
        return FALSE;
      *said = disk->backings[i];
      *below = image->backing_path;
      if (g_strcmp0 (*said, *below) != 0)
        return TRUE;
      *above = *said;
    }

  return FALSE;
}
