/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <libvirt/libvirt.h>

G_BEGIN_DECLS

/* What was heard of the block job on one disk; any thread. */
typedef struct _StrataBlockEvents StrataBlockEvents;

StrataBlockEvents *strata_block_events_new (const char *target);
gpointer strata_block_events_ref (StrataBlockEvents *self);
void strata_block_events_unref (gpointer self);
/* a number that grows with every event */
guint strata_block_events_read (StrataBlockEvents *self, gboolean *ready, gboolean *failed);
/* until there is something that came after SEEN was read, or the time is over */
void strata_block_events_await (StrataBlockEvents *self, guint seen, guint milliseconds);

/* for VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2 */
void strata_block_events_on_event (virConnectPtr handle,
                                   virDomainPtr domain,
                                   const char *target,
                                   int type,
                                   int status,
                                   void *self);
/* for g_cancellable_connect(): is an event, too */
void strata_block_events_on_cancelled (GCancellable *cancellable, gpointer self);

G_END_DECLS
