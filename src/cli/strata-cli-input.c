/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the user hands over in files: keys, scripts, passwords. Read with a limit, checked, and told
 * apart from what they might be mistaken for.
 */

#include "config.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "guest/strata-password.h"
#include "guest/strata-ssh-key.h"
#include "strata-cli-input.h"
#include "base/strata-error.h"

/* Room for any password that crypt(3) takes, and its line's end. */
#define MAX_PASSWORD 1024

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

/**
 * strata_cli_read_keys:
 * @paths: (nullable): files with public SSH keys
 * @error: what is wrong with one of them
 *
 * Returns: (transfer full) (nullable): the keys of all of them, a line each
 */
GStrv
strata_cli_read_keys (GStrv paths, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (size_t i = 0; paths != NULL && paths[i] != NULL; i++)
    {
      g_autofree char *text = strata_cli_read_file (paths[i], STRATA_CLI_MAX_KEYS, error);
      g_auto (GStrv) keys = NULL;

      if (text == NULL)
        return NULL;

      keys = strata_ssh_keys_parse (text, paths[i], error);
      if (keys == NULL)
        return NULL;

      g_strv_builder_addv (builder, (const char **) keys);
    }

  return g_strv_builder_end (builder);
}

/**
 * strata_cli_hash_password:
 * @path: a file whose first line is the password, `-` for stdin
 * @error: what is wrong with it
 *
 * Returns: (transfer full): the password's hash; the password itself is wiped from memory
 */
char *
strata_cli_hash_password (const char *path, GError **error)
{
  char *text = strata_cli_read_file (path, MAX_PASSWORD, error);
  char *hash;

  if (text == NULL)
    return NULL;

  if (g_str_has_suffix (text, "\n"))
    text[strlen (text) - 1] = '\0';
  if (g_str_has_suffix (text, "\r"))
    text[strlen (text) - 1] = '\0';

  hash = strata_password_hash (text, error);
  strata_password_clear (text);
  g_prefix_error (error, "%s: ", path);

  return hash;
}

/**
 * strata_cli_read_script:
 * @path: a script for a guest's first boot, `-` for stdin
 * @error: what is wrong with it
 *
 * Returns: (transfer full): its text
 */
char *
strata_cli_read_script (const char *path, GError **error)
{
  g_autofree char *text = strata_cli_read_file (path, STRATA_CLI_MAX_SCRIPT, error);

  if (text == NULL)
    return NULL;

  /* Without that line the guest's kernel would not know what to run it with. */
  if (!g_str_has_prefix (text, "#!"))
    {
      strata_set_error (error, STRATA_ERROR_INVALID, _ ("Begin it with “#!/bin/sh”, for example."),
                        _ ("The script “%s” does not say what runs it"), path);
      return NULL;
    }

  return g_steal_pointer (&text);
}

/**
 * strata_cli_split_words:
 * @list: words with commas between them
 * @words: (out) (transfer full): the words
 * @error: `STRATA_ERROR_INVALID` if there is none, or an empty one between two commas
 *
 * Returns: %FALSE with @error set
 */
gboolean
strata_cli_split_words (const char *list, GStrv *words, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (list, ",", -1);

  for (size_t i = 0; parts[i] != NULL; i++)
    {
      if (*g_strstrip (parts[i]) == '\0')
        {
          strata_set_error (error, STRATA_ERROR_INVALID,
                            _ ("“stratactl seal --list” shows the operations."),
                            _ ("“%s” is not a list of sealing operations"), list);
          return FALSE;
        }
    }

  if (parts[0] == NULL)
    {
      strata_set_error (error, STRATA_ERROR_INVALID,
                        _ ("To leave the guest as it is, use --no-seal."),
                        _ ("The list of sealing operations is empty"));
      return FALSE;
    }

  *words = g_steal_pointer (&parts);

  return TRUE;
}
