/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataPlanView: a plan in words: what it does, what is worth knowing, and what one would type instead; or, below a form, why there
 * is none. What is different from the plan that a person has read before is marked.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "model/strata-plan-changes.h"
#include "model/strata-short-paths.h"
#include "strata-effect-row.h"
#include "strata-plan-view.h"

struct _StrataPlanView
{
  AdwPreferencesPage parent_instance;

  guint spinner_id; /* soon it will have taken long */

  AdwPreferencesGroup *form_group;
  AdwPreferencesGroup *refusal_group;
  AdwActionRow *refusal_row;
  GtkWidget *recovery_row;
  GtkLabel *title_label;
  AdwSpinner *spinner;
  AdwPreferencesGroup *effects_group;
  GtkListBox *effects;
  AdwPreferencesGroup *notes_group;
  GtkListBox *notes;
  AdwPreferencesGroup *commands_group;
  AdwExpanderRow *commands_row;
  GtkLabel *commands;
};

/* Who waits longer than this is told so. */
#define UNSEEN_MS 400

G_DEFINE_FINAL_TYPE (StrataPlanView, strata_plan_view, ADW_TYPE_PREFERENCES_PAGE)

static gboolean
add_all (StrataPlanView *self, GPtrArray *of_plan, StrataPlan *before, StrataEffectRowMark mark)
{
  gboolean has_notes = FALSE;

  for (guint i = 0; i < of_plan->len; i++)
    {
      const StrataEffect *effect = g_ptr_array_index (of_plan, i);
      gboolean is_note = effect->kind == STRATA_EFFECT_NOTE;
      gboolean marked = before != NULL && !strata_plan_changes_has_effect (before, effect);

      gtk_list_box_append (is_note ? self->notes : self->effects,
                           strata_effect_row_new (effect, marked ? mark : STRATA_EFFECT_ROW_PLAIN));
      has_notes = has_notes || is_note;
    }

  return has_notes;
}

/* Whether there are notes. */
static gboolean
show_effects (StrataPlanView *self, StrataPlan *plan, StrataPlan *before)
{
  g_autoptr (GPtrArray) gone = NULL;
  gboolean has_notes;

  gtk_list_box_remove_all (self->effects);
  gtk_list_box_remove_all (self->notes);
  has_notes = add_all (self, strata_plan_get_effects (plan), before, STRATA_EFFECT_ROW_NEW);
  if (before == NULL)
    return has_notes;

  gone = strata_plan_changes_list_gone (before, plan);

  return add_all (self, gone, plan, STRATA_EFFECT_ROW_GONE) || has_notes;
}

static gboolean
has_new_commands (StrataPlan *plan, StrataPlan *before)
{
  GPtrArray *now = strata_plan_get_commands (plan);
  GPtrArray *then;

  if (before == NULL)
    return FALSE;

  then = strata_plan_get_commands (before);
  for (guint i = 0; i < MIN (now->len, then->len); i++)
    {
      if (!g_str_equal (g_ptr_array_index (now, i), g_ptr_array_index (then, i)))
        return TRUE;
    }

  return now->len != then->len;
}

static void
show_commands (StrataPlanView *self, StrataPlan *plan, StrataPlan *before)
{
  GPtrArray *commands = strata_plan_get_commands (plan);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < commands->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "\n" : "",
                            (const char *) g_ptr_array_index (commands, i));

  gtk_label_set_label (self->commands, text->str);
  adw_expander_row_set_subtitle (self->commands_row,
                                 has_new_commands (plan, before)
                                     ? _ ("Not the same as before")
                                     : _ ("What one would type for the same by hand"));
  gtk_widget_set_visible (GTK_WIDGET (self->commands_group), commands->len > 0);
}

static void
show_spinner_cb (gpointer user_data)
{
  StrataPlanView *self = STRATA_PLAN_VIEW (user_data);

  self->spinner_id = 0;
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), TRUE);
}

static void
strata_plan_view_dispose (GObject *object)
{
  StrataPlanView *self = STRATA_PLAN_VIEW (object);

  g_clear_handle_id (&self->spinner_id, g_source_remove);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_PLAN_VIEW);

  G_OBJECT_CLASS (strata_plan_view_parent_class)->dispose (object);
}

static void
strata_plan_view_class_init (StrataPlanViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_plan_view_dispose;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-plan-view.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, form_group);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, refusal_group);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, refusal_row);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, recovery_row);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, title_label);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, spinner);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, effects_group);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, effects);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, notes_group);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, notes);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, commands_group);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, commands_row);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, commands);
}

static void
strata_plan_view_init (StrataPlanView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
show_answer (StrataPlanView *self, gboolean planned)
{
  gtk_widget_set_visible (GTK_WIDGET (self->refusal_group), !planned);
  gtk_widget_set_visible (GTK_WIDGET (self->effects_group), planned);
  gtk_widget_set_sensitive (GTK_WIDGET (self->effects_group), TRUE);
}

/**
 * strata_plan_view_show_plan:
 * @self: a view
 * @plan: what will happen
 * @before: (nullable): what the person has read before
 */
void
strata_plan_view_show_plan (StrataPlanView *self, StrataPlan *plan, StrataPlan *before)
{
  g_return_if_fail (STRATA_IS_PLAN_VIEW (self));
  g_return_if_fail (STRATA_IS_PLAN (plan));

  gtk_label_set_label (self->title_label, strata_plan_get_title (plan));
  gtk_widget_set_visible (GTK_WIDGET (self->notes_group), show_effects (self, plan, before));
  show_commands (self, plan, before);
  show_answer (self, TRUE);
}

/**
 * strata_plan_view_show_refusal:
 * @self: a view
 * @refusal: why there is no plan
 * @hint: (nullable): what can be done about it
 * @unfinished: whether that is to look at unfinished operations
 */
void
strata_plan_view_show_refusal (StrataPlanView *self,
                               const char *refusal,
                               const char *hint,
                               gboolean unfinished)
{
  g_autofree char *short_refusal = NULL;

  g_return_if_fail (STRATA_IS_PLAN_VIEW (self));

  show_answer (self, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->notes_group), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->commands_group), FALSE);
  gtk_widget_set_visible (self->recovery_row, unfinished);
  short_refusal = strata_short_paths (refusal);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->refusal_row), short_refusal);
  adw_action_row_set_subtitle (self->refusal_row, hint);
}

/* It isn't what will happen any more, and stays in sight until that is known. */
void
strata_plan_view_dim (StrataPlanView *self)
{
  g_return_if_fail (STRATA_IS_PLAN_VIEW (self));

  gtk_widget_set_sensitive (GTK_WIDGET (self->effects_group), FALSE);
}

/**
 * strata_plan_view_set_spinning:
 * @self: a view
 * @spinning: whether the next plan is being made
 *
 * Shows it once that takes long.
 */
void
strata_plan_view_set_spinning (StrataPlanView *self, gboolean spinning)
{
  if (!spinning)
    {
      g_clear_handle_id (&self->spinner_id, g_source_remove);
      gtk_widget_set_visible (GTK_WIDGET (self->spinner), FALSE);
    }
  else if (self->spinner_id == 0 && !gtk_widget_get_visible (GTK_WIDGET (self->spinner)))
    {
      self->spinner_id = g_timeout_add_once (UNSEEN_MS, show_spinner_cb, self);
    }
}

/* Above the plan of what it says; FORM is floating. */
void
strata_plan_view_set_form (StrataPlanView *self, GtkWidget *form)
{
  g_return_if_fail (STRATA_IS_PLAN_VIEW (self));

  adw_preferences_group_add (self->form_group, form);
  gtk_widget_set_visible (GTK_WIDGET (self->form_group), TRUE);
  gtk_widget_set_visible (GTK_WIDGET (self->notes_group), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->commands_group), FALSE);
}
