/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* The cheapest look at a domain's snapshots: two calls, whatever their number. Blocking; worker threads only. */
GStrv strata_snapshot_list_names (StrataConnection  *connection,
                                  const char        *uuid,
                                  GError           **error);

G_END_DECLS
