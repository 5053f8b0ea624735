/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSnapshotWatch: asks again and again which snapshots the machine has that a page shows, and compares with
 * what is shown.
 *
 * libvirt sends no event when a snapshot is made or deleted. The names of one domain's cost two small calls, in a worker, and
 * the next look waits for the answer to the last, so a slow host is not asked more than it can answer.
 */

#include "config.h"

#include "host/snapshot/strata-snapshot-names.h"
#include "strata-snapshot-watch.h"

#define PERIOD_MS 1000

struct _StrataSnapshotWatch
{
  GObject parent_instance;

  StrataConnection *connection;
  StrataMachine *machine;
  GCancellable *cancellable;
  guint timeout_id;
};

G_DEFINE_FINAL_TYPE (StrataSnapshotWatch, strata_snapshot_watch, G_TYPE_OBJECT)

static void look_again (gpointer user_data);

static void
list_thread (GTask *task, gpointer source, gpointer uuid, GCancellable *cancellable)
{
  GError *error = NULL;
  GStrv names = strata_snapshot_list_names (source, uuid, &error);

  if (names != NULL)
    g_task_return_pointer (task, names, (GDestroyNotify) g_strfreev);
  else
    g_task_return_error (task, error);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* What strata_snapshot_list_names() would say if nothing had changed since. */
static GStrv
dup_shown (StrataMachine *machine)
{
  StrataDomainFacts *facts = strata_machine_get_facts (machine);
  StrataSnapshotFacts *current = strata_domain_facts_get_current (facts);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < facts->snapshots->len; i++)
    g_ptr_array_add (
        names, g_strdup (((StrataSnapshotFacts *) g_ptr_array_index (facts->snapshots, i))->name));
  g_ptr_array_sort (names, compare_names);
  if (current != NULL)
    g_ptr_array_add (names, strata_snapshot_names_get_current (current));
  g_ptr_array_add (names, NULL);

  return (GStrv) g_ptr_array_steal (names, NULL);
}

static void
listed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataSnapshotWatch) self = STRATA_SNAPSHOT_WATCH (user_data);
  g_auto (GStrv) names = NULL;
  g_auto (GStrv) shown = NULL;

  if (g_cancellable_is_cancelled (g_task_get_cancellable (G_TASK (result))))
    return;

  /* What went wrong, the connection says itself; perhaps the domain is gone. */
  names = g_task_propagate_pointer (G_TASK (result), NULL);
  self->timeout_id = g_timeout_add_once (PERIOD_MS, look_again, self);
  if (names == NULL)
    return;

  shown = dup_shown (self->machine);
  if (!g_strv_equal ((const char *const *) names, (const char *const *) shown))
    g_signal_emit_by_name (self->connection, "domain-changed",
                           strata_machine_get_uuid (self->machine));
}

static void
look_again (gpointer user_data)
{
  StrataSnapshotWatch *self = STRATA_SNAPSHOT_WATCH (user_data);
  g_autoptr (GTask) task = NULL;

  self->timeout_id = 0;
  task = g_task_new (self->connection, self->cancellable, listed_cb, g_object_ref (self));
  g_task_set_static_name (task, "strata-snapshot-watch");
  g_task_set_task_data (task, g_strdup (strata_machine_get_uuid (self->machine)), g_free);
  g_task_run_in_thread (task, list_thread);
}

static void
stop (StrataSnapshotWatch *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->timeout_id, g_source_remove);
  g_clear_object (&self->connection);
  g_clear_object (&self->machine);
}

static void
strata_snapshot_watch_dispose (GObject *object)
{
  stop (STRATA_SNAPSHOT_WATCH (object));

  G_OBJECT_CLASS (strata_snapshot_watch_parent_class)->dispose (object);
}

static void
strata_snapshot_watch_class_init (StrataSnapshotWatchClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = strata_snapshot_watch_dispose;
}

static void
strata_snapshot_watch_init (StrataSnapshotWatch *self)
{
}

StrataSnapshotWatch *
strata_snapshot_watch_new (void)
{
  return g_object_new (STRATA_TYPE_SNAPSHOT_WATCH, NULL);
}

/**
 * strata_snapshot_watch_refresh:
 * @self: a watch
 * @connection: (nullable): the machine's connection
 * @machine: (nullable): a machine
 *
 * Watches that machine from now on, instead of the one before. Main thread.
 */
void
strata_snapshot_watch_refresh (StrataSnapshotWatch *self,
                               StrataConnection *connection,
                               StrataMachine *machine)
{
  g_return_if_fail (STRATA_IS_SNAPSHOT_WATCH (self));
  g_return_if_fail ((connection == NULL) == (machine == NULL));

  if (connection == self->connection && machine == self->machine)
    return;

  stop (self);
  if (connection == NULL)
    return;

  self->connection = g_object_ref (connection);
  self->machine = g_object_ref (machine);
  self->cancellable = g_cancellable_new ();
  look_again (self);
}
