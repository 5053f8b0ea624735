/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The stage of an integration test: main context, connection, folders, programs. */

#include "config.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>

#include "strata-test-janitor.h"
#include "strata-test.h"

#define LOOK_EVERY_US 20000

static StrataConnection *shared_connection;

static gpointer
run_main_context (gpointer data)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  g_main_loop_run (loop);

  return NULL;
}

static void
drop_message (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
}

static void
close_connection (void)
{
  g_clear_object (&shared_connection);
}

const char *
strata_test_uri (void)
{
  const char *uri = g_getenv ("STRATA_TEST_URI");

  return uri != NULL ? uri : "qemu:///session";
}

void
strata_test_init (int *argc, char ***argv)
{
  /* A connection that is closed under libvirt's hands is an error, as it is to the programs. */
  signal (SIGPIPE, SIG_IGN);
  strata_test_janitor_start (strata_test_uri ());
  /* Before the janitor starts to work: what atexit() was told last is done first. */
  atexit (close_connection);

  setlocale (LC_ALL, "C.UTF-8");
  g_test_init (argc, argv, NULL);
  /* libvirt-glib tells every move of its event loop (without a log domain), which buries what a test
   * has to say. */
  g_log_set_handler (NULL, G_LOG_LEVEL_DEBUG, drop_message, NULL);
  g_thread_unref (g_thread_new ("main-context", run_main_context, NULL));
}

StrataConnection *
strata_test_connection (void)
{
  g_autoptr (GError) error = NULL;

  if (shared_connection == NULL)
    shared_connection = strata_connection_open (strata_test_uri (), NULL, &error);
  if (shared_connection != NULL)
    return shared_connection;

  if (g_getenv ("STRATA_TEST_REQUIRE_HOST") != NULL)
    g_assert_no_error (error);
  g_test_skip (error->message);

  return NULL;
}

char *
strata_test_dir (void)
{
  const char *parent = g_getenv ("STRATA_TEST_DIR");
  g_autofree char *template =
      g_build_filename (parent != NULL ? parent : "/tmp", "strata-test-XXXXXX", NULL);
  char *made = g_mkdtemp (template);
  char *dir;

  g_assert_nonnull (made);
  dir = realpath (made, NULL);
  strata_test_janitor_own_folder (dir);

  return dir;
}

void
strata_test_own_process (GPid pid)
{
  strata_test_janitor_own_process (pid);
}

typedef struct
{
  GFunc func;
  gpointer data;
  GMutex lock;
  GCond changed;
  gboolean done;
} Invocation;

static gboolean
invoke (gpointer user_data)
{
  Invocation *invocation = user_data;

  invocation->func (invocation->data, NULL);

  g_mutex_lock (&invocation->lock);
  invocation->done = TRUE;
  g_cond_signal (&invocation->changed);
  g_mutex_unlock (&invocation->lock);

  return G_SOURCE_REMOVE;
}

void
strata_test_invoke (GFunc func, gpointer data)
{
  Invocation invocation = { func, data };
  g_autoptr (GSource) source = g_idle_source_new ();

  g_mutex_init (&invocation.lock);
  g_cond_init (&invocation.changed);
  /* Attached rather than invoked: the context may be without an owner for a moment, and then the
   * function would be called here. */
  g_source_set_callback (source, invoke, &invocation, NULL);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_attach (source, NULL);

  g_mutex_lock (&invocation.lock);
  while (!invocation.done)
    g_cond_wait (&invocation.changed, &invocation.lock);
  g_mutex_unlock (&invocation.lock);

  g_mutex_clear (&invocation.lock);
  g_cond_clear (&invocation.changed);
}

gboolean
strata_test_wait (StrataTestFunc func, gpointer data, guint seconds)
{
  gint64 end = g_get_monotonic_time () + seconds * G_TIME_SPAN_SECOND;

  while (!func (data))
    {
      if (g_get_monotonic_time () > end)
        return FALSE;
      g_usleep (LOOK_EVERY_US);
    }

  return TRUE;
}

char *
strata_test_run (const char *program, ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  char *output = NULL;
  const char *word;
  va_list args;

  g_ptr_array_add (words, (gpointer) program);
  va_start (args, program);
  while ((word = va_arg (args, const char *)) != NULL)
    g_ptr_array_add (words, (gpointer) word);
  va_end (args);
  g_ptr_array_add (words, NULL);

  process =
      g_subprocess_newv ((const char *const *) words->pdata,
                         G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, NULL, NULL, &output, NULL, &error);
  g_assert_no_error (error);
  if (!g_subprocess_get_successful (process))
    g_error ("%s failed: %s", program, output);

  return output;
}
