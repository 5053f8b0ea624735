/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "model/map/strata-map-layout.h"
#include "strata-map-viewport.h"

G_BEGIN_DECLS

/* What a style sheet colours; each is a style class of a node named "mapink". */
typedef enum
{
  STRATA_MAP_COLOUR_LINE,
  STRATA_MAP_COLOUR_LIT,
  STRATA_MAP_COLOUR_DIMMED,
  STRATA_MAP_COLOUR_IMAGE,
  STRATA_MAP_COLOUR_MACHINE,
  STRATA_MAP_COLOUR_TEMPLATE,
  STRATA_MAP_COLOUR_MEMORY,
  STRATA_MAP_COLOUR_RETAINED,
  STRATA_MAP_COLOUR_FREE,
  STRATA_MAP_COLOUR_MISSING,
  STRATA_MAP_COLOUR_UNCLEAR,
  STRATA_MAP_N_COLOURS,
} StrataMapColour;

/* What there is to draw. LIT: (nullable): for each node, whether it is lit; NULL where no node is more than others */
typedef struct
{
  StrataMapLayout *layout;
  StrataMapViewport *viewport;
  const guint8    *lit;
  const GdkRGBA   *colours;
  guint            selected; /* STRATA_MAP_NONE */
} StrataMapRenderer;

const char *strata_map_colour_get_css_class (StrataMapColour  colour);
/* links, with round corners; only what is in sight */
void        strata_map_renderer_draw_lines    (const StrataMapRenderer *self,
                                               GtkSnapshot        *snapshot);
/* links and nodes from so far that nothing of them can be read */
void        strata_map_renderer_draw_far      (const StrataMapRenderer *self,
                                               GtkSnapshot        *snapshot);

G_END_DECLS
