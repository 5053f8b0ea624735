/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "plan/strata-plan.h"

G_BEGIN_DECLS

/* Whether FRESH says to a person what BEFORE said: the same effects, and the same steps. */
gboolean strata_plan_changes_are_none (StrataPlan *before, StrataPlan *fresh);
/* whether BEFORE (nullable: it was no plan) has EFFECT, too */
gboolean strata_plan_changes_has_effect (StrataPlan *before, const StrataEffect *effect);
/* (element-type StrataEffect) (transfer container): of BEFORE, what FRESH doesn't do any more; owned by BEFORE */
GPtrArray *strata_plan_changes_list_gone (StrataPlan *before, StrataPlan *fresh);

G_END_DECLS
