/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* What a worker saw when it looked at some machines, or at all. */
typedef struct
{
  GPtrArray *facts; /* StrataDomainFacts */
  GPtrArray *gone;  /* UUIDs of those that are not there any more */
} StrataLook;

void        strata_look_free   (StrataLook           *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataLook, strata_look_free)

/* UUIDS: NULL for all machines; the callback's object is CONNECTION */
void        strata_look_async  (StrataConnection     *connection,
                                const char *const    *uuids,
                                GCancellable         *cancellable,
                                GAsyncReadyCallback   callback,
                                gpointer              user_data);
StrataLook *strata_look_finish (GAsyncResult         *result,
                                GError              **error);

G_END_DECLS
