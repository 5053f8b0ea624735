/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "host/connection/strata-transfer.h"

G_BEGIN_DECLS

/* One block job on one disk of a running domain, watched until it is ready or over. */
typedef struct _StrataBlockJob StrataBlockJob;

/* before the job is started: a small one is ready before the first look */
StrataBlockJob *strata_block_job_new        (virConnectPtr    handle,
                                             virDomainPtr     domain,
                                             const char      *target);
void            strata_block_job_free       (StrataBlockJob  *self);
gboolean        strata_block_job_wait_ready (StrataBlockJob  *self,
                                             const StrataTransfer *transfer,
                                             GError         **error);
/* for a job that ends by itself: TRUE if it is gone and did not say that it failed */
gboolean        strata_block_job_wait_done  (StrataBlockJob  *self,
                                             const StrataTransfer *transfer,
                                             GError         **error);
/* ends a ready job: TRUE pivots to the destination, FALSE stays */
gboolean        strata_block_job_finish     (StrataBlockJob  *self,
                                             gboolean         pivot,
                                             GError         **error);
/* ends it as it is */
void            strata_block_job_abort      (StrataBlockJob  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataBlockJob, strata_block_job_free)

G_END_DECLS
