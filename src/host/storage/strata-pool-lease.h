/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

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

gboolean          strata_pool_refresh           (virStoragePoolPtr  pool,
                                                 GError           **error);

G_END_DECLS
