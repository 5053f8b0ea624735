/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Walking over a map with the arrow keys. */

#include "config.h"

#include <math.h>

#include "strata-map-walk.h"

/* How far along DIRECTION, and how far aside, TO is from FROM. */
static void
measure (StrataMapPoint from,
         StrataMapPoint to,
         StrataMapDirection direction,
         float *ahead,
         float *aside)
{
  float dx = to.x - from.x;
  float dy = to.y - from.y;

  switch (direction)
    {
    case STRATA_MAP_WALK_LEFT:
    case STRATA_MAP_WALK_RIGHT:
      *ahead = direction == STRATA_MAP_WALK_LEFT ? -dx : dx;
      *aside = fabsf (dy);
      break;
    case STRATA_MAP_WALK_UP:
    case STRATA_MAP_WALK_DOWN:
      *ahead = direction == STRATA_MAP_WALK_UP ? -dy : dy;
      *aside = fabsf (dx);
      break;
    }
}

static guint
follow_link (StrataMapLayout *layout, guint from, gboolean rightwards)
{
  StrataMapPoint here = strata_map_layout_get_place (layout, from);
  guint best = STRATA_MAP_NONE;
  float shortest = G_MAXFLOAT;

  for (guint i = 0; i < layout->routes->len; i++)
    {
      const StrataMapRoute *route = &g_array_index (layout->routes, StrataMapRoute, i);
      const StrataMapLink *link = &g_array_index (layout->map->links, StrataMapLink, route->link);
      guint other = rightwards ? link->to : link->from;
      float distance;

      if ((rightwards ? link->from : link->to) != from)
        continue;
      distance = fabsf (strata_map_layout_get_place (layout, other).y - here.y);
      if (distance < shortest)
        {
          shortest = distance;
          best = other;
        }
    }

  return best;
}

static guint
find_neighbour (StrataMapLayout *layout, guint from, StrataMapDirection direction)
{
  StrataMapPoint here = strata_map_layout_get_place (layout, from);
  guint best = STRATA_MAP_NONE;
  float least = G_MAXFLOAT;

  for (guint i = 0; i < layout->places->len; i++)
    {
      float ahead = 0;
      float aside = 0;
      float cost;

      measure (here, strata_map_layout_get_place (layout, i), direction, &ahead, &aside);
      /* What is next in the same row or column comes before what is nearer but aside. */
      cost = ahead + 3 * aside;
      if (i != from && ahead > 1 && cost < least)
        {
          least = cost;
          best = i;
        }
    }

  return best;
}

/**
 * strata_map_walk:
 * @layout: a layout
 * @from: the node where one is
 * @direction: where to
 *
 * Returns: the node where one comes to, or %STRATA_MAP_NONE
 */
guint
strata_map_walk (StrataMapLayout *layout, guint from, StrataMapDirection direction)
{
  guint next = STRATA_MAP_NONE;

  g_return_val_if_fail (layout != NULL && from < layout->places->len, STRATA_MAP_NONE);

  if (direction == STRATA_MAP_WALK_LEFT || direction == STRATA_MAP_WALK_RIGHT)
    next = follow_link (layout, from, direction == STRATA_MAP_WALK_RIGHT);

  return next != STRATA_MAP_NONE ? next : find_neighbour (layout, from, direction);
}

/**
 * strata_map_walk_near:
 * @layout: a layout
 * @point: a place on it
 *
 * Returns: the nearest node, or %STRATA_MAP_NONE
 */
guint
strata_map_walk_near (StrataMapLayout *layout, StrataMapPoint point)
{
  guint best = STRATA_MAP_NONE;
  float least = G_MAXFLOAT;

  g_return_val_if_fail (layout != NULL, STRATA_MAP_NONE);

  for (guint i = 0; i < layout->places->len; i++)
    {
      StrataMapPoint place = strata_map_layout_get_place (layout, i);
      float dx = place.x + STRATA_MAP_NODE_WIDTH / 2 - point.x;
      float dy = place.y + STRATA_MAP_NODE_HEIGHT / 2 - point.y;

      if (dx * dx + dy * dy < least)
        {
          least = dx * dx + dy * dy;
          best = i;
        }
    }

  return best;
}
