/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* does the Ith item; called in several threads at once */
typedef gboolean (*StrataParallelFunc) (guint i, gpointer user_data, GError **error);

/* FUNC for 0 … N_ITEMS - 1, until one fails. Blocking; worker threads only. */
gboolean strata_parallel_run (guint n_items,
                              StrataParallelFunc func,
                              gpointer user_data,
                              GCancellable *cancellable,
                              GError **error);

G_END_DECLS
