/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "strata-journal.h"

G_BEGIN_DECLS

/* AT_ONCE: by the process that did it, which had the lock all the time */
gboolean strata_rollback_check (StrataConnection *connection,
                                StrataJournal *journal,
                                gboolean at_once,
                                GCancellable *cancellable,
                                GError **error);
/* of a step whose turn it is */
gboolean strata_rollback_check_removal (StrataConnection *connection,
                                        StrataJournal *journal,
                                        guint index,
                                        gboolean at_once,
                                        GError **error);

G_END_DECLS
