/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What Strata says of a host names files by their whole paths, so that an administrator can find them. In a window that is more
 * than a person wants to read: there a file goes by its name.
 */

#include "config.h"

#include <string.h>

#include "strata-short-paths.h"

/* in a text, between quotation marks: “/var/lib/libvirt/images/web.qcow2” */
#define OPENING "“/"
#define CLOSING "”"

/* A name without a dot may be a folder’s or a device’s, which mean little alone. */
static char *
get_name (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);

  return strchr (name, '.') != NULL && *name != '.' ? g_steal_pointer (&name) : NULL;
}

/* Returns: (nullable): where the next path begins; END: (out): where it ends */
static const char *
find_path (const char *text, const char **end)
{
  const char *start = strstr (text, OPENING);

  if (start == NULL)
    return NULL;

  start += strlen (OPENING) - 1;
  *end = strstr (start, CLOSING);

  return *end != NULL ? start : NULL;
}

/* Names that two different paths in TEXT have. */
static GHashTable *
find_ambiguous (const char *text)
{
  g_autoptr (GHashTable) paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GHashTable *ambiguous = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const char *end;

  for (const char *start = find_path (text, &end); start != NULL; start = find_path (end, &end))
    {
      g_autofree char *path = g_strndup (start, (gsize) (end - start));
      g_autofree char *name = get_name (path);
      const char *other = name != NULL ? g_hash_table_lookup (paths, name) : NULL;

      if (other != NULL && !g_str_equal (other, path))
        g_hash_table_add (ambiguous, g_strdup (name));
      else if (name != NULL && other == NULL)
        g_hash_table_insert (paths, g_steal_pointer (&name), g_steal_pointer (&path));
    }

  return ambiguous;
}

/**
 * strata_short_paths:
 * @text: a sentence, or several
 *
 * Returns: (transfer full): @text, where each file in quotation marks goes by its name, unless two files in it have the same one
 */
char *
strata_short_paths (const char *text)
{
  g_autoptr (GHashTable) ambiguous = NULL;
  GString *result = g_string_new (NULL);
  const char *end;

  g_return_val_if_fail (text != NULL, NULL);

  ambiguous = find_ambiguous (text);
  for (const char *start = find_path (text, &end); start != NULL; start = find_path (text, &end))
    {
      g_autofree char *path = g_strndup (start, (gsize) (end - start));
      g_autofree char *name = get_name (path);
      gboolean is_short = name != NULL && !g_hash_table_contains (ambiguous, name);

      g_string_append_len (result, text, start - text);
      g_string_append (result, is_short ? name : path);
      text = end;
    }
  g_string_append (result, text);

  return g_string_free (result, FALSE);
}
