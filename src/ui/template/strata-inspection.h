/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "guest/strata-guest-client.h"
#include "model/strata-host.h"

G_BEGIN_DECLS

/* What sealing can do on this computer, and what it would find in one guest. */
typedef struct
{
  JsonObject *operations; /* (nullable): what virt-sysprep can do; NULL if nothing can be sealed here */
  JsonObject *facts;      /* (nullable): what inspection found */
  GError     *error;      /* (nullable): why one of them is missing */
} StrataInspection;

void              strata_inspection_free       (StrataInspection        *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataInspection, strata_inspection_free)

/* PROGRESS is called on the main thread. A machine that runs is not looked into. */
void              strata_inspection_new_async  (StrataHost              *host,
                                                StrataMachine           *machine,
                                                StrataGuestProgressFunc  progress,
                                                gpointer                 progress_data,
                                                GDestroyNotify           progress_destroy,
                                                GCancellable            *cancellable,
                                                GAsyncReadyCallback      callback,
                                                gpointer                 user_data);
/* never NULL: what failed is told in its error */
StrataInspection *strata_inspection_new_finish (GAsyncResult            *result);

G_END_DECLS
