/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataDiskPage: the disks of a machine, each with the layers it consists of. */

#include "config.h"

#include <glib/gi18n.h>

#include "model/disk/strata-disk-stack.h"
#include "strata-disk-page.h"
#include "strata-layer-group.h"
#include "strata-layer-work.h"

struct _StrataDiskPage
{
  StrataMachineView parent_instance;

  StrataLayerWork *work;
  StrataGraphMonitor *held; /* (nullable): while the page is in sight */
  GSignalGroup *monitor_signals;
  GSignalGroup *queue_signals;
  GCancellable *cancellable; /* while the layers are found out */
  GPtrArray *groups;         /* StrataLayerGroup */

  GtkStack *stack; /* our only child */
  AdwStatusPage *failure;
  AdwPreferencesPage *page;
};

G_DEFINE_FINAL_TYPE (StrataDiskPage, strata_disk_page, STRATA_TYPE_MACHINE_VIEW)

static StrataMachine *
get_machine (StrataDiskPage *self)
{
  return strata_machine_view_get_machine (STRATA_MACHINE_VIEW (self));
}

static StrataGraphMonitor *
get_graph_monitor (StrataDiskPage *self)
{
  StrataHost *host = strata_machine_view_get_host (STRATA_MACHINE_VIEW (self));

  return host != NULL ? strata_host_get_graph_monitor (host) : NULL;
}

static StrataGraph *
get_graph (StrataDiskPage *self)
{
  StrataGraphMonitor *monitor = get_graph_monitor (self);

  return monitor != NULL ? strata_graph_monitor_get_graph (monitor) : NULL;
}

static void
clear_groups (StrataDiskPage *self, guint from)
{
  /* What is bound may change once more when the page is gone. */
  for (guint i = self->page != NULL ? self->groups->len : 0; i > from; i--)
    adw_preferences_page_remove (self->page, g_ptr_array_steal_index (self->groups, i - 1));
}

static void
follow_work (StrataDiskPage *self)
{
  for (guint i = 0; self->work != NULL && i < self->groups->len; i++)
    strata_layer_group_follow (g_ptr_array_index (self->groups, i), self->work);
}

static void
show_stacks (StrataDiskPage *self, GPtrArray *stacks, StrataGraph *graph)
{
  StrataMachineView *view = STRATA_MACHINE_VIEW (self);

  clear_groups (self, stacks->len);
  for (guint i = 0; i < stacks->len; i++)
    {
      if (i == self->groups->len)
        {
          GtkWidget *group = strata_layer_group_new (strata_machine_view_get_host (view),
                                                     strata_machine_view_get_queue (view),
                                                     strata_machine_view_get_machine (view));

          adw_preferences_page_add (self->page, ADW_PREFERENCES_GROUP (group));
          g_ptr_array_add (self->groups, group);
        }
      strata_layer_group_set_stack (g_ptr_array_index (self->groups, i),
                                    g_ptr_array_index (stacks, i), graph);
    }

  follow_work (self);
}

/* A machine that is younger than the graph will be in the next one. */
static void
show_state (StrataDiskPage *self)
{
  StrataGraph *graph = get_graph (self);
  StrataGraphMonitor *monitor = get_graph_monitor (self);
  const char *problem = monitor != NULL ? strata_graph_monitor_get_error_message (monitor) : NULL;

  if (self->groups->len > 0)
    gtk_stack_set_visible_child_name (self->stack, "disks");
  else if (graph != NULL && get_machine (self) != NULL && self->cancellable == NULL &&
           strata_graph_find_domain (graph, strata_machine_get_uuid (get_machine (self))) != NULL)
    gtk_stack_set_visible_child_name (self->stack, "empty");
  else if (problem != NULL)
    {
      g_autofree char *markup = g_markup_escape_text (problem, -1);

      adw_status_page_set_description (self->failure, markup);
      gtk_stack_set_visible_child_name (self->stack, "failed");
    }
  else
    gtk_stack_set_visible_child_name (self->stack, "loading");
}

static void
found_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataDiskPage) self = STRATA_DISK_PAGE (user_data);
  g_autoptr (GPtrArray) stacks = NULL;

  stacks = strata_disk_stacks_new_finish (result, NULL);
  if (stacks == NULL || self->stack == NULL ||
      g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return;

  g_clear_object (&self->cancellable);
  show_stacks (self, stacks, STRATA_GRAPH (object));
  show_state (self);
}

static void
reload (StrataDiskPage *self)
{
  StrataGraph *graph = get_graph (self);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->stack == NULL)
    return;

  if (graph != NULL && get_machine (self) != NULL &&
      strata_machine_view_get_queue (STRATA_MACHINE_VIEW (self)) != NULL)
    {
      self->cancellable = g_cancellable_new ();
      strata_disk_stacks_new_async (graph, strata_machine_get_uuid (get_machine (self)),
                                    self->cancellable, found_cb, g_object_ref (self));
    }
  show_state (self);
}

/* While the page is out of sight the host isn't gathered for it. */
static void
hold_graph (StrataDiskPage *self)
{
  StrataGraphMonitor *wanted =
      gtk_widget_get_mapped (GTK_WIDGET (self)) ? get_graph_monitor (self) : NULL;

  if (self->held == wanted)
    return;

  if (self->held != NULL)
    strata_graph_monitor_release (self->held);
  g_set_object (&self->held, wanted);
  if (wanted != NULL)
    strata_graph_monitor_hold (wanted);
}

/* libvirt has no event for a file that a job removed last. */
static void
n_active_changed_cb (StrataDiskPage *self)
{
  StrataGraphMonitor *monitor = get_graph_monitor (self);

  if (monitor != NULL)
    strata_graph_monitor_refresh (monitor);
}

static void
follow_queue (StrataDiskPage *self, StrataJobQueue *queue)
{
  g_autoptr (StrataJobQueue) before = g_signal_group_dup_target (self->queue_signals);

  if (before == queue)
    return;

  g_signal_group_set_target (self->queue_signals, queue);
  g_clear_object (&self->work);
  if (queue == NULL)
    return;
  self->work = strata_layer_work_new (queue);
  g_signal_connect_object (self->work, "changed", G_CALLBACK (follow_work), self,
                           G_CONNECT_SWAPPED);
}

static void
strata_disk_page_subject_changed (StrataMachineView *view)
{
  StrataDiskPage *self = STRATA_DISK_PAGE (view);

  clear_groups (self, 0);
  g_signal_group_set_target (self->monitor_signals, get_graph_monitor (self));
  follow_queue (self, strata_machine_view_get_queue (view));
  hold_graph (self);
  reload (self);
}

static void
strata_disk_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (strata_disk_page_parent_class)->map (widget);
  hold_graph (STRATA_DISK_PAGE (widget));
}

static void
strata_disk_page_unmap (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (strata_disk_page_parent_class)->unmap (widget);
  hold_graph (STRATA_DISK_PAGE (widget));
}

static void
strata_disk_page_dispose (GObject *object)
{
  StrataDiskPage *self = STRATA_DISK_PAGE (object);

  if (self->held != NULL)
    strata_graph_monitor_release (self->held);
  g_clear_object (&self->held);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->monitor_signals);
  g_clear_object (&self->queue_signals);
  g_clear_object (&self->work);
  self->stack = NULL;
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_DISK_PAGE);

  G_OBJECT_CLASS (strata_disk_page_parent_class)->dispose (object);
}

static void
strata_disk_page_finalize (GObject *object)
{
  g_clear_pointer (&STRATA_DISK_PAGE (object)->groups, g_ptr_array_unref);

  G_OBJECT_CLASS (strata_disk_page_parent_class)->finalize (object);
}

static void
strata_disk_page_class_init (StrataDiskPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_disk_page_dispose;
  object_class->finalize = strata_disk_page_finalize;
  STRATA_MACHINE_VIEW_CLASS (klass)->subject_changed = strata_disk_page_subject_changed;
  widget_class->map = strata_disk_page_map;
  widget_class->unmap = strata_disk_page_unmap;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-disk-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataDiskPage, failure);
  gtk_widget_class_bind_template_child (widget_class, StrataDiskPage, page);
}

static void
strata_disk_page_init (StrataDiskPage *self)
{
  self->groups = g_ptr_array_new ();
  self->monitor_signals = g_signal_group_new (STRATA_TYPE_GRAPH_MONITOR);
  g_signal_group_connect_swapped (self->monitor_signals, "notify::graph", G_CALLBACK (reload),
                                  self);
  g_signal_group_connect_swapped (self->monitor_signals, "notify::error-message",
                                  G_CALLBACK (show_state), self);
  self->queue_signals = g_signal_group_new (STRATA_TYPE_JOB_QUEUE);
  g_signal_group_connect_swapped (self->queue_signals, "notify::n-active",
                                  G_CALLBACK (n_active_changed_cb), self);

  gtk_widget_init_template (GTK_WIDGET (self));
  self->stack = GTK_STACK (adw_bin_get_child (ADW_BIN (self)));
}
