/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "model/strata-host.h"

G_BEGIN_DECLS

/* (element-type StrataHost): this computer's two, and those that were connected to, as SETTINGS remember them */
GListStore *strata_known_hosts_new    (GSettings  *settings);
/* (transfer none): finds the host of URI, or adds and remembers it */
StrataHost *strata_known_hosts_ensure (GListStore *hosts,
                                       GSettings  *settings,
                                       const char *uri);
/* this computer's own stay in the list */
gboolean    strata_known_hosts_can_remove (StrataHost *host);
/* removes HOST from the list and from what is remembered */
void        strata_known_hosts_remove (GListStore *hosts,
                                       GSettings  *settings,
                                       StrataHost *host);

G_END_DECLS
