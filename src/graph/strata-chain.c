/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataChain: down from an image over what it stands on. */

#include "config.h"

#include "strata-layers.h"

/* Brent's: the link that is remembered is moved on twice as far each time, so that nothing but it has to be kept. A path is that
 * of the image or the layer itself wherever a chain can go on. */
static gboolean
has_met (StrataChain *self)
{
  if (self->met == self->path)
    return TRUE;

  if (++self->steps == self->limit)
    {
      self->met = self->path;
      self->steps = 0;
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
begin (StrataGraph *graph, StrataLayers *layers, const StrataDiskXml *disk, const char *top)
{
  StrataChain self = { .graph = graph, .layers = layers, .disk = disk, .limit = 1 };

  look_up (&self, top);
  self.met = self.path;

  return self;
}

StrataChain
strata_graph_walk (StrataGraph *self, const char *top)
{
  return begin (self, NULL, NULL, top);
}

StrataChain
strata_graph_walk_disk (StrataGraph *self, const StrataDiskXml *disk)
{
  return begin (self, NULL, disk->backings != NULL ? disk : NULL, disk->source);
}

StrataChain
strata_layers_walk (StrataLayers *self, const char *top)
{
  return begin (strata_layers_get_graph (self), self, NULL, top);
}

static const char *
get_below (StrataChain *self)
{
  const char *said = self->disk != NULL ? self->disk->backings[self->level] : NULL;

  if (said != NULL)
    {
      self->level++;
      return said;
    }
  if (self->disk != NULL && self->disk->ends)
    return NULL;
  self->disk = NULL;
  if (self->layers != NULL)
    return self->layer != NULL ? self->layer->backing : NULL;

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
