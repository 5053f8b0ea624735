/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataJob: a plan being carried out, as the main thread sees it.
 *
 * The worker thread writes what it has to say into one struct under a mutex; an idle on the owner's
 * context, never more than one at a time, copies it to where the properties are read from.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-job-private.h"
#include "xml/strata-error.h"

/* All that changes while a job runs. */
typedef struct
{
  StrataJobState   state;
  StrataJobOutcome outcome;
  guint            step; /* from 1; 0: none yet */
  char            *step_title;
  double           fraction;
  guint64          bytes_done;
  guint64          bytes_total;
  guint64          rate;
  int              seconds_left;
} Progress;

struct _StrataJob
{
  GObject           parent_instance;

  char             *id;
  StrataConnection *connection;
  StrataPlan       *plan;
  char             *journal_dir;
  StrataJournal    *journal;
  GCancellable     *cancellable;
  GMainContext     *context;
  GArray           *weights; /* double, a step */
  double            weight;
  StrataJobHook     hook;
  gpointer          hook_data;
  gboolean          backwards;

  /* what the owner's context sees */
  Progress          shown;
  char             *shown_title;
  char             *shown_log;
  GError           *shown_error;

  /* what the worker says */
  GMutex            mutex;
  Progress          said;
  GString          *said_log;
  GError           *said_error;
  JsonObject       *results;
  JsonObject       *new_results;
  GSource          *source;
  guint64           bandwidth;
  double            done_weight;
  gint64            started;
  gint64            step_started;
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

G_DEFINE_ENUM_TYPE (StrataJobState, strata_job_state,
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_QUEUED, "queued"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_RUNNING, "running"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_CANCELLING, "cancelling"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_DONE, "done"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_CANCELLED, "cancelled"))

G_DEFINE_ENUM_TYPE (StrataJobOutcome, strata_job_outcome,
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_OUTCOME_NONE, "none"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_OUTCOME_DONE, "done"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_OUTCOME_ROLLED_BACK, "rolled-back"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_OUTCOME_STOPPED, "stopped"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_OUTCOME_STUCK, "stuck"))

static void
notify_progress (StrataJob      *self,
                 const Progress *old)
{
  const Progress *now = &self->shown;

  if (old->step != now->step)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STEP]);
  if (old->fraction < now->fraction || old->fraction > now->fraction)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
  if (old->bytes_done != now->bytes_done)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BYTES_DONE]);
  if (old->bytes_total != now->bytes_total)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BYTES_TOTAL]);
  if (old->rate != now->rate)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RATE]);
  if (old->seconds_left != now->seconds_left)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SECONDS_LEFT]);
  if (old->outcome != now->outcome)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_OUTCOME]);
  /* The state last: who waits for the end finds everything else in place. */
  if (old->state != now->state)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

static gboolean
show_idle (gpointer data)
{
  StrataJob *self = data;
  Progress old = self->shown;
  gboolean failed, new_title, new_log;

  g_mutex_lock (&self->mutex);
  self->shown = self->said;
  new_title = g_set_str (&self->shown_title, self->said.step_title);
  new_log = g_set_str (&self->shown_log, self->said_log->str);
  failed = self->said_error != NULL && self->shown_error == NULL;
  if (failed)
    self->shown_error = g_error_copy (self->said_error);
  g_clear_pointer (&self->source, g_source_unref);
  g_mutex_unlock (&self->mutex);

  g_object_freeze_notify (G_OBJECT (self));
  if (new_title)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STEP_TITLE]);
  if (new_log)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOG]);
  if (failed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR_MESSAGE]);
  notify_progress (self, &old);
  g_object_thaw_notify (G_OBJECT (self));

  return G_SOURCE_REMOVE;
}

/* With the mutex held. */
static void
schedule_show (StrataJob *self)
{
  if (self->source != NULL)
    return;

  self->source = g_idle_source_new ();
  g_source_set_priority (self->source, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->source, show_idle, g_object_ref (self), g_object_unref);
  g_source_attach (self->source, self->context);
}

static void
strata_job_finalize (GObject *object)
{
  StrataJob *self = STRATA_JOB (object);

  g_clear_pointer (&self->journal, strata_journal_close);
  g_clear_pointer (&self->weights, g_array_unref);
  g_clear_pointer (&self->results, json_object_unref);
  g_clear_pointer (&self->new_results, json_object_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_error (&self->shown_error);
  g_clear_error (&self->said_error);
  g_clear_object (&self->connection);
  g_clear_object (&self->plan);
  g_clear_object (&self->cancellable);
  g_string_free (self->said_log, TRUE);
  g_free (self->shown_title);
  g_free (self->shown_log);
  g_free (self->said.step_title);
  g_free (self->journal_dir);
  g_free (self->id);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (strata_job_parent_class)->finalize (object);
}

static void
strata_job_get_property (GObject    *object,
                         guint       prop_id,
                         GValue     *value,
                         GParamSpec *pspec)
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
strata_job_set_property (GObject      *object,
                         guint         prop_id,
                         const GValue *value,
                         GParamSpec   *pspec)
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
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, STRATA_TYPE_JOB_STATE,
                                              STRATA_JOB_QUEUED, read);
  properties[PROP_OUTCOME] = g_param_spec_enum ("outcome", NULL, NULL, STRATA_TYPE_JOB_OUTCOME,
                                                STRATA_JOB_OUTCOME_NONE, read);
  properties[PROP_STEP] = g_param_spec_uint ("step", NULL, NULL, 0, G_MAXUINT, 0, read);
  properties[PROP_N_STEPS] = g_param_spec_uint ("n-steps", NULL, NULL, 0, G_MAXUINT, 0, read);
  properties[PROP_STEP_TITLE] = g_param_spec_string ("step-title", NULL, NULL, NULL, read);
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, read);
  properties[PROP_BYTES_DONE]
      = g_param_spec_uint64 ("bytes-done", NULL, NULL, 0, G_MAXUINT64, 0, read);
  properties[PROP_BYTES_TOTAL]
      = g_param_spec_uint64 ("bytes-total", NULL, NULL, 0, G_MAXUINT64, 0, read);
  properties[PROP_RATE] = g_param_spec_uint64 ("rate", NULL, NULL, 0, G_MAXUINT64, 0, read);
  properties[PROP_SECONDS_LEFT]
      = g_param_spec_int ("seconds-left", NULL, NULL, -1, G_MAXINT, -1, read);
  properties[PROP_ERROR_MESSAGE] = g_param_spec_string ("error-message", NULL, NULL, NULL, read);
  properties[PROP_LOG] = g_param_spec_string ("log", NULL, NULL, NULL, read);
  properties[PROP_BANDWIDTH] = g_param_spec_uint64 ("bandwidth", NULL, NULL, 0, G_MAXUINT64, 0,
                                                    read | G_PARAM_WRITABLE);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
strata_job_init (StrataJob *self)
{
  g_mutex_init (&self->mutex);
  self->cancellable = g_cancellable_new ();
  self->context = g_main_context_ref_thread_default ();
  self->said_log = g_string_new (NULL);
  self->results = json_object_new ();
  self->said.seconds_left = self->shown.seconds_left = -1;
}

static StrataJob *
job_new (const char       *id,
         StrataConnection *connection,
         StrataPlan       *plan)
{
  StrataJob *self = g_object_new (STRATA_TYPE_JOB, NULL);

  self->id = g_strdup (id);
  self->connection = g_object_ref (connection);
  self->plan = g_object_ref (plan);
  self->weights = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      double weight = strata_step_spec_get_weight (strata_plan_get_step (plan, i));

      g_array_append_val (self->weights, weight);
      self->weight += weight;
    }

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
strata_job_new (StrataConnection *connection,
                StrataPlan       *plan,
                const char       *journal_dir)
{
  g_autofree char *uuid = g_uuid_string_random ();
  StrataJob *self;

  uuid[8] = '\0';
  self = job_new (uuid, connection, plan);
  self->journal_dir = g_strdup (journal_dir);

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
strata_job_new_from_journal (StrataConnection *connection,
                             StrataJournal    *journal,
                             gboolean          resume)
{
  StrataJob *self
      = job_new (strata_journal_get_id (journal), connection, strata_journal_get_plan (journal));

  g_clear_pointer (&self->results, json_object_unref);
  self->results = json_object_ref (strata_journal_get_results (journal));
  self->journal = journal;
  self->backwards = !resume;

  return self;
}

static void
run_in_thread (GTask        *task,
               gpointer      source,
               gpointer      task_data,
               GCancellable *cancellable)
{
  strata_job_run (source, cancellable);
  g_task_return_boolean (task, TRUE);
}

void
strata_job_start (StrataJob *self)
{
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, NULL, NULL);

  g_mutex_lock (&self->mutex);
  self->said.state = STRATA_JOB_RUNNING;
  self->started = g_get_monotonic_time ();
  g_mutex_unlock (&self->mutex);

  self->shown.state = STRATA_JOB_RUNNING;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  g_task_set_return_on_cancel (task, FALSE);
  g_task_run_in_thread (task, run_in_thread);
}

/**
 * strata_job_cancel:
 * @self: a job
 *
 * Rolls back before the point of no return, stops in a lawful state after it. Main context.
 */
void
strata_job_cancel (StrataJob *self)
{
  g_return_if_fail (STRATA_IS_JOB (self));

  if (!strata_job_can_cancel (self))
    return;

  if (self->shown.state == STRATA_JOB_QUEUED)
    {
      g_autoptr (GError) error
          = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _("Cancelled"));

      strata_job_set_over (self, STRATA_JOB_CANCELLED, STRATA_JOB_OUTCOME_ROLLED_BACK, error);
      return;
    }

  g_mutex_lock (&self->mutex);
  if (self->said.state == STRATA_JOB_RUNNING)
    self->said.state = STRATA_JOB_CANCELLING;
  schedule_show (self);
  g_mutex_unlock (&self->mutex);
  g_cancellable_cancel (self->cancellable);
}

/* Progress, from the worker ------------------------------------------------------------------------ */

/* With the mutex held: FRACTION is of the running step. */
static void
update_fraction (StrataJob *self,
                 double     fraction)
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
strata_job_enter_step (StrataJob *self,
                       guint      index,
                       gboolean   undoing)
{
  StrataStepSpec *spec = strata_plan_get_step (self->plan, index);

  g_mutex_lock (&self->mutex);
  self->said.step = index + 1;
  g_free (self->said.step_title);
  /* Translators: undoing a step of a job; the step's title */
  self->said.step_title = undoing ? g_strdup_printf (_("Undoing: %s"), spec->title)
                                  : g_strdup (spec->title);
  self->said.bytes_done = self->said.bytes_total = self->said.rate = 0;
  self->step_started = g_get_monotonic_time ();
  self->done_weight = 0;
  for (guint i = 0; i < index; i++)
    self->done_weight += g_array_index (self->weights, double, i);
  update_fraction (self, 0);
  g_string_append_printf (self->said_log, "%s\n", self->said.step_title);
  schedule_show (self);
  g_mutex_unlock (&self->mutex);
}

void
strata_job_report_bytes (StrataJob *self,
                         guint64    done,
                         guint64    total)
{
  g_return_if_fail (STRATA_IS_JOB (self));

  g_mutex_lock (&self->mutex);
  {
    double elapsed = (double) (g_get_monotonic_time () - self->step_started) / G_USEC_PER_SEC;

    self->said.bytes_done = done;
    self->said.bytes_total = total;
    self->said.rate = elapsed > 0.1 ? (guint64) ((double) done / elapsed) : 0;
    update_fraction (self, total > 0 ? (double) done / (double) total : 0);
    schedule_show (self);
  }
  g_mutex_unlock (&self->mutex);
}

void
strata_job_report_fraction (StrataJob  *self,
                            double      fraction,
                            const char *message)
{
  g_return_if_fail (STRATA_IS_JOB (self));

  g_mutex_lock (&self->mutex);
  update_fraction (self, CLAMP (fraction, 0, 1));
  if (message != NULL)
    g_string_append_printf (self->said_log, "  %s\n", message);
  schedule_show (self);
  g_mutex_unlock (&self->mutex);
}

void
strata_job_append_log (StrataJob  *self,
                       const char *text)
{
  g_return_if_fail (STRATA_IS_JOB (self));

  g_mutex_lock (&self->mutex);
  g_string_append_printf (self->said_log, "%s\n", text);
  schedule_show (self);
  g_mutex_unlock (&self->mutex);
}

void
strata_job_set_over (StrataJob       *self,
                     StrataJobState   state,
                     StrataJobOutcome outcome,
                     const GError    *error)
{
  g_mutex_lock (&self->mutex);
  self->said.state = state;
  self->said.outcome = outcome;
  self->said.seconds_left = -1;
  self->said.rate = 0;
  if (state == STRATA_JOB_DONE)
    self->said.fraction = 1;
  if (error != NULL && self->said_error == NULL)
    {
      self->said_error = g_error_copy (error);
      g_string_append_printf (self->said_log, "%s\n", error->message);
    }
  schedule_show (self);
  g_mutex_unlock (&self->mutex);
}

void
strata_job_set_result (StrataJob  *self,
                       const char *key,
                       const char *value)
{
  g_mutex_lock (&self->mutex);
  if (self->new_results == NULL)
    self->new_results = json_object_new ();
  json_object_set_string_member (self->new_results, key, value);
  json_object_set_string_member (self->results, key, value);
  g_mutex_unlock (&self->mutex);
}

char *
strata_job_get_result (StrataJob  *self,
                       const char *key)
{
  char *value;

  g_mutex_lock (&self->mutex);
  value = g_strdup (json_object_get_string_member_with_default (self->results, key, NULL));
  g_mutex_unlock (&self->mutex);

  return value;
}

JsonObject *
strata_job_take_new_results (StrataJob *self)
{
  JsonObject *results;

  g_mutex_lock (&self->mutex);
  results = g_steal_pointer (&self->new_results);
  g_mutex_unlock (&self->mutex);

  return results;
}

/* What there is to ask --------------------------------------------------------------------------- */

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
strata_job_is_over (StrataJob *self)
{
  return strata_job_get_state (self) >= STRATA_JOB_DONE;
}

gboolean
strata_job_can_cancel (StrataJob *self)
{
  return strata_job_get_state (self) <= STRATA_JOB_RUNNING;
}

double
strata_job_get_fraction (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), 0);

  return self->shown.fraction;
}

const char *
strata_job_get_step_title (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), NULL);

  return self->shown_title;
}

guint64
strata_job_get_bytes_done (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), 0);

  return self->shown.bytes_done;
}

guint64
strata_job_get_bytes_total (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), 0);

  return self->shown.bytes_total;
}

guint64
strata_job_get_rate (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), 0);

  return self->shown.rate;
}

int
strata_job_get_seconds_left (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), -1);

  return self->shown.seconds_left;
}

const GError *
strata_job_get_error (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), NULL);

  return self->shown_error;
}

const char *
strata_job_get_log (StrataJob *self)
{
  g_return_val_if_fail (STRATA_IS_JOB (self), NULL);

  return self->shown_log;
}

void
strata_job_set_bandwidth (StrataJob *self,
                          guint64    bandwidth)
{
  g_return_if_fail (STRATA_IS_JOB (self));

  if (strata_job_get_bandwidth (self) == bandwidth)
    return;

  g_mutex_lock (&self->mutex);
  self->bandwidth = bandwidth;
  g_mutex_unlock (&self->mutex);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BANDWIDTH]);
}

guint64
strata_job_get_bandwidth (StrataJob *self)
{
  guint64 bandwidth;

  g_return_val_if_fail (STRATA_IS_JOB (self), 0);

  g_mutex_lock (&self->mutex);
  bandwidth = self->bandwidth;
  g_mutex_unlock (&self->mutex);

  return bandwidth;
}

void
strata_job_set_hook (StrataJob    *self,
                     StrataJobHook hook,
                     gpointer      user_data)
{
  self->hook = hook;
  self->hook_data = user_data;
}

StrataJobHook
strata_job_get_hook (StrataJob *self,
                     gpointer  *user_data)
{
  *user_data = self->hook_data;

  return self->hook;
}

StrataConnection *
strata_job_get_connection (StrataJob *self)
{
  return self->connection;
}

const char *
strata_job_get_journal_dir (StrataJob *self)
{
  return self->journal_dir;
}

StrataJournal *
strata_job_steal_journal (StrataJob *self)
{
  return g_steal_pointer (&self->journal);
}

gboolean
strata_job_get_backwards (StrataJob *self)
{
  return self->backwards;
}
