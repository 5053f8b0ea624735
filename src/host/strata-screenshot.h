/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <libvirt/libvirt.h>

#include "strata-connection.h"

G_BEGIN_DECLS

/* What is on the screen of an active domain, as QEMU gives it (PNG from 7.1 on, else PPM), in a file of this
 * computer, mode 0600. Blocking; worker threads only. */
gboolean strata_screenshot_save (StrataConnection *connection,
                                 virDomainPtr domain,
                                 const char *path,
                                 GError **error);

G_END_DECLS
