/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Looking at files of a mounted guest. The guest decides what they hold and are called, so sizes are
 * bounded and names are not taken for UTF-8.
 */

#include "config.h"

#include "strata-guest-paths.h"

#include <string.h>

/* A configuration file larger than this is none. */
#define MAX_FILE_BYTES (4 * 1024 * 1024)

/**
 * strata_guest_path_exists:
 * @g: a handle with the guest mounted
 * @path: a path in the guest
 *
 * Returns: whether something is there; a link that leads nowhere is nothing
 */
gboolean
strata_guest_path_exists (guestfs_h *g, const char *path)
{
  return guestfs_exists (g, path) > 0;
}

/**
 * strata_guest_path_is_file:
 * @g: a handle with the guest mounted
 * @path: a path in the guest
 *
 * Returns: whether a regular file is there, and not a link to one
 */
gboolean
strata_guest_path_is_file (guestfs_h *g, const char *path)
{
  return guestfs_is_file_opts (g, path, GUESTFS_IS_FILE_OPTS_FOLLOWSYMLINKS, 0, -1) > 0;
}

/**
 * strata_guest_path_size:
 * @g: a handle with the guest mounted
 * @path: a path in the guest
 *
 * Returns: the size in bytes of the regular file that is there, -1 if there is none
 */
gint64
strata_guest_path_size (guestfs_h *g, const char *path)
{
  return strata_guest_path_is_file (g, path) ? guestfs_filesize (g, path) : -1;
}

/**
 * strata_guest_path_read:
 * @g: a handle with the guest mounted
 * @path: a path in the guest; links are followed within the guest
 *
 * Returns: (transfer full) (nullable): the text of the file; %NULL if there is none or it is too large
 */
char *
strata_guest_path_read (guestfs_h *g, const char *path)
{
  g_autofree char *content = NULL;
  size_t size = 0;
  gint64 told;

  if (guestfs_is_file_opts (g, path, GUESTFS_IS_FILE_OPTS_FOLLOWSYMLINKS, 1, -1) <= 0)
    return NULL;
  told = guestfs_filesize (g, path);
  if (told < 0 || told > MAX_FILE_BYTES)
    return NULL;

  content = guestfs_read_file (g, path, &size);
  return content != NULL ? g_strndup (content, size) : NULL;
}

/**
 * strata_guest_paths_glob:
 * @g: a handle with the guest mounted
 * @patterns: (array zero-terminated=1): patterns of paths in the guest
 *
 * Returns: (transfer full) (element-type utf8): the paths that match, each once
 */
GPtrArray *
strata_guest_paths_glob (guestfs_h *g, const char *const *patterns)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  for (size_t i = 0; patterns[i] != NULL; i++)
    {
      g_auto (GStrv) found =
          guestfs_glob_expand_opts (g, patterns[i], GUESTFS_GLOB_EXPAND_OPTS_DIRECTORYSLASH, 0, -1);

      for (size_t j = 0; found != NULL && found[j] != NULL; j++)
        {
          if (!g_ptr_array_find_with_equal_func (paths, found[j], g_str_equal, NULL))
            g_ptr_array_add (paths, g_strdup (found[j]));
        }
    }

  return g_steal_pointer (&paths);
}

/**
 * strata_guest_paths_to_json:
 * @paths: (element-type utf8): paths in a guest
 *
 * Returns: (transfer full): them, as valid UTF-8
 */
JsonArray *
strata_guest_paths_to_json (GPtrArray *paths)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < paths->len; i++)
    {
      g_autofree char *valid = g_utf8_make_valid (g_ptr_array_index (paths, i), -1);

      json_array_add_string_element (array, valid);
    }

  return array;
}

/**
 * strata_guest_set_text:
 * @object: an object
 * @member: a member's name
 * @text: (nullable): what the guest has; %NULL is written as ""
 */
void
strata_guest_set_text (JsonObject *object, const char *member, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);

  json_object_set_string_member (object, member, valid);
}
