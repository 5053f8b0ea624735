/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "plan/strata-plan.h"

G_BEGIN_DECLS

#define STRATA_TYPE_PLAN_VIEW (strata_plan_view_get_type ())

G_DECLARE_FINAL_TYPE (StrataPlanView, strata_plan_view, STRATA, PLAN_VIEW, AdwPreferencesPage)

void strata_plan_view_show_plan (StrataPlanView *self, StrataPlan *plan, StrataPlan *before);
void strata_plan_view_show_refusal (StrataPlanView *self,
                                    const char *refusal,
                                    const char *hint,
                                    gboolean unfinished);
void strata_plan_view_dim (StrataPlanView *self);
void strata_plan_view_set_spinning (StrataPlanView *self, gboolean spinning);
void strata_plan_view_set_form (StrataPlanView *self, GtkWidget *form);

G_END_DECLS
