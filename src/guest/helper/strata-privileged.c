/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What pkexec starts: it is given names on its command line, which is what the administrator's prompt shows, and serves request after
 * request about the disks of these, so that there is one prompt for a job. Each is carried out by another process, this program without
 * names, as the user who may open the disks: see strata-trusted-file.c.
 *
 * Not a service on the bus: that would have to be installed, started and trusted with more than one person's work, and its prompt shows
 * no more than pkexec's.
 */

#include "config.h"

#include "strata-privileged.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <json-glib/json-glib.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest/strata-guest-lines.h"
#include "guest/strata-guest-request.h"
#include "host/connection/strata-connection.h"
#include "strata-event-writer.h"
#include "strata-named-disks.h"
#include "strata-trusted-file.h"
#include "base/strata-error.h"

/* Longer than any request: twenty clones with their keys and scripts. */
#define MAX_REQUEST (16 * 1024 * 1024)

#define MAX_GROUPS 256

typedef struct
{
  const char *const *names;
  StrataEventWriter *writer;
  GString *pending; /* of stdin */
} Privileged;

/* Who a request is carried out as. */
typedef struct
{
  uid_t user;
  gid_t group;
  gid_t groups[MAX_GROUPS];
  int n_groups;
  char *home;
} Person;

typedef enum
{
  INPUT_LINE,
  INPUT_END,
  INPUT_CHILD_ENDED,
} Input;

/* Waits for a line, or for the end of the process behind CHILD, which may be -1. */
static Input
wait_for_input (Privileged *self, int child, char **line)
{
  while (TRUE)
    {
      struct pollfd fds[] = {
        { .fd = STDIN_FILENO, .events = POLLIN },
        { .fd = child, .events = POLLIN },
      };
      char piece[4096];
      ssize_t n;

      *line = strata_guest_lines_take (self->pending);
      if (*line != NULL)
        return INPUT_LINE;

      if (poll (fds, G_N_ELEMENTS (fds), -1) < 0 && errno != EINTR)
        return INPUT_END;
      if (fds[1].revents != 0)
        return INPUT_CHILD_ENDED;
      if (fds[0].revents == 0)
        continue;
      n = read (STDIN_FILENO, piece, sizeof piece);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0 || self->pending->len + n > MAX_REQUEST)
        return INPUT_END;
      g_string_append_len (self->pending, piece, n);
    }
}

static gboolean
is_stop (const char *line)
{
  g_autoptr (JsonNode) node = json_from_string (line, NULL);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) &&
         g_strcmp0 (
             json_object_get_string_member_with_default (json_node_get_object (node), "verb", NULL),
             "stop") == 0;
}

static gboolean
look_up (Person *person, uid_t user, GError **error)
{
  const struct passwd *entry = getpwuid (user);

  if (entry == NULL)
    {
      strata_set_error (error, STRATA_ERROR_PERMISSION, NULL,
                        _ ("The disk belongs to user number %u, which this computer doesn’t have."),
                        user);
      return FALSE;
    }

  person->user = user;
  person->group = entry->pw_gid;
  person->n_groups = MAX_GROUPS;
  if (getgrouplist (entry->pw_name, entry->pw_gid, person->groups, &person->n_groups) < 0)
    person->n_groups = 0;
  g_set_str (&person->home, entry->pw_dir);

  return TRUE;
}

/* Between fork and exec. */
static void
become (gpointer data)
{
  const Person *person = data;

  if (setgroups (person->n_groups, person->groups) != 0 || setgid (person->group) != 0 ||
      setuid (person->user) != 0)
    _exit (EXIT_FAILURE);
}

/* (element-type StrataGuestDisk): those of REQUEST; borrowed */
static GPtrArray *
list_disks (StrataGuestRequest *request)
{
  GPtrArray *disks = g_ptr_array_new ();

  g_ptr_array_extend (disks, request->disks, NULL, NULL);
  for (guint i = 0; i < request->clones->len; i++)
    g_ptr_array_extend (disks,
                        ((const StrataGuestClone *) g_ptr_array_index (request->clones, i))->disks,
                        NULL, NULL);

  return disks;
}

/* Whether all of DISKS may be opened, and as whom. */
static gboolean
take_disks (Privileged *self, GPtrArray *disks, gboolean for_writing, uid_t *user, GError **error)
{
  g_autoptr (StrataConnection) connection = NULL;

  *user = 0;
  if (disks->len == 0)
    return TRUE;
  /* For each request another one: no loop runs here that would answer the daemon while it is idle. */
  connection = strata_connection_open ("qemu:///system", NULL, error);
  if (connection == NULL || !strata_named_disks_check (connection, self->names, disks, error))
    return FALSE;

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataGuestDisk *disk = g_ptr_array_index (disks, i);
      uid_t owner;
      g_autoptr (GPtrArray) layers = strata_trusted_file_take (disk, for_writing, &owner, error);

      if (layers == NULL ||
          !strata_named_disks_check_below (connection, self->names, disk, layers, error))
        return FALSE;
      if (i > 0 && owner != *user)
        {
          strata_set_error (error, STRATA_ERROR_PERMISSION,
                            _ ("Have all of its disks belong to one user, or seal a copy."),
                            _ ("“%s” belongs to another user than the disk before it."),
                            disk->path);
          return FALSE;
        }
      *user = owner;
    }

  return TRUE;
}

static GSubprocess *
spawn (Person *person, int input, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);

  g_subprocess_launcher_take_stdin_fd (launcher, input);
  /* By that it knows that it isn't who talks to the client. */
  g_subprocess_launcher_unsetenv (launcher, "PKEXEC_UID");
  if (person->user != 0)
    {
      g_subprocess_launcher_setenv (launcher, "HOME", person->home, TRUE);
      g_subprocess_launcher_set_child_setup (launcher, become, person, NULL);
    }

  return g_subprocess_launcher_spawn (launcher, error, "/proc/self/exe", NULL);
}

/* Has another process carry out TEXT, until it ends or is to be stopped; FALSE: the client is gone. */
static gboolean
carry_out (Privileged *self, Person *person, const char *text, GError **error)
{
  g_autoptr (GSubprocess) process = NULL;
  g_autofd int control = -1;
  g_autofd int child = -1;
  gboolean there = TRUE;
  int pair[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    {
      strata_set_error (error, STRATA_ERROR_FAILED, NULL, "%s", g_strerror (errno));
      return TRUE;
    }
  control = pair[0];
  process = spawn (person, pair[1], error);
  if (process == NULL)
    return TRUE;

  child = pidfd_open ((pid_t) g_ascii_strtoll (g_subprocess_get_identifier (process), NULL, 10), 0);
  strata_guest_lines_send (control, text);
  while (child >= 0)
    {
      g_autofree char *line = NULL;
      Input input = wait_for_input (self, child, &line);

      if (input == INPUT_LINE && !is_stop (line))
        continue;
      there = input != INPUT_END;
      break;
    }

  /* The end of its stdin ends it in good order. */
  g_clear_fd (&control, NULL);
  g_subprocess_wait (process, NULL, NULL);

  return there;
}

/* FALSE: the client is gone. */
static gboolean
serve (Privileged *self, const char *line)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataGuestRequest) request = strata_guest_request_parse (line, &error);
  g_autoptr (GPtrArray) disks = request != NULL ? list_disks (request) : NULL;
  Person person = { 0 };
  gboolean there = TRUE;
  uid_t user;

  if (request != NULL && !request->attended)
    strata_set_error (&error, STRATA_ERROR_INVALID, NULL,
                      _ ("The member “%s” of the request is missing or of the wrong kind."),
                      "attended");
  else if (request != NULL &&
           take_disks (self, disks,
                       request->verb == STRATA_GUEST_VERB_SEAL ||
                           request->verb == STRATA_GUEST_VERB_CUSTOMISE,
                       &user, &error) &&
           look_up (&person, user, &error))
    there = carry_out (self, &person, line, &error);

  if (error != NULL)
    strata_event_writer_error (self->writer, error);
  g_free (person.home);
  strata_event_writer_done (self->writer);

  return there;
}

/* What a prompt shows is to be what it says: nothing that ends a line, turns its direction or can't be seen. */
static gboolean
is_plain (const char *name)
{
  if (*name == '\0' || *name == '-' || !g_utf8_validate (name, -1, NULL))
    return FALSE;

  for (const char *c = name; *c != '\0'; c = g_utf8_next_char (c))
    {
      if (!g_unichar_isprint (g_utf8_get_char (c)))
        return FALSE;
    }

  return TRUE;
}

/**
 * strata_privileged_run:
 * @names: (array zero-terminated=1): domains, and volumes as “POOL/VOLUME”
 *
 * Serves until stdin ends.
 *
 * Returns: the exit status
 */
int
strata_privileged_run (const char *const *names)
{
  Privileged self = {
    .names = names,
    .writer = strata_event_writer_new (STDOUT_FILENO),
    .pending = g_string_new (NULL),
  };
  gboolean there = TRUE;

  for (size_t i = 0; names[i] != NULL; i++)
    {
      if (!is_plain (names[i]))
        return EXIT_FAILURE;
    }

  /* By that the client knows that it was allowed. */
  strata_event_writer_done (self.writer);
  while (there)
    {
      g_autofree char *line = NULL;

      if (wait_for_input (&self, -1, &line) != INPUT_LINE)
        break;
      there = is_stop (line) || serve (&self, line);
    }

  g_string_free (self.pending, TRUE);
  strata_event_writer_free (self.writer);

  return EXIT_SUCCESS;
}
