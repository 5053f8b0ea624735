/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The images that a definition gives QEMU on its command line (`<qemu:commandline>`), past libvirt: as a list of options
 * (`-drive file=/a.qcow2,format=qcow2`, `-blockdev driver=qcow2,file.filename=…`), in JSON, or as a name alone (`-hda`).
 */

#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "strata-domain-xml-private.h"
#include "strata-node.h"

/* the options whose value is a list */
static const char *const lists[] = { "drive", "blockdev", NULL };
/* those whose value is an image's name */
static const char *const names[] = { "pflash", "mtdblock", "sd",  "hda",   "hdb", "hdc",
                                     "hdd",    "fda",      "fdb", "cdrom", NULL };

static void add_value (GPtrArray *disks, const char *value, const char *format, gboolean writes);

static const char *
skip_dashes (const char *option)
{
  while (*option == '-')
    option++;

  return option;
}

gboolean
strata_qemu_option_writes (const char *option, const char *value)
{
  static const char *const read_only[] = { "readonly=on", "read-only=on", "\"read-only\":true",
                                           "snapshot=on", "media=cdrom",  NULL };

  option = skip_dashes (option);
  if (strchr (value, '/') == NULL)
    return FALSE;
  if (g_str_equal (option, "object"))
    return strstr (value, "memory-backend-file") != NULL && strstr (value, "share=off") == NULL &&
           strstr (value, "readonly=on") == NULL;
  if (g_str_equal (option, "cdrom") ||
      !(g_strv_contains (lists, option) || g_strv_contains (names, option)))
    return FALSE;

  for (size_t i = 0; read_only[i] != NULL; i++)
    {
      if (strstr (value, read_only[i]) != NULL)
        return FALSE;
    }

  return TRUE;
}

/* QEMU writes a comma that separates nothing twice. */
static GStrv
split (const char *text)
{
  g_autoptr (GStrvBuilder) parts = g_strv_builder_new ();
  g_autoptr (GString) part = g_string_new (NULL);

  for (const char *c = text; *c != '\0'; c++)
    {
      if (*c != ',' || c[1] == ',')
        {
          g_string_append_c (part, *c);
          c += *c == ',' ? 1 : 0;
          continue;
        }
      g_strv_builder_add (parts, part->str);
      g_string_truncate (part, 0);
    }
  g_strv_builder_add (parts, part->str);

  return g_strv_builder_end (parts);
}

static void
add_path (GPtrArray *disks, const char *path, const char *format, gboolean writes)
{
  StrataDiskXml *disk = g_new0 (StrataDiskXml, 1);

  disk->target = g_strdup ("");
  disk->bus = g_strdup ("");
  disk->device = g_strdup ("disk");
  disk->type = g_strdup (strata_path_is_device (path) ? "block" : "file");
  disk->source = g_strdup (path);
  disk->format = g_strdup (format);
  disk->read_only = !writes;
  g_ptr_array_add (disks, disk);
}

static void
add_json (GPtrArray *disks, JsonNode *node, const char *format, gboolean writes)
{
  g_autoptr (GList) values = NULL;

  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      values = json_object_get_values (json_node_get_object (node));
      for (GList *item = values; item != NULL; item = item->next)
        add_json (disks, item->data, NULL, writes);
    }
  else if (JSON_NODE_HOLDS_ARRAY (node))
    {
      values = json_array_get_elements (json_node_get_array (node));
      for (GList *item = values; item != NULL; item = item->next)
        add_json (disks, item->data, NULL, writes);
    }
  else if (json_node_get_value_type (node) == G_TYPE_STRING)
    {
      add_value (disks, json_node_get_string (node), format, writes);
    }
}

/* QEMU's own ways of naming a file have the path behind a word: `file:`, `blkdebug:CONFIG:`. What is on the network has two
 * slashes, and names no file of the host. */
static void
add_value (GPtrArray *disks, const char *value, const char *format, gboolean writes)
{
  const char *colon;

  if (g_str_has_prefix (value, "json:") || *value == '{')
    {
      g_autoptr (JsonNode) node =
          json_from_string (*value == '{' ? value : value + strlen ("json:"), NULL);

      if (node != NULL)
        add_json (disks, node, format, writes);
      return;
    }

  if (g_str_has_prefix (value, "file:"))
    value += strlen ("file:");
  if (*value == '/')
    {
      add_path (disks, value, format, writes);
      return;
    }

  for (colon = strchr (value, ':'); colon != NULL; colon = strchr (colon + 1, ':'))
    {
      if (colon[1] == '/' && colon[2] != '/')
        add_path (disks, colon + 1, NULL, writes);
    }
}

/* A format that is said is that of the image itself, and not of what another option names below it. */
static void
add_list (GPtrArray *disks, const char *value, gboolean writes)
{
  g_auto (GStrv) parts = split (value);
  const char *format = NULL;

  for (guint i = 0; parts[i] != NULL; i++)
    {
      if (g_str_has_prefix (parts[i], "format="))
        format = parts[i] + strlen ("format=");
    }

  for (guint i = 0; parts[i] != NULL; i++)
    {
      const char *equals = strchr (parts[i], '=');
      g_autofree char *key =
          equals != NULL ? g_strndup (parts[i], (gsize) (equals - parts[i])) : NULL;

      if (key != NULL && (g_str_has_suffix (key, "file") || g_str_has_suffix (key, "filename")))
        add_value (disks, equals + 1, g_str_equal (key, "file") ? format : NULL, writes);
    }
}

static void
add_option (GPtrArray *disks, const char *option, const char *value)
{
  gboolean writes = strata_qemu_option_writes (option, value);

  option = skip_dashes (option);
  if (g_strv_contains (lists, option) && *value != '{')
    add_list (disks, value, writes);
  else if (g_strv_contains (lists, option) || g_strv_contains (names, option))
    add_value (disks, value, NULL, writes);
}

GPtrArray *
strata_domain_xml_get_option_disks (StrataDomainXml *self)
{
  GPtrArray *disks = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_disk_xml_free);
  g_autoptr (GPtrArray) nodes = NULL;
  g_autofree char *option = NULL;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), disks);

  nodes = strata_document_find (strata_domain_xml_get_document (self),
                                "/domain/*[local-name()='commandline']/*[local-name()='arg']");
  for (guint i = 0; i < nodes->len; i++)
    {
      g_autofree char *value = strata_node_get (g_ptr_array_index (nodes, i), "value");

      if (option != NULL && value != NULL && *option == '-')
        add_option (disks, option, value);
      g_free (option);
      option = g_steal_pointer (&value);
    }

  return disks;
}

GStrv
strata_qemu_name_get_files (const char *name)
{
  g_autoptr (GPtrArray) disks =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_disk_xml_free);
  g_autoptr (GStrvBuilder) files = g_strv_builder_new ();

  g_return_val_if_fail (name != NULL, NULL);

  add_value (disks, name, NULL, FALSE);
  for (guint i = 0; i < disks->len; i++)
    g_strv_builder_add (files, ((StrataDiskXml *) g_ptr_array_index (disks, i))->source);

  return g_strv_builder_end (files);
}
