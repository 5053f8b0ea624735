/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "model/snapshot/strata-snapshot-node.h"

G_BEGIN_DECLS

/* What a row says while "you are here" is being moved. */
typedef enum
{
  STRATA_ROW_AT_REST,
  STRATA_ROW_UNDECIDED,
  STRATA_ROW_ALLOWED,
  STRATA_ROW_REFUSED,
} StrataRowMode;

/* A snapshot, a retained layer, or the machine itself in the tree. "toggled" is emitted when its branch should be shown or hidden,
 * "changed" when its node looks different. */
#define STRATA_TYPE_SNAPSHOT_ROW (strata_snapshot_row_get_type ())

G_DECLARE_FINAL_TYPE (StrataSnapshotRow, strata_snapshot_row, STRATA, SNAPSHOT_ROW, GtkBox)

GtkWidget          *strata_snapshot_row_new      (void);
StrataSnapshotNode *strata_snapshot_row_get_node (StrataSnapshotRow  *self);
void                strata_snapshot_row_set_node (StrataSnapshotRow  *self,
                                                  StrataSnapshotNode *node);
/* to a screen reader; ITEM is what a list has it in */
void                strata_snapshot_row_describe (StrataSnapshotRow  *self,
                                                  GtkListItem        *item);
/* REASON (nullable): shown in place of the description while HOVERED */
void                strata_snapshot_row_set_mode (StrataSnapshotRow  *self,
                                                  StrataRowMode       mode,
                                                  const char         *reason,
                                                  gboolean            hovered);

G_END_DECLS
