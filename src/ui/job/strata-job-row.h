/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "jobs/strata-job.h"

G_BEGIN_DECLS

/* One operation: what it does, how far it is, and how to slow or stop it. */
#define STRATA_TYPE_JOB_ROW (strata_job_row_get_type ())

G_DECLARE_FINAL_TYPE (StrataJobRow, strata_job_row, STRATA, JOB_ROW, GtkListBoxRow)

GtkWidget *strata_job_row_new     (StrataJob    *job);

G_END_DECLS
