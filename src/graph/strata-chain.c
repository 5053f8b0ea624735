/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataChain: down from an image over what it stands on. */

#include "config.h"

#include "strata-layers.h"

/* A path is that of the image or the layer itself wherever a chain can go on. A loop that is longer than what is kept of it is found
 * as Brent does, by a link that is moved on twice as far each time. */
static gboolean
has_met (StrataChain *self)
{
  for (guint i = 0; i < MIN (self->n, G_N_ELEMENTS (self->met)); i++)
    {
      if (self->met[i] == self->path)
        return TRUE;
    }
  if (self->anchor == self->path)
    return TRUE;

  self->met[self->n % G_N_ELEMENTS (self->met)] = self->path;
  if (++self->n == self->limit)
    {
      self->anchor = self->path;
      self->limit *= 2;
    }

  return FALSE;
}

static void
look_up (StrataChain *self, const char *path)
{
  self->layer = self->layers != NULL ? strata_layers_find (self->layers, path) : NULL;
  self->image = self->layers == NULL ? strata_graph_get_image (self->graph, path) : NULL;
  if (self->layer != NULL)
    self->path = self->layer->path;
  else if (self->image != NULL)
    self->path = self->image->path;
  else
    self->path = strata_graph_resolve (self->graph, path);
}

static StrataChain
begin (StrataGraph *graph, StrataLayers *layers, const char *top)
{
  StrataChain self = { .graph = graph, .layers = layers, .limit = G_N_ELEMENTS (self.met) };

  look_up (&self, top);
  self.met[self.n++] = self.path;

  return self;
}

StrataChain
strata_graph_walk (StrataGraph *self, const char *top)
{
  return begin (self, NULL, top);
}

StrataChain
strata_layers_walk (StrataLayers *self, const char *top)
{
  return begin (strata_layers_get_graph (self), self, top);
}

static const char *
get_below (const StrataChain *self)
{
  if (self->layer != NULL)
    return self->layer->backing;

  return self->image != NULL ? self->image->backing_path : NULL;
}

void
strata_chain_next (StrataChain *self)
{
  g_return_if_fail (self->path != NULL);

  look_up (self, get_below (self));
  if (self->path != NULL && has_met (self))
    {
      self->loops = g_steal_pointer (&self->path);
      self->image = NULL;
      self->layer = NULL;
    }
}

/* A broken chain holds what it can be followed to. */
gboolean
strata_graph_reaches (StrataGraph *self, const char *top, const char *path)
{
  path = strata_graph_resolve (self, path);
  for (StrataChain link = strata_graph_walk (self, top); link.path != NULL;
       strata_chain_next (&link))
    {
      if (g_strcmp0 (link.path, path) == 0 ||
          (link.image != NULL && g_strcmp0 (link.image->data_file, path) == 0))
        return TRUE;
    }

  return FALSE;
}
