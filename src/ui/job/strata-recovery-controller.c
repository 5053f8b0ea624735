/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataRecoveryController: sees to it that what was left unfinished is not forgotten. */

#include "config.h"

#include <glib/gi18n.h>

#include "jobs/strata-unfinished-job.h"
#include "strata-recovery-dialog.h"
#include "strata-recovery-controller.h"
#include "ui/shell/strata-toast.h"

struct _StrataRecoveryController
{
  GObject parent_instance;

  GtkWidget *window; /* owns us */
  StrataJobQueue *queue;
  StrataHost *host; /* (nullable): what the window shows */
  GSignalGroup *host_signals;
  GCancellable *cancellable; /* while journals are read */
  gboolean asked;            /* by the user, who wants an answer */
  AdwDialog *dialog;         /* (nullable) (weak): what is up */
};

G_DEFINE_FINAL_TYPE (StrataRecoveryController, strata_recovery_controller, G_TYPE_OBJECT)

/* A plan that such an operation was in the way of may be possible now; libvirt has no event for it. */
static void
closed_cb (StrataHost *host)
{
  strata_host_touch (host);
}

static void
present (StrataRecoveryController *self, StrataConnection *connection, GPtrArray *jobs)
{
  g_set_weak_pointer (&self->dialog, strata_recovery_dialog_new (self->queue, connection, jobs));
  g_signal_connect_object (self->dialog, "closed", G_CALLBACK (closed_cb), self->host,
                           G_CONNECT_SWAPPED);
  adw_dialog_present (self->dialog, self->window);
}

static void
listed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataRecoveryController) self = STRATA_RECOVERY_CONTROLLER (user_data);
  StrataConnection *connection = g_task_get_task_data (G_TASK (result));
  g_autoptr (GPtrArray) jobs = NULL;

  jobs = strata_job_queue_list_unfinished_finish (STRATA_JOB_QUEUE (object), result, NULL);
  if (jobs == NULL || self->cancellable != g_task_get_cancellable (G_TASK (result)))
    return;

  g_clear_object (&self->cancellable);
  if (jobs->len > 0 && self->dialog == NULL)
    present (self, connection, jobs);
  else if (jobs->len == 0 && self->asked)
    strata_toast_add (self->window, _ ("No operation was left unfinished"));
}

static void
look (StrataRecoveryController *self, gboolean asked)
{
  StrataConnection *connection =
      self->host != NULL ? strata_host_get_connection (self->host) : NULL;

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (connection == NULL)
    return;

  self->asked = asked;
  self->cancellable = g_cancellable_new ();
  strata_job_queue_list_unfinished_async (self->queue, connection, self->cancellable, listed_cb,
                                          g_object_ref (self));
}

static void
state_changed_cb (StrataRecoveryController *self)
{
  look (self, FALSE);
}

static void
strata_recovery_controller_dispose (GObject *object)
{
  StrataRecoveryController *self = STRATA_RECOVERY_CONTROLLER (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->host_signals);
  g_clear_object (&self->host);
  g_clear_object (&self->queue);
  g_clear_weak_pointer (&self->dialog);

  G_OBJECT_CLASS (strata_recovery_controller_parent_class)->dispose (object);
}

static void
strata_recovery_controller_class_init (StrataRecoveryControllerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = strata_recovery_controller_dispose;
}

static void
strata_recovery_controller_init (StrataRecoveryController *self)
{
  self->host_signals = g_signal_group_new (STRATA_TYPE_HOST);
  g_signal_group_connect_swapped (self->host_signals, "notify::state",
                                  G_CALLBACK (state_changed_cb), self);
}

/**
 * strata_recovery_controller_new:
 * @window: (transfer none): a window, which has to outlive it
 * @queue: where what is taken up goes
 *
 * Returns: (transfer full): the window's eye on what is unfinished
 */
StrataRecoveryController *
strata_recovery_controller_new (GtkWidget *window, StrataJobQueue *queue)
{
  StrataRecoveryController *self;

  g_return_val_if_fail (GTK_IS_WIDGET (window), NULL);
  g_return_val_if_fail (STRATA_IS_JOB_QUEUE (queue), NULL);

  self = g_object_new (STRATA_TYPE_RECOVERY_CONTROLLER, NULL);
  self->window = window;
  self->queue = g_object_ref (queue);

  return self;
}

void
strata_recovery_controller_set_host (StrataRecoveryController *self, StrataHost *host)
{
  g_return_if_fail (STRATA_IS_RECOVERY_CONTROLLER (self));

  g_set_object (&self->host, host);
  g_signal_group_set_target (self->host_signals, host);
  look (self, FALSE);
}

/**
 * strata_recovery_controller_show:
 * @self: a window's eye on what is unfinished
 */
void
strata_recovery_controller_show (StrataRecoveryController *self)
{
  g_return_if_fail (STRATA_IS_RECOVERY_CONTROLLER (self));

  look (self, TRUE);
}
