/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "model/map/strata-map-layout.h"
#include "strata-map-viewport.h"
#include "strata-map-highlight.h"

G_BEGIN_DECLS

/* A map to look around on, with the pointer, with fingers, or with keys. Signals: active-changed, activated (with the
 * node's index). */
#define STRATA_TYPE_MAP_VIEW (strata_map_view_get_type ())

G_DECLARE_FINAL_TYPE (StrataMapView, strata_map_view, STRATA, MAP_VIEW, GtkWidget)

/* LAYOUT: (nullable). What is selected stays so if it is still there */
void             strata_map_view_set_layout   (StrataMapView   *self,
                                               StrataMapLayout *layout);
StrataMapLayout *strata_map_view_get_layout   (StrataMapView   *self);
StrataMapViewport *strata_map_view_get_viewport   (StrataMapView   *self);
StrataMapHighlight  *strata_map_view_get_highlight    (StrataMapView   *self);
/* selects it and brings it into sight; FOCUS: with the keyboard's focus */
void             strata_map_view_go_to        (StrataMapView   *self,
                                               guint            index,
                                               gboolean         focus);

G_END_DECLS
