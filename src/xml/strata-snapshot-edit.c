/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A snapshot's document made true again after its images were moved, merged or overlaid. libvirt believes
 * every word of it: it unlinks what `<disks>` names, and opens what a `<backingStore>` names.
 */

#include "config.h"

#include "strata-domain-xml-private.h"
#include "strata-node.h"
#include "strata-snapshot-xml-private.h"

static void
set_source (xmlNode *node, const char *path)
{
  strata_disk_node_set_place (node, strata_node_ensure_child (node, "source"), path);
}

static gboolean
is_at (xmlNode *node, const char *path)
{
  g_autofree char *place = strata_disk_node_get_place (node);

  return g_strcmp0 (place, path) == 0;
}

/* Makes DISK, of <disks> or <revertDisks>, one whose overlay is PATH. */
void
strata_snapshot_node_set_overlay (xmlNode *disk, const char *path, const char *format)
{
  xmlNode *driver;

  strata_node_remove_child (disk, "driver");
  strata_node_remove_child (disk, "source");
  driver = strata_node_ensure_child (disk, "driver");
  strata_node_set (driver, "type", format);
  set_source (disk, path);
}

/* The chain that is written below DISK is, name for name, PATHS, and ends there. */
static gboolean
has_backing (xmlNode *disk, const char *const *paths, const char *const *formats)
{
  xmlNode *backing = strata_node_get_child (disk, "backingStore");

  for (size_t i = 0; paths[i] != NULL; i++)
    {
      if (!is_at (backing, paths[i]) ||
          !strata_node_is (strata_node_get_child (backing, "format"), "type", formats[i]))
        return FALSE;
      backing = strata_node_get_child (backing, "backingStore");
    }

  return backing != NULL && xmlFirstElementChild (backing) == NULL;
}

static gboolean
contradicts (xmlNode *disk, const char *const *paths)
{
  xmlNode *backing = strata_node_get_child (disk, "backingStore");
  size_t i = 0;

  while (backing != NULL && xmlFirstElementChild (backing) != NULL)
    {
      if (paths[i] == NULL || !is_at (backing, paths[i]))
        return TRUE;
      i++;
      backing = strata_node_get_child (backing, "backingStore");
    }

  /* An empty one says that there is no more. */
  return backing != NULL && paths[i] != NULL;
}

/* The disk TARGET in both definitions, as far as both are on the same image, of which the chain is. */
static GPtrArray *
find_domain_disks (StrataSnapshotXml *self, const char *target)
{
  g_autoptr (GPtrArray) all =
      strata_document_find (strata_snapshot_xml_get_document (self), STRATA_SNAPSHOT_DOMAIN_DISKS);
  GPtrArray *disks = g_ptr_array_new ();
  g_autofree char *place = NULL;

  for (guint i = 0; i < all->len; i++)
    {
      xmlNode *disk = g_ptr_array_index (all, i);

      if (!strata_node_is (strata_node_get_child (disk, "target"), "dev", target))
        continue;
      if (place == NULL)
        place = strata_disk_node_get_place (disk);
      if (place != NULL && is_at (disk, place))
        g_ptr_array_add (disks, disk);
    }

  return disks;
}

static void
write_backing (xmlNode *disk, const char *const *paths, const char *const *formats)
{
  xmlNode *backing = xmlNewDocNode (disk->doc, NULL, BAD_CAST "backingStore", NULL);

  strata_node_remove_child (disk, "backingStore");
  xmlAddNextSibling (strata_node_get_child (disk, "source"), backing);

  for (size_t i = 0; paths[i] != NULL; i++)
    {
      strata_node_set (strata_node_ensure_child (backing, "format"), "type", formats[i]);
      set_source (backing, paths[i]);
      backing = strata_node_ensure_child (backing, "backingStore");
    }
}

/**
 * strata_snapshot_xml_replace_image:
 * @self: a snapshot's document
 * @from: a path as the document writes it
 * @to: the path of the image that takes its place
 * @format: @to's format
 *
 * In both definitions, in `<disks>` and in `<revertDisks>`. The `<backingStore>` of a disk that changes
 * goes: what is below @to is for its header to say, or for strata_snapshot_xml_set_backing().
 *
 * Returns: whether anything was changed
 */
gboolean
strata_snapshot_xml_replace_image (StrataSnapshotXml *self,
                                   const char *from,
                                   const char *to,
                                   const char *format)
{
  g_autoptr (GPtrArray) images = NULL;
  g_autoptr (GPtrArray) overlays = NULL;
  gboolean changed = FALSE;
  xmlDoc *doc;

  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self), FALSE);
  g_return_val_if_fail (from != NULL, FALSE);
  g_return_val_if_fail (to != NULL && g_utf8_validate (to, -1, NULL), FALSE);
  g_return_val_if_fail (format != NULL, FALSE);

  if (g_str_equal (from, to))
    return FALSE;

  doc = strata_snapshot_xml_get_document (self);
  images = strata_document_find (doc, STRATA_SNAPSHOT_DOMAIN_DISKS);
  for (guint i = 0; i < images->len; i++)
    {
      if (!is_at (g_ptr_array_index (images, i), from))
        continue;
      strata_disk_node_set_file (g_ptr_array_index (images, i), to, format);
      changed = TRUE;
    }

  overlays =
      strata_document_find (doc, "/domainsnapshot/disks/disk | /domainsnapshot/revertDisks/disk");
  for (guint i = 0; i < overlays->len; i++)
    {
      if (!is_at (g_ptr_array_index (overlays, i), from))
        continue;
      strata_snapshot_node_set_overlay (g_ptr_array_index (overlays, i), to, format);
      changed = TRUE;
    }

  return changed;
}

/**
 * strata_snapshot_xml_set_backing:
 * @self: a snapshot's document
 * @target: a disk, `vda`
 * @paths: (nullable): the images below it, from the one directly below it; %NULL to say nothing of them
 * @formats: (nullable): their formats
 *
 * libvirt 11.3 crashes while it deletes a snapshot when the definition of another branch does not say its
 * whole chain.
 *
 * Returns: whether anything was changed
 */
gboolean
strata_snapshot_xml_set_backing (StrataSnapshotXml *self,
                                 const char *target,
                                 const char *const *paths,
                                 const char *const *formats)
{
  g_autoptr (GPtrArray) disks = NULL;
  gboolean changed = FALSE;

  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self), FALSE);
  g_return_val_if_fail (target != NULL, FALSE);
  g_return_val_if_fail ((paths == NULL) == (formats == NULL), FALSE);
  g_return_val_if_fail (
      paths == NULL || g_strv_length ((GStrv) paths) == g_strv_length ((GStrv) formats), FALSE);

  disks = find_domain_disks (self, target);
  for (guint i = 0; i < disks->len; i++)
    {
      xmlNode *disk = g_ptr_array_index (disks, i);

      if (paths == NULL ? strata_node_get_child (disk, "backingStore") == NULL
                        : has_backing (disk, paths, formats))
        continue;
      if (paths != NULL)
        write_backing (disk, paths, formats);
      else
        strata_node_remove_child (disk, "backingStore");
      changed = TRUE;
    }

  return changed;
}

/**
 * strata_snapshot_xml_contradicts_backing:
 * @self: a snapshot's document
 * @target: a disk, `vda`
 * @paths: the images below it, from the one directly below it
 *
 * libvirt writes of a chain what it had not to look for itself; the rest is for the headers to say.
 *
 * Returns: whether anything that the definitions say of the disk's chain is not so
 */
gboolean
strata_snapshot_xml_contradicts_backing (StrataSnapshotXml *self,
                                         const char *target,
                                         const char *const *paths)
{
  g_autoptr (GPtrArray) disks = NULL;

  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self), FALSE);
  g_return_val_if_fail (target != NULL, FALSE);
  g_return_val_if_fail (paths != NULL, FALSE);

  disks = find_domain_disks (self, target);
  for (guint i = 0; i < disks->len; i++)
    {
      if (contradicts (g_ptr_array_index (disks, i), paths))
        return TRUE;
    }

  return FALSE;
}

gboolean
strata_snapshot_xml_name_devices (StrataSnapshotXml *self,
                                  StrataIsDevice is_device,
                                  gpointer user_data)
{
  g_autoptr (GPtrArray) disks = NULL;

  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self), FALSE);

  disks =
      strata_document_find (strata_snapshot_xml_get_document (self), STRATA_SNAPSHOT_DOMAIN_DISKS);

  return strata_disk_nodes_name_devices (disks, is_device, user_data);
}

/**
 * strata_snapshot_xml_set_overlay:
 * @self: a snapshot's document
 * @target: a disk of its `<disks>` that is external
 * @path: the qcow2 overlay that stands on the frozen image
 *
 * Only for a snapshot without children: whatever native calls do to it, they do to @path.
 *
 * Returns: whether anything was changed
 */
gboolean
strata_snapshot_xml_set_overlay (StrataSnapshotXml *self, const char *target, const char *path)
{
  g_autoptr (GPtrArray) nodes = NULL;
  gboolean changed = FALSE;

  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self), FALSE);
  g_return_val_if_fail (target != NULL, FALSE);
  g_return_val_if_fail (path != NULL && g_utf8_validate (path, -1, NULL), FALSE);

  nodes = strata_document_find (strata_snapshot_xml_get_document (self),
                                "/domainsnapshot/disks/disk[@snapshot='external']");
  for (guint i = 0; i < nodes->len; i++)
    {
      xmlNode *node = g_ptr_array_index (nodes, i);

      if (!strata_node_is (node, "name", target) || is_at (node, path))
        continue;
      strata_snapshot_node_set_overlay (node, path, "qcow2");
      changed = TRUE;
    }

  return changed;
}

/**
 * strata_snapshot_xml_set_revert_disks:
 * @self: a snapshot's document
 * @disks: (nullable) (element-type StrataSnapshotDisk): what the domain runs on since it went back to this
 *   snapshot; of which target and revert_overlay are used. One without a revert_overlay is written as left
 *   out, so that no other tool takes anything for its overlay.
 *
 * libvirt keeps it from 9.10 on.
 */
void
strata_snapshot_xml_set_revert_disks (StrataSnapshotXml *self, GPtrArray *disks)
{
  xmlNode *root;
  xmlNode *before;
  xmlNode *list;

  g_return_if_fail (STRATA_IS_SNAPSHOT_XML (self));

  root = strata_snapshot_xml_get_root (self);
  strata_node_remove_child (root, "revertDisks");
  if (disks == NULL || disks->len == 0)
    return;

  before = strata_node_get_child (root, "disks");
  list = xmlNewDocNode (root->doc, NULL, BAD_CAST "revertDisks", NULL);
  if (before != NULL)
    xmlAddNextSibling (before, list);
  else
    xmlAddChild (root, list);

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (disks, i);

      strata_snapshot_xml_add_disk (list, disk->target,
                                    disk->revert_overlay != NULL ? "external" : "no",
                                    disk->revert_overlay);
    }
}

static gboolean
is_listed (xmlNode *list, const char *target, const char *place)
{
  for (xmlNode *node = list->children; node != NULL; node = node->next)
    {
      g_autofree char *name =
          xmlStrEqual (node->name, BAD_CAST "disk") ? strata_node_get (node, "name") : NULL;

      if (name != NULL && (g_str_equal (name, target) || g_strcmp0 (name, place) == 0))
        return TRUE;
    }

  return FALSE;
}

/**
 * strata_snapshot_xml_complete_disks:
 * @self: a snapshot's document
 *
 * Writes down as left out each disk of the definition that its lists of disks do not name. libvirt (11.3) takes what they don't
 * name for a part of the snapshot when it is defined again, and `<revertDisks>` for the list of all disks when it deletes a child.
 */
void
strata_snapshot_xml_complete_disks (StrataSnapshotXml *self)
{
  static const char *const lists[] = { "disks", "revertDisks" };
  g_autoptr (GPtrArray) disks = NULL;

  g_return_if_fail (STRATA_IS_SNAPSHOT_XML (self));

  disks = strata_document_find (strata_snapshot_xml_get_document (self),
                                "/domainsnapshot/domain/devices/disk");
  for (size_t i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      xmlNode *list = strata_node_get_child (strata_snapshot_xml_get_root (self), lists[i]);

      for (guint j = 0; list != NULL && j < disks->len; j++)
        {
          xmlNode *disk = g_ptr_array_index (disks, j);
          g_autofree char *target = strata_node_get (strata_node_get_child (disk, "target"), "dev");
          g_autofree char *place = strata_disk_node_get_place (disk);

          if (target != NULL && !is_listed (list, target, place))
            strata_snapshot_xml_add_disk (list, target, "no", NULL);
        }
    }
}

/**
 * strata_snapshot_xml_has_revert_disks:
 * @self: a snapshot's document
 *
 * Returns: whether it says what the domain runs on since it went back to this snapshot
 */
gboolean
strata_snapshot_xml_has_revert_disks (StrataSnapshotXml *self)
{
  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self), FALSE);

  return strata_node_get_child (strata_snapshot_xml_get_root (self), "revertDisks") != NULL;
}
