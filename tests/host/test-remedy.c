/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which command turns libvirt's daemon on, by the units that are installed, and which installs it. */

#include "config.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "base/strata-error.h"
#include "host/connection/strata-remedy.h"

#define UNITS "/usr/lib/systemd/system"
#define WANTS "/etc/systemd/system/sockets.target.wants"

typedef struct
{
  char *root;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  const char *const folders[] = { UNITS, WANTS, "/lib/systemd/system" };

  fixture->root = g_dir_make_tmp ("remedy-XXXXXX", NULL);
  for (size_t i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = g_build_filename (fixture->root, folders[i], NULL);

      g_assert_cmpint (g_mkdir_with_parents (path, 0700), ==, 0);
    }
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  const char *argv[] = { "rm", "-r", fixture->root, NULL };

  g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, NULL, NULL));
  g_free (fixture->root);
}

static void
install (Fixture *fixture, const char *folder, const char *unit)
{
  g_autofree char *path = g_build_filename (fixture->root, folder, unit, NULL);

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
}

static void
enable (Fixture *fixture, const char *unit)
{
  g_autofree char *path = g_build_filename (fixture->root, WANTS, unit, NULL);

  g_assert_cmpint (symlink ("/usr/lib/systemd/system", path), ==, 0);
}

static void
expect_start (Fixture *fixture, const char *command)
{
  g_autofree char *told = strata_remedy_dup_start_command (fixture->root);

  g_assert_cmpstr (told, ==, command);
}

static void
test_start (Fixture *fixture, gconstpointer data)
{
  expect_start (fixture, NULL);

  install (fixture, "/lib/systemd/system", "libvirtd.socket");
  expect_start (fixture, "sudo systemctl enable --now libvirtd.socket");

  /* Both kinds: the one that is enabled, else the newer. */
  install (fixture, UNITS, "virtqemud.socket");
  install (fixture, UNITS, "virtstoraged.socket");
  expect_start (fixture, "sudo systemctl enable --now virtqemud.socket virtstoraged.socket");
  install (fixture, UNITS, "virtnetworkd.socket");
  expect_start (
      fixture,
      "sudo systemctl enable --now virtqemud.socket virtstoraged.socket virtnetworkd.socket");
  enable (fixture, "libvirtd.socket");
  expect_start (fixture, "sudo systemctl enable --now libvirtd.socket");
}

static void
expect_install (const char *systems, const char *word)
{
  g_autofree char *told = strata_remedy_dup_install_command (systems);

  if (word == NULL)
    g_assert_null (told);
  else
    g_assert_nonnull (g_strstr_len (told, -1, word));
}

static void
test_install (void)
{
  expect_install ("debian ", "apt install libvirt-daemon-system");
  expect_install ("linuxmint ubuntu debian", "apt install");
  expect_install ("rocky rhel centos fedora", "dnf install");
  expect_install ("arch ", "pacman -S libvirt");
  expect_install ("opensuse-tumbleweed opensuse suse", "zypper install");
  expect_install ("archaic ", NULL);
  expect_install (" ", NULL);
}

/* A remote host's group and sockets are not this computer's. */
static void
test_remote (void)
{
  static const struct
  {
    const char *uri;
    const char *command;
  } cases[] = {
    { "qemu+ssh://ann@far/system", "ssh ann@far" },
    { "qemu+ssh://far:2222/system", "ssh -p 2222 far" },
    { "qemu+ssh://a%20b@far/system", "ssh 'a b@far'" },
    { "qemu+ssh://-oProxyCommand=x/system", NULL },
    { "qemu+tls://far/system", NULL },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) denied = strata_error_new (STRATA_ERROR_PERMISSION, NULL, "no");
      g_autoptr (GError) absent = strata_error_new (STRATA_ERROR_CONNECTION, NULL, "no");

      strata_remedy_add (denied, cases[i].uri);
      strata_remedy_add (absent, cases[i].uri);
      g_assert_nonnull (strata_error_get_hint (denied));
      g_assert_nonnull (strata_error_get_hint (absent));
      g_assert_null (strata_error_get_command (denied));
      g_assert_cmpstr (strata_error_get_command (absent), ==, cases[i].command);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/remedy/start", Fixture, NULL, set_up, test_start, tear_down);
  g_test_add_func ("/remedy/install", test_install);
  g_test_add_func ("/remedy/remote", test_remote);

  return g_test_run ();
}
