/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataRevertUndo: takes a return to a snapshot back.
 *
 * Two jobs: a return to the state that was kept, then the deletion of its snapshot. A machine that has run in between has
 * written something, which is lost then: there the plan is shown first, like everywhere.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "jobs/strata-job-results.h"
#include "ui/shell/strata-error-dialog.h"
#include "ui/job/strata-plan-dialog.h"
#include "strata-revert-undo.h"

#define OFFER "strata-revert-undo"

struct _StrataRevertUndo
{
  GObject parent_instance;

  StrataJobQueue *queue;
  StrataHost *host;
  char *uuid;
  char *kept;
  char *kept_id; /* (nullable): which one of that name: known when the job is done */
  GWeakRef parent;
};

G_DEFINE_FINAL_TYPE (StrataRevertUndo, strata_revert_undo, G_TYPE_OBJECT)

static StrataRequest *
make_request (StrataRevertUndo *self, StrataRequestKind kind)
{
  StrataRequest *request = strata_request_new (kind);

  request->domain = g_strdup (self->uuid);
  request->snapshot = g_strdup (self->kept);
  request->snapshot_id = g_strdup (self->kept_id);

  return request;
}

static void
complain (StrataRevertUndo *self, const GError *error)
{
  g_autoptr (GtkWidget) parent = g_weak_ref_get (&self->parent);

  if (parent != NULL)
    strata_error_dialog_present (error, parent);
}

static StrataJob *
submit (StrataRevertUndo *self, GAsyncResult *result)
{
  StrataConnection *connection = strata_host_get_connection (self->host);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = strata_job_queue_plan_finish (self->queue, result, &error);

  if (plan == NULL)
    complain (self, error);

  return plan != NULL && connection != NULL
             ? strata_job_queue_submit (self->queue, connection, plan)
             : NULL;
}

static void
deletion_planned_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataRevertUndo) self = STRATA_REVERT_UNDO (user_data);

  submit (self, result);
}

static void
returned_cb (StrataRevertUndo *self, GParamSpec *pspec, StrataJob *job)
{
  g_autoptr (StrataRequest) request = NULL;
  StrataConnection *connection = strata_host_get_connection (self->host);

  if (strata_job_get_outcome (job) != STRATA_JOB_OUTCOME_DONE || connection == NULL)
    return;

  request = make_request (self, STRATA_REQUEST_SNAPSHOT_DELETE);
  strata_job_queue_plan_async (self->queue, connection, request, NULL, deletion_planned_cb,
                               g_object_ref (self));
}

static void
follow (StrataRevertUndo *self, StrataJob *job)
{
  g_signal_connect_data (job, "notify::outcome", G_CALLBACK (returned_cb), g_object_ref (self),
                         (GClosureNotify) (void (*) (void)) g_object_unref, G_CONNECT_SWAPPED);
}

static void
return_planned_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataRevertUndo) self = STRATA_REVERT_UNDO (user_data);
  StrataJob *job = submit (self, result);

  if (job != NULL)
    follow (self, job);
}

static void
submitted_cb (StrataPlanPage *page, StrataJob *job, StrataRevertUndo *self)
{
  follow (self, job);
}

/* The dialog's page keeps us as long as it may still be confirmed. */
static void
show_plan (StrataRevertUndo *self, const StrataRequest *request, GtkWidget *parent)
{
  AdwDialog *dialog = strata_plan_dialog_new (self->queue, self->host, _ ("Undo"), request);

  g_signal_connect_data (strata_plan_dialog_get_page (dialog), "submitted",
                         G_CALLBACK (submitted_cb), g_object_ref (self),
                         (GClosureNotify) (void (*) (void)) g_object_unref, G_CONNECT_DEFAULT);
  adw_dialog_present (dialog, parent);
}

static void
strata_revert_undo_finalize (GObject *object)
{
  StrataRevertUndo *self = STRATA_REVERT_UNDO (object);

  g_clear_object (&self->queue);
  g_clear_object (&self->host);
  g_clear_pointer (&self->uuid, g_free);
  g_clear_pointer (&self->kept, g_free);
  g_clear_pointer (&self->kept_id, g_free);
  g_weak_ref_clear (&self->parent);

  G_OBJECT_CLASS (strata_revert_undo_parent_class)->finalize (object);
}

static void
strata_revert_undo_class_init (StrataRevertUndoClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_revert_undo_finalize;
}

static void
strata_revert_undo_init (StrataRevertUndo *self)
{
  g_weak_ref_init (&self->parent, NULL);
}

/**
 * strata_revert_undo_offer:
 * @queue: where the jobs go
 * @host: the machine's host
 * @job: the return
 * @uuid: the machine's UUID
 * @kept: the snapshot that keeps what was there before
 *
 * Remembers with @job how it can be taken back.
 */
void
strata_revert_undo_offer (StrataJobQueue *queue,
                          StrataHost *host,
                          StrataJob *job,
                          const char *uuid,
                          const char *kept)
{
  StrataRevertUndo *self;

  g_return_if_fail (STRATA_IS_JOB_QUEUE (queue));
  g_return_if_fail (STRATA_IS_HOST (host));
  g_return_if_fail (STRATA_IS_JOB (job));

  self = g_object_new (STRATA_TYPE_REVERT_UNDO, NULL);
  self->queue = g_object_ref (queue);
  self->host = g_object_ref (host);
  self->uuid = g_strdup (uuid);
  self->kept = g_strdup (kept);
  g_object_set_data_full (G_OBJECT (job), OFFER, self, g_object_unref);
}

/**
 * strata_revert_undo_find:
 * @job: a job that is over
 *
 * Returns: (transfer none) (nullable): how it is taken back; %NULL where it can't be told which snapshot keeps what was there
 */
StrataRevertUndo *
strata_revert_undo_find (StrataJob *job)
{
  StrataRevertUndo *self;

  g_return_val_if_fail (STRATA_IS_JOB (job), NULL);

  self = g_object_get_data (G_OBJECT (job), OFFER);
  if (self != NULL && self->kept_id == NULL)
    self->kept_id = strata_job_dup_snapshot_id (job, self->kept);

  return self != NULL && self->kept_id != NULL ? self : NULL;
}

/**
 * strata_revert_undo_run:
 * @self: an undo
 * @parent: a widget of the window that asked for it
 *
 * Goes back to what was kept, and deletes its snapshot. Main thread.
 */
void
strata_revert_undo_run (StrataRevertUndo *self, GtkWidget *parent)
{
  g_autoptr (StrataRequest) request = NULL;
  StrataConnection *connection;
  StrataMachine *machine;

  g_return_if_fail (STRATA_IS_REVERT_UNDO (self));
  g_return_if_fail (GTK_IS_WIDGET (parent));

  connection = strata_host_get_connection (self->host);
  machine = strata_host_find (self->host, self->uuid);
  if (connection == NULL || machine == NULL)
    return;

  g_weak_ref_set (&self->parent, parent);
  request = make_request (self, STRATA_REQUEST_SNAPSHOT_REVERT);
  if (strata_machine_is_active (machine))
    show_plan (self, request, parent);
  else
    strata_job_queue_plan_async (self->queue, connection, request, NULL, return_planned_cb,
                                 g_object_ref (self));
}
