/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A map's nodes and links, from the image graph. */

#include "config.h"

#include "strata-map-private.h"
#include "model/strata-short-paths.h"
#include "model/strata-words.h"

typedef struct
{
  StrataMap *map;
  StrataGraph *graph;
  StrataDomainFacts *domain;
  guint index;       /* the domain's node */
  GHashTable *chain; /* paths that the domain's disks are made of */
} Build;

static char *
get_short_name (const char *path)
{
  return g_path_is_absolute (path) ? g_path_get_basename (path) : g_strdup (path);
}

/* Somebody refers to PATH: it is on the map, be it there or not. */
static guint
ensure_image (Build *self, const char *path)
{
  guint index = strata_map_find (self->map, path);
  g_autofree char *name = NULL;

  if (index != STRATA_MAP_NONE)
    return index;

  name = get_short_name (path);
  /* One on the network can't be looked for. */
  strata_map_add_node (self->map, STRATA_MAP_IMAGE, path, name)->missing =
      g_path_is_absolute (path);

  return self->map->nodes->len - 1;
}

static void
add_link (Build *self, guint from, guint to, StrataMapLinkKind kind)
{
  StrataMapLink link = { from, to, kind };

  if (from != to)
    g_array_append_val (self->map->links, link);
}

/* Where a folder is no pool, any file of it that a disk shares the folder with has been listed as a raw image. */
static gboolean
is_known_image (const StrataImage *image, GHashTable *named)
{
  return image->pool != NULL || image->state != STRATA_IMAGE_SEEN || image->backing_path != NULL ||
         g_strcmp0 (image->format, "raw") != 0 || g_hash_table_contains (named, image->path);
}

static void
name_disks (GHashTable *named, GPtrArray *disks)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (disk->source != NULL)
        g_hash_table_add (named, g_strdup (disk->source));
    }
}

static GHashTable *
collect_named (Build *self, GPtrArray *images)
{
  GHashTable *named = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  for (guint i = 0; i < images->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (images, i);

      if (image->backing_path != NULL)
        g_hash_table_add (named, g_strdup (image->backing_path));
    }
  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);
      g_autoptr (GPtrArray) inactive = strata_domain_xml_get_disks (domain->definition);

      name_disks (named, domain->disks);
      name_disks (named, inactive);
      for (guint j = 0; j < domain->snapshots->len; j++)
        {
          const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, j);

          for (guint k = 0; k < snapshot->disks->len; k++)
            {
              const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, k);

              if (disk->image != NULL)
                g_hash_table_add (named, g_strdup (disk->image));
            }
          if (snapshot->memory_file != NULL)
            g_hash_table_add (named, g_strdup (snapshot->memory_file));
        }
    }

  return named;
}

static void
add_image (Build *self, const StrataImage *image)
{
  g_autofree char *name = get_short_name (image->path);
  StrataMapNode *node = strata_map_add_node (self->map, STRATA_MAP_IMAGE, image->path, name);

  node->format = g_strdup (image->format);
  node->pool = g_strdup (image->pool);
  node->tags = strata_image_get_tag_labels (image);
  node->capacity = image->capacity;
  node->allocation = image->allocation;
  node->missing = image->missing;
  node->unclear = !image->missing && image->state != STRATA_IMAGE_SEEN;
  node->foreign = image->state == STRATA_IMAGE_FOREIGN;
  node->problem = image->problem != NULL ? strata_short_paths (image->problem) : NULL;
}

static void
add_images (Build *self)
{
  g_autoptr (GPtrArray) images = strata_graph_get_images (self->graph);
  g_autoptr (GHashTable) named = collect_named (self, images);

  for (guint i = 0; i < images->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (images, i);

      if (is_known_image (image, named))
        add_image (self, image);
    }
  for (guint i = 0; i < images->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (images, i);

      if (image->backing_path != NULL)
        add_link (self, ensure_image (self, image->backing_path),
                  strata_map_find (self->map, image->path), STRATA_MAP_LINK_BACKING);
    }
}

static void
follow_chain (Build *self, const char *top)
{
  for (StrataChain link = strata_graph_walk (self->graph, top);
       link.path != NULL && g_hash_table_add (self->chain, (gpointer) link.path);)
    strata_chain_next (&link);
}

static void
name_image (Build *self, const char *path, StrataMapLinkKind kind)
{
  guint index = ensure_image (self, path);

  strata_map_get_node (self->map, index)->n_names++;
  if (kind == STRATA_MAP_LINK_TEMPLATE)
    add_link (self, self->index, index, kind);
  else
    add_link (self, index, self->index, kind);
}

static void
add_disk (Build *self, const StrataDiskXml *disk)
{
  gboolean template = self->domain->template_mark != NULL;
  StrataMapLinkKind kind = template ? STRATA_MAP_LINK_TEMPLATE : STRATA_MAP_LINK_DISK;

  if (disk->source == NULL || !g_path_is_absolute (disk->source))
    return;
  if (g_strcmp0 (disk->device, "cdrom") == 0 || g_strcmp0 (disk->device, "floppy") == 0)
    kind = STRATA_MAP_LINK_MEDIUM;

  name_image (self, disk->source, kind);
  follow_chain (self, disk->source);
  /* Only where the definition says otherwise than the header: both are held. */
  if (disk->backing != NULL && !g_hash_table_contains (self->chain, disk->backing))
    {
      name_image (self, disk->backing, kind);
      follow_chain (self, disk->backing);
    }
}

static void
add_memory (Build *self, const StrataSnapshotFacts *snapshot, guint image)
{
  guint index = ensure_image (self, snapshot->memory_file);
  StrataMapNode *node = strata_map_get_node (self->map, index);
  gboolean unseen = node->missing && strata_graph_get_image (self->graph, node->id) == NULL;

  node->kind = STRATA_MAP_MEMORY;
  /* Where no pool lists it, the snapshot says whether it is there. */
  if (unseen)
    node->missing = snapshot->memory_missing;
  node->n_names++;
  g_ptr_array_add (node->marks,
                   strata_map_mark_new (self->domain, snapshot, STRATA_SNAPSHOT_EXTERNAL));
  if (image != STRATA_MAP_NONE)
    add_link (self, image, index, STRATA_MAP_LINK_MEMORY);
}

static gboolean
is_stood_on (Build *self, const char *path, GHashTable *bases)
{
  return g_hash_table_contains (self->chain, path) || g_hash_table_contains (bases, path);
}

static void
add_snapshot (Build *self, const StrataSnapshotFacts *snapshot, GHashTable *bases)
{
  guint first = STRATA_MAP_NONE;

  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);
      StrataMapNode *node;
      guint index;

      if (disk->location == STRATA_SNAPSHOT_NONE || disk->image == NULL)
        continue;

      index = ensure_image (self, disk->image);
      node = strata_map_get_node (self->map, index);
      g_ptr_array_add (node->marks, strata_map_mark_new (self->domain, snapshot, disk->location));
      if (!is_stood_on (self, disk->image, bases))
        add_link (self, index, self->index, STRATA_MAP_LINK_FROZEN);
      if (first == STRATA_MAP_NONE)
        first = index;
    }

  if (snapshot->memory_file != NULL)
    add_memory (self, snapshot, first);
}

static void
add_domain (Build *self, GHashTable *bases)
{
  StrataDomainFacts *domain = self->domain;
  g_autoptr (GPtrArray) inactive = strata_domain_xml_get_disks (domain->definition);
  StrataMapNode *node = strata_map_add_node (
      self->map, domain->template_mark != NULL ? STRATA_MAP_TEMPLATE : STRATA_MAP_MACHINE,
      domain->uuid, domain->name);

  node->uuid = g_strdup (domain->uuid);
  node->state_name = strata_words_for_state (domain);
  self->index = self->map->nodes->len - 1;
  self->chain = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < domain->disks->len; i++)
    add_disk (self, g_ptr_array_index (domain->disks, i));
  /* While a domain runs its definition may name other images than it has open. */
  for (guint i = 0; domain->live_xml != NULL && i < inactive->len; i++)
    add_disk (self, g_ptr_array_index (inactive, i));
  for (guint i = 0; i < domain->snapshots->len; i++)
    add_snapshot (self, g_ptr_array_index (domain->snapshots, i), bases);
  g_hash_table_unref (self->chain);
}

static void
find_retained (StrataMap *map)
{
  for (guint i = 0; i < map->nodes->len; i++)
    {
      StrataMapNode *node = strata_map_get_node (map, i);

      node->retained = node->marks->len > 0 && node->kind == STRATA_MAP_IMAGE;
      for (guint j = 0; j < node->marks->len; j++)
        node->retained &= ((StrataMapMark *) g_ptr_array_index (node->marks, j))->retained;
    }
}

/**
 * strata_map_build:
 * @self: an empty map
 * @graph: a host
 */
void
strata_map_build (StrataMap *self, StrataGraph *graph)
{
  Build build = { self, graph, NULL, 0, NULL };
  g_autoptr (GHashTable) bases = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) images = strata_graph_get_images (graph);
  GPtrArray *domains = strata_graph_get_domains (graph);

  for (guint i = 0; i < images->len; i++)
    {
      StrataImage *image = g_ptr_array_index (images, i);

      if (image->backing_path != NULL)
        g_hash_table_add (bases, image->backing_path);
    }

  add_images (&build);
  for (guint i = 0; i < domains->len; i++)
    {
      build.domain = g_ptr_array_index (domains, i);
      add_domain (&build, bases);
    }
  find_retained (self);
}
