/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "model/snapshot/strata-snapshot-node.h"
#include "model/snapshot/strata-snapshot-feasibility.h"

G_BEGIN_DECLS

/* Everything there is to know about what is selected in the tree, and buttons for what can be done with it. */
#define STRATA_TYPE_SNAPSHOT_DETAILS (strata_snapshot_details_get_type ())

G_DECLARE_FINAL_TYPE (StrataSnapshotDetails, strata_snapshot_details, STRATA, SNAPSHOT_DETAILS, AdwBin)

/* NODE NULL: nothing; GRAPH, nullable: tells sizes */
void strata_snapshot_details_show    (StrataSnapshotDetails *self,
                                      StrataSnapshotNode    *node,
                                      StrataDomainFacts     *facts,
                                      StrataGraph           *graph);
/* REASON (nullable): why ACT can't be done with it */
void strata_snapshot_details_explain (StrataSnapshotDetails *self,
                                      StrataSnapshotAct      act,
                                      const char            *reason);

G_END_DECLS
