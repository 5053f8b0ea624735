/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The verb “verify”: is what the operations should have removed really gone? Asked of the disk itself, in
 * an appliance of its own, because virt-sysprep's exit status doesn't tell.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "strata-appliance.h"
#include "strata-guest-facts.h"
#include "strata-guest-paths.h"
#include "strata-guest-sysprep.h"
#include "strata-guest-verbs.h"
#include "xml/strata-error.h"

#define MAX_PATTERNS 24

/**
 * Check:
 * @name: the check's name
 * @operation: made if this operation was chosen
 * @description: what should be so
 * @only_content: an empty file is as good as none
 * @patterns: nothing should match these
 * @look: (nullable): finds more that should not be so, and adds it to the list
 */
typedef struct
{
  const char *name;
  const char *operation;
  const char *description;
  gboolean only_content;
  const char *patterns[MAX_PATTERNS];
  void (*look) (guestfs_h *g, GPtrArray *found);
} Check;

static void
look_at_machine_id (guestfs_h *g, GPtrArray *found)
{
  /* Without systemd it need not exist. */
  if (!strata_guest_path_exists (g, "/etc/machine-id") &&
      strata_guest_path_exists (g, "/usr/lib/systemd/systemd"))
    g_ptr_array_add (found, g_strdup (_ ("/etc/machine-id does not exist")));
  else if (strata_guest_path_size (g, "/etc/machine-id") > 0)
    g_ptr_array_add (found, g_strdup (_ ("/etc/machine-id is not empty")));
}

static void
look_at_dbus_machine_id (guestfs_h *g, GPtrArray *found)
{
  if (strata_guest_path_is_file (g, "/var/lib/dbus/machine-id"))
    g_ptr_array_add (found, g_strdup ("/var/lib/dbus/machine-id"));
}

static void
look_for_key_maker (guestfs_h *g, GPtrArray *found)
{
  if (!strata_guest_will_make_keys (g))
    g_ptr_array_add (found, g_strdup (_ ("nothing makes SSH host keys when the guest starts")));
}

static const Check checks[] = {
  { "machine-id",
    "machine-id",
    N_ ("The machine ID is empty"),
    FALSE,
    { NULL },
    look_at_machine_id },
  { "dbus-machine-id",
    "machine-id",
    N_ ("D-Bus has no machine ID of its own"),
    FALSE,
    { NULL },
    look_at_dbus_machine_id },
  { "cloud-init",
    "machine-id",
    N_ ("cloud-init takes the next start for the first"),
    FALSE,
    { "/var/lib/cloud/instance*" } },
  { "random-seed",
    "machine-id",
    N_ ("No random seed is kept"),
    FALSE,
    { "/var/lib/systemd/random-seed", "/var/lib/random-seed", "/var/lib/urandom/random-seed" } },
  { "ssh-host-keys", "ssh-hostkeys", N_ ("No SSH host keys"), FALSE, { "/etc/ssh/ssh_host_*" } },
  { "ssh-host-keys-made",
    "ssh-hostkeys",
    N_ ("SSH host keys are made at first start"),
    FALSE,
    { NULL },
    look_for_key_maker },
  { "ssh-user-keys",
    "ssh-userdir",
    N_ ("No SSH keys of users"),
    FALSE,
    { "/root/.ssh", "/home/*/.ssh" } },
  { "dhcp-leases",
    "dhcp-client-state",
    N_ ("No DHCP leases"),
    FALSE,
    { "/var/lib/dhcp/*", "/var/lib/dhclient/*", "/var/lib/dhcpcd/*.lease",
      "/var/lib/NetworkManager/*.lease", "/var/lib/systemd/network/*" } },
  { "persistent-net",
    "udev-persistent-net",
    N_ ("No names tied to network cards"),
    FALSE,
    { "/etc/udev/rules.d/70-persistent-net.rules" } },
  { "logs",
    "logfiles",
    N_ ("No logs"),
    TRUE,
    { "/var/log/*.log*", "/var/log/audit/*", "/var/log/btmp*", "/var/log/cron*", "/var/log/dmesg*",
      "/var/log/lastlog*", "/var/log/maillog*", "/var/log/messages*", "/var/log/secure*",
      "/var/log/wtmp*", "/var/log/faillog*", "/var/log/debug*", "/var/log/syslog*",
      "/var/log/journal/*", "/var/log/apt/*", "/var/log/installer/*", "/var/log/apache2/*_log",
      "/var/log/httpd/*log", "/root/anaconda-ks.cfg" } },
  { "histories",
    "bash-history",
    N_ ("No command histories"),
    FALSE,
    { "/root/.*_history", "/home/*/.*_history", "/root/.local/share/fish/fish_history",
      "/home/*/.local/share/fish/fish_history" } },
  { "tmp-files",
    "tmp-files",
    N_ ("No temporary files"),
    FALSE,
    { "/tmp/*", "/tmp/.[!.]*", "/var/tmp/*", "/var/tmp/.[!.]*" } },
  { "passwd-backups",
    "passwd-backups",
    N_ ("No old copies of the password files"),
    FALSE,
    { "/etc/passwd-", "/etc/shadow-", "/etc/group-", "/etc/gshadow-" } },
  { "mail", "mail-spool", N_ ("No mail"), FALSE, { "/var/spool/mail/*", "/var/mail/*" } },
  { "crash-data",
    "crash-data",
    N_ ("No crash dumps"),
    FALSE,
    { "/var/crash/*", "/var/log/dump/*" } },
};

static gboolean
holds_content (guestfs_h *g, const char *path)
{
  return guestfs_is_dir (g, path) > 0 || strata_guest_path_size (g, path) > 0;
}

static GPtrArray *
find_left (guestfs_h *g, const Check *check)
{
  g_autoptr (GPtrArray) left = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) paths = strata_guest_paths_glob (g, check->patterns);

  for (guint i = 0; i < paths->len; i++)
    {
      const char *path = g_ptr_array_index (paths, i);

      if (!check->only_content || holds_content (g, path))
        g_ptr_array_add (left, g_strdup (path));
    }

  if (check->look != NULL)
    check->look (g, left);

  return g_steal_pointer (&left);
}

static JsonObject *
check_to_json (const Check *check, GPtrArray *left)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "name", check->name);
  json_object_set_string_member (object, "description", _ (check->description));
  json_object_set_boolean_member (object, "passed", left->len == 0);
  json_object_set_array_member (object, "found", strata_guest_paths_to_json (left));

  return object;
}

static gboolean
make_checks (StrataAppliance *appliance, char **operations, JsonArray *results, GError **error)
{
  g_autoptr (GString) all = g_string_new (NULL);

  for (size_t i = 0; i < G_N_ELEMENTS (checks); i++)
    {
      g_autoptr (GPtrArray) left = NULL;

      if (!g_strv_contains ((const char *const *) operations, checks[i].operation))
        continue;

      strata_emitter_progress (appliance->emitter, 0.8 + 0.2 * (double) i / G_N_ELEMENTS (checks),
                               _ (checks[i].description));
      left = find_left (appliance->g, &checks[i]);
      json_array_add_object_element (results, check_to_json (&checks[i], left));
      for (guint j = 0; j < left->len; j++)
        g_string_append_printf (all, "%s%s", all->len > 0 ? ", " : "",
                                (char *) g_ptr_array_index (left, j));
    }

  if (all->len == 0)
    return TRUE;

  /* Translators: what follows is a list of paths in the guest. */
  strata_set_error (error, STRATA_ERROR_NOT_SEALED, NULL,
                    _ ("The guest is not sealed. Still there: %s"), all->str);
  return FALSE;
}

/**
 * strata_guest_verify:
 * @emitter: where progress goes
 * @request: the request
 * @error: return location for `STRATA_ERROR_NOT_SEALED`, …
 *
 * Returns: (transfer full): what strata_guest_client_verify() says it returns
 */
JsonObject *
strata_guest_verify (StrataEmitter *emitter, StrataGuestRequest *request, GError **error)
{
  g_autoptr (StrataAppliance) appliance = NULL;
  g_autoptr (JsonArray) results = json_array_new ();
  g_auto (GStrv) operations = strata_guest_sysprep_choose (request->operations, error);
  g_autofree char *product = NULL;
  g_autofree char *distro = NULL;
  JsonObject *value;

  if (operations == NULL)
    return NULL;

  appliance = strata_appliance_open (emitter, request->disks, TRUE, error);
  if (appliance == NULL || !make_checks (appliance, operations, results, error))
    return NULL;

  product = strata_guest_os_name (appliance);
  distro = guestfs_inspect_get_distro (appliance->g, appliance->root);
  value = json_object_new ();
  json_object_set_array_member (value, "checks", g_steal_pointer (&results));
  strata_guest_set_text (value, "os", product);
  strata_guest_set_text (value, "os-id", distro);

  return value;
}
