/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Passwords are hashed as crypt(3) reads them back; SSH keys are told from what only looks like one. */

#include "config.h"

#include <crypt.h>
#include <string.h>

#include "guest/strata-password.h"
#include "guest/strata-ssh-key.h"
#include "base/strata-error.h"

static void
test_hash_verifies (void)
{
  const char *password = "correct horse — pin é";
  g_autoptr (GError) error = NULL;
  g_autofree char *hash = strata_password_hash (password, &error);
  g_autofree struct crypt_data *data = g_new0 (struct crypt_data, 1);

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (hash, "$y$") || g_str_has_prefix (hash, "$6$"));
  g_assert_null (strstr (hash, "horse"));
  g_assert_null (strchr (hash, ':'));

  g_assert_cmpstr (crypt_rn (password, hash, data, sizeof *data), ==, hash);
  memset (data, 0, sizeof *data);
  g_assert_cmpstr (crypt_rn ("wrong", hash, data, sizeof *data), !=, hash);
}

static void
test_hash_is_salted (void)
{
  g_autofree char *first = strata_password_hash ("secret", NULL);
  g_autofree char *second = strata_password_hash ("secret", NULL);

  g_assert_nonnull (first);
  g_assert_cmpstr (first, !=, second);
}

static void
test_hash_refuses (void)
{
  g_autofree char *overlong = g_strnfill (CRYPT_MAX_PASSPHRASE_SIZE, 'x');
  const char *passwords[] = { "", "two\nlines", "line\r", overlong };

  for (size_t i = 0; i < G_N_ELEMENTS (passwords); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (strata_password_hash (passwords[i], &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
    }
}

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBwXN6KFsa5uLw0Xm4SqVGYlkzYbIuTcGOEMrJU1dkzC"

static void
test_keys_are_taken (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) keys = NULL;

  keys = strata_ssh_keys_parse (
      "# mine\n\n  " KEY " me@here\r\nrestrict,from=\"10.0.0.0/8\" " KEY "\n", "keys", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (keys), ==, 2);
  g_assert_cmpstr (keys[0], ==, KEY " me@here");
  g_assert_cmpstr (keys[1], ==, "restrict,from=\"10.0.0.0/8\" " KEY);
}

static void
test_keys_are_refused (void)
{
  const char *texts[] = {
    "",
    "hello",
    "ssh-ed25519",
    "ssh-ed25519 AAAA",
    /* the type and what the key says of itself differ */
    "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIBwXN6KFsa5uLw0Xm4SqVGYlkzYbIuTcGOEMrJU1dkzC",
    KEY "\nhello",
    "-----BEGIN OPENSSH PRIVATE KEY-----\n",
    "-----BEGIN RSA PRIVATE KEY-----\n",
    "PuTTY-User-Key-File-3: ssh-ed25519\n",
  };

  for (size_t i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (strata_ssh_keys_parse (texts[i], "keys", &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, "keys"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/password/verifies", test_hash_verifies);
  g_test_add_func ("/password/salted", test_hash_is_salted);
  g_test_add_func ("/password/refused", test_hash_refuses);
  g_test_add_func ("/ssh-keys/taken", test_keys_are_taken);
  g_test_add_func ("/ssh-keys/refused", test_keys_are_refused);

  return g_test_run ();
}
