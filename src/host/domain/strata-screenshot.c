/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A picture of a domain's screen, by which a person knows a snapshot again. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "strata-screenshot.h"
#include "host/connection/strata-vir.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (virStream, virStreamFree)

static int
write_bytes (virStreamPtr stream, const char *bytes, size_t n, void *user_data)
{
  int fd = GPOINTER_TO_INT (user_data);
  ssize_t put;

  do
    put = write (fd, bytes, n);
  while (put < 0 && errno == EINTR);

  return (int) put;
}

static gboolean
receive (virDomainPtr domain, virStreamPtr stream, int fd, GError **error)
{
  g_autofree char *type = virDomainScreenshot (domain, stream, 0, 0);

  if (type == NULL || virStreamRecvAll (stream, write_bytes, GINT_TO_POINTER (fd)) < 0)
    {
      strata_vir_set_error (error, _ ("Taking a picture of the screen"));
      if (type != NULL)
        virStreamAbort (stream);
      return FALSE;
    }
  virStreamFinish (stream);

  return TRUE;
}

/**
 * strata_screenshot_save:
 * @connection: a connection
 * @domain: an active domain
 * @path: a file on this computer, which is replaced
 * @error: where to put an error
 *
 * Worker threads only.
 *
 * Returns: whether @path is there; if not, nothing is
 */
gboolean
strata_screenshot_save (StrataConnection *connection,
                        virDomainPtr domain,
                        const char *path,
                        GError **error)
{
  g_autoptr (virStream) stream = virStreamNew (strata_connection_get_handle (connection), 0);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofd int fd = -1;

  STRATA_ASSERT_WORKER ();

  if (stream == NULL)
    {
      strata_vir_set_error (error, _ ("Taking a picture of the screen"));
      return FALSE;
    }

  g_mkdir_with_parents (folder, 0700);
  fd = g_open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    {
      strata_set_error (error, STRATA_ERROR_FAILED, NULL, _ ("“%s” can’t be written: %s"), path,
                        g_strerror (errno));
      return FALSE;
    }
  if (receive (domain, stream, fd, error))
    return TRUE;

  g_unlink (path);

  return FALSE;
}

/**
 * strata_screenshot_get_path:
 * @uuid: a domain's UUID
 * @snapshot: the name of a snapshot of it
 *
 * libvirt has no place for a picture, so it is kept on the computer on which the snapshot was taken.
 *
 * Returns: (transfer full): the file
 */
char *
strata_screenshot_get_path (const char *uuid, const char *snapshot)
{
  g_autofree char *name = g_uri_escape_string (snapshot, NULL, TRUE);

  return g_build_filename (g_get_user_data_dir (), "strata", "screens", uuid, name, NULL);
}

/**
 * strata_screenshot_remove:
 * @uuid: a domain's UUID
 * @snapshot: the name of a snapshot that is gone
 */
void
strata_screenshot_remove (const char *uuid, const char *snapshot)
{
  g_autofree char *path = strata_screenshot_get_path (uuid, snapshot);

  g_unlink (path);
}

/**
 * strata_screenshot_rename:
 * @uuid: a domain's UUID
 * @snapshot: what a snapshot of it was called
 * @name: what it is called now
 */
void
strata_screenshot_rename (const char *uuid, const char *snapshot, const char *name)
{
  g_autofree char *from = strata_screenshot_get_path (uuid, snapshot);
  g_autofree char *to = strata_screenshot_get_path (uuid, name);

  g_rename (from, to);
}
