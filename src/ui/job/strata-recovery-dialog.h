/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "jobs/strata-unfinished-job.h"

G_BEGIN_DECLS

/* What was left unfinished on a host, and the ways on: forward, back, or to leave all as it is. Closes when nothing is left. */
#define STRATA_TYPE_RECOVERY_DIALOG (strata_recovery_dialog_get_type ())

G_DECLARE_FINAL_TYPE (StrataRecoveryDialog,
                      strata_recovery_dialog,
                      STRATA,
                      RECOVERY_DIALOG,
                      AdwDialog)

/* JOBS: (element-type StrataUnfinishedJob), not empty, all of CONNECTION's host */
AdwDialog *strata_recovery_dialog_new (StrataJobQueue *queue,
                                       StrataConnection *connection,
                                       GPtrArray *jobs);

G_END_DECLS
