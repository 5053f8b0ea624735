/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataDisk: a machine's disk with its layers, as found on the host. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/storage/strata-file-chain.h"
#include "host/storage/strata-storage.h"
#include "strata-disk.h"
#include "base/strata-error.h"

struct _StrataDisk
{
  GObject parent_instance;

  char *target;
  char *path;
  char *format;
  char *problem;
  GStrv layers;
  guint64 capacity;
  guint64 allocation;
  guint64 total;
};

typedef struct
{
  StrataConnection *connection;
  StrataDomainFacts *facts;
} Load;

G_DEFINE_FINAL_TYPE (StrataDisk, strata_disk, G_TYPE_OBJECT)

static void
load_free (Load *load)
{
  g_clear_object (&load->connection);
  g_clear_pointer (&load->facts, strata_domain_facts_unref);
  g_free (load);
}

static void
strata_disk_finalize (GObject *object)
{
  StrataDisk *self = STRATA_DISK (object);

  g_clear_pointer (&self->target, g_free);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->format, g_free);
  g_clear_pointer (&self->problem, g_free);
  g_clear_pointer (&self->layers, g_strfreev);

  G_OBJECT_CLASS (strata_disk_parent_class)->finalize (object);
}

static void
strata_disk_class_init (StrataDiskClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_disk_finalize;
}

static void
strata_disk_init (StrataDisk *self)
{
}

/* Goes down from the top layer, as far as the host tells. */
static void
look_at_layers (StrataDisk *self, StrataConnection *connection, GCancellable *cancellable)
{
  g_autoptr (GStrvBuilder) layers = g_strv_builder_new ();
  g_auto (StrataFileChain) link = strata_file_chain_begin (self->path, self->format);
  gboolean top = TRUE;

  for (; link.path != NULL && !g_cancellable_is_cancelled (cancellable); top = FALSE)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (StrataImage) image = strata_storage_read_image (connection, link.path, &error);

      if (image == NULL)
        {
          self->problem = g_strdup (error->message);
          break;
        }

      g_strv_builder_add (layers, link.path);
      self->total += image->allocation;
      if (top)
        {
          self->capacity = image->capacity;
          self->allocation = image->allocation;
          if (self->format == NULL)
            g_set_str (&self->format, image->format);
        }
      strata_file_chain_next (&link, image->backing_path, image->backing_format);
    }

  self->layers = g_strv_builder_end (layers);
}

static StrataDisk *
look_at_disk (const StrataDiskXml *xml, StrataConnection *connection, GCancellable *cancellable)
{
  StrataDisk *self = g_object_new (STRATA_TYPE_DISK, NULL);

  self->target = g_strdup (xml->target);
  self->path = g_strdup (xml->source);
  self->format = g_strdup (xml->format);
  if (g_strcmp0 (xml->type, "file") == 0 || g_strcmp0 (xml->type, "block") == 0)
    look_at_layers (self, connection, cancellable);
  else
    self->layers = g_new0 (char *, 1);

  return self;
}

static void
load_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_autoptr (GPtrArray) disks = g_ptr_array_new_with_free_func (g_object_unref);
  Load *load = task_data;

  for (guint i = 0; i < load->facts->disks->len; i++)
    {
      const StrataDiskXml *xml = g_ptr_array_index (load->facts->disks, i);

      if (xml->source != NULL && g_strcmp0 (xml->device, "disk") == 0)
        g_ptr_array_add (disks, look_at_disk (xml, load->connection, cancellable));
    }

  g_task_return_pointer (task, g_steal_pointer (&disks), (GDestroyNotify) g_ptr_array_unref);
}

const char *
strata_disk_get_target (StrataDisk *self)
{
  g_return_val_if_fail (STRATA_IS_DISK (self), NULL);

  return self->target;
}

const char *
strata_disk_get_path (StrataDisk *self)
{
  g_return_val_if_fail (STRATA_IS_DISK (self), NULL);

  return self->path;
}

const char *
strata_disk_get_format (StrataDisk *self)
{
  g_return_val_if_fail (STRATA_IS_DISK (self), NULL);

  return self->format;
}

/**
 * strata_disk_get_capacity:
 * @self: a disk
 *
 * Returns: the size that the guest sees, in bytes; 0 if the host could not tell
 */
guint64
strata_disk_get_capacity (StrataDisk *self)
{
  g_return_val_if_fail (STRATA_IS_DISK (self), 0);

  return self->capacity;
}

/**
 * strata_disk_get_allocation:
 * @self: a disk
 *
 * Returns: the bytes that the top layer takes
 */
guint64
strata_disk_get_allocation (StrataDisk *self)
{
  g_return_val_if_fail (STRATA_IS_DISK (self), 0);

  return self->allocation;
}

guint64
strata_disk_get_total (StrataDisk *self)
{
  g_return_val_if_fail (STRATA_IS_DISK (self), 0);

  return self->total;
}

/**
 * strata_disk_get_layers:
 * @self: a disk
 *
 * Returns: (transfer none) (array zero-terminated=1): paths, the top layer first
 */
const char *const *
strata_disk_get_layers (StrataDisk *self)
{
  g_return_val_if_fail (STRATA_IS_DISK (self), NULL);

  return (const char *const *) self->layers;
}

const char *
strata_disk_get_problem (StrataDisk *self)
{
  g_return_val_if_fail (STRATA_IS_DISK (self), NULL);

  return self->problem;
}

/**
 * strata_host_load_disks_async:
 * @host: a host
 * @machine: one of its machines
 * @cancellable: (nullable): a cancellable
 * @callback: called on the main thread
 * @user_data: for @callback
 *
 * Looks at the machine's disks, layer by layer, in a worker. Main thread.
 */
void
strata_host_load_disks_async (StrataHost *host,
                              StrataMachine *machine,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  StrataConnection *connection;
  Load *load;

  g_return_if_fail (STRATA_IS_HOST (host));
  g_return_if_fail (STRATA_IS_MACHINE (machine));

  task = g_task_new (host, cancellable, callback, user_data);
  g_task_set_static_name (task, "strata-load-disks");

  connection = strata_host_get_connection (host);
  if (connection == NULL)
    {
      g_task_return_error (task, strata_error_new (STRATA_ERROR_CONNECTION, NULL,
                                                   _ ("“%s” is not connected"),
                                                   strata_host_get_name (host)));
      return;
    }

  load = g_new0 (Load, 1);
  load->connection = g_object_ref (connection);
  load->facts = strata_domain_facts_ref (strata_machine_get_facts (machine));
  g_task_set_task_data (task, load, (GDestroyNotify) load_free);
  g_task_run_in_thread (task, load_thread);
}

/**
 * strata_host_load_disks_finish:
 * @host: the host
 * @result: what the callback got
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): a list of StrataDisk; one that could not be looked at says why
 */
GListModel *
strata_host_load_disks_finish (StrataHost *host, GAsyncResult *result, GError **error)
{
  g_autoptr (GPtrArray) disks = NULL;
  GListStore *store;

  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  disks = g_task_propagate_pointer (G_TASK (result), error);
  if (disks == NULL)
    return NULL;

  store = g_list_store_new (STRATA_TYPE_DISK);
  g_list_store_splice (store, 0, 0, disks->pdata, disks->len);

  return G_LIST_MODEL (store);
}
