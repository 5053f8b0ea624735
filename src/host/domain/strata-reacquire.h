/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <libvirt/libvirt.h>

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* After its memory was saved to a file, or restored from one, a VM that is paused has let go of its images, and takes no
 * block job until it has run. Makes it hold them again; fine if it does. Blocking; worker threads only. */
gboolean strata_reacquire_images (virDomainPtr domain, GError **error);
gboolean strata_reacquire_memory (virDomainPtr domain, GError **error);

G_END_DECLS
