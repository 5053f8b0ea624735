/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-connection.h"

G_BEGIN_DECLS

/* Whether PATH (FORMAT) and every image below it is there, is what its overlay says it is, and, where the
 * client may read it, is not damaged. It writes nothing; the images may be in use. Blocking; worker
 * threads only. */
gboolean strata_chain_check (StrataConnection  *connection,
                             const char        *path,
                             const char        *format,
                             GCancellable      *cancellable,
                             GError           **error);

G_END_DECLS
