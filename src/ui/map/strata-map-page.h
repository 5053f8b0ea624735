/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "model/strata-host.h"

G_BEGIN_DECLS

/* A host's machines, templates, images and snapshots as one picture. Properties: host. */
#define STRATA_TYPE_MAP_PAGE (strata_map_page_get_type ())

G_DECLARE_FINAL_TYPE (StrataMapPage, strata_map_page, STRATA, MAP_PAGE, AdwBin)

/* puts the keyboard's focus on the map, as soon as there is one */
void strata_map_page_focus (StrataMapPage *self);

G_END_DECLS
