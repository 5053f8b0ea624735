/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "base/strata-error.h"

/* g_autoptr for libvirt's handles. Freeing a handle resets libvirt's last error, so convert an error
 * before the function returns (strata_vir_set_error() does it at once). */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (virDomain, virDomainFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (virDomainSnapshot, virDomainSnapshotFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (virStoragePool, virStoragePoolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (virStorageVol, virStorageVolFree)

/* Takes an array of handles as libvirt's virXxxListAllYyy() return it. */
GPtrArray  *strata_vir_take_list     (gpointer       *items,
                                      int             n_items,
                                      GDestroyNotify  free_func);
StrataError strata_vir_error_to_code (const virError *error);
/* The code of the calling thread's last error, 0 if there is none. */
int         strata_vir_last_code     (void);
