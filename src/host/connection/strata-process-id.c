/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which process something on a host belongs to, and whether it still lives.
 *
 * Written into a worker's <description> and a lock's <vendor>: "strata pid=1 start=2 boot=3 pidns=4 host=5". The start time makes
 * up for process numbers being used again; the boot id tells machines apart, and one run of a machine
 * from the next; the namespace keeps one container's numbers from being taken for another's. Where
 * it can't be told, the owner is taken to be alive: nothing is ended on a guess.
 */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "strata-process-id.h"

#define OWNER_PREFIX "strata pid="
#define UNREADABLE   "unknown"

typedef struct
{
  char *pid;
  char *start;
  char *boot;
  char *pidns;
  char *host;
} Owner;

static char *
read_boot_id (void)
{
  char *text = NULL;

  if (g_file_get_contents ("/proc/sys/kernel/random/boot_id", &text, NULL, NULL))
    return g_strstrip (text);

  return g_strdup (UNREADABLE);
}

static char *
read_pid_namespace (void)
{
  char *text = g_file_read_link ("/proc/self/ns/pid", NULL);

  return text != NULL ? text : g_strdup (UNREADABLE);
}

/* Fields 3 and 22 of /proc/PID/stat; the second one, the program's name in brackets, may hold anything. */
static gboolean
read_process (const char *pid, char **state, char **start)
{
  g_autofree char *path = g_build_filename ("/proc", pid, "stat", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) fields = NULL;
  const char *rest;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  rest = strrchr (text, ')');
  if (rest == NULL || rest[1] == '\0')
    return FALSE;
  fields = g_strsplit (rest + 2, " ", -1);
  if (g_strv_length (fields) <= 19)
    return FALSE;
  *state = g_strdup (fields[0]);
  *start = g_strdup (fields[19]);

  return TRUE;
}

static void
owner_clear (Owner *owner)
{
  g_free (owner->pid);
  g_free (owner->start);
  g_free (owner->boot);
  g_free (owner->pidns);
  g_free (owner->host);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Owner, owner_clear)

static void
owner_init_self (Owner *owner)
{
  g_autofree char *state = NULL;

  owner->pid = g_strdup_printf ("%d", (int) getpid ());
  read_process (owner->pid, &state, &owner->start);
  owner->boot = read_boot_id ();
  owner->pidns = read_pid_namespace ();
  owner->host = g_strdelimit (g_strdup (g_get_host_name ()), " <>&", '-');
}

static char *
read_field (char *const *words, const char *name)
{
  for (; *words != NULL; words++)
    {
      const char *value = g_str_has_prefix (*words, name) ? *words + strlen (name) : NULL;

      if (value != NULL && *value == '=')
        return g_strdup (value + 1);
    }

  return NULL;
}

/**
 * strata_process_id_new_text:
 *
 * Any thread.
 *
 * Returns: (transfer full): one line that names this process, free of what XML would have to escape
 */
char *
strata_process_id_new_text (void)
{
  g_auto (Owner) self = { 0 };

  owner_init_self (&self);

  return g_strdup_printf (OWNER_PREFIX "%s start=%s boot=%s pidns=%s host=%s", self.pid,
                          self.start != NULL ? self.start : "0", self.boot, self.pidns, self.host);
}

typedef enum
{
  UNKNOWN,
  ALIVE,
  DEAD,
} Life;

/* A process of another user may be hidden from /proc, but not from a signal. A zombie does nothing any more. */
static Life
look_at_process (const Owner *owner)
{
  g_autofree char *start = NULL;
  g_autofree char *state = NULL;
  guint64 pid;

  if (!g_ascii_string_to_unsigned (owner->pid, 10, 1, G_MAXINT32, &pid, NULL))
    return UNKNOWN;
  if (kill ((pid_t) pid, 0) != 0 && errno == ESRCH)
    return DEAD;
  if (!read_process (owner->pid, &state, &start))
    return UNKNOWN;

  return g_str_equal (start, owner->start) && *state != 'Z' && *state != 'X' ? ALIVE : DEAD;
}

/* What is on a host is gone when the host is restarted, so that another boot id is another computer: two of them may
 * have one name. */
static Life
look_at_owner (const char *text)
{
  g_auto (Owner) self = { 0 };
  g_auto (Owner) owner = { 0 };
  g_auto (GStrv) words = NULL;

  if (text == NULL || !g_str_has_prefix (text, OWNER_PREFIX))
    return UNKNOWN;

  words = g_strsplit (text, " ", -1);
  owner.pid = read_field (words, "pid");
  owner.start = read_field (words, "start");
  owner.boot = read_field (words, "boot");
  owner.pidns = read_field (words, "pidns");
  if (owner.pid == NULL || owner.start == NULL || owner.boot == NULL || owner.pidns == NULL)
    return UNKNOWN;

  owner_init_self (&self);
  if (!g_str_equal (owner.boot, self.boot) || !g_str_equal (owner.pidns, self.pidns) ||
      g_str_equal (self.boot, UNREADABLE) || g_str_equal (self.pidns, UNREADABLE))
    return UNKNOWN;

  return look_at_process (&owner);
}

/**
 * strata_process_id_is_dead:
 * @text: (nullable): what strata_process_id_new_text() returned in some process
 *
 * Any thread.
 *
 * Returns: %TRUE only if that process is known to be gone
 */
gboolean
strata_process_id_is_dead (const char *text)
{
  return look_at_owner (text) == DEAD;
}

/**
 * strata_process_id_is_here:
 * @text: (nullable): what strata_process_id_new_text() returned in some process
 *
 * Any thread.
 *
 * Returns: %TRUE only if that process is known to be alive, be it stopped, on this computer
 */
gboolean
strata_process_id_is_here (const char *text)
{
  return look_at_owner (text) == ALIVE;
}
