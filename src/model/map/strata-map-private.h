/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For src/model/strata-map*.c only. */

#pragma once

#include "strata-map.h"

G_BEGIN_DECLS

/* strata-map-node.c */
StrataMapNode *strata_map_add_node (StrataMap *self,
                                    StrataMapKind kind,
                                    const char *id,
                                    const char *name);
StrataMapMark *strata_map_mark_new (const StrataDomainFacts *domain,
                                    const StrataSnapshotFacts *snapshot,
                                    StrataSnapshotLocation location);
void strata_map_node_free (gpointer data);
/* strata-map-build.c: nodes in any order, links between them */
void strata_map_build (StrataMap *self, StrataGraph *graph);

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
