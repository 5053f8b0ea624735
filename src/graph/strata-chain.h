/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The one walk down a chain of images:
 *
 *   for (StrataChain link = strata_graph_walk (graph, top); link.path != NULL; strata_chain_next (&link))
 *
 * Each link is met once: a chain that loops ends. What is not there is met, and is the last.
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
  const char *met[32]; /* the last links */
  const char *anchor;  /* one of those before */
  guint n;
  guint limit;
} StrataChain;

/* TOP: (nullable): by any of its names. Of an image that can't be seen a definition's explicit <backingStore> says what it stands
 * on. */
StrataChain strata_graph_walk (StrataGraph *self, const char *top);
StrataChain strata_layers_walk (StrataLayers *self, const char *top);
void strata_chain_next (StrataChain *self);

/* whether the chain that begins at TOP contains PATH, as far as it can be followed */
gboolean strata_graph_reaches (StrataGraph *self, const char *top, const char *path);

G_END_DECLS
