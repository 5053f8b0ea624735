/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "model/snapshot/strata-snapshot-node.h"

G_BEGIN_DECLS

/* The lines and the dot in front of a row of the tree. Colours: the CSS nodes "lane" and "lane.active" in it. */
#define STRATA_TYPE_LANE_GUTTER (strata_lane_gutter_get_type ())

G_DECLARE_FINAL_TYPE (StrataLaneGutter, strata_lane_gutter, STRATA, LANE_GUTTER, GtkWidget)

void strata_lane_gutter_set_style (StrataLaneGutter             *self,
                                   const StrataSnapshotNodeStyle *look);

G_END_DECLS
