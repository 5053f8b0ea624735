/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-plan-page.h"

G_BEGIN_DECLS

/* A dialog that is nothing but a plan, perhaps with what can be chosen above it. */
AdwDialog      *strata_plan_dialog_new           (StrataJobQueue      *queue,
                                                  StrataHost          *host,
                                                  const char          *title,
                                                  const StrataRequest *request);
AdwDialog      *strata_plan_dialog_new_with_form (StrataJobQueue      *queue,
                                                  StrataHost          *host,
                                                  const char          *title,
                                                  StrataRequestForm   *form);
/* asks for the plan again that JOB was submitted with, and marks what is different */
AdwDialog      *strata_plan_dialog_new_for_job   (StrataJobQueue      *queue,
                                                  StrataHost          *host,
                                                  StrataJob           *job);
/* for its signal "submitted" */
StrataPlanPage *strata_plan_dialog_get_page      (AdwDialog           *dialog);

G_END_DECLS
