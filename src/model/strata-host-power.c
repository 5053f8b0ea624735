/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Starting and stopping a machine from the window. The machine itself changes when libvirt's event
 * arrives, not here.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/domain/strata-domain-control.h"
#include "strata-host-power.h"
#include "base/strata-error.h"

typedef struct
{
  StrataConnection *connection;
  char *uuid;
  StrataPowerAct act;
} Power;

static void
power_free (Power *power)
{
  g_clear_object (&power->connection);
  g_clear_pointer (&power->uuid, g_free);
  g_free (power);
}

static gboolean
act (Power *power, GCancellable *cancellable, GError **error)
{
  switch (power->act)
    {
    case STRATA_POWER_START:
      return strata_domain_start (power->connection, power->uuid, FALSE, error);

    case STRATA_POWER_SHUT_DOWN:
      return strata_domain_shut_down (power->connection, power->uuid, 0, cancellable, error);

    case STRATA_POWER_FORCE_OFF:
      return strata_domain_force_off (power->connection, power->uuid, error);
    }

  g_return_val_if_reached (FALSE);
}

static void
power_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (act (task_data, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/**
 * strata_host_power_async:
 * @self: a host
 * @machine: one of its machines
 * @act: what to do
 * @cancellable: (nullable): a cancellable
 * @callback: called on the main thread
 * @user_data: for @callback
 *
 * Only asks for a shutdown; the guest may take its time, or not listen. Main thread.
 */
void
strata_host_power_async (StrataHost *self,
                         StrataMachine *machine,
                         StrataPowerAct act_wanted,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  StrataConnection *connection;
  Power *power;

  g_return_if_fail (STRATA_IS_HOST (self));
  g_return_if_fail (STRATA_IS_MACHINE (machine));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_static_name (task, "strata-power");

  connection = strata_host_get_connection (self);
  if (connection == NULL)
    {
      g_task_return_error (task, strata_error_new (STRATA_ERROR_CONNECTION, NULL,
                                                   _ ("“%s” is not connected"),
                                                   strata_host_get_name (self)));
      return;
    }

  power = g_new0 (Power, 1);
  power->connection = g_object_ref (connection);
  power->uuid = g_strdup (strata_machine_get_uuid (machine));
  power->act = act_wanted;
  g_task_set_task_data (task, power, (GDestroyNotify) power_free);
  g_task_run_in_thread (task, power_thread);
}

/**
 * strata_host_power_finish:
 * @self: a host
 * @result: what the callback got
 * @error: return location for an error in `STRATA_ERROR`, with libvirt's own words
 *
 * Returns: whether it was done, or asked for
 */
gboolean
strata_host_power_finish (StrataHost *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
