/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "model/snapshot/strata-snapshot-tree.h"
#include "model/snapshot/strata-snapshot-feasibility.h"

G_BEGIN_DECLS

/* The tree of snapshots as a list with lanes. Property: selected (StrataSnapshotNode, NULL). Signals: "activated"
 * (StrataSnapshotNode), by Enter or a double click; "reverted" (StrataSnapshotNode), where "you are here" was put;
 * "menu-requested" (GdkRectangle), for what is selected. */
#define STRATA_TYPE_SNAPSHOT_LIST (strata_snapshot_list_get_type ())

G_DECLARE_FINAL_TYPE (StrataSnapshotList, strata_snapshot_list, STRATA, SNAPSHOT_LIST, AdwBin)

/* once */
void                strata_snapshot_list_set_tree     (StrataSnapshotList     *self,
                                                       StrataSnapshotTree     *tree,
                                                       StrataSnapshotFeasibility *feasibility);
StrataSnapshotNode *strata_snapshot_list_get_selected (StrataSnapshotList     *self);
/* whether the keys go to one of its rows */
gboolean            strata_snapshot_list_has_focus    (StrataSnapshotList     *self);
/* and shows it; (nullable) */
void                strata_snapshot_list_select       (StrataSnapshotList     *self,
                                                       StrataSnapshotNode     *node,
                                                       gboolean                focus);
/* "you are here" is taken up by key: the arrow keys choose, Enter drops, Escape cancels */
void                strata_snapshot_list_move         (StrataSnapshotList     *self);
GtkScrolledWindow  *strata_snapshot_list_get_scroller (StrataSnapshotList     *self);

G_END_DECLS
