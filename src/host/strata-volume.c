/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What libvirt says of a volume, as an image of the graph. */

#include "config.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strata-connection-private.h"
#include "strata-image-info.h"
#include "strata-image-tags.h"
#include "strata-pool-lease.h"
#include "xml/strata-error.h"
#include "xml/strata-volume-xml.h"

/* Holds the header with its extensions, unless somebody made it unusually long. */
#define HEAD_SIZE 4096

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
 * strata_volume_look:
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
strata_volume_look (StrataConnection *connection,
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
        return strata_image_info_to_image (connection, where, pool);

      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }

  facts = strata_volume_xml_new_from_string (xml, error);
  if (facts == NULL || facts->path == NULL || !read_type (facts, &type))
    return NULL;

  path = strata_connection_canonical_path (connection, facts->path);
  image = strata_image_new (path);
  image->type = type;
  image->pool = g_strdup (pool);
  image->format = g_strdup (facts->format);
  image->capacity = facts->capacity;
  image->allocation = facts->allocation;
  image->mode = facts->mode;
  if (facts->backing_path != NULL)
    {
      image->backing_path = strata_connection_canonical_path (connection, facts->backing_path);
      image->backing_format = g_strdup (facts->backing_format);
    }
  strata_image_tags_fill (connection, image, volume);

  return g_steal_pointer (&image);
}

/* FALSE for one that isn't the path of a file, and for a format that has to be found out. */
static gboolean
take_backing (StrataConnection *connection,
              StrataImage *image,
              const char *folder,
              const StrataQcow2 *header)
{
  static const char *const formats[] = { "qcow2", "raw", NULL };
  const char *colon = strchr (header->backing, ':');
  const char *slash = strchr (header->backing, '/');
  g_autofree char *path = NULL;

  if (header->backing_format == NULL || !g_strv_contains (formats, header->backing_format) ||
      (colon != NULL && (slash == NULL || colon < slash)))
    return FALSE;

  path = g_path_is_absolute (header->backing) ? g_strdup (header->backing)
                                              : g_build_filename (folder, header->backing, NULL);
  image->backing_path = strata_connection_canonical_path (connection, path);
  image->backing_format = g_strdup (header->backing_format);

  return TRUE;
}

/**
 * strata_volume_look_here:
 * @connection: a connection to this computer
 * @folder: a canonical path
 * @name: a file in it
 * @pool: (nullable): the name of its pool, %NULL for one that won't last
 *
 * Reads the header of a qcow2 image, to the same effect as strata_volume_look(), which takes a hundred times as
 * long. Worker threads only.
 *
 * Returns: (transfer full) (nullable): the image; %NULL for whatever is not that plain
 */
StrataImage *
strata_volume_look_here (StrataConnection *connection,
                         const char *folder,
                         const char *name,
                         const char *pool)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (StrataImage) image = NULL;
  g_autoptr (StrataQcow2) header = NULL;
  g_autofd int fd = -1;
  guint8 head[HEAD_SIZE];
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
  if (header->backing != NULL && !take_backing (connection, image, folder, header))
    return NULL;
  strata_image_tags_fill_from (image, header, fd);

  return g_steal_pointer (&image);
}
