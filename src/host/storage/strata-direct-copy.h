/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "host/connection/strata-transfer.h"

G_BEGIN_DECLS

/* The short way to a full copy, where the client sees the files and may read and write them. */
gboolean strata_direct_copy (StrataConnection *connection,
                             const char *from,
                             const char *to,
                             const StrataTransfer *transfer,
                             GError **error);
/* BUSY where another program writes to it; an image that the client may not look at is let pass */
gboolean strata_direct_require_unwritten (StrataConnection *connection,
                                          const char *path,
                                          const char *format,
                                          GCancellable *cancellable,
                                          GError **error);
gboolean strata_direct_require_frozen (StrataConnection *connection,
                                       const char *path,
                                       GError **error);
/* any file, with all that is in it; through libvirt where the client may not */
gboolean strata_direct_copy_verbatim (StrataConnection *connection,
                                      const char *from,
                                      const char *to,
                                      const StrataTransfer *transfer,
                                      GError **error);

G_END_DECLS
