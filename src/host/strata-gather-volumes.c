/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Gathering the images of a storage pool. What there is libvirt says. Where its list is that of a folder which this
 * computer sees too, the headers are read here, a hundred at the price of one question; and if the folder has the
 * names that libvirt knows of already, it need not open every file of it to find that out.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-connection-private.h"
#include "strata-crew.h"
#include "strata-gather-private.h"
#include "strata-pool-lease.h"
#include "strata-vir.h"
#include "xml/strata-error.h"

typedef struct
{
  StrataGathering *gathering;
  const char *pool; /* NULL for one that goes again */
  GPtrArray *volumes;
  StrataImage **images; /* one for each, or NULL */
} Shelf;

/* One that is listed under its own path is worth more than one seen through a symbolic link. */
static void
take_image (StrataGathering *self, StrataImage *image)
{
  StrataImage *known = strata_graph_get_image (self->graph, image->path);

  if (known == NULL || (known->pool == NULL && image->pool != NULL))
    strata_graph_take_image (self->graph, image);
  else
    strata_image_free (image);
}

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
static GHashTable *
list_folder (StrataGathering *self, const char *folder)
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

/* In a sandbox the client may see another folder at the same path: one with the same names is the same one. */
static gboolean
is_same (GHashTable *names, GPtrArray *volumes)
{
  return volumes->len > 0 && volumes->len == g_hash_table_size (names) && has_all (names, volumes);
}

static gboolean
ask (guint i, gpointer user_data, GError **error)
{
  Shelf *self = user_data;
  g_autoptr (GError) local_error = NULL;

  if (self->images[i] != NULL)
    return TRUE;

  self->images[i] = strata_volume_look (
      self->gathering->connection, g_ptr_array_index (self->volumes, i), self->pool, &local_error);
  if (self->images[i] != NULL ||
      !g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_CONNECTION))
    return TRUE;
  /* Any other volume that can't be read (removed meanwhile, or no image at all) is nobody's: if
   * a domain does name it, its chain finds it missing. */
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
      self->images[i] = strata_volume_look_here (
          self->gathering->connection, folder,
          virStorageVolGetName (g_ptr_array_index (self->volumes, i)), self->pool);
    }

  return strata_crew_run (self->volumes->len, ask, self, self->gathering->cancellable, error);
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
        take_image (self, images[i]);
    }

  return looked;
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
  g_autoptr (GHashTable) names = list_folder (self, folder);
  g_autoptr (GPtrArray) volumes = names != NULL ? list_volumes (pool, NULL) : NULL;

  return volumes != NULL && is_same (names, volumes);
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
  g_autoptr (GHashTable) names = list_folder (self, folder);
  g_autoptr (GPtrArray) volumes = list_volumes (pool, error);

  if (volumes == NULL)
    return FALSE;

  return take_all (self, volumes, name, names != NULL && has_all (names, volumes) ? folder : NULL,
                   error);
}
