/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSnapshotTree: the snapshots of a machine as rows.
 *
 * Nodes are kept by name, and rows that stay in their order are not touched when others come or go, so that a list keeps its
 * selection, its focus and its place.
 */

#include "config.h"

#include "strata-list-diff.h"
#include "strata-snapshot-tree.h"

struct _StrataSnapshotTree
{
  GObject parent_instance;

  char *uuid;            /* of the machine */
  GPtrArray *nodes;      /* StrataSnapshotNode, in their order, hidden ones too */
  GHashTable *by_name;   /* name -> StrataSnapshotNode, owned by nodes */
  GHashTable *collapsed; /* names */
  StrataSnapshotNode *here;
  GListStore *rows;
  guint n_snapshots;
};

static void strata_snapshot_tree_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataSnapshotTree,
                               strata_snapshot_tree,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      strata_snapshot_tree_model_init))

static StrataSnapshotNodeKind
get_kind (const StrataSnapshotFacts *snapshot)
{
  if (snapshot == NULL)
    return STRATA_SNAPSHOT_NODE_HERE;
  if (snapshot->retained)
    return STRATA_SNAPSHOT_NODE_RETAINED;
  if (snapshot->memory == STRATA_SNAPSHOT_INTERNAL ||
      strata_snapshot_facts_has (snapshot, STRATA_SNAPSHOT_INTERNAL))
    return STRATA_SNAPSHOT_NODE_INTERNAL;

  return snapshot->memory == STRATA_SNAPSHOT_EXTERNAL ? STRATA_SNAPSHOT_NODE_MEMORY
                                                      : STRATA_SNAPSHOT_NODE_DISK;
}

static gboolean
add_image (StrataGraph *graph, const char *path, gint64 *bytes)
{
  const StrataImage *image = strata_graph_get_image (graph, path);

  if (image == NULL || image->missing)
    return FALSE;

  *bytes += (gint64) image->allocation;

  return TRUE;
}

/* What the layers frozen by SNAPSHOT and its memory take on disk, or -1 where the graph doesn't show every one of them. An internal
 * snapshot shares its image with what was written later, so its own part of it is not known. */
static gint64
get_bytes_held (const StrataSnapshotFacts *snapshot, StrataGraph *graph)
{
  gint64 bytes = 0;
  guint n = 0;

  if (graph == NULL || snapshot->memory == STRATA_SNAPSHOT_INTERNAL)
    return -1;

  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->location == STRATA_SNAPSHOT_NONE)
        continue;
      if (disk->location == STRATA_SNAPSHOT_INTERNAL || !add_image (graph, disk->image, &bytes))
        return -1;
      n++;
    }
  if (snapshot->memory == STRATA_SNAPSHOT_EXTERNAL &&
      !add_image (graph, snapshot->memory_file, &bytes))
    return -1;

  return n > 0 ? bytes : -1;
}

/* What was written since the snapshot on which the machine stands, or -1: known where each disk runs on an overlay that stands
 * directly on what that froze, and which holds no internal snapshot. */
static gint64
get_bytes_since (const StrataDomainFacts *facts, StrataGraph *graph)
{
  const StrataSnapshotFacts *current;
  gint64 bytes = 0;
  guint n = 0;

  current = strata_domain_facts_get_current (facts);
  if (graph == NULL || current == NULL)
    return -1;

  for (guint i = 0; i < current->disks->len; i++)
    {
      const StrataSnapshotDisk *frozen = g_ptr_array_index (current->disks, i);
      const StrataDiskXml *disk = strata_disk_xml_find (facts->disks, frozen->target);
      const StrataImage *top = disk != NULL ? strata_graph_get_image (graph, disk->source) : NULL;

      if (frozen->location == STRATA_SNAPSHOT_NONE)
        continue;
      if (frozen->location == STRATA_SNAPSHOT_INTERNAL || top == NULL || top->missing ||
          g_strcmp0 (top->backing_path, frozen->image) != 0 || top->tags_unknown ||
          (top->tags != NULL && top->tags[0] != NULL))
        return -1;
      bytes += (gint64) top->allocation;
      n++;
    }

  return n > 0 ? bytes : -1;
}

static void
set_look (StrataSnapshotTree *self,
          StrataSnapshotNode *node,
          const StrataSnapshotPlace *place,
          const StrataDomainFacts *facts,
          StrataGraph *graph)
{
  const StrataSnapshotFacts *snapshot = place->snapshot;
  const StrataSnapshotFacts *current =
      snapshot == NULL ? strata_domain_facts_get_current (facts) : NULL;
  gboolean expandable = place->branch && place->n_below > 0;
  StrataSnapshotNodeStyle look = {
    .kind = get_kind (snapshot),
    .name = snapshot != NULL ? snapshot->name : NULL,
    .description = snapshot != NULL ? snapshot->description : NULL,
    .parent = snapshot != NULL  ? snapshot->parent
              : current != NULL ? current->name
                                : NULL,
    .created = snapshot != NULL ? snapshot->created : 0,
    .bytes = snapshot != NULL ? get_bytes_held (snapshot, graph) : get_bytes_since (facts, graph),
    .lane = place->lane,
    .level = place->level,
    .n_below = place->n_below,
    .joined = place->joined,
    .branch = place->branch,
    .continues = place->continues,
    .active = place->active,
    .passed = place->passed,
    .current = snapshot != NULL && snapshot->current,
    .expanded = !expandable || !g_hash_table_contains (self->collapsed, snapshot->name),
  };

  strata_snapshot_node_set_style (node, &look);
}

static void
forward_cb (StrataSnapshotTree *self, guint position, guint removed, guint added, GListModel *rows)
{
  g_list_model_items_changed (G_LIST_MODEL (self), position, removed, added);
}

static GType
get_item_type (GListModel *model)
{
  return STRATA_TYPE_SNAPSHOT_NODE;
}

static guint
get_n_items (GListModel *model)
{
  return g_list_model_get_n_items (G_LIST_MODEL (STRATA_SNAPSHOT_TREE (model)->rows));
}

static gpointer
get_item (GListModel *model, guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (STRATA_SNAPSHOT_TREE (model)->rows), position);
}

/* The rows become those of the nodes that no collapsed branch hides. */
static void
update_rows (StrataSnapshotTree *self)
{
  g_autoptr (GPtrArray) visible = g_ptr_array_new ();

  for (guint i = 0; i < self->nodes->len; i++)
    {
      StrataSnapshotNode *node = g_ptr_array_index (self->nodes, i);
      const StrataSnapshotNodeStyle *look = strata_snapshot_node_get_style (node);

      g_ptr_array_add (visible, node);
      if (!look->expanded)
        i += look->n_below;
    }

  strata_list_diff_apply (self->rows, visible);
}

static void
forget (StrataSnapshotTree *self)
{
  g_hash_table_remove_all (self->by_name);
  g_hash_table_remove_all (self->collapsed);
  g_ptr_array_set_size (self->nodes, 0);
  g_clear_object (&self->here);
  g_list_store_remove_all (self->rows);
  self->n_snapshots = 0;
}

static StrataSnapshotNode *
ensure_node (StrataSnapshotTree *self, const char *name)
{
  StrataSnapshotNode *node = strata_snapshot_tree_find (self, name);

  if (node != NULL)
    return g_object_ref (node);

  node = strata_snapshot_node_new ();
  if (name == NULL)
    self->here = g_object_ref (node);

  return node;
}

static void
strata_snapshot_tree_dispose (GObject *object)
{
  StrataSnapshotTree *self = STRATA_SNAPSHOT_TREE (object);

  g_clear_pointer (&self->by_name, g_hash_table_unref);
  g_clear_pointer (&self->collapsed, g_hash_table_unref);
  g_clear_pointer (&self->nodes, g_ptr_array_unref);
  g_clear_object (&self->here);
  g_clear_object (&self->rows);
  g_clear_pointer (&self->uuid, g_free);

  G_OBJECT_CLASS (strata_snapshot_tree_parent_class)->dispose (object);
}

static void
strata_snapshot_tree_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
strata_snapshot_tree_class_init (StrataSnapshotTreeClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = strata_snapshot_tree_dispose;
}

static void
strata_snapshot_tree_init (StrataSnapshotTree *self)
{
  self->nodes = g_ptr_array_new_with_free_func (g_object_unref);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  self->collapsed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->rows = g_list_store_new (STRATA_TYPE_SNAPSHOT_NODE);
  g_signal_connect_object (self->rows, "items-changed", G_CALLBACK (forward_cb), self,
                           G_CONNECT_SWAPPED);
}

StrataSnapshotTree *
strata_snapshot_tree_new (void)
{
  return g_object_new (STRATA_TYPE_SNAPSHOT_TREE, NULL);
}

/**
 * strata_snapshot_tree_update:
 * @self: a tree
 * @facts: (nullable): what is known of the machine now; of another machine, everything begins anew
 * @graph: (nullable): the host's images, which tell the bytes
 */
void
strata_snapshot_tree_update (StrataSnapshotTree *self, StrataDomainFacts *facts, StrataGraph *graph)
{
  g_autoptr (GPtrArray) old = NULL;
  g_autoptr (GArray) places = NULL;

  g_return_if_fail (STRATA_IS_SNAPSHOT_TREE (self));

  if (g_set_str (&self->uuid, facts != NULL ? facts->uuid : NULL))
    forget (self);
  if (facts == NULL)
    return;

  places = strata_snapshot_layout (facts);
  old = g_steal_pointer (&self->nodes);
  self->nodes = g_ptr_array_new_full (places->len, g_object_unref);
  self->n_snapshots = 0;
  for (guint i = 0; i < places->len; i++)
    {
      const StrataSnapshotPlace *place = &g_array_index (places, StrataSnapshotPlace, i);
      const char *name = place->snapshot != NULL ? place->snapshot->name : NULL;

      g_ptr_array_add (self->nodes, ensure_node (self, name));
      self->n_snapshots += place->snapshot != NULL && !place->snapshot->retained;
    }

  /* The names in the table are the nodes' own, which a new look replaces. */
  g_hash_table_remove_all (self->by_name);
  for (guint i = 0; i < places->len; i++)
    {
      StrataSnapshotNode *node = g_ptr_array_index (self->nodes, i);

      set_look (self, node, &g_array_index (places, StrataSnapshotPlace, i), facts, graph);
      if (node != self->here)
        g_hash_table_insert (self->by_name, (char *) strata_snapshot_node_get_name (node), node);
    }
  update_rows (self);
}

guint
strata_snapshot_tree_get_n_snapshots (StrataSnapshotTree *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_TREE (self), 0);

  return self->n_snapshots;
}

/**
 * strata_snapshot_tree_find:
 * @self: a tree
 * @name: (nullable): a snapshot's name, or %NULL for the machine itself
 *
 * Returns: (transfer none) (nullable): its node, though it may be hidden
 */
StrataSnapshotNode *
strata_snapshot_tree_find (StrataSnapshotTree *self, const char *name)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_TREE (self), NULL);

  return name != NULL ? g_hash_table_lookup (self->by_name, name) : self->here;
}

guint
strata_snapshot_tree_get_position (StrataSnapshotTree *self, StrataSnapshotNode *node)
{
  guint position;

  g_return_val_if_fail (STRATA_IS_SNAPSHOT_TREE (self), G_MAXUINT);

  return g_list_store_find (self->rows, node, &position) ? position : G_MAXUINT;
}

/**
 * strata_snapshot_tree_get_outer:
 * @self: a tree
 * @node: a row of it
 *
 * Returns: (transfer none) (nullable): the first of @node's branch, or, where it is that, what the branch stands on
 */
StrataSnapshotNode *
strata_snapshot_tree_get_outer (StrataSnapshotTree *self, StrataSnapshotNode *node)
{
  const StrataSnapshotNodeStyle *look = strata_snapshot_node_get_style (node);
  guint position;

  g_return_val_if_fail (STRATA_IS_SNAPSHOT_TREE (self), NULL);

  if (look->branch || look->lane == 0)
    return look->joined ? strata_snapshot_tree_find (self, look->parent) : NULL;

  position = strata_snapshot_tree_get_position (self, node);
  while (position != G_MAXUINT && position-- > 0)
    {
      g_autoptr (StrataSnapshotNode) above =
          g_list_model_get_item (G_LIST_MODEL (self->rows), position);
      const StrataSnapshotNodeStyle *other = strata_snapshot_node_get_style (above);

      if (other->lane == look->lane && other->branch)
        return above;
    }

  return NULL;
}

/**
 * strata_snapshot_tree_set_expanded:
 * @self: a tree
 * @node: a node of it, with which a side branch begins
 * @expanded: whether to show the rest of the branch
 */
void
strata_snapshot_tree_set_expanded (StrataSnapshotTree *self,
                                   StrataSnapshotNode *node,
                                   gboolean expanded)
{
  StrataSnapshotNodeStyle look;

  g_return_if_fail (STRATA_IS_SNAPSHOT_TREE (self));
  g_return_if_fail (strata_snapshot_node_is_expandable (node));

  look = *strata_snapshot_node_get_style (node);
  if (look.expanded == expanded)
    return;

  if (expanded)
    g_hash_table_remove (self->collapsed, look.name);
  else
    g_hash_table_add (self->collapsed, g_strdup (look.name));
  look.expanded = expanded;
  g_hash_table_steal (self->by_name, look.name);
  strata_snapshot_node_set_style (node, &look);
  g_hash_table_insert (self->by_name, (char *) strata_snapshot_node_get_name (node), node);
  update_rows (self);
}
