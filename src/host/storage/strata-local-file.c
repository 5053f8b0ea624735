/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Modes, which only a client that sees the host's files and owns them can change; and small files that libvirt has no call for
 * (UEFI variables), which the client handles itself in a session of its own, and the daemon everywhere else: there they are
 * another user's, or another computer's, and what has their names here is another file.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/connection/strata-connection-private.h"
#include "strata-volume.h"
#include "strata-volume-copy.h"
#include "strata-storage.h"
#include "base/strata-error.h"

static gboolean
check_local (StrataConnection *connection, GError **error)
{
  if (strata_connection_get_facts (connection)->is_local)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_UNSUPPORTED, NULL,
                    _ ("“%s” is another computer, whose files can’t be changed from here"),
                    strata_connection_get_uri (connection));

  return FALSE;
}

/**
 * strata_storage_is_still:
 * @connection: a connection
 * @path: an image, by the name that it had
 * @identity: (nullable): the StrataImage.identity that it had
 *
 * Worker threads only.
 *
 * Returns: %FALSE where the name means another file now
 */
gboolean
strata_storage_is_still (StrataConnection *connection, const char *path, const char *identity)
{
  g_autofree char *canonical = NULL;
  g_autoptr (StrataImage) image = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (!strata_connection_get_facts (connection)->is_local)
    return TRUE;
  canonical = strata_connection_canonical_path (connection, path);
  if (!g_str_equal (canonical, path))
    return FALSE;

  image = strata_image_new (path);
  strata_image_identify (connection, image, NULL);

  return identity == NULL || image->identity == NULL || g_str_equal (image->identity, identity);
}

/**
 * strata_storage_get_file_id:
 * @connection: a connection
 * @path: a file
 *
 * Of the file itself, never of one that a link leads to. A number of an inode is given to a later file again; with the moment
 * when it came to be it is not. Any thread.
 *
 * Returns: (transfer full) (nullable): what tells it from another that gets its name; %NULL where no regular file is there, or
 *   it is another computer's
 */
char *
strata_storage_get_file_id (StrataConnection *connection, const char *path)
{
  struct statx status;

  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);

  if (!strata_connection_get_facts (connection)->is_local ||
      statx (AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &status) != 0 ||
      !S_ISREG (status.stx_mode))
    return NULL;
  if ((status.stx_mask & STATX_BTIME) == 0)
    status.stx_btime = (struct statx_timestamp) { 0 };

  return g_strdup_printf ("%u:%u:%" G_GUINT64_FORMAT ":%" G_GINT64_FORMAT ".%u",
                          status.stx_dev_major, status.stx_dev_minor, (guint64) status.stx_ino,
                          (gint64) status.stx_btime.tv_sec, status.stx_btime.tv_nsec);
}

/**
 * strata_storage_get_birth:
 * @connection: a connection
 * @path: a file
 * @birth: (out): when it came to be, in seconds since 1970
 *
 * Any thread.
 *
 * Returns: %FALSE where nothing is there, the file is another computer's, or its file system doesn't keep that
 */
gboolean
strata_storage_get_birth (StrataConnection *connection, const char *path, gint64 *birth)
{
  struct statx status;

  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (!strata_connection_get_facts (connection)->is_local ||
      statx (AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &status) != 0 ||
      (status.stx_mask & STATX_BTIME) == 0)
    return FALSE;
  *birth = status.stx_btime.tv_sec;

  return TRUE;
}

/* NUMBER is errno; what the client does not own it can't do, and another way has to be taken. */
static void
set_file_error (GError **error, int number, const char *path, const char *doing)
{
  StrataError code = STRATA_ERROR_FAILED;

  switch (number)
    {
    case ENOENT:
    case ENOTDIR:
      code = STRATA_ERROR_NOT_FOUND;
      break;
    case EEXIST:
      code = STRATA_ERROR_EXISTS;
      break;
    case ENOSPC:
    case EDQUOT:
      code = STRATA_ERROR_NO_SPACE;
      break;
    case EPERM:
    case EACCES:
      code = STRATA_ERROR_UNSUPPORTED;
      break;
    default:
      break;
    }

  /* Translators: what was being done, a path, and the system's words for what went wrong */
  strata_set_error (error, code, NULL, _ ("%s “%s”: %s"), doing, path, g_strerror (number));
}

/* Of the file itself: what has its name may be a link by now, to a file that is to keep its own. */
static gboolean
change_mode (const char *path, mode_t mode)
{
  g_autofd int fd = open (path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  g_autofree char *itself = g_strdup_printf ("/proc/self/fd/%d", fd);
  struct stat status;

  if (fd < 0 || fstat (fd, &status) != 0)
    return FALSE;
  if (!S_ISREG (status.st_mode))
    {
      errno = S_ISLNK (status.st_mode) ? ELOOP : EINVAL;
      return FALSE;
    }

  return g_chmod (itself, (int) mode) == 0;
}

/**
 * strata_storage_set_mode:
 * @connection: a connection
 * @path: an image
 * @mode: permission bits
 * @error: where to put `STRATA_ERROR_UNSUPPORTED` where the client does not own the file, or another
 *
 * Worker threads only.
 *
 * Returns: whether @path has @mode now
 */
gboolean
strata_storage_set_mode (StrataConnection *connection, const char *path, guint mode, GError **error)
{
  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (!check_local (connection, error))
    return FALSE;
  if (change_mode (path, (mode_t) mode & 07777))
    return TRUE;

  set_file_error (error, errno, path, _ ("Changing the permissions of"));

  return FALSE;
}

/**
 * strata_storage_get_mode:
 * @connection: a connection
 * @path: an image
 * @mode: (out): its permission bits
 * @error: where to put `STRATA_ERROR_NOT_FOUND` or another error
 *
 * Asks the host where the client can't see the file itself. Worker threads only.
 *
 * Returns: whether @mode was set
 */
gboolean
strata_storage_get_mode (StrataConnection *connection,
                         const char *path,
                         guint *mode,
                         GError **error)
{
  g_autoptr (StrataImage) image = NULL;
  GStatBuf status;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (strata_connection_get_facts (connection)->is_local && g_stat (path, &status) == 0)
    {
      *mode = status.st_mode & 07777;
      return TRUE;
    }

  image = strata_storage_read_image (connection, path, error);
  if (image == NULL)
    return FALSE;
  *mode = image->mode;

  return TRUE;
}

/* Opens FROM and makes TO, which must not be there. */
static gboolean
open_pair (const char *from, const char *to, int *in, int *out, GError **error)
{
  g_autofd int source = g_open (from, O_RDONLY | O_CLOEXEC, 0);
  GStatBuf status;

  if (source < 0 || fstat (source, &status) != 0)
    {
      set_file_error (error, errno, from, _ ("Reading"));
      return FALSE;
    }

  *out = g_open (to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (*out < 0)
    {
      set_file_error (error, errno, to, _ ("Creating"));
      return FALSE;
    }
  *in = g_steal_fd (&source);

  return TRUE;
}

/* 0, or errno */
static int
write_all (int out, const char *bytes, size_t n)
{
  while (n > 0)
    {
      ssize_t put = write (out, bytes, n);

      if (put < 0 && errno != EINTR)
        return errno;
      if (put > 0)
        {
          bytes += put;
          n -= (size_t) put;
        }
    }

  return 0;
}

/* 0, or errno */
static int
copy_bytes (int in, int out)
{
  char buffer[64 * 1024];

  for (;;)
    {
      ssize_t got = read (in, buffer, sizeof buffer);
      int number = 0;

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return errno;
      if (got == 0)
        return fsync (out) == 0 ? 0 : errno;

      number = write_all (out, buffer, (size_t) got);
      if (number != 0)
        return number;
    }
}

static gboolean
copy_here (const char *from, const char *to, GError **error)
{
  g_autofd int in = -1;
  g_autofd int out = -1;
  int number;

  if (!open_pair (from, to, &in, &out, error))
    return FALSE;

  number = copy_bytes (in, out);
  if (number == 0)
    return TRUE;

  g_unlink (to);
  set_file_error (error, number, to, _ ("Writing"));

  return FALSE;
}

/* The daemon's files are the client's own. */
static gboolean
is_own_session (StrataConnection *connection)
{
  const StrataHostFacts *facts = strata_connection_get_facts (connection);

  return facts->is_local && facts->is_session;
}

/**
 * strata_storage_copy_small:
 * @connection: a connection
 * @from: a small file (UEFI variables)
 * @to: where its copy goes, mode 0600; nothing may be there
 * @error: where to put `STRATA_ERROR_EXISTS`, `NOT_FOUND` or another
 *
 * Worker threads only. In a session the copy is on the disk when this returns.
 *
 * Returns: whether it was copied; if not, nothing new is left at @to
 */
gboolean
strata_storage_copy_small (StrataConnection *connection,
                           const char *from,
                           const char *to,
                           GError **error)
{
  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  return is_own_session (connection) ? copy_here (from, to, error)
                                     : strata_volume_copy (connection, from, to, NULL, error);
}

/**
 * strata_storage_find_small:
 * @connection: a connection
 * @path: a small file of the host, perhaps
 * @there: (out): whether anything has that name, a link too
 * @regular: (out): whether that is a regular file
 * @error: where to put an error
 *
 * Worker threads only.
 *
 * Returns: whether it could be told
 */
gboolean
strata_storage_find_small (StrataConnection *connection,
                           const char *path,
                           gboolean *there,
                           gboolean *regular,
                           GError **error)
{
  g_autoptr (StrataImage) image = NULL;
  g_autoptr (GError) local = NULL;
  struct stat status;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (is_own_session (connection))
    {
      *there = lstat (path, &status) == 0;
      *regular = *there && S_ISREG (status.st_mode);
      return TRUE;
    }

  image = strata_storage_read_image (connection, path, &local);
  if (image == NULL && !g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  *there = image != NULL;
  *regular = image != NULL && image->type == STRATA_IMAGE_FILE;

  return TRUE;
}

/* May an entry of FOLDER, which is OWNER's, be removed? */
static gboolean
may_remove (const char *folder, uid_t owner)
{
  struct stat status;

  if (g_access (folder, W_OK | X_OK) != 0 || stat (folder, &status) != 0)
    return FALSE;

  return (status.st_mode & S_ISVTX) == 0 || geteuid () == 0 || status.st_uid == geteuid () ||
         owner == geteuid ();
}

/**
 * strata_storage_require_removable:
 * @connection: a connection
 * @path: a file of the host
 * @error: `STRATA_ERROR_REFUSED`
 *
 * What belongs to another user may be needed by that user's machines, which this host doesn't show. Of other than a local session's
 * files the daemon knows. Worker threads only.
 *
 * Returns: whether @path is the client's to delete, or isn't there
 */
gboolean
strata_storage_require_removable (StrataConnection *connection, const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  struct stat status;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (!is_own_session (connection) || lstat (path, &status) != 0)
    return TRUE;

  if (status.st_uid != geteuid () && geteuid () != 0)
    strata_set_error (error, STRATA_ERROR_REFUSED, NULL, _ ("“%s” belongs to another user"), path);
  else if (!may_remove (folder, status.st_uid))
    strata_set_error (error, STRATA_ERROR_REFUSED, NULL, _ ("You may not remove files from “%s”"),
                      folder);
  else
    return TRUE;

  return FALSE;
}

/**
 * strata_storage_delete_small:
 * @connection: a connection
 * @path: a small file of the host
 * @error: where to put an error
 *
 * Worker threads only.
 *
 * Returns: whether nothing has that name any more
 */
gboolean
strata_storage_delete_small (StrataConnection *connection, const char *path, GError **error)
{
  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (!is_own_session (connection))
    return strata_storage_delete (connection, path, error);
  if (g_unlink (path) == 0 || errno == ENOENT)
    return TRUE;

  strata_set_error (
      error, errno == EACCES || errno == EPERM ? STRATA_ERROR_PERMISSION : STRATA_ERROR_FAILED,
      NULL, _ ("“%s” can’t be deleted: %s"), path, g_strerror (errno));
  return FALSE;
}

/**
 * strata_storage_get_small_id:
 * @connection: a connection
 * @path: a small file of the host
 *
 * Where the daemon alone sees it, it is told by its size and by when it was last written. Worker threads only.
 *
 * Returns: (transfer full) (nullable): what tells it from another that gets its name; %NULL where no regular file is there, or
 *   the host doesn't say
 */
char *
strata_storage_get_small_id (StrataConnection *connection, const char *path)
{
  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);

  return is_own_session (connection) ? strata_storage_get_file_id (connection, path)
                                     : strata_storage_get_stamp (connection, path, NULL);
}
