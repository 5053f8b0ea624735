/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "jobs/strata-job-queue.h"

G_BEGIN_DECLS

/* The operations of this process, newest first: the sheet at the window's foot. */
#define STRATA_TYPE_OPERATIONS (strata_operations_get_type ())

G_DECLARE_FINAL_TYPE (StrataOperations, strata_operations, STRATA, OPERATIONS, AdwBin)

G_END_DECLS
