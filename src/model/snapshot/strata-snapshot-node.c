/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSnapshotNode: one row of the tree of snapshots; it stays the same object while its snapshot is there. */

#include "config.h"

#include "strata-snapshot-node.h"

struct _StrataSnapshotNode
{
  GObject parent_instance;

  StrataSnapshotNodeStyle look;
  GObject *picture;
};

enum
{
  CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataSnapshotNode, strata_snapshot_node, G_TYPE_OBJECT)

static gboolean
looks_alike (const StrataSnapshotNodeStyle *a, const StrataSnapshotNodeStyle *b)
{
  return a->kind == b->kind && a->created == b->created && a->bytes == b->bytes &&
         a->lane == b->lane && a->level == b->level && a->n_below == b->n_below &&
         a->joined == b->joined && a->branch == b->branch && a->continues == b->continues &&
         a->active == b->active && a->passed == b->passed && a->current == b->current &&
         a->expanded == b->expanded && g_strcmp0 (a->name, b->name) == 0 &&
         g_strcmp0 (a->parent, b->parent) == 0 && g_strcmp0 (a->description, b->description) == 0;
}

static void
clear_strings (StrataSnapshotNodeStyle *look)
{
  g_clear_pointer (&look->name, g_free);
  g_clear_pointer (&look->description, g_free);
  g_clear_pointer (&look->parent, g_free);
}

static void
strata_snapshot_node_finalize (GObject *object)
{
  StrataSnapshotNode *self = STRATA_SNAPSHOT_NODE (object);

  clear_strings (&self->look);
  g_clear_object (&self->picture);

  G_OBJECT_CLASS (strata_snapshot_node_parent_class)->finalize (object);
}

static void
strata_snapshot_node_class_init (StrataSnapshotNodeClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_snapshot_node_finalize;

  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
}

static void
strata_snapshot_node_init (StrataSnapshotNode *self)
{
  self->look.bytes = -1;
}

StrataSnapshotNode *
strata_snapshot_node_new (void)
{
  return g_object_new (STRATA_TYPE_SNAPSHOT_NODE, NULL);
}

/**
 * strata_snapshot_node_get_style:
 * @self: a node
 *
 * Returns: (transfer none): what it looks like now
 */
const StrataSnapshotNodeStyle *
strata_snapshot_node_get_style (StrataSnapshotNode *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_NODE (self), NULL);

  return &self->look;
}

/**
 * strata_snapshot_node_set_style:
 * @self: a node
 * @look: what it looks like from now on; it is copied
 *
 * Emits "changed" if that is something new.
 */
void
strata_snapshot_node_set_style (StrataSnapshotNode *self, const StrataSnapshotNodeStyle *look)
{
  StrataSnapshotNodeStyle old;

  g_return_if_fail (STRATA_IS_SNAPSHOT_NODE (self));

  if (looks_alike (&self->look, look))
    return;

  old = self->look;
  self->look = *look;
  self->look.name = g_strdup (look->name);
  self->look.description = g_strdup (look->description);
  self->look.parent = g_strdup (look->parent);
  clear_strings (&old);
  g_signal_emit (self, signals[CHANGED], 0);
}

GObject *
strata_snapshot_node_get_picture (StrataSnapshotNode *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_NODE (self), NULL);

  return self->picture;
}

/**
 * strata_snapshot_node_set_picture:
 * @self: a node
 * @picture: (nullable): what shows the screen as it was then; the model does not look into it
 *
 * Emits "changed" if that is something new.
 */
void
strata_snapshot_node_set_picture (StrataSnapshotNode *self, GObject *picture)
{
  g_return_if_fail (STRATA_IS_SNAPSHOT_NODE (self));

  if (g_set_object (&self->picture, picture))
    g_signal_emit (self, signals[CHANGED], 0);
}

const char *
strata_snapshot_node_get_name (StrataSnapshotNode *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_NODE (self), NULL);

  return self->look.name;
}

gboolean
strata_snapshot_node_is_snapshot (StrataSnapshotNode *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_NODE (self), FALSE);

  return self->look.kind != STRATA_SNAPSHOT_NODE_RETAINED &&
         self->look.kind != STRATA_SNAPSHOT_NODE_HERE;
}

/**
 * strata_snapshot_node_is_expandable:
 * @self: a node
 *
 * Returns: whether a side branch begins with it, of which more than itself can be hidden
 */
gboolean
strata_snapshot_node_is_expandable (StrataSnapshotNode *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_NODE (self), FALSE);

  return self->look.branch && self->look.n_below > 0;
}
