/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-connection.h"

G_BEGIN_DECLS

/* The layers of a running domain's disk, as QEMU has them open. Blocking; worker threads only. */

/* (transfer full): canonical paths, the one that is written to first */
GStrv strata_layer_list (StrataConnection  *connection,
                         virDomainPtr       domain,
                         const char        *target,
                         GError           **error);
/* (transfer full): libvirt's name for the layer PATH below the topmost one, `vda[3]`; NULL if it is not there */
char *strata_layer_find (StrataConnection  *connection,
                         virDomainPtr       domain,
                         const char        *target,
                         const char        *path);

G_END_DECLS
