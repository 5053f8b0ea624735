/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Public SSH keys as people keep them in files, checked before they go into a guest. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "strata-ssh-key.h"
#include "base/strata-error.h"

static const char *const key_types[] = {
  "ssh-ed25519",
  "ssh-rsa",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
  NULL,
};

/* The key itself begins with its type's length and name (RFC 4253, section 6.6), which tells a key from a line
 * that was cut or mistyped. */
static gboolean
is_key (const char *type, const char *base64)
{
  g_autofree guchar *bytes = NULL;
  gsize n_bytes = 0;
  gsize length = strlen (type);
  guint32 told;

  if (strlen (base64) % 4 != 0)
    return FALSE;

  bytes = g_base64_decode (base64, &n_bytes);
  if (n_bytes <= sizeof told + length)
    return FALSE;

  memcpy (&told, bytes, sizeof told);

  return GUINT32_FROM_BE (told) == length && memcmp (bytes + sizeof told, type, length) == 0;
}

/* A line of authorized_keys: options may come in front of the type. */
static gboolean
line_has_key (const char *line)
{
  g_auto (GStrv) words = g_strsplit_set (line, " \t", -1);

  for (size_t i = 0; words[i] != NULL && words[i + 1] != NULL; i++)
    {
      if (g_strv_contains (key_types, words[i]) && is_key (words[i], words[i + 1]))
        return TRUE;
    }

  return FALSE;
}

/**
 * strata_ssh_keys_parse:
 * @text: a file's content, as in `id_ed25519.pub` or `authorized_keys`
 * @source: the file's name, for messages
 * @error: `STRATA_ERROR_INVALID`
 *
 * Takes the keys out of @text; blank lines and comments are left out. A private key is refused: it
 * has no business in a guest, and the user meant the file beside it. Any thread.
 *
 * Returns: (transfer full): at least one key, a line each, or %NULL
 */
GStrv
strata_ssh_keys_parse (const char *text, const char *source, GError **error)
{
  g_autoptr (GStrvBuilder) keys = g_strv_builder_new ();
  g_auto (GStrv) lines = NULL;
  gboolean found = FALSE;

  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (source != NULL, NULL);

  if (strstr (text, "PRIVATE KEY-----") != NULL || g_str_has_prefix (text, "PuTTY-User-Key-File"))
    {
      strata_set_error (
          error, STRATA_ERROR_INVALID,
          _ ("Give the public key, which OpenSSH keeps beside it in a file that ends in “.pub”."),
          _ ("“%s” holds a private key, which must never leave this computer"), source);
      return NULL;
    }

  lines = g_strsplit (text, "\n", -1);
  for (size_t i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);

      if (*line == '\0' || *line == '#')
        continue;
      if (!g_utf8_validate (line, -1, NULL) || !line_has_key (line))
        {
          strata_set_error (error, STRATA_ERROR_INVALID,
                            _ ("A public key is one line, such as “ssh-ed25519 AAAA… name”."),
                            _ ("Line %zu of “%s” is not a public SSH key"), i + 1, source);
          return NULL;
        }
      g_strv_builder_add (keys, line);
      found = TRUE;
    }

  if (!found)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL, _ ("“%s” holds no public SSH key"),
                        source);
      return NULL;
    }

  return g_strv_builder_end (keys);
}
