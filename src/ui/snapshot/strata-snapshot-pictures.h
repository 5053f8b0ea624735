/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "model/snapshot/strata-snapshot-tree.h"

G_BEGIN_DECLS

/* Gives the nodes of a tree of snapshots the pictures of the screen that were taken with them. Main thread. Signal: found
 * (some nodes have pictures now). */
#define STRATA_TYPE_SNAPSHOT_PICTURES (strata_snapshot_pictures_get_type ())

G_DECLARE_FINAL_TYPE (StrataSnapshotPictures,
                      strata_snapshot_pictures,
                      STRATA,
                      SNAPSHOT_PICTURES,
                      GObject)

StrataSnapshotPictures *strata_snapshot_pictures_new  (StrataSnapshotTree     *tree);
/* UUID (nullable): the machine whose tree it is; looks for new ones in a worker */
void                    strata_snapshot_pictures_refresh (StrataSnapshotPictures *self,
                                                          const char             *uuid);

G_END_DECLS
