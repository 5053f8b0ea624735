/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which domains and images of a graph have to do with each other: an image with those below and above it, a domain with the images that
 * it names. What changes of one of them changes nothing of others.
 *
 * A disc that many machines have in their drives would make all of them one: it stands on nothing, so it doesn't count.
 */

#include "config.h"

#include <string.h>

#include "strata-related.h"

/* Of a path, from its end. */
#define HASHED 24

typedef struct
{
  StrataGraph *graph;
  GHashTable *domains; /* a set of StrataDomainFacts */
  GHashTable *images;  /* a set of StrataImage */
  GHashTable *paths;   /* their paths */
  GHashTable *hashes;  /* the hashes of these */
  gboolean grown;
} Related;

static gboolean
is_raw (const char *format)
{
  return format == NULL || g_str_equal (format, "raw");
}

static void
call_for_disk (const StrataDiskXml *disk, StrataPlaceFunc func, gpointer user_data)
{
  if (disk->source != NULL)
    func (disk->source,
          strata_disk_xml_is_drive (disk) && is_raw (disk->format) && !disk->encrypted &&
              !disk->sliced,
          user_data);
  for (guint i = 0; disk->backings != NULL && disk->backings[i] != NULL; i++)
    func (disk->backings[i], FALSE, user_data);
}

static void
call_for_disks (GPtrArray *disks, StrataPlaceFunc func, gpointer user_data)
{
  for (guint i = 0; i < disks->len; i++)
    call_for_disk (g_ptr_array_index (disks, i), func, user_data);
}

static void
call_for_snapshot (const StrataSnapshotFacts *snapshot, StrataPlaceFunc func, gpointer user_data)
{
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->image != NULL)
        func (disk->image, disk->medium && is_raw (disk->format), user_data);
      if (disk->overlay != NULL)
        func (disk->overlay, FALSE, user_data);
      if (disk->revert_overlay != NULL)
        func (disk->revert_overlay, FALSE, user_data);
      for (guint j = 0; disk->backings != NULL && disk->backings[j] != NULL; j++)
        func (disk->backings[j], FALSE, user_data);
    }
  call_for_disks (snapshot->options, func, user_data);
}

void
strata_domain_facts_foreach_place (const StrataDomainFacts *domain,
                                   StrataPlaceFunc func,
                                   gpointer user_data)
{
  g_return_if_fail (domain != NULL);

  call_for_disks (domain->disks, func, user_data);
  if (domain->next_disks != domain->disks)
    call_for_disks (domain->next_disks, func, user_data);
  for (guint i = 0; i < domain->uses->len; i++)
    call_for_disk (((StrataImageUse *) g_ptr_array_index (domain->uses, i))->disk, func, user_data);
  for (guint i = 0; i < domain->snapshots->len; i++)
    call_for_snapshot (g_ptr_array_index (domain->snapshots, i), func, user_data);
}

/* All paths of a host are looked up, and most begin alike. */
static guint
hash_end (gconstpointer path)
{
  size_t length = strlen (path);

  return g_str_hash ((const char *) path + (length > HASHED ? length - HASHED : 0));
}

static void
hash_place_cb (const char *path, gboolean medium, gpointer user_data)
{
  guint hash = hash_end (path);

  g_array_append_val ((GArray *) user_data, hash);
}

void
strata_domain_facts_hash_places (StrataDomainFacts *domain)
{
  g_return_if_fail (domain != NULL);

  g_clear_pointer (&domain->place_hashes, g_array_unref);
  domain->place_hashes = g_array_new (FALSE, FALSE, sizeof (guint));
  strata_domain_facts_foreach_place (domain, hash_place_cb, domain->place_hashes);
}

static gboolean
is_declared_by (const StrataImage *image, GHashTable *domains)
{
  GHashTableIter iter;
  const StrataDomainFacts *domain;

  g_hash_table_iter_init (&iter, domains);
  while (g_hash_table_iter_next (&iter, (gpointer *) &domain, NULL))
    {
      g_autofree char *by = g_strdup_printf ("“%s”", domain->name);

      if (g_strcmp0 (image->declared_by, by) == 0)
        return TRUE;
    }

  return FALSE;
}

gboolean
strata_image_is_disc (const StrataImage *self, GHashTable *domains)
{
  return strata_image_is_raw (self) && self->state == STRATA_IMAGE_SEEN && self->claims == NULL &&
         self->parts == NULL && self->n_names <= 1 && !is_declared_by (self, domains);
}

static void
add_image (Related *self, const char *path)
{
  StrataImage *image = path != NULL ? strata_graph_get_image (self->graph, path) : NULL;

  if (image == NULL || !g_hash_table_add (self->images, image))
    return;

  g_hash_table_add (self->paths, image->path);
  g_hash_table_add (self->hashes, GUINT_TO_POINTER (hash_end (image->path)));
  self->grown = TRUE;
  add_image (self, image->backing_path);
  add_image (self, image->data_file);
  for (guint i = 0; image->claims != NULL && image->claims[i] != NULL; i++)
    add_image (self, image->claims[i]);
}

static void
add_place_cb (const char *path, gboolean medium, gpointer user_data)
{
  Related *self = user_data;
  const StrataImage *image = medium ? strata_graph_get_image (self->graph, path) : NULL;

  if (image == NULL || !strata_image_is_disc (image, self->domains))
    add_image (self, path);
}

static gboolean
is_related (Related *self, const char *path)
{
  return path != NULL && g_hash_table_contains (self->paths, path);
}

static gboolean
stands_on_related (Related *self, const StrataImage *image)
{
  for (guint i = 0; image->claims != NULL && image->claims[i] != NULL; i++)
    {
      if (is_related (self, image->claims[i]))
        return TRUE;
    }

  return is_related (self, image->backing_path) || is_related (self, image->data_file);
}

typedef struct
{
  Related *related;
  gboolean found;
} Search;

static void
search_cb (const char *path, gboolean medium, gpointer user_data)
{
  Search *search = user_data;

  search->found = search->found || is_related (search->related, path);
}

/* FALSE for most, without a look at their documents. */
static gboolean
may_be_related (Related *self, const StrataDomainFacts *domain)
{
  for (guint i = 0; domain->place_hashes != NULL && i < domain->place_hashes->len; i++)
    {
      if (g_hash_table_contains (self->hashes,
                                 GUINT_TO_POINTER (g_array_index (domain->place_hashes, guint, i))))
        return TRUE;
    }

  return domain->place_hashes == NULL;
}

static void
grow (Related *self, GPtrArray *images)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (domains, i);
      Search search = { self, FALSE };

      if (!g_hash_table_contains (self->domains, domain) && may_be_related (self, domain))
        strata_domain_facts_foreach_place (domain, search_cb, &search);
      if (search.found)
        {
          g_hash_table_add (self->domains, domain);
          self->grown = TRUE;
        }
      if (g_hash_table_contains (self->domains, domain))
        strata_domain_facts_foreach_place (domain, add_place_cb, self);
    }
  for (guint i = 0; i < images->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (images, i);

      if (!g_hash_table_contains (self->images, image) && stands_on_related (self, image))
        add_image (self, image->path);
    }
}

void
strata_graph_add_related (StrataGraph *self, GHashTable *domains, GHashTable *images)
{
  g_autoptr (GPtrArray) all = strata_graph_get_images (self);
  g_autoptr (GPtrArray) given = g_hash_table_get_keys_as_ptr_array (images);
  g_autoptr (GHashTable) paths = g_hash_table_new (hash_end, g_str_equal);
  g_autoptr (GHashTable) hashes = g_hash_table_new (NULL, NULL);
  Related related = { self, domains, images, paths, hashes, FALSE };
  GHashTableIter iter;
  gpointer domain;

  /* First of all what is below. */
  g_hash_table_remove_all (images);
  for (guint i = 0; i < given->len; i++)
    add_image (&related, ((StrataImage *) g_ptr_array_index (given, i))->path);
  g_hash_table_iter_init (&iter, domains);
  while (g_hash_table_iter_next (&iter, &domain, NULL))
    strata_domain_facts_foreach_place (domain, add_place_cb, &related);

  do
    {
      related.grown = FALSE;
      grow (&related, all);
    }
  while (related.grown);
}
