/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataRecoveryDialog: what was left unfinished, step by step, and what can be done about it. */

#include "config.h"

#include <glib/gi18n.h>

#include "model/strata-short-paths.h"
#include "model/snapshot/strata-snapshot-words.h"
#include "ui/shell/strata-error-dialog.h"
#include "strata-recovery-dialog.h"
#include "ui/shell/strata-toast.h"

struct _StrataRecoveryDialog
{
  AdwDialog parent_instance;

  StrataJobQueue *queue;
  StrataConnection *connection;
  guint n_left;

  AdwPreferencesPage *page;
};

/* One job of those shown. */
typedef struct
{
  StrataRecoveryDialog *dialog; /* (owned) */
  GtkWidget *group;             /* (owned) */
  char *id;
  char *title;
} Choice;

G_DEFINE_FINAL_TYPE (StrataRecoveryDialog, strata_recovery_dialog, ADW_TYPE_DIALOG)

static void
choice_free (Choice *self)
{
  g_object_unref (self->group);
  g_object_unref (self->dialog);
  g_free (self->id);
  g_free (self->title);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Choice, choice_free)

static Choice *
choice_new (StrataRecoveryDialog *dialog, GtkButton *button)
{
  Choice *self = g_new0 (Choice, 1);

  self->dialog = g_object_ref (dialog);
  self->group =
      g_object_ref (gtk_widget_get_ancestor (GTK_WIDGET (button), ADW_TYPE_PREFERENCES_GROUP));
  self->id = g_strdup (g_object_get_data (G_OBJECT (button), "strata-job"));
  self->title = g_strdup (g_object_get_data (G_OBJECT (button), "strata-title"));

  return self;
}

static const char *
get_mark_icon (StrataStepMark mark)
{
  switch (mark)
    {
    case STRATA_STEP_DONE:
      return "object-select-symbolic";
    case STRATA_STEP_BEGUN:
      return "media-playback-pause-symbolic";
    case STRATA_STEP_UNTOUCHED:
      return "content-loading-symbolic";
    }

  g_return_val_if_reached (NULL);
}

static const char *
get_mark_words (StrataStepMark mark)
{
  switch (mark)
    {
    case STRATA_STEP_DONE:
      return C_ ("step", "Done");
    case STRATA_STEP_BEGUN:
      return C_ ("step", "Begun, and not done");
    case STRATA_STEP_UNTOUCHED:
      return C_ ("step", "Not begun");
    }

  g_return_val_if_reached (NULL);
}

static GtkWidget *
create_step_row (const StrataUnfinishedStep *step)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *icon = gtk_image_new_from_icon_name (get_mark_icon (step->mark));

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), step->title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), get_mark_words (step->mark));
  gtk_accessible_update_state (GTK_ACCESSIBLE (icon), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
  if (step->mark == STRATA_STEP_UNTOUCHED)
    gtk_widget_add_css_class (icon, "dimmed");
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), icon);

  return row;
}

/* Why there is no way but out. */
static GtkWidget *
create_damage_row (const char *damage)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *icon = gtk_image_new_from_icon_name ("dialog-warning-symbolic");

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), damage);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), _ ("It can only be dismissed."));
  gtk_accessible_update_state (GTK_ACCESSIBLE (icon), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
  gtk_widget_add_css_class (icon, "warning");
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), icon);

  return row;
}

/* One that was begun may be done by now. */
static guint
count_done (const StrataUnfinishedJob *job)
{
  guint n = 0;

  for (guint i = 0; i < job->steps->len; i++)
    n += ((const StrataUnfinishedStep *) g_ptr_array_index (job->steps, i))->mark ==
         STRATA_STEP_DONE;

  return n;
}

static char *
describe (const StrataUnfinishedJob *job)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_iso8601 (job->started, NULL);
  g_autofree char *when =
      utc != NULL ? strata_snapshot_words_for_exact_time (g_date_time_to_unix (utc)) : NULL;

  if (job->steps->len == 0)
    return g_strdup (when != NULL ? when : job->started);

  /* Translators: when an operation was begun, and how many of its steps are done. */
  return g_strdup_printf (_ ("%s · %u of %u steps done"), when != NULL ? when : job->started,
                          count_done (job), job->steps->len);
}

/* ERROR: (nullable): why it was not */
static void
decided (Choice *choice, const GError *error)
{
  StrataRecoveryDialog *self = choice->dialog;

  if (error != NULL)
    {
      strata_error_dialog_present (error, GTK_WIDGET (self));
      gtk_widget_set_sensitive (choice->group, TRUE);
    }
  else if (self->page != NULL)
    {
      adw_preferences_page_remove (self->page, ADW_PREFERENCES_GROUP (choice->group));
      if (--self->n_left == 0)
        adw_dialog_close (ADW_DIALOG (self));
    }
}

static void
taken_up_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Choice) choice = user_data;
  g_autoptr (GError) error = NULL;

  strata_job_queue_adopt_finish (STRATA_JOB_QUEUE (object), result, &error);
  decided (choice, error);
}

static void
clicked_cb (GtkButton *button, StrataRecoveryDialog *self)
{
  Choice *choice = choice_new (self, button);

  gtk_widget_set_sensitive (choice->group, FALSE);
  strata_job_queue_adopt_async (self->queue, self->connection, choice->id,
                                g_object_get_data (G_OBJECT (button), "strata-resume") != NULL,
                                taken_up_cb, choice);
}

static void
tell_dismissed (Choice *choice)
{
  g_autofree char *text = NULL;

  /* Translators: %s is the title of an operation, such as “Delete the snapshot “s1” of “web””. */
  text = g_strdup_printf (_ ("Dismissed: %s"), choice->title);
  strata_toast_add (GTK_WIDGET (choice->dialog), text);
}

static void
dismissed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Choice) choice = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) remains =
      strata_job_queue_dismiss_finish (STRATA_JOB_QUEUE (object), result, &error);

  if (remains != NULL)
    tell_dismissed (choice);
  decided (choice, remains == NULL ? error : NULL);
}

static void
answered_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Choice) choice = user_data;
  StrataRecoveryDialog *self = choice->dialog;
  const char *response = adw_alert_dialog_choose_finish (ADW_ALERT_DIALOG (object), result);

  if (!g_str_equal (response, "dismiss") || self->queue == NULL)
    {
      gtk_widget_set_sensitive (choice->group, TRUE);
      return;
    }

  strata_job_queue_dismiss_async (self->queue, self->connection, choice->id, FALSE, dismissed_cb,
                                  choice);
  g_steal_pointer (&choice);
}

/* What stays behind, each in a row. */
static GtkWidget *
create_remains (GPtrArray *remains)
{
  GtkWidget *group = adw_preferences_group_new ();

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), _ ("What Stays Behind"));
  for (guint i = 0; i < remains->len; i++)
    {
      GtkWidget *row = adw_action_row_new ();
      g_autofree char *text = strata_short_paths (g_ptr_array_index (remains, i));

      adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), text);
      gtk_widget_set_tooltip_text (row, g_ptr_array_index (remains, i));
      adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), row);
    }

  return group;
}

static AdwDialog *
create_question (GPtrArray *remains)
{
  AdwDialog *question = adw_alert_dialog_new (
      _ ("Dismiss the Operation?"),
      remains->len > 0
          ? _ ("Nothing more is done, and nothing is taken back. Strata forgets the operation.")
          : _ ("Nothing more is done, and nothing is taken back. Strata forgets the operation, "
               "of which nothing stays behind."));

  if (remains->len > 0)
    adw_alert_dialog_set_extra_child (ADW_ALERT_DIALOG (question), create_remains (remains));
  adw_alert_dialog_set_prefer_wide_layout (ADW_ALERT_DIALOG (question), remains->len > 0);
  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (question), "cancel", _ ("_Cancel"), "dismiss",
                                  _ ("_Dismiss"), NULL);
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (question), "dismiss",
                                            ADW_RESPONSE_DESTRUCTIVE);

  return question;
}

/* What it leaves is known: now it can be decided. */
static void
remains_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Choice) choice = user_data;
  StrataRecoveryDialog *self = choice->dialog;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) remains =
      strata_job_queue_dismiss_finish (STRATA_JOB_QUEUE (object), result, &error);

  if (self->queue == NULL)
    return;
  if (remains == NULL)
    {
      decided (choice, error);
      return;
    }

  adw_alert_dialog_choose (ADW_ALERT_DIALOG (create_question (remains)), GTK_WIDGET (self), NULL,
                           answered_cb, g_steal_pointer (&choice));
}

static void
dismiss_clicked_cb (GtkButton *button, StrataRecoveryDialog *self)
{
  Choice *choice = choice_new (self, button);

  gtk_widget_set_sensitive (choice->group, FALSE);
  strata_job_queue_dismiss_async (self->queue, self->connection, choice->id, TRUE, remains_cb,
                                  choice);
}

static GtkWidget *
create_button (StrataRecoveryDialog *self,
               const StrataUnfinishedJob *job,
               const char *label,
               GCallback clicked)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (label);

  g_object_set_data_full (G_OBJECT (button), "strata-job", g_strdup (job->id), g_free);
  g_object_set_data_full (G_OBJECT (button), "strata-title", g_strdup (job->title), g_free);
  g_signal_connect_object (button, "clicked", clicked, self, G_CONNECT_DEFAULT);

  return button;
}

static void
refuse (GtkWidget *button, const char *reason)
{
  gtk_widget_set_sensitive (button, FALSE);
  gtk_widget_set_tooltip_text (button, reason);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  reason, -1);
}

static GtkWidget *
create_buttons (StrataRecoveryDialog *self, const StrataUnfinishedJob *job)
{
  GtkWidget *box = adw_wrap_box_new ();
  GtkWidget *back = create_button (self, job, _ ("_Roll Back"), G_CALLBACK (clicked_cb));
  GtkWidget *forward = create_button (self, job, _ ("Re_sume"), G_CALLBACK (clicked_cb));
  GtkWidget *away = create_button (self, job, _ ("_Dismiss…"), G_CALLBACK (dismiss_clicked_cb));

  adw_wrap_box_set_child_spacing (ADW_WRAP_BOX (box), 6);
  adw_wrap_box_set_line_spacing (ADW_WRAP_BOX (box), 6);
  gtk_widget_set_margin_top (box, 12);
  gtk_widget_add_css_class (forward, "suggested-action");
  g_object_set_data (G_OBJECT (forward), "strata-resume", GINT_TO_POINTER (TRUE));
  adw_wrap_box_append (ADW_WRAP_BOX (box), forward);
  adw_wrap_box_append (ADW_WRAP_BOX (box), back);
  adw_wrap_box_append (ADW_WRAP_BOX (box), away);

  if (job->damage != NULL)
    {
      refuse (forward, job->damage);
      refuse (back, job->damage);
    }
  else if (!job->can_roll_back)
    {
      refuse (back, _ ("It is past its point of no return, and can only be finished."));
    }

  return box;
}

static void
add_job (StrataRecoveryDialog *self, const StrataUnfinishedJob *job)
{
  GtkWidget *group = adw_preferences_group_new ();
  g_autofree char *title = g_markup_escape_text (job->title, -1);
  g_autofree char *description = describe (job);

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), title);
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (group), description);
  for (guint i = 0; i < job->steps->len; i++)
    adw_preferences_group_add (ADW_PREFERENCES_GROUP (group),
                               create_step_row (g_ptr_array_index (job->steps, i)));
  if (job->damage != NULL)
    adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), create_damage_row (job->damage));
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), create_buttons (self, job));
  adw_preferences_page_add (self->page, ADW_PREFERENCES_GROUP (group));
  self->n_left++;
}

static void
strata_recovery_dialog_dispose (GObject *object)
{
  StrataRecoveryDialog *self = STRATA_RECOVERY_DIALOG (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_RECOVERY_DIALOG);
  g_clear_object (&self->queue);
  g_clear_object (&self->connection);

  G_OBJECT_CLASS (strata_recovery_dialog_parent_class)->dispose (object);
}

static void
strata_recovery_dialog_class_init (StrataRecoveryDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_recovery_dialog_dispose;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/stratavm/Strata/strata-recovery-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataRecoveryDialog, page);
}

static void
strata_recovery_dialog_init (StrataRecoveryDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * strata_recovery_dialog_new:
 * @queue: where what is taken up goes
 * @connection: the host of the jobs
 * @jobs: (element-type StrataUnfinishedJob): what is unfinished
 *
 * Returns: (transfer none): a floating dialog
 */
AdwDialog *
strata_recovery_dialog_new (StrataJobQueue *queue, StrataConnection *connection, GPtrArray *jobs)
{
  StrataRecoveryDialog *self;

  g_return_val_if_fail (STRATA_IS_JOB_QUEUE (queue), NULL);
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);

  self = g_object_new (STRATA_TYPE_RECOVERY_DIALOG, NULL);
  self->queue = g_object_ref (queue);
  self->connection = g_object_ref (connection);
  for (guint i = 0; i < jobs->len; i++)
    add_job (self, g_ptr_array_index (jobs, i));

  return ADW_DIALOG (self);
}
