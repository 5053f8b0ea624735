/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the tests on a real guest share: overlays on the lab's guest, which must never change itself. */

#include "config.h"

#include "guest-lab.h"

#include <glib/gstdio.h>
#include <string.h>

/* %NULL, and the whole program is skipped, where there is no guest to work on. */
GuestLab *
guest_lab_new (void)
{
  const char *base = g_getenv ("STRATA_LAB_GUEST");
  GuestLab *self;

  if (base == NULL || !g_file_test (base, G_FILE_TEST_EXISTS))
    {
      g_print ("1..0 # SKIP STRATA_LAB_GUEST names no guest\n");
      return NULL;
    }

  self = g_new0 (GuestLab, 1);
  self->base = g_strdup (base);
  self->folder = g_strdup ("/tmp/strata-test-XXXXXX");
  g_assert_nonnull (g_mkdtemp (self->folder));

  return self;
}

void
guest_lab_free (GuestLab *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = guest_lab_path (self, name);

      g_remove (path);
    }
  g_rmdir (self->folder);
  g_free (self->folder);
  g_free (self->base);
  g_free (self);
}

char *
guest_lab_path (GuestLab *self, const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

/* What ARGV prints; it must succeed. */
char *
guest_lab_run (const char *const *argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process =
      g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
  char *output = NULL;

  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, NULL, NULL, &output, NULL, &error);
  g_assert_no_error (error);
  g_subprocess_wait_check (process, NULL, &error);
  g_assert_no_error (error);

  return output;
}

char *
guest_lab_overlay (GuestLab *self, const char *base, const char *name)
{
  char *path = guest_lab_path (self, name);
  const char *const argv[] = { "qemu-img", "create", "-q",
                               "-f",       "qcow2",  "-F",
                               "qcow2",    "-b",     base != NULL ? base : self->base,
                               path,       NULL };
  g_autofree char *output = guest_lab_run (argv);

  return path;
}

/* A raw disk of 32 MiB with nothing on it but what it starts with. */
char *
guest_lab_blank (GuestLab *self, const char *name, const char *start, gsize length)
{
  const gsize size = 32 * 1024 * 1024;
  g_autofree char *content = g_malloc0 (size);
  g_autoptr (GError) error = NULL;
  char *path = guest_lab_path (self, name);

  if (start != NULL)
    memcpy (content, start, length);
  g_file_set_contents (path, content, size, &error);
  g_assert_no_error (error);

  return path;
}

char *
guest_lab_script (GuestLab *self, const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;
  char *path = guest_lab_path (self, name);

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_chmod (path, 0755), ==, 0);

  return path;
}

GPtrArray *
guest_lab_disks (const char *path, const char *format)
{
  GPtrArray *disks = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_guest_disk_free);

  g_ptr_array_add (disks, strata_guest_disk_new (path, format));

  return disks;
}

/* What COMMANDS print about DISKS, which are qcow2 and not changed. */
char *
guest_lab_guestfish (const char *const *disks, const char *commands)
{
  g_autoptr (GStrvBuilder) argv = g_strv_builder_new ();
  g_auto (GStrv) words = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = NULL;
  char *output = NULL;

  g_strv_builder_add_many (argv, "guestfish", "--ro", "--format=qcow2", NULL);
  for (size_t i = 0; disks[i] != NULL; i++)
    g_strv_builder_add_many (argv, "-a", disks[i], NULL);
  words = g_strv_builder_end (argv);

  process =
      g_subprocess_newv ((const char *const *) words,
                         G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, commands, NULL, &output, NULL, &error);
  g_assert_no_error (error);
  g_subprocess_wait_check (process, NULL, &error);
  g_assert_no_error (error);

  return output;
}

/* Does the command line of a process name PATH? */
gboolean
guest_lab_is_used (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc", 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename ("/proc", name, "cmdline", NULL);
      g_autofree char *words = NULL;
      gsize length = 0;

      if (g_ascii_isdigit (*name) && g_file_get_contents (file, &words, &length, NULL) &&
          memmem (words, length, path, strlen (path)) != NULL)
        return TRUE;
    }

  return FALSE;
}
