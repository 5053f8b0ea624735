/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* What a step that can't be taken back asks of the host directly before it acts: other tools know nothing of our locks.
 * Blocking; worker threads only. Each fails with STRATA_ERROR_CHANGED where the host is not what the plan takes it for. */

/* The domain has the disks of PREVIOUS, or of XML: (nullable): where the step was begun before; and is for the rest defined as
 * KNOWN, or as PREVIOUS where that is NULL */
gboolean strata_require_definition (StrataConnection *connection,
                                    const char *uuid,
                                    const char *previous,
                                    const char *xml,
                                    const char *known,
                                    GError **error);
/* The domain outlives its guest */
gboolean strata_require_persistent (StrataConnection *connection, const char *uuid, GError **error);
/* What the domain runs on is what it is defined with, by what the files are. */
gboolean strata_require_same_disks (StrataConnection *connection,
                                    const char *uuid,
                                    GCancellable *cancellable,
                                    GError **error);
gboolean strata_require_off (StrataConnection *connection, const char *uuid, GError **error);
/* The domain has no state saved in the middle of its work, which goes with the very disks it had; BUSY */
gboolean strata_require_unsaved (StrataConnection *connection, const char *uuid, GError **error);
/* No domain that is saved goes on with PATH, or with what stands on it; BUSY */
gboolean strata_require_none_saved_on (StrataConnection *connection,
                                       const char *path,
                                       GCancellable *cancellable,
                                       GError **error);
/* MEDIA (nullable): files, that go into the drives of the machine NAME; else REFUSED with the one that is missing */
gboolean strata_require_media (StrataConnection *connection,
                               const char *name,
                               JsonArray *media,
                               GError **error);
/* No domain has PATH as its disk, now or when it is started next, or says that its disk stands on it */
gboolean strata_require_unused (StrataConnection *connection,
                                const char *path,
                                GCancellable *cancellable,
                                GError **error);
/* No other domain has come to share an image to which the domain's guest would write, or to stand on it */
gboolean strata_require_unshared (StrataConnection *connection,
                                  const char *uuid,
                                  GCancellable *cancellable,
                                  GError **error);
/* No domain runs on TOP or BASE, and none has come to stand on them */
gboolean strata_require_at_rest (StrataConnection *connection,
                                 const char *top,
                                 const char *base,
                                 GCancellable *cancellable,
                                 GError **error);

G_END_DECLS
