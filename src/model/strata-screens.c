/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which snapshots have a picture of the screen. */

#include "config.h"

#include "host/domain/strata-screenshot.h"
#include "strata-screens.h"

/**
 * strata_screens_list:
 * @uuid: a machine's UUID
 *
 * Worker threads only.
 *
 * Returns: (transfer full) (element-type utf8 filename): snapshots' names and files
 */
GHashTable *
strata_screens_list (const char *uuid)
{
  GHashTable *files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autofree char *any = strata_screenshot_get_path (uuid, "any");
  g_autofree char *folder = g_path_get_dirname (any);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *file;

  while (dir != NULL && (file = g_dir_read_name (dir)) != NULL)
    {
      char *name = g_uri_unescape_string (file, NULL);

      if (name != NULL)
        g_hash_table_insert (files, name, g_build_filename (folder, file, NULL));
    }

  return files;
}
