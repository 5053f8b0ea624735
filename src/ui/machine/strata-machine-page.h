/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-machine-view.h"

G_BEGIN_DECLS

/* The page of a virtual machine. Properties: host, machine, queue. */
#define STRATA_TYPE_MACHINE_PAGE (strata_machine_page_get_type ())

G_DECLARE_FINAL_TYPE (StrataMachinePage,
                      strata_machine_page,
                      STRATA,
                      MACHINE_PAGE,
                      StrataMachineView)

G_END_DECLS
