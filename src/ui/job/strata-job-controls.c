/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataJobControls: the buttons that slow a job or stop it, wherever the job is shown. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-job-controls.h"

#define MEGABYTE 1000000

struct _StrataJobControls
{
  GtkBox parent_instance;

  StrataJob *job;

  GtkSpinButton *speed_button;
};

typedef enum
{
  PROP_JOB = 1,
  N_PROPS,
} StrataJobControlsProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataJobControls, strata_job_controls, GTK_TYPE_BOX)

static gboolean
is_cancellable (StrataJobControls *self, StrataJobState state, guint step)
{
  /* A binding may be evaluated once more when the widget is gone. */
  return self != NULL && self->job != NULL && strata_job_can_cancel (self->job);
}

/* Why the button can't be pressed, where it can't. */
static char *
describe_cancel (StrataJobControls *self, StrataJobState state, guint step)
{
  if (self == NULL || self->job == NULL || strata_job_can_cancel (self->job))
    return g_strdup (_ ("Cancel"));
  if (state == STRATA_JOB_CANCELLING)
    return g_strdup (_ ("Cancelling"));
  if (strata_job_get_progress (self->job)->undoing)
    return g_strdup (_ ("It is being taken back"));

  return g_strdup (_ ("Too late to cancel; it is being finished"));
}

static void
speed_changed_cb (StrataJobControls *self)
{
  if (self->job != NULL)
    strata_job_set_bandwidth (
        self->job, (guint64) gtk_spin_button_get_value_as_int (self->speed_button) * MEGABYTE);
}

static void
cancel_clicked_cb (StrataJobControls *self)
{
  if (self->job != NULL)
    strata_job_cancel (self->job);
}

static void
bandwidth_changed_cb (StrataJobControls *self)
{
  gtk_spin_button_set_value (self->speed_button,
                             (double) strata_job_get_bandwidth (self->job) / MEGABYTE);
}

static void
set_job (StrataJobControls *self, StrataJob *job)
{
  if (self->job == job)
    return;

  if (self->job != NULL)
    g_signal_handlers_disconnect_by_func (self->job, bandwidth_changed_cb, self);
  g_clear_object (&self->job);
  if (job != NULL)
    {
      /* Before the job is ours, lest showing its limit set it. */
      gtk_spin_button_set_value (self->speed_button,
                                 (double) strata_job_get_bandwidth (job) / MEGABYTE);
      self->job = g_object_ref (job);
      g_signal_connect_object (job, "notify::bandwidth", G_CALLBACK (bandwidth_changed_cb), self,
                               G_CONNECT_SWAPPED);
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_JOB]);
}

static void
strata_job_controls_dispose (GObject *object)
{
  StrataJobControls *self = STRATA_JOB_CONTROLS (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_JOB_CONTROLS);
  g_clear_object (&self->job);

  G_OBJECT_CLASS (strata_job_controls_parent_class)->dispose (object);
}

static void
strata_job_controls_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch ((StrataJobControlsProperty) prop_id)
    {
    case PROP_JOB:
      g_value_set_object (value, STRATA_JOB_CONTROLS (object)->job);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_job_controls_set_property (GObject *object,
                                  guint prop_id,
                                  const GValue *value,
                                  GParamSpec *pspec)
{
  switch ((StrataJobControlsProperty) prop_id)
    {
    case PROP_JOB:
      set_job (STRATA_JOB_CONTROLS (object), g_value_get_object (value));
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_job_controls_class_init (StrataJobControlsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_job_controls_dispose;
  object_class->get_property = strata_job_controls_get_property;
  object_class->set_property = strata_job_controls_set_property;

  properties[PROP_JOB] =
      g_param_spec_object ("job", NULL, NULL, STRATA_TYPE_JOB,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-job-controls.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataJobControls, speed_button);
  gtk_widget_class_bind_template_callback (widget_class, is_cancellable);
  gtk_widget_class_bind_template_callback (widget_class, describe_cancel);
  gtk_widget_class_bind_template_callback (widget_class, speed_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, cancel_clicked_cb);
}

static void
strata_job_controls_init (StrataJobControls *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
