/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The stratum behind a layer's words: as long as the layer is thick, hatched where it is shared, and over it how far a
 * merge is. Its colour is the widget’s. */
#define STRATA_TYPE_LAYER_BAND (strata_layer_band_get_type ())

G_DECLARE_FINAL_TYPE (StrataLayerBand, strata_layer_band, STRATA, LAYER_BAND, GtkWidget)

void strata_layer_band_set_style     (StrataLayerBand *self,
                                      double           thickness,
                                      gboolean         shared);
/* negative: nothing is under way */
void strata_layer_band_set_progress (StrataLayerBand *self,
                                     double           progress);

G_END_DECLS
