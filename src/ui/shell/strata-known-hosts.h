/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "model/strata-host.h"

G_BEGIN_DECLS

#define STRATA_DEFAULT_URI "qemu:///session"

/* (element-type StrataHost): those that were connected to, as SETTINGS remember them, and the usual one */
GListStore *strata_known_hosts_new    (GSettings  *settings);
/* (transfer none): finds the host of URI, or adds and remembers it */
StrataHost *strata_known_hosts_ensure (GListStore *hosts,
                                       GSettings  *settings,
                                       const char *uri);

G_END_DECLS
