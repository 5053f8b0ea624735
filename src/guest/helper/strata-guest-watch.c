/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Watches over the appliance while it writes. Where the host's file system is full, its QEMU stops the
 * appliance in the middle of a write and waits for good; virt-sysprep and libguestfs wait for the appliance, and
 * nothing would ever be said.
 */

#include "config.h"

#include "strata-guest-watch.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "guest/strata-guest-disk.h"
#include "guest/strata-guest-failure.h"
#include "base/strata-error.h"

/* Less than this is full: QEMU asks for a cluster and what describes it. */
#define MIN_ROOM (1024 * 1024)

/* How often it is looked, and how many looks in a row make sure. */
#define LOOK_SECONDS 2
#define MAX_FULL     3

/* An appliance that does no work for so long is stopped, not slow: even an idle one has a clock. */
#define MAX_IDLE_SECONDS 240

/* So many ticks of the processor are no work, but QEMU waiting. */
#define IDLE_TICKS 2

static struct
{
  GPtrArray *folders;
  GMutex mutex;
  char *full;
  gboolean stopped;
} watch;

static gboolean
is_full (const char *folder)
{
  struct statvfs room;

  return statvfs (folder, &room) == 0 &&
         (guint64) (geteuid () == 0 ? room.f_bfree : room.f_bavail) * room.f_frsize < MIN_ROOM;
}

static const char *
find_full (void)
{
  for (guint i = 0; i < watch.folders->len; i++)
    {
      if (is_full (g_ptr_array_index (watch.folders, i)))
        return g_ptr_array_index (watch.folders, i);
    }

  return NULL;
}

/* Processor time of all that is in our process group, in ticks; the fields after the program's name. */
static guint64
get_ticks (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc", 0, NULL);
  guint64 sum = 0;
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc", name, "stat", NULL);
      g_autofree char *text = NULL;
      const char *rest;
      unsigned long long user, system;
      int group;

      if (!g_ascii_isdigit (*name) || !g_file_get_contents (path, &text, NULL, NULL))
        continue;
      rest = strrchr (text, ')');
      if (rest != NULL &&
          sscanf (rest + 1, " %*c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &group, &user,
                  &system) == 3 &&
          group == getpgrp ())
        sum += user + system;
    }

  return sum;
}

static void
discard (const char *full)
{
  g_mutex_lock (&watch.mutex);
  g_set_str (&watch.full, full);
  watch.stopped = TRUE;
  g_mutex_unlock (&watch.mutex);

  /* The appliance and virt-sysprep are in our group; we ourselves have a handler that does nothing. */
  for (guint i = 0; i < 10; i++)
    {
      kill (0, SIGTERM);
      g_usleep (G_USEC_PER_SEC / 5);
    }
}

static gpointer
look (gpointer data)
{
  guint n_full = 0;
  guint idle = 0;
  guint64 before = get_ticks ();

  while (TRUE)
    {
      const char *full = find_full ();
      guint64 now;

      n_full = full != NULL ? n_full + 1 : 0;
      if (n_full == MAX_FULL)
        {
          discard (full);
          return NULL;
        }

      now = get_ticks ();
      /* A process that ended takes its ticks along, so less is work as well. */
      idle = now >= before && now - before <= IDLE_TICKS ? idle + LOOK_SECONDS : 0;
      before = now;
      if (idle >= MAX_IDLE_SECONDS)
        {
          discard (NULL);
          return NULL;
        }
      g_usleep (LOOK_SECONDS * G_USEC_PER_SEC);
    }
}

static void
add_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  if (!g_ptr_array_find_with_equal_func (watch.folders, folder, g_str_equal, NULL))
    g_ptr_array_add (watch.folders, g_steal_pointer (&folder));
}

static void
add_disks (GPtrArray *disks)
{
  for (guint i = 0; i < disks->len; i++)
    add_folder (((StrataGuestDisk *) g_ptr_array_index (disks, i))->path);
}

/**
 * strata_guest_watch_begin:
 * @request: a request that starts an appliance; its helper leads a process group
 *
 * From now until the process ends, all that it started is ended when there is no room where @request's disks
 * or the temporary files are, or when nothing works any more.
 */
void
strata_guest_watch_begin (StrataGuestRequest *request)
{
  const char *scratch = g_getenv ("LIBGUESTFS_TMPDIR");

  watch.folders = g_ptr_array_new_with_free_func (g_free);
  /* What is only looked at is written to in an overlay, which is a temporary file. */
  if (request->verb == STRATA_GUEST_VERB_SEAL)
    add_disks (request->disks);
  for (guint i = 0; i < request->clones->len; i++)
    add_disks (((StrataGuestClone *) g_ptr_array_index (request->clones, i))->disks);
  if (scratch != NULL)
    add_folder (scratch);

  g_thread_unref (g_thread_new ("watch", look, NULL));
}

/**
 * strata_guest_watch_replace:
 * @error: (inout): why the request failed
 *
 * Returns: whether it failed because it was ended by the watch, and @error now says why
 */
gboolean
strata_guest_watch_replace (GError **error)
{
  g_autofree char *full = NULL;
  gboolean stopped;

  g_mutex_lock (&watch.mutex);
  stopped = watch.stopped;
  full = g_strdup (watch.full);
  g_mutex_unlock (&watch.mutex);
  if (!stopped)
    return FALSE;

  g_clear_error (error);
  if (full != NULL)
    strata_set_error (error, STRATA_ERROR_NO_SPACE,
                      strata_guest_failure_hint (STRATA_ERROR_NO_SPACE),
                      _ ("There is no room left in “%s”."), full);
  else
    strata_set_error (error, STRATA_ERROR_FAILED, NULL,
                      _ ("The appliance that works on the disk has stopped working."));

  return TRUE;
}
