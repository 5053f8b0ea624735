/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "plan/planner/strata-planner.h"
#include "strata-job.h"
#include "strata-job-report.h"
#include "strata-job-results.h"
#include "strata-journal.h"

G_BEGIN_DECLS

typedef enum
{
  STRATA_HOOK_BEFORE_STEP,
  STRATA_HOOK_AFTER_STEP,
} StrataHookPoint;

/* Called in the worker thread around every step; what it fails with is taken as the step's own failure.
 * With it a test walks a job's failures and cancellations step by step. */
typedef gboolean (*StrataJobHook) (StrataJob *job,
                                   guint index,
                                   StrataHookPoint point,
                                   gpointer user_data,
                                   GError **error);

/* How the worker carries the plan out: forward in a new journal, or what an earlier process left. */
typedef struct
{
  char *journal_dir;
  StrataJournal *journal; /* of a job that is taken up again, until it runs */
  gboolean backwards;
  StrataJobHook hook;
  gpointer hook_data;
} StrataJobOrders;

/* strata-job.c */
StrataJob *strata_job_new (StrataConnection *connection, StrataPlan *plan, const char *journal_dir);
/* takes JOURNAL over */
StrataJob *strata_job_new_from_journal (StrataConnection *connection,
                                        StrataJournal *journal,
                                        gboolean resume);
void strata_job_set_hook (StrataJob *self, StrataJobHook hook, gpointer user_data);
StrataConnection *strata_job_get_connection (StrataJob *self);
StrataJobOrders *strata_job_get_orders (StrataJob *self);
/* from the worker thread, before the job is over */
void strata_job_set_new_plan (StrataJob *self, StrataPlan *plan);
/* on the owner's context; runs until the state is one that is over */
void strata_job_start (StrataJob *self);

/* strata-job-run.c: carries the plan out; worker thread */
void strata_job_run (StrataJob *self, GCancellable *cancellable);

/* strata-job-planning.c: gathers the host and lets the planner answer; GRAPH: (out) (optional): what was seen; worker
 * thread */
StrataPlan *strata_job_plan_now (StrataConnection *connection,
                                 const StrataRequest *request,
                                 StrataGraph **graph,
                                 GCancellable *cancellable,
                                 GError **error);

G_END_DECLS
