/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "host/connection/strata-vir.h"

G_BEGIN_DECLS

/* For the files on snapshots only. */

/* NOT_FOUND if it is gone */
virDomainSnapshotPtr strata_snapshot_lookup (virDomainPtr domain, const char *name, GError **error);

G_END_DECLS
