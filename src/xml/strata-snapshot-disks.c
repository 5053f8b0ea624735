/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The disks of a snapshot, put together from its three lists: `<disks>` says what was made, `<domain>`
 * what it was made of, and `<revertDisks>` what stands on it since its domain went back to it.
 */

#include "config.h"

#include "strata-domain-xml-private.h"
#include "strata-node.h"
#include "strata-snapshot-xml-private.h"

static StrataSnapshotLocation
location_from_node (xmlNode *disk)
{
  g_autofree char *word = strata_node_get (disk, "snapshot");

  if (g_strcmp0 (word, "external") == 0)
    return STRATA_SNAPSHOT_EXTERNAL;
  if (g_strcmp0 (word, "internal") == 0)
    return STRATA_SNAPSHOT_INTERNAL;

  /* "no"; and "manual", which says that another program looks after that disk. */
  if (word != NULL)
    return STRATA_SNAPSHOT_NONE;

  /* libvirt always writes the word. A promise too many is kept for nothing, one too few is broken. */
  return strata_node_get_child (disk, "source") != NULL ? STRATA_SNAPSHOT_EXTERNAL
                                                        : STRATA_SNAPSHOT_INTERNAL;
}

/* NAME is a target, or the path of the disk's source. */
static xmlNode *
find_in_definition (GPtrArray *definition, const char *name)
{
  for (guint i = 0; i < definition->len; i++)
    {
      xmlNode *disk = g_ptr_array_index (definition, i);

      if (strata_node_is (strata_node_get_child (disk, "target"), "dev", name))
        return disk;
    }

  for (guint i = 0; i < definition->len; i++)
    {
      xmlNode *disk = g_ptr_array_index (definition, i);
      g_autofree char *place = strata_disk_node_get_place (disk);

      if (g_strcmp0 (place, name) == 0)
        return disk;
    }

  return NULL;
}

static char *
get_target (xmlNode *definition_disk, const char *name)
{
  char *target = strata_node_get (strata_node_get_child (definition_disk, "target"), "dev");

  return target != NULL ? target : g_strdup (name);
}

/* Whether DISK is in `<domain>`, and not in `<inactiveDomain>`. */
static gboolean
is_live (xmlNode *disk)
{
  return xmlStrEqual (disk->parent->parent->name, BAD_CAST "domain");
}

static void
read_backings (StrataSnapshotDisk *self, xmlNode *disk)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (xmlNode *node = strata_node_get_child (disk, "backingStore"); node != NULL && !self->ends;
       node = strata_node_get_child (node, "backingStore"))
    {
      g_autofree char *place = strata_disk_node_get_place (node);

      if (place != NULL)
        g_strv_builder_take (names, g_steal_pointer (&place));
      else
        self->ends = TRUE;
    }

  self->backings = g_strv_builder_end (names);
}

static void
read_definition (StrataSnapshotDisk *self, xmlNode *disk)
{
  if (disk == NULL)
    return;

  self->image = strata_disk_node_get_place (disk);
  self->medium =
      strata_node_is (disk, "device", "cdrom") || strata_node_is (disk, "device", "floppy");
  if (strata_node_is (disk, "type", "volume"))
    self->pool = strata_node_get (strata_node_get_child (disk, "source"), "pool");
  self->format = strata_node_get (strata_node_get_child (disk, "driver"), "type");
  if (is_live (disk))
    read_backings (self, disk);
}

static StrataSnapshotDisk *
disk_from_node (xmlNode *node, GPtrArray *definition)
{
  g_autofree char *name = strata_node_get (node, "name");
  g_autofree char *target = NULL;
  StrataSnapshotDisk *self;
  xmlNode *disk;

  if (name == NULL)
    return NULL;

  disk = find_in_definition (definition, name);
  target = get_target (disk, name);
  self = strata_snapshot_disk_new (target, location_from_node (node));
  read_definition (self, disk);
  if (self->location == STRATA_SNAPSHOT_EXTERNAL)
    self->overlay = strata_disk_node_get_place (node);

  return self;
}

/* libvirt takes an internal snapshot of every disk that can be written, and of no other. */
static gboolean
can_have_snapshot (xmlNode *disk)
{
  g_autofree char *device = strata_node_get (disk, "device");
  g_autofree char *place = strata_disk_node_get_place (disk);

  return (device == NULL || g_str_equal (device, "disk")) && place != NULL &&
         strata_node_get_child (disk, "readonly") == NULL;
}

static void
add_from_definition (GPtrArray *disks, GPtrArray *definition)
{
  for (guint i = 0; i < definition->len; i++)
    {
      xmlNode *node = g_ptr_array_index (definition, i);
      g_autofree char *target = get_target (node, NULL);
      StrataSnapshotDisk *disk;

      if (target == NULL || !can_have_snapshot (node))
        continue;

      disk = strata_snapshot_disk_new (target, STRATA_SNAPSHOT_INTERNAL);
      read_definition (disk, node);
      g_ptr_array_add (disks, disk);
    }
}

static StrataSnapshotDisk *
find_disk (GPtrArray *disks, const char *target)
{
  for (guint i = 0; i < disks->len; i++)
    {
      StrataSnapshotDisk *disk = g_ptr_array_index (disks, i);

      if (g_strcmp0 (disk->target, target) == 0)
        return disk;
    }

  return NULL;
}

/* A disk that was to come with the next start is in the definition to go back to, and nowhere else. */
static void
add_left_out (xmlDoc *doc, GPtrArray *disks)
{
  g_autoptr (GPtrArray) nodes =
      strata_document_find (doc, "/domainsnapshot/inactiveDomain/devices/disk");

  for (guint i = 0; i < nodes->len; i++)
    {
      xmlNode *node = g_ptr_array_index (nodes, i);
      g_autofree char *target = get_target (node, NULL);
      StrataSnapshotDisk *disk;

      if (target == NULL || find_disk (disks, target) != NULL || !can_have_snapshot (node))
        continue;

      disk = strata_snapshot_disk_new (target, STRATA_SNAPSHOT_NONE);
      read_definition (disk, node);
      g_ptr_array_add (disks, disk);
    }
}

static void
read_revert_disks (xmlDoc *doc, GPtrArray *disks, GPtrArray *definition)
{
  g_autoptr (GPtrArray) nodes = strata_document_find (doc, "/domainsnapshot/revertDisks/disk");

  for (guint i = 0; i < nodes->len; i++)
    {
      xmlNode *node = g_ptr_array_index (nodes, i);
      g_autoptr (StrataSnapshotDisk) revert = disk_from_node (node, definition);
      StrataSnapshotDisk *disk;

      disk = revert != NULL ? find_disk (disks, revert->target) : NULL;
      if (disk != NULL && disk->revert_overlay == NULL)
        disk->revert_overlay = g_steal_pointer (&revert->overlay);
    }
}

/**
 * strata_snapshot_disk_new:
 * @target: (nullable): the name in the guest
 * @location: where its snapshot is
 *
 * Returns: (transfer full): a disk of a snapshot
 */
StrataSnapshotDisk *
strata_snapshot_disk_new (const char *target, StrataSnapshotLocation location)
{
  StrataSnapshotDisk *self = g_new0 (StrataSnapshotDisk, 1);

  self->target = g_strdup (target);
  self->location = location;

  return self;
}

/**
 * strata_snapshot_disk_free:
 * @self: (nullable) (transfer full): a disk of a snapshot
 */
void
strata_snapshot_disk_free (StrataSnapshotDisk *self)
{
  if (self == NULL)
    return;

  g_free (self->target);
  g_free (self->image);
  g_free (self->pool);
  g_free (self->format);
  g_strfreev (self->backings);
  g_free (self->overlay);
  g_free (self->revert_overlay);
  g_free (self);
}

/**
 * strata_snapshot_xml_get_disks:
 * @self: a snapshot's document
 *
 * The image of a disk that is neither a file nor a device is what names it there, as in #StrataDiskXml.
 * A disk that is named by its source's path has its target here all the same.
 *
 * Returns: (transfer full) (element-type StrataSnapshotDisk): its disks, in the order of `<disks>`; where
 *   that is missing, the writable ones of the definition; then those that only the
 *   definition to go back to has, as left out
 */
GPtrArray *
strata_snapshot_xml_get_disks (StrataSnapshotXml *self)
{
  GPtrArray *disks = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_snapshot_disk_free);
  g_autoptr (GPtrArray) definition = NULL;
  g_autoptr (GPtrArray) nodes = NULL;
  xmlDoc *doc;

  g_return_val_if_fail (STRATA_IS_SNAPSHOT_XML (self), disks);

  doc = strata_snapshot_xml_get_document (self);
  definition = strata_document_find (doc, "/domainsnapshot/domain/devices/disk");
  if (definition->len == 0)
    {
      g_clear_pointer (&definition, g_ptr_array_unref);
      definition = strata_document_find (doc, "/domainsnapshot/inactiveDomain/devices/disk");
    }

  nodes = strata_document_find (doc, "/domainsnapshot/disks/disk");
  for (guint i = 0; i < nodes->len; i++)
    {
      g_autoptr (StrataSnapshotDisk) disk =
          disk_from_node (g_ptr_array_index (nodes, i), definition);

      if (disk != NULL && find_disk (disks, disk->target) == NULL)
        g_ptr_array_add (disks, g_steal_pointer (&disk));
    }

  if (strata_document_find_one (doc, "/domainsnapshot/disks") == NULL)
    add_from_definition (disks, definition);
  add_left_out (doc, disks);
  read_revert_disks (doc, disks, definition);

  return disks;
}

/* At whatever depth: a `<mirror>` has a chain, too. */
static void
add_backings_below (xmlNode *node, GHashTable *paths)
{
  for (xmlNode *child = xmlFirstElementChild (node); child != NULL;
       child = xmlNextElementSibling (child))
    {
      char *place = child->ns == NULL && xmlStrEqual (child->name, BAD_CAST "backingStore")
                        ? strata_disk_node_get_place (child)
                        : NULL;

      if (place != NULL)
        g_hash_table_add (paths, place);
      add_backings_below (child, paths);
    }
}

/**
 * strata_snapshot_xml_add_backings:
 * @self: a snapshot's document
 * @paths: (element-type utf8): a set
 *
 * libvirt opens these when it goes back to the snapshot or deletes another one, whatever the images' headers say by then.
 */
void
strata_snapshot_xml_add_backings (StrataSnapshotXml *self, GHashTable *paths)
{
  static const char *const definitions[] = { "/domainsnapshot/domain/devices/disk",
                                             "/domainsnapshot/inactiveDomain/devices/disk" };

  g_return_if_fail (STRATA_IS_SNAPSHOT_XML (self));
  g_return_if_fail (paths != NULL);

  for (size_t i = 0; i < G_N_ELEMENTS (definitions); i++)
    {
      g_autoptr (GPtrArray) disks =
          strata_document_find (strata_snapshot_xml_get_document (self), definitions[i]);

      for (guint j = 0; j < disks->len; j++)
        add_backings_below (g_ptr_array_index (disks, j), paths);
    }
}
