/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Looks into a guest for the Make Template dialog, in a worker, through the helper process. */

#include "config.h"

#include <glib/gi18n.h>
#include <unistd.h>

#include "strata-inspection.h"
#include "base/strata-error.h"

typedef struct
{
  GPtrArray *disks; /* StrataGuestDisk */
  gboolean as_root;
  gboolean active;

  StrataGuestProgressFunc progress;
  gpointer progress_data;
  GDestroyNotify progress_destroy;
} Inspect;

/* One message on its way to the main thread. */
typedef struct
{
  GTask *task;
  double fraction;
  char *message;
} Message;

static void
inspect_free (Inspect *inspect)
{
  g_clear_pointer (&inspect->disks, g_ptr_array_unref);
  if (inspect->progress_destroy != NULL)
    inspect->progress_destroy (inspect->progress_data);
  g_free (inspect);
}

static void
message_free (Message *message)
{
  g_clear_object (&message->task);
  g_clear_pointer (&message->message, g_free);
  g_free (message);
}

static gboolean
message_arrived_cb (gpointer user_data)
{
  Message *message = user_data;
  Inspect *inspect = g_task_get_task_data (message->task);

  if (!g_cancellable_is_cancelled (g_task_get_cancellable (message->task)))
    inspect->progress (message->fraction, message->message, inspect->progress_data);

  return G_SOURCE_REMOVE;
}

static void
progress_in_worker (double fraction, const char *text, gpointer user_data)
{
  Message *message = g_new0 (Message, 1);

  message->task = g_object_ref (G_TASK (user_data));
  message->fraction = fraction;
  message->message = g_strdup (text);
  g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, message_arrived_cb, message,
                   (GDestroyNotify) message_free);
}

static void
inspect_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Inspect *inspect = task_data;
  g_autoptr (StrataInspection) answer = g_new0 (StrataInspection, 1);
  g_autoptr (StrataGuestClient) client = strata_guest_client_new (inspect->as_root);
  g_autoptr (StrataGuestClient) lister = strata_guest_client_new (FALSE);

  strata_guest_client_set_progress (client, progress_in_worker, task);

  /* Asking what can be done needs no rights, and the user should not type a password for it. */
  answer->operations = strata_guest_client_list_operations (lister, NULL, &answer->error);
  if (answer->operations != NULL && inspect->active)
    answer->error = strata_error_new (STRATA_ERROR_BUSY, NULL,
                                      _ ("The machine is running, so nobody can look inside yet."));
  else if (answer->operations != NULL)
    answer->facts =
        strata_guest_client_inspect (client, inspect->disks, TRUE, cancellable, &answer->error);

  g_task_return_pointer (task, g_steal_pointer (&answer), (GDestroyNotify) strata_inspection_free);
}

static GPtrArray *
list_disks (StrataDomainFacts *facts)
{
  GPtrArray *disks = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_guest_disk_free);

  for (guint i = 0; i < facts->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (facts->disks, i);

      if (disk->source != NULL && g_strcmp0 (disk->device, "disk") == 0 &&
          (g_strcmp0 (disk->type, "file") == 0 || g_strcmp0 (disk->type, "block") == 0))
        g_ptr_array_add (disks, strata_guest_disk_new (disk->source, disk->format));
    }

  return disks;
}

void
strata_inspection_free (StrataInspection *self)
{
  g_clear_pointer (&self->operations, json_object_unref);
  g_clear_pointer (&self->facts, json_object_unref);
  g_clear_error (&self->error);
  g_free (self);
}

/**
 * strata_inspection_new_async:
 * @host: the machine's host
 * @machine: the machine to look into
 * @progress: called on the main thread with what the helper says
 * @progress_data: (transfer full): for @progress
 * @progress_destroy: frees @progress_data
 * @cancellable: (nullable): ends the helper process; what can be done is still told
 * @callback: called on the main thread
 * @user_data: for @callback
 *
 * Main thread.
 */
void
strata_inspection_new_async (StrataHost *host,
                             StrataMachine *machine,
                             StrataGuestProgressFunc progress,
                             gpointer progress_data,
                             GDestroyNotify progress_destroy,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  StrataConnection *connection;
  Inspect *inspect;

  g_return_if_fail (STRATA_IS_HOST (host));
  g_return_if_fail (STRATA_IS_MACHINE (machine));

  connection = strata_host_get_connection (host);
  inspect = g_new0 (Inspect, 1);
  inspect->disks = list_disks (strata_machine_get_facts (machine));
  inspect->active = strata_machine_is_active (machine);
  inspect->as_root =
      connection != NULL && !strata_connection_get_facts (connection)->is_session && getuid () != 0;
  inspect->progress = progress;
  inspect->progress_data = progress_data;
  inspect->progress_destroy = progress_destroy;

  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_static_name (task, "strata-inspect");
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, inspect, (GDestroyNotify) inspect_free);
  g_task_run_in_thread (task, inspect_thread);
}

/**
 * strata_inspection_new_finish:
 * @result: what the callback got
 *
 * Returns: (transfer full): what was found; what was not is explained in its error, `G_IO_ERROR_CANCELLED`
 *   if the user did not want to wait for it
 */
StrataInspection *
strata_inspection_new_finish (GAsyncResult *result)
{
  g_return_val_if_fail (G_IS_TASK (result), NULL);

  return g_task_propagate_pointer (G_TASK (result), NULL);
}
