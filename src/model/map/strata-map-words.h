/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-map-impact.h"

G_BEGIN_DECLS

/* (transfer none): "Image", "Joint", "Virtual machine"… */
const char *strata_map_words_for_kind        (const StrataMapNode   *node);
/* the line under its name on the map: "1.2 GB · before-upgrade" */
char       *strata_map_words_for_line        (const StrataMapNode   *node);
/* "Image · qcow2", "Virtual machine · running" */
char       *strata_map_words_for_type        (const StrataMapNode   *node);
/* (nullable): "461 MB of 2.1 GB"; NULL where it is not known */
char       *strata_map_words_for_size        (const StrataMapNode   *node);
/* (nullable): the snapshots at it, by name */
char       *strata_map_words_for_marks       (const StrataMapNode   *node);
/* (nullable): what it stands on directly, by name */
char       *strata_map_words_for_below       (StrataMap             *map,
                                              guint                  index);
/* (nullable): who needs it directly, by name */
char       *strata_map_words_for_above       (StrataMap             *map,
                                              guint                  index);
/* "If it went: web-01 and 2 snapshots would break." or that no node would miss it */
char       *strata_map_words_for_impact      (StrataMap             *map,
                                              guint                  index,
                                              const StrataMapImpact *impact);
/* (nullable): "Would free 1.2 GB." */
char       *strata_map_words_for_freed       (const StrataMapNode   *node,
                                              const StrataMapImpact *impact);
/* all of it in sentences, for who can't see the links */
char       *strata_map_words_for_description (StrataMap             *map,
                                              guint                  index,
                                              const StrataMapImpact *impact);

G_END_DECLS
