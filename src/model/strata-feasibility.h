/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "plan/planner/strata-planner.h"

G_BEGIN_DECLS

/* Whether the planner would do what is asked, without doing it. */
void     strata_feasibility_ask_async  (StrataGraph          *graph,
                                        const StrataRequest  *request,
                                        GCancellable         *cancellable,
                                        GAsyncReadyCallback   callback,
                                        gpointer              user_data);
/* FALSE: refused, with the planner's reason and hint, or cancelled */
gboolean strata_feasibility_ask_finish (StrataGraph          *graph,
                                        GAsyncResult         *result,
                                        GError              **error);
/* for who else looks into GRAPH in a worker */
GMutex  *strata_feasibility_get_lock   (StrataGraph          *graph);

G_END_DECLS
