/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSnapshotReconciler: reconciles the snapshots of a domain that another tool brought back to one of them.
 *
 * libvirt's own return leaves metadata with which its next return, or deletion, may unlink what a child stands on. Taking
 * and deleting snapshots has no event of its own; what these leave is mended by the next job, or by the doctor.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/connection/strata-lock.h"
#include "host/snapshot/strata-snapshot-reconcile.h"
#include "strata-snapshot-reconciler.h"
#include "base/strata-error.h"

/* A return has several events, and our own jobs reconcile by themselves before this is over. */
#define PATIENCE_S 3

struct _StrataSnapshotReconciler
{
  GObject parent_instance;

  StrataConnection *connection;
  GCancellable *cancellable;
  GHashTable *waiting; /* UUID -> id of a timeout */
};

G_DEFINE_FINAL_TYPE (StrataSnapshotReconciler, strata_snapshot_reconciler, G_TYPE_OBJECT)

typedef struct
{
  StrataSnapshotReconciler *keeper; /* unowned: the timeout goes with it */
  char *uuid;
} Appointment;

static void
appointment_free (gpointer data)
{
  Appointment *appointment = data;

  g_free (appointment->uuid);
  g_free (appointment);
}

static void
reconcile_thread (GTask *task, gpointer source, gpointer uuid, GCancellable *cancellable)
{
  StrataConnection *connection = source;
  g_autofree char *random = g_uuid_string_random ();
  g_autofree char *id = g_strdup_printf ("settle-%.8s", random);
  g_autoptr (GPtrArray) resources = g_ptr_array_new ();
  g_autoptr (StrataLock) lock = NULL;
  g_autoptr (GError) error = NULL;

  /* A job that is at work on the domain reconciles by itself. */
  g_ptr_array_add (resources, uuid);
  lock = strata_lock_take (connection, id, _ ("Bring snapshots up to date"), resources, cancellable,
                           &error);
  if (lock == NULL)
    {
      g_debug ("The snapshots of %s were not settled: %s", (char *) uuid, error->message);
      g_task_return_boolean (task, TRUE);
      return;
    }

  if (!strata_snapshot_reconcile (connection, uuid, NULL, NULL, cancellable, &error) &&
      !g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    g_debug ("The snapshots of %s could not be settled: %s", (char *) uuid, error->message);
  g_task_return_boolean (task, TRUE);
}

static gboolean
reconcile_cb (gpointer user_data)
{
  Appointment *appointment = user_data;
  StrataSnapshotReconciler *self = appointment->keeper;
  g_autoptr (GTask) task = g_task_new (self->connection, self->cancellable, NULL, NULL);

  g_task_set_static_name (task, "strata-settle");
  g_task_set_task_data (task, g_strdup (appointment->uuid), g_free);
  g_task_run_in_thread (task, reconcile_thread);
  g_hash_table_remove (self->waiting, appointment->uuid);

  return G_SOURCE_REMOVE;
}

static void
reverted_cb (StrataConnection *connection, const char *uuid, StrataSnapshotReconciler *self)
{
  guint id = GPOINTER_TO_UINT (g_hash_table_lookup (self->waiting, uuid));
  Appointment *appointment = g_new0 (Appointment, 1);

  if (id != 0)
    g_source_remove (id);
  appointment->keeper = self;
  appointment->uuid = g_strdup (uuid);
  id = g_timeout_add_seconds_full (G_PRIORITY_DEFAULT, PATIENCE_S, reconcile_cb, appointment,
                                   appointment_free);
  g_hash_table_replace (self->waiting, g_strdup (uuid), GUINT_TO_POINTER (id));
}

static void
strata_snapshot_reconciler_dispose (GObject *object)
{
  StrataSnapshotReconciler *self = STRATA_SNAPSHOT_RECONCILER (object);
  GHashTableIter iter;
  gpointer id;

  g_cancellable_cancel (self->cancellable);
  g_hash_table_iter_init (&iter, self->waiting);
  while (g_hash_table_iter_next (&iter, NULL, &id))
    {
      g_source_remove (GPOINTER_TO_UINT (id));
      g_hash_table_iter_remove (&iter);
    }
  g_clear_object (&self->connection);

  G_OBJECT_CLASS (strata_snapshot_reconciler_parent_class)->dispose (object);
}

static void
strata_snapshot_reconciler_finalize (GObject *object)
{
  StrataSnapshotReconciler *self = STRATA_SNAPSHOT_RECONCILER (object);

  g_hash_table_unref (self->waiting);
  g_object_unref (self->cancellable);

  G_OBJECT_CLASS (strata_snapshot_reconciler_parent_class)->finalize (object);
}

static void
strata_snapshot_reconciler_class_init (StrataSnapshotReconcilerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = strata_snapshot_reconciler_dispose;
  object_class->finalize = strata_snapshot_reconciler_finalize;
}

static void
strata_snapshot_reconciler_init (StrataSnapshotReconciler *self)
{
  self->cancellable = g_cancellable_new ();
  self->waiting = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/**
 * strata_snapshot_reconciler_new:
 * @connection: an open connection
 *
 * Returns: (transfer full): a keeper, at work until it is let go of
 */
StrataSnapshotReconciler *
strata_snapshot_reconciler_new (StrataConnection *connection)
{
  StrataSnapshotReconciler *self;

  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);

  self = g_object_new (STRATA_TYPE_SNAPSHOT_RECONCILER, NULL);
  self->connection = g_object_ref (connection);
  g_signal_connect_object (connection, "domain-reverted", G_CALLBACK (reverted_cb), self, 0);

  return self;
}
