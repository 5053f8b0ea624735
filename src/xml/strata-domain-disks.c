/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The disks of a domain definition: copied out, and pointed at other files. */

#include "config.h"

#include <string.h>

#include "strata-domain-xml-private.h"
#include "strata-node.h"

/* The attribute of <source> in which each type of storage has its place. */
static const struct
{
  const char *type;
  const char *attribute;
} places[] = {
  { "file", "file" },     { "block", "dev" },      { "dir", "dir" },       { "network", "name" },
  { "volume", "volume" }, { "vhostuser", "path" }, { "vhostvdpa", "dev" }, { "nvme", "namespace" },
};

static char *
get_place (xmlNode *source, const char *type)
{
  for (size_t i = 0; i < G_N_ELEMENTS (places); i++)
    {
      if (g_str_equal (type, places[i].type))
        return strata_node_get (source, places[i].attribute);
    }

  return NULL;
}

/* An export without a name, as NBD may have: it is somewhere all the same, and no empty drive. */
static char *
get_export (xmlNode *source)
{
  xmlNode *host = strata_node_get_child (source, "host");
  g_autofree char *protocol = strata_node_get (source, "protocol");
  g_autofree char *name = strata_node_get (host, "name");
  g_autofree char *socket = strata_node_get (host, "socket");

  if (protocol == NULL)
    return NULL;

  return g_strdup_printf ("%s:%s", protocol, name != NULL ? name : socket != NULL ? socket : "");
}

static char *
get_or (xmlNode *node, const char *attribute, const char *fallback)
{
  char *value = strata_node_get (node, attribute);

  return value != NULL ? value : g_strdup (fallback);
}

/* Returns: (transfer full) (nullable): where the bytes of a `<disk>` or a `<backingStore>` are: a path for a
 * file or a device, a name for anything else. Also of a disk in a snapshot, which has the same `<source>`. */
char *
strata_disk_node_get_place (xmlNode *disk)
{
  g_autofree char *type = get_or (disk, "type", "file");
  xmlNode *source = strata_node_get_child (disk, "source");
  char *place = get_place (source, type);

  return place == NULL && g_str_equal (type, "network") ? get_export (source) : place;
}

/* Every level that names something; an empty <backingStore/> ends the chain, whatever the header of the image above says. */
static void
read_backings (StrataDiskXml *self, xmlNode *disk)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) formats = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) pools = g_strv_builder_new ();

  for (xmlNode *node = strata_node_get_child (disk, "backingStore"); node != NULL;
       node = strata_node_get_child (node, "backingStore"))
    {
      g_autofree char *place = strata_disk_node_get_place (node);

      if (place == NULL)
        {
          self->ends = TRUE;
          break;
        }
      g_strv_builder_take (names, g_steal_pointer (&place));
      g_strv_builder_take (formats, get_or (strata_node_get_child (node, "format"), "type", ""));
      g_strv_builder_take (pools, strata_node_is (node, "type", "volume")
                                      ? get_or (strata_node_get_child (node, "source"), "pool", "")
                                      : g_strdup (""));
    }

  self->backings = g_strv_builder_end (names);
  self->backing_formats = g_strv_builder_end (formats);
  self->backing_pools = g_strv_builder_end (pools);
}

static StrataDiskXml *
disk_from_node (xmlNode *disk)
{
  StrataDiskXml *self = g_new0 (StrataDiskXml, 1);
  xmlNode *source = strata_node_get_child (disk, "source");
  xmlNode *target = strata_node_get_child (disk, "target");
  xmlNode *backing = strata_node_get_child (disk, "backingStore");

  self->target = get_or (target, "dev", "");
  self->bus = get_or (target, "bus", "");
  self->device = get_or (disk, "device", "disk");
  self->type = get_or (disk, "type", "file");
  self->source = strata_disk_node_get_place (disk);
  self->format = strata_node_get (strata_node_get_child (disk, "driver"), "type");
  self->read_only = strata_node_get_child (disk, "readonly") != NULL;
  self->transient = strata_node_get_child (disk, "transient") != NULL;
  self->shareable = strata_node_get_child (disk, "shareable") != NULL;
  self->optional = strata_node_is (source, "startupPolicy", "optional") ||
                   strata_node_is (source, "startupPolicy", "requisite");

  if (g_str_equal (self->type, "volume"))
    self->pool = strata_node_get (source, "pool");

  if (backing != NULL)
    read_backings (self, disk);
  if (backing != NULL)
    self->backing = g_strdup (self->backings[0]);
  self->sliced = strata_node_get_child (source, "slices") != NULL;
  self->encrypted = strata_node_get_child (source, "encryption") != NULL ||
                    strata_node_get_child (disk, "encryption") != NULL;

  return self;
}

/* `<mirror>` is like a disk of its own, but for where it says the format. */
static StrataDiskXml *
copy_target_from_node (xmlNode *mirror)
{
  StrataDiskXml *self = disk_from_node (mirror);
  xmlNode *target = strata_node_get_child (mirror->parent, "target");

  g_free (self->target);
  self->target = get_or (target, "dev", "");
  if (self->format == NULL)
    self->format = strata_node_get (strata_node_get_child (mirror, "format"), "type");

  return self;
}

static xmlNode *
find_disk (StrataDomainXml *self, const char *target)
{
  g_autoptr (GPtrArray) disks =
      strata_document_find (strata_domain_xml_get_document (self), "/domain/devices/disk");

  for (guint i = 0; i < disks->len; i++)
    {
      xmlNode *disk = g_ptr_array_index (disks, i);

      if (strata_node_is (strata_node_get_child (disk, "target"), "dev", target))
        return disk;
    }

  return NULL;
}

/* What belongs to one type of storage or to a running VM (pool, host, slices, index, labels,
 * reservations, cookies…) goes with the old source. The encryption stays: a disk whose key were
 * forgotten would show the guest other bytes, while a key too many only keeps it from starting. */
static void
clear_source (xmlNode *source)
{
  xmlNode *child = source->children;
  xmlAttr *attribute = source->properties;

  while (child != NULL)
    {
      xmlNode *next = child->next;

      if (!xmlStrEqual (child->name, BAD_CAST "encryption"))
        strata_node_remove (child);
      child = next;
    }

  while (attribute != NULL)
    {
      xmlAttr *next = attribute->next;

      if (!xmlStrEqual (attribute->name, BAD_CAST "startupPolicy"))
        xmlRemoveProp (attribute);
      attribute = next;
    }
}

static void
set_format (xmlNode *disk, const char *format)
{
  xmlNode *driver = strata_node_get_child (disk, "driver");

  if (driver == NULL)
    {
      driver = xmlNewDocNode (disk->doc, NULL, BAD_CAST "driver", NULL);
      strata_node_set (driver, "name", "qemu");
      xmlAddPrevSibling (strata_node_get_child (disk, "source"), driver);
    }
  strata_node_set (driver, "type", format);

  /* It is the cache of a qcow2 image's own tables; libvirt refuses it on other formats. */
  if (!g_str_equal (format, "qcow2"))
    strata_node_remove_child (driver, "metadata_cache");
}

/* A "lun" passes SCSI commands to a device of the host; libvirt refuses it for a file. */
static void
make_plain_disk (xmlNode *disk)
{
  if (!strata_node_is (disk, "device", "lun"))
    return;

  strata_node_set (disk, "device", "disk");
  strata_node_set (disk, "sgio", NULL);
  strata_node_set (disk, "rawio", NULL);
}

/* By its name, since the document may be another host's. */
gboolean
strata_path_is_device (const char *path)
{
  return g_str_has_prefix (path, "/dev/") && !g_str_has_prefix (path, "/dev/shm/");
}

/* NODE says that it is PATH. QEMU refuses a device as a file, and a file as a device. */
void
strata_disk_node_set_place (xmlNode *node, xmlNode *source, const char *path)
{
  gboolean device = strata_path_is_device (path);

  strata_node_set (node, "type", device ? "block" : "file");
  strata_node_set (source, "file", device ? NULL : path);
  strata_node_set (source, "dev", device ? path : NULL);
}

static gboolean
name_device (xmlNode *node, StrataIsDevice is_device, gpointer user_data)
{
  g_autofree char *place =
      strata_node_is (node, "type", "file") ? strata_disk_node_get_place (node) : NULL;
  xmlNode *source = strata_node_get_child (node, "source");

  if (place == NULL || !g_path_is_absolute (place) || !is_device (place, user_data))
    return FALSE;
  strata_node_set (node, "type", "block");
  strata_node_set (source, "file", NULL);
  strata_node_set (source, "dev", place);

  return TRUE;
}

gboolean
strata_disk_nodes_name_devices (GPtrArray *disks, StrataIsDevice is_device, gpointer user_data)
{
  gboolean changed = FALSE;

  for (guint i = 0; i < disks->len; i++)
    {
      for (xmlNode *node = g_ptr_array_index (disks, i); node != NULL;
           node = strata_node_get_child (node, "backingStore"))
        changed |= name_device (node, is_device, user_data);
    }

  return changed;
}

/* Makes DISK, of a domain, a disk on the file or the device PATH. */
void
strata_disk_node_set_file (xmlNode *disk, const char *path, const char *format)
{
  xmlNode *source = strata_node_get_child (disk, "source");

  if (source == NULL)
    {
      source = xmlNewDocNode (disk->doc, NULL, BAD_CAST "source", NULL);
      xmlAddPrevSibling (strata_node_get_child (disk, "target"), source);
    }

  if (!strata_path_is_device (path))
    make_plain_disk (disk);
  clear_source (source);
  strata_disk_node_set_place (disk, source, path);
  set_format (disk, format);
  strata_node_remove_child (disk, "backingStore");
  strata_node_remove_child (disk, "mirror");
  strata_node_remove_child (disk, "auth");
}

gboolean
strata_disk_xml_is_drive (const StrataDiskXml *self)
{
  return g_strcmp0 (self->device, "cdrom") == 0 || g_strcmp0 (self->device, "floppy") == 0;
}

/**
 * strata_disk_xml_free:
 * @self: (nullable) (transfer full): a disk
 */
void
strata_disk_xml_free (StrataDiskXml *self)
{
  if (self == NULL)
    return;

  g_free (self->target);
  g_free (self->bus);
  g_free (self->device);
  g_free (self->type);
  g_free (self->source);
  g_free (self->pool);
  g_free (self->format);
  g_free (self->backing);
  g_strfreev (self->backings);
  g_strfreev (self->backing_formats);
  g_strfreev (self->backing_pools);
  g_free (self);
}

const StrataDiskXml *
strata_disk_xml_find (GPtrArray *disks, const char *target)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (g_strcmp0 (disk->target, target) == 0)
        return disk;
    }

  return NULL;
}

/**
 * strata_domain_xml_get_copy_targets:
 * @self: a live definition
 *
 * What a commit that is under way writes to is a layer of the disk itself, and left out.
 *
 * Returns: (transfer full) (element-type StrataDiskXml): where the block copies go, each with the disk's name in the guest
 */
GPtrArray *
strata_domain_xml_get_copy_targets (StrataDomainXml *self)
{
  GPtrArray *disks = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_disk_xml_free);
  g_autoptr (GPtrArray) nodes = NULL;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), disks);

  nodes = strata_document_find (strata_domain_xml_get_document (self),
                                "/domain/devices/disk/mirror[not(@job='active-commit')]");
  for (guint i = 0; i < nodes->len; i++)
    g_ptr_array_add (disks, copy_target_from_node (g_ptr_array_index (nodes, i)));

  return disks;
}

/**
 * strata_domain_xml_get_disks:
 * @self: a definition
 *
 * Disks of other types than file and block have in @source what names them there (the image on
 * the network, the folder), so that %NULL always is an empty drive.
 *
 * Returns: (transfer full) (element-type StrataDiskXml): every disk device, in document order
 */
GPtrArray *
strata_domain_xml_get_disks (StrataDomainXml *self)
{
  g_autoptr (GPtrArray) nodes = NULL;
  GPtrArray *disks = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_disk_xml_free);

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), disks);

  nodes = strata_document_find (strata_domain_xml_get_document (self), "/domain/devices/disk");
  for (guint i = 0; i < nodes->len; i++)
    g_ptr_array_add (disks, disk_from_node (g_ptr_array_index (nodes, i)));

  return disks;
}

/**
 * strata_domain_xml_set_disk_file:
 * @self: a definition
 * @target: the disk, `vda`
 * @path: an image, a file or a block device
 * @format: its format
 *
 * Whatever the disk was on before, it is on @path now. `<backingStore>` and `<mirror>` go, since
 * the first outranks the new file's header and the second belongs to a job on the old file. The
 * driver's other settings (cache, io, discard…) are the user's and stay.
 *
 * Returns: %FALSE if there is no disk @target
 */
gboolean
strata_domain_xml_set_disk_file (StrataDomainXml *self,
                                 const char *target,
                                 const char *path,
                                 const char *format)
{
  xmlNode *disk;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), FALSE);
  g_return_val_if_fail (target != NULL, FALSE);
  g_return_val_if_fail (path != NULL && g_utf8_validate (path, -1, NULL), FALSE);
  g_return_val_if_fail (format != NULL, FALSE);

  disk = find_disk (self, target);
  if (disk == NULL)
    return FALSE;

  strata_disk_node_set_file (disk, path, format);

  return TRUE;
}

/**
 * strata_domain_xml_print_disk:
 * @self: a definition
 * @target: the disk, `vda`
 *
 * Returns: (transfer full) (nullable): its element; %NULL if there is no disk @target
 */
char *
strata_domain_xml_print_disk (StrataDomainXml *self, const char *target)
{
  xmlNode *disk;
  xmlBuffer *buffer;
  char *text;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), NULL);
  g_return_val_if_fail (target != NULL, NULL);

  disk = find_disk (self, target);
  if (disk == NULL)
    return NULL;

  buffer = xmlBufferCreate ();
  xmlNodeDump (buffer, disk->doc, disk, 0, 0);
  text = g_strdup ((const char *) xmlBufferContent (buffer));
  xmlBufferFree (buffer);

  return text;
}

/**
 * strata_domain_xml_name_devices:
 * @self: a definition
 * @is_device: (scope call): whether what is at a path is a block device
 * @user_data: for @is_device
 *
 * A device may be anywhere, and QEMU refuses one that it is told is a file.
 *
 * Returns: whether anything was changed
 */
gboolean
strata_domain_xml_name_devices (StrataDomainXml *self, StrataIsDevice is_device, gpointer user_data)
{
  g_autoptr (GPtrArray) disks = NULL;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), FALSE);

  disks = strata_document_find (strata_domain_xml_get_document (self), "/domain/devices/disk");

  return strata_disk_nodes_name_devices (disks, is_device, user_data);
}

/**
 * strata_domain_xml_set_disk_readonly:
 * @self: a definition
 * @target: the disk, `vda`
 * @read_only: whether the guest may only read it
 *
 * libvirt refuses `<readonly/>` for disks on SATA and IDE when the definition is defined.
 *
 * Returns: %FALSE if there is no disk @target
 */
gboolean
strata_domain_xml_set_disk_readonly (StrataDomainXml *self, const char *target, gboolean read_only)
{
  xmlNode *disk;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), FALSE);
  g_return_val_if_fail (target != NULL, FALSE);

  disk = find_disk (self, target);
  if (disk == NULL)
    return FALSE;

  if (!read_only)
    strata_node_remove_child (disk, "readonly");
  else if (strata_node_get_child (disk, "readonly") == NULL)
    xmlAddNextSibling (strata_node_get_child (disk, "target"),
                       xmlNewDocNode (disk->doc, NULL, BAD_CAST "readonly", NULL));

  return TRUE;
}

/* What a drive holds the guest itself may change. */
static void
drop_image (xmlNode *disk)
{
  static const char *const names[] = { "source", "backingStore", "mirror" };
  g_autofree char *device = strata_node_get (disk, "device");
  xmlNode *driver = strata_node_get_child (disk, "driver");
  gboolean drive = g_strcmp0 (device, "cdrom") == 0 || g_strcmp0 (device, "floppy") == 0;

  strata_node_set (disk, "type", NULL);
  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    strata_node_remove_child (disk, names[i]);
  if (drive)
    {
      strata_node_remove_child (disk, "driver");
      strata_node_set (strata_node_get_child (disk, "target"), "tray", NULL);
    }
  else if (driver != NULL)
    {
      strata_node_set (driver, "type", NULL);
      /* that of a qcow2 image's tables: an overlay is another one */
      strata_node_remove_child (driver, "metadata_cache");
    }
}

static char *
dup_without_images (StrataDomainXml *self)
{
  g_autoptr (StrataDomainXml) copy = strata_domain_xml_copy (self);
  g_autoptr (GPtrArray) disks =
      strata_document_find (strata_domain_xml_get_document (copy), "/domain/devices/disk");
  g_autoptr (GPtrArray) blanks = NULL;

  for (guint i = 0; i < disks->len; i++)
    drop_image (g_ptr_array_index (disks, i));
  blanks = strata_document_find (strata_domain_xml_get_document (copy),
                                 "//text()[normalize-space(.) = '']");
  for (guint i = 0; i < blanks->len; i++)
    strata_node_remove (g_ptr_array_index (blanks, i));

  return strata_domain_xml_to_string (copy);
}

/**
 * strata_domain_xml_equal_but_images:
 * @self: a definition
 * @other: another, written by the same libvirt
 *
 * Returns: whether they differ in nothing but what images their disks have
 */
gboolean
strata_domain_xml_equal_but_images (StrataDomainXml *self, StrataDomainXml *other)
{
  g_autofree char *one = NULL;
  g_autofree char *another = NULL;

  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (self), FALSE);
  g_return_val_if_fail (STRATA_IS_DOMAIN_XML (other), FALSE);

  one = dup_without_images (self);
  another = dup_without_images (other);

  return g_str_equal (one, another);
}

/**
 * strata_domain_xml_drop_backing:
 * @self: a definition
 *
 * Drops every `<backingStore>`, an empty one too: an explicit one outranks the headers of the files.
 */
void
strata_domain_xml_drop_backing (StrataDomainXml *self)
{
  g_autoptr (GPtrArray) disks = NULL;

  g_return_if_fail (STRATA_IS_DOMAIN_XML (self));

  disks = strata_document_find (strata_domain_xml_get_document (self), "/domain/devices/disk");
  for (guint i = 0; i < disks->len; i++)
    strata_node_remove_child (g_ptr_array_index (disks, i), "backingStore");
}
