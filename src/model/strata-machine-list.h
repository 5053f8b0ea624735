/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"
#include "strata-machine.h"

G_BEGIN_DECLS

/* The machines of one connection, sorted by name: a GListModel of StrataMachine that follows libvirt's events.
 * Main thread; everything that asks libvirt happens in workers, one at a time, and many events
 * about one machine become one look at it. */
#define STRATA_TYPE_MACHINE_LIST (strata_machine_list_get_type ())

G_DECLARE_FINAL_TYPE (StrataMachineList, strata_machine_list, STRATA, MACHINE_LIST, GObject)

StrataMachineList *strata_machine_list_new           (void);
/* Looks at all machines and from then on follows CONNECTION; machines known by their UUIDs stay the same objects. */
void               strata_machine_list_follow_async  (StrataMachineList    *self,
                                                      StrataConnection     *connection,
                                                      GCancellable         *cancellable,
                                                      GAsyncReadyCallback   callback,
                                                      gpointer              user_data);
gboolean           strata_machine_list_follow_finish (StrataMachineList    *self,
                                                      GAsyncResult         *result,
                                                      GError              **error);
/* follows nothing any more; the machines stay as last seen */
void               strata_machine_list_unfollow      (StrataMachineList    *self);
void               strata_machine_list_clear         (StrataMachineList    *self);
StrataMachine     *strata_machine_list_find          (StrataMachineList    *self,
                                                      const char           *name_or_uuid);

G_END_DECLS
