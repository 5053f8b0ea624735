/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <libvirt/libvirt.h>

#include "graph/strata-graph.h"
#include "strata-host-facts.h"
#include "strata-question.h"
#include "strata-vir.h"

G_BEGIN_DECLS

#define STRATA_TYPE_CONNECTION (strata_connection_get_type ())

G_DECLARE_FINAL_TYPE (StrataConnection, strata_connection, STRATA, CONNECTION, GObject)

/* Signals, on the default main context:
 *   "closed" (): the daemon went away
 *   "domain-changed" (const char *uuid): anything about one domain: state, definition, title, metadata, snapshots, block jobs
 *   "domain-removed" (const char *uuid)
 *   "domain-reverted" (const char *uuid): it went back to a snapshot by libvirt's own way
 *   "pool-changed" (const char *name): a storage pool was defined, started, stopped or undefined
 */
void strata_connection_open_async (const StrataOpenOptions *options,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
StrataConnection *strata_connection_open_finish (GAsyncResult *result, GError **error);
/* for a worker or a test: blocks */
StrataConnection *strata_connection_open (const char *uri,
                                          GCancellable *cancellable,
                                          GError **error);
/* (nullable): why nothing can be changed through it, with what helps; NULL where it can */
const GError *strata_connection_get_read_only (StrataConnection *self);
/* VIR_DOMAIN_XML_SECURE, which a snapshot's flag equals; 0 where libvirt doesn't let the passwords of documents be read */
guint strata_connection_get_secrecy (StrataConnection *self);
const char *strata_connection_get_uri (StrataConnection *self);
virConnectPtr strata_connection_get_handle (StrataConnection *self);
const StrataHostFacts *strata_connection_get_facts (StrataConnection *self);
gboolean strata_connection_is_alive (StrataConnection *self);
/* Runs something under KVM to see whether it works, and remembers that in kvm_usable, which is FALSE
 * until then. Up to two seconds the first time; a worker, with the main context running elsewhere. */
gboolean strata_connection_probe_kvm (StrataConnection *self, GCancellable *cancellable);

/* The whole host as a graph: domains, snapshots' names, pools, volumes; images outside any pool that a
 * definition names are looked up through a transient pool on their folder. */
StrataGraph *strata_connection_gather (StrataConnection *self,
                                       GCancellable *cancellable,
                                       GError **error);
/* For what is shown, never for what is done: LAST, an earlier one that no thread changes any more, with the domains of UUIDS (NULL-terminated)
 * read anew, and whatever else has to do with their images. NULL without an error where that isn't plain, and all has to be gathered. */
StrataGraph *strata_connection_patch (StrataConnection *self,
                                      StrataGraph *last,
                                      const char *const *uuids,
                                      GCancellable *cancellable,
                                      GError **error);
/* (element-type StrataDomainFacts): all domains, workers left out */
GPtrArray *strata_connection_list_domains (StrataConnection *self,
                                           GCancellable *cancellable,
                                           GError **error);
/* REFUSED where anything of it is unread */
StrataDomainFacts *strata_connection_get_domain (StrataConnection *self,
                                                 const char *uuid,
                                                 GError **error);
/* what can be read of it, StrataDomainFacts.unread is for the caller to heed */
StrataDomainFacts *strata_connection_look_at_domain (StrataConnection *self,
                                                     const char *uuid,
                                                     GError **error);

G_END_DECLS
