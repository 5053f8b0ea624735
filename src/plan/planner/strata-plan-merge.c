/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plan that merges two layers between which no snapshot stands: a chain that was made by hand, or what another tool
 * left. Where a snapshot froze the lower one, the merge is that snapshot's deletion.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-plan-snapshot-delete.h"
#include "base/strata-error.h"

static const StrataDiskXml *
find_disk (StrataPlanner *self, StrataDomainFacts *domain, GError **error)
{
  for (guint i = 0; i < domain->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (domain->disks, i);

      if (g_strcmp0 (disk->target, self->request->target) == 0 && disk->source != NULL)
        return disk;
    }

  strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL, _ ("“%s” has no disk “%s”"), domain->name,
                    self->request->target);
  return NULL;
}

/* The layer that was asked for and the one under it. */
static gboolean
find_layers (StrataPlanner *self, const StrataDiskXml *disk, StrataMerging *merging, GError **error)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  const char *path = self->request->image != NULL ? self->request->image : disk->source;
  g_autoptr (GPtrArray) chain = strata_graph_get_chain (self->graph, disk->source, error);

  if (chain == NULL || !strata_planner_require_known_format (chain, error))
    return FALSE;
  if (!strata_layers_reach (layers, disk->source, path))
    {
      strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL, _ ("“%s” is not a layer of disk %s"),
                        path, disk->target);
      return FALSE;
    }

  merging->upper = strata_layers_find (layers, path);
  merging->lower = strata_layers_find (layers, merging->upper->backing);
  if (merging->lower != NULL)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                    _ ("“%s” stands on no other image; there is nothing to merge it with"), path);
  return FALSE;
}

/* A domain that has the lower image as its own disk keeps it, whatever becomes of the upper one. */
static gboolean
require_unowned (StrataPlanner *self, const StrataLayer *lower, GError **error)
{
  GPtrArray *holders = strata_layers_get_holders (strata_planner_get_layers (self));

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);
      StrataDomainFacts *owner =
          holder->uuid != NULL ? strata_graph_find_domain (self->graph, holder->uuid) : NULL;

      if (g_strcmp0 (holder->top, lower->path) != 0 || owner == NULL)
        continue;
      if (holder->left_out)
        strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Delete that snapshot first."),
                          /* Translators: a snapshot, a virtual machine, and an image */
                          _ ("The snapshot “%s” of “%s” left “%s” out, and the machine has it back "
                             "with the snapshot"),
                          holder->snapshot, owner->name, lower->path);
      else if (holder->key->kind == STRATA_HOLDER_KEY_USE && holder->snapshot != NULL &&
               !g_str_equal (holder->key->tag, "frozen"))
        strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Delete that snapshot first."),
                          /* Translators: a snapshot, a virtual machine, and an image */
                          _ ("The snapshot “%s” of “%s” gives QEMU “%s” on its command line"),
                          holder->snapshot, owner->name, lower->path);
      else if (holder->snapshot != NULL)
        strata_set_error (error, STRATA_ERROR_REFUSED,
                          _ ("Delete that snapshot; that merges the two."),
                          _ ("“%s” is what the snapshot “%s” of “%s” froze"), lower->path,
                          holder->snapshot, owner->name);
      else
        strata_set_error (error, STRATA_ERROR_REFUSED,
                          _ ("Make the virtual machine independent instead: it takes up what it "
                             "reads of the images below, and they stay."),
                          owner->template_mark != NULL ? _ ("“%s” is a disk of the template “%s”")
                                                       : _ ("“%s” is a disk of “%s”"),
                          lower->path, owner->name);
      return FALSE;
    }

  return TRUE;
}

/* A retained layer holds nothing, and yet has its metadata. */
static gboolean
require_no_retained (StrataPlanner *self, const StrataLayer *lower, GError **error)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      for (guint j = 0; j < domain->snapshots->len; j++)
        {
          const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, j);

          for (guint k = 0; k < snapshot->disks->len && snapshot->retained; k++)
            {
              const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, k);

              if (disk->location == STRATA_SNAPSHOT_NONE ||
                  g_strcmp0 (disk->image, lower->path) != 0)
                continue;
              strata_set_error (error, STRATA_ERROR_REFUSED,
                                _ ("Delete that snapshot once more; that merges the two."),
                                _ ("“%s” is a retained layer of the deleted snapshot “%s” of “%s”"),
                                lower->path, snapshot->name, domain->name);
              return FALSE;
            }
        }
    }

  return TRUE;
}

static gboolean
require_sole_overlay (StrataPlanner *self, const StrataMerging *merging, GError **error)
{
  g_autoptr (GPtrArray) overlays =
      strata_layers_get_overlays (strata_planner_get_layers (self), merging->lower->path);
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < overlays->len; i++)
    {
      const StrataLayer *overlay = g_ptr_array_index (overlays, i);

      if (overlay != merging->upper)
        g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", overlay->path);
    }
  if (names->len == 0)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Make the virtual machine independent instead: it takes up what it reads of "
                       "the images below, and they stay."),
                    /* Translators: a file, then a list of files */
                    _ ("Other images stand on “%s” too: %s"), merging->lower->path, names->str);
  return FALSE;
}

static gboolean
choose (StrataPlanner *self, StrataMerging *merging, GError **error)
{
  g_autofree char *why = NULL;

  if (!require_unowned (self, merging->lower, error) ||
      !require_no_retained (self, merging->lower, error) ||
      !require_sole_overlay (self, merging, error))
    return FALSE;
  if (strata_planner_choose_merge (self, self->request->merge, merging, &why))
    return merging->direction == STRATA_MERGE_COMMIT ||
           strata_planner_require_space (self, merging->upper->path, merging->lower->allocation,
                                         error);

  strata_set_error (error, STRATA_ERROR_REFUSED, NULL, _ ("“%s” and “%s” can’t be merged: %s"),
                    merging->upper->path, merging->lower->path, why);
  return FALSE;
}

static StrataPlan *
start_plan (const StrataMerging *merging)
{
  gboolean commit = merging->direction == STRATA_MERGE_COMMIT;
  g_autofree char *upper = g_path_get_basename (merging->upper->path);
  g_autofree char *lower = g_path_get_basename (merging->lower->path);
  /* Translators: two files */
  g_autofree char *title = commit ? g_strdup_printf (_ ("Merge “%s” down into “%s”"), upper, lower)
                                  : g_strdup_printf (_ ("Merge “%s” up into “%s”"), lower, upper);

  return strata_plan_new (title, commit ? _ ("Merge Down") : _ ("Merge Up"));
}

/**
 * strata_plan_merge:
 * @self: the planner
 * @error: the refusal
 *
 * Returns: (transfer full): the plan
 */
StrataPlan *
strata_plan_merge (StrataPlanner *self, GError **error)
{
  StrataDomainFacts *domain = strata_planner_find_domain (self, error);
  g_autoptr (GPtrArray) merges = g_ptr_array_new ();
  const StrataDiskXml *disk;
  StrataMerging merging = { 0 };

  if (domain == NULL || !strata_planner_require_no_template (domain, error) ||
      !strata_planner_require_agreement (self, domain, error))
    return NULL;
  disk = find_disk (self, domain, error);
  if (disk == NULL || !find_layers (self, disk, &merging, error) || !choose (self, &merging, error))
    return NULL;

  self->plan = start_plan (&merging);
  strata_plan_add_resource (self->plan, domain->uuid);
  g_ptr_array_add (merges, &merging);
  if (!strata_planner_add_merges (self, merges, error) ||
      !strata_planner_reconcile_merged (self, domain, merges, error) ||
      !strata_planner_remove_merged (self, &merging, error))
    return NULL;

  return self->plan;
}
