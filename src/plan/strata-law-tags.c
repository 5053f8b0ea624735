/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The law about internal snapshots of one name, which libvirt and QEMU take for one another.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-law-private.h"
#include "base/strata-error.h"

/* The images in which what STEP calls a snapshot is that very snapshot. */
static GPtrArray *
collect_own_images (StrataVerification *self, const StrataStep *step)
{
  GPtrArray *own = g_ptr_array_new ();
  JsonNode *node = json_object_get_member (step->args, "disks");
  JsonArray *disks =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  for (guint i = 0; disks != NULL && i < json_array_get_length (disks); i++)
    {
      JsonObject *disk = json_array_get_object_element (disks, i);
      const char *path = strata_layers_arg (disk, "path");

      if (path == NULL)
        path = strata_layers_arg (disk, "base");
      g_ptr_array_add (own, (gpointer) strata_graph_resolve (self->graph, path));
    }
  if (step->kind == STRATA_STEP_SNAPSHOT_REVERT)
    {
      GPtrArray *holders = strata_layers_get_holders (self->layers);

      for (guint i = 0; i < holders->len; i++)
        {
          const StrataHolder *holder = g_ptr_array_index (holders, i);

          if (holder->by_tag && strata_law_is_about (step, "uuid", holder->uuid) &&
              strata_law_is_about (step, "snapshot", holder->snapshot))
            g_ptr_array_add (own, holder->top);
        }
    }

  return own;
}

/* While a domain is off libvirt deletes only in the images that the snapshot's document names. */
static gboolean
reaches_present_disks (StrataVerification *self, const StrataStep *step)
{
  GPtrArray *holders = strata_layers_get_holders (self->layers);

  if (step->kind == STRATA_STEP_SNAPSHOT_REVERT)
    return TRUE;
  if (step->kind == STRATA_STEP_SNAPSHOT_CREATE)
    return strata_law_is_about (step, "kind", "internal");
  if (step->kind != STRATA_STEP_SNAPSHOT_DELETE)
    return FALSE;

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);

      if (holder->active && strata_law_is_about (step, "uuid", holder->uuid))
        return TRUE;
    }

  return FALSE;
}

static void
set_foreign_tag (const StrataStep *step, const char *tag, const char *path, GError **error)
{
  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      step->kind == STRATA_STEP_SNAPSHOT_DELETE
          ? _ ("Shut the virtual machine down first, or detach that disk.")
          : _ ("Detach that disk, or delete the internal snapshot in it, if none needs it."),
      _ ("Another internal snapshot “%s” is in “%s”, a disk of the same virtual machine, "
         "and libvirt takes the two for one (“%s”)"),
      tag, path, step->title);
}

/* QEMU knows internal snapshots by their names only, and looks for the name in every disk that the domain has by then. */
gboolean
strata_law_require_no_foreign_tag (StrataVerification *self, const StrataStep *step, GError **error)
{
  GPtrArray *holders = strata_layers_get_holders (self->layers);
  const char *tag = strata_layers_arg (step->args, "tag");
  g_autoptr (GPtrArray) own = NULL;

  if (!reaches_present_disks (self, step))
    return TRUE;
  if (tag == NULL)
    tag = strata_layers_arg (step->args, "snapshot");
  own = collect_own_images (self, step);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);
      StrataLayer *layer = strata_layers_find (self->layers, holder->top);

      if (!holder->writes || !strata_law_is_about (step, "uuid", holder->uuid) || layer == NULL ||
          !strata_layer_may_have_tag (layer, tag) ||
          g_ptr_array_find_with_equal_func (own, layer->path, g_str_equal, NULL))
        continue;
      set_foreign_tag (step, tag, layer->path, error);
      return FALSE;
    }

  return TRUE;
}
