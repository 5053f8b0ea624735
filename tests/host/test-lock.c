/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Locks exclude threads, processes and computers from each other, and go with the process that had them. */

#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/connection/strata-lock.h"
#include "host/connection/strata-process-id.h"
#include "strata-test.h"
#include "base/strata-error.h"
#include "xml/strata-volume-xml.h"

#define GATE STRATA_LOCK_PREFIX "gate"

static const char *program;

static GPtrArray *
make_resources (const char *first, const char *second)
{
  GPtrArray *resources = g_ptr_array_new ();

  g_ptr_array_add (resources, (gpointer) first);
  if (second != NULL)
    g_ptr_array_add (resources, (gpointer) second);

  return resources;
}

static StrataLock *
take (StrataConnection *connection, const char *job, const char *resource, GError **error)
{
  g_autoptr (GPtrArray) resources = make_resources (resource, "read:/shared");
  g_autofree char *title = g_strdup_printf ("Work of %s", job);

  return strata_lock_take (connection, job, title, resources, NULL, error);
}

/* Children: this program again ------------------------------------------------------------------------ */

static virStoragePoolPtr
make_pool (StrataConnection *connection, const char *name, const char *owner, const char *note)
{
  g_autofree char *path = g_strconcat ("/proc/tty/../", "tty/ldisc", NULL);
  g_autofree char *xml = strata_pool_xml_new_note (name, path, owner, note);
  virStoragePoolPtr pool =
      virStoragePoolCreateXML (strata_connection_get_handle (connection), xml, 0);

  g_assert_nonnull (pool);

  return pool;
}

static void
say_and_wait (void)
{
  char byte;

  g_assert_cmpint (write (STDOUT_FILENO, "+", 1), ==, 1);
  while (read (STDIN_FILENO, &byte, 1) > 0)
    ;
}

/* A folder's file says who is inside: the kernel lets only one make it. */
static void
work_alone (StrataConnection *connection, const char *job, const char *resource, const char *mark)
{
  g_autoptr (GError) error = NULL;
  StrataLock *lock;
  int fd;

  while ((lock = take (connection, job, resource, &error)) == NULL)
    {
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_BUSY);
      g_clear_error (&error);
    }
  fd = open (mark, O_CREAT | O_EXCL | O_WRONLY, 0600);
  g_assert_no_errno (fd);
  close (fd);
  g_usleep (2000);
  g_assert_no_errno (unlink (mark));
  strata_lock_free (lock);
}

static int
run_child (char **argv)
{
  g_autoptr (GError) error = NULL;
  StrataConnection *connection = strata_connection_open (strata_test_uri (), NULL, &error);
  StrataLock *lock;

  g_assert_no_error (error);
  if (g_str_equal (argv[1], "hold"))
    {
      lock = take (connection, argv[2], argv[3], &error);
      g_assert_no_error (error);
      say_and_wait ();
      strata_test_assert_ok (strata_lock_is_held (lock, &error), error);
      strata_lock_free (lock);
    }
  else if (g_str_equal (argv[1], "gate"))
    {
      g_autofree char *owner = strata_process_id_new_text ();

      make_pool (connection, GATE, owner, "{}");
      say_and_wait ();
    }
  else
    {
      for (int i = 0; i < 10; i++)
        work_alone (connection, argv[2], argv[3], argv[4]);
    }

  return 0;
}

typedef struct
{
  GPid pid;
  int in;
  int out;
} Child;

static Child
start_child (const char *verb, const char *job, const char *resource, const char *mark)
{
  const char *argv[] = { program, verb, job, resource, mark, NULL };
  g_autoptr (GError) error = NULL;
  Child child;

  g_assert_true (g_spawn_async_with_pipes (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
                                           NULL, NULL, &child.pid, &child.in, &child.out, NULL,
                                           &error));
  g_assert_no_error (error);
  strata_test_own_process (child.pid);

  return child;
}

static void
wait_until_it_says_so (const Child *child)
{
  char byte;

  g_assert_cmpint (read (child->out, &byte, 1), ==, 1);
}

static int
end_child (const Child *child, int signal_number)
{
  int status;

  if (signal_number != 0)
    kill (child->pid, signal_number);
  close (child->in);
  close (child->out);
  g_assert_cmpint (waitpid (child->pid, &status, 0), ==, child->pid);

  return status;
}

/* Tests ------------------------------------------------------------------------------------------------ */

typedef struct
{
  StrataConnection *connection;
  char *job;
  const char *mark;
} Worker;

static gpointer
work_in_thread (gpointer data)
{
  Worker *worker = data;

  for (int i = 0; i < 5; i++)
    work_alone (worker->connection, worker->job, "/contended", worker->mark);
  g_free (worker->job);

  return NULL;
}

static void
contend (StrataConnection *connection, gboolean *done)
{
  g_autofree char *dir = strata_test_dir ();
  g_autofree char *mark = g_build_filename (dir, "mark", NULL);
  GThread *threads[6];
  Worker workers[6];
  Child children[3];

  for (size_t i = 0; i < G_N_ELEMENTS (children); i++)
    {
      g_autofree char *job = g_strdup_printf ("process-%zu", i);

      children[i] = start_child ("loop", job, "/contended", mark);
    }
  for (size_t i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      workers[i] = (Worker) { connection, g_strdup_printf ("thread-%zu", i), mark };
      threads[i] = g_thread_new ("contender", work_in_thread, &workers[i]);
    }
  for (size_t i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  for (size_t i = 0; i < G_N_ELEMENTS (children); i++)
    g_assert_cmpint (end_child (&children[i], 0), ==, 0);
  g_atomic_int_set (done, TRUE);
}

static void
test_one_at_a_time (void)
{
  StrataConnection *connection = strata_test_connection ();
  gboolean done = FALSE;

  if (connection != NULL)
    contend (connection, &done);
}

typedef struct
{
  StrataConnection *connection;
  gboolean done;
  int n_broken;
} Breaker;

static gpointer
break_gates (gpointer data)
{
  Breaker *breaker = data;

  while (!g_atomic_int_get (&breaker->done))
    {
      virStoragePoolPtr gate =
          virStoragePoolLookupByName (strata_connection_get_handle (breaker->connection), GATE);

      if (gate != NULL)
        {
          breaker->n_broken += virStoragePoolDestroy (gate) == 0;
          virStoragePoolFree (gate);
        }
      g_usleep (3000);
    }

  return NULL;
}

/* Whoever is put out of the gate, at whatever moment, doesn't believe that he decided. */
static void
test_gates_broken (void)
{
  Breaker breaker = { .connection = strata_test_connection () };
  GThread *thread;

  if (breaker.connection == NULL)
    return;

  thread = g_thread_new ("breaker", break_gates, &breaker);
  contend (breaker.connection, &breaker.done);
  g_thread_join (thread);
  g_assert_cmpint (breaker.n_broken, >, 0);
}

static void
test_sharing (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autoptr (GPtrArray) reads = make_resources ("read:/a", "read:/b");
  g_autoptr (GPtrArray) changes = make_resources ("/a", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (StrataLock) first = NULL;
  g_autoptr (StrataLock) second = NULL;
  g_autoptr (StrataLock) third = NULL;
  g_autoptr (GPtrArray) locks = NULL;
  g_autoptr (GError) error = NULL;
  gint64 began;

  if (connection == NULL)
    return;

  first = strata_lock_take (connection, "job-1", "The first “<&>”", reads, NULL, &error);
  g_assert_no_error (error);
  second = strata_lock_take (connection, "job-2", "The second", reads, NULL, &error);
  g_assert_no_error (error);

  locks = strata_lock_list (connection, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (locks->len, ==, 2);
  for (guint i = 0; i < locks->len; i++)
    {
      const StrataLockFacts *facts = locks->pdata[i];

      g_assert_true (facts->is_ours);
      g_assert_true (facts->is_here);
      g_assert_cmpint (facts->pid, ==, getpid ());
      g_assert_cmpstr (facts->user, ==, g_get_user_name ());
      g_assert_cmpuint (facts->resources->len, ==, 2);
    }

  began = g_get_monotonic_time ();
  third = strata_lock_take (connection, "job-3", "The third", changes, NULL, &error);
  g_assert_null (third);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_BUSY);
  g_assert_true (strstr (error->message, "The first “<&>”") != NULL ||
                 strstr (error->message, "The second") != NULL);
  g_assert_cmpint (g_get_monotonic_time () - began, >, 2 * G_TIME_SPAN_SECOND);
  g_clear_error (&error);

  g_cancellable_cancel (cancellable);
  third = strata_lock_take (connection, "job-3", "The third", changes, cancellable, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  g_clear_pointer (&first, strata_lock_free);
  g_clear_pointer (&second, strata_lock_free);
  third = strata_lock_take (connection, "job-3", "The third", changes, NULL, &error);
  g_assert_no_error (error);
  strata_test_assert_ok (strata_lock_is_held (third, &error), error);
}

static void
test_killed (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autoptr (StrataLock) lock = NULL;
  g_autoptr (GError) error = NULL;
  gint64 began;
  Child child;

  if (connection == NULL)
    return;

  child = start_child ("hold", "killed", "/killed", NULL);
  wait_until_it_says_so (&child);
  end_child (&child, SIGKILL);

  began = g_get_monotonic_time ();
  lock = take (connection, "after", "/killed", &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 2 * G_TIME_SPAN_SECOND);
}

/* One that doesn't run for now works on when it does. */
static void
test_stopped (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autoptr (StrataLock) lock = NULL;
  g_autoptr (GError) error = NULL;
  Child child;

  if (connection == NULL)
    return;

  child = start_child ("hold", "stopped", "/stopped", NULL);
  wait_until_it_says_so (&child);
  kill (child.pid, SIGSTOP);

  lock = take (connection, "beside", "/stopped", &error);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, "Work of stopped"));
  g_clear_error (&error);
  g_assert_false (strata_lock_break (connection, "stopped", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
  g_clear_error (&error);

  kill (child.pid, SIGCONT);
  g_assert_cmpint (end_child (&child, 0), ==, 0);
  lock = take (connection, "beside", "/stopped", &error);
  g_assert_no_error (error);
}

static void
leave_gate (int signal_number, gint64 limit)
{
  StrataConnection *connection = strata_test_connection ();
  g_autoptr (StrataLock) lock = NULL;
  g_autoptr (GError) error = NULL;
  gint64 began;
  Child child;

  if (connection == NULL)
    return;

  child = start_child ("gate", "-", "-", NULL);
  wait_until_it_says_so (&child);
  if (signal_number == SIGKILL)
    end_child (&child, SIGKILL);
  else
    kill (child.pid, signal_number);

  began = g_get_monotonic_time ();
  lock = take (connection, "late", "/late", &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_get_monotonic_time () - began, <, limit * G_TIME_SPAN_SECOND);
  if (signal_number != SIGKILL)
    end_child (&child, SIGKILL);
}

static void
test_killed_in_gate (void)
{
  leave_gate (SIGKILL, 2);
}

static void
test_stopped_in_gate (void)
{
  leave_gate (SIGSTOP, 6);
}

static void
test_other_computer (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *own = strata_process_id_new_text ();
  g_autoptr (GString) owner = g_string_new (own);
  g_autoptr (StrataLock) lock = NULL;
  g_autoptr (GError) error = NULL;

  if (connection == NULL)
    return;

  g_string_replace (owner, " boot=", " boot=0", 1);
  virStoragePoolFree (make_pool (connection, STRATA_LOCK_PREFIX "far", owner->str,
                                 "{\"title\":\"Far away\",\"user\":\"ann\",\"host\":\"desk\","
                                 "\"since\":\"2026-01-01T00:00:00Z\",\"resources\":[\"/far\"]}"));

  lock = take (connection, "near", "/far", &error);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, "Far away"));
  g_assert_nonnull (strstr (error->message, "ann"));
  g_assert_nonnull (strstr (error->message, "desk"));
  g_assert_nonnull (strstr (strata_error_get_hint (error), "job unlock far"));
  g_clear_error (&error);

  strata_test_assert_ok (strata_lock_break (connection, "far", &error), error);
  lock = take (connection, "near", "/far", &error);
  g_assert_no_error (error);
  g_assert_false (strata_lock_break (connection, "far", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
}

static void
test_taken_away (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autoptr (StrataLock) lock = NULL;
  g_autoptr (GError) error = NULL;
  virStoragePoolPtr pool;

  if (connection == NULL)
    return;

  lock = take (connection, "robbed", "/robbed", &error);
  g_assert_no_error (error);
  pool = virStoragePoolLookupByName (strata_connection_get_handle (connection),
                                     STRATA_LOCK_PREFIX "robbed");
  g_assert_cmpint (virStoragePoolDestroy (pool), ==, 0);
  virStoragePoolFree (pool);
  g_assert_false (strata_lock_is_held (lock, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_BUSY);
}

/* It is nothing of the host's to a person. */
static void
test_hidden (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autoptr (StrataLock) lock = NULL;
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (GError) error = NULL;

  if (connection == NULL)
    return;

  lock = take (connection, "hidden", "/hidden", &error);
  g_assert_no_error (error);
  graph = strata_connection_gather (connection, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (strata_graph_find_pool (graph, STRATA_LOCK_PREFIX "hidden"));
}

int
main (int argc, char *argv[])
{
  if (argc > 2 && *argv[1] != '-')
    return run_child (argv);

  program = argv[0];
  strata_test_init (&argc, &argv);

  g_test_add_func ("/lock/sharing", test_sharing);
  g_test_add_func ("/lock/one-at-a-time", test_one_at_a_time);
  g_test_add_func ("/lock/gates-broken", test_gates_broken);
  g_test_add_func ("/lock/killed", test_killed);
  g_test_add_func ("/lock/stopped", test_stopped);
  g_test_add_func ("/lock/killed-in-gate", test_killed_in_gate);
  g_test_add_func ("/lock/stopped-in-gate", test_stopped_in_gate);
  g_test_add_func ("/lock/other-computer", test_other_computer);
  g_test_add_func ("/lock/taken-away", test_taken_away);
  g_test_add_func ("/lock/hidden", test_hidden);

  return g_test_run ();
}
