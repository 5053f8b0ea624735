/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-map.h"

G_BEGIN_DECLS

/* (transfer full): "4 machines · 12 images · 1 free" */
char *strata_map_summary_to_words (StrataMap *map);

G_END_DECLS
