/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The verb “verify”: is what the operations should have removed really gone? Asked of the disk itself, in
 * an appliance of its own, because virt-sysprep's exit status doesn't tell.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "guest/strata-seal-table.h"
#include "strata-appliance.h"
#include "strata-guest-facts.h"
#include "strata-guest-paths.h"
#include "strata-guest-survey.h"
#include "strata-guest-sysprep.h"
#include "strata-guest-verbs.h"
#include "base/strata-error.h"

#define MAX_PATTERNS 24

/**
 * Check:
 * @name: the check's name
 * @operation: (nullable): made if this operation was chosen, %NULL always
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

/* Whatever a program calls its log. Sealing may leave the empty file, which tells nothing. */
static void
look_at_logs (guestfs_h *g, GPtrArray *found)
{
  g_auto (GStrv) names = guestfs_is_dir (g, "/var/log") > 0 ? guestfs_find (g, "/var/log") : NULL;

  for (size_t i = 0; names != NULL && names[i] != NULL; i++)
    {
      g_autofree char *path = g_strconcat ("/var/log", *names[i] == '/' ? "" : "/", names[i], NULL);

      if (strata_guest_path_size (g, path) > 0 &&
          !g_ptr_array_find_with_equal_func (found, path, g_str_equal, NULL))
        g_ptr_array_add (found, g_steal_pointer (&path));
    }
}

static void
look_for_hibernation (guestfs_h *g, GPtrArray *found)
{
  g_auto (GStrv) pairs = guestfs_list_filesystems (g);

  for (size_t i = 0; pairs != NULL && pairs[i] != NULL; i += 2)
    {
      if (strcmp (pairs[i + 1], "swsuspend") == 0)
        g_ptr_array_add (found, g_strdup (pairs[i]));
    }
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
  { "ssh-host-keys", "ssh-hostkeys", N_ ("No SSH host keys"), FALSE, { "/etc/ssh/ssh_host_*" } },
  { "ssh-host-keys-made",
    "ssh-hostkeys",
    N_ ("SSH host keys are made at first start"),
    FALSE,
    { NULL },
    look_for_key_maker },
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
      "/var/log/httpd/*log", "/root/anaconda-ks.cfg" },
    look_at_logs },
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
  { "awake", NULL, N_ ("It is not hibernated"), FALSE, { NULL }, look_for_hibernation },
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
check_to_json (const char *name, const char *description, GPtrArray *left)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "name", name);
  json_object_set_string_member (object, "description", _ (description));
  json_object_set_boolean_member (object, "passed", left->len == 0);
  json_object_set_array_member (object, "found", strata_guest_paths_to_json (left));

  return object;
}

static gboolean
is_made (const char *operation, char **operations)
{
  return operation == NULL || g_strv_contains ((const char *const *) operations, operation);
}

/* What is looked at: the guest itself, or something else on its disks that looks like one. */
typedef struct
{
  StrataAppliance *appliance;
  const char *where;
  char **operations;
  JsonArray *results;
  GString *all;
} Round;

static void
take_result (Round *self, const char *name, const char *description, GPtrArray *left)
{
  json_array_add_object_element (self->results, check_to_json (name, description, left));
  for (guint i = 0; i < left->len; i++)
    g_string_append_printf (self->all, "%s%s%s%s", self->all->len > 0 ? ", " : "",
                            self->where != NULL ? self->where : "", self->where != NULL ? ":" : "",
                            (char *) g_ptr_array_index (left, i));
}

static void
make_checks (Round *self)
{
  guestfs_h *g = self->appliance->g;
  g_auto (GStrv) homes = strata_guest_survey_homes (g);
  gsize n_additions;
  const StrataSealAddition *additions = strata_seal_additions (&n_additions);

  for (size_t i = 0; i < G_N_ELEMENTS (checks); i++)
    {
      g_autoptr (GPtrArray) left = NULL;

      if (!is_made (checks[i].operation, self->operations))
        continue;

      strata_event_writer_progress (self->appliance->writer,
                                    0.8 + 0.1 * (double) i / G_N_ELEMENTS (checks),
                                    _ (checks[i].description));
      left = find_left (g, &checks[i]);
      take_result (self, checks[i].name, checks[i].description, left);
    }

  for (gsize i = 0; i < n_additions; i++)
    {
      g_autoptr (GPtrArray) patterns = NULL;
      g_autoptr (GPtrArray) left = NULL;

      if (!is_made (additions[i].operation, self->operations))
        continue;

      patterns = strata_seal_expand (additions[i].globs, (const char *const *) homes);
      g_ptr_array_add (patterns, NULL);
      left = strata_guest_paths_glob (g, (const char *const *) patterns->pdata);
      take_result (self, additions[i].name, additions[i].description, left);
    }
}

/* A guest has more than one root where several systems are on its disks. */
static gboolean
check_roots (Round *self, GError **error)
{
  StrataAppliance *appliance = self->appliance;

  make_checks (self);
  for (size_t i = 1; appliance->roots[i] != NULL; i++)
    {
      if (guestfs_umount_all (appliance->g) != 0)
        return strata_appliance_set_error (appliance, NULL, error);
      if (!strata_appliance_use_root (appliance, appliance->roots[i], error) ||
          !strata_appliance_mount_all (appliance, error))
        return FALSE;
      self->where = appliance->roots[i];
      make_checks (self);
    }
  self->where = NULL;

  return TRUE;
}

/* A btrfs snapshot or a copy of a root that libguestfs takes for none, since nothing starts from it, is full
 * of keys all the same. */
static gboolean
check_subvolumes (Round *self, GError **error)
{
  StrataAppliance *appliance = self->appliance;
  g_auto (GStrv) pairs = guestfs_list_filesystems (appliance->g);

  for (size_t i = 0; pairs != NULL && pairs[i] != NULL; i += 2)
    {
      if (!g_str_has_prefix (pairs[i], "btrfsvol:") ||
          g_strv_contains ((const char *const *) appliance->roots, pairs[i]))
        continue;
      if (guestfs_umount_all (appliance->g) != 0)
        return strata_appliance_set_error (appliance, NULL, error);
      if (!strata_appliance_mount (appliance, pairs[i], "/", NULL) ||
          !strata_guest_path_exists (appliance->g, "/etc/passwd"))
        continue;
      self->where = pairs[i];
      make_checks (self);
    }

  return TRUE;
}

static gboolean
check_all (StrataAppliance *appliance, char **operations, JsonArray *results, GError **error)
{
  g_autoptr (GString) all = g_string_new (NULL);
  Round round = { appliance, NULL, operations, results, all };

  if (!check_roots (&round, error) || !check_subvolumes (&round, error))
    return FALSE;
  if (all->len == 0)
    return TRUE;

  /* Translators: what follows is a list of paths in the guest. */
  strata_set_error (error, STRATA_ERROR_NOT_SEALED, NULL,
                    _ ("The guest is not sealed. Still there: %s"), all->str);
  return FALSE;
}

/* Ends with the first root mounted again. */
static gboolean
open_again (StrataAppliance *appliance, GError **error)
{
  if (guestfs_umount_all (appliance->g) != 0)
    return strata_appliance_set_error (appliance, NULL, error);

  return strata_appliance_use_root (appliance, appliance->roots[0], error) &&
         strata_appliance_mount_all (appliance, error);
}

/**
 * strata_guest_verify:
 * @writer: where progress goes
 * @request: the request
 * @error: return location for `STRATA_ERROR_NOT_SEALED`, …
 *
 * Returns: (transfer full): what strata_guest_client_verify() says it returns
 */
JsonObject *
strata_guest_verify (StrataEventWriter *writer, StrataGuestRequest *request, GError **error)
{
  g_autoptr (StrataAppliance) appliance = NULL;
  g_autoptr (JsonArray) results = json_array_new ();
  g_auto (GStrv) operations = strata_guest_sysprep_choose (request->operations, error);
  g_autoptr (GPtrArray) unmounted = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (JsonObject) value = NULL;
  g_autofree char *product = NULL;
  g_autofree char *distro = NULL;

  if (operations == NULL)
    return NULL;

  appliance = strata_appliance_open (writer, request->disks, TRUE, error);
  if (appliance == NULL ||
      !strata_guest_survey_check (appliance, request->accepted, unmounted, error))
    return NULL;
  product = strata_guest_os_name (appliance);
  distro = guestfs_inspect_get_distro (appliance->g, appliance->root);
  if (!check_all (appliance, operations, results, error) || !open_again (appliance, error))
    return NULL;

  value = json_object_new ();
  json_object_set_array_member (value, "checks", g_steal_pointer (&results));
  json_object_set_array_member (value, "unmounted", strata_guest_paths_to_json (unmounted));
  strata_guest_set_text (value, "os", product);
  strata_guest_set_text (value, "os-id", distro);
  if (request->for_sealing && !strata_guest_survey_set_listing (appliance, value, error))
    return NULL;

  return g_steal_pointer (&value);
}
