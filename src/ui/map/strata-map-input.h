/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-map-view.h"

G_BEGIN_DECLS

/* what pointer, fingers, wheel and keys do to a map */
void     strata_map_input_attach     (StrataMapView   *view);
/* the keyboard's focus comes into the map; FALSE if there is nothing */
gboolean strata_map_input_enter      (StrataMapView   *view);
/* arrows and Tab; FALSE if the focus leaves the map */
gboolean strata_map_input_move_focus (StrataMapView   *view,
                                      GtkDirectionType direction);

G_END_DECLS
