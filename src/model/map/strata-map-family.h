/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For src/model/strata-map-*.c only: how one family, nodes that are linked with each other, is laid out. */

#pragma once

#include "strata-map-layout.h"

G_BEGIN_DECLS

#define STRATA_MAP_COLUMN_GAP 52.0f
#define STRATA_MAP_ROW_GAP    14.0f
#define STRATA_MAP_FAMILY_GAP 34.0f
#define STRATA_MAP_PITCH      (STRATA_MAP_NODE_WIDTH + STRATA_MAP_COLUMN_GAP)

/* A node in its column, or a place that a long link goes through on its way. */
typedef struct
{
  guint   node; /* STRATA_MAP_NONE: a link goes through here */
  guint   column;
  guint   rank; /* in its column, from above */
  float   y;    /* its middle */
  GArray *left;
  GArray *right; /* slots linked with it, in the columns beside it */
} StrataMapSlot;

/* A link's slots, from its one end to the other. */
typedef struct
{
  guint   link;
  GArray *slots;
} StrataMapWay;

typedef struct
{
  StrataMap *map;
  GArray    *nodes; /* by name */
  GPtrArray *slots;   /* StrataMapSlot; those of nodes first, in the order of nodes */
  GPtrArray *columns; /* GArrays of slots, from above */
  GPtrArray *ways;    /* StrataMapWay */
  guint      n_columns;
  float      height;
  float      x; /* where it is on the map */
  float      y;
} StrataMapFamily;

/* strata-map-family.c: all of MAP's, in the order in which they are put on the map */
GPtrArray *strata_map_families_new (StrataMap *map);
/* strata-map-order.c: who is above whom in a column; PREVIOUS: (nullable) */
void strata_map_family_order (StrataMapFamily *self, StrataMapLayout *previous);
guint strata_map_family_count_crossings (StrataMapFamily *self, GPtrArray *columns);
/* strata-map-place.c: how far down everything is */
void strata_map_family_place (StrataMapFamily *self);
/* strata-map-pack.c: where each is, and how wide the map gets */
guint strata_map_families_pack (GPtrArray *families, StrataMapLayout *previous);
/* strata-map-route.c: adds the lines of a family */
void strata_map_family_route (StrataMapFamily *self, StrataMapLayout *layout);

static inline StrataMapSlot *
strata_map_family_get_slot (const StrataMapFamily *self, guint slot)
{
  return g_ptr_array_index (self->slots, slot);
}

static inline guint
strata_map_slot_at (GArray *slots, guint i)
{
  return g_array_index (slots, guint, i);
}

G_END_DECLS
