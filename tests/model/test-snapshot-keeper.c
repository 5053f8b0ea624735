/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Another person goes back to a snapshot with virsh; the metadata has to be made sound by itself. */

#include "config.h"

#include "model/snapshot/strata-snapshot-reconciler.h"
#include "strata-test.h"

typedef struct
{
  StrataConnection *connection;
  StrataSnapshotReconciler *keeper;
  char *uuid;
} Watch;

static void
start_keeping (gpointer watch, gpointer unused)
{
  Watch *self = watch;

  self->keeper = strata_snapshot_reconciler_new (self->connection);
}

static void
stop_keeping (gpointer watch, gpointer unused)
{
  g_clear_object (&((Watch *) watch)->keeper);
}

/* Of a snapshot that was taken offline libvirt itself says no chain, and its deletion then crashes (libvirt 11.3). */
static gboolean
is_sound (gpointer data)
{
  Watch *watch = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataDomainFacts) facts =
      strata_connection_get_domain (watch->connection, watch->uuid, &error);
  gboolean sound = TRUE;

  g_assert_no_error (error);
  for (guint i = 0; i < facts->snapshots->len; i++)
    {
      StrataSnapshotFacts *snapshot = g_ptr_array_index (facts->snapshots, i);

      sound = sound && strstr (snapshot->xml, "<backingStore") != NULL;
    }

  return sound && strata_domain_facts_get_current (facts) != NULL;
}

static void
test_native_return (void)
{
  Watch watch = { strata_test_connection (), NULL, NULL };
  g_autofree char *dir = NULL;

  if (watch.connection == NULL)
    return;
  if (!strata_connection_get_facts (watch.connection)->can_external_snapshots)
    {
      g_test_skip ("this host can’t go back to an external snapshot by itself");
      return;
    }

  dir = strata_test_dir ();
  watch.uuid = strata_test_define_tiny (watch.connection, "kept", dir, 1);
  g_free (strata_test_run ("virsh", "-q", "-c", strata_test_uri (), "snapshot-create-as", "kept",
                           "one", "--disk-only", NULL));
  g_free (strata_test_run ("virsh", "-q", "-c", strata_test_uri (), "snapshot-create-as", "kept",
                           "two", "--disk-only", NULL));
  g_assert_false (is_sound (&watch));

  strata_test_invoke (start_keeping, &watch);
  g_free (strata_test_run ("virsh", "-q", "-c", strata_test_uri (), "snapshot-revert", "kept",
                           "one", NULL));
  g_assert_true (strata_test_wait (is_sound, &watch, 30));
  strata_test_invoke (stop_keeping, &watch);

  strata_test_undefine (watch.connection, watch.uuid);
  g_free (watch.uuid);
}

int
main (int argc, char **argv)
{
  strata_test_init (&argc, &argv);

  g_test_add_func ("/model/snapshot-keeper/native-return", test_native_return);

  return g_test_run ();
}
