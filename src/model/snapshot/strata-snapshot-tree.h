/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "strata-snapshot-node.h"

G_BEGIN_DECLS

/* The rows of a machine's tree of snapshots, without what is hidden in collapsed branches: a GListModel of
 * StrataSnapshotNode. Main thread. */
#define STRATA_TYPE_SNAPSHOT_TREE (strata_snapshot_tree_get_type ())

G_DECLARE_FINAL_TYPE (StrataSnapshotTree, strata_snapshot_tree, STRATA, SNAPSHOT_TREE, GObject)

StrataSnapshotTree *strata_snapshot_tree_new             (void);
/* FACTS NULL: nothing; GRAPH, nullable: tells bytes */
void                strata_snapshot_tree_update          (StrataSnapshotTree *self,
                                                          StrataDomainFacts  *facts,
                                                          StrataGraph        *graph);
/* what a person calls snapshots, hidden ones too */
guint               strata_snapshot_tree_get_n_snapshots (StrataSnapshotTree *self);
/* (nullable) (transfer none): hidden ones too; NAME NULL: the machine itself */
StrataSnapshotNode *strata_snapshot_tree_find            (StrataSnapshotTree *self,
                                                          const char         *name);
/* G_MAXUINT where it is hidden */
guint               strata_snapshot_tree_get_position    (StrataSnapshotTree *self,
                                                          StrataSnapshotNode *node);
/* (nullable) (transfer none): where NODE's branch leaves another, or, of the first in a branch, what that stands on */
StrataSnapshotNode *strata_snapshot_tree_get_outer       (StrataSnapshotTree *self,
                                                          StrataSnapshotNode *node);
/* for one that is expandable */
void                strata_snapshot_tree_set_expanded    (StrataSnapshotTree *self,
                                                          StrataSnapshotNode *node,
                                                          gboolean            expanded);

G_END_DECLS
