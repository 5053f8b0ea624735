/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "plan/strata-plan.h"

G_BEGIN_DECLS

/* Fills the two lists with what PLAN does, and marks what is different from BEFORE (nullable: there was no plan). Whether
 * there are notes. */
gboolean strata_plan_effects_show (GtkListBox *effects,
                                   GtkListBox *notes,
                                   StrataPlan *plan,
                                   StrataPlan *before);

G_END_DECLS
