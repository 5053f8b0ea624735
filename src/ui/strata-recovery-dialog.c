/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataRecoveryDialog: what was left unfinished, step by step, and what can be done about it. */

#include "config.h"

#include <glib/gi18n.h>

#include "model/strata-snapshot-words.h"
#include "strata-error-dialog.h"
#include "strata-recovery-dialog.h"

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
} Choice;

G_DEFINE_FINAL_TYPE (StrataRecoveryDialog, strata_recovery_dialog, ADW_TYPE_DIALOG)

static void
choice_free (Choice *self)
{
  g_object_unref (self->group);
  g_object_unref (self->dialog);
  g_free (self);
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

static char *
describe (const StrataUnfinishedJob *job)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_iso8601 (job->started, NULL);
  g_autofree char *when =
      utc != NULL ? strata_snapshot_words_for_exact_time (g_date_time_to_unix (utc)) : NULL;

  /* Translators: when an operation was begun, and how many of its steps are done. */
  return g_strdup_printf (_ ("%s · %u of %u steps done"), when != NULL ? when : job->started,
                          job->step_index, job->steps->len);
}

static void
taken_up_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Choice *choice = user_data;
  StrataRecoveryDialog *self = choice->dialog;
  g_autoptr (GError) error = NULL;

  if (strata_job_queue_take_up_finish (STRATA_JOB_QUEUE (object), result, &error) == NULL)
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
  choice_free (choice);
}

static void
clicked_cb (GtkButton *button, StrataRecoveryDialog *self)
{
  Choice *choice = g_new0 (Choice, 1);
  GtkWidget *group = gtk_widget_get_ancestor (GTK_WIDGET (button), ADW_TYPE_PREFERENCES_GROUP);

  choice->dialog = g_object_ref (self);
  choice->group = g_object_ref (group);
  gtk_widget_set_sensitive (group, FALSE);
  strata_job_queue_take_up_async (
      self->queue, self->connection, g_object_get_data (G_OBJECT (button), "strata-job"),
      g_object_get_data (G_OBJECT (button), "strata-resume") != NULL, taken_up_cb, choice);
}

static GtkWidget *
create_button (StrataRecoveryDialog *self,
               const StrataUnfinishedJob *job,
               const char *label,
               gboolean resume)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (label);

  g_object_set_data_full (G_OBJECT (button), "strata-job", g_strdup (job->id), g_free);
  g_object_set_data (G_OBJECT (button), "strata-resume", GINT_TO_POINTER (resume));
  g_signal_connect_object (button, "clicked", G_CALLBACK (clicked_cb), self, G_CONNECT_DEFAULT);

  return button;
}

static GtkWidget *
create_buttons (StrataRecoveryDialog *self, const StrataUnfinishedJob *job)
{
  GtkWidget *box = adw_wrap_box_new ();
  GtkWidget *back = create_button (self, job, _ ("_Roll Back"), FALSE);
  GtkWidget *forward = create_button (self, job, _ ("Re_sume"), TRUE);
  const char *reason = _ ("It is past its point of no return, and can only be finished.");

  adw_wrap_box_set_child_spacing (ADW_WRAP_BOX (box), 6);
  adw_wrap_box_set_line_spacing (ADW_WRAP_BOX (box), 6);
  gtk_widget_set_margin_top (box, 12);
  gtk_widget_add_css_class (forward, "suggested-action");
  adw_wrap_box_append (ADW_WRAP_BOX (box), forward);
  adw_wrap_box_append (ADW_WRAP_BOX (box), back);

  if (!job->can_roll_back)
    {
      gtk_widget_set_sensitive (back, FALSE);
      gtk_widget_set_tooltip_text (back, reason);
      gtk_accessible_update_property (GTK_ACCESSIBLE (back), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                      reason, -1);
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
