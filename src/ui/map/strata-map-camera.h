/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* What part of a plane is in sight, and how large. Lengths on the plane are the plane's own, others are pixels of the
 * widget. Signals: changed. */
#define STRATA_TYPE_MAP_CAMERA (strata_map_camera_get_type ())

G_DECLARE_FINAL_TYPE (StrataMapCamera, strata_map_camera, STRATA, MAP_CAMERA, GObject)

/* WIDGET: whose frames drive its movements; not referenced */
StrataMapCamera *strata_map_camera_new          (GtkWidget             *widget);
void             strata_map_camera_set_plane    (StrataMapCamera       *self,
                                                 float                  width,
                                                 float                  height);
void             strata_map_camera_set_viewport (StrataMapCamera       *self,
                                                 float                  width,
                                                 float                  height);
double           strata_map_camera_get_zoom     (StrataMapCamera       *self);
/* what is in sight, on the plane */
graphene_rect_t  strata_map_camera_get_sight    (StrataMapCamera       *self);
graphene_point_t strata_map_camera_to_view      (StrataMapCamera       *self,
                                                 float                  x,
                                                 float                  y);
graphene_point_t strata_map_camera_to_plane     (StrataMapCamera       *self,
                                                 float                  x,
                                                 float                  y);
/* moves the plane by pixels, as a hand does */
void             strata_map_camera_pan          (StrataMapCamera       *self,
                                                 double                 dx,
                                                 double                 dy);
/* what is at X, Y of the widget stays there */
void             strata_map_camera_zoom_at      (StrataMapCamera       *self,
                                                 double                 zoom,
                                                 double                 x,
                                                 double                 y);
/* around the middle, in a movement */
void             strata_map_camera_zoom_to      (StrataMapCamera       *self,
                                                 double                 zoom);
/* the whole plane, no larger than life */
void             strata_map_camera_fit          (StrataMapCamera       *self,
                                                 gboolean               animate);
/* as one first sees it: to be read */
void             strata_map_camera_open         (StrataMapCamera       *self);
/* moves as little as it takes to see RECT of the plane */
void             strata_map_camera_show         (StrataMapCamera       *self,
                                                 const graphene_rect_t *rect);

G_END_DECLS
