/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Asks a host, in a worker, where clones can be put. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-host-deploy-targets.h"
#include "base/strata-error.h"

static void
load_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;
  StrataDeployTargets *places = strata_deploy_targets_new (task_data, &error);

  if (places != NULL)
    g_task_return_pointer (task, places, (GDestroyNotify) strata_deploy_targets_free);
  else
    g_task_return_error (task, error);
}

/**
 * strata_host_load_places_async:
 * @host: a host
 * @cancellable: (nullable): a cancellable
 * @callback: called on the main thread
 * @user_data: for @callback
 *
 * Main thread.
 */
void
strata_host_load_places_async (StrataHost *host,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  StrataConnection *connection;

  g_return_if_fail (STRATA_IS_HOST (host));

  task = g_task_new (host, cancellable, callback, user_data);
  g_task_set_static_name (task, "strata-load-places");

  connection = strata_host_get_connection (host);
  if (connection == NULL)
    {
      g_task_return_error (task, strata_error_new (STRATA_ERROR_CONNECTION, NULL,
                                                   _ ("“%s” is not connected"),
                                                   strata_host_get_name (host)));
      return;
    }

  g_task_set_task_data (task, g_object_ref (connection), g_object_unref);
  g_task_run_in_thread (task, load_thread);
}

/**
 * strata_host_load_places_finish:
 * @host: the host
 * @result: what the callback got
 * @error: return location, with libvirt's own words
 *
 * Returns: (transfer full) (nullable): pools and networks
 */
StrataDeployTargets *
strata_host_load_places_finish (StrataHost *host, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
