/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What became of a simulated host: which layers are not as they were, and what stood on them. A holder that reads none of
 * these reads what he read before, and on a host with 10,000 snapshots that is nearly everybody. The layers are
 * compared as they are, and not noted down when they change, so that no kind of step can forget to say what it did.
 */

#include "config.h"

#include "strata-layers.h"

static gboolean
are_tags_equal (const StrataLayer *a, const StrataLayer *b)
{
  if (a->tags->len != b->tags->len)
    return FALSE;

  for (guint i = 0; i < a->tags->len; i++)
    {
      const StrataLayerTag *first = g_ptr_array_index (a->tags, i);
      const StrataLayerTag *second = g_ptr_array_index (b->tags, i);

      if (g_strcmp0 (first->name, second->name) != 0 ||
          !g_strv_equal ((const char *const *) first->content,
                         (const char *const *) second->content))
        return FALSE;
    }

  return TRUE;
}

/* All that strata_layers_read() looks at. */
static gboolean
reads_equal (const StrataLayer *a, const StrataLayer *b)
{
  return g_strcmp0 (a->backing, b->backing) == 0 && g_strcmp0 (a->data_file, b->data_file) == 0 &&
         g_strv_equal ((const char *const *) a->content, (const char *const *) b->content) &&
         are_tags_equal (a, b);
}

/* Whether PATH was not among them. One that is there stays as it is: g_hash_table_add() would put the new string in its place
 * and free the old one, which the caller may be walking over. */
static gboolean
add_path (GHashTable *paths, const char *path)
{
  return !g_hash_table_contains (paths, path) && g_hash_table_add (paths, g_strdup (path));
}

/* Layers of ONE that are not like that in OTHER; their paths are ONE's. */
static void
add_unlike (StrataLayers *one, StrataLayers *other, GHashTable *paths)
{
  g_autoptr (GPtrArray) all = strata_layers_get_all (one);

  for (guint i = 0; i < all->len; i++)
    {
      StrataLayer *layer = g_ptr_array_index (all, i);
      StrataLayer *twin = strata_layers_find (other, layer->path);

      if (twin == NULL || !reads_equal (layer, twin))
        add_path (paths, layer->path);
    }
}

static void
add_overlay (GHashTable *map, const char *path, StrataLayer *layer)
{
  GPtrArray *overlays;

  if (path == NULL)
    return;

  overlays = g_hash_table_lookup (map, path);
  if (overlays == NULL)
    {
      overlays = g_ptr_array_new ();
      g_hash_table_insert (map, (gpointer) path, overlays);
    }
  g_ptr_array_add (overlays, layer);
}

/* path of an image, which need not be there -> (element-type StrataLayer) those directly on it, or that have their data there */
static GHashTable *
map_overlays (StrataLayers *layers)
{
  GHashTable *map =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);
  g_autoptr (GPtrArray) all = strata_layers_get_all (layers);

  for (guint i = 0; i < all->len; i++)
    {
      StrataLayer *layer = g_ptr_array_index (all, i);

      add_overlay (map, layer->backing, layer);
      add_overlay (map, layer->data_file, layer);
    }

  return map;
}

/* Adds to PATHS whatever stands on PATH. */
static void
climb (GHashTable *map, const char *path, GHashTable *paths)
{
  GPtrArray *overlays = g_hash_table_lookup (map, path);

  for (guint i = 0; overlays != NULL && i < overlays->len; i++)
    {
      StrataLayer *overlay = g_ptr_array_index (overlays, i);

      if (add_path (paths, overlay->path))
        climb (map, overlay->path, paths);
    }
}

/**
 * strata_layers_find_changed:
 * @before: a simulated host
 * @after: the same, after some steps
 *
 * Returns: (transfer full) (element-type utf8): the paths of the layers that are not the same in both, or are in one of
 *   them only, and of those that stand on such a layer in @before
 */
GHashTable *
strata_layers_find_changed (StrataLayers *before, StrataLayers *after)
{
  GHashTable *paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) map = map_overlays (before);
  g_autoptr (GPtrArray) changed = NULL;

  add_unlike (before, after, paths);
  add_unlike (after, before, paths);

  /* What stands on one of these that is above another is found from that one. */
  changed = g_hash_table_get_keys_as_ptr_array (paths);
  for (guint i = 0; i < changed->len; i++)
    climb (map, g_ptr_array_index (changed, i), paths);

  return paths;
}
