/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>
#include <guestfs.h>

G_BEGIN_DECLS

gboolean strata_no_os_set_error (guestfs_h  *g,
                                 const char *path,
                                 GError    **error);

G_END_DECLS
