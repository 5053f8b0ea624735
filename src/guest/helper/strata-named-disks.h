/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "guest/strata-guest-disk.h"
#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

gboolean strata_named_disks_check (StrataConnection *connection,
                                   const char *const *names,
                                   GPtrArray *disks,
                                   GError **error);
gboolean strata_named_disks_check_below (StrataConnection *connection,
                                         const char *const *names,
                                         const StrataGuestDisk *disk,
                                         GPtrArray *layers,
                                         GError **error);

G_END_DECLS
