/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What sealing may change, how that it changed nothing else is found out, and what a guest mounts. */

#include "config.h"

#include <string.h>

#include "guest/strata-guest-listing.h"
#include "guest/strata-guest-mounts.h"
#include "guest/strata-seal-table.h"
#include "base/strata-error.h"

#define FILE_MODE 0100644
#define LINK_MODE 0120777
#define DIR_MODE  0040755

static const char *const operations[] = { "crash-data", "logfiles",    "machine-id",
                                          "tmp-files",  "ssh-userdir", NULL };

static gboolean
may_change (const char *path)
{
  const char *const homes[] = { "/srv/users/bob", NULL };

  return strata_seal_may_change (path, operations, homes);
}

static void
test_reach (void)
{
  g_assert_true (may_change ("/etc/machine-id"));
  g_assert_true (may_change ("/var/crash/vmcore"));
  g_assert_true (may_change ("/tmp/a/b"));
  g_assert_true (may_change ("/var/log/journal/0123/system.journal"));
  g_assert_true (may_change ("/var/lib/systemd/random-seed"));
  g_assert_true (may_change ("/var/lib/systemd/credential.secret"));
  g_assert_true (may_change ("/srv/users/bob/.ssh/id_rsa"));
  g_assert_true (may_change ("/home/ann/.ssh"));

  g_assert_false (may_change ("/boot/vmlinuz-6.1"));
  g_assert_false (may_change ("/etc/passwd"));
  g_assert_false (may_change ("/etc/fstab"));
  g_assert_false (may_change ("/var/crash-not"));
  g_assert_false (may_change ("/srv/users/eve/.ssh/id_rsa"));
  /* Not chosen: */
  g_assert_false (may_change ("/root/.bash_history"));
  g_assert_false (may_change ("/etc/ssh/ssh_host_rsa_key"));
}

/* An operation of a later virt-sysprep may do what it likes, but not there. */
static void
test_reach_unknown (void)
{
  const char *const unknown[] = { "new-operation", NULL };

  g_assert_true (strata_seal_may_change ("/var/lib/new/id", unknown, NULL));
  g_assert_false (strata_seal_may_change ("/boot/vmlinuz", unknown, NULL));
  g_assert_false (strata_seal_may_change ("/usr/bin/ls", unknown, NULL));
  g_assert_false (strata_seal_may_change ("/etc/fstab", unknown, NULL));
}

/* Each of virt-sysprep's operations of today has its line, so none is taken for unknown. */
static void
test_reach_known (void)
{
  static const char *const known[] = {
    "abrt-data",
    "backup-files",
    "bash-history",
    "blkid-tab",
    "ca-certificates",
    "crash-data",
    "cron-spool",
    "customize",
    "dhcp-client-state",
    "dhcp-server-state",
    "dovecot-data",
    "firewall-rules",
    "flag-reconfiguration",
    "ipa-client",
    "kerberos-data",
    "kerberos-hostkeytab",
    "logfiles",
    "lvm-system-devices",
    "lvm-uuids",
    "machine-id",
    "mail-spool",
    "net-hostname",
    "net-hwaddr",
    "net-nmconn",
    "pacct-log",
    "package-manager-cache",
    "pam-data",
    "passwd-backups",
    "puppet-data-log",
    "rh-subscription-manager",
    "rhn-systemid",
    "rpm-db",
    "samba-db-log",
    "smolt-uuid",
    "ssh-hostkeys",
    "ssh-userdir",
    "sssd-db-log",
    "tmp-files",
    "udev-persistent-net",
    "user-account",
    "utmp",
    "yum-uuid",
    "zsh-history",
  };

  for (size_t i = 0; i < G_N_ELEMENTS (known); i++)
    {
      const char *const one[] = { known[i], NULL };

      g_assert_false (strata_seal_may_change ("/opt/application/data", one, NULL));
      g_assert_false (strata_seal_may_change ("/boot/vmlinuz", one, NULL));
    }
}

/* A guest as it was: root on one file system, /boot on another, and /var/log a link. */
static StrataGuestListing *
new_listing (void)
{
  StrataGuestListing *self = strata_guest_listing_new ();

  strata_guest_listing_add_home (self, "/srv/users/bob");
  strata_guest_listing_add_scratch (self, "/swapfile");
  strata_guest_listing_add_system (self, "/dev/sda2", "/", TRUE);
  strata_guest_listing_add_file (self, "/etc", DIR_MODE, 4096, 10, NULL);
  strata_guest_listing_add_file (self, "/etc/fstab", FILE_MODE, 120, 1000, NULL);
  strata_guest_listing_add_file (self, "/swapfile", FILE_MODE, 4096, 1000, NULL);
  strata_guest_listing_add_file (self, "/var/log", LINK_MODE, 9, 1000, "../data/log");

  return self;
}

static void
add_boot (StrataGuestListing *self)
{
  strata_guest_listing_add_system (self, "/dev/sda1", "/boot", TRUE);
  strata_guest_listing_add_file (self, "/vmlinuz", FILE_MODE, 8000000, 1000, NULL);
  strata_guest_listing_add_file (self, "/a\tb\n\303\274", FILE_MODE, 1, 1000, NULL);
}

static char *
compare (StrataGuestListing *before, StrataGuestListing *after)
{
  g_autofree char *text_before = strata_guest_listing_pack (before);
  g_autofree char *text_after = strata_guest_listing_pack (after);
  g_autoptr (StrataGuestListing) read_before = strata_guest_listing_unpack (text_before, NULL);
  g_autoptr (StrataGuestListing) read_after = strata_guest_listing_unpack (text_after, NULL);
  g_autoptr (GPtrArray) found = NULL;

  g_assert_nonnull (read_before);
  g_assert_nonnull (read_after);
  found = strata_guest_listing_compare (read_before, read_after, operations);
  g_ptr_array_add (found, NULL);

  return g_strjoinv (" ", (char **) found->pdata);
}

static void
test_unharmed (void)
{
  g_autoptr (StrataGuestListing) before = new_listing ();
  g_autoptr (StrataGuestListing) after = strata_guest_listing_new ();
  g_autofree char *found = NULL;

  strata_guest_listing_add_file (before, "/etc/machine-id", FILE_MODE, 33, 1000, NULL);
  strata_guest_listing_add_file (before, "/data/log/app.txt", FILE_MODE, 33, 1000, NULL);
  strata_guest_listing_add_file (before, "/srv/users/bob/.ssh/id", FILE_MODE, 3, 1000, NULL);
  add_boot (before);

  /* Other order, another time of a folder, what was to go is gone, the swap file was written over. */
  add_boot (after);
  strata_guest_listing_add_system (after, "/dev/sda2", "/", TRUE);
  strata_guest_listing_add_file (after, "/etc", DIR_MODE, 4096, 99, NULL);
  strata_guest_listing_add_file (after, "/etc/fstab", FILE_MODE, 120, 1000, NULL);
  strata_guest_listing_add_file (after, "/swapfile", FILE_MODE, 4096, 2000, NULL);
  strata_guest_listing_add_file (after, "/var/log", LINK_MODE, 9, 1000, "../data/log");
  strata_guest_listing_add_file (after, "/etc/machine-id", FILE_MODE, 0, 2000, NULL);
  strata_guest_listing_add_file (after, "/data/log/app.txt", FILE_MODE, 0, 2000, NULL);
  strata_guest_listing_add_file (after, "/etc/systemd/system/strata-ssh-hostkeys.service",
                                 FILE_MODE, 9, 2000, NULL);

  found = compare (before, after);
  g_assert_cmpstr (found, ==, "");
}

/* /boot emptied, a file system away, a file written to in its own size, one made, a mode changed. */
static void
test_harmed (void)
{
  g_autoptr (StrataGuestListing) before = new_listing ();
  g_autoptr (StrataGuestListing) after = strata_guest_listing_new ();
  g_autofree char *found = NULL;

  add_boot (before);
  strata_guest_listing_add_system (before, "/dev/sdb1", NULL, TRUE);
  strata_guest_listing_add_file (before, "/data", FILE_MODE, 1, 1000, NULL);
  strata_guest_listing_add_system (before, "/dev/sdc1", "/srv", TRUE);

  strata_guest_listing_add_system (after, "/dev/sda2", "/", TRUE);
  strata_guest_listing_add_file (after, "/etc", 0040700, 4096, 10, NULL);
  strata_guest_listing_add_file (after, "/etc/fstab", FILE_MODE, 120, 1001, NULL);
  strata_guest_listing_add_file (after, "/opt/new", FILE_MODE, 1, 1000, NULL);
  strata_guest_listing_add_file (after, "/var/log", LINK_MODE, 9, 1000, "../data/log");
  strata_guest_listing_add_system (after, "/dev/sda1", "/boot", TRUE);
  strata_guest_listing_add_file (after, "/a\tb\n\303\274", FILE_MODE, 1, 1000, NULL);
  strata_guest_listing_add_system (after, "/dev/sdb1", NULL, TRUE);

  found = compare (before, after);
  g_assert_cmpstr (found, ==, "/boot/vmlinuz /dev/sdb1:/data /dev/sdc1 /etc /etc/fstab /opt/new");
}

static void
test_damaged (void)
{
  g_autoptr (StrataGuestListing) nothing = strata_guest_listing_new ();
  g_autofree char *text = strata_guest_listing_pack (nothing);
  g_autoptr (StrataGuestListing) read = strata_guest_listing_unpack (text, NULL);
  g_autoptr (GError) error = NULL;

  /* An empty one is not damaged. */
  g_assert_nonnull (read);
  g_assert_null (strata_guest_listing_unpack ("bm90IHppcHBlZA==", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
}

static void
test_mounts (void)
{
  const char *const homes[] = { "/srv/users/bob", NULL };
  g_autoptr (GPtrArray) mounts =
      strata_guest_mounts_parse_fstab ("# a comment\n"
                                       "UUID=aaaa / ext4 defaults 0 1\n"
                                       "/dev/disk/by-id/virtio-DATA1 /var ext4 defaults 0 2\n"
                                       "LABEL=x\t/mnt/my\\040disk\txfs\n"
                                       "UUID=bbbb none swap sw 0 0\n"
                                       "proc /proc proc defaults 0 0\n"
                                       "tmpfs /tmp tmpfs size=1G 0 0\n"
                                       "server:/export /home nfs rw 0 0\n"
                                       "//server/share /srv/share cifs rw 0 0\n"
                                       "/data/home /home none bind 0 0\n"
                                       "/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0\n"
                                       "/dev/vdb1 /srv ext4 noauto 0 0\n");
  g_autoptr (GString) text = g_string_new (NULL);

  strata_guest_mounts_parse_unit ("[Mount]\nWhat=/dev/vdc\nWhere=/var/lib/mysql\nType=ext4\n",
                                  mounts);
  strata_guest_mounts_parse_unit ("[Mount]\nWhat=tmpfs\nWhere=/tmp\nType=tmpfs\n", mounts);
  for (guint i = 0; i < mounts->len; i++)
    {
      StrataGuestMount *mount = g_ptr_array_index (mounts, i);

      g_string_append_printf (text, "%s=%s%s\n", mount->what, mount->where,
                              strata_guest_mount_matters (mount, homes) ? "!" : "");
    }

  g_assert_cmpstr (text->str, ==,
                   "UUID=aaaa=/!\n/dev/disk/by-id/virtio-DATA1=/var!\nLABEL=x=/mnt/my disk\n"
                   "/dev/vdb1=/srv!\n/dev/vdc=/var/lib/mysql!\n");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/guest/table/reach", test_reach);
  g_test_add_func ("/guest/table/reach-unknown", test_reach_unknown);
  g_test_add_func ("/guest/table/reach-known", test_reach_known);
  g_test_add_func ("/guest/table/unharmed", test_unharmed);
  g_test_add_func ("/guest/table/harmed", test_harmed);
  g_test_add_func ("/guest/table/damaged", test_damaged);
  g_test_add_func ("/guest/table/mounts", test_mounts);

  return g_test_run ();
}
