/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "plan/strata-plan.h"
#include "strata-job-progress.h"

G_BEGIN_DECLS

/* What the worker says of its job, under a mutex. However much it says, the owner's context is woken by
 * one idle at a time, which reads the latest. */
typedef struct _StrataJobReport StrataJobReport;

/* SHOW is called with JOB, which is kept alive until then, on the context that is the calling thread's default */
StrataJobReport *strata_job_report_new (StrataPlan *plan,
                                        JsonObject *results,
                                        GSourceFunc show,
                                        GObject *job);
void strata_job_report_free (StrataJobReport *self);

/* for SHOW: copies out what is new; TITLE, LOG and ERROR are replaced only if they changed */
void strata_job_report_read (StrataJobReport *self,
                             StrataProgress *progress,
                             char **title,
                             char **log,
                             GError **error);
void strata_job_report_start (StrataJobReport *self);
void strata_job_report_cancelling (StrataJobReport *self);
void strata_job_report_step (StrataJobReport *self, guint index, gboolean undoing);
void strata_job_report_end (StrataJobReport *self);
void strata_job_report_moved (StrataJobReport *self, guint64 done, guint64 total);
void strata_job_report_part (StrataJobReport *self, double fraction, const char *message);
void strata_job_report_log (StrataJobReport *self, const char *text);
void strata_job_report_finished (StrataJobReport *self,
                                 StrataJobState state,
                                 StrataJobOutcome outcome,
                                 const GError *error);
/* what steps found out */
void strata_job_report_set_result (StrataJobReport *self, const char *key, const char *value);
char *strata_job_report_get_result (StrataJobReport *self, const char *key);
JsonObject *strata_job_report_take_new_results (StrataJobReport *self);

G_END_DECLS
