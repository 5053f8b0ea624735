/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For src/model/strata-map-*.c only: the families of a map, nodes that are linked with each other, while they are laid out. */

#pragma once

#include "strata-map.h"

G_BEGIN_DECLS

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

/* all of MAP's, in the order in which they are put on the map */
GPtrArray *strata_map_families_new (StrataMap *map);

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
