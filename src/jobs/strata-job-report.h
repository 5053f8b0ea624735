/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "plan/strata-plan.h"
#include "strata-job-progress.h"

G_BEGIN_DECLS

typedef struct _StrataJob StrataJob;
typedef struct _StrataJobReport StrataJobReport;

StrataJobReport *strata_job_report_new (StrataPlan *plan, GSourceFunc read);
void strata_job_report_free (StrataJobReport *self);
void strata_job_report_read (StrataJobReport *self,
                             StrataProgress *progress,
                             char **title,
                             char **log,
                             GError **error);

/* strata-job.c: the one that JOB has */
StrataJobReport *strata_job_get_report (StrataJob *job);

/* from the main context */
void strata_job_report_start (StrataJob *job);
void strata_job_report_cancelling (StrataJob *job);

/* from the worker thread */
void strata_job_enter_step (StrataJob *job, guint index, gboolean undoing);
void strata_job_enter_end (StrataJob *job);
void strata_job_set_finished (StrataJob *job,
                              StrataJobState state,
                              StrataJobOutcome outcome,
                              const GError *error);

/* from any thread: the running step's own progress */
void strata_job_report_bytes (StrataJob *job, guint64 done, guint64 total);
void strata_job_report_fraction (StrataJob *job, double fraction, const char *message);
void strata_job_append_log (StrataJob *job, const char *text);

G_END_DECLS
