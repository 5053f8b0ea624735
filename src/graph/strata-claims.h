/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-graph.h"

G_BEGIN_DECLS

/* Once everything was declared, and before it is finished: a raw image of which Strata or libvirt wrote down that it stands on
 * another is contradicting. */
void strata_graph_dispute_raw (StrataGraph *self, const StrataDomainFacts *domain);

/* whether MARK is that of a clone of TEMPLATE */
gboolean strata_clone_mark_is_of (const StrataCloneMark *mark, const StrataDomainFacts *template);

G_END_DECLS
