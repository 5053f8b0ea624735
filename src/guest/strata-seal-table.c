/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Two tables about sealing: what Strata removes beyond what virt-sysprep does, and what each operation
 * may change at all. By the second a sealed disk is compared with what it was: all else must be as before.
 * Pure.
 */

#include "config.h"

#include "strata-seal-table.h"

#include <fnmatch.h>
#include <glib/gi18n-lib.h>
#include <string.h>

/* Each is made anew by the guest when it is absent. */
static const StrataSealAddition additions[] = {
  /* virt-sysprep's “customize” writes the same random seed into what becomes the seed of every clone. */
  { "random-seed",
    NULL,
    N_ ("No random seed is kept"),
    { "/var/lib/systemd/random-seed", "/var/lib/random-seed", "/var/lib/urandom/random-seed",
      "/var/lib/misc/random-seed", "/var/lib/seedrng/seed.credit",
      "/var/lib/seedrng/seed.no-credit", "/boot/loader/random-seed", "/boot/efi/loader/random-seed",
      "/efi/loader/random-seed" } },
  { "machine-secrets",
    "machine-id",
    N_ ("No secrets of the machine"),
    { "/var/lib/systemd/credential.secret", "/var/lib/systemd/tpm2-srk-public-key.*",
      "/var/lib/NetworkManager/secret_key", "/var/lib/NetworkManager/seen-bssids" } },
  { "storage-names",
    "machine-id",
    N_ ("No names by which storage knows the machine"),
    { "/etc/iscsi/initiatorname.iscsi", "/etc/nvme/hostnqn", "/etc/nvme/hostid", "/etc/hostid",
      "/etc/zfs/zpool.cache", "/etc/lvm/backup/*", "/etc/lvm/archive/*", "/etc/multipath/wwids",
      "/etc/multipath/bindings" } },
  /* Clones with one DUID get one address. */
  { "dhcp-identifiers",
    "machine-id",
    N_ ("No DHCP identifiers"),
    { "/var/lib/dhcpcd/duid", "/var/lib/dhcpcd/secret", "/var/lib/dhcpcd5/duid",
      "/var/db/dhcpcd/duid", "/var/db/dhcpcd/secret", "/etc/dhcpcd.duid", "/etc/dhcpcd.secret",
      "/var/lib/wicked/duid.xml", "/var/lib/wicked/iaid.xml", "/var/lib/dhcpv6/dhcp6c_duid",
      "/var/db/dhcp6c_duid", "/var/lib/dibbler/client-duid" } },
  { "dhcp-leases",
    "dhcp-client-state",
    N_ ("No DHCP leases"),
    { "/var/lib/dhcp/*", "/var/lib/dhclient/*", "/var/lib/dhcp3/*",
      "/var/lib/NetworkManager/*.lease", "/var/lib/NetworkManager/internal-*",
      "/var/lib/systemd/network/*", "/var/lib/dhcpcd/*.lease*", "/var/lib/dhcpcd5/*.lease*",
      "/var/lib/dhcpcd/duid", "/var/lib/dhcpcd/secret", "/var/lib/wicked/lease-*.xml",
      "/var/lib/wicked/duid.xml", "/var/lib/wicked/iaid.xml", "/var/lib/dhcpv6/*",
      "/var/lib/dibbler/client-*", "/etc/dhcpcd.duid", "/etc/dhcpcd.secret" } },
  { "other-host-keys",
    "ssh-hostkeys",
    N_ ("No host keys of other SSH servers"),
    { "/etc/dropbear/*_host_key", "/etc/dropbear/initramfs/*_host_key",
      "/etc/dropbear-initramfs/*_host_key", "/etc/tinyssh/sshkeydir" } },
  { "ssh-user-keys", "ssh-userdir", N_ ("No SSH keys of users"), { "~/.ssh" } },
  /* virt-sysprep knows bash only (and zsh, lately); a database client's history holds passwords too. */
  { "histories",
    "bash-history",
    N_ ("No command histories"),
    { "~/.*_history", "~/.*_history-*.tmp", "~/.local/share/fish/fish_history",
      "~/.config/fish/fish_history", "~/.viminfo", "~/.lesshst", "~/.local/state/less/history",
      "~/.histfile", "~/.zhistory", "~/.zsh_sessions", "~/.local/share/nano/search_history",
      "~/.nano/search_history", "~/.local/state/*history", "~/.local/state/*/*history" } },
  { "login-records",
    "logfiles",
    N_ ("No records of logins"),
    { "/var/lib/wtmpdb/wtmp.db", "/var/lib/lastlog/lastlog2.db" } },
  { "core-dumps",
    "crash-data",
    N_ ("No core dumps"),
    { "/var/lib/systemd/coredump/*", "/var/lib/systemd/pstore/*", "/core.[0-9]*",
      "~/core.[0-9]*" } },
};

/* Identities and secrets of applications, in order of the harm that sharing them does. Not removed: not each
 * application makes them anew. */
static const StrataSealStay stays[] = {
  { N_ ("keys of private networks (Tailscale, ZeroTier, WireGuard)"),
    { "/var/lib/tailscale/*.state", "/var/lib/zerotier-one/identity.secret",
      "/etc/wireguard/*.conf", "/etc/openvpn/*.key", "/etc/openvpn/client/*",
      "/etc/ipsec.secrets" } },
  { N_ ("keys of Kubernetes and etcd"),
    { "/etc/kubernetes/pki/*", "/etc/kubernetes/*.conf", "/var/lib/kubelet/pki/*",
      "/var/lib/etcd/*", "/var/lib/rancher/k3s/server/tls/*", "/etc/rancher/node/password",
      "/var/lib/rancher/k3s/server/token" } },
  { N_ ("subscriptions (Ubuntu Pro, Red Hat Insights, SUSE)"),
    { "/var/lib/ubuntu-advantage/private/*", "/etc/apt/auth.conf", "/etc/apt/auth.conf.d/*",
      "/etc/insights-client/machine-id", "/etc/insights-client/.registered",
      "/var/lib/rhsm/facts/*", "/etc/zypp/credentials.d/*" } },
  { N_ ("snapd's device key"), { "/var/lib/snapd/device/private-keys-v1/*" } },
  { N_ ("containers' identities (Docker, containerd)"),
    { "/var/lib/docker/engine-id", "/etc/docker/key.json", "/var/lib/docker/swarm/*",
      "/var/lib/containerd/io.containerd.grpc.v1.introspection/uuid" } },
  { N_ ("configuration management (Salt, Chef, Puppet)"),
    { "/etc/salt/pki/*/*.pem", "/etc/salt/minion_id", "/etc/chef/client.pem",
      "/etc/puppetlabs/puppet/ssl/private_keys/*" } },
  { N_ ("agents that registered themselves (Wazuh, CrowdStrike, SSM, netdata, filebeat)"),
    { "/var/ossec/etc/client.keys", "/opt/CrowdStrike/falconstore",
      "/var/lib/amazon/ssm/registration", "/var/lib/netdata/registry/*",
      "/var/lib/netdata/cloud.d/*", "/var/lib/filebeat/meta.json",
      "/var/lib/filebeat/registry/*" } },
  { N_ ("databases' identities (MySQL, RabbitMQ)"),
    { "/var/lib/mysql/auto.cnf", "/var/lib/mysql/*-key.pem", "/var/lib/rabbitmq/.erlang.cookie" } },
  { N_ ("keys of certificates"),
    { "/etc/ssl/private/*.key", "/etc/pki/tls/private/*.key", "/etc/cockpit/ws-certs.d/*.key",
      "/etc/letsencrypt/live/*/privkey.pem", "/etc/letsencrypt/accounts" } },
  { N_ ("users' credentials"),
    { "~/.aws/credentials", "~/.kube/config", "~/.netrc", "~/.git-credentials", "~/.pgpass",
      "~/.my.cnf", "~/.gnupg/private-keys-v1.d/*", "~/.local/share/keyrings/*",
      "~/.docker/config.json", "~/.config/gcloud/*.db", "~/.azure/*.json" } },
  { N_ ("queued mail and print jobs"),
    { "/var/spool/postfix/*/?*/*", "/var/spool/exim4/input/*", "/var/spool/exim/input/*",
      "/var/spool/cups/[cd]*" } },
  { N_ ("the host name of the original"), { "/etc/mailname", "/etc/machine-info" } },
  { N_ ("cloud-init's answers of the installer"),
    { "/etc/cloud/cloud.cfg.d/99-installer.cfg", "/etc/netplan/50-cloud-init.yaml",
      "/etc/sudoers.d/90-cloud-init-users" } },
};

/* What an operation of virt-sysprep may change; what lies below a match is part of it. “**” in front
 * stands for any folder. From the sources of virt-sysprep 1.52 to 1.56. */
typedef struct
{
  const char *operation;
  const char *globs[STRATA_SEAL_MAX_GLOBS];
} Reach;

static const Reach reaches[] = {
  { "abrt-data", { "/var/spool/abrt/*" } },
  { "backup-files", { "**~", "**.bak" } },
  { "bash-history", { "~/.bash_history" } },
  { "blkid-tab", { "/var/run/blkid.tab*", "/run/blkid.tab*", "/etc/blkid*", "/dev/.blkid.tab*" } },
  { "ca-certificates", { "/etc/pki/CA", "/etc/pki/tls" } },
  { "crash-data", { "/var/crash/*", "/var/log/dump/*", "/core" } },
  { "cron-spool", { "/var/spool/cron", "/var/spool/at*" } },
  /* Also what the recipe adds: it makes host keys at a clone's start, or its script of the first boot. */
  { "customize",
    { "/etc/machine-id", "/etc/systemd/system", "/usr/lib/virt-sysprep", "/var/lib/misc",
      "/var/lib/urandom", "/var/lib/random-seed", "/var/lib/systemd", "/.autorelabel", "/etc/rc*",
      "/etc/init.d/*virt-sysprep*", "/etc/init.d/*firstboot*", "/etc/insserv*", "/etc/runlevels",
      "/etc/local.d" } },
  { "dhcp-client-state", { "/var/lib/dhclient/*", "/var/lib/dhcp/*" } },
  { "dhcp-server-state", { "/var/lib/dhcpd/*" } },
  { "dovecot-data", { "/var/lib/dovecot/*" } },
  { "firewall-rules",
    { "/etc/sysconfig/iptables*", "/etc/firewalld/services/*", "/etc/firewalld/zones/*" } },
  { "flag-reconfiguration", { "/.unconfigured" } },
  { "ipa-client",
    { "/etc/ipa", "/var/lib/ipa-client", "/etc/pki/ca-trust/source",
      "/usr/local/share/ca-certificates/ipa-ca.crt" } },
  { "kerberos-data", { "/var/kerberos/krb5kdc/*" } },
  { "kerberos-hostkeytab", { "/etc/krb5.keytab" } },
  { "logfiles",
    { "/var/log", "/var/named/data/named.run", "/var/lib/logrotate.status", "/root/install.log*",
      "/root/*-ks.cfg", "/root/anaconda-post.log", "/var/cache/gdm/*",
      "/var/lib/AccountService/users/*", "/var/lib/fprint/*", "/var/cache/fontconfig/*",
      "/var/cache/man/*", "/etc/Pegasus/*" } },
  { "lvm-system-devices", { "/etc/lvm/devices/*" } },
  { "lvm-uuids", { "/etc/lvm/backup", "/etc/lvm/archive" } },
  { "machine-id", { "/etc/machine-id", "/var/lib/dbus/machine-id", "/var/lib/cloud" } },
  { "mail-spool", { "/var/spool/mail/*", "/var/mail/*" } },
  { "net-hostname", { "/etc/sysconfig/network-scripts/ifcfg-*" } },
  { "net-hwaddr",
    { "/etc/sysconfig/network-scripts/ifcfg-*", "/etc/NetworkManager/system-connections/*" } },
  { "net-nmconn", { "/etc/NetworkManager/system-connections/*" } },
  { "pacct-log", { "/var/account/pacct*", "/var/log/account/pacct*" } },
  { "package-manager-cache",
    { "/var/cache/apt/archives", "/var/cache/dnf", "/var/cache/yum", "/var/cache/zypp*" } },
  { "pam-data", { "/var/run/*/*", "/run/*/*" } },
  { "passwd-backups",
    { "/etc/group-", "/etc/gshadow-", "/etc/passwd-", "/etc/shadow-", "/etc/subuid-",
      "/etc/subgid-" } },
  { "puppet-data-log", { "/var/log/puppet/*", "/var/lib/puppet/*" } },
  { "rh-subscription-manager", { "/etc/pki/consumer/*", "/etc/pki/entitlement/*" } },
  { "rhn-systemid", { "/etc/sysconfig/rhn/*" } },
  { "rpm-db", { "/var/lib/rpm/__db.*" } },
  { "samba-db-log", { "/var/log/samba/*", "/var/lib/samba/*" } },
  { "smolt-uuid", { "/etc/sysconfig/hw-uuid", "/etc/smolt" } },
  { "ssh-hostkeys",
    { "/etc/ssh/*_host_*", "/etc/systemd/system", "/usr/lib/virt-sysprep", "/etc/rc*" } },
  { "ssh-userdir", { "~/.ssh" } },
  { "sssd-db-log", { "/var/log/sssd/*", "/var/lib/sss/db/*" } },
  { "tmp-files", { "/tmp", "/var/tmp" } },
  { "udev-persistent-net", { "/etc/udev/rules.d/70-persistent-net.rules" } },
  { "user-account",
    { "/etc/passwd*", "/etc/shadow*", "/etc/group*", "/etc/gshadow*", "/etc/sub?id*",
      "/var/spool/mail/*", "/var/mail/*", "/home/*", "~" } },
  { "utmp", { "/var/run/utmp", "/run/utmp" } },
  { "yum-uuid", { "/var/lib/yum/uuid" } },
  { "zsh-history", { "~/.zsh_history" } },
};

/* What no operation may change, whatever it is called: without it no clone starts. */
static const char *const never[] = { "/boot", "/usr",       "/bin",          "/sbin", "/lib*",
                                     "/efi",  "/etc/fstab", "/etc/crypttab", NULL };

/**
 * strata_seal_additions:
 * @n_additions: (out): how many
 *
 * Returns: (transfer none) (array length=n_additions): the table
 */
const StrataSealAddition *
strata_seal_additions (gsize *n_additions)
{
  *n_additions = G_N_ELEMENTS (additions);

  return additions;
}

/**
 * strata_seal_stays:
 * @n_stays: (out): how many
 *
 * Returns: (transfer none) (array length=n_stays): the table
 */
const StrataSealStay *
strata_seal_stays (gsize *n_stays)
{
  *n_stays = G_N_ELEMENTS (stays);

  return stays;
}

static void
add_once (GPtrArray *paths, char *path)
{
  if (g_ptr_array_find_with_equal_func (paths, path, g_str_equal, NULL))
    g_free (path);
  else
    g_ptr_array_add (paths, path);
}

/**
 * strata_seal_expand:
 * @globs: (array zero-terminated=1): patterns, with “~” for home directories
 * @homes: (nullable) (array zero-terminated=1): home directories in the guest beyond /root and /home
 *
 * Returns: (transfer full) (element-type utf8): patterns without “~”, each once
 */
GPtrArray *
strata_seal_expand (const char *const *globs, const char *const *homes)
{
  static const char *const usual[] = { "/root", "/home/*" };
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);

  for (size_t i = 0; globs[i] != NULL; i++)
    {
      if (*globs[i] != '~')
        {
          add_once (paths, g_strdup (globs[i]));
          continue;
        }
      for (size_t j = 0; j < G_N_ELEMENTS (usual); j++)
        add_once (paths, g_strconcat (usual[j], globs[i] + 1, NULL));
      for (size_t j = 0; homes != NULL && homes[j] != NULL; j++)
        add_once (paths, g_strconcat (homes[j], globs[i] + 1, NULL));
    }

  return paths;
}

/* Does GLOB match PATH or a folder that it is in? */
static gboolean
covers (const char *glob, const char *path)
{
  g_autofree char *part = g_strdup (path);

  if (g_str_has_prefix (glob, "**"))
    return g_str_has_suffix (path, glob + 2);

  while (part[0] != '\0' && strcmp (part, "/") != 0)
    {
      if (fnmatch (glob, part, FNM_PATHNAME) == 0)
        return TRUE;
      *strrchr (part, '/') = '\0';
    }

  return FALSE;
}

static gboolean
any_covers (const char *const *globs, const char *const *homes, const char *path)
{
  g_autoptr (GPtrArray) expanded = strata_seal_expand (globs, homes);

  for (guint i = 0; i < expanded->len; i++)
    {
      if (covers (g_ptr_array_index (expanded, i), path))
        return TRUE;
    }

  return FALSE;
}

static gboolean
operation_reaches (const char *operation, const char *const *homes, const char *path)
{
  for (size_t i = 0; i < G_N_ELEMENTS (reaches); i++)
    {
      if (strcmp (reaches[i].operation, operation) == 0)
        return any_covers (reaches[i].globs, homes, path);
    }

  /* An operation that a later virt-sysprep has: what it is for isn't known, what it isn't for is. */
  return !any_covers (never, NULL, path);
}

/**
 * strata_seal_may_change:
 * @path: an absolute path in the guest
 * @operations: (array zero-terminated=1): the operations that were run
 * @homes: (nullable) (array zero-terminated=1): home directories in the guest
 *
 * Returns: whether sealing with @operations may make, change or remove @path
 */
gboolean
strata_seal_may_change (const char *path, const char *const *operations, const char *const *homes)
{
  g_return_val_if_fail (path != NULL && *path == '/', FALSE);
  g_return_val_if_fail (operations != NULL, FALSE);

  /* “customize” is always run, since what Strata adds are options of it. */
  if (operation_reaches ("customize", homes, path))
    return TRUE;

  for (size_t i = 0; operations[i] != NULL; i++)
    {
      if (operation_reaches (operations[i], homes, path))
        return TRUE;
    }

  for (size_t i = 0; i < G_N_ELEMENTS (additions); i++)
    {
      if ((additions[i].operation == NULL ||
           g_strv_contains (operations, additions[i].operation)) &&
          any_covers (additions[i].globs, homes, path))
        return TRUE;
    }

  return FALSE;
}
