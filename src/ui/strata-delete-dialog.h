/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "jobs/strata-job-queue.h"
#include "model/strata-host.h"

G_BEGIN_DECLS

AdwDialog *strata_delete_dialog_new (StrataJobQueue *queue,
                                     StrataHost     *host,
                                     StrataMachine  *machine);

G_END_DECLS
