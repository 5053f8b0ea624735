/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A domain definition that is read and rewritten in place. It is libvirt's whole document, over
 * libxml2 and not libvirt-gconfig, which lacks backingStore, nvram, genid, and metadata. Disks,
 * firmware, identity and our marks are in the strata-domain-*.c files beside this one.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-domain-xml-private.h"
#include "base/strata-error.h"
#include "strata-node.h"

struct _StrataDomainXml
{
  GObject parent_instance;

  xmlDoc *doc;
};

G_DEFINE_FINAL_TYPE (StrataDomainXml, strata_domain_xml, G_TYPE_OBJECT)

/* libvirt takes a UUID with or without dashes and blanks; we only ever hand out its canonical form. */
static char *
canonical_uuid (const char *text)
{
  g_autoptr (GString) uuid = g_string_new (NULL);

  for (const char *p = text; *p != '\0'; p++)
    {
      if (*p == '-' || g_ascii_isspace (*p))
        continue;
      if (!g_ascii_isxdigit (*p) || uuid->len == 36)
        return NULL;
      if (uuid->len == 8 || uuid->len == 13 || uuid->len == 18 || uuid->len == 23)
        g_string_append_c (uuid, '-');
      g_string_append_c (uuid, g_ascii_tolower (*p));
    }

  return uuid->len == 36 ? g_strdup (uuid->str) : NULL;
}

static gboolean
check_identity (xmlDoc *doc, GError **error)
{
  g_autofree char *name = strata_document_get (doc, "/domain/name");
  g_autofree char *uuid = strata_document_get (doc, "/domain/uuid");
  g_autofree char *canonical = NULL;

  if (name == NULL)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                        _ ("The domain definition has no name."));
      return FALSE;
    }

  if (uuid == NULL)
    return TRUE;

  canonical = canonical_uuid (uuid);
  if (canonical == NULL)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                        /* Translators: a UUID, then the name of a virtual machine. */
                        _ ("“%s” is not a UUID, in the domain definition of “%s”."), uuid, name);
      return FALSE;
    }

  strata_node_set_text (strata_document_find_one (doc, "/domain/uuid"), canonical);

  return TRUE;
}

static void
strata_domain_xml_finalize (GObject *object)
{
  StrataDomainXml *self = STRATA_DOMAIN_XML (object);

  g_clear_pointer (&self->doc, xmlFreeDoc);

  G_OBJECT_CLASS (strata_domain_xml_parent_class)->finalize (object);
}

static void
strata_domain_xml_class_init (StrataDomainXmlClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = strata_domain_xml_finalize;
}

static void
strata_domain_xml_init (StrataDomainXml *self)
{
}

/* Returns: (transfer none): the tree, which the files of src/xml may change */
xmlDoc *
strata_domain_xml_get_document (StrataDomainXml *self)
{
  g_assert (STRATA_IS_DOMAIN_XML (self));

  return self->doc;
}

/* Returns: (transfer none): the `<domain>` element */
xmlNode *
strata_domain_xml_get_root (StrataDomainXml *self)
{
  g_assert (STRATA_IS_DOMAIN_XML (self));

  return xmlDocGetRootElement (self->doc);
}

/**
 * strata_domain_xml_new_from_string:
 * @text: what libvirt, or a file of its, says: inactive, live or migratable XML
 * @error: `STRATA_ERROR_INVALID` if @text is not well-formed, not a `<domain>`, or has no name or
 *   a UUID that is none
 *
 * A missing UUID is no error, since imported definitions may lack one. Any thread.
 *
 * Returns: (transfer full): the definition, or %NULL
 */
StrataDomainXml *
strata_domain_xml_new_from_string (const char *text, GError **error)
{
  g_autoptr (StrataDomainXml) self = NULL;
  g_autoptr (xmlDoc) doc = NULL;

  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  doc = strata_document_parse (text, "domain", error);
  if (doc == NULL || !check_identity (doc, error))
    return NULL;

  self = g_object_new (STRATA_TYPE_DOMAIN_XML, NULL);
  self->doc = g_steal_pointer (&doc);

  return g_steal_pointer (&self);
}

/**
 * strata_domain_xml_copy:
 * @self: a definition
 *
 * Any thread that has @self.
 *
 * Returns: (transfer full): another one that says the same
 */
StrataDomainXml *
strata_domain_xml_copy (StrataDomainXml *self)
{
  StrataDomainXml *copy;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  copy = g_object_new (STRATA_TYPE_DOMAIN_XML, NULL);
  copy->doc = xmlCopyDoc (self->doc, TRUE);

  return copy;
}

/**
 * strata_domain_xml_to_string:
 * @self: a definition
 *
 * Any thread that has @self.
 *
 * Returns: (transfer full): the document, indented as libvirt does it
 */
char *
strata_domain_xml_to_string (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  return strata_document_to_string (self->doc);
}

/**
 * strata_domain_xml_get_name:
 * @self: a definition
 *
 * Returns: (transfer full): its name
 */
char *
strata_domain_xml_get_name (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  return strata_document_get (self->doc, "/domain/name");
}

/**
 * strata_domain_xml_set_name:
 * @self: a definition
 * @name: its new name, not empty
 */
void
strata_domain_xml_set_name (StrataDomainXml *self, const char *name)
{
  g_return_if_fail (STRATA_IS_DOMAIN_XML (self));
  g_return_if_fail (name != NULL && *name != '\0' && g_utf8_validate (name, -1, NULL));

  strata_node_set_text (strata_document_find_one (self->doc, "/domain/name"), name);
}

/**
 * strata_domain_xml_get_uuid:
 * @self: a definition
 *
 * Returns: (transfer full) (nullable): its UUID in lower case with dashes, or %NULL if it has none
 */
char *
strata_domain_xml_get_uuid (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  return strata_document_get (self->doc, "/domain/uuid");
}

/**
 * strata_domain_xml_set_uuid:
 * @self: a definition
 * @uuid: its new UUID
 *
 * Where the definition shows the guest its UUID in `<sysinfo>`, that one changes too: libvirt refuses
 * a definition in which the two differ.
 */
void
strata_domain_xml_set_uuid (StrataDomainXml *self, const char *uuid)
{
  g_autofree char *canonical = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  xmlNode *node;

  g_return_if_fail (STRATA_IS_DOMAIN_XML (self));
  g_return_if_fail (uuid != NULL);

  canonical = canonical_uuid (uuid);
  g_return_if_fail (canonical != NULL);

  node = strata_document_find_one (self->doc, "/domain/uuid");
  if (node == NULL)
    {
      node = xmlNewDocNode (self->doc, NULL, BAD_CAST "uuid", NULL);
      xmlAddNextSibling (strata_document_find_one (self->doc, "/domain/name"), node);
    }
  strata_node_set_text (node, canonical);

  entries = strata_document_find (self->doc, "/domain/sysinfo/system/entry[@name='uuid']");
  for (guint i = 0; i < entries->len; i++)
    strata_node_set_text (g_ptr_array_index (entries, i), canonical);
}

/**
 * strata_domain_xml_get_title:
 * @self: a definition
 *
 * Returns: (transfer full) (nullable): its title, a line for people
 */
char *
strata_domain_xml_get_title (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  return strata_document_get (self->doc, "/domain/title");
}

/**
 * strata_domain_xml_get_description:
 * @self: a definition
 *
 * Returns: (transfer full) (nullable): its description, any number of lines
 */
char *
strata_domain_xml_get_description (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  return strata_document_get (self->doc, "/domain/description");
}

/**
 * strata_domain_xml_get_memory:
 * @self: a definition
 *
 * Returns: the memory that the guest may have, in bytes, whatever unit the definition uses
 */
guint64
strata_domain_xml_get_memory (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), 0);

  return strata_document_get_bytes (self->doc, "/domain/memory", 1024);
}

/**
 * strata_domain_xml_get_vcpus:
 * @self: a definition
 *
 * Returns: how many virtual CPUs the guest starts with, which may be fewer than it can be given
 */
guint
strata_domain_xml_get_vcpus (StrataDomainXml *self)
{
  g_autofree char *text = NULL;
  guint64 count;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), 0);

  text = strata_document_get (self->doc, "/domain/vcpu/@current");
  if (text == NULL)
    text = strata_document_get (self->doc, "/domain/vcpu");
  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT, &count, NULL))
    return 1;

  return (guint) count;
}

/**
 * strata_domain_xml_get_virt_type:
 * @self: a definition
 *
 * Returns: (transfer full) (nullable): `kvm`, `qemu`…
 */
char *
strata_domain_xml_get_virt_type (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  return strata_document_get (self->doc, "/domain/@type");
}

/**
 * strata_domain_xml_get_machine:
 * @self: a definition
 *
 * Returns: (transfer full) (nullable): the machine type, `pc-q35-10.0`; %NULL leaves it to libvirt
 */
char *
strata_domain_xml_get_machine (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  return strata_document_get (self->doc, "/domain/os/type/@machine");
}

/**
 * strata_domain_xml_get_arch:
 * @self: a definition
 *
 * Returns: (transfer full) (nullable): the architecture, `x86_64`; %NULL leaves it to libvirt
 */
char *
strata_domain_xml_get_arch (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  return strata_document_get (self->doc, "/domain/os/type/@arch");
}

/**
 * strata_domain_xml_get_emulator:
 * @self: a definition
 *
 * Returns: (transfer full) (nullable): path of the QEMU program on the host
 */
char *
strata_domain_xml_get_emulator (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  return strata_document_get (self->doc, "/domain/devices/emulator");
}
