/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "ui/machine/strata-machine-view.h"

G_BEGIN_DECLS

/* The disks of a machine, each with its size and the layers under it. */
#define STRATA_TYPE_DISK_GROUP (strata_disk_group_get_type ())

G_DECLARE_FINAL_TYPE (StrataDiskGroup, strata_disk_group, STRATA, DISK_GROUP, StrataMachineView)

G_END_DECLS
