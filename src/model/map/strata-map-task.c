/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A host's map in the making: with ten thousand images it takes longer than a frame, so that a worker does it. */

#include "config.h"

#include "strata-map-task.h"

/* What the worker gets. */
typedef struct
{
  StrataGraph *graph;
  StrataMapLayout *previous;
} Draft;

static void
draft_free (gpointer data)
{
  Draft *self = data;

  g_object_unref (self->graph);
  g_clear_pointer (&self->previous, strata_map_layout_unref);
  g_free (self);
}

static void
draft_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Draft *draft = task_data;
  g_autoptr (StrataMap) map = strata_map_new (draft->graph);

  g_task_return_pointer (task, strata_map_layout_new (map, draft->previous),
                         (GDestroyNotify) strata_map_layout_unref);
}

/**
 * strata_map_task_async:
 * @graph: a host, which changes no more
 * @previous: (nullable): what the user sees now, of which as much as possible stays where it is
 * @cancellable: (nullable): to be cancelled by
 * @callback: called in the caller's context
 * @user_data: for @callback
 *
 * Makes the map of a host and lays it out, in a worker.
 */
void
strata_map_task_async (StrataGraph *graph,
                       StrataMapLayout *previous,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Draft *draft = g_new0 (Draft, 1);

  g_return_if_fail (graph != NULL);

  draft->graph = g_object_ref (graph);
  draft->previous = previous != NULL ? strata_map_layout_ref (previous) : NULL;
  g_task_set_source_tag (task, strata_map_task_async);
  g_task_set_task_data (task, draft, draft_free);
  g_task_run_in_thread (task, draft_thread);
}

/**
 * strata_map_task_finish:
 * @result: what the callback got
 * @error: return location for an error, which can only be that it was cancelled
 *
 * Returns: (transfer full) (nullable): the layout, or %NULL with @error set
 */
StrataMapLayout *
strata_map_task_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, strata_map_task_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
