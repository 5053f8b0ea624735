/* SPDX-License-Identifier: GPL-3.0-or-later */

/* An image as root may open it: a user who can write to it, or put another file in its place, must not make root's QEMU read or write
 * what that user may not. So what belongs to a person is opened with that person's rights; and what belongs to root or to libvirt's QEMU
 * is opened once, as the file that was looked at, and stands on nothing that a person can change.
 */

#include "config.h"

#include "strata-trusted-file.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strata-error.h"

#define MAX_LINKS 40

/* Whom libvirt has its QEMUs run as: Debian's, Fedora's. */
static const char *const qemu_users[] = { "libvirt-qemu", "qemu" };

static gboolean
is_trusted (uid_t uid)
{
  if (uid == 0)
    return TRUE;

  for (size_t i = 0; i < G_N_ELEMENTS (qemu_users); i++)
    {
      const struct passwd *user = getpwnam (qemu_users[i]);

      if (user != NULL && user->pw_uid == uid)
        return TRUE;
    }

  return FALSE;
}

static gboolean
set_untrusted (const char *path, const char *culprit, GError **error)
{
  g_autofree char *hint = g_strdup_printf (
      /* Translators: a file or folder */
      _ ("Have “%s” belong to root alone, also with the right to write to it, or seal a copy."),
      culprit);

  strata_set_error (error, STRATA_ERROR_PERMISSION, hint,
                    /* Translators: a file, then a file or folder on the way to it */
                    _ ("“%s” is not opened with root’s rights, because of who may change “%s”."),
                    path, culprit);
  return FALSE;
}

/* Can only root put something else where PATH leads? Sets CULPRIT to what makes it possible. */
static gboolean
is_fixed (const char *path, char **culprit)
{
  g_autofree char *rest = g_canonicalize_filename (path, "/");
  guint n_links = 0;

  for (char *end = rest; end != NULL;)
    {
      struct stat entry;
      char saved;

      end = strchr (end + 1, '/');
      saved = end != NULL ? *end : '\0';
      if (end != NULL)
        *end = '\0';
      if (lstat (rest, &entry) != 0 || !is_trusted (entry.st_uid) ||
          (S_ISDIR (entry.st_mode) && (entry.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
           (entry.st_mode & S_ISVTX) == 0))
        {
          *culprit = g_strdup (rest);
          return FALSE;
        }
      if (S_ISLNK (entry.st_mode))
        {
          g_autofree char *target = g_file_read_link (rest, NULL);
          g_autofree char *folder = g_path_get_dirname (rest);
          g_autofree char *tail = g_strdup (end != NULL ? end + 1 : "");
          g_autofree char *next = NULL;

          if (target == NULL || ++n_links > MAX_LINKS)
            {
              *culprit = g_strdup (rest);
              return FALSE;
            }
          next = g_build_filename (target, *tail != '\0' ? tail : NULL, NULL);
          g_free (rest);
          rest = g_canonicalize_filename (next, folder);
          end = rest;
          continue;
        }
      if (end != NULL)
        *end = saved;
    }

  return TRUE;
}

/* What DISK stands on, by its headers; only the first, as it is written there, where CHAIN is FALSE. Asked of qemu-img, since none but root and
 * QEMU write them. */
static GPtrArray *
read_backings (const StrataGuestDisk *disk, gboolean chain, GError **error)
{
  const char *const argv[] = { "qemu-img",
                               "info",
                               "-U",
                               "--output=json",
                               "-f",
                               disk->format,
                               chain ? "--backing-chain" : "--",
                               disk->opened,
                               NULL };
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *text = NULL;
  g_autofree char *complaints = NULL;
  g_autofree char *list = NULL;
  g_autoptr (JsonNode) root = NULL;
  JsonArray *layers;

  process = g_subprocess_newv (
      argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, error);
  if (process == NULL ||
      !g_subprocess_communicate_utf8 (process, NULL, NULL, &text, &complaints, error))
    return NULL;

  list = chain ? g_strdup (text) : g_strdup_printf ("[%s]", text);
  root = g_subprocess_get_successful (process) ? json_from_string (list, NULL) : NULL;
  if (root == NULL || !JSON_NODE_HOLDS_ARRAY (root))
    {
      strata_set_error (error, STRATA_ERROR_FAILED, NULL, _ ("The disk “%s” cannot be opened: %s"),
                        disk->path, g_strstrip (complaints));
      return NULL;
    }

  layers = json_node_get_array (root);
  for (guint i = 0; i < json_array_get_length (layers); i++)
    {
      JsonObject *layer = json_array_get_object_element (layers, i);
      const char *name =
          json_object_get_string_member_with_default (layer, "backing-filename", NULL);
      const char *full =
          json_object_get_string_member_with_default (layer, "full-backing-filename", name);

      if (name != NULL)
        g_ptr_array_add (names, g_strdup (chain ? full : name));
    }

  return g_steal_pointer (&names);
}

/* None but root can change what it stands on, or put another image in its place. */
static gboolean
check_backings (const StrataGuestDisk *disk, GError **error)
{
  g_autoptr (GPtrArray) backings = read_backings (disk, TRUE, error);

  if (backings == NULL)
    return FALSE;

  for (guint i = 0; i < backings->len; i++)
    {
      const char *path = g_ptr_array_index (backings, i);
      g_autofree char *culprit = NULL;
      struct stat entry;

      if (!g_path_is_absolute (path))
        return set_untrusted (disk->path, path, error);
      if (!is_fixed (path, &culprit))
        return set_untrusted (disk->path, culprit, error);
      if (stat (path, &entry) != 0 || !(S_ISREG (entry.st_mode) || S_ISBLK (entry.st_mode)) ||
          (S_ISREG (entry.st_mode) && (entry.st_mode & S_IWOTH) != 0))
        return set_untrusted (disk->path, path, error);
    }

  return TRUE;
}

/* By its name where it can only lead to that very file, which REAL did a moment ago; else by FD. A relative name of what it stands on would be
 * looked for beside that. */
static gboolean
choose_name (StrataGuestDisk *disk, const char *real, int fd, GError **error)
{
  g_autoptr (GPtrArray) backings = NULL;
  g_autofree char *culprit = NULL;
  struct stat by_name;
  struct stat by_fd;

  if (is_fixed (real, &culprit))
    {
      disk->opened = g_strdup (real);
      return stat (real, &by_name) == 0 && fstat (fd, &by_fd) == 0 &&
                     by_name.st_dev == by_fd.st_dev && by_name.st_ino == by_fd.st_ino
                 ? TRUE
                 : set_untrusted (disk->path, real, error);
    }

  disk->opened = g_strdup_printf ("/proc/%d/fd/%d", getpid (), fd);
  backings = read_backings (disk, FALSE, error);
  if (backings == NULL)
    return FALSE;

  return backings->len == 0 || g_path_is_absolute (g_ptr_array_index (backings, 0)) ||
         set_untrusted (disk->path, culprit, error);
}

/**
 * strata_trusted_file_take:
 * @disk: a disk that may be worked on; gets what is to be opened in its place
 * @for_writing: whether it is to be changed
 * @user: (out): with whose rights it is to be opened: 0, or the person's whose it is
 * @fd: (out): open as long as it is worked on, -1 where that isn't needed
 * @error: `STRATA_ERROR_NOT_FOUND`, `STRATA_ERROR_PERMISSION`
 *
 * Returns: whether it can be opened without giving a person more rights than it has
 */
gboolean
strata_trusted_file_take (StrataGuestDisk *disk,
                          gboolean for_writing,
                          uid_t *user,
                          int *fd,
                          GError **error)
{
  g_autofree char *real = realpath (disk->path, NULL);
  g_autofree char *culprit = NULL;
  struct stat entry;

  *user = 0;
  /* O_NONBLOCK: a pipe in its place isn't waited for. */
  *fd = real != NULL ? open (real, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK) : -1;
  if (*fd < 0 || fstat (*fd, &entry) != 0)
    {
      strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL,
                        _ ("The disk “%s” cannot be opened: %s"), disk->path, g_strerror (errno));
      return FALSE;
    }

  if (S_ISREG (entry.st_mode) && !is_trusted (entry.st_uid))
    {
      g_clear_fd (fd, NULL);
      *user = entry.st_uid;
      return TRUE;
    }
  if (!(S_ISREG (entry.st_mode) || S_ISBLK (entry.st_mode)) || !is_trusted (entry.st_uid) ||
      (S_ISREG (entry.st_mode) && (entry.st_mode & S_IWOTH) != 0))
    return set_untrusted (disk->path, disk->path, error);
  /* A link leads where its owner wants. */
  if (g_strcmp0 (real, disk->path) != 0 && !is_fixed (disk->path, &culprit))
    return set_untrusted (disk->path, culprit, error);
  if (for_writing && S_ISREG (entry.st_mode) && entry.st_nlink > 1)
    {
      strata_set_error (error, STRATA_ERROR_PERMISSION,
                        _ ("Give it one name only, or seal a copy."),
                        _ ("“%s” has another name as well (a hard link), under which it would be "
                           "changed, too."),
                        disk->path);
      return FALSE;
    }

  return choose_name (disk, real, *fd, error) && check_backings (disk, error);
}
