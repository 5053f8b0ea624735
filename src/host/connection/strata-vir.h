/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>
#include <libvirt-gobject/libvirt-gobject.h>
#include <libvirt/virterror.h>

#include "base/strata-error.h"

/* Every call of host blocks on libvirt, so none may be made where the default main context
 * runs. A debug build stops there and then. */
#if STRATA_DEBUG
#define STRATA_ASSERT_WORKER() g_assert (!g_main_context_is_owner (g_main_context_default ()))
#else
#define STRATA_ASSERT_WORKER() G_STMT_START { } G_STMT_END
#endif

/* libvirt-glib's objects, for the calls that it has and that leave libvirt's error for the caller: start, stop, suspend,
 * resume, shut down and undefine a domain. The GError has no code, so that it isn't asked for: libvirt's own is read right
 * after the call, in the worker that makes it. What else libvirt-glib 5.0 has is called on the handle:
 *  - its connection is opened without anybody who could be asked for a password, and warns of events that Strata causes all day (a
 *    domain renamed, defined from a snapshot);
 *  - what lists domains and pools, and lists, takes, deletes and reverts to snapshots, makes libvirt forget why it failed; a snapshot that it
 *    listed or took is never freed; and a list is kept with its owner, where an older one of another thread can replace it;
 *  - a domain that its connection defined or created stays in that list until it is closed;
 *  - a refreshed pool looks each of its volumes up, one call each, and volumes are created and deleted only in a pool that was;
 *  - whether something is active, persistent or has a saved state: an error is taken for an answer;
 *  - a stream can't be aborted, and is finished a second time where it has ended;
 *  - pools of Strata's own are transient, and made from a document, which it has no call for. */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GVirDomain, g_object_unref)

/* g_autoptr for libvirt's handles. Freeing a handle resets libvirt's last error, so convert an error
 * before the function returns. */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (virDomain, virDomainFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (virDomainSnapshot, virDomainSnapshotFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (virStoragePool, virStoragePoolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (virStorageVol, virStorageVolFree)

/* (transfer full): with a reference of its own to DOMAIN */
GVirDomain *strata_vir_domain_new    (virDomainPtr    domain);
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
