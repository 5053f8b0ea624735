/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSnapshotDrag: moves "you are here". While it is on its way every row says whether one can go there, by what the
 * planner answers, and a screen reader hears it; where it is let go, the window's action asks for the rest.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "model/snapshot/strata-snapshot-words.h"
#include "ui/shell/strata-edge-scroller.h"
#include "strata-snapshot-drag.h"

struct _StrataSnapshotDrag
{
  GObject parent_instance;

  GtkScrolledWindow *scroller; /* which owns the rows, and outlives this */
  StrataSnapshotFeasibility *feasibility;
  GPtrArray *rows;             /* StrataSnapshotRow, not owned */
  StrataSnapshotNode *hovered; /* (nullable) */
  StrataFeasibility announced; /* of hovered */
  gboolean active;
  gboolean dropped;
};

enum
{
  TAKEN,
  DROPPED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataSnapshotDrag, strata_snapshot_drag, G_TYPE_OBJECT)

static void
say (StrataSnapshotDrag *self, const char *text)
{
  gtk_accessible_announce (GTK_ACCESSIBLE (self->scroller), text,
                           GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_HIGH);
}

/* Whether one can go back to NODE; of what is no snapshot the planner need not be asked. */
static StrataFeasibility
ask (StrataSnapshotDrag *self, StrataSnapshotNode *node, const char **reason)
{
  const StrataSnapshotNodeStyle *look = strata_snapshot_node_get_style (node);

  if (look->kind == STRATA_SNAPSHOT_NODE_HERE)
    {
      *reason = _ ("This is where the machine is now.");
      return STRATA_FEASIBILITY_REFUSED;
    }
  if (look->kind == STRATA_SNAPSHOT_NODE_RETAINED)
    {
      *reason = _ ("It was deleted; its image is only kept for what stands on it.");
      return STRATA_FEASIBILITY_REFUSED;
    }

  return strata_snapshot_feasibility_ask (self->feasibility, STRATA_SNAPSHOT_REVERT, look->name,
                                          reason);
}

static void
announce (StrataSnapshotDrag *self)
{
  const char *reason = NULL;
  StrataFeasibility feasible = ask (self, self->hovered, &reason);
  const char *name =
      strata_snapshot_words_for_title (strata_snapshot_node_get_style (self->hovered));
  g_autofree char *text = NULL;

  if (feasible == self->announced ||
      strata_snapshot_node_get_style (self->hovered)->kind == STRATA_SNAPSHOT_NODE_HERE)
    return;

  self->announced = feasible;
  if (feasible == STRATA_FEASIBILITY_ALLOWED)
    /* Translators: a snapshot’s name; said while “You are here” is held over it. */
    text = g_strdup_printf (_ ("%s: the machine can be reverted to it"), name);
  else
    /* Translators: a snapshot’s name, and why the machine can’t go back to it. */
    text = g_strdup_printf (_ ("%s: %s"), name, reason);
  say (self, text);
}

static void
refresh_all (StrataSnapshotDrag *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    strata_snapshot_drag_refresh (self, g_ptr_array_index (self->rows, i));
}

static void
feasibility_changed_cb (StrataSnapshotDrag *self)
{
  if (!self->active)
    return;

  refresh_all (self);
  if (self->hovered != NULL)
    announce (self);
}

static void
leave (StrataSnapshotDrag *self)
{
  g_clear_object (&self->hovered);
  self->announced = STRATA_FEASIBILITY_UNKNOWN;
  refresh_all (self);
}

static void
set_icon (GdkDrag *drag, const StrataSnapshotNodeStyle *look)
{
  GtkWidget *chip = gtk_label_new (strata_snapshot_words_for_title (look));

  gtk_label_set_ellipsize (GTK_LABEL (chip), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (chip), 30);
  gtk_widget_add_css_class (chip, "snapshot-chip");
  gtk_drag_icon_set_child (GTK_DRAG_ICON (gtk_drag_icon_get_for_drag (drag)), chip);
  /* Beside the pointer, so that the row under it can be read. */
  gdk_drag_set_hotspot (drag, -12, -8);
}

static GdkContentProvider *
prepare_cb (GtkDragSource *source, double x, double y, StrataSnapshotRow *row)
{
  StrataSnapshotNode *node = strata_snapshot_row_get_node (row);

  if (node == NULL || strata_snapshot_node_get_style (node)->kind == STRATA_SNAPSHOT_NODE_RETAINED)
    return NULL;

  /* The machine moves to a snapshot; a snapshot, a machine being made of it, stays where it is. */
  gtk_drag_source_set_actions (source, strata_snapshot_node_is_snapshot (node) ? GDK_ACTION_COPY
                                                                               : GDK_ACTION_MOVE);

  return gdk_content_provider_new_typed (STRATA_TYPE_SNAPSHOT_NODE, node);
}

static void
drag_begin_cb (StrataSnapshotDrag *self, GdkDrag *drag, GtkDragSource *source)
{
  GtkWidget *row = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (source));
  StrataSnapshotNode *node = strata_snapshot_row_get_node (STRATA_SNAPSHOT_ROW (row));

  g_signal_emit (self, signals[TAKEN], 0, node);
  set_icon (drag, strata_snapshot_node_get_style (node));
  if (!strata_snapshot_node_is_snapshot (node))
    strata_snapshot_drag_begin (self);
}

static GdkDragAction
motion_cb (GtkDropTarget *target, double x, double y, StrataSnapshotDrag *self)
{
  GtkWidget *row = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (target));
  StrataSnapshotNode *node = strata_snapshot_row_get_node (STRATA_SNAPSHOT_ROW (row));
  const char *reason = NULL;

  if (!self->active || node == NULL)
    return 0;

  strata_snapshot_drag_hover (self, node);

  return ask (self, node, &reason) == STRATA_FEASIBILITY_ALLOWED ? GDK_ACTION_MOVE : 0;
}

static void
leave_cb (GtkDropTarget *target, StrataSnapshotDrag *self)
{
  GtkWidget *row = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (target));

  if (self->hovered == strata_snapshot_row_get_node (STRATA_SNAPSHOT_ROW (row)))
    leave (self);
}

static gboolean
drop_cb (GtkDropTarget *target, const GValue *value, double x, double y, StrataSnapshotDrag *self)
{
  GtkWidget *row = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (target));
  StrataSnapshotNode *node = strata_snapshot_row_get_node (STRATA_SNAPSHOT_ROW (row));

  return node != NULL && strata_snapshot_drag_drop (self, node);
}

static void
row_destroyed_cb (StrataSnapshotDrag *self, StrataSnapshotRow *row)
{
  if (self->rows != NULL)
    g_ptr_array_remove_fast (self->rows, row);
}

static void
strata_snapshot_drag_dispose (GObject *object)
{
  StrataSnapshotDrag *self = STRATA_SNAPSHOT_DRAG (object);

  g_clear_object (&self->feasibility);
  g_clear_object (&self->hovered);
  g_clear_pointer (&self->rows, g_ptr_array_unref);

  G_OBJECT_CLASS (strata_snapshot_drag_parent_class)->dispose (object);
}

static void
strata_snapshot_drag_class_init (StrataSnapshotDragClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = strata_snapshot_drag_dispose;

  signals[TAKEN] = g_signal_new ("taken", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 1, STRATA_TYPE_SNAPSHOT_NODE);
  signals[DROPPED] = g_signal_new ("dropped", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 1, STRATA_TYPE_SNAPSHOT_NODE);
}

static void
strata_snapshot_drag_init (StrataSnapshotDrag *self)
{
  self->rows = g_ptr_array_new ();
}

/**
 * strata_snapshot_drag_new:
 * @scroller: what the rows are in
 * @feasibility: whom to ask whether one can go back
 *
 * Returns: (transfer full): a new drag, which must not outlive @scroller
 */
StrataSnapshotDrag *
strata_snapshot_drag_new (GtkScrolledWindow *scroller, StrataSnapshotFeasibility *feasibility)
{
  StrataSnapshotDrag *self;

  g_return_val_if_fail (GTK_IS_SCROLLED_WINDOW (scroller), NULL);
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_FEASIBILITY (feasibility), NULL);

  self = g_object_new (STRATA_TYPE_SNAPSHOT_DRAG, NULL);
  self->scroller = scroller;
  self->feasibility = g_object_ref (feasibility);
  g_signal_connect_object (feasibility, "changed", G_CALLBACK (feasibility_changed_cb), self,
                           G_CONNECT_SWAPPED);
  strata_edge_scroller_add (scroller);

  return self;
}

/**
 * strata_snapshot_drag_attach:
 * @self: a drag
 * @row: a row that a list has just made, for as long as there is one
 */
void
strata_snapshot_drag_attach (StrataSnapshotDrag *self, StrataSnapshotRow *row)
{
  GtkDragSource *source = gtk_drag_source_new ();
  GtkDropTarget *target = gtk_drop_target_new (STRATA_TYPE_SNAPSHOT_NODE, GDK_ACTION_MOVE);

  g_return_if_fail (STRATA_IS_SNAPSHOT_DRAG (self));

  g_signal_connect_object (source, "prepare", G_CALLBACK (prepare_cb), row, G_CONNECT_DEFAULT);
  g_signal_connect_object (source, "drag-begin", G_CALLBACK (drag_begin_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (source, "drag-end", G_CALLBACK (strata_snapshot_drag_end), self,
                           G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (row), GTK_EVENT_CONTROLLER (source));

  g_signal_connect_object (target, "enter", G_CALLBACK (motion_cb), self, G_CONNECT_DEFAULT);
  g_signal_connect_object (target, "motion", G_CALLBACK (motion_cb), self, G_CONNECT_DEFAULT);
  g_signal_connect_object (target, "leave", G_CALLBACK (leave_cb), self, G_CONNECT_DEFAULT);
  g_signal_connect_object (target, "drop", G_CALLBACK (drop_cb), self, G_CONNECT_DEFAULT);
  gtk_widget_add_controller (GTK_WIDGET (row), GTK_EVENT_CONTROLLER (target));

  g_ptr_array_add (self->rows, row);
  g_signal_connect_object (row, "destroy", G_CALLBACK (row_destroyed_cb), self, G_CONNECT_SWAPPED);
}

/**
 * strata_snapshot_drag_refresh:
 * @self: a drag
 * @row: a row of its list
 *
 * Lets the row say whether one can go back to what it shows, or nothing where that is not the question.
 */
void
strata_snapshot_drag_refresh (StrataSnapshotDrag *self, StrataSnapshotRow *row)
{
  static const StrataRowMode modes[] = {
    [STRATA_FEASIBILITY_UNKNOWN] = STRATA_ROW_UNDECIDED,
    [STRATA_FEASIBILITY_ALLOWED] = STRATA_ROW_ALLOWED,
    [STRATA_FEASIBILITY_REFUSED] = STRATA_ROW_REFUSED,
  };
  StrataSnapshotNode *node = strata_snapshot_row_get_node (row);
  const char *reason = NULL;
  StrataFeasibility feasible;

  g_return_if_fail (STRATA_IS_SNAPSHOT_DRAG (self));

  /* What is being moved needs no reason why it can't be put on itself. */
  if (!self->active || node == NULL ||
      strata_snapshot_node_get_style (node)->kind == STRATA_SNAPSHOT_NODE_HERE)
    {
      strata_snapshot_row_set_mode (row, STRATA_ROW_AT_REST, NULL, FALSE);
      return;
    }

  feasible = ask (self, node, &reason);
  strata_snapshot_row_set_mode (row, modes[feasible], reason, node == self->hovered);
}

/**
 * strata_snapshot_drag_begin:
 * @self: a drag
 *
 * "You are here" is taken up, and the rows in sight say whether it can be put on them.
 */
void
strata_snapshot_drag_begin (StrataSnapshotDrag *self)
{
  g_return_if_fail (STRATA_IS_SNAPSHOT_DRAG (self));

  self->active = TRUE;
  self->dropped = FALSE;
  gtk_widget_add_css_class (GTK_WIDGET (self->scroller), "moving");
  refresh_all (self);
  say (self, _ ("Moving. Choose a snapshot to revert to."));
}

gboolean
strata_snapshot_drag_is_active (StrataSnapshotDrag *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_DRAG (self), FALSE);

  return self->active;
}

void
strata_snapshot_drag_hover (StrataSnapshotDrag *self, StrataSnapshotNode *node)
{
  g_return_if_fail (STRATA_IS_SNAPSHOT_DRAG (self));

  if (node == self->hovered)
    return;

  leave (self);
  self->hovered = g_object_ref (node);
  refresh_all (self);
  announce (self);
}

/**
 * strata_snapshot_drag_drop:
 * @self: a drag that has begun
 * @node: where it is put
 *
 * Returns: whether one can go back there; then it has ended
 */
gboolean
strata_snapshot_drag_drop (StrataSnapshotDrag *self, StrataSnapshotNode *node)
{
  g_autoptr (StrataSnapshotNode) kept = g_object_ref (node);
  const char *reason = NULL;
  g_autofree char *text = NULL;

  g_return_val_if_fail (STRATA_IS_SNAPSHOT_DRAG (self), FALSE);

  if (!self->active || ask (self, node, &reason) != STRATA_FEASIBILITY_ALLOWED)
    return FALSE;

  self->dropped = TRUE;
  /* Translators: %s is a snapshot. */
  text = g_strdup_printf (_ ("Reverting to %s"), strata_snapshot_node_get_name (node));
  say (self, text);
  strata_snapshot_drag_end (self);
  g_signal_emit (self, signals[DROPPED], 0, node);

  return TRUE;
}

/**
 * strata_snapshot_drag_end:
 * @self: a drag
 *
 * Without a drop everything stays as it is, which is said.
 */
void
strata_snapshot_drag_end (StrataSnapshotDrag *self)
{
  g_return_if_fail (STRATA_IS_SNAPSHOT_DRAG (self));

  if (!self->active)
    return;

  self->active = FALSE;
  gtk_widget_remove_css_class (GTK_WIDGET (self->scroller), "moving");
  strata_snapshot_feasibility_drop (self->feasibility);
  leave (self);
  if (!self->dropped)
    say (self, _ ("Cancelled. The machine stays where it is."));
}
