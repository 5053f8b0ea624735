/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who holds an image: those of the one list of holders whom a person can be told of. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-holders.h"
#include "base/strata-visible.h"

static gboolean
stands_on (StrataGraph *graph, const char *top, const char *path)
{
  const StrataImage *image = strata_graph_get_image (graph, top);

  return image != NULL &&
         (g_strcmp0 (strata_graph_resolve (graph, image->backing_path), path) == 0 ||
          g_strcmp0 (image->data_file, path) == 0);
}

/* Of images that no domain names the nearest is told of, also in the midst of a chain. A retained layer is held by none; what stands
 * on it holds it. What an image may stand on besides, and tags that none names, are left to the law, which has words for them. */
static gboolean
is_told (StrataGraph *graph, const StrataHolder *holder, const char *path)
{
  switch (holder->key->kind)
    {
    case STRATA_HOLDER_KEY_CLAIM:
    case STRATA_HOLDER_KEY_TAG:
      return FALSE;
    case STRATA_HOLDER_KEY_IMAGE:
      return !holder->retained && stands_on (graph, holder->top, path);
    case STRATA_HOLDER_KEY_DISK:
    case STRATA_HOLDER_KEY_NEXT_DISK:
    case STRATA_HOLDER_KEY_SNAPSHOT:
    case STRATA_HOLDER_KEY_MEMORY:
    case STRATA_HOLDER_KEY_BACKING:
    case STRATA_HOLDER_KEY_TEMPLATE:
    case STRATA_HOLDER_KEY_USE:
      break;
    }

  return strata_graph_reaches (graph, holder->top, path);
}

/* Each domain and each snapshot is told of once; in the list one's holders come one after the other. */
static gboolean
is_same (const StrataHolder *one, const StrataHolder *other)
{
  return one->domain != NULL && one->domain == other->domain &&
         g_strcmp0 (one->snapshot, other->snapshot) == 0;
}

/**
 * strata_holder_list_get_told:
 * @self: a list that was derived from a graph
 * @path: an image
 *
 * Returns: (transfer container) (element-type StrataHolder): what strata_graph_get_holders() says
 */
GPtrArray *
strata_holder_list_get_told (StrataHolderList *self, const char *path)
{
  StrataGraph *graph = strata_holder_list_get_graph (self);
  GPtrArray *all = strata_holder_list_get_all (self);
  GPtrArray *told = g_ptr_array_new ();
  const StrataHolder *last = NULL;

  path = strata_graph_resolve (graph, path);
  for (guint i = 0; i < all->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (all, i);

      if ((last != NULL && is_same (last, holder)) || !is_told (graph, holder, path))
        continue;
      g_ptr_array_add (told, holder);
      last = holder;
    }

  return told;
}

static StrataHolder *
copy_holder (const StrataHolder *self)
{
  StrataHolder *copy = g_memdup2 (self, sizeof *self);

  copy->key = strata_holder_key_copy (self->key);
  copy->uuid = copy->key->uuid;
  copy->snapshot = copy->key->snapshot;
  copy->target = copy->key->target;
  copy->top = g_strdup (self->top);
  copy->tag = g_strdup (self->tag);

  return copy;
}

/**
 * strata_graph_get_holders:
 * @self: a graph
 * @path: an image
 *
 * Everybody whose content would change if the bytes of @path did: each domain and snapshot once, and each image
 * that no domain names and that stands on @path. For more than one image, see strata_holder_list_get_told().
 *
 * Returns: (transfer full) (element-type StrataHolder): the holders
 */
GPtrArray *
strata_graph_get_holders (StrataGraph *self, const char *path)
{
  GPtrArray *holders = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_holder_free);
  g_autoptr (StrataHolderList) list = NULL;
  g_autoptr (GPtrArray) told = NULL;

  g_return_val_if_fail (STRATA_IS_GRAPH (self), holders);
  g_return_val_if_fail (path != NULL, holders);

  list = strata_holder_list_new (self);
  told = strata_holder_list_get_told (list, path);
  for (guint i = 0; i < told->len; i++)
    g_ptr_array_add (holders, copy_holder (g_ptr_array_index (told, i)));

  return holders;
}

char *
strata_graph_get_unseen_hint (StrataGraph *self, const StrataImage *unseen)
{
  g_autoptr (GPtrArray) holders = strata_graph_get_holders (self, unseen->path);
  const StrataHolder *holder = holders->len > 0 ? g_ptr_array_index (holders, 0) : NULL;

  if (holder != NULL && holder->domain != NULL && holder->snapshot != NULL)
    {
      g_autofree char *machine = strata_quote_word (holder->domain->name);
      g_autofree char *name = strata_quote_word (holder->snapshot);

      return g_strdup_printf (
          /* Translators: a snapshot, and twice its virtual machine, with the snapshot between */
          _ ("Make it visible again (plug the storage in, start its pool), or take the snapshot "
             "“%s” of “%s”, which names it, out of the list (“stratactl snapshot delete %s %s "
             "--metadata-only”)."),
          holder->snapshot, holder->domain->name, machine, name);
    }
  if (holder != NULL && holder->domain != NULL)
    return g_strdup_printf (
        /* Translators: a virtual machine. “virsh detach-disk” and “virsh change-media” are commands. */
        _ ("Make it visible again (plug the storage in, start its pool), or take it out of “%s”, "
           "which names it (“virsh detach-disk --config”, “virsh change-media --eject”)."),
        holder->domain->name);

  return g_strdup (_ ("Make it visible again (plug the storage in, start its pool), or remove "
                      "what names it."));
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
 * Found by their chains and not by their marks: the domains that stand on the template's images.
 *
 * Returns: (transfer full) (element-type StrataDomainFacts): the clones, each once, by name
 */
GPtrArray *
strata_graph_get_thin_clones (StrataGraph *self, StrataDomainFacts *template)
{
  GPtrArray *clones = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_domain_facts_unref);
  g_autoptr (StrataHolderList) list = NULL;

  g_return_val_if_fail (STRATA_IS_GRAPH (self), clones);

  list = strata_holder_list_new (self);
  for (guint i = 0; i < template->disks->len; i++)
    {
      StrataDiskXml *disk = g_ptr_array_index (template->disks, i);
      g_autoptr (GPtrArray) holders = NULL;

      /* What the template only reads stays when it is deleted, and others may read it as well. */
      if (disk->source == NULL || g_strcmp0 (disk->device, "disk") != 0 || disk->read_only)
        continue;

      holders = strata_holder_list_get_told (list, disk->source);
      for (guint j = 0; j < holders->len; j++)
        {
          const StrataHolder *holder = g_ptr_array_index (holders, j);

          if (holder->domain != NULL && holder->domain != template &&
              !g_ptr_array_find (clones, holder->domain, NULL))
            g_ptr_array_add (clones, strata_domain_facts_ref (holder->domain));
        }
    }

  g_ptr_array_sort_values (clones, compare_names);

  return clones;
}
