/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "strata-journal.h"

G_BEGIN_DECLS

/* Which host a job is for, whatever URI it is reached by. Worker threads only. */
JsonObject *strata_host_identity_new (StrataConnection *connection, StrataPlan *plan);
gboolean strata_host_identity_matches (StrataConnection *connection, StrataJournal *journal);
/* likewise, and also where it can't be told because the job's machines are gone */
gboolean strata_host_identity_may_be (StrataConnection *connection, StrataJournal *journal);
/* with a refusal that says what to do instead */
gboolean strata_host_identity_check (StrataConnection *connection,
                                     StrataJournal *journal,
                                     GError **error);

G_END_DECLS
