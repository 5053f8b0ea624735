/* SPDX-License-Identifier: GPL-3.0-or-later */

/* An internal snapshot as an image of its own. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strata-image-tags.h"
#include "strata-qemu-img.h"
#include "graph/strata-graph.h"
#include "base/strata-error.h"

#define HEAD (64 * 1024) /* a cluster of what write_head() makes */

typedef struct
{
  const StrataTransfer *transfer;
  guint64 total;
} Progress;

static void
on_percent (guint percent, gpointer user_data)
{
  Progress *progress = user_data;

  strata_transfer_report (progress->transfer, progress->total / 100 * percent, progress->total);
}

/* qemu-img leaves the new image to the kernel; a client may trust in it as soon as this is said to be
 * done. */
static gboolean
seal (const char *path, GError **error)
{
  g_autofd int fd = open (path, O_RDWR | O_CLOEXEC);

  if (fd >= 0 && fchmod (fd, 0600) == 0 && fsync (fd) == 0)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_FAILED, NULL, _ ("Writing “%s”: %s"), path,
                    g_strerror (errno));
  return FALSE;
}

/* In an option's value a comma stands twice. */
static char *
get_tag_option (const char *tag)
{
  g_autoptr (GString) name = g_string_new (tag);

  g_string_replace (name, ",", ",,", 0);

  return g_strconcat ("snapshot.name=", name->str, NULL);
}

/* What is read: the image, its head, and what TAG says. */
typedef struct
{
  const char *path;
  const char *tag;
  int fd;
  guint8 head[HEAD];
  gsize n; /* of them */
  StrataQcow2 *header;
  StrataQcow2State then;
} Source;

static void
source_clear (Source *self)
{
  g_clear_fd (&self->fd, NULL);
  g_clear_pointer (&self->header, strata_qcow2_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Source, source_clear)

static gboolean
source_open (Source *self, const char *path, const char *tag, GError **error)
{
  gssize n;

  self->path = path;
  self->tag = tag;
  self->fd = open (path, O_RDONLY | O_CLOEXEC);
  n = self->fd >= 0 ? pread (self->fd, self->head, sizeof self->head, 0) : -1;
  self->n = n > 0 ? (gsize) n : 0;
  self->header = strata_qcow2_parse (self->head, self->n);
  if (self->header != NULL && self->n >= STRATA_QCOW2_STATE_SIZE &&
      strata_qcow2_find_state (self->header, self->fd, tag, &self->then))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL, _ ("“%s” has no internal snapshot “%s”"),
                    path, tag);
  return FALSE;
}

/* A file of ours that has no name, as others open it. */
static char *
get_path (int fd)
{
  return g_strdup_printf ("/proc/%d/fd/%d", (int) getpid (), fd);
}

/* Writes into FD a qcow2 image that holds SELF's first cluster as it was at the tag. On top of the image's file it makes that
 * an image which is as it was then, whatever writes to it now: without a copy, and with nothing to remove. */
static gboolean
write_head (Source *self, int fd, GCancellable *cancellable, GError **error)
{
  g_autofd int raw = memfd_create ("head", MFD_CLOEXEC);
  g_autofree char *from = get_path (raw);
  g_autofree char *to = get_path (fd);
  off_t length = lseek (self->fd, 0, SEEK_END);

  strata_qcow2_put_state (self->head, &self->then);
  if (raw < 0 || length < 0 || ftruncate (raw, length) < 0 ||
      pwrite (raw, self->head, self->n, 0) != (gssize) self->n)
    {
      strata_set_error (error, STRATA_ERROR_FAILED, NULL, _ ("“%s” can’t be read: %s"), self->path,
                        g_strerror (errno));
      return FALSE;
    }

  return strata_qemu_img_run ((const char *const[]) { "convert", "-f", "raw", "-O", "qcow2", "-o",
                                                      "cluster_size=65536", from, to, NULL },
                              NULL, NULL, NULL, cancellable, error);
}

static JsonObject *
make_node (const char *driver, const char *path)
{
  JsonObject *node = json_object_new ();
  JsonObject *file = json_object_new ();

  if (driver != NULL)
    json_object_set_string_member (node, "driver", driver);
  json_object_set_string_member (file, "filename", path);
  json_object_set_object_member (node, "file", file);

  return node;
}

/* SELF under HEAD, as QEMU opens it. */
static char *
describe (Source *self, int head)
{
  g_autoptr (JsonObject) image = json_object_new ();
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *folder = g_path_get_dirname (self->path);
  g_autofree char *below = NULL;
  g_autofree char *path = get_path (head);
  g_autofree char *text = NULL;
  JsonObject *file = make_node ("qcow2", path);

  json_object_set_object_member (file, "backing", make_node ("raw", self->path));
  json_object_set_string_member (image, "driver", "qcow2");
  json_object_set_object_member (image, "file", file);
  /* Under a description there is no folder that the name could be beside. */
  if (self->header->backing != NULL && strata_image_name_is_relative (self->header->backing))
    {
      below = g_build_filename (folder, self->header->backing, NULL);
      json_object_set_object_member (image, "backing",
                                     make_node (self->header->backing_format, below));
    }
  json_node_set_object (root, image);
  text = json_to_string (root, FALSE);

  return g_strconcat ("json:", text, NULL);
}

/* Of a tag qemu-img shows only as much as the image is large now, and zeroes above that (tested with 7.2 and 10.0). Where it had
 * another size the image itself is shown as it was. */
static gboolean
convert (Source *self, const char *to, const char *to_format, Progress *progress, GError **error)
{
  GCancellable *cancellable = strata_transfer_get_cancellable (progress->transfer);
  g_autofd int head = -1;
  g_autofree char *option = NULL;
  g_autofree char *description = NULL;

  if (self->then.capacity == self->header->capacity)
    {
      option = get_tag_option (self->tag);
      return strata_qemu_img_run ((const char *const[]) { "convert", "-U", "-p", "-l", option, "-f",
                                                          "qcow2", "-O", to_format, self->path, to,
                                                          NULL },
                                  NULL, on_percent, progress, cancellable, error);
    }

  head = memfd_create ("tag", MFD_CLOEXEC);
  description = describe (self, head);

  return write_head (self, head, cancellable, error) &&
         strata_qemu_img_run ((const char *const[]) { "convert", "-U", "-p", "-O", to_format,
                                                      description, to, NULL },
                              NULL, on_percent, progress, cancellable, error);
}

/* The image may have been resized since its size was looked at. */
static gboolean
check_size (const Source *self, const char *to, const char *to_format, GError **error)
{
  g_autoptr (JsonObject) info = strata_qemu_img_read_info (to, to_format, NULL);

  if (info != NULL && (guint64) json_object_get_int_member_with_default (info, "virtual-size",
                                                                         -1) == self->then.capacity)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_CHANGED, _ ("Try again."),
                    /* Translators: an image, and an internal snapshot in it */
                    _ ("“%s” was resized while “%s” was copied from it"), self->path, self->tag);
  return FALSE;
}

/**
 * strata_image_tags_convert:
 * @connection: a connection
 * @from: a qcow2 image
 * @tag: the name of an internal snapshot in it
 * @to: where the new image goes; nothing may be there
 * @to_format: its format
 * @transfer: (nullable): its bandwidth is passed over
 * @error: where to put `STRATA_ERROR_EXISTS`, `UNSUPPORTED` where the client can't read or write the
 *   files, or another
 *
 * This is the one place where a tag's bytes are read. The new image is as large as the disk was then.
 * Nothing that belongs to a tag changes as long as it is there, so that @from may be in use. Worker
 * threads only. The new image is on the disk when this returns.
 *
 * Returns: whether @to shows what @from did at @tag; if not, nothing is left there
 */
gboolean
strata_image_tags_convert (StrataConnection *connection,
                           const char *from,
                           const char *tag,
                           const char *to,
                           const char *to_format,
                           const StrataTransfer *transfer,
                           GError **error)
{
  g_autofree char *folder = g_path_get_dirname (to);
  g_auto (Source) source = { .fd = -1 };
  Progress state = { transfer, 0 };
  GStatBuf status;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (!strata_image_tags_check_access (connection, from, R_OK, error) ||
      !strata_image_tags_check_access (connection, folder, W_OK | X_OK, error) ||
      !source_open (&source, from, tag, error))
    return FALSE;
  if (g_lstat (to, &status) == 0)
    {
      strata_set_error (error, STRATA_ERROR_EXISTS,
                        _ ("Choose another name, or remove that file first."),
                        _ ("There is already something at “%s”"), to);
      return FALSE;
    }

  if (g_stat (from, &status) == 0)
    state.total = (guint64) status.st_blocks * 512;
  if (convert (&source, to, to_format, &state, error) &&
      check_size (&source, to, to_format, error) && seal (to, error))
    return TRUE;

  g_unlink (to);

  return FALSE;
}
