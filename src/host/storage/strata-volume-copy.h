/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "host/connection/strata-transfer.h"

G_BEGIN_DECLS

/* An image's file byte for byte, on a host whose files the client does not see: every byte comes here
 * and goes back. On cancel or failure nothing is left at TO. Blocking; worker threads only. */
gboolean strata_volume_copy (StrataConnection  *connection,
                             const char        *from,
                             const char        *to,
                             const StrataTransfer *transfer,
                             GError           **error);

G_END_DECLS
