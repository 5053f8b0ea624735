/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How the families of a map are laid out. */

#pragma once

#include "strata-map-family.h"
#include "strata-map-layout.h"

G_BEGIN_DECLS

#define STRATA_MAP_COLUMN_GAP 52.0f
#define STRATA_MAP_ROW_GAP    14.0f
#define STRATA_MAP_FAMILY_GAP 34.0f
#define STRATA_MAP_PITCH      (STRATA_MAP_NODE_WIDTH + STRATA_MAP_COLUMN_GAP)

/* strata-map-order.c: who is above whom in a column; PREVIOUS: (nullable) */
void strata_map_family_order (StrataMapFamily *self, StrataMapLayout *previous);
guint strata_map_family_count_crossings (StrataMapFamily *self, GPtrArray *columns);

G_END_DECLS
