/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-snapshot-create.h"

G_BEGIN_DECLS

/* The guest of a domain that is off goes on from the snapshot that was made by ORDER, on the disks that this put it on: what was
 * written to them since goes. Blocking; worker threads only. */
gboolean strata_snapshot_bring_back (StrataConnection *connection,
                                     const StrataSnapshotParams *params,
                                     gboolean paused,
                                     GError **error);

G_END_DECLS
