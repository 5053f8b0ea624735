/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "jobs/strata-job-queue.h"
#include "model/strata-host.h"

G_BEGIN_DECLS

/* Deploy…: thin or full, how many, where, what is set inside; then the plan. */
#define STRATA_TYPE_DEPLOY_DIALOG (strata_deploy_dialog_get_type ())

G_DECLARE_FINAL_TYPE (StrataDeployDialog, strata_deploy_dialog, STRATA, DEPLOY_DIALOG, AdwDialog)

AdwDialog *strata_deploy_dialog_new (StrataJobQueue *queue,
                                     StrataHost     *host,
                                     StrataMachine  *machine);

G_END_DECLS
