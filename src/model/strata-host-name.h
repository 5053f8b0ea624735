/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "This Computer" for qemu:///session, "root@server" for qemu+ssh://root@server/system */
char *strata_host_name_from_uri (const char *uri);

G_END_DECLS
