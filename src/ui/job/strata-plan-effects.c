/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a plan does, in rows; and what is different from what a person has read before. */

#include "config.h"

#include "model/strata-plan-changes.h"
#include "strata-effect-row.h"
#include "strata-plan-effects.h"

static gboolean
add_all (GtkListBox *effects,
         GtkListBox *notes,
         GPtrArray *of_plan,
         StrataPlan *before,
         StrataEffectRowMark mark)
{
  gboolean has_notes = FALSE;

  for (guint i = 0; i < of_plan->len; i++)
    {
      const StrataEffect *effect = g_ptr_array_index (of_plan, i);
      gboolean is_note = effect->kind == STRATA_EFFECT_NOTE;
      gboolean marked = before != NULL && !strata_plan_changes_has_effect (before, effect);

      gtk_list_box_append (is_note ? notes : effects,
                           strata_effect_row_new (effect, marked ? mark : STRATA_EFFECT_ROW_PLAIN));
      has_notes = has_notes || is_note;
    }

  return has_notes;
}

gboolean
strata_plan_effects_show (GtkListBox *effects,
                          GtkListBox *notes,
                          StrataPlan *plan,
                          StrataPlan *before)
{
  g_autoptr (GPtrArray) gone = NULL;
  gboolean has_notes;

  gtk_list_box_remove_all (effects);
  gtk_list_box_remove_all (notes);
  has_notes =
      add_all (effects, notes, strata_plan_get_effects (plan), before, STRATA_EFFECT_ROW_NEW);
  if (before == NULL)
    return has_notes;

  gone = strata_plan_changes_list_gone (before, plan);

  return add_all (effects, notes, gone, plan, STRATA_EFFECT_ROW_GONE) || has_notes;
}
