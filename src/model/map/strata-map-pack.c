/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Families beside and below each other: each where there is room soonest, but where it was if somebody has seen it there. */

#include "config.h"

#include <math.h>

#include "strata-map-layout-private.h"

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

/**
 * strata_map_families_pack:
 * @families: (element-type StrataMapFamily): families whose nodes have been placed
 * @previous: (nullable): what somebody sees now
 *
 * Returns: how many nodes may be side by side
 */
guint
strata_map_families_pack (GPtrArray *families, StrataMapLayout *previous)
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
