/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is the matter with a layer, by what the host's graph knows of its image. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-disk-layer-private.h"
#include "base/strata-error.h"

/* Why it couldn't be seen, or isn't what it is said to be, and what to do about that. */
static void
add_sight (StrataDiskLayer *self, const StrataImage *image)
{
  g_autoptr (GError) error = NULL;

  if (strata_image_require_seen (image, &error))
    return;

  strata_disk_layer_add_problem (self, image->state != STRATA_IMAGE_FOREIGN, "%s. %s",
                                 error->message, strata_error_get_hint (error));
}

/**
 * strata_disk_layer_read:
 * @self: a layer
 * @image: (nullable): what the graph knows of it
 * @local: whether it is a file or device of the host
 */
void
strata_disk_layer_read (StrataDiskLayer *self, const StrataImage *image, gboolean local)
{
  self->missing = image == NULL || image->missing;
  if (self->missing)
    {
      strata_disk_layer_add_problem (self, local,
                                     local ? _ ("The file is missing")
                                           : _ ("It is not an image that Strata can look at"));
      return;
    }

  add_sight (self, image);
  self->format = g_strdup (image->format);
  self->pool = g_strdup (image->pool);
  self->capacity = image->capacity;
  self->allocation = image->allocation;
  if (image->tags != NULL || image->tags_unknown)
    {
      g_strfreev (self->tags);
      self->tags = strata_image_get_tag_labels (image);
    }
  if ((image->mode & 0002) != 0)
    strata_disk_layer_add_problem (self, FALSE, _ ("Everybody on the host may write to it"));
  else if (image->backing_path != NULL && (image->mode & 0004) != 0 && (image->mode & 0222) != 0)
    strata_disk_layer_add_problem (self, FALSE, _ ("Everybody on the host may read it"));
}

/**
 * strata_disk_layer_compare_format:
 * @self: a layer
 * @above: (nullable): the layer that says what format @self has; else the definition does
 */
void
strata_disk_layer_compare_format (StrataDiskLayer *self, const StrataDiskLayer *above)
{
  if (self->missing)
    return;
  if (self->said_format == NULL && above != NULL)
    strata_disk_layer_add_problem (
        self, FALSE,
        /* Translators: a file */
        _ ("“%s” doesn’t say what format it has, so it is taken for raw"), above->name);
  else if (self->said_format != NULL && self->format != NULL &&
           !g_str_equal (self->said_format, self->format) &&
           !(above == NULL && g_str_equal (self->said_format, "raw")))
    {
      if (above != NULL)
        strata_disk_layer_add_problem (self, TRUE,
                                       /* Translators: a file, then two formats such as qcow2 */
                                       _ ("“%s” says that it is %s, but it is %s"), above->name,
                                       self->said_format, self->format);
      else
        strata_disk_layer_add_problem (self, TRUE,
                                       _ ("The definition says that it is %s, but it is %s"),
                                       self->said_format, self->format);
    }
}
