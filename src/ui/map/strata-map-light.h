/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

#include "model/map/strata-map.h"

G_BEGIN_DECLS

/* What of a map one looks at, and what is lit therefore. Signals: changed. */
#define STRATA_TYPE_MAP_LIGHT (strata_map_light_get_type ())

G_DECLARE_FINAL_TYPE (StrataMapLight, strata_map_light, STRATA, MAP_LIGHT, GObject)

StrataMapLight *strata_map_light_new          (void);
/* MAP: (nullable). What is selected stays so if it is still there */
void            strata_map_light_set_map      (StrataMapLight *self,
                                               StrataMap      *map);
/* what the pointer is on, else what is selected; STRATA_MAP_NONE */
guint           strata_map_light_get_active   (StrataMapLight *self);
guint           strata_map_light_get_selected (StrataMapLight *self);
/* STRATA_MAP_NONE: nothing */
void            strata_map_light_select       (StrataMapLight *self,
                                               guint           index);
void            strata_map_light_set_hovered  (StrataMapLight *self,
                                               guint           index);
/* (nullable) (transfer full): for each node, whether it is what somebody looks for */
void            strata_map_light_take_matches (StrataMapLight *self,
                                               guint8         *matches);
/* (nullable) (transfer none): for each node, whether it is lit; NULL where no node is more than others */
const guint8   *strata_map_light_get_lit      (StrataMapLight *self);

G_END_DECLS
