/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "graph/strata-graph.h"

G_BEGIN_DECLS

/* What one can do with a snapshot. */
typedef enum
{
  STRATA_SNAPSHOT_REVERT, /* the present state being kept */
  STRATA_SNAPSHOT_CLONE,
  STRATA_SNAPSHOT_EDIT,
  STRATA_SNAPSHOT_DELETE,
  STRATA_SNAPSHOT_DELETE_CHILDREN,
  STRATA_N_SNAPSHOT_ACTS,
} StrataSnapshotAct;

typedef enum
{
  STRATA_FEASIBILITY_UNKNOWN, /* the planner is being asked */
  STRATA_FEASIBILITY_ALLOWED,
  STRATA_FEASIBILITY_REFUSED,
} StrataFeasibility;

/* What the planner says about a machine's snapshots; asked once for each graph. Main thread. "changed" is emitted when
 * answers came in, or count no more. */
#define STRATA_TYPE_SNAPSHOT_FEASIBILITY (strata_snapshot_feasibility_get_type ())

G_DECLARE_FINAL_TYPE (StrataSnapshotFeasibility, strata_snapshot_feasibility, STRATA, SNAPSHOT_FEASIBILITY, GObject)

StrataSnapshotFeasibility *strata_snapshot_feasibility_new         (void);
/* both nullable */
void                    strata_snapshot_feasibility_set_subject (StrataSnapshotFeasibility  *self,
                                                                 StrataGraph             *graph,
                                                                 const char              *uuid);
/* REASON, if refused: whole sentences, valid until "changed" */
StrataFeasibility           strata_snapshot_feasibility_ask         (StrataSnapshotFeasibility  *self,
                                                                     StrataSnapshotAct        act,
                                                                     const char              *name,
                                                                     const char             **reason);
/* questions that no worker has begun to answer */
void                    strata_snapshot_feasibility_drop        (StrataSnapshotFeasibility  *self);

G_END_DECLS
