/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "model/strata-host.h"

G_BEGIN_DECLS

/* What sealing will remove from a guest, and which of it is wanted. Signal "continued" (). */
#define STRATA_TYPE_SEAL_PAGE (strata_seal_page_get_type ())

G_DECLARE_FINAL_TYPE (StrataSealPage, strata_seal_page, STRATA, SEAL_PAGE, AdwNavigationPage)

/* looks into the guest, once */
void   strata_seal_page_inspect        (StrataSealPage *self,
                                        StrataHost     *host,
                                        StrataMachine  *machine);
/* (transfer full): names of what is selected; empty if the template shall not be sealed */
char **strata_seal_page_dup_operations (StrataSealPage *self);

G_END_DECLS
