/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What mends it when a host can't be opened: a hint, and where one command does it on this computer, that command. Nothing
 * here is asked of libvirt, which did not answer. Any thread; looks at a few files.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#include "strata-remedy.h"
#include "base/strata-error.h"

#define GROUP \
  "libvirt" /* whose members polkit's rule and the socket let in, on each distribution */

/* The daemon in one piece, or in several: the QEMU driver, and what Strata needs beside it. */
static const char *const sockets[] = { "libvirtd.socket" };
static const char *const modular_sockets[] = {
  "virtqemud.socket",
  "virtstoraged.socket",
  "virtnetworkd.socket",
};

/* What is opened can only be told by libvirt, once it is: these are about a URI that could not be, and an alias of
 * libvirt.conf tells nothing. */
static GUri *
parse (const char *uri)
{
  return uri != NULL
             ? g_uri_parse (
                   uri, G_URI_FLAGS_NON_DNS | G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_PARSE_RELAXED,
                   NULL)
             : NULL;
}

static gboolean
has_unit (const char *root, const char *unit)
{
  const char *const folders[] = { "/etc/systemd/system", "/usr/lib/systemd/system",
                                  "/lib/systemd/system" };

  for (size_t i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = g_build_filename (root, folders[i], unit, NULL);

      if (g_file_test (path, G_FILE_TEST_EXISTS))
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_enabled (const char *root, const char *unit)
{
  g_autofree char *path =
      g_build_filename (root, "/etc/systemd/system/sockets.target.wants", unit, NULL);

  return g_file_test (path, G_FILE_TEST_IS_SYMLINK);
}

static char *
describe_start (const char *root, const char *const *units, size_t n_units)
{
  GString *command = g_string_new ("sudo systemctl enable --now");

  for (size_t i = 0; i < n_units; i++)
    {
      if (has_unit (root, units[i]))
        g_string_append_printf (command, " %s", units[i]);
    }

  return g_string_free (command, FALSE);
}

/**
 * strata_remedy_dup_start_command:
 * @root: the folder in which systemd's units are looked for, "/" for this computer's
 *
 * Where both kinds of daemon are installed the one that is enabled is meant, else the modular ones, as libvirt does since 9.
 *
 * Returns: (transfer full) (nullable): what turns libvirt's sockets on; %NULL where no daemon is installed
 */
char *
strata_remedy_dup_start_command (const char *root)
{
  gboolean monolithic = has_unit (root, sockets[0]);
  gboolean modular = has_unit (root, modular_sockets[0]);

  if (modular && !(monolithic && is_enabled (root, sockets[0])))
    return describe_start (root, modular_sockets, G_N_ELEMENTS (modular_sockets));

  return monolithic ? describe_start (root, sockets, G_N_ELEMENTS (sockets)) : NULL;
}

/**
 * strata_remedy_dup_install_command:
 * @systems: what os-release says as ID and ID_LIKE, words between blanks
 *
 * Returns: (transfer full) (nullable): what installs libvirt and QEMU there, where that is known
 */
char *
strata_remedy_dup_install_command (const char *systems)
{
  static const struct
  {
    const char *system;
    const char *command;
  } known[] = {
    { "debian", "sudo apt install libvirt-daemon-system qemu-system-x86" },
    { "ubuntu", "sudo apt install libvirt-daemon-system qemu-system-x86" },
    { "fedora", "sudo dnf install libvirt-daemon-kvm" },
    { "rhel", "sudo dnf install libvirt-daemon-kvm" },
    { "arch", "sudo pacman -S libvirt qemu-desktop dnsmasq" },
    { "suse", "sudo zypper install libvirt-daemon-qemu" },
  };
  g_auto (GStrv) words = g_strsplit (systems, " ", -1);

  for (size_t i = 0; i < G_N_ELEMENTS (known); i++)
    {
      if (g_strv_contains ((const char *const *) words, known[i].system))
        return g_strdup (known[i].command);
    }

  return NULL;
}

static char *
dup_install_command (void)
{
  g_autofree char *id = g_get_os_info (G_OS_INFO_KEY_ID);
  g_autofree char *like = g_get_os_info ("ID_LIKE");
  g_autofree char *systems =
      g_strdup_printf ("%s %s", id != NULL ? id : "", like != NULL ? like : "");

  return strata_remedy_dup_install_command (systems);
}

/* In the system's book of groups; the process has it only since the next login. */
static gboolean
is_in_book (const struct group *group)
{
  for (char **member = group->gr_mem; *member != NULL; member++)
    {
      if (g_str_equal (*member, g_get_user_name ()))
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_in_process (gid_t gid)
{
  gid_t groups[256];
  int n = getgroups (G_N_ELEMENTS (groups), groups);

  for (int i = 0; i < n; i++)
    {
      if (groups[i] == gid)
        return TRUE;
    }

  return getegid () == gid;
}

/**
 * strata_remedy_is_member:
 *
 * Returns: whether the user may manage the system's machines of this computer by the rules that distributions have, which don't
 *   ask for a password then
 */
gboolean
strata_remedy_is_member (void)
{
  char buffer[16384];
  struct group entry;
  struct group *group = NULL;

  if (geteuid () == 0)
    return TRUE;

  getgrnam_r (GROUP, &entry, buffer, sizeof buffer, &group);

  return group != NULL && is_in_process (group->gr_gid);
}

static void
explain_permission (GError *error)
{
  char buffer[16384];
  struct group entry;
  struct group *group = NULL;
  g_autofree char *command = NULL;

  getgrnam_r (GROUP, &entry, buffer, sizeof buffer, &group);
  if (group == NULL)
    {
      strata_error_set_hint (
          error, _ ("You may not manage this host’s system virtual machines. Connect to "
                    "qemu:///session, or have its administrator allow it."));
    }
  else if (is_in_process (group->gr_gid))
    {
      strata_error_set_hint (error,
                             _ ("You are in the group “libvirt”, and this host forbids it all the "
                                "same: look at its polkit rules and at the rights of the socket."));
    }
  else if (is_in_book (group))
    {
      strata_error_set_hint (error, _ ("You are in the group “libvirt” from your next login on: "
                                       "log out and in again."));
    }
  else
    {
      command = g_strdup_printf ("sudo usermod -aG %s %s", GROUP, g_get_user_name ());
      strata_error_set_hint (error, _ ("You may not manage this host’s system virtual machines. "
                                       "Join the group “libvirt”, then log out and in again; or "
                                       "connect to qemu:///session."));
      strata_error_set_command (error, command);
    }
}

/* A sandbox has a /usr of its own, which says nothing about the computer's. */
static gboolean
is_sandboxed (void)
{
  return g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS);
}

static gboolean
has_daemon (void)
{
  const char *const paths[] = { "/usr/sbin/libvirtd", "/usr/sbin/virtqemud", "/usr/bin/libvirtd",
                                "/usr/bin/virtqemud", "/sbin/libvirtd",      "/sbin/virtqemud" };
  g_autofree char *libvirtd = g_find_program_in_path ("libvirtd");
  g_autofree char *virtqemud = g_find_program_in_path ("virtqemud");

  for (size_t i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      if (g_file_test (paths[i], G_FILE_TEST_IS_EXECUTABLE))
        return TRUE;
    }

  return libvirtd != NULL || virtqemud != NULL;
}

static void
explain_absence (GError *error)
{
  g_autofree char *command = dup_install_command ();

  strata_error_set_hint (error, _ ("libvirt’s daemon and its QEMU driver are not installed on "
                                   "this computer. Install them."));
  strata_error_set_command (error, command);
}

static void
explain_session (GError *error)
{
  if (g_strcmp0 (g_getenv ("LIBVIRT_AUTOSTART"), "0") == 0)
    strata_error_set_hint (
        error, _ ("LIBVIRT_AUTOSTART is 0, which keeps libvirt from starting its session daemon. "
                  "Unset it, or start “libvirtd” or “virtqemud” as yourself."));
  else if (!is_sandboxed () && !has_daemon ())
    explain_absence (error);
  else
    strata_error_set_hint (error,
                           _ ("Check that libvirt’s daemon and its QEMU driver are installed."));
}

static void
explain_system (GError *error)
{
  g_autofree char *command = strata_remedy_dup_start_command ("/");

  if (command == NULL && !is_sandboxed () && !has_daemon ())
    {
      explain_absence (error);
      return;
    }

  strata_error_set_hint (
      error,
      _ ("libvirt’s daemon doesn’t run on this computer, or nothing listens for it. Turn its "
         "socket on, which starts it when it is needed."));
  strata_error_set_command (error, command);
}

/* Once typed, ssh has asked for the host's key, and has said what else is in the way. */
static void
explain_remote (GError *error, GUri *uri)
{
  const char *user = g_uri_get_user (uri);
  const char *host = g_uri_get_host (uri);
  g_autofree char *login = NULL;
  g_autofree char *quoted = NULL;
  g_autofree char *command = NULL;

  if (!g_str_has_suffix (g_uri_get_scheme (uri), "+ssh"))
    {
      strata_error_set_hint (
          error, _ ("Check the address, and that libvirt runs and listens on that host."));
      return;
    }

  strata_error_set_hint (
      error, _ ("Check the address, that you can log in there with ssh without being asked for a "
                "password, and that libvirt runs on that host."));
  login = g_strdup_printf ("%s%s%s", user != NULL ? user : "", user != NULL ? "@" : "", host);
  if (*login == '-')
    return;

  quoted = strpbrk (login, " '\"\\$`;&|<>()*?~#!") != NULL ? g_shell_quote (login) : NULL;
  command = g_uri_get_port (uri) > 0 ? g_strdup_printf ("ssh -p %d %s", g_uri_get_port (uri),
                                                        quoted != NULL ? quoted : login)
                                     : g_strdup_printf ("ssh %s", quoted != NULL ? quoted : login);
  strata_error_set_command (error, command);
}

/**
 * strata_remedy_add:
 * @error: why @uri can't be opened
 * @uri: (nullable): what libvirt was told to open, %NULL where that was left to it
 *
 * Gives @error the hint, and the command, that help where it is `STRATA_ERROR_CONNECTION` or `PERMISSION`.
 */
void
strata_remedy_add (GError *error, const char *uri)
{
  g_autoptr (GUri) parsed = parse (uri);
  gboolean remote =
      parsed != NULL && g_uri_get_host (parsed) != NULL && *g_uri_get_host (parsed) != '\0';
  gboolean denied = g_error_matches (error, STRATA_ERROR, STRATA_ERROR_PERMISSION);

  if (!denied && !g_error_matches (error, STRATA_ERROR, STRATA_ERROR_CONNECTION))
    return;

  if (denied && remote)
    strata_error_set_hint (
        error, _ ("The user you log in as has to be allowed to manage virtual machines on that "
                  "host; on most systems members of the group “libvirt” are."));
  else if (denied)
    explain_permission (error);
  else if (remote)
    explain_remote (error, parsed);
  else if (parsed == NULL)
    strata_error_set_hint (error,
                           _ ("Check that libvirt’s daemon runs, and what libvirt.conf names."));
  else if (strstr (uri, "socket=") != NULL)
    strata_error_set_hint (error,
                           _ ("Check that libvirt’s daemon runs and listens on that socket."));
  else if (g_str_equal (g_uri_get_path (parsed), "/session"))
    explain_session (error);
  else
    explain_system (error);
}
