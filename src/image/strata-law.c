/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The planner's law: for everybody the request does not itself discard, what is read after the plan, and after
 * every step of it, is byte for byte what was read before. Whatever planner made the plan, it is carried out on
 * paper here, and refused if anybody would read anything else.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-layers.h"
#include "xml/strata-error.h"

typedef struct
{
  StrataGraph *graph;
  StrataPlan *plan;
  StrataLayers *first;  /* the host before the plan */
  StrataLayers *layers; /* the host after the steps so far */
  /* StrataHolderKey -> what it read first, for those who read nothing before the plan */
  GHashTable *later;
} Court;

static char *
key_to_text (Court *self, const StrataHolderKey *key)
{
  StrataDomainFacts *domain =
      key->uuid != NULL ? strata_graph_find_domain (self->graph, key->uuid) : NULL;
  const char *name = domain != NULL ? domain->name : key->uuid;

  switch (key->kind)
    {
    case STRATA_HOLDER_KEY_SNAPSHOT:
    case STRATA_HOLDER_KEY_MEMORY:
      return g_strdup_printf (_ ("the snapshot “%s” of “%s”"), key->snapshot, name);
    case STRATA_HOLDER_KEY_IMAGE:
      return g_strdup_printf (_ ("the image “%s”"), key->path);
    case STRATA_HOLDER_KEY_TAG:
      if (key->tag == NULL)
        return g_strdup_printf (_ ("the internal snapshots in “%s”"), key->path);
      return g_strdup_printf (
          _ ("the internal snapshot “%s” in “%s”, which no virtual machine names"), key->tag,
          key->path);
    case STRATA_HOLDER_KEY_DISK:
    case STRATA_HOLDER_KEY_NEXT_DISK:
      break;
    }

  return g_strdup_printf (_ ("“%s”"), name);
}

/* Whether STAKE, of before the plan, can only read what it read then. */
static gboolean
is_untouched (Court *self, const StrataStake *stake, GHashTable *changed)
{
  StrataStake *now = strata_layers_find_stake (self->layers, stake->key);

  return now != NULL && g_strcmp0 (now->top, stake->top) == 0 &&
         g_strcmp0 (now->tag, stake->tag) == 0 && !g_hash_table_contains (changed, stake->top);
}

static gboolean
read_before (Court *self, const StrataHolderKey *key, GHashTable *changed)
{
  StrataStake *stake = strata_layers_find_stake (self->first, key);
  g_autofree char *content = NULL;

  if (stake == NULL)
    return FALSE;
  if (is_untouched (self, stake, changed))
    return TRUE;
  content = strata_layers_read (self->first, stake);

  return content != NULL;
}

static void
remember (Court *self, GHashTable *changed)
{
  GPtrArray *stakes = strata_layers_get_stakes (self->layers);

  for (guint i = 0; i < stakes->len; i++)
    {
      StrataStake *stake = g_ptr_array_index (stakes, i);
      char *content;

      if (read_before (self, stake->key, changed) ||
          g_hash_table_contains (self->later, stake->key) ||
          strata_plan_gives_up (self->plan, stake->key))
        continue;

      content = strata_layers_read (self->layers, stake);
      if (content != NULL)
        g_hash_table_insert (self->later, strata_holder_key_copy (stake->key), content);
    }
}

static gboolean
need_same (Court *self,
           const StrataHolderKey *key,
           const char *before,
           StrataStepSpec *step,
           GError **error)
{
  StrataStake *stake = strata_layers_find_stake (self->layers, key);
  g_autofree char *after = stake != NULL ? strata_layers_read (self->layers, stake) : NULL;
  g_autofree char *who = NULL;

  if (g_strcmp0 (before, after) == 0)
    return TRUE;

  who = key_to_text (self, key);
  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Delete what needs it first, or make a full copy and work on that."),
                    /* Translators: a step ("Commit “b” into “a”"), then somebody */
                    _ ("This would change what %s reads, at “%s”"), who, step->title);

  return FALSE;
}

static gboolean
compare (Court *self, GHashTable *changed, StrataStepSpec *step, GError **error)
{
  GPtrArray *stakes = strata_layers_get_stakes (self->first);
  GHashTableIter iter;
  const StrataHolderKey *key;
  const char *before;

  for (guint i = 0; i < stakes->len; i++)
    {
      StrataStake *stake = g_ptr_array_index (stakes, i);
      g_autofree char *content = NULL;

      if (is_untouched (self, stake, changed) || strata_plan_gives_up (self->plan, stake->key))
        continue;
      content = strata_layers_read (self->first, stake);
      if (content != NULL && !need_same (self, stake->key, content, step, error))
        return FALSE;
    }

  g_hash_table_iter_init (&iter, self->later);
  while (g_hash_table_iter_next (&iter, (gpointer *) &key, (gpointer *) &before))
    {
      if (!need_same (self, key, before, step, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
need_files_kept (Court *self, StrataStepSpec *step, GError **error)
{
  const char *path = json_object_get_string_member_with_default (step->args, "path", NULL);
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  if (!g_str_has_prefix (step->kind, "delete-") || path == NULL)
    return TRUE;

  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      for (guint j = 0; j < domain->snapshots->len; j++)
        {
          StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, j);
          g_autoptr (StrataHolderKey) key = NULL;

          if (g_strcmp0 (snapshot->memory_file, path) != 0)
            continue;
          key = strata_holder_key_new_memory (domain->uuid, snapshot->name);
          if (strata_plan_gives_up (self->plan, key))
            continue;

          strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Delete that snapshot first."),
                            _ ("“%s” is the memory of the snapshot “%s” of “%s”"), path,
                            snapshot->name, domain->name);
          return FALSE;
        }
    }

  return TRUE;
}

/**
 * strata_law_check:
 * @graph: the host as it is
 * @plan: a plan for it
 * @error: `STRATA_ERROR_REFUSED`, with the name of who would read something else
 *
 * Whoever comes to be on the way (a clone, a snapshot of the present state) is held to what it read first.
 *
 * Returns: whether the plan keeps the law
 */
gboolean
strata_law_check (StrataGraph *graph, StrataPlan *plan, GError **error)
{
  g_autoptr (StrataLayers) first = strata_layers_new (graph);
  g_autoptr (StrataLayers) layers = strata_layers_new (graph);
  g_autoptr (GHashTable) later =
      g_hash_table_new_full (strata_holder_key_hash, strata_holder_key_equal,
                             (GDestroyNotify) strata_holder_key_free, g_free);
  Court court = { graph, plan, first, layers, later };

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStepSpec *step = strata_plan_get_step (plan, i);
      g_autoptr (GHashTable) changed = NULL;

      if (!need_files_kept (&court, step, error) || !strata_layers_apply (layers, step, error))
        return FALSE;
      changed = strata_layers_find_changed (first, layers);
      if (!compare (&court, changed, step, error))
        return FALSE;
      remember (&court, changed);
    }

  return TRUE;
}
