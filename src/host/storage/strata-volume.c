/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What libvirt says of a volume, as an image of the graph. */

#include "config.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/connection/strata-connection-private.h"
#include "strata-block-device.h"
#include "strata-image-tags.h"
#include "strata-qemu-img.h"
#include "strata-vmdk.h"
#include "strata-volume.h"
#include "base/strata-error.h"
#include "xml/strata-volume-xml.h"

/**
 * strata_image_identify:
 * @connection: the host
 * @image: an image
 * @times: (nullable): when its file was written and changed, where libvirt says it
 *
 * Sets what tells two names of one file from two files: the file itself where the client sees it, else its times, which two
 * files seldom share to the nanosecond. And whether the client may open it and change its permissions.
 */
void
strata_image_identify (StrataConnection *connection, StrataImage *image, const char *times)
{
  struct stat status;

  if (!strata_connection_get_facts (connection)->is_local || stat (image->path, &status) != 0)
    {
      image->identity =
          times != NULL ? g_strdup_printf ("%s %" G_GUINT64_FORMAT, times, image->length) : NULL;
      image->closed = TRUE;
      image->mode_fixed = TRUE;
      return;
    }

  if (S_ISBLK (status.st_mode))
    {
      strata_block_device_identify (image, STRATA_BLOCK_DEVICES, status.st_rdev);
      return;
    }

  image->identity = g_strdup_printf ("file:%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
                                     (guint64) status.st_dev, (guint64) status.st_ino);
  image->n_names = (guint) status.st_nlink;
  image->closed = access (image->path, R_OK) != 0;
  image->mode_fixed = status.st_uid != geteuid () && geteuid () != 0;
  image->length = (guint64) status.st_size;
  image->modified = (gint64) status.st_mtim.tv_sec;
}

static gboolean
read_type (const StrataVolumeXml *volume, StrataImageType *type)
{
  if (volume->type == NULL || g_str_equal (volume->type, "file"))
    *type = STRATA_IMAGE_FILE;
  else if (g_str_equal (volume->type, "block"))
    *type = STRATA_IMAGE_BLOCK;
  else if (g_str_equal (volume->type, "network"))
    *type = STRATA_IMAGE_NETWORK;
  else
    return FALSE;

  return TRUE;
}

/**
 * strata_volume_read_by_qemu:
 * @connection: a connection
 * @path: the image's path, as libvirt gives it
 * @pool: (nullable): the pool that lists it
 *
 * For an image that libvirt can't describe. Worker threads only.
 *
 * Returns: (transfer full): the image; of unknown format where qemu-img can't read it either
 */
StrataImage *
strata_volume_read_by_qemu (StrataConnection *connection, const char *path, const char *pool)
{
  g_autofree char *canonical = strata_connection_canonical_path (connection, path);
  StrataImage *image = strata_image_new (canonical);
  g_autoptr (JsonObject) info = NULL;
  const char *backing;
  const char *written;

  image->pool = g_strdup (pool);
  if (strata_connection_get_facts (connection)->is_local)
    info = strata_qemu_img_read_info (path, NULL, NULL);
  if (info == NULL)
    {
      image->unread = TRUE;
      strata_image_identify (connection, image, NULL);
      return image;
    }

  image->format = g_strdup (json_object_get_string_member_with_default (info, "format", NULL));
  image->capacity = (guint64) json_object_get_int_member_with_default (info, "virtual-size", 0);
  image->allocation = (guint64) json_object_get_int_member_with_default (info, "actual-size", 0);
  backing = json_object_get_string_member_with_default (info, "full-backing-filename", NULL);
  if (backing != NULL)
    {
      strata_image_set_backing (connection, image, backing);
      image->backing_format = g_strdup (
          json_object_get_string_member_with_default (info, "backing-filename-format", NULL));
      written = json_object_get_string_member_with_default (info, "backing-filename", NULL);
      if (written != NULL && strata_image_name_is_relative (written))
        image->relative = g_strdup (written);
    }
  if (json_object_get_boolean_member_with_default (info, "encrypted", FALSE))
    strata_image_set_problem (image, STRATA_IMAGE_FOREIGN, _ ("“%s” is encrypted"), canonical);
  strata_image_tags_fill (connection, image, NULL);
  strata_image_identify (connection, image, NULL);

  return image;
}

/* libvirt remembers what a file stood on when its pool was refreshed, and asks the file again for its size alone. NULL where
 * qemu-img can't read it, or there is nothing to be read. */
static StrataImage *
look_again (StrataConnection *connection,
            const char *path,
            const char *pool,
            const StrataVolumeXml *facts)
{
  g_autoptr (StrataImage) image = NULL;

  if (!strata_connection_get_facts (connection)->is_local || facts->encrypted ||
      facts->format == NULL || g_str_equal (facts->format, "raw") ||
      g_str_equal (facts->format, "iso") || g_str_equal (facts->format, "dir") ||
      access (path, R_OK) != 0)
    return NULL;

  image = strata_volume_read_by_qemu (connection, path, pool);
  image->mode = facts->mode;
  image->length = facts->physical;

  /* What QEMU's own ways of naming a file mean, libvirt finds out. */
  return image->unread ||
                 (image->backing_path != NULL && g_str_has_prefix (image->backing_path, "json:"))
             ? NULL
             : g_steal_pointer (&image);
}

/**
 * strata_volume_read:
 * @connection: the volume's connection
 * @volume: a volume
 * @pool: (nullable): the name of its pool, %NULL for one that won't last
 * @error: where to put `STRATA_ERROR_NOT_FOUND` if it just went, or another error
 *
 * The daemon reads the volume's header again for this. Worker threads only.
 *
 * Returns: (transfer full) (nullable): the image; %NULL without an error if @volume is not one
 */
StrataImage *
strata_volume_read (StrataConnection *connection,
                    virStorageVolPtr volume,
                    const char *pool,
                    GError **error)
{
  g_autofree char *name = g_strdup (virStorageVolGetName (volume));
  g_autofree char *xml = virStorageVolGetXMLDesc (volume, 0);
  g_autoptr (StrataVolumeXml) facts = NULL;
  g_autoptr (StrataImage) image = NULL;
  g_autofree char *path = NULL;
  StrataImageType type;

  if (xml == NULL)
    {
      g_autoptr (GError) local = NULL;
      g_autofree char *where = NULL;

      strata_vir_set_error (&local, _ ("Reading the image “%s”"), name);
      where = virStorageVolGetPath (volume);
      /* One volume that libvirt can't describe must not keep the whole host from being seen: an encrypted
       * one, say, in a session, which has no secrets to look up. */
      if (where != NULL && strata_connection_is_alive (connection) &&
          !g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
        return strata_volume_read_by_qemu (connection, where, pool);

      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }

  facts = strata_volume_xml_new_from_string (xml, error);
  if (facts == NULL || facts->path == NULL || !read_type (facts, &type))
    return NULL;

  path = strata_connection_canonical_path (connection, facts->path);
  if (type == STRATA_IMAGE_FILE)
    image = look_again (connection, path, pool, facts);
  if (image != NULL)
    return g_steal_pointer (&image);

  image = strata_image_new (path);
  image->type = type;
  image->pool = g_strdup (pool);
  image->format = g_strdup (facts->format);
  /* libvirt looks for no format on a device. */
  if (type == STRATA_IMAGE_BLOCK)
    g_set_str (&image->format, "qcow2");
  image->capacity = facts->capacity;
  image->allocation = facts->allocation;
  image->mode = facts->mode;
  image->length = facts->physical;
  if (facts->backing_path != NULL)
    {
      strata_image_set_backing (connection, image, facts->backing_path);
      image->backing_format = g_strdup (facts->backing_format);
    }
  if (!strata_image_tags_fill (connection, image, volume) && type == STRATA_IMAGE_BLOCK)
    g_set_str (&image->format, image->unread ? NULL : "raw");
  if (g_strcmp0 (facts->format, "raw") == 0 && type == STRATA_IMAGE_FILE)
    strata_vmdk_read_descriptor (connection, image);
  strata_image_identify (connection, image, facts->times);
  if (facts->encrypted)
    strata_image_set_problem (image, STRATA_IMAGE_FOREIGN, _ ("“%s” is encrypted"), image->path);

  return g_steal_pointer (&image);
}

/**
 * strata_volume_read_here:
 * @connection: a connection to this computer
 * @folder: a canonical path
 * @name: a file in it
 * @pool: (nullable): the name of its pool, %NULL for one that won't last
 *
 * Reads the header of a qcow2 image, to the same effect as strata_volume_read(), which takes a hundred times as
 * long. Worker threads only.
 *
 * Returns: (transfer full) (nullable): the image; %NULL for whatever is not that plain
 */
StrataImage *
strata_volume_read_here (StrataConnection *connection,
                         const char *folder,
                         const char *name,
                         const char *pool)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (StrataImage) image = NULL;
  g_autoptr (StrataQcow2) header = NULL;
  g_autofd int fd = -1;
  guint8 head[STRATA_QCOW2_HEAD_SIZE];
  struct stat status;
  gssize n;

  STRATA_ASSERT_WORKER ();

  /* A link is libvirt's to follow, and to open a device or a pipe may do something. */
  if (lstat (path, &status) != 0 || !S_ISREG (status.st_mode))
    return NULL;
  fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  n = fd >= 0 ? pread (fd, head, sizeof head, 0) : -1;
  header = n > 0 ? strata_qcow2_parse (head, (gsize) n) : NULL;
  if (header == NULL || !header->plain)
    return NULL;

  image = strata_image_new (path);
  image->pool = g_strdup (pool);
  image->format = g_strdup ("qcow2");
  image->capacity = header->capacity;
  image->allocation = (guint64) status.st_blocks * 512;
  image->mode = status.st_mode & 0777;
  if (!strata_image_take_header (connection, image, header, fd))
    return NULL;
  strata_image_identify (connection, image, NULL);

  return g_steal_pointer (&image);
}
