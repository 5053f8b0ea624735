/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the steps about images do in the simulation: overlays, copies, tags, and files that go. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-step-apply.h"
#include "base/strata-error.h"

/* All that is read through LAYER. */
static GStrv
read_through (StrataLayers *self, const StrataLayer *layer)
{
  GStrv content = strata_layers_get_content (self, layer);

  for (StrataChain link = strata_layers_walk (self, layer->backing); link.layer != NULL;
       strata_chain_next (&link))
    {
      g_auto (GStrv) own = strata_layers_get_content (self, link.layer);
      GStrv joined = strata_content_join (content, own);

      g_strfreev (content);
      content = joined;
    }

  return content;
}

void
strata_layers_put_overlay (StrataLayers *self,
                           const char *path,
                           const StrataLayer *below,
                           const char *format)
{
  g_autofree char *backing = g_strdup (below->path);
  guint64 capacity = below->capacity;
  StrataLayer *layer = strata_layers_put (self, path);

  strata_layer_take_content (layer, g_new0 (char *, 1));
  layer->format = g_strdup ("qcow2");
  layer->backing = g_steal_pointer (&backing);
  layer->backing_format = g_strdup (format);
  layer->capacity = capacity;
  layer->mode = 0600;
}

gboolean
strata_apply_create_overlay (StrataLayers *self, JsonObject *args, GError **error)
{
  StrataLayer *below = strata_layers_require (self, strata_layers_arg (args, "backing"), error);

  if (below != NULL)
    strata_layers_put_overlay (self, strata_layers_arg (args, "path"), below,
                               strata_layers_arg (args, "backing-format"));

  return below != NULL;
}

/* Its guest would write to it while it is copied. */
static gboolean
require_still (StrataLayers *self, const StrataLayer *layer, GError **error)
{
  GPtrArray *holders = strata_layers_get_holders (self);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);
      const StrataDomainFacts *domain;

      if (!holder->active || !holder->writes || g_strcmp0 (holder->top, layer->path) != 0)
        continue;
      domain = strata_graph_find_domain (strata_layers_get_graph (self), holder->uuid);
      strata_set_error (
          error, STRATA_ERROR_BUSY, _ ("Shut it down first."),
          /* Translators: an image, and a virtual machine */
          _ ("“%s” is a disk of “%s”, which runs, so that a copy of it would be torn"), layer->path,
          domain != NULL ? domain->name : holder->uuid);
      return FALSE;
    }

  return TRUE;
}

/* FROM is the source's key among the arguments, TO the copy's; VERBATIM: with tags and backing. */
static gboolean
copy (StrataLayers *self,
      JsonObject *args,
      const char *from,
      const char *to,
      gboolean verbatim,
      GError **error)
{
  StrataLayer *source = strata_layers_require (self, strata_layers_arg (args, from), error);
  StrataLayer *layer;

  if (source == NULL || !require_still (self, source, error))
    return FALSE;

  layer = strata_layers_put (self, strata_layers_arg (args, to));
  layer->capacity = source->capacity;
  layer->allocation = source->allocation;
  layer->format = g_strdup (verbatim ? source->format : "qcow2");
  layer->mode = 0600;
  if (verbatim)
    layer->data_file = g_strdup (source->data_file);
  strata_layer_take_content (layer,
                             verbatim ? g_strdupv (source->content) : read_through (self, source));
  for (guint i = 0; verbatim && i < source->tags->len; i++)
    {
      StrataLayerTag *tag = g_ptr_array_index (source->tags, i);

      strata_layer_put_tag (layer, tag->name, tag->content);
    }
  if (verbatim)
    {
      layer->backing = g_strdup (source->backing);
      layer->backing_format = g_strdup (source->backing_format);
    }

  return TRUE;
}

gboolean
strata_apply_copy_image (StrataLayers *self, JsonObject *args, GError **error)
{
  return copy (self, args, "source", "destination", FALSE, error);
}

gboolean
strata_apply_copy_verbatim (StrataLayers *self, JsonObject *args, GError **error)
{
  return copy (self, args, "from", "to", TRUE, error);
}

gboolean
strata_apply_convert_tag (StrataLayers *self, JsonObject *args, GError **error)
{
  StrataLayer *source = strata_layers_require (self, strata_layers_arg (args, "from"), error);
  StrataLayerTag *tag =
      source != NULL ? strata_layer_find_tag (source, strata_layers_arg (args, "tag")) : NULL;
  StrataLayer *layer;
  StrataLayer as_tagged;

  if (source == NULL)
    return FALSE;
  if (tag == NULL)
    {
      strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                        _ ("The image “%s” has no internal snapshot “%s”"), source->path,
                        strata_layers_arg (args, "tag"));
      return FALSE;
    }

  as_tagged = *source;
  as_tagged.content = tag->content;
  layer = strata_layers_put (self, strata_layers_arg (args, "to"));
  layer->format = g_strdup ("qcow2");
  layer->capacity = source->capacity;
  layer->allocation = source->allocation;
  layer->mode = 0600;
  strata_layer_take_content (layer, read_through (self, &as_tagged));

  return TRUE;
}

/* DELETE_ONLY: the tag goes; otherwise it is the only one that stays. */
void
strata_layer_strip_tags (StrataLayer *layer, const char *tag, gboolean delete_only)
{
  for (guint i = layer->tags->len; i > 0; i--)
    {
      StrataLayerTag *item = g_ptr_array_index (layer->tags, i - 1);

      if ((g_strcmp0 (item->name, tag) == 0) == delete_only)
        g_ptr_array_remove_index (layer->tags, i - 1);
    }
}

gboolean
strata_apply_keep_tag (StrataLayers *self, JsonObject *args, GError **error)
{
  StrataLayer *layer = strata_layers_require (self, strata_layers_arg (args, "path"), error);

  if (layer != NULL)
    strata_layer_strip_tags (layer, strata_layers_arg (args, "tag"), FALSE);

  return layer != NULL;
}

gboolean
strata_apply_delete_tag (StrataLayers *self, JsonObject *args, GError **error)
{
  StrataLayer *layer = strata_layers_require (self, strata_layers_arg (args, "path"), error);

  if (layer != NULL)
    strata_layer_strip_tags (layer, strata_layers_arg (args, "tag"), TRUE);

  return layer != NULL;
}

gboolean
strata_apply_delete_volume (StrataLayers *self, JsonObject *args, GError **error)
{
  strata_layers_remove (self, strata_layers_arg (args, "path"));

  return TRUE;
}
