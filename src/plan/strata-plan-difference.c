/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Whether a plan that is made again is the one that a person confirmed.
 *
 * What is confirmed are the steps, as they read, from where there is no way back, and whose content goes. The arguments
 * of a step may differ (a definition that has a new title, an identity that is made up each time): the law was asked
 * about the fresh ones.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-plan.h"

static gboolean
is_same_step (const StrataStep *a, const StrataStep *b)
{
  return a->kind == b->kind && g_str_equal (a->title, b->title) &&
         a->forward_only == b->forward_only;
}

static gboolean
has_step (StrataPlan *self, const StrataStep *step)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self); i++)
    {
      if (is_same_step (strata_plan_get_step (self, i), step))
        return TRUE;
    }

  return FALSE;
}

static gboolean
have_same_steps (StrataPlan *a, StrataPlan *b)
{
  if (strata_plan_get_n_steps (a) != strata_plan_get_n_steps (b))
    return FALSE;

  for (guint i = 0; i < strata_plan_get_n_steps (a); i++)
    {
      if (!is_same_step (strata_plan_get_step (a, i), strata_plan_get_step (b, i)))
        return FALSE;
    }

  return TRUE;
}

static gboolean
discards_all (StrataPlan *self, GPtrArray *keys)
{
  for (guint i = 0; i < keys->len; i++)
    {
      if (!strata_plan_is_discarded (self, g_ptr_array_index (keys, i)))
        return FALSE;
    }

  return TRUE;
}

static gboolean
discard_the_same (StrataPlan *a, StrataPlan *b)
{
  return discards_all (a, strata_plan_get_given_up (b)) &&
         discards_all (b, strata_plan_get_given_up (a));
}

/**
 * strata_plan_find_difference:
 * @confirmed: the plan that a person has seen
 * @fresh: what the same request gives now
 *
 * Returns: (transfer full) (nullable): what is different, in lines; %NULL if nothing is that was confirmed
 */
char *
strata_plan_find_difference (StrataPlan *confirmed, StrataPlan *fresh)
{
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;
  gboolean same_steps;

  g_return_val_if_fail (STRATA_IS_PLAN (confirmed), NULL);
  g_return_val_if_fail (STRATA_IS_PLAN (fresh), NULL);

  same_steps = have_same_steps (confirmed, fresh);
  if (same_steps && discard_the_same (confirmed, fresh))
    return NULL;

  for (guint i = 0; i < strata_plan_get_n_steps (confirmed); i++)
    {
      StrataStep *step = strata_plan_get_step (confirmed, i);

      if (!has_step (fresh, step))
        /* Translators: a step of a plan that is no longer in it */
        g_strv_builder_take (lines, g_strdup_printf (_ ("No longer: %s"), step->title));
    }
  for (guint i = 0; i < strata_plan_get_n_steps (fresh); i++)
    {
      StrataStep *step = strata_plan_get_step (fresh, i);

      if (!has_step (confirmed, step))
        /* Translators: a step of a plan that wasn't in it before */
        g_strv_builder_take (lines, g_strdup_printf (_ ("New: %s"), step->title));
    }
  all = g_strv_builder_end (lines);
  if (*all != NULL)
    return g_strjoinv ("\n", all);

  return g_strdup (same_steps ? _ ("Something else would be discarded.")
                              : _ ("The steps come in another order."));
}
