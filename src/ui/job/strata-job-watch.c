/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataJobWatch: says when a job is over, wherever the person is looking, and keeps the session
 * from ending while one is under way.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "jobs/strata-job-results.h"
#include "model/strata-short-paths.h"
#include "strata-job-watch.h"
#include "ui/snapshot/strata-revert-undo.h"
#include "model/strata-host.h"
#include "ui/shell/strata-toast.h"
#include "base/strata-error.h"

/* Long enough to see what one came back to. */
#define UNDO_S 20

struct _StrataJobWatch
{
  GObject parent_instance;

  GtkApplication *application; /* owns us */
  StrataJobQueue *queue;
  GListModel *hosts; /* StrataHost */
  guint inhibit_cookie;
};

G_DEFINE_FINAL_TYPE (StrataJobWatch, strata_job_watch, G_TYPE_OBJECT)

static char *
describe_end (StrataJob *job)
{
  const char *title = strata_job_get_title (job);
  g_auto (GStrv) not_back = strata_job_dup_not_back (job);

  if (g_error_matches (strata_job_get_error (job), STRATA_ERROR, STRATA_ERROR_CHANGED))
    return g_strdup_printf (_ ("Not done, the host had changed: %s"), title);

  switch (strata_job_get_outcome (job))
    {
    case STRATA_JOB_OUTCOME_DONE:
      if (strata_job_outran_cancel (job))
        return g_strdup_printf (_ ("Done before it could be cancelled: %s"), title);
      /* Translators: %s is what was done, such as “Make template “template-web” from “web””. */
      return g_strdup_printf (_ ("Done: %s"), title);

    case STRATA_JOB_OUTCOME_ROLLED_BACK:
      if (*not_back != NULL)
        /* Translators: %s is what was to be done, and isn't, such as “Return “web” to “before””. */
        return g_strdup_printf (_ ("Taken back, but not all is as it was: %s"), title);
      if (strata_job_get_state (job) == STRATA_JOB_CANCELLED)
        return g_strdup_printf (_ ("Cancelled, nothing changed: %s"), title);
      return g_strdup_printf (_ ("Failed, nothing changed: %s"), title);

    case STRATA_JOB_OUTCOME_STOPPED:
      return g_strdup_printf (_ ("Stopped, can be resumed: %s"), title);

    case STRATA_JOB_OUTCOME_STUCK:
      return g_strdup_printf (_ ("Needs your attention: %s"), title);

    case STRATA_JOB_OUTCOME_NONE:
      break;
    }

  g_return_val_if_reached (g_strdup (title));
}

static void
undo_clicked_cb (AdwToast *toast, StrataRevertUndo *undo)
{
  GtkWindow *window = g_object_get_data (G_OBJECT (toast), "window");

  strata_revert_undo_run (undo, GTK_WIDGET (window));
}

static void
add_toast_to_go_on (GtkWindow *window, const char *text)
{
  AdwToast *toast = adw_toast_new (text);

  adw_toast_set_button_label (toast, _ ("_Go On…"));
  adw_toast_set_action_name (toast, "window.show-unfinished");
  adw_toast_set_timeout (toast, 0);
  strata_toast_take (GTK_WIDGET (window), toast);
}

/* A file that was to go and is there still, or a guest that isn't as it was: a toast would be gone before that is read. */
static void
show_sentences (GtkWindow *window, StrataJob *job, const char *heading, GStrv lines)
{
  g_autofree char *sentences = g_strjoinv ("\n\n", lines);
  g_autofree char *text = g_strdup_printf ("%s\n\n%s", strata_job_get_title (job), sentences);
  g_autofree char *body = strata_short_paths (text);
  AdwDialog *dialog = adw_alert_dialog_new (heading, body);

  adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "close", _ ("_Close"));
  adw_dialog_present (dialog, GTK_WIDGET (window));
}

/* With a way back, if there is one. */
static void
add_toast (GtkWindow *window, StrataJob *job, const char *text)
{
  StrataRevertUndo *undo = strata_revert_undo_find (job);
  StrataJobOutcome outcome = strata_job_get_outcome (job);
  g_auto (GStrv) kept = strata_job_dup_kept (job);
  g_auto (GStrv) not_back = strata_job_dup_not_back (job);
  AdwToast *toast;

  if (outcome == STRATA_JOB_OUTCOME_STOPPED || outcome == STRATA_JOB_OUTCOME_STUCK)
    {
      add_toast_to_go_on (window, text);
      return;
    }
  if (*kept != NULL && outcome == STRATA_JOB_OUTCOME_DONE)
    show_sentences (window, job, _ ("Done, but Not Everything Was Deleted"), kept);
  if (*not_back != NULL && outcome == STRATA_JOB_OUTCOME_ROLLED_BACK)
    show_sentences (window, job, _ ("Taken Back, but Not All Is as It Was"), not_back);
  if (undo == NULL || outcome != STRATA_JOB_OUTCOME_DONE)
    {
      strata_toast_add_operations (GTK_WIDGET (window), text);
      return;
    }

  toast = adw_toast_new (text);
  adw_toast_set_button_label (toast, _ ("_Undo"));
  adw_toast_set_timeout (toast, UNDO_S);
  /* The window owns the toast. */
  g_object_set_data (G_OBJECT (toast), "window", window);
  g_signal_connect_object (toast, "button-clicked", G_CALLBACK (undo_clicked_cb), undo,
                           G_CONNECT_DEFAULT);
  strata_toast_take (GTK_WIDGET (window), toast);
}

/* What another program is in the way of has not begun, and is not a failure to read about later: who asked is told, there where
 * he asked. */
static gboolean
is_in_the_way (const GError *error)
{
  return g_error_matches (error, STRATA_ERROR, STRATA_ERROR_BUSY) ||
         g_error_matches (error, STRATA_ERROR, STRATA_ERROR_CHANGED);
}

static void
answered_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataJob) job = STRATA_JOB (user_data);
  const char *response = adw_alert_dialog_choose_finish (ADW_ALERT_DIALOG (object), result);

  if (g_str_equal (response, "show"))
    gtk_widget_activate_action (GTK_WIDGET (object), "window.show-new-plan", "s",
                                strata_job_get_id (job));
}

static void
show_what_is_in_the_way (GtkWindow *window, StrataJob *job)
{
  const GError *error = strata_job_get_error (job);
  const char *hint = strata_error_get_hint (error);
  gboolean has_plan = strata_job_get_new_plan (job) != NULL;
  g_autofree char *text =
      g_strdup_printf ("%s\n\n%s\n\n%s", strata_job_get_title (job), error->message,
                       hint != NULL ? hint : _ ("Nothing was changed."));
  g_autofree char *body = strata_short_paths (text);
  AdwDialog *dialog =
      adw_alert_dialog_new (has_plan ? _ ("The Host Has Changed") : _ ("Not Begun"), NULL);

  adw_alert_dialog_set_body (ADW_ALERT_DIALOG (dialog), body);
  adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "close", _ ("_Close"));
  if (has_plan)
    adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "show", _ ("Show _New Plan…"));
  adw_alert_dialog_choose (ADW_ALERT_DIALOG (dialog), GTK_WIDGET (window), NULL, answered_cb,
                           g_object_ref (job));
}

static void
tell (StrataJobWatch *self, StrataJob *job)
{
  GtkWindow *window = gtk_application_get_active_window (self->application);
  g_autofree char *text = describe_end (job);
  g_autoptr (GNotification) notification = NULL;
  const GError *error = strata_job_get_error (job);

  if (window != NULL && is_in_the_way (error) &&
      strata_job_get_outcome (job) == STRATA_JOB_OUTCOME_ROLLED_BACK)
    show_what_is_in_the_way (window, job);
  else if (window != NULL)
    add_toast (window, job, text);
  if (window != NULL && gtk_window_is_active (window))
    return;

  notification = g_notification_new (text);
  if (error != NULL)
    g_notification_set_body (notification, error->message);
  g_notification_set_default_action (notification, "app.present");
  g_application_send_notification (G_APPLICATION (self->application), strata_job_get_id (job),
                                   notification);
}

/* Snapshots that became retained layers, or another name: libvirt has no event for it. */
static void
look_again (StrataJobWatch *self, StrataJob *job)
{
  GPtrArray *resources = strata_plan_get_resources (strata_job_get_plan (job));

  for (guint i = 0; i < g_list_model_get_n_items (self->hosts); i++)
    {
      g_autoptr (StrataHost) host = g_list_model_get_item (self->hosts, i);

      strata_graph_monitor_refresh (strata_host_get_graph_monitor (host));
      for (guint j = 0; j < resources->len; j++)
        {
          const char *resource = g_ptr_array_index (resources, j);

          if (strata_host_find (host, resource) != NULL)
            strata_host_refresh (host, resource);
        }
    }
}

static void
state_changed_cb (StrataJobWatch *self, GParamSpec *pspec, StrataJob *job)
{
  if (!strata_job_is_finished (job))
    return;

  g_signal_handlers_disconnect_by_data (job, self);
  look_again (self, job);
  tell (self, job);
}

static void
items_changed_cb (StrataJobWatch *self, guint position, guint removed, guint added)
{
  for (guint i = 0; i < added; i++)
    {
      g_autoptr (StrataJob) job = g_list_model_get_item (G_LIST_MODEL (self->queue), position + i);

      if (!strata_job_is_finished (job))
        g_signal_connect_object (job, "notify::state", G_CALLBACK (state_changed_cb), self,
                                 G_CONNECT_SWAPPED);
    }
}

static void
n_active_changed_cb (StrataJobWatch *self)
{
  gboolean busy = strata_job_queue_get_n_active (self->queue) > 0;

  if (busy && self->inhibit_cookie == 0)
    self->inhibit_cookie = gtk_application_inhibit (
        self->application, gtk_application_get_active_window (self->application),
        GTK_APPLICATION_INHIBIT_LOGOUT | GTK_APPLICATION_INHIBIT_SUSPEND,
        _ ("Virtual machines are being worked on"));
  else if (!busy && self->inhibit_cookie != 0)
    {
      gtk_application_uninhibit (self->application, self->inhibit_cookie);
      self->inhibit_cookie = 0;
    }
}

static void
strata_job_watch_dispose (GObject *object)
{
  StrataJobWatch *self = STRATA_JOB_WATCH (object);

  g_clear_object (&self->hosts);
  g_clear_object (&self->queue);

  G_OBJECT_CLASS (strata_job_watch_parent_class)->dispose (object);
}

static void
strata_job_watch_class_init (StrataJobWatchClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = strata_job_watch_dispose;
}

static void
strata_job_watch_init (StrataJobWatch *self)
{
}

/**
 * strata_job_watch_new:
 * @application: (transfer none): the application, which has to outlive the watch
 * @queue: the jobs
 * @hosts: (element-type StrataHost): what they may have changed
 *
 * Returns: (transfer full): a new watch
 */
StrataJobWatch *
strata_job_watch_new (GtkApplication *application, StrataJobQueue *queue, GListModel *hosts)
{
  StrataJobWatch *self;

  g_return_val_if_fail (GTK_IS_APPLICATION (application), NULL);
  g_return_val_if_fail (STRATA_IS_JOB_QUEUE (queue), NULL);

  self = g_object_new (STRATA_TYPE_JOB_WATCH, NULL);
  self->application = application;
  self->queue = g_object_ref (queue);
  self->hosts = g_object_ref (hosts);
  g_signal_connect_object (queue, "items-changed", G_CALLBACK (items_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (queue, "notify::n-active", G_CALLBACK (n_active_changed_cb), self,
                           G_CONNECT_SWAPPED);

  return self;
}
