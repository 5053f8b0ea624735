/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* Sees to it that after another tool went back to a snapshot libvirt's metadata is safe for its next native call.
 * Main thread. */
#define STRATA_TYPE_SNAPSHOT_RECONCILER (strata_snapshot_reconciler_get_type ())

G_DECLARE_FINAL_TYPE (StrataSnapshotReconciler, strata_snapshot_reconciler, STRATA, SNAPSHOT_RECONCILER, GObject)

StrataSnapshotReconciler *strata_snapshot_reconciler_new (StrataConnection *connection);

G_END_DECLS
