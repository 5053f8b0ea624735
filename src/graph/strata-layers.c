/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataLayers: a host's images and everybody who holds one, in a simulation. */

#include "config.h"

#include "strata-layers.h"

struct _StrataLayers
{
  StrataGraph *graph;
  GHashTable *layers; /* path -> StrataLayer */
  StrataHolderList *list;
};

static void
tag_free (gpointer data)
{
  StrataLayerTag *tag = data;

  g_free (tag->name);
  g_strfreev (tag->content);
  g_free (tag);
}

static void
layer_free (gpointer data)
{
  StrataLayer *layer = data;

  g_free (layer->path);
  g_free (layer->format);
  g_free (layer->backing);
  g_free (layer->backing_format);
  g_free (layer->data_file);
  g_strfreev (layer->content);
  g_ptr_array_unref (layer->tags);
  g_free (layer);
}

StrataLayerTag *
strata_layer_find_tag (StrataLayer *self, const char *name)
{
  for (guint i = 0; i < self->tags->len; i++)
    {
      StrataLayerTag *tag = g_ptr_array_index (self->tags, i);

      if (g_strcmp0 (tag->name, name) == 0)
        return tag;
    }

  return NULL;
}

gboolean
strata_layer_may_have_tag (StrataLayer *self, const char *name)
{
  return strata_layer_find_tag (self, NULL) != NULL || strata_layer_find_tag (self, name) != NULL;
}

void
strata_layer_put_tag (StrataLayer *self, const char *name, GStrv content)
{
  StrataLayerTag *tag = g_new0 (StrataLayerTag, 1);

  tag->name = g_strdup (name);
  tag->content = g_strdupv (content);
  g_ptr_array_add (self->tags, tag);
}

/* What is in PATH because of WHAT; NAME tells it from others of the same WHAT. The path's length comes first, so that no other
 * path and name give the same id. */
char *
strata_content_id_new (const char *path, const char *what, const char *name)
{
  return g_strdup_printf ("%zu:%s:%s:%s", strlen (path), path, what, name);
}

/* A layer with a content of its own: whatever it has in it is like nothing else. */
StrataLayer *
strata_layers_put (StrataLayers *self, const char *path)
{
  StrataLayer *layer = g_new0 (StrataLayer, 1);

  layer->path = g_strdup (path);
  layer->content = g_strdupv ((char *[]) { (char *) path, NULL });
  layer->tags = g_ptr_array_new_with_free_func (tag_free);
  layer->type = STRATA_IMAGE_FILE;
  g_hash_table_replace (self->layers, layer->path, layer);

  return layer;
}

void
strata_layers_remove (StrataLayers *self, const char *path)
{
  g_hash_table_remove (self->layers, path);
}

static void
put_image (StrataLayers *self, const StrataImage *image)
{
  StrataLayer *layer;

  if (image->missing)
    return;

  layer = strata_layers_put (self, image->path);
  layer->format = g_strdup (image->format);
  layer->backing = g_strdup (image->backing_path);
  layer->backing_format = g_strdup (image->backing_format);
  layer->data_file = g_strdup (image->data_file);
  layer->capacity = image->capacity;
  layer->allocation = image->allocation;
  layer->mode = image->mode;
  layer->type = image->type;

  if (image->tags_unknown)
    {
      g_autofree char *id = strata_content_id_new (image->path, "tags", "");

      strata_layer_put_tag (layer, NULL, (char *[]) { id, NULL });
    }
  for (guint i = 0; image->tags != NULL && image->tags[i] != NULL; i++)
    {
      g_autofree char *id = strata_content_id_new (image->path, "tag", image->tags[i]);

      strata_layer_put_tag (layer, image->tags[i], (char *[]) { id, NULL });
    }
}

/* A layer in the midst of a chain is held by the one that reads that, and of what isn't there no bytes are kept. What an image may stand
 * on besides has no part in a plan. */
static gboolean
is_kept (const StrataHolder *holder, gconstpointer layers)
{
  StrataLayers *self = (StrataLayers *) layers;

  switch (holder->key->kind)
    {
    case STRATA_HOLDER_KEY_CLAIM:
      return FALSE;
    case STRATA_HOLDER_KEY_IMAGE:
      return !holder->within && strata_layers_find (self, holder->top) != NULL;
    case STRATA_HOLDER_KEY_SNAPSHOT:
      return !holder->left_out || strata_layers_find (self, holder->top) != NULL;
    case STRATA_HOLDER_KEY_USE:
      return strata_layers_find (self, holder->top) != NULL;
    case STRATA_HOLDER_KEY_DISK:
    case STRATA_HOLDER_KEY_NEXT_DISK:
    case STRATA_HOLDER_KEY_MEMORY:
    case STRATA_HOLDER_KEY_BACKING:
    case STRATA_HOLDER_KEY_TEMPLATE:
    case STRATA_HOLDER_KEY_TAG:
      break;
    }

  return TRUE;
}

static gboolean
is_kept_or_claim (const StrataHolder *holder, gconstpointer layers)
{
  return holder->key->kind == STRATA_HOLDER_KEY_CLAIM || is_kept (holder, layers);
}

/* Tags that only libvirt's metadata knows of, because the image could not be read. */
static void
put_known_tags (StrataLayers *self)
{
  GPtrArray *holders = strata_layers_get_holders (self);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);
      StrataLayer *layer = holder->tag != NULL ? strata_layers_find (self, holder->top) : NULL;
      g_autofree char *id = NULL;

      if (layer == NULL || strata_layer_find_tag (layer, NULL) == NULL ||
          strata_layer_find_tag (layer, holder->tag) != NULL)
        continue;
      id = strata_content_id_new (layer->path, "tag", holder->tag);
      strata_layer_put_tag (layer, holder->tag, (char *[]) { id, NULL });
    }
}

static void
look_up_layer (StrataChain *link, gconstpointer layers, const char *path)
{
  StrataLayers *self = (StrataLayers *) layers;

  link->layer = strata_layers_find (self, path);
  link->path = link->layer != NULL ? link->layer->path : strata_graph_resolve (self->graph, path);
  link->below = link->layer != NULL ? link->layer->backing : NULL;
}

static StrataChain
walk (gconstpointer layers, const char *top)
{
  return strata_chain_begin (layers, look_up_layer, top);
}

StrataChain
strata_layers_walk (StrataLayers *self, const char *top)
{
  return walk (self, top);
}

static StrataLayers *
simulate (StrataGraph *graph, StrataHolderFilter keep)
{
  StrataLayers *self = g_new0 (StrataLayers, 1);
  g_autoptr (GPtrArray) images = strata_graph_get_images (graph);

  self->graph = g_object_ref (graph);
  self->layers = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, layer_free);
  for (guint i = 0; i < images->len; i++)
    put_image (self, g_ptr_array_index (images, i));
  self->list = strata_holder_list_new (graph);
  strata_holder_list_simulate (self->list, self, walk, keep);
  put_known_tags (self);

  return self;
}

/**
 * strata_layers_new:
 * @graph: a host
 *
 * Returns: (transfer full): the simulated host
 */
StrataLayers *
strata_layers_new (StrataGraph *graph)
{
  return simulate (graph, is_kept);
}

StrataLayers *
strata_layers_new_with_claims (StrataGraph *graph)
{
  return simulate (graph, is_kept_or_claim);
}

void
strata_layers_free (StrataLayers *self)
{
  strata_holder_list_free (self->list);
  g_hash_table_unref (self->layers);
  g_object_unref (self->graph);
  g_free (self);
}

StrataGraph *
strata_layers_get_graph (StrataLayers *self)
{
  return self->graph;
}

StrataLayer *
strata_layers_find (StrataLayers *self, const char *path)
{
  return path != NULL ? g_hash_table_lookup (self->layers, strata_graph_resolve (self->graph, path))
                      : NULL;
}

GPtrArray *
strata_layers_get_all (StrataLayers *self)
{
  return g_hash_table_get_values_as_ptr_array (self->layers);
}

StrataHolderList *
strata_layers_get_list (StrataLayers *self)
{
  return self->list;
}

GPtrArray *
strata_layers_get_holders (StrataLayers *self)
{
  return strata_holder_list_get_all (self->list);
}

StrataHolder *
strata_layers_find_holder (StrataLayers *self, const StrataHolderKey *key)
{
  return strata_holder_list_find (self->list, key);
}

StrataHolder *
strata_layers_find_disk (StrataLayers *self, const char *uuid, const char *target)
{
  return strata_holder_list_find_disk (self->list, uuid, target);
}

static int
compare_layers (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (((const StrataLayer *) a)->path, ((const StrataLayer *) b)->path);
}

/* By path, so that the same graph gives the same plan. */
GPtrArray *
strata_layers_get_overlays (StrataLayers *self, const char *path)
{
  GPtrArray *overlays = g_ptr_array_new ();
  GHashTableIter iter;
  StrataLayer *layer;

  g_hash_table_iter_init (&iter, self->layers);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &layer))
    {
      if (g_strcmp0 (layer->backing, path) == 0)
        g_ptr_array_add (overlays, layer);
    }
  g_ptr_array_sort_values (overlays, compare_layers);

  return overlays;
}

gboolean
strata_layers_reach (StrataLayers *self, const char *top, const char *path)
{
  path = strata_graph_resolve (self->graph, path);
  for (StrataChain link = strata_layers_walk (self, top); link.path != NULL;
       strata_chain_next (&link))
    {
      if (g_strcmp0 (link.path, path) == 0)
        return TRUE;
    }

  return FALSE;
}

guint
strata_layers_get_depth (StrataLayers *self, const char *top)
{
  guint depth = 0;

  for (StrataChain link = strata_layers_walk (self, top); link.layer != NULL;
       strata_chain_next (&link))
    depth++;

  return depth;
}

static void
add_content (GString *text, GHashTable *seen, GStrv content)
{
  for (guint i = 0; content[i] != NULL; i++)
    {
      /* What is written above hides the same written below. */
      if (g_hash_table_add (seen, content[i]))
        g_string_append_printf (text, "%s\n", content[i]);
    }
}

/* FALSE where a part of it is gone. */
static gboolean
add_layer_content (StrataLayers *self, GString *text, GHashTable *seen, StrataLayer *layer)
{
  StrataLayer *data;

  add_content (text, seen, layer->content);
  if (layer->data_file == NULL)
    return TRUE;

  data = strata_layers_find (self, layer->data_file);
  if (data != NULL)
    add_content (text, seen, data->content);

  return data != NULL;
}

char *
strata_layers_read (StrataLayers *self, const StrataHolder *holder)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GString) text = g_string_new (NULL);
  StrataChain link = strata_layers_walk (self, holder->top);

  if (link.layer == NULL)
    return NULL;

  if (holder->by_tag)
    {
      StrataLayerTag *tag = strata_layer_find_tag (link.layer, holder->tag);

      if (tag == NULL)
        return NULL;
      add_content (text, seen, tag->content);
      strata_chain_next (&link);
    }

  for (; link.layer != NULL; strata_chain_next (&link))
    {
      if (!add_layer_content (self, text, seen, link.layer))
        return NULL;
    }

  /* Neither where it ends with an image that isn't there nor in a loop is anything read. */
  return link.path == NULL && link.loops == NULL ? g_string_free (g_steal_pointer (&text), FALSE)
                                                 : NULL;
}
