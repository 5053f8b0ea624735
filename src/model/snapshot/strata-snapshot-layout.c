/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Lays a machine's snapshots out as a tree: an order of rows, and a lane for each.
 *
 * Whatever the metadata says, every snapshot gets its row: who names a parent that is not there is a root, and a ring of
 * parents is cut above its oldest.  Nothing recurses, since a chain may be as deep as there are snapshots.
 */

#include "config.h"

#include "strata-snapshot-layout.h"

#define NO_PARENT G_MAXUINT

typedef struct
{
  const StrataSnapshotFacts *snapshot; /* NULL: you are here */
  guint parent;
  guint first; /* of its children in Layout.children */
  guint n_children;
  guint mark;
  guint lane;
  guint level;
  gboolean main;
  gboolean active;
  gboolean passed;
} Spot;

typedef struct
{
  Spot *spots; /* the snapshots, oldest first; then the machine; then what the roots stand on */
  guint *children;
  guint n; /* without the last */
} Layout;

static int
compare_ages (gconstpointer a, gconstpointer b, gpointer unused)
{
  const StrataSnapshotFacts *left = ((const Spot *) a)->snapshot;
  const StrataSnapshotFacts *right = ((const Spot *) b)->snapshot;

  return left->created != right->created ? (left->created < right->created ? -1 : 1)
                                         : g_strcmp0 (left->name, right->name);
}

static void
find_parents (Layout *self)
{
  g_autoptr (GHashTable) by_name = g_hash_table_new (g_str_hash, g_str_equal);
  Spot *here = &self->spots[self->n - 1];

  for (guint i = 0; i + 1 < self->n; i++)
    g_hash_table_insert (by_name, self->spots[i].snapshot->name, GUINT_TO_POINTER (i + 1));

  here->parent = NO_PARENT;
  for (guint i = 0; i + 1 < self->n; i++)
    {
      const StrataSnapshotFacts *snapshot = self->spots[i].snapshot;
      gpointer found =
          snapshot->parent != NULL ? g_hash_table_lookup (by_name, snapshot->parent) : NULL;

      self->spots[i].parent = found != NULL ? GPOINTER_TO_UINT (found) - 1 : NO_PARENT;
      if (snapshot->current)
        here->parent = i;
    }
}

/* START is in a ring: its oldest becomes a root. */
static void
cut_ring (Layout *self, guint start)
{
  guint oldest = start;

  for (guint i = self->spots[start].parent; i != start; i = self->spots[i].parent)
    oldest = MIN (oldest, i);
  self->spots[oldest].parent = NO_PARENT;
}

/* Each walk upwards leaves its own mark, and ends where another one was; where it meets its own there is a ring. */
static void
cut_rings (Layout *self)
{
  for (guint i = 0; i < self->n; i++)
    {
      guint at = i;

      while (at != NO_PARENT && self->spots[at].mark == 0)
        {
          self->spots[at].mark = i + 1;
          at = self->spots[at].parent;
        }
      if (at != NO_PARENT && self->spots[at].mark == i + 1)
        cut_ring (self, at);
    }
}

static void
collect_children (Layout *self)
{
  guint next = 0;

  for (guint i = 0; i < self->n; i++)
    {
      if (self->spots[i].parent == NO_PARENT)
        self->spots[i].parent = self->n;
      self->spots[self->spots[i].parent].n_children++;
    }
  for (guint i = 0; i <= self->n; i++)
    {
      self->spots[i].first = next;
      next += self->spots[i].n_children;
      self->spots[i].n_children = 0;
    }
  /* Oldest first, because the spots are. */
  for (guint i = 0; i < self->n; i++)
    {
      Spot *parent = &self->spots[self->spots[i].parent];

      self->children[parent->first + parent->n_children++] = i;
    }
}

/* The one that leads to where the machine is comes last, or else the youngest, and stays in its parent's lane. */
static void
choose_main (Layout *self)
{
  for (guint at = self->n - 1; at != self->n; at = self->spots[at].parent)
    self->spots[at].active = TRUE;

  for (guint i = 0; i <= self->n; i++)
    {
      guint *children = &self->children[self->spots[i].first];
      guint n = self->spots[i].n_children;

      for (guint c = 0; c + 1 < n; c++)
        {
          guint child = children[c];

          if (!self->spots[child].active)
            continue;
          memmove (&children[c], &children[c + 1], (n - 1 - c) * sizeof *children);
          children[n - 1] = child;
          break;
        }
      if (n > 0)
        self->spots[children[n - 1]].main = TRUE;
    }
}

static void
add_place (Layout *self, GArray *places, guint index)
{
  const Spot *spot = &self->spots[index];
  const StrataSnapshotPlace place = {
    .snapshot = spot->snapshot,
    .lane = spot->lane,
    .level = spot->level,
    .joined = spot->parent != self->n,
    .branch = !spot->main,
    .continues = spot->n_children > 0,
    .active = spot->active,
    .passed = spot->passed,
  };

  g_array_append_val (places, place);
}

static GArray *
walk (Layout *self)
{
  GArray *places = g_array_sized_new (FALSE, FALSE, sizeof (StrataSnapshotPlace), self->n);
  g_autoptr (GArray) stack = g_array_new (FALSE, FALSE, sizeof (guint));
  guint at = self->n;

  g_array_append_val (stack, at);
  while (stack->len > 0)
    {
      const Spot *spot;

      at = g_array_index (stack, guint, stack->len - 1);
      g_array_set_size (stack, stack->len - 1);
      spot = &self->spots[at];
      if (at != self->n)
        add_place (self, places, at);
      for (guint c = spot->n_children; c-- > 0;)
        {
          guint child = self->children[spot->first + c];

          self->spots[child].level = spot->level + 1;
          self->spots[child].passed =
              at != self->n && !self->spots[child].active && (spot->active || spot->passed);
          self->spots[child].lane =
              spot->lane + (at != self->n && !self->spots[child].main ? 1 : 0);
          g_array_append_val (stack, child);
        }
    }

  return places;
}

/* What stands on a row follows it, up to the next that stands no higher. */
static void
count_below (GArray *places)
{
  g_autoptr (GArray) above = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i <= places->len; i++)
    {
      guint level = i < places->len ? g_array_index (places, StrataSnapshotPlace, i).level : 0;

      while (above->len > 0)
        {
          guint last = g_array_index (above, guint, above->len - 1);
          StrataSnapshotPlace *place = &g_array_index (places, StrataSnapshotPlace, last);

          if (place->level < level)
            break;
          place->n_below = i - last - 1;
          g_array_set_size (above, above->len - 1);
        }
      g_array_append_val (above, i);
    }
}

/**
 * strata_snapshot_layout:
 * @facts: a domain
 *
 * Side branches come before what leads to where the machine is, or else to the youngest, so that this runs straight down.
 * All lanes to the left of a row's own pass it by. Any thread.
 *
 * Returns: (transfer full) (element-type StrataSnapshotPlace): the rows; they refer to @facts
 */
GArray *
strata_snapshot_layout (const StrataDomainFacts *facts)
{
  g_autofree Spot *spots = NULL;
  g_autofree guint *children = NULL;
  Layout layout;
  GArray *places;

  g_return_val_if_fail (facts != NULL, NULL);

  layout.n = facts->snapshots->len + 1;
  layout.spots = spots = g_new0 (Spot, layout.n + 1);
  layout.children = children = g_new0 (guint, layout.n);
  for (guint i = 0; i < facts->snapshots->len; i++)
    spots[i].snapshot = g_ptr_array_index (facts->snapshots, i);
  g_sort_array (spots, facts->snapshots->len, sizeof *spots, compare_ages, NULL);

  find_parents (&layout);
  cut_rings (&layout);
  collect_children (&layout);
  choose_main (&layout);
  places = walk (&layout);
  count_below (places);

  return places;
}
