/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "strata-guest-disk.h"

G_BEGIN_DECLS

/* The client of the strata-guest process. Blocking, in a worker thread. A request is one JSON object
 * on the helper's stdin; the helper answers with JSON lines:
 *   {"event":"progress","fraction":0.4,"message":"Performing “machine-id”"}
 *   {"event":"log","text":"…"}            libguestfs' or virt-sysprep's own words
 *   {"event":"launching"}, {"event":"launched"}   between these there should be signs of life:
 *   {"event":"alive"}                      the appliance said something
 *   {"event":"result","value":{…}}
 *   {"event":"error","code":"no-os","message":"…","hint":"…","log":"…"}
 * A request with "attended":true is cancelled by closing the helper's stdin. One that runs as root takes one request after another, and
 * says {"event":"done"} when it waits for the next; {"verb":"stop"} ends the one that it works on.
 */

typedef void (*StrataGuestProgressFunc) (double      fraction,
                                         const char *message,
                                         gpointer    user_data);

#define STRATA_TYPE_GUEST_CLIENT (strata_guest_client_get_type ())

G_DECLARE_FINAL_TYPE (StrataGuestClient, strata_guest_client, STRATA, GUEST_CLIENT, GObject)

StrataGuestClient *strata_guest_client_new             (const char *const        *names);
void               strata_guest_client_set_far         (StrataGuestClient        *self,
                                                        const char *const        *ssh);
gboolean           strata_guest_client_ask             (StrataGuestClient        *self,
                                                        GCancellable             *cancellable,
                                                        GError                  **error);
void               strata_guest_client_set_progress    (StrataGuestClient        *self,
                                                        StrataGuestProgressFunc   func,
                                                        gpointer                  user_data);
/* How long an appliance may be silent while it starts under KVM, in milliseconds, before it is killed and
 * started without; 30 seconds unless set. */
void               strata_guest_client_set_patience    (StrataGuestClient        *self,
                                                        guint                     milliseconds);
void               strata_guest_client_set_for_sealing (StrataGuestClient        *self,
                                                        const char *const        *accepted);
/* The last lines of libguestfs' and virt-sysprep's own words about the call that failed last, or NULL. */
const char        *strata_guest_client_get_log         (StrataGuestClient        *self);
/* Is everything there (virt-sysprep, a kernel that can be read)? Takes milliseconds, no appliance. */
gboolean           strata_guest_client_check           (StrataGuestClient        *self,
                                                        GCancellable             *cancellable,
                                                        GError                  **error);
/* {"operations":[{"name","description","default":bool}…]} from virt-sysprep --list-operations, fs-uuids left out */
JsonObject        *strata_guest_client_list_operations (StrataGuestClient        *self,
                                                        GCancellable             *cancellable,
                                                        GError                  **error);
/* Reads disks, changes nothing:
 * {"os":"Debian GNU/Linux 12 (bookworm)","os-id":"debian","type":"linux","version":"12","hostname":"web-base",
 *  "package-format":"deb","packages":231,"machine-id":"…"|"", "ssh-host-keys":["…"],"makes-own-host-keys":false,
 *  "logs":12,"log-bytes":…,"histories":["/root/.bash_history"],"dhcp-leases":[…],"persistent-net":[…],"cloud-init":true,
 *  "pinned-macs":[{"file","mac"}],"users":["…"],"agent":true}
 * Fails with NO_OS or WINDOWS (the latter only if REFUSE_WINDOWS). DISKS: StrataGuestDisk. */
JsonObject        *strata_guest_client_inspect         (StrataGuestClient        *self,
                                                        GPtrArray                *disks,
                                                        gboolean                  refuse_windows,
                                                        GCancellable             *cancellable,
                                                        GError                  **error);
/* virt-sysprep with OPERATIONS (NULL: the defaults) and Strata's own additions, on disks that no domain runs on.
 * {"operations":["…"],"warnings":["…"]} */
JsonObject        *strata_guest_client_seal            (StrataGuestClient        *self,
                                                        GPtrArray                *disks,
                                                        const char *const        *operations,
                                                        GCancellable             *cancellable,
                                                        GError                  **error);
/* Inspects again and checks what the OPERATIONS should have removed; fails with NOT_SEALED, the message
 * naming each thing that is still there. {"checks":[{"name","description","passed":true}…],"os":…,"os-id":…} */
JsonObject        *strata_guest_client_verify          (StrataGuestClient        *self,
                                                        GPtrArray                *disks,
                                                        const char *const        *operations,
                                                        GCancellable             *cancellable,
                                                        GError                  **error);
/* One appliance boot for all of them. CLONES is an array of
 * {"name","disks":[{"path","format"}],"hostname","ssh-keys":[…],"root-hash","user","user-hash","first-boot"},
 * absent members are left alone. */
gboolean           strata_guest_client_customise       (StrataGuestClient        *self,
                                                        JsonArray                *clones,
                                                        GCancellable             *cancellable,
                                                        GError                  **error);

G_END_DECLS
