/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataGuestListing: every file of every file system that a guest's disks have, as it is before sealing
 * and after. Whatever differs and is not in reach of what sealing was asked for is damage. Pure.
 *
 * Its text is lines: “home PATH”, “scratch PATH”, “system READABLE MOUNTABLE MOUNTPOINT”, and below a system
 * “file MODE SIZE MTIME PATH [TARGET]”, with tabs between and names escaped as g_strescape() does. It travels
 * compressed, since a guest has a hundred thousand files.
 */

#include "config.h"

#include "strata-guest-listing.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>

#include "strata-seal-table.h"
#include "base/strata-error.h"

/* A listing that unpacks to more than this is no listing. */
#define MAX_TEXT (1024 * 1024 * 1024)

typedef struct
{
  guint mode;
  gint64 size;
  gint64 mtime;
  char *target;
} File;

typedef struct
{
  char *mountable;
  char *mountpoint;
  gboolean readable;
  GHashTable *files;
} System;

struct _StrataGuestListing
{
  GPtrArray *homes;
  GPtrArray *scratch;
  GPtrArray *systems;
};

static void
file_free (File *self)
{
  g_free (self->target);
  g_free (self);
}

static void
system_free (System *self)
{
  g_free (self->mountable);
  g_free (self->mountpoint);
  g_hash_table_unref (self->files);
  g_free (self);
}

StrataGuestListing *
strata_guest_listing_new (void)
{
  StrataGuestListing *self = g_new0 (StrataGuestListing, 1);

  self->homes = g_ptr_array_new_null_terminated (8, g_free, TRUE);
  self->scratch = g_ptr_array_new_with_free_func (g_free);
  self->systems = g_ptr_array_new_with_free_func ((GDestroyNotify) system_free);

  return self;
}

void
strata_guest_listing_free (StrataGuestListing *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->homes);
  g_ptr_array_unref (self->scratch);
  g_ptr_array_unref (self->systems);
  g_free (self);
}

/**
 * strata_guest_listing_add_home:
 * @self: a listing
 * @path: a home directory in the guest, beyond /root and those in /home
 */
void
strata_guest_listing_add_home (StrataGuestListing *self, const char *path)
{
  g_ptr_array_add (self->homes, g_strdup (path));
}

/**
 * strata_guest_listing_add_scratch:
 * @self: a listing
 * @path: a file or folder in the guest that sealing writes over, a swap file for one
 */
void
strata_guest_listing_add_scratch (StrataGuestListing *self, const char *path)
{
  g_ptr_array_add (self->scratch, g_strdup (path));
}

/**
 * strata_guest_listing_add_system:
 * @self: a listing
 * @mountable: a file system, as libguestfs calls it
 * @mountpoint: (nullable): where the guest has it, %NULL if nowhere
 * @readable: whether it could be mounted
 *
 * The files that are added from now on are on it.
 */
void
strata_guest_listing_add_system (StrataGuestListing *self,
                                 const char *mountable,
                                 const char *mountpoint,
                                 gboolean readable)
{
  System *system = g_new0 (System, 1);

  system->mountable = g_strdup (mountable);
  system->mountpoint = g_strdup (mountpoint != NULL ? mountpoint : "");
  system->readable = readable;
  system->files =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) file_free);
  g_ptr_array_add (self->systems, system);
}

/**
 * strata_guest_listing_add_file:
 * @self: a listing with a file system
 * @path: where on the file system, from its root
 * @mode: type and permissions, as stat(2) has them
 * @size: in bytes
 * @mtime: seconds since 1970
 * @target: (nullable): where a link leads to
 *
 * Size and time are kept of what has content of its own: a folder's change with what is in it.
 */
void
strata_guest_listing_add_file (StrataGuestListing *self,
                               const char *path,
                               guint mode,
                               gint64 size,
                               gint64 mtime,
                               const char *target)
{
  System *system = g_ptr_array_index (self->systems, self->systems->len - 1);
  File *file = g_new0 (File, 1);

  file->mode = mode;
  file->size = S_ISREG (mode) ? size : 0;
  file->mtime = S_ISREG (mode) ? mtime : 0;
  file->target = g_strdup (target);
  g_hash_table_insert (system->files, g_strdup (path), file);
}

static void
append_name (GString *text, const char *name)
{
  g_autofree char *escaped = g_strescape (name, NULL);

  g_string_append_c (text, '\t');
  g_string_append (text, escaped);
}

static char *
to_text (StrataGuestListing *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < self->homes->len; i++)
    {
      g_string_append (text, "home");
      append_name (text, g_ptr_array_index (self->homes, i));
      g_string_append_c (text, '\n');
    }
  for (guint i = 0; i < self->scratch->len; i++)
    {
      g_string_append (text, "scratch");
      append_name (text, g_ptr_array_index (self->scratch, i));
      g_string_append_c (text, '\n');
    }
  for (guint i = 0; i < self->systems->len; i++)
    {
      System *system = g_ptr_array_index (self->systems, i);
      GHashTableIter iter;
      gpointer path, value;

      g_string_append_printf (text, "system\t%d", system->readable);
      append_name (text, system->mountable);
      append_name (text, system->mountpoint);
      g_string_append_c (text, '\n');
      g_hash_table_iter_init (&iter, system->files);
      while (g_hash_table_iter_next (&iter, &path, &value))
        {
          File *file = value;

          g_string_append_printf (text, "file\t%o\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT,
                                  file->mode, file->size, file->mtime);
          append_name (text, path);
          if (file->target != NULL)
            append_name (text, file->target);
          g_string_append_c (text, '\n');
        }
    }

  return g_string_free_and_steal (g_steal_pointer (&text));
}

static GBytes *
convert (GConverter *converter, const void *data, gsize length, GError **error)
{
  g_autoptr (GInputStream) plain =
      g_memory_input_stream_new_from_data (data, (gssize) length, NULL);
  g_autoptr (GInputStream) input = g_converter_input_stream_new (plain, converter);
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();

  if (g_output_stream_splice (
          output, input, G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
          NULL, error) < 0)
    return NULL;

  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (output));
}

/**
 * strata_guest_listing_pack:
 * @self: a listing
 *
 * Returns: (transfer full): it, as text of one line
 */
char *
strata_guest_listing_pack (StrataGuestListing *self)
{
  g_autofree char *text = to_text (self);
  g_autoptr (GZlibCompressor) compressor = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 6);
  g_autoptr (GBytes) packed = convert (G_CONVERTER (compressor), text, strlen (text), NULL);
  gsize length;
  const guchar *data = g_bytes_get_data (packed, &length);

  return g_base64_encode (data, length);
}

static gboolean
read_file (StrataGuestListing *self, char **fields, guint n_fields)
{
  g_autofree char *path = NULL;
  g_autofree char *target = NULL;

  if (n_fields < 5 || self->systems->len == 0)
    return FALSE;

  path = g_strcompress (fields[4]);
  target = n_fields > 5 ? g_strcompress (fields[5]) : NULL;
  strata_guest_listing_add_file (self, path, (guint) g_ascii_strtoull (fields[1], NULL, 8),
                                 g_ascii_strtoll (fields[2], NULL, 10),
                                 g_ascii_strtoll (fields[3], NULL, 10), target);
  return TRUE;
}

static gboolean
read_line (StrataGuestListing *self, const char *line)
{
  g_auto (GStrv) fields = g_strsplit (line, "\t", -1);
  guint n_fields = g_strv_length (fields);

  if (n_fields > 0 && strcmp (fields[0], "file") == 0)
    return read_file (self, fields, n_fields);

  if (n_fields == 4 && strcmp (fields[0], "system") == 0)
    {
      g_autofree char *mountable = g_strcompress (fields[2]);
      g_autofree char *mountpoint = g_strcompress (fields[3]);

      strata_guest_listing_add_system (self, mountable, mountpoint, *fields[1] == '1');
      return TRUE;
    }

  if (n_fields == 2)
    {
      g_autofree char *path = g_strcompress (fields[1]);

      if (strcmp (fields[0], "home") == 0)
        strata_guest_listing_add_home (self, path);
      else
        strata_guest_listing_add_scratch (self, path);
      return TRUE;
    }

  return FALSE;
}

/**
 * strata_guest_listing_unpack:
 * @text: what strata_guest_listing_pack() made
 * @error: return location for `STRATA_ERROR_INVALID`
 *
 * Returns: (transfer full): the listing
 */
StrataGuestListing *
strata_guest_listing_unpack (const char *text, GError **error)
{
  g_autoptr (StrataGuestListing) self = strata_guest_listing_new ();
  g_autoptr (GZlibDecompressor) decompressor =
      g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB);
  g_autoptr (GBytes) plain = NULL;
  g_autofree guchar *packed = NULL;
  g_auto (GStrv) lines = NULL;
  g_autofree char *whole = NULL;
  gsize length;

  packed = g_base64_decode (text, &length);
  plain = convert (G_CONVERTER (decompressor), packed, length, NULL);
  if (plain == NULL || g_bytes_get_size (plain) > MAX_TEXT)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                        _ ("The list of the guest's files is damaged."));
      return NULL;
    }

  /* Of an empty listing there are no bytes. */
  whole = g_bytes_get_size (plain) > 0
              ? g_strndup (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain))
              : g_strdup ("");
  lines = g_strsplit (whole, "\n", -1);
  for (size_t i = 0; lines[i] != NULL && *lines[i] != '\0'; i++)
    {
      if (!read_line (self, lines[i]))
        {
          strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                            _ ("The list of the guest's files is damaged."));
          return NULL;
        }
    }

  return g_steal_pointer (&self);
}

static System *
find_system (StrataGuestListing *self, const char *mountable)
{
  for (guint i = 0; i < self->systems->len; i++)
    {
      System *system = g_ptr_array_index (self->systems, i);

      if (strcmp (system->mountable, mountable) == 0)
        return system;
    }

  return NULL;
}

/* Where the guest has PATH of SYSTEM; NULL for a file system that the guest mounts nowhere. */
static char *
get_guest_path (System *system, const char *path)
{
  if (*system->mountpoint == '\0')
    return NULL;

  return g_strconcat (strcmp (system->mountpoint, "/") == 0 ? "" : system->mountpoint, path, NULL);
}

/* Links to folders: an operation that works on /var/log works on where that leads to. */
static gboolean
may_change_by_link (StrataGuestListing *before, const char *path, const char *const *operations)
{
  for (guint i = 0; i < before->systems->len; i++)
    {
      System *system = g_ptr_array_index (before->systems, i);
      GHashTableIter iter;
      gpointer name, value;

      g_hash_table_iter_init (&iter, system->files);
      while (g_hash_table_iter_next (&iter, &name, &value))
        {
          File *file = value;
          g_autofree char *link = file->target != NULL ? get_guest_path (system, name) : NULL;
          g_autofree char *folder = link != NULL ? g_path_get_dirname (link) : NULL;
          g_autofree char *target =
              link != NULL ? g_canonicalize_filename (file->target, folder) : NULL;
          size_t length = target != NULL ? strlen (target) : 0;
          g_autofree char *other = NULL;

          if (length < 2 || strncmp (path, target, length) != 0 ||
              (path[length] != '/' && path[length] != '\0'))
            continue;
          other = g_strconcat (link, path + length, NULL);
          if (strata_seal_may_change (other, operations,
                                      (const char *const *) before->homes->pdata))
            return TRUE;
        }
    }

  return FALSE;
}

static gboolean
is_scratch (StrataGuestListing *before, const char *path)
{
  for (guint i = 0; i < before->scratch->len; i++)
    {
      const char *scratch = g_ptr_array_index (before->scratch, i);
      size_t length = strlen (scratch);

      if (strncmp (path, scratch, length) == 0 && (path[length] == '/' || path[length] == '\0'))
        return TRUE;
    }

  return FALSE;
}

static gboolean
may_change (StrataGuestListing *before,
            System *system,
            const char *path,
            const char *const *operations)
{
  g_autofree char *guest_path = get_guest_path (system, path);

  if (guest_path == NULL)
    return FALSE;

  return is_scratch (before, guest_path) ||
         strata_seal_may_change (guest_path, operations,
                                 (const char *const *) before->homes->pdata) ||
         may_change_by_link (before, guest_path, operations);
}

static char *
name_file (System *system, const char *path)
{
  char *guest_path = get_guest_path (system, path);

  return guest_path != NULL ? guest_path : g_strconcat (system->mountable, ":", path, NULL);
}

static gboolean
file_equal (File *a, File *b)
{
  return a->mode == b->mode && a->size == b->size && a->mtime == b->mtime &&
         g_strcmp0 (a->target, b->target) == 0;
}

static void
compare_system (StrataGuestListing *listing,
                System *before,
                System *after,
                const char *const *operations,
                GPtrArray *differences)
{
  GHashTableIter iter;
  gpointer path, value;

  g_hash_table_iter_init (&iter, before->files);
  while (g_hash_table_iter_next (&iter, &path, &value))
    {
      File *now = g_hash_table_lookup (after->files, path);

      if ((now == NULL || !file_equal (value, now)) &&
          !may_change (listing, before, path, operations))
        g_ptr_array_add (differences, name_file (before, path));
    }

  g_hash_table_iter_init (&iter, after->files);
  while (g_hash_table_iter_next (&iter, &path, &value))
    {
      if (!g_hash_table_contains (before->files, path) &&
          !may_change (listing, before, path, operations))
        g_ptr_array_add (differences, name_file (before, path));
    }
}

/* What the guest starts from comes first; then by name. */
static int
compare_names (gconstpointer a, gconstpointer b)
{
  const char *name_a = *(const char *const *) a;
  const char *name_b = *(const char *const *) b;
  gboolean boot_a = g_str_has_prefix (name_a, "/boot");
  gboolean boot_b = g_str_has_prefix (name_b, "/boot");

  return boot_a != boot_b ? boot_b - boot_a : strcmp (name_a, name_b);
}

/**
 * strata_guest_listing_compare:
 * @before: the disks before they were sealed
 * @after: and after
 * @operations: (array zero-terminated=1): the operations that were run
 *
 * Returns: (transfer full) (element-type utf8): what is not as it was and was not to change, the files of
 *   /boot first; empty if all is well
 */
GPtrArray *
strata_guest_listing_compare (StrataGuestListing *before,
                              StrataGuestListing *after,
                              const char *const *operations)
{
  g_autoptr (GPtrArray) differences = g_ptr_array_new_with_free_func (g_free);

  g_return_val_if_fail (before != NULL && after != NULL && operations != NULL, NULL);

  for (guint i = 0; i < before->systems->len; i++)
    {
      System *system = g_ptr_array_index (before->systems, i);
      System *now = find_system (after, system->mountable);

      if (system->readable && (now == NULL || !now->readable))
        {
          if (!may_change (before, system, "/", operations))
            g_ptr_array_add (differences, g_strdup (system->mountable));
        }
      else if (system->readable)
        compare_system (before, system, now, operations, differences);
    }
  g_ptr_array_sort (differences, compare_names);

  return g_steal_pointer (&differences);
}
