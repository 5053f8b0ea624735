/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For src/model/strata-map*.c only. */

#pragma once

#include "strata-map.h"

G_BEGIN_DECLS

static inline guint
strata_map_index (GArray *indices, guint i)
{
  return g_array_index (indices, guint, i);
}

/* whether LINK's first end needs the second, and not the other way round */
static inline gboolean
strata_map_link_needs_to (const StrataMapLink *link)
{
  return link->kind == STRATA_MAP_LINK_TEMPLATE;
}

G_END_DECLS
