/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSnapshotRow: a row of the tree of snapshots. A list uses it again and again for other nodes while it scrolls, so
 * everything is set by hand and only where it changes; what has room to spare is an inscription, which is not measured anew
 * with each text; and what is dear or rare (the exact time, the button) is made when it is asked for.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "model/snapshot/strata-snapshot-words.h"
#include "strata-lane-gutter.h"
#include "strata-snapshot-row.h"

struct _StrataSnapshotRow
{
  GtkBox parent_instance;

  StrataSnapshotNode *node;
  StrataRowMode mode;
  char *reason;
  gboolean hovered;

  StrataLaneGutter *gutter;
  GtkBox *first_line;
  GtkInscription *title;
  GtkLabel *hidden;    /* (nullable): until it is wanted */
  GtkButton *expander; /* (nullable): likewise */
  GtkLabel *time;
  GtkImage *icon;
  GtkInscription *detail;
  GtkLabel *bytes;
  GtkImage *picture; /* (nullable): until one is wanted */
};

enum
{
  TOGGLED,
  CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataSnapshotRow, strata_snapshot_row, GTK_TYPE_BOX)

static const char *
get_icon_name (StrataSnapshotNodeKind kind)
{
  switch (kind)
    {
    case STRATA_SNAPSHOT_NODE_DISK:
      return "drive-harddisk-symbolic";
    case STRATA_SNAPSHOT_NODE_MEMORY:
      return "strata-memory-symbolic";
    case STRATA_SNAPSHOT_NODE_INTERNAL:
      return "package-x-generic-symbolic";
    case STRATA_SNAPSHOT_NODE_RETAINED:
    case STRATA_SNAPSHOT_NODE_HERE:
      return NULL;
    }

  g_return_val_if_reached (NULL);
}

static void
set_label (GtkLabel *label, const char *text)
{
  /* The label would lay out the same text again. */
  if (!g_str_equal (gtk_label_get_label (label), text != NULL ? text : ""))
    gtk_label_set_label (label, text);
}

static void
set_class (StrataSnapshotRow *self, const char *style, gboolean on)
{
  if (on)
    gtk_widget_add_css_class (GTK_WIDGET (self), style);
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), style);
}

/* The line under the name: what there is to say about it, or why one can't go back to it. */
static void
update_detail (StrataSnapshotRow *self, const StrataSnapshotNodeStyle *look)
{
  gboolean refusing = self->hovered && self->reason != NULL;
  gboolean named = get_icon_name (look->kind) != NULL && !refusing;
  const char *kind = strata_snapshot_words_for_kind (look->kind);
  g_autofree char *detail = strata_snapshot_words_for_detail (look);
  g_autofree char *line = NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->icon), named);
  if (named && detail != NULL)
    line = g_strconcat (kind, " · ", detail, NULL);
  gtk_inscription_set_text (self->detail, refusing       ? self->reason
                                          : line != NULL ? line
                                          : named        ? kind
                                                         : detail);
}

static void
expander_clicked_cb (StrataSnapshotRow *self)
{
  g_signal_emit (self, signals[TOGGLED], 0);
}

/* Few rows begin a branch, and a button is dear. */
static void
ensure_expander (StrataSnapshotRow *self)
{
  if (self->expander != NULL)
    return;

  self->hidden = g_object_new (GTK_TYPE_LABEL, "css-classes",
                               (const char *const[]) { "caption", "quiet", NULL }, NULL);
  self->expander =
      g_object_new (GTK_TYPE_BUTTON, "can-focus", FALSE, "valign", GTK_ALIGN_CENTER, "css-classes",
                    (const char *const[]) { "flat", "expander", NULL }, NULL);
  gtk_box_insert_child_after (self->first_line, GTK_WIDGET (self->hidden),
                              GTK_WIDGET (self->title));
  gtk_box_insert_child_after (self->first_line, GTK_WIDGET (self->expander),
                              GTK_WIDGET (self->hidden));
  g_signal_connect_object (self->expander, "clicked", G_CALLBACK (expander_clicked_cb), self,
                           G_CONNECT_SWAPPED);
}

static void
update_expander (StrataSnapshotRow *self, const StrataSnapshotNodeStyle *look)
{
  gboolean expandable = strata_snapshot_node_is_expandable (self->node);
  g_autofree char *hidden = NULL;
  const char *text =
      look->expanded ? _ ("Hide the rest of this branch") : _ ("Show the rest of this branch");

  if (expandable)
    ensure_expander (self);
  else if (self->expander == NULL)
    return;

  gtk_widget_set_visible (GTK_WIDGET (self->hidden), !look->expanded);
  gtk_widget_set_visible (GTK_WIDGET (self->expander), expandable);
  if (!expandable)
    return;

  /* Translators: how many snapshots a branch has besides the first, which are hidden. */
  hidden = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u more", "%u more", look->n_below),
                            look->n_below);
  set_label (self->hidden, hidden);
  gtk_button_set_icon_name (self->expander,
                            look->expanded ? "pan-down-symbolic" : "pan-end-symbolic");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->expander), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->expander), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  text, -1);
}

/* At the end, so that names begin where they begin without one. */
static void
update_picture (StrataSnapshotRow *self)
{
  GObject *picture = strata_snapshot_node_get_picture (self->node);

  if (picture == NULL && self->picture == NULL)
    return;
  if (self->picture == NULL)
    {
      self->picture =
          g_object_new (GTK_TYPE_IMAGE, "pixel-size", 48, "valign", GTK_ALIGN_CENTER, "margin-end",
                        12, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
      gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->picture));
    }
  gtk_image_set_from_paintable (self->picture, GDK_PAINTABLE (picture));
  gtk_widget_set_visible (GTK_WIDGET (self->picture), picture != NULL);
}

static void
update (StrataSnapshotRow *self)
{
  const StrataSnapshotNodeStyle *look = strata_snapshot_node_get_style (self->node);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = strata_snapshot_words_for_time (look->created, now);
  g_autofree char *bytes = strata_snapshot_words_for_bytes (look);
  const char *icon = get_icon_name (look->kind);

  strata_lane_gutter_set_style (self->gutter, look);
  gtk_inscription_set_text (self->title, strata_snapshot_words_for_title (look));
  update_detail (self, look);
  update_expander (self, look);
  update_picture (self);
  set_label (self->time, look->kind != STRATA_SNAPSHOT_NODE_RETAINED ? time : NULL);
  set_label (self->bytes, bytes);
  if (icon != NULL && g_strcmp0 (gtk_image_get_icon_name (self->icon), icon) != 0)
    gtk_image_set_from_icon_name (self->icon, icon);
  set_class (self, "joint", look->kind == STRATA_SNAPSHOT_NODE_RETAINED);
  set_class (self, "here", look->kind == STRATA_SNAPSHOT_NODE_HERE);
}

static void
node_changed_cb (StrataSnapshotRow *self)
{
  update (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static gboolean
query_tooltip_cb (StrataSnapshotRow *self, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  g_autofree char *time = NULL;

  if (self->node == NULL)
    return FALSE;
  if (self->reason != NULL)
    {
      gtk_tooltip_set_text (tooltip, self->reason);
      return TRUE;
    }

  time =
      strata_snapshot_words_for_exact_time (strata_snapshot_node_get_style (self->node)->created);
  gtk_tooltip_set_text (tooltip, time);

  return time != NULL;
}

static void
strata_snapshot_row_dispose (GObject *object)
{
  StrataSnapshotRow *self = STRATA_SNAPSHOT_ROW (object);

  strata_snapshot_row_set_node (self, NULL);
  g_clear_pointer (&self->reason, g_free);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_SNAPSHOT_ROW);

  G_OBJECT_CLASS (strata_snapshot_row_parent_class)->dispose (object);
}

static void
strata_snapshot_row_class_init (StrataSnapshotRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_snapshot_row_dispose;

  signals[TOGGLED] = g_signal_new ("toggled", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-snapshot-row.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotRow, gutter);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotRow, first_line);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotRow, title);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotRow, time);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotRow, icon);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotRow, detail);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotRow, bytes);
  gtk_widget_class_bind_template_callback (widget_class, query_tooltip_cb);
}

static void
strata_snapshot_row_init (StrataSnapshotRow *self)
{
  g_type_ensure (STRATA_TYPE_LANE_GUTTER);

  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
strata_snapshot_row_new (void)
{
  return g_object_new (STRATA_TYPE_SNAPSHOT_ROW, NULL);
}

/**
 * strata_snapshot_row_get_node:
 * @self: a row
 *
 * Returns: (transfer none) (nullable): what it shows
 */
StrataSnapshotNode *
strata_snapshot_row_get_node (StrataSnapshotRow *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_ROW (self), NULL);

  return self->node;
}

void
strata_snapshot_row_set_node (StrataSnapshotRow *self, StrataSnapshotNode *node)
{
  g_return_if_fail (STRATA_IS_SNAPSHOT_ROW (self));

  if (self->node == node)
    return;

  if (self->node != NULL)
    g_signal_handlers_disconnect_by_data (self->node, self);
  g_set_object (&self->node, node);
  if (node == NULL)
    return;

  g_signal_connect_object (node, "changed", G_CALLBACK (node_changed_cb), self, G_CONNECT_SWAPPED);
  update (self);
}

/**
 * strata_snapshot_row_describe:
 * @self: a row that has a node
 * @item: what a list has it in
 *
 * Gives what a screen reader says to the widget around the row, which the list makes and which has the role.
 */
void
strata_snapshot_row_describe (StrataSnapshotRow *self, GtkListItem *item)
{
  const StrataSnapshotNodeStyle *look = strata_snapshot_node_get_style (self->node);
  GtkWidget *widget = gtk_widget_get_parent (GTK_WIDGET (self));
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *label = strata_snapshot_words_for_row (look, now);

  g_return_if_fail (STRATA_IS_SNAPSHOT_ROW (self));

  gtk_list_item_set_accessible_label (item, label);
  gtk_list_item_set_accessible_description (item,
                                            look->description != NULL ? look->description : "");
  if (widget == NULL)
    return;

  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LEVEL,
                                  (int) look->level, -1);
  if (strata_snapshot_node_is_expandable (self->node))
    gtk_accessible_update_state (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_STATE_EXPANDED,
                                 look->expanded, -1);
  else
    gtk_accessible_reset_state (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_STATE_EXPANDED);
}

/**
 * strata_snapshot_row_set_mode:
 * @self: a row
 * @mode: what it says while "you are here" is being moved
 * @reason: (nullable): why one can't go back to it
 * @hovered: whether that is held over it
 */
void
strata_snapshot_row_set_mode (StrataSnapshotRow *self,
                              StrataRowMode mode,
                              const char *reason,
                              gboolean hovered)
{
  gboolean changed;

  g_return_if_fail (STRATA_IS_SNAPSHOT_ROW (self));

  changed = g_set_str (&self->reason, reason);
  if (self->mode == mode && self->hovered == hovered && !changed)
    return;

  self->mode = mode;
  self->hovered = hovered;
  set_class (self, "lawful", mode == STRATA_ROW_ALLOWED);
  set_class (self, "refused", mode == STRATA_ROW_REFUSED || mode == STRATA_ROW_UNDECIDED);
  set_class (self, "hovered", hovered);
  if (self->node != NULL)
    update_detail (self, strata_snapshot_node_get_style (self->node));
}
