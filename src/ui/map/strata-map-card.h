/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "model/map/strata-map.h"

G_BEGIN_DECLS

/* Something on the map, as long as it is in sight: what the pointer, the keyboard and a screen reader meet. */
#define STRATA_TYPE_MAP_CARD (strata_map_card_get_type ())

G_DECLARE_FINAL_TYPE (StrataMapCard, strata_map_card, STRATA, MAP_CARD, GtkWidget)

GtkWidget  *strata_map_card_new           (void);
/* becomes another node's, or that of the same node on another map */
void        strata_map_card_set_node      (StrataMapCard *self,
                                           StrataMap     *map,
                                           guint          index);
guint       strata_map_card_get_index     (StrataMapCard *self);
/* says what it is and what would be if it went; not said before, as it takes a moment */
void        strata_map_card_describe      (StrataMapCard *self,
                                           StrataMap     *map);
void        strata_map_card_set_dimmed    (StrataMapCard *self,
                                           gboolean       dimmed);

G_END_DECLS
