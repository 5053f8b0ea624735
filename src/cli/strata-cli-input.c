/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the user hands over in files: read with a limit, and told apart from what it might be mistaken for. */

#include "config.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "strata-cli-input.h"
#include "base/strata-error.h"

static int
open_input (const char *path, GError **error)
{
  int fd;

  if (g_str_equal (path, "-"))
    return dup (STDIN_FILENO);

  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    {
      int saved = errno;

      strata_set_error (error, saved == ENOENT ? STRATA_ERROR_NOT_FOUND : STRATA_ERROR_PERMISSION,
                        NULL, _ ("“%s” can’t be read: %s"), path, g_strerror (saved));
    }

  return fd;
}

/**
 * strata_cli_read_file:
 * @path: a file, `-` for stdin
 * @limit: the most bytes it may have
 * @error: `STRATA_ERROR_NOT_FOUND`, `_PERMISSION`, or `_INVALID` where it is too long or no text
 *
 * Returns: (transfer full): its text, or %NULL
 */
char *
strata_cli_read_file (const char *path, gsize limit, GError **error)
{
  g_autofree char *buffer = NULL;
  g_autofd int fd = -1;
  gsize length = 0;
  gssize got;

  fd = open_input (path, error);
  if (fd < 0)
    return NULL;

  buffer = g_malloc (limit + 1);
  do
    {
      got = read (fd, buffer + length, limit + 1 - length);
      if (got > 0)
        length += got;
    }
  while ((got > 0 && length <= limit) || (got < 0 && errno == EINTR));

  if (got < 0)
    strata_set_error (error, STRATA_ERROR_INVALID, NULL, _ ("“%s” can’t be read: %s"), path,
                      g_strerror (errno));
  else if (length > limit)
    strata_set_error (error, STRATA_ERROR_INVALID, NULL, _ ("“%s” is longer than %zu KiB"), path,
                      limit / 1024);
  else if (!g_utf8_validate (buffer, (gssize) length, NULL))
    strata_set_error (error, STRATA_ERROR_INVALID, NULL, _ ("“%s” is not a text file"), path);
  else
    {
      buffer[length] = '\0';
      return g_steal_pointer (&buffer);
    }

  /* It may have been a password. */
  explicit_bzero (buffer, limit + 1);
  return NULL;
}
