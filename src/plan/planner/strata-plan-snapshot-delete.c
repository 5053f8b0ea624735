/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plan that deletes snapshots, one or a subtree, of any kind.
 *
 * An external snapshot's frozen image either goes with it, or is merged with the one image that stands on it, or, where
 * several do, stays as a retained layer until one is left. What was retained before and has become free is merged
 * away by the same plan.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-plan-snapshot-delete.h"
#include "base/strata-error.h"
#include "plan/strata-law.h"

typedef enum
{
  OUTCOME_GONE,   /* the image isn't there */
  OUTCOME_FREE,   /* no other holder needs it: it goes */
  OUTCOME_SHARED, /* another holder has it as its own: it stays, and is that one's */
  OUTCOME_MERGE,  /* one image stands on it */
  OUTCOME_RETAIN, /* it stays, for those who stand on it */
  OUTCOME_STAYS,  /* it stays with what stands on it: a disk that the domain hasn't any more */
} OutcomeKind;

/* What becomes of one disk of a snapshot. */
typedef struct
{
  char *image;
  OutcomeKind kind;
  StrataMerging merging;
  char *why; /* (nullable): of RETAIN; of STAYS a sentence that says it */
} Outcome;

static void
outcome_free (gpointer data)
{
  Outcome *outcome = data;

  g_free (outcome->image);
  g_free (outcome->why);
  g_free (outcome);
}

/* A retained layer that nothing stands on holds itself, as each image does that none names. */
static gboolean
is_own (const StrataHolder *holder,
        const StrataDomainFacts *domain,
        const StrataSnapshotFacts *snapshot)
{
  if (snapshot->retained && holder->key->kind == STRATA_HOLDER_KEY_IMAGE)
    return TRUE;

  return g_strcmp0 (holder->uuid, domain->uuid) == 0 &&
         g_strcmp0 (holder->snapshot, snapshot->name) == 0;
}

/* Whether a holder besides SNAPSHOT has PATH itself as its disk; TAGS: counts internal snapshots. */
static gboolean
is_shared (StrataPlanner *self,
           const StrataDomainFacts *domain,
           const StrataSnapshotFacts *snapshot,
           const char *path,
           gboolean tags)
{
  GPtrArray *holders = strata_layers_get_holders (strata_planner_get_layers (self));

  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);

      if (g_strcmp0 (holder->top, path) == 0 && (!holder->by_tag || tags) &&
          !is_own (holder, domain, snapshot))
        return TRUE;
    }

  return FALSE;
}

/* (nullable): who reads UPPER, besides SNAPSHOT itself and an image that none names; a snapshot that left it out has it as it is
 * only if nothing else does. */
static const StrataHolder *
find_reader (StrataPlanner *self,
             const StrataDomainFacts *domain,
             const StrataSnapshotFacts *snapshot,
             const StrataLayer *upper)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  GPtrArray *holders = strata_layers_get_holders (layers);
  const StrataHolder *left_out = NULL;

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);

      if (holder->kind == STRATA_HOLDER_IMAGE || is_own (holder, domain, snapshot) ||
          !strata_layers_reach (layers, holder->top, upper->path))
        continue;
      if (!holder->left_out)
        return holder;
      left_out = holder;
    }

  return left_out;
}

/* Whether a snapshot of DOMAIN, also the one that is deleted, left out what stands on UPPER or is it. */
static gboolean
was_left_out (StrataPlanner *self, const StrataDomainFacts *domain, const StrataLayer *upper)
{
  StrataLayers *layers = strata_planner_get_layers (self);

  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      for (guint j = 0; j < snapshot->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);

          if (disk->location == STRATA_SNAPSHOT_NONE && disk->image != NULL &&
              strata_layers_reach (layers, disk->image, upper->path))
            return TRUE;
        }
    }

  return FALSE;
}

/* UPPER is a disk that the machine had and hasn't any more. It was put by as it is, in files of these names: it is neither merged
 * down nor is what it stands on put into it. Where another party reads it, that is who it is of. */
static char *
explain_detached (StrataPlanner *self,
                  const StrataDomainFacts *domain,
                  const StrataSnapshotFacts *snapshot,
                  const StrataLayer *lower,
                  const StrataLayer *upper)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  StrataLineage *lineage = strata_planner_get_lineage (self, domain);
  const StrataHolder *reader = find_reader (self, domain, snapshot, upper);

  if (reader != NULL && !reader->left_out)
    return NULL;
  if (!was_left_out (self, domain, upper) &&
      (strata_lineage_is_current (lineage, layers, lower->path) ||
       strata_lineage_is_torn (lineage, layers)))
    return NULL;
  if (reader != NULL)
    return g_strdup_printf (
        /* Translators: two images, a snapshot, a virtual machine */
        _ ("“%s” stays, and “%s” stays on it: the snapshot “%s” of “%s” left it out, and the "
           "machine has it back with that snapshot"),
        lower->path, upper->path, reader->snapshot,
        strata_graph_find_domain (self->graph, reader->uuid)->name);

  return g_strdup_printf (
      /* Translators: two images, and a virtual machine */
      _ ("“%s” stays, and “%s” stays on it: it isn’t a disk that “%s” has. Delete both yourself if "
         "what is in them isn’t needed"),
      lower->path, upper->path, domain->name);
}

static char *
list_overlays (GPtrArray *overlays)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < overlays->len; i++)
    {
      g_autofree char *name =
          g_path_get_basename (((StrataLayer *) g_ptr_array_index (overlays, i))->path);

      g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", name);
    }

  return g_string_free (text, FALSE);
}

static Outcome *
judge (StrataPlanner *self,
       StrataDomainFacts *domain,
       const StrataSnapshotFacts *snapshot,
       const StrataSnapshotDisk *disk)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  const char *image = strata_planner_where_is (self, disk->image);
  StrataLayer *layer = strata_layers_find (layers, image);
  const StrataImage *witness = strata_graph_find_contradiction (self->graph, domain, disk);
  g_autoptr (GPtrArray) overlays = NULL;
  Outcome *outcome = g_new0 (Outcome, 1);

  outcome->image = g_strdup (image);
  outcome->kind = OUTCOME_GONE;
  if (layer == NULL)
    return outcome;
  if (witness != NULL)
    {
      outcome->kind = OUTCOME_STAYS;
      outcome->why = g_strdup_printf (
          /* Translators: an image; the overlay that a snapshot left, and what it stands on */
          _ ("“%s” stays: it is another file than the one that was frozen, since “%s” stands on “%s”"),
          image, witness->path, witness->backing_path);
      return outcome;
    }

  overlays = strata_layers_get_overlays (layers, image);
  if (is_shared (self, domain, snapshot, image, overlays->len == 0))
    {
      outcome->kind = OUTCOME_SHARED;
    }
  else if (overlays->len == 0)
    {
      outcome->kind = OUTCOME_FREE;
    }
  else if (overlays->len == 1)
    {
      outcome->merging.lower = layer;
      outcome->merging.upper = g_ptr_array_index (overlays, 0);
      outcome->why =
          explain_detached (self, domain, snapshot, layer, g_ptr_array_index (overlays, 0));
      if (outcome->why != NULL)
        {
          outcome->kind = OUTCOME_STAYS;
          return outcome;
        }
      outcome->kind =
          strata_planner_choose_merge (self, self->request->merge, &outcome->merging, &outcome->why)
              ? OUTCOME_MERGE
              : OUTCOME_RETAIN;
    }
  else
    {
      g_autofree char *names = list_overlays (overlays);

      outcome->kind = OUTCOME_RETAIN;
      outcome->why = g_strdup_printf (_ ("several images stand on it: %s"), names);
    }

  return outcome;
}

static GPtrArray *
judge_all (StrataPlanner *self, StrataDomainFacts *domain, const StrataSnapshotFacts *snapshot)
{
  GPtrArray *outcomes = g_ptr_array_new_with_free_func (outcome_free);

  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->location == STRATA_SNAPSHOT_EXTERNAL && disk->image != NULL)
        g_ptr_array_add (outcomes, judge (self, domain, snapshot, disk));
    }

  return outcomes;
}

static const Outcome *
find_outcome (GPtrArray *outcomes, OutcomeKind kind)
{
  for (guint i = 0; i < outcomes->len; i++)
    {
      const Outcome *outcome = g_ptr_array_index (outcomes, i);

      if (outcome->kind == kind)
        return outcome;
    }

  return NULL;
}

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
      Outcome *outcome = g_ptr_array_index (outcomes, i);

      if (outcome->kind == OUTCOME_MERGE)
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

  if (strata_planner_removes (self, goes->path))
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
      Outcome *outcome = g_ptr_array_index (outcomes, i);

      if (outcome->kind == OUTCOME_FREE && !let_go (self, domain, snapshot, outcome->image, error))
        return FALSE;
      if (outcome->kind == OUTCOME_STAYS)
        strata_plan_add_effect (self->plan, STRATA_EFFECT_NOTE, 0, "%s", outcome->why);
      if (outcome->kind == OUTCOME_MERGE &&
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
  g_autoptr (GPtrArray) outcomes = judge_all (self, domain, snapshot);
  g_autoptr (GPtrArray) merges = collect_merges (outcomes);
  const Outcome *retained = find_outcome (outcomes, OUTCOME_RETAIN);

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
