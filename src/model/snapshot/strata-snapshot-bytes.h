/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "graph/strata-graph.h"

G_BEGIN_DECLS

/* Bytes on disk, or -1 where they can't be told for sure; GRAPH is nullable. Pure. */

/* the layers frozen by SNAPSHOT, and its memory */
gint64 strata_snapshot_bytes_held  (const StrataSnapshotFacts *snapshot,
                                    StrataGraph               *graph);
/* written since the snapshot on which the machine stands */
gint64 strata_snapshot_bytes_since (const StrataDomainFacts   *facts,
                                    StrataGraph               *graph);

G_END_DECLS
