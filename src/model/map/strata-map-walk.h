/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-map-layout.h"

G_BEGIN_DECLS

typedef enum
{
  STRATA_MAP_WALK_LEFT,
  STRATA_MAP_WALK_RIGHT,
  STRATA_MAP_WALK_UP,
  STRATA_MAP_WALK_DOWN,
} StrataMapDirection;

/* where an arrow key leads from a node: left and right along a link, else to the neighbour; STRATA_MAP_NONE: nowhere */
guint strata_map_walk      (StrataMapLayout   *layout,
                            guint              from,
                            StrataMapDirection direction);
/* the node whose middle is nearest to a point; STRATA_MAP_NONE on an empty map */
guint strata_map_walk_near (StrataMapLayout   *layout,
                            StrataMapPoint     point);

G_END_DECLS
