/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What earlier processes left unfinished, as their journals tell it. */

#include "config.h"

#include "strata-job-private.h"
#include "strata-job-queue-private.h"
#include "strata-step.h"
#include "strata-unfinished-job.h"

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
  g_free (self->step);
  g_free (self);
}

/* One that was begun may be done: only the host knows. Where it can't say, it stays begun. */
static StrataStepMark
look_at_step (StrataJournal *journal, guint index, StrataConnection *connection)
{
  StrataStepMark mark = strata_journal_get_mark (journal, index);
  StrataStepSpec *spec = strata_plan_get_step (strata_journal_get_plan (journal), index);
  const StrataStepClass *klass = strata_step_class_find (spec->kind);
  StrataStepContext context = { connection, spec->args, NULL };
  gboolean done = FALSE;

  if (mark != STRATA_STEP_BEGUN || connection == NULL || klass == NULL || klass->is_done == NULL)
    return mark;

  return klass->is_done (&context, &done, NULL) && done ? STRATA_STEP_DONE : STRATA_STEP_BEGUN;
}

static StrataUnfinishedJob *
describe (StrataJournal *journal, StrataConnection *connection)
{
  StrataUnfinishedJob *job = g_new0 (StrataUnfinishedJob, 1);
  StrataPlan *plan = strata_journal_get_plan (journal);

  job->id = g_strdup (strata_journal_get_id (journal));
  job->title = g_strdup (strata_plan_get_title (plan));
  job->uri = g_strdup (strata_journal_get_uri (journal));
  job->started = g_strdup (strata_journal_get_started (journal));
  job->step_index = strata_journal_get_position (journal);
  job->can_roll_back = strata_journal_can_roll_back (journal);
  job->steps = g_ptr_array_new_with_free_func (step_free);
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataUnfinishedStep *step = g_new0 (StrataUnfinishedStep, 1);

      step->title = g_strdup (strata_plan_get_step (plan, i)->title);
      step->mark = look_at_step (journal, i, connection);
      g_ptr_array_add (job->steps, step);
      if (i == job->step_index)
        job->step = g_strdup (step->title);
    }

  return job;
}

/* NULL for one that somebody works on: that is not unfinished. */
static StrataUnfinishedJob *
open_and_describe (const char *dir, const char *name, StrataConnection *connection)
{
  g_autofree char *id = g_strndup (name, strlen (name) - strlen (STRATA_JOURNAL_SUFFIX));
  g_autoptr (StrataJournal) journal = strata_journal_open (dir, id, NULL);

  if (journal == NULL ||
      (connection != NULL &&
       !g_str_equal (strata_journal_get_uri (journal), strata_connection_get_uri (connection))))
    return NULL;

  return describe (journal, connection);
}

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
      StrataUnfinishedJob *job = g_str_has_suffix (name, STRATA_JOURNAL_SUFFIX)
                                     ? open_and_describe (dir_name, name, connection)
                                     : NULL;

      if (job != NULL)
        g_ptr_array_add (list, job);
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

/**
 * strata_job_queue_take_up:
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
strata_job_queue_take_up (StrataJobQueue *self,
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
take_up_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
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
 * strata_job_queue_take_up_async:
 * @self: a queue
 * @connection: the job's host
 * @id: the job
 * @resume: as for strata_job_queue_take_up()
 * @callback: called on the caller's main context
 * @user_data: for @callback
 */
void
strata_job_queue_take_up_async (StrataJobQueue *self,
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
  g_task_set_source_tag (task, strata_job_queue_take_up_async);
  g_task_set_task_data (task, taking_up, taking_up_free);
  g_task_run_in_thread (task, take_up_thread);
}

StrataJob *
strata_job_queue_take_up_finish (StrataJobQueue *self, GAsyncResult *result, GError **error)
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
