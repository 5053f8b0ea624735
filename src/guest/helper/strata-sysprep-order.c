/* SPDX-License-Identifier: GPL-3.0-or-later */

/* In which order does this computer's virt-sysprep hand the disks of its command line to the appliance?
 * 1.52 turns them round. A guest whose /etc/fstab names disks by letter (/dev/vdb1) would then have the
 * wrong file systems mounted, and emptied. So it is asked, each time, and never supposed.
 */

#include "config.h"

#include "strata-sysprep-order.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "guest/strata-sysprep-output.h"
#include "base/strata-error.h"

/* The smallest that the appliance takes for a disk. */
#define PROBE_BYTES 512

static gboolean
make_probe_files (const char *folder, guint n, GPtrArray *paths, GError **error)
{
  static const char nothing[PROBE_BYTES];

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("disk-%u", i);
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (!g_file_set_contents (path, nothing, sizeof nothing, error))
        return FALSE;
      g_ptr_array_add (paths, g_steal_pointer (&path));
    }

  return TRUE;
}

/* Its own trace of the disks that it adds, which comes before the appliance starts; without an appliance
 * it then fails at once, as it should. */
static char *
trace (const char *program, GPtrArray *paths, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GSubprocess) process = NULL;
  g_auto (GStrv) argv = NULL;
  char *text = NULL;

  g_strv_builder_add_many (builder, program, "--no-network", "-x", NULL);
  for (guint i = 0; i < paths->len; i++)
    g_strv_builder_add_many (builder, "--format", "raw", "-a",
                             (const char *) g_ptr_array_index (paths, i), NULL);
  argv = g_strv_builder_end (builder);

  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C", TRUE);
  g_subprocess_launcher_unsetenv (launcher, "LANGUAGE");
  g_subprocess_launcher_setenv (launcher, "LIBGUESTFS_BACKEND", "direct", TRUE);
  g_subprocess_launcher_setenv (launcher, "LIBGUESTFS_PATH", "/nonexistent", TRUE);
  process = g_subprocess_launcher_spawnv (launcher, (const char *const *) argv, error);
  if (process == NULL || !g_subprocess_communicate_utf8 (process, NULL, NULL, &text, NULL, error))
    return NULL;

  return text;
}

/* Which argument arrived at which place: ARRIVED[place] is an argument. */
static gboolean
read_order (GPtrArray *paths, const char *text, guint *arrived)
{
  g_auto (GStrv) drives = strata_sysprep_drives_parse (text);
  g_autofree gboolean *seen = g_new0 (gboolean, paths->len);

  if (g_strv_length (drives) != paths->len)
    return FALSE;

  for (guint place = 0; place < paths->len; place++)
    {
      if (!g_ptr_array_find_with_equal_func (paths, drives[place], g_str_equal, &arrived[place]) ||
          seen[arrived[place]])
        return FALSE;
      seen[arrived[place]] = TRUE;
    }

  return TRUE;
}

static gboolean
probe (const char *program, guint n, guint *arrived, GError **error)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  const char *parent = g_getenv ("LIBGUESTFS_TMPDIR");
  g_autofree char *folder =
      g_build_filename (parent != NULL ? parent : g_get_tmp_dir (), "order-XXXXXX", NULL);
  g_autofree char *text = NULL;
  gboolean known = FALSE;

  if (g_mkdtemp_full (folder, 0700) == NULL)
    {
      strata_set_error (error, STRATA_ERROR_NO_SPACE, NULL, _ ("No folder can be made in “%s”."),
                        parent != NULL ? parent : g_get_tmp_dir ());
      return FALSE;
    }

  if (make_probe_files (folder, n, paths, error))
    text = trace (program, paths, error);
  if (text != NULL)
    {
      known = read_order (paths, text, arrived);
      if (!known)
        strata_set_error (error, STRATA_ERROR_UNSUPPORTED,
                          _ ("Seal it with one disk only, or tell the authors of Strata which "
                             "version of virt-sysprep you have."),
                          _ ("This computer's virt-sysprep does not tell in which order it takes "
                             "the disks, so that it could seal the wrong one."));
    }

  for (guint i = 0; i < paths->len; i++)
    g_remove (g_ptr_array_index (paths, i));
  g_rmdir (folder);

  return known;
}

/**
 * strata_sysprep_order_disks:
 * @program: virt-sysprep
 * @disks: (element-type StrataGuestDisk): the guest's disks, in the order in which it has them
 * @error: return location for `STRATA_ERROR_UNSUPPORTED` if it can't be found out
 *
 * Takes some tens of milliseconds, and nothing at all for one disk.
 *
 * Returns: (transfer container) (element-type StrataGuestDisk): the same disks, in the order in which
 *   @program must be given them to have them in @disks' order
 */
GPtrArray *
strata_sysprep_order_disks (const char *program, GPtrArray *disks, GError **error)
{
  g_autoptr (GPtrArray) ordered = g_ptr_array_new ();
  g_autofree guint *arrived = g_new0 (guint, disks->len);

  g_return_val_if_fail (program != NULL && disks != NULL, NULL);

  if (disks->len > 1 && !probe (program, disks->len, arrived, error))
    return NULL;

  g_ptr_array_set_size (ordered, (int) disks->len);
  for (guint place = 0; place < disks->len; place++)
    ordered->pdata[arrived[place]] = g_ptr_array_index (disks, place);

  return g_steal_pointer (&ordered);
}
