/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* What the shapes on the map mean, and which keys move it. */
#define STRATA_TYPE_MAP_LEGEND (strata_map_legend_get_type ())

G_DECLARE_FINAL_TYPE (StrataMapLegend, strata_map_legend, STRATA, MAP_LEGEND, GtkBox)

G_END_DECLS
