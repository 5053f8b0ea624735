/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <libvirt/libvirt.h>

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* What is on the screen of an active domain, as QEMU gives it (PNG from 7.1 on, else PPM), in a file of this
 * computer, mode 0600. Blocking; worker threads only. */
gboolean strata_screenshot_save (StrataConnection *connection,
                                 virDomainPtr domain,
                                 const char *path,
                                 GError **error);
/* where the picture is kept that goes with a snapshot; any thread, and no file is looked at */
char *strata_screenshot_get_path (const char *uuid, const char *snapshot);
/* fine if there is none */
void strata_screenshot_remove (const char *uuid, const char *snapshot);
void strata_screenshot_rename (const char *uuid, const char *snapshot, const char *name);

G_END_DECLS
