/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a domain definition says of the guest and of its devices other than disks. */

#include "config.h"

#include "strata-domain-xml-private.h"
#include "strata-node.h"

/**
 * strata_domain_xml_get_os_info:
 * @self: a definition
 *
 * Returns: (transfer full) (nullable): libosinfo's id of the guest, `http://debian.org/debian/12`,
 *   which virt-install and others put into the metadata
 */
char *
strata_domain_xml_get_os_info (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  return strata_document_get (strata_domain_xml_get_document (self),
                              "/domain/metadata/libosinfo:libosinfo/libosinfo:os/@id");
}

/**
 * strata_domain_xml_get_macs:
 * @self: a definition
 *
 * Returns: (transfer full): the MAC address of each interface that has one, in lower case, in
 *   document order
 */
GStrv
strata_domain_xml_get_macs (StrataDomainXml *self)
{
  g_autoptr (GPtrArray) nodes = NULL;
  g_autoptr (GStrvBuilder) macs = g_strv_builder_new ();

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  nodes = strata_document_find (strata_domain_xml_get_document (self),
                                "/domain/devices/interface/mac[@address != '']");
  for (guint i = 0; i < nodes->len; i++)
    {
      g_autofree char *mac = strata_node_get (g_ptr_array_index (nodes, i), "address");

      g_strv_builder_take (macs, g_ascii_strdown (mac, -1));
    }

  return g_strv_builder_end (macs);
}

/**
 * strata_domain_xml_set_network:
 * @self: a definition
 * @network: the name of a libvirt network
 *
 * Connects every interface to @network, whatever it was connected to. What is the guest's own view of the
 * card (MAC, model, boot order) stays.
 */
void
strata_domain_xml_set_network (StrataDomainXml *self, const char *network)
{
  static const char *const ties[] = { "source", "virtualport", "ip", "portForward", "backend" };
  g_autoptr (GPtrArray) nodes = NULL;

  g_return_if_fail (STRATA_IS_DOMAIN_XML (self));
  g_return_if_fail (network != NULL);

  nodes = strata_document_find (strata_domain_xml_get_document (self), "/domain/devices/interface");
  for (guint i = 0; i < nodes->len; i++)
    {
      xmlNode *node = g_ptr_array_index (nodes, i);

      for (size_t t = 0; t < G_N_ELEMENTS (ties); t++)
        strata_node_remove_child (node, ties[t]);
      strata_node_set (node, "type", "network");
      strata_node_set (strata_node_ensure_child (node, "source"), "network", network);
    }
}

/**
 * strata_domain_xml_has_agent:
 * @self: a definition
 *
 * Returns: whether there is a channel for the QEMU guest agent; not whether one answers on it
 */
gboolean
strata_domain_xml_has_agent (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), FALSE);

  return strata_document_find_one (
             strata_domain_xml_get_document (self),
             "/domain/devices/channel/target[@name='org.qemu.guest_agent.0']") != NULL;
}

/**
 * strata_domain_xml_has_tpm:
 * @self: a definition
 *
 * Returns: whether there is a TPM, whose state is in none of the disks
 */
gboolean
strata_domain_xml_has_tpm (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), FALSE);

  return strata_document_find_one (strata_domain_xml_get_document (self), "/domain/devices/tpm") !=
         NULL;
}

/**
 * strata_domain_xml_get_graphics:
 * @self: a definition
 *
 * Returns: (transfer full) (nullable): the type of its first display, `spice`, `vnc`…
 */
char *
strata_domain_xml_get_graphics (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);

  return strata_document_get (strata_domain_xml_get_document (self),
                              "/domain/devices/graphics/@type");
}
