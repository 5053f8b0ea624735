/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-map.h"

G_BEGIN_DECLS

/* In the map's own units, which are pixels where it is not zoomed. */
#define STRATA_MAP_NODE_WIDTH  188.0f
#define STRATA_MAP_NODE_HEIGHT 46.0f

typedef struct
{
  float x;
  float y;
} StrataMapPoint;

/* A piece of a line, across or down. */
typedef struct
{
  StrataMapPoint from;
  StrataMapPoint to;
} StrataMapSegment;

/* LINK, drawn through points FIRST to FIRST + N_POINTS of the layout. */
typedef struct
{
  guint link;
  guint first;
  guint n_points;
} StrataMapRoute;

/**
 * StrataMapLayout:
 * @places: (element-type StrataMapPoint): for each node its upper left corner
 * @columns: (element-type guint): for each node how many columns it is from its family's left
 * @points: (element-type StrataMapPoint): where routes turn
 * @routes: (element-type StrataMapRoute): each link that is drawn
 * @segments: (element-type StrataMapSegment): all of the routes, each piece once
 * @n_columns: how wide the map may be, in nodes side by side
 *
 * Where everything of a map is: what others stand on left, what stands on it further right; families, which have nothing to do
 * with each other, apart. Immutable and atomically reference counted.
 */
typedef struct
{
  StrataMap *map;
  GArray    *places;
  GArray    *columns;
  GArray    *points;
  GArray    *routes;
  GArray    *segments;
  float      width;
  float      height;
  guint      n_columns;
} StrataMapLayout;

/* PREVIOUS: (nullable): what is shown now, of which as much as possible stays where it is. Pure; any thread */
StrataMapLayout *strata_map_layout_new       (StrataMap       *map,
                                              StrataMapLayout *previous);
StrataMapLayout *strata_map_layout_ref       (StrataMapLayout *self);
void             strata_map_layout_unref     (StrataMapLayout *self);
StrataMapPoint   strata_map_layout_get_place (StrataMapLayout *self,
                                              guint            index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataMapLayout, strata_map_layout_unref)

G_END_DECLS
