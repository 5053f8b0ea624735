/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "strata-map-layout.h"

G_BEGIN_DECLS

/* Makes a host's map and lays it out in a worker. PREVIOUS: (nullable): what is shown now */
void             strata_map_task_async  (StrataGraph         *graph,
                                         StrataMapLayout     *previous,
                                         GCancellable        *cancellable,
                                         GAsyncReadyCallback  callback,
                                         gpointer             user_data);
/* (transfer full) (nullable): NULL only if it was cancelled */
StrataMapLayout *strata_map_task_finish (GAsyncResult        *result,
                                         GError             **error);

G_END_DECLS
