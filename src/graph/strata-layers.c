/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataLayers: a host's images and everybody who holds one, on paper. */

#include "config.h"

#include "strata-layers.h"

struct _StrataLayers
{
  StrataGraph *graph;
  GHashTable *layers; /* path -> StrataLayer */
  GPtrArray *stakes;  /* StrataStake */
  GHashTable *by_key; /* StrataHolderKey -> StrataStake */
};

static void
tag_free (gpointer data)
{
  StrataLayerTag *tag = data;

  g_free (tag->name);
  g_strfreev (tag->marks);
  g_free (tag);
}

static void
layer_free (gpointer data)
{
  StrataLayer *layer = data;

  g_free (layer->path);
  g_free (layer->format);
  g_free (layer->backing);
  g_free (layer->backing_format);
  g_free (layer->data_file);
  g_strfreev (layer->marks);
  g_ptr_array_unref (layer->tags);
  g_free (layer);
}

static void
stake_free (gpointer data)
{
  StrataStake *stake = data;

  strata_holder_key_free (stake->key);
  g_free (stake->top);
  g_free (stake->tag);
  g_free (stake);
}

StrataLayerTag *
strata_layer_find_tag (StrataLayer *self, const char *name)
{
  for (guint i = 0; i < self->tags->len; i++)
    {
      StrataLayerTag *tag = g_ptr_array_index (self->tags, i);

      if (g_strcmp0 (tag->name, name) == 0)
        return tag;
    }

  return NULL;
}

gboolean
strata_layer_may_have_tag (StrataLayer *self, const char *name)
{
  return strata_layer_find_tag (self, NULL) != NULL || strata_layer_find_tag (self, name) != NULL;
}

void
strata_layer_put_tag (StrataLayer *self, const char *name, GStrv marks)
{
  StrataLayerTag *tag = g_new0 (StrataLayerTag, 1);

  tag->name = g_strdup (name);
  tag->marks = g_strdupv (marks);
  g_ptr_array_add (self->tags, tag);
}

/* What is in PATH because of WHAT; NAME tells it from others of the same WHAT. The path's length comes first, so that no other
 * path and name give the same mark. */
char *
strata_mark_new (const char *path, const char *what, const char *name)
{
  return g_strdup_printf ("%zu:%s:%s:%s", strlen (path), path, what, name);
}

/* A layer with a mark of its own: whatever it has in it is like nothing else. */
StrataLayer *
strata_layers_put (StrataLayers *self, const char *path)
{
  StrataLayer *layer = g_new0 (StrataLayer, 1);

  layer->path = g_strdup (path);
  layer->marks = g_strdupv ((char *[]) { (char *) path, NULL });
  layer->tags = g_ptr_array_new_with_free_func (tag_free);
  layer->type = STRATA_IMAGE_FILE;
  g_hash_table_replace (self->layers, layer->path, layer);

  return layer;
}

void
strata_layers_remove (StrataLayers *self, const char *path)
{
  g_hash_table_remove (self->layers, path);
}

static void
put_image (StrataLayers *self, const StrataImage *image)
{
  StrataLayer *layer;

  if (image->missing)
    return;

  layer = strata_layers_put (self, image->path);
  layer->format = g_strdup (image->format);
  layer->backing = g_strdup (image->backing_path);
  layer->backing_format = g_strdup (image->backing_format);
  layer->data_file = g_strdup (image->data_file);
  layer->capacity = image->capacity;
  layer->allocation = image->allocation;
  layer->mode = image->mode;
  layer->type = image->type;

  if (image->tags_unknown)
    {
      g_autofree char *mark = strata_mark_new (image->path, "tags", "");

      strata_layer_put_tag (layer, NULL, (char *[]) { mark, NULL });
    }
  for (guint i = 0; image->tags != NULL && image->tags[i] != NULL; i++)
    {
      g_autofree char *mark = strata_mark_new (image->path, "tag", image->tags[i]);

      strata_layer_put_tag (layer, image->tags[i], (char *[]) { mark, NULL });
    }
}

StrataStake *
strata_layers_put_stake (StrataLayers *self,
                         StrataHolderKey *key,
                         StrataHolderKind kind,
                         const char *top,
                         const char *tag,
                         gboolean active)
{
  StrataStake *stake = g_new0 (StrataStake, 1);

  stake->key = key;
  stake->uuid = key->uuid;
  stake->snapshot = key->snapshot;
  stake->target = key->target;
  stake->kind = kind;
  stake->top = g_strdup (strata_graph_resolve (self->graph, top));
  stake->tag = g_strdup (tag);
  stake->by_tag = tag != NULL || key->kind == STRATA_HOLDER_KEY_TAG;
  stake->active = active;

  g_ptr_array_add (self->stakes, stake);
  g_hash_table_replace (self->by_key, stake->key, stake);

  return stake;
}

static void
drop_stakes (StrataLayers *self, const char *uuid, const char *snapshot, gboolean left_out)
{
  for (guint i = self->stakes->len; i > 0; i--)
    {
      StrataStake *stake = g_ptr_array_index (self->stakes, i - 1);

      /* What a clone's mark says stays true whatever it is defined on, and what is open or saved is so as well. */
      if (g_strcmp0 (stake->uuid, uuid) != 0 || g_strcmp0 (stake->snapshot, snapshot) != 0 ||
          stake->key->kind == STRATA_HOLDER_KEY_TEMPLATE ||
          (stake->key->kind == STRATA_HOLDER_KEY_USE && snapshot == NULL) ||
          (stake->left_out && !left_out))
        continue;

      g_hash_table_remove (self->by_key, stake->key);
      g_ptr_array_remove_index (self->stakes, i - 1);
    }
}

void
strata_layers_drop_stakes (StrataLayers *self, const char *uuid, const char *snapshot)
{
  drop_stakes (self, uuid, snapshot, TRUE);
}

void
strata_layers_replace_snapshot (StrataLayers *self,
                                const char *uuid,
                                const StrataSnapshotFacts *snapshot)
{
  drop_stakes (self, uuid, snapshot->name, snapshot->retained);
  strata_layers_put_snapshot (self, uuid, snapshot);
}

void
strata_layers_drop_uses (StrataLayers *self, const char *uuid)
{
  for (guint i = self->stakes->len; i > 0; i--)
    {
      StrataStake *stake = g_ptr_array_index (self->stakes, i - 1);

      if (stake->key->kind != STRATA_HOLDER_KEY_USE || stake->snapshot != NULL ||
          g_strcmp0 (stake->uuid, uuid) != 0)
        continue;

      g_hash_table_remove (self->by_key, stake->key);
      g_ptr_array_remove_index (self->stakes, i - 1);
    }
}

/* A disk that was left out stays with the domain, which may write to it. One that the domain doesn't have now comes back with
 * the snapshot as it is, unless another writes there. */
gboolean
strata_layers_has_disk (StrataLayers *self, const char *uuid, const char *target, const char *path)
{
  StrataStake *same = strata_layers_find_disk (self, uuid, target);

  /* It mostly is the disk of that name, and a crowded host has many snapshots. */
  if (same != NULL && strata_layers_reach (self, same->top, path))
    return TRUE;

  for (guint i = 0; i < self->stakes->len; i++)
    {
      const StrataStake *stake = g_ptr_array_index (self->stakes, i);

      if ((stake->key->kind == STRATA_HOLDER_KEY_DISK ||
           stake->key->kind == STRATA_HOLDER_KEY_NEXT_DISK) &&
          g_strcmp0 (stake->uuid, uuid) == 0 && strata_layers_reach (self, stake->top, path))
        return TRUE;
    }

  return FALSE;
}

static void
put_left_out (StrataLayers *self,
              const char *uuid,
              const StrataSnapshotFacts *snapshot,
              const StrataSnapshotDisk *disk)
{
  g_autoptr (StrataHolderKey) key =
      strata_holder_key_new_snapshot (uuid, snapshot->name, disk->target);
  StrataStake *stake = strata_layers_find_stake (self, key);

  /* It was promised as it was before the domain got it back, in the midst of a plan. */
  if (stake != NULL)
    {
      g_set_str (&stake->top, strata_graph_resolve (self->graph, disk->image));
      return;
    }
  if (strata_layers_find (self, disk->image) == NULL ||
      strata_layers_has_disk (self, uuid, disk->target, disk->image))
    return;

  stake = strata_layers_put_stake (self, g_steal_pointer (&key), STRATA_HOLDER_SNAPSHOT,
                                   disk->image, NULL, FALSE);
  stake->left_out = TRUE;
}

static StrataStake *
put_option (StrataLayers *self, const char *uuid, const char *snapshot, const char *path)
{
  g_autoptr (StrataHolderKey) key = strata_holder_key_new_use (uuid, snapshot, "option", path);
  StrataStake *stake = strata_layers_find_stake (self, key);

  if (stake != NULL || strata_layers_find (self, path) == NULL)
    return stake;

  return strata_layers_put_stake (self, g_steal_pointer (&key), STRATA_HOLDER_USE, path, NULL,
                                  FALSE);
}

/* Those that it had stay its own on paper: QEMU may have them open. */
void
strata_layers_put_options (StrataLayers *self, const char *uuid, GPtrArray *options)
{
  for (guint i = 0; i < options->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (options, i);
      StrataStake *stake = put_option (self, uuid, NULL, disk->source);

      if (stake != NULL)
        stake->writes = strata_disk_is_written (disk);
    }
}

/* A retained layer holds nothing itself: what stands on it does. What a snapshot's definition has on QEMU's command line is
 * opened again after a return to it, and written to only then. */
void
strata_layers_put_snapshot (StrataLayers *self,
                            const char *uuid,
                            const StrataSnapshotFacts *snapshot)
{
  for (guint i = 0; i < snapshot->disks->len && !snapshot->retained; i++)
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

      strata_layers_put_stake (
          self, strata_holder_key_new_snapshot (uuid, snapshot->name, disk->target),
          STRATA_HOLDER_SNAPSHOT, disk->image, internal ? snapshot->name : NULL, FALSE);
    }

  for (guint i = 0; i < snapshot->options->len && !snapshot->retained; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (snapshot->options, i);

      if (!strata_layers_has_disk (self, uuid, disk->target, disk->source))
        put_option (self, uuid, snapshot->name, disk->source);
    }
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

/* Of a disk whose image can't be read the definition is all that tells what it stands on. */
static gboolean
is_away (StrataLayers *self, const StrataDiskXml *disk)
{
  const StrataImage *image = strata_graph_get_image (self->graph, disk->source);

  return image == NULL || image->state == STRATA_IMAGE_MISSING ||
         image->state == STRATA_IMAGE_UNKNOWN;
}

/* An explicit <backingStore> outranks the headers (tested on libvirt 9.0 and 11.3). Where they say the same, the chain from the
 * top is all there is. */
static void
put_backings (StrataLayers *self,
              StrataHolderKind kind,
              const char *uuid,
              const StrataDiskXml *disk,
              gboolean active)
{
  const char *above;
  const char *said;
  const char *below;

  if (disk->backings == NULL ||
      (!is_away (self, disk) &&
       !strata_graph_find_disagreement (self->graph, disk, &above, &said, &below)))
    return;

  for (guint i = 0; disk->backings[i] != NULL; i++)
    {
      const char *path = strata_graph_resolve (self->graph, disk->backings[i]);

      strata_layers_put_stake (self, strata_holder_key_new_backing (uuid, disk->target, path), kind,
                               path, NULL, active);
    }
}

void
strata_layers_put_disks (StrataLayers *self,
                         StrataHolderKind kind,
                         const char *uuid,
                         GPtrArray *disks,
                         gboolean active)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);
      StrataStake *stake;

      if (disk->source == NULL)
        continue;
      stake = strata_layers_put_stake (self, strata_holder_key_new_disk (uuid, disk->target), kind,
                                       disk->source, NULL, active);
      stake->writes = kind != STRATA_HOLDER_TEMPLATE && strata_disk_is_written (disk);
      stake->shared = disk->shareable;
      put_backings (self, kind, uuid, disk, active);
    }
}

/* (nullable): STAKE, where QEMU opens PATH as well; where that is another image, it is what its machine has at the next start. */
static StrataStake *
keep_for_next_start (StrataLayers *self, StrataStake *stake, const char *path)
{
  if (stake == NULL || g_strcmp0 (stake->top, path) == 0)
    return stake;

  g_hash_table_remove (self->by_key, stake->key);
  stake->key->kind = STRATA_HOLDER_KEY_NEXT_DISK;
  g_hash_table_replace (self->by_key, stake->key, stake);

  return NULL;
}

void
strata_layers_put_live_disks (StrataLayers *self, const char *uuid, GPtrArray *disks)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);
      StrataStake *stake;

      if (disk->source == NULL)
        continue;
      stake = keep_for_next_start (self, strata_layers_find_disk (self, uuid, disk->target),
                                   strata_graph_resolve (self->graph, disk->source));
      if (stake == NULL)
        stake = strata_layers_put_stake (self, strata_holder_key_new_disk (uuid, disk->target),
                                         STRATA_HOLDER_DOMAIN, disk->source, NULL, TRUE);
      stake->writes = stake->writes || strata_disk_is_written (disk);
      stake->shared = disk->shareable;
    }
}

/* Of a thin clone whose image is away only its mark says what it stands on. */
static void
put_marked (StrataLayers *self, const StrataDomainFacts *domain)
{
  g_autoptr (GPtrArray) bases = strata_graph_get_marked_bases (self->graph, domain);

  for (guint i = 0; i < bases->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (bases, i);

      strata_layers_put_stake (
          self, strata_holder_key_new_template (domain->uuid, disk->target, disk->source),
          STRATA_HOLDER_CLONE, disk->source, NULL, FALSE);
    }
}

static void
put_use (StrataLayers *self, const StrataDomainFacts *domain, const StrataImageUse *use)
{
  static const char *const words[] = { "saved", "copy", "option" };
  StrataStake *stake;

  if (strata_layers_find (self, use->disk->source) == NULL)
    return;

  stake = strata_layers_put_stake (
      self, strata_holder_key_new_use (domain->uuid, NULL, words[use->kind], use->disk->source),
      STRATA_HOLDER_USE, use->disk->source, NULL, FALSE);
  stake->writes = strata_disk_is_written (use->disk);
  stake->shared = use->disk->shareable;
  put_backings (self, STRATA_HOLDER_USE, domain->uuid, use->disk, FALSE);
}

static void
put_domain (StrataLayers *self, const StrataDomainFacts *domain)
{
  gboolean active = strata_domain_facts_is_active (domain);
  StrataHolderKind kind = domain_kind (domain);

  strata_layers_put_disks (self, kind, domain->uuid, domain->disks, active);
  put_marked (self, domain);
  for (guint i = 0; i < domain->uses->len; i++)
    put_use (self, domain, g_ptr_array_index (domain->uses, i));

  for (guint i = 0; domain->next_disks != domain->disks && i < domain->next_disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (domain->next_disks, i);
      StrataStake *live = strata_layers_find_disk (self, domain->uuid, disk->target);

      StrataStake *next;

      if (disk->source == NULL || (live != NULL && g_strcmp0 (live->top, disk->source) == 0))
        continue;
      next = strata_layers_put_stake (self,
                                      strata_holder_key_new_next_disk (domain->uuid, disk->target),
                                      kind, disk->source, NULL, FALSE);
      next->writes = kind != STRATA_HOLDER_TEMPLATE && strata_disk_is_written (disk);
      next->shared = disk->shareable;
    }

  for (guint i = 0; i < domain->snapshots->len; i++)
    strata_layers_put_snapshot (self, domain->uuid, g_ptr_array_index (domain->snapshots, i));
}

/* Tags and overlays that nobody names are held as well: they may be somebody's all the same. */
static void
put_unnamed (StrataLayers *self)
{
  g_autoptr (GHashTable) named =
      g_hash_table_new_full (strata_holder_key_hash, strata_holder_key_equal,
                             (GDestroyNotify) strata_holder_key_free, NULL);
  g_autoptr (GHashTable) reached = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTableIter iter;
  StrataLayer *layer;

  for (guint i = 0; i < self->stakes->len; i++)
    {
      StrataStake *stake = g_ptr_array_index (self->stakes, i);

      if (stake->by_tag)
        g_hash_table_add (named, strata_holder_key_new_tag (stake->top, stake->tag));
      for (layer = strata_layers_find (self, stake->top);
           layer != NULL && g_hash_table_add (reached, layer->path);)
        layer = layer->backing != NULL ? strata_layers_find (self, layer->backing) : NULL;
    }

  g_hash_table_iter_init (&iter, self->layers);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &layer))
    {
      for (guint i = 0; i < layer->tags->len; i++)
        {
          StrataLayerTag *tag = g_ptr_array_index (layer->tags, i);
          g_autoptr (StrataHolderKey) key = strata_holder_key_new_tag (layer->path, tag->name);

          if (!g_hash_table_contains (named, key))
            strata_layers_put_stake (self, g_steal_pointer (&key), STRATA_HOLDER_IMAGE, layer->path,
                                     tag->name, FALSE);
        }
      if ((layer->backing != NULL || layer->data_file != NULL) &&
          !g_hash_table_contains (reached, layer->path))
        strata_layers_put_stake (self, strata_holder_key_new_image (layer->path),
                                 STRATA_HOLDER_IMAGE, layer->path, NULL, FALSE);
    }
}

/* Tags that only libvirt's metadata knows of, because the image could not be read. */
static void
put_known_tags (StrataLayers *self)
{
  for (guint i = 0; i < self->stakes->len; i++)
    {
      StrataStake *stake = g_ptr_array_index (self->stakes, i);
      StrataLayer *layer = stake->tag != NULL ? strata_layers_find (self, stake->top) : NULL;
      g_autofree char *mark = NULL;

      if (layer == NULL || strata_layer_find_tag (layer, NULL) == NULL ||
          strata_layer_find_tag (layer, stake->tag) != NULL)
        continue;
      mark = strata_mark_new (layer->path, "tag", stake->tag);
      strata_layer_put_tag (layer, stake->tag, (char *[]) { mark, NULL });
    }
}

/**
 * strata_layers_new:
 * @graph: a host
 *
 * Returns: (transfer full): the host on paper
 */
StrataLayers *
strata_layers_new (StrataGraph *graph)
{
  StrataLayers *self = g_new0 (StrataLayers, 1);
  g_autoptr (GPtrArray) images = strata_graph_get_images (graph);
  GPtrArray *domains = strata_graph_get_domains (graph);

  self->graph = g_object_ref (graph);
  self->layers = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, layer_free);
  self->stakes = g_ptr_array_new_with_free_func (stake_free);
  self->by_key = g_hash_table_new (strata_holder_key_hash, strata_holder_key_equal);

  for (guint i = 0; i < images->len; i++)
    put_image (self, g_ptr_array_index (images, i));
  for (guint i = 0; i < domains->len; i++)
    put_domain (self, g_ptr_array_index (domains, i));
  put_known_tags (self);
  put_unnamed (self);

  return self;
}

void
strata_layers_free (StrataLayers *self)
{
  g_hash_table_unref (self->by_key);
  g_ptr_array_unref (self->stakes);
  g_hash_table_unref (self->layers);
  g_object_unref (self->graph);
  g_free (self);
}

StrataGraph *
strata_layers_get_graph (StrataLayers *self)
{
  return self->graph;
}

StrataLayer *
strata_layers_find (StrataLayers *self, const char *path)
{
  return path != NULL ? g_hash_table_lookup (self->layers, strata_graph_resolve (self->graph, path))
                      : NULL;
}

GPtrArray *
strata_layers_get_all (StrataLayers *self)
{
  return g_hash_table_get_values_as_ptr_array (self->layers);
}

GPtrArray *
strata_layers_get_stakes (StrataLayers *self)
{
  return self->stakes;
}

StrataStake *
strata_layers_find_stake (StrataLayers *self, const StrataHolderKey *key)
{
  return g_hash_table_lookup (self->by_key, key);
}

StrataStake *
strata_layers_find_disk (StrataLayers *self, const char *uuid, const char *target)
{
  const StrataHolderKey key = { .kind = STRATA_HOLDER_KEY_DISK,
                                .uuid = (char *) uuid,
                                .target = (char *) target };

  return strata_layers_find_stake (self, &key);
}

static int
compare_layers (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (((const StrataLayer *) a)->path, ((const StrataLayer *) b)->path);
}

/* By path, so that the same graph gives the same plan. */
GPtrArray *
strata_layers_get_overlays (StrataLayers *self, const char *path)
{
  GPtrArray *overlays = g_ptr_array_new ();
  GHashTableIter iter;
  StrataLayer *layer;

  g_hash_table_iter_init (&iter, self->layers);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &layer))
    {
      if (g_strcmp0 (layer->backing, path) == 0)
        g_ptr_array_add (overlays, layer);
    }
  g_ptr_array_sort_values (overlays, compare_layers);

  return overlays;
}

gboolean
strata_layers_reach (StrataLayers *self, const char *top, const char *path)
{
  guint depth = 0;

  path = strata_graph_resolve (self->graph, path);
  for (const char *link = strata_graph_resolve (self->graph, top);
       link != NULL && depth <= g_hash_table_size (self->layers); depth++)
    {
      StrataLayer *layer = strata_layers_find (self, link);

      if (g_strcmp0 (link, path) == 0)
        return TRUE;
      link = layer != NULL ? layer->backing : NULL;
    }

  return FALSE;
}

guint
strata_layers_get_depth (StrataLayers *self, const char *top)
{
  guint depth = 0;

  for (StrataLayer *layer = strata_layers_find (self, top);
       layer != NULL && depth <= g_hash_table_size (self->layers); depth++)
    layer = strata_layers_find (self, layer->backing);

  return depth;
}

static void
add_marks (GString *text, GHashTable *seen, GStrv marks)
{
  for (guint i = 0; marks[i] != NULL; i++)
    {
      /* What is written above hides the same written below. */
      if (g_hash_table_add (seen, marks[i]))
        g_string_append_printf (text, "%s\n", marks[i]);
    }
}

/* FALSE where a part of it is gone. */
static gboolean
add_layer_marks (StrataLayers *self, GString *text, GHashTable *seen, StrataLayer *layer)
{
  StrataLayer *data;

  add_marks (text, seen, layer->marks);
  if (layer->data_file == NULL)
    return TRUE;

  data = strata_layers_find (self, layer->data_file);
  if (data != NULL)
    add_marks (text, seen, data->marks);

  return data != NULL;
}

char *
strata_layers_read (StrataLayers *self, const StrataStake *stake)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GString) text = g_string_new (NULL);
  StrataLayer *layer = strata_layers_find (self, stake->top);
  guint depth = 0;

  if (layer == NULL)
    return NULL;

  if (stake->by_tag)
    {
      StrataLayerTag *tag = strata_layer_find_tag (layer, stake->tag);

      if (tag == NULL)
        return NULL;
      add_marks (text, seen, tag->marks);
      if (layer->backing == NULL)
        return g_string_free (g_steal_pointer (&text), FALSE);
      layer = strata_layers_find (self, layer->backing);
    }

  while (layer != NULL && depth++ <= g_hash_table_size (self->layers))
    {
      if (!add_layer_marks (self, text, seen, layer))
        return NULL;
      if (layer->backing == NULL)
        return g_string_free (g_steal_pointer (&text), FALSE);
      layer = strata_layers_find (self, layer->backing);
    }

  return NULL;
}

/* CD-ROMs are not written to. What is written to a transient disk goes into a file of its own. */
gboolean
strata_disk_is_written (const StrataDiskXml *disk)
{
  return disk->source != NULL && !disk->read_only && !disk->transient &&
         g_strcmp0 (disk->device, "cdrom") != 0;
}
