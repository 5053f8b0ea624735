/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Many questions of the same kind to one daemon, a few at a time: while it answers one, we read what it said to
 * another, and on a far host most of the time is the way there and back.
 */

#include "config.h"

#include "strata-connection.h"
#include "strata-parallel.h"

/* A daemon works on five of a client's calls at once (max_client_requests); meanwhile another reads an answer. */
#define N_THREADS 6

typedef struct
{
  StrataParallelFunc func;
  gpointer user_data;
  GCancellable *cancellable;
  guint n_items;
  guint next; /* atomic */

  GMutex lock;
  GError *error; /* with the lock */
} Parallel;

static void
stop (Parallel *self, GError *error)
{
  g_mutex_lock (&self->lock);
  if (self->error == NULL)
    self->error = g_steal_pointer (&error);
  g_clear_error (&error);
  g_mutex_unlock (&self->lock);

  g_atomic_int_set (&self->next, self->n_items);
}

static gpointer
work (gpointer data)
{
  Parallel *self = data;
  guint i;

  while ((i = (guint) g_atomic_int_add (&self->next, 1)) < self->n_items)
    {
      GError *error = NULL;

      if (g_cancellable_set_error_if_cancelled (self->cancellable, &error) ||
          !self->func (i, self->user_data, &error))
        stop (self, error);
    }

  return NULL;
}

/**
 * strata_parallel_run:
 * @n_items: how many items there are
 * @func: what to do with each, in no particular order
 * @user_data: for @func
 * @cancellable: (nullable): looked at before each item
 * @error: where to put the first error
 *
 * Worker threads only; @func is called in this one and in others, which have ended when this returns.
 *
 * Returns: whether @func succeeded for every item
 */
gboolean
strata_parallel_run (guint n_items,
                     StrataParallelFunc func,
                     gpointer user_data,
                     GCancellable *cancellable,
                     GError **error)
{
  Parallel parallel = { func, user_data, cancellable, n_items };
  GThread *threads[N_THREADS - 1];
  guint n_threads = MAX (MIN (n_items, N_THREADS), 1) - 1;

  STRATA_ASSERT_WORKER ();

  g_mutex_init (&parallel.lock);
  for (guint i = 0; i < n_threads; i++)
    threads[i] = g_thread_try_new ("crew", work, &parallel, NULL);
  work (&parallel);
  for (guint i = 0; i < n_threads; i++)
    g_clear_pointer (&threads[i], g_thread_join);
  g_mutex_clear (&parallel.lock);

  if (parallel.error == NULL)
    return TRUE;
  g_propagate_error (error, parallel.error);

  return FALSE;
}
