/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plain data of the image graph: images, pools, holders. */

#include "config.h"

#include "strata-graph.h"

/**
 * strata_image_new:
 * @path: the image's canonical source
 *
 * Returns: (transfer full): an image of which only the path is known
 */
StrataImage *
strata_image_new (const char *path)
{
  StrataImage *self = g_new0 (StrataImage, 1);

  g_return_val_if_fail (path != NULL, NULL);

  self->path = g_strdup (path);

  return self;
}

void
strata_image_free (StrataImage *self)
{
  if (self == NULL)
    return;

  g_free (self->path);
  g_free (self->format);
  g_free (self->backing_path);
  g_free (self->backing_format);
  g_free (self->pool);
  g_strfreev (self->tags);
  g_free (self);
}

GStrv
strata_image_get_tag_labels (const StrataImage *self)
{
  return self->tags_unknown ? g_strdupv ((char *[]) { (char *) "?", NULL })
                            : g_strdupv (self->tags);
}

void
strata_pool_facts_free (StrataPoolFacts *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self->type);
  g_free (self->path);
  g_free (self);
}

void
strata_holder_free (StrataHolder *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->domain, strata_domain_facts_unref);
  g_free (self->snapshot);
  g_free (self->target);
  g_free (self->top);
  g_free (self);
}
