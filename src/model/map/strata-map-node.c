/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is on a map: nodes, and the marks of snapshots at them. */

#include "config.h"

#include "strata-map-private.h"

/**
 * strata_map_mark_new:
 * @domain: whose snapshot it is
 * @snapshot: the snapshot
 * @location: whether it is inside an image or in files of its own
 *
 * Returns: (transfer full): a mark for the image or the memory that keeps it
 */
StrataMapMark *
strata_map_mark_new (const StrataDomainFacts *domain,
                     const StrataSnapshotFacts *snapshot,
                     StrataSnapshotLocation location)
{
  StrataMapMark *self = g_new0 (StrataMapMark, 1);

  self->machine = g_strdup (domain->name);
  self->uuid = g_strdup (domain->uuid);
  self->snapshot = g_strdup (snapshot->name);
  self->internal = location == STRATA_SNAPSHOT_INTERNAL;
  self->retained = snapshot->retained;

  return self;
}

static void
mark_free (gpointer data)
{
  StrataMapMark *self = data;

  g_free (self->machine);
  g_free (self->uuid);
  g_free (self->snapshot);
  g_free (self);
}

/**
 * strata_map_node_free:
 * @data: (transfer full): a node
 *
 * A #GDestroyNotify.
 */
void
strata_map_node_free (gpointer data)
{
  StrataMapNode *self = data;

  g_free (self->id);
  g_free (self->name);
  g_free (self->uuid);
  g_free (self->format);
  g_free (self->pool);
  g_free (self->problem);
  g_strfreev (self->tags);
  g_ptr_array_unref (self->marks);
  g_array_unref (self->below);
  g_array_unref (self->above);
  g_free (self);
}

/**
 * strata_map_add_node:
 * @self: a map
 * @kind: what it is
 * @id: the same for the same thing in every map
 * @name: what people call it
 *
 * Returns: (transfer none): the node, which there was none of with that @id
 */
StrataMapNode *
strata_map_add_node (StrataMap *self, StrataMapKind kind, const char *id, const char *name)
{
  StrataMapNode *node = g_new0 (StrataMapNode, 1);

  node->kind = kind;
  node->id = g_strdup (id);
  node->name = g_strdup (name);
  node->marks = g_ptr_array_new_with_free_func (mark_free);
  node->below = g_array_new (FALSE, FALSE, sizeof (guint));
  node->above = g_array_new (FALSE, FALSE, sizeof (guint));
  g_hash_table_insert (self->by_id, node->id, GUINT_TO_POINTER (self->nodes->len));
  g_ptr_array_add (self->nodes, node);

  return node;
}
