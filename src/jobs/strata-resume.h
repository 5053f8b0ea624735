/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "strata-journal.h"

G_BEGIN_DECLS

gboolean strata_resume_check (StrataConnection *connection,
                              StrataJournal *journal,
                              GCancellable *cancellable,
                              GError **error);

G_END_DECLS
