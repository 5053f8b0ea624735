/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Seals a real Debian guest, makes two clones of it, and looks at what is in them. */

#include "config.h"

#include <string.h>

#include "guest-lab.h"
#include "base/strata-error.h"

static const char key[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJQ0dlqGcCgOzQXcB0v8AkWpQ0CkqZ2m1l4YIVn5q8Jt me@here";

static GuestLab *lab;

static char *
checksum (const char *path)
{
  const char *const argv[] = { "sha256sum", path, NULL };

  return guest_lab_run (argv);
}

static void
count_progress (double fraction, const char *message, gpointer user_data)
{
  double *last = user_data;

  g_assert_cmpfloat (fraction, >=, *last);
  g_assert_cmpfloat (fraction, <=, 1.0);
  *last = fraction;
}

static gboolean
has_string (JsonObject *object, const char *member, const char *value)
{
  JsonArray *array = json_object_get_array_member (object, member);

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      if (strcmp (json_array_get_string_element (array, i), value) == 0)
        return TRUE;
    }

  return FALSE;
}

static void
test_inspect (void)
{
  g_autoptr (StrataGuestClient) client = strata_guest_client_new (NULL);
  g_autoptr (GPtrArray) disks = NULL;
  g_autoptr (JsonObject) found = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *overlay = NULL;

  overlay = guest_lab_overlay (lab, NULL, "inspect.qcow2");
  disks = guest_lab_disks (overlay, "qcow2");
  found = strata_guest_client_inspect (client, disks, TRUE, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (json_object_get_string_member (found, "os-id"), ==, "debian");
  g_assert_nonnull (strstr (json_object_get_string_member (found, "os"), "Debian GNU/Linux"));
  g_assert_cmpstr (json_object_get_string_member (found, "type"), ==, "linux");
  g_assert_cmpstr (json_object_get_string_member (found, "hostname"), ==, "web-base");
  g_assert_cmpstr (json_object_get_string_member (found, "package-format"), ==, "deb");
  g_assert_cmpint (json_object_get_int_member (found, "packages"), >, 50);
  g_assert_cmpuint (strlen (json_object_get_string_member (found, "machine-id")), ==, 32);
  g_assert_false (json_object_get_boolean_member (found, "makes-own-host-keys"));
  g_assert_true (json_object_get_boolean_member (found, "agent"));
  g_assert_cmpint (json_object_get_int_member (found, "logs"), >=, 1);
  g_assert_cmpint (json_object_get_int_member (found, "log-bytes"), >=, 1);
  g_assert_true (has_string (found, "ssh-host-keys", "/etc/ssh/ssh_host_ed25519_key"));
  g_assert_true (has_string (found, "histories", "/root/.bash_history"));
}

/* What sealing has to remove is found where it was not done, and named. */
static void
test_not_sealed (void)
{
  g_autoptr (StrataGuestClient) client = strata_guest_client_new (NULL);
  g_autoptr (GPtrArray) disks = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *overlay = NULL;

  overlay = guest_lab_overlay (lab, NULL, "unsealed.qcow2");
  disks = guest_lab_disks (overlay, "qcow2");

  g_assert_null (strata_guest_client_verify (client, disks, NULL, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_SEALED);
  g_assert_nonnull (strstr (error->message, "/etc/machine-id"));
  g_assert_nonnull (strstr (error->message, "/etc/ssh/ssh_host_ed25519_key"));
  g_assert_nonnull (strstr (error->message, "SSH host keys when the guest starts"));
  g_assert_nonnull (strstr (error->message, "/root/.bash_history"));
  g_assert_nonnull (strstr (error->message, "/var/log/auth.log"));
}

static void
seal_and_verify (const char *path)
{
  g_autoptr (StrataGuestClient) client = strata_guest_client_new (NULL);
  g_autoptr (GPtrArray) disks = guest_lab_disks (path, "qcow2");
  g_autoptr (JsonObject) sealed = NULL;
  g_autoptr (JsonObject) verified = NULL;
  g_autoptr (GError) error = NULL;
  JsonArray *checks;
  double last = 0.0;

  strata_guest_client_set_progress (client, count_progress, &last);
  sealed = strata_guest_client_seal (client, disks, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (last, >, 0.9);
  g_assert_true (has_string (sealed, "operations", "machine-id"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (sealed, "warnings")), ==,
                    0);

  strata_guest_client_set_progress (client, NULL, NULL);
  verified = strata_guest_client_verify (client, disks, NULL, NULL, &error);
  g_assert_no_error (error);
  checks = json_object_get_array_member (verified, "checks");
  g_assert_cmpuint (json_array_get_length (checks), >=, 10);
  for (guint i = 0; i < json_array_get_length (checks); i++)
    g_assert_true (
        json_object_get_boolean_member (json_array_get_object_element (checks, i), "passed"));
}

static JsonObject *
new_clone (const char *name, const char *path)
{
  JsonObject *clone = json_object_new ();
  JsonObject *disk = json_object_new ();
  JsonArray *disks = json_array_new ();
  JsonArray *keys = json_array_new ();

  json_object_set_string_member (disk, "path", path);
  json_object_set_string_member (disk, "format", "qcow2");
  json_array_add_object_element (disks, disk);
  json_array_add_string_element (keys, key);
  json_object_set_string_member (clone, "name", name);
  json_object_set_string_member (clone, "hostname", name);
  json_object_set_array_member (clone, "disks", disks);
  json_object_set_array_member (clone, "ssh-keys", keys);

  return clone;
}

static void
customise (const char *first, const char *second)
{
  g_autoptr (StrataGuestClient) client = strata_guest_client_new (NULL);
  g_autoptr (JsonArray) clones = json_array_new ();
  g_autoptr (GError) error = NULL;
  JsonObject *clone;

  clone = new_clone ("web-01", first);
  json_object_set_string_member (clone, "root-hash", "$y$j9T$root$hash");
  json_object_set_string_member (clone, "first-boot", "#!/bin/sh\necho '$HOME' \"`id`\"\n");
  json_array_add_object_element (clones, clone);
  clone = new_clone ("web-02", second);
  json_object_set_string_member (clone, "user", "operator-1");
  json_object_set_string_member (clone, "user-hash", "$y$j9T$user$hash");
  json_array_add_object_element (clones, clone);

  strata_guest_client_customise (client, clones, NULL, &error);
  g_assert_no_error (error);
}

/* Reads both clones' files with another program. */
static void
check_clones (const char *first, const char *second)
{
  const char *const disks[] = { first, second, NULL };
  g_autofree char *text =
      guest_lab_guestfish (disks, "run\n"
                                  "mount-ro /dev/sda1 /\n"
                                  "echo [FIRST]\n"
                                  "cat /etc/hostname\ncat /etc/hosts\n"
                                  "cat /root/.ssh/authorized_keys\n"
                                  "stat /root/.ssh/authorized_keys\n"
                                  "cat /var/lib/strata/first-boot\n"
                                  "readlink /etc/systemd/system/multi-user.target.wants/"
                                  "strata-first-boot.service\n"
                                  "cat /etc/shadow\n"
                                  "filesize /etc/machine-id\n"
                                  "glob-expand /etc/ssh/ssh_host_*\n"
                                  "echo [END]\n"
                                  "umount-all\n"
                                  "mount-ro /dev/sdb1 /\n"
                                  "echo [SECOND]\n"
                                  "cat /etc/hostname\n"
                                  "cat /etc/passwd\ncat /etc/shadow\n"
                                  "cat /home/operator-1/.ssh/authorized_keys\n"
                                  "is-dir /root/.ssh\n");
  char *middle = strstr (text, "[SECOND]");

  g_assert_nonnull (middle);
  g_assert_true (g_str_has_prefix (middle, "[SECOND]\nweb-02\n"));
  g_assert_nonnull (strstr (middle, "\noperator-1:x:"));
  g_assert_nonnull (strstr (middle, "\noperator-1:$y$j9T$user$hash:"));
  g_assert_nonnull (strstr (middle, key));
  g_assert_true (g_str_has_suffix (middle, "false\n"));

  *middle = '\0';
  g_assert_true (g_str_has_prefix (text, "[FIRST]\nweb-01\n"));
  g_assert_nonnull (strstr (text, "127.0.1.1\tweb-01\n"));
  g_assert_nonnull (strstr (text, key));
  g_assert_nonnull (strstr (text, "mode: 33152"));
  g_assert_nonnull (strstr (text, "#!/bin/sh\necho '$HOME' \"`id`\"\n"));
  g_assert_nonnull (strstr (text, "/etc/systemd/system/strata-first-boot.service"));
  g_assert_nonnull (strstr (text, "root:$y$j9T$root$hash:"));
  g_assert_nonnull (strstr (text, "\n0\n[END]\n"));
  g_assert_null (strstr (text, "operator-1"));
}

static void
test_seal (void)
{
  g_autofree char *before = checksum (lab->base);
  g_autofree char *after = NULL;
  g_autofree char *sealed = guest_lab_overlay (lab, NULL, "sealed.qcow2");
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  seal_and_verify (sealed);

  first = guest_lab_overlay (lab, sealed, "web-01.qcow2");
  second = guest_lab_overlay (lab, sealed, "web-02.qcow2");
  customise (first, second);
  check_clones (first, second);

  /* A clone can become a template in its turn. */
  seal_and_verify (first);

  after = checksum (lab->base);
  g_assert_cmpstr (before, ==, after);
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);
  lab = guest_lab_new ();
  if (lab == NULL)
    return 0;

  g_test_add_func ("/guest/look/inspect", test_inspect);
  g_test_add_func ("/guest/look/not-sealed", test_not_sealed);
  g_test_add_func ("/guest/seal/clones", test_seal);

  status = g_test_run ();
  guest_lab_free (lab);

  return status;
}
