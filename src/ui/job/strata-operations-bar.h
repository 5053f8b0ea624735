/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "jobs/strata-job-queue.h"

G_BEGIN_DECLS

/* "2 operations 63 %" at the window's foot; pressing it opens the operations. */
#define STRATA_TYPE_OPERATIONS_BAR (strata_operations_bar_get_type ())

G_DECLARE_FINAL_TYPE (StrataOperationsBar, strata_operations_bar, STRATA, OPERATIONS_BAR, AdwBin)

G_END_DECLS
