/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Gathering the images of a storage pool. What there is libvirt says. Where its list is that of a folder which this
 * computer sees too, the headers are read here, a hundred at the price of one question; and if the folder has the
 * names that libvirt knows of already, it need not open every file of it to find that out.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "host/connection/strata-connection-private.h"
#include "host/connection/strata-parallel.h"
#include "strata-gather-private.h"
#include "host/storage/strata-pool-lease.h"
#include "host/storage/strata-volume.h"
#include "host/connection/strata-vir.h"
#include "base/strata-error.h"

typedef struct
{
  StrataGathering *gathering;
  const char *pool; /* NULL for one that goes again */
  GPtrArray *volumes;
  StrataImage **images; /* one for each, or NULL */
} Shelf;

static GPtrArray *
list_volumes (virStoragePoolPtr pool, GError **error)
{
  virStorageVolPtr *list = NULL;
  int n = virStoragePoolListAllVolumes (pool, &list, 0);

  if (n >= 0)
    return strata_vir_take_list ((gpointer *) list, n, (GDestroyNotify) virStorageVolFree);
  strata_vir_set_error (error, _ ("Listing the images of a storage pool"));

  return NULL;
}

/* NULL where the client doesn't see the folder. */
GHashTable *
strata_gathering_list_folder (StrataGathering *self, const char *folder)
{
  g_autoptr (GDir) dir = NULL;
  GHashTable *names;
  const char *name;

  if (folder == NULL || !strata_connection_get_facts (self->connection)->is_local)
    return NULL;
  dir = g_dir_open (folder, 0, NULL);
  if (dir == NULL)
    return NULL;

  names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_hash_table_add (names, g_strdup (name));
  /* libvirt leaves it out as well. */
  g_hash_table_remove (names, "lost+found");

  return names;
}

static gboolean
has_all (GHashTable *names, GPtrArray *volumes)
{
  for (guint i = 0; i < volumes->len; i++)
    {
      if (!g_hash_table_contains (names, virStorageVolGetName (g_ptr_array_index (volumes, i))))
        return FALSE;
    }

  return TRUE;
}

/* libvirt remembers what a header said when the pool was refreshed. What the client can't read itself, or leaves to libvirt
 * because it is a link, is only as true as that. */
static gboolean
can_read_all (const char *folder, GHashTable *names)
{
  GHashTableIter iter;
  const char *name;

  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, NULL))
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (access (path, R_OK) != 0 || g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        return FALSE;
    }

  return TRUE;
}

/* In a sandbox the client may see another folder at the same path: one with the same names is the same one. */
static gboolean
is_same (const char *folder, GHashTable *names, GPtrArray *volumes)
{
  return volumes->len > 0 && volumes->len == g_hash_table_size (names) &&
         has_all (names, volumes) && can_read_all (folder, names);
}

/* It is there, and that is all that is known. */
static StrataImage *
unknown_new (Shelf *self, guint i, const GError *why)
{
  g_autofree char *path = virStorageVolGetPath (g_ptr_array_index (self->volumes, i));
  g_autofree char *canonical =
      path != NULL ? strata_connection_canonical_path (self->gathering->connection, path) : NULL;
  StrataImage *image = canonical != NULL ? strata_image_new (canonical) : NULL;

  if (image == NULL)
    return NULL;
  image->pool = g_strdup (self->pool);
  strata_image_identify (self->gathering->connection, image, NULL);
  strata_image_set_problem (image, STRATA_IMAGE_UNKNOWN, _ ("“%s” can’t be read: %s"), canonical,
                            why->message);

  return image;
}

static gboolean
ask (guint i, gpointer user_data, GError **error)
{
  Shelf *self = user_data;
  g_autoptr (GError) local_error = NULL;

  if (self->images[i] != NULL)
    return TRUE;

  self->images[i] = strata_volume_read (
      self->gathering->connection, g_ptr_array_index (self->volumes, i), self->pool, &local_error);
  /* One that was removed meanwhile, or is no image (a folder). */
  if (self->images[i] != NULL || local_error == NULL ||
      g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    return TRUE;
  if (!g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_CONNECTION))
    {
      self->images[i] = unknown_new (self, i, local_error);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}

/* FOLDER: NULL where the client may not read it. */
static gboolean
look (Shelf *self, const char *folder, GError **error)
{
  for (guint i = 0; folder != NULL && i < self->volumes->len; i++)
    {
      if (g_cancellable_set_error_if_cancelled (self->gathering->cancellable, error))
        return FALSE;
      self->images[i] = strata_volume_read_here (
          self->gathering->connection, folder,
          virStorageVolGetName (g_ptr_array_index (self->volumes, i)), self->pool);
    }

  return strata_parallel_run (self->volumes->len, ask, self, self->gathering->cancellable, error);
}

/* FOLDER: (nullable): where the client sees it, under the name NAME */
static void
take_named (StrataGathering *self, StrataImage *image, const char *folder, const char *name)
{
  g_autofree char *path = folder != NULL ? g_build_filename (folder, name, NULL) : NULL;

  if (path != NULL && !g_str_equal (path, image->path))
    strata_gathering_note_link (self, path);
  strata_gathering_take_image (self, image);
}

static gboolean
take_all (StrataGathering *self,
          GPtrArray *volumes,
          const char *pool,
          const char *folder,
          GError **error)
{
  g_autofree StrataImage **images = g_new0 (StrataImage *, volumes->len);
  Shelf shelf = { self, pool, volumes, images };
  gboolean looked = look (&shelf, folder, error);

  for (guint i = 0; i < volumes->len; i++)
    {
      if (images[i] != NULL)
        take_named (self, images[i], folder, virStorageVolGetName (g_ptr_array_index (volumes, i)));
    }

  return looked;
}

/* A link to a file on storage that is away: the folder of what it points to isn't there, or is empty as a mount point is. To a
 * file that is gone from a folder like any other it is a link to nothing. */
static StrataImage *
look_at_link (const char *path, const char *pool)
{
  g_autofree char *target = g_file_read_link (path, NULL);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *there = NULL;
  g_autofree char *target_folder = NULL;
  g_autoptr (GDir) dir = NULL;
  StrataImage *image;

  if (target == NULL)
    return NULL;
  there = g_canonicalize_filename (target, folder);
  target_folder = g_path_get_dirname (there);
  dir = g_dir_open (target_folder, 0, NULL);
  if (dir != NULL && g_dir_read_name (dir) != NULL)
    return NULL;

  image = strata_image_new (path);
  image->pool = g_strdup (pool);
  /* Translators: a link, and the file that it is a link to */
  strata_image_set_problem (image, STRATA_IMAGE_UNKNOWN,
                            _ ("“%s” is a link to “%s”, which can’t be seen"), path, there);

  return image;
}

/* What qemu-img can tell of one that isn't plain; NULL for one that isn't an image. */
static StrataImage *
look_harder (StrataGathering *self, const char *folder, const char *name, const char *pool)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  GStatBuf status;

  if (g_stat (path, &status) != 0)
    {
      strata_graph_add_taken (self->graph, path);
      return look_at_link (path, pool);
    }
  if (!(S_ISREG (status.st_mode) || S_ISBLK (status.st_mode)))
    return NULL;

  return strata_volume_read_by_qemu (self->connection, path, pool);
}

/* Files of the pool that libvirt passes over, because it may not read them: they may be overlays like any other. */
static void
add_passed_over (StrataGathering *self,
                 GHashTable *names,
                 GPtrArray *volumes,
                 const char *folder,
                 const char *pool)
{
  GHashTableIter iter;
  const char *name;

  for (guint i = 0; i < volumes->len; i++)
    g_hash_table_remove (names, virStorageVolGetName (g_ptr_array_index (volumes, i)));

  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, NULL))
    {
      StrataImage *image = look_harder (self, folder, name, pool);

      if (image != NULL)
        take_named (self, image, folder, name);
    }
}

/**
 * strata_gathering_add_folder_here:
 * @self: a gathering
 * @folder: a canonical path
 * @pool: (nullable): the name of the pool that it is
 *
 * For what libvirt can't or must not be asked about: a pool that is busy, or that is not active, and which a mere look must
 * not start. Worker threads only.
 *
 * Returns: whether this computer sees the folder, and all that is in it was added
 */
gboolean
strata_gathering_add_folder_here (StrataGathering *self, const char *folder, const char *pool)
{
  g_autoptr (GHashTable) names = strata_gathering_list_folder (self, folder);
  GHashTableIter iter;
  const char *name;

  if (names == NULL)
    return FALSE;

  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, NULL))
    {
      StrataImage *image = strata_volume_read_here (self->connection, folder, name, pool);

      if (image == NULL)
        image = look_harder (self, folder, name, pool);
      if (image != NULL)
        take_named (self, image, folder, name);
    }
  g_hash_table_add (self->folders, g_strdup (folder));

  return TRUE;
}

static gboolean
is_everybodys (const char *folder)
{
  GStatBuf status;

  return g_stat (folder, &status) == 0 && (status.st_mode & S_ISVTX) != 0;
}

/**
 * strata_gathering_is_up_to_date:
 * @self: a gathering
 * @pool: an active pool
 * @folder: the canonical folder that it is
 *
 * Worker threads only.
 *
 * Returns: whether it is certain that libvirt knows of everything that is in @folder, and of nothing that isn't
 */
gboolean
strata_gathering_is_up_to_date (StrataGathering *self, virStoragePoolPtr pool, const char *folder)
{
  g_autoptr (GHashTable) names = strata_gathering_list_folder (self, folder);
  g_autoptr (GPtrArray) volumes = names != NULL ? list_volumes (pool, NULL) : NULL;

  return volumes != NULL && is_same (folder, names, volumes);
}

/**
 * strata_gathering_add_volumes:
 * @self: a gathering
 * @pool: an active pool, up to date
 * @name: (nullable): its name, %NULL for one that goes again
 * @folder: (nullable): the canonical folder that it is, if it is one
 * @error: where to put an error that ends the gathering
 *
 * Adds every image of @pool. Worker threads only.
 *
 * Returns: whether to go on
 */
gboolean
strata_gathering_add_volumes (StrataGathering *self,
                              virStoragePoolPtr pool,
                              const char *name,
                              const char *folder,
                              GError **error)
{
  g_autoptr (GHashTable) names = strata_gathering_list_folder (self, folder);
  g_autoptr (GPtrArray) volumes = list_volumes (pool, error);

  if (volumes == NULL)
    return FALSE;

  if (!take_all (self, volumes, name, names != NULL && has_all (names, volumes) ? folder : NULL,
                 error))
    return FALSE;
  /* In a folder like /tmp every program of the host may have files. */
  if (names != NULL && has_all (names, volumes) && (name != NULL || !is_everybodys (folder)))
    add_passed_over (self, names, volumes, folder, name);

  return TRUE;
}
