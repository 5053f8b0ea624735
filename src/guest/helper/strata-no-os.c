/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Why was no guest found? An encrypted one is told from none at all. */

#include "config.h"

#include "strata-no-os.h"

#include <glib/gi18n-lib.h>

#include "guest/strata-guest-failure.h"
#include "xml/strata-error.h"

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

  if (any_encrypted (g, devices) || any_encrypted (g, partitions))
    {
      strata_set_error (error, STRATA_ERROR_UNSUPPORTED,
                        strata_guest_failure_hint (STRATA_ERROR_NO_OS),
                        _ ("“%s” is encrypted, so what is inside cannot be read or sealed."), path);
      return FALSE;
    }

  strata_set_error (error, STRATA_ERROR_NO_OS, strata_guest_failure_hint (STRATA_ERROR_NO_OS),
                    _ ("No operating system was found on “%s”."), path);
  return FALSE;
}
