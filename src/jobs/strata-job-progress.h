/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef enum
{
  STRATA_JOB_QUEUED,
  STRATA_JOB_RUNNING,
  STRATA_JOB_CANCELLING,
  STRATA_JOB_DONE,
  STRATA_JOB_FAILED,
  STRATA_JOB_CANCELLED,
} StrataJobState;

/**
 * StrataJobOutcome:
 * @STRATA_JOB_OUTCOME_NONE: not over yet
 * @STRATA_JOB_OUTCOME_DONE: all of it
 * @STRATA_JOB_OUTCOME_ROLLED_BACK: everything is as it was, but for what strata_job_dup_not_back() says
 * @STRATA_JOB_OUTCOME_STOPPED: past the point of no return: consistent, and `job resume` finishes it
 * @STRATA_JOB_OUTCOME_STUCK: the way back failed too; `job rollback` tries again
 */
typedef enum
{
  STRATA_JOB_OUTCOME_NONE,
  STRATA_JOB_OUTCOME_DONE,
  STRATA_JOB_OUTCOME_ROLLED_BACK,
  STRATA_JOB_OUTCOME_STOPPED,
  STRATA_JOB_OUTCOME_STUCK,
} StrataJobOutcome;

/* How far a job has come. */
typedef struct
{
  StrataJobState state;
  StrataJobOutcome outcome;
  guint step; /* from 1; 0: none yet */
  gboolean undoing;
  gboolean finishing; /* its last step is run, which can't be interrupted */
  double fraction;
  guint64 bytes_done; /* by this step */
  guint64 bytes_total;
  guint64 rate;     /* bytes per second */
  int seconds_left; /* -1: not known */
} StrataProgress;

#define STRATA_TYPE_JOB_STATE   (strata_job_state_get_type ())
#define STRATA_TYPE_JOB_OUTCOME (strata_job_outcome_get_type ())

GType strata_job_state_get_type   (void);
GType strata_job_outcome_get_type (void);

G_END_DECLS
