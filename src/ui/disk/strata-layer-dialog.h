/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "jobs/strata-job-queue.h"
#include "model/strata-host.h"

G_BEGIN_DECLS

/* Moving bytes between the layers of a disk: the plan of REQUEST, and how fast. */
AdwDialog *strata_layer_dialog_new (StrataJobQueue      *queue,
                                    StrataHost          *host,
                                    const StrataRequest *request,
                                    const char          *title);

G_END_DECLS
