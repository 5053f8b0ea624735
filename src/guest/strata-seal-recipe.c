/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The sealing recipe: which virt-sysprep command makes a sealed template of this guest. virt-sysprep's
 * operations alone are not enough; what is added, and why, stands beside each addition. Pure.
 */

#include "config.h"

#include "strata-seal-recipe.h"

#include "strata-guest-disk.h"
#include "strata-seal-table.h"

/* It runs before the SSH server and not “at first boot some time”, because sshd has failed by then and
 * is not tried again. It must not have the default dependencies: they put it after sockets.target, and
 * being before ssh.socket (Ubuntu starts sshd by it) it would be in a cycle. */
static const char hostkeys_unit[] = "[Unit]\n"
                                    "Description=Make the SSH host keys of this machine\n"
                                    "DefaultDependencies=no\n"
                                    "After=local-fs.target systemd-remount-fs.service\n"
                                    "Before=ssh.service ssh.socket sshd.service sshd.socket\n"
                                    "Before=shutdown.target\n"
                                    "Conflicts=shutdown.target\n"
                                    "ConditionPathExistsGlob=!/etc/ssh/ssh_host_*_key\n"
                                    "\n"
                                    "[Service]\n"
                                    "Type=oneshot\n"
                                    "RemainAfterExit=yes\n"
                                    "ExecStart=/usr/bin/ssh-keygen -A\n"
                                    "\n"
                                    "[Install]\n"
                                    "WantedBy=multi-user.target\n";

void
strata_seal_facts_clear (StrataSealFacts *self)
{
  g_clear_pointer (&self->homes, g_strfreev);
}

static void
add_option (GPtrArray *argv, const char *option, const char *value)
{
  g_ptr_array_add (argv, g_strdup (option));
  g_ptr_array_add (argv, g_strdup (value));
}

/* Homes are what the guest's own /etc/passwd says, and have been looked at: no pattern is in them. */
static void
add_deletions (GPtrArray *argv, const StrataSealFacts *facts, const char *const *operations)
{
  gsize n_additions;
  const StrataSealAddition *additions = strata_seal_additions (&n_additions);

  for (gsize i = 0; i < n_additions; i++)
    {
      g_autoptr (GPtrArray) paths = NULL;

      if (additions[i].operation != NULL && !g_strv_contains (operations, additions[i].operation))
        continue;

      paths = strata_seal_expand (additions[i].globs, (const char *const *) facts->homes);
      for (guint j = 0; j < paths->len; j++)
        add_option (argv, "--delete", g_ptr_array_index (paths, j));
    }
}

static void
add_machine_id (GPtrArray *argv, const StrataSealFacts *facts, gboolean chosen)
{
  /* A guest without the file takes its next start for the very first, and may ask questions on its
   * console; an empty file only makes it choose a new ID. */
  if (chosen && !facts->has_machine_id && facts->systemd)
    add_option (argv, "--touch", "/etc/machine-id");

  /* “customize” fills an empty machine-id with a random one (virt-sysprep 1.52 and later), which all
   * clones would share; what is asked for by options comes after that. */
  if ((chosen && (facts->has_machine_id || facts->systemd)) || facts->machine_id_empty)
    add_option (argv, "--truncate", "/etc/machine-id");

  if (chosen && facts->dbus_machine_id)
    add_option (argv, "--delete", "/var/lib/dbus/machine-id");

  if (chosen && facts->cloud_init)
    add_option (argv, "--delete", "/var/lib/cloud");
}

static void
add_host_keys (GPtrArray *argv, const StrataSealFacts *facts)
{
  if (!facts->sshd || facts->makes_own_host_keys)
    return;

  if (facts->systemd)
    {
      g_autofree char *write = g_strconcat (STRATA_SEAL_UNIT, ":", hostkeys_unit, NULL);

      /* First the folder, which a guest without a unit of its own may lack. */
      add_option (argv, "--mkdir", "/etc/systemd/system/multi-user.target.wants");
      add_option (argv, "--write", write);
      add_option (argv, "--chmod", "0644:" STRATA_SEAL_UNIT);
      add_option (argv, "--link", STRATA_SEAL_UNIT ":" STRATA_SEAL_UNIT_LINK);
    }
  else
    {
      add_option (argv, "--firstboot-command", "ssh-keygen -A");
    }
}

static void
add_operations (GPtrArray *argv, const char *const *operations)
{
  g_autofree char *joined = g_strjoinv (",", (char **) operations);

  /* Our additions are options of “customize”, and virt-sysprep refuses them without it. */
  if (*joined == '\0')
    add_option (argv, "--operations", "customize");
  else if (g_strv_contains (operations, "customize"))
    add_option (argv, "--operations", joined);
  else
    {
      g_autofree char *more = g_strconcat (joined, ",customize", NULL);

      add_option (argv, "--operations", more);
    }
}

/**
 * strata_seal_recipe_argv:
 * @program: virt-sysprep
 * @disks: (element-type StrataGuestDisk): the guest's disks, in the order in which @program is to be given
 *   them, which need not be theirs
 * @facts: what an inspection of the guest found
 * @operations: (array zero-terminated=1): virt-sysprep's operations to run
 *
 * What is added to an operation is added only when that operation is among @operations.
 * Nothing in it comes from inside the guest, and no shell sees it.
 *
 * Returns: (transfer full): the command, ready for execve
 */
char **
strata_seal_recipe_argv (const char *program,
                         GPtrArray *disks,
                         const StrataSealFacts *facts,
                         const char *const *operations)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new_null_terminated (64, g_free, TRUE);

  g_return_val_if_fail (program != NULL && disks != NULL, NULL);
  g_return_val_if_fail (facts != NULL && operations != NULL, NULL);

  g_ptr_array_add (argv, g_strdup (program));
  g_ptr_array_add (argv, g_strdup ("--no-network"));
  for (guint i = 0; i < disks->len; i++)
    {
      StrataGuestDisk *disk = g_ptr_array_index (disks, i);

      /* A format holds for the disks after it. Never left to guess: a raw disk can hold a forged header. */
      add_option (argv, "--format", disk->format);
      add_option (argv, "-a", disk->path);
    }
  add_operations (argv, operations);

  add_machine_id (argv, facts, g_strv_contains (operations, "machine-id"));
  if (facts->linux_guest && g_strv_contains (operations, "ssh-hostkeys"))
    add_host_keys (argv, facts);
  /* virt-sysprep knows the logs of some programs; the others' are emptied where they are. */
  if (facts->linux_guest && facts->var_log && g_strv_contains (operations, "logfiles"))
    add_option (argv, "--truncate-recursive", "/var/log");
  if (facts->core_file && g_strv_contains (operations, "crash-data"))
    add_option (argv, "--delete", "/core");
  add_deletions (argv, facts, operations);

  return (char **) g_ptr_array_free (g_steal_pointer (&argv), FALSE);
}
