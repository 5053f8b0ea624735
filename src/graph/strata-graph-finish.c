/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The last of a graph: one name for each image, and for each image the format that is said of it. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-claims.h"
#include "strata-related.h"

static void
resolve_disks (StrataGraph *self, GPtrArray *disks)
{
  for (guint i = 0; i < disks->len; i++)
    strata_graph_resolve_disk (self, g_ptr_array_index (disks, i));
}

static void
resolve_domain (StrataGraph *self, StrataDomainFacts *domain)
{
  resolve_disks (self, domain->disks);
  resolve_disks (self, domain->next_disks);
  for (guint i = 0; i < domain->uses->len; i++)
    strata_graph_resolve_disk (self,
                               ((StrataImageUse *) g_ptr_array_index (domain->uses, i))->disk);
  for (guint i = 0; i < domain->snapshots->len; i++)
    strata_graph_resolve_snapshot (self, g_ptr_array_index (domain->snapshots, i));
}

static void
resolve_image (StrataGraph *self, StrataImage *image)
{
  g_set_str (&image->backing_path, strata_graph_resolve (self, image->backing_path));
  g_set_str (&image->data_file, strata_graph_resolve (self, image->data_file));
}

/* What stands on nothing that is known may stand on what the definition says. */
static void
believe_definition (StrataImage *image, const StrataDiskXml *disk, guint level)
{
  if (image->state != STRATA_IMAGE_UNKNOWN && image->state != STRATA_IMAGE_MISSING)
    return;
  if (image->backing_path != NULL || disk->backings == NULL || disk->backings[level] == NULL)
    return;

  image->backing_path = g_strdup (disk->backings[level]);
  if (*disk->backing_formats[level] != '\0')
    image->backing_format = g_strdup (disk->backing_formats[level]);
}

/* Every link below TOP by the header of the one above. */
static void
declare_chain (StrataGraph *self, const StrataImage *top)
{
  for (StrataChain link = strata_graph_walk (self, top->path);
       link.image != NULL && !strata_image_is_raw (link.image); strata_chain_next (&link))
    {
      StrataImage *image = link.image;
      StrataImage *below = strata_graph_get_image (self, image->backing_path);
      g_autofree char *by = g_strdup_printf ("“%s”", image->path);

      if (image->backing_path != NULL && image->backing_format == NULL)
        strata_image_set_problem (image, STRATA_IMAGE_CONTRADICTING,
                                  _ ("“%s” doesn’t say what format “%s” has, on which it stands"),
                                  image->path, image->backing_path);
      else if (below != NULL && image->backing_format != NULL)
        strata_image_declare (below, image->backing_format, by);
    }
}

/* libvirt takes a disk without a driver’s type for raw. */
static void
declare_disk (StrataGraph *self, const StrataDiskXml *disk, const char *by)
{
  StrataImage *image = strata_graph_get_image (self, disk->source);

  if (image == NULL)
    return;

  strata_image_declare (image, disk->format != NULL ? disk->format : "raw", by);
  believe_definition (image, disk, 0);
  for (guint i = 0; disk->backings != NULL && disk->backings[i] != NULL; i++)
    {
      StrataImage *backing = strata_graph_get_image (self, disk->backings[i]);

      if (backing == NULL)
        continue;
      if (*disk->backing_formats[i] != '\0')
        strata_image_declare (backing, disk->backing_formats[i], by);
      believe_definition (backing, disk, i + 1);
    }
  if (disk->encrypted)
    strata_image_set_problem (image, STRATA_IMAGE_FOREIGN, _ ("“%s” is encrypted"), image->path);
  if (disk->sliced)
    strata_image_set_problem (image, STRATA_IMAGE_FOREIGN,
                              _ ("Disk %s of %s is only a part of “%s” (slices)"), disk->target, by,
                              image->path);
  declare_chain (self, image);
}

/* Which format QEMU finds on an image that it gets on the command line is what its content looks like. */
static void
declare_option (StrataGraph *self, const StrataDiskXml *disk)
{
  StrataImage *image = strata_graph_get_image (self, disk->source);

  if (image != NULL && g_strcmp0 (disk->format, "raw") != 0)
    declare_chain (self, image);
}

static void
declare_use (StrataGraph *self, const StrataImageUse *use, const char *by)
{
  if (use->kind == STRATA_IMAGE_USE_OPTION)
    declare_option (self, use->disk);
  else
    declare_disk (self, use->disk, by);
}

static void
declare_domain (StrataGraph *self, StrataDomainFacts *domain)
{
  g_autofree char *by = g_strdup_printf ("“%s”", domain->name);

  for (guint i = 0; i < domain->disks->len; i++)
    declare_disk (self, g_ptr_array_index (domain->disks, i), by);
  for (guint i = 0; domain->next_disks != domain->disks && i < domain->next_disks->len; i++)
    declare_disk (self, g_ptr_array_index (domain->next_disks, i), by);
  for (guint i = 0; i < domain->uses->len; i++)
    declare_use (self, g_ptr_array_index (domain->uses, i), by);

  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      for (guint j = 0; j < snapshot->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);
          StrataImage *image = strata_graph_get_image (self, disk->image);

          if (image == NULL || disk->format == NULL)
            continue;
          /* What was left out may have been made anew in another format since. */
          if (disk->location != STRATA_SNAPSHOT_NONE)
            strata_image_declare (image, disk->format, by);
          if (disk->location != STRATA_SNAPSHOT_NONE || !g_str_equal (disk->format, "raw"))
            declare_chain (self, image);
        }
      for (guint j = 0; j < snapshot->options->len; j++)
        declare_option (self, g_ptr_array_index (snapshot->options, j));
    }
}

/* Of one that no definition reaches its content is all that tells, and it may be anything: what it claims makes nothing
 * contradict that is declared, unless that one's own content agrees. */
static void
declare_unnamed (StrataGraph *self, StrataImage *image)
{
  StrataImage *below = strata_graph_get_image (self, image->backing_path);
  g_autofree char *by = g_strdup_printf ("“%s”", image->path);

  if (!image->declared && below != NULL && image->backing_format != NULL &&
      (!below->declared || g_strcmp0 (below->content, image->backing_format) == 0))
    strata_image_declare (below, image->backing_format, by);
}

/* A raw image is its bytes; of any other the header says what it stands on. */
static void
judge_unread (StrataImage *image)
{
  if (image->unread && g_strcmp0 (image->format, "raw") != 0)
    strata_image_set_problem (image, STRATA_IMAGE_UNKNOWN, _ ("The header of “%s” can’t be read"),
                              image->path);
}

/* The data of OWNER is in DATA, and OTHER works on that file too: each overwrites what the other relies on. */
static void
blame_data_file (StrataGraph *self, StrataImage *owner, StrataImage *data, const char *other)
{
  strata_image_set_problem (owner, STRATA_IMAGE_CONTRADICTING,
                            /* Translators: an image, the file of its data, who uses that too */
                            _ ("“%s” has its data in “%s”, which %s uses too"), owner->path,
                            owner->data_file, other);
  if (data != NULL)
    strata_image_set_problem (
        data, STRATA_IMAGE_CONTRADICTING,
        /* Translators: a file, an image that has its data in it, who uses it too */
        _ ("“%s” has the data of “%s”, and %s uses it too"), data->path, owner->path, other);
}

static void
judge_opened (StrataGraph *self, GHashTable *owners, const char *path, const char *other)
{
  StrataImage *data = strata_graph_get_image (self, path);
  StrataImage *owner = data != NULL ? g_hash_table_lookup (owners, data->path) : NULL;

  if (owner != NULL)
    blame_data_file (self, owner, data, other);
}

static void
judge_domain (StrataGraph *self, GHashTable *owners, const StrataDomainFacts *domain)
{
  g_autofree char *name = g_strdup_printf ("“%s”", domain->name);

  for (guint i = 0; i < domain->disks->len; i++)
    judge_opened (self, owners, ((StrataDiskXml *) g_ptr_array_index (domain->disks, i))->source,
                  name);
  for (guint i = 0; i < domain->next_disks->len; i++)
    judge_opened (self, owners,
                  ((StrataDiskXml *) g_ptr_array_index (domain->next_disks, i))->source, name);
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      for (guint j = 0; j < snapshot->disks->len; j++)
        judge_opened (self, owners,
                      ((StrataSnapshotDisk *) g_ptr_array_index (snapshot->disks, j))->image, name);
    }
}

/* A data file is a part of its image, and nothing else's: QEMU's locks keep two machines from using it at once, and nothing keeps
 * them from using it one after the other. */
static void
judge_data_files (StrataGraph *self, GPtrArray *domains, GPtrArray *images)
{
  g_autoptr (GHashTable) owners = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < images->len; i++)
    {
      StrataImage *image = g_ptr_array_index (images, i);
      StrataImage *other =
          image->data_file != NULL ? g_hash_table_lookup (owners, image->data_file) : NULL;

      if (other != NULL)
        {
          g_autofree char *name = g_strdup_printf ("“%s”", image->path);
          g_autofree char *other_name = g_strdup_printf ("“%s”", other->path);

          blame_data_file (self, other, strata_graph_get_image (self, other->data_file), name);
          blame_data_file (self, image, NULL, other_name);
        }
      else if (image->data_file != NULL)
        g_hash_table_insert (owners, image->data_file, image);
    }
  if (g_hash_table_size (owners) == 0)
    return;

  for (guint i = 0; i < images->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (images, i);
      g_autofree char *name = g_strdup_printf ("“%s”", image->path);

      judge_opened (self, owners, image->backing_path, name);
    }
  for (guint i = 0; i < domains->len; i++)
    judge_domain (self, owners, g_ptr_array_index (domains, i));
}

/**
 * strata_graph_declare_disks:
 * @self: a graph that is finished, and which no other thread knows yet
 * @disks: (element-type StrataDiskXml): the disks of a document, which are resolved here
 * @by: what says so, for a person
 */
void
strata_graph_declare_disks (StrataGraph *self, GPtrArray *disks, const char *by)
{
  g_autoptr (GPtrArray) images = strata_graph_get_images (self);

  resolve_disks (self, disks);
  for (guint i = 0; i < images->len; i++)
    resolve_image (self, g_ptr_array_index (images, i));
  for (guint i = 0; i < disks->len; i++)
    declare_disk (self, g_ptr_array_index (disks, i), by);
  for (guint i = 0; i < images->len; i++)
    {
      strata_image_finish (g_ptr_array_index (images, i));
      judge_unread (g_ptr_array_index (images, i));
    }
  judge_data_files (self, strata_graph_get_domains (self), images);
}

void
strata_graph_finish_part (StrataGraph *self, GPtrArray *domains, GPtrArray *images)
{
  for (guint i = 0; i < domains->len; i++)
    resolve_domain (self, g_ptr_array_index (domains, i));
  for (guint i = 0; i < images->len; i++)
    resolve_image (self, g_ptr_array_index (images, i));

  for (guint i = 0; i < domains->len; i++)
    declare_domain (self, g_ptr_array_index (domains, i));
  for (guint i = 0; i < images->len; i++)
    declare_unnamed (self, g_ptr_array_index (images, i));
  for (guint i = 0; i < domains->len; i++)
    strata_graph_dispute_raw (self, g_ptr_array_index (domains, i));
  for (guint i = 0; i < images->len; i++)
    {
      strata_image_finish (g_ptr_array_index (images, i));
      judge_unread (g_ptr_array_index (images, i));
    }
  judge_data_files (self, domains, images);
  for (guint i = 0; i < domains->len; i++)
    strata_domain_facts_hash_places (g_ptr_array_index (domains, i));
}

/**
 * strata_graph_finish:
 * @self: a graph to which everything was added, and which no other thread knows yet
 *
 * Definitions and headers decide what an image is; of what stands where, only what they say is left.
 */
void
strata_graph_finish (StrataGraph *self)
{
  g_autoptr (GPtrArray) images = strata_graph_get_images (self);

  strata_graph_finish_part (self, strata_graph_get_domains (self), images);
}
