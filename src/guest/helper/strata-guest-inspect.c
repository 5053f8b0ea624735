/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The verb “inspect”: what is in the guest, and how much of it sealing would remove. Changes nothing. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "guest/strata-guest-account.h"
#include "guest/strata-seal-table.h"
#include "strata-guest-facts.h"
#include "strata-guest-paths.h"
#include "strata-guest-survey.h"
#include "strata-guest-verbs.h"

/* Each file costs a question to the appliance; a guest with more logs than this has enough to seal. */
#define MAX_LOGS 1000

/* How many paths of one kind are named. */
#define MAX_NAMED 5

static const char *const host_key_globs[] = { "/etc/ssh/ssh_host_*_key", NULL };

static const char *const persistent_net_globs[] = { "/etc/udev/rules.d/70-persistent-net.rules",
                                                    NULL };

/* Where a guest may say which network card it means. */
static const char *const network_globs[] = {
  "/etc/netplan/*.yaml",
  "/etc/network/interfaces",
  "/etc/network/interfaces.d/*",
  "/etc/NetworkManager/system-connections/*",
  "/etc/sysconfig/network-scripts/ifcfg-*",
  "/etc/systemd/network/*.network",
  "/etc/systemd/network/*.link",
  "/etc/systemd/network/*.netdev",
  "/etc/sysconfig/network/ifcfg-*",
  NULL,
};

static const char *const agents[] = { "/usr/sbin/qemu-ga", "/usr/bin/qemu-ga", NULL };

static void
set_paths (JsonObject *value, guestfs_h *g, const char *member, const char *const *globs)
{
  g_autoptr (GPtrArray) paths = strata_guest_paths_glob (g, globs);

  json_object_set_array_member (value, member, strata_guest_paths_to_json (paths));
}

/* What the table of additions says under NAME. */
static void
set_additions (JsonObject *value, guestfs_h *g, const char *member, const char *name, char **homes)
{
  gsize n_additions;
  const StrataSealAddition *additions = strata_seal_additions (&n_additions);

  for (gsize i = 0; i < n_additions; i++)
    {
      g_autoptr (GPtrArray) patterns = NULL;

      if (strcmp (additions[i].name, name) != 0)
        continue;
      patterns = strata_seal_expand (additions[i].globs, (const char *const *) homes);
      g_ptr_array_add (patterns, NULL);
      set_paths (value, g, member, (const char *const *) patterns->pdata);
    }
}

static void
set_system (JsonObject *value, StrataAppliance *appliance)
{
  guestfs_h *g = appliance->g;
  const char *root = appliance->root;
  g_autofree char *product = strata_guest_os_name (appliance);
  g_autofree char *distro = guestfs_inspect_get_distro (g, root);
  g_autofree char *hostname = guestfs_inspect_get_hostname (g, root);
  g_autofree char *format = guestfs_inspect_get_package_format (g, root);
  g_autofree char *version = NULL;
  int major = guestfs_inspect_get_major_version (g, root);
  int minor = guestfs_inspect_get_minor_version (g, root);
  struct guestfs_application2_list *packages = guestfs_inspect_list_applications2 (g, root);

  version = minor > 0 ? g_strdup_printf ("%d.%d", major, minor) : g_strdup_printf ("%d", major);
  strata_guest_set_text (value, "os", product);
  strata_guest_set_text (value, "os-id", distro);
  strata_guest_set_text (value, "type", appliance->type);
  strata_guest_set_text (value, "version", version);
  strata_guest_set_text (value, "hostname", hostname);
  strata_guest_set_text (value, "package-format", format);
  json_object_set_int_member (value, "packages", packages != NULL ? packages->len : 0);
  if (packages != NULL)
    guestfs_free_application2_list (packages);
}

static void
set_machine_id (JsonObject *value, guestfs_h *g)
{
  g_autofree char *id = strata_guest_path_read (g, "/etc/machine-id");

  strata_guest_set_text (value, "machine-id", id != NULL ? g_strstrip (id) : "");
}

/* Counts the files that hold something; sealing leaves empty ones behind, and they tell nothing. */
static void
set_logs (JsonObject *value, guestfs_h *g)
{
  g_auto (GStrv) names = guestfs_is_dir (g, "/var/log") > 0 ? guestfs_find (g, "/var/log") : NULL;
  gint64 n_logs = 0;
  gint64 bytes = 0;

  for (guint i = 0; i < MAX_LOGS && names != NULL && names[i] != NULL; i++)
    {
      g_autofree char *path = g_strconcat ("/var/log", *names[i] == '/' ? "" : "/", names[i], NULL);
      gint64 size = strata_guest_path_size (g, path);

      if (size <= 0)
        continue;
      n_logs++;
      bytes += size;
    }

  json_object_set_int_member (value, "logs", n_logs);
  json_object_set_int_member (value, "log-bytes", bytes);
}

static void
set_users (JsonObject *value, guestfs_h *g)
{
  g_autofree char *passwd = strata_guest_path_read (g, "/etc/passwd");
  g_autoptr (GPtrArray) accounts = strata_guest_accounts_parse (passwd != NULL ? passwd : "");
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < accounts->len; i++)
    {
      StrataGuestAccount *account = g_ptr_array_index (accounts, i);

      if (strata_guest_account_is_person (account))
        g_ptr_array_add (names, account->name);
    }

  json_object_set_array_member (value, "users", strata_guest_paths_to_json (names));
}

static void
add_macs (JsonArray *macs, GRegex *regex, const char *path, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (size_t i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (GMatchInfo) match = NULL;
      g_autofree char *mac = NULL;
      JsonObject *object;

      g_strchug (lines[i]);
      if (lines[i][0] == '#' || lines[i][0] == ';' || !g_regex_match (regex, lines[i], 0, &match))
        continue;

      mac = g_match_info_fetch (match, 0);
      object = json_object_new ();
      strata_guest_set_text (object, "file", path);
      strata_guest_set_text (object, "mac", mac);
      json_array_add_object_element (macs, object);
    }
}

static void
set_pinned_macs (JsonObject *value, guestfs_h *g)
{
  g_autoptr (GRegex) regex =
      g_regex_new ("\\b([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}\\b", G_REGEX_RAW, 0, NULL);
  g_autoptr (GPtrArray) paths = strata_guest_paths_glob (g, network_globs);
  JsonArray *macs = json_array_new ();

  for (guint i = 0; i < paths->len; i++)
    {
      const char *path = g_ptr_array_index (paths, i);
      g_autofree char *text = strata_guest_path_read (g, path);

      if (text != NULL)
        add_macs (macs, regex, path, text);
    }

  json_object_set_array_member (value, "pinned-macs", macs);
}

/* A network's own settings: an address that is not asked of a server. */
static gboolean
is_static (const char *line)
{
  static const char *const starts[] = { "address ", "IPADDR",     "address1=",
                                        "Address=", "addresses:", NULL };

  for (size_t i = 0; starts[i] != NULL; i++)
    {
      if (g_str_has_prefix (line, starts[i]))
        return TRUE;
    }

  return FALSE;
}

static gboolean
has_static (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (size_t i = 0; lines[i] != NULL; i++)
    {
      if (is_static (g_strstrip (lines[i])))
        return TRUE;
    }

  return FALSE;
}

static void
add_network_stays (JsonObject *value, guestfs_h *g, JsonArray *array)
{
  g_autoptr (GPtrArray) paths = strata_guest_paths_glob (g, network_globs);
  JsonArray *macs = json_object_get_array_member (value, "pinned-macs");

  for (guint i = 0; i < json_array_get_length (macs); i++)
    {
      JsonObject *mac = json_array_get_object_element (macs, i);
      g_autofree char *text = g_strdup_printf (_ ("the network card's address %s in %s"),
                                               json_object_get_string_member (mac, "mac"),
                                               json_object_get_string_member (mac, "file"));

      json_array_add_string_element (array, text);
    }

  for (guint i = 0; i < paths->len; i++)
    {
      const char *path = g_ptr_array_index (paths, i);
      g_autofree char *content = strata_guest_path_read (g, path);
      g_autofree char *valid = g_utf8_make_valid (path, -1);
      g_autofree char *text = g_strdup_printf (_ ("a fixed network address in %s"), valid);

      if (content != NULL && has_static (content))
        json_array_add_string_element (array, text);
    }
}

/* What sealing leaves, each kind with an example of it. */
static void
set_stays (JsonObject *value, guestfs_h *g, char **homes)
{
  JsonArray *array = json_array_new ();
  gsize n_stays;
  const StrataSealStay *stays = strata_seal_stays (&n_stays);

  add_network_stays (value, g, array);
  for (gsize i = 0; i < n_stays; i++)
    {
      g_autoptr (GPtrArray) patterns =
          strata_seal_expand (stays[i].globs, (const char *const *) homes);
      g_autoptr (GPtrArray) found = NULL;
      g_autoptr (GString) text = g_string_new (NULL);
      g_autofree char *valid = NULL;

      g_ptr_array_add (patterns, NULL);
      found = strata_guest_paths_glob (g, (const char *const *) patterns->pdata);
      if (found->len == 0)
        continue;

      g_string_append_printf (text, "%s: ", _ (stays[i].what));
      for (guint j = 0; j < MIN (found->len, MAX_NAMED); j++)
        g_string_append_printf (text, "%s%s", j > 0 ? ", " : "",
                                (const char *) g_ptr_array_index (found, j));
      if (found->len > MAX_NAMED)
        g_string_append_printf (text, _ (" and %u more"), found->len - MAX_NAMED);
      valid = g_utf8_make_valid (text->str, -1);
      json_array_add_string_element (array, valid);
    }

  json_object_set_array_member (value, "stays", array);
}

static void
set_agent (JsonObject *value, guestfs_h *g)
{
  gboolean agent = FALSE;

  for (size_t i = 0; agents[i] != NULL; i++)
    agent = agent || strata_guest_path_exists (g, agents[i]);
  json_object_set_boolean_member (value, "agent", agent);
}

/**
 * strata_guest_inspect:
 * @writer: where progress goes
 * @request: the request
 * @error: return location
 *
 * Returns: (transfer full): what strata_guest_client_inspect() says it returns
 */
JsonObject *
strata_guest_inspect (StrataEventWriter *writer, StrataGuestRequest *request, GError **error)
{
  g_autoptr (StrataAppliance) appliance = NULL;
  g_autoptr (JsonObject) value = NULL;
  g_autoptr (GPtrArray) unmounted = g_ptr_array_new_with_free_func (g_free);
  g_auto (StrataSealFacts) facts = { 0 };

  appliance = strata_appliance_open (writer, request->disks, request->refuse_windows, error);
  if (appliance == NULL)
    return NULL;
  if (request->for_sealing &&
      !strata_guest_survey_check (appliance, request->accepted, unmounted, error))
    return NULL;

  strata_event_writer_progress (writer, 0.85, _ ("Looking at the guest"));
  strata_guest_facts_gather (appliance, &facts);
  value = json_object_new ();
  set_system (value, appliance);
  set_machine_id (value, appliance->g);
  set_paths (value, appliance->g, "ssh-host-keys", host_key_globs);
  json_object_set_boolean_member (value, "makes-own-host-keys", facts.makes_own_host_keys);
  set_logs (value, appliance->g);
  set_additions (value, appliance->g, "histories", "histories", facts.homes);
  set_additions (value, appliance->g, "dhcp-leases", "dhcp-leases", facts.homes);
  set_paths (value, appliance->g, "persistent-net", persistent_net_globs);
  json_object_set_boolean_member (value, "cloud-init", facts.cloud_init);
  set_pinned_macs (value, appliance->g);
  set_users (value, appliance->g);
  set_agent (value, appliance->g);
  set_stays (value, appliance->g, facts.homes);
  json_object_set_array_member (value, "unmounted", strata_guest_paths_to_json (unmounted));
  if (request->for_sealing && !strata_guest_survey_set_listing (appliance, value, error))
    return NULL;

  return g_steal_pointer (&value);
}
