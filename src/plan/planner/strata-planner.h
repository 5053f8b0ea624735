/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "graph/strata-graph.h"
#include "plan/strata-plan.h"
#include "plan/strata-request.h"

G_BEGIN_DECLS

/* The planner: pure. A plan, or STRATA_ERROR_REFUSED / _INVALID / _NOT_FOUND / _EXISTS / _BUSY / _NO_SPACE
 * with the holder's name in the message and what to do in the hint. */
StrataPlan *strata_plan_request (StrataGraph *graph, const StrataRequest *request, GError **error);

/* whether a machine runs with the disks that its next start is defined with: strata-planner-checks.c */
gboolean strata_planner_require_same_disks (const StrataDomainFacts *domain,
                                            gboolean all,
                                            GError **error);

G_END_DECLS
