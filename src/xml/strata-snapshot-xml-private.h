/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For src/xml only: the tree behind a snapshot's document. */

#pragma once

#include "strata-document.h"
#include "strata-snapshot-xml.h"

G_BEGIN_DECLS

/* every disk of both definitions */
#define STRATA_SNAPSHOT_DOMAIN_DISKS \
  "/domainsnapshot/domain/devices/disk | /domainsnapshot/inactiveDomain/devices/disk"

xmlDoc *strata_snapshot_xml_get_document (StrataSnapshotXml *self);
xmlNode *strata_snapshot_xml_get_root (StrataSnapshotXml *self);
StrataSnapshotXml *strata_snapshot_xml_new_empty (void);
void strata_snapshot_xml_set_text (StrataSnapshotXml *self,
                                   const char *name,
                                   const char *after,
                                   const char *text);
xmlNode *strata_snapshot_xml_add_disk (xmlNode *disks,
                                       const char *target,
                                       const char *word,
                                       const char *overlay);
void strata_snapshot_node_set_overlay (xmlNode *disk, const char *path, const char *format);

G_END_DECLS
