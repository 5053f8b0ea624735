/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-map-view.h"

G_BEGIN_DECLS

/* Looks for names on the map: what matches is lit, and one goes from match to match. */
#define STRATA_TYPE_MAP_SEARCH (strata_map_search_get_type ())

G_DECLARE_FINAL_TYPE (StrataMapSearch, strata_map_search, STRATA, MAP_SEARCH, GObject)

/* COUNT says how many matches there are */
StrataMapSearch *strata_map_search_new  (StrataMapView   *view,
                                         GtkLabel        *count);
/* "": for nothing */
void             strata_map_search_run  (StrataMapSearch *self,
                                         const char      *text);
/* BY: 1 or -1, to the next match or the one before */
void             strata_map_search_step (StrataMapSearch *self,
                                         int              by);

G_END_DECLS
