/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMapLayout: where everything of a map is. */

#include "config.h"

#include <math.h>

#include "strata-map-layout-private.h"

/* How far down everything of a family is: each as near as can be to the middle of what it is linked with, in the order that was
 * found, and never one over the other.
 */

#define N_ROUNDS     4
#define PASSING_SIZE 6.0f /* of a line that goes through */

/* Slots that touch, moved as one. */
typedef struct
{
  double offset; /* where the first wants to be, on average */
  double sum;
  guint n;
} Block;

static float
get_size (const StrataMapSlot *slot)
{
  return slot->node != STRATA_MAP_NONE ? STRATA_MAP_NODE_HEIGHT : PASSING_SIZE;
}

/* From the middle of one to that of the next below it. */
static float
get_distance (const StrataMapSlot *above, const StrataMapSlot *below)
{
  return (get_size (above) + get_size (below)) / 2 + STRATA_MAP_ROW_GAP;
}

/* The nearest to WISHES, by least squares, that keeps the order and the distances: pool adjacent violators. */
static void
reconcile (StrataMapFamily *self, GArray *column, const double *wishes)
{
  g_autofree Block *blocks = g_new (Block, column->len);
  g_autofree double *reach = g_new0 (double, column->len);
  guint n_blocks = 0;
  guint slot = 0;

  for (guint i = 0; i < column->len; i++)
    {
      if (i > 0)
        reach[i] =
            reach[i - 1] +
            get_distance (strata_map_family_get_slot (self, strata_map_slot_at (column, i - 1)),
                          strata_map_family_get_slot (self, strata_map_slot_at (column, i)));
      blocks[n_blocks] = (Block) { wishes[i] - reach[i], wishes[i] - reach[i], 1 };
      n_blocks++;
      for (; n_blocks > 1 && blocks[n_blocks - 2].offset > blocks[n_blocks - 1].offset; n_blocks--)
        {
          Block *into = &blocks[n_blocks - 2];

          into->sum += blocks[n_blocks - 1].sum;
          into->n += blocks[n_blocks - 1].n;
          into->offset = into->sum / into->n;
        }
    }

  for (guint i = 0; i < n_blocks; i++)
    {
      for (guint j = 0; j < blocks[i].n; j++, slot++)
        strata_map_family_get_slot (self, strata_map_slot_at (column, slot))->y =
            (float) (blocks[i].offset + reach[slot]);
    }
}

static double
get_wish (StrataMapFamily *self, const StrataMapSlot *slot, GArray *neighbours)
{
  double sum = 0;

  for (guint i = 0; i < neighbours->len; i++)
    sum += strata_map_family_get_slot (self, strata_map_slot_at (neighbours, i))->y;

  return neighbours->len > 0 ? sum / neighbours->len : slot->y;
}

static void
reconcile_all (StrataMapFamily *self, gboolean rightwards)
{
  for (guint i = 0; i < self->columns->len; i++)
    {
      GArray *column =
          g_ptr_array_index (self->columns, rightwards ? i : self->columns->len - 1 - i);
      g_autofree double *wishes = g_new (double, column->len);

      for (guint j = 0; j < column->len; j++)
        {
          StrataMapSlot *slot = strata_map_family_get_slot (self, strata_map_slot_at (column, j));

          wishes[j] = get_wish (self, slot, rightwards ? slot->left : slot->right);
        }
      reconcile (self, column, wishes);
    }
}

static void
stack (StrataMapFamily *self)
{
  for (guint i = 0; i < self->columns->len; i++)
    {
      GArray *column = g_ptr_array_index (self->columns, i);
      g_autofree double *wishes = g_new0 (double, column->len);

      reconcile (self, column, wishes);
    }
}

static void
place_family (StrataMapFamily *self)
{
  float top = G_MAXFLOAT;
  float bottom = -G_MAXFLOAT;

  stack (self);
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      reconcile_all (self, FALSE);
      reconcile_all (self, TRUE);
    }
  reconcile_all (self, FALSE);

  for (guint i = 0; i < self->slots->len; i++)
    {
      const StrataMapSlot *slot = strata_map_family_get_slot (self, i);

      top = MIN (top, slot->y - get_size (slot) / 2);
      bottom = MAX (bottom, slot->y + get_size (slot) / 2);
    }
  for (guint i = 0; i < self->slots->len; i++)
    strata_map_family_get_slot (self, i)->y =
        roundf (strata_map_family_get_slot (self, i)->y - top);
  self->height = ceilf (bottom - top);
}

/* Families beside and below each other: each where there is room soonest, but where it was if the user has seen it there. */

/* Of a map, width by height: a window's content. */
#define ASPECT 1.5

/* A map may get this many times wider or narrower than it should before everything moves. */
#define PATIENCE 1.6

typedef struct
{
  StrataMapFamily *family;
  StrataMapPoint was;
  guint place; /* among all */
  gboolean known;
} Claim;

static guint
choose_width (GPtrArray *families)
{
  double area = 0;
  guint widest = 1;

  for (guint i = 0; i < families->len; i++)
    {
      const StrataMapFamily *family = g_ptr_array_index (families, i);

      widest = MAX (widest, family->n_columns);
      area +=
          (double) family->n_columns * STRATA_MAP_PITCH * (family->height + STRATA_MAP_FAMILY_GAP);
    }

  return MAX (widest, (guint) ceil (sqrt (area * ASPECT) / STRATA_MAP_PITCH));
}

static float
get_highest (const float *skyline, guint first, guint n)
{
  float highest = 0;

  for (guint i = first; i < first + n; i++)
    highest = MAX (highest, skyline[i]);

  return highest;
}

static void
put (StrataMapFamily *family, guint column, float *skyline)
{
  float y = get_highest (skyline, column, family->n_columns);

  family->x = column * STRATA_MAP_PITCH;
  family->y = y;
  for (guint i = column; i < column + family->n_columns; i++)
    skyline[i] = y + family->height + STRATA_MAP_FAMILY_GAP;
}

static void
put_anywhere (StrataMapFamily *family, float *skyline, guint n_columns)
{
  guint best = 0;

  for (guint i = 1; i + family->n_columns <= n_columns; i++)
    {
      if (get_highest (skyline, i, family->n_columns) <
          get_highest (skyline, best, family->n_columns))
        best = i;
    }
  put (family, best, skyline);
}

/* Where the family's uppermost leftmost node of those that were there was. */
static gboolean
find_before (StrataMapFamily *family, StrataMapLayout *previous, StrataMapPoint *was)
{
  gboolean known = FALSE;

  for (guint i = 0; i < family->nodes->len; i++)
    {
      guint node = strata_map_slot_at (family->nodes, i);
      guint before = strata_map_find (previous->map, strata_map_get_node (family->map, node)->id);
      StrataMapPoint place;

      if (before == STRATA_MAP_NONE)
        continue;
      place = strata_map_layout_get_place (previous, before);
      place.x -= (float) g_array_index (previous->columns, guint, before) * STRATA_MAP_PITCH;
      *was = known ? (StrataMapPoint) { MIN (was->x, place.x), MIN (was->y, place.y) } : place;
      known = TRUE;
    }

  return known;
}

static int
compare_claims (gconstpointer a, gconstpointer b)
{
  const Claim *one = a;
  const Claim *other = b;

  if (one->known != other->known)
    return one->known ? -1 : 1;
  if (one->known && one->was.y != other->was.y)
    return one->was.y < other->was.y ? -1 : 1;

  return (one->place > other->place) - (one->place < other->place);
}

/* Who was there first, and where he was, if a family that has grown leaves him room; the others may only move down. */
static void
pack_as_before (GPtrArray *families, StrataMapLayout *previous, guint n_columns, float *skyline)
{
  g_autofree Claim *claims = g_new0 (Claim, families->len);

  for (guint i = 0; i < families->len; i++)
    {
      claims[i].family = g_ptr_array_index (families, i);
      claims[i].place = i;
      claims[i].known = find_before (claims[i].family, previous, &claims[i].was);
    }
  g_sort_array (claims, families->len, sizeof (Claim), (GCompareDataFunc) compare_claims, NULL);

  for (guint i = 0; i < families->len; i++)
    {
      guint column = (guint) MAX (0, lroundf (claims[i].was.x / STRATA_MAP_PITCH));

      if (claims[i].known && column + claims[i].family->n_columns <= n_columns)
        put (claims[i].family, column, skyline);
      else
        put_anywhere (claims[i].family, skyline, n_columns);
    }
}

static guint
pack_families (GPtrArray *families, StrataMapLayout *previous)
{
  guint n_columns = choose_width (families);
  gboolean stay = previous != NULL && previous->n_columns * PATIENCE >= n_columns &&
                  previous->n_columns <= n_columns * PATIENCE;
  g_autofree float *skyline = NULL;
  guint widest = 1;

  for (guint i = 0; stay && i < families->len; i++)
    widest = MAX (widest, ((StrataMapFamily *) g_ptr_array_index (families, i))->n_columns);
  if (stay)
    n_columns = MAX (previous->n_columns, widest);

  skyline = g_new0 (float, n_columns);
  if (stay)
    {
      pack_as_before (families, previous, n_columns, skyline);
      return n_columns;
    }

  for (guint i = 0; i < families->len; i++)
    put_anywhere (g_ptr_array_index (families, i), skyline, n_columns);

  return n_columns;
}

/* The lines of a family: across, down in the gap between two columns, across. Those of one node share a way there; those that
 * would lie on each other have lanes.
 */

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

static void
route_family (StrataMapFamily *self, StrataMapLayout *layout)
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
 * @previous: (nullable): the layout that the user sees now
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
      place_family (g_ptr_array_index (families, i));
    }
  self->n_columns = pack_families (families, previous);
  for (guint i = 0; i < families->len; i++)
    {
      take_places (self, g_ptr_array_index (families, i));
      route_family (g_ptr_array_index (families, i), self);
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
