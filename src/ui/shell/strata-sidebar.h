/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "model/strata-host.h"

G_BEGIN_DECLS

/* The machines and templates of a host, with search, and the choice of host.
 * Signal "activated" (): the person chose a row, in a narrow window its page is to be shown. */
#define STRATA_TYPE_SIDEBAR (strata_sidebar_get_type ())

G_DECLARE_FINAL_TYPE (StrataSidebar, strata_sidebar, STRATA, SIDEBAR, AdwBin)

StrataHost    *strata_sidebar_get_host    (StrataSidebar *self);
void           strata_sidebar_set_host    (StrataSidebar *self,
                                           StrataHost    *host);
/* of StrataHost, for the switcher */
void           strata_sidebar_set_hosts   (StrataSidebar *self,
                                           GListModel    *hosts);
StrataMachine *strata_sidebar_get_machine (StrataSidebar *self);
void           strata_sidebar_set_machine (StrataSidebar *self,
                                           StrataMachine *machine);
void           strata_sidebar_search      (StrataSidebar *self);
void           strata_sidebar_focus_list  (StrataSidebar *self);

G_END_DECLS
