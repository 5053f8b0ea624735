/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The files that a definition names besides its disks: firmware, UEFI variables and their template, kernel, initrd, ROMs, logs,
 * sockets, shared folders, what is handed to QEMU on its command line. Which elements have one changes with each libvirt, so
 * everything that looks like a path counts.
 */

#include "config.h"

#include <string.h>

#include "strata-domain-xml-private.h"
#include "strata-node.h"

/* TEXT is a path, or a list as QEMU's options are: `driver=raw,file=/pool/a.img`. */
static void
add_paths (GHashTable *paths, const char *text)
{
  g_auto (GStrv) parts = NULL;

  if (*text == '/')
    g_hash_table_add (paths, g_strdup (text));

  parts = strchr (text, '/') != NULL ? g_strsplit_set (text, ",=\"", -1) : NULL;
  for (guint i = 0; parts != NULL && parts[i] != NULL; i++)
    {
      if (*parts[i] == '/')
        g_hash_table_add (paths, g_strdup (parts[i]));
    }
}

/* Disks are the graph's, and metadata are notes of people and programs. */
static gboolean
is_left_out (xmlNode *node)
{
  return xmlStrEqual (node->name, BAD_CAST "disk") ||
         xmlStrEqual (node->name, BAD_CAST "metadata") ||
         xmlStrEqual (node->name, BAD_CAST "description");
}

static void
add_node (GHashTable *paths, xmlNode *node)
{
  for (xmlAttr *attribute = node->properties; attribute != NULL; attribute = attribute->next)
    {
      if (attribute->children != NULL && attribute->children->content != NULL)
        add_paths (paths, (const char *) attribute->children->content);
    }

  for (xmlNode *child = node->children; child != NULL; child = child->next)
    {
      if (child->type == XML_ELEMENT_NODE && !is_left_out (child))
        add_node (paths, child);
      else if ((child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) &&
               child->content != NULL)
        {
          g_autofree char *text = g_strstrip (g_strdup ((const char *) child->content));

          add_paths (paths, text);
        }
    }
}

static char *
find_written_on_command_line (StrataDomainXml *self)
{
  g_auto (GStrv) options = strata_domain_xml_get_options (self);

  for (guint i = 0; options[i] != NULL; i += 2)
    {
      if (strata_qemu_option_writes (options[i], options[i + 1]))
        return g_strdup (options[i + 1]);
    }

  return NULL;
}

/**
 * strata_domain_xml_find_written:
 * @self: a definition
 *
 * What it writes to besides its disks and its UEFI variables, and keeps: a copy of the definition would write there as well.
 * Left out is what is shared on purpose (folders, shared memory), what only is told there (logs, sockets), and devices of the
 * host that one domain at a time can have.
 *
 * Returns: (transfer full) (nullable): the first such file, or what says it; %NULL if there is none
 */
char *
strata_domain_xml_find_written (StrataDomainXml *self)
{
  static const char *const paths[] = {
    /* NVDIMM and virtio-pmem */
    "/domain/devices/memory[not(@access='private')][not(target/readonly)]/source/path",
    "/domain/devices/tpm/backend/source/@path",
    "/domain/devices/pstore/path",
    "/domain/os/loader[@type='pflash'][@readonly='no']",
    "/domain/os/varstore/@path",
    "/domain/devices/hostdev[@type='scsi'][not(readonly)]/source/adapter/@name",
  };

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  for (size_t i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      char *path = strata_document_get (strata_domain_xml_get_document (self), paths[i]);

      if (path != NULL)
        return path;
    }

  return find_written_on_command_line (self);
}

/**
 * strata_domain_xml_add_files:
 * @self: a definition
 * @paths: (element-type utf8): a set, to which the paths are added
 *
 * Every path that it names outside of its disks and metadata, as it spells them.
 */
void
strata_domain_xml_add_files (StrataDomainXml *self, GHashTable *paths)
{
  g_autoptr (GPtrArray) options = NULL;

  g_return_if_fail (STRATA_IS_DOMAIN_XML (self));
  g_return_if_fail (paths != NULL);

  add_node (paths, strata_domain_xml_get_root (self));
  options = strata_domain_xml_get_option_disks (self);
  for (guint i = 0; i < options->len; i++)
    g_hash_table_add (paths, g_strdup (((StrataDiskXml *) g_ptr_array_index (options, i))->source));
}
