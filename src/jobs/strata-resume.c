/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Whether what is left of a job that was stopped may be done now: the law is asked of it once more, on a fresh graph. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/snapshot/strata-snapshot.h"
#include "host/storage/strata-storage.h"
#include "plan/strata-request.h"
#include "strata-adopt.h"
#include "strata-host-identity.h"
#include "strata-job-notes.h"
#include "jobs/perform/strata-gone.h"
#include "jobs/perform/strata-metadata-undo.h"
#include "jobs/perform/strata-perform-private.h"
#include "strata-resume.h"
#include "base/strata-error.h"
#include "plan/strata-law.h"

/* Another may have done what is left, by its own ways: only what takes something away can be found done without having been
 * begun. */
static gboolean
may_be_overtaken (StrataStep *step)
{
  return strata_step_is (step, STRATA_STEP_DELETE_VOLUME, STRATA_STEP_DELETE_FILE,
                         STRATA_STEP_DELETE_METADATA, STRATA_STEP_UNDEFINE, STRATA_STEP_COMMIT,
                         STRATA_STEP_PULL);
}

/* Whether what is written down of the step's snapshot isn't as it was before. */
static gboolean
is_written_down (StrataAdoption *self, StrataStep *step, gboolean *done, GError **error)
{
  g_autoptr (StrataDomainFacts) domain =
      strata_connection_get_domain (self->connection, strata_step_get_arg (step, "uuid"), error);
  g_auto (StrataMetadataUndo) undo = { 0 };

  if (domain == NULL)
    return FALSE;
  strata_metadata_undo_init (&undo, step->kind, step->args,
                             strata_journal_get_results (self->journal), domain);
  *done = undo.state != STRATA_METADATA_AS_BEFORE;

  return TRUE;
}

/* A step that was undone is marked as done where that couldn't be written down any more: by a process that was killed, or in a
 * folder that was full. The way back stops there, so that it is the last one. */
static gboolean
find_undone (StrataAdoption *self, GError **error)
{
  guint index = strata_plan_get_n_steps (self->plan);
  StrataStep *step;
  const StrataStepOps *klass;
  gboolean done = TRUE;

  while (index > 0 && strata_journal_get_mark (self->journal, index - 1) == STRATA_STEP_UNTOUCHED)
    index--;
  if (index == 0 || strata_journal_get_mark (self->journal, --index) != STRATA_STEP_DONE ||
      !strata_journal_can_roll_back (self->journal))
    return TRUE;

  step = strata_plan_get_step (self->plan, index);
  klass = strata_step_get_ops (step->kind);
  if (strata_job_notes_get_made (step) != NULL)
    {
      if (!strata_storage_exists (self->connection, strata_job_notes_get_made (step), &done, error))
        return FALSE;
    }
  else if (strata_step_is (step, STRATA_STEP_SNAPSHOT_DEFINE, STRATA_STEP_DELETE_METADATA))
    {
      if (!is_written_down (self, step, &done, error))
        return FALSE;
    }
  else if (strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_UNDEFINE))
    {
      StrataStepContext context = { self->connection, step->args, NULL,
                                    strata_journal_get_results (self->journal) };

      /* A definition that is neither the one nor the other is another client's, and for what follows to judge. */
      if (!klass->is_done (&context, &done, NULL))
        return TRUE;
    }

  return done || strata_journal_clear_step (self->journal, index, NULL, error);
}

/* A machine that is to be defined anew, and that another has removed. */
static gboolean
find_gone (StrataAdoption *self, StrataStep *step, gboolean *gone, GError **error)
{
  const char *previous = strata_step_get_arg (step, "previous");

  *gone = FALSE;

  return step->kind != STRATA_STEP_DEFINE || previous == NULL ||
         strata_gone_find_machine (self->connection, strata_journal_get_results (self->journal),
                                   strata_step_get_arg (step, "uuid"), previous, gone, error);
}

/* Before the point of no return nothing can have been overtaken, and a mark would cut the way back off. */
static gboolean
find_done (StrataAdoption *self, gboolean *done, GError **error)
{
  gboolean reversible = strata_journal_can_roll_back (self->journal);

  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);
      StrataStepMark mark = strata_journal_get_mark (self->journal, i);
      const StrataStepOps *klass = strata_step_get_ops (step->kind);
      StrataStepContext context = { self->connection, step->args, NULL,
                                    strata_journal_get_results (self->journal) };

      done[i] = mark == STRATA_STEP_DONE;
      if (!done[i] && !reversible && !find_gone (self, step, &done[i], error))
        return FALSE;
      if (done[i] && mark != STRATA_STEP_DONE &&
          !strata_journal_end_step (self->journal, i, NULL, error))
        return FALSE;
      if (done[i] || klass->is_done == NULL ||
          (mark == STRATA_STEP_UNTOUCHED && (reversible || !may_be_overtaken (step))))
        continue;
      if (!klass->is_done (&context, &done[i], error))
        return FALSE;
      /* It is a step of the future only in name. One that was begun is reconciled when its turn comes. */
      if (done[i] && mark == STRATA_STEP_UNTOUCHED &&
          !strata_journal_end_step (self->journal, i, NULL, error))
        return FALSE;
    }

  return TRUE;
}

/* What is left is about the snapshots that the plan was made of, and the law knows them by their names. */
static gboolean
check_same_snapshots (StrataAdoption *self, const gboolean *done, GError **error)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);
      g_autoptr (GError) local = NULL;

      if (done[i] ||
          !strata_step_is (step, STRATA_STEP_SNAPSHOT_DEFINE, STRATA_STEP_DELETE_METADATA,
                           STRATA_STEP_SNAPSHOT_DELETE, STRATA_STEP_SNAPSHOT_REVERT) ||
          strata_snapshot_check_id (self->connection, strata_step_get_arg (step, "uuid"),
                                    strata_step_get_arg (step, "snapshot"),
                                    strata_step_get_arg (step, "id"), &local) ||
          g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
        continue;
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  return TRUE;
}

/* A machine that has to be off for what is left, and was made sure of by a step that is done. */
static gboolean
check_still_off (StrataAdoption *self, const gboolean *done, GError **error)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (!done[i] &&
          strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_UNDEFINE,
                          STRATA_STEP_SNAPSHOT_REVERT, STRATA_STEP_RESTORE) &&
          !strata_adopt_check_not_started (self, step, _ ("Shut it down, and try again."), error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
is_shut_down_first (StrataAdoption *self, const char *uuid, const gboolean *done, guint index)
{
  for (guint i = 0; i < index; i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (!done[i] && step->kind == STRATA_STEP_SHUT_DOWN &&
          g_strcmp0 (strata_step_get_arg (step, "uuid"), uuid) == 0)
        return TRUE;
    }

  return FALSE;
}

/* What is merged in a worker may be open nowhere else. */
static gboolean
check_not_open (StrataAdoption *self,
                GPtrArray *domains,
                const gboolean *done,
                guint index,
                GError **error)
{
  StrataStep *step = strata_plan_get_step (self->plan, index);
  const char *opened =
      strata_step_get_arg (step, step->kind == STRATA_STEP_PULL              ? "image"
                                 : strata_step_get_arg (step, "via") != NULL ? "via"
                                                                             : "top");

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      if (!strata_domain_facts_is_active (domain) ||
          is_shut_down_first (self, domain->uuid, done, index))
        continue;
      for (guint j = 0; j < domain->disks->len; j++)
        {
          const StrataDiskXml *disk = g_ptr_array_index (domain->disks, j);

          if (disk->source == NULL ||
              !strata_storage_is_same (self->connection, disk->source, opened))
            continue;
          strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Shut it down, and try again."),
                            _ ("“%s” was started since the job was stopped"), domain->name);
          return FALSE;
        }
    }

  return TRUE;
}

static gboolean
check_none_open (StrataAdoption *self,
                 const gboolean *done,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (GPtrArray) domains =
      strata_connection_list_domains (self->connection, cancellable, error);

  for (guint i = 0; domains != NULL && i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (!done[i] && strata_step_is (step, STRATA_STEP_COMMIT, STRATA_STEP_PULL) &&
          strata_step_get_arg (step, "uuid") == NULL &&
          !check_not_open (self, domains, done, i, error))
        return FALSE;
    }

  return domains != NULL;
}

static gboolean
check_none_saved (StrataAdoption *self, const gboolean *done, GError **error)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (!done[i] &&
          strata_step_is (step, STRATA_STEP_SNAPSHOT_CREATE, STRATA_STEP_SNAPSHOT_REVERT,
                          STRATA_STEP_DEFINE, STRATA_STEP_UNDEFINE, STRATA_STEP_RESTORE,
                          STRATA_STEP_SHUT_DOWN, STRATA_STEP_START, STRATA_STEP_COMMIT,
                          STRATA_STEP_PULL) &&
          !strata_adopt_check_unsaved (self, step, error))
        return FALSE;
    }

  return TRUE;
}

/* Whether the state that is left was to be kept, and isn't yet. */
static gboolean
is_still_to_keep (StrataAdoption *self, const gboolean *done)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      if (!done[i] && strata_plan_get_step (self->plan, i)->kind == STRATA_STEP_SNAPSHOT_CREATE)
        return TRUE;
    }

  return FALSE;
}

/* A snapshot that an earlier process took, and didn't live to write that down: what was written since can't be told from what it
 * has. */
static gboolean
is_kept_unseen (StrataAdoption *self, guint index)
{
  return strata_plan_get_step (self->plan, index)->kind == STRATA_STEP_SNAPSHOT_CREATE &&
         strata_journal_get_mark (self->journal, index) == STRATA_STEP_BEGUN;
}

/* A guest that an earlier process was to stop, and that is off; when that came to be, and whether it ran again since, it didn't live to write
 * down, and nothing keeps what it wrote. */
static gboolean
is_stopped_unseen (StrataAdoption *self, guint index)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      if (strata_plan_get_step (self->plan, i)->kind == STRATA_STEP_SNAPSHOT_CREATE)
        return FALSE;
    }

  return strata_journal_get_mark (self->journal, index) == STRATA_STEP_BEGUN;
}

/* A guest that was to be stopped for a revert went on when the job stopped instead. What was kept, or what a person said to
 * discard, was the state of then. */
static gboolean
check_not_gone_on (StrataAdoption *self, const gboolean *done, GError **error)
{
  const StrataRequest *request = strata_plan_get_request (self->plan);

  if (request == NULL || request->kind != STRATA_REQUEST_SNAPSHOT_REVERT ||
      is_still_to_keep (self, done))
    return TRUE;

  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (!is_kept_unseen (self, i) &&
          (step->kind != STRATA_STEP_SHUT_DOWN || (done[i] && !is_stopped_unseen (self, i))))
        continue;
      strata_set_error (
          error, STRATA_ERROR_REFUSED, _ ("End the job, and begin anew."),
          _ ("“%s” may have gone on since the job was stopped, and what it wrote would be lost"),
          strata_step_get_arg (step, "name"));
      return FALSE;
    }

  return TRUE;
}

/* A guest goes on from its memory only with the disks that it had then. One that did, and was ended before that was written down,
 * has written to them. */
static gboolean
check_memory_fits_disk (StrataAdoption *self, guint index, const char *path, GError **error)
{
  StrataStep *step = strata_plan_get_step (self->plan, index);
  const char *note = STRATA_NOTE_IMAGE;
  gboolean written;

  if (path == NULL ||
      !strata_job_notes_is_disk_of (self->plan, strata_step_get_arg (step, "uuid"), path))
    return TRUE;
  /* While it was being brought back nothing was noted. */
  if (strata_job_notes_get (self->journal, STRATA_NOTE_IMAGE_BEFORE, path) != NULL)
    note = STRATA_NOTE_IMAGE_BEFORE;
  if (!strata_job_notes_is_written (self->connection, self->journal, note, path, &written, error))
    return FALSE;
  if (!written)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("End the job, and revert to the snapshot again; the present state can be "
                       "kept then."),
                    _ ("“%s”, which the job made for “%s”, was written to since; the guest’s "
                       "memory doesn’t go with that"),
                    path, strata_step_get_arg (step, "name"));
  return FALSE;
}

static gboolean
check_memory_fits (StrataAdoption *self, const gboolean *done, GError **error)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      if (done[i] || strata_plan_get_step (self->plan, i)->kind != STRATA_STEP_RESTORE)
        continue;
      for (guint j = 0; j < i; j++)
        {
          const char *path = strata_job_notes_get_made (strata_plan_get_step (self->plan, j));

          if (!check_memory_fits_disk (self, i, path, error))
            return FALSE;
        }
    }

  return TRUE;
}

/**
 * strata_resume_check:
 * @connection: a host
 * @journal: a job that was stopped
 * @cancellable: (nullable): a cancellable
 * @error: `STRATA_ERROR_REFUSED` with who would lose what, or what was found in the way
 *
 * Marks as done what another has done meanwhile.
 *
 * Returns: whether what is left may be done
 */
gboolean
strata_resume_check (StrataConnection *connection,
                     StrataJournal *journal,
                     GCancellable *cancellable,
                     GError **error)
{
  StrataAdoption self = { connection, journal, strata_journal_get_plan (journal), FALSE };
  g_autofree gboolean *done = g_new0 (gboolean, strata_plan_get_n_steps (self.plan));
  g_autoptr (StrataGraph) graph = NULL;

  if (!strata_host_identity_check (connection, journal, error) || !find_undone (&self, error) ||
      !find_done (&self, done, error) || !check_same_snapshots (&self, done, error) ||
      !check_still_off (&self, done, error) || !check_none_open (&self, done, cancellable, error) ||
      !check_none_saved (&self, done, error) || !check_not_gone_on (&self, done, error) ||
      !check_memory_fits (&self, done, error))
    return FALSE;

  for (guint i = 0; i < strata_plan_get_n_steps (self.plan); i++)
    {
      if (!strata_adopt_check_own_snapshot (&self, i, FALSE, error))
        return FALSE;
      if (!done[i] && (!strata_adopt_check_own_file (&self, i, error) ||
                       !strata_adopt_check_made (connection, journal, i, error)))
        return FALSE;
      /* What isn't noted may yet be; and if not, the file is kept, and all the rest is done. */
      if (!done[i] && strata_plan_get_step (self.plan, i)->kind == STRATA_STEP_DELETE_VOLUME &&
          strata_job_notes_get (
              journal, STRATA_NOTE_IMAGE,
              strata_step_get_arg (strata_plan_get_step (self.plan, i), "path")) != NULL &&
          !strata_adopt_check_left (connection, journal, i, error))
        return FALSE;
    }

  graph = strata_connection_gather (connection, cancellable, error);
  if (graph == NULL)
    return FALSE;
  strata_adopt_add_images (&self, graph);

  return strata_adopt_check_kept (graph, journal, done, error) &&
         strata_law_check_steps (graph, self.plan, done, error);
}
