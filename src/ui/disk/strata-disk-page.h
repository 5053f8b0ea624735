/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "ui/machine/strata-machine-view.h"

G_BEGIN_DECLS

/* The disks of a machine, layer by layer. Properties: host, machine, queue. */
#define STRATA_TYPE_DISK_PAGE (strata_disk_page_get_type ())

G_DECLARE_FINAL_TYPE (StrataDiskPage, strata_disk_page, STRATA, DISK_PAGE, StrataMachineView)

G_END_DECLS
