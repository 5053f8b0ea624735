/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataChain: down from an image over what it stands on. */

#include "config.h"

#include "strata-chain.h"

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

/**
 * strata_chain_begin:
 * @host: what is walked in
 * @look_up: how
 * @top: (nullable): the image at which to begin
 *
 * Returns: the first link
 */
StrataChain
strata_chain_begin (gconstpointer host, StrataChainLookUp look_up, const char *top)
{
  StrataChain self = { .host = host, .look_up = look_up, .limit = G_N_ELEMENTS (self.met) };

  look_up (&self, host, top);
  self.met[self.n++] = self.path;

  return self;
}

void
strata_chain_next (StrataChain *self)
{
  g_return_if_fail (self->path != NULL);

  self->look_up (self, self->host, self->below);
  if (self->path != NULL && has_met (self))
    {
      self->loops = g_steal_pointer (&self->path);
      self->image = NULL;
      self->layer = NULL;
    }
}
