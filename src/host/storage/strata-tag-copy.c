/* SPDX-License-Identifier: GPL-3.0-or-later */

/* An internal snapshot as an image of its own. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strata-image-tags.h"
#include "strata-qemu-img.h"
#include "base/strata-error.h"

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

/* qemu-img makes it as large as the image is now (tested with 10.0), which may have grown since. */
static gboolean
fit (const char *from,
     const char *tag,
     const char *to,
     const char *to_format,
     GCancellable *cancellable,
     GError **error)
{
  g_autofd int fd = open (from, O_RDONLY | O_CLOEXEC);
  guint8 bytes[STRATA_QCOW2_HEADER_SIZE];
  g_autoptr (StrataQcow2) header = NULL;
  g_autofree char *size = NULL;
  guint64 capacity;

  if (fd >= 0 && pread (fd, bytes, sizeof bytes, 0) == sizeof bytes)
    header = strata_qcow2_parse (bytes, sizeof bytes);
  if (header == NULL)
    return TRUE;
  capacity = strata_qcow2_get_tag_capacity (header, fd, tag);
  if (capacity == header->capacity)
    return TRUE;

  size = g_strdup_printf ("%" G_GUINT64_FORMAT, capacity);

  return strata_qemu_img_run (
      (const char *const[]) { "resize", "-q", "--shrink", "-f", to_format, to, size, NULL }, NULL,
      NULL, NULL, cancellable, error);
}

/**
 * strata_image_tags_convert:
 * @connection: a connection
 * @from: an image
 * @format: its format
 * @tag: the name of an internal snapshot in it
 * @to: where the new image goes; nothing may be there
 * @to_format: its format
 * @transfer: (nullable): its bandwidth is passed over
 * @error: where to put `STRATA_ERROR_EXISTS`, `UNSUPPORTED` where the client can't read or write the
 *   files, or another
 *
 * Nothing that belongs to a tag changes as long as it is there, so that @from may be in use. Worker
 * threads only. The new image is on the disk when this returns.
 *
 * Returns: whether @to shows what @from did at @tag; if not, nothing is left there
 */
gboolean
strata_image_tags_convert (StrataConnection *connection,
                           const char *from,
                           const char *format,
                           const char *tag,
                           const char *to,
                           const char *to_format,
                           const StrataTransfer *transfer,
                           GError **error)
{
  g_autofree char *option = get_tag_option (tag);
  g_autofree char *folder = g_path_get_dirname (to);
  const char *const arguments[] = { "convert", "-U", "-p",      "-l", option, "-f",
                                    format,    "-O", to_format, from, to,     NULL };
  GCancellable *cancellable = strata_transfer_get_cancellable (transfer);
  Progress state = { transfer, 0 };
  GStatBuf status;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (!strata_image_tags_check_access (connection, from, R_OK, error) ||
      !strata_image_tags_check_access (connection, folder, W_OK | X_OK, error))
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
  if (strata_qemu_img_run (arguments, NULL, on_percent, &state, cancellable, error) &&
      fit (from, tag, to, to_format, cancellable, error) && seal (to, error))
    return TRUE;

  g_unlink (to);

  return FALSE;
}
