/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  char    *path;
  char    *format;
} StrataGuestDisk;

StrataGuestDisk *strata_guest_disk_new  (const char      *path,
                                         const char      *format);
void             strata_guest_disk_free (StrataGuestDisk *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataGuestDisk, strata_guest_disk_free)

G_END_DECLS
