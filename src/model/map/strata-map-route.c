/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The lines of a family: across, down in the gap between two columns, across. Those of one node share a way there; those that
 * would lie on each other have lanes.
 */

#include "config.h"

#include "strata-map-layout-private.h"

/* What goes from one slot into the gap on its right. */
typedef struct
{
  guint slot;
  float top;
  float bottom;
  float x;
} Bus;

static int
compare_buses (gconstpointer a, gconstpointer b)
{
  const Bus *one = a;
  const Bus *other = b;

  if (one->top != other->top)
    return one->top < other->top ? -1 : 1;

  return (one->slot > other->slot) - (one->slot < other->slot);
}

static GArray *
collect_buses (StrataMapFamily *self, GArray *column)
{
  GArray *buses = g_array_new (FALSE, FALSE, sizeof (Bus));

  for (guint i = 0; i < column->len; i++)
    {
      guint index = strata_map_slot_at (column, i);
      StrataMapSlot *slot = strata_map_family_get_slot (self, index);
      Bus bus = { index, slot->y, slot->y, 0 };

      for (guint j = 0; j < slot->right->len; j++)
        {
          float y = strata_map_family_get_slot (self, strata_map_slot_at (slot->right, j))->y;

          bus.top = MIN (bus.top, y);
          bus.bottom = MAX (bus.bottom, y);
        }
      if (slot->right->len > 0)
        g_array_append_val (buses, bus);
    }
  g_array_sort (buses, compare_buses);

  return buses;
}

/* The first lane that is empty by where the bus begins. */
static guint
choose_lane (GArray *lanes, const Bus *bus)
{
  for (guint i = 0; i < lanes->len; i++)
    {
      if (g_array_index (lanes, float, i) < bus->top)
        {
          g_array_index (lanes, float, i) = bus->bottom;
          return i;
        }
    }
  g_array_append_val (lanes, bus->bottom);

  return lanes->len - 1;
}

static void
assign_lanes (GArray *buses, float left)
{
  g_autoptr (GArray) lanes = g_array_new (FALSE, FALSE, sizeof (float));
  g_autofree guint *chosen = g_new (guint, buses->len);

  for (guint i = 0; i < buses->len; i++)
    chosen[i] = choose_lane (lanes, &g_array_index (buses, Bus, i));
  for (guint i = 0; i < buses->len; i++)
    g_array_index (buses, Bus, i).x =
        left + STRATA_MAP_COLUMN_GAP * (float) (chosen[i] + 1) / (float) (lanes->len + 1);
}

static void
add_segment (StrataMapLayout *layout, float x1, float y1, float x2, float y2)
{
  StrataMapSegment segment = { { x1, y1 }, { x2, y2 } };

  if (x1 != x2 || y1 != y2)
    g_array_append_val (layout->segments, segment);
}

static float
get_left (StrataMapFamily *self, const StrataMapSlot *slot)
{
  return self->x + (float) slot->column * STRATA_MAP_PITCH;
}

static float
get_right (StrataMapFamily *self, const StrataMapSlot *slot)
{
  return get_left (self, slot) + STRATA_MAP_NODE_WIDTH;
}

static void
add_bus (StrataMapFamily *self, StrataMapLayout *layout, const Bus *bus)
{
  StrataMapSlot *slot = strata_map_family_get_slot (self, bus->slot);
  float y = self->y + slot->y;

  /* A line that only passes goes on through its column. */
  add_segment (layout,
               slot->node == STRATA_MAP_NONE ? get_left (self, slot) : get_right (self, slot), y,
               bus->x, y);
  add_segment (layout, bus->x, self->y + bus->top, bus->x, self->y + bus->bottom);
  for (guint i = 0; i < slot->right->len; i++)
    {
      StrataMapSlot *next = strata_map_family_get_slot (self, strata_map_slot_at (slot->right, i));

      add_segment (layout, bus->x, self->y + next->y, get_left (self, next), self->y + next->y);
    }
}

static void
add_point (StrataMapLayout *layout, StrataMapRoute *route, float x, float y)
{
  StrataMapPoint point = { x, y };
  StrataMapPoint *last =
      route->n_points > 0 ? &g_array_index (layout->points, StrataMapPoint, layout->points->len - 1)
                          : NULL;

  if (last != NULL && last->x == x && last->y == y)
    return;
  g_array_append_val (layout->points, point);
  route->n_points++;
}

static void
add_route (StrataMapFamily *self,
           StrataMapLayout *layout,
           guint link,
           GArray *way,
           const float *lanes)
{
  StrataMapRoute route = { link, layout->points->len, 0 };
  StrataMapSlot *slot = strata_map_family_get_slot (self, strata_map_slot_at (way, 0));

  add_point (layout, &route, get_right (self, slot), self->y + slot->y);
  for (guint i = 0; i + 1 < way->len; i++)
    {
      StrataMapSlot *next = strata_map_family_get_slot (self, strata_map_slot_at (way, i + 1));
      float x = lanes[strata_map_slot_at (way, i)];

      if (slot->y != next->y)
        {
          add_point (layout, &route, x, self->y + slot->y);
          add_point (layout, &route, x, self->y + next->y);
        }
      slot = next;
    }
  add_point (layout, &route, get_left (self, slot), self->y + slot->y);
  g_array_append_val (layout->routes, route);
}

/**
 * strata_map_family_route:
 * @self: a family that has its place on the map
 * @layout: where to add its lines
 */
void
strata_map_family_route (StrataMapFamily *self, StrataMapLayout *layout)
{
  g_autofree float *lanes = g_new0 (float, self->slots->len);

  for (guint i = 0; i + 1 < self->columns->len; i++)
    {
      g_autoptr (GArray) buses = collect_buses (self, g_ptr_array_index (self->columns, i));

      assign_lanes (buses, self->x + (float) i * STRATA_MAP_PITCH + STRATA_MAP_NODE_WIDTH);
      for (guint j = 0; j < buses->len; j++)
        {
          const Bus *bus = &g_array_index (buses, Bus, j);

          lanes[bus->slot] = bus->x;
          add_bus (self, layout, bus);
        }
    }

  for (guint i = 0; i < self->ways->len; i++)
    {
      const StrataMapWay *way = g_ptr_array_index (self->ways, i);

      add_route (self, layout, way->link, way->slots, lanes);
    }
}
