/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who holds an image: everybody whose bytes we promised to keep. */

#include "config.h"

#include "strata-graph.h"

/* Whether the chain that begins at TOP reaches PATH; a broken chain holds what it can be followed to. */
gboolean
strata_graph_reaches (StrataGraph *self, const char *top, const char *path)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  path = strata_graph_resolve (self, path);
  for (const char *link = strata_graph_resolve (self, top);
       link != NULL && g_hash_table_add (seen, (gpointer) link);)
    {
      StrataImage *image = strata_graph_get_image (self, link);

      if (g_strcmp0 (link, path) == 0 || (image != NULL && g_strcmp0 (image->data_file, path) == 0))
        return TRUE;

      link = image != NULL ? strata_graph_resolve (self, image->backing_path) : NULL;
    }

  return FALSE;
}

/* The disks as a definition has them reach PATH. */
static gboolean
disks_reach (StrataGraph *self, GPtrArray *disks, const char *path)
{
  for (guint i = 0; i < disks->len; i++)
    {
      if (strata_graph_reaches (self, ((StrataDiskXml *) g_ptr_array_index (disks, i))->source,
                                path))
        return TRUE;
    }

  return FALSE;
}

/* What a snapshot left out is held by it where its domain doesn't have it now. */
static gboolean
is_held_by_snapshot (StrataGraph *self,
                     const StrataDomainFacts *domain,
                     const StrataSnapshotDisk *disk)
{
  if (disk->image == NULL)
    return FALSE;

  return disk->location != STRATA_SNAPSHOT_NONE ||
         !(disks_reach (self, domain->disks, disk->image) ||
           disks_reach (self, domain->next_disks, disk->image));
}

static void
add_name (GHashTable *named, char *path)
{
  if (path != NULL)
    g_hash_table_add (named, path);
}

/* The images that are frozen, those that have its tag, those that were left out, and those on QEMU's command line. */
static void
add_frozen (GHashTable *named, const StrataSnapshotFacts *snapshot)
{
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      add_name (named, disk->image);
    }
  for (guint i = 0; i < snapshot->options->len; i++)
    add_name (named, ((StrataDiskXml *) g_ptr_array_index (snapshot->options, i))->source);
}

/* Every image that a domain's disk or a snapshot names. */
static GHashTable *
collect_named (StrataGraph *self)
{
  GHashTable *named = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *domains = strata_graph_get_domains (self);

  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      for (guint j = 0; j < domain->disks->len; j++)
        add_name (named, ((StrataDiskXml *) g_ptr_array_index (domain->disks, j))->source);
      for (guint j = 0; j < domain->uses->len; j++)
        add_name (named, ((StrataImageUse *) g_ptr_array_index (domain->uses, j))->disk->source);
      for (guint j = 0; j < domain->snapshots->len; j++)
        add_frozen (named, g_ptr_array_index (domain->snapshots, j));
    }

  return named;
}

static StrataHolder *
holder_new (StrataHolderKind kind,
            StrataDomainFacts *domain,
            const char *snapshot,
            const char *target,
            const char *top)
{
  StrataHolder *holder = g_new0 (StrataHolder, 1);

  holder->kind = kind;
  holder->domain = domain != NULL ? strata_domain_facts_ref (domain) : NULL;
  holder->snapshot = g_strdup (snapshot);
  holder->target = g_strdup (target);
  holder->top = g_strdup (top);

  return holder;
}

static gboolean
disk_reaches (StrataGraph *self, const StrataDiskXml *disk, const char *path)
{
  if (strata_graph_reaches (self, disk->source, path))
    return TRUE;

  /* What the definition says outranks the headers, and each of its levels is read through. */
  for (guint i = 0; disk->backings != NULL && disk->backings[i] != NULL; i++)
    {
      if (strata_graph_reaches (self, disk->backings[i], path))
        return TRUE;
    }

  return FALSE;
}

static gboolean
chain_is_seen (StrataGraph *self, const char *top)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (const char *link = top; link != NULL;)
    {
      StrataImage *image = strata_graph_get_image (self, link);

      if (image == NULL || image->missing || image->state == STRATA_IMAGE_UNKNOWN)
        return FALSE;
      link = g_hash_table_add (seen, image) ? image->backing_path : NULL;
    }

  return TRUE;
}

static gboolean
disks_are_seen (StrataGraph *self, GPtrArray *disks)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (disk->source != NULL && g_strcmp0 (disk->device, "disk") == 0 &&
          !chain_is_seen (self, disk->source))
        return FALSE;
    }

  return TRUE;
}

static gboolean
snapshots_are_seen (StrataGraph *self, GPtrArray *snapshots)
{
  for (guint i = 0; i < snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (snapshots, i);

      for (guint j = 0; j < snapshot->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);

          if (disk->location != STRATA_SNAPSHOT_NONE && disk->image != NULL &&
              !chain_is_seen (self, disk->image))
            return FALSE;
        }
    }

  return TRUE;
}

static void
add_bases (StrataGraph *self, const StrataDomainFacts *template, GPtrArray *bases)
{
  GPtrArray *views[] = { template->disks, template->next_disks };

  for (size_t v = 0; v < G_N_ELEMENTS (views); v++)
    {
      for (guint i = 0; i < views[v]->len; i++)
        {
          StrataDiskXml *disk = g_ptr_array_index (views[v], i);

          if (disk->source != NULL && g_strcmp0 (disk->device, "disk") == 0 &&
              strata_graph_get_image (self, disk->source) != NULL &&
              !g_ptr_array_find (bases, disk, NULL))
            g_ptr_array_add (bases, disk);
        }
    }
}

/* A template that was defined or imported again, from a dump, has another UUID, and perhaps another name. */
gboolean
strata_clone_mark_is_of (const StrataCloneMark *mark, const StrataDomainFacts *template)
{
  const char *source = template->template_mark != NULL ? template->template_mark->source : NULL;

  return g_strcmp0 (template->uuid, mark->template_uuid) == 0 ||
         (mark->template_name != NULL && (g_str_equal (template->name, mark->template_name) ||
                                          g_strcmp0 (source, mark->template_name) == 0));
}

static void
add_bases_of_mark (StrataGraph *self,
                   const StrataDomainFacts *clone,
                   const StrataCloneMark *mark,
                   GPtrArray *bases)
{
  GPtrArray *domains = strata_graph_get_domains (self);

  for (guint i = 0; (mark->thin || mark->was_thin) && i < domains->len; i++)
    {
      const StrataDomainFacts *template = g_ptr_array_index (domains, i);

      if (template != clone && strata_clone_mark_is_of (mark, template))
        add_bases (self, template, bases);
    }
}

/**
 * strata_graph_get_marked_bases:
 * @self: a graph
 * @clone: a domain
 *
 * What a clone's definition says holds whichever domain it was written for, and that of a snapshot too: a flattened clone's
 * snapshots stand where they stood, and a definition may have been given another UUID.
 *
 * Returns: (transfer container) (element-type StrataDiskXml): the disks of the templates of which @clone is or was a thin clone,
 *   where any image of it or of its snapshots can't be seen; empty otherwise
 */
GPtrArray *
strata_graph_get_marked_bases (StrataGraph *self, const StrataDomainFacts *clone)
{
  GPtrArray *bases = g_ptr_array_new ();

  g_return_val_if_fail (STRATA_IS_GRAPH (self), bases);

  if (disks_are_seen (self, clone->disks) && disks_are_seen (self, clone->next_disks) &&
      snapshots_are_seen (self, clone->snapshots))
    return bases;

  for (guint i = 0; i < clone->clone_marks->len; i++)
    add_bases_of_mark (self, clone, g_ptr_array_index (clone->clone_marks, i), bases);
  for (guint i = 0; i < clone->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (clone->snapshots, i);

      for (guint j = 0; j < snapshot->clone_marks->len; j++)
        add_bases_of_mark (self, clone, g_ptr_array_index (snapshot->clone_marks, j), bases);
    }

  return bases;
}

static gboolean
stands_by_mark (StrataGraph *self, const StrataDomainFacts *domain, const char *path)
{
  g_autoptr (GPtrArray) bases = strata_graph_get_marked_bases (self, domain);

  for (guint i = 0; i < bases->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (bases, i);

      if (strata_graph_reaches (self, disk->source, path))
        return TRUE;
    }

  return FALSE;
}

static void
add_domain_holders (StrataGraph *self,
                    StrataDomainFacts *domain,
                    const char *path,
                    GPtrArray *holders)
{
  GPtrArray *views[] = { domain->disks,
                         domain->next_disks != domain->disks ? domain->next_disks : NULL };
  StrataHolderKind kind = STRATA_HOLDER_DOMAIN;

  if (domain->template_mark != NULL)
    kind = STRATA_HOLDER_TEMPLATE;
  else if (domain->clone_mark != NULL && domain->clone_mark->thin)
    kind = STRATA_HOLDER_CLONE;

  /* While a domain runs its definition may name other images than it has open; both are held. */
  for (size_t v = 0; v < G_N_ELEMENTS (views); v++)
    {
      for (guint i = 0; views[v] != NULL && i < views[v]->len; i++)
        {
          StrataDiskXml *disk = g_ptr_array_index (views[v], i);

          if (disk_reaches (self, disk, path))
            {
              g_ptr_array_add (holders,
                               holder_new (kind, domain, NULL, disk->target, disk->source));
              return;
            }
        }
    }

  for (guint i = 0; i < domain->uses->len; i++)
    {
      StrataDiskXml *disk = ((StrataImageUse *) g_ptr_array_index (domain->uses, i))->disk;

      if (disk_reaches (self, disk, path))
        {
          g_ptr_array_add (holders, holder_new (kind, domain, NULL, disk->target, disk->source));
          return;
        }
    }

  if (stands_by_mark (self, domain, path))
    g_ptr_array_add (holders, holder_new (STRATA_HOLDER_CLONE, domain, NULL, NULL, path));
}

/* (nullable): what SNAPSHOT has on QEMU's command line, and its domain not as a disk, and that reaches PATH */
static const StrataDiskXml *
find_option (StrataGraph *self,
             const StrataDomainFacts *domain,
             const StrataSnapshotFacts *snapshot,
             const char *path)
{
  for (guint i = 0; i < snapshot->options->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (snapshot->options, i);

      if (disk_reaches (self, disk, path) && !disks_reach (self, domain->disks, disk->source) &&
          !disks_reach (self, domain->next_disks, disk->source))
        return disk;
    }

  return NULL;
}

static StrataHolder *
make_snapshot_holder (StrataGraph *self,
                      StrataDomainFacts *domain,
                      const StrataSnapshotFacts *snapshot,
                      const char *path)
{
  const StrataDiskXml *option;

  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (is_held_by_snapshot (self, domain, disk) &&
          strata_graph_reaches (self, disk->image, path))
        return holder_new (STRATA_HOLDER_SNAPSHOT, domain, snapshot->name, disk->target,
                           disk->image);
    }

  option = find_option (self, domain, snapshot, path);

  return option != NULL ? holder_new (STRATA_HOLDER_SNAPSHOT, domain, snapshot->name,
                                      option->target, option->source)
                        : NULL;
}

/* A retained layer is nobody's; what stands on it holds it. */
static void
add_snapshot_holders (StrataGraph *self,
                      StrataDomainFacts *domain,
                      const char *path,
                      GPtrArray *holders)
{
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      StrataHolder *holder =
          snapshot->retained ? NULL : make_snapshot_holder (self, domain, snapshot, path);

      if (holder != NULL)
        g_ptr_array_add (holders, holder);
    }
}

/**
 * strata_graph_get_holders:
 * @self: a graph
 * @path: an image
 *
 * Everybody whose content would change if the bytes of @path did: each domain and snapshot once, and each image
 * that no domain opens and that stands on @path.
 *
 * Returns: (transfer full) (element-type StrataHolder): the holders
 */
GPtrArray *
strata_graph_get_holders (StrataGraph *self, const char *path)
{
  GPtrArray *holders = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_holder_free);
  GPtrArray *domains = strata_graph_get_domains (self);
  g_autoptr (GPtrArray) images = NULL;
  g_autoptr (GHashTable) named = NULL;

  g_return_val_if_fail (STRATA_IS_GRAPH (self), holders);
  g_return_val_if_fail (path != NULL, holders);

  for (guint i = 0; i < domains->len; i++)
    {
      add_domain_holders (self, g_ptr_array_index (domains, i), path, holders);
      add_snapshot_holders (self, g_ptr_array_index (domains, i), path, holders);
    }

  images = strata_graph_get_images (self);
  named = collect_named (self);
  for (guint i = 0; i < images->len; i++)
    {
      StrataImage *image = g_ptr_array_index (images, i);

      if ((g_strcmp0 (strata_graph_resolve (self, image->backing_path),
                      strata_graph_resolve (self, path)) == 0 ||
           g_strcmp0 (image->data_file, path) == 0) &&
          !g_hash_table_contains (named, image->path))
        g_ptr_array_add (holders, holder_new (STRATA_HOLDER_IMAGE, NULL, NULL, NULL, image->path));
    }

  return holders;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_utf8_collate (((const StrataDomainFacts *) a)->name,
                         ((const StrataDomainFacts *) b)->name);
}

/**
 * strata_graph_get_thin_clones:
 * @self: a graph
 * @template: a template
 *
 * Found by their chains and not by their marks: whoever stands on the template's images.
 *
 * Returns: (transfer full) (element-type StrataDomainFacts): the clones, each once, by name
 */
GPtrArray *
strata_graph_get_thin_clones (StrataGraph *self, StrataDomainFacts *template)
{
  GPtrArray *clones = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_domain_facts_unref);

  g_return_val_if_fail (STRATA_IS_GRAPH (self), clones);

  for (guint i = 0; i < template->disks->len; i++)
    {
      StrataDiskXml *disk = g_ptr_array_index (template->disks, i);
      g_autoptr (GPtrArray) holders = NULL;

      /* What the template only reads stays when it is deleted, and others may read it as well. */
      if (disk->source == NULL || g_strcmp0 (disk->device, "disk") != 0 || disk->read_only)
        continue;

      holders = strata_graph_get_holders (self, disk->source);
      for (guint j = 0; j < holders->len; j++)
        {
          StrataHolder *holder = g_ptr_array_index (holders, j);

          if (holder->domain != NULL && holder->domain != template &&
              !g_ptr_array_find (clones, holder->domain, NULL))
            g_ptr_array_add (clones, strata_domain_facts_ref (holder->domain));
        }
    }

  g_ptr_array_sort_values (clones, compare_names);

  return clones;
}
