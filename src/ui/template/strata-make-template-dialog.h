/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "jobs/strata-job-queue.h"
#include "model/strata-host.h"

G_BEGIN_DECLS

/* Make Template…: convert or copy, what sealing removes, the plan. */
#define STRATA_TYPE_MAKE_TEMPLATE_DIALOG (strata_make_template_dialog_get_type ())

G_DECLARE_FINAL_TYPE (StrataMakeTemplateDialog, strata_make_template_dialog, STRATA, MAKE_TEMPLATE_DIALOG, AdwDialog)

AdwDialog *strata_make_template_dialog_new (StrataJobQueue *queue,
                                            GSettings      *settings,
                                            StrataHost     *host,
                                            StrataMachine  *machine);

G_END_DECLS
