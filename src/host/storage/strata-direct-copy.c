/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Copying an image's file as it is: the accelerator beside the worker domain's block copy, and the way to
 * take internal snapshots along.
 *
 * As an accelerator it is right only for an image that is all in one file and holds nothing but what the
 * guest sees; one with internal snapshots would take them along, unsealed. The kernel's copy_file_range()
 * shares the blocks where the file system can (btrfs, XFS). `./dev bench clone` compares the ways.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strata-direct-copy.h"
#include "strata-qemu-img.h"
#include "strata-volume-copy.h"
#include "base/strata-error.h"

#define CHUNK (32 * 1024 * 1024)

static gboolean
is_true (JsonObject *object, const char *member)
{
  return json_object_get_boolean_member_with_default (object, member, FALSE);
}

/* What qemu-img knows of it: a qcow2 file that stands on nothing and has nothing beside or inside it. */
static gboolean
is_plain (JsonObject *info)
{
  JsonObject *specific = NULL;

  if (g_strcmp0 (json_object_get_string_member_with_default (info, "format", NULL), "qcow2") != 0 ||
      json_object_has_member (info, "backing-filename") ||
      json_object_has_member (info, "snapshots") || is_true (info, "encrypted"))
    return FALSE;

  if (json_object_has_member (info, "format-specific"))
    specific = json_object_get_object_member (
        json_object_get_object_member (info, "format-specific"), "data");

  return specific != NULL && !json_object_has_member (specific, "data-file") &&
         !json_object_has_member (specific, "bitmaps") && !is_true (specific, "corrupt");
}

static gboolean
look_whether_plain (const char *path, GCancellable *cancellable)
{
  g_autoptr (JsonObject) info = strata_qemu_img_read_info (path, "qcow2", cancellable);

  return info != NULL && is_plain (info);
}

/* Copies the data up to the next hole, in chunks, so that it can be cancelled. Returns 0 or errno. */
static int
copy_extent (int in, int out, off_t start, off_t end)
{
  off_t read_at = start, write_at = start;

  while (read_at < end)
    {
      ssize_t n = copy_file_range (in, &read_at, out, &write_at, (size_t) (end - read_at), 0);

      if (n < 0 && errno != EINTR)
        return errno;
      if (n == 0)
        return EIO;
    }

  return 0;
}

static int
copy_all (int in, int out, off_t size, const StrataTransfer *transfer)
{
  off_t at = 0;

  if (ftruncate (out, size) < 0)
    return errno;

  while (at < size && !g_cancellable_is_cancelled (strata_transfer_get_cancellable (transfer)))
    {
      off_t data = lseek (in, at, SEEK_DATA);
      off_t hole;
      int number;

      if (data < 0)
        return errno == ENXIO ? 0 : errno; /* nothing but a hole is left */

      hole = lseek (in, data, SEEK_HOLE);
      at = MIN (hole, data + CHUNK);
      number = copy_extent (in, out, data, at);
      if (number != 0)
        return number;
      strata_transfer_report (transfer, (guint64) at, (guint64) size);
    }

  /* A client may delete the original as soon as this is said to be done. */
  return fsync (out) < 0 ? errno : 0;
}

static gboolean
set_copy_error (GError **error, int number, const char *to)
{
  if (number == EXDEV || number == EOPNOTSUPP || number == EINVAL || number == ENOSYS)
    strata_set_error (error, STRATA_ERROR_UNSUPPORTED, NULL,
                      _ ("“%s” can’t be copied to directly: %s"), to, g_strerror (number));
  else
    strata_set_error (error, number == ENOSPC ? STRATA_ERROR_NO_SPACE : STRATA_ERROR_FAILED,
                      number == ENOSPC ? _ ("Free some space, or choose another pool.") : NULL,
                      _ ("Writing “%s”: %s"), to, g_strerror (number));
  return FALSE;
}

/* Of QEMU's locks on an image (block/file-posix.c): a byte from 100 on for each permission that a program has, and from 200 on for
 * each that it leaves to no other. */
#define LOCK_HAS_WRITE    (100 + 1)
#define LOCK_LEAVES_WRITE (200 + 1)

/* Whether no program of QEMU writes to IN, nor begins to while it is open. */
static gboolean
keep_unwritten (int in)
{
  struct flock lock = { .l_type = F_RDLCK,
                        .l_whence = SEEK_SET,
                        .l_start = LOCK_LEAVES_WRITE,
                        .l_len = 1 };
  struct flock other = { .l_type = F_WRLCK,
                         .l_whence = SEEK_SET,
                         .l_start = LOCK_HAS_WRITE,
                         .l_len = 1 };

  /* A file system that knows no locks has none of QEMU's either. */
  if (fcntl (in, F_OFD_SETLK, &lock) != 0)
    return errno != EAGAIN && errno != EACCES;

  return fcntl (in, F_OFD_GETLK, &other) != 0 || other.l_type == F_UNLCK;
}

static gboolean
set_written_error (GError **error, const char *path)
{
  strata_set_error (error, STRATA_ERROR_BUSY,
                    _ ("End the program that has it open, then try again."),
                    _ ("Another program writes to “%s”, so a copy of it would be torn"), path);
  return FALSE;
}

/**
 * strata_direct_require_frozen:
 * @connection: the host
 * @path: an image that is to stay as it is from now on
 * @error: return location for `STRATA_ERROR_BUSY`
 *
 * qemu-nbd, guestmount or a QEMU of another daemon may write to a disk of a domain that is off. An image that we may not look at is
 * let pass, and so is what comes a moment later. Worker threads only.
 *
 * Returns: %FALSE if a program of QEMU writes to it
 */
gboolean
strata_direct_require_frozen (StrataConnection *connection, const char *path, GError **error)
{
  g_autofd int in = -1;

  STRATA_ASSERT_WORKER ();

  if (strata_connection_get_facts (connection)->is_local && g_path_is_absolute (path))
    in = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (in < 0 || keep_unwritten (in))
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_BUSY, _ ("End the program that has it open, then try again."),
      _ ("Another program writes to “%s”, which is to stay as it is from now on"), path);
  return FALSE;
}

static gboolean
was_written (int in, const struct stat *before)
{
  struct stat now;

  return fstat (in, &now) != 0 || now.st_size != before->st_size ||
         now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
         now.st_mtim.tv_nsec != before->st_mtim.tv_nsec;
}

/* PLAIN: only an image that nothing but the guest's data is in */
static gboolean
copy_file (StrataConnection *connection,
           const char *from,
           const char *to,
           gboolean plain,
           const StrataTransfer *transfer,
           GError **error)
{
  GCancellable *cancellable = strata_transfer_get_cancellable (transfer);
  g_autofd int in = -1;
  g_autofd int out = -1;
  struct stat status;
  int number;

  if (strata_connection_get_facts (connection)->is_local)
    in = open (from, O_RDONLY | O_CLOEXEC);
  if (in < 0 || fstat (in, &status) < 0 || !S_ISREG (status.st_mode) ||
      (plain && !look_whether_plain (from, cancellable)))
    return set_copy_error (error, EOPNOTSUPP, to);
  if (!keep_unwritten (in))
    return set_written_error (error, from);

  out = open (to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0 && errno == EEXIST)
    {
      strata_set_error (error, STRATA_ERROR_EXISTS, NULL, _ ("The file “%s” exists already"), to);
      return FALSE;
    }
  if (out < 0)
    return set_copy_error (error, EOPNOTSUPP, to);

  number = copy_all (in, out, status.st_size, transfer);
  if (number == 0 && was_written (in, &status))
    {
      g_unlink (to);
      return set_written_error (error, from);
    }
  if (number == 0 && !g_cancellable_set_error_if_cancelled (cancellable, error))
    return TRUE;

  g_unlink (to);

  return number != 0 ? set_copy_error (error, number, to) : FALSE;
}

/**
 * strata_direct_copy:
 * @connection: a connection
 * @from: a qcow2 image that no process writes to
 * @to: where its twin goes, mode 0600; nothing may be there
 * @transfer: (nullable): tells bytes of the file; its bandwidth is passed over
 * @error: where to put `STRATA_ERROR_UNSUPPORTED` where it has to be copied in another way,
 *   `_EXISTS`, `_NO_SPACE`, `_FAILED` or `G_IO_ERROR_CANCELLED`
 *
 * Worker threads only. The copy is on the disk when it returns.
 *
 * Returns: whether @to is a copy of @from; if not, nothing of it is left
 */
gboolean
strata_direct_copy (StrataConnection *connection,
                    const char *from,
                    const char *to,
                    const StrataTransfer *transfer,
                    GError **error)
{
  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  return copy_file (connection, from, to, TRUE, transfer, error);
}

/**
 * strata_direct_copy_verbatim:
 * @connection: a connection
 * @from: an image of any format, with whatever is in it, that no process writes to
 * @to: where its twin goes, mode 0600; nothing may be there
 * @transfer: (nullable): tells bytes of the file; its bandwidth is passed over
 * @error: as of strata_direct_copy()
 *
 * The file byte for byte: internal snapshots, bitmaps, and the name of what it stands on. Where the client
 * may not, or on another host, libvirt carries the bytes. Worker threads only.
 *
 * Returns: whether @to is a copy of @from; if not, nothing of it is left
 */
gboolean
strata_direct_copy_verbatim (StrataConnection *connection,
                             const char *from,
                             const char *to,
                             const StrataTransfer *transfer,
                             GError **error)
{
  g_autoptr (GError) local = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (copy_file (connection, from, to, FALSE, transfer, &local))
    return TRUE;
  if (g_error_matches (local, STRATA_ERROR, STRATA_ERROR_UNSUPPORTED))
    return strata_volume_copy (connection, from, to, transfer, error);
  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

/**
 * strata_direct_require_unwritten:
 * @connection: the host
 * @path: an image that is to be copied
 * @format: its format
 * @cancellable: (nullable): cancels it
 * @error: return location for `STRATA_ERROR_BUSY`
 *
 * QEMU's programs lock what they write to, qemu-nbd for one, which libvirt knows nothing of. Reading it all the
 * same would make a copy that is torn.
 *
 * Returns: %FALSE if another program writes to it
 */
gboolean
strata_direct_require_unwritten (StrataConnection *connection,
                                 const char *path,
                                 const char *format,
                                 GCancellable *cancellable,
                                 GError **error)
{
  const char *const arguments[] = { "info", "-f", format, "--", path, NULL };
  g_autoptr (GError) local = NULL;

  STRATA_ASSERT_WORKER ();

  if (!strata_connection_get_facts (connection)->is_local || access (path, R_OK) != 0 ||
      strata_qemu_img_run (arguments, NULL, NULL, NULL, cancellable, &local))
    return TRUE;
  /* qemu-img has no codes. These are its words for a lock, which are not translated. */
  if (strstr (local->message, "Failed to get") == NULL || strstr (local->message, "lock") == NULL)
    return TRUE;

  return set_written_error (error, path);
}
