/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "model/snapshot/strata-snapshot-feasibility.h"
#include "strata-snapshot-row.h"

G_BEGIN_DECLS

/* "You are here" on its way to a snapshot, by pointer or by key; and snapshots on their way to the list of machines.
 * "taken" (StrataSnapshotNode) is emitted when either is dragged off;
 * "dropped" (StrataSnapshotNode) is emitted when it was put on one that the planner lets it go to. */
#define STRATA_TYPE_SNAPSHOT_DRAG (strata_snapshot_drag_get_type ())

G_DECLARE_FINAL_TYPE (StrataSnapshotDrag, strata_snapshot_drag, STRATA, SNAPSHOT_DRAG, GObject)

/* SCROLLER: what the rows are in, which scrolls by itself when one drags along its edge */
StrataSnapshotDrag *strata_snapshot_drag_new       (GtkScrolledWindow      *scroller,
                                                    StrataSnapshotFeasibility *feasibility);
void                strata_snapshot_drag_attach    (StrataSnapshotDrag     *self,
                                                    StrataSnapshotRow      *row);
/* ROW shows another node now */
void                strata_snapshot_drag_refresh   (StrataSnapshotDrag     *self,
                                                    StrataSnapshotRow      *row);
/* the way by keys: begin, hover as one goes along the rows, then drop or end */
void                strata_snapshot_drag_begin     (StrataSnapshotDrag     *self);
gboolean            strata_snapshot_drag_is_active (StrataSnapshotDrag     *self);
void                strata_snapshot_drag_hover     (StrataSnapshotDrag     *self,
                                                    StrataSnapshotNode     *node);
/* FALSE: one can't go there */
gboolean            strata_snapshot_drag_drop      (StrataSnapshotDrag     *self,
                                                    StrataSnapshotNode     *node);
void                strata_snapshot_drag_end       (StrataSnapshotDrag     *self);

G_END_DECLS
