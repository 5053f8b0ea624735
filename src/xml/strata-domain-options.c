/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The images that a definition gives QEMU on its command line (`<qemu:commandline>`), past libvirt: as a list of options
 * (`-drive file=/a.qcow2,format=qcow2`, `-blockdev driver=qcow2,file.filename=…`), in JSON, or as a name alone, behind `-hda` or
 * behind no option.
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

/* those that have no value, after qemu-options.hx in QEMU's source, of 4.2 to 10.1; QEMU takes -x and --x */
static const char *const flags[] = {
  "S",
  "alt-grab",
  "ctrl-grab",
  "curses",
  "daemonize",
  "enable-fips",
  "enable-kvm",
  "enable-sync-profile",
  "full-screen",
  "h",
  "help",
  "jitdump",
  "mem-prealloc",
  "no-acpi",
  "no-fd-bootchk",
  "no-frame",
  "no-hpet",
  "no-quit",
  "no-reboot",
  "no-shutdown",
  "no-user-config",
  "nodefaults",
  "nographic",
  "old-param",
  "one-insn-per-tb",
  "only-migratable",
  "perfmap",
  "portrait",
  "preconfig",
  "s",
  "sdl",
  "semihosting",
  "show-cursor",
  "singlestep",
  "snapshot",
  "usb",
  "version",
  "win2k-hack",
  "xen-attach",
  "xen-domid-restrict",
  NULL,
};

static void add_value (GPtrArray *disks, const char *value, const char *format, gboolean writes);

static const char *
skip_dashes (const char *option)
{
  while (*option == '-')
    option++;

  return option;
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

/* What KEY of the image itself, and not of what is below it, is in VALUE, a list or JSON; QEMU takes the last of several. */
static char *
get_own (const char *value, const char *key)
{
  g_auto (GStrv) parts = NULL;
  char *own = NULL;

  if (*value == '{')
    {
      g_autoptr (JsonNode) node = json_from_string (value, NULL);
      JsonNode *member = node != NULL && JSON_NODE_HOLDS_OBJECT (node)
                             ? json_object_get_member (json_node_get_object (node), key)
                             : NULL;

      if (member != NULL && json_node_get_value_type (member) == G_TYPE_BOOLEAN)
        return g_strdup (json_node_get_boolean (member) ? "on" : "off");
      return member != NULL ? json_node_dup_string (member) : NULL;
    }

  parts = split (value);
  for (guint i = 0; parts[i] != NULL; i++)
    {
      const char *equals = strchr (parts[i], '=');

      if (equals != NULL && strncmp (parts[i], key, strlen (key)) == 0 &&
          parts[i] + strlen (key) == equals)
        g_set_str (&own, equals + 1);
    }

  return own;
}

static gboolean
is_set (const char *value, const char *key, const char *wanted)
{
  g_autofree char *own = get_own (value, key);

  return g_strcmp0 (own, wanted) == 0;
}

/* Memory in a file is the guest's own where it isn't shared, which it mostly isn't unless that is said. */
static gboolean
object_writes (const char *value)
{
  return strstr (value, "memory-backend-file") != NULL && !is_set (value, "share", "off") &&
         !is_set (value, "readonly", "on");
}

/* What is not understood is written to. */
gboolean
strata_qemu_option_writes (const char *option, const char *value)
{
  static const char *const read_only[][2] = { { "readonly", "on" },
                                              { "read-only", "on" },
                                              { "snapshot", "on" },
                                              { "media", "cdrom" } };

  if (strchr (value, '/') == NULL)
    return FALSE;
  if (g_str_equal (option, "object"))
    return object_writes (value);
  if (g_strv_contains (names, option))
    return !g_str_equal (option, "cdrom");
  if (!g_strv_contains (lists, option))
    return FALSE;

  for (size_t i = 0; i < G_N_ELEMENTS (read_only); i++)
    {
      if (is_set (value, read_only[i][0], read_only[i][1]))
        return FALSE;
    }

  return TRUE;
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

/* Whether KEY, of an image that is written to, is about what it stands on, which QEMU only reads. */
static gboolean
is_below (const char *key)
{
  return g_str_equal (key, "backing") || g_str_has_prefix (key, "backing.");
}

static void
add_json (GPtrArray *disks, JsonNode *node, const char *format, gboolean writes, gboolean top)
{
  g_autoptr (GList) values = NULL;

  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      values = json_object_get_members (json_node_get_object (node));
      for (GList *item = values; item != NULL; item = item->next)
        add_json (disks, json_object_get_member (json_node_get_object (node), item->data), NULL,
                  writes && !(top && is_below (item->data)), FALSE);
    }
  else if (JSON_NODE_HOLDS_ARRAY (node))
    {
      values = json_array_get_elements (json_node_get_array (node));
      for (GList *item = values; item != NULL; item = item->next)
        add_json (disks, item->data, NULL, writes, FALSE);
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
        add_json (disks, node, format, writes, TRUE);
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
        add_value (disks, equals + 1, g_str_equal (key, "file") ? format : NULL,
                   writes && !is_below (key));
    }
}

static void
add_option (GPtrArray *disks, const char *option, const char *value)
{
  gboolean writes = strata_qemu_option_writes (option, value);

  if (g_strv_contains (lists, option) && *value != '{')
    add_list (disks, value, writes);
  else if (g_strv_contains (lists, option) || g_strv_contains (names, option))
    add_value (disks, value, NULL, writes);
}

/* An argument that belongs to no option is an image, as after `-hda`. */
GStrv
strata_domain_xml_get_options (StrataDomainXml *self)
{
  g_autoptr (GStrvBuilder) options = g_strv_builder_new ();
  g_autoptr (GPtrArray) nodes =
      strata_document_find (strata_domain_xml_get_document (self),
                            "/domain/*[local-name()='commandline']/*[local-name()='arg']");
  g_autofree char *option = NULL;

  for (guint i = 0; i < nodes->len; i++)
    {
      g_autofree char *word = strata_node_get (g_ptr_array_index (nodes, i), "value");

      if (word == NULL)
        continue;
      if (option == NULL && *word == '-')
        {
          if (!g_strv_contains (flags, skip_dashes (word)))
            option = g_steal_pointer (&word);
          continue;
        }
      g_strv_builder_add (options, option != NULL ? skip_dashes (option) : "hda");
      g_strv_builder_add (options, word);
      g_clear_pointer (&option, g_free);
    }

  return g_strv_builder_end (options);
}

GPtrArray *
strata_domain_xml_get_option_disks (StrataDomainXml *self)
{
  GPtrArray *disks = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_disk_xml_free);
  g_auto (GStrv) options = NULL;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), disks);

  options = strata_domain_xml_get_options (self);
  for (guint i = 0; options[i] != NULL; i += 2)
    add_option (disks, options[i], options[i + 1]);

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
