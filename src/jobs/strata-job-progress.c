/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How far a job has come: its states and outcomes as types. */

#include "config.h"

#include "strata-job-progress.h"

G_DEFINE_ENUM_TYPE (StrataJobState,
                    strata_job_state,
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_QUEUED, "queued"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_RUNNING, "running"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_CANCELLING, "cancelling"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_DONE, "done"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_CANCELLED, "cancelled"))

G_DEFINE_ENUM_TYPE (StrataJobOutcome,
                    strata_job_outcome,
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_OUTCOME_NONE, "none"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_OUTCOME_DONE, "done"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_OUTCOME_ROLLED_BACK, "rolled-back"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_OUTCOME_STOPPED, "stopped"),
                    G_DEFINE_ENUM_VALUE (STRATA_JOB_OUTCOME_STUCK, "stuck"))
