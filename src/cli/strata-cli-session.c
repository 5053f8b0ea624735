/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The surroundings of a run: the connection, blocking calls in worker threads while the main loop
 * runs (libvirt's events arrive there), and the signals that stop it.
 */

#include "config.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "strata-cli-session.h"

#define LOOK_AGAIN_MS 100

typedef struct
{
  StrataCli *cli;
  StrataCliFunc func;
  gpointer user_data;
  GAsyncResult *result;
} Call;

/* What the interrupt that comes now does to JOB. */
static const char *
describe_interrupt (StrataJob *job, gboolean first)
{
  if (first && strata_job_can_cancel (job))
    return strata_job_is_past_return (job)
               ? _ ("Cancelling; it is past the point of no return, and stops where it can be resumed.")
               : _ ("Cancelling; what was begun is taken back.");
  if (strata_job_get_progress (job)->undoing)
    return _ ("Still taking back what was begun; please wait.");
  if (strata_job_get_state (job) == STRATA_JOB_RUNNING)
    return _ ("Too late to cancel; it is being finished.");

  return _ ("Still cancelling; please wait.");
}

static gboolean
on_interrupt (gpointer user_data)
{
  StrataCli *cli = user_data;

  cli->interrupts++;
  g_cancellable_cancel (cli->cancellable);

  if (cli->job == NULL)
    {
      /* Nothing has been touched yet; a host that doesn't answer must not hold the user back. */
      if (cli->interrupts > 1)
        _exit (STRATA_CLI_CANCELLED);
    }
  else
    {
      fprintf (stderr, "\n%s\n", describe_interrupt (cli->job, cli->interrupts == 1));
      strata_job_cancel (cli->job);
    }

  return G_SOURCE_CONTINUE;
}

/**
 * strata_cli_watch_signals:
 * @cli: the run, which has to live as long as the process
 *
 * From here on Ctrl-C, SIGTERM and a closed terminal cancel what runs instead of killing the process
 * half way.
 */
void
strata_cli_watch_signals (StrataCli *cli)
{
  g_unix_signal_add (SIGINT, on_interrupt, cli);
  g_unix_signal_add (SIGTERM, on_interrupt, cli);
  g_unix_signal_add (SIGHUP, on_interrupt, cli);

  /* A reader of our output who goes away must not end a job. */
  signal (SIGPIPE, SIG_IGN);
}

static void
on_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **answer = user_data;

  *answer = g_object_ref (result);
}

static void
wait_for (GAsyncResult **answer)
{
  while (*answer == NULL)
    g_main_context_iteration (NULL, TRUE);
}

/* A line typed at the terminal TTY; NULL at its end, or when the user has cancelled. */
static char *
read_line (int tty, GCancellable *cancellable)
{
  g_autoptr (GString) line = g_string_new (NULL);
  struct pollfd fd = { .fd = tty, .events = POLLIN };
  char c;

  while (!g_cancellable_is_cancelled (cancellable))
    {
      if (poll (&fd, 1, LOOK_AGAIN_MS) <= 0)
        continue;
      if (read (tty, &c, 1) != 1)
        return NULL;
      if (c == '\n')
        return g_string_free (g_steal_pointer (&line), FALSE);
      g_string_append_c (line, c);
    }

  return NULL;
}

/* In the worker that connects. On the terminal itself, since stdout is for results; scripts, which have none, put such things
 * into libvirt's auth.conf. */
static gboolean
ask_at_terminal (const char *uri,
                 StrataQuestion *question,
                 GCancellable *cancellable,
                 gpointer user_data)
{
  g_autofd int tty = isatty (STDIN_FILENO) ? open ("/dev/tty", O_RDWR | O_CLOEXEC) : -1;
  struct termios usual;
  struct termios silent;
  char *line;

  if (tty < 0 || tcgetattr (tty, &usual) < 0)
    return FALSE;

  silent = usual;
  silent.c_lflag &= ~(tcflag_t) ECHO;
  if (question->secret)
    tcsetattr (tty, TCSAFLUSH, &silent);
  dprintf (tty, "%s: ", question->words);
  line = read_line (tty, cancellable);
  if (question->secret)
    {
      tcsetattr (tty, TCSAFLUSH, &usual);
      dprintf (tty, "\n");
    }
  if (line == NULL)
    return FALSE;

  if (*line != '\0' || question->answer == NULL)
    {
      g_free (question->answer);
      question->answer = line;
    }
  else
    g_free (line);

  return TRUE;
}

/**
 * strata_cli_connect:
 * @cli: the run
 * @error: return location
 *
 * Opens the host that the user named with `--connect`, else libvirt's default.
 *
 * Returns: %FALSE with @error set if it can't be reached
 */
gboolean
strata_cli_connect (StrataCli *cli, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;
  StrataOpenOptions options = { .uri = cli->uri,
                                .read_only = cli->read_only,
                                .ask = ask_at_terminal };
  struct termios usual;
  gboolean at_terminal = tcgetattr (STDIN_FILENO, &usual) == 0;

  strata_connection_open_async (&options, cli->cancellable, on_ready, &answer);
  wait_for (&answer);
  /* The worker that was asking is left behind, perhaps with the echo off. */
  if (at_terminal && g_cancellable_is_cancelled (cli->cancellable))
    tcsetattr (STDIN_FILENO, TCSANOW, &usual);
  cli->connection = strata_connection_open_finish (answer, error);
  if (cli->queue == NULL)
    cli->queue = strata_job_queue_new (NULL);

  return cli->connection != NULL;
}

static void
call_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Call *call = task_data;
  GError *error = NULL;
  gpointer result = call->func (call->cli, call->user_data, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, result, NULL);
}

/**
 * strata_cli_call:
 * @cli: the run
 * @func: what to call
 * @user_data: passed to @func
 * @error: return location
 *
 * Calls @func in a worker thread and runs the main loop until it is over.
 *
 * Returns: (transfer full) (nullable): what @func returned
 */
gpointer
strata_cli_call (StrataCli *cli, StrataCliFunc func, gpointer user_data, GError **error)
{
  Call call = { .cli = cli, .func = func, .user_data = user_data };
  g_autoptr (GAsyncResult) answer = NULL;
  g_autoptr (GTask) task = g_task_new (NULL, cli->cancellable, on_ready, &answer);

  /* The call's own answer is told, even if the user has cancelled meanwhile. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, &call, NULL);
  g_task_run_in_thread (task, call_in_thread);
  wait_for (&answer);

  return g_task_propagate_pointer (G_TASK (answer), error);
}

static gpointer
gather_in_thread (StrataCli *cli, gpointer user_data, GError **error)
{
  return strata_connection_gather (cli->connection, cli->cancellable, error);
}

/**
 * strata_cli_gather:
 * @cli: a connected run
 * @error: return location
 *
 * Returns: (transfer full) (nullable) (type StrataGraph): the whole host as it is now
 */
gpointer
strata_cli_gather (StrataCli *cli, GError **error)
{
  return strata_cli_call (cli, gather_in_thread, NULL, error);
}
