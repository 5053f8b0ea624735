/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How a work that moves bytes tells how far it is, and is told how fast it may be. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define STRATA_BANDWIDTH_SAME G_MAXUINT64

/* Takes how far a work is, and returns how many bytes per second it may move from now on, 0 for no limit, where the work
 * can still be told; STRATA_BANDWIDTH_SAME: as it was begun. */
typedef guint64 (*StrataByteFunc) (guint64  done,
                                   guint64  total,
                                   gpointer user_data);

G_END_DECLS
