/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "jobs/strata-job-queue.h"
#include "model/strata-host.h"
#include "strata-request-form.h"

G_BEGIN_DECLS

/* The last page of every dialog that changes something: asks for the plan, shows it (or why it is refused), and
 * submits it when confirmed. Signal "submitted" (StrataJob *job). */
#define STRATA_TYPE_PLAN_PAGE (strata_plan_page_get_type ())

G_DECLARE_FINAL_TYPE (StrataPlanPage, strata_plan_page, STRATA, PLAN_PAGE, AdwNavigationPage)

AdwNavigationPage *strata_plan_page_new (StrataJobQueue *queue, StrataHost *host);
/* asks for the plan of REQUEST and shows the answer */
void strata_plan_page_plan (StrataPlanPage *self, const StrataRequest *request);
/* what a person has read of this plan elsewhere, before it is asked for: what is different is marked */
void strata_plan_page_expect (StrataPlanPage *self, StrataPlan *plan);
/* what it will be about, before a request says so */
void strata_plan_page_set_machine (StrataPlanPage *self, StrataMachine *machine);
/* shows FORM (transfer floating) above, and the plan of what it says whenever that changes */
void strata_plan_page_set_form (StrataPlanPage *self, StrataRequestForm *form);

G_END_DECLS
