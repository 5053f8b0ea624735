/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The pictures of a machine's screen that were taken with its snapshots: a snapshot's name -> the file. Reads a folder:
 * worker threads only. */
GHashTable *strata_screens_list (const char *uuid);

G_END_DECLS
