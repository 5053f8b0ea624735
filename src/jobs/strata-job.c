/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataJob: a plan being carried out, as the main thread sees it. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-job-private.h"

struct _StrataJob
{
  GObject parent_instance;

  char *id;
  StrataConnection *connection;
  StrataPlan *plan;
  StrataPlan *new_plan; /* set by the worker before it says that it is over */
  StrataJobOrders orders;
  GCancellable *cancellable;
  guint64 bandwidth; /* atomic: steps read it in their thread */

  StrataJobReport *report;
  StrataJobResults *results;

  /* What the owner's context has read of it. */
  StrataProgress shown;
  char *shown_title;
  char *shown_log;
  GError *shown_error;
};

enum
{
  PROP_0,
  PROP_ID,
  PROP_TITLE,
  PROP_STATE,
  PROP_OUTCOME,
  PROP_STEP,
  PROP_N_STEPS,
  PROP_STEP_TITLE,
  PROP_FRACTION,
  PROP_BYTES_DONE,
  PROP_BYTES_TOTAL,
  PROP_RATE,
  PROP_SECONDS_LEFT,
  PROP_ERROR_MESSAGE,
  PROP_LOG,
  PROP_BANDWIDTH,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataJob, strata_job, G_TYPE_OBJECT)

static void
notify_progress (StrataJob *self, const StrataProgress *old)
{
  const StrataProgress *now = &self->shown;
  const gboolean changed[N_PROPS] = {
    /* What depends on it is whether the job can be cancelled, too. */
    [PROP_STEP] =
        old->step != now->step || old->undoing != now->undoing || old->finishing != now->finishing,
    [PROP_FRACTION] = old->fraction < now->fraction || old->fraction > now->fraction,
    [PROP_BYTES_DONE] = old->bytes_done != now->bytes_done,
    [PROP_BYTES_TOTAL] = old->bytes_total != now->bytes_total,
    [PROP_RATE] = old->rate != now->rate,
    [PROP_SECONDS_LEFT] = old->seconds_left != now->seconds_left,
    [PROP_OUTCOME] = old->outcome != now->outcome,
  };

  for (guint i = PROP_0 + 1; i < N_PROPS; i++)
    {
      if (changed[i])
        g_object_notify_by_pspec (G_OBJECT (self), properties[i]);
    }
  /* The state last: who waits for the end finds everything else in place. */
  if (old->state != now->state)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

static gboolean
read_report_cb (gpointer data)
{
  StrataJob *self = data;
  StrataProgress old = self->shown;
  g_autofree char *old_title = g_strdup (self->shown_title);
  gsize old_log = self->shown_log != NULL ? strlen (self->shown_log) : 0;
  gboolean had_error = self->shown_error != NULL;

  strata_job_report_read (self->report, &self->shown, &self->shown_title, &self->shown_log,
                          &self->shown_error);

  if (g_strcmp0 (old_title, self->shown_title) != 0)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STEP_TITLE]);
  /* It only ever grows. */
  if (old_log != strlen (self->shown_log))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOG]);
  if (!had_error && self->shown_error != NULL)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR_MESSAGE]);
  notify_progress (self, &old);

  return G_SOURCE_REMOVE;
}

static void
strata_job_finalize (GObject *object)
{
  StrataJob *self = STRATA_JOB (object);

  g_clear_pointer (&self->report, strata_job_report_free);
  g_clear_pointer (&self->results, strata_job_results_free);
  g_clear_pointer (&self->orders.journal, strata_journal_close);
  g_clear_error (&self->shown_error);
  g_clear_object (&self->connection);
  g_clear_object (&self->plan);
  g_clear_object (&self->new_plan);
  g_clear_object (&self->cancellable);
  g_free (self->shown_title);
  g_free (self->shown_log);
  g_free (self->orders.journal_dir);
  g_free (self->id);

  G_OBJECT_CLASS (strata_job_parent_class)->finalize (object);
}

static void
strata_job_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  StrataJob *self = STRATA_JOB (object);

  switch (prop_id)
    {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_TITLE:
      g_value_set_string (value, strata_job_get_title (self));
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->shown.state);
      break;
    case PROP_OUTCOME:
      g_value_set_enum (value, self->shown.outcome);
      break;
    case PROP_STEP:
      g_value_set_uint (value, self->shown.step);
      break;
    case PROP_N_STEPS:
      g_value_set_uint (value, strata_plan_get_n_steps (self->plan));
      break;
    case PROP_STEP_TITLE:
      g_value_set_string (value, self->shown_title);
      break;
    case PROP_FRACTION:
      g_value_set_double (value, self->shown.fraction);
      break;
    case PROP_BYTES_DONE:
      g_value_set_uint64 (value, self->shown.bytes_done);
      break;
    case PROP_BYTES_TOTAL:
      g_value_set_uint64 (value, self->shown.bytes_total);
      break;
    case PROP_RATE:
      g_value_set_uint64 (value, self->shown.rate);
      break;
    case PROP_SECONDS_LEFT:
      g_value_set_int (value, self->shown.seconds_left);
      break;
    case PROP_ERROR_MESSAGE:
      g_value_set_string (value, self->shown_error != NULL ? self->shown_error->message : NULL);
      break;
    case PROP_LOG:
      g_value_set_string (value, self->shown_log);
      break;
    case PROP_BANDWIDTH:
      g_value_set_uint64 (value, strata_job_get_bandwidth (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_job_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  if (prop_id == PROP_BANDWIDTH)
    strata_job_set_bandwidth (STRATA_JOB (object), g_value_get_uint64 (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
strata_job_class_init (StrataJobClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags read = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = strata_job_finalize;
  object_class->get_property = strata_job_get_property;
  object_class->set_property = strata_job_set_property;

  properties[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, read);
  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, read);
  properties[PROP_STATE] =
      g_param_spec_enum ("state", NULL, NULL, STRATA_TYPE_JOB_STATE, STRATA_JOB_QUEUED, read);
  properties[PROP_OUTCOME] = g_param_spec_enum ("outcome", NULL, NULL, STRATA_TYPE_JOB_OUTCOME,
                                                STRATA_JOB_OUTCOME_NONE, read);
  properties[PROP_STEP] = g_param_spec_uint ("step", NULL, NULL, 0, G_MAXUINT, 0, read);
  properties[PROP_N_STEPS] = g_param_spec_uint ("n-steps", NULL, NULL, 0, G_MAXUINT, 0, read);
  properties[PROP_STEP_TITLE] = g_param_spec_string ("step-title", NULL, NULL, NULL, read);
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, read);
  properties[PROP_BYTES_DONE] =
      g_param_spec_uint64 ("bytes-done", NULL, NULL, 0, G_MAXUINT64, 0, read);
  properties[PROP_BYTES_TOTAL] =
      g_param_spec_uint64 ("bytes-total", NULL, NULL, 0, G_MAXUINT64, 0, read);
  properties[PROP_RATE] = g_param_spec_uint64 ("rate", NULL, NULL, 0, G_MAXUINT64, 0, read);
  properties[PROP_SECONDS_LEFT] =
      g_param_spec_int ("seconds-left", NULL, NULL, -1, G_MAXINT, -1, read);
  properties[PROP_ERROR_MESSAGE] = g_param_spec_string ("error-message", NULL, NULL, NULL, read);
  properties[PROP_LOG] = g_param_spec_string ("log", NULL, NULL, NULL, read);
  properties[PROP_BANDWIDTH] =
      g_param_spec_uint64 ("bandwidth", NULL, NULL, 0, G_MAXUINT64, 0, read | G_PARAM_WRITABLE);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
strata_job_init (StrataJob *self)
{
  self->cancellable = g_cancellable_new ();
  self->shown.seconds_left = -1;
}

static StrataJob *
job_new (const char *id, StrataConnection *connection, StrataPlan *plan, JsonObject *results)
{
  StrataJob *self = g_object_new (STRATA_TYPE_JOB, NULL);

  self->id = g_strdup (id);
  self->connection = g_object_ref (connection);
  self->plan = g_object_ref (plan);
  self->report = strata_job_report_new (plan, read_report_cb);
  self->results = strata_job_results_new (results);

  return self;
}

/**
 * strata_job_new:
 * @connection: the host
 * @plan: what to do
 * @journal_dir: where its journal goes
 *
 * Returns: (transfer full): a queued job that belongs to the calling thread's default context
 */
StrataJob *
strata_job_new (StrataConnection *connection, StrataPlan *plan, const char *journal_dir)
{
  g_autofree char *uuid = g_uuid_string_random ();
  StrataJob *self;

  uuid[8] = '\0';
  self = job_new (uuid, connection, plan, NULL);
  self->orders.journal_dir = g_strdup (journal_dir);

  return self;
}

/**
 * strata_job_new_from_journal:
 * @connection: the host
 * @journal: (transfer full): what an earlier process left
 * @resume: go forward from where it stopped; otherwise go back
 *
 * Returns: (transfer full): a queued job
 */
StrataJob *
strata_job_new_from_journal (StrataConnection *connection, StrataJournal *journal, gboolean resume)
{
  StrataJob *self =
      job_new (strata_journal_get_id (journal), connection, strata_journal_get_plan (journal),
               strata_journal_get_results (journal));

  self->orders.journal = journal;
  self->orders.backwards = !resume;

  return self;
}

static void
run_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  strata_job_run (source, cancellable);
  g_task_return_boolean (task, TRUE);
}

void
strata_job_start (StrataJob *self)
{
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, NULL, NULL);

  strata_job_report_start (self);
  self->shown.state = STRATA_JOB_RUNNING;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  g_task_set_return_on_cancel (task, FALSE);
  g_task_run_in_thread (task, run_in_thread);
}

/**
 * strata_job_cancel:
 * @self: a job
 *
 * Rolls back before the point of no return, stops in a consistent state after it. Main context.
 */
void
strata_job_cancel (StrataJob *self)
{
  g_return_if_fail (STRATA_IS_JOB (self));

  if (!strata_job_can_cancel (self))
    return;

  if (self->shown.state == STRATA_JOB_QUEUED)
    {
      g_autoptr (GError) error =
          g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("Cancelled"));

      strata_job_set_finished (self, STRATA_JOB_CANCELLED, STRATA_JOB_OUTCOME_ROLLED_BACK, error);
      return;
    }

  strata_job_report_cancelling (self);
  g_cancellable_cancel (self->cancellable);
}

void
strata_job_set_new_plan (StrataJob *self, StrataPlan *plan)
{
  g_set_object (&self->new_plan, plan);
}

/**
 * strata_job_dup_notes:
 * @self: a job
 *
 * Returns: (transfer full) (array zero-terminated=1): what its person should know, a sentence each; what
 *   sealing left in the guest or could not reach, what strata_job_dup_kept() and strata_job_dup_not_back() say, and that it
 *   was too late to cancel
 */
GStrv
strata_job_dup_notes (StrataJob *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) notes = NULL;
  g_auto (GStrv) kept = NULL;
  g_auto (GStrv) not_back = NULL;

  g_return_val_if_fail (STRATA_IS_JOB (self), NULL);

  notes = strata_job_dup_lines (self, "notes");
  kept = strata_job_dup_lines (self, STRATA_JOB_KEPT);
  not_back = strata_job_dup_lines (self, STRATA_JOB_NOT_BACK);
  g_strv_builder_addv (builder, (const char **) notes);
  g_strv_builder_addv (builder, (const char **) kept);
  g_strv_builder_addv (builder, (const char **) not_back);
  if (strata_job_outran_cancel (self))
    g_strv_builder_add (builder, _ ("It was too late to cancel: all of it is done."));

  return g_strv_builder_end (builder);
}

const char *
strata_job_get_id (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), NULL);

  return self->id;
}

const char *
strata_job_get_title (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), NULL);

  return strata_plan_get_title (self->plan);
}

StrataPlan *
strata_job_get_plan (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), NULL);

  return self->plan;
}

/**
 * strata_job_get_new_plan:
 * @self: a job
 *
 * Returns: (transfer none) (nullable): of a job that is over because the host was not as it was when the plan was made, what
 *   the same request gives now; nothing was done
 */
StrataPlan *
strata_job_get_new_plan (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), NULL);

  return strata_job_is_finished (self) ? self->new_plan : NULL;
}

StrataJobState
strata_job_get_state (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), STRATA_JOB_FAILED);

  return self->shown.state;
}

StrataJobOutcome
strata_job_get_outcome (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), STRATA_JOB_OUTCOME_NONE);

  return self->shown.outcome;
}

gboolean
strata_job_is_finished (StrataJob *self)
{
  return strata_job_get_state (self) >= STRATA_JOB_DONE;
}

/**
 * strata_job_can_cancel:
 * @self: a job
 *
 * Returns: whether strata_job_cancel() may still change how it ends: not while it is taken back, nor in a last step that can't
 *   be interrupted
 */
gboolean
strata_job_can_cancel (StrataJob *self)
{
  return strata_job_get_state (self) <= STRATA_JOB_RUNNING && !self->shown.undoing &&
         !self->shown.finishing;
}

/**
 * strata_job_is_past_return:
 * @self: a job
 *
 * Returns: whether a step was begun that is never undone, so that a job that is cancelled stops, and is resumed
 */
gboolean
strata_job_is_past_return (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), FALSE);

  for (guint i = 0; i < self->shown.step && i < strata_plan_get_n_steps (self->plan); i++)
    {
      if (strata_plan_get_step (self->plan, i)->forward_only)
        return TRUE;
    }

  return FALSE;
}

/**
 * strata_job_outran_cancel:
 * @self: a job
 *
 * Returns: whether it was cancelled, and was done before it could stop
 */
gboolean
strata_job_outran_cancel (StrataJob *self)
{
  return strata_job_get_outcome (self) == STRATA_JOB_OUTCOME_DONE &&
         g_cancellable_is_cancelled (self->cancellable);
}

const char *
strata_job_get_step_title (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), NULL);

  return self->shown_title;
}

/**
 * strata_job_get_progress:
 * @self: a job
 *
 * Returns: (transfer none): how far it has come, as the properties say it
 */
const StrataProgress *
strata_job_get_progress (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), NULL);

  return &self->shown;
}

const GError *
strata_job_get_error (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), NULL);

  return self->shown_error;
}

void
strata_job_set_bandwidth (StrataJob *self, guint64 bandwidth)
{
  g_return_if_fail (STRATA_IS_JOB (self));

  if (strata_job_get_bandwidth (self) == bandwidth)
    return;

  __atomic_store_n (&self->bandwidth, bandwidth, __ATOMIC_RELAXED);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BANDWIDTH]);
}

guint64
strata_job_get_bandwidth (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), 0);

  return __atomic_load_n (&self->bandwidth, __ATOMIC_RELAXED);
}

void
strata_job_set_hook (StrataJob *self, StrataJobHook hook, gpointer user_data)
{
  self->orders.hook = hook;
  self->orders.hook_data = user_data;
}

StrataConnection *
strata_job_get_connection (StrataJob *self)
{
  return self->connection;
}

StrataJobReport *
strata_job_get_report (StrataJob *self)
{
  return self->report;
}

StrataJobResults *
strata_job_get_results (StrataJob *self)
{
  return self->results;
}

StrataJobOrders *
strata_job_get_orders (StrataJob *self)
{
  return &self->orders;
}
