/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "strata-journal.h"

G_BEGIN_DECLS

/* What of a job stays behind if nothing more is done about it. CONNECTION: NULL where the host can't be asked.
 * (element-type utf8) (transfer full), sentences; worker threads only */
GPtrArray *strata_job_list_remains (StrataJournal *journal, StrataConnection *connection);

G_END_DECLS
