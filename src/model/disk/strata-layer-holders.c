/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who holds a layer, in words: whose own it is (who writes to it, the snapshot that froze it), and who merely stands on it. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "graph/strata-holders.h"
#include "strata-disk-layer-private.h"

static char *
name_snapshot (const StrataHolder *holder, gboolean own)
{
  const StrataSnapshotFacts *facts =
      strata_domain_facts_find_snapshot (holder->domain, holder->snapshot);
  gboolean internal = facts != NULL && strata_snapshot_facts_has (facts, STRATA_SNAPSHOT_INTERNAL);

  if (own)
    return g_strdup_printf (internal ? _ ("Internal snapshot “%s”") : _ ("Snapshot “%s”"),
                            holder->snapshot);

  /* Translators: a snapshot, and the virtual machine that it is of */
  return g_strdup_printf (internal ? _ ("Internal snapshot “%s” of “%s”")
                                   : _ ("Snapshot “%s” of “%s”"),
                          holder->snapshot, holder->domain->name);
}

static char *
name_holder (const StrataHolder *holder, gboolean own)
{
  g_autofree char *file = NULL;

  switch (holder->kind)
    {
    case STRATA_HOLDER_SNAPSHOT:
      return name_snapshot (holder, own);
    case STRATA_HOLDER_TEMPLATE:
      return own ? g_strdup (_ ("This template"))
                 : g_strdup_printf (_ ("Template “%s”"), holder->domain->name);
    case STRATA_HOLDER_CLONE:
      return own ? g_strdup (_ ("This VM"))
                 : g_strdup_printf (_ ("Thin clone “%s”"), holder->domain->name);
    case STRATA_HOLDER_DOMAIN:
      return own ? g_strdup (_ ("This VM"))
                 : g_strdup_printf (_ ("Virtual machine “%s”"), holder->domain->name);
    case STRATA_HOLDER_IMAGE:
      file = g_path_get_basename (holder->top);
      /* Translators: a file */
      return g_strdup_printf (_ ("“%s”, an image that no VM names"), file);
    }

  g_return_val_if_reached (NULL);
}

static void
add (GPtrArray *holders, StrataHolderKind kind, gboolean own, gboolean retained, char *text)
{
  StrataLayerHolder *holder = g_new0 (StrataLayerHolder, 1);

  holder->text = text;
  holder->kind = kind;
  holder->own = own;
  holder->retained = retained;
  g_ptr_array_add (holders, holder);
}

static gboolean
has_image (const StrataSnapshotFacts *snapshot, const char *path)
{
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->location != STRATA_SNAPSHOT_NONE && g_strcmp0 (disk->image, path) == 0)
        return TRUE;
    }

  return FALSE;
}

static gboolean
has_disk (GPtrArray *disks, const char *path)
{
  for (guint i = 0; i < disks->len; i++)
    {
      if (g_strcmp0 (((const StrataDiskXml *) g_ptr_array_index (disks, i))->source, path) == 0)
        return TRUE;
    }

  return FALSE;
}

/* The list tells of each domain and snapshot once, by one disk; which of two disks has PATH as its
 * own is looked up. */
static gboolean
is_owner (const StrataHolder *holder, const char *path)
{
  if (holder->kind == STRATA_HOLDER_SNAPSHOT)
    return has_image (strata_domain_facts_find_snapshot (holder->domain, holder->snapshot), path);

  return holder->domain != NULL && has_disk (holder->domain->disks, path);
}

/* Only what stands on a retained layer holds it; that it is one is worth knowing. */
static void
add_retained (StrataDiskLayer *self, StrataGraph *graph)
{
  GPtrArray *domains = strata_graph_get_domains (graph);

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      for (guint j = 0; j < domain->snapshots->len; j++)
        {
          const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, j);

          if (snapshot->retained && has_image (snapshot, self->path))
            add (self->owners, STRATA_HOLDER_SNAPSHOT, g_str_equal (domain->uuid, self->domain),
                 TRUE,
                 /* Translators: a snapshot that was deleted, and whose image others stand on */
                 g_strdup_printf (_ ("A retained layer, of the deleted snapshot “%s”"),
                                  snapshot->name));
        }
    }
}

/* A layer in the midst of a holder's chain is held by that one, which is told of anyway. */
static gboolean
is_within_chain (StrataHolderList *list, const StrataHolder *holder)
{
  g_autoptr (GPtrArray) above = NULL;

  if (holder->kind != STRATA_HOLDER_IMAGE)
    return FALSE;

  above = strata_holder_list_get_told (list, holder->top);
  for (guint i = 0; i < above->len; i++)
    {
      if (((const StrataHolder *) g_ptr_array_index (above, i))->domain != NULL)
        return TRUE;
    }

  return FALSE;
}

/**
 * strata_disk_layer_find_holders:
 * @self: a layer that has its path and domain
 * @list: who holds what on the host
 */
void
strata_disk_layer_find_holders (StrataDiskLayer *self, StrataHolderList *list)
{
  g_autoptr (GPtrArray) holders = strata_holder_list_get_told (list, self->path);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);
      gboolean own = holder->domain != NULL && g_str_equal (holder->domain->uuid, self->domain);

      if (is_within_chain (list, holder))
        continue;
      add (is_owner (holder, self->path) ? self->owners : self->dependents, holder->kind, own,
           FALSE, name_holder (holder, own));
    }
  add_retained (self, strata_holder_list_get_graph (list));
}

/**
 * strata_disk_layer_find_cut:
 * @graph: the host
 * @domain: a domain of it
 * @path: an image in a chain of @domain
 *
 * Where another holder has @path as its own, deleting the snapshot merges nothing.
 *
 * Returns: (transfer none) (nullable): the only snapshot, or retained layer, that froze @path, if it is @domain's
 */
const char *
strata_disk_layer_find_cut (StrataGraph *graph, StrataDomainFacts *domain, const char *path)
{
  GPtrArray *domains = strata_graph_get_domains (graph);
  const char *cut = NULL;

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *other = g_ptr_array_index (domains, i);

      if (has_disk (other->disks, path))
        return NULL;
      for (guint j = 0; j < other->snapshots->len; j++)
        {
          const StrataSnapshotFacts *snapshot = g_ptr_array_index (other->snapshots, j);

          if (!has_image (snapshot, path))
            continue;
          if (other != domain || cut != NULL ||
              !strata_snapshot_facts_has (snapshot, STRATA_SNAPSHOT_EXTERNAL))
            return NULL;
          cut = snapshot->name;
        }
    }

  return cut;
}
