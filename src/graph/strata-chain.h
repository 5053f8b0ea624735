/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The one walk down a chain of images, in a graph (strata_graph_walk()) and in a simulated host (strata_layers_walk()):
 *
 *   for (StrataChain link = strata_graph_walk (graph, top); link.path != NULL; strata_chain_next (&link))
 *
 * Each link is met once: a chain that loops ends. What is not there is met, and is the last.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _StrataChain StrataChain;
typedef struct _StrataImage StrataImage;
typedef struct _StrataLayer StrataLayer;

/* fills in what LINK is: PATH, by any of its names, and what that stands on */
typedef void (*StrataChainLookUp) (StrataChain *link, gconstpointer host, const char *path);

/**
 * StrataChain:
 * @path: (nullable): of this link, resolved; %NULL after the last
 * @image: (nullable): likewise in a graph; %NULL where the graph doesn't have it
 * @layer: (nullable): likewise in a simulated host
 * @loops: (nullable): with the end, where that is none: the link that comes next again
 *
 * A link. It needs no freeing, and the host has to stay as it is meanwhile.
 */
struct _StrataChain
{
  const char *path;
  StrataImage *image;
  StrataLayer *layer;
  const char *loops;

  /*< private >*/
  const char *below;
  gconstpointer host;
  StrataChainLookUp look_up;
  const char *met[32]; /* the last links */
  const char *anchor;  /* one of those before */
  guint n;
  guint limit;
};

StrataChain strata_chain_begin (gconstpointer host, StrataChainLookUp look_up, const char *top);
void strata_chain_next (StrataChain *self);

G_END_DECLS
