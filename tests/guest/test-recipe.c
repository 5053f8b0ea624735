/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The sealing recipe: which command it makes of which guest. */

#include "config.h"

#include <string.h>

#include "guest/strata-guest-client.h"
#include "guest/strata-seal-recipe.h"

static const char *const some_operations[] = { "bash-history", "dhcp-client-state", "machine-id",
                                               "ssh-hostkeys", NULL };

static char **
make_argv (const StrataSealFacts *facts, const char *const *operations)
{
  g_autoptr (GPtrArray) disks =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_guest_disk_free);

  g_ptr_array_add (disks, strata_guest_disk_new ("/vm/a b.qcow2", "qcow2"));
  g_ptr_array_add (disks, strata_guest_disk_new ("/vm/data.img", "raw"));

  return strata_seal_recipe_argv ("/usr/bin/virt-sysprep", disks, facts, operations);
}

static gboolean
has_pair (char **argv, const char *option, const char *value)
{
  for (size_t i = 0; argv[i] != NULL && argv[i + 1] != NULL; i++)
    {
      if (strcmp (argv[i], option) == 0 && g_str_has_prefix (argv[i + 1], value))
        return TRUE;
    }

  return FALSE;
}

/* The whole command for a Debian guest, in order. */
static void
test_debian (void)
{
  const StrataSealFacts facts = { .linux_guest = TRUE,
                                  .systemd = TRUE,
                                  .sshd = TRUE,
                                  .has_machine_id = TRUE };
  g_auto (GStrv) argv = make_argv (&facts, some_operations);
  const char *const expected[] = {
    "/usr/bin/virt-sysprep",
    "--no-network",
    "--format",
    "qcow2",
    "-a",
    "/vm/a b.qcow2",
    "--format",
    "raw",
    "-a",
    "/vm/data.img",
    "--operations",
    "bash-history,dhcp-client-state,machine-id,ssh-hostkeys,customize",
    "--truncate",
    "/etc/machine-id",
    "--mkdir",
    "/etc/systemd/system/multi-user.target.wants",
    "--write",
    NULL, /* the unit */
    "--chmod",
    "0644:/etc/systemd/system/strata-ssh-hostkeys.service",
    "--link",
    "/etc/systemd/system/strata-ssh-hostkeys.service:"
    "/etc/systemd/system/multi-user.target.wants/strata-ssh-hostkeys.service",
  };

  /* What follows is from the table of additions. */
  g_assert_cmpuint (g_strv_length (argv), >, G_N_ELEMENTS (expected));
  for (size_t i = G_N_ELEMENTS (expected); argv[i] != NULL; i += 2)
    g_assert_cmpstr (argv[i], ==, "--delete");
  for (size_t i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      if (expected[i] != NULL)
        g_assert_cmpstr (argv[i], ==, expected[i]);
    }
}

/* sshd on a clone starts only after the keys are there, by whatever unit it is started. */
static void
test_unit (void)
{
  const StrataSealFacts facts = { .linux_guest = TRUE,
                                  .systemd = TRUE,
                                  .sshd = TRUE,
                                  .has_machine_id = TRUE };
  g_auto (GStrv) argv = make_argv (&facts, some_operations);
  const char *unit = NULL;

  for (size_t i = 0; argv[i] != NULL; i++)
    {
      if (strcmp (argv[i], "--write") == 0)
        unit = argv[i + 1];
    }

  g_assert_nonnull (unit);
  g_assert_true (g_str_has_prefix (unit, STRATA_SEAL_UNIT ":[Unit]\n"));
  g_assert_nonnull (strstr (unit, "\nDefaultDependencies=no\n"));
  g_assert_nonnull (strstr (unit, "\nBefore=ssh.service ssh.socket sshd.service sshd.socket\n"));
  g_assert_nonnull (strstr (unit, "\nConditionPathExistsGlob=!/etc/ssh/ssh_host_*_key\n"));
  g_assert_nonnull (strstr (unit, "\nExecStart=/usr/bin/ssh-keygen -A\n"));
}

static void
test_host_keys (void)
{
  const StrataSealFacts fedora = { .linux_guest = TRUE,
                                   .systemd = TRUE,
                                   .sshd = TRUE,
                                   .makes_own_host_keys = TRUE,
                                   .has_machine_id = TRUE };
  const StrataSealFacts devuan = { .linux_guest = TRUE, .sshd = TRUE };
  const StrataSealFacts no_sshd = { .linux_guest = TRUE, .systemd = TRUE };
  g_auto (GStrv) argv = make_argv (&fedora, some_operations);
  g_auto (GStrv) without_systemd = make_argv (&devuan, some_operations);
  g_auto (GStrv) without_sshd = make_argv (&no_sshd, some_operations);

  g_assert_false (has_pair (argv, "--write", ""));
  g_assert_false (has_pair (argv, "--firstboot-command", ""));
  g_assert_true (has_pair (without_systemd, "--firstboot-command", "ssh-keygen -A"));
  g_assert_false (has_pair (without_systemd, "--write", ""));
  g_assert_false (has_pair (without_sshd, "--write", ""));
}

static void
test_machine_id (void)
{
  const StrataSealFacts absent = { .linux_guest = TRUE, .systemd = TRUE };
  const StrataSealFacts no_systemd = { .linux_guest = TRUE };
  const StrataSealFacts all = { .linux_guest = TRUE,
                                .systemd = TRUE,
                                .has_machine_id = TRUE,
                                .dbus_machine_id = TRUE,
                                .cloud_init = TRUE };
  g_auto (GStrv) made = make_argv (&absent, some_operations);
  g_auto (GStrv) left = make_argv (&no_systemd, some_operations);
  g_auto (GStrv) argv = make_argv (&all, some_operations);

  g_assert_true (has_pair (made, "--touch", "/etc/machine-id"));
  g_assert_true (has_pair (made, "--truncate", "/etc/machine-id"));
  g_assert_false (has_pair (left, "--truncate", ""));
  g_assert_true (has_pair (argv, "--delete", "/var/lib/dbus/machine-id"));
  g_assert_true (has_pair (argv, "--delete", "/var/lib/cloud"));
}

/* What is added to an operation is added only with it; but “customize” must not fill an empty ID. */
static void
test_additions (void)
{
  const char *const more[] = { "crash-data",   "dhcp-client-state", "logfiles", "machine-id",
                               "ssh-hostkeys", "ssh-userdir",       NULL };
  char *homes[] = { (char *) "/var/lib/jenkins", NULL };
  const StrataSealFacts facts = { .linux_guest = TRUE,
                                  .systemd = TRUE,
                                  .has_machine_id = TRUE,
                                  .var_log = TRUE,
                                  .core_file = TRUE,
                                  .homes = homes };
  const StrataSealFacts bare = { .linux_guest = TRUE };
  g_auto (GStrv) argv = make_argv (&facts, more);
  g_auto (GStrv) without = make_argv (&bare, more);

  g_assert_true (has_pair (argv, "--delete", "/var/lib/misc/random-seed"));
  g_assert_true (has_pair (argv, "--delete", "/var/lib/systemd/credential.secret"));
  g_assert_true (has_pair (argv, "--delete", "/etc/dropbear/*_host_key"));
  g_assert_true (has_pair (argv, "--delete", "/var/lib/wicked/duid.xml"));
  g_assert_true (has_pair (argv, "--delete", "/var/lib/jenkins/.ssh"));
  g_assert_true (has_pair (argv, "--delete", "/root/.ssh"));
  g_assert_true (has_pair (argv, "--truncate-recursive", "/var/log"));
  g_assert_true (has_pair (argv, "--delete", "/core"));
  g_assert_false (has_pair (without, "--truncate-recursive", ""));
  g_assert_false (has_pair (without, "--delete", "/var/lib/jenkins"));
}

static void
test_not_chosen (void)
{
  const char *const operations[] = { "tmp-files", NULL };
  const char *const nothing[] = { NULL };
  const StrataSealFacts facts = { .linux_guest = TRUE,
                                  .systemd = TRUE,
                                  .sshd = TRUE,
                                  .cloud_init = TRUE,
                                  .has_machine_id = TRUE,
                                  .dbus_machine_id = TRUE };
  StrataSealFacts empty_id = facts;
  g_auto (GStrv) argv = make_argv (&facts, operations);
  g_auto (GStrv) none = make_argv (&facts, nothing);
  g_auto (GStrv) with_empty_id = NULL;

  empty_id.machine_id_empty = TRUE;
  with_empty_id = make_argv (&empty_id, operations);

  g_assert_true (has_pair (argv, "--operations", "tmp-files,customize"));
  g_assert_true (has_pair (none, "--operations", "customize"));
  g_assert_false (has_pair (argv, "--truncate", ""));
  g_assert_false (has_pair (argv, "--write", ""));
  g_assert_false (has_pair (argv, "--delete", "/var/lib/cloud"));
  g_assert_false (has_pair (argv, "--delete", "/var/lib/dbus"));
  g_assert_false (has_pair (argv, "--delete", "/root/"));
  g_assert_false (has_pair (argv, "--delete", "/var/lib/NetworkManager"));
  g_assert_true (has_pair (argv, "--delete", "/var/lib/systemd/random-seed"));
  g_assert_true (has_pair (with_empty_id, "--truncate", "/etc/machine-id"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/guest/recipe/debian", test_debian);
  g_test_add_func ("/guest/recipe/unit", test_unit);
  g_test_add_func ("/guest/recipe/host-keys", test_host_keys);
  g_test_add_func ("/guest/recipe/machine-id", test_machine_id);
  g_test_add_func ("/guest/recipe/additions", test_additions);
  g_test_add_func ("/guest/recipe/not-chosen", test_not_chosen);

  return g_test_run ();
}
