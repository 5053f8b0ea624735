/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "jobs/strata-job.h"

G_BEGIN_DECLS

/* How to slow a job or stop it. Property: job (StrataJob, may be NULL). */
#define STRATA_TYPE_JOB_CONTROLS (strata_job_controls_get_type ())

G_DECLARE_FINAL_TYPE (StrataJobControls, strata_job_controls, STRATA, JOB_CONTROLS, GtkBox)

G_END_DECLS
