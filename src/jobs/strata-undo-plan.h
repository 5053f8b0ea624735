/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "graph/strata-graph.h"
#include "strata-journal.h"

G_BEGIN_DECLS

StrataPlan *strata_undo_plan_new (StrataJournal *journal, StrataGraph *graph, gboolean at_once);

G_END_DECLS
