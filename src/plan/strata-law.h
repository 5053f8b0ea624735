/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "graph/strata-graph.h"
#include "strata-plan.h"

G_BEGIN_DECLS

/* the planner's law over a whole plan */
gboolean strata_law_check (StrataGraph *graph, StrataPlan *plan, GError **error);
/* strata-law-seen.c: whether what no holder needs may be merged away or removed */
gboolean strata_law_sees_all (StrataGraph *graph);
/* likewise over those steps of a begun plan that are not DONE (NULL: none is), on a fresh graph */
gboolean strata_law_check_steps (StrataGraph *graph,
                                 StrataPlan *plan,
                                 const gboolean *done,
                                 GError **error);
/* likewise, if no file is deleted */
gboolean strata_law_check_but_deletions (StrataGraph *graph,
                                         StrataPlan *plan,
                                         const gboolean *done,
                                         GError **error);

G_END_DECLS
