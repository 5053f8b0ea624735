/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which process something on a host belongs to, and whether it still lives.
 *
 * Written into a worker's <description>: "strata pid=1 start=2 boot=3 pidns=4 host=5". The start time makes
 * up for process numbers being used again; the boot id tells machines apart, and one run of a machine
 * from the next; the namespace keeps one container's numbers from being taken for another's. Where
 * it can't be told, the owner is taken to be alive: nothing is ended on a guess.
 */

#include "config.h"

#include <unistd.h>

#include "strata-owner.h"

#define OWNER_PREFIX "strata pid="

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

  return g_strdup ("unknown");
}

static char *
read_pid_namespace (void)
{
  char *text = g_file_read_link ("/proc/self/ns/pid", NULL);

  return text != NULL ? text : g_strdup ("unknown");
}

/* Field 22 of /proc/PID/stat; the second one, the program's name in brackets, may hold anything. */
static char *
read_start_time (const char *pid)
{
  g_autofree char *path = g_build_filename ("/proc", pid, "stat", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) fields = NULL;
  const char *rest;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return NULL;
  rest = strrchr (text, ')');
  if (rest == NULL)
    return NULL;
  fields = g_strsplit (rest + 2, " ", -1);

  return g_strv_length (fields) > 19 ? g_strdup (fields[19]) : NULL;
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
  owner->pid = g_strdup_printf ("%d", (int) getpid ());
  owner->start = read_start_time (owner->pid);
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
 * strata_owner_new_text:
 *
 * Any thread.
 *
 * Returns: (transfer full): one line that names this process, free of what XML would have to escape
 */
char *
strata_owner_new_text (void)
{
  g_auto (Owner) self = { 0 };

  owner_init_self (&self);

  return g_strdup_printf (OWNER_PREFIX "%s start=%s boot=%s pidns=%s host=%s", self.pid,
                          self.start != NULL ? self.start : "0", self.boot, self.pidns, self.host);
}

/**
 * strata_owner_is_dead:
 * @text: (nullable): what strata_owner_new_text() returned in some process
 *
 * Any thread.
 *
 * Returns: %TRUE only if that process is known to be gone
 */
gboolean
strata_owner_is_dead (const char *text)
{
  g_auto (Owner) self = { 0 };
  g_auto (Owner) owner = { 0 };
  g_auto (GStrv) words = NULL;
  g_autofree char *start = NULL;

  if (text == NULL || !g_str_has_prefix (text, OWNER_PREFIX))
    return FALSE;

  words = g_strsplit (text, " ", -1);
  owner.pid = read_field (words, "pid");
  owner.start = read_field (words, "start");
  owner.boot = read_field (words, "boot");
  owner.pidns = read_field (words, "pidns");
  owner.host = read_field (words, "host");
  if (owner.pid == NULL || owner.start == NULL || owner.boot == NULL || owner.pidns == NULL)
    return FALSE;

  owner_init_self (&self);
  /* Another run of this machine is over; another machine can't be asked. */
  if (!g_str_equal (owner.boot, self.boot))
    return g_strcmp0 (owner.host, self.host) == 0;
  if (!g_str_equal (owner.pidns, self.pidns))
    return FALSE;

  start = read_start_time (owner.pid);

  return start == NULL || !g_str_equal (start, owner.start);
}
