/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "guest/strata-seal-recipe.h"
#include "strata-appliance.h"

G_BEGIN_DECLS

void     strata_guest_facts_gather   (StrataAppliance *appliance,
                                      StrataSealFacts *facts);
gboolean strata_guest_will_make_keys (guestfs_h       *g);
char    *strata_guest_os_name        (StrataAppliance *appliance);

G_END_DECLS
