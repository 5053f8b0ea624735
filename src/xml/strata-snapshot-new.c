/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A document that a snapshot is created from. */

#include "config.h"

#include "strata-node.h"
#include "strata-snapshot-xml-private.h"

static const char *
location_to_word (StrataSnapshotLocation location)
{
  switch (location)
    {
    case STRATA_SNAPSHOT_INTERNAL:
      return "internal";
    case STRATA_SNAPSHOT_EXTERNAL:
      return "external";
    case STRATA_SNAPSHOT_NONE:
    default:
      return "no";
    }
}

/* Adds a disk to <disks> or <revertDisks>; OVERLAY is NULL where there is none, or libvirt is to name it. */
xmlNode *
strata_snapshot_xml_add_disk (xmlNode *disks,
                              const char *target,
                              const char *word,
                              const char *overlay)
{
  xmlNode *disk = xmlNewChild (disks, NULL, BAD_CAST "disk", NULL);

  strata_node_set (disk, "name", target);
  strata_node_set (disk, "snapshot", word);
  if (overlay != NULL)
    strata_snapshot_node_set_overlay (disk, overlay, "qcow2");

  return disk;
}

/**
 * strata_snapshot_xml_new:
 * @name: its name, not empty
 * @description: (nullable): any number of lines
 * @disks: (element-type StrataSnapshotDisk): every disk of the domain, of which target, location and
 *   overlay (qcow2) are used
 * @memory: where the memory goes
 * @memory_file: (nullable): the file for it, with %STRATA_SNAPSHOT_EXTERNAL
 *
 * Any thread.
 *
 * Returns: (transfer full): a document for `virDomainSnapshotCreateXML()`
 */
StrataSnapshotXml *
strata_snapshot_xml_new (const char *name,
                         const char *description,
                         GPtrArray *disks,
                         StrataSnapshotLocation memory,
                         const char *memory_file)
{
  StrataSnapshotXml *self;
  xmlNode *root;
  xmlNode *node;

  g_return_val_if_fail (name != NULL && *name != '\0' && g_utf8_validate (name, -1, NULL), NULL);
  g_return_val_if_fail (disks != NULL, NULL);
  g_return_val_if_fail ((memory == STRATA_SNAPSHOT_EXTERNAL) == (memory_file != NULL), NULL);

  self = strata_snapshot_xml_new_empty ();
  root = strata_snapshot_xml_get_root (self);

  strata_snapshot_xml_set_text (self, "name", "", name);
  strata_snapshot_xml_set_description (self, description);
  node = xmlNewChild (root, NULL, BAD_CAST "memory", NULL);
  strata_node_set (node, "snapshot", location_to_word (memory));
  strata_node_set (node, "file", memory_file);

  node = xmlNewChild (root, NULL, BAD_CAST "disks", NULL);
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (disks, i);

      strata_snapshot_xml_add_disk (node, disk->target, location_to_word (disk->location),
                                    disk->location == STRATA_SNAPSHOT_EXTERNAL ? disk->overlay
                                                                               : NULL);
    }

  return self;
}
