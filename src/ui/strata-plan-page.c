/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataPlanPage: what will happen, in words, before anything does. With a form above it the plan stays in sight, dimmed, while
 * the next one is made, and a refusal takes its place there; without one both have the page for themselves.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-effect-row.h"
#include "strata-plan-page.h"
#include "xml/strata-error.h"

struct _StrataPlanPage
{
  AdwNavigationPage parent_instance;

  StrataJobQueue *queue;
  StrataHost *host;
  StrataPlan *plan;
  StrataRequestForm *form; /* NULL: the request is given */
  GCancellable *cancellable;
  guint timeout_id;

  AdwHeaderBar *header_bar;
  GtkButton *cancel_button;
  GtkButton *confirm_button;
  GtkStack *stack;
  AdwStatusPage *refusal;
  AdwPreferencesGroup *form_group;
  AdwPreferencesGroup *refusal_group;
  AdwActionRow *refusal_row;
  AdwSpinner *spinner;
  AdwPreferencesGroup *effects_group;
  GtkListBox *effects;
  AdwPreferencesGroup *notes_group;
  GtkListBox *notes;
  AdwPreferencesGroup *commands_group;
  GtkLabel *commands;
};

/* Typing a name does not ask at each letter. */
#define PATIENCE_MS 250

enum
{
  SUBMITTED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataPlanPage, strata_plan_page, ADW_TYPE_NAVIGATION_PAGE)

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

      gtk_list_box_append (is_note ? self->notes : self->effects, strata_effect_row_new (effect));
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

static gboolean
has_focus_in_form (StrataPlanPage *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;

  return focus != NULL && self->form != NULL &&
         gtk_widget_is_ancestor (focus, GTK_WIDGET (self->form));
}

/* Below a form: the plan, or why there is none. */
static void
show_answer (StrataPlanPage *self, const GError *refusal)
{
  gboolean planned = refusal == NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->spinner), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->refusal_group), !planned);
  gtk_widget_set_visible (GTK_WIDGET (self->effects_group), planned);
  gtk_widget_set_sensitive (GTK_WIDGET (self->effects_group), TRUE);
  if (planned)
    return;

  gtk_widget_set_visible (GTK_WIDGET (self->notes_group), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->commands_group), FALSE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->confirm_button), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->refusal_row), refusal->message);
  adw_action_row_set_subtitle (self->refusal_row, strata_error_get_hint (refusal));
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
  gtk_widget_set_sensitive (GTK_WIDGET (self->confirm_button), TRUE);
  show_answer (self, NULL);
  gtk_stack_set_visible_child_name (self->stack, "plan");
  /* Enter does not confirm what nobody has read yet when content is lost; and who types goes on typing. */
  if (!discards && !has_focus_in_form (self))
    gtk_widget_grab_focus (GTK_WIDGET (self->confirm_button));
}

static void
show_refusal (StrataPlanPage *self, const GError *error)
{
  const char *hint = strata_error_get_hint (error);
  g_autofree char *text = NULL;
  g_autofree char *markup = NULL;

  if (self->form != NULL)
    {
      show_answer (self, error);
      return;
    }

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
  g_clear_handle_id (&self->timeout_id, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

/* The dialog has put the focus somewhere by now. */
static void
focus_form_cb (gpointer user_data)
{
  g_autoptr (StrataPlanPage) self = STRATA_PLAN_PAGE (user_data);

  if (self->form != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (self->form));
}

/* The first page of a dialog is left by Cancel, a later one by the way back. */
static void
mapped_cb (StrataPlanPage *self)
{
  GtkWidget *view = gtk_widget_get_ancestor (GTK_WIDGET (self), ADW_TYPE_NAVIGATION_VIEW);
  gboolean first =
      view != NULL && adw_navigation_view_get_previous_page (ADW_NAVIGATION_VIEW (view),
                                                             ADW_NAVIGATION_PAGE (self)) == NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->cancel_button), first);
  adw_header_bar_set_show_end_title_buttons (self->header_bar, !first);
  if (self->form != NULL)
    g_idle_add_once (focus_form_cb, g_object_ref (self));
}

static void
cancel_clicked_cb (StrataPlanPage *self)
{
  GtkWidget *dialog = gtk_widget_get_ancestor (GTK_WIDGET (self), ADW_TYPE_DIALOG);

  adw_dialog_close (ADW_DIALOG (dialog));
}

static void
show_planning (StrataPlanPage *self)
{
  if (self->form == NULL)
    {
      gtk_widget_set_visible (GTK_WIDGET (self->confirm_button), FALSE);
      gtk_stack_set_visible_child_name (self->stack, "planning");
      return;
    }

  gtk_widget_set_sensitive (GTK_WIDGET (self->confirm_button), FALSE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->effects_group), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), TRUE);
}

static void
plan_form_cb (gpointer user_data)
{
  StrataPlanPage *self = STRATA_PLAN_PAGE (user_data);
  g_autoptr (StrataRequest) request = NULL;

  self->timeout_id = 0;
  request = strata_request_form_make_request (self->form);
  if (request != NULL)
    strata_plan_page_plan (self, request);
}

static void
form_changed_cb (StrataPlanPage *self)
{
  cancel_planning (self);
  gtk_widget_set_sensitive (GTK_WIDGET (self->confirm_button), FALSE);
  self->timeout_id = g_timeout_add_once (PATIENCE_MS, plan_form_cb, self);
}

static void
form_activated_cb (StrataPlanPage *self)
{
  if (gtk_widget_is_sensitive (GTK_WIDGET (self->confirm_button)) &&
      gtk_widget_get_visible (GTK_WIDGET (self->confirm_button)))
    confirm_clicked_cb (self);
}

static void
strata_plan_page_dispose (GObject *object)
{
  StrataPlanPage *self = STRATA_PLAN_PAGE (object);

  cancel_planning (self);
  self->form = NULL;
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
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, header_bar);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, confirm_button);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, refusal);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, form_group);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, refusal_group);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, refusal_row);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, spinner);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, effects_group);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, effects);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, notes_group);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, notes);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, commands_group);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanPage, commands);
  gtk_widget_class_bind_template_callback (widget_class, cancel_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, confirm_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, mapped_cb);
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
  show_planning (self);

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
  strata_job_queue_plan_async (self->queue, connection, request, self->cancellable, planned_cb,
                               g_object_ref (self));
}

/**
 * strata_plan_page_set_form:
 * @self: a page without a form
 * @form: (transfer floating): what can be chosen
 *
 * Shows @form above the plan of what it says, now and whenever that changes.
 */
void
strata_plan_page_set_form (StrataPlanPage *self, StrataRequestForm *form)
{
  g_return_if_fail (STRATA_IS_PLAN_PAGE (self));
  g_return_if_fail (STRATA_IS_REQUEST_FORM (form));
  g_return_if_fail (self->form == NULL);

  self->form = form;
  adw_preferences_group_add (self->form_group, GTK_WIDGET (form));
  gtk_widget_set_visible (GTK_WIDGET (self->form_group), TRUE);
  gtk_widget_set_visible (GTK_WIDGET (self->notes_group), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->commands_group), FALSE);
  gtk_stack_set_visible_child_name (self->stack, "plan");
  g_signal_connect_object (form, "changed", G_CALLBACK (form_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (form, "activated", G_CALLBACK (form_activated_cb), self,
                           G_CONNECT_SWAPPED);
  show_planning (self);
  plan_form_cb (self);
}
