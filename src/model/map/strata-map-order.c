/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who is above whom in a column of a family: so that links cross as little as possible, and so that no node changes its place
 * without need.
 */

#include "config.h"

#include "strata-map-layout-private.h"

#define N_SWEEPS 12

/* A family as seen before may have this many times the crossings of the best there is, and stays. */
#define PATIENCE 1.5

typedef struct
{
  double key;
  guint slot;
  guint was;
} Seat;

static GPtrArray *
columns_new (guint n)
{
  GPtrArray *columns = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (columns, g_array_new (FALSE, FALSE, sizeof (guint)));

  return columns;
}

static GPtrArray *
columns_copy (GPtrArray *columns)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);

  for (guint i = 0; i < columns->len; i++)
    g_ptr_array_add (copy, g_array_copy (g_ptr_array_index (columns, i)));

  return copy;
}

static void
note_ranks (StrataMapFamily *self, GPtrArray *columns)
{
  for (guint i = 0; i < columns->len; i++)
    {
      GArray *column = g_ptr_array_index (columns, i);

      for (guint j = 0; j < column->len; j++)
        strata_map_family_get_slot (self, strata_map_slot_at (column, j))->rank = j;
    }
}

static int
compare_slots (gconstpointer a, gconstpointer b)
{
  guint one = *(const guint *) a;
  guint other = *(const guint *) b;

  return (one > other) - (one < other);
}

/* Down the branches, each to its end before the next: of a tree the links then don't cross at all. */
static void
visit (StrataMapFamily *self, guint root, guint8 *visited, GPtrArray *columns)
{
  g_autoptr (GArray) waiting = g_array_new (FALSE, FALSE, sizeof (guint));

  g_array_append_val (waiting, root);
  while (waiting->len > 0)
    {
      guint index = strata_map_slot_at (waiting, waiting->len - 1);
      StrataMapSlot *slot = strata_map_family_get_slot (self, index);

      g_array_set_size (waiting, waiting->len - 1);
      if (visited[index])
        continue;
      visited[index] = TRUE;
      g_array_append_val (g_ptr_array_index (columns, slot->column), index);
      for (guint i = slot->right->len; i > 0; i--)
        {
          guint next = strata_map_slot_at (slot->right, i - 1);

          g_array_append_val (waiting, next);
        }
    }
}

static GPtrArray *
order_by_name (StrataMapFamily *self)
{
  GPtrArray *columns = columns_new (self->n_columns);
  g_autofree guint8 *visited = g_new0 (guint8, self->slots->len);

  for (guint i = 0; i < self->slots->len; i++)
    g_array_sort (strata_map_family_get_slot (self, i)->right, compare_slots);

  /* Slots of nodes are by name. First those with nothing on their left; then what a loop leaves over. */
  for (guint pass = 0; pass < 2; pass++)
    {
      for (guint i = 0; i < self->slots->len; i++)
        {
          if (pass == 1 || strata_map_family_get_slot (self, i)->left->len == 0)
            visit (self, i, visited, columns);
        }
    }

  return columns;
}

static guint
sum_up_to (const guint *tree, guint i)
{
  guint sum = 0;

  for (i++; i > 0; i -= i & -i)
    sum += tree[i];

  return sum;
}

static void
add_at (guint *tree, guint n, guint i)
{
  for (i++; i <= n; i += i & -i)
    tree[i]++;
}

/* Two links between the same columns cross if they are in one order left and in the other right: inversions, counted with a
 * Fenwick tree. */
static guint
count_between (StrataMapFamily *self, GArray *left, GArray *right)
{
  g_autofree guint *tree = g_new0 (guint, right->len + 1);
  g_autoptr (GArray) ranks = g_array_new (FALSE, FALSE, sizeof (guint));
  guint n_before = 0;
  guint n_crossings = 0;

  for (guint i = 0; i < left->len; i++)
    {
      StrataMapSlot *slot = strata_map_family_get_slot (self, strata_map_slot_at (left, i));

      g_array_set_size (ranks, 0);
      for (guint j = 0; j < slot->right->len; j++)
        {
          guint rank = strata_map_family_get_slot (self, strata_map_slot_at (slot->right, j))->rank;

          n_crossings += n_before - sum_up_to (tree, rank);
          g_array_append_val (ranks, rank);
        }
      for (guint j = 0; j < ranks->len; j++)
        add_at (tree, right->len, strata_map_slot_at (ranks, j));
      n_before += ranks->len;
    }

  return n_crossings;
}

/**
 * strata_map_family_count_crossings:
 * @self: a family
 * @columns: an order for it, which becomes its own
 *
 * Returns: how often links cross in it
 */
guint
strata_map_family_count_crossings (StrataMapFamily *self, GPtrArray *columns)
{
  guint n_crossings = 0;

  note_ranks (self, columns);
  for (guint i = 0; i + 1 < columns->len; i++)
    n_crossings +=
        count_between (self, g_ptr_array_index (columns, i), g_ptr_array_index (columns, i + 1));

  return n_crossings;
}

static int
compare_seats (gconstpointer a, gconstpointer b)
{
  const Seat *one = a;
  const Seat *other = b;

  if (one->key != other->key)
    return one->key < other->key ? -1 : 1;

  return (one->was > other->was) - (one->was < other->was);
}

static double
get_barycentre (StrataMapFamily *self, GArray *neighbours, double otherwise)
{
  double sum = 0;

  for (guint i = 0; i < neighbours->len; i++)
    sum += strata_map_family_get_slot (self, strata_map_slot_at (neighbours, i))->rank;

  return neighbours->len > 0 ? sum / neighbours->len : otherwise;
}

static void
reseat (StrataMapFamily *self, GArray *column, Seat *seats)
{
  for (guint i = 0; i < column->len; i++)
    {
      g_array_index (column, guint, i) = seats[i].slot;
      strata_map_family_get_slot (self, seats[i].slot)->rank = i;
    }
}

static void
sweep (StrataMapFamily *self, GPtrArray *columns, gboolean rightwards)
{
  for (guint i = 0; i < columns->len; i++)
    {
      GArray *column = g_ptr_array_index (columns, rightwards ? i : columns->len - 1 - i);
      g_autofree Seat *seats = g_new (Seat, column->len);

      for (guint j = 0; j < column->len; j++)
        {
          guint index = strata_map_slot_at (column, j);
          StrataMapSlot *slot = strata_map_family_get_slot (self, index);

          seats[j] =
              (Seat) { get_barycentre (self, rightwards ? slot->left : slot->right, j), index, j };
        }
      g_sort_array (seats, column->len, sizeof (Seat), (GCompareDataFunc) compare_seats, NULL);
      reseat (self, column, seats);
    }
}

/* The best order that going to and fro comes upon. */
static GPtrArray *
improve (StrataMapFamily *self, GPtrArray *columns, guint *n_crossings)
{
  GPtrArray *best = columns_copy (columns);
  g_autoptr (GPtrArray) current = columns_copy (columns);

  note_ranks (self, current);
  for (guint i = 0; i < N_SWEEPS && *n_crossings > 0; i++)
    {
      guint n;

      sweep (self, current, i % 2 == 0);
      n = strata_map_family_count_crossings (self, current);
      if (n >= *n_crossings)
        continue;
      *n_crossings = n;
      g_ptr_array_unref (best);
      best = columns_copy (current);
    }

  return best;
}

/* As the user sees it now; what is new sits beside whom he is linked with. */
static GPtrArray *
order_as_before (StrataMapFamily *self, GPtrArray *by_name, StrataMapLayout *previous)
{
  GPtrArray *columns = columns_copy (by_name);

  note_ranks (self, columns);
  for (guint i = 0; i < columns->len; i++)
    {
      GArray *column = g_ptr_array_index (columns, i);
      g_autofree Seat *seats = g_new (Seat, column->len);
      double last = -1;

      for (guint j = 0; j < column->len; j++)
        {
          guint index = strata_map_slot_at (column, j);
          guint node = strata_map_family_get_slot (self, index)->node;
          guint before =
              node == STRATA_MAP_NONE
                  ? STRATA_MAP_NONE
                  : strata_map_find (previous->map, strata_map_get_node (self->map, node)->id);

          if (before != STRATA_MAP_NONE)
            last = strata_map_layout_get_place (previous, before).y;
          seats[j] = (Seat) { last, index, j };
        }
      g_sort_array (seats, column->len, sizeof (Seat), (GCompareDataFunc) compare_seats, NULL);
      reseat (self, column, seats);
    }

  return columns;
}

/**
 * strata_map_family_order:
 * @self: a family with its slots
 * @previous: (nullable): what the user sees now
 *
 * Fills its columns.
 */
void
strata_map_family_order (StrataMapFamily *self, StrataMapLayout *previous)
{
  g_autoptr (GPtrArray) by_name = order_by_name (self);
  g_autoptr (GPtrArray) before = NULL;
  GPtrArray *best;
  guint n_crossings = strata_map_family_count_crossings (self, by_name);

  best = improve (self, by_name, &n_crossings);
  if (n_crossings > 0 && previous != NULL)
    {
      before = order_as_before (self, by_name, previous);
      if (strata_map_family_count_crossings (self, before) <= n_crossings * PATIENCE)
        {
          g_ptr_array_unref (best);
          best = g_steal_pointer (&before);
        }
    }

  g_ptr_array_unref (self->columns);
  self->columns = best;
  note_ranks (self, best);
}
