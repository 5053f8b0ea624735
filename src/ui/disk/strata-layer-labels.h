/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "model/disk/strata-disk-layer.h"

G_BEGIN_DECLS

/* What is written on a layer. */
void  strata_layer_labels_add_chips       (AdwWrapBox      *chips,
                                           StrataDiskLayer *layer);
void  strata_layer_labels_add_problems    (GtkBox          *list,
                                           StrataDiskLayer *layer);
char *strata_layer_labels_name_dependents (StrataDiskLayer *layer);

G_END_DECLS
