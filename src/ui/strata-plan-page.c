/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataPlanPage: what will happen, in words, before anything does. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-plan-page.h"
#include "xml/strata-error.h"

struct _StrataPlanPage
{
  AdwNavigationPage parent_instance;

  StrataJobQueue *queue;
  StrataHost *host;
  StrataPlan *plan;
  GCancellable *cancellable;

  GtkButton *confirm_button;
  GtkStack *stack;
  AdwStatusPage *refusal;
  AdwPreferencesGroup *effects_group;
  GtkListBox *effects;
  AdwPreferencesGroup *notes_group;
  GtkListBox *notes;
  AdwPreferencesGroup *commands_group;
  GtkLabel *commands;
};

enum
{
  SUBMITTED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataPlanPage, strata_plan_page, ADW_TYPE_NAVIGATION_PAGE)

static const char *
get_icon_name (StrataEffectKind kind)
{
  switch (kind)
    {
    case STRATA_EFFECT_CREATES:
      return "list-add-symbolic";
    case STRATA_EFFECT_CHANGES:
      return "document-edit-symbolic";
    case STRATA_EFFECT_REMOVES:
      return "list-remove-symbolic";
    case STRATA_EFFECT_DISCARDS:
      return "user-trash-symbolic";
    case STRATA_EFFECT_NOTE:
      return "dialog-information-symbolic";
    }

  g_return_val_if_reached (NULL);
}

static const char *
get_kind_name (StrataEffectKind kind)
{
  switch (kind)
    {
    case STRATA_EFFECT_CREATES:
      return C_ ("effect", "Creates");
    case STRATA_EFFECT_CHANGES:
      return C_ ("effect", "Changes");
    case STRATA_EFFECT_REMOVES:
      return C_ ("effect", "Removes");
    case STRATA_EFFECT_DISCARDS:
      return C_ ("effect", "Discards");
    case STRATA_EFFECT_NOTE:
      return C_ ("effect", "Note");
    }

  g_return_val_if_reached (NULL);
}

static GtkWidget *
create_effect_row (const StrataEffect *effect)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *icon = gtk_image_new_from_icon_name (get_icon_name (effect->kind));

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), effect->text);
  gtk_widget_set_tooltip_text (icon, get_kind_name (effect->kind));
  gtk_accessible_update_property (GTK_ACCESSIBLE (icon), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  get_kind_name (effect->kind), -1);
  if (effect->kind == STRATA_EFFECT_DISCARDS)
    gtk_widget_add_css_class (icon, "error");
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), icon);

  if (effect->bytes > 0)
    {
      g_autofree char *text = g_format_size (effect->bytes);
      GtkWidget *bytes = gtk_label_new (text);

      gtk_widget_add_css_class (bytes, "dimmed");
      gtk_widget_add_css_class (bytes, "numeric");
      adw_action_row_add_suffix (ADW_ACTION_ROW (row), bytes);
    }

  return row;
}

static void
show_effects (StrataPlanPage *self)
{
  GPtrArray *effects = strata_plan_get_effects (self->plan);
  gboolean has_notes = FALSE;

  gtk_list_box_remove_all (self->effects);
  gtk_list_box_remove_all (self->notes);
  for (guint i = 0; i < effects->len; i++)
    {
      const StrataEffect *effect = g_ptr_array_index (effects, i);
      gboolean is_note = effect->kind == STRATA_EFFECT_NOTE;

      gtk_list_box_append (is_note ? self->notes : self->effects, create_effect_row (effect));
      has_notes = has_notes || is_note;
    }
  gtk_widget_set_visible (GTK_WIDGET (self->notes_group), has_notes);
}

static void
show_commands (StrataPlanPage *self)
{
  GPtrArray *commands = strata_plan_get_commands (self->plan);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < commands->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "\n" : "",
                            (const char *) g_ptr_array_index (commands, i));

  gtk_label_set_label (self->commands, text->str);
  gtk_widget_set_visible (GTK_WIDGET (self->commands_group), commands->len > 0);
}

static void
show_plan (StrataPlanPage *self)
{
  gboolean discards = strata_plan_discards (self->plan);
  g_autofree char *title = g_markup_escape_text (strata_plan_get_title (self->plan), -1);

  adw_preferences_group_set_title (self->effects_group, title);
  show_effects (self);
  show_commands (self);

  gtk_button_set_label (self->confirm_button, strata_plan_get_act (self->plan));
  gtk_widget_remove_css_class (GTK_WIDGET (self->confirm_button),
                               discards ? "suggested-action" : "destructive-action");
  gtk_widget_add_css_class (GTK_WIDGET (self->confirm_button),
                            discards ? "destructive-action" : "suggested-action");
  gtk_widget_set_visible (GTK_WIDGET (self->confirm_button), TRUE);
  gtk_stack_set_visible_child_name (self->stack, "plan");
  /* Enter does not confirm what nobody has read yet when content is lost. */
  if (!discards)
    gtk_widget_grab_focus (GTK_WIDGET (self->confirm_button));
}

static void
show_refusal (StrataPlanPage *self, const GError *error)
{
  const char *hint = strata_error_get_hint (error);
  g_autofree char *text = NULL;
  g_autofree char *markup = NULL;

  text =
      hint != NULL ? g_strdup_printf ("%s\n\n%s", error->message, hint) : g_strdup (error->message);
  markup = g_markup_escape_text (text, -1);
  adw_status_page_set_description (self->refusal, markup);
  gtk_stack_set_visible_child_name (self->stack, "refused");
}

static void
planned_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataPlanPage) self = STRATA_PLAN_PAGE (user_data);
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;

  plan = strata_job_queue_plan_finish (STRATA_JOB_QUEUE (object), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->stack == NULL)
    return;

  g_set_object (&self->plan, plan);
  if (plan != NULL)
    show_plan (self);
  else
    show_refusal (self, error);
}

static void
confirm_clicked_cb (StrataPlanPage *self)
{
  StrataConnection *connection = strata_host_get_connection (self->host);
  g_autoptr (GError) error = NULL;

  if (connection == NULL)
    {
      error = strata_error_new (STRATA_ERROR_CONNECTION, NULL, _ ("“%s” is not connected"),
                                strata_host_get_name (self->host));
      gtk_widget_set_visible (GTK_WIDGET (self->confirm_button), FALSE);
      show_refusal (self, error);
      return;
    }

  g_signal_emit (self, signals[SUBMITTED], 0,
                 strata_job_queue_submit (self->queue, connection, self->plan));
}

static void
cancel_planning (StrataPlanPage *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

static void
strata_plan_page_dispose (GObject *object)
{
  StrataPlanPage *self = STRATA_PLAN_PAGE (object);

  cancel_planning (self);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_PLAN_PAGE);
  g_clear_object (&self->plan);
  g_clear_object (&self->queue);
  g_clear_object (&self->host);

  G_OBJECT_CLASS (strata_plan_page_parent_class)->dispose (object);
}

static void
strata_plan_page_class_init (StrataPlanPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_plan_page_dispose;

  signals[SUBMITTED] = g_signal_new ("submitted", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 1, STRATA_TYPE_JOB);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-plan-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, confirm_button);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, refusal);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, effects_group);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, effects);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, notes_group);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, notes);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, commands_group);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, commands);
  gtk_widget_class_bind_template_callback (widget_class, confirm_clicked_cb);
}

static void
strata_plan_page_init (StrataPlanPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * strata_plan_page_new:
 * @queue: where the job goes when confirmed
 * @host: the host it is about
 *
 * Returns: (transfer none): a floating page
 */
AdwNavigationPage *
strata_plan_page_new (StrataJobQueue *queue, StrataHost *host)
{
  StrataPlanPage *self;

  g_return_val_if_fail (STRATA_IS_JOB_QUEUE (queue), NULL);
  g_return_val_if_fail (STRATA_IS_HOST (host), NULL);

  self = g_object_new (STRATA_TYPE_PLAN_PAGE, NULL);
  self->queue = g_object_ref (queue);
  self->host = g_object_ref (host);

  return ADW_NAVIGATION_PAGE (self);
}

/**
 * strata_plan_page_plan:
 * @self: a page
 * @request: what is wanted
 *
 * Asks the planner, in a worker, and shows its answer.
 */
void
strata_plan_page_plan (StrataPlanPage *self, const StrataRequest *request)
{
  StrataConnection *connection;

  g_return_if_fail (STRATA_IS_PLAN_PAGE (self));
  g_return_if_fail (request != NULL);

  cancel_planning (self);
  gtk_widget_set_visible (GTK_WIDGET (self->confirm_button), FALSE);

  connection = strata_host_get_connection (self->host);
  if (connection == NULL)
    {
      g_autoptr (GError) error =
          strata_error_new (STRATA_ERROR_CONNECTION, NULL, _ ("“%s” is not connected"),
                            strata_host_get_name (self->host));

      show_refusal (self, error);
      return;
    }

  self->cancellable = g_cancellable_new ();
  gtk_stack_set_visible_child_name (self->stack, "planning");
  strata_job_queue_plan_async (self->queue, connection, request, self->cancellable, planned_cb,
                               g_object_ref (self));
}
