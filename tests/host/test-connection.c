/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Opening hosts, what is said when that fails, and a daemon that goes away. */

#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "host/connection/strata-connection.h"
#include "host/connection/strata-kvm-probe.h"
#include "strata-test.h"
#include "base/strata-error.h"

static void
test_facts (void)
{
  StrataConnection *connection = strata_test_connection ();
  const StrataHostFacts *facts;

  if (connection == NULL)
    return;

  facts = strata_connection_get_facts (connection);
  g_assert_true (strata_connection_is_alive (connection));
  g_assert_cmpuint (facts->libvirt_version, >=, 8000000);
  g_assert_cmpuint (facts->qemu_version, >=, 6000000);
  g_assert_cmpstr (facts->driver, ==, "QEMU");
  g_assert_cmpstr (facts->arch, ==, "x86_64");
  g_assert_true (g_file_test (facts->emulator, G_FILE_TEST_IS_EXECUTABLE));
  g_assert_nonnull (facts->hostname);
  g_assert_true (facts->is_local);
  g_assert_true (facts->is_session);
  g_assert_nonnull (facts->nvram_dir);
  g_assert_cmpint (facts->can_external_snapshots, ==, facts->libvirt_version >= 9009000);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  StrataConnection **connection = user_data;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_main_context_is_owner (NULL));
  g_atomic_pointer_set (connection, strata_connection_open_finish (result, &error));
  g_assert_no_error (error);
}

static void
open_it (gpointer data, gpointer unused)
{
  StrataOpenOptions options = { .uri = strata_test_uri (), .follow = TRUE };

  strata_connection_open_async (&options, NULL, on_opened, data);
}

static gboolean
is_set (gpointer data)
{
  return g_atomic_pointer_get ((gpointer *) data) != NULL;
}

static void
drop_it (gpointer data, gpointer unused)
{
  g_object_unref (data);
}

/* Opened from the main thread without blocking it, and let go of there. */
static void
test_open_async (void)
{
  StrataConnection *connection = NULL;

  if (strata_test_connection () == NULL)
    return;

  strata_test_invoke (open_it, &connection);
  g_assert_true (strata_test_wait (is_set, &connection, 20));
  g_assert_true (strata_connection_is_alive (connection));
  strata_test_invoke (drop_it, connection);
}

static void
test_kvm_probe (void)
{
  StrataConnection *connection = strata_test_connection ();
  gint64 start;
  gboolean usable;

  if (connection == NULL)
    return;

  /* The trial sees a guest run, here by emulation. */
  g_assert_true (strata_kvm_probe_run (strata_connection_get_handle (connection), "qemu", NULL));

  start = g_get_monotonic_time ();
  usable = strata_connection_probe_kvm (connection, NULL);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 20 * G_TIME_SPAN_SECOND);
  g_assert_cmpint (usable, ==, strata_connection_get_facts (connection)->kvm_usable);
  if (!g_file_test ("/dev/kvm", G_FILE_TEST_EXISTS))
    g_assert_false (usable);
}

static void
check_failure (const char *uri, StrataError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataConnection) connection = strata_connection_open (uri, NULL, &error);

  g_test_message ("%s: %s (%s)", uri, error->message, strata_error_get_hint (error));
  g_assert_error (error, STRATA_ERROR, (int) code);
  g_assert_null (connection);
  g_assert_nonnull (strstr (error->message, uri));
  g_assert_nonnull (strata_error_get_hint (error));
  g_assert_cmpint (strata_error_get_vir_code (error), !=, 0);
}

static void
test_bad_addresses (void)
{
  check_failure ("nonsense:///session", STRATA_ERROR_INVALID);
  check_failure ("qemu+unix:///session?socket=/nonexistent/sock", STRATA_ERROR_CONNECTION);
  check_failure ("qemu+tcp://127.0.0.1:1/system", STRATA_ERROR_CONNECTION);
}

static void
test_no_autostart (void)
{
  g_autofree char *dir = NULL;

  if (!g_test_subprocess ())
    {
      g_autofree char *dir_of_child = strata_test_dir ();

      g_setenv ("STRATA_TEST_RUNTIME", dir_of_child, TRUE);
      g_test_trap_subprocess (NULL, 30 * G_TIME_SPAN_SECOND, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      return;
    }

  dir = g_strdup (g_getenv ("STRATA_TEST_RUNTIME"));
  g_setenv ("XDG_RUNTIME_DIR", dir, TRUE);
  g_setenv ("LIBVIRT_AUTOSTART", "0", TRUE);
  check_failure ("qemu:///session", STRATA_ERROR_CONNECTION);
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (strata_connection_open ("qemu:///session", NULL, &error));
    g_assert_nonnull (strstr (strata_error_get_hint (error), "LIBVIRT_AUTOSTART"));
  }
}

static void
test_mock_driver (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataConnection) connection =
      strata_connection_open ("test:///default", NULL, &error);
  g_autoptr (GPtrArray) domains = NULL;
  g_autoptr (StrataGraph) graph = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (strata_connection_get_facts (connection)->driver, ==, "TEST");
  domains = strata_connection_list_domains (connection, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (domains->len, ==, 1);
  graph = strata_connection_gather (connection, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strata_graph_find_domain (graph, "test"));
}

/* The end of an attempt to open, as the main thread sees it. */
typedef struct
{
  const char *uri;
  GCancellable *cancellable;
  GError *error;
  gboolean over;
} Attempt;

static void
on_attempted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Attempt *attempt = user_data;

  g_assert_null (strata_connection_open_finish (result, &attempt->error));
  g_atomic_int_set (&attempt->over, TRUE);
}

static void
attempt_it (gpointer data, gpointer unused)
{
  Attempt *attempt = data;
  StrataOpenOptions options = { .uri = attempt->uri };

  strata_connection_open_async (&options, attempt->cancellable, on_attempted, attempt);
}

static gboolean
is_over (gpointer data)
{
  return g_atomic_int_get (&((Attempt *) data)->over);
}

/* A host that accepts and never answers is left at once, though libvirt goes on waiting for it. */
static void
test_cancel (void)
{
  g_autofree char *dir = strata_test_dir ();
  g_autofree char *path = g_build_filename (dir, "silent", NULL);
  g_autofree char *uri = g_strdup_printf ("qemu+unix:///session?socket=%s", path);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  Attempt attempt = { .uri = uri, .cancellable = cancellable };
  int silent = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int client;
  gint64 start;

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  g_assert_cmpint (bind (silent, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (silent, 4), ==, 0);

  strata_test_invoke (attempt_it, &attempt);
  client = accept4 (silent, NULL, NULL, SOCK_CLOEXEC);
  g_assert_cmpint (client, >=, 0);
  g_assert_false (is_over (&attempt));

  start = g_get_monotonic_time ();
  g_cancellable_cancel (cancellable);
  g_assert_true (strata_test_wait (is_over, &attempt, 5));
  g_assert_cmpint (g_get_monotonic_time () - start, <, G_TIME_SPAN_SECOND);
  g_assert_error (attempt.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&attempt.error);

  /* The worker that was left behind comes to its end when the host does. */
  close (client);
  close (silent);
}

/* What libvirt opened is told, not what it was asked for. */
static void
test_default_host (void)
{
  g_autofree char *before = g_strdup (g_getenv ("LIBVIRT_DEFAULT_URI"));
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataConnection) connection = NULL;

  g_setenv ("LIBVIRT_DEFAULT_URI", "test:///default", TRUE);
  connection = strata_connection_open (NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (strata_connection_get_uri (connection), ==, "test:///default");

  if (before != NULL)
    g_setenv ("LIBVIRT_DEFAULT_URI", before, TRUE);
  else
    g_unsetenv ("LIBVIRT_DEFAULT_URI");
}

typedef struct
{
  GPid pid;
  char *uri;
} Daemon;

static gboolean
accepts (gpointer data)
{
  g_autoptr (StrataConnection) connection = strata_connection_open (data, NULL, NULL);

  return connection != NULL;
}

/* A session daemon of the test's own, so that it may be killed. */
static void
daemon_start (Daemon *daemon, const char *dir)
{
  const char *argv[] = { "libvirtd", "--timeout", "60", NULL };
  g_auto (GStrv) environment = g_get_environ ();
  g_autoptr (GError) error = NULL;

  environment = g_environ_setenv (environment, "XDG_RUNTIME_DIR", dir, TRUE);
  environment = g_environ_setenv (environment, "XDG_CONFIG_HOME", dir, TRUE);
  environment = g_environ_setenv (environment, "XDG_CACHE_HOME", dir, TRUE);
  g_assert_true (g_spawn_async (NULL, (char **) argv, environment,
                                G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                    G_SPAWN_STDERR_TO_DEV_NULL | G_SPAWN_STDOUT_TO_DEV_NULL,
                                NULL, NULL, &daemon->pid, &error));
  g_assert_no_error (error);
  strata_test_own_process (daemon->pid);
  daemon->uri = g_strdup_printf ("qemu+unix:///session?socket=%s/libvirt/libvirt-sock", dir);
  g_assert_true (strata_test_wait (accepts, daemon->uri, 20));
}

static void
daemon_kill (Daemon *daemon)
{
  kill (daemon->pid, SIGKILL);
  waitpid (daemon->pid, NULL, 0);
  g_clear_pointer (&daemon->uri, g_free);
}

static void
count_closed (StrataConnection *connection, int *count)
{
  g_assert_true (g_main_context_is_owner (NULL));
  g_atomic_int_inc (count);
}

static gboolean
is_counted (gpointer data)
{
  return g_atomic_int_get ((int *) data) > 0;
}

static void
test_daemon_dies (void)
{
  g_autofree char *dir = NULL;
  g_autofree char *uri = NULL;
  g_autofree char *libvirtd = g_find_program_in_path ("libvirtd");
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) domains = NULL;
  g_autoptr (StrataConnection) connection = NULL;
  g_autoptr (StrataConnection) again = NULL;
  Daemon daemon = { 0 };
  int closed = 0;

  if (libvirtd == NULL)
    {
      g_test_skip ("no libvirtd");
      return;
    }

  dir = strata_test_dir ();
  daemon_start (&daemon, dir);
  connection = strata_connection_open (daemon.uri, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (strata_connection_get_facts (connection)->is_local);
  g_assert_true (strata_connection_get_facts (connection)->is_session);
  g_signal_connect (connection, "closed", G_CALLBACK (count_closed), &closed);

  daemon_kill (&daemon);
  g_assert_true (strata_test_wait (is_counted, &closed, 20));
  g_assert_cmpint (g_atomic_int_get (&closed), ==, 1);
  g_assert_false (strata_connection_is_alive (connection));

  domains = strata_connection_list_domains (connection, NULL, &error);
  g_assert_null (domains);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CONNECTION);
  g_clear_error (&error);

  daemon_start (&daemon, dir);
  again = strata_connection_open (daemon.uri, NULL, &error);
  g_assert_no_error (error);
  domains = strata_connection_list_domains (again, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (domains->len, ==, 0);
  g_clear_object (&again);
  daemon_kill (&daemon);
}

int
main (int argc, char **argv)
{
  strata_test_init (&argc, &argv);

  g_test_add_func ("/connection/facts", test_facts);
  g_test_add_func ("/connection/open-async", test_open_async);
  g_test_add_func ("/connection/kvm-probe", test_kvm_probe);
  g_test_add_func ("/connection/bad-addresses", test_bad_addresses);
  g_test_add_func ("/connection/no-autostart", test_no_autostart);
  g_test_add_func ("/connection/mock-driver", test_mock_driver);
  g_test_add_func ("/connection/cancel", test_cancel);
  g_test_add_func ("/connection/default-host", test_default_host);
  g_test_add_func ("/connection/daemon-dies", test_daemon_dies);

  return g_test_run ();
}
