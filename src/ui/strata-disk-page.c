/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataDiskPage: the disks of a machine, each with the layers it consists of. */

#include "config.h"

#include <glib/gi18n.h>

#include "model/strata-disk-stack.h"
#include "strata-disk-page.h"
#include "strata-layer-group.h"
#include "strata-layer-work.h"

struct _StrataDiskPage
{
  AdwBin parent_instance;

  StrataHost *host;
  StrataMachine *machine;
  StrataJobQueue *queue;
  StrataLayerWork *work;
  StrataSurvey *held; /* (nullable): while the page is in sight */
  GSignalGroup *survey_signals;
  GCancellable *cancellable; /* while the layers are found out */
  GPtrArray *groups;         /* StrataLayerGroup */

  GtkStack *stack; /* our only child */
  AdwStatusPage *failure;
  AdwPreferencesPage *page;
};

typedef enum
{
  PROP_HOST = 1,
  PROP_MACHINE,
  PROP_QUEUE,
  N_PROPS,
} StrataDiskPageProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataDiskPage, strata_disk_page, ADW_TYPE_BIN)

static StrataGraph *
get_graph (StrataDiskPage *self)
{
  return self->host != NULL ? strata_survey_get_graph (strata_host_get_survey (self->host)) : NULL;
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
  clear_groups (self, stacks->len);
  for (guint i = 0; i < stacks->len; i++)
    {
      if (i == self->groups->len)
        {
          GtkWidget *group = strata_layer_group_new (self->host, self->queue, self->machine);

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
  const char *problem = self->host != NULL
                            ? strata_survey_get_error_message (strata_host_get_survey (self->host))
                            : NULL;

  if (self->groups->len > 0)
    gtk_stack_set_visible_child_name (self->stack, "disks");
  else if (graph != NULL && self->machine != NULL && self->cancellable == NULL &&
           strata_graph_find_domain (graph, strata_machine_get_uuid (self->machine)) != NULL)
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

  if (graph != NULL && self->machine != NULL && self->queue != NULL)
    {
      self->cancellable = g_cancellable_new ();
      strata_disk_stacks_new_async (graph, strata_machine_get_uuid (self->machine),
                                    self->cancellable, found_cb, g_object_ref (self));
    }
  show_state (self);
}

/* While nobody looks at the page, nobody looks at the host for it. */
static void
hold_survey (StrataDiskPage *self)
{
  StrataSurvey *wanted = self->host != NULL && gtk_widget_get_mapped (GTK_WIDGET (self))
                             ? strata_host_get_survey (self->host)
                             : NULL;

  if (self->held == wanted)
    return;

  if (self->held != NULL)
    strata_survey_release (self->held);
  g_set_object (&self->held, wanted);
  if (wanted != NULL)
    strata_survey_hold (wanted);
}

static void
set_host (StrataDiskPage *self, StrataHost *host)
{
  if (!g_set_object (&self->host, host))
    return;

  clear_groups (self, 0);
  g_signal_group_set_target (self->survey_signals,
                             host != NULL ? strata_host_get_survey (host) : NULL);
  hold_survey (self);
  reload (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HOST]);
}

static void
set_machine (StrataDiskPage *self, StrataMachine *machine)
{
  if (!g_set_object (&self->machine, machine))
    return;

  clear_groups (self, 0);
  reload (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MACHINE]);
}

/* libvirt has no event for a file that a job removed last. */
static void
n_active_changed_cb (StrataDiskPage *self)
{
  if (self->host != NULL)
    strata_survey_refresh (strata_host_get_survey (self->host));
}

static void
set_queue (StrataDiskPage *self, StrataJobQueue *queue)
{
  if (self->queue == queue)
    return;

  if (self->queue != NULL)
    g_signal_handlers_disconnect_by_func (self->queue, n_active_changed_cb, self);
  g_set_object (&self->queue, queue);

  g_clear_object (&self->work);
  if (queue != NULL)
    {
      self->work = strata_layer_work_new (queue);
      g_signal_connect_object (self->work, "changed", G_CALLBACK (follow_work), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (queue, "notify::n-active", G_CALLBACK (n_active_changed_cb), self,
                               G_CONNECT_SWAPPED);
    }
  clear_groups (self, 0);
  reload (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_QUEUE]);
}

static void
strata_disk_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (strata_disk_page_parent_class)->map (widget);
  hold_survey (STRATA_DISK_PAGE (widget));
}

static void
strata_disk_page_unmap (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (strata_disk_page_parent_class)->unmap (widget);
  hold_survey (STRATA_DISK_PAGE (widget));
}

static void
strata_disk_page_dispose (GObject *object)
{
  StrataDiskPage *self = STRATA_DISK_PAGE (object);

  if (self->held != NULL)
    strata_survey_release (self->held);
  g_clear_object (&self->held);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->survey_signals);
  g_clear_object (&self->work);
  self->stack = NULL;
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_DISK_PAGE);
  g_clear_object (&self->queue);
  g_clear_object (&self->machine);
  g_clear_object (&self->host);

  G_OBJECT_CLASS (strata_disk_page_parent_class)->dispose (object);
}

static void
strata_disk_page_finalize (GObject *object)
{
  g_clear_pointer (&STRATA_DISK_PAGE (object)->groups, g_ptr_array_unref);

  G_OBJECT_CLASS (strata_disk_page_parent_class)->finalize (object);
}

static void
strata_disk_page_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  StrataDiskPage *self = STRATA_DISK_PAGE (object);

  switch ((StrataDiskPageProperty) prop_id)
    {
    case PROP_HOST:
      g_value_set_object (value, self->host);
      break;
    case PROP_MACHINE:
      g_value_set_object (value, self->machine);
      break;
    case PROP_QUEUE:
      g_value_set_object (value, self->queue);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_disk_page_set_property (GObject *object,
                               guint prop_id,
                               const GValue *value,
                               GParamSpec *pspec)
{
  StrataDiskPage *self = STRATA_DISK_PAGE (object);

  switch ((StrataDiskPageProperty) prop_id)
    {
    case PROP_HOST:
      set_host (self, g_value_get_object (value));
      break;
    case PROP_MACHINE:
      set_machine (self, g_value_get_object (value));
      break;
    case PROP_QUEUE:
      set_queue (self, g_value_get_object (value));
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_disk_page_class_init (StrataDiskPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = strata_disk_page_dispose;
  object_class->finalize = strata_disk_page_finalize;
  object_class->get_property = strata_disk_page_get_property;
  object_class->set_property = strata_disk_page_set_property;
  widget_class->map = strata_disk_page_map;
  widget_class->unmap = strata_disk_page_unmap;

  properties[PROP_HOST] = g_param_spec_object ("host", NULL, NULL, STRATA_TYPE_HOST, flags);
  properties[PROP_MACHINE] =
      g_param_spec_object ("machine", NULL, NULL, STRATA_TYPE_MACHINE, flags);
  properties[PROP_QUEUE] = g_param_spec_object ("queue", NULL, NULL, STRATA_TYPE_JOB_QUEUE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-disk-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataDiskPage, failure);
  gtk_widget_class_bind_template_child (widget_class, StrataDiskPage, page);
}

static void
strata_disk_page_init (StrataDiskPage *self)
{
  self->groups = g_ptr_array_new ();
  self->survey_signals = g_signal_group_new (STRATA_TYPE_SURVEY);
  g_signal_group_connect_swapped (self->survey_signals, "notify::graph", G_CALLBACK (reload), self);
  g_signal_group_connect_swapped (self->survey_signals, "notify::error-message",
                                  G_CALLBACK (show_state), self);

  gtk_widget_init_template (GTK_WIDGET (self));
  self->stack = GTK_STACK (adw_bin_get_child (ADW_BIN (self)));
}
