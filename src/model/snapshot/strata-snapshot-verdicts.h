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
  STRATA_VERDICT_UNKNOWN, /* the planner is being asked */
  STRATA_VERDICT_LAWFUL,
  STRATA_VERDICT_REFUSED,
} StrataVerdict;

/* What the planner says about a machine's snapshots; asked once for each graph. Main thread. "changed" is emitted when
 * answers came in, or count no more. */
#define STRATA_TYPE_SNAPSHOT_VERDICTS (strata_snapshot_verdicts_get_type ())

G_DECLARE_FINAL_TYPE (StrataSnapshotVerdicts, strata_snapshot_verdicts, STRATA, SNAPSHOT_VERDICTS, GObject)

StrataSnapshotVerdicts *strata_snapshot_verdicts_new         (void);
/* both nullable */
void                    strata_snapshot_verdicts_set_subject (StrataSnapshotVerdicts  *self,
                                                              StrataGraph             *graph,
                                                              const char              *uuid);
/* REASON, if refused: whole sentences, valid until "changed" */
StrataVerdict           strata_snapshot_verdicts_ask         (StrataSnapshotVerdicts  *self,
                                                              StrataSnapshotAct        act,
                                                              const char              *name,
                                                              const char             **reason);
/* questions that nobody has begun to answer */
void                    strata_snapshot_verdicts_drop        (StrataSnapshotVerdicts  *self);

G_END_DECLS
