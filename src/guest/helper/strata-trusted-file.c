/* SPDX-License-Identifier: GPL-3.0-or-later */

/* An image as root may open it: a user who can write to it, or put another file in its place, must not make root's QEMU read or write
 * what that user may not. So what belongs to the person who asks is opened with that person's rights; and what belongs to root or to libvirt's
 * QEMU is opened only where none but root can change it, what it stands on, or the way to either.
 */

#include "config.h"

#include "strata-trusted-file.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
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

/**
 * strata_trusted_file_is_fixed:
 * @path: an absolute path, without “..”
 * @culprit: (out) (optional): the file or folder by which it isn't
 *
 * Returns: whether only root can put something else where @path leads
 */
gboolean
strata_trusted_file_is_fixed (const char *path, char **culprit)
{
  g_autofree char *rest = g_strdup (path);
  guint n_links = 0;
  char *end = rest;

  while (end != NULL)
    {
      struct stat entry;
      gboolean fixed;

      end = strchr (end + 1, '/');
      if (end != NULL)
        *end = '\0';
      /* What is beyond a link’s “..” isn’t told by the words. */
      fixed = *rest == '/' && strstr (rest, "/..") == NULL && lstat (rest, &entry) == 0 &&
              is_trusted (entry.st_uid) &&
              (!S_ISDIR (entry.st_mode) || (entry.st_mode & (S_IWGRP | S_IWOTH)) == 0 ||
               (entry.st_mode & S_ISVTX) != 0);
      if (fixed && S_ISLNK (entry.st_mode))
        {
          g_autofree char *target = g_file_read_link (rest, NULL);
          g_autofree char *folder = g_path_get_dirname (rest);
          const char *below = target;
          char *next;

          /* All folders so far are what their names say, links having been taken apart; later ones may not be. */
          while (below != NULL && g_str_has_prefix (below, "../"))
            {
              char *parent = g_path_get_dirname (folder);

              g_free (folder);
              folder = parent;
              below += strlen ("../");
            }
          fixed = below != NULL && ++n_links <= MAX_LINKS && strstr (below, "..") == NULL;
          if (fixed)
            {
              next = g_build_filename (g_path_is_absolute (below) ? "/" : folder, below,
                                       end != NULL ? end + 1 : NULL, NULL);
              g_free (rest);
              rest = next;
              end = rest;
              continue;
            }
        }
      if (!fixed)
        {
          if (culprit != NULL)
            *culprit = g_strdup (rest);
          return FALSE;
        }
      if (end != NULL)
        *end = '/';
    }

  return TRUE;
}

/* Of one layer: whether its header says no more than what it stands on, and in which format; a format that is missing would be guessed from
 * what a guest wrote. */
static gboolean
is_plain_layer (JsonObject *layer)
{
  JsonObject *specific = json_object_has_member (layer, "format-specific")
                             ? json_object_get_object_member (layer, "format-specific")
                             : NULL;
  JsonObject *data = specific != NULL && json_object_has_member (specific, "data")
                         ? json_object_get_object_member (specific, "data")
                         : NULL;

  return !(json_object_has_member (layer, "backing-filename") &&
           !json_object_has_member (layer, "backing-filename-format")) &&
         !(data != NULL && json_object_has_member (data, "data-file"));
}

/* What DISK stands on, by its headers. Asked of qemu-img, since none but root and QEMU write them. */
static GPtrArray *
read_backings (const StrataGuestDisk *disk, GError **error)
{
  const char *const argv[] = {
    "qemu-img",        "info", "-U",       "-f", disk->format, "--output=json",
    "--backing-chain", "--",   disk->path, NULL
  };
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *text = NULL;
  g_autofree char *complaints = NULL;
  g_autoptr (JsonNode) root = NULL;
  JsonArray *layers;

  process = g_subprocess_newv (
      argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, error);
  if (process == NULL ||
      !g_subprocess_communicate_utf8 (process, NULL, NULL, &text, &complaints, error))
    return NULL;

  root = g_subprocess_get_successful (process) ? json_from_string (text, NULL) : NULL;
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

      if (!is_plain_layer (layer))
        {
          set_untrusted (disk->path,
                         json_object_get_string_member_with_default (layer, "filename", disk->path),
                         error);
          return NULL;
        }
      if (name != NULL)
        g_ptr_array_add (names, g_strdup (json_object_get_string_member_with_default (
                                    layer, "full-backing-filename", name)));
    }

  return g_steal_pointer (&names);
}

/* Is the file, as it was opened or looked at, one that none but root and QEMU write to? */
static gboolean
is_closed_to_others (const struct stat *entry)
{
  if (S_ISBLK (entry->st_mode))
    return is_trusted (entry->st_uid);

  return S_ISREG (entry->st_mode) && is_trusted (entry->st_uid) &&
         (entry->st_mode & S_IWOTH) == 0 && ((entry->st_mode & S_IWGRP) == 0 || entry->st_gid == 0);
}

static gboolean
check_backings (const StrataGuestDisk *disk, GPtrArray *backings, GError **error)
{
  for (guint i = 0; i < backings->len; i++)
    {
      const char *path = g_ptr_array_index (backings, i);
      g_autofree char *culprit = NULL;
      struct stat entry;

      if (!strata_trusted_file_is_fixed (path, &culprit))
        return set_untrusted (disk->path, culprit, error);
      if (stat (path, &entry) != 0 || !is_closed_to_others (&entry))
        return set_untrusted (disk->path, path, error);
    }

  return TRUE;
}

/* Who had polkit ask; root itself where there is no pkexec between. */
static uid_t
get_caller (void)
{
  const char *text = g_getenv ("PKEXEC_UID");

  return text != NULL ? (uid_t) g_ascii_strtoull (text, NULL, 10) : getuid ();
}

/**
 * strata_trusted_file_take:
 * @disk: a disk that may be worked on; its path leads through no links
 * @for_writing: whether it is to be changed
 * @user: (out): with whose rights it is to be opened: 0, or the person's whose it is and who asks
 * @error: `STRATA_ERROR_NOT_FOUND`, `STRATA_ERROR_PERMISSION`
 *
 * Returns: (transfer full) (element-type utf8): what it stands on, where root is to open it; %NULL if it can't be opened without
 *   giving a person more rights than that one has
 */
GPtrArray *
strata_trusted_file_take (const StrataGuestDisk *disk,
                          gboolean for_writing,
                          uid_t *user,
                          GError **error)
{
  g_autofree char *culprit = NULL;
  g_autoptr (GPtrArray) backings = NULL;
  struct stat entry;

  *user = 0;
  if (lstat (disk->path, &entry) != 0)
    {
      strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL,
                        _ ("The disk “%s” cannot be opened: %s"), disk->path, g_strerror (errno));
      return NULL;
    }

  if (S_ISREG (entry.st_mode) && !is_trusted (entry.st_uid) &&
      (get_caller () == 0 || entry.st_uid == get_caller ()))
    {
      *user = entry.st_uid;
      return g_ptr_array_new ();
    }
  if (!is_closed_to_others (&entry))
    {
      set_untrusted (disk->path, disk->path, error);
      return NULL;
    }
  if (!strata_trusted_file_is_fixed (disk->path, &culprit))
    {
      set_untrusted (disk->path, culprit, error);
      return NULL;
    }
  if (for_writing && S_ISREG (entry.st_mode) && entry.st_nlink > 1)
    {
      strata_set_error (error, STRATA_ERROR_PERMISSION,
                        _ ("Give it one name only, or seal a copy."),
                        _ ("“%s” has another name as well (a hard link), under which it would be "
                           "changed, too."),
                        disk->path);
      return NULL;
    }

  backings = read_backings (disk, error);

  return backings != NULL && check_backings (disk, backings, error) ? g_steal_pointer (&backings)
                                                                    : NULL;
}
