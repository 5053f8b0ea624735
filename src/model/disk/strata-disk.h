/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "model/strata-host.h"

G_BEGIN_DECLS

/* One disk of a machine as it was found on its host. Immutable. Properties: target, bus, path, format, capacity,
 * allocation (of the top layer, bytes), layers (file names, top first), present (it could be looked at). */
#define STRATA_TYPE_DISK (strata_disk_get_type ())

G_DECLARE_FINAL_TYPE (StrataDisk, strata_disk, STRATA, DISK, GObject)

const char        *strata_disk_get_target       (StrataDisk           *self);
const char        *strata_disk_get_path         (StrataDisk           *self);
const char        *strata_disk_get_format       (StrataDisk           *self);
guint64            strata_disk_get_capacity     (StrataDisk           *self);
guint64            strata_disk_get_allocation   (StrataDisk           *self);
/* bytes of all layers */
guint64            strata_disk_get_total        (StrataDisk           *self);
/* paths, top first */
const char *const *strata_disk_get_layers       (StrataDisk           *self);
/* why the host could not say more about it, or NULL */
const char        *strata_disk_get_problem      (StrataDisk           *self);

/* looks at the disks of MACHINE, layer by layer, in a worker */
void               strata_host_load_disks_async (StrataHost           *host,
                                                 StrataMachine        *machine,
                                                 GCancellable         *cancellable,
                                                 GAsyncReadyCallback   callback,
                                                 gpointer              user_data);
/* a list of StrataDisk */
GListModel        *strata_host_load_disks_finish (StrataHost          *host,
                                                  GAsyncResult        *result,
                                                  GError             **error);

G_END_DECLS
