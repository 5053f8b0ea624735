/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataOperations: the operations of this process, newest first. */

#include "config.h"

#include "strata-job-row.h"
#include "strata-operations.h"

struct _StrataOperations
{
  AdwBin parent_instance;

  StrataJobQueue *queue;

  GtkListBox *list_box;
};

typedef enum
{
  PROP_QUEUE = 1,
  N_PROPS,
} StrataOperationsProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataOperations, strata_operations, ADW_TYPE_BIN)

/* The queue's last is the list's first, so places count from the other end. */
static void
items_changed_cb (StrataOperations *self, guint position, guint removed, guint added)
{
  guint n_left = g_list_model_get_n_items (G_LIST_MODEL (self->queue)) - added;
  guint n_before = n_left + removed;

  for (guint i = position; i < position + removed; i++)
    gtk_list_box_remove (self->list_box, GTK_WIDGET (gtk_list_box_get_row_at_index (
                                             self->list_box, n_before - 1 - i)));

  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (StrataJob) job = g_list_model_get_item (G_LIST_MODEL (self->queue), i);

      gtk_list_box_insert (self->list_box, strata_job_row_new (job), n_left - position);
    }
}

static void
set_queue (StrataOperations *self, StrataJobQueue *queue)
{
  g_assert (self->queue == NULL);

  self->queue = g_object_ref (queue);
  g_signal_connect_object (queue, "items-changed", G_CALLBACK (items_changed_cb), self,
                           G_CONNECT_SWAPPED);
  items_changed_cb (self, 0, 0, g_list_model_get_n_items (G_LIST_MODEL (queue)));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_QUEUE]);
}

static void
clear_clicked_cb (StrataOperations *self)
{
  strata_job_queue_clear_finished (self->queue);
}

static void
strata_operations_dispose (GObject *object)
{
  StrataOperations *self = STRATA_OPERATIONS (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_OPERATIONS);
  g_clear_object (&self->queue);

  G_OBJECT_CLASS (strata_operations_parent_class)->dispose (object);
}

static void
strata_operations_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch ((StrataOperationsProperty) prop_id)
    {
    case PROP_QUEUE:
      g_value_set_object (value, STRATA_OPERATIONS (object)->queue);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_operations_set_property (GObject *object,
                                guint prop_id,
                                const GValue *value,
                                GParamSpec *pspec)
{
  switch ((StrataOperationsProperty) prop_id)
    {
    case PROP_QUEUE:
      if (g_value_get_object (value) != NULL)
        set_queue (STRATA_OPERATIONS (object), g_value_get_object (value));
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_operations_class_init (StrataOperationsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_operations_dispose;
  object_class->get_property = strata_operations_get_property;
  object_class->set_property = strata_operations_set_property;

  properties[PROP_QUEUE] =
      g_param_spec_object ("queue", NULL, NULL, STRATA_TYPE_JOB_QUEUE,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-operations.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataOperations, list_box);
  gtk_widget_class_bind_template_callback (widget_class, clear_clicked_cb);
}

static void
strata_operations_init (StrataOperations *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
