/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "guest/strata-guest-disk.h"

G_BEGIN_DECLS

gboolean strata_disk_use_check   (GPtrArray       *disks,
                                  gboolean         for_writing,
                                  GError         **error);
char    *strata_disk_use_overlay (StrataGuestDisk *disk,
                                  GError         **error);

G_END_DECLS
