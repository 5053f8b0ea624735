/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What would break if something on the map went, and what would be freed: who holds an image is said as
 * strata_graph_get_holders() says it, but for a map in hand, at once.
 */

#include "config.h"

#include "strata-map-impact.h"
#include "strata-map-private.h"

typedef struct
{
  StrataMap *map;
  guint index;      /* what goes */
  const char *uuid; /* (nullable): whose snapshots go with it */
  guint8 *broken;   /* for each node, whether it would */
  guint8 *gone;     /* for each node, whether no node would need it */
} Impact;

static gboolean
is_domain (const StrataMapNode *node)
{
  return node->kind == STRATA_MAP_MACHINE || node->kind == STRATA_MAP_TEMPLATE;
}

/* Whether it is the snapshot of a machine that stays. */
static gboolean
is_kept (Impact *self, const StrataMapMark *mark)
{
  return !mark->retained && g_strcmp0 (mark->uuid, self->uuid) != 0;
}

static gboolean
has_mark_of (const StrataMapNode *node, const char *uuid)
{
  for (guint i = 0; i < node->marks->len; i++)
    {
      if (g_str_equal (((StrataMapMark *) g_ptr_array_index (node->marks, i))->uuid, uuid))
        return TRUE;
    }

  return FALSE;
}

/* The image itself; of a machine its disks and what its snapshots keep. A disc in its drive is not its own. */
static GArray *
collect_own (Impact *self)
{
  GArray *own = g_array_new (FALSE, FALSE, sizeof (guint));

  if (self->uuid == NULL)
    {
      g_array_append_val (own, self->index);
      return own;
    }

  for (guint i = 0; i < self->map->links->len; i++)
    {
      const StrataMapLink *link = &g_array_index (self->map->links, StrataMapLink, i);

      if (link->kind == STRATA_MAP_LINK_DISK && link->to == self->index)
        g_array_append_val (own, link->from);
      else if (link->kind == STRATA_MAP_LINK_TEMPLATE && link->from == self->index)
        g_array_append_val (own, link->to);
    }
  for (guint i = 0; i < self->map->nodes->len; i++)
    {
      if (has_mark_of (strata_map_get_node (self->map, i), self->uuid))
        g_array_append_val (own, i);
    }

  return own;
}

/* Upwards over images: who reads through a broken one is broken. */
static void
break_images (Impact *self, GArray *own)
{
  g_autoptr (GArray) waiting = g_array_copy (own);

  while (waiting->len > 0)
    {
      guint index = strata_map_index (waiting, waiting->len - 1);
      StrataMapNode *node = strata_map_get_node (self->map, index);

      g_array_set_size (waiting, waiting->len - 1);
      if (self->broken[index] || is_domain (node))
        continue;
      self->broken[index] = TRUE;
      g_array_append_vals (waiting, node->above->data, node->above->len);
    }
}

static void
break_machines (Impact *self)
{
  for (guint i = 0; i < self->map->links->len; i++)
    {
      const StrataMapLink *link = &g_array_index (self->map->links, StrataMapLink, i);

      if (strata_map_link_needs_to (link) && self->broken[link->to])
        self->broken[link->from] = TRUE;
      else if ((link->kind == STRATA_MAP_LINK_DISK || link->kind == STRATA_MAP_LINK_MEDIUM) &&
               self->broken[link->from])
        self->broken[link->to] = TRUE;
    }
  self->broken[self->index] = FALSE;
}

/* A snapshot is several marks if the machine has several disks, or memory. */
static guint
count_snapshots (Impact *self)
{
  g_autoptr (GHashTable) lost = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < self->map->nodes->len; i++)
    {
      StrataMapNode *node = strata_map_get_node (self->map, i);

      for (guint j = 0; j < node->marks->len && (self->broken[i] || i == self->index); j++)
        {
          const StrataMapMark *mark = g_ptr_array_index (node->marks, j);

          if (is_kept (self, mark))
            g_hash_table_add (lost, g_strconcat (mark->uuid, "/", mark->snapshot, NULL));
        }
    }

  return g_hash_table_size (lost);
}

static void
name_broken (Impact *self, StrataMapImpact *impact)
{
  g_autoptr (GStrvBuilder) machines = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) images = g_strv_builder_new ();

  for (guint i = 0; i < self->map->nodes->len; i++)
    {
      StrataMapNode *node = strata_map_get_node (self->map, i);

      if (!self->broken[i])
        continue;
      if (is_domain (node))
        g_strv_builder_add (machines, node->name);
      else if (node->kind == STRATA_MAP_IMAGE && node->n_names == 0 && node->marks->len == 0)
        g_strv_builder_add (images, node->name);
    }

  impact->machines = g_strv_builder_end (machines);
  impact->images = g_strv_builder_end (images);
  impact->n_snapshots = count_snapshots (self);
}

static gboolean
is_needed (Impact *self, const StrataMapNode *node)
{
  for (guint i = 0; i < node->above->len; i++)
    {
      if (!self->gone[strata_map_index (node->above, i)])
        return TRUE;
    }
  for (guint i = 0; i < node->marks->len; i++)
    {
      if (is_kept (self, g_ptr_array_index (node->marks, i)))
        return TRUE;
    }

  return FALSE;
}

/* Downwards: an image goes when all that needed it are gone. */
static void
add_freed (Impact *self, GArray *own, StrataMapImpact *impact)
{
  g_autoptr (GArray) waiting = g_array_copy (own);

  self->gone[self->index] = self->uuid != NULL;
  while (waiting->len > 0)
    {
      guint index = strata_map_index (waiting, waiting->len - 1);
      StrataMapNode *node = strata_map_get_node (self->map, index);

      g_array_set_size (waiting, waiting->len - 1);
      if (self->gone[index] || is_domain (node) || (index != self->index && is_needed (self, node)))
        continue;
      self->gone[index] = TRUE;
      impact->freed += node->missing ? 0 : node->allocation;
      impact->n_freed += node->missing ? 0 : 1;
      /* What was looked at too early is looked at again from below. */
      g_array_append_vals (waiting, node->below->data, node->below->len);
    }
}

/**
 * strata_map_impact_new:
 * @map: a map
 * @index: a node of it
 *
 * Returns: (transfer full): what would be if it went
 */
StrataMapImpact *
strata_map_impact_new (StrataMap *map, guint index)
{
  StrataMapNode *node = strata_map_get_node (map, index);
  g_autofree guint8 *broken = g_new0 (guint8, map->nodes->len);
  g_autofree guint8 *gone = g_new0 (guint8, map->nodes->len);
  Impact self = { map, index, is_domain (node) ? node->uuid : NULL, broken, gone };
  g_autoptr (GArray) own = collect_own (&self);
  StrataMapImpact *impact = g_new0 (StrataMapImpact, 1);

  break_images (&self, own);
  break_machines (&self);
  /* What goes itself does not break. */
  for (guint i = 0; i < own->len && self.uuid == NULL; i++)
    broken[strata_map_index (own, i)] = FALSE;
  name_broken (&self, impact);
  add_freed (&self, own, impact);

  return impact;
}

/**
 * strata_map_impact_free:
 * @self: what would be if something went
 */
void
strata_map_impact_free (StrataMapImpact *self)
{
  g_strfreev (self->machines);
  g_strfreev (self->images);
  g_free (self);
}

/**
 * strata_map_impact_is_harmless:
 * @self: what would be if something went
 *
 * Returns: whether nothing would break and no snapshot would be lost
 */
gboolean
strata_map_impact_is_harmless (const StrataMapImpact *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->machines[0] == NULL && self->images[0] == NULL && self->n_snapshots == 0;
}
