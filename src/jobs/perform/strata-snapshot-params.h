/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/snapshot/strata-snapshot-create.h"
#include "strata-perform.h"

G_BEGIN_DECLS

/* CONTEXT: a step that takes a snapshot, which owns what PARAMS say; free with strata_snapshot_params_clear() */
void strata_snapshot_params_read (StrataStepContext *context, StrataSnapshotParams *params);
void strata_snapshot_params_clear (StrataSnapshotParams *params);
/* whether the snapshot that it takes has the guest's memory */
gboolean strata_snapshot_params_have_memory (const StrataSnapshotParams *params);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StrataSnapshotParams, strata_snapshot_params_clear)

G_END_DECLS
