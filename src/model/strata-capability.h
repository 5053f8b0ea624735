/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "graph/strata-graph.h"

G_BEGIN_DECLS

/* What can be done with a machine from the window, as far as that can be told without asking the planner. */
typedef enum
{
  STRATA_CAPABILITY_START,
  STRATA_CAPABILITY_SHUT_DOWN,
  STRATA_CAPABILITY_FORCE_OFF,
  STRATA_CAPABILITY_MAKE_TEMPLATE,
  STRATA_CAPABILITY_DEPLOY,
  STRATA_CAPABILITY_DELETE,
  STRATA_CAPABILITY_OPEN_CONSOLE,
  STRATA_CAPABILITY_TAKE_SNAPSHOT,
} StrataCapability;

#define STRATA_N_ABILITIES (STRATA_CAPABILITY_TAKE_SNAPSHOT + 1)

char       *strata_capability_get_reason               (StrataCapability            capability,
                                                        const StrataDomainFacts *facts,
                                                        const char *const       *thin_clones);
const char *strata_capability_get_property_name        (StrataCapability            capability);
const char *strata_capability_get_reason_property_name (StrataCapability            capability);

G_END_DECLS
