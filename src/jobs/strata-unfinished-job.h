/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-job-queue.h"
#include "strata-journal.h"

G_BEGIN_DECLS

/* A step of a job that was left. */
typedef struct
{
  char *title;
  StrataStepMark mark;
} StrataUnfinishedStep;

/* What a process left unfinished when it ended, or was stopped: a journal that no living process works on. */
typedef struct
{
  char *id;
  char *title;
  char *uri;
  char *started;  /* ISO 8601 */
  char *hostname; /* (nullable): what the host called itself */
  char *damage;   /* (nullable): why it can only be dismissed */
  guint version;  /* of the journal */
  char *step;     /* the one it stopped in */
  guint step_index;
  GPtrArray *steps; /* StrataUnfinishedStep */
  gboolean can_roll_back;
} StrataUnfinishedJob;

void strata_unfinished_job_free (StrataUnfinishedJob *self);

/* CONNECTION: NULL for all, as the journals have it; otherwise those of that host, which is asked about the step that each
 * stopped in. (element-type StrataUnfinishedJob); worker threads only */
GPtrArray *strata_job_queue_list_unfinished (StrataJobQueue *self, StrataConnection *connection);
void strata_job_queue_list_unfinished_async (StrataJobQueue *self,
                                             StrataConnection *connection,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback,
                                             gpointer user_data);
GPtrArray *strata_job_queue_list_unfinished_finish (StrataJobQueue *self,
                                                    GAsyncResult *result,
                                                    GError **error);

/* Ends the job by forgetting it; what stays behind, in sentences (element-type utf8). LOOK_ONLY: only says that. */
GPtrArray *strata_job_queue_dismiss (StrataJobQueue *self,
                                     StrataConnection *connection,
                                     const char *id,
                                     gboolean look_only,
                                     GError **error);
void strata_job_queue_dismiss_async (StrataJobQueue *self,
                                     StrataConnection *connection,
                                     const char *id,
                                     gboolean look_only,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
GPtrArray *strata_job_queue_dismiss_finish (StrataJobQueue *self,
                                            GAsyncResult *result,
                                            GError **error);

/* NEEDS_RECOVERY if an unfinished job of that host works on the same; worker threads only */
gboolean strata_unfinished_job_check_plan (const char *journal_dir,
                                           StrataConnection *connection,
                                           StrataPlan *plan,
                                           GError **error);

/* RESUME: goes forward from where it stopped; otherwise rolls back. (transfer none) (nullable): the job, in the queue. */
StrataJob *strata_job_queue_adopt (StrataJobQueue *self,
                                   StrataConnection *connection,
                                   const char *id,
                                   gboolean resume,
                                   GError **error);
void strata_job_queue_adopt_async (StrataJobQueue *self,
                                   StrataConnection *connection,
                                   const char *id,
                                   gboolean resume,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
StrataJob *strata_job_queue_adopt_finish (StrataJobQueue *self,
                                          GAsyncResult *result,
                                          GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataUnfinishedJob, strata_unfinished_job_free)

G_END_DECLS
