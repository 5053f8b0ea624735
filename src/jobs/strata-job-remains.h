/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "strata-journal.h"

G_BEGIN_DECLS

GPtrArray *strata_job_remains_list (StrataJournal    *journal,
                                    StrataConnection *connection);

G_END_DECLS
