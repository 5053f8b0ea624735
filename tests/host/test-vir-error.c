/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From libvirt's codes to ours, without a host. */

#include "config.h"

#include <errno.h>

#include "host/connection/strata-connection.h"
#include "host/connection/strata-process-id.h"
#include "host/connection/strata-vir.h"
#include "base/strata-error.h"

typedef struct
{
  int domain;
  int code;
  int number; /* errno, as libvirt passes it on */
  StrataError expected;
} Case;

static const Case cases[] = {
  { VIR_FROM_QEMU, VIR_ERR_NO_DOMAIN, 0, STRATA_ERROR_NOT_FOUND },
  { VIR_FROM_STORAGE, VIR_ERR_NO_STORAGE_VOL, 0, STRATA_ERROR_NOT_FOUND },
  { VIR_FROM_STORAGE, VIR_ERR_NO_STORAGE_POOL, 0, STRATA_ERROR_NOT_FOUND },
  { VIR_FROM_STORAGE, VIR_ERR_STORAGE_VOL_EXIST, 0, STRATA_ERROR_EXISTS },
  { VIR_FROM_STORAGE, VIR_ERR_SYSTEM_ERROR, ENOSPC, STRATA_ERROR_NO_SPACE },
  { VIR_FROM_STORAGE, VIR_ERR_SYSTEM_ERROR, EACCES, STRATA_ERROR_PERMISSION },
  { VIR_FROM_STORAGE, VIR_ERR_SYSTEM_ERROR, ENOENT, STRATA_ERROR_NOT_FOUND },
  { VIR_FROM_STORAGE, VIR_ERR_SYSTEM_ERROR, EIO, STRATA_ERROR_FAILED },
  { VIR_FROM_QEMU, VIR_ERR_OPERATION_INVALID, 0, STRATA_ERROR_BUSY },
  { VIR_FROM_QEMU, VIR_ERR_AGENT_UNRESPONSIVE, 0, STRATA_ERROR_TIMEOUT },
  { VIR_FROM_QEMU, VIR_ERR_CONFIG_UNSUPPORTED, 0, STRATA_ERROR_UNSUPPORTED },
  { VIR_FROM_QEMU, VIR_ERR_INTERNAL_ERROR, 0, STRATA_ERROR_FAILED },
  { VIR_FROM_POLKIT, VIR_ERR_AUTH_UNAVAILABLE, 0, STRATA_ERROR_PERMISSION },
  { VIR_FROM_RPC, VIR_ERR_INTERNAL_ERROR, 0, STRATA_ERROR_CONNECTION },
  { VIR_FROM_RPC, VIR_ERR_SYSTEM_ERROR, ECONNREFUSED, STRATA_ERROR_CONNECTION },
  { VIR_FROM_RPC, VIR_ERR_SYSTEM_ERROR, EACCES, STRATA_ERROR_PERMISSION },
  { VIR_FROM_RPC, VIR_ERR_AUTH_FAILED, 0, STRATA_ERROR_PERMISSION },
};

static void
test_codes (void)
{
  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      virError error = { .code = cases[i].code,
                         .domain = cases[i].domain,
                         .level = VIR_ERR_ERROR,
                         .int1 = cases[i].number };

      g_assert_cmpint (strata_vir_error_to_code (&error), ==, cases[i].expected);
    }
}

/* As libvirt hands on what QEMU and qemu-img say. */
static void
test_full_disk (void)
{
  virError error = { .code = VIR_ERR_OPERATION_FAILED,
                     .domain = VIR_FROM_QEMU,
                     .level = VIR_ERR_ERROR,
                     .message = (char *) "operation failed: failed to format image: 'Could not "
                                         "write refcount table: No space left on device'" };
  g_autoptr (GError) bare = strata_error_new (STRATA_ERROR_NO_SPACE, NULL, "It is full");
  g_autoptr (GError) better = strata_error_new (STRATA_ERROR_NO_SPACE, "Do this", "It is full");
  g_autoptr (GError) vir = strata_error_new_vir (STRATA_ERROR_NO_SPACE, 0, 0, "full", "Taking it");

  g_assert_cmpint (strata_vir_error_to_code (&error), ==, STRATA_ERROR_NO_SPACE);
  error.code = VIR_ERR_INTERNAL_ERROR;
  g_assert_cmpint (strata_vir_error_to_code (&error), ==, STRATA_ERROR_NO_SPACE);
  error.domain = VIR_FROM_RPC;
  g_assert_cmpint (strata_vir_error_to_code (&error), ==, STRATA_ERROR_CONNECTION);

  g_assert_nonnull (strstr (strata_error_get_hint (bare), "Free some space"));
  g_assert_nonnull (strstr (strata_error_get_hint (vir), "Free some space"));
  g_assert_cmpstr (strata_error_get_hint (better), ==, "Do this");
}

/* A real one keeps its number and its words, and what was being done comes first. */
static void
test_words (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (virConnectOpen ("qemu+unix:///system?socket=/nonexistent/sock"));
  strata_vir_set_error (&error, "Doing “%s”", "it");
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CONNECTION);
  g_assert_cmpint (strata_error_get_vir_code (error), ==, VIR_ERR_SYSTEM_ERROR);
  g_assert_true (g_str_has_prefix (error->message, "Doing “it”: "));
}

static void
test_no_error (void)
{
  g_autoptr (GError) error = NULL;

  virResetLastError ();
  strata_vir_set_error (&error, "Doing “%s”", "it");
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_FAILED);
  g_assert_cmpstr (error->message, ==, "Doing “it”");
  strata_vir_set_error (NULL, "nothing");
}

static char *
change (const char *text, const char *from, const char *to)
{
  GString *string = g_string_new (text);

  g_assert_cmpuint (g_string_replace (string, from, to, 1), ==, 1);

  return g_string_free (string, FALSE);
}

static void
test_owner (void)
{
  g_autofree char *own = strata_process_id_new_text ();
  g_autofree char *number_used_again = change (own, " start=", " start=1");
  g_autofree char *same_name = change (own, " boot=", " boot=0");
  g_autofree char *elsewhere = change (same_name, " host=", " host=not-");
  g_autofree char *contained = change (number_used_again, " pidns=", " pidns=0");

  g_assert_false (strata_process_id_is_dead (own));
  g_assert_true (strata_process_id_is_here (own));
  g_assert_false (strata_process_id_is_here (same_name));
  g_assert_false (strata_process_id_is_here (contained));
  g_assert_true (strata_process_id_is_dead (number_used_again));
  /* Two computers may have one name, and a restarted host has forgotten what was on it. */
  g_assert_false (strata_process_id_is_dead (same_name));
  g_assert_false (strata_process_id_is_dead (elsewhere));
  g_assert_false (strata_process_id_is_dead (contained));
  g_assert_false (strata_process_id_is_dead ("strata pid=1"));
  g_assert_false (strata_process_id_is_dead ("somebody else’s notes"));
  g_assert_false (strata_process_id_is_dead (NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/vir-error/codes", test_codes);
  g_test_add_func ("/vir-error/full-disk", test_full_disk);
  g_test_add_func ("/vir-error/words", test_words);
  g_test_add_func ("/vir-error/no-error", test_no_error);
  g_test_add_func ("/owner", test_owner);

  return g_test_run ();
}
