/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/storage/strata-deploy-targets.h"
#include "strata-host.h"

G_BEGIN_DECLS

/* where clones can be put on HOST, asked in a worker */
void          strata_host_load_places_async  (StrataHost           *host,
                                              GCancellable         *cancellable,
                                              GAsyncReadyCallback   callback,
                                              gpointer              user_data);
StrataDeployTargets *strata_host_load_places_finish (StrataHost           *host,
                                                     GAsyncResult         *result,
                                                     GError              **error);

G_END_DECLS
