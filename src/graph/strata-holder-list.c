/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataHolderList: everybody whose bytes we promised to keep. */

#include "config.h"

#include <string.h>

#include "strata-claims.h"
#include "strata-holder-list.h"

struct _StrataHolderList
{
  StrataGraph *graph;
  gconstpointer host; /* the graph, or the simulated host whose list it is */
  StrataHolderWalk walk;
  StrataDomainFacts *domain; /* (nullable): the one that is derived */
  GPtrArray *all;            /* StrataHolder */
  GHashTable *by_key;        /* StrataHolderKey -> StrataHolder */
};

void
strata_holder_free (StrataHolder *self)
{
  strata_holder_key_free (self->key);
  g_free (self->top);
  g_free (self->tag);
  g_free (self);
}

gboolean
strata_holder_is_disk (const StrataHolder *self)
{
  return self->uuid != NULL && self->snapshot == NULL && self->key->kind != STRATA_HOLDER_KEY_USE;
}

/* CD-ROMs are not written to. What is written to a transient disk goes into a file of its own. */
gboolean
strata_disk_is_written (const StrataDiskXml *disk)
{
  return disk->source != NULL && !disk->read_only && !disk->transient &&
         g_strcmp0 (disk->device, "cdrom") != 0;
}

GPtrArray *
strata_holder_list_get_all (StrataHolderList *self)
{
  return self->all;
}

StrataGraph *
strata_holder_list_get_graph (StrataHolderList *self)
{
  return self->graph;
}

StrataHolder *
strata_holder_list_find (StrataHolderList *self, const StrataHolderKey *key)
{
  return g_hash_table_lookup (self->by_key, key);
}

StrataHolder *
strata_holder_list_find_disk (StrataHolderList *self, const char *uuid, const char *target)
{
  const StrataHolderKey key = { .kind = STRATA_HOLDER_KEY_DISK,
                                .uuid = (char *) uuid,
                                .target = (char *) target };

  return strata_holder_list_find (self, &key);
}

static gboolean
is_simulated (StrataHolderList *self)
{
  return self->host != self->graph;
}

static gboolean
is_met (const StrataChain *link)
{
  return link->layer != NULL || (link->image != NULL && !link->image->missing);
}

static StrataChain
walk_graph (gconstpointer graph, const char *top)
{
  return strata_graph_walk ((StrataGraph *) graph, top);
}

static gboolean
is_there (StrataHolderList *self, const char *path)
{
  const StrataChain link = self->walk (self->host, path);

  return is_met (&link);
}

/* What an image that isn't there stands on, by what is said of it, is read by none. */
static gboolean
reaches (StrataHolderList *self, const char *top, const char *path)
{
  path = strata_graph_resolve (self->graph, path);
  for (StrataChain link = self->walk (self->host, top); link.path != NULL;
       strata_chain_next (&link))
    {
      if (g_strcmp0 (link.path, path) == 0)
        return TRUE;
      if (!is_met (&link))
        return FALSE;
    }

  return FALSE;
}

StrataHolder *
strata_holder_list_put (StrataHolderList *self,
                        StrataHolderKey *key,
                        StrataHolderKind kind,
                        const char *top,
                        const char *tag,
                        gboolean active)
{
  StrataHolder *holder = g_new0 (StrataHolder, 1);

  holder->key = key;
  holder->uuid = key->uuid;
  holder->snapshot = key->snapshot;
  holder->target = key->target;
  holder->domain = self->domain;
  holder->kind = kind;
  holder->top = g_strdup (strata_graph_resolve (self->graph, top));
  holder->tag = g_strdup (tag);
  holder->by_tag = tag != NULL || key->kind == STRATA_HOLDER_KEY_TAG;
  holder->active = active;

  g_ptr_array_add (self->all, holder);
  g_hash_table_replace (self->by_key, holder->key, holder);

  return holder;
}

static void
drop (StrataHolderList *self, const char *uuid, const char *snapshot, gboolean left_out)
{
  for (guint i = self->all->len; i > 0; i--)
    {
      StrataHolder *holder = g_ptr_array_index (self->all, i - 1);

      /* What a clone's mark says stays true whatever it is defined on, and what is open or saved is so as well. */
      if (g_strcmp0 (holder->uuid, uuid) != 0 || g_strcmp0 (holder->snapshot, snapshot) != 0 ||
          holder->key->kind == STRATA_HOLDER_KEY_TEMPLATE ||
          (holder->key->kind == STRATA_HOLDER_KEY_USE && snapshot == NULL) ||
          (holder->left_out && !left_out))
        continue;

      g_hash_table_remove (self->by_key, holder->key);
      g_ptr_array_remove_index (self->all, i - 1);
    }
}

void
strata_holder_list_drop (StrataHolderList *self, const char *uuid, const char *snapshot)
{
  drop (self, uuid, snapshot, TRUE);
}

void
strata_holder_list_drop_uses (StrataHolderList *self, const char *uuid)
{
  for (guint i = self->all->len; i > 0; i--)
    {
      StrataHolder *holder = g_ptr_array_index (self->all, i - 1);

      if (holder->key->kind != STRATA_HOLDER_KEY_USE || holder->snapshot != NULL ||
          g_strcmp0 (holder->uuid, uuid) != 0)
        continue;

      g_hash_table_remove (self->by_key, holder->key);
      g_ptr_array_remove_index (self->all, i - 1);
    }
}

/* A disk that was left out stays with the domain, which may write to it. One that the domain doesn't have now comes back with
 * the snapshot as it is, unless another writes there. */
gboolean
strata_holder_list_has_disk (StrataHolderList *self,
                             const char *uuid,
                             const char *target,
                             const char *path)
{
  StrataHolder *same = strata_holder_list_find_disk (self, uuid, target);

  /* It mostly is the disk of that name, and a crowded host has many snapshots. */
  if (same != NULL && reaches (self, same->top, path))
    return TRUE;

  for (guint i = 0; i < self->all->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (self->all, i);

      if ((holder->key->kind == STRATA_HOLDER_KEY_DISK ||
           holder->key->kind == STRATA_HOLDER_KEY_NEXT_DISK) &&
          g_strcmp0 (holder->uuid, uuid) == 0 && reaches (self, holder->top, path))
        return TRUE;
    }

  return FALSE;
}

static void
put_left_out (StrataHolderList *self,
              const char *uuid,
              const StrataSnapshotFacts *snapshot,
              const StrataSnapshotDisk *disk)
{
  g_autoptr (StrataHolderKey) key =
      strata_holder_key_new_snapshot (uuid, snapshot->name, disk->target);
  StrataHolder *holder = strata_holder_list_find (self, key);

  /* It was promised as it was before the domain got it back, in the midst of a plan. */
  if (holder != NULL)
    {
      g_set_str (&holder->top, strata_graph_resolve (self->graph, disk->image));
      return;
    }
  if ((is_simulated (self) && !is_there (self, disk->image)) ||
      strata_holder_list_has_disk (self, uuid, disk->target, disk->image))
    return;

  holder = strata_holder_list_put (self, g_steal_pointer (&key), STRATA_HOLDER_SNAPSHOT,
                                   disk->image, NULL, FALSE);
  holder->left_out = TRUE;
}

static StrataHolder *
put_option (StrataHolderList *self,
            StrataHolderKind kind,
            const char *uuid,
            const char *snapshot,
            const char *path)
{
  g_autoptr (StrataHolderKey) key = strata_holder_key_new_use (uuid, snapshot, "option", path);
  StrataHolder *holder = strata_holder_list_find (self, key);

  if (holder != NULL || (is_simulated (self) && !is_there (self, path)))
    return holder;

  return strata_holder_list_put (self, g_steal_pointer (&key), kind, path, NULL, FALSE);
}

/* Those that it had stay its own in a simulation: QEMU may have them open. */
void
strata_holder_list_put_options (StrataHolderList *self, const char *uuid, GPtrArray *options)
{
  for (guint i = 0; i < options->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (options, i);
      StrataHolder *holder = put_option (self, STRATA_HOLDER_DOMAIN, uuid, NULL, disk->source);

      if (holder != NULL)
        holder->writes = strata_disk_is_written (disk);
    }
}

/* A retained layer holds nothing itself: what stands on it does. What a snapshot's definition has on QEMU's command line is
 * opened again after a return to it, and written to only then. */
/* Where another file has the name of the frozen image, that is held wherever it is. */
static void
put_frozen (StrataHolderList *self,
            const char *uuid,
            const StrataSnapshotFacts *snapshot,
            const StrataSnapshotDisk *disk)
{
  const StrataDomainFacts *domain =
      self->domain != NULL ? self->domain : strata_graph_find_domain (self->graph, uuid);
  const StrataImage *overlay =
      domain != NULL ? strata_graph_find_contradiction (self->graph, domain, disk) : NULL;
  g_autoptr (StrataHolderKey) key = NULL;

  if (overlay == NULL || !is_there (self, overlay->backing_path))
    return;

  key = strata_holder_key_new_use (uuid, snapshot->name, "frozen", overlay->backing_path);
  if (strata_holder_list_find (self, key) == NULL)
    strata_holder_list_put (self, g_steal_pointer (&key), STRATA_HOLDER_SNAPSHOT,
                            overlay->backing_path, NULL, FALSE);
}

static void
put_snapshot (StrataHolderList *self, const char *uuid, const StrataSnapshotFacts *snapshot)
{
  if (snapshot->retained)
    return;

  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);
      gboolean internal = disk->location == STRATA_SNAPSHOT_INTERNAL;

      if (disk->image == NULL)
        continue;
      if (disk->location == STRATA_SNAPSHOT_NONE)
        {
          put_left_out (self, uuid, snapshot, disk);
          continue;
        }

      strata_holder_list_put (
          self, strata_holder_key_new_snapshot (uuid, snapshot->name, disk->target),
          STRATA_HOLDER_SNAPSHOT, disk->image, internal ? snapshot->name : NULL, FALSE);
      put_frozen (self, uuid, snapshot, disk);
    }

  if (snapshot->memory_file != NULL)
    strata_holder_list_put (self, strata_holder_key_new_memory (uuid, snapshot->name),
                            STRATA_HOLDER_SNAPSHOT, snapshot->memory_file, NULL, FALSE);

  for (guint i = 0; i < snapshot->options->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (snapshot->options, i);

      if (!strata_holder_list_has_disk (self, uuid, disk->target, disk->source))
        put_option (self, STRATA_HOLDER_SNAPSHOT, uuid, snapshot->name, disk->source);
    }
}

void
strata_holder_list_replace_snapshot (StrataHolderList *self,
                                     const char *uuid,
                                     const StrataSnapshotFacts *snapshot)
{
  drop (self, uuid, snapshot->name, snapshot->retained);
  put_snapshot (self, uuid, snapshot);
}

/* Of an image that can't be read the definition is all that tells what it stands on. */
static gboolean
is_away (StrataHolderList *self, const char *path)
{
  const StrataImage *image = strata_graph_get_image (self->graph, path);

  return image == NULL || image->state == STRATA_IMAGE_MISSING ||
         image->state == STRATA_IMAGE_UNKNOWN;
}

/* Whether DISK stands by its definition on what it doesn't stand on by the headers. */
static gboolean
stands_by_definition (StrataHolderList *self, const StrataDiskXml *disk)
{
  const char *above;
  const char *said;
  const char *below;

  if (disk->backings == NULL)
    return FALSE;

  if (is_away (self, disk->source) ||
      strata_graph_find_disagreement (self->graph, disk, &above, &said, &below))
    return TRUE;
  for (guint i = 0; disk->backings[i] != NULL; i++)
    {
      if (is_away (self, disk->backings[i]))
        return TRUE;
    }

  return FALSE;
}

/* An explicit <backingStore> outranks the headers (tested on libvirt 9.0 and 11.3). Where they say the same, the chain from the
 * top is all there is. USE: (nullable): a word for what is opened besides the disks */
static void
put_backings (StrataHolderList *self,
              StrataHolderKind kind,
              const char *uuid,
              const char *use,
              const StrataDiskXml *disk,
              gboolean active)
{
  gboolean by_definition = stands_by_definition (self, disk);

  for (guint i = 0; by_definition && disk->backings[i] != NULL; i++)
    {
      const char *path = strata_graph_resolve (self->graph, disk->backings[i]);
      g_autoptr (StrataHolderKey) key =
          use != NULL ? strata_holder_key_new_use (uuid, NULL, use, path)
                      : strata_holder_key_new_backing (uuid, disk->target, path);

      if (strata_holder_list_find (self, key) == NULL)
        strata_holder_list_put (self, g_steal_pointer (&key), kind, path, NULL, active);
    }
}

static void
note_disk (StrataHolder *holder, const StrataDiskXml *disk)
{
  holder->writes = holder->kind != STRATA_HOLDER_TEMPLATE && strata_disk_is_written (disk);
  holder->shared = disk->shareable;
}

void
strata_holder_list_put_disks (StrataHolderList *self,
                              StrataHolderKind kind,
                              const char *uuid,
                              GPtrArray *disks,
                              gboolean active)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (disk->source == NULL)
        continue;
      note_disk (strata_holder_list_put (self, strata_holder_key_new_disk (uuid, disk->target),
                                         kind, disk->source, NULL, active),
                 disk);
      put_backings (self, kind, uuid, NULL, disk, active);
    }
}

/* (nullable): HOLDER, where QEMU opens PATH as well; where that is another image, it is what its machine has at the next start. */
static StrataHolder *
keep_for_next_start (StrataHolderList *self, StrataHolder *holder, const char *path)
{
  if (holder == NULL || g_strcmp0 (holder->top, path) == 0)
    return holder;

  g_hash_table_remove (self->by_key, holder->key);
  holder->key->kind = STRATA_HOLDER_KEY_NEXT_DISK;
  g_hash_table_replace (self->by_key, holder->key, holder);

  return NULL;
}

void
strata_holder_list_put_live_disks (StrataHolderList *self, const char *uuid, GPtrArray *disks)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);
      StrataHolder *holder;

      if (disk->source == NULL)
        continue;
      holder = keep_for_next_start (self, strata_holder_list_find_disk (self, uuid, disk->target),
                                    strata_graph_resolve (self->graph, disk->source));
      if (holder == NULL)
        holder = strata_holder_list_put (self, strata_holder_key_new_disk (uuid, disk->target),
                                         STRATA_HOLDER_DOMAIN, disk->source, NULL, TRUE);
      holder->writes = holder->writes || strata_disk_is_written (disk);
      holder->shared = disk->shareable;
    }
}

static void
put_next_disks (StrataHolderList *self, const StrataDomainFacts *domain, StrataHolderKind kind)
{
  for (guint i = 0; domain->next_disks != domain->disks && i < domain->next_disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (domain->next_disks, i);
      StrataHolder *live = strata_holder_list_find_disk (self, domain->uuid, disk->target);

      if (disk->source == NULL)
        continue;
      if (live == NULL || g_strcmp0 (live->top, disk->source) != 0)
        note_disk (strata_holder_list_put (
                       self, strata_holder_key_new_next_disk (domain->uuid, disk->target), kind,
                       disk->source, NULL, FALSE),
                   disk);
      put_backings (self, kind, domain->uuid, NULL, disk, FALSE);
    }
}

static void
put_use (StrataHolderList *self,
         const StrataDomainFacts *domain,
         StrataHolderKind kind,
         const StrataImageUse *use)
{
  static const char *const words[] = { "saved", "copy", "option" };
  StrataHolder *holder = strata_holder_list_put (
      self, strata_holder_key_new_use (domain->uuid, NULL, words[use->kind], use->disk->source),
      kind, use->disk->source, NULL, FALSE);

  holder->writes = strata_disk_is_written (use->disk);
  holder->shared = use->disk->shareable;
  put_backings (self, kind, domain->uuid, words[use->kind], use->disk, FALSE);
}

static gboolean
chain_is_seen (StrataGraph *graph, const char *top)
{
  for (StrataChain link = strata_graph_walk (graph, top); link.path != NULL;
       strata_chain_next (&link))
    {
      if (link.image == NULL || link.image->missing || link.image->state == STRATA_IMAGE_UNKNOWN)
        return FALSE;
    }

  return TRUE;
}

static gboolean
disks_are_seen (StrataGraph *graph, GPtrArray *disks)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (disk->source != NULL && g_strcmp0 (disk->device, "disk") == 0 &&
          !chain_is_seen (graph, disk->source))
        return FALSE;
    }

  return TRUE;
}

static gboolean
snapshots_are_seen (StrataGraph *graph, GPtrArray *snapshots)
{
  for (guint i = 0; i < snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (snapshots, i);

      for (guint j = 0; j < snapshot->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);

          if (disk->location != STRATA_SNAPSHOT_NONE && disk->image != NULL &&
              !chain_is_seen (graph, disk->image))
            return FALSE;
        }
    }

  return TRUE;
}

static void
put_bases (StrataHolderList *self, const StrataDomainFacts *template)
{
  GPtrArray *views[] = { template->disks,
                         template->next_disks != template->disks ? template->next_disks : NULL };

  for (size_t v = 0; v < G_N_ELEMENTS (views); v++)
    {
      for (guint i = 0; views[v] != NULL && i < views[v]->len; i++)
        {
          const StrataDiskXml *disk = g_ptr_array_index (views[v], i);
          g_autoptr (StrataHolderKey) key =
              strata_holder_key_new_template (self->domain->uuid, disk->target, disk->source);

          if (disk->source != NULL && g_strcmp0 (disk->device, "disk") == 0 &&
              strata_graph_get_image (self->graph, disk->source) != NULL &&
              strata_holder_list_find (self, key) == NULL)
            strata_holder_list_put (self, g_steal_pointer (&key), STRATA_HOLDER_CLONE, disk->source,
                                    NULL, FALSE);
        }
    }
}

static void
put_bases_of_marks (StrataHolderList *self, GPtrArray *marks)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  for (guint i = 0; i < marks->len; i++)
    {
      const StrataCloneMark *mark = g_ptr_array_index (marks, i);

      for (guint j = 0; (mark->thin || mark->was_thin) && j < domains->len; j++)
        {
          const StrataDomainFacts *template = g_ptr_array_index (domains, j);

          if (template != self->domain && strata_clone_mark_is_of (mark, template))
            put_bases (self, template);
        }
    }
}

/* Of a thin clone whose image can't be followed down only its mark says what it stands on. It does so whichever domain it was
 * written for, and that of a snapshot too: a flattened clone's snapshots stand where they stood, and a definition may have been
 * given another UUID. */
static void
put_marked (StrataHolderList *self, const StrataDomainFacts *domain)
{
  gboolean marked = domain->clone_marks->len > 0;

  for (guint i = 0; i < domain->snapshots->len; i++)
    marked =
        marked ||
        ((StrataSnapshotFacts *) g_ptr_array_index (domain->snapshots, i))->clone_marks->len > 0;
  if (!marked || (disks_are_seen (self->graph, domain->disks) &&
                  disks_are_seen (self->graph, domain->next_disks) &&
                  snapshots_are_seen (self->graph, domain->snapshots)))
    return;

  put_bases_of_marks (self, domain->clone_marks);
  for (guint i = 0; i < domain->snapshots->len; i++)
    put_bases_of_marks (
        self, ((StrataSnapshotFacts *) g_ptr_array_index (domain->snapshots, i))->clone_marks);
}

static StrataHolderKind
domain_kind (const StrataDomainFacts *domain)
{
  if (domain->template_mark != NULL)
    return STRATA_HOLDER_TEMPLATE;
  if (domain->clone_mark != NULL && domain->clone_mark->thin)
    return STRATA_HOLDER_CLONE;

  return STRATA_HOLDER_DOMAIN;
}

/* While a domain runs its definition may name other images than it has open; both are held. */
static void
put_domain (StrataHolderList *self, StrataDomainFacts *domain)
{
  StrataHolderKind kind = domain_kind (domain);

  self->domain = domain;
  strata_holder_list_put_disks (self, kind, domain->uuid, domain->disks,
                                strata_domain_facts_is_active (domain));
  for (guint i = 0; i < domain->uses->len; i++)
    put_use (self, domain, kind, g_ptr_array_index (domain->uses, i));
  put_next_disks (self, domain, kind);
  put_marked (self, domain);
  for (guint i = 0; i < domain->snapshots->len; i++)
    put_snapshot (self, domain->uuid, g_ptr_array_index (domain->snapshots, i));
  self->domain = NULL;
}

static void
add_name (GHashTable *named, const char *path)
{
  if (path != NULL)
    g_hash_table_add (named, (gpointer) path);
}

/* Every image that a domain's disk or a snapshot names, whether or not it holds it. */
static GHashTable *
collect_named (StrataGraph *graph)
{
  GHashTable *named = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *domains = strata_graph_get_domains (graph);

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      for (guint j = 0; j < domain->disks->len; j++)
        add_name (named, ((StrataDiskXml *) g_ptr_array_index (domain->disks, j))->source);
      for (guint j = 0; j < domain->uses->len; j++)
        add_name (named, ((StrataImageUse *) g_ptr_array_index (domain->uses, j))->disk->source);
      for (guint j = 0; j < domain->snapshots->len; j++)
        {
          const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, j);

          for (guint k = 0; k < snapshot->disks->len; k++)
            add_name (named,
                      ((StrataSnapshotDisk *) g_ptr_array_index (snapshot->disks, k))->image);
          for (guint k = 0; k < snapshot->options->len; k++)
            add_name (named, ((StrataDiskXml *) g_ptr_array_index (snapshot->options, k))->source);
        }
    }

  return named;
}

static void
put_tag (StrataHolderList *self, GHashTable *read, const StrataImage *image, const char *tag)
{
  g_autoptr (StrataHolderKey) key = strata_holder_key_new_tag (image->path, tag);

  if (!g_hash_table_contains (read, key))
    strata_holder_list_put (self, g_steal_pointer (&key), STRATA_HOLDER_IMAGE, image->path, tag,
                            FALSE);
}

/* The images and the tags that are read by those who were put so far. */
static void
collect_read (StrataHolderList *self, GHashTable *images, GHashTable *tags)
{
  for (guint i = 0; i < self->all->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (self->all, i);

      if (holder->by_tag)
        g_hash_table_add (tags, strata_holder_key_new_tag (holder->top, holder->tag));
      for (StrataChain link = strata_graph_walk (self->graph, holder->top);
           link.image != NULL && !link.image->missing && g_hash_table_add (images, link.image);)
        strata_chain_next (&link);
    }
}

static int
compare_images (gconstpointer a, gconstpointer b)
{
  return strcmp (((const StrataImage *) a)->path, ((const StrataImage *) b)->path);
}

/* Images of which something may be held that none reads, by path: there are few, among all those of a crowded host. */
static GPtrArray *
sort_unread (StrataGraph *graph, GHashTable *named, GHashTable *read)
{
  GPtrArray *unread = g_ptr_array_new ();
  g_autoptr (GPtrArray) images = strata_graph_get_images (graph);

  for (guint i = 0; i < images->len; i++)
    {
      StrataImage *image = g_ptr_array_index (images, i);
      gboolean is_overlay = image->backing_path != NULL || image->data_file != NULL;

      if (image->tags_unknown || image->tags != NULL || image->claims != NULL ||
          (is_overlay &&
           !(g_hash_table_contains (named, image->path) && g_hash_table_contains (read, image))))
        g_ptr_array_add (unread, image);
    }
  g_ptr_array_sort_values (unread, compare_images);

  return unread;
}

/* Tags and overlays that no document names are held as well: another program may need them. */
static void
put_unnamed (StrataHolderList *self, const StrataImage *image, gboolean is_named, gboolean is_read)
{
  StrataHolder *holder;

  if ((image->backing_path == NULL && image->data_file == NULL) || (is_named && is_read))
    return;

  holder = strata_holder_list_put (self, strata_holder_key_new_image (image->path),
                                   STRATA_HOLDER_IMAGE, image->path, NULL, FALSE);
  holder->within = is_read;
  holder->retained = is_named;
}

static void
put_tags (StrataHolderList *self, GHashTable *tags, const StrataImage *image)
{
  if (image->missing)
    return;

  if (image->tags_unknown)
    put_tag (self, tags, image, NULL);
  for (guint i = 0; image->tags != NULL && image->tags[i] != NULL; i++)
    put_tag (self, tags, image, image->tags[i]);
}

/* What stands on the image itself can't be below it, whatever its guest has written there. */
static void
put_claims (StrataHolderList *self, const StrataImage *image)
{
  for (guint i = 0; image->claims != NULL && image->claims[i] != NULL; i++)
    {
      const char *claimed = strata_graph_resolve (self->graph, image->claims[i]);

      if (is_there (self, claimed) && !reaches (self, claimed, image->path))
        strata_holder_list_put (self, strata_holder_key_new_claim (image->path, claimed),
                                STRATA_HOLDER_IMAGE, claimed, NULL, FALSE);
    }
}

/* What is read by none of those who were put so far. */
static void
put_unread (StrataHolderList *self)
{
  g_autoptr (GHashTable) named = collect_named (self->graph);
  g_autoptr (GHashTable) read = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) tags =
      g_hash_table_new_full (strata_holder_key_hash, strata_holder_key_equal,
                             (GDestroyNotify) strata_holder_key_free, NULL);
  g_autoptr (GPtrArray) images = NULL;

  collect_read (self, read, tags);
  images = sort_unread (self->graph, named, read);
  for (guint i = 0; i < images->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (images, i);

      put_tags (self, tags, image);
      put_unnamed (self, image, g_hash_table_contains (named, image->path),
                   g_hash_table_contains (read, image));
    }
  for (guint i = 0; i < images->len; i++)
    put_claims (self, g_ptr_array_index (images, i));
}

/**
 * strata_holder_list_new:
 * @graph: a host, which outlives the list and stays as it is
 *
 * Domain by domain: its disks, what is opened for it besides, the disks of its next start, what its marks say, and its snapshots;
 * then images and tags that none names, by path; then what images may stand on besides.
 *
 * Returns: (transfer full): everybody who holds anything
 */
StrataHolderList *
strata_holder_list_new (StrataGraph *graph)
{
  StrataHolderList *self = g_new0 (StrataHolderList, 1);
  GPtrArray *domains = strata_graph_get_domains (graph);

  self->graph = graph;
  self->host = graph;
  self->walk = walk_graph;
  self->all = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_holder_free);
  self->by_key = g_hash_table_new (strata_holder_key_hash, strata_holder_key_equal);

  for (guint i = 0; i < domains->len; i++)
    put_domain (self, g_ptr_array_index (domains, i));
  put_unread (self);

  return self;
}

void
strata_holder_list_free (StrataHolderList *self)
{
  g_hash_table_unref (self->by_key);
  g_ptr_array_unref (self->all);
  g_free (self);
}

/**
 * strata_holder_list_simulate:
 * @self: a list that was derived from a graph
 * @host: a simulated host, which owns @self from now on
 * @walk: down a chain there
 * @keep: which of them are kept
 */
void
strata_holder_list_simulate (StrataHolderList *self,
                             gconstpointer host,
                             StrataHolderWalk walk,
                             StrataHolderFilter keep)
{
  GPtrArray *all = self->all;

  self->host = host;
  self->walk = walk;
  self->all = g_ptr_array_new_full (all->len, (GDestroyNotify) strata_holder_free);
  for (guint i = 0; i < all->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (all, i);

      if (keep (holder, host))
        {
          g_ptr_array_add (self->all, holder);
          continue;
        }
      if (strata_holder_list_find (self, holder->key) == holder)
        g_hash_table_remove (self->by_key, holder->key);
      strata_holder_free (holder);
    }
  g_ptr_array_set_free_func (all, NULL);
  g_ptr_array_unref (all);
}
