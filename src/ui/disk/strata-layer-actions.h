/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-layer-row.h"

G_BEGIN_DECLS

/* What can be done with a layer, and why not; for one row, which it does not outlive. */
typedef struct _StrataLayerActions StrataLayerActions;

/* actions "layer.…" of the class of rows */
void                strata_layer_actions_install    (GtkWidgetClass     *row_class);
/* CHANGED: called on ROW when there is an answer */
StrataLayerActions *strata_layer_actions_new        (StrataLayerRow     *row,
                                                     void              (*changed) (StrataLayerRow *row));
void                strata_layer_actions_free       (StrataLayerActions *self);
/* NULL: nothing is known of the host */
void                strata_layer_actions_set_graph  (StrataLayerActions *self,
                                                     StrataGraph        *graph);
/* asks the planner about each, unless it was asked already */
void                strata_layer_actions_ask        (StrataLayerActions *self);
/* NULL where ACTION can be done */
const char         *strata_layer_actions_get_reason (StrataLayerActions *self,
                                                     const char         *action);

G_END_DECLS
