/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "graph/strata-graph.h"

G_BEGIN_DECLS

/* A machine named "vm" with snapshots that exist only as facts: enough for what shows them. */

StrataDomainFacts   *paper_facts_new  (void);
/* disk-only, of vda, whose frozen image is "/pool/NAME.qcow2"; the facts own it */
StrataSnapshotFacts *paper_facts_add  (StrataDomainFacts *facts,
                                       const char        *name,
                                       const char        *parent,
                                       gint64             created);
/* N of them: chains of a hundred, each of which leaves the one before at its middle; the last is current */
StrataDomainFacts   *paper_facts_many (guint              n);

G_END_DECLS
