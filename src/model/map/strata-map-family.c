/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Families of a map: what is linked, and in which column each of it belongs. */

#include "config.h"

#include "strata-map-family.h"

typedef struct
{
  StrataMap *map;
  int *columns;      /* for each node */
  guint *roots;      /* for each node, one of its family: a forest of who was joined to whom */
  guint8 *visiting;  /* 1: on the way up from here; 2: known */
  GPtrArray *inward; /* for each node, GArray of links that end there */
} Sorting;

static gboolean
is_drawn (const StrataMapLink *link)
{
  return link->kind != STRATA_MAP_LINK_MEDIUM;
}

static guint
find_root (Sorting *self, guint node)
{
  while (self->roots[node] != node)
    {
      self->roots[node] = self->roots[self->roots[node]];
      node = self->roots[node];
    }

  return node;
}

static const StrataMapLink *
get_link (StrataMap *map, guint link)
{
  return &g_array_index (map->links, StrataMapLink, link);
}

/* How many images are below NODE, or how many the deepest of its disks is made of. A template is told by its images, later. */
static int
find_column (Sorting *self, guint node)
{
  GArray *inward = g_ptr_array_index (self->inward, node);
  int column = 0;

  if (self->visiting[node] != 0)
    return self->columns[node];

  self->visiting[node] = 1;
  for (guint i = 0; i < inward->len; i++)
    {
      const StrataMapLink *link = get_link (self->map, g_array_index (inward, guint, i));

      /* A chain that loops is cut where it was entered. */
      if (link->kind != STRATA_MAP_LINK_TEMPLATE && self->visiting[link->from] != 1)
        column = MAX (column, find_column (self, link->from) + 1);
    }
  self->columns[node] = column;
  self->visiting[node] = 2;

  return column;
}

static void
join_families (Sorting *self)
{
  for (guint i = 0; i < self->map->links->len; i++)
    {
      const StrataMapLink *link = get_link (self->map, i);

      if (!is_drawn (link))
        continue;
      g_array_append_val (g_ptr_array_index (self->inward, link->to), i);
      self->roots[find_root (self, link->to)] = find_root (self, link->from);
    }
}

static void
place_templates (Sorting *self)
{
  g_autofree gboolean *placed = g_new0 (gboolean, self->map->nodes->len);

  for (guint i = 0; i < self->map->links->len; i++)
    {
      const StrataMapLink *link = get_link (self->map, i);
      int column;

      if (link->kind != STRATA_MAP_LINK_TEMPLATE)
        continue;
      column = self->columns[link->to] - 1;
      if (!placed[link->from] || column < self->columns[link->from])
        self->columns[link->from] = column;
      placed[link->from] = TRUE;
    }
}

static void
slot_free (gpointer data)
{
  StrataMapSlot *self = data;

  g_array_unref (self->left);
  g_array_unref (self->right);
  g_free (self);
}

static void
way_free (gpointer data)
{
  StrataMapWay *self = data;

  g_array_unref (self->slots);
  g_free (self);
}

static void
family_free (gpointer data)
{
  StrataMapFamily *self = data;

  g_array_unref (self->nodes);
  g_ptr_array_unref (self->slots);
  g_ptr_array_unref (self->columns);
  g_ptr_array_unref (self->ways);
  g_free (self);
}

static StrataMapFamily *
family_new (StrataMap *map)
{
  StrataMapFamily *self = g_new0 (StrataMapFamily, 1);

  self->map = map;
  self->nodes = g_array_new (FALSE, FALSE, sizeof (guint));
  self->slots = g_ptr_array_new_with_free_func (slot_free);
  self->columns = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  self->ways = g_ptr_array_new_with_free_func (way_free);

  return self;
}

static guint
add_slot (StrataMapFamily *self, guint node, guint column)
{
  StrataMapSlot *slot = g_new0 (StrataMapSlot, 1);

  slot->node = node;
  slot->column = column;
  slot->left = g_array_new (FALSE, FALSE, sizeof (guint));
  slot->right = g_array_new (FALSE, FALSE, sizeof (guint));
  g_ptr_array_add (self->slots, slot);
  self->n_columns = MAX (self->n_columns, column + 1);

  return self->slots->len - 1;
}

static void
join_slots (StrataMapFamily *self, guint left, guint right)
{
  g_array_append_val (strata_map_family_get_slot (self, left)->right, right);
  g_array_append_val (strata_map_family_get_slot (self, right)->left, left);
}

/* A long link has a place of its own in each column that it passes, so that it runs between the nodes there. */
static void
add_way (StrataMapFamily *self, guint link, guint from, guint to)
{
  StrataMapWay *way = g_new0 (StrataMapWay, 1);
  guint last = strata_map_family_get_slot (self, to)->column;
  guint current = from;

  way->link = link;
  way->slots = g_array_new (FALSE, FALSE, sizeof (guint));
  g_array_append_val (way->slots, from);
  for (guint i = strata_map_family_get_slot (self, from)->column + 1; i < last; i++)
    {
      guint next = add_slot (self, STRATA_MAP_NONE, i);

      join_slots (self, current, next);
      g_array_append_val (way->slots, next);
      current = next;
    }
  join_slots (self, current, to);
  g_array_append_val (way->slots, to);
  g_ptr_array_add (self->ways, way);
}

/* Families by their first nodes, which are by name. */
static GPtrArray *
collect_families (Sorting *self)
{
  GPtrArray *families = g_ptr_array_new_with_free_func (family_free);
  g_autoptr (GHashTable) known = g_hash_table_new (g_direct_hash, g_direct_equal);

  for (guint i = 0; i < self->map->nodes->len; i++)
    {
      gpointer root = GUINT_TO_POINTER (find_root (self, i));
      StrataMapFamily *family = g_hash_table_lookup (known, root);

      if (family == NULL)
        {
          family = family_new (self->map);
          g_ptr_array_add (families, family);
          g_hash_table_insert (known, root, family);
        }
      g_array_append_val (family->nodes, i);
    }

  return families;
}

static void
fill_family (Sorting *self, StrataMapFamily *family, guint *slots)
{
  int leftmost = G_MAXINT;

  for (guint i = 0; i < family->nodes->len; i++)
    leftmost = MIN (leftmost, self->columns[strata_map_slot_at (family->nodes, i)]);

  for (guint i = 0; i < family->nodes->len; i++)
    {
      guint node = strata_map_slot_at (family->nodes, i);

      slots[node] = add_slot (family, node, (guint) (self->columns[node] - leftmost));
    }
  for (guint i = 0; i < family->nodes->len; i++)
    {
      guint node = strata_map_slot_at (family->nodes, i);
      GArray *inward = g_ptr_array_index (self->inward, node);

      for (guint j = 0; j < inward->len; j++)
        {
          guint index = strata_map_slot_at (inward, j);
          const StrataMapLink *link = get_link (self->map, index);

          if (self->columns[link->from] < self->columns[link->to])
            add_way (family, index, slots[link->from], slots[link->to]);
        }
    }
}

/* 0: who has a template, 1: others, 2: a thing alone, 3: a thing alone that no machine needs */
static guint
get_group (const StrataMapFamily *family)
{
  for (guint i = 0; i < family->nodes->len; i++)
    {
      if (strata_map_get_node (family->map, strata_map_slot_at (family->nodes, i))->kind ==
          STRATA_MAP_TEMPLATE)
        return 0;
    }
  if (family->nodes->len > 1)
    return 1;

  return strata_map_get_node (family->map, strata_map_slot_at (family->nodes, 0))->free ? 3 : 2;
}

static int
compare_families (gconstpointer a, gconstpointer b)
{
  const StrataMapFamily *one = a;
  const StrataMapFamily *other = b;
  guint groups[] = { get_group (one), get_group (other) };

  if (groups[0] != groups[1])
    return groups[0] < groups[1] ? -1 : 1;

  return strata_map_slot_at (one->nodes, 0) < strata_map_slot_at (other->nodes, 0) ? -1 : 1;
}

/**
 * strata_map_families_new:
 * @map: a map
 *
 * Returns: (transfer full) (element-type StrataMapFamily): its families, with each node in its column
 */
GPtrArray *
strata_map_families_new (StrataMap *map)
{
  guint n = strata_map_get_n_nodes (map);
  g_autofree int *columns = g_new0 (int, n);
  g_autofree guint *roots = g_new0 (guint, n);
  g_autofree guint8 *visiting = g_new0 (guint8, n);
  g_autofree guint *slots = g_new0 (guint, n);
  g_autoptr (GPtrArray) inward = g_ptr_array_new_full (n, (GDestroyNotify) g_array_unref);
  Sorting sorting = { map, columns, roots, visiting, inward };
  GPtrArray *families;

  for (guint i = 0; i < n; i++)
    {
      roots[i] = i;
      g_ptr_array_add (inward, g_array_new (FALSE, FALSE, sizeof (guint)));
    }
  join_families (&sorting);
  for (guint i = 0; i < n; i++)
    find_column (&sorting, i);
  place_templates (&sorting);

  families = collect_families (&sorting);
  for (guint i = 0; i < families->len; i++)
    fill_family (&sorting, g_ptr_array_index (families, i), slots);
  g_ptr_array_sort_values (families, compare_families);

  return families;
}
