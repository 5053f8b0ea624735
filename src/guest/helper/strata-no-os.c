/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Why was no guest found? An encrypted one is told from none at all. */

#include "config.h"

#include "strata-no-os.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "guest/strata-guest-failure.h"
#include "base/strata-error.h"

static gboolean
any_encrypted (guestfs_h *g, char **devices)
{
  for (size_t i = 0; devices != NULL && devices[i] != NULL; i++)
    {
      g_autofree char *type = guestfs_vfs_type (g, devices[i]);

      if (g_strcmp0 (type, "crypto_LUKS") == 0 || g_strcmp0 (type, "BitLocker") == 0)
        return TRUE;
    }

  return FALSE;
}

/* A file system that is there, but that the appliance's kernel doesn't know. */
static char *
find_unreadable (guestfs_h *g, char **device)
{
  g_auto (GStrv) pairs = guestfs_list_filesystems (g);

  for (size_t i = 0; pairs != NULL && pairs[i] != NULL; i += 2)
    {
      const char *type = pairs[i + 1];

      if (strcmp (type, "unknown") == 0 || strcmp (type, "swap") == 0 || *type == '\0')
        continue;
      if (guestfs_mount_ro (g, pairs[i], "/") == 0)
        {
          guestfs_umount_all (g);
          continue;
        }
      *device = g_strdup (pairs[i]);
      return g_strdup (type);
    }

  return NULL;
}

/**
 * strata_no_os_set_error:
 * @g: a handle that is up, and found no guest
 * @path: the first of the disks
 * @error: return location for `STRATA_ERROR_UNSUPPORTED` or `STRATA_ERROR_NO_OS`
 *
 * Returns: %FALSE
 */
gboolean
strata_no_os_set_error (guestfs_h *g, const char *path, GError **error)
{
  g_auto (GStrv) devices = guestfs_list_devices (g);
  g_auto (GStrv) partitions = guestfs_list_partitions (g);
  g_autofree char *device = NULL;
  g_autofree char *type = NULL;

  if (any_encrypted (g, devices) || any_encrypted (g, partitions))
    {
      strata_set_error (error, STRATA_ERROR_UNSUPPORTED,
                        strata_guest_failure_hint (STRATA_ERROR_NO_OS),
                        _ ("“%s” is encrypted, so what is inside cannot be read or sealed."), path);
      return FALSE;
    }

  type = find_unreadable (g, &device);
  if (type != NULL)
    {
      strata_set_error (
          error, STRATA_ERROR_UNSUPPORTED, strata_guest_failure_hint (STRATA_ERROR_NO_OS),
          _ ("“%s” has a file system (%s, on %s) that this computer can't read, so what is "
             "inside can't be sealed."),
          path, type, device);
      return FALSE;
    }

  strata_set_error (error, STRATA_ERROR_NO_OS, strata_guest_failure_hint (STRATA_ERROR_NO_OS),
                    _ ("No operating system was found on “%s”."), path);
  return FALSE;
}
