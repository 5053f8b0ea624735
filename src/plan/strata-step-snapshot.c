/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the steps about snapshots do in the simulation. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-step-apply.h"
#include "base/strata-error.h"

/* With overlays it is an external one, whose bases are frozen from now on; without, an internal one. */
gboolean
strata_apply_snapshot_create (StrataLayers *self, JsonObject *args, GError **error)
{
  JsonArray *disks = json_object_get_array_member (args, "disks");
  const char *uuid = strata_layers_arg (args, "uuid");
  const char *snapshot = strata_layers_arg (args, "snapshot");

  for (guint i = 0; i < json_array_get_length (disks); i++)
    {
      JsonObject *disk = json_array_get_object_element (disks, i);
      StrataLayer *base = strata_layers_require (self, strata_layers_arg (disk, "base"), error);
      const char *overlay = strata_layers_arg (disk, "overlay");

      if (base == NULL)
        return FALSE;

      strata_holder_list_put (
          strata_layers_get_list (self),
          strata_holder_key_new_snapshot (uuid, snapshot, strata_layers_arg (disk, "target")),
          STRATA_HOLDER_SNAPSHOT, base->path, overlay == NULL ? snapshot : NULL, FALSE);
      if (overlay == NULL)
        {
          strata_layer_put_tag (base, snapshot, base->content);
          continue;
        }

      strata_layers_move_holders (self, uuid, base->path, overlay);
      strata_layers_put_overlay (self, overlay, base, base->format);
    }

  return TRUE;
}

gboolean
strata_apply_snapshot_define (StrataLayers *self, JsonObject *args, GError **error)
{
  g_autoptr (StrataSnapshotFacts) facts =
      strata_snapshot_facts_new (strata_layers_arg (args, "xml"), FALSE, error);

  if (facts == NULL)
    return FALSE;

  strata_graph_resolve_snapshot (strata_layers_get_graph (self), facts);
  strata_holder_list_replace_snapshot (strata_layers_get_list (self),
                                       strata_layers_arg (args, "uuid"), facts);

  return TRUE;
}

gboolean
strata_apply_delete_metadata (StrataLayers *self, JsonObject *args, GError **error)
{
  strata_holder_list_drop (strata_layers_get_list (self), strata_layers_arg (args, "uuid"),
                           strata_layers_arg (args, "snapshot"));

  return TRUE;
}

gboolean
strata_apply_snapshot_delete (StrataLayers *self, JsonObject *args, GError **error)
{
  JsonArray *disks = json_object_get_array_member (args, "disks");

  for (guint i = 0; i < json_array_get_length (disks); i++)
    {
      StrataLayer *layer = strata_layers_find (
          self, strata_layers_arg (json_array_get_object_element (disks, i), "path"));

      if (layer != NULL)
        strata_layer_strip_tags (layer, strata_layers_arg (args, "snapshot"), TRUE);
    }
  strata_holder_list_drop (strata_layers_get_list (self), strata_layers_arg (args, "uuid"),
                           strata_layers_arg (args, "snapshot"));

  return TRUE;
}

/* What the tags are in may be copies by now, in which a plan keeps the present state from being rewritten. */
static void
set_tagged_disks (StrataLayers *self,
                  const char *uuid,
                  const char *snapshot,
                  StrataDomainXml *definition)
{
  GPtrArray *holders = strata_layers_get_holders (self);

  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);

      if (holder->key->kind == STRATA_HOLDER_KEY_SNAPSHOT && holder->by_tag &&
          g_strcmp0 (holder->uuid, uuid) == 0 && g_strcmp0 (holder->snapshot, snapshot) == 0)
        strata_domain_xml_set_disk_file (definition, holder->target, holder->top, "qcow2");
    }
}

/* The machine gets what SNAPSHOT's definitions have on QEMU's command line; where its memory comes back also the disks that it
 * had then, whether or not the next start has them. */
static gboolean
take_definitions (StrataLayers *self, const char *uuid, const char *snapshot, GError **error)
{
  const StrataDomainFacts *domain = strata_graph_find_domain (strata_layers_get_graph (self), uuid);
  const StrataSnapshotFacts *facts =
      domain != NULL ? strata_domain_facts_find_snapshot (domain, snapshot) : NULL;
  g_autoptr (StrataSnapshotXml) document = NULL;
  g_autoptr (StrataDomainXml) live = NULL;

  if (facts == NULL)
    return TRUE;
  strata_holder_list_put_options (strata_layers_get_list (self), uuid, facts->options);
  if (facts->memory != STRATA_SNAPSHOT_INTERNAL)
    return TRUE;

  document = strata_snapshot_xml_new_from_string (facts->xml, error);
  live = document != NULL ? strata_snapshot_xml_get_live_definition (document) : NULL;
  if (document == NULL)
    return FALSE;
  if (live == NULL)
    return TRUE;
  set_tagged_disks (self, uuid, snapshot, live);
  strata_layers_run (self, uuid, live);

  return TRUE;
}

/* The native return to an internal snapshot rewrites the image that has the tag. */
gboolean
strata_apply_snapshot_revert (StrataLayers *self, JsonObject *args, GError **error)
{
  GPtrArray *holders = strata_layers_get_holders (self);
  const char *uuid = strata_layers_arg (args, "uuid");
  const char *snapshot = strata_layers_arg (args, "snapshot");

  if (!take_definitions (self, uuid, snapshot, error))
    return FALSE;
  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);
      StrataLayer *layer;
      StrataLayerTag *tag;

      if (!holder->by_tag || g_strcmp0 (holder->uuid, uuid) != 0 ||
          g_strcmp0 (holder->snapshot, snapshot) != 0)
        continue;

      layer = strata_layers_require (self, holder->top, error);
      tag = layer != NULL ? strata_layer_find_tag (layer, holder->tag) : NULL;
      if (tag == NULL)
        {
          if (layer != NULL)
            strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                              _ ("The image “%s” has no internal snapshot “%s”"), layer->path,
                              holder->tag);
          return FALSE;
        }
      strata_layer_take_content (layer, g_strdupv (tag->content));
    }
  strata_layers_set_active (self, uuid, g_strcmp0 (strata_layers_arg (args, "state"), "off") != 0);

  return TRUE;
}

gboolean
strata_apply_reconcile (StrataLayers *self, JsonObject *args, GError **error)
{
  JsonArray *map =
      json_object_has_member (args, "map") ? json_object_get_array_member (args, "map") : NULL;
  GPtrArray *holders = strata_layers_get_holders (self);

  for (guint i = 0; map != NULL && i < json_array_get_length (map); i++)
    {
      JsonObject *item = json_array_get_object_element (map, i);

      for (guint j = 0; j < holders->len; j++)
        {
          StrataHolder *holder = g_ptr_array_index (holders, j);

          if (holder->key->kind == STRATA_HOLDER_KEY_SNAPSHOT && !holder->by_tag &&
              g_strcmp0 (holder->uuid, strata_layers_arg (args, "uuid")) == 0 &&
              g_strcmp0 (holder->top, strata_layers_arg (item, "from")) == 0)
            g_set_str (&holder->top, strata_layers_arg (item, "to"));
        }
    }

  return TRUE;
}
