/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For src/xml only: the tree behind a domain definition, and a `<disk>` in one. */

#pragma once

#include "strata-document.h"
#include "strata-domain-xml.h"

G_BEGIN_DECLS

xmlDoc *strata_domain_xml_get_document (StrataDomainXml *self);
xmlNode *strata_domain_xml_get_root (StrataDomainXml *self);

char *strata_disk_node_get_place (xmlNode *disk);
void strata_disk_node_set_place (xmlNode *node, xmlNode *source, const char *path);
/* DISKS: (element-type xmlNode), with what they say they stand on */
gboolean strata_disk_nodes_name_devices (GPtrArray *disks,
                                         StrataIsDevice is_device,
                                         gpointer user_data);
void strata_disk_node_set_file (xmlNode *disk, const char *path, const char *format);

/* strata-domain-options.c: what QEMU gets on its command line, two for each option that has a value: its name without dashes, and the value */
GStrv strata_domain_xml_get_options (StrataDomainXml *self);
/* whether OPTION (`drive`) opens what VALUE names for writing */
gboolean strata_qemu_option_writes (const char *option, const char *value);

G_END_DECLS
