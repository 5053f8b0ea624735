/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A definition that can't be started: how a template's is kept from writing to its disks, on every host, bus and storage.
 *
 * It has a security label of the model "dac" by which QEMU is to run as a user that no account is, and to whom libvirt gives
 * nothing. The system's daemon starts a QEMU that may not read what libvirt put there for it; it ends before it opens a disk. A
 * session has no such labels, and libvirt refuses to start what has one (9.0, 11.3).
 */

#include "config.h"

#include "strata-domain-xml-private.h"
#include "strata-node.h"

/* Among the numbers that systemd's list leaves unused; not "nobody", to whom a file on NFS may belong. */
#define NO_USER "+65533:+65533"

#define LABEL \
  "/domain/seclabel[@type='static' and @model='dac' and @relabel='no' and label='" NO_USER "']"

/**
 * strata_domain_xml_is_protected:
 * @self: a definition
 *
 * Returns: whether it was made so that no domain can be started from it
 */
gboolean
strata_domain_xml_is_protected (StrataDomainXml *self)
{
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), FALSE);

  return strata_document_find_one (strata_domain_xml_get_document (self), LABEL) != NULL;
}

/* libvirt takes one label of a model; and one without a model only where it is alone. */
static gboolean
has_own_label (xmlDoc *doc)
{
  return strata_document_find_one (doc, "/domain/seclabel[not(@model) or @model='dac']") != NULL;
}

/**
 * strata_domain_xml_set_protected:
 * @self: a definition
 * @protect: whether no domain is to be started from it
 *
 * Returns: whether it is so now; a definition whose owner gave it a label of that kind keeps that one
 */
gboolean
strata_domain_xml_set_protected (StrataDomainXml *self, gboolean protect)
{
  xmlDoc *doc;
  xmlNode *label;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), FALSE);

  doc = strata_domain_xml_get_document (self);
  label = strata_document_find_one (doc, LABEL);
  if ((label != NULL) == (protect != FALSE))
    return TRUE;

  if (!protect)
    {
      strata_node_remove (label);
      return TRUE;
    }
  if (has_own_label (doc))
    return FALSE;

  label = xmlNewChild (strata_domain_xml_get_root (self), NULL, BAD_CAST "seclabel", NULL);
  strata_node_set (label, "type", "static");
  strata_node_set (label, "model", "dac");
  strata_node_set (label, "relabel", "no");
  strata_node_set_text (strata_node_ensure_child (label, "label"), NO_USER);

  return TRUE;
}
