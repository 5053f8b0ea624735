/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "host/connection/strata-connection.h"
#include "strata-machine.h"
#include "strata-graph-monitor.h"

G_BEGIN_DECLS

typedef enum
{
  STRATA_HOST_DISCONNECTED,
  STRATA_HOST_CONNECTING,
  STRATA_HOST_CONNECTED,
  STRATA_HOST_RECONNECTING, /* the daemon went away; trying again with back-off */
} StrataHostState;

/* A host in the window. Main thread. A GListModel of StrataMachine, kept by libvirt's events, sorted by name.
 * Properties: uri, name ("This computer", "This computer (system)", "user@host"), state, error-message, error-hint,
 * error-command (what mends it, typed in a terminal), read-only, summary ("libvirt 11.3.0 · QEMU 10.0.13 · KVM works"), monitor.
 * Signal: "prompt" (StrataPrompt *prompt): the host asks for something before it lets the user in. */
#define STRATA_TYPE_HOST_STATE (strata_host_state_get_type ())
#define STRATA_TYPE_HOST       (strata_host_get_type ())

GType             strata_host_state_get_type (void);

G_DECLARE_FINAL_TYPE (StrataHost, strata_host, STRATA, HOST, GObject)

/* A URI for who named none yet: of this computer's session and system the one with machines, or what libvirt.conf says.
 * CALLBACK: at once where CANCELLABLE is cancelled */
void              strata_host_choose_first_async  (GCancellable        *cancellable,
                                                   GAsyncReadyCallback  callback,
                                                   gpointer             user_data);
/* (transfer full) (nullable): NULL where it was cancelled */
char             *strata_host_choose_first_finish (GAsyncResult        *result);

StrataHost       *strata_host_new            (const char  *uri);
const char       *strata_host_get_uri        (StrataHost  *self);
const char       *strata_host_get_name       (StrataHost  *self);
/* NULL unless connected */
StrataConnection *strata_host_get_connection (StrataHost  *self);
/* (nullable): why nothing can be changed on it */
const GError     *strata_host_get_read_only_reason (StrataHost *self);
/* whether it is to be opened for reading only, however much is allowed */
void              strata_host_set_read_only  (StrataHost  *self,
                                              gboolean     read_only);
/* starts connecting and from then on reconnects by itself until disconnected */
void              strata_host_connect        (StrataHost  *self);
void              strata_host_disconnect     (StrataHost  *self);
/* something was done to the machine that libvirt has no event for, with its snapshots say */
void              strata_host_refresh     (StrataHost  *self,
                                           const char  *uuid);
/* something that a plan depends on changed, and it is no machine: emits "touched" () */
void              strata_host_touch          (StrataHost  *self);
/* the host's images */
StrataGraphMonitor     *strata_host_get_graph_monitor     (StrataHost  *self);
StrataMachine    *strata_host_find           (StrataHost  *self,
                                              const char  *name_or_uuid);

G_END_DECLS
