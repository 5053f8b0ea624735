/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "strata-qcow2.h"

G_BEGIN_DECLS

#define STRATA_POOL_LEASE_PREFIX "strata-lease-"

/* A storage pool on one folder, for the length of a call: the host's own where there is one, else a
 * transient one that goes with the lease. A thread holds one lease at a time. */
typedef struct _StrataPoolLease StrataPoolLease;

StrataPoolLease  *strata_pool_lease_new         (StrataConnection  *connection,
                                                 const char        *folder,
                                                 GError           **error);
void              strata_pool_lease_free        (StrataPoolLease   *self);
virStoragePoolPtr strata_pool_lease_get_pool    (StrataPoolLease   *self);
/* the pool's name; NULL for one that goes with the lease */
const char       *strata_pool_lease_get_name    (StrataPoolLease   *self);
gboolean          strata_pool_lease_refresh     (StrataPoolLease   *self,
                                                 GError           **error);
/* NULL without an error if there is no such volume now */
virStorageVolPtr  strata_pool_lease_find_volume (StrataPoolLease   *self,
                                                 const char        *name,
                                                 GError           **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataPoolLease, strata_pool_lease_free)

/* TIMES: (nullable): as libvirt says them */
void              strata_image_identify         (StrataConnection  *connection,
                                                 StrataImage       *image,
                                                 const char        *times);
/* PATH: what IMAGE stands on, as the header means it */
void              strata_image_set_backing      (StrataConnection  *connection,
                                                 StrataImage       *image,
                                                 const char        *path);
gboolean          strata_image_take_header      (StrataConnection  *connection,
                                                 StrataImage       *image,
                                                 const StrataQcow2 *header,
                                                 int                fd);
/* NULL with no error set for a volume that is not an image (a folder) */
StrataImage      *strata_volume_read            (StrataConnection  *connection,
                                                 virStorageVolPtr   volume,
                                                 const char        *pool,
                                                 GError           **error);
/* The same of the image NAME in FOLDER, a canonical path, as this computer sees it itself; NULL for what libvirt has
 * to be asked about */
StrataImage      *strata_volume_read_here       (StrataConnection  *connection,
                                                 const char        *folder,
                                                 const char        *name,
                                                 const char        *pool);
gboolean          strata_pool_refresh           (virStoragePoolPtr  pool,
                                                 GError           **error);

G_END_DECLS
