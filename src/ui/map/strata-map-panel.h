/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "model/map/strata-map.h"

G_BEGIN_DECLS

/* What there is to say of something on the map: what it is, who needs it, and what would be if it went. */
#define STRATA_TYPE_MAP_PANEL (strata_map_panel_get_type ())

G_DECLARE_FINAL_TYPE (StrataMapPanel, strata_map_panel, STRATA, MAP_PANEL, AdwBin)

void strata_map_panel_show_node (StrataMapPanel *self,
                                 StrataMap      *map,
                                 guint           index);

G_END_DECLS
