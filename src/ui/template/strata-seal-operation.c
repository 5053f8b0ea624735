/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSealOperation: one thing that sealing can do to a guest, what it would remove by what inspection found, and whether it
 * shall.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-seal-operation.h"

struct _StrataSealOperation
{
  GObject parent_instance;

  char *name;
  char *title;
  char *detail;
  gboolean found;
  gboolean by_default;
  gboolean selected;
};

typedef enum
{
  PROP_NAME = 1,
  PROP_TITLE,
  PROP_DETAIL,
  PROP_SELECTED,
  N_PROPS,
} StrataSealOperationProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataSealOperation, strata_seal_operation, G_TYPE_OBJECT)

static const struct
{
  const char *operation;
  const char *title;
} titles[] = {
  { "abrt-data", N_ ("Crash reports (ABRT)") },
  { "backup-files", N_ ("Backup files of editors") },
  { "bash-history", N_ ("Shell history") },
  { "blkid-tab", N_ ("Cache of block devices") },
  { "ca-certificates", N_ ("Certificates of authorities that were added") },
  { "crash-data", N_ ("Crash dumps") },
  { "cron-spool", N_ ("Users’ scheduled jobs") },
  { "customize", N_ ("Strata’s own changes, such as a first start that makes new host keys") },
  { "dhcp-client-state", N_ ("DHCP leases of the guest") },
  { "dhcp-server-state", N_ ("DHCP leases that the guest gave") },
  { "dovecot-data", N_ ("Data of the Dovecot mail server") },
  { "firewall-rules", N_ ("Firewall rules") },
  { "flag-reconfiguration", N_ ("Ask for a new configuration at the next start") },
  { "ipa-client", N_ ("Membership of a FreeIPA domain") },
  { "kerberos-data", N_ ("Kerberos server’s data") },
  { "kerberos-hostkeytab", N_ ("Kerberos key of the host") },
  { "logfiles", N_ ("Log files") },
  { "lvm-system-devices", N_ ("List of LVM devices") },
  { "lvm-uuids", N_ ("New UUIDs for LVM volumes") },
  { "machine-id", N_ ("Machine ID") },
  { "mail-spool", N_ ("Undelivered mail") },
  { "net-hostname", N_ ("Host name in the network configuration") },
  { "net-hwaddr", N_ ("Hardware address in the network configuration") },
  { "net-nmconn", N_ ("NetworkManager’s connections") },
  { "pacct-log", N_ ("Process accounting") },
  { "package-manager-cache", N_ ("Packages that were downloaded") },
  { "pam-data", N_ ("Data of login modules (PAM)") },
  { "passwd-backups", N_ ("Old copies of the password files") },
  { "puppet-data-log", N_ ("Data and logs of Puppet") },
  { "rh-subscription-manager", N_ ("Red Hat subscription") },
  { "rhn-systemid", N_ ("Red Hat Network system ID") },
  { "rpm-db", N_ ("RPM database’s files of this host") },
  { "samba-db-log", N_ ("Databases and logs of Samba") },
  { "script", N_ ("Scripts of your own, where there are any") },
  { "smolt-uuid", N_ ("Smolt hardware ID") },
  { "ssh-hostkeys", N_ ("SSH host keys") },
  { "ssh-userdir", N_ ("Users’ SSH folders") },
  { "sssd-db-log", N_ ("Databases and logs of SSSD") },
  { "tmp-files", N_ ("Temporary files") },
  { "udev-persistent-net", N_ ("Remembered network cards") },
  { "user-account", N_ ("User accounts") },
  { "utmp", N_ ("Records of who logged in") },
  { "yum-uuid", N_ ("YUM’s ID") },
};

static guint
count (JsonObject *facts, const char *member)
{
  JsonNode *node = json_object_get_member (facts, member);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node)
             ? json_array_get_length (json_node_get_array (node))
             : 0;
}

/* The strings of an array, joined; NULL if there are none. */
static char *
join (JsonObject *facts, const char *member)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) strings = NULL;
  guint n = count (facts, member);

  if (n == 0)
    return NULL;

  for (guint i = 0; i < n; i++)
    {
      JsonNode *node = json_array_get_element (json_object_get_array_member (facts, member), i);

      if (json_node_get_value_type (node) == G_TYPE_STRING)
        g_strv_builder_add (builder, json_node_get_string (node));
    }
  strings = g_strv_builder_end (builder);

  return strings[0] != NULL ? g_strjoinv (", ", strings) : NULL;
}

static char *
describe_logs (JsonObject *facts)
{
  gint64 n = json_object_get_int_member_with_default (facts, "logs", 0);
  g_autofree char *size = NULL;

  if (n <= 0)
    return NULL;

  size = g_format_size (json_object_get_int_member_with_default (facts, "log-bytes", 0));

  /* Translators: how many log files a guest has, and their size. */
  return g_strdup_printf (ngettext ("%u file, %s", "%u files, %s", (gulong) n), (guint) n, size);
}

static char *
describe_host_keys (JsonObject *facts)
{
  guint n = count (facts, "ssh-host-keys");

  if (n == 0)
    return NULL;

  return g_strdup_printf (ngettext ("%u key; each clone makes its own at its first start",
                                    "%u keys; each clone makes its own at its first start", n),
                          n);
}

static char *
describe_machine_id (JsonObject *facts)
{
  const char *id = json_object_get_string_member_with_default (facts, "machine-id", "");

  if (*id == '\0')
    return NULL;

  /* Translators: %s is the guest’s identifier, hexadecimal digits. */
  return g_strdup_printf (_ ("%s; each clone gets its own"), id);
}

/* A name for people, or NULL where virt-sysprep's own description has to do. */
static const char *
find_title (const char *operation)
{
  for (size_t i = 0; i < G_N_ELEMENTS (titles); i++)
    {
      if (g_strcmp0 (operation, titles[i].operation) == 0)
        return _ (titles[i].title);
    }

  return NULL;
}

/* What OPERATION would remove from the guest, or NULL if inspection found nothing for it. */
static char *
describe_findings (const char *operation, JsonObject *facts)
{
  if (g_str_equal (operation, "ssh-hostkeys"))
    return describe_host_keys (facts);
  if (g_str_equal (operation, "machine-id"))
    return describe_machine_id (facts);
  if (g_str_equal (operation, "logfiles"))
    return describe_logs (facts);
  if (g_str_equal (operation, "bash-history"))
    return join (facts, "histories");
  if (g_str_equal (operation, "dhcp-client-state"))
    return join (facts, "dhcp-leases");
  if (g_str_equal (operation, "udev-persistent-net"))
    return join (facts, "persistent-net");

  return NULL;
}

static void
strata_seal_operation_finalize (GObject *object)
{
  StrataSealOperation *self = STRATA_SEAL_OPERATION (object);

  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->title, g_free);
  g_clear_pointer (&self->detail, g_free);

  G_OBJECT_CLASS (strata_seal_operation_parent_class)->finalize (object);
}

static void
strata_seal_operation_get_property (GObject *object,
                                    guint prop_id,
                                    GValue *value,
                                    GParamSpec *pspec)
{
  StrataSealOperation *self = STRATA_SEAL_OPERATION (object);

  switch ((StrataSealOperationProperty) prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_TITLE:
      g_value_set_string (value, self->title);
      break;
    case PROP_DETAIL:
      g_value_set_string (value, self->detail);
      break;
    case PROP_SELECTED:
      g_value_set_boolean (value, self->selected);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_seal_operation_set_property (GObject *object,
                                    guint prop_id,
                                    const GValue *value,
                                    GParamSpec *pspec)
{
  StrataSealOperation *self = STRATA_SEAL_OPERATION (object);

  switch ((StrataSealOperationProperty) prop_id)
    {
    case PROP_SELECTED:
      if (self->selected != g_value_get_boolean (value))
        {
          self->selected = g_value_get_boolean (value);
          g_object_notify_by_pspec (object, pspec);
        }
      break;
    case PROP_NAME:
    case PROP_TITLE:
    case PROP_DETAIL:
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_seal_operation_class_init (StrataSealOperationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = strata_seal_operation_finalize;
  object_class->get_property = strata_seal_operation_get_property;
  object_class->set_property = strata_seal_operation_set_property;

  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags | G_PARAM_READABLE);
  properties[PROP_TITLE] =
      g_param_spec_string ("title", NULL, NULL, NULL, flags | G_PARAM_READABLE);
  properties[PROP_DETAIL] =
      g_param_spec_string ("detail", NULL, NULL, NULL, flags | G_PARAM_READABLE);
  properties[PROP_SELECTED] =
      g_param_spec_boolean ("selected", NULL, NULL, FALSE, flags | G_PARAM_READWRITE);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
strata_seal_operation_init (StrataSealOperation *self)
{
}

/**
 * strata_seal_operation_new:
 * @operation: a member of the helper's list of operations
 * @facts: (nullable): what inspection found in the guest
 *
 * Returns: (transfer full): a new operation, selected if it is one of the defaults
 */
StrataSealOperation *
strata_seal_operation_new (JsonObject *operation, JsonObject *facts)
{
  StrataSealOperation *self;
  const char *description;
  const char *title;

  g_return_val_if_fail (operation != NULL, NULL);

  description = json_object_get_string_member_with_default (operation, "description", "");
  self = g_object_new (STRATA_TYPE_SEAL_OPERATION, NULL);
  self->name = g_strdup (json_object_get_string_member_with_default (operation, "name", ""));
  self->by_default = json_object_get_boolean_member_with_default (operation, "default", FALSE);
  self->selected = self->by_default;

  title = find_title (self->name);
  self->title = g_strdup (title != NULL ? title : description);
  self->detail = facts != NULL ? describe_findings (self->name, facts) : NULL;
  self->found = self->detail != NULL;
  if (self->detail == NULL)
    self->detail = g_strdup (self->name);

  return self;
}

const char *
strata_seal_operation_get_name (StrataSealOperation *self)
{
  g_return_val_if_fail (STRATA_IS_SEAL_OPERATION (self), NULL);

  return self->name;
}

gboolean
strata_seal_operation_get_selected (StrataSealOperation *self)
{
  g_return_val_if_fail (STRATA_IS_SEAL_OPERATION (self), FALSE);

  return self->selected;
}

gboolean
strata_seal_operation_is_found (StrataSealOperation *self)
{
  g_return_val_if_fail (STRATA_IS_SEAL_OPERATION (self), FALSE);

  return self->found;
}

gboolean
strata_seal_operation_is_default (StrataSealOperation *self)
{
  g_return_val_if_fail (STRATA_IS_SEAL_OPERATION (self), FALSE);

  return self->by_default;
}
