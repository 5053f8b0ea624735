/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * StrataGuestDisk:
 * @path: an absolute path on this computer
 * @format: "qcow2", "raw", …
 * @opened: (nullable): what is to be opened in the place of @path, which stays its name for people
 */
typedef struct
{
  char    *path;
  char    *format;
  char    *opened;
} StrataGuestDisk;

StrataGuestDisk *strata_guest_disk_new      (const char            *path,
                                             const char            *format);
void             strata_guest_disk_free     (StrataGuestDisk       *self);
const char      *strata_guest_disk_get_file (const StrataGuestDisk *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataGuestDisk, strata_guest_disk_free)

G_END_DECLS
