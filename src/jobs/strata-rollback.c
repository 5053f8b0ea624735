/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Whether what a job did may be undone now: the law is asked of the way back, on a fresh graph, and what was done is undone only
 * where it is as the job left it.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/domain/strata-domain-control.h"
#include "host/storage/strata-storage.h"
#include "strata-adopt.h"
#include "strata-host-identity.h"
#include "strata-job-notes.h"
#include "jobs/perform/strata-perform-private.h"
#include "strata-rollback.h"
#include "strata-undo-plan.h"
#include "base/strata-error.h"
#include "plan/strata-law.h"

/* Whether this process started the machine that writes to PATH. */
static gboolean
is_written_by_us (StrataAdoption *self, const char *path)
{
  for (guint i = 0; self->at_once && i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (strata_step_is (step, STRATA_STEP_START, STRATA_STEP_RESTORE) &&
          strata_journal_get_mark (self->journal, i) != STRATA_STEP_UNTOUCHED &&
          strata_job_notes_is_disk_of (self->plan, strata_step_get_arg (step, "uuid"), path))
        return TRUE;
    }

  return FALSE;
}

/* Of a snapshot on top of it, whose undoing merges it back into PATH, the file stands still below. */
static gboolean
check_unwritten (StrataAdoption *self, StrataStep *step, GError **error)
{
  const char *path = strata_job_notes_get_made (step);
  gboolean written;

  if (path == NULL || is_written_by_us (self, path))
    return TRUE;
  if (!strata_job_notes_is_written (self->connection, self->journal, STRATA_NOTE_IMAGE, path,
                                    &written, error))
    return FALSE;
  if (!written)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                    _ ("“%s”, which the job made, was written to since; taking the job back would "
                       "lose that"),
                    path);
  return FALSE;
}

static gboolean
is_last_define (StrataAdoption *self, guint index)
{
  const char *uuid = strata_step_get_arg (strata_plan_get_step (self->plan, index), "uuid");

  for (guint i = index + 1; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (strata_journal_get_mark (self->journal, i) != STRATA_STEP_UNTOUCHED &&
          strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_UNDEFINE,
                          STRATA_STEP_SNAPSHOT_CREATE) &&
          g_strcmp0 (strata_step_get_arg (step, "uuid"), uuid) == 0)
        return FALSE;
    }

  return TRUE;
}

/* What was defined since is another's. */
static gboolean
check_own_definition (StrataAdoption *self, guint index, GError **error)
{
  StrataStep *step = strata_plan_get_step (self->plan, index);
  const char *uuid = strata_step_get_arg (step, "uuid");
  const char *noted = strata_job_notes_get (self->journal, STRATA_NOTE_DEFINITION, uuid);
  g_autofree char *now = NULL;
  gboolean exists;

  if (!strata_domain_exists (self->connection, uuid, &exists, error))
    return FALSE;
  if (!exists || noted == NULL ||
      strata_journal_get_mark (self->journal, index) != STRATA_STEP_DONE)
    return TRUE;

  now = strata_domain_get_xml (self->connection, uuid, error);
  if (now == NULL)
    return FALSE;
  if (g_str_equal (now, noted))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                    _ ("The definition of “%s” was changed since the job wrote it; taking the job "
                       "back would lose that"),
                    strata_step_get_arg (step, "name"));
  return FALSE;
}

/* What the step itself knows of what it made. */
static gboolean
check_undo (StrataAdoption *self, StrataStep *step, GError **error)
{
  const StrataStepOps *klass = strata_step_get_ops (step->kind);
  StrataStepContext context = { self->connection, step->args, NULL,
                                strata_journal_get_results (self->journal) };

  return klass->check_undo == NULL || klass->check_undo (&context, error);
}

/* Where its definition or its images are to go from under it. */
static gboolean
check_step_back (StrataAdoption *self, guint index, GError **error)
{
  StrataStep *step = strata_plan_get_step (self->plan, index);

  if (strata_journal_get_mark (self->journal, index) == STRATA_STEP_UNTOUCHED)
    return TRUE;
  if (strata_step_is (step, STRATA_STEP_SNAPSHOT_CREATE, STRATA_STEP_DEFINE,
                      STRATA_STEP_UNDEFINE) &&
      !strata_adopt_check_unsaved (self, step, error))
    return FALSE;
  if (!strata_adopt_check_own_snapshot (self, index, TRUE, error) ||
      !strata_adopt_check_own_file (self, index, error) || !check_undo (self, step, error))
    return FALSE;
  if (step->kind != STRATA_STEP_DEFINE)
    return check_unwritten (self, step, error);
  if (!is_last_define (self, index))
    return TRUE;

  return strata_adopt_check_not_started (self, step, NULL, error) &&
         check_own_definition (self, index, error);
}

/* Whether there is anything that undoing could take from another client. */
static gboolean
has_begun (StrataAdoption *self)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (strata_journal_get_mark (self->journal, i) != STRATA_STEP_UNTOUCHED &&
          !strata_step_is (step, STRATA_STEP_CHECK_CHAIN, STRATA_STEP_CHECK_SPACE,
                           STRATA_STEP_INSPECT, STRATA_STEP_REQUIRE_ACTIVE,
                           STRATA_STEP_REQUIRE_OFF))
        return TRUE;
    }

  return FALSE;
}

/* Whether the job started a machine that writes to PATH, which it did until that was undone. */
static gboolean
is_started_on (StrataAdoption *self, const char *path)
{
  return path != NULL && strata_job_notes_has (self->journal, STRATA_NOTE_IMAGE_BEFORE, path);
}

/* Whether everything that is still marked as done may be undone. */
static gboolean
check_undo_plan (StrataAdoption *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (StrataGraph) graph = strata_connection_gather (self->connection, cancellable, error);
  g_autoptr (StrataPlan) undo = NULL;

  if (graph == NULL)
    return FALSE;
  strata_adopt_add_images (self, graph);
  undo = strata_undo_plan_new (self->journal, graph, self->at_once);

  return strata_law_check_steps (graph, undo, NULL, error);
}

/* Of a machine that an earlier process started, or may have, and that is to be ended. */
static gboolean
check_unwritten_by (StrataAdoption *self, const char *uuid, GError **error)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);
      const char *path = strata_job_notes_get_made (step);

      if (path != NULL && strata_job_notes_is_disk_of (self->plan, uuid, path) &&
          !check_unwritten (self, step, error))
        return FALSE;
    }

  return TRUE;
}

/**
 * strata_rollback_check_removal:
 * @connection: a host
 * @journal: a job that is being taken back
 * @index: the step whose turn it is
 * @at_once: whether the process that did the steps undoes them
 * @error: `STRATA_ERROR_REFUSED` with what was used since, or who would lose what
 *
 * The way back was judged before it was begun; other clients go on meanwhile, and what a step made goes for good.
 *
 * Returns: whether what the step made, or the guest that it started, may go now
 */
gboolean
strata_rollback_check_removal (StrataConnection *connection,
                               StrataJournal *journal,
                               guint index,
                               gboolean at_once,
                               GError **error)
{
  StrataAdoption self = { connection, journal, strata_journal_get_plan (journal), at_once };
  StrataStep *step = strata_plan_get_step (self.plan, index);

  if (!at_once && strata_step_is (step, STRATA_STEP_START, STRATA_STEP_RESTORE))
    return check_unwritten_by (&self, strata_step_get_arg (step, "uuid"), error);
  if (!at_once && step->kind == STRATA_STEP_DEFINE && is_last_define (&self, index))
    return strata_adopt_check_not_started (&self, step, NULL, error);
  /* A guest that goes on from its memory gets new overlays in the place of those that it had. */
  if (strata_job_notes_get_made (step) == NULL &&
      !strata_step_is (step, STRATA_STEP_SNAPSHOT_CREATE, STRATA_STEP_SHUT_DOWN))
    return TRUE;

  return check_undo_plan (&self, NULL, error) &&
         (is_started_on (&self, strata_job_notes_get_made (step)) ||
          check_unwritten (&self, step, error));
}

/**
 * strata_rollback_check:
 * @connection: a host
 * @journal: a job of which no forward-only step was begun
 * @at_once: the process that did the steps undoes them, and had the lock all the time: no other job can have done anything
 *   meanwhile, but another client can
 * @cancellable: (nullable): a cancellable
 * @error: `STRATA_ERROR_REFUSED` with what was used since, or who would lose what
 *
 * Returns: whether everything that was done may be undone
 */
gboolean
strata_rollback_check (StrataConnection *connection,
                       StrataJournal *journal,
                       gboolean at_once,
                       GCancellable *cancellable,
                       GError **error)
{
  StrataAdoption self = { connection, journal, strata_journal_get_plan (journal), at_once };

  if (!at_once && !strata_host_identity_check (connection, journal, error))
    return FALSE;

  if (has_begun (&self) && !check_undo_plan (&self, cancellable, error))
    return FALSE;

  for (guint i = 0; i < strata_plan_get_n_steps (self.plan); i++)
    {
      if (!check_step_back (&self, i, error))
        return FALSE;
    }

  return TRUE;
}
