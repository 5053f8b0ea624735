/* SPDX-License-Identifier: GPL-3.0-or-later */

/* strata-guest: the only part of Strata that links libguestfs, in a process of its own because a launch
 * of the appliance cannot be cancelled but by killing it. Reads one request from stdin, answers on
 * stdout; see guest/strata-guest-client.h. With names as its arguments it is what pkexec starts; see
 * strata-privileged.c.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/strata-guest-request.h"
#include "strata-guest-check.h"
#include "strata-guest-sysprep.h"
#include "strata-guest-verbs.h"
#include "strata-guest-watch.h"
#include "strata-privileged.h"
#include "base/strata-error.h"

/* How long our children get to end in good order, and how often they are told. */
#define GRACE_MS  4000
#define REPEAT_MS 200

/* A socket of the appliance below a longer folder would have a path that is too long for the kernel. */
#define MAX_SCRATCH_PARENT 40

static JsonObject *
dispatch (StrataEventWriter *writer, StrataGuestRequest *request, GError **error)
{
  switch (request->verb)
    {
    case STRATA_GUEST_VERB_CHECK:
      return strata_guest_check (writer, error);
    case STRATA_GUEST_VERB_LIST_OPERATIONS:
      return strata_guest_sysprep_list_operations (writer, error);
    case STRATA_GUEST_VERB_INSPECT:
      return strata_guest_inspect (writer, request, error);
    case STRATA_GUEST_VERB_SEAL:
      return strata_guest_seal (writer, request, error);
    case STRATA_GUEST_VERB_VERIFY:
      return strata_guest_verify (writer, request, error);
    case STRATA_GUEST_VERB_CUSTOMISE:
      return strata_guest_customise (writer, request, error);
    }

  g_return_val_if_reached (NULL);
}

static char *
read_request (int fd)
{
  g_autoptr (GString) line = g_string_new (NULL);
  char c;

  while (read (fd, &c, 1) == 1 && c != '\n')
    g_string_append_c (line, c);

  return g_string_free_and_steal (g_steal_pointer (&line));
}

/* Does nothing, but unlike SIG_IGN a handler is not inherited by the programs that we start. */
static void
on_signal (int number)
{
}

/* The end of stdin is how the client says “cancel”, and what its death looks like. The appliance's QEMU
 * and virt-sysprep are in our process group; when they are gone, libguestfs returns with an error, and
 * what it had put into /tmp is removed on the usual way out. They are told again and again, because one
 * may just have been starting. */
static gpointer
watch_stdin (gpointer data)
{
  char c;

  while (read (STDIN_FILENO, &c, 1) > 0)
    continue;

  for (int waited = 0; waited < GRACE_MS; waited += REPEAT_MS)
    {
      kill (0, SIGTERM);
      g_usleep (REPEAT_MS * 1000);
    }
  kill (0, SIGKILL);

  return NULL;
}

static void
attend (void)
{
  struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

  /* Fails if we lead a session already, and then we lead its group too. */
  setpgid (0, 0);
  sigaction (SIGTERM, &action, NULL);
  g_thread_unref (g_thread_new ("stdin", watch_stdin, NULL));
}

/* The answers go to where stdout went, and anything that a library prints by itself does not. */
static int
take_stdout (void)
{
  int fd = fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

  dup2 (STDERR_FILENO, STDOUT_FILENO);

  return fd;
}

/* Whatever libguestfs and virt-sysprep leave behind when they are killed is in one folder of ours. */
static char *
make_scratch (GError **error)
{
  const char *parent = g_getenv ("LIBGUESTFS_TMPDIR");
  g_autofree char *scratch = NULL;

  if (parent == NULL)
    parent = g_get_tmp_dir ();
  if (strlen (parent) > MAX_SCRATCH_PARENT)
    parent = "/tmp";

  scratch = g_build_filename (parent, "strata-guest-XXXXXX", NULL);
  if (g_mkdtemp_full (scratch, 0700) == NULL)
    {
      int saved_errno = errno;

      strata_set_error (error, STRATA_ERROR_NO_SPACE, NULL, _ ("No folder can be made in “%s”: %s"),
                        parent, g_strerror (saved_errno));
      return NULL;
    }

  g_setenv ("LIBGUESTFS_TMPDIR", scratch, TRUE);
  /* Its sockets would go there; a backend other than “direct” needs the real one. */
  if (g_strcmp0 (g_getenv ("LIBGUESTFS_BACKEND"), "direct") == 0)
    g_setenv ("XDG_RUNTIME_DIR", scratch, TRUE);

  return g_steal_pointer (&scratch);
}

/* libguestfs makes the folder of its appliance's cache below /var/tmp; the one that the environment names it
 * only looks for, and virt-sysprep then ends without a word of what it was to do. */
static void
make_cache (void)
{
  const char *cache = g_getenv ("LIBGUESTFS_CACHEDIR");

  if (cache != NULL && g_path_is_absolute (cache))
    g_mkdir_with_parents (cache, 0755);
}

static void
remove_tree (GFile *file)
{
  g_autoptr (GFileEnumerator) children = g_file_enumerate_children (
      file, G_FILE_ATTRIBUTE_STANDARD_NAME, G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, NULL, NULL);
  GFile *child;

  while (children != NULL && g_file_enumerator_iterate (children, NULL, &child, NULL, NULL) &&
         child != NULL)
    remove_tree (child);

  g_file_delete (file, NULL, NULL);
}

static gboolean
serve (StrataEventWriter *writer, const char *text, GError **error)
{
  g_autoptr (StrataGuestRequest) request = strata_guest_request_parse (text, error);
  g_autofree char *scratch = NULL;
  JsonObject *value;

  if (request == NULL)
    return FALSE;

  if (request->attended)
    attend ();
  if (request->force_tcg)
    g_setenv ("LIBGUESTFS_BACKEND_SETTINGS", "force_tcg", TRUE);
  make_cache ();
  scratch = make_scratch (error);
  if (scratch == NULL)
    return FALSE;

  if (request->attended)
    strata_guest_watch_begin (request);
  value = dispatch (writer, request, error);
  if (value != NULL)
    strata_event_writer_result (writer, value);
  else
    strata_guest_watch_replace (error);

  {
    g_autoptr (GFile) folder = g_file_new_for_path (scratch);

    remove_tree (folder);
  }

  return value != NULL;
}

int
main (int argc, char *argv[])
{
  g_autoptr (StrataEventWriter) writer = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");

  /* A client that went away is noticed at stdin's end. The handler is not inherited, SIG_IGN would be. */
  signal (SIGPIPE, on_signal);
  if (argc > 1)
    return strata_privileged_run ((const char *const *) argv + 1);
  /* Its prompt didn't say what this would be about. */
  if (g_getenv ("PKEXEC_UID") != NULL)
    return EXIT_FAILURE;
  /* libvirt would be one more thing that can fail, and needs a daemon. */
  g_setenv ("LIBGUESTFS_BACKEND", "direct", FALSE);

  writer = strata_event_writer_new (take_stdout ());
  text = read_request (STDIN_FILENO);
  if (serve (writer, text, &error))
    return EXIT_SUCCESS;

  strata_event_writer_error (writer, error);
  return EXIT_FAILURE;
}
