/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Passwords for guests: hashed where they are typed, so that no plan, journal or command line ever
 * holds one.
 */

#include "config.h"

#include <crypt.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "strata-password.h"
#include "base/strata-error.h"

/* yescrypt is what Debian 11, Fedora 35, Ubuntu 22.04 and later write themselves; SHA-512 is read by
 * every guest of the last fifteen years, and is all that an older libcrypt here can make. */
static const char *const methods[] = { "$y$", "$6$" };

static gboolean
check_password (const char *password, GError **error)
{
  const char *why = NULL;

  if (*password == '\0')
    why = _ ("The password is empty");
  else if (strpbrk (password, "\r\n") != NULL)
    why = _ ("The password has more than one line");
  else if (strlen (password) >= CRYPT_MAX_PASSPHRASE_SIZE)
    why = _ ("The password is too long");

  if (why == NULL)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_INVALID, NULL, "%s", why);
  return FALSE;
}

/**
 * strata_password_hash:
 * @password: what the user typed, one line
 * @error: `STRATA_ERROR_INVALID` for an empty or overlong one
 *
 * Hashes @password with crypt(3) and a salt from the system's own random source, in the best method
 * that libcrypt has. That takes some tens of milliseconds on purpose, so a window calls it in a worker
 * thread. Any thread.
 *
 * Returns: (transfer full): a line for `/etc/shadow`'s second field, or %NULL
 */
char *
strata_password_hash (const char *password, GError **error)
{
  g_return_val_if_fail (password != NULL, NULL);

  if (!check_password (password, error))
    return NULL;

  for (size_t i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_autofree struct crypt_data *data = g_new0 (struct crypt_data, 1);
      char salt[CRYPT_GENSALT_OUTPUT_SIZE];
      g_autofree char *hash = NULL;

      if (crypt_gensalt_rn (methods[i], 0, NULL, 0, salt, sizeof salt) == NULL)
        continue;

      hash = g_strdup (crypt_rn (password, salt, data, sizeof *data));
      /* crypt's working memory holds the password too. */
      explicit_bzero (data, sizeof *data);
      if (hash != NULL && g_str_has_prefix (hash, methods[i]))
        return g_steal_pointer (&hash);
    }

  strata_set_error (error, STRATA_ERROR_UNSUPPORTED, NULL,
                    _ ("This system’s libcrypt can make neither yescrypt nor SHA-512 hashes"));
  return NULL;
}

/**
 * strata_password_clear:
 * @password: (transfer full) (nullable): a password that is no longer needed
 *
 * Overwrites @password, then frees it.
 */
void
strata_password_clear (char *password)
{
  if (password == NULL)
    return;

  explicit_bzero (password, strlen (password));
  g_free (password);
}
