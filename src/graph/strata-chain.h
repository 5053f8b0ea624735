/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The one walk down a chain of images:
 *
 *   for (StrataChain link = strata_graph_walk (graph, top); link.path != NULL; strata_chain_next (&link))
 *
 * A chain that loops ends, though some of its links may be met twice before; what is not there is met, and is the last.
 */

#pragma once

#include "strata-graph.h"

G_BEGIN_DECLS

typedef struct _StrataLayer StrataLayer;
typedef struct _StrataLayers StrataLayers;

/**
 * StrataChain:
 * @path: (nullable): of this link, resolved; %NULL after the last
 * @image: (nullable): likewise in a graph; %NULL where the graph doesn't have it
 * @layer: (nullable): likewise in a simulated host
 * @loops: (nullable): with the end, where that is none: the link that comes next again
 *
 * A link. It needs no freeing, and the host has to stay as it is meanwhile.
 */
typedef struct
{
  const char *path;
  StrataImage *image;
  StrataLayer *layer;
  const char *loops;

  /*< private >*/
  StrataGraph *graph;
  StrataLayers *layers;
  const StrataDiskXml *disk; /* (nullable): whose explicit chain goes on */
  const char *met;           /* one of the links above */
  guint level;
  guint steps;
  guint limit;
} StrataChain;

/* TOP: (nullable): by any of its names; by headers */
StrataChain strata_graph_walk (StrataGraph *self, const char *top);
/* an explicit <backingStore> outranks the headers; where it says no more, and not that there is nothing, they do */
StrataChain strata_graph_walk_disk (StrataGraph *self, const StrataDiskXml *disk);
StrataChain strata_layers_walk (StrataLayers *self, const char *top);
void strata_chain_next (StrataChain *self);

/* whether the chain that begins at TOP contains PATH, as far as it can be followed */
gboolean strata_graph_reaches (StrataGraph *self, const char *top, const char *path);

G_END_DECLS
