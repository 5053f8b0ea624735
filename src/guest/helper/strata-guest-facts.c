/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the sealing recipe has to know of a guest, found by looking at its files. */

#include "config.h"

#include "strata-guest-facts.h"

#include <string.h>

#include "strata-guest-paths.h"
#include "strata-guest-survey.h"

static const char *const keygen_units[] = {
  "/usr/lib/systemd/system/sshd-keygen*.service",
  "/usr/lib/systemd/system/sshdgenkeys.service",
  "/usr/lib/systemd/system/ssh-keygen*.service",
  "/usr/lib/systemd/system/sshd.service",
  "/usr/lib/systemd/system/ssh.service",
  "/lib/systemd/system/sshd-keygen*.service",
  "/lib/systemd/system/sshd.service",
  "/lib/systemd/system/ssh.service",
  "/etc/systemd/system/sshd-keygen*.service",
  "/etc/systemd/system/sshd.service",
  "/etc/systemd/system/ssh.service",
  NULL,
};

static const char *const keygen_scripts[] = {
  "/etc/init.d/sshd",
  "/etc/init.d/ssh",
  NULL,
};

static const char *const firstboot_scripts[] = {
  "/usr/lib/virt-sysprep/scripts/*",
  NULL,
};

static gboolean
any_exists (guestfs_h *g, const char *const *paths)
{
  for (size_t i = 0; paths[i] != NULL; i++)
    {
      if (strata_guest_path_exists (g, paths[i]))
        return TRUE;
    }

  return FALSE;
}

/* Does one of these, by its command and not by its name alone, make host keys? */
static gboolean
any_makes_keys (guestfs_h *g, const char *const *patterns)
{
  static const char *const commands[] = { "ssh-keygen -A", "sshd-keygen",   "sshd-gen-keys-start",
                                          "sshdgenkeys",   "ssh-keygen -q", NULL };
  g_autoptr (GPtrArray) paths = strata_guest_paths_glob (g, patterns);

  for (guint i = 0; i < paths->len; i++)
    {
      g_autofree char *text = strata_guest_path_read (g, g_ptr_array_index (paths, i));
      const char *start;

      /* An empty /etc/machine-id is no “first boot” to systemd, so such a unit would not run on a clone. */
      if (text == NULL || strstr (text, "ConditionFirstBoot=") != NULL)
        continue;

      /* The man page that a unit names is not what it runs. */
      start = strstr (text, "[Service]");
      for (size_t j = 0; commands[j] != NULL; j++)
        {
          if (strstr (start != NULL ? start : text, commands[j]) != NULL)
            return TRUE;
        }
    }

  return FALSE;
}

static gboolean
has_systemd (guestfs_h *g)
{
  static const char *const paths[] = { "/usr/lib/systemd/systemd", "/lib/systemd/systemd", NULL };

  return any_exists (g, paths);
}

static gboolean
has_sshd (guestfs_h *g)
{
  static const char *const paths[] = { "/usr/sbin/sshd", "/usr/bin/sshd", NULL };

  return any_exists (g, paths);
}

static gboolean
has_cloud_init (guestfs_h *g)
{
  static const char *const paths[] = { "/usr/bin/cloud-init", "/var/lib/cloud", NULL };

  return any_exists (g, paths);
}

static gboolean
makes_own_host_keys (guestfs_h *g, gboolean systemd)
{
  return any_makes_keys (g, systemd ? keygen_units : keygen_scripts);
}

/**
 * strata_guest_facts_gather:
 * @appliance: an appliance with the guest mounted
 * @facts: (out): what was found
 */
void
strata_guest_facts_gather (StrataAppliance *appliance, StrataSealFacts *facts)
{
  guestfs_h *g = appliance->g;

  facts->linux_guest = g_strcmp0 (appliance->type, "linux") == 0;
  facts->systemd = has_systemd (g);
  facts->sshd = has_sshd (g);
  facts->makes_own_host_keys = makes_own_host_keys (g, facts->systemd);
  facts->cloud_init = has_cloud_init (g);
  facts->has_machine_id = strata_guest_path_exists (g, "/etc/machine-id");
  facts->machine_id_empty = strata_guest_path_size (g, "/etc/machine-id") == 0;
  facts->dbus_machine_id = strata_guest_path_is_file (g, "/var/lib/dbus/machine-id");
  facts->var_log = guestfs_is_dir (g, "/var/log") > 0;
  facts->core_file = strata_guest_path_is_file (g, "/core");
  g_strfreev (facts->homes);
  facts->homes = strata_guest_survey_homes (g);
}

/**
 * strata_guest_will_make_keys:
 * @g: a handle with the guest mounted
 *
 * Returns: whether something, the guest's own or what sealing put there, makes SSH host keys when the
 *   guest starts; also if it has no SSH server that would need them
 */
gboolean
strata_guest_will_make_keys (guestfs_h *g)
{
  gboolean systemd = has_systemd (g);
  g_autofree char *target = NULL;

  if (!has_sshd (g) || makes_own_host_keys (g, systemd))
    return TRUE;
  if (!systemd)
    return any_makes_keys (g, firstboot_scripts);
  if (!strata_guest_path_is_file (g, STRATA_SEAL_UNIT))
    return FALSE;

  target = guestfs_readlink (g, STRATA_SEAL_UNIT_LINK);
  return g_strcmp0 (target, STRATA_SEAL_UNIT) == 0;
}

/**
 * strata_guest_os_name:
 * @appliance: an appliance with the guest mounted
 *
 * Returns: (transfer full): what the guest's system calls itself, "Debian GNU/Linux 12 (bookworm)"
 */
char *
strata_guest_os_name (StrataAppliance *appliance)
{
  g_autofree char *release = strata_guest_path_read (appliance->g, "/etc/os-release");
  g_auto (GStrv) lines = g_strsplit (release != NULL ? release : "", "\n", -1);

  for (size_t i = 0; lines[i] != NULL; i++)
    {
      if (g_str_has_prefix (lines[i], "PRETTY_NAME="))
        {
          g_autofree char *name = g_shell_unquote (lines[i] + strlen ("PRETTY_NAME="), NULL);

          if (name != NULL && *name != '\0')
            return g_steal_pointer (&name);
        }
    }

  /* For Debian libguestfs gives the point release and no name, so it is only second best. */
  return guestfs_inspect_get_product_name (appliance->g, appliance->root);
}
