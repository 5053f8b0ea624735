/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What becomes of each image of a snapshot that is deleted. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-plan-snapshot-outcome.h"

static void
sentence_free (gpointer data)
{
  StrataOutcome *outcome = data;

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

static StrataOutcome *
judge (StrataPlanner *self,
       StrataDomainFacts *domain,
       const StrataSnapshotFacts *snapshot,
       const StrataSnapshotDisk *disk)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  const char *image = strata_planner_where_is (self, disk->image);
  StrataLayer *layer = strata_layers_find (layers, image);
  g_autoptr (GPtrArray) overlays = NULL;
  StrataOutcome *outcome = g_new0 (StrataOutcome, 1);

  outcome->image = g_strdup (image);
  outcome->kind = STRATA_OUTCOME_GONE;
  if (layer == NULL)
    return outcome;

  overlays = strata_layers_get_overlays (layers, image);
  if (is_shared (self, domain, snapshot, image, overlays->len == 0))
    {
      outcome->kind = STRATA_OUTCOME_SHARED;
    }
  else if (overlays->len == 0)
    {
      outcome->kind = STRATA_OUTCOME_FREE;
    }
  else if (overlays->len == 1)
    {
      outcome->merging.lower = layer;
      outcome->merging.upper = g_ptr_array_index (overlays, 0);
      outcome->why =
          explain_detached (self, domain, snapshot, layer, g_ptr_array_index (overlays, 0));
      if (outcome->why != NULL)
        {
          outcome->kind = STRATA_OUTCOME_STAYS;
          return outcome;
        }
      outcome->kind =
          strata_planner_choose_merge (self, self->request->merge, &outcome->merging, &outcome->why)
              ? STRATA_OUTCOME_MERGE
              : STRATA_OUTCOME_RETAIN;
    }
  else
    {
      g_autofree char *names = list_overlays (overlays);

      outcome->kind = STRATA_OUTCOME_RETAIN;
      outcome->why = g_strdup_printf (_ ("several images stand on it: %s"), names);
    }

  return outcome;
}

GPtrArray *
strata_planner_judge (StrataPlanner *self,
                      StrataDomainFacts *domain,
                      const StrataSnapshotFacts *snapshot)
{
  GPtrArray *outcomes = g_ptr_array_new_with_free_func (sentence_free);

  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->location == STRATA_SNAPSHOT_EXTERNAL && disk->image != NULL)
        g_ptr_array_add (outcomes, judge (self, domain, snapshot, disk));
    }

  return outcomes;
}

const StrataOutcome *
strata_outcomes_find (GPtrArray *outcomes, StrataOutcomeKind kind)
{
  for (guint i = 0; i < outcomes->len; i++)
    {
      const StrataOutcome *outcome = g_ptr_array_index (outcomes, i);

      if (outcome->kind == kind)
        return outcome;
    }

  return NULL;
}
