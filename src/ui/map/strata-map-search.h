/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-map-view.h"

G_BEGIN_DECLS

/* A bar to look for names on the map: what matches is lit, and one goes from match to match. Properties: view, enabled
 * (whether the bar shows). */
#define STRATA_TYPE_MAP_SEARCH (strata_map_search_get_type ())

G_DECLARE_FINAL_TYPE (StrataMapSearch, strata_map_search, STRATA, MAP_SEARCH, AdwBin)

/* shows the bar, with the keyboard's focus */
void strata_map_search_start (StrataMapSearch *self);
/* looks for the same on what the view shows now */
void strata_map_search_again (StrataMapSearch *self);

G_END_DECLS
