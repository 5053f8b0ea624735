/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "graph/strata-graph.h"

G_BEGIN_DECLS

/**
 * StrataSnapshotPlace:
 * @snapshot: (nullable): which snapshot stands here; %NULL: the machine itself, "you are here"
 * @lane: how many branches one is in, from 0; the lanes to the left of it all pass by
 * @level: how many stand above it in the tree, and itself
 * @n_below: how many rows follow that stand on it, near or far
 * @joined: it stands on another
 * @branch: it is the first of a side branch: it stands one lane to the right of what it stands on, or is a root of its own
 * @continues: something stands on it in its own lane
 * @active: it is on the way to where the machine is
 * @passed: that way passes by it, in the leftmost lane
 *
 * A row of the tree.
 */
typedef struct
{
  const StrataSnapshotFacts *snapshot;
  guint                      lane;
  guint                      level;
  guint                      n_below;
  gboolean                   joined;
  gboolean                   branch;
  gboolean                   continues;
  gboolean                   active;
  gboolean                   passed;
} StrataSnapshotPlace;

/* (element-type StrataSnapshotPlace): depth first, what the machine stands on last and in the leftmost lane. Pure. */
GArray *strata_snapshot_layout (const StrataDomainFacts *facts);

G_END_DECLS
