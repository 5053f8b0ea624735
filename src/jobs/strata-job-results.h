/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct _StrataJob StrataJob;
typedef struct _StrataJobResults StrataJobResults;

StrataJobResults *strata_job_results_new (JsonObject *before);
void strata_job_results_free (StrataJobResults *self);

/* strata-job.c: those that JOB has */
StrataJobResults *strata_job_get_results (StrataJob *job);

/* what the plan would have deleted and the law did not let go, a sentence in each line */
#define STRATA_JOB_KEPT "kept"
/* what the way back could not make as it was, a sentence in each line */
#define STRATA_JOB_NOT_BACK "not-back"
/* before a snapshot’s name: the StrataSnapshotFacts.id of the one that the job took */
#define STRATA_JOB_SNAPSHOT_ID "snapshot-id:"

/* what a step found out, journaled with its end */
void strata_job_set_result (StrataJob *job, const char *key, const char *value);
/* SENTENCE, to those that are the result KEY already */
void strata_job_add_line (StrataJob *job, const char *key, const char *sentence);
char *strata_job_get_result (StrataJob *job, const char *key);
JsonObject *strata_job_take_new_results (StrataJob *job);

/* for a person */
GStrv strata_job_dup_lines (StrataJob *job, const char *key);
GStrv strata_job_dup_kept (StrataJob *job);
GStrv strata_job_dup_not_back (StrataJob *job);
char *strata_job_dup_snapshot_id (StrataJob *job, const char *name);

G_END_DECLS
