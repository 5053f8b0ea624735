/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "12 MB of 200 MB · 40 MB/s · 5 seconds left", as far as it is known: RATE 0 and SECONDS_LEFT -1 are not. */
char *strata_job_words_describe_progress (guint64 done,
                                          guint64 total,
                                          guint64 rate,
                                          int     seconds_left);

G_END_DECLS
