/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who may write where a promise was made: two definitions of one disk, and images that a snapshot froze, a template has
 * or another image stands on, while a domain writes to them. On paper a plan moves bytes and no guest writes a single one, so
 * that the contents alone would not show what happens at the next start.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-writers.h"
#include "base/strata-visible.h"

static gboolean
is_disk (const StrataHolder *holder)
{
  return holder->key->kind == STRATA_HOLDER_KEY_DISK ||
         holder->key->kind == STRATA_HOLDER_KEY_NEXT_DISK;
}

static gboolean
claims (const StrataHolder *holder)
{
  return holder->writes || (is_disk (holder) && holder->kind == STRATA_HOLDER_TEMPLATE);
}

static void
add_to (GHashTable *by_top, StrataHolder *holder)
{
  GPtrArray *same = g_hash_table_lookup (by_top, holder->top);

  if (same == NULL)
    {
      same = g_ptr_array_new ();
      g_hash_table_insert (by_top, holder->top, same);
    }
  g_ptr_array_add (same, holder);
}

static void
count_frozen (StrataWriters *self, const StrataSnapshotFacts *snapshot)
{
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);
      guint n;

      if (disk->location != STRATA_SNAPSHOT_EXTERNAL || disk->image == NULL)
        continue;
      n = GPOINTER_TO_UINT (g_hash_table_lookup (self->frozen, disk->image));
      g_hash_table_insert (self->frozen, disk->image, GUINT_TO_POINTER (n + 1));
    }
}

/**
 * strata_writers_new:
 * @graph: a host
 * @layers: the same, simulated, which must stay as it is meanwhile
 *
 * Returns: (transfer full): who writes where
 */
StrataWriters *
strata_writers_new (StrataGraph *graph, StrataLayers *layers)
{
  StrataWriters *self = g_new0 (StrataWriters, 1);
  GPtrArray *holders = strata_layers_get_holders (layers);
  GPtrArray *domains = strata_graph_get_domains (graph);

  self->graph = graph;
  self->layers = layers;
  self->disks =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);
  self->frozen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);

      if (claims (holder))
        add_to (self->disks, holder);
    }

  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      for (guint j = 0; j < domain->snapshots->len; j++)
        count_frozen (self, g_ptr_array_index (domain->snapshots, j));
    }

  return self;
}

void
strata_writers_free (StrataWriters *self)
{
  g_hash_table_unref (self->disks);
  g_hash_table_unref (self->frozen);
  g_free (self);
}

static StrataHolder *
find_writer (StrataWriters *self, const char *path, const char *except, StrataPlan *discarding)
{
  GPtrArray *same = g_hash_table_lookup (self->disks, path);

  for (guint i = 0; same != NULL && i < same->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (same, i);

      if (holder->writes && (except == NULL || g_strcmp0 (holder->uuid, except) != 0) &&
          (discarding == NULL || !strata_plan_is_discarded (discarding, holder->key)))
        return holder;
    }

  return NULL;
}

StrataHolder *
strata_writers_find_below (StrataWriters *self,
                           const char *path,
                           const char *except,
                           StrataPlan *discarding,
                           const char **image)
{
  *image = NULL;
  for (StrataChain link = strata_layers_walk (self->layers, path); link.layer != NULL;
       strata_chain_next (&link))
    {
      StrataHolder *writer = find_writer (self, link.path, except, discarding);

      if (writer != NULL)
        {
          *image = link.path;
          return writer;
        }
    }

  return NULL;
}

StrataHolder *
strata_writers_find_under (StrataWriters *self,
                           const StrataDomainFacts *domain,
                           const StrataDiskXml *disk,
                           const char **image)
{
  StrataLayer *layer = strata_layers_find (self->layers, disk->source);

  *image = NULL;

  return layer != NULL && layer->backing != NULL
             ? strata_writers_find_below (self, layer->backing, domain->uuid, NULL, image)
             : NULL;
}

static StrataHolder *
find_other (StrataWriters *self, const StrataHolder *own)
{
  GPtrArray *same =
      own != NULL && claims (own) ? g_hash_table_lookup (self->disks, own->top) : NULL;

  for (guint i = 0; same != NULL && i < same->len; i++)
    {
      StrataHolder *other = g_ptr_array_index (same, i);

      /* Who shares a disk on purpose knows of the others. */
      if (g_strcmp0 (other->uuid, own->uuid) != 0 && (own->writes || other->writes) &&
          !(own->shared && other->shared))
        return other;
    }

  return NULL;
}

StrataHolder *
strata_writers_find_other (StrataWriters *self, const StrataDomainFacts *domain, const char **image)
{
  GPtrArray *views[] = { domain->disks, domain->next_disks };

  *image = NULL;
  for (size_t v = 0; v < G_N_ELEMENTS (views); v++)
    {
      for (guint i = 0; i < views[v]->len; i++)
        {
          const StrataDiskXml *disk = g_ptr_array_index (views[v], i);
          g_autoptr (StrataHolderKey) key =
              v > 0 ? strata_holder_key_new_next_disk (domain->uuid, disk->target)
                    : strata_holder_key_new_disk (domain->uuid, disk->target);
          StrataHolder *own = strata_layers_find_holder (self->layers, key);
          StrataHolder *other = find_other (self, own);

          if (other == NULL)
            continue;
          *image = own->top;
          return other;
        }
    }

  return NULL;
}

/* Whether a disk that writes to the same image was there in BEFORE. */
static gboolean
wrote_before (StrataLayers *before, const StrataHolder *holder)
{
  StrataHolder *then = strata_layers_find_holder (before, holder->key);

  return then != NULL && then->writes && g_strcmp0 (then->top, holder->top) == 0;
}

/* path of an image -> GPtrArray of StrataHolder, who write to it; BEFORE: (nullable): without those that are there already; GIVEN_UP:
 * (nullable): without those that are there already and are to go by the end of this plan */
static GHashTable *
map_writers (StrataLayers *self, StrataLayers *before, StrataLayers *first, StrataPlan *discarding)
{
  GPtrArray *holders = strata_layers_get_holders (self);
  GHashTable *writers =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);

      if (!holder->writes || (before != NULL && wrote_before (before, holder)) ||
          (discarding != NULL && strata_plan_is_discarded (discarding, holder->key) &&
           wrote_before (first, holder)))
        continue;
      add_to (writers, holder);
    }

  return writers;
}

/* A domain's own disks, of now and of its next start, are no promise to each other, nor is one that a snapshot left out. */
static gboolean
is_wronged (const StrataHolder *holder, const StrataHolder *writer)
{
  return writer != holder &&
         !((holder->key->kind != STRATA_HOLDER_KEY_SNAPSHOT || holder->left_out) &&
           g_strcmp0 (holder->uuid, writer->uuid) == 0);
}

/* The first of WRITERS that writes to what HOLDER reads. What a tag keeps of its own image stays whatever is written
 * there, and an overlay that had no name has one when a domain gets it. */
static const StrataHolder *
find_in_chain (StrataLayers *self, GHashTable *writers, const StrataHolder *holder)
{
  gboolean below_only = holder->by_tag || holder->key->kind == STRATA_HOLDER_KEY_IMAGE;
  gboolean first = TRUE;

  for (StrataChain link = strata_layers_walk (self, holder->top); link.layer != NULL;
       strata_chain_next (&link), first = FALSE)
    {
      GPtrArray *same = g_hash_table_lookup (writers, link.path);

      for (guint j = 0; same != NULL && j < same->len && !(first && below_only); j++)
        {
          const StrataHolder *writer = g_ptr_array_index (same, j);

          if (is_wronged (holder, writer) && !(first && holder->shared && writer->shared))
            return g_ptr_array_index (same, j);
        }
    }

  return NULL;
}

gboolean
strata_layers_find_overwritten (StrataLayers *before,
                                StrataLayers *after,
                                StrataPlan *plan,
                                GHashTable *changed,
                                gboolean last,
                                const StrataHolder **wronged,
                                const StrataHolder **writer)
{
  g_autoptr (GHashTable) fresh = map_writers (after, before, NULL, NULL);
  g_autoptr (GHashTable) all = NULL;
  g_autoptr (GHashTable) past = NULL;
  GPtrArray *holders = strata_layers_get_holders (after);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);
      StrataHolder *then = strata_layers_find_holder (before, holder->key);
      /* Who stands where he stood can only be wronged by a disk that was not there. */
      gboolean stays = then != NULL && g_strcmp0 (then->top, holder->top) == 0 &&
                       !g_hash_table_contains (changed, holder->top);

      if (stays && g_hash_table_size (fresh) == 0)
        continue;
      if (all == NULL)
        all = map_writers (after, NULL, before, last ? NULL : plan);
      *writer = find_in_chain (after, stays ? fresh : all, holder);
      if (*writer == NULL || strata_plan_is_discarded (plan, holder->key))
        continue;

      if (past == NULL)
        past = map_writers (before, NULL, NULL, NULL);
      if (then != NULL && find_in_chain (before, past, then) != NULL)
        continue;
      *wronged = holder;
      return TRUE;
    }

  return FALSE;
}

/* Whether BELOW comes after ABOVE in the tree of snapshots. */
static gboolean
is_descendant (const StrataDomainFacts *domain,
               const StrataSnapshotFacts *below,
               const StrataSnapshotFacts *above)
{
  for (guint depth = 0; below != NULL && depth <= domain->snapshots->len; depth++)
    {
      below =
          below->parent != NULL ? strata_domain_facts_find_snapshot (domain, below->parent) : NULL;
      if (below == above)
        return TRUE;
    }

  return FALSE;
}

/* A later snapshot that froze the very same image: in between, what was written above it came down into it. */
static const StrataSnapshotFacts *
find_refrozen (const StrataDomainFacts *domain,
               const StrataSnapshotFacts *snapshot,
               const StrataSnapshotDisk *disk)
{
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *later = g_ptr_array_index (domain->snapshots, i);
      const StrataSnapshotDisk *then = strata_snapshot_facts_find_disk (later, disk->target);

      if (later != snapshot && then != NULL && then->location == STRATA_SNAPSHOT_EXTERNAL &&
          g_strcmp0 (then->image, disk->image) == 0 && is_descendant (domain, later, snapshot))
        return later;
    }

  return NULL;
}

/* A file that is older than the snapshot was not written to since; one that isn't was frozen after the memory was kept, perhaps. */
static gboolean
may_be_newer (StrataWriters *self,
              const StrataSnapshotFacts *snapshot,
              const StrataSnapshotDisk *disk)
{
  const StrataImage *image = strata_graph_get_image (self->graph, disk->image);

  return image == NULL || image->modified == 0 || image->modified >= snapshot->created;
}

static gboolean
is_disk_of (StrataWriters *self, const char *path, const StrataDomainFacts *domain)
{
  GPtrArray *same = g_hash_table_lookup (self->disks, path);

  for (guint i = 0; same != NULL && i < same->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (same, i);

      if (holder->writes && g_strcmp0 (holder->uuid, domain->uuid) == 0)
        return TRUE;
    }

  return FALSE;
}

/* That a machine is defined on what its snapshot froze doesn't show that it ran there. A guest that runs may have written what its
 * host has not put down yet; one that runs on what was put on it since writes nothing there.
 * LATER: (nullable): what froze it again */
static gboolean
is_written_since (StrataWriters *self,
                  const StrataDomainFacts *domain,
                  const StrataSnapshotFacts *snapshot,
                  const StrataSnapshotDisk *disk,
                  const StrataSnapshotFacts *later)
{
  gboolean own = is_disk_of (self, disk->image, domain);

  return (own && strata_domain_facts_is_active (domain)) ||
         ((own || later != NULL) && may_be_newer (self, snapshot, disk));
}

/* LOST: whether what was frozen is gone for certain. */
static char *
find_stale_disk (StrataWriters *self,
                 const StrataDomainFacts *domain,
                 const StrataSnapshotFacts *snapshot,
                 const StrataSnapshotDisk *disk,
                 gboolean *lost)
{
  const StrataSnapshotFacts *later;
  const StrataHolder *writer;
  const StrataImage *overlay;
  StrataDomainFacts *owner;
  const char *image;

  *lost = FALSE;
  if (disk->location != STRATA_SNAPSHOT_EXTERNAL || disk->image == NULL)
    return NULL;

  later = GPOINTER_TO_UINT (g_hash_table_lookup (self->frozen, disk->image)) > 1
              ? find_refrozen (domain, snapshot, disk)
              : NULL;
  overlay = strata_graph_find_contradiction (self->graph, domain, disk);
  *lost = overlay == NULL && is_written_since (self, domain, snapshot, disk, later);
  writer = strata_writers_find_below (self, disk->image, NULL, NULL, &image);
  owner = writer != NULL ? strata_graph_find_domain (self->graph, writer->uuid) : NULL;
  if (writer != NULL)
    /* Translators: a virtual machine, an image */
    return g_strdup_printf (_ ("“%s” writes to “%s” again"),
                            owner != NULL ? owner->name : writer->uuid, image);
  if (later != NULL)
    /* Translators: an image, a snapshot */
    return g_strdup_printf (*lost ? _ ("“%s” was written to, and then frozen again by “%s”")
                                  : _ ("“%s” was frozen again by “%s”"),
                            disk->image, later->name);
  if (overlay != NULL)
    /* Translators: an image, the one below it, and another image */
    return g_strdup_printf (
        _ ("“%s” stands on “%s”, so that “%s” is another file than the one that "
           "was frozen"),
        overlay->path, overlay->backing_path, disk->image);

  return NULL;
}

char *
strata_writers_find_stale (StrataWriters *self,
                           const StrataDomainFacts *domain,
                           const StrataSnapshotFacts *snapshot,
                           gboolean *lost)
{
  g_autofree char *first = NULL;

  if (lost != NULL)
    *lost = FALSE;
  /* What is being taken right now is listed before its images are frozen. */
  if (domain->job != NULL)
    return NULL;
  for (guint i = 0; i < snapshot->disks->len && !snapshot->retained; i++)
    {
      gboolean disk_lost;
      g_autofree char *why =
          find_stale_disk (self, domain, snapshot, snapshot->disks->pdata[i], &disk_lost);

      if (lost != NULL && disk_lost)
        *lost = TRUE;
      if (first == NULL)
        first = g_steal_pointer (&why);
    }

  return g_steal_pointer (&first);
}

static gboolean
is_contradicted (StrataWriters *self,
                 const StrataDomainFacts *domain,
                 const StrataSnapshotFacts *snapshot)
{
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      if (strata_graph_find_contradiction (self->graph, domain, snapshot->disks->pdata[i]) != NULL)
        return TRUE;
    }

  return FALSE;
}

/* A domain that writes below a layer that it left, as after its disk was committed further down by hand, has no other to take it
 * from. */
static gboolean
is_written_by_itself (StrataWriters *self,
                      const StrataDomainFacts *domain,
                      const StrataSnapshotFacts *snapshot)
{
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);
      const char *image;
      const StrataHolder *writer =
          disk->location == STRATA_SNAPSHOT_EXTERNAL && disk->image != NULL
              ? strata_writers_find_below (self, disk->image, NULL, NULL, &image)
              : NULL;

      if (writer != NULL && g_strcmp0 (writer->uuid, domain->uuid) == 0)
        return TRUE;
    }

  return FALSE;
}

char *
strata_writers_get_stale_hint (StrataWriters *self,
                               const StrataDomainFacts *domain,
                               const StrataSnapshotFacts *snapshot)
{
  g_autofree char *machine = strata_quote_word (domain->name);
  g_autofree char *name = strata_quote_word (snapshot->name);

  if (is_contradicted (self, domain, snapshot))
    /* Translators: a virtual machine, a snapshot */
    return g_strdup_printf (
        _ ("Put the image that was frozen back under its name. “stratactl snapshot delete %s %s "
           "--metadata-only” takes the snapshot out of the list; no file is touched by that."),
        machine, name);
  if (!is_written_by_itself (self, domain, snapshot))
    return g_strdup (_ ("Take the disk out of one of the two, or give it a copy of its own."));

  /* Translators: a virtual machine, a snapshot */
  return g_strdup_printf (_ ("“stratactl snapshot delete %s %s --metadata-only” takes it out of "
                             "the list; its files stay as they are."),
                          machine, name);
}
