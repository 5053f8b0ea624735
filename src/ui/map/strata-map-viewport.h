/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* What part of a plane is in sight, and how large. Lengths on the plane are the plane's own, others are pixels of the
 * widget. Signals: changed. */
#define STRATA_TYPE_MAP_VIEWPORT (strata_map_viewport_get_type ())

G_DECLARE_FINAL_TYPE (StrataMapViewport, strata_map_viewport, STRATA, MAP_VIEWPORT, GObject)

/* WIDGET: whose frames drive its movements; not referenced */
StrataMapViewport *strata_map_viewport_new          (GtkWidget             *widget);
void             strata_map_viewport_set_plane    (StrataMapViewport       *self,
                                                   float                  width,
                                                   float                  height);
void             strata_map_viewport_set_size (StrataMapViewport       *self,
                                               float                  width,
                                               float                  height);
/* the zoom at which what is on the plane is as large as other text */
void             strata_map_viewport_set_life     (StrataMapViewport       *self,
                                                   double                  life);
double           strata_map_viewport_get_zoom     (StrataMapViewport       *self);
/* what is in sight, on the plane */
graphene_rect_t  strata_map_viewport_get_sight    (StrataMapViewport       *self);
graphene_point_t strata_map_viewport_to_view      (StrataMapViewport       *self,
                                                   float                  x,
                                                   float                  y);
graphene_point_t strata_map_viewport_to_plane     (StrataMapViewport       *self,
                                                   float                  x,
                                                   float                  y);
/* moves the plane by pixels, as a hand does */
void             strata_map_viewport_pan          (StrataMapViewport       *self,
                                                   double                 dx,
                                                   double                 dy);
/* what is at X, Y of the widget stays there */
void             strata_map_viewport_zoom_at      (StrataMapViewport       *self,
                                                   double                 zoom,
                                                   double                 x,
                                                   double                 y);
/* around the middle, in a movement */
void             strata_map_viewport_zoom_to      (StrataMapViewport       *self,
                                                   double                 zoom);
/* the whole plane, no larger than life */
void             strata_map_viewport_fit          (StrataMapViewport       *self,
                                                   gboolean               animate);
/* as one first sees it: to be read */
void             strata_map_viewport_open         (StrataMapViewport       *self);
/* moves as little as it takes to see RECT of the plane */
void             strata_map_viewport_show         (StrataMapViewport       *self,
                                                   const graphene_rect_t *rect);

G_END_DECLS
