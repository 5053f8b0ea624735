/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* The disks of a running or paused VM. Blocking; worker threads only. */

/* BUSY if it does not run */
virDomainPtr strata_live_find (StrataConnection *connection, const char *uuid, GError **error);
/* (transfer full): the canonical paths of the disk's layers as QEMU has them open now, what the VM writes
 * to first; errors as above */
GStrv strata_live_chain (StrataConnection *connection,
                         const char *uuid,
                         const char *target,
                         GError **error);
/* What a block job wrote is on the disk, and no longer in QEMU's memory alone. PATH (nullable): the image that it
 * wrote to. Nothing on a QEMU that does this by itself,
 * and fine if the domain is off: when it ended, it flushed. */
gboolean strata_live_flush (StrataConnection *connection,
                            const char *uuid,
                            const char *path,
                            GError **error);

G_END_DECLS
