/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Are the disks there, may we use them, and does no other process? Asked before an appliance is started for
 * them, which takes long to fail and then doesn't say why.
 */

#include "config.h"

#include "strata-disk-use.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "guest/strata-guest-disk.h"
#include "guest/strata-guest-failure.h"
#include "base/strata-error.h"

/* Runs qemu-img, in whose words alone it is said why it failed. */
static gboolean
run_qemu_img (StrataGuestDisk *disk, const char *const *argv, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *complaints = NULL;
  g_autofree char *hint = NULL;
  StrataError code;

  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C", TRUE);
  process = g_subprocess_launcher_spawnv (launcher, argv, error);
  if (process == NULL ||
      !g_subprocess_communicate_utf8 (process, NULL, NULL, NULL, &complaints, error))
    return FALSE;
  if (g_subprocess_get_successful (process))
    return TRUE;

  code = strata_guest_failure_classify (complaints, NULL, FALSE, &hint);
  if (code == STRATA_ERROR_BUSY)
    strata_set_error (error, code, hint, _ ("The disk “%s” is in use by another program."),
                      disk->path);
  else
    strata_set_error (error, code, hint, _ ("The disk “%s” cannot be opened: %s"), disk->path,
                      g_strstrip (complaints));

  return FALSE;
}

/* QEMU locks the images that it has open for writing, and qemu-img respects that. */
static gboolean
check_lock (StrataGuestDisk *disk, GError **error)
{
  const char *const argv[] = { "qemu-img", "info", "-f", disk->format, "--", disk->path, NULL };

  return run_qemu_img (disk, argv, error);
}

static gboolean
check_disk (StrataGuestDisk *disk, gboolean for_writing, GError **error)
{
  if (access (disk->path, F_OK) != 0)
    {
      strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL, _ ("The disk “%s” does not exist."),
                        disk->path);
      return FALSE;
    }

  if (access (disk->path, for_writing ? R_OK | W_OK : R_OK) != 0)
    {
      strata_set_error (error, STRATA_ERROR_PERMISSION, NULL,
                        for_writing ? _ ("You may not write to the disk “%s”.")
                                    : _ ("You may not read the disk “%s”."),
                        disk->path);
      return FALSE;
    }

  return !for_writing || check_lock (disk, error);
}

/**
 * strata_disk_use_check:
 * @disks: (element-type StrataGuestDisk): disks
 * @for_writing: whether they are to be changed
 * @error: return location for `STRATA_ERROR_NOT_FOUND`, `STRATA_ERROR_PERMISSION`, `STRATA_ERROR_BUSY`
 *
 * Takes milliseconds.
 *
 * Returns: whether the disks can be used now
 */
gboolean
strata_disk_use_check (GPtrArray *disks, gboolean for_writing, GError **error)
{
  for (guint i = 0; i < disks->len; i++)
    {
      if (!check_disk (g_ptr_array_index (disks, i), for_writing, error))
        return FALSE;
    }

  return TRUE;
}

/**
 * strata_disk_use_overlay:
 * @disk: a disk to be read only
 * @error: return location for `STRATA_ERROR_BUSY`, …
 *
 * Makes an overlay that the appliance may write to, as mounting a file system does, in the folder for
 * temporary files. libguestfs can do that by itself, but then lets QEMU guess the format of what is
 * *inside* the disk (1.54): a guest that writes a qcow2 header to its raw disk would choose which file of
 * the host is read.
 *
 * Returns: (transfer full): the path of a qcow2 overlay; %NULL with @error set
 */
char *
strata_disk_use_overlay (StrataGuestDisk *disk, GError **error)
{
  const char *folder = g_getenv ("LIBGUESTFS_TMPDIR");
  g_autofree char *path =
      g_build_filename (folder != NULL ? folder : g_get_tmp_dir (), "overlay-XXXXXX", NULL);
  const char *const argv[] = { "qemu-img",   "create", "-q",       "-f", "qcow2", "-F",
                               disk->format, "-b",     disk->path, "--", path,    NULL };
  int fd = g_mkstemp (path);

  if (fd < 0)
    {
      strata_set_error (error, STRATA_ERROR_NO_SPACE, NULL, _ ("No file can be made in “%s”."),
                        folder);
      return NULL;
    }
  g_close (fd, NULL);

  return run_qemu_img (disk, argv, error) ? g_steal_pointer (&path) : NULL;
}
