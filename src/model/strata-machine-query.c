/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Looks at machines in a worker thread, so that the main loop never waits for libvirt. */

#include "config.h"

#include "strata-machine-query.h"
#include "base/strata-error.h"

static StrataMachineQuery *
look_new (void)
{
  StrataMachineQuery *self = g_new0 (StrataMachineQuery, 1);

  self->gone = g_ptr_array_new_with_free_func (g_free);

  return self;
}

static StrataMachineQuery *
look_at_all (StrataConnection *connection, GCancellable *cancellable, GError **error)
{
  g_autoptr (StrataMachineQuery) self = look_new ();

  self->facts = strata_connection_list_domains (connection, cancellable, error);

  return self->facts != NULL ? g_steal_pointer (&self) : NULL;
}

static StrataMachineQuery *
look_at_some (StrataConnection *connection, char **uuids, GCancellable *cancellable)
{
  StrataMachineQuery *self = look_new ();

  self->facts = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_domain_facts_unref);
  for (guint i = 0; uuids[i] != NULL && !g_cancellable_is_cancelled (cancellable); i++)
    {
      g_autoptr (GError) error = NULL;
      StrataDomainFacts *facts = strata_connection_get_domain (connection, uuids[i], &error);

      if (facts != NULL)
        g_ptr_array_add (self->facts, facts);
      else if (g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
        g_ptr_array_add (self->gone, g_strdup (uuids[i]));
      else
        /* The connection has most likely closed, and says so itself. */
        g_debug ("Looking at %s: %s", uuids[i], error->message);
    }

  return self;
}

static void
look_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  StrataConnection *connection = STRATA_CONNECTION (source);
  GError *error = NULL;
  StrataMachineQuery *look;

  look = task_data != NULL ? look_at_some (connection, task_data, cancellable)
                           : look_at_all (connection, cancellable, &error);
  if (look != NULL)
    g_task_return_pointer (task, look, (GDestroyNotify) strata_machine_query_free);
  else
    g_task_return_error (task, error);
}

void
strata_machine_query_free (StrataMachineQuery *self)
{
  g_clear_pointer (&self->facts, g_ptr_array_unref);
  g_clear_pointer (&self->gone, g_ptr_array_unref);
  g_free (self);
}

/**
 * strata_machine_query_async:
 * @connection: a connection
 * @uuids: (nullable): which machines to look at, %NULL for all
 * @cancellable: (nullable): a cancellable
 * @callback: called on the main thread
 * @user_data: for @callback
 *
 * Main thread.
 */
void
strata_machine_query_async (StrataConnection *connection,
                            const char *const *uuids,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (STRATA_IS_CONNECTION (connection));

  task = g_task_new (connection, cancellable, callback, user_data);
  g_task_set_static_name (task, "strata-look");
  if (uuids != NULL)
    g_task_set_task_data (task, g_strdupv ((char **) uuids), (GDestroyNotify) g_strfreev);
  g_task_run_in_thread (task, look_thread);
}

/**
 * strata_machine_query_finish:
 * @result: what the callback got
 * @error: return location, with libvirt's own words
 *
 * Returns: (transfer full) (nullable): what was seen
 */
StrataMachineQuery *
strata_machine_query_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (G_IS_TASK (result), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
