/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One name for each file: two names of an image would look like two images, and the law is about
 * images.
 */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "strata-connection-private.h"

/**
 * strata_connection_canonical_path:
 * @self: a connection
 * @path: a path on the host
 *
 * Worker threads only: it looks at the file system.
 *
 * Returns: (transfer full): @path as the host itself would name the file, which need not exist; on a
 *   host that is not local only `.` and `..` are tidied away
 */
char *
strata_connection_canonical_path (StrataConnection *self, const char *path)
{
  g_autofree char *tidy = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *name = NULL;
  char *real;

  if (!g_path_is_absolute (path))
    return g_strdup (path);

  tidy = g_canonicalize_filename (path, "/");
  /* The links below /dev are the names that last: what /dev/vg/disk stands for has another number
   * after the next start. */
  if (!strata_connection_get_facts (self)->is_local || strata_path_is_device (tidy))
    return g_steal_pointer (&tidy);

  /* Before ".." is tidied away: after a symbolic link it means another folder. */
  real = realpath (path, NULL);
  if (real != NULL)
    return real;

  folder = g_path_get_dirname (path);
  name = g_path_get_basename (path);
  real = realpath (folder, NULL);
  if (real != NULL)
    {
      g_autofree char *parent = real;

      return g_build_filename (parent, name, NULL);
    }

  return g_steal_pointer (&tidy);
}

/* Whether PATH is what its folder has by that name itself, and no link; so that only the folder has to be resolved. */
static gboolean
is_entry (StrataConnection *self, const char *path)
{
  const char *slash = strrchr (path, '/');
  struct stat status;

  return slash != NULL && slash != path && slash[1] != '\0' && !g_str_equal (slash, "/.") &&
         !g_str_equal (slash, "/..") && strata_connection_get_facts (self)->is_local &&
         !strata_path_is_device (path) && lstat (path, &status) == 0 && !S_ISLNK (status.st_mode);
}

/* Folders of one look, which is over in a moment: to resolve each path anew would be most of what is asked of the file system. */
char *
strata_connection_canonical_path_by (StrataConnection *self, GHashTable *folders, const char *path)
{
  g_autofree char *folder = NULL;
  const char *real;

  if (!is_entry (self, path))
    return strata_connection_canonical_path (self, path);

  folder = g_path_get_dirname (path);
  real = g_hash_table_lookup (folders, folder);
  if (real == NULL)
    {
      g_autofree char *there = realpath (folder, NULL);

      if (there == NULL)
        return strata_connection_canonical_path (self, path);
      real = there;
      g_hash_table_insert (folders, g_steal_pointer (&folder), g_steal_pointer (&there));
    }

  return g_build_filename (real, strrchr (path, '/') + 1, NULL);
}

char *
strata_connection_canonical_path_in (StrataConnection *self, const char *folder, const char *path)
{
  size_t length = strlen (folder);

  return strncmp (path, folder, length) == 0 && path[length] == '/' &&
                 strchr (path + length + 1, '/') == NULL && is_entry (self, path)
             ? g_strdup (path)
             : strata_connection_canonical_path (self, path);
}

/* A StrataIsDevice; of another computer's files nothing is known. */
gboolean
strata_connection_is_device (const char *path, gpointer connection)
{
  struct stat status;

  return strata_connection_get_facts (connection)->is_local && stat (path, &status) == 0 &&
         S_ISBLK (status.st_mode);
}
