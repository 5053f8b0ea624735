/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How a work that moves bytes tells how far it is, how fast it may be, and how it is ended. */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define STRATA_BANDWIDTH_SAME G_MAXUINT64

/* Takes how far a work is, and returns how many bytes per second it may move from now on, 0 for no limit, where the work
 * can still be told; STRATA_BANDWIDTH_SAME: as it was begun. */
typedef guint64 (*StrataByteFunc) (guint64  done,
                                   guint64  total,
                                   gpointer user_data);

/**
 * StrataTransfer:
 * @bandwidth: how many bytes per second QEMU may move in the beginning, 0 for no limit; of copies that others make it is passed over
 * @progress: (nullable): whom to tell, about four times a second, in the thread of the work if nothing else is said there
 * @user_data: for @progress
 * @cancellable: (nullable): ends the work
 *
 * %NULL stands for a work without a limit that tells nothing and can't be ended.
 */
typedef struct
{
  guint64 bandwidth;
  StrataByteFunc progress;
  gpointer user_data;
  GCancellable *cancellable;
} StrataTransfer;

static inline guint64
strata_transfer_get_bandwidth (const StrataTransfer *self)
{
  return self != NULL ? self->bandwidth : 0;
}

static inline GCancellable *
strata_transfer_get_cancellable (const StrataTransfer *self)
{
  return self != NULL ? self->cancellable : NULL;
}

/* what its StrataByteFunc returns */
static inline guint64
strata_transfer_report (const StrataTransfer *self, guint64 done, guint64 total)
{
  return self != NULL && self->progress != NULL ? self->progress (done, total, self->user_data)
                                                : STRATA_BANDWIDTH_SAME;
}

G_END_DECLS
