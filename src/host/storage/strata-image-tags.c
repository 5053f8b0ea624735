/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Internal snapshots: libvirt handles those of a domain, and tells of no others. Which image has any
 * decides what may be merged into it, so the header of every image is looked at.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/connection/strata-connection-private.h"
#include "strata-image-tags.h"
#include "strata-qcow2.h"
#include "strata-qemu-img.h"
#include "host/connection/strata-vir.h"
#include "base/strata-error.h"

/* An entry of the table is some hundred bytes long, most of it the name. */
#define MOST_OF_A_TAG    1024
#define MOST_OF_ALL_TAGS (4 * 1024 * 1024)

static gboolean
is_local (StrataConnection *connection)
{
  return strata_connection_get_facts (connection)->is_local;
}

/* How many of N bytes there were before the end; negative on failure */
static gssize
receive (virStreamPtr stream, guint8 *bytes, size_t n)
{
  size_t got = 0;

  while (got < n)
    {
      int more = virStreamRecv (stream, (char *) bytes + got, n - got);

      if (more < 0)
        return -1;
      if (more == 0)
        break;
      got += (size_t) more;
    }

  return (gssize) got;
}

/* N bytes of VOLUME from OFFSET on, or fewer where it ends; negative on failure */
static gssize
download (StrataConnection *connection,
          virStorageVolPtr volume,
          guint64 offset,
          guint8 *bytes,
          size_t n)
{
  virStreamPtr stream = virStreamNew (strata_connection_get_handle (connection), 0);
  gssize received = -1;

  if (stream == NULL)
    return -1;

  if (virStorageVolDownload (volume, stream, offset, n, 0) == 0)
    received = receive (stream, bytes, n);
  if (received >= 0)
    virStreamFinish (stream);
  else
    virStreamAbort (stream);
  virStreamFree (stream);

  return received;
}

/* The tags of an image whose file the client does not see; NULL if they can't be told. */
static GStrv
download_tags (StrataConnection *connection, virStorageVolPtr volume, const StrataQcow2 *header)
{
  gsize n = MIN ((gsize) header->n_tags * MOST_OF_A_TAG, MOST_OF_ALL_TAGS);
  g_autofree guint8 *bytes = g_malloc (n);
  gssize received = download (connection, volume, header->tags_at, bytes, n);
  g_autofd int fd = received > 0 ? memfd_create ("tags", MFD_CLOEXEC) : -1;

  if (fd < 0 || header->tags_at > G_MAXINT64 / 2 ||
      pwrite (fd, bytes, (size_t) received, (off_t) header->tags_at) != received)
    return NULL;

  return strata_qcow2_read_tags (header, fd);
}

/* The name alone is what libvirt and qemu-img go by. */
static GStrv
get_names (JsonObject *info)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  JsonArray *list = NULL;

  if (json_object_has_member (info, "snapshots"))
    list = json_object_get_array_member (info, "snapshots");
  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++)
    g_strv_builder_add (builder, json_object_get_string_member_with_default (
                                     json_array_get_object_element (list, i), "name", ""));

  return g_strv_builder_end (builder);
}

/* What libvirt doesn't say of a volume. */
static void
fill_parts (StrataConnection *connection, StrataImage *image, const StrataQcow2 *header)
{
  g_autofree char *folder = g_path_get_dirname (image->path);
  g_autofree char *path = NULL;

  if (header->backing != NULL && image->backing_path != NULL &&
      strata_image_name_is_relative (header->backing))
    g_set_str (&image->relative, header->backing);
  /* libvirt finds one out where nothing is said, by what the guest below may have written. */
  if (header->plain && header->backing != NULL && header->backing_format == NULL &&
      image->backing_path != NULL)
    g_clear_pointer (&image->backing_format, g_free);
  if (header->encrypted)
    strata_image_set_problem (image, STRATA_IMAGE_FOREIGN, _ ("“%s” is encrypted"), image->path);
  if (header->data_file == NULL)
    return;

  if (strata_image_name_is_relative (header->data_file))
    g_set_str (&image->relative_data, header->data_file);
  path = g_path_is_absolute (header->data_file)
             ? g_strdup (header->data_file)
             : g_build_filename (folder, header->data_file, NULL);
  image->data_file = strata_connection_canonical_path (connection, path);
}

/* HEADER is of the file FD, or FD is -1 and it is of VOLUME. */
static void
fill (StrataConnection *connection,
      StrataImage *image,
      const StrataQcow2 *header,
      int fd,
      virStorageVolPtr volume)
{
  g_autoptr (JsonObject) info = NULL;
  g_auto (GStrv) names = NULL;

  if (header->n_tags == 0)
    return;

  if (fd >= 0)
    names = strata_qcow2_read_tags (header, fd);
  else if (volume != NULL)
    names = download_tags (connection, volume, header);
  if (fd >= 0 && names == NULL)
    info = strata_qemu_img_read_info (image->path, "qcow2", NULL);
  if (info != NULL)
    names = get_names (info);
  image->tags_unknown = names == NULL || names[0] == NULL;
  if (!image->tags_unknown)
    image->tags = g_steal_pointer (&names);
}

/* PATH: as the header means it */
void
strata_image_set_backing (StrataConnection *connection, StrataImage *image, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (image->path);

  image->backing_path = strata_connection_canonical_path_in (connection, folder, path);
  if (!g_str_equal (image->backing_path, path))
    image->spelling = g_strdup (path);
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
  strata_image_set_backing (connection, image, path);
  image->backing_format = g_strdup (header->backing_format);

  return TRUE;
}

/**
 * strata_image_take_header:
 * @connection: a connection
 * @image: a qcow2 image
 * @header: its header
 * @fd: the file it was read from, or -1
 *
 * Worker threads only.
 *
 * Returns: %FALSE for a header that has to be looked at in another way; then @image is as it was
 */
gboolean
strata_image_take_header (StrataConnection *connection,
                          StrataImage *image,
                          const StrataQcow2 *header,
                          int fd)
{
  g_autofree char *folder = g_path_get_dirname (image->path);

  STRATA_ASSERT_WORKER ();

  if (!header->plain ||
      (header->backing != NULL && !take_backing (connection, image, folder, header)))
    return FALSE;

  g_set_str (&image->format, "qcow2");
  image->capacity = header->capacity;
  g_clear_pointer (&image->tags, g_strfreev);
  image->tags_unknown = FALSE;
  fill_parts (connection, image, header);
  fill (connection, image, header, fd, NULL);

  return TRUE;
}

/**
 * strata_image_tags_fill:
 * @connection: a connection
 * @image: an image whose format is known
 * @volume: (nullable): the same, for hosts whose files the client does not see
 *
 * Sets @image's tags if it has any, and what else its header says that libvirt doesn't: of a device all of it. Worker threads
 * only.
 *
 * Returns: whether it has a qcow2 header
 */
gboolean
strata_image_tags_fill (StrataConnection *connection, StrataImage *image, virStorageVolPtr volume)
{
  g_autoptr (StrataQcow2) header = NULL;
  g_autofd int fd = -1;
  guint8 bytes[STRATA_QCOW2_HEAD_SIZE];
  gssize n;

  STRATA_ASSERT_WORKER ();

  g_clear_pointer (&image->tags, g_strfreev);
  image->tags_unknown = FALSE;
  if (g_strcmp0 (image->format, "qcow2") != 0)
    return FALSE;

  if (is_local (connection))
    fd = open (image->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  n = fd >= 0 ? pread (fd, bytes, sizeof bytes, 0) : -1;
  if (n <= 0)
    g_clear_fd (&fd, NULL);
  if (fd < 0 && volume != NULL)
    n = download (connection, volume, 0, bytes, sizeof bytes);
  if (n <= 0)
    {
      /* Who may only look may not have it sent either; libvirt has read it, and says all of it but the tags. */
      image->tags_unknown =
          strata_connection_get_read_only (connection) != NULL && image->type == STRATA_IMAGE_FILE;
      image->unread = !image->tags_unknown;
      return FALSE;
    }

  header = strata_qcow2_parse (bytes, (gsize) n);
  if (header == NULL)
    return FALSE;
  if (image->type == STRATA_IMAGE_BLOCK)
    {
      image->unread = !strata_image_take_header (connection, image, header, fd);
      return TRUE;
    }
  fill_parts (connection, image, header);
  fill (connection, image, header, fd, volume);

  return TRUE;
}

gboolean
strata_image_tags_check_access (StrataConnection *connection,
                                const char *path,
                                int mode,
                                GError **error)
{
  if (is_local (connection) && access (path, mode) == 0)
    return TRUE;

  if (is_local (connection) && errno == ENOENT)
    strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL, _ ("There is no image at “%s”"), path);
  else
    strata_set_error (error, STRATA_ERROR_UNSUPPORTED,
                      _ ("Run Strata on that host, as a user who may do that."),
                      _ ("The internal snapshots of “%s” can’t be handled from here"), path);

  return FALSE;
}

/**
 * strata_image_tags_list:
 * @connection: a connection
 * @path: an image
 * @format: its format
 * @cancellable: (nullable): to give up
 * @error: where to put `STRATA_ERROR_UNSUPPORTED` where the client can't read it, or another
 *
 * Worker threads only.
 *
 * Returns: (transfer full): the names of its internal snapshots
 */
GStrv
strata_image_tags_list (StrataConnection *connection,
                        const char *path,
                        const char *format,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (JsonObject) info = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);

  if (g_strcmp0 (format, "qcow2") != 0)
    return g_new0 (char *, 1);
  if (!strata_image_tags_check_access (connection, path, R_OK, error))
    return NULL;

  info = strata_qemu_img_read_info (path, format, cancellable);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  if (info == NULL)
    {
      strata_set_error (error, STRATA_ERROR_FAILED, NULL, _ ("qemu-img can’t read “%s”"), path);
      return NULL;
    }

  return get_names (info);
}

/**
 * strata_image_tags_get_stamp:
 * @connection: a connection
 * @path: a qcow2 image, which may be in use
 * @tag: the name of an internal snapshot
 * @error: where to put `STRATA_ERROR_UNSUPPORTED` where the client can't read it, or another
 *
 * Worker threads only.
 *
 * Returns: (transfer full) (nullable): what tells @tag from another one that gets its name; empty if there is no such tag
 */
char *
strata_image_tags_get_stamp (StrataConnection *connection,
                             const char *path,
                             const char *tag,
                             GError **error)
{
  g_autoptr (StrataQcow2) header = NULL;
  g_autofd int fd = -1;
  guint8 bytes[STRATA_QCOW2_HEAD_SIZE];
  char *stamp = NULL;
  gssize n;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);

  if (!strata_image_tags_check_access (connection, path, R_OK, error))
    return NULL;

  fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  n = fd >= 0 ? pread (fd, bytes, sizeof bytes, 0) : -1;
  header = n > 0 ? strata_qcow2_parse (bytes, (gsize) n) : NULL;
  if (header != NULL)
    stamp = strata_qcow2_get_tag_stamp (header, fd, tag);
  if (stamp == NULL)
    strata_set_error (error, STRATA_ERROR_FAILED, NULL,
                      _ ("The internal snapshots of “%s” can’t be read"), path);

  return stamp;
}

gboolean
strata_image_tags_require_single (const char *path, GStrv tags, const char *tag, GError **error)
{
  guint n = 0;

  for (guint i = 0; tags[i] != NULL; i++)
    n += g_str_equal (tags[i], tag);
  if (n < 2)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_CHANGED,
                    _ ("Nothing more is done. Look at the machine, and try again."),
                    /* Translators: an image, a number above 1, and a name */
                    _ ("“%s” has come to have %u internal snapshots called “%s”"), path, n, tag);
  return FALSE;
}

/* The first that has the name. */
static gboolean
delete_one (const char *path, const char *tag, GCancellable *cancellable, GError **error)
{
  const char *const arguments[] = { "snapshot", "-q", "-d", tag, path, NULL };

  if (strata_qemu_img_run (arguments, NULL, NULL, NULL, cancellable, error))
    return TRUE;

  g_prefix_error (error, _ ("Removing the internal snapshot “%s”: "), tag);
  if (error != NULL && g_error_matches (*error, STRATA_ERROR, STRATA_ERROR_FAILED))
    strata_error_set_hint (*error, _ ("If a virtual machine uses the image, shut it down first."));

  return FALSE;
}

static gboolean
delete_all_but (StrataConnection *connection,
                const char *path,
                const char *format,
                const char *only,
                const char *keep,
                GCancellable *cancellable,
                GError **error)
{
  g_auto (GStrv) tags = strata_image_tags_list (connection, path, format, cancellable, error);

  if (tags == NULL ||
      !strata_image_tags_require_single (path, tags, only != NULL ? only : keep, error))
    return FALSE;

  for (guint i = 0; tags[i] != NULL; i++)
    {
      if (g_strcmp0 (tags[i], keep) == 0 || (only != NULL && !g_str_equal (tags[i], only)))
        continue;
      if (!strata_image_tags_check_access (connection, path, R_OK | W_OK, error) ||
          !delete_one (path, tags[i], cancellable, error))
        return FALSE;
    }

  return TRUE;
}

/**
 * strata_image_tags_delete:
 * @connection: a connection
 * @path: an image that no process has open
 * @format: its format
 * @tag: the name of an internal snapshot, which need not be there
 * @cancellable: (nullable): to give up
 * @error: where to put `STRATA_ERROR_UNSUPPORTED` where the client can't write it, `STRATA_ERROR_CHANGED` where more than one
 *   has that name, or another
 *
 * Worker threads only.
 *
 * Returns: whether there is no @tag any more
 */
gboolean
strata_image_tags_delete (StrataConnection *connection,
                          const char *path,
                          const char *format,
                          const char *tag,
                          GCancellable *cancellable,
                          GError **error)
{
  g_return_val_if_fail (tag != NULL, FALSE);

  return delete_all_but (connection, path, format, tag, NULL, cancellable, error);
}

/**
 * strata_image_tags_keep:
 * @connection: a connection
 * @path: an image that no process has open
 * @format: its format
 * @tag: the name of an internal snapshot
 * @cancellable: (nullable): to give up
 * @error: where to put `STRATA_ERROR_NOT_FOUND` if there is no @tag (nothing was changed then),
 *   `STRATA_ERROR_CHANGED` where it is there more than once, `STRATA_ERROR_UNSUPPORTED` where the client can't write it, or
 *   another
 *
 * Worker threads only.
 *
 * Returns: whether @tag is the only one
 */
gboolean
strata_image_tags_keep (StrataConnection *connection,
                        const char *path,
                        const char *format,
                        const char *tag,
                        GCancellable *cancellable,
                        GError **error)
{
  g_auto (GStrv) tags = NULL;

  g_return_val_if_fail (tag != NULL, FALSE);

  tags = strata_image_tags_list (connection, path, format, cancellable, error);
  if (tags == NULL)
    return FALSE;
  if (!g_strv_contains ((const char *const *) tags, tag))
    {
      strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL,
                        _ ("“%s” has no internal snapshot “%s”"), path, tag);
      return FALSE;
    }

  return delete_all_but (connection, path, format, NULL, tag, cancellable, error);
}
