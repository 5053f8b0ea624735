/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A look through one layer, in a worker. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/storage/strata-chain-check.h"
#include "strata-disk-layer-private.h"
#include "base/strata-error.h"

typedef struct
{
  StrataConnection *connection;
  char *path;
  char *format;
} Look;

static void
look_free (gpointer data)
{
  Look *look = data;

  g_clear_object (&look->connection);
  g_free (look->path);
  g_free (look->format);
  g_free (look);
}

static void
check_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Look *look = task_data;
  GError *error = NULL;
  g_autofree char *next = NULL;
  g_autofree char *next_format = NULL;
  StrataImageState state;

  if (strata_image_check (look->connection, look->path, look->format, &state, &next, &next_format,
                          cancellable, &error))
    g_task_return_int (task, (gssize) state);
  else
    g_task_return_error (task, error);
}

static const char *
describe_state (StrataDiskLayer *self, StrataImageState state)
{
  switch (state)
    {
    case STRATA_IMAGE_SOUND:
      return self->live ? _ ("Sound, as far as can be seen while the virtual machine writes to it")
                        : _ ("Sound");
    case STRATA_IMAGE_PLAIN:
      return _ ("There; in this format nothing can be damaged but the guest’s own data");
    case STRATA_IMAGE_CLOSED:
      return _ ("There, and what it should be; what is in it can’t be read from here");
    }

  g_return_val_if_reached (NULL);
}

/* The page that asked may be gone; what was found is true nevertheless. */
static void
checked_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  StrataDiskLayer *self = STRATA_DISK_LAYER (object);
  g_autoptr (GTask) task = G_TASK (user_data);
  GError *error = NULL;
  gssize state = g_task_propagate_int (G_TASK (result), &error);

  if (error == NULL)
    {
      strata_disk_layer_set_check (self,
                                   (StrataImageState) state == STRATA_IMAGE_CLOSED
                                       ? STRATA_LAYER_UNREADABLE
                                       : STRATA_LAYER_SOUND,
                                   describe_state (self, (StrataImageState) state));
      g_task_return_boolean (task, TRUE);
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      strata_disk_layer_set_check (self, STRATA_LAYER_UNCHECKED, NULL);
      g_task_return_error (task, error);
    }
  else
    {
      const char *hint = strata_error_get_hint (error);
      g_autofree char *text = hint != NULL ? g_strdup_printf ("%s. %s", error->message, hint)
                                           : g_strdup (error->message);

      strata_disk_layer_set_check (self, STRATA_LAYER_DAMAGED, text);
      g_error_free (error);
      g_task_return_boolean (task, TRUE);
    }
}

/**
 * strata_disk_layer_check_async:
 * @self: a layer
 * @connection: its host
 * @cancellable: (nullable): to give up
 * @callback: (nullable): called when the properties say what was found
 * @user_data: for @callback
 *
 * Also where the VM runs: what it writes meanwhile is not taken for damage. Main thread.
 */
void
strata_disk_layer_check_async (StrataDiskLayer *self,
                               StrataConnection *connection,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) work = NULL;
  GTask *task;
  Look *look;

  g_return_if_fail (STRATA_IS_DISK_LAYER (self));
  g_return_if_fail (STRATA_IS_CONNECTION (connection));

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_static_name (task, "strata-disk-layer-check");
  strata_disk_layer_set_check (self, STRATA_LAYER_CHECKING, _ ("Being checked"));

  look = g_new0 (Look, 1);
  look->connection = g_object_ref (connection);
  look->path = g_strdup (self->path);
  look->format = g_strdup (self->said_format);
  work = g_task_new (self, cancellable, checked_cb, task);
  g_task_set_task_data (work, look, look_free);
  g_task_run_in_thread (work, check_thread);
}

gboolean
strata_disk_layer_check_finish (StrataDiskLayer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
