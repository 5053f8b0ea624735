/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What earlier processes left unfinished, as their journals tell it. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-host-identity.h"
#include "strata-job-private.h"
#include "strata-job-queue-private.h"
#include "strata-job-remains.h"
#include "jobs/perform/strata-perform.h"
#include "strata-unfinished-job.h"
#include "base/strata-error.h"

static void
step_free (gpointer data)
{
  StrataUnfinishedStep *step = data;

  g_free (step->title);
  g_free (step);
}

void
strata_unfinished_job_free (StrataUnfinishedJob *self)
{
  g_ptr_array_unref (self->steps);
  g_free (self->id);
  g_free (self->title);
  g_free (self->uri);
  g_free (self->started);
  g_free (self->hostname);
  g_free (self->damage);
  g_free (self->step);
  g_free (self);
}

/* One that was begun may be done: only the host knows. Where it can't say, it stays begun. */
static StrataStepMark
look_at_step (StrataJournal *journal, guint index, StrataConnection *connection)
{
  StrataStepMark mark = strata_journal_get_mark (journal, index);
  StrataStep *spec = strata_plan_get_step (strata_journal_get_plan (journal), index);
  const StrataStepOps *klass = strata_step_get_ops (spec->kind);
  StrataStepContext context = { connection, spec->args, NULL };
  gboolean done = FALSE;

  if (mark != STRATA_STEP_BEGUN || connection == NULL || klass->is_done == NULL)
    return mark;

  return klass->is_done (&context, &done, NULL) && done ? STRATA_STEP_DONE : STRATA_STEP_BEGUN;
}

static void
describe_steps (StrataUnfinishedJob *job, StrataJournal *journal, StrataConnection *connection)
{
  StrataPlan *plan = strata_journal_get_plan (journal);

  for (guint i = 0; plan != NULL && i < strata_plan_get_n_steps (plan); i++)
    {
      StrataUnfinishedStep *step = g_new0 (StrataUnfinishedStep, 1);

      step->title = g_strdup (strata_plan_get_step (plan, i)->title);
      step->mark = look_at_step (journal, i, connection);
      g_ptr_array_add (job->steps, step);
      if (i == job->step_index)
        job->step = g_strdup (step->title);
    }
}

static char *
get_hostname (StrataJournal *journal)
{
  JsonObject *host = strata_journal_get_host (journal);
  JsonNode *node = host != NULL ? json_object_get_member (host, "hostname") : NULL;

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_dup_string (node)
             : NULL;
}

static StrataUnfinishedJob *
describe (StrataJournal *journal, StrataConnection *connection)
{
  StrataUnfinishedJob *job = g_new0 (StrataUnfinishedJob, 1);
  StrataPlan *plan = strata_journal_get_plan (journal);
  const GError *damage = strata_journal_get_damage (journal);

  job->id = g_strdup (strata_journal_get_id (journal));
  job->title = g_strdup (plan != NULL ? strata_plan_get_title (plan) : job->id);
  job->uri = g_strdup (strata_journal_get_uri (journal));
  job->started = g_strdup (strata_journal_get_started (journal));
  job->hostname = get_hostname (journal);
  job->version = (guint) strata_journal_get_version (journal);
  job->damage = damage != NULL ? g_strdup (damage->message) : NULL;
  job->step_index = strata_journal_get_position (journal);
  job->can_roll_back = damage == NULL && strata_journal_can_roll_back (journal);
  job->steps = g_ptr_array_new_with_free_func (step_free);
  describe_steps (job, journal, connection);

  return job;
}

/* NULL for one that a process works on: that is not unfinished. A damaged one may be another user's. */
static StrataJournal *
peek (const char *dir, const char *name, StrataConnection *connection)
{
  g_autofree char *id = g_strndup (name, strlen (name) - strlen (STRATA_JOURNAL_SUFFIX));
  g_autoptr (StrataJournal) journal = strata_journal_peek (dir, id, NULL);

  if (journal == NULL || (connection != NULL && strata_journal_get_plan (journal) != NULL &&
                          !strata_host_identity_matches (connection, journal)))
    return NULL;

  return g_steal_pointer (&journal);
}

/**
 * strata_job_queue_list_unfinished:
 * @self: a queue
 * @connection: (nullable): the host whose jobs are looked for, and which is asked how far they are; %NULL for all, as the
 *   journals have it
 *
 * No journal is kept from others while the host is asked. Worker threads only.
 *
 * Returns: (transfer full) (element-type StrataUnfinishedJob): what no living process works on
 */
GPtrArray *
strata_job_queue_list_unfinished (StrataJobQueue *self, StrataConnection *connection)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_unfinished_job_free);
  const char *dir_name = strata_job_queue_get_journal_dir (self);
  g_autoptr (GDir) dir = g_dir_open (dir_name, 0, NULL);
  const char *name;

  strata_journal_sweep (dir_name);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autoptr (StrataJournal) journal =
          g_str_has_suffix (name, STRATA_JOURNAL_SUFFIX) ? peek (dir_name, name, connection) : NULL;

      if (journal != NULL)
        g_ptr_array_add (list, describe (journal, connection));
    }

  return list;
}

static void
list_thread (GTask *task, gpointer source, gpointer connection, GCancellable *cancellable)
{
  g_task_return_pointer (task, strata_job_queue_list_unfinished (source, connection),
                         (GDestroyNotify) g_ptr_array_unref);
}

/**
 * strata_job_queue_list_unfinished_async:
 * @self: a queue
 * @connection: the host whose jobs are looked for, and which is asked how far they are
 * @cancellable: (nullable): a cancellable
 * @callback: called on the caller's main context
 * @user_data: for @callback
 */
void
strata_job_queue_list_unfinished_async (StrataJobQueue *self,
                                        StrataConnection *connection,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_return_if_fail (STRATA_IS_CONNECTION (connection));

  g_task_set_source_tag (task, strata_job_queue_list_unfinished_async);
  g_task_set_task_data (task, g_object_ref (connection), g_object_unref);
  g_task_run_in_thread (task, list_thread);
}

GPtrArray *
strata_job_queue_list_unfinished_finish (StrataJobQueue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Everything that PLAN is about: the domains and images of its steps as well as those it asks for itself. */
static void
add_subjects (JsonObject *args, GHashTable *subjects)
{
  static const char *const keys[] = { "uuid",  "path",    "backing",     "top", "base",
                                      "via",   "source",  "from",        "to",  "destination",
                                      "image", "overlay", "memory-file", NULL };
  JsonObjectIter iter;
  const char *key;
  JsonNode *node;

  json_object_iter_init (&iter, args);
  while (json_object_iter_next (&iter, &key, &node))
    {
      if (json_node_get_value_type (node) == G_TYPE_STRING && g_strv_contains (keys, key))
        g_hash_table_add (subjects, (gpointer) json_node_get_string (node));
      if (!JSON_NODE_HOLDS_ARRAY (node))
        continue;
      for (guint i = 0; i < json_array_get_length (json_node_get_array (node)); i++)
        {
          JsonNode *element = json_array_get_element (json_node_get_array (node), i);

          if (JSON_NODE_HOLDS_OBJECT (element))
            add_subjects (json_node_get_object (element), subjects);
        }
    }
}

/* Borrows PLAN's strings. */
static GHashTable *
get_subjects (StrataPlan *plan)
{
  GHashTable *subjects = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *resources = strata_plan_get_resources (plan);

  for (guint i = 0; i < resources->len; i++)
    {
      if (!g_str_has_prefix (resources->pdata[i], STRATA_READS))
        g_hash_table_add (subjects, resources->pdata[i]);
    }
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    add_subjects (strata_plan_get_step (plan, i)->args, subjects);

  return subjects;
}

static gboolean
share_subject (GHashTable *subjects, StrataPlan *plan)
{
  g_autoptr (GHashTable) others = get_subjects (plan);
  GHashTableIter iter;
  gpointer subject;

  g_hash_table_iter_init (&iter, others);
  while (g_hash_table_iter_next (&iter, &subject, NULL))
    {
      if (g_hash_table_contains (subjects, subject))
        return TRUE;
    }

  return FALSE;
}

static void
set_unfinished (StrataJournal *journal, GError **error)
{
  g_autoptr (GDateTime) started =
      g_date_time_new_from_iso8601 (strata_journal_get_started (journal), NULL);
  g_autoptr (GDateTime) local = started != NULL ? g_date_time_to_local (started) : NULL;
  g_autofree char *when = local != NULL ? g_date_time_format (local, "%c") : NULL;
  const char *id = strata_journal_get_id (journal);
  g_autofree char *hint = NULL;

  if (strata_journal_can_roll_back (journal))
    hint =
        g_strdup_printf (_ ("End it first: “stratactl job resume %s” finishes it, “stratactl job "
                            "rollback %s” takes it back, “stratactl job dismiss %s” leaves all as "
                            "it is."),
                         id, id, id);
  else
    hint =
        g_strdup_printf (_ ("End it first: “stratactl job resume %s” finishes it, “stratactl job "
                            "dismiss %s” leaves all as it is."),
                         id, id);

  strata_set_error (error, STRATA_ERROR_NEEDS_RECOVERY, hint,
                    /* Translators: a job’s title, and when it was begun */
                    _ ("“%s” of %s was left unfinished, and works on the same"),
                    strata_plan_get_title (strata_journal_get_plan (journal)),
                    when != NULL ? when : strata_journal_get_started (journal));
}

/**
 * strata_unfinished_job_check_plan:
 * @journal_dir: where journals are kept
 * @connection: a host
 * @plan: what is going to be done there
 * @error: `STRATA_ERROR_NEEDS_RECOVERY`, naming the job that was left unfinished and works on the same domains or images
 *
 * Worker threads only.
 *
 * Returns: whether no unfinished job keeps @plan from being carried out
 */
gboolean
strata_unfinished_job_check_plan (const char *journal_dir,
                                  StrataConnection *connection,
                                  StrataPlan *plan,
                                  GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (journal_dir, 0, NULL);
  g_autoptr (GHashTable) subjects = get_subjects (plan);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autoptr (StrataJournal) journal =
          g_str_has_suffix (name, STRATA_JOURNAL_SUFFIX) ? peek (journal_dir, name, NULL) : NULL;
      StrataPlan *other = journal != NULL ? strata_journal_get_plan (journal) : NULL;

      if (other == NULL || !share_subject (subjects, other) ||
          !strata_host_identity_matches (connection, journal))
        continue;
      set_unfinished (journal, error);
      return FALSE;
    }

  return TRUE;
}

/**
 * strata_job_queue_dismiss:
 * @self: a queue
 * @connection: (nullable): the job's host, to ask what of it is there
 * @id: the job
 * @look_only: only say what would stay behind
 * @error: `STRATA_ERROR_NOT_FOUND`, or `_BUSY` while a process works on it
 *
 * Ends an unfinished job by forgetting it. Nothing on the host is touched, so that no byte is lost by it; what the job had
 * begun stays as it is. Worker threads only.
 *
 * Returns: (transfer full) (element-type utf8): what stays behind, in sentences
 */
GPtrArray *
strata_job_queue_dismiss (StrataJobQueue *self,
                          StrataConnection *connection,
                          const char *id,
                          gboolean look_only,
                          GError **error)
{
  const char *dir = strata_job_queue_get_journal_dir (self);
  g_autoptr (StrataJournal) journal = look_only ? strata_journal_peek (dir, id, error)
                                                : strata_journal_open_damaged (dir, id, error);
  GPtrArray *remains;

  if (journal == NULL)
    return NULL;

  if (connection != NULL && strata_journal_get_plan (journal) != NULL &&
      !strata_host_identity_may_be (connection, journal))
    connection = NULL;
  remains = strata_job_remains_list (journal, connection);
  if (!look_only)
    strata_journal_remove (g_steal_pointer (&journal));

  return remains;
}

typedef struct
{
  StrataConnection *connection;
  char *id;
  gboolean look_only;
} Dismissal;

static void
dismissal_free (gpointer data)
{
  Dismissal *self = data;

  g_clear_object (&self->connection);
  g_free (self->id);
  g_free (self);
}

static void
dismiss_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Dismissal *dismissal = data;
  GError *error = NULL;
  GPtrArray *remains = strata_job_queue_dismiss (source, dismissal->connection, dismissal->id,
                                                 dismissal->look_only, &error);

  if (remains != NULL)
    g_task_return_pointer (task, remains, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

/**
 * strata_job_queue_dismiss_async:
 * @self: a queue
 * @connection: (nullable): as for strata_job_queue_dismiss()
 * @id: the job
 * @look_only: only say what would stay behind
 * @callback: called on the caller's main context
 * @user_data: for @callback
 */
void
strata_job_queue_dismiss_async (StrataJobQueue *self,
                                StrataConnection *connection,
                                const char *id,
                                gboolean look_only,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  Dismissal *dismissal = g_new0 (Dismissal, 1);

  g_set_object (&dismissal->connection, connection);
  dismissal->id = g_strdup (id);
  dismissal->look_only = look_only;
  g_task_set_source_tag (task, strata_job_queue_dismiss_async);
  g_task_set_task_data (task, dismissal, dismissal_free);
  g_task_run_in_thread (task, dismiss_thread);
}

GPtrArray *
strata_job_queue_dismiss_finish (StrataJobQueue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * strata_job_queue_adopt:
 * @self: a queue
 * @connection: the job's host
 * @id: the job
 * @resume: go forward from where it stopped; otherwise roll back
 * @error: `STRATA_ERROR_NOT_FOUND`, or `_BUSY` if another process was faster
 *
 * Reads a file, and adds to the queue: for who has no main loop to keep going.
 *
 * Returns: (transfer none) (nullable): the job, running already or waiting for another
 */
StrataJob *
strata_job_queue_adopt (StrataJobQueue *self,
                        StrataConnection *connection,
                        const char *id,
                        gboolean resume,
                        GError **error)
{
  StrataJournal *journal;

  g_return_val_if_fail (STRATA_IS_JOB_QUEUE (self), NULL);

  journal = strata_journal_open (strata_job_queue_get_journal_dir (self), id, error);

  return journal != NULL ? strata_job_queue_add_journal (self, connection, journal, resume) : NULL;
}

typedef struct
{
  StrataConnection *connection;
  char *id;
  gboolean resume;
} TakingUp;

static void
taking_up_free (gpointer data)
{
  TakingUp *taking_up = data;

  g_object_unref (taking_up->connection);
  g_free (taking_up->id);
  g_free (taking_up);
}

static void
adopt_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  TakingUp *taking_up = data;
  GError *error = NULL;
  StrataJournal *journal =
      strata_journal_open (strata_job_queue_get_journal_dir (source), taking_up->id, &error);

  if (journal != NULL)
    g_task_return_pointer (task, journal, (GDestroyNotify) strata_journal_close);
  else
    g_task_return_error (task, error);
}

/**
 * strata_job_queue_adopt_async:
 * @self: a queue
 * @connection: the job's host
 * @id: the job
 * @resume: as for strata_job_queue_adopt()
 * @callback: called on the caller's main context
 * @user_data: for @callback
 */
void
strata_job_queue_adopt_async (StrataJobQueue *self,
                              StrataConnection *connection,
                              const char *id,
                              gboolean resume,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  TakingUp *taking_up = g_new0 (TakingUp, 1);

  taking_up->connection = g_object_ref (connection);
  taking_up->id = g_strdup (id);
  taking_up->resume = resume;
  g_task_set_source_tag (task, strata_job_queue_adopt_async);
  g_task_set_task_data (task, taking_up, taking_up_free);
  g_task_run_in_thread (task, adopt_thread);
}

StrataJob *
strata_job_queue_adopt_finish (StrataJobQueue *self, GAsyncResult *result, GError **error)
{
  TakingUp *taking_up;
  StrataJournal *journal;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  taking_up = g_task_get_task_data (G_TASK (result));
  journal = g_task_propagate_pointer (G_TASK (result), error);

  return journal != NULL ? strata_job_queue_add_journal (self, taking_up->connection, journal,
                                                         taking_up->resume)
                         : NULL;
}
