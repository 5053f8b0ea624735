/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What merging does in the simulation. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-step-apply.h"
#include "base/strata-error.h"
#include "base/strata-visible.h"

static gboolean
require_equal_size (StrataLayer *a, StrataLayer *b, GError **error)
{
  if (a->capacity == b->capacity)
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Make a full clone of the virtual machine (“stratactl clone create … --full”), and go on "
         "with that."),
      _ ("“%s” and “%s” have different virtual sizes, and merging them would change bytes"),
      a->path, b->path);
  return FALSE;
}

void
strata_layers_move_holders (StrataLayers *self, const char *uuid, const char *from, const char *to)
{
  GPtrArray *holders = strata_layers_get_holders (self);

  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);

      if (holder->key->kind == STRATA_HOLDER_KEY_DISK && g_strcmp0 (holder->uuid, uuid) == 0 &&
          g_strcmp0 (holder->top, from) == 0)
        g_set_str (&holder->top, to);
    }
}

/* Whose header names UPPER, and will name BASE when the commit is done. */
static void
relink (StrataLayers *self, JsonObject *args, const char *upper, const char *base)
{
  const char *via = strata_layers_arg (args, "via");
  const char *uuid = strata_layers_arg (args, "uuid");
  g_autoptr (GPtrArray) overlays = strata_layers_get_overlays (self, upper);
  GPtrArray *holders = strata_layers_get_holders (self);

  for (guint i = 0; i < overlays->len; i++)
    {
      StrataLayer *overlay = g_ptr_array_index (overlays, i);
      gboolean open = g_strcmp0 (via, overlay->path) == 0;

      for (guint j = 0; uuid != NULL && !open && j < holders->len; j++)
        {
          StrataHolder *holder = g_ptr_array_index (holders, j);

          open = holder->key->kind == STRATA_HOLDER_KEY_DISK &&
                 g_strcmp0 (holder->uuid, uuid) == 0 &&
                 strata_layers_reach (self, holder->top, overlay->path);
        }
      if (open)
        g_set_str (&overlay->backing, base);
    }
}

/* Only an active commit makes a smaller base as large as the overlay; any other would lose what is beyond its end. */
static gboolean
require_mergeable (JsonObject *args, StrataLayer *top, StrataLayer *base, GError **error)
{
  gboolean active = json_object_get_boolean_member_with_default (args, "active", FALSE);

  return (active && top->capacity > base->capacity) || require_equal_size (top, base, error);
}

/* What stands directly on PATH below TOP. */
static const char *
find_above (StrataLayers *self, const char *top, const char *path)
{
  StrataLayer *above = NULL;

  for (StrataChain link = strata_layers_walk (self, top);
       link.layer != NULL && g_strcmp0 (link.path, path) != 0; strata_chain_next (&link))
    above = link.layer;

  return above != NULL ? above->path : NULL;
}

static void
set_covered (StrataLayers *self,
             const StrataHolder *holder,
             const char *path,
             const char *above,
             GError **error)
{
  const StrataDomainFacts *domain =
      strata_graph_find_domain (strata_layers_get_graph (self), holder->uuid);
  g_autofree char *machine = strata_quote_word (domain != NULL ? domain->name : holder->uuid);
  g_autofree char *base = strata_quote_word (path);
  g_autofree char *hint = NULL;

  if (holder->active)
    /* Translators: a virtual machine, a disk, an image */
    hint = g_strdup_printf (
        _ ("Delete the snapshot that another program took, or merge it back (“virsh "
           "blockcommit %s %s --base %s --active --pivot”), and try again."),
        machine, holder->target, base);

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      hint != NULL ? hint : _ ("Delete the snapshot that another program took, and try again."),
      /* Translators: a virtual machine, two images */
      _ ("“%s” is on “%s” by now, which another program put on “%s”; as long as it is, that can’t be merged"),
      domain != NULL ? domain->name : holder->uuid, above, path);
}

/* What a machine writes to is merged by other ways than what is below that, so that it has to be at the top still. UUID: (nullable):
 * the machine; RUNNING: only where it runs */
static gboolean
require_on_top (StrataLayers *self,
                const char *path,
                const char *uuid,
                gboolean running,
                GError **error)
{
  GPtrArray *holders = strata_layers_get_holders (self);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);
      const char *above;

      if (holder->key->kind != STRATA_HOLDER_KEY_DISK || (running && !holder->active) ||
          (uuid != NULL && g_strcmp0 (holder->uuid, uuid) != 0) ||
          !strata_layers_reach (self, holder->top, path))
        continue;
      above = find_above (self, holder->top, path);
      if (above == NULL)
        continue;
      set_covered (self, holder, path, above, error);
      return FALSE;
    }

  return TRUE;
}

gboolean
strata_apply_commit (StrataLayers *self, JsonObject *args, GError **error)
{
  StrataLayer *top = strata_layers_require (self, strata_layers_arg (args, "top"), error);
  StrataLayer *base =
      top != NULL ? strata_layers_require (self, strata_layers_arg (args, "base"), error) : NULL;
  g_auto (GStrv) content = NULL;

  if (base == NULL || !require_mergeable (args, top, base, error) ||
      (json_object_get_boolean_member_with_default (args, "active", FALSE) &&
       !require_on_top (self, top->path, strata_layers_arg (args, "uuid"), FALSE, error)))
    return FALSE;

  content = strata_layers_get_content (self, top);
  for (StrataChain link = strata_layers_walk (self, top->path); link.layer != base;)
    {
      StrataLayer *layer;
      g_auto (GStrv) own = NULL;
      GStrv joined;

      strata_chain_next (&link);
      if (link.path == NULL)
        {
          strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                            _ ("“%s” doesn’t stand on “%s” any more"), top->path, base->path);
          return FALSE;
        }
      layer = strata_layers_require (self, link.path, error);
      if (layer == NULL || (layer != base && !require_equal_size (layer, base, error)))
        return FALSE;
      own = strata_layers_get_content (self, layer);
      joined = strata_content_join (content, own);
      g_strfreev (content);
      content = joined;
    }
  strata_layer_take_content (base, g_steal_pointer (&content));
  strata_layers_write_data (self, base);
  base->capacity = MAX (base->capacity, top->capacity);
  base->allocation = MIN (base->allocation + top->allocation, MAX (base->capacity, 1));

  if (strata_layers_arg (args, "uuid") != NULL || strata_layers_arg (args, "via") != NULL)
    relink (self, args, top->path, base->path);
  if (strata_layers_arg (args, "uuid") != NULL)
    strata_layers_move_holders (self, strata_layers_arg (args, "uuid"), top->path, base->path);

  return TRUE;
}

/* All the way down, a smaller image below has nothing where it ends, and neither has what is below that. */
static gboolean
require_pullable (JsonObject *args, StrataLayer *image, StrataLayer *below, GError **error)
{
  StrataLayer sizes = *image;

  if (strata_layers_arg (args, "base") == NULL && below->capacity < image->capacity)
    sizes.capacity = below->capacity;

  return require_equal_size (&sizes, below, error);
}

gboolean
strata_apply_pull (StrataLayers *self, JsonObject *args, GError **error)
{
  StrataLayer *image = strata_layers_require (self, strata_layers_arg (args, "image"), error);
  const char *base =
      strata_graph_resolve (strata_layers_get_graph (self), strata_layers_arg (args, "base"));

  if (image == NULL ||
      (strata_layers_arg (args, "uuid") != NULL &&
       !require_on_top (self, image->path, strata_layers_arg (args, "uuid"), TRUE, error)))
    return FALSE;

  for (StrataChain link = strata_layers_walk (self, image->backing);
       link.path != NULL && g_strcmp0 (link.path, base) != 0; strata_chain_next (&link))
    {
      StrataLayer *below = strata_layers_require (self, link.path, error);
      g_auto (GStrv) content = NULL;

      if (below == NULL || !require_pullable (args, image, below, error))
        return FALSE;

      content = strata_layers_get_content (self, below);
      strata_layer_take_content (image, strata_content_join (image->content, content));
      image->allocation = MIN (image->allocation + below->allocation, MAX (image->capacity, 1));
      g_set_str (&image->backing, below->backing);
      g_set_str (&image->backing_format, below->backing_format);
    }

  return TRUE;
}
