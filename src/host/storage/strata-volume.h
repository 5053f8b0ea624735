/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* TIMES: (nullable): as libvirt says them */
void         strata_image_identify      (StrataConnection *connection,
                                         StrataImage      *image,
                                         const char       *times);
/* NULL with no error set for a volume that is not an image (a folder) */
StrataImage *strata_volume_read         (StrataConnection *connection,
                                         virStorageVolPtr  volume,
                                         const char       *pool,
                                         GError          **error);
/* The same of the image NAME in FOLDER, a canonical path, as this computer sees it itself; NULL for what libvirt has
 * to be asked about */
StrataImage *strata_volume_read_here    (StrataConnection *connection,
                                         const char       *folder,
                                         const char       *name,
                                         const char       *pool);
/* an image that libvirt can't describe (an encrypted one whose secret it can't look up); of unknown
 * format where qemu-img can't either */
StrataImage *strata_volume_read_by_qemu (StrataConnection *connection,
                                         const char       *path,
                                         const char       *pool);

G_END_DECLS
