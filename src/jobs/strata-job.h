/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "host/connection/strata-connection.h"
#include "plan/strata-plan.h"
#include "strata-job-progress.h"

G_BEGIN_DECLS

#define STRATA_TYPE_JOB (strata_job_get_type ())

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
gboolean strata_job_can_cancel (StrataJob *self);
gboolean strata_job_is_past_return (StrataJob *self);
gboolean strata_job_outran_cancel (StrataJob *self);
/* rolls back before the point of no return, stops lawfully after it; main context */
void strata_job_cancel (StrataJob *self);
/* bytes per second for copies and merges, 0 for no limit; a block job under way picks it up too, other work when its
 * next step begins */
void strata_job_set_bandwidth (StrataJob *self, guint64 bandwidth);
guint64 strata_job_get_bandwidth (StrataJob *self);

G_END_DECLS
