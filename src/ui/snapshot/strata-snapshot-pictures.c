/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSnapshotPictures: reads pictures of the screen in a worker, in the size in which they are shown, and hands them to the
 * nodes of the tree. A picture belongs to a name: one that was read is not read again while the machine is shown.
 */

#include "config.h"

#include "model/strata-screens.h"
#include "strata-snapshot-pictures.h"

#define WIDTH  320
#define HEIGHT 200

struct _StrataSnapshotPictures
{
  GObject parent_instance;

  StrataSnapshotTree *tree;
  char *uuid;
  GHashTable *textures; /* name -> GdkTexture */
  GCancellable *cancellable;
  gboolean looking;
};

typedef struct
{
  char *uuid;
  GHashTable *known; /* names */
} Search;

enum
{
  FOUND,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataSnapshotPictures, strata_snapshot_pictures, G_TYPE_OBJECT)

static void
search_free (gpointer data)
{
  Search *search = data;

  g_free (search->uuid);
  g_hash_table_unref (search->known);
  g_free (search);
}

/* NULL for what is being written just now, or is no picture */
static GdkTexture *
read_picture (const char *path)
{
  g_autoptr (GdkPixbuf) pixbuf =
      gdk_pixbuf_new_from_file_at_scale (path, WIDTH, HEIGHT, TRUE, NULL);
  g_autoptr (GBytes) bytes = NULL;

  if (pixbuf == NULL)
    return NULL;
  bytes = gdk_pixbuf_read_pixel_bytes (pixbuf);

  return gdk_memory_texture_new (gdk_pixbuf_get_width (pixbuf), gdk_pixbuf_get_height (pixbuf),
                                 gdk_pixbuf_get_has_alpha (pixbuf) ? GDK_MEMORY_R8G8B8A8
                                                                   : GDK_MEMORY_R8G8B8,
                                 bytes, (gsize) gdk_pixbuf_get_rowstride (pixbuf));
}

static void
search_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Search *search = task_data;
  g_autoptr (GHashTable) files = strata_screens_list (search->uuid);
  GHashTable *textures = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  GHashTableIter iter;
  const char *name;
  const char *path;

  g_hash_table_iter_init (&iter, files);
  while (!g_cancellable_is_cancelled (cancellable) &&
         g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &path))
    {
      GdkTexture *texture =
          g_hash_table_contains (search->known, name) ? NULL : read_picture (path);

      if (texture != NULL)
        g_hash_table_insert (textures, g_strdup (name), texture);
    }

  g_task_return_pointer (task, textures, (GDestroyNotify) g_hash_table_unref);
}

static void
show (StrataSnapshotPictures *self)
{
  GHashTableIter iter;
  const char *name;
  GObject *texture;

  g_hash_table_iter_init (&iter, self->textures);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &texture))
    {
      StrataSnapshotNode *node = strata_snapshot_tree_find (self->tree, name);

      if (node != NULL)
        strata_snapshot_node_set_picture (node, texture);
    }
}

static void
found_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  StrataSnapshotPictures *self = STRATA_SNAPSHOT_PICTURES (object);
  g_autoptr (GHashTable) textures = g_task_propagate_pointer (G_TASK (result), NULL);
  GHashTableIter iter;
  gpointer name, texture;

  /* Another machine is shown by now. */
  if (textures == NULL)
    return;

  self->looking = FALSE;
  g_hash_table_iter_init (&iter, textures);
  while (g_hash_table_iter_next (&iter, &name, &texture))
    g_hash_table_insert (self->textures, g_strdup (name), g_object_ref (texture));
  if (g_hash_table_size (textures) == 0)
    return;
  show (self);
  g_signal_emit (self, signals[FOUND], 0);
}

static GHashTable *
dup_names (GHashTable *textures)
{
  GHashTable *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, textures);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_hash_table_add (names, g_strdup (name));

  return names;
}

static void
forget (StrataSnapshotPictures *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->uuid, g_free);
  g_hash_table_remove_all (self->textures);
  self->looking = FALSE;
}

static void
strata_snapshot_pictures_dispose (GObject *object)
{
  StrataSnapshotPictures *self = STRATA_SNAPSHOT_PICTURES (object);

  forget (self);
  g_clear_object (&self->tree);

  G_OBJECT_CLASS (strata_snapshot_pictures_parent_class)->dispose (object);
}

static void
strata_snapshot_pictures_finalize (GObject *object)
{
  g_clear_pointer (&STRATA_SNAPSHOT_PICTURES (object)->textures, g_hash_table_unref);

  G_OBJECT_CLASS (strata_snapshot_pictures_parent_class)->finalize (object);
}

static void
strata_snapshot_pictures_class_init (StrataSnapshotPicturesClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = strata_snapshot_pictures_dispose;
  object_class->finalize = strata_snapshot_pictures_finalize;

  signals[FOUND] = g_signal_new ("found", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 0);
}

static void
strata_snapshot_pictures_init (StrataSnapshotPictures *self)
{
  self->textures = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
}

StrataSnapshotPictures *
strata_snapshot_pictures_new (StrataSnapshotTree *tree)
{
  StrataSnapshotPictures *self;

  g_return_val_if_fail (STRATA_IS_SNAPSHOT_TREE (tree), NULL);

  self = g_object_new (STRATA_TYPE_SNAPSHOT_PICTURES, NULL);
  self->tree = g_object_ref (tree);

  return self;
}

/**
 * strata_snapshot_pictures_refresh:
 * @self: the pictures of a tree
 * @uuid: (nullable): UUID of the machine whose tree it is
 *
 * To be called whenever the tree has changed. Main thread.
 */
void
strata_snapshot_pictures_refresh (StrataSnapshotPictures *self, const char *uuid)
{
  g_autoptr (GTask) task = NULL;
  Search *search;

  g_return_if_fail (STRATA_IS_SNAPSHOT_PICTURES (self));

  if (g_strcmp0 (uuid, self->uuid) != 0)
    forget (self);
  show (self);
  if (uuid == NULL || self->looking)
    return;

  if (self->uuid == NULL)
    {
      self->uuid = g_strdup (uuid);
      self->cancellable = g_cancellable_new ();
    }
  self->looking = TRUE;
  search = g_new0 (Search, 1);
  search->uuid = g_strdup (uuid);
  search->known = dup_names (self->textures);
  task = g_task_new (self, self->cancellable, found_cb, NULL);
  g_task_set_static_name (task, "strata-snapshot-pictures");
  g_task_set_task_data (task, search, search_free);
  g_task_run_in_thread (task, search_thread);
}
