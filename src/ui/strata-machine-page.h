/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "jobs/strata-job-queue.h"
#include "model/strata-host.h"

G_BEGIN_DECLS

/* The page of a virtual machine. Properties: host, machine, queue. */
#define STRATA_TYPE_MACHINE_PAGE (strata_machine_page_get_type ())

G_DECLARE_FINAL_TYPE (StrataMachinePage, strata_machine_page, STRATA, MACHINE_PAGE, AdwBin)

G_END_DECLS
