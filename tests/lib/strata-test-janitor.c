/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Removes what a test made, however the test ends: a process of its own that waits for the end of a
 * pipe, which comes also when the test crashes or is killed. Everything belongs to a folder of the test: the
 * domains whose disks are there, the pools on it, the files.
 */

#include "config.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "strata-test-janitor.h"

static int to_janitor = -1;
static pid_t janitor = -1;

static gboolean
mentions (const char *xml, GPtrArray *folders)
{
  for (guint i = 0; xml != NULL && i < folders->len; i++)
    {
      if (strstr (xml, g_ptr_array_index (folders, i)) != NULL)
        return TRUE;
    }

  return FALSE;
}

static void
remove_domains (virConnectPtr handle, GPtrArray *folders)
{
  virDomainPtr *list = NULL;
  int n = virConnectListAllDomains (handle, &list, 0);

  for (int i = 0; i < n; i++)
    {
      g_autofree char *xml = virDomainGetXMLDesc (list[i], 0);

      if (mentions (xml, folders))
        {
          virDomainDestroy (list[i]);
          virDomainUndefineFlags (
              list[i], VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
                           VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM);
        }
      virDomainFree (list[i]);
    }
  free (list);
}

static void
remove_pools (virConnectPtr handle, GPtrArray *folders)
{
  virStoragePoolPtr *list = NULL;
  int n = virConnectListAllStoragePools (handle, &list, 0);

  for (int i = 0; i < n; i++)
    {
      g_autofree char *xml = virStoragePoolGetXMLDesc (list[i], 0);

      if (mentions (xml, folders))
        {
          virStoragePoolDestroy (list[i]);
          virStoragePoolUndefine (list[i]);
        }
      virStoragePoolFree (list[i]);
    }
  free (list);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK) && g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_chmod (path, 0700);
      dir = g_dir_open (path, 0, NULL);
    }
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

static void
say_nothing (void *user_data, virErrorPtr error)
{
}

static void
clean_up (const char *uri, GPtrArray *folders, GArray *processes)
{
  virConnectPtr handle;

  for (guint i = 0; i < processes->len; i++)
    kill (g_array_index (processes, pid_t, i), SIGKILL);

  virSetErrorFunc (NULL, say_nothing);
  handle = folders->len > 0 ? virConnectOpen (uri) : NULL;
  if (handle != NULL)
    {
      remove_domains (handle, folders);
      remove_pools (handle, folders);
      virConnectClose (handle);
    }
  for (guint i = 0; i < folders->len; i++)
    remove_tree (g_ptr_array_index (folders, i));
}

/* Lines "F folder" and "P pid" until the test is over. */
G_NORETURN static void
be_janitor (int from_test, const char *uri)
{
  g_autoptr (GPtrArray) folders = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) processes = g_array_new (FALSE, FALSE, sizeof (pid_t));
  FILE *orders = fdopen (from_test, "r");
  char line[4096];
  int null;

  /* Not in the test's group, which is killed with it, and not holding its output open. */
  setsid ();
  null = open ("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; fd++)
    dup2 (null, fd);

  while (fgets (line, sizeof line, orders) != NULL)
    {
      g_strchomp (line);
      if (line[0] == 'F')
        g_ptr_array_add (folders, g_strdup (line + 2));
      else if (line[0] == 'P')
        {
          pid_t pid = (pid_t) g_ascii_strtoll (line + 2, NULL, 10);

          g_array_append_val (processes, pid);
        }
    }
  clean_up (uri, folders, processes);

  _exit (0);
}

static void
wait_for_janitor (void)
{
  close (to_janitor);
  waitpid (janitor, NULL, 0);
}

/* Before there are threads. */
void
strata_test_janitor_start (const char *uri)
{
  int fds[2];

  /* Closed on exec, or the session's daemon, which libvirt starts from here, would hold it open. */
  g_assert_true (g_unix_open_pipe (fds, O_CLOEXEC, NULL));
  janitor = fork ();
  g_assert_cmpint (janitor, >=, 0);
  if (janitor == 0)
    {
      close (fds[1]);
      be_janitor (fds[0], uri);
    }

  close (fds[0]);
  to_janitor = fds[1];
  atexit (wait_for_janitor);
}

static void
tell (char order, const char *what)
{
  g_autofree char *line = g_strdup_printf ("%c %s\n", order, what);

  g_assert_cmpint (write (to_janitor, line, strlen (line)), ==, (ssize_t) strlen (line));
}

void
strata_test_janitor_own_folder (const char *path)
{
  tell ('F', path);
}

void
strata_test_janitor_own_process (GPid pid)
{
  g_autofree char *number = g_strdup_printf ("%d", (int) pid);

  tell ('P', number);
}
