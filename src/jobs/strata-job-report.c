/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataJobReport: what the worker thread says of its job, coalesced for the owner's main context. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-job-report.h"

struct _StrataJobReport
{
  GMutex mutex;
  StrataProgress said;
  char *title;
  GString *log;
  GError *error;
  JsonObject *results;
  JsonObject *new_results;

  StrataPlan *plan;
  GArray *weights; /* double, a step */
  double weight;   /* their sum */
  double done_weight;
  gint64 started;
  gint64 step_started;

  GMainContext *context;
  GSourceFunc show;
  GObject *job; /* unowned: it owns us */
  gboolean pending;
};

/* Seconds, above 0. Only for the progress bar, which should move evenly: what moves bytes moves them at 200 MB/s. */
static double
get_weight (const StrataStep *step)
{
  return strata_step_kind_get_seconds (step->kind) + (double) step->bytes / 200e6;
}

/**
 * strata_job_report_new:
 * @plan: the job's plan
 * @results: (nullable): what an earlier process found out
 * @show: called on the calling thread's default main context when there is news
 * @job: (not nullable): passed to @show
 *
 * Returns: (transfer full): a report of a job that waits
 */
StrataJobReport *
strata_job_report_new (StrataPlan *plan, JsonObject *results, GSourceFunc show, GObject *job)
{
  StrataJobReport *self = g_new0 (StrataJobReport, 1);

  g_mutex_init (&self->mutex);
  self->plan = g_object_ref (plan);
  self->results = results != NULL ? json_object_ref (results) : json_object_new ();
  self->context = g_main_context_ref_thread_default ();
  self->show = show;
  self->job = job;
  self->log = g_string_new (NULL);
  self->said.seconds_left = -1;
  self->weights = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      double weight = get_weight (strata_plan_get_step (plan, i));

      g_array_append_val (self->weights, weight);
      self->weight += weight;
    }

  return self;
}

void
strata_job_report_free (StrataJobReport *self)
{
  g_clear_object (&self->plan);
  g_clear_pointer (&self->weights, g_array_unref);
  g_clear_pointer (&self->results, json_object_unref);
  g_clear_pointer (&self->new_results, json_object_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_error (&self->error);
  g_string_free (self->log, TRUE);
  g_free (self->title);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
strata_job_report_read (StrataJobReport *self,
                        StrataProgress *progress,
                        char **title,
                        char **log,
                        GError **error)
{
  g_mutex_lock (&self->mutex);
  self->pending = FALSE;
  *progress = self->said;
  g_set_str (title, self->title);
  g_set_str (log, self->log->str);
  if (self->error != NULL && *error == NULL)
    *error = g_error_copy (self->error);
  g_mutex_unlock (&self->mutex);
}

/* Unlocks, and sees to it that what was said is read. */
static void
publish (StrataJobReport *self)
{
  gboolean wake = !self->pending;

  self->pending = TRUE;
  g_mutex_unlock (&self->mutex);

  if (wake)
    {
      g_autoptr (GSource) source = g_idle_source_new ();

      g_source_set_priority (source, G_PRIORITY_DEFAULT);
      g_source_set_callback (source, self->show, g_object_ref (self->job), g_object_unref);
      g_source_attach (source, self->context);
    }
}

/* With the mutex held: FRACTION is of the running step. */
static void
update_fraction (StrataJobReport *self, double fraction)
{
  guint index = self->said.step > 0 ? self->said.step - 1 : 0;
  double weight = g_array_index (self->weights, double, index);
  double elapsed = (double) (g_get_monotonic_time () - self->started) / G_USEC_PER_SEC;

  self->said.fraction = CLAMP ((self->done_weight + weight * fraction) / self->weight, 0, 1);
  /* Before that a guess would jump about. */
  if (elapsed > 2 && self->said.fraction > 0.02)
    self->said.seconds_left = (int) (elapsed * (1 - self->said.fraction) / self->said.fraction);
}

void
strata_job_report_start (StrataJobReport *self)
{
  g_mutex_lock (&self->mutex);
  self->said.state = STRATA_JOB_RUNNING;
  self->started = g_get_monotonic_time ();
  publish (self);
}

void
strata_job_report_cancelling (StrataJobReport *self)
{
  g_mutex_lock (&self->mutex);
  if (self->said.state == STRATA_JOB_RUNNING)
    self->said.state = STRATA_JOB_CANCELLING;
  publish (self);
}

void
strata_job_report_step (StrataJobReport *self, guint index, gboolean undoing)
{
  StrataStep *spec = strata_plan_get_step (self->plan, index);

  g_mutex_lock (&self->mutex);
  self->said.step = index + 1;
  self->said.undoing = undoing;
  self->said.finishing = FALSE;
  g_free (self->title);
  /* Translators: undoing a step of a job; the step's title */
  self->title = undoing ? g_strdup_printf (_ ("Undoing: %s"), spec->title) : g_strdup (spec->title);
  self->said.bytes_done = self->said.bytes_total = self->said.rate = 0;
  self->step_started = g_get_monotonic_time ();
  self->done_weight = 0;
  for (guint i = 0; i < index; i++)
    self->done_weight += g_array_index (self->weights, double, i);
  update_fraction (self, 0);
  g_string_append_printf (self->log, "%s\n", self->title);
  publish (self);
}

void
strata_job_report_end (StrataJobReport *self)
{
  g_mutex_lock (&self->mutex);
  self->said.finishing = TRUE;
  publish (self);
}

void
strata_job_report_moved (StrataJobReport *self, guint64 done, guint64 total)
{
  double elapsed;

  g_mutex_lock (&self->mutex);
  elapsed = (double) (g_get_monotonic_time () - self->step_started) / G_USEC_PER_SEC;
  self->said.bytes_done = done;
  self->said.bytes_total = total;
  self->said.rate = elapsed > 0.1 ? (guint64) ((double) done / elapsed) : 0;
  update_fraction (self, total > 0 ? (double) done / (double) total : 0);
  publish (self);
}

void
strata_job_report_part (StrataJobReport *self, double fraction, const char *message)
{
  g_mutex_lock (&self->mutex);
  update_fraction (self, CLAMP (fraction, 0, 1));
  if (message != NULL)
    g_string_append_printf (self->log, "  %s\n", message);
  publish (self);
}

void
strata_job_report_log (StrataJobReport *self, const char *text)
{
  g_mutex_lock (&self->mutex);
  g_string_append_printf (self->log, "%s\n", text);
  publish (self);
}

void
strata_job_report_finished (StrataJobReport *self,
                            StrataJobState state,
                            StrataJobOutcome outcome,
                            const GError *error)
{
  g_mutex_lock (&self->mutex);
  self->said.state = state;
  self->said.outcome = outcome;
  self->said.seconds_left = -1;
  self->said.rate = 0;
  if (state == STRATA_JOB_DONE)
    self->said.fraction = 1;
  if (error != NULL && self->error == NULL)
    {
      self->error = g_error_copy (error);
      g_string_append_printf (self->log, "%s\n", error->message);
    }
  publish (self);
}

void
strata_job_report_set_result (StrataJobReport *self, const char *key, const char *value)
{
  g_mutex_lock (&self->mutex);
  if (self->new_results == NULL)
    self->new_results = json_object_new ();
  json_object_set_string_member (self->new_results, key, value);
  json_object_set_string_member (self->results, key, value);
  g_mutex_unlock (&self->mutex);
}

char *
strata_job_report_get_result (StrataJobReport *self, const char *key)
{
  char *value;

  g_mutex_lock (&self->mutex);
  value = g_strdup (json_object_get_string_member_with_default (self->results, key, NULL));
  g_mutex_unlock (&self->mutex);

  return value;
}

JsonObject *
strata_job_report_take_new_results (StrataJobReport *self)
{
  JsonObject *results;

  g_mutex_lock (&self->mutex);
  results = g_steal_pointer (&self->new_results);
  g_mutex_unlock (&self->mutex);

  return results;
}
