/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "host/connection/strata-transfer.h"

G_BEGIN_DECLS

/* The worker domain: block jobs on images that no VM has open. Blocking; worker threads only.
 * The block job's events arrive on the default main context, which therefore has to be running
 * in another thread. */

typedef struct _StrataWorker StrataWorker;

typedef enum
{
  STRATA_WORKER_FILE = 0,
  STRATA_WORKER_BLOCK = 1 << 0,     /* it is a block device */
  STRATA_WORKER_READ_ONLY = 1 << 1, /* a running VM may have it open below its own image */
} StrataWorkerFlags;

StrataWorker *strata_worker_start  (StrataConnection  *connection,
                                    const char        *path,
                                    const char        *format,
                                    StrataWorkerFlags  flags,
                                    GCancellable      *cancellable,
                                    GError           **error);
/* destroys the domain; any block job in it is aborted */
void          strata_worker_stop   (StrataWorker      *self);

/* Copies what the guest would see to a new flat image at DESTINATION; on cancel or failure the partial
 * file is removed. */
gboolean      strata_worker_copy   (StrataWorker      *self,
                                    const char        *destination,
                                    const char        *format,
                                    const StrataTransfer *transfer,
                                    GError           **error);
/* Commits the worker's image (the top) into BASE, which has to be given, and pivots, so that the
 * top is no longer needed. Idempotent: after an abort it may be run again. */
gboolean      strata_worker_commit (StrataWorker      *self,
                                    const char        *base,
                                    const StrataTransfer *transfer,
                                    GError           **error);
/* Commits TOP, a layer below the worker's image, into BASE. The header of what stands on TOP in the worker
 * names BASE afterwards; other overlays of TOP don't know. Idempotent likewise. */
gboolean      strata_worker_commit_below (StrataWorker   *self,
                                          const char     *top,
                                          const char     *base,
                                          const StrataTransfer *transfer,
                                          GError        **error);
/* The worker's image takes what is between it and BASE; NULL: everything below it. */
gboolean      strata_worker_pull   (StrataWorker      *self,
                                    const char        *base,
                                    const StrataTransfer *transfer,
                                    GError           **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataWorker, strata_worker_stop)

G_END_DECLS
