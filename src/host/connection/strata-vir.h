/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "base/strata-error.h"

/* Every call of host blocks on libvirt, so none may be made where the default main context
 * runs. A debug build stops there and then. */
#if STRATA_DEBUG
#define STRATA_ASSERT_WORKER() g_assert (!g_main_context_is_owner (g_main_context_default ()))
#else
#define STRATA_ASSERT_WORKER() G_STMT_START { } G_STMT_END
#endif

/* g_autoptr for libvirt's handles. Freeing a handle resets libvirt's last error, so convert an error
 * before the function returns. */

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
void        strata_vir_keep_error    (void);
void        strata_vir_set_kept_error (GError       **error,
                                       const char    *prefix_format,
                                       ...) G_GNUC_PRINTF (2, 3);

/* Converts the calling thread's last libvirt error; the words say what was being done ("Starting “web-01”"). It is taken before they are
 * worked out: already virDomainGetName() has libvirt forget it. */
#define strata_vir_set_error(error, ...)                                                           \
  (strata_vir_keep_error (), strata_vir_set_kept_error ((error), __VA_ARGS__))
