/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The guest's own text files that say who it is and who may log in: /etc/passwd, /etc/shadow,
 * /etc/hosts, authorized_keys. Pure: what a file holds in, what it should hold out.
 */

#include "config.h"

#include "strata-guest-account.h"

#include <string.h>

/* Where the IDs of people begin and end, as shadow-utils and systemd have it. */
#define FIRST_PERSON 1000
#define LAST_PERSON  60000

enum
{
  PASSWD_NAME,
  PASSWD_PASSWORD,
  PASSWD_UID,
  PASSWD_GID,
  PASSWD_GECOS,
  PASSWD_HOME,
  PASSWD_SHELL,
  PASSWD_N_FIELDS,
};

/**
 * strata_guest_account_free:
 * @self: (transfer full) (nullable): an account
 */
void
strata_guest_account_free (StrataGuestAccount *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self->home);
  g_free (self->shell);
  g_free (self);
}

/**
 * strata_guest_accounts_parse:
 * @passwd: the content of /etc/passwd
 *
 * Returns: (transfer full) (element-type StrataGuestAccount): the accounts; broken lines are passed over
 */
GPtrArray *
strata_guest_accounts_parse (const char *passwd)
{
  g_autoptr (GPtrArray) accounts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_guest_account_free);
  g_auto (GStrv) lines = NULL;

  g_return_val_if_fail (passwd != NULL, NULL);

  lines = g_strsplit (passwd, "\n", -1);
  for (size_t i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], ":", -1);
      StrataGuestAccount *account;

      if (g_strv_length (fields) != PASSWD_N_FIELDS)
        continue;

      account = g_new0 (StrataGuestAccount, 1);
      account->name = g_strdup (fields[PASSWD_NAME]);
      account->home = g_strdup (fields[PASSWD_HOME]);
      account->shell = g_strdup (fields[PASSWD_SHELL]);
      account->uid = (int) g_ascii_strtoll (fields[PASSWD_UID], NULL, 10);
      account->gid = (int) g_ascii_strtoll (fields[PASSWD_GID], NULL, 10);
      g_ptr_array_add (accounts, account);
    }

  return g_steal_pointer (&accounts);
}

/**
 * strata_guest_accounts_find:
 * @accounts: (element-type StrataGuestAccount): accounts
 * @name: a login name
 *
 * Returns: (transfer none) (nullable): the account
 */
StrataGuestAccount *
strata_guest_accounts_find (GPtrArray *accounts, const char *name)
{
  g_return_val_if_fail (accounts != NULL && name != NULL, NULL);

  for (guint i = 0; i < accounts->len; i++)
    {
      StrataGuestAccount *account = g_ptr_array_index (accounts, i);

      if (strcmp (account->name, name) == 0)
        return account;
    }

  return NULL;
}

/**
 * strata_guest_account_is_person:
 * @self: an account
 *
 * Returns: whether a person logs in with it, other than root
 */
gboolean
strata_guest_account_is_person (StrataGuestAccount *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->uid >= FIRST_PERSON && self->uid < LAST_PERSON &&
         !g_str_has_suffix (self->shell, "/nologin") && !g_str_has_suffix (self->shell, "/false");
}

/**
 * strata_guest_shadow_set_hash:
 * @shadow: the content of /etc/shadow
 * @name: whose password
 * @hash: the password, as crypt(5) writes it
 * @today: days since 1970-01-01, for the date of the last change
 *
 * Returns: (transfer full) (nullable): the new content; %NULL if @name has no line
 */
char *
strata_guest_shadow_set_hash (const char *shadow, const char *name, const char *hash, gint64 today)
{
  g_auto (GStrv) lines = NULL;

  g_return_val_if_fail (shadow != NULL && name != NULL && hash != NULL, NULL);

  lines = g_strsplit (shadow, "\n", -1);
  for (size_t i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], ":", -1);

      if (g_strv_length (fields) < 3 || strcmp (fields[0], name) != 0)
        continue;

      g_set_str (&fields[1], hash);
      g_free (fields[2]);
      fields[2] = g_strdup_printf ("%" G_GINT64_FORMAT, today);
      g_free (lines[i]);
      lines[i] = g_strjoinv (":", fields);
      return g_strjoinv ("\n", lines);
    }

  return NULL;
}

/* The line for 127.0.1.1: the full name first, then the short one. */
static char *
hosts_line (const char *hostname)
{
  const char *dot = strchr (hostname, '.');
  g_autofree char *host = NULL;

  if (dot == NULL)
    return g_strdup_printf ("127.0.1.1\t%s", hostname);

  host = g_strndup (hostname, dot - hostname);
  return g_strdup_printf ("127.0.1.1\t%s %s", hostname, host);
}

static gboolean
is_own_address (const char *line)
{
  return g_str_has_prefix (line, "127.0.1.1") && (line[9] == ' ' || line[9] == '\t');
}

/**
 * strata_guest_hosts_set_hostname:
 * @hosts: the content of /etc/hosts
 * @hostname: the guest's new name
 * @add: add a line for 127.0.1.1 if there is none (Debian's way; without it sudo there complains)
 *
 * Returns: (transfer full): the new content
 */
char *
strata_guest_hosts_set_hostname (const char *hosts, const char *hostname, gboolean add)
{
  g_auto (GStrv) lines = NULL;
  g_autofree char *line = NULL;
  g_autofree char *text = NULL;
  gboolean found = FALSE;

  g_return_val_if_fail (hosts != NULL && hostname != NULL, NULL);

  line = hosts_line (hostname);
  lines = g_strsplit (hosts, "\n", -1);
  for (size_t i = 0; lines[i] != NULL; i++)
    {
      if (!is_own_address (lines[i]))
        continue;
      g_set_str (&lines[i], line);
      found = TRUE;
    }

  text = g_strjoinv ("\n", lines);
  if (found || !add)
    return g_steal_pointer (&text);

  return g_strconcat (text, *text == '\0' || g_str_has_suffix (text, "\n") ? "" : "\n", line, "\n",
                      NULL);
}

/* Where the base64 text of a public key begins; all of them begin so, as they begin with a length of
 * three zero bytes. What is before it are options and the type, what is after it a comment. */
static char *
key_blob (const char *line)
{
  const char *blob = strstr (line, " AAAA");

  return blob != NULL ? g_strndup (blob + 1, strcspn (blob + 1, " \t\r\n")) : NULL;
}

static gboolean
has_key (char **lines, const char *key)
{
  g_autofree char *blob = key_blob (key);

  for (size_t i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *other = NULL;

      if (lines[i][0] == '#')
        continue;

      other = key_blob (lines[i]);
      if (strcmp (lines[i], key) == 0 || (blob != NULL && g_strcmp0 (other, blob) == 0))
        return TRUE;
    }

  return FALSE;
}

/**
 * strata_guest_authorized_keys_merge:
 * @authorized_keys: the content of an authorized_keys file, may be empty
 * @keys: (array zero-terminated=1): public keys, a line each
 *
 * Keys that are there already, whatever their comment, are not added again.
 *
 * Returns: (transfer full): the new content
 */
char *
strata_guest_authorized_keys_merge (const char *authorized_keys, const char *const *keys)
{
  g_autoptr (GString) text = NULL;

  g_return_val_if_fail (authorized_keys != NULL && keys != NULL, NULL);

  text = g_string_new (authorized_keys);
  for (size_t i = 0; keys[i] != NULL; i++)
    {
      g_auto (GStrv) lines = g_strsplit (text->str, "\n", -1);

      if (has_key (lines, keys[i]))
        continue;
      if (text->len > 0 && text->str[text->len - 1] != '\n')
        g_string_append_c (text, '\n');
      g_string_append_printf (text, "%s\n", keys[i]);
    }

  return g_string_free_and_steal (g_steal_pointer (&text));
}
