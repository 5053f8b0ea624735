/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <libvirt/libvirt.h>

G_BEGIN_DECLS

/* What was heard of the block job on one disk; any thread. */
typedef struct _StrataBlockNews StrataBlockNews;

StrataBlockNews *strata_block_news_new (const char *target);
gpointer strata_block_news_ref (StrataBlockNews *self);
void strata_block_news_unref (gpointer self);
/* a number that grows with every piece of news */
guint strata_block_news_read (StrataBlockNews *self, gboolean *ready, gboolean *failed);
/* until there is something that came after SEEN was read, or the time is over */
void strata_block_news_await (StrataBlockNews *self, guint seen, guint milliseconds);

/* for VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2 */
void strata_block_news_on_event (virConnectPtr handle,
                                 virDomainPtr domain,
                                 const char *target,
                                 int type,
                                 int status,
                                 void *self);
/* for g_cancellable_connect(): is news too */
void strata_block_news_on_cancelled (GCancellable *cancellable, gpointer self);

G_END_DECLS
