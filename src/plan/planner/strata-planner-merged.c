/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who is told of a merge: VMs that are off and had the image that goes, and the metadata of snapshots. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"

static gboolean
has_now (StrataPlanner *self, const StrataDomainFacts *domain, const char *path)
{
  return strata_lineage_is_current (strata_planner_get_lineage (self, domain),
                                    strata_planner_get_layers (self), path);
}

static JsonObject *
map_item (const StrataLayer *from, const StrataLayer *to)
{
  return strata_step_args ("from", from->path, "to", to->path, "format", to->format, NULL);
}

/* What was merged down has its lower image's name from now on. A disk that a snapshot left out is what the domain has now, also
 * where that took up the image that the snapshot names. */
static void
add_to_map (StrataPlanner *self,
            const StrataDomainFacts *domain,
            const StrataMerging *merging,
            JsonArray *map)
{
  if (merging->direction == STRATA_MERGE_COMMIT)
    json_array_add_object_element (map, map_item (merging->upper, merging->lower));
  else if (strata_planner_find_left_out (self, domain, merging->lower->path) != NULL &&
           has_now (self, domain, merging->upper->path))
    json_array_add_object_element (map, map_item (merging->lower, merging->upper));
}

/* A domain that is off and had the image that went gets the one it went into; libvirt sees to those who run. */
static void
move_domains (StrataPlanner *self, const StrataMerging *merging, GHashTable *moved)
{
  GPtrArray *holders = strata_layers_get_holders (strata_planner_get_layers (self));

  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);

      if (!strata_holder_is_disk (holder) || holder->active ||
          g_strcmp0 (holder->top, merging->upper->path) != 0)
        continue;

      strata_domain_xml_set_disk_file (strata_planner_get_definition (self, holder->uuid),
                                       holder->target, merging->lower->path,
                                       merging->lower->format);
      g_hash_table_add (moved, g_strdup (holder->uuid));
    }
}

static gboolean
define_moved (StrataPlanner *self, GHashTable *moved, GError **error)
{
  g_autoptr (GPtrArray) uuids = g_hash_table_get_keys_as_ptr_array (moved);

  for (guint i = 0; i < uuids->len; i++)
    {
      const char *uuid = g_ptr_array_index (uuids, i);
      StrataDomainFacts *domain = strata_graph_find_domain (self->graph, uuid);
      StrataStep *step =
          strata_planner_add_define (self, strata_planner_get_definition (self, uuid),
                                     strata_planner_get_defined (self, domain), FALSE);

      step->forward_only = TRUE;
      if (!strata_planner_apply (self, step, error))
        return FALSE;
    }

  return TRUE;
}

static void
tell_merges (StrataPlanner *self, GPtrArray *merges)
{
  for (guint i = 0; i < merges->len; i++)
    {
      const StrataMerging *merging = g_ptr_array_index (merges, i);
      gboolean commit = merging->direction == STRATA_MERGE_COMMIT;

      strata_plan_add_effect (self->plan, STRATA_EFFECT_CHANGES,
                              commit ? merging->upper->allocation : merging->lower->allocation,
                              commit ? _ ("“%s” takes what is in “%s”")
                                     : _ ("“%s” takes what it needs of “%s”"),
                              commit ? merging->lower->path : merging->upper->path,
                              commit ? merging->upper->path : merging->lower->path);
    }
}

/**
 * strata_planner_add_merges:
 * @self: the planner
 * @merges: (element-type StrataMerging): what strata_planner_choose_merge() chose, each on another disk
 * @error: why it can't be done
 *
 * Adds the steps that merge, and those that let domains that are off go on with what is left. The snapshots are told by
 * strata_planner_reconcile_merged().
 *
 * Returns: whether it can be done
 */
gboolean
strata_planner_add_merges (StrataPlanner *self, GPtrArray *merges, GError **error)
{
  g_autoptr (GHashTable) moved = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < merges->len; i++)
    {
      const StrataMerging *merging = g_ptr_array_index (merges, i);

      if (!strata_planner_add_merge (self, merging, error))
        return FALSE;
      if (merging->direction != STRATA_MERGE_COMMIT)
        continue;
      move_domains (self, merging, moved);
      strata_planner_note_move (self, merging->upper->path, merging->lower->path);
    }
  if (!define_moved (self, moved, error))
    return FALSE;

  tell_merges (self, merges);

  return TRUE;
}

/* Whether any snapshot of DOMAIN has PATH in its chain, by the headers or by what its document says. */
static gboolean
has_below (StrataPlanner *self, const StrataDomainFacts *domain, const char *path)
{
  StrataLayers *layers = strata_planner_get_layers (self);

  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      if (g_hash_table_contains (snapshot->named, path))
        return TRUE;
      for (guint j = 0; j < snapshot->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);

          if (strata_layers_reach (layers, disk->image, path))
            return TRUE;
        }
    }

  return FALSE;
}

/**
 * strata_planner_reconcile_merged:
 * @self: the planner
 * @domain: the VM that was asked for
 * @merges: (element-type StrataMerging): what strata_planner_add_merges() added
 * @error: where to put an error
 *
 * Tells every domain one of whose snapshots has one of the merged images in its chain.
 *
 * Returns: whether it can be done
 */
gboolean
strata_planner_reconcile_merged (StrataPlanner *self,
                                 StrataDomainFacts *domain,
                                 GPtrArray *merges,
                                 GError **error)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *other = g_ptr_array_index (domains, i);
      gboolean touched = other == domain && other->snapshots->len > 1;
      JsonArray *map = json_array_new ();

      for (guint j = 0; j < merges->len; j++)
        {
          const StrataMerging *merging = g_ptr_array_index (merges, j);

          add_to_map (self, other, merging, map);
          touched = touched || has_below (self, other, merging->lower->path) ||
                    has_below (self, other, merging->upper->path);
        }

      if (!touched)
        json_array_unref (map);
      else if (!strata_planner_add_reconcile (self, other, map, error))
        return FALSE;
    }

  return TRUE;
}

/**
 * strata_planner_reconcile_pulled:
 * @self: the planner
 * @domain: the VM that was asked for
 * @images: (element-type utf8): images that stand on nothing any more
 * @error: where to put an error
 *
 * Tells @domain, if it has snapshots, and every other one of whose snapshots stands on one of @images.
 *
 * Returns: whether it can be done
 */
gboolean
strata_planner_reconcile_pulled (StrataPlanner *self,
                                 StrataDomainFacts *domain,
                                 GPtrArray *images,
                                 GError **error)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *other = g_ptr_array_index (domains, i);
      gboolean touched = other == domain && other->snapshots->len > 0;

      for (guint j = 0; j < images->len && !touched; j++)
        touched = has_below (self, other, g_ptr_array_index (images, j));
      if (touched && !strata_planner_add_reconcile (self, other, NULL, error))
        return FALSE;
    }

  return TRUE;
}
