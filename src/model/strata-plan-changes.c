/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is different between a plan that a person has read and the one that the same request gives now. */

#include "config.h"

#include "strata-plan-changes.h"

/* A guest that runs writes all the time, so an amount is another one only when it makes another decision. */
#define SLACK (16 * 1000 * 1000)

static gboolean
is_same_amount (guint64 a, guint64 b)
{
  guint64 more = MAX (a, b);
  guint64 difference = more - MIN (a, b);

  return (a == 0) == (b == 0) && difference <= MAX (more / 10, SLACK);
}

static gboolean
is_same_effect (const StrataEffect *a, const StrataEffect *b)
{
  return a->kind == b->kind && g_str_equal (a->text, b->text) &&
         is_same_amount (a->bytes, b->bytes);
}

static gboolean
has_same_steps (StrataPlan *a, StrataPlan *b)
{
  if (strata_plan_get_n_steps (a) != strata_plan_get_n_steps (b))
    return FALSE;

  for (guint i = 0; i < strata_plan_get_n_steps (a); i++)
    {
      const StrataStep *of_a = strata_plan_get_step (a, i);
      const StrataStep *of_b = strata_plan_get_step (b, i);

      if (of_a->kind != of_b->kind || !g_str_equal (of_a->title, of_b->title) ||
          of_a->forward_only != of_b->forward_only)
        return FALSE;
    }

  return TRUE;
}

static gboolean
has_all_effects (StrataPlan *self, StrataPlan *other)
{
  GPtrArray *effects = strata_plan_get_effects (other);

  for (guint i = 0; i < effects->len; i++)
    {
      if (!strata_plan_changes_has_effect (self, g_ptr_array_index (effects, i)))
        return FALSE;
    }

  return TRUE;
}

gboolean
strata_plan_changes_are_none (StrataPlan *before, StrataPlan *fresh)
{
  g_return_val_if_fail (STRATA_IS_PLAN (before), FALSE);
  g_return_val_if_fail (STRATA_IS_PLAN (fresh), FALSE);

  return g_str_equal (strata_plan_get_title (before), strata_plan_get_title (fresh)) &&
         g_str_equal (strata_plan_get_act (before), strata_plan_get_act (fresh)) &&
         strata_plan_discards (before) == strata_plan_discards (fresh) &&
         has_same_steps (before, fresh) && has_all_effects (before, fresh) &&
         has_all_effects (fresh, before);
}

gboolean
strata_plan_changes_has_effect (StrataPlan *before, const StrataEffect *effect)
{
  GPtrArray *effects;

  if (before == NULL)
    return FALSE;

  effects = strata_plan_get_effects (before);
  for (guint i = 0; i < effects->len; i++)
    {
      if (is_same_effect (g_ptr_array_index (effects, i), effect))
        return TRUE;
    }

  return FALSE;
}

GPtrArray *
strata_plan_changes_list_gone (StrataPlan *before, StrataPlan *fresh)
{
  GPtrArray *effects = strata_plan_get_effects (before);
  GPtrArray *gone = g_ptr_array_new ();

  for (guint i = 0; i < effects->len; i++)
    {
      StrataEffect *effect = g_ptr_array_index (effects, i);

      if (!strata_plan_changes_has_effect (fresh, effect))
        g_ptr_array_add (gone, effect);
    }

  return gone;
}
