/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What of a domain is its owner's, whatever state it is in: title, description and <metadata>. */

#include "config.h"

#include "strata-domain-xml-private.h"
#include "strata-node.h"

/**
 * strata_domain_xml_preserve:
 * @self: an older definition of a domain, as a snapshot has it
 * @present: the domain's present definition
 *
 * Gives @self the name, title, description and metadata (template and clone marks, other programs' notes) of
 * @present, which going back in time is not about.
 */
void
strata_domain_xml_preserve (StrataDomainXml *self, StrataDomainXml *present)
{
  static const char *const names[] = { "metadata", "description", "title" };
  xmlNode *root = strata_domain_xml_get_root (self);
  xmlNode *from = strata_domain_xml_get_root (present);
  g_autofree char *name = strata_domain_xml_get_name (present);
  xmlNode *anchor = strata_node_get_child (root, "uuid");

  strata_domain_xml_set_name (self, name);
  if (anchor == NULL)
    anchor = strata_node_get_child (root, "name");

  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    {
      xmlNode *node = strata_node_get_child (from, names[i]);

      strata_node_remove_child (root, names[i]);
      if (node != NULL && anchor != NULL)
        xmlAddNextSibling (anchor, xmlDocCopyNode (node, root->doc, 1));
    }
}
