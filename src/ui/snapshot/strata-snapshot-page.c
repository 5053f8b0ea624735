/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSnapshotPage: the snapshots of a machine as a tree, with the place where it is now. While it is in sight it keeps the
 * host surveyed and sees what other tools do to the machine's snapshots.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "base/strata-error.h"
#include "model/snapshot/strata-snapshot-tree.h"
#include "model/snapshot/strata-snapshot-feasibility.h"
#include "model/snapshot/strata-snapshot-watch.h"
#include "strata-snapshot-details.h"
#include "strata-snapshot-list.h"
#include "strata-snapshot-menu.h"
#include "strata-snapshot-page.h"
#include "strata-snapshot-pictures.h"

struct _StrataSnapshotPage
{
  StrataMachineView parent_instance;

  StrataSnapshotTree *tree;
  StrataSnapshotFeasibility *feasibility;
  StrataSnapshotPictures *pictures;
  StrataSnapshotWatch *watch;
  GSignalGroup *host_signals;
  GSignalGroup *machine_signals;
  GSignalGroup *monitor_signals;
  StrataGraphMonitor *held; /* (nullable): while mapped */
  StrataMachine *shown;     /* (nullable): whose tree it is */
  GtkWidget *popover;       /* (nullable): the last menu that was up */

  GtkStack *stack;
  AdwStatusPage *unread;
  StrataSnapshotList *list;
  StrataSnapshotDetails *details;
  GMenuModel *snapshot_menu;
  GMenuModel *here_menu;
};

G_DEFINE_FINAL_TYPE (StrataSnapshotPage, strata_snapshot_page, STRATA_TYPE_MACHINE_VIEW)

static StrataMachine *
get_machine (StrataSnapshotPage *self)
{
  return strata_machine_view_get_machine (STRATA_MACHINE_VIEW (self));
}

static StrataGraph *
get_graph (StrataSnapshotPage *self)
{
  return self->held != NULL ? strata_graph_monitor_get_graph (self->held) : NULL;
}

static const char *
get_reason (StrataSnapshotPage *self, StrataSnapshotAct act)
{
  StrataSnapshotNode *node = strata_snapshot_list_get_selected (self->list);
  const char *reason = NULL;

  if (node == NULL || !strata_snapshot_node_is_snapshot (node))
    return _ ("No snapshot is selected.");

  strata_snapshot_feasibility_ask (self->feasibility, act, strata_snapshot_node_get_name (node),
                                   &reason);

  return reason;
}

/* What is not known yet is offered all the same: the dialog that comes up asks again. */
static void
update_actions (StrataSnapshotPage *self)
{
  for (StrataSnapshotAct act = 0; act < STRATA_N_SNAPSHOT_ACTS; act++)
    {
      const char *reason = get_reason (self, act);

      gtk_widget_action_set_enabled (GTK_WIDGET (self), strata_snapshot_menu_get_action (act),
                                     reason == NULL);
      strata_snapshot_details_explain (self->details, act, reason);
    }
}

static StrataDomainFacts *
get_facts (StrataSnapshotPage *self)
{
  StrataMachine *machine = get_machine (self);

  return machine != NULL ? strata_machine_get_facts (machine) : NULL;
}

static void
update_details (StrataSnapshotPage *self)
{
  strata_snapshot_details_show (self->details, strata_snapshot_list_get_selected (self->list),
                                get_facts (self), get_graph (self));
}

static void
update_stack (StrataSnapshotPage *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->tree));
  const StrataDomainFacts *facts = get_facts (self);
  g_autoptr (GError) error = NULL;

  if (n == 1 && facts != NULL && !strata_domain_facts_require_read (facts, &error))
    {
      g_autofree char *words =
          g_strdup_printf ("%s\n\n%s", error->message, strata_error_get_hint (error));
      g_autofree char *markup = g_markup_escape_text (words, -1);

      adw_status_page_set_description (self->unread, markup);
      gtk_stack_set_visible_child_name (self->stack, "unread");
      return;
    }

  gtk_stack_set_visible_child_name (self->stack, n > 1 ? "tree" : n == 1 ? "empty" : "nothing");
}

static void
update (StrataSnapshotPage *self)
{
  StrataMachine *machine = get_machine (self);
  const char *uuid = machine != NULL ? strata_machine_get_uuid (machine) : NULL;
  gboolean anew = machine != self->shown;
  /* A row that goes takes the focus with it. */
  gboolean focused = strata_snapshot_list_has_focus (self->list);

  if (self->held == NULL)
    return;

  strata_snapshot_tree_update (self->tree, get_facts (self), get_graph (self));
  strata_snapshot_feasibility_set_subject (self->feasibility, get_graph (self), uuid);
  strata_snapshot_pictures_refresh (self->pictures, uuid);
  g_set_object (&self->shown, machine);
  update_stack (self);
  if (anew || strata_snapshot_list_get_selected (self->list) == NULL)
    strata_snapshot_list_select (self->list, strata_snapshot_tree_find (self->tree, NULL), focused);
  update_details (self);
  update_actions (self);
}

static void
look_for_changes (StrataSnapshotPage *self)
{
  StrataHost *host = strata_machine_view_get_host (STRATA_MACHINE_VIEW (self));
  StrataMachine *machine = get_machine (self);
  StrataConnection *connection =
      host != NULL && self->held != NULL ? strata_host_get_connection (host) : NULL;
  gboolean known = connection != NULL && machine != NULL;

  strata_snapshot_watch_refresh (self->watch, known ? connection : NULL, known ? machine : NULL);
}

static void
hold (StrataSnapshotPage *self, StrataGraphMonitor *monitor)
{
  if (self->held == monitor)
    return;

  if (self->held != NULL)
    strata_graph_monitor_release (self->held);
  g_set_object (&self->held, monitor);
  g_signal_group_set_target (self->monitor_signals, monitor);
  if (monitor != NULL)
    strata_graph_monitor_hold (monitor);
}

/* Also when it comes into sight, or goes. */
static void
strata_snapshot_page_subject_changed (StrataMachineView *view)
{
  StrataSnapshotPage *self = STRATA_SNAPSHOT_PAGE (view);
  StrataHost *host = strata_machine_view_get_host (view);
  gboolean mapped = gtk_widget_get_mapped (GTK_WIDGET (self));

  g_signal_group_set_target (self->host_signals, host);
  g_signal_group_set_target (self->machine_signals, get_machine (self));
  hold (self, mapped && host != NULL ? strata_host_get_graph_monitor (host) : NULL);
  look_for_changes (self);
  update (self);
}

static void
selected_changed_cb (StrataSnapshotPage *self)
{
  /* What was asked about the one before is not of interest any more. */
  strata_snapshot_feasibility_drop (self->feasibility);
  update_details (self);
  update_actions (self);
}

static void
act (StrataSnapshotPage *self, const char *action)
{
  StrataSnapshotNode *node = strata_snapshot_list_get_selected (self->list);

  if (node != NULL && strata_snapshot_node_is_snapshot (node))
    gtk_widget_activate_action (GTK_WIDGET (self), action, "s",
                                strata_snapshot_node_get_name (node));
}

/* "tree.revert" is done as "snapshot.revert" to what is selected. */
static void
act_cb (GtkWidget *widget, const char *action, GVariant *parameter)
{
  g_autofree char *name = g_strconcat ("snapshot", strchr (action, '.'), NULL);

  act (STRATA_SNAPSHOT_PAGE (widget), name);
}

static void
move_cb (GtkWidget *widget, const char *action, GVariant *parameter)
{
  strata_snapshot_list_move (STRATA_SNAPSHOT_PAGE (widget)->list);
}

static void
activated_cb (StrataSnapshotPage *self, StrataSnapshotNode *node)
{
  if (strata_snapshot_node_get_style (node)->kind == STRATA_SNAPSHOT_NODE_HERE)
    gtk_widget_activate_action (GTK_WIDGET (self), "machine.take-snapshot", NULL);
  else if (strata_snapshot_node_is_snapshot (node))
    gtk_widget_activate_action (GTK_WIDGET (self), "tree.edit", NULL);
}

static void
reverted_cb (StrataSnapshotPage *self, StrataSnapshotNode *node)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "snapshot.revert", "s",
                              strata_snapshot_node_get_name (node));
}

static void
menu_requested_cb (StrataSnapshotPage *self, const GdkRectangle *at)
{
  StrataSnapshotNode *node = strata_snapshot_list_get_selected (self->list);
  const char *reasons[STRATA_N_SNAPSHOT_ACTS];

  g_clear_pointer (&self->popover, gtk_widget_unparent);
  if (strata_snapshot_node_get_style (node)->kind == STRATA_SNAPSHOT_NODE_RETAINED)
    return;

  for (StrataSnapshotAct i = 0; i < STRATA_N_SNAPSHOT_ACTS; i++)
    reasons[i] = get_reason (self, i);
  self->popover = strata_snapshot_menu_pop_up (
      GTK_WIDGET (self->list), at,
      strata_snapshot_node_is_snapshot (node) ? self->snapshot_menu : self->here_menu, reasons);
}

static void
strata_snapshot_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (strata_snapshot_page_parent_class)->map (widget);
  strata_snapshot_page_subject_changed (STRATA_MACHINE_VIEW (widget));
}

static void
strata_snapshot_page_unmap (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (strata_snapshot_page_parent_class)->unmap (widget);
  strata_snapshot_page_subject_changed (STRATA_MACHINE_VIEW (widget));
}

static void
strata_snapshot_page_dispose (GObject *object)
{
  StrataSnapshotPage *self = STRATA_SNAPSHOT_PAGE (object);

  g_clear_object (&self->host_signals);
  g_clear_object (&self->machine_signals);
  if (self->monitor_signals != NULL)
    hold (self, NULL);
  g_clear_object (&self->monitor_signals);
  g_clear_pointer (&self->popover, gtk_widget_unparent);
  /* The template's child goes with the template, so it has to go before. */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_SNAPSHOT_PAGE);
  g_clear_object (&self->watch);
  g_clear_object (&self->feasibility);
  g_clear_object (&self->pictures);
  g_clear_object (&self->tree);
  g_clear_object (&self->shown);

  G_OBJECT_CLASS (strata_snapshot_page_parent_class)->dispose (object);
}

static void
install_actions (GtkWidgetClass *widget_class)
{
  for (StrataSnapshotAct i = 0; i < STRATA_N_SNAPSHOT_ACTS; i++)
    gtk_widget_class_install_action (widget_class, strata_snapshot_menu_get_action (i), NULL,
                                     act_cb);
  gtk_widget_class_install_action (widget_class, "tree.move", NULL, move_cb);

  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F2, 0, "tree.edit", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Delete, 0, "tree.delete", NULL);
}

static void
strata_snapshot_page_class_init (StrataSnapshotPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_snapshot_page_dispose;
  STRATA_MACHINE_VIEW_CLASS (klass)->subject_changed = strata_snapshot_page_subject_changed;
  widget_class->map = strata_snapshot_page_map;
  widget_class->unmap = strata_snapshot_page_unmap;

  install_actions (widget_class);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/stratavm/Strata/strata-snapshot-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotPage, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotPage, unread);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotPage, list);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotPage, details);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotPage, snapshot_menu);
  gtk_widget_class_bind_template_child (widget_class, StrataSnapshotPage, here_menu);
  gtk_widget_class_bind_template_callback (widget_class, selected_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, reverted_cb);
  gtk_widget_class_bind_template_callback (widget_class, menu_requested_cb);
}

static void
strata_snapshot_page_init (StrataSnapshotPage *self)
{
  g_type_ensure (STRATA_TYPE_SNAPSHOT_DETAILS);
  g_type_ensure (STRATA_TYPE_SNAPSHOT_LIST);

  self->tree = strata_snapshot_tree_new ();
  self->pictures = strata_snapshot_pictures_new (self->tree);
  g_signal_connect_object (self->pictures, "found", G_CALLBACK (update_details), self,
                           G_CONNECT_SWAPPED);
  self->feasibility = strata_snapshot_feasibility_new ();
  self->watch = strata_snapshot_watch_new ();
  g_signal_connect_object (self->feasibility, "changed", G_CALLBACK (update_actions), self,
                           G_CONNECT_SWAPPED);
  self->host_signals = g_signal_group_new (STRATA_TYPE_HOST);
  g_signal_group_connect_swapped (self->host_signals, "notify::state",
                                  G_CALLBACK (look_for_changes), self);
  self->machine_signals = g_signal_group_new (STRATA_TYPE_MACHINE);
  g_signal_group_connect_swapped (self->machine_signals, "notify::facts", G_CALLBACK (update),
                                  self);
  self->monitor_signals = g_signal_group_new (STRATA_TYPE_GRAPH_MONITOR);
  g_signal_group_connect_swapped (self->monitor_signals, "notify::graph", G_CALLBACK (update),
                                  self);

  gtk_widget_init_template (GTK_WIDGET (self));
  strata_snapshot_list_set_tree (self->list, self->tree, self->feasibility);
  update_stack (self);
}
