/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Asks the planner, in a worker, whether something can be done to what a graph shows. */

#include "config.h"

#include "strata-feasibility.h"

typedef struct
{
  StrataRequest *request;
  GMutex *lock; /* of the graph, which the source object keeps */
} Question;

static void
question_free (gpointer data)
{
  Question *self = data;

  strata_request_free (self->request);
  g_free (self);
}

static void
lock_free (gpointer data)
{
  GMutex *lock = data;

  g_mutex_clear (lock);
  g_free (lock);
}

/**
 * strata_feasibility_get_lock:
 * @graph: a host's images, as a monitor shows them
 *
 * The definitions in a graph may be read by one thread at a time: another worker that looks into one holds this
 * meanwhile. Main thread.
 *
 * Returns: (transfer none): the lock, which the graph keeps
 */
GMutex *
strata_feasibility_get_lock (StrataGraph *graph)
{
  GMutex *lock;

  g_return_val_if_fail (STRATA_IS_GRAPH (graph), NULL);

  lock = g_object_get_data (G_OBJECT (graph), "strata-verdict-lock");

  if (lock == NULL)
    {
      lock = g_new (GMutex, 1);
      g_mutex_init (lock);
      g_object_set_data_full (G_OBJECT (graph), "strata-verdict-lock", lock, lock_free);
    }

  return lock;
}

static void
ask_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Question *question = task_data;
  g_autoptr (StrataPlan) plan = NULL;
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;

  g_mutex_lock (question->lock);
  plan = strata_plan_request (source, question->request, &error);
  g_mutex_unlock (question->lock);

  if (plan != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/**
 * strata_feasibility_ask_async:
 * @graph: a host's images, as a monitor shows them
 * @request: what the user would do; it is copied
 * @cancellable: (nullable): to give up waiting
 * @callback: called on the caller's context
 * @user_data: for @callback
 *
 * Main thread; the planner works in another, for one asker at a time.
 */
void
strata_feasibility_ask_async (StrataGraph *graph,
                              const StrataRequest *request,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Question *question;

  g_return_if_fail (STRATA_IS_GRAPH (graph));
  g_return_if_fail (request != NULL);

  question = g_new (Question, 1);
  question->request = strata_request_copy (request);
  question->lock = strata_feasibility_get_lock (graph);
  task = g_task_new (graph, cancellable, callback, user_data);
  g_task_set_source_tag (task, strata_feasibility_ask_async);
  g_task_set_task_data (task, question, question_free);
  g_task_run_in_thread (task, ask_thread);
}

/**
 * strata_feasibility_ask_finish:
 * @graph: the graph
 * @result: what the callback was given
 * @error: where to put the refusal; strata_error_get_hint() tells what to do instead
 *
 * Returns: whether the planner would do it
 */
gboolean
strata_feasibility_ask_finish (StrataGraph *graph, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, graph), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
