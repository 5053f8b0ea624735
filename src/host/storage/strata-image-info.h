/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What qemu-img says of an image's header; NULL where it can't be run or read. Local hosts, worker threads. */
JsonObject *strata_image_info_read (const char *path,
                                    const char *format,
                                    GCancellable *cancellable);
/* an image that libvirt can't describe (an encrypted one whose secret it can't look up); of unknown
 * format where qemu-img can't either */
StrataImage *strata_image_info_to_image (StrataConnection *connection,
                                         const char *path,
                                         const char *pool);

G_END_DECLS
