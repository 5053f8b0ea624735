/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "graph/strata-graph.h"
#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* The cheapest look at a domain's snapshots: three calls, whatever their number. Blocking; worker threads only. */
GStrv strata_snapshot_list_names (StrataConnection  *connection,
                                  const char        *uuid,
                                  GError           **error);

/* (transfer full): the last of them for CURRENT */
char *strata_snapshot_names_get_current (const StrataSnapshotFacts *current);

G_END_DECLS
