/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Gathering: one image for each file, whatever it is called. Symbolic links are resolved before; hard links, bind mounts and
 * devices with several nodes are told by the file itself. Where a file can't be looked at from here, its times tell, to the
 * nanosecond, that two names may be one.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "host/connection/strata-connection-private.h"
#include "strata-gather-private.h"

static void
add_twin (StrataGathering *self, StrataImage *twin, StrataImage *image)
{
  if (strata_image_is_identified (image))
    {
      strata_graph_add_alias (self->graph, image->path, twin->path);
      strata_gathering_note_spelling (self, image->path, twin->path);
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
  if (self->taken != NULL)
    g_ptr_array_add (self->taken, image);
  strata_graph_take_image (self->graph, image);
}

StrataImage *
strata_gathering_name_image (StrataGathering *self, const char *path)
{
  StrataImage *image = strata_graph_get_image (self->graph, path);

  if (image != NULL && g_hash_table_add (self->named, image) && !g_str_equal (image->path, path))
    {
      strata_gathering_note_spelling (self, image->path, path);
      strata_graph_rename_image (self->graph, image, path);
    }

  return image;
}

/* By its own path, which may be one of several names of its folder. */
static char *
get_own_name (StrataGathering *self, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *canonical = strata_connection_canonical_path (self->connection, folder);
  g_autofree char *name = g_path_get_basename (path);

  return g_build_filename (canonical, name, NULL);
}

void
strata_gathering_note_spelling (StrataGathering *self, const char *name, const char *path)
{
  g_autofree char *own = g_path_is_absolute (name) ? get_own_name (self, name) : NULL;

  if (own != NULL && !g_str_equal (own, path) && !g_hash_table_contains (self->spellings, own))
    g_hash_table_insert (self->spellings, g_steal_pointer (&own), g_strdup (path));
}

static gboolean
is_same_file (StrataGathering *self, const char *path, const char *other)
{
  GStatBuf status;
  GStatBuf other_status;

  if (g_strcmp0 (strata_graph_resolve (self->graph, path),
                 strata_graph_resolve (self->graph, other)) == 0)
    return TRUE;

  return strata_connection_get_facts (self->connection)->is_local && g_stat (path, &status) == 0 &&
         g_stat (other, &other_status) == 0 && status.st_dev == other_status.st_dev &&
         status.st_ino == other_status.st_ino;
}

/* RELATIVE, which is taken to be PATH, in FOLDER. */
static void
claim_in_folder (StrataGathering *self,
                 StrataImage *image,
                 const char *folder,
                 const char *relative,
                 const char *path)
{
  g_autofree char *there = NULL;
  g_autofree char *canonical = NULL;

  if (relative == NULL || path == NULL)
    return;

  there = g_build_filename (folder, relative, NULL);
  canonical = strata_connection_canonical_path (self->connection, there);
  if (is_same_file (self, canonical, path))
    return;

  image->named_apart = TRUE;
  strata_image_add_claim (image, canonical);
  strata_gathering_note_spelling (self, there, canonical);
}

/* QEMU looks for what a header names without a folder beside the name by which it opened the image, which may be a link into
 * another folder. NAME: of the image at PATH */
static void
claim_by_name (StrataGathering *self, const char *name, const char *path)
{
  StrataImage *image = strata_graph_get_image (self->graph, path);
  g_autofree char *folder = g_path_get_dirname (name);

  if (image == NULL)
    return;

  claim_in_folder (self, image, folder, image->relative, image->backing_path);
  claim_in_folder (self, image, folder, image->relative_data, image->data_file);
}

void
strata_gathering_note_link (StrataGathering *self, const char *link)
{
  if (link == NULL || !strata_connection_get_facts (self->connection)->is_local ||
      !g_path_is_absolute (link) || strata_path_is_device (link) ||
      !g_file_test (link, G_FILE_TEST_IS_SYMLINK))
    return;

  g_hash_table_add (self->links, get_own_name (self, link));
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

static void
note_names (StrataGathering *self)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);
  g_autoptr (GPtrArray) images = strata_graph_get_images (self->graph);

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      for (guint j = 0; j < domain->spellings->len; j++)
        {
          const StrataSpelling *spelling = g_ptr_array_index (domain->spellings, j);

          if (spelling->pool == NULL)
            strata_gathering_note_link (self, spelling->name);
        }
    }
  for (guint i = 0; i < images->len; i++)
    strata_gathering_note_link (self, ((StrataImage *) g_ptr_array_index (images, i))->spelling);
}

/* What is found may have names, too, that lead on. */
static void
claim_by_all_names (StrataGathering *self)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);
  g_autoptr (GPtrArray) images = strata_graph_get_images (self->graph);
  g_autoptr (GPtrArray) links = g_hash_table_get_keys_as_ptr_array (self->links);
  g_autoptr (GPtrArray) names = g_hash_table_get_keys_as_ptr_array (self->spellings);

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      for (guint j = 0; j < domain->spellings->len; j++)
        {
          const StrataSpelling *spelling = g_ptr_array_index (domain->spellings, j);

          if (spelling->pool == NULL)
            claim_by_name (self, spelling->name, spelling->path);
        }
    }
  for (guint i = 0; i < images->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (images, i);

      if (image->spelling != NULL)
        claim_by_name (self, image->spelling, image->backing_path);
      /* Read through a link in a pool, it may be the link's folder that was meant. */
      claim_by_name (self, image->path, image->path);
    }
  for (guint i = 0; i < links->len; i++)
    {
      const char *link = g_ptr_array_index (links, i);
      g_autofree char *target = strata_connection_canonical_path (self->connection, link);

      claim_by_name (self, link, target);
    }
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *path = g_strdup (g_hash_table_lookup (self->spellings, name));

      claim_by_name (self, name, path);
    }
}

static guint
count (StrataGathering *self)
{
  g_autoptr (GPtrArray) images = strata_graph_get_images (self->graph);

  return images->len + g_hash_table_size (self->spellings);
}

void
strata_gathering_claim_by_names (StrataGathering *self)
{
  guint before;

  do
    {
      before = count (self);
      note_names (self);
      claim_by_all_names (self);
      strata_gathering_follow_claims (self);
    }
  while (count (self) != before);
}

/* A partition and the disk that it is of, a device that shows a part of a file and that file: what one of the two has changes
 * with the other. */
static void
mark_overlaps (GPtrArray *images)
{
  for (guint i = 0; i < images->len; i++)
    {
      StrataImage *image = g_ptr_array_index (images, i);

      for (guint j = 0; image->parts != NULL && j < images->len; j++)
        {
          StrataImage *other = g_ptr_array_index (images, j);

          if (other == image || !strata_image_overlaps (image, other))
            continue;
          image->overlapping = other->overlapping = TRUE;
          strata_image_set_problem (image, STRATA_IMAGE_AMBIGUOUS,
                                    /* Translators: a block device, another one or a file */
                                    _ ("“%s” and “%s” have bytes in common"), image->path,
                                    other->path);
          strata_image_set_problem (other, STRATA_IMAGE_AMBIGUOUS,
                                    _ ("“%s” and “%s” have bytes in common"), other->path,
                                    image->path);
        }
    }
}

void
strata_gathering_reconcile_names (StrataGathering *self)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);
  g_autoptr (GPtrArray) images = strata_graph_get_images (self->graph);

  for (guint i = 0; i < domains->len; i++)
    reconcile_mark (self, ((StrataDomainFacts *) g_ptr_array_index (domains, i))->thin_mark);

  for (guint i = 0; i < images->len; i++)
    {
      StrataImage *image = g_ptr_array_index (images, i);

      if (image->spelling != NULL)
        strata_graph_add_alias (self->graph, image->spelling, image->backing_path);
      /* Until here it counts the further names that were met. */
      image->n_other_names =
          image->n_names > 1 + image->n_other_names ? image->n_names - 1 - image->n_other_names : 0;
    }
  reconcile_links (self);
  mark_overlaps (images);
}
