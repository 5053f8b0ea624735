/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Makes STORE hold WANTED (element-type GObject, each once), in that order, by as few insertions and removals as there
 * are differences: the longest run of items that keep their order is not touched. */
void strata_list_diff_apply (GListStore *store,
                             GPtrArray  *wanted);

G_END_DECLS
