/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* What libvirt says of a domain's snapshots, made true. Blocking; worker threads only. */

/* An image that has come to be somewhere else, or something else. */
typedef struct
{
  char *from;
  char *to;
  char *format; /* of TO */
} StrataImageMove;

StrataImageMove *strata_image_move_new (const char *from, const char *to, const char *format);
void strata_image_move_free (StrataImageMove *self);

/* Makes the documents of all snapshots true, and safe for other tools. MOVES: (nullable) (element-type StrataImageMove).
 * REMARKS: (nullable): takes a line for each thing that could not be mended. Idempotent. */
gboolean strata_snapshot_reconcile (StrataConnection *connection,
                                    const char *uuid,
                                    GPtrArray *moves,
                                    GPtrArray *remarks,
                                    GCancellable *cancellable,
                                    GError **error);

G_END_DECLS
