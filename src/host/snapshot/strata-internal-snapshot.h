/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "plan/strata-request.h"

G_BEGIN_DECLS

/* Snapshots inside an image, by libvirt's own calls. Blocking; worker threads only. */

/* That TAG is in none of the domain's disks but OWN: libvirt's calls tell the tags of a domain that runs by their names only, and
 * reach every disk that it has by then; else CHANGED */
gboolean strata_snapshot_require_no_other_tag (StrataConnection *connection,
                                               const char *uuid,
                                               const char *tag,
                                               const char *const *own,
                                               GCancellable *cancellable,
                                               GError **error);
/* An internal snapshot: with its TAG in every image of PATHS (FORMATS: NULL-terminated like PATHS). Fine if it is
 * gone already. */
gboolean strata_snapshot_delete_internal (StrataConnection *connection,
                                          const char *uuid,
                                          const char *name,
                                          const char *tag,
                                          const char *const *paths,
                                          const char *const *formats,
                                          GCancellable *cancellable,
                                          GError **error);
/* The domain is off before. AFTER: OFF, RUNNING or PAUSED. */
gboolean strata_snapshot_revert_internal (StrataConnection *connection,
                                          const char *uuid,
                                          const char *name,
                                          StrataAfter after,
                                          GError **error);

G_END_DECLS
