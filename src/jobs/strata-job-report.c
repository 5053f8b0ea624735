/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataJobReport: what a job's worker says of how far it has come. However much it says, the owner's context is woken by one idle at
 * a time, which reads the latest.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-job-report.h"

struct _StrataJobReport
{
  GMainContext *context;
  GSourceFunc read;
  StrataPlan *plan;
  GArray *weights; /* double, a step */
  double weight;   /* their sum */

  /* Under the mutex. */
  GMutex mutex;
  gboolean pending;
  StrataProgress said;
  char *title;
  GString *log;
  GError *error;
  double done_weight;
  gint64 started;
  gint64 step_started;
};

/* Seconds, above 0. Only for the progress bar, which should move evenly: what moves bytes moves them at 200 MB/s. */
static double
get_weight (const StrataStep *step)
{
  return strata_step_kind_get_seconds (step->kind) + (double) step->bytes / 200e6;
}

/**
 * strata_job_report_new:
 * @plan: what the job does
 * @read: called with the job, on the calling thread's default context, when there is something to read
 *
 * Returns: (transfer full): a report on a job that is queued
 */
StrataJobReport *
strata_job_report_new (StrataPlan *plan, GSourceFunc read)
{
  StrataJobReport *self = g_new0 (StrataJobReport, 1);

  g_mutex_init (&self->mutex);
  self->context = g_main_context_ref_thread_default ();
  self->read = read;
  self->plan = g_object_ref (plan);
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
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_error (&self->error);
  g_string_free (self->log, TRUE);
  g_free (self->title);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/**
 * strata_job_report_read:
 * @self: a report
 * @progress: (out): how far the job has come
 * @title: (inout): its step's title
 * @log: (inout): its log
 * @error: (inout): the first error
 *
 * Replaces what was read before; an error stays.
 */
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
publish (StrataJob *job)
{
  StrataJobReport *self = strata_job_get_report (job);
  gboolean wake = !self->pending;

  self->pending = TRUE;
  g_mutex_unlock (&self->mutex);

  if (wake)
    {
      g_autoptr (GSource) source = g_idle_source_new ();

      g_source_set_priority (source, G_PRIORITY_DEFAULT);
      g_source_set_callback (source, self->read, g_object_ref (job), g_object_unref);
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
strata_job_report_start (StrataJob *job)
{
  StrataJobReport *self = strata_job_get_report (job);

  g_mutex_lock (&self->mutex);
  self->said.state = STRATA_JOB_RUNNING;
  self->started = g_get_monotonic_time ();
  publish (job);
}

void
strata_job_report_cancelling (StrataJob *job)
{
  StrataJobReport *self = strata_job_get_report (job);

  g_mutex_lock (&self->mutex);
  if (self->said.state == STRATA_JOB_RUNNING)
    self->said.state = STRATA_JOB_CANCELLING;
  publish (job);
}

void
strata_job_enter_step (StrataJob *job, guint index, gboolean undoing)
{
  StrataJobReport *self = strata_job_get_report (job);
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
  publish (job);
}

void
strata_job_enter_end (StrataJob *job)
{
  StrataJobReport *self = strata_job_get_report (job);

  g_mutex_lock (&self->mutex);
  self->said.finishing = TRUE;
  publish (job);
}

/**
 * strata_job_report_bytes:
 * @job: a job
 * @done: bytes that the running step has moved
 * @total: bytes that it will have moved
 *
 * Any thread.
 */
void
strata_job_report_bytes (StrataJob *job, guint64 done, guint64 total)
{
  StrataJobReport *self;
  double elapsed;

  g_return_if_fail (job != NULL);

  self = strata_job_get_report (job);
  g_mutex_lock (&self->mutex);
  elapsed = (double) (g_get_monotonic_time () - self->step_started) / G_USEC_PER_SEC;
  self->said.bytes_done = done;
  self->said.bytes_total = total;
  self->said.rate = elapsed > 0.1 ? (guint64) ((double) done / elapsed) : 0;
  update_fraction (self, total > 0 ? (double) done / (double) total : 0);
  publish (job);
}

/**
 * strata_job_report_fraction:
 * @job: a job
 * @fraction: how much of the running step is done, 0 to 1
 * @message: (nullable): a line for the log
 *
 * Any thread.
 */
void
strata_job_report_fraction (StrataJob *job, double fraction, const char *message)
{
  StrataJobReport *self;

  g_return_if_fail (job != NULL);

  self = strata_job_get_report (job);
  g_mutex_lock (&self->mutex);
  update_fraction (self, CLAMP (fraction, 0, 1));
  if (message != NULL)
    g_string_append_printf (self->log, "  %s\n", message);
  publish (job);
}

/**
 * strata_job_append_log:
 * @job: a job
 * @text: a line for the log
 *
 * Any thread.
 */
void
strata_job_append_log (StrataJob *job, const char *text)
{
  StrataJobReport *self;

  g_return_if_fail (job != NULL);

  self = strata_job_get_report (job);
  g_mutex_lock (&self->mutex);
  g_string_append_printf (self->log, "%s\n", text);
  publish (job);
}

void
strata_job_set_finished (StrataJob *job,
                         StrataJobState state,
                         StrataJobOutcome outcome,
                         const GError *error)
{
  StrataJobReport *self = strata_job_get_report (job);

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
  publish (job);
}
