/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "graph/strata-graph.h"

G_BEGIN_DECLS

const char *strata_words_for_state        (const StrataDomainFacts *facts);
char       *strata_words_for_new_snapshot (const StrataDomainFacts *facts);

G_END_DECLS
