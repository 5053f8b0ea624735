/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "ui/machine/strata-machine-view.h"

G_BEGIN_DECLS

/* The snapshots of a machine. Properties: host, machine, queue. */
#define STRATA_TYPE_SNAPSHOT_PAGE (strata_snapshot_page_get_type ())

G_DECLARE_FINAL_TYPE (StrataSnapshotPage,
                      strata_snapshot_page,
                      STRATA,
                      SNAPSHOT_PAGE,
                      StrataMachineView)

G_END_DECLS
