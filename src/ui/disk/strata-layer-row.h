/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "jobs/strata-job-queue.h"
#include "model/disk/strata-disk-layer.h"
#include "model/strata-host.h"

G_BEGIN_DECLS

/* One layer of a disk: what it is, who holds it, what is done to it at the moment, and the menu of what can be. */
#define STRATA_TYPE_LAYER_ROW (strata_layer_row_get_type ())

G_DECLARE_FINAL_TYPE (StrataLayerRow, strata_layer_row, STRATA, LAYER_ROW, GtkListBoxRow)

/* DEPTH: 0 for what the guest writes to; OTHER_FOLDER: not where the layer above it is */
GtkWidget       *strata_layer_row_new         (StrataHost      *host,
                                               StrataJobQueue  *queue,
                                               StrataMachine   *machine,
                                               StrataDiskLayer *layer,
                                               guint            depth,
                                               gboolean         other_folder);
StrataDiskLayer *strata_layer_row_get_layer   (StrataLayerRow  *self);
/* the host as it is now: what could be done before may not be any more */
void             strata_layer_row_set_graph   (StrataLayerRow  *self,
                                               StrataGraph     *graph);
/* what merges it now, or NULL */
void             strata_layer_row_set_job     (StrataLayerRow  *self,
                                               StrataJob       *job);
/* X, Y: where in the row to point, in pixels; negative: at its button */
void             strata_layer_row_pop_up_menu (StrataLayerRow  *self,
                                               double           x,
                                               double           y);

G_END_DECLS
