/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The strata-guest process as its client holds it: lines in, lines out, and an end to it and to all that
 * it has started. Blocking; for one thread.
 */

#include "config.h"

#include "strata-guest-process.h"

#include <errno.h>
#include <gio/gunixinputstream.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "strata-guest-lines.h"
#include "base/strata-error.h"

/* The helper gives its children four seconds to end; then it kills them and itself. */
#define STOP_SECONDS 6

/* More than this on stderr is not a message any more. */
#define MAX_STDERR 8192

struct _StrataGuestProcess
{
  GSubprocess *process;
  GString *pending;
  GString *stderr_text;
  int control;
  int stdout_fd;
  int stderr_fd;
};

/* STRATA_GUEST in the environment is for tests and for running from the build folder. */
static char *
find_helper (GError **error)
{
  const char *told = g_getenv ("STRATA_GUEST");
  const char *path = told != NULL && *told != '\0' ? told : STRATA_GUEST_PATH;

  if (access (path, X_OK) == 0)
    return g_strdup (path);

  strata_set_error (error, STRATA_ERROR_NO_TOOL, _ ("Install Strata with its sealing helper."),
                    _ ("Strata's sealing helper “%s” is not installed."), path);
  return NULL;
}

static gboolean
add_pkexec (GPtrArray *argv, GError **error)
{
  char *pkexec = g_find_program_in_path ("pkexec");

  if (pkexec == NULL)
    {
      strata_set_error (
          error, STRATA_ERROR_NO_TOOL, _ ("Install polkit."),
          _ ("The program “pkexec”, which asks for the administrator's password, is not installed."));
      return FALSE;
    }
  g_ptr_array_add (argv, pkexec);

  return TRUE;
}

/* Looks for the helper where its packages put it, first where it is here; root is root there, too. */
static const char far_script[] =
    "for helper in \"$0\" /usr/libexec/strata-guest /usr/lib/strata-guest /usr/local/libexec/strata-guest; do "
    "[ ! -x \"$helper\" ] || break; done; "
    "[ -x \"$helper\" ] || exit " G_STRINGIFY (
        STRATA_GUEST_NOT_THERE) "; "
                                "[ $# = 0 ] || [ \"$(id -u)\" = 0 ] || exec pkexec \"$helper\" \"$@\"; "
                                "exec \"$helper\" \"$@\"";

/* ssh puts its words together with spaces, for a shell there to take them apart. */
static void
add_far (GPtrArray *argv, const char *const *ssh, const char *const *names)
{
  const char *told = g_getenv ("STRATA_GUEST");
  g_autofree char *script = g_shell_quote (far_script);
  g_autofree char *helper =
      g_shell_quote (told != NULL && *told != '\0' ? told : STRATA_GUEST_PATH);
  g_autoptr (GString) command = g_string_new (NULL);

  for (size_t i = 0; ssh[i] != NULL; i++)
    g_ptr_array_add (argv, g_strdup (ssh[i]));
  g_string_printf (command, "exec sh -c %s %s", script, helper);
  for (size_t i = 0; names != NULL && names[i] != NULL; i++)
    {
      g_autofree char *name = g_shell_quote (names[i]);

      g_string_append_printf (command, " %s", name);
    }
  g_ptr_array_add (argv, g_string_free_and_steal (g_steal_pointer (&command)));
}

static gboolean
add_here (GPtrArray *argv, const char *const *names, GError **error)
{
  char *helper = find_helper (error);

  if (helper == NULL || (names != NULL && !add_pkexec (argv, error)))
    {
      g_free (helper);
      return FALSE;
    }

  g_ptr_array_add (argv, helper);
  for (size_t i = 0; names != NULL && names[i] != NULL; i++)
    g_ptr_array_add (argv, g_strdup (names[i]));

  return TRUE;
}

static GSubprocess *
spawn (const char *const *names, const char *const *ssh, int control, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);

  launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_subprocess_launcher_take_stdin_fd (launcher, control);
  if (ssh != NULL)
    add_far (argv, ssh, names);
  else if (!add_here (argv, names, error))
    return NULL;
  g_ptr_array_add (argv, NULL);

  process =
      g_subprocess_launcher_spawnv (launcher, (const char *const *) argv->pdata, &local_error);
  if (process == NULL)
    strata_set_error (error, STRATA_ERROR_NO_TOOL, NULL,
                      _ ("Strata's sealing helper “%s” cannot be started: %s"),
                      (const char *) argv->pdata[0], local_error->message);

  return g_steal_pointer (&process);
}

/**
 * strata_guest_process_new:
 * @names: (nullable) (array zero-terminated=1): what it is about, as domains and “POOL/VOLUME”s: it runs as root, through pkexec
 * @ssh: (nullable) (array zero-terminated=1): how a command is run on the host where the images are; %NULL for this one
 * @error: return location for `STRATA_ERROR_NO_TOOL`
 *
 * Returns: (transfer full): a helper that waits for its request
 */
StrataGuestProcess *
strata_guest_process_new (const char *const *names, const char *const *ssh, GError **error)
{
  g_autoptr (StrataGuestProcess) self = g_new0 (StrataGuestProcess, 1);
  int pair[2];

  self->control = -1;
  self->pending = g_string_new (NULL);
  self->stderr_text = g_string_new (NULL);

  /* A socket and not a pipe: writing to a helper that has died must not raise SIGPIPE. */
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    {
      strata_set_error (error, STRATA_ERROR_FAILED, NULL, "%s", g_strerror (errno));
      return NULL;
    }

  self->control = pair[0];
  self->process = spawn (names, ssh, pair[1], error);
  if (self->process == NULL)
    return NULL;

  self->stdout_fd = g_unix_input_stream_get_fd (
      G_UNIX_INPUT_STREAM (g_subprocess_get_stdout_pipe (self->process)));
  self->stderr_fd = g_unix_input_stream_get_fd (
      G_UNIX_INPUT_STREAM (g_subprocess_get_stderr_pipe (self->process)));

  return g_steal_pointer (&self);
}

/* The helper leads a process group, unless it has only just started. A helper that runs as root can't be
 * killed by us, but it sees the end of its stdin. */
static void
kill_group (StrataGuestProcess *self)
{
  const char *identifier = g_subprocess_get_identifier (self->process);
  pid_t pid = identifier != NULL ? (pid_t) g_ascii_strtoll (identifier, NULL, 10) : 0;

  if (pid <= 1)
    return;
  if (kill (-pid, SIGKILL) != 0)
    kill (pid, SIGKILL);
}

/* Ends it, its appliance and its virt-sysprep. Takes up to some seconds, as a rule less than one. */
static void
stop (StrataGuestProcess *self)
{
  gint64 deadline = g_get_monotonic_time () + STOP_SECONDS * G_USEC_PER_SEC;

  g_clear_fd (&self->control, NULL);
  while (g_get_monotonic_time () < deadline)
    {
      g_autofree char *ignored = NULL;

      if (strata_guest_process_read (self, 200, NULL, &ignored) == STRATA_GUEST_READ_END)
        break;
    }

  kill_group (self);
  g_subprocess_wait (self->process, NULL, NULL);
}

/**
 * strata_guest_process_free:
 * @self: (transfer full) (nullable): a process; stopped if it runs
 */
void
strata_guest_process_free (StrataGuestProcess *self)
{
  if (self == NULL)
    return;

  if (self->process != NULL)
    stop (self);
  g_clear_object (&self->process);
  g_clear_fd (&self->control, NULL);
  g_string_free (self->pending, TRUE);
  g_string_free (self->stderr_text, TRUE);
  g_free (self);
}

/**
 * strata_guest_process_send:
 * @self: a process
 * @text: the request, one line
 *
 * That a helper which has died did not get it shows when its answer is read.
 */
void
strata_guest_process_send (StrataGuestProcess *self, const char *text)
{
  strata_guest_lines_send (self->control, text);
}

/* Reads what is there into BUFFER; FALSE at the end of it. */
static gboolean
drain (int fd, GString *buffer)
{
  char piece[4096];
  ssize_t n = read (fd, piece, sizeof piece);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return TRUE;
  if (n <= 0)
    return FALSE;

  g_string_append_len (buffer, piece, n);
  return TRUE;
}

static void
drain_stderr (StrataGuestProcess *self)
{
  if (!drain (self->stderr_fd, self->stderr_text))
    self->stderr_fd = -1;
  if (self->stderr_text->len > MAX_STDERR)
    g_string_erase (self->stderr_text, 0, self->stderr_text->len - MAX_STDERR);
}

/* Waits for something to read. FALSE if there is nothing to wait for any more. */
static gboolean
wait_for_input (StrataGuestProcess *self, int timeout_ms, GCancellable *cancellable)
{
  GPollFD fds[3] = {
    { .fd = self->stdout_fd, .events = G_IO_IN | G_IO_HUP },
    { .fd = self->stderr_fd, .events = G_IO_IN | G_IO_HUP },
  };
  gboolean with_cancellable =
      cancellable != NULL && g_cancellable_make_pollfd (cancellable, &fds[2]);

  g_poll (fds, with_cancellable ? 3 : 2, timeout_ms);
  if (with_cancellable)
    g_cancellable_release_fd (cancellable);

  if (fds[1].revents != 0)
    drain_stderr (self);

  return fds[0].revents == 0 || drain (self->stdout_fd, self->pending);
}

/**
 * strata_guest_process_read:
 * @self: a process
 * @timeout_ms: how long to wait, in milliseconds, -1 for ever
 * @cancellable: (nullable): ends the wait
 * @line: (out) (transfer full) (nullable): the line, without its end
 *
 * Returns: what became of it
 */
StrataGuestRead
strata_guest_process_read (StrataGuestProcess *self,
                           int timeout_ms,
                           GCancellable *cancellable,
                           char **line)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) timeout_ms * 1000;

  while (TRUE)
    {
      gint64 left = timeout_ms < 0 ? -1 : (deadline - g_get_monotonic_time () + 999) / 1000;

      *line = strata_guest_lines_take (self->pending);
      if (*line != NULL)
        return STRATA_GUEST_READ_LINE;
      if (g_cancellable_is_cancelled (cancellable))
        return STRATA_GUEST_READ_CANCELLED;
      if (timeout_ms >= 0 && left <= 0)
        return STRATA_GUEST_READ_TIMEOUT;
      if (!wait_for_input (self, (int) left, cancellable))
        return STRATA_GUEST_READ_END;
    }
}

/**
 * strata_guest_process_wait:
 * @self: a process whose output has ended
 *
 * Returns: its exit status, -1 if a signal ended it
 */
int
strata_guest_process_wait (StrataGuestProcess *self)
{
  g_clear_fd (&self->control, NULL);
  g_subprocess_wait (self->process, NULL, NULL);

  return g_subprocess_get_if_exited (self->process) ? g_subprocess_get_exit_status (self->process)
                                                    : -1;
}

/**
 * strata_guest_process_get_stderr:
 * @self: a process
 *
 * Returns: (transfer none): the end of what it wrote to its stderr
 */
const char *
strata_guest_process_get_stderr (StrataGuestProcess *self)
{
  return self->stderr_text->str;
}
