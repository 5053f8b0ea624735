/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Gathering: one image for each file, whatever it is called. Symbolic links are resolved before; hard links, bind mounts and
 * devices with several nodes are told by the file itself. Where a file can't be looked at from here, its times tell, to the
 * nanosecond, that two names may be one.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/connection/strata-connection-private.h"
#include "strata-gather-private.h"

static void
add_twin (StrataGathering *self, StrataImage *twin, StrataImage *image)
{
  if (strata_image_is_identified (image))
    {
      strata_graph_add_alias (self->graph, image->path, twin->path);
      twin->n_other_names++;
      if (twin->pool == NULL)
        twin->pool = g_steal_pointer (&image->pool);
      strata_image_free (image);
      return;
    }

  strata_image_set_problem (twin, STRATA_IMAGE_AMBIGUOUS,
                            _ ("“%s” and “%s” may be one and the same file"), twin->path,
                            image->path);
  strata_image_set_problem (image, STRATA_IMAGE_AMBIGUOUS,
                            _ ("“%s” and “%s” may be one and the same file"), image->path,
                            twin->path);
  strata_graph_take_image (self->graph, image);
}

void
strata_gathering_take_image (StrataGathering *self, StrataImage *image)
{
  StrataImage *known = strata_graph_get_image (self->graph, image->path);
  StrataImage *twin =
      image->identity != NULL ? g_hash_table_lookup (self->identities, image->identity) : NULL;

  if (known != NULL)
    {
      if (known->pool == NULL)
        known->pool = g_steal_pointer (&image->pool);
      strata_image_free (image);
      return;
    }
  if (twin != NULL)
    {
      add_twin (self, twin, image);
      return;
    }

  if (image->identity != NULL)
    g_hash_table_insert (self->identities, image->identity, image);
  strata_graph_take_image (self->graph, image);
}

StrataImage *
strata_gathering_name_image (StrataGathering *self, const char *path)
{
  StrataImage *image = strata_graph_get_image (self->graph, path);

  if (image != NULL && g_hash_table_add (self->named, image) && !g_str_equal (image->path, path))
    strata_graph_rename_image (self->graph, image, path);

  return image;
}

/* QEMU looks for what a header names without a folder beside the name by which it opened the image, which may be a link into
 * another folder. */
void
strata_gathering_check_spelling (StrataGathering *self, const char *spelling, const char *path)
{
  StrataImage *image = strata_graph_get_image (self->graph, path);
  g_autofree char *folder = g_path_get_dirname (spelling);
  g_autofree char *there = NULL;
  g_autofree char *canonical = NULL;

  if (image == NULL || image->relative == NULL || image->backing_path == NULL)
    return;

  there = g_build_filename (folder, image->relative, NULL);
  canonical = strata_connection_canonical_path (self->connection, there);
  if (g_strcmp0 (strata_graph_resolve (self->graph, canonical),
                 strata_graph_resolve (self->graph, image->backing_path)) != 0)
    strata_image_set_problem (
        image, STRATA_IMAGE_AMBIGUOUS,
        /* Translators: a file's name, then the file that it stands on */
        _ ("“%s” has several names in different folders, and names what it stands on (“%s”) without "
           "a folder: by each of its names that is another file"),
        image->path, image->relative);
}

void
strata_gathering_note_link (StrataGathering *self, const char *link)
{
  g_autofree char *folder = NULL;
  g_autofree char *canonical = NULL;
  g_autofree char *name = NULL;

  if (link == NULL || !strata_connection_get_facts (self->connection)->is_local ||
      !g_path_is_absolute (link) || strata_path_is_device (link) ||
      !g_file_test (link, G_FILE_TEST_IS_SYMLINK))
    return;

  folder = g_path_get_dirname (link);
  canonical = strata_connection_canonical_path (self->connection, folder);
  name = g_path_get_basename (link);
  g_hash_table_add (self->links, g_build_filename (canonical, name, NULL));
}

static void
reconcile_links (StrataGathering *self)
{
  g_autoptr (GPtrArray) links = g_hash_table_get_keys_as_ptr_array (self->links);

  g_ptr_array_sort_values (links, (GCompareFunc) g_strcmp0);
  for (guint i = 0; i < links->len; i++)
    {
      const char *link = g_ptr_array_index (links, i);
      g_autofree char *target = strata_connection_canonical_path (self->connection, link);
      StrataImage *image = strata_graph_get_image (self->graph, target);
      g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

      if (image == NULL || g_str_equal (image->path, link))
        continue;
      if (image->links != NULL)
        g_strv_builder_addv (builder, (const char **) image->links);
      g_strv_builder_add (builder, link);
      g_strfreev (image->links);
      image->links = g_strv_builder_end (builder);
    }
}

/* A mark keeps the names of its day; an image may have been moved since, with a link in its place. */
static void
reconcile_mark (StrataGathering *self, const StrataThinMark *mark)
{
  for (guint i = 0; mark != NULL && mark->bases != NULL && mark->bases[i] != NULL; i++)
    {
      g_autofree char *path = strata_connection_canonical_path (self->connection, mark->bases[i]);

      strata_graph_add_alias (self->graph, mark->bases[i], path);
    }
}

void
strata_gathering_reconcile_names (StrataGathering *self)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);
  g_autoptr (GPtrArray) images = strata_graph_get_images (self->graph);

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      for (guint j = 0; j < domain->spellings->len; j++)
        {
          const StrataSpelling *spelling = g_ptr_array_index (domain->spellings, j);

          if (spelling->pool != NULL)
            continue;
          strata_gathering_check_spelling (self, spelling->name, spelling->path);
          strata_gathering_note_link (self, spelling->name);
        }
      reconcile_mark (self, domain->thin_mark);
    }

  for (guint i = 0; i < images->len; i++)
    {
      StrataImage *image = g_ptr_array_index (images, i);

      if (image->spelling != NULL)
        {
          strata_graph_add_alias (self->graph, image->spelling, image->backing_path);
          strata_gathering_note_link (self, image->spelling);
          strata_gathering_check_spelling (self, image->spelling, image->backing_path);
        }
      /* Read through a link in a pool, it may be the link's folder that was meant. */
      strata_gathering_check_spelling (self, image->path, image->path);
      /* Until here it counts the further names that were met. */
      image->n_other_names =
          image->n_names > 1 + image->n_other_names ? image->n_names - 1 - image->n_other_names : 0;
    }
  reconcile_links (self);
}
