/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the steps about domains do in the simulation: definitions, power, and what is done to the guest itself. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-step-apply.h"
#include "base/strata-error.h"

static gboolean
is_active (StrataLayers *self, const char *uuid)
{
  GPtrArray *holders = strata_layers_get_holders (self);

  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);

      if (holder->active && g_strcmp0 (holder->uuid, uuid) == 0)
        return TRUE;
    }

  return FALSE;
}

void
strata_layers_set_active (StrataLayers *self, const char *uuid, gboolean active)
{
  GPtrArray *holders = strata_layers_get_holders (self);

  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);

      if (strata_holder_is_disk (holder) && g_strcmp0 (holder->uuid, uuid) == 0)
        holder->active = active && holder->key->kind == STRATA_HOLDER_KEY_DISK;
    }
}

static void
put_options (StrataLayers *self, const char *uuid, StrataDomainXml *definition)
{
  g_autoptr (GPtrArray) options = strata_domain_xml_get_option_disks (definition);

  for (guint i = 0; i < options->len; i++)
    strata_graph_resolve_disk (strata_layers_get_graph (self), g_ptr_array_index (options, i));
  strata_holder_list_put_options (strata_layers_get_list (self), uuid, options);
}

void
strata_layers_run (StrataLayers *self, const char *uuid, StrataDomainXml *live)
{
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (live);

  for (guint i = 0; i < disks->len; i++)
    strata_graph_resolve_disk (strata_layers_get_graph (self), g_ptr_array_index (disks, i));
  strata_holder_list_put_live_disks (strata_layers_get_list (self), uuid, disks);
  put_options (self, uuid, live);
  strata_layers_set_active (self, uuid, TRUE);
}

gboolean
strata_apply_start (StrataLayers *self, JsonObject *args, GError **error)
{
  strata_layers_set_active (self, strata_layers_arg (args, "uuid"), TRUE);

  return TRUE;
}

/* The memory comes back with the definition of then, which may have other disks and options than the one of the next start. */
gboolean
strata_apply_restore (StrataLayers *self, JsonObject *args, GError **error)
{
  g_autoptr (StrataDomainXml) live =
      strata_domain_xml_new_from_string (strata_layers_arg (args, "xml"), error);

  if (live == NULL)
    return FALSE;
  strata_layers_run (self, strata_layers_arg (args, "uuid"), live);

  return TRUE;
}

gboolean
strata_apply_stop (StrataLayers *self, JsonObject *args, GError **error)
{
  strata_layers_set_active (self, strata_layers_arg (args, "uuid"), FALSE);

  return TRUE;
}

gboolean
strata_apply_define (StrataLayers *self, JsonObject *args, GError **error)
{
  const char *uuid = strata_layers_arg (args, "uuid");
  g_autoptr (StrataDomainXml) definition =
      strata_domain_xml_new_from_string (strata_layers_arg (args, "xml"), error);
  g_autoptr (GPtrArray) disks = NULL;
  StrataHolderKind kind = STRATA_HOLDER_DOMAIN;
  g_autoptr (StrataTemplateMark) mark = NULL;
  gboolean active = is_active (self, uuid);

  if (definition == NULL)
    return FALSE;

  mark = strata_domain_xml_get_template_mark (definition);
  if (mark != NULL)
    kind = STRATA_HOLDER_TEMPLATE;
  disks = strata_domain_xml_get_disks (definition);
  strata_holder_list_drop (strata_layers_get_list (self), uuid, NULL);
  for (guint i = 0; i < disks->len; i++)
    strata_graph_resolve_disk (strata_layers_get_graph (self), g_ptr_array_index (disks, i));
  strata_holder_list_put_disks (strata_layers_get_list (self), kind, uuid, disks, active);
  put_options (self, uuid, definition);

  return TRUE;
}

gboolean
strata_apply_undefine (StrataLayers *self, JsonObject *args, GError **error)
{
  StrataHolderList *list = strata_layers_get_list (self);

  strata_holder_list_drop (list, strata_layers_arg (args, "uuid"), NULL);
  strata_holder_list_drop_uses (list, strata_layers_arg (args, "uuid"));

  return TRUE;
}

/* What runs in the guest's own disks: their content is new from then on. */
static void
write_disk (StrataLayers *self, JsonObject *disk, const char *kind)
{
  StrataLayer *layer = strata_layers_find (self, strata_layers_arg (disk, "path"));
  g_autofree char *id = NULL;
  char *content[2] = { NULL, NULL };

  if (layer == NULL)
    return;
  id = strata_content_id_new (layer->path, kind, "");
  content[0] = id;
  strata_layer_take_content (layer, strata_content_join (content, layer->content));
  strata_layers_write_data (self, layer);
}

static void
write_disks (StrataLayers *self, JsonObject *args, const char *kind)
{
  JsonArray *disks =
      json_object_has_member (args, "disks") ? json_object_get_array_member (args, "disks") : NULL;

  for (guint i = 0; disks != NULL && i < json_array_get_length (disks); i++)
    write_disk (self, json_array_get_object_element (disks, i), kind);
}

gboolean
strata_apply_seal (StrataLayers *self, JsonObject *args, GError **error)
{
  write_disks (self, args, "sealed");

  return TRUE;
}

gboolean
strata_apply_customise (StrataLayers *self, JsonObject *args, GError **error)
{
  JsonArray *clones = json_object_get_array_member (args, "clones");

  for (guint i = 0; i < json_array_get_length (clones); i++)
    write_disks (self, json_array_get_object_element (clones, i), "customised");

  return TRUE;
}
