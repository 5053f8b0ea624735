/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSnapshotList: the rows of the tree, chosen, moved, hidden and shown by pointer and by key. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-snapshot-drag.h"
#include "strata-snapshot-list.h"

struct _StrataSnapshotList
{
  AdwBin parent_instance;

  StrataSnapshotTree *tree;
  StrataSnapshotDrag *drag;
  StrataSnapshotNode
      *selected; /* (nullable): the selection's, kept to see where it was when it goes */

  GtkScrolledWindow *scroller;
  GtkListView *list_view;
  GtkSingleSelection *selection;
};

typedef enum
{
  PROP_SELECTED = 1,
  N_PROPS,
} StrataSnapshotListProperty;

enum
{
  ACTIVATED,
  REVERTED,
  MENU_REQUESTED,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataSnapshotList, strata_snapshot_list, ADW_TYPE_BIN)

static void
row_changed_cb (GtkListItem *item, StrataSnapshotRow *row)
{
  strata_snapshot_row_describe (row, item);
}

/* The focus goes along if it is in the list, and is not taken from elsewhere. */
static void
select_node (StrataSnapshotList *self, StrataSnapshotNode *node)
{
  strata_snapshot_list_select (self, node, strata_snapshot_list_has_focus (self));
}

static void
toggle (StrataSnapshotList *self, StrataSnapshotNode *node)
{
  /* What is selected must not be hidden. */
  select_node (self, node);
  strata_snapshot_tree_set_expanded (self->tree, node,
                                     !strata_snapshot_node_get_style (node)->expanded);
}

static void
row_toggled_cb (StrataSnapshotList *self, StrataSnapshotRow *row)
{
  toggle (self, strata_snapshot_row_get_node (row));
}

static void
setup_cb (StrataSnapshotList *self, GtkListItem *item)
{
  GtkWidget *row = strata_snapshot_row_new ();

  gtk_list_item_set_child (item, row);
  g_signal_connect_object (row, "toggled", G_CALLBACK (row_toggled_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (row, "changed", G_CALLBACK (row_changed_cb), item, G_CONNECT_SWAPPED);
  strata_snapshot_drag_attach (self->drag, STRATA_SNAPSHOT_ROW (row));
}

static void
bind_cb (StrataSnapshotList *self, GtkListItem *item)
{
  StrataSnapshotRow *row = STRATA_SNAPSHOT_ROW (gtk_list_item_get_child (item));

  strata_snapshot_row_set_node (row, gtk_list_item_get_item (item));
  strata_snapshot_drag_refresh (self->drag, row);
  strata_snapshot_row_describe (row, item);
}

static void
unbind_cb (StrataSnapshotList *self, GtkListItem *item)
{
  strata_snapshot_row_set_node (STRATA_SNAPSHOT_ROW (gtk_list_item_get_child (item)), NULL);
}

static void
selection_changed_cb (StrataSnapshotList *self)
{
  StrataSnapshotNode *node = gtk_single_selection_get_selected_item (self->selection);

  if (!g_set_object (&self->selected, node))
    return;

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SELECTED]);
  if (node != NULL && strata_snapshot_drag_is_active (self->drag))
    strata_snapshot_drag_hover (self->drag, node);
}

static void
row_activated_cb (StrataSnapshotList *self, guint position)
{
  g_autoptr (StrataSnapshotNode) node = g_list_model_get_item (G_LIST_MODEL (self->tree), position);

  if (strata_snapshot_drag_is_active (self->drag))
    strata_snapshot_drag_drop (self->drag, node);
  else
    g_signal_emit (self, signals[ACTIVATED], 0, node);
}

/* The press has given it the focus already, and keys do to what is selected. */
static void
taken_cb (StrataSnapshotList *self, StrataSnapshotNode *node)
{
  select_node (self, node);
}

static void
dropped_cb (StrataSnapshotList *self, StrataSnapshotNode *node)
{
  g_signal_emit (self, signals[REVERTED], 0, node);
}

/* POINT is in the list. */
static void
request_menu (StrataSnapshotList *self, const GdkRectangle *at)
{
  graphene_point_t point;

  if (self->selected == NULL ||
      !gtk_widget_compute_point (GTK_WIDGET (self->list_view), GTK_WIDGET (self),
                                 &GRAPHENE_POINT_INIT ((float) at->x, (float) at->y), &point))
    return;

  g_signal_emit (self, signals[MENU_REQUESTED], 0,
                 &(GdkRectangle) { (int) point.x, (int) point.y, at->width, at->height });
}

static void
menu_pressed_cb (StrataSnapshotList *self, double x, double y)
{
  GtkWidget *picked = gtk_widget_pick (GTK_WIDGET (self->list_view), x, y, GTK_PICK_DEFAULT);
  GtkWidget *row =
      picked != NULL ? gtk_widget_get_ancestor (picked, STRATA_TYPE_SNAPSHOT_ROW) : NULL;

  if (row == NULL)
    return;

  select_node (self, strata_snapshot_row_get_node (STRATA_SNAPSHOT_ROW (row)));
  request_menu (self, &(GdkRectangle) { (int) x, (int) y, 1, 1 });
}

static void
secondary_pressed_cb (StrataSnapshotList *self, int n_press, double x, double y)
{
  menu_pressed_cb (self, x, y);
}

/* Below the row that has the focus. */
static void
request_menu_by_key (StrataSnapshotList *self)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self)));
  graphene_rect_t bounds;

  if (focus == NULL || !gtk_widget_is_ancestor (focus, GTK_WIDGET (self->list_view)) ||
      !gtk_widget_compute_bounds (focus, GTK_WIDGET (self->list_view), &bounds))
    return;

  request_menu (self, &(GdkRectangle) { (int) (bounds.origin.x + bounds.size.width / 2),
                                        (int) (bounds.origin.y + bounds.size.height / 2), 1, 1 });
}

/* INWARDS: into the branch, otherwise out of it. */
static void
go_sideways (StrataSnapshotList *self, gboolean inwards)
{
  StrataSnapshotNode *node = self->selected;
  StrataSnapshotNode *outer;
  gboolean expanded;

  if (node == NULL)
    return;

  expanded = strata_snapshot_node_get_style (node)->expanded;
  if (strata_snapshot_node_is_expandable (node) && expanded != inwards)
    toggle (self, node);
  else if (!inwards && (outer = strata_snapshot_tree_get_outer (self->tree, node)) != NULL)
    select_node (self, outer);
}

static gboolean
key_pressed_cb (StrataSnapshotList *self, guint key, guint code, GdkModifierType state)
{
  gboolean rtl = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  gboolean shift = (state & GDK_SHIFT_MASK) != 0;

  if ((state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) != 0)
    return GDK_EVENT_PROPAGATE;

  if (key == GDK_KEY_Menu || (key == GDK_KEY_F10 && shift))
    request_menu_by_key (self);
  else if (key == GDK_KEY_Left || key == GDK_KEY_KP_Left)
    go_sideways (self, rtl);
  else if (key == GDK_KEY_Right || key == GDK_KEY_KP_Right)
    go_sideways (self, !rtl);
  else if (key == GDK_KEY_Escape && strata_snapshot_drag_is_active (self->drag))
    strata_snapshot_drag_end (self->drag);
  else
    return GDK_EVENT_PROPAGATE;

  return GDK_EVENT_STOP;
}

/* When a menu over the rows closes, the window gives the focus to what the menu is in, which is this, and where that doesn't
 * take it nowhere: then no key does anything any more.
 */
static gboolean
strata_snapshot_list_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (STRATA_SNAPSHOT_LIST (widget)->list_view));
}

static void
strata_snapshot_list_dispose (GObject *object)
{
  StrataSnapshotList *self = STRATA_SNAPSHOT_LIST (object);

  /* The template's child goes with the template, so it has to go before. */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_SNAPSHOT_LIST);
  g_clear_object (&self->drag);
  g_clear_object (&self->tree);
  g_clear_object (&self->selected);

  G_OBJECT_CLASS (strata_snapshot_list_parent_class)->dispose (object);
}

static void
strata_snapshot_list_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch ((StrataSnapshotListProperty) prop_id)
    {
    case PROP_SELECTED:
      g_value_set_object (value, STRATA_SNAPSHOT_LIST (object)->selected);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
add_signals (GType type)
{
  signals[ACTIVATED] = g_signal_new ("activated", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                     G_TYPE_NONE, 1, STRATA_TYPE_SNAPSHOT_NODE);
  signals[REVERTED] = g_signal_new ("reverted", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 1, STRATA_TYPE_SNAPSHOT_NODE);
  signals[MENU_REQUESTED] =
      g_signal_new ("menu-requested", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                    GDK_TYPE_RECTANGLE | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
strata_snapshot_list_class_init (StrataSnapshotListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_snapshot_list_dispose;
  object_class->get_property = strata_snapshot_list_get_property;
  widget_class->grab_focus = strata_snapshot_list_grab_focus;

  properties[PROP_SELECTED] = g_param_spec_object (
      "selected", NULL, NULL, STRATA_TYPE_SNAPSHOT_NODE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  add_signals (G_TYPE_FROM_CLASS (klass));

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/stratavm/Strata/strata-snapshot-list.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotList, scroller);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotList, list_view);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotList, selection);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, selection_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, setup_cb);
  gtk_widget_class_bind_template_callback (widget_class, bind_cb);
  gtk_widget_class_bind_template_callback (widget_class, unbind_cb);
  gtk_widget_class_bind_template_callback (widget_class, secondary_pressed_cb);
  gtk_widget_class_bind_template_callback (widget_class, menu_pressed_cb);
  gtk_widget_class_bind_template_callback (widget_class, key_pressed_cb);
}

static void
strata_snapshot_list_init (StrataSnapshotList *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * strata_snapshot_list_set_tree:
 * @self: a list that has none yet
 * @tree: what it shows
 * @feasibility: whom to ask where "you are here" can go
 */
void
strata_snapshot_list_set_tree (StrataSnapshotList *self,
                               StrataSnapshotTree *tree,
                               StrataSnapshotFeasibility *feasibility)
{
  g_return_if_fail (STRATA_IS_SNAPSHOT_LIST (self));
  g_return_if_fail (self->tree == NULL);

  self->tree = g_object_ref (tree);
  self->drag = strata_snapshot_drag_new (self->scroller, feasibility);
  g_signal_connect_object (self->drag, "taken", G_CALLBACK (taken_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->drag, "dropped", G_CALLBACK (dropped_cb), self, G_CONNECT_SWAPPED);
  gtk_single_selection_set_model (self->selection, G_LIST_MODEL (tree));
}

/**
 * strata_snapshot_list_get_selected:
 * @self: a list
 *
 * Returns: (transfer none) (nullable): what is selected
 */
StrataSnapshotNode *
strata_snapshot_list_get_selected (StrataSnapshotList *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_LIST (self), NULL);

  return self->selected;
}

gboolean
strata_snapshot_list_has_focus (StrataSnapshotList *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;

  return focus != NULL && gtk_widget_is_ancestor (focus, GTK_WIDGET (self));
}

/**
 * strata_snapshot_list_select:
 * @self: a list
 * @node: (nullable): a node of its tree
 * @focus: whether the keys shall go to it
 *
 * Selects @node and shows it, unless a collapsed branch hides it.
 */
void
strata_snapshot_list_select (StrataSnapshotList *self, StrataSnapshotNode *node, gboolean focus)
{
  guint position = node != NULL ? strata_snapshot_tree_get_position (self->tree, node) : G_MAXUINT;

  g_return_if_fail (STRATA_IS_SNAPSHOT_LIST (self));

  if (position != G_MAXUINT)
    gtk_list_view_scroll_to (self->list_view, position,
                             GTK_LIST_SCROLL_SELECT | (focus ? GTK_LIST_SCROLL_FOCUS : 0), NULL);
}

/**
 * strata_snapshot_list_move:
 * @self: a list
 *
 * Takes "you are here" up, as a drag does, for the keys.
 */
void
strata_snapshot_list_move (StrataSnapshotList *self)
{
  StrataSnapshotNode *here = strata_snapshot_tree_find (self->tree, NULL);

  g_return_if_fail (STRATA_IS_SNAPSHOT_LIST (self));

  strata_snapshot_list_select (self, here, TRUE);
  strata_snapshot_drag_begin (self->drag);
}

GtkScrolledWindow *
strata_snapshot_list_get_scroller (StrataSnapshotList *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_LIST (self), NULL);

  return self->scroller;
}
