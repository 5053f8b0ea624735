/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Storage volumes and pools: read with libxml2 (libvirt-gconfig has no getters for volumes), written
 * with libvirt-gconfig.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <libvirt-gconfig/libvirt-gconfig.h>

#include "strata-document.h"
#include "base/strata-error.h"
#include "strata-node.h"
#include "strata-volume-xml.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GVirConfigStoragePool, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GVirConfigStoragePoolTarget, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GVirConfigStorageVol, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GVirConfigStorageVolBackingStore, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GVirConfigStorageVolTarget, g_object_unref)

static guint
get_mode (xmlDoc *doc)
{
  g_autofree char *text = strata_document_get (doc, "/volume/target/permissions/mode");
  guint64 mode;

  /* Octal in libvirt's XML, with a leading zero or without. */
  if (text == NULL || !g_ascii_string_to_unsigned (text, 8, 0, 07777, &mode, NULL))
    return 0;

  return (guint) mode;
}

/* To the nanosecond: two files seldom share both, two names of one file always do. */
static char *
get_times (xmlDoc *doc)
{
  g_autofree char *written = strata_document_get (doc, "/volume/target/timestamps/mtime");
  g_autofree char *changed = strata_document_get (doc, "/volume/target/timestamps/ctime");

  return written != NULL && changed != NULL ? g_strdup_printf ("%s %s", written, changed) : NULL;
}

/* gconfig writes the mode in decimal figures, which libvirt reads as octal ones (5.0). */
static void
add_mode (xmlDoc *doc, guint mode)
{
  g_autofree char *text = g_strdup_printf ("0%o", mode);
  xmlNode *target = strata_document_find_one (doc, "/volume/target");
  xmlNode *permissions = strata_node_ensure_child (target, "permissions");

  strata_node_set_text (strata_node_ensure_child (permissions, "mode"), text);
}

static char *
finish_volume (GVirConfigStorageVol *volume, guint mode)
{
  g_autofree char *text = gvir_config_object_to_xml (GVIR_CONFIG_OBJECT (volume));
  g_autoptr (xmlDoc) doc = strata_document_parse (text, "volume", NULL);

  g_return_val_if_fail (doc != NULL, NULL);

  if (mode != 0)
    add_mode (doc, mode);

  return strata_document_to_string (doc);
}

/**
 * strata_volume_xml_new_from_string:
 * @text: a volume's XML as libvirt says it
 * @error: `STRATA_ERROR_INVALID` if @text is not well-formed, not a `<volume>` or has no name
 *
 * Any thread.
 *
 * Returns: (transfer full): what it says, sizes in bytes whatever unit is used there, or %NULL
 */
StrataVolumeXml *
strata_volume_xml_new_from_string (const char *text, GError **error)
{
  g_autoptr (StrataVolumeXml) self = NULL;
  g_autoptr (xmlDoc) doc = NULL;

  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  doc = strata_document_parse (text, "volume", error);
  if (doc == NULL)
    return NULL;

  self = g_new0 (StrataVolumeXml, 1);
  self->name = strata_document_get (doc, "/volume/name");
  if (self->name == NULL)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                        _ ("The volume’s definition has no name."));
      return NULL;
    }

  self->path = strata_document_get (doc, "/volume/target/path");
  self->type = strata_document_get (doc, "/volume/@type");
  self->format = strata_document_get (doc, "/volume/target/format/@type");
  self->backing_path = strata_document_get (doc, "/volume/backingStore/path");
  self->backing_format = strata_document_get (doc, "/volume/backingStore/format/@type");
  self->capacity = strata_document_get_bytes (doc, "/volume/capacity", 1);
  self->allocation = strata_document_get_bytes (doc, "/volume/allocation", 1);
  self->physical = strata_document_get_bytes (doc, "/volume/physical", 1);
  self->times = get_times (doc);
  self->encrypted = strata_document_find_one (doc, "/volume/target/encryption") != NULL;
  self->mode = get_mode (doc);

  return g_steal_pointer (&self);
}

/**
 * strata_volume_xml_to_string:
 * @self: a volume, of which the path and the type are libvirt's to choose
 *
 * A qcow2 volume is of version 3, so that zeroed and discarded clusters can be told from absent ones.
 * An overlay with a capacity of 0 is as large as what it is an overlay on. A @mode that its owner may
 * not write with makes a libvirt that is not root fail, and leave an empty file: it sets the mode
 * before qemu-img writes (11.3). Any thread.
 *
 * Returns: (transfer full): XML with which libvirt makes it
 */
char *
strata_volume_xml_to_string (const StrataVolumeXml *self)
{
  g_autoptr (GVirConfigStorageVol) volume = gvir_config_storage_vol_new ();
  g_autoptr (GVirConfigStorageVolTarget) target = gvir_config_storage_vol_target_new ();

  g_return_val_if_fail (self != NULL && self->name != NULL && self->format != NULL, NULL);
  /* An overlay whose backing format is not said is recorded as raw, and the guest is broken. */
  g_return_val_if_fail (self->backing_path == NULL || self->backing_format != NULL, NULL);

  gvir_config_storage_vol_set_name (volume, self->name);
  if (self->capacity != 0 || self->backing_path == NULL)
    gvir_config_storage_vol_set_capacity (volume, self->capacity);
  gvir_config_storage_vol_set_allocation (volume, self->allocation);

  gvir_config_storage_vol_target_set_format (target, self->format);
  if (g_str_equal (self->format, "qcow2"))
    gvir_config_storage_vol_target_set_compat (target, "1.1");
  gvir_config_storage_vol_set_target (volume, target);

  if (self->backing_path != NULL)
    {
      g_autoptr (GVirConfigStorageVolBackingStore) backing = NULL;

      backing = gvir_config_storage_vol_backing_store_new ();
      gvir_config_storage_vol_backing_store_set_path (backing, self->backing_path);
      gvir_config_storage_vol_backing_store_set_format (backing, self->backing_format);
      gvir_config_storage_vol_set_backing_store (volume, backing);
    }

  return finish_volume (volume, self->mode);
}

/**
 * strata_volume_xml_free:
 * @self: (nullable) (transfer full): a volume
 */
void
strata_volume_xml_free (StrataVolumeXml *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self->path);
  g_free (self->type);
  g_free (self->format);
  g_free (self->backing_path);
  g_free (self->backing_format);
  g_free (self->times);
  g_free (self);
}

/**
 * strata_pool_xml_new_from_string:
 * @text: a pool's XML as libvirt says it
 * @error: `STRATA_ERROR_INVALID` if @text is not well-formed, not a `<pool>` or has no name
 *
 * Any thread.
 *
 * Returns: (transfer full): what it says, sizes in bytes, or %NULL
 */
StrataPoolXml *
strata_pool_xml_new_from_string (const char *text, GError **error)
{
  g_autoptr (StrataPoolXml) self = NULL;
  g_autoptr (xmlDoc) doc = NULL;

  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  doc = strata_document_parse (text, "pool", error);
  if (doc == NULL)
    return NULL;

  self = g_new0 (StrataPoolXml, 1);
  self->name = strata_document_get (doc, "/pool/name");
  if (self->name == NULL)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                        _ ("The pool’s definition has no name."));
      return NULL;
    }

  self->uuid = strata_document_get (doc, "/pool/uuid");
  self->type = strata_document_get (doc, "/pool/@type");
  self->path = strata_document_get (doc, "/pool/target/path");
  self->capacity = strata_document_get_bytes (doc, "/pool/capacity", 1);
  self->available = strata_document_get_bytes (doc, "/pool/available", 1);

  return g_steal_pointer (&self);
}

/**
 * strata_pool_xml_new_dir:
 * @name: the pool's name
 * @path: the folder that it is to show
 *
 * Any thread.
 *
 * Returns: (transfer full): XML with which libvirt makes it
 */
char *
strata_pool_xml_new_dir (const char *name, const char *path)
{
  g_autoptr (GVirConfigStoragePool) pool = gvir_config_storage_pool_new ();
  g_autoptr (GVirConfigStoragePoolTarget) target = gvir_config_storage_pool_target_new ();

  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (path != NULL, NULL);

  gvir_config_storage_pool_set_name (pool, name);
  gvir_config_storage_pool_set_pool_type (pool, GVIR_CONFIG_STORAGE_POOL_TYPE_DIR);
  gvir_config_storage_pool_target_set_path (target, path);
  gvir_config_storage_pool_set_target (pool, target);

  return gvir_config_object_to_xml (GVIR_CONFIG_OBJECT (pool));
}

/**
 * strata_pool_xml_new_note:
 * @name: the pool's name
 * @path: a folder that it is on
 * @vendor: text
 * @product: text
 *
 * libvirt writes both texts back in `<source>`, for pools of any type. Any thread.
 *
 * Returns: (transfer full): XML with which libvirt makes it
 */
char *
strata_pool_xml_new_note (const char *name,
                          const char *path,
                          const char *vendor,
                          const char *product)
{
  g_autoptr (GVirConfigStoragePool) pool = gvir_config_storage_pool_new ();
  GVirConfigStoragePoolSource *source;
  g_autoptr (GVirConfigStoragePoolTarget) target = gvir_config_storage_pool_target_new ();

  g_return_val_if_fail (name != NULL && path != NULL, NULL);
  g_return_val_if_fail (vendor != NULL && product != NULL, NULL);

  gvir_config_storage_pool_set_name (pool, name);
  gvir_config_storage_pool_set_pool_type (pool, GVIR_CONFIG_STORAGE_POOL_TYPE_DIR);
  source = gvir_config_storage_pool_source_new ();
  gvir_config_storage_pool_source_set_vendor (source, vendor);
  gvir_config_storage_pool_source_set_product (source, product);
  gvir_config_storage_pool_set_source (pool, source);
  g_object_unref (source);
  gvir_config_storage_pool_target_set_path (target, path);
  gvir_config_storage_pool_set_target (pool, target);

  return gvir_config_object_to_xml (GVIR_CONFIG_OBJECT (pool));
}

/**
 * strata_pool_xml_free:
 * @self: (nullable) (transfer full): a pool
 */
void
strata_pool_xml_free (StrataPoolXml *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self->uuid);
  g_free (self->type);
  g_free (self->path);
  g_free (self);
}
