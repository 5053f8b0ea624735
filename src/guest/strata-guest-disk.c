/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A disk as the helper is told about it: where it is, and its format, which is never guessed. */

#include "config.h"

#include "strata-guest-disk.h"

/**
 * strata_guest_disk_new:
 * @path: an absolute path on this computer
 * @format: "qcow2", "raw", …
 *
 * Returns: (transfer full): a disk
 */
StrataGuestDisk *
strata_guest_disk_new (const char *path, const char *format)
{
  StrataGuestDisk *self;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (format != NULL, NULL);

  self = g_new0 (StrataGuestDisk, 1);
  self->path = g_strdup (path);
  self->format = g_strdup (format);

  return self;
}

/**
 * strata_guest_disk_free:
 * @self: (transfer full) (nullable): a disk
 */
void
strata_guest_disk_free (StrataGuestDisk *self)
{
  if (self == NULL)
    return;

  g_free (self->path);
  g_free (self->format);
  g_free (self);
}
