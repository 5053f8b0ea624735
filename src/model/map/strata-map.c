/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMap: a host as a graph to look at. */

#include "config.h"

#include "strata-map-private.h"
#include "model/strata-short-paths.h"
#include "model/strata-words.h"

/* A mark for the image or the memory that keeps it; LOCATION: whether it is inside an image or in files of its own */
static StrataMapMark *
mark_new (const StrataDomainFacts *domain,
          const StrataSnapshotFacts *snapshot,
          StrataSnapshotLocation location)
{
  StrataMapMark *self = g_new0 (StrataMapMark, 1);

  self->machine = g_strdup (domain->name);
  self->uuid = g_strdup (domain->uuid);
  self->snapshot = g_strdup (snapshot->name);
  self->internal = location == STRATA_SNAPSHOT_INTERNAL;
  self->retained = snapshot->retained;

  return self;
}

static void
mark_free (gpointer data)
{
  StrataMapMark *self = data;

  g_free (self->machine);
  g_free (self->uuid);
  g_free (self->snapshot);
  g_free (self);
}

static void
node_free (gpointer data)
{
  StrataMapNode *self = data;

  g_free (self->id);
  g_free (self->name);
  g_free (self->uuid);
  g_free (self->format);
  g_free (self->pool);
  g_free (self->problem);
  g_strfreev (self->tags);
  g_ptr_array_unref (self->marks);
  g_array_unref (self->below);
  g_array_unref (self->above);
  g_free (self);
}

/* There was none with that ID, which is the same for the same thing in every map. */
static StrataMapNode *
add_node (StrataMap *self, StrataMapKind kind, const char *id, const char *name)
{
  StrataMapNode *node = g_new0 (StrataMapNode, 1);

  node->kind = kind;
  node->id = g_strdup (id);
  node->name = g_strdup (name);
  node->marks = g_ptr_array_new_with_free_func (mark_free);
  node->below = g_array_new (FALSE, FALSE, sizeof (guint));
  node->above = g_array_new (FALSE, FALSE, sizeof (guint));
  g_hash_table_insert (self->by_id, node->id, GUINT_TO_POINTER (self->nodes->len));
  g_ptr_array_add (self->nodes, node);

  return node;
}

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

/* A machine or an image refers to PATH: it is on the map, be it there or not. */
static guint
ensure_image (Build *self, const char *path)
{
  guint index = strata_map_find (self->map, path);
  g_autofree char *name = NULL;

  if (index != STRATA_MAP_NONE)
    return index;

  name = get_short_name (path);
  /* One on the network can't be looked for. */
  add_node (self->map, STRATA_MAP_IMAGE, path, name)->missing = g_path_is_absolute (path);

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
  StrataMapNode *node = add_node (self->map, STRATA_MAP_IMAGE, image->path, name);

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
  g_ptr_array_add (node->marks, mark_new (self->domain, snapshot, STRATA_SNAPSHOT_EXTERNAL));
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
      g_ptr_array_add (node->marks, mark_new (self->domain, snapshot, disk->location));
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
  StrataMapNode *node =
      add_node (self->map, domain->template_mark != NULL ? STRATA_MAP_TEMPLATE : STRATA_MAP_MACHINE,
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

/* Nodes in any order, links between them. */
static void
build_map (StrataMap *self, StrataGraph *graph)
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

typedef struct
{
  char *key;
  guint index;
} Rank;

static int
compare_ranks (gconstpointer a, gconstpointer b, gpointer nodes)
{
  const Rank *one = a;
  const Rank *other = b;
  int order = strcmp (one->key, other->key);
  StrataMapNode *first;
  StrataMapNode *second;

  if (order != 0)
    return order;

  first = g_ptr_array_index ((GPtrArray *) nodes, one->index);
  second = g_ptr_array_index ((GPtrArray *) nodes, other->index);

  return strcmp (first->id, second->id);
}

/* By name, so that whatever follows the order of the nodes does not depend on that of libvirt's answers. */
static void
sort_nodes (StrataMap *self)
{
  guint n = self->nodes->len;
  g_autofree Rank *ranks = g_new (Rank, n);
  g_autofree guint *places = g_new (guint, n);
  g_autoptr (GPtrArray) old = g_steal_pointer (&self->nodes);

  for (guint i = 0; i < n; i++)
    ranks[i] = (Rank) {
      g_utf8_collate_key_for_filename (((StrataMapNode *) g_ptr_array_index (old, i))->name, -1), i
    };
  g_sort_array (ranks, n, sizeof (Rank), compare_ranks, old);

  self->nodes = g_ptr_array_new_full (n, node_free);
  for (guint i = 0; i < n; i++)
    {
      StrataMapNode *node = g_ptr_array_index (old, ranks[i].index);

      places[ranks[i].index] = i;
      g_ptr_array_add (self->nodes, node);
      g_hash_table_insert (self->by_id, node->id, GUINT_TO_POINTER (i));
      g_free (ranks[i].key);
    }
  g_ptr_array_set_free_func (old, NULL);

  for (guint i = 0; i < self->links->len; i++)
    {
      StrataMapLink *link = &g_array_index (self->links, StrataMapLink, i);

      link->from = places[link->from];
      link->to = places[link->to];
    }
}

static int
compare_links (gconstpointer a, gconstpointer b)
{
  const StrataMapLink *one = a;
  const StrataMapLink *other = b;

  if (one->from != other->from)
    return one->from < other->from ? -1 : 1;
  if (one->to != other->to)
    return one->to < other->to ? -1 : 1;

  return (int) one->kind - (int) other->kind;
}

/* Once each: of a running machine both definitions were read, which mostly say the same. */
static void
join_nodes (StrataMap *self)
{
  guint n = 0;

  g_array_sort (self->links, compare_links);
  for (guint i = 0; i < self->links->len; i++)
    {
      StrataMapLink link = g_array_index (self->links, StrataMapLink, i);
      StrataMapLink *last = n > 0 ? &g_array_index (self->links, StrataMapLink, n - 1) : NULL;

      if (last == NULL || last->from != link.from || last->to != link.to)
        g_array_index (self->links, StrataMapLink, n++) = link;
    }
  g_array_set_size (self->links, n);

  for (guint i = 0; i < n; i++)
    {
      const StrataMapLink *link = &g_array_index (self->links, StrataMapLink, i);
      gboolean turned = strata_map_link_needs_to (link);
      guint lower = turned ? link->to : link->from;
      guint upper = turned ? link->from : link->to;

      g_array_append_val (strata_map_get_node (self, lower)->above, upper);
      g_array_append_val (strata_map_get_node (self, upper)->below, lower);
    }
}

static const struct
{
  const char *entity;
  const char *character;
} entities[] = {
  { "&apos;", "'" }, { "&quot;", "\"" }, { "&lt;", "<" }, { "&gt;", ">" }, { "&amp;", "&" },
};

static char *
unescape (const char *text, gsize length)
{
  GString *result = g_string_new_len (text, (gssize) length);

  for (gsize i = 0; memchr (text, '&', length) != NULL && i < G_N_ELEMENTS (entities); i++)
    g_string_replace (result, entities[i].entity, entities[i].character, 0);

  return g_string_free (result, FALSE);
}

/* An absolute path is a whole attribute or the whole text of an element. To parse megabytes for that would take long. */
static void
add_mentions (GHashTable *mentions, const char *document)
{
  for (const char *slash = document != NULL ? strchr (document, '/') : NULL; slash != NULL;)
    {
      char before = slash > document ? slash[-1] : '\0';
      gsize length = 0;

      if (before == '\'' || before == '"')
        length = strcspn (slash, before == '\'' ? "'" : "\"");
      else if (before == '>')
        length = strcspn (slash, "<");
      if (length > 1)
        g_hash_table_add (mentions, unescape (slash, length));
      slash = strchr (slash + MAX (length, 1), '/');
    }
}

/* Every path that any definition or snapshot of GRAPH says anywhere. */
static GHashTable *
collect_mentions (StrataGraph *graph)
{
  GHashTable *mentions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GPtrArray *domains = strata_graph_get_domains (graph);

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      add_mentions (mentions, domain->xml);
      add_mentions (mentions, domain->live_xml);
      for (guint j = 0; j < domain->snapshots->len; j++)
        add_mentions (mentions,
                      ((StrataSnapshotFacts *) g_ptr_array_index (domain->snapshots, j))->xml);
    }

  return mentions;
}

static void
find_free (StrataMap *self, StrataGraph *graph)
{
  g_autoptr (GHashTable) mentions = NULL;

  for (guint i = 0; i < self->nodes->len; i++)
    {
      StrataMapNode *node = strata_map_get_node (self, i);

      if (node->kind != STRATA_MAP_IMAGE || node->missing || node->unclear || node->n_names > 0 ||
          node->above->len > 0 || node->marks->len > 0)
        continue;

      /* Firmware variables, kernels and the like lie in pools as well. Read only if it matters: the documents of a
       * host with thousands of snapshots are megabytes. */
      if (mentions == NULL)
        mentions = collect_mentions (graph);
      node->free = !g_hash_table_contains (mentions, node->id);
    }
}

/**
 * strata_map_new:
 * @graph: a host
 *
 * Pure; any thread.
 *
 * Returns: (transfer full): what there is to draw of it
 */
StrataMap *
strata_map_new (StrataGraph *graph)
{
  StrataMap *self;

  g_return_val_if_fail (STRATA_IS_GRAPH (graph), NULL);

  self = g_atomic_rc_box_new0 (StrataMap);
  self->nodes = g_ptr_array_new_with_free_func (node_free);
  self->links = g_array_new (FALSE, FALSE, sizeof (StrataMapLink));
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);

  build_map (self, graph);
  sort_nodes (self);
  join_nodes (self);
  find_free (self, graph);

  return self;
}

/**
 * strata_map_ref:
 * @self: a map
 *
 * Returns: (transfer full): @self
 */
StrataMap *
strata_map_ref (StrataMap *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
strata_map_clear (gpointer data)
{
  StrataMap *self = data;

  g_hash_table_unref (self->by_id);
  g_array_unref (self->links);
  g_ptr_array_unref (self->nodes);
}

/**
 * strata_map_unref:
 * @self: (transfer full): a map
 */
void
strata_map_unref (StrataMap *self)
{
  g_atomic_rc_box_release_full (self, strata_map_clear);
}

/**
 * strata_map_get_n_nodes:
 * @self: a map
 *
 * Returns: how many nodes it has
 */
guint
strata_map_get_n_nodes (StrataMap *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->nodes->len;
}

/**
 * strata_map_get_node:
 * @self: a map
 * @index: less than the number of nodes
 *
 * Returns: (transfer none): the node
 */
StrataMapNode *
strata_map_get_node (StrataMap *self, guint index)
{
  g_return_val_if_fail (self != NULL && index < self->nodes->len, NULL);

  return g_ptr_array_index (self->nodes, index);
}

/**
 * strata_map_find:
 * @self: a map
 * @id: (nullable): a node's id
 *
 * Returns: its index, or %STRATA_MAP_NONE
 */
guint
strata_map_find (StrataMap *self, const char *id)
{
  gpointer index;

  g_return_val_if_fail (self != NULL, STRATA_MAP_NONE);

  if (id == NULL || !g_hash_table_lookup_extended (self->by_id, id, NULL, &index))
    return STRATA_MAP_NONE;

  return GPOINTER_TO_UINT (index);
}

static gboolean
contains (const char *text, const char *folded)
{
  g_autofree char *other = g_utf8_casefold (text, -1);

  return strstr (other, folded) != NULL;
}

/**
 * strata_map_matches:
 * @self: a map
 * @index: a node of it
 * @text: what the user looks for, in any case
 *
 * Returns: whether it is in the node's name or path, or in the name of a snapshot at it
 */
gboolean
strata_map_matches (StrataMap *self, guint index, const char *text)
{
  StrataMapNode *node = strata_map_get_node (self, index);
  g_autofree char *folded = g_utf8_casefold (text, -1);

  if (contains (node->name, folded) || contains (node->id, folded))
    return TRUE;

  for (guint i = 0; i < node->marks->len; i++)
    {
      const StrataMapMark *mark = g_ptr_array_index (node->marks, i);

      if (!mark->retained && contains (mark->snapshot, folded))
        return TRUE;
    }

  return FALSE;
}

/* Whatever can be reached from INDEX in one direction. A chain that loops has been here before. */
static void
spread (StrataMap *self, guint index, gboolean up, guint8 *reached, guint8 mark)
{
  g_autoptr (GArray) waiting = g_array_new (FALSE, FALSE, sizeof (guint));

  g_array_append_val (waiting, index);
  while (waiting->len > 0)
    {
      StrataMapNode *node =
          strata_map_get_node (self, strata_map_index (waiting, waiting->len - 1));
      GArray *next = up ? node->above : node->below;

      g_array_set_size (waiting, waiting->len - 1);
      for (guint i = 0; i < next->len; i++)
        {
          guint other = strata_map_index (next, i);

          if ((reached[other] & mark) != 0)
            continue;
          reached[other] |= mark;
          g_array_append_val (waiting, other);
        }
    }
}

/**
 * strata_map_get_kin:
 * @self: a map
 * @index: a node of it
 *
 * A template's clones stand on its images and not on itself, and are its kin nevertheless.
 *
 * Returns: (transfer full): a byte for each node, not 0 for @index and its kin
 */
guint8 *
strata_map_get_kin (StrataMap *self, guint index)
{
  StrataMapNode *node = strata_map_get_node (self, index);
  guint8 *kin = g_new0 (guint8, self->nodes->len);

  kin[index] = 3;
  spread (self, index, FALSE, kin, 1);
  spread (self, index, TRUE, kin, 2);
  for (guint i = 0; node->kind == STRATA_MAP_TEMPLATE && i < node->below->len; i++)
    spread (self, strata_map_index (node->below, i), TRUE, kin, 2);

  return kin;
}

/**
 * strata_map_get_owner:
 * @self: a map
 * @index: a node of it
 *
 * Returns: (transfer none) (nullable): whose page says more about the node
 */
const char *
strata_map_get_owner (StrataMap *self, guint index)
{
  StrataMapNode *node = strata_map_get_node (self, index);
  const char *owner = node->uuid;

  for (guint i = 0; node->uuid == NULL && i < node->above->len; i++)
    {
      const char *uuid = strata_map_get_node (self, strata_map_index (node->above, i))->uuid;

      if (uuid != NULL && owner != NULL && !g_str_equal (uuid, owner))
        return NULL;
      owner = uuid != NULL ? uuid : owner;
    }
  for (guint i = 0; node->uuid == NULL && i < node->marks->len; i++)
    {
      const StrataMapMark *mark = g_ptr_array_index (node->marks, i);

      if (owner != NULL && !g_str_equal (mark->uuid, owner))
        return NULL;
      owner = mark->uuid;
    }

  return owner;
}
