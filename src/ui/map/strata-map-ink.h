/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "model/map/strata-map-layout.h"
#include "strata-map-camera.h"

G_BEGIN_DECLS

/* What a style sheet colours; each is a style class of a node named "mapink". */
typedef enum
{
  STRATA_MAP_INK_LINE,
  STRATA_MAP_INK_LIT,
  STRATA_MAP_INK_DIMMED,
  STRATA_MAP_INK_IMAGE,
  STRATA_MAP_INK_MACHINE,
  STRATA_MAP_INK_TEMPLATE,
  STRATA_MAP_INK_MEMORY,
  STRATA_MAP_INK_JOINT,
  STRATA_MAP_INK_FREE,
  STRATA_MAP_INK_MISSING,
  STRATA_MAP_INK_UNCLEAR,
  STRATA_MAP_N_INKS,
} StrataMapInkColour;

/* What there is to draw. LIT: (nullable): for each node, whether it is lit; NULL where no node is more than others */
typedef struct
{
  StrataMapLayout *layout;
  StrataMapCamera *camera;
  const guint8    *lit;
  const GdkRGBA   *colours;
  guint            selected; /* STRATA_MAP_NONE */
} StrataMapInk;

const char *strata_map_ink_get_css_class (StrataMapInkColour  colour);
/* links, with round corners; only what is in sight */
void        strata_map_ink_draw_lines    (const StrataMapInk *self,
                                          GtkSnapshot        *snapshot);
/* links and nodes from so far that nothing of them can be read */
void        strata_map_ink_draw_far      (const StrataMapInk *self,
                                          GtkSnapshot        *snapshot);

G_END_DECLS
