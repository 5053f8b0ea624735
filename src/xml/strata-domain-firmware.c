/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The UEFI side of a domain definition: whether it has one, and the file of its variables. */

#include "config.h"

#include "strata-domain-xml-private.h"
#include "strata-node.h"

/**
 * strata_domain_xml_is_uefi:
 * @self: a definition
 *
 * Returns: whether the guest boots by UEFI and so has a file of variables, or will get one
 */
gboolean
strata_domain_xml_is_uefi (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), FALSE);

  return strata_document_find_one (
             strata_domain_xml_get_document (self),
             "/domain/os[@firmware='efi' or loader/@type='pflash' or nvram]") != NULL;
}

/**
 * strata_domain_xml_get_nvram:
 * @self: a definition
 *
 * The path is the element's text, or in a `<source>` inside it where the definition says what type
 * of storage it is (libvirt 8.5 and later).
 *
 * Returns: (transfer full) (nullable): path of the file or block device with the UEFI variables;
 *   %NULL if libvirt is to choose one, or it is on the network
 */
char *
strata_domain_xml_get_nvram (StrataDomainXml *self)
{
  xmlNode *nvram;
  xmlNode *source;
  char *path;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  nvram = strata_document_find_one (strata_domain_xml_get_document (self), "/domain/os/nvram");
  source = strata_node_get_child (nvram, "source");
  if (source == NULL)
    return strata_node_get_text (nvram);

  path = strata_node_get (source, "file");

  return path != NULL ? path : strata_node_get (source, "dev");
}

/**
 * strata_domain_xml_set_nvram:
 * @self: a definition
 * @path: (nullable): the file with the UEFI variables; %NULL takes the path away, so that libvirt
 *   makes a file from the template when the VM starts
 *
 * Template and formats stay. The path is written as text, which every libvirt reads.
 */
void
strata_domain_xml_set_nvram (StrataDomainXml *self, const char *path)
{
  xmlNode *nvram;

  g_return_if_fail (STRATA_IS_DOMAIN_XML (self));
  g_return_if_fail (path == NULL || g_utf8_validate (path, -1, NULL));

  nvram = strata_document_find_one (strata_domain_xml_get_document (self), "/domain/os/nvram");
  if (nvram == NULL && path == NULL)
    return;

  if (nvram == NULL)
    nvram = strata_node_ensure_child (
        strata_node_ensure_child (strata_domain_xml_get_root (self), "os"), "nvram");

  strata_node_set (nvram, "type", NULL);
  strata_node_set_text (nvram, path);
}

/**
 * strata_domain_xml_get_nvram_format:
 * @self: a definition
 *
 * Returns: (transfer full) (nullable): the format of the file with the UEFI variables, %NULL where
 *   the definition does not say (it is raw then)
 */
char *
strata_domain_xml_get_nvram_format (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  return strata_document_get (strata_domain_xml_get_document (self), "/domain/os/nvram/@format");
}
