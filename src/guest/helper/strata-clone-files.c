/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Writes what a clone is to have of its own into its mounted disk: host name, keys, passwords, a user, a
 * first-boot script. All values are data: they go into files, or into arguments, never through a shell.
 */

#include "config.h"

#include "strata-clone-files.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "guest/strata-guest-account.h"
#include "strata-guest-paths.h"
#include "base/strata-error.h"

/* What systemd may run. */
#define PROGRAM_LABEL "system_u:object_r:bin_t:s0"

#define FIRST_BOOT      "/var/lib/strata/first-boot"
#define FIRST_BOOT_UNIT "/etc/systemd/system/strata-first-boot.service"
#define WANTS           "/etc/systemd/system/multi-user.target.wants"

/* Once means once, whether the script succeeded or not: it is renamed when it has ended. */
static const char first_boot_unit[] = "[Unit]\n"
                                      "Description=First-boot script of this machine\n"
                                      "Wants=network-online.target\n"
                                      "After=network-online.target\n"
                                      "ConditionPathExists=" FIRST_BOOT "\n"
                                      "\n"
                                      "[Service]\n"
                                      "Type=oneshot\n"
                                      "ExecStart=" FIRST_BOOT "\n"
                                      "ExecStopPost=/bin/mv -f " FIRST_BOOT " " FIRST_BOOT ".done\n"
                                      "TimeoutStartSec=infinity\n"
                                      "\n"
                                      "[Install]\n"
                                      "WantedBy=multi-user.target\n";

/* What useradd writes, by renaming new files onto them. */
static const char *const account_files[] = {
  "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/subuid", "/etc/subgid", NULL
};

/* What the writers below share. */
typedef struct
{
  StrataAppliance *appliance;
  guestfs_h *g;
  StrataGuestClone *clone;
  GPtrArray *changed;
} Writer;

static gboolean
fail (Writer *writer, GError **error)
{
  return strata_appliance_set_error (writer->appliance, writer->clone->name, error);
}

/* An existing file keeps its owner and mode. */
static gboolean
write_text (Writer *writer, const char *path, const char *text, GError **error)
{
  if (guestfs_write (writer->g, path, text, strlen (text)) != 0)
    return fail (writer, error);

  g_ptr_array_add (writer->changed, g_strdup (path));
  return TRUE;
}

/* Red Hat's and SUSE's older ways to keep a host name. */
static gboolean
write_old_hostname (Writer *writer, GError **error)
{
  g_autofree char *network = strata_guest_path_read (writer->g, "/etc/sysconfig/network");
  g_autofree char *line = g_strconcat (writer->clone->hostname, "\n", NULL);
  g_autoptr (GRegex) regex = NULL;
  g_autofree char *value = NULL;
  g_autofree char *text = NULL;

  if (strata_guest_path_is_file (writer->g, "/etc/HOSTNAME") &&
      !write_text (writer, "/etc/HOSTNAME", line, error))
    return FALSE;
  if (network == NULL || strstr (network, "HOSTNAME=") == NULL)
    return TRUE;

  regex = g_regex_new ("^HOSTNAME=.*$", G_REGEX_MULTILINE | G_REGEX_RAW, 0, NULL);
  value = g_strconcat ("HOSTNAME=", writer->clone->hostname, NULL);
  text = g_regex_replace_literal (regex, network, -1, 0, value, 0, error);

  return text != NULL && write_text (writer, "/etc/sysconfig/network", text, error);
}

static gboolean
write_hostname (Writer *writer, GError **error)
{
  g_autofree char *format = guestfs_inspect_get_package_format (writer->g, writer->appliance->root);
  g_autofree char *hosts = strata_guest_path_read (writer->g, "/etc/hosts");
  g_autofree char *line = g_strconcat (writer->clone->hostname, "\n", NULL);
  g_autofree char *text = NULL;

  text = strata_guest_hosts_set_hostname (hosts != NULL ? hosts : "127.0.0.1\tlocalhost\n",
                                          writer->clone->hostname, g_strcmp0 (format, "deb") == 0);

  return write_text (writer, "/etc/hostname", line, error) &&
         write_text (writer, "/etc/hosts", text, error) && write_old_hostname (writer, error);
}

static GPtrArray *
read_accounts (Writer *writer)
{
  g_autofree char *passwd = strata_guest_path_read (writer->g, "/etc/passwd");

  return strata_guest_accounts_parse (passwd != NULL ? passwd : "");
}

/* A program of the guest runs in the appliance, which must be a machine of the same kind. */
static gboolean
check_architecture (Writer *writer, GError **error)
{
  g_autofree char *guest = guestfs_inspect_get_arch (writer->g, writer->appliance->root);

  if (g_strcmp0 (guest, HOST_CPU) == 0 ||
      (g_strcmp0 (guest, "i386") == 0 && strcmp (HOST_CPU, "x86_64") == 0))
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_UNSUPPORTED, _ ("Name a user that the template already has."),
      _ ("“%s”: the user “%s” cannot be added to a guest made for %s on this computer (%s)."),
      writer->clone->name, writer->clone->user, guest != NULL ? guest : "?", HOST_CPU);
  return FALSE;
}

static gboolean
run (Writer *writer, const char *const *argv, GError **error)
{
  g_autofree char *output = guestfs_command (writer->g, (char *const *) argv);

  return output != NULL || fail (writer, error);
}

static gboolean
has_group (Writer *writer, const char *group)
{
  g_autofree char *groups = strata_guest_path_read (writer->g, "/etc/group");
  g_autofree char *start = g_strconcat (group, ":", NULL);
  g_autofree char *inside = g_strconcat ("\n", group, ":", NULL);

  return groups != NULL && (g_str_has_prefix (groups, start) || strstr (groups, inside) != NULL);
}

/* The user may become root if the guest has a group for that. */
static gboolean
add_user (Writer *writer, GError **error)
{
  const char *user = writer->clone->user;
  const char *shell = strata_guest_path_exists (writer->g, "/bin/bash") ? "/bin/bash" : "/bin/sh";
  const char *group = has_group (writer, "sudo")    ? "sudo"
                      : has_group (writer, "wheel") ? "wheel"
                                                    : NULL;
  const char *const useradd[] = { "useradd", "-m", "-s", shell, user, NULL };
  const char *const useradd_group[] = { "useradd", "-m", "-s", shell, "-G", group, user, NULL };
  const char *const adduser[] = { "adduser", "-D", "-s", shell, user, NULL };
  gboolean busybox = !strata_guest_path_exists (writer->g, "/usr/sbin/useradd") &&
                     !strata_guest_path_exists (writer->g, "/usr/bin/useradd");

  if (!check_architecture (writer, error))
    return FALSE;
  if (!run (writer, busybox ? adduser : group != NULL ? useradd_group : useradd, error))
    return FALSE;

  for (size_t i = 0; account_files[i] != NULL; i++)
    g_ptr_array_add (writer->changed, g_strdup (account_files[i]));

  return TRUE;
}

static gboolean
write_hash (Writer *writer, const char *name, const char *hash, GError **error)
{
  g_autofree char *shadow = strata_guest_path_read (writer->g, "/etc/shadow");
  g_autofree char *text = NULL;

  if (shadow != NULL)
    text = strata_guest_shadow_set_hash (shadow, name, hash,
                                         g_get_real_time () / G_USEC_PER_SEC / (24 * 60 * 60));
  if (text == NULL)
    {
      strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL,
                        _ ("“%s”: the guest has no password entry for “%s”."), writer->clone->name,
                        name);
      return FALSE;
    }

  return write_text (writer, "/etc/shadow", text, error);
}

static gboolean
write_user (Writer *writer, GError **error)
{
  g_autoptr (GPtrArray) accounts = read_accounts (writer);

  if (strata_guest_accounts_find (accounts, writer->clone->user) == NULL)
    {
      g_autoptr (GPtrArray) now = NULL;
      StrataGuestAccount *account;

      if (!add_user (writer, error))
        return FALSE;

      now = read_accounts (writer);
      account = strata_guest_accounts_find (now, writer->clone->user);
      if (account != NULL)
        g_ptr_array_add (writer->changed, g_strdup (account->home));
    }

  return writer->clone->user_hash == NULL ||
         write_hash (writer, writer->clone->user, writer->clone->user_hash, error);
}

/* sshd ignores keys in files that others could have written. */
static gboolean
own (Writer *writer, StrataGuestAccount *account, const char *path, int mode, GError **error)
{
  if (guestfs_chmod (writer->g, mode, path) != 0 ||
      guestfs_chown (writer->g, account->uid, account->gid, path) != 0)
    return fail (writer, error);

  return TRUE;
}

static gboolean
write_keys (Writer *writer, GError **error)
{
  const char *name = writer->clone->user != NULL ? writer->clone->user : "root";
  g_autoptr (GPtrArray) accounts = read_accounts (writer);
  StrataGuestAccount *account = strata_guest_accounts_find (accounts, name);
  g_autofree char *folder = NULL;
  g_autofree char *path = NULL;
  g_autofree char *old = NULL;
  g_autofree char *text = NULL;

  if (account == NULL)
    {
      strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL,
                        _ ("“%s”: the guest has no user “%s”."), writer->clone->name, name);
      return FALSE;
    }

  folder = g_build_filename (account->home, ".ssh", NULL);
  path = g_build_filename (folder, "authorized_keys", NULL);
  old = strata_guest_path_read (writer->g, path);
  text = strata_guest_authorized_keys_merge (old != NULL ? old : "",
                                             (const char *const *) writer->clone->ssh_keys);
  if (guestfs_mkdir_p (writer->g, folder) != 0)
    return fail (writer, error);
  g_ptr_array_add (writer->changed, g_strdup (folder));

  return write_text (writer, path, text, error) && own (writer, account, folder, 0700, error) &&
         own (writer, account, path, 0600, error);
}

static gboolean
write_first_boot (Writer *writer, GError **error)
{
  guestfs_h *g = writer->g;

  if (!strata_guest_path_exists (g, "/usr/lib/systemd/systemd") &&
      !strata_guest_path_exists (g, "/lib/systemd/systemd"))
    {
      strata_set_error (error, STRATA_ERROR_UNSUPPORTED, NULL,
                        _ ("“%s”: a first-boot script needs a guest with systemd."),
                        writer->clone->name);
      return FALSE;
    }

  if (guestfs_mkdir_p (g, "/var/lib/strata") != 0 || guestfs_mkdir_p (g, WANTS) != 0 ||
      guestfs_rm_f (g, FIRST_BOOT ".done") != 0)
    return fail (writer, error);
  g_ptr_array_add (writer->changed, g_strdup ("/var/lib/strata"));

  if (!write_text (writer, FIRST_BOOT, writer->clone->first_boot, error) ||
      !write_text (writer, FIRST_BOOT_UNIT, first_boot_unit, error))
    return FALSE;
  if (guestfs_chmod (g, 0755, FIRST_BOOT) != 0 || guestfs_chmod (g, 0644, FIRST_BOOT_UNIT) != 0 ||
      guestfs_ln_sf (g, FIRST_BOOT_UNIT, WANTS "/strata-first-boot.service") != 0)
    return fail (writer, error);

  return TRUE;
}

/* The value of KEY= in a file of such lines. */
static char *
find_value (const char *text, const char *key)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (size_t i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);

      if (g_str_has_prefix (line, key) && line[strlen (key)] == '=')
        return g_strdup (line + strlen (key) + 1);
    }

  return NULL;
}

static gboolean
relabel (guestfs_h *g, const char *type, GPtrArray *changed)
{
  g_autofree char *contexts =
      g_strdup_printf ("/etc/selinux/%s/contexts/files/file_contexts", type);
  const char *const feature[] = { "selinuxrelabel", NULL };

  if (guestfs_feature_available (g, (char *const *) feature) <= 0 ||
      !strata_guest_path_exists (g, contexts))
    return FALSE;

  for (guint i = 0; i < changed->len; i++)
    {
      const char *path = g_ptr_array_index (changed, i);

      if (strata_guest_path_exists (g, path) &&
          guestfs_selinux_relabel (g, contexts, path, -1) != 0)
        return FALSE;
    }

  return TRUE;
}

/* Files that the appliance writes have no SELinux label, and a guest that enforces SELinux may not read them then: sshd would not
 * see the key that was put there. Gives CHANGED, and folders with all that is in them, the labels that the guest's own policy has
 * for them; where that can't be done from outside, the guest does it at its next start, which takes a while. PROGRAM: (nullable):
 * one among them that systemd is to run */
static gboolean
relabel_changed (StrataAppliance *appliance,
                 GPtrArray *changed,
                 const char *program,
                 GError **error)
{
  guestfs_h *g = appliance->g;
  g_autofree char *config = strata_guest_path_read (g, "/etc/selinux/config");
  g_autofree char *mode = config != NULL ? find_value (config, "SELINUX") : NULL;
  g_autofree char *type = config != NULL ? find_value (config, "SELINUXTYPE") : NULL;

  if (mode == NULL || (strcmp (mode, "enforcing") != 0 && strcmp (mode, "permissive") != 0))
    return TRUE;

  if (type == NULL || strchr (type, '/') != NULL || !relabel (g, type, changed))
    {
      if (guestfs_touch (g, "/.autorelabel") != 0)
        return strata_appliance_set_error (appliance, NULL, error);
    }

  if (program != NULL &&
      guestfs_lsetxattr (g, "security.selinux", PROGRAM_LABEL, sizeof PROGRAM_LABEL, program) != 0)
    return strata_appliance_set_error (appliance, NULL, error);

  return TRUE;
}

/**
 * strata_clone_files_write:
 * @appliance: an appliance with @clone mounted, for writing
 * @clone: what it is to have
 * @error: return location
 *
 * Returns: whether all of it is written
 */
gboolean
strata_clone_files_write (StrataAppliance *appliance, StrataGuestClone *clone, GError **error)
{
  g_autoptr (GPtrArray) changed = g_ptr_array_new_with_free_func (g_free);
  Writer writer = { appliance, appliance->g, clone, changed };

  if (clone->hostname != NULL && !write_hostname (&writer, error))
    return FALSE;
  if (clone->root_hash != NULL && !write_hash (&writer, "root", clone->root_hash, error))
    return FALSE;
  if (clone->user != NULL && !write_user (&writer, error))
    return FALSE;
  if (clone->ssh_keys != NULL && clone->ssh_keys[0] != NULL && !write_keys (&writer, error))
    return FALSE;
  if (clone->first_boot != NULL && !write_first_boot (&writer, error))
    return FALSE;

  return relabel_changed (appliance, changed, clone->first_boot != NULL ? FIRST_BOOT : NULL, error);
}
