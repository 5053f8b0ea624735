/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plan that deletes snapshots, one or a subtree, of any kind.
 *
 * An external snapshot's frozen image either goes with it, or is merged with the one image that stands on it, or, where
 * several do, stays as a retained layer until one is left. What was retained before and has become free is merged
 * away by the same plan.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-plan-snapshot-outcome.h"
#include "base/strata-error.h"
#include "strata-law.h"

static gboolean
retain (StrataPlanner *self,
        StrataDomainFacts *domain,
        const StrataSnapshotFacts *snapshot,
        const char *why,
        GError **error)
{
  StrataSnapshotXml *document = strata_planner_get_document (self, domain, snapshot);

  strata_plan_discard_snapshot (self->plan, domain->uuid, snapshot->name);
  strata_snapshot_xml_set_retained (document, TRUE);
  if (why != NULL)
    strata_plan_add_effect (self->plan, STRATA_EFFECT_NOTE, 0,
                            /* Translators: a snapshot, then a reason */
                            _ ("The image of “%s” stays as a joint for now: %s"), snapshot->name,
                            why);

  return strata_planner_add_snapshot_define (self, domain, snapshot, document, FALSE, error);
}

static GPtrArray *
collect_merges (GPtrArray *outcomes)
{
  GPtrArray *merges = g_ptr_array_new ();

  for (guint i = 0; i < outcomes->len; i++)
    {
      StrataOutcome *outcome = g_ptr_array_index (outcomes, i);

      if (outcome->kind == STRATA_OUTCOME_MERGE)
        g_ptr_array_add (merges, &outcome->merging);
    }

  return merges;
}

/* What is in it is in its neighbour now. */
gboolean
strata_planner_remove_merged (StrataPlanner *self, const StrataMerging *merging, GError **error)
{
  const StrataLayer *goes =
      merging->direction == STRATA_MERGE_COMMIT ? merging->upper : merging->lower;

  strata_plan_add_effect (self->plan, STRATA_EFFECT_REMOVES, goes->allocation,
                          _ ("“%s” is merged away"), goes->path);

  return strata_planner_remove_path (self, goes->path, error);
}

static gboolean
let_go (StrataPlanner *self,
        const StrataDomainFacts *domain,
        const StrataSnapshotFacts *snapshot,
        const char *path,
        GError **error)
{
  if (snapshot->retained)
    strata_plan_discard (self->plan, strata_holder_key_new_image (path));

  return strata_planner_let_go (self, domain, path, TRUE, error);
}

static gboolean
remove_files (StrataPlanner *self,
              const StrataDomainFacts *domain,
              const StrataSnapshotFacts *snapshot,
              GPtrArray *outcomes,
              GError **error)
{
  for (guint i = 0; i < outcomes->len; i++)
    {
      StrataOutcome *outcome = g_ptr_array_index (outcomes, i);

      if (outcome->kind == STRATA_OUTCOME_FREE &&
          !let_go (self, domain, snapshot, outcome->image, error))
        return FALSE;
      if (outcome->kind == STRATA_OUTCOME_STAYS)
        strata_plan_add_effect (self->plan, STRATA_EFFECT_NOTE, 0, "%s", outcome->why);
      if (outcome->kind == STRATA_OUTCOME_MERGE &&
          !strata_planner_remove_merged (self, &outcome->merging, error))
        return FALSE;
    }
  strata_planner_tell_left_out (self, domain, snapshot);

  if (snapshot->memory_file != NULL && !snapshot->memory_missing)
    {
      strata_plan_add_effect (self->plan, STRATA_EFFECT_DISCARDS, 0,
                              _ ("“%s”, the memory, is deleted"), snapshot->memory_file);
      return strata_planner_remove_path (self, snapshot->memory_file, error);
    }

  return TRUE;
}

/* LEFT_OVER: a retained layer, which is only taken if it can be merged. */
static gboolean
delete_external (StrataPlanner *self,
                 StrataDomainFacts *domain,
                 const StrataSnapshotFacts *snapshot,
                 gboolean left_over,
                 gboolean *done,
                 GError **error)
{
  g_autoptr (GPtrArray) outcomes = strata_planner_judge (self, domain, snapshot);
  g_autoptr (GPtrArray) merges = collect_merges (outcomes);
  const StrataOutcome *retained = strata_outcomes_find (outcomes, STRATA_OUTCOME_RETAIN);

  *done = retained == NULL;
  if (retained != NULL && left_over)
    return TRUE;
  if (retained != NULL && (snapshot->retained || self->request->merge != STRATA_MERGE_CHEAPER))
    {
      strata_set_error (error, STRATA_ERROR_REFUSED,
                        self->request->merge == STRATA_MERGE_CHEAPER
                            ? _ ("It is merged away by the first plan that finds it free.")
                            : _ ("Without --commit and --pull it is merged the other way, or kept "
                                 "as a joint until that can be done."),
                        _ ("The image “%s” of “%s” can’t be merged: %s"), retained->image,
                        snapshot->name, retained->why);
      return FALSE;
    }
  if (retained != NULL)
    return retain (self, domain, snapshot, retained->why, error) &&
           strata_planner_add_reconcile (self, domain, NULL, error);

  strata_plan_discard_snapshot (self->plan, domain->uuid, snapshot->name);
  if (merges->len > 0 && ((!snapshot->retained && !retain (self, domain, snapshot, NULL, error)) ||
                          !strata_planner_add_merges (self, merges, error)))
    return FALSE;

  return strata_planner_add_delete_metadata (self, domain, snapshot, merges->len > 0, error) &&
         strata_planner_reconcile_merged (self, domain, merges, error) &&
         remove_files (self, domain, snapshot, outcomes, error);
}

static gboolean
forget_only (StrataPlanner *self,
             StrataDomainFacts *domain,
             const StrataSnapshotFacts *snapshot,
             GError **error)
{
  strata_plan_discard_snapshot (self->plan, domain->uuid, snapshot->name);
  strata_plan_add_effect (self->plan, STRATA_EFFECT_NOTE, 0,
                          _ ("Every file of “%s” stays where it is, and nobody names it any more"),
                          snapshot->name);

  return strata_planner_add_delete_metadata (self, domain, snapshot, FALSE, error);
}

static gboolean
delete_one (StrataPlanner *self,
            StrataDomainFacts *domain,
            const StrataSnapshotFacts *snapshot,
            gboolean *done,
            GError **error)
{
  *done = TRUE;
  if (self->request->metadata_only)
    return forget_only (self, domain, snapshot, error);
  if (strata_snapshot_facts_has (snapshot, STRATA_SNAPSHOT_INTERNAL))
    return strata_planner_delete_internal (self, domain, snapshot, error);

  return delete_external (self, domain, snapshot, FALSE, done, error);
}

/* Children first, so that what hangs on nothing else goes before what it hangs on. */
static void
collect (StrataDomainFacts *domain, StrataSnapshotFacts *snapshot, gboolean subtree, GPtrArray *all)
{
  for (guint i = 0; subtree && i < domain->snapshots->len; i++)
    {
      StrataSnapshotFacts *child = g_ptr_array_index (domain->snapshots, i);

      if (child != snapshot && g_strcmp0 (child->parent, snapshot->name) == 0)
        collect (domain, child, TRUE, all);
    }

  g_ptr_array_add (all, snapshot);
}

/**
 * strata_planner_sweep:
 * @self: the planner
 * @domain: a domain
 * @also: (nullable) (element-type StrataSnapshotFacts): what this plan itself has retained
 * @error: where to put an error
 *
 * Merges away retained layers that are free now. Where something on the host can't be seen, it may be what needs them, and
 * they stay for a later plan.
 *
 * Returns: whether it can be done
 */
gboolean
strata_planner_sweep (StrataPlanner *self,
                      StrataDomainFacts *domain,
                      GPtrArray *also,
                      GError **error)
{
  g_autoptr (GPtrArray) left =
      also != NULL ? g_ptr_array_copy (also, NULL, NULL) : g_ptr_array_new ();
  gboolean again = strata_law_sees_all (self->graph);

  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      if (snapshot->retained && g_strcmp0 (snapshot->name, self->request->snapshot) != 0)
        g_ptr_array_add (left, snapshot);
    }

  while (again)
    {
      again = FALSE;
      for (guint i = 0; i < left->len && !again; i++)
        {
          if (!delete_external (self, domain, g_ptr_array_index (left, i), TRUE, &again, error))
            return FALSE;
          if (again)
            g_ptr_array_remove_index (left, i);
        }
    }

  return TRUE;
}

static StrataPlan *
start_plan (StrataDomainFacts *domain, const StrataSnapshotFacts *snapshot, guint n)
{
  g_autofree char *title = NULL;
  g_autofree char *act = NULL;

  /* “Delete” is the label of buttons as well, so it can't be a singular: where a language has one
   * form for all numbers, they would get the form with the number. */
  if (n == 1)
    {
      title =
          g_strdup_printf (_ ("Delete the snapshot “%s” of “%s”"), snapshot->name, domain->name);
      act = g_strdup (_ ("Delete"));
    }
  else
    {
      title = g_strdup_printf (_ ("Delete the snapshot “%s” of “%s” with all below it"),
                               snapshot->name, domain->name);
      act = g_strdup_printf (
          g_dngettext (GETTEXT_PACKAGE, "Delete %u Snapshot", "Delete %u Snapshots", n), n);
    }

  return strata_plan_new (title, act);
}

/**
 * strata_plan_snapshot_delete:
 * @self: the planner
 * @error: the refusal
 *
 * Returns: (transfer full): the plan
 */
StrataPlan *
strata_plan_snapshot_delete (StrataPlanner *self, GError **error)
{
  StrataDomainFacts *domain = strata_planner_find_domain (self, error);
  StrataSnapshotFacts *snapshot =
      domain != NULL ? strata_planner_find_snapshot (self, domain, self->request->snapshot, error)
                     : NULL;
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  g_autoptr (GPtrArray) retained = g_ptr_array_new ();

  if (snapshot == NULL ||
      (!self->request->metadata_only && !strata_planner_require_agreement (self, domain, error)))
    return NULL;

  collect (domain, snapshot, self->request->subtree, all);
  self->plan = start_plan (domain, snapshot, all->len);
  strata_plan_add_resource (self->plan, domain->uuid);

  for (guint i = 0; i < all->len; i++)
    {
      gboolean done;

      if (!delete_one (self, domain, g_ptr_array_index (all, i), &done, error))
        return NULL;
      if (!done)
        g_ptr_array_add (retained, g_ptr_array_index (all, i));
    }

  if (!self->request->metadata_only && !strata_planner_sweep (self, domain, retained, error))
    return NULL;

  return self->plan;
}
