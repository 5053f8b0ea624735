/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "graph/strata-graph.h"

G_BEGIN_DECLS

/* What can be done with a machine from the window, as far as that can be told without asking the planner. */
typedef enum
{
  STRATA_ABILITY_START,
  STRATA_ABILITY_SHUT_DOWN,
  STRATA_ABILITY_FORCE_OFF,
  STRATA_ABILITY_MAKE_TEMPLATE,
  STRATA_ABILITY_DEPLOY,
  STRATA_ABILITY_DELETE,
  STRATA_ABILITY_OPEN_CONSOLE,
  STRATA_ABILITY_TAKE_SNAPSHOT,
} StrataAbility;

#define STRATA_N_ABILITIES (STRATA_ABILITY_TAKE_SNAPSHOT + 1)

char       *strata_ability_get_reason               (StrataAbility            ability,
                                                     const StrataDomainFacts *facts,
                                                     const char *const       *thin_clones);
const char *strata_ability_get_property_name        (StrataAbility            ability);
const char *strata_ability_get_reason_property_name (StrataAbility            ability);

G_END_DECLS
