/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-machine-view.h"

G_BEGIN_DECLS

/* What a virtual machine is: memory, firmware, where it was deployed from. Properties: host, machine. */
#define STRATA_TYPE_MACHINE_DETAILS (strata_machine_details_get_type ())

G_DECLARE_FINAL_TYPE (StrataMachineDetails,
                      strata_machine_details,
                      STRATA,
                      MACHINE_DETAILS,
                      StrataMachineView)

G_END_DECLS
