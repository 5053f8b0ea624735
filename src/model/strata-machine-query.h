/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* What a worker saw when it looked at some machines, or at all. */
typedef struct
{
  GPtrArray *facts; /* StrataDomainFacts */
  GPtrArray *gone;  /* UUIDs of those that are not there any more */
} StrataMachineQuery;

void        strata_machine_query_free   (StrataMachineQuery           *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataMachineQuery, strata_machine_query_free)

/* UUIDS: NULL for all machines; the callback's object is CONNECTION */
void        strata_machine_query_async  (StrataConnection     *connection,
                                         const char *const    *uuids,
                                         GCancellable         *cancellable,
                                         GAsyncReadyCallback   callback,
                                         gpointer              user_data);
StrataMachineQuery *strata_machine_query_finish (GAsyncResult         *result,
                                                 GError              **error);

G_END_DECLS
