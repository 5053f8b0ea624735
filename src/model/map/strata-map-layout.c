/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMapLayout: where everything of a map is. */

#include "config.h"

#include "strata-map-layout-private.h"

static void
strata_map_layout_clear (gpointer data)
{
  StrataMapLayout *self = data;

  g_array_unref (self->places);
  g_array_unref (self->columns);
  g_array_unref (self->points);
  g_array_unref (self->routes);
  g_array_unref (self->segments);
  strata_map_unref (self->map);
}

static void
take_places (StrataMapLayout *self, StrataMapFamily *family)
{
  for (guint i = 0; i < family->nodes->len; i++)
    {
      const StrataMapSlot *slot = strata_map_family_get_slot (family, i);
      StrataMapPoint *place = &g_array_index (self->places, StrataMapPoint, slot->node);

      place->x = family->x + (float) slot->column * STRATA_MAP_PITCH;
      place->y = family->y + slot->y - STRATA_MAP_NODE_HEIGHT / 2;
      g_array_index (self->columns, guint, slot->node) = slot->column;
      self->width = MAX (self->width, place->x + STRATA_MAP_NODE_WIDTH);
      self->height = MAX (self->height, place->y + STRATA_MAP_NODE_HEIGHT);
    }
}

/**
 * strata_map_layout_new:
 * @map: a map
 * @previous: (nullable): the layout that somebody sees now
 *
 * The same map gives the same layout. Pure; any thread.
 *
 * Returns: (transfer full): where everything is
 */
StrataMapLayout *
strata_map_layout_new (StrataMap *map, StrataMapLayout *previous)
{
  StrataMapLayout *self;
  g_autoptr (GPtrArray) families = NULL;

  g_return_val_if_fail (map != NULL, NULL);

  self = g_atomic_rc_box_new0 (StrataMapLayout);
  self->map = strata_map_ref (map);
  self->places = g_array_new (FALSE, TRUE, sizeof (StrataMapPoint));
  self->columns = g_array_new (FALSE, TRUE, sizeof (guint));
  self->points = g_array_new (FALSE, FALSE, sizeof (StrataMapPoint));
  self->routes = g_array_new (FALSE, FALSE, sizeof (StrataMapRoute));
  self->segments = g_array_new (FALSE, FALSE, sizeof (StrataMapSegment));
  g_array_set_size (self->places, strata_map_get_n_nodes (map));
  g_array_set_size (self->columns, strata_map_get_n_nodes (map));

  families = strata_map_families_new (map);
  for (guint i = 0; i < families->len; i++)
    {
      strata_map_family_order (g_ptr_array_index (families, i), previous);
      strata_map_family_place (g_ptr_array_index (families, i));
    }
  self->n_columns = strata_map_families_pack (families, previous);
  for (guint i = 0; i < families->len; i++)
    {
      take_places (self, g_ptr_array_index (families, i));
      strata_map_family_route (g_ptr_array_index (families, i), self);
    }

  return self;
}

/**
 * strata_map_layout_ref:
 * @self: a layout
 *
 * Returns: (transfer full): @self
 */
StrataMapLayout *
strata_map_layout_ref (StrataMapLayout *self)
{
  return g_atomic_rc_box_acquire (self);
}

/**
 * strata_map_layout_unref:
 * @self: (transfer full): a layout
 */
void
strata_map_layout_unref (StrataMapLayout *self)
{
  g_atomic_rc_box_release_full (self, strata_map_layout_clear);
}

/**
 * strata_map_layout_get_place:
 * @self: a layout
 * @index: a node of its map
 *
 * Returns: the upper left corner of the node, on the plane
 */
StrataMapPoint
strata_map_layout_get_place (StrataMapLayout *self, guint index)
{
  g_return_val_if_fail (self != NULL && index < self->places->len, ((StrataMapPoint) { 0, 0 }));

  return g_array_index (self->places, StrataMapPoint, index);
}
