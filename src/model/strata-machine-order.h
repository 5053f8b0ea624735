/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-machine.h"

G_BEGIN_DECLS

/* The order in which machines are listed: by name, numbers in order ("web-2" before "web-10"), by UUID where names
 * are alike. MACHINES: element-type StrataMachine. */
void  strata_machine_order_sort (GPtrArray     *machines);
/* where MACHINE is in the sorted MACHINES or, if it is not there, belongs */
guint strata_machine_order_find (GPtrArray     *machines,
                                 StrataMachine *machine);

G_END_DECLS
