/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a guest would mount from its disks when it starts. Whatever of it could not be mounted for sealing
 * was not sealed. Pure.
 */

#include "config.h"

#include "strata-guest-mounts.h"

#include <stdio.h>
#include <string.h>

/* Not on a disk of the guest, or made anew at each start, or media that is not part of the machine. */
static const char *const other_types[] = {
  "swap",       "proc",        "sysfs",     "tmpfs",    "ramfs",   "devpts",
  "devtmpfs",   "cgroup",      "cgroup2",   "mqueue",   "debugfs", "tracefs",
  "securityfs", "efivarfs",    "hugetlbfs", "configfs", "bpf",     "binfmt_misc",
  "nfs",        "nfs4",        "cifs",      "smb3",     "9p",      "virtiofs",
  "fuse",       "sshfs",       "glusterfs", "ceph",     "autofs",  "iso9660",
  "udf",        "udf,iso9660", "squashfs",  "overlay",  "none",    NULL,
};

static const char *const other_sources[] = { "/dev/sr", "/dev/cdrom", "/dev/dvd", "/dev/fd", NULL };

/* Where sealing has something to remove. */
static const char *const places[] = { "/var", "/home", "/root", "/tmp", "/etc", NULL };

void
strata_guest_mount_free (StrataGuestMount *self)
{
  if (self == NULL)
    return;

  g_free (self->what);
  g_free (self->where);
  g_free (self);
}

static gboolean
is_other (const char *what, const char *where, const char *type, const char *options)
{
  g_auto (GStrv) words = g_strsplit (options, ",", -1);

  if (*where != '/' || g_strv_contains (other_types, type) || g_str_has_prefix (type, "fuse.") ||
      g_strv_contains ((const char *const *) words, "bind") ||
      g_strv_contains ((const char *const *) words, "rbind"))
    return TRUE;

  for (size_t i = 0; other_sources[i] != NULL; i++)
    {
      if (g_str_has_prefix (what, other_sources[i]))
        return TRUE;
    }

  /* “//server/share”, “server:/export” and the like name no disk. */
  return *what != '/' && strchr (what, '=') == NULL && !g_str_has_prefix (what, "LABEL");
}

static void
add (GPtrArray *mounts, const char *what, const char *where)
{
  StrataGuestMount *self = g_new0 (StrataGuestMount, 1);

  self->what = g_strdup (what);
  self->where = g_canonicalize_filename (where, "/");
  g_ptr_array_add (mounts, self);
}

/**
 * strata_guest_mounts_parse_fstab:
 * @text: a guest's /etc/fstab
 *
 * Leaves out what is on no disk of the guest: pseudo file systems, network shares, CDs, bind mounts.
 *
 * Returns: (transfer full) (element-type StrataGuestMount): what it mounts
 */
GPtrArray *
strata_guest_mounts_parse_fstab (const char *text)
{
  GPtrArray *mounts = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_guest_mount_free);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (size_t i = 0; lines[i] != NULL; i++)
    {
      char what[1024], where[1024], type[128], options[1024];
      g_autofree char *folder = NULL;

      g_strstrip (lines[i]);
      if (*lines[i] == '#' ||
          sscanf (lines[i], "%1023s %1023s %127s %1023s", what, where, type, options) < 3)
        continue;
      if (sscanf (lines[i], "%*s %*s %*s %1023s", options) < 1)
        *options = '\0';

      /* A blank in a name is written as “\040”. */
      folder = g_strcompress (where);
      if (!is_other (what, folder, type, options))
        add (mounts, what, folder);
    }

  return mounts;
}

static char *
get_setting (const char *text, const char *key)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (size_t i = 0; lines[i] != NULL; i++)
    {
      g_strstrip (lines[i]);
      if (g_str_has_prefix (lines[i], key) && lines[i][strlen (key)] == '=')
        return g_strdup (lines[i] + strlen (key) + 1);
    }

  return g_strdup ("");
}

/**
 * strata_guest_mounts_parse_unit:
 * @text: a unit file of systemd of the type “mount”
 * @mounts: (element-type StrataGuestMount): where it is added, if it mounts a disk of the guest
 */
void
strata_guest_mounts_parse_unit (const char *text, GPtrArray *mounts)
{
  g_autofree char *what = get_setting (text, "What");
  g_autofree char *where = get_setting (text, "Where");
  g_autofree char *type = get_setting (text, "Type");
  g_autofree char *options = get_setting (text, "Options");

  if (*what != '\0' && !is_other (what, where, type, options))
    add (mounts, what, where);
}

/* Is one of them in the other? */
static gboolean
overlap (const char *a, const char *b)
{
  size_t length_a = strlen (a);
  size_t length_b = strlen (b);

  if (length_a > length_b)
    return overlap (b, a);

  return strcmp (a, "/") == 0 ||
         (strncmp (a, b, length_a) == 0 && (b[length_a] == '/' || b[length_a] == '\0'));
}

/**
 * strata_guest_mount_matters:
 * @self: what a guest mounts
 * @homes: (array zero-terminated=1): the home directories of the guest
 *
 * Returns: whether sealing would have something to remove there
 */
gboolean
strata_guest_mount_matters (StrataGuestMount *self, const char *const *homes)
{
  for (size_t i = 0; places[i] != NULL; i++)
    {
      if (overlap (self->where, places[i]))
        return TRUE;
    }
  for (size_t i = 0; homes[i] != NULL; i++)
    {
      if (overlap (self->where, homes[i]))
        return TRUE;
    }

  return FALSE;
}
