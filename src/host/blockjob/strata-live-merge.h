/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "host/connection/strata-transfer.h"
#include "host/domain/strata-live-disk.h"

G_BEGIN_DECLS

/* Merging layers of a disk while its VM runs or is paused: in that VM, since no other process may open them.
 * Blocking; worker threads only. Cancelled or failed half-way, every layer shows what it did before, and the
 * call may be made again; a job that a client (one of ours that died) left on the disk is waited
 * for. NOT_FOUND if the domain is gone, BUSY if it does not run, INVALID if its disk has no such layer. */

/* TOP into BASE, somewhere below it. ACTIVE: TOP is what the VM writes to now, and it goes on with BASE;
 * else TOP is a layer below that, and what stands on TOP stands on BASE afterwards. */
gboolean strata_live_commit (StrataConnection *connection,
                             const char       *uuid,
                             const char       *target,
                             const char       *top,
                             const char       *base,
                             gboolean          active,
                             const StrataTransfer *transfer,
                             GError          **error);
/* What the VM writes to takes all that is between it and BASE, which it then stands on; NULL: all there
 * is, and it stands on nothing. */
gboolean strata_live_pull   (StrataConnection *connection,
                             const char       *uuid,
                             const char       *target,
                             const char       *base,
                             const StrataTransfer *transfer,
                             GError          **error);

G_END_DECLS
