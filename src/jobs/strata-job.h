/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "host/connection/strata-connection.h"
#include "plan/strata-plan.h"

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
#define STRATA_TYPE_JOB         (strata_job_get_type ())

GType strata_job_state_get_type (void);
GType strata_job_outcome_get_type (void);

/* A plan being carried out. Lives on the main context of its creator; the steps run in a worker
 * thread, and properties change, coalesced, on that context. Bindable properties: id, title, state,
 * outcome, step-title, step (1-based), n-steps, fraction (0…1), bytes-done, bytes-total, rate (bytes per second),
 * seconds-left (-1: not known), error-message (NULL), log (text). */
G_DECLARE_FINAL_TYPE (StrataJob, strata_job, STRATA, JOB, GObject)

const char *strata_job_get_id (StrataJob *self);
const char *strata_job_get_title (StrataJob *self);
StrataPlan *strata_job_get_plan (StrataJob *self);
StrataJobState strata_job_get_state (StrataJob *self);
StrataJobOutcome strata_job_get_outcome (StrataJob *self);
gboolean strata_job_is_finished (StrataJob *self);
const char *strata_job_get_step_title (StrataJob *self);
const StrataProgress *strata_job_get_progress (StrataJob *self);
const GError *strata_job_get_error (StrataJob *self);
/* (nullable): of a job that failed with STRATA_ERROR_CHANGED, what its request gives now */
StrataPlan *strata_job_get_new_plan (StrataJob *self);
GStrv strata_job_dup_notes (StrataJob *self);
GStrv strata_job_dup_kept (StrataJob *self);
GStrv strata_job_dup_not_back (StrataJob *self);
char *strata_job_dup_snapshot_id (StrataJob *self, const char *name);
gboolean strata_job_can_cancel (StrataJob *self);
gboolean strata_job_is_past_return (StrataJob *self);
gboolean strata_job_outran_cancel (StrataJob *self);
/* rolls back before the point of no return, stops lawfully after it; main context */
void strata_job_cancel (StrataJob *self);
/* bytes per second for copies and merges, 0 for no limit; a block job under way picks it up too, other work when its
 * next step begins */
void strata_job_set_bandwidth (StrataJob *self, guint64 bandwidth);
guint64 strata_job_get_bandwidth (StrataJob *self);

/* from any thread: the running step's own progress */
void strata_job_report_bytes (StrataJob *self, guint64 done, guint64 total);
void strata_job_report_fraction (StrataJob *self, double fraction, const char *message);
void strata_job_append_log (StrataJob *self, const char *text);

G_END_DECLS
