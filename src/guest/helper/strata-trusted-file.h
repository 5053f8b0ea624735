/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <sys/types.h>

#include "guest/strata-guest-disk.h"

G_BEGIN_DECLS

gboolean   strata_trusted_file_is_fixed (const char             *path,
                                         char                  **culprit);
GPtrArray *strata_trusted_file_take     (const StrataGuestDisk  *disk,
                                         gboolean                for_writing,
                                         uid_t                  *user,
                                         GError                **error);

G_END_DECLS
