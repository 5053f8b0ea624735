/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

#include "model/map/strata-map.h"

G_BEGIN_DECLS

/* What of a map one looks at, and what is lit therefore. Signals: changed. */
#define STRATA_TYPE_MAP_HIGHLIGHT (strata_map_highlight_get_type ())

G_DECLARE_FINAL_TYPE (StrataMapHighlight, strata_map_highlight, STRATA, MAP_HIGHLIGHT, GObject)

StrataMapHighlight *strata_map_highlight_new          (void);
/* MAP: (nullable). What is selected stays so if it is still there */
void            strata_map_highlight_set_map      (StrataMapHighlight *self,
                                                   StrataMap      *map);
/* what the pointer is on, else what is selected; STRATA_MAP_NONE */
guint           strata_map_highlight_get_active   (StrataMapHighlight *self);
guint           strata_map_highlight_get_selected (StrataMapHighlight *self);
/* STRATA_MAP_NONE: nothing */
void            strata_map_highlight_select       (StrataMapHighlight *self,
                                                   guint           index);
void            strata_map_highlight_set_hovered  (StrataMapHighlight *self,
                                                   guint           index);
/* (nullable) (transfer full): for each node, whether it is what a person looks for */
void            strata_map_highlight_take_matches (StrataMapHighlight *self,
                                                   guint8         *matches);
/* (nullable) (transfer none): for each node, whether it is lit; NULL where no node is more than others */
const guint8   *strata_map_highlight_get_lit      (StrataMapHighlight *self);

G_END_DECLS
