/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who holds an image: everybody whose bytes we promised to keep. */

#include "config.h"

#include "strata-graph.h"

/* Whether the chain that begins at TOP reaches PATH; a broken chain holds what it can be followed to. */
static gboolean
reaches (StrataGraph *self, const char *top, const char *path)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (const char *link = top; link != NULL && g_hash_table_add (seen, (gpointer) link);)
    {
      StrataImage *image = strata_graph_get_image (self, link);

      if (g_strcmp0 (link, path) == 0)
        return TRUE;

      link = image != NULL ? image->backing_path : NULL;
    }

  return FALSE;
}

static void
add_name (GHashTable *named, char *path)
{
  if (path != NULL)
    g_hash_table_add (named, path);
}

/* The images that are frozen, and those that have its tag. */
static void
add_frozen (GHashTable *named, const StrataSnapshotFacts *snapshot)
{
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->location != STRATA_SNAPSHOT_NONE)
        add_name (named, disk->image);
    }
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

static void
add_domain_holders (StrataGraph *self,
                    StrataDomainFacts *domain,
                    const char *path,
                    GPtrArray *holders)
{
  g_autoptr (GPtrArray) inactive = strata_domain_xml_get_disks (domain->definition);
  GPtrArray *views[] = { domain->disks, domain->live_xml != NULL ? inactive : NULL };
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

          if (reaches (self, disk->source, path) ||
              (disk->backing != NULL && reaches (self, disk->backing, path)))
            {
              g_ptr_array_add (holders,
                               holder_new (kind, domain, NULL, disk->target, disk->source));
              return;
            }
        }
    }
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

      for (guint j = 0; j < snapshot->disks->len && !snapshot->retained; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);

          if (disk->location == STRATA_SNAPSHOT_NONE || !reaches (self, disk->image, path))
            continue;

          g_ptr_array_add (holders, holder_new (STRATA_HOLDER_SNAPSHOT, domain, snapshot->name,
                                                disk->target, disk->image));
          break;
        }
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

      if (g_strcmp0 (image->backing_path, path) == 0 && !g_hash_table_contains (named, image->path))
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

      if (disk->source == NULL || g_strcmp0 (disk->device, "disk") != 0)
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
