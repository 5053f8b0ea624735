/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataLineage: the images of a domain, sorted by the disk whose layers they are or were.
 *
 * What a snapshot's document has of a disk is one disk: the image, and the overlays that were put on it. So are an image that a
 * snapshot has and what stands on it, unless another disk of a snapshot is that, and an image and the copy on which its domain
 * went on. That two images have a base in common says nothing: every thin clone of a template does.
 */

#include "config.h"

#include "strata-lineage.h"

struct _StrataLineage
{
  StrataGraph *graph;
  char *uuid;
  GHashTable *parents; /* path -> path: a tree for each disk */
  GHashTable *put_on;  /* path -> set of paths: on which images a document says it was put */
};

static const char *
find_root (StrataLineage *self, const char *path)
{
  const char *next;

  path = strata_graph_resolve (self->graph, path);
  while ((next = g_hash_table_lookup (self->parents, path)) != NULL)
    path = next;

  return path;
}

/**
 * strata_lineage_join:
 * @self: the lineage of a domain
 * @a: (nullable): an image
 * @b: (nullable): another
 *
 * Both are layers of one disk, from now on.
 */
void
strata_lineage_join (StrataLineage *self, const char *a, const char *b)
{
  const char *root_a;
  const char *root_b;

  if (a == NULL || b == NULL)
    return;

  root_a = find_root (self, a);
  root_b = find_root (self, b);
  if (!g_str_equal (root_a, root_b))
    g_hash_table_insert (self->parents, g_strdup (root_a), g_strdup (root_b));
}

static void
note_put_on (StrataLineage *self, const char *overlay, const char *image)
{
  GHashTable *images;

  overlay = strata_graph_resolve (self->graph, overlay);
  images = g_hash_table_lookup (self->put_on, overlay);
  if (images == NULL)
    {
      images = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_hash_table_insert (self->put_on, g_strdup (overlay), images);
    }
  g_hash_table_add (images, g_strdup (strata_graph_resolve (self->graph, image)));
}

static void
join_snapshots (StrataLineage *self, const StrataDomainFacts *domain, GHashTable *kept)
{
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      for (guint j = 0; j < snapshot->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);
          const char *const layers[] = { disk->image, disk->overlay, disk->revert_overlay };

          if (disk->location == STRATA_SNAPSHOT_NONE || disk->image == NULL ||
              strata_graph_find_contradiction (self->graph, domain, disk) != NULL)
            continue;
          for (size_t k = 0; k < G_N_ELEMENTS (layers); k++)
            {
              strata_lineage_join (self, disk->image, layers[k]);
              if (layers[k] == NULL)
                continue;
              g_hash_table_add (kept, g_strdup (strata_graph_resolve (self->graph, layers[k])));
              note_put_on (self, layers[k], disk->image);
            }
        }
    }
}

/* Whether a snapshot has PATH as one disk and a layer of the disk of BELOW as another: at one time these are two. */
static gboolean
is_another_disk (StrataLineage *self,
                 const StrataDomainFacts *domain,
                 const char *path,
                 const char *below)
{
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);
      const StrataSnapshotDisk *own = NULL;
      gboolean other = FALSE;

      for (guint j = 0; j < snapshot->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);

          if (g_strcmp0 (disk->image, path) == 0)
            own = disk;
          else if (disk->image != NULL && strata_lineage_is_one (self, disk->image, below))
            other = TRUE;
        }
      if (own != NULL && other)
        return TRUE;
    }

  return FALSE;
}

static void
join_overlays (StrataLineage *self, const StrataDomainFacts *domain, GHashTable *kept)
{
  g_autoptr (GPtrArray) images = strata_graph_get_images (self->graph);

  for (guint i = 0; i < images->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (images, i);
      const char *below = strata_graph_resolve (self->graph, image->backing_path);

      if (below != NULL && g_hash_table_contains (kept, below) &&
          !is_another_disk (self, domain, image->path, below))
        strata_lineage_join (self, image->path, below);
    }
}

static gboolean
is_disk (GPtrArray *disks, const char *path)
{
  for (guint i = 0; i < disks->len; i++)
    {
      if (g_strcmp0 (((StrataDiskXml *) g_ptr_array_index (disks, i))->source, path) == 0)
        return TRUE;
    }

  return FALSE;
}

/**
 * strata_lineage_new:
 * @graph: a graph
 * @domain: a domain of it
 *
 * Returns: (transfer full): which images are one disk of @domain, as @graph has them
 */
StrataLineage *
strata_lineage_new (StrataGraph *graph, const StrataDomainFacts *domain)
{
  StrataLineage *self = g_new0 (StrataLineage, 1);
  g_autoptr (GHashTable) kept = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) copies = strata_domain_xml_get_copies (domain->definition);

  self->graph = g_object_ref (graph);
  self->uuid = g_strdup (domain->uuid);
  self->parents = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->put_on =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_hash_table_unref);
  join_snapshots (self, domain, kept);
  join_overlays (self, domain, kept);
  for (guint i = 0; i < copies->len; i++)
    {
      const StrataCopyMark *copy = g_ptr_array_index (copies, i);

      /* What was left behind went, and another image has its name. */
      if (!is_disk (domain->disks, copy->from) && !is_disk (domain->next_disks, copy->from))
        strata_lineage_join (self, copy->from, copy->to);
    }

  return self;
}

void
strata_lineage_free (StrataLineage *self)
{
  g_object_unref (self->graph);
  g_free (self->uuid);
  g_hash_table_unref (self->parents);
  g_hash_table_unref (self->put_on);
  g_free (self);
}

/**
 * strata_lineage_is_one:
 * @self: the lineage of a domain
 * @a: an image
 * @b: another
 *
 * Returns: whether both are, or were, layers of one disk
 */
gboolean
strata_lineage_is_one (StrataLineage *self, const char *a, const char *b)
{
  return g_str_equal (find_root (self, a), find_root (self, b));
}

/* How sure it is that HOLDER is the disk that PATH is a layer of: not at all, by what is written down of it, since it stands on
 * it, since it is it */
static guint
rate (StrataLineage *self, StrataLayers *layers, const StrataHolder *holder, const char *path)
{
  if (!strata_holder_is_disk (holder) || holder->key->kind == STRATA_HOLDER_KEY_BACKING ||
      g_strcmp0 (holder->uuid, self->uuid) != 0)
    return 0;
  if (g_strcmp0 (holder->top, path) == 0)
    return 3;
  if (strata_layers_reach (layers, holder->top, path))
    return 2;

  for (StrataChain link = strata_layers_walk (layers, holder->top); link.layer != NULL;
       strata_chain_next (&link))
    {
      if (strata_lineage_is_one (self, link.path, path))
        return 1;
    }

  return 0;
}

/* Whether a document says of what HOLDER has on PATH that it was put there. */
static gboolean
is_written_down (StrataLineage *self,
                 StrataLayers *layers,
                 const StrataHolder *holder,
                 const char *path)
{
  for (StrataChain link = strata_layers_walk (layers, holder->top); link.layer != NULL;
       strata_chain_next (&link))
    {
      GHashTable *images = g_hash_table_lookup (self->put_on, link.path);

      if (g_strcmp0 (link.layer->backing, path) == 0)
        return images != NULL && g_hash_table_contains (images, path);
    }

  return FALSE;
}

/* Of two that are as sure to be the disk TARGET on PATH it is ONE if a document says so, and neither a document nor its name says
 * so of OTHER. Where neither stands on PATH, there is the name. */
static gboolean
is_rather (StrataLineage *self,
           StrataLayers *layers,
           const StrataHolder *one,
           const StrataHolder *other,
           const char *path,
           const char *target)
{
  if (!strata_layers_reach (layers, one->top, path))
    return g_strcmp0 (one->target, target) == 0;

  return g_strcmp0 (other->target, target) != 0 && is_written_down (self, layers, one, path) &&
         !is_written_down (self, layers, other, path);
}

static gboolean
has_top (GPtrArray *holders, const char *top)
{
  for (guint i = 0; i < holders->len; i++)
    {
      if (g_strcmp0 (((StrataHolder *) g_ptr_array_index (holders, i))->top, top) == 0)
        return TRUE;
    }

  return FALSE;
}

/**
 * strata_lineage_find_disks:
 * @self: the lineage of a domain
 * @layers: the host, now or after some steps
 * @path: an image
 * @target: the name that the disk had
 *
 * A second disk may have been put on a layer of the first by hand, and either may have the name of the first by now. What the
 * snapshots have on record of the layer tells which is which, unless the names tell otherwise.
 *
 * Returns: (transfer container) (element-type StrataHolder): the disk of the domain in @layers that @path is a layer of, or once
 *   was; more than one where nothing tells which of them it is
 */
GPtrArray *
strata_lineage_find_disks (StrataLineage *self,
                           StrataLayers *layers,
                           const char *path,
                           const char *target)
{
  GPtrArray *holders = strata_layers_get_holders (layers);
  GPtrArray *found = g_ptr_array_new ();
  guint best_rate = 1;

  path = strata_graph_resolve (self->graph, path);
  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);
      guint rated = rate (self, layers, holder, path);

      if (rated > best_rate)
        g_ptr_array_set_size (found, 0);
      best_rate = MAX (best_rate, rated);
      if (rated == best_rate && !has_top (found, holder->top))
        g_ptr_array_add (found, holder);
    }

  for (guint i = 0; i < found->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (found, i);
      gboolean clear = TRUE;

      for (guint j = 0; j < found->len && clear; j++)
        clear =
            i == j || is_rather (self, layers, holder, g_ptr_array_index (found, j), path, target);
      if (!clear)
        continue;
      g_ptr_array_set_size (found, 0);
      g_ptr_array_add (found, holder);
    }

  return found;
}

/**
 * strata_lineage_find_disk:
 * @self: the lineage of a domain
 * @layers: the host, now or after some steps
 * @path: an image
 * @target: the name that the disk had
 *
 * Returns: (transfer none) (nullable): the one that strata_lineage_find_disks () finds, if it is one
 */
StrataHolder *
strata_lineage_find_disk (StrataLineage *self,
                          StrataLayers *layers,
                          const char *path,
                          const char *target)
{
  g_autoptr (GPtrArray) found = strata_lineage_find_disks (self, layers, path, target);

  return found->len == 1 ? g_ptr_array_index (found, 0) : NULL;
}

/**
 * strata_lineage_is_current:
 * @self: the lineage of a domain
 * @layers: the host, now or after some steps
 * @path: an image
 *
 * One that is not is all that is left of a disk that was detached, say.
 *
 * Returns: whether @path is a layer of a disk that the domain has in @layers, or once was one
 */
gboolean
strata_lineage_is_current (StrataLineage *self, StrataLayers *layers, const char *path)
{
  GPtrArray *holders = strata_layers_get_holders (layers);

  path = strata_graph_resolve (self->graph, path);
  for (guint i = 0; i < holders->len; i++)
    {
      if (rate (self, layers, g_ptr_array_index (holders, i), path) > 0)
        return TRUE;
    }

  return FALSE;
}

/**
 * strata_lineage_is_torn:
 * @self: the lineage of a domain
 * @layers: the host, now or after some steps
 *
 * Nothing says what an image that isn't there stands on: it may be any that the domain has or had.
 *
 * Returns: whether a disk that the domain has in @layers, or what it stands on, isn't there
 */
gboolean
strata_lineage_is_torn (StrataLineage *self, StrataLayers *layers)
{
  GPtrArray *holders = strata_layers_get_holders (layers);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);
      StrataChain link = strata_layers_walk (layers, holder->top);
      const StrataImage *image;

      if (!strata_holder_is_disk (holder) || g_strcmp0 (holder->uuid, self->uuid) != 0)
        continue;
      while (link.layer != NULL)
        strata_chain_next (&link);
      image = strata_graph_get_image (self->graph, link.path);
      if (image != NULL && image->missing && g_strcmp0 (image->format, "raw") != 0)
        return TRUE;
    }

  return FALSE;
}
