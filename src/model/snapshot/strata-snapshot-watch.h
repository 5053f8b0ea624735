/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "model/strata-machine.h"

G_BEGIN_DECLS

/* Sees snapshots of one machine that another tool makes or deletes, and lets the connection say "domain-changed" for
 * it. Main thread. */
#define STRATA_TYPE_SNAPSHOT_WATCH (strata_snapshot_watch_get_type ())

G_DECLARE_FINAL_TYPE (StrataSnapshotWatch, strata_snapshot_watch, STRATA, SNAPSHOT_WATCH, GObject)

StrataSnapshotWatch *strata_snapshot_watch_new  (void);
/* both NULL: nothing is watched */
void                 strata_snapshot_watch_refresh (StrataSnapshotWatch *self,
                                                    StrataConnection    *connection,
                                                    StrataMachine       *machine);

G_END_DECLS
