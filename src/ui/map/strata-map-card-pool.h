/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "model/map/strata-map-layout.h"
#include "strata-map-viewport.h"
#include "strata-map-card.h"

G_BEGIN_DECLS

/* The cards of what is in sight, children of the map, which are kept and used again. Signals: focused (with the node's index). */
#define STRATA_TYPE_MAP_CARD_POOL (strata_map_card_pool_get_type ())

G_DECLARE_FINAL_TYPE (StrataMapCardPool, strata_map_card_pool, STRATA, MAP_CARD_POOL, GObject)

/* PARENT: not referenced */
StrataMapCardPool *strata_map_card_pool_new    (GtkWidget       *parent,
                                                StrataMapViewport *viewport);
/* a node that is still there keeps its card. (nullable) */
void           strata_map_card_pool_deal   (StrataMapCardPool   *self,
                                            StrataMapLayout *layout);
/* a card for each in sight, and none for others but who has the focus; not while children are being placed */
void           strata_map_card_pool_sync   (StrataMapCardPool   *self);
/* puts cards where the viewport sees them */
void           strata_map_card_pool_place  (StrataMapCardPool   *self);
void           strata_map_card_pool_draw   (StrataMapCardPool   *self,
                                            GtkSnapshot     *snapshot);
/* LIT: (nullable): who is not lit is dimmed */
void           strata_map_card_pool_light  (StrataMapCardPool   *self,
                                            const guint8    *lit);
/* also for what is not in sight */
StrataMapCard *strata_map_card_pool_ensure (StrataMapCardPool   *self,
                                            guint            index);

G_END_DECLS
