/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Are the disks there, may we use them, and does nobody else? Asked before an appliance is started for
 * them, which takes long to fail and then doesn't say why.
 */

#include "config.h"

#include "strata-disk-use.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "guest/strata-guest-client.h"
#include "guest/strata-guest-failure.h"
#include "xml/strata-error.h"

/* QEMU locks the images that it has open for writing, and qemu-img respects that. */
static gboolean
check_lock (StrataGuestDisk *disk,
            GError         **error)
{
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *complaints = NULL;
  g_autofree char *hint = NULL;
  StrataError code;

  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C", TRUE);
  process = g_subprocess_launcher_spawn (launcher, NULL, "qemu-img", "info", "-f", disk->format, "--", disk->path, NULL);

  /* Without qemu-img there is no appliance either, and that is told elsewhere. */
  if (process == NULL || !g_subprocess_communicate_utf8 (process, NULL, NULL, NULL, &complaints, NULL) ||
      g_subprocess_get_successful (process))
    return TRUE;

  code = strata_guest_failure_classify (complaints, NULL, FALSE, &hint);
  if (code == STRATA_ERROR_BUSY)
    strata_set_error (error, code, hint, _ ("The disk “%s” is in use by another program."), disk->path);
  else
    strata_set_error (error, code, hint, _ ("The disk “%s” cannot be opened: %s"), disk->path, g_strstrip (complaints));

  return FALSE;
}

static gboolean
check_disk (StrataGuestDisk *disk,
            gboolean         for_writing,
            GError         **error)
{
  if (access (disk->path, F_OK) != 0)
    {
      strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL, _ ("The disk “%s” does not exist."), disk->path);
      return FALSE;
    }

  if (access (disk->path, for_writing ? R_OK | W_OK : R_OK) != 0)
    {
      strata_set_error (error, STRATA_ERROR_PERMISSION, NULL,
                        for_writing ? _ ("You may not write to the disk “%s”.") : _ ("You may not read the disk “%s”."),
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
strata_disk_use_check (GPtrArray *disks,
                       gboolean   for_writing,
                       GError   **error)
{
  for (guint i = 0; i < disks->len; i++)
    {
      if (!check_disk (g_ptr_array_index (disks, i), for_writing, error))
        return FALSE;
    }

  return TRUE;
}
