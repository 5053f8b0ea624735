/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How far down everything of a family is: each as near as can be to the middle of what it is linked with, in the order that was
 * found, and never one over the other.
 */

#include "config.h"

#include <math.h>

#include "strata-map-layout-private.h"

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

/**
 * strata_map_family_place:
 * @self: a family in order
 *
 * Says where each of its slots is, and how high it is.
 */
void
strata_map_family_place (StrataMapFamily *self)
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
