/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "plan/strata-request.h"
#include "strata-job.h"

G_BEGIN_DECLS

/* The jobs of one process, in the order in which they were submitted; a GListModel of StrataJob
 * (those that are over stay until cleared). Two jobs that share a resource run one after the other, all others
 * side by side. Properties: n-active (queued or running), fraction (of all that are active). */
#define STRATA_TYPE_JOB_QUEUE (strata_job_queue_get_type ())

G_DECLARE_FINAL_TYPE (StrataJobQueue, strata_job_queue, STRATA, JOB_QUEUE, GObject)

/* JOURNAL_DIR: NULL for $XDG_STATE_HOME/strata/journal */
StrataJobQueue *strata_job_queue_new (const char *journal_dir);
guint strata_job_queue_get_n_active (StrataJobQueue *self);
void strata_job_queue_clear_finished (StrataJobQueue *self);

/* Gathers the host's graph in a worker and lets the planner answer. */
void strata_job_queue_plan_async (StrataJobQueue *self,
                                  StrataConnection *connection,
                                  const StrataRequest *request,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
StrataPlan *strata_job_queue_plan_finish (StrataJobQueue *self,
                                          GAsyncResult *result,
                                          GError **error);
/* (transfer none): the queue keeps it; watch notify::state */
StrataJob *strata_job_queue_submit (StrataJobQueue *self,
                                    StrataConnection *connection,
                                    StrataPlan *plan);

G_END_DECLS
