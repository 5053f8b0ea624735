/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "model/map/strata-map-layout.h"
#include "strata-map-camera.h"
#include "strata-map-card.h"

G_BEGIN_DECLS

/* The cards of what is in sight, children of the map, which are kept and used again. Signals: focused (with the node's index). */
#define STRATA_TYPE_MAP_DECK (strata_map_deck_get_type ())

G_DECLARE_FINAL_TYPE (StrataMapDeck, strata_map_deck, STRATA, MAP_DECK, GObject)

/* PARENT: not referenced */
StrataMapDeck *strata_map_deck_new    (GtkWidget       *parent,
                                       StrataMapCamera *camera);
/* whoever is still there keeps his card. (nullable) */
void           strata_map_deck_deal   (StrataMapDeck   *self,
                                       StrataMapLayout *layout);
/* a card for each in sight, and none for others but who has the focus; not while children are being placed */
void           strata_map_deck_sync   (StrataMapDeck   *self);
/* puts cards where the camera sees them */
void           strata_map_deck_place  (StrataMapDeck   *self);
void           strata_map_deck_draw   (StrataMapDeck   *self,
                                       GtkSnapshot     *snapshot);
/* LIT: (nullable): who is not lit is dimmed */
void           strata_map_deck_light  (StrataMapDeck   *self,
                                       const guint8    *lit);
/* also for what is not in sight */
StrataMapCard *strata_map_deck_ensure (StrataMapDeck   *self,
                                       guint            index);

G_END_DECLS
