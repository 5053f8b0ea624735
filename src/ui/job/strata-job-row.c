/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataJobRow: one operation: what it does, how far it is, and how to slow or stop it. */

#include "config.h"

#include <glib/gi18n.h>

#include "jobs/strata-job-results.h"
#include "strata-job-controls.h"
#include "strata-job-row.h"
#include "strata-job-words.h"
#include "base/strata-error.h"

struct _StrataJobRow
{
  GtkListBoxRow parent_instance;

  StrataJob *job;
};

typedef enum
{
  PROP_JOB = 1,
  N_PROPS,
} StrataJobRowProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataJobRow, strata_job_row, GTK_TYPE_LIST_BOX_ROW)

static gboolean
is_active (StrataJobRow *self, StrataJobState state)
{
  return state == STRATA_JOB_QUEUED || state == STRATA_JOB_RUNNING ||
         state == STRATA_JOB_CANCELLING;
}

static gboolean
is_over (StrataJobRow *self, StrataJobState state)
{
  return !is_active (self, state);
}

static gboolean
is_string (StrataJobRow *self, const char *string)
{
  return string != NULL && *string != '\0';
}

static char *
get_icon_name (StrataJobRow *self, StrataJobOutcome outcome)
{
  switch (outcome)
    {
    case STRATA_JOB_OUTCOME_NONE:
    case STRATA_JOB_OUTCOME_DONE:
      return g_strdup ("object-select-symbolic");
    case STRATA_JOB_OUTCOME_ROLLED_BACK:
      return g_strdup ("edit-undo-symbolic");
    case STRATA_JOB_OUTCOME_STOPPED:
      return g_strdup ("media-playback-pause-symbolic");
    case STRATA_JOB_OUTCOME_STUCK:
      return g_strdup ("dialog-error-symbolic");
    }

  g_return_val_if_reached (NULL);
}

static char **
get_icon_classes (StrataJobRow *self, StrataJobOutcome outcome)
{
  static const char *const names[] = {
    [STRATA_JOB_OUTCOME_NONE] = "dimmed",        [STRATA_JOB_OUTCOME_DONE] = "success",
    [STRATA_JOB_OUTCOME_ROLLED_BACK] = "dimmed", [STRATA_JOB_OUTCOME_STOPPED] = "warning",
    [STRATA_JOB_OUTCOME_STUCK] = "error",
  };

  return g_strdupv ((char **) (const char *const[]) { names[outcome], NULL });
}

static const char *
describe_outcome (StrataJobState state, StrataJobOutcome outcome)
{
  switch (outcome)
    {
    case STRATA_JOB_OUTCOME_DONE:
      return _ ("Done");
    case STRATA_JOB_OUTCOME_ROLLED_BACK:
      return state == STRATA_JOB_CANCELLED ? _ ("Cancelled, and everything is as it was")
                                           : _ ("Failed, and everything is as it was");
    case STRATA_JOB_OUTCOME_STOPPED:
      return _ ("Stopped in a sound state; it can be resumed");
    case STRATA_JOB_OUTCOME_STUCK:
      return _ ("Failed, and so did the way back; it can be rolled back again");
    case STRATA_JOB_OUTCOME_NONE:
      return "";
    }

  g_return_val_if_reached ("");
}

/* What was confirmed is not what would be done now. */
static gboolean
has_new_plan (StrataJobRow *self, StrataJobState state)
{
  return self != NULL && self->job != NULL && state == STRATA_JOB_FAILED &&
         strata_job_get_new_plan (self->job) != NULL;
}

static void
new_plan_clicked_cb (StrataJobRow *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "window.show-new-plan", "s",
                              strata_job_get_id (self->job));
}

/* (nullable): how far it isn't as it was before a job that was taken back */
static char *
describe_not_back (StrataJobRow *self, StrataJobOutcome outcome)
{
  g_auto (GStrv) lines = NULL;

  if (self == NULL || self->job == NULL || outcome != STRATA_JOB_OUTCOME_ROLLED_BACK)
    return NULL;
  lines = strata_job_dup_not_back (self->job);

  return *lines != NULL ? g_strjoinv (" ", lines) : NULL;
}

static char *
describe_state (StrataJobRow *self,
                StrataJobState state,
                StrataJobOutcome outcome,
                const char *step_title,
                guint step,
                guint n_steps)
{
  char *not_back = NULL;

  switch (state)
    {
    case STRATA_JOB_QUEUED:
      return g_strdup (_ ("Waiting"));
    case STRATA_JOB_CANCELLING:
      return g_strdup (_ ("Cancelling"));
    case STRATA_JOB_RUNNING:
      if (step_title == NULL || n_steps == 0)
        return g_strdup (_ ("Starting"));
      /* Translators: which step of how many, and what it does. */
      return g_strdup_printf (_ ("%u of %u: %s"), step, n_steps, step_title);
    case STRATA_JOB_DONE:
    case STRATA_JOB_FAILED:
    case STRATA_JOB_CANCELLED:
      if (has_new_plan (self, state))
        return g_strdup (_ ("The host had changed, so nothing was done"));
      if (self != NULL && self->job != NULL && strata_job_outran_cancel (self->job))
        return g_strdup (_ ("Done before it could be cancelled"));
      not_back = describe_not_back (self, outcome);
      return not_back != NULL ? not_back : g_strdup (describe_outcome (state, outcome));
    }

  g_return_val_if_reached (NULL);
}

static char *
describe_progress (StrataJobRow *self, guint64 done, guint64 total, guint64 rate, int seconds_left)
{
  return strata_job_words_describe_progress (done, total, rate, seconds_left);
}

static gboolean
has_progress (StrataJobRow *self, StrataJobState state, guint64 total, int seconds_left)
{
  return is_active (self, state) && (total > 0 || seconds_left >= 0);
}

static char *
describe_error (StrataJobRow *self, const char *message)
{
  const GError *error = self != NULL && self->job != NULL ? strata_job_get_error (self->job) : NULL;
  const char *hint = error != NULL ? strata_error_get_hint (error) : NULL;

  return hint != NULL ? g_strdup_printf ("%s\n%s", message, hint) : g_strdup (message);
}

static void
strata_job_row_dispose (GObject *object)
{
  StrataJobRow *self = STRATA_JOB_ROW (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_JOB_ROW);
  g_clear_object (&self->job);

  G_OBJECT_CLASS (strata_job_row_parent_class)->dispose (object);
}

static void
strata_job_row_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch ((StrataJobRowProperty) prop_id)
    {
    case PROP_JOB:
      g_value_set_object (value, STRATA_JOB_ROW (object)->job);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_job_row_class_init (StrataJobRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_job_row_dispose;
  object_class->get_property = strata_job_row_get_property;

  properties[PROP_JOB] = g_param_spec_object ("job", NULL, NULL, STRATA_TYPE_JOB,
                                              G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-job-row.ui");
  gtk_widget_class_bind_template_callback (widget_class, is_active);
  gtk_widget_class_bind_template_callback (widget_class, is_over);
  gtk_widget_class_bind_template_callback (widget_class, is_string);
  gtk_widget_class_bind_template_callback (widget_class, get_icon_name);
  gtk_widget_class_bind_template_callback (widget_class, get_icon_classes);
  gtk_widget_class_bind_template_callback (widget_class, describe_state);
  gtk_widget_class_bind_template_callback (widget_class, describe_progress);
  gtk_widget_class_bind_template_callback (widget_class, has_progress);
  gtk_widget_class_bind_template_callback (widget_class, describe_error);
  gtk_widget_class_bind_template_callback (widget_class, has_new_plan);
  gtk_widget_class_bind_template_callback (widget_class, new_plan_clicked_cb);
}

static void
strata_job_row_init (StrataJobRow *self)
{
  g_type_ensure (STRATA_TYPE_JOB_CONTROLS);

  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * strata_job_row_new:
 * @job: an operation
 *
 * Returns: (transfer none): a floating row
 */
GtkWidget *
strata_job_row_new (StrataJob *job)
{
  StrataJobRow *self;

  g_return_val_if_fail (STRATA_IS_JOB (job), NULL);

  self = g_object_new (STRATA_TYPE_JOB_ROW, NULL);
  self->job = g_object_ref (job);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_JOB]);

  return GTK_WIDGET (self);
}
