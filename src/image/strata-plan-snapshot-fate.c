/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What becomes of each image of a snapshot that is deleted. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-plan-snapshot-fate.h"

static void
sentence_free (gpointer data)
{
  StrataSentence *sentence = data;

  g_free (sentence->image);
  g_free (sentence->why);
  g_free (sentence);
}

/* A retained layer that nothing stands on holds itself, as each image does that none names. */
static gboolean
is_own (const StrataStake *stake,
        const StrataDomainFacts *domain,
        const StrataSnapshotFacts *snapshot)
{
  if (snapshot->retained && stake->key->kind == STRATA_HOLDER_KEY_IMAGE)
    return TRUE;

  return g_strcmp0 (stake->uuid, domain->uuid) == 0 &&
         g_strcmp0 (stake->snapshot, snapshot->name) == 0;
}

/* Whether somebody besides SNAPSHOT has PATH itself as his disk; TAGS: counts internal snapshots. */
static gboolean
is_shared (StrataPlanner *self,
           const StrataDomainFacts *domain,
           const StrataSnapshotFacts *snapshot,
           const char *path,
           gboolean tags)
{
  GPtrArray *stakes = strata_layers_get_stakes (strata_planner_get_layers (self));

  for (guint i = 0; i < stakes->len; i++)
    {
      StrataStake *stake = g_ptr_array_index (stakes, i);

      if (g_strcmp0 (stake->top, path) == 0 && (!stake->by_tag || tags) &&
          !is_own (stake, domain, snapshot))
        return TRUE;
    }

  return FALSE;
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

static StrataSentence *
judge (StrataPlanner *self,
       StrataDomainFacts *domain,
       const StrataSnapshotFacts *snapshot,
       const StrataSnapshotDisk *disk)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  const char *image = strata_planner_where_is (self, disk->image);
  StrataLayer *layer = strata_layers_find (layers, image);
  g_autoptr (GPtrArray) overlays = NULL;
  StrataSentence *sentence = g_new0 (StrataSentence, 1);

  sentence->image = g_strdup (image);
  sentence->fate = STRATA_FATE_GONE;
  if (layer == NULL)
    return sentence;

  overlays = strata_layers_get_overlays (layers, image);
  if (is_shared (self, domain, snapshot, image, overlays->len == 0))
    {
      sentence->fate = STRATA_FATE_SHARED;
    }
  else if (overlays->len == 0)
    {
      sentence->fate = STRATA_FATE_FREE;
    }
  else if (overlays->len == 1)
    {
      sentence->merging.lower = layer;
      sentence->merging.upper = g_ptr_array_index (overlays, 0);
      sentence->fate = strata_planner_choose_merge (self, self->request->merge, &sentence->merging,
                                                    &sentence->why)
                           ? STRATA_FATE_MERGE
                           : STRATA_FATE_RETAIN;
    }
  else
    {
      g_autofree char *names = list_overlays (overlays);

      sentence->fate = STRATA_FATE_RETAIN;
      sentence->why = g_strdup_printf (_ ("several images stand on it: %s"), names);
    }

  return sentence;
}

GPtrArray *
strata_planner_judge (StrataPlanner *self,
                      StrataDomainFacts *domain,
                      const StrataSnapshotFacts *snapshot)
{
  GPtrArray *sentences = g_ptr_array_new_with_free_func (sentence_free);

  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->location == STRATA_SNAPSHOT_EXTERNAL && disk->image != NULL)
        g_ptr_array_add (sentences, judge (self, domain, snapshot, disk));
    }

  return sentences;
}

const StrataSentence *
strata_sentences_find (GPtrArray *sentences, StrataFate fate)
{
  for (guint i = 0; i < sentences->len; i++)
    {
      const StrataSentence *sentence = g_ptr_array_index (sentences, i);

      if (sentence->fate == fate)
        return sentence;
    }

  return NULL;
}
