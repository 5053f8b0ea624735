/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* Sees to it that after another tool went back to a snapshot libvirt's metadata is safe for its next native call.
 * Main thread. */
#define STRATA_TYPE_SNAPSHOT_KEEPER (strata_snapshot_keeper_get_type ())

G_DECLARE_FINAL_TYPE (StrataSnapshotKeeper, strata_snapshot_keeper, STRATA, SNAPSHOT_KEEPER, GObject)

StrataSnapshotKeeper *strata_snapshot_keeper_new (StrataConnection *connection);

G_END_DECLS
