/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What was written since, told by stamps of images (size and time of the last write, as the daemon has them).
 *
 * A person who goes back and discards the present state means the state of then; a layer that was merged away goes because its
 * content is elsewhere. Where a job is slow, or was killed and is resumed days later, the machine may have been used in
 * between: what it wrote is in neither.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/domain/strata-domain-control.h"
#include "host/storage/strata-storage.h"
#include "plan/strata-request.h"
#include "strata-job-notes.h"
#include "strata-job-private.h"
#include "strata-job-stamps.h"
#include "base/strata-error.h"

/* before an image's path, a result: its stamp when the job came upon the machine, or stopped it */
#define PRESENT "present:"
/* likewise: when it was merged into the image below it */
#define MERGED "merged:"

static gboolean
is_revert (StrataPlan *plan)
{
  const StrataRequest *request = strata_plan_get_request (plan);

  return request != NULL && request->kind == STRATA_REQUEST_SNAPSHOT_REVERT;
}

static gboolean
has_kind (StrataPlan *plan, StrataStepKind kind)
{
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      if (strata_plan_get_step (plan, i)->kind == kind)
        return TRUE;
    }

  return FALSE;
}

static const char *
find_uuid (StrataPlan *plan)
{
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      const char *uuid = strata_step_get_arg (strata_plan_get_step (plan, i), "uuid");

      if (uuid != NULL)
        return uuid;
    }

  return NULL;
}

static void
note (StrataJob *job, const char *prefix, const char *path)
{
  g_autofree char *key = g_strconcat (prefix, path, NULL);
  g_autofree char *stamp = strata_job_notes_get_stamp (strata_job_get_connection (job), path);

  strata_job_set_result (job, key, stamp);
}

/* A machine that still runs writes on; what it has by then is noted when it is stopped. */
static void
note_present (StrataJob *job, StrataPlan *plan)
{
  const char *uuid = find_uuid (plan);
  StrataConnection *connection = strata_job_get_connection (job);
  g_autoptr (StrataDomainFacts) facts = uuid != NULL && strata_domain_is_off (connection, uuid)
                                            ? strata_connection_get_domain (connection, uuid, NULL)
                                            : NULL;

  if (facts == NULL || strata_domain_facts_is_active (facts))
    return;

  for (guint i = 0; i < facts->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (facts->disks, i);

      if (disk->source != NULL && g_path_is_absolute (disk->source) &&
          g_strcmp0 (disk->device, "disk") == 0)
        note (job, PRESENT, disk->source);
    }
}

/* The job itself has written to PATH. */
static void
note_again (StrataJob *job, const char *path)
{
  g_autofree char *key = g_strconcat (PRESENT, path, NULL);
  g_autofree char *before = strata_job_get_result (job, key);

  if (before != NULL && *before != '\0')
    note (job, PRESENT, path);
}

/**
 * strata_job_stamps_note_begin:
 * @job: a job
 * @plan: its plan
 * @index: the step that is about to begin
 */
void
strata_job_stamps_note_begin (StrataJob *job, StrataPlan *plan, guint index)
{
  if (index == 0 && is_revert (plan) && !has_kind (plan, STRATA_STEP_SHUT_DOWN))
    note_present (job, plan);
}

/**
 * strata_job_stamps_note_end:
 * @job: a job
 * @plan: its plan
 * @index: the step that is done
 */
void
strata_job_stamps_note_end (StrataJob *job, StrataPlan *plan, guint index)
{
  StrataStep *step = strata_plan_get_step (plan, index);

  /* Keeping the present state as an internal snapshot writes to the image. */
  if (is_revert (plan) &&
      (step->kind == STRATA_STEP_SHUT_DOWN || step->kind == STRATA_STEP_SNAPSHOT_CREATE))
    note_present (job, plan);
  if (step->kind == STRATA_STEP_COMMIT)
    note (job, MERGED, strata_step_get_arg (step, "top"));
  if (is_revert (plan) && step->kind == STRATA_STEP_DELETE_TAG)
    note_again (job, strata_step_get_arg (step, "path"));
}

static gboolean
require_unwritten (StrataConnection *connection,
                   StrataJournal *journal,
                   const char *prefix,
                   const char *path,
                   GError **error)
{
  gboolean merged = g_str_equal (prefix, MERGED);
  gboolean written;

  if (!strata_job_notes_is_written (connection, journal, prefix, path, &written, error))
    return FALSE;
  if (!written)
    return TRUE;

  if (g_strcmp0 (strata_job_notes_get (journal, prefix, path), STRATA_STAMP_UNKNOWN) == 0)
    {
      strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                        _ ("Whether “%s” was written to since can’t be told: its storage pool was "
                           "busy when that was looked at"),
                        path);
      return FALSE;
    }
  strata_set_error (error, STRATA_ERROR_REFUSED,
                    merged ? _ ("“stratactl job resume” merges it once more.")
                           : _ ("End the job, and begin anew."),
                    merged ? _ ("“%s” was written to since it was merged")
                           : _ ("“%s” was written to since the job began, and that would be lost"),
                    path);
  return FALSE;
}

/* The native return writes to what the machine's disks are. */
static gboolean
require_present (StrataConnection *connection, StrataJournal *journal, GError **error)
{
  JsonObjectIter iter;
  const char *key;
  JsonNode *value;

  json_object_iter_init (&iter, strata_journal_get_results (journal));
  while (json_object_iter_next (&iter, &key, &value))
    {
      if (g_str_has_prefix (key, PRESENT) &&
          !require_unwritten (connection, journal, PRESENT, key + strlen (PRESENT), error))
        return FALSE;
    }

  return TRUE;
}

static const StrataDiskXml *
find_disk_on (GPtrArray *disks, const char *path)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (g_strcmp0 (disk->source, path) == 0)
        return disk;
    }

  return NULL;
}

/* The machine of the step at INDEX may have been started on a layer whose content is below by now. */
static gboolean
require_run_on_none (StrataConnection *connection,
                     StrataJournal *journal,
                     guint index,
                     GError **error)
{
  StrataPlan *plan = strata_journal_get_plan (journal);
  g_autoptr (StrataDomainFacts) facts = NULL;
  g_autoptr (GError) local = NULL;

  facts = strata_connection_get_domain (
      connection, strata_step_get_arg (strata_plan_get_step (plan, index), "uuid"), &local);
  if (facts == NULL && !g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (facts == NULL || !strata_domain_facts_is_active (facts))
    return TRUE;

  for (guint i = 0; i < index; i++)
    {
      StrataStep *before = strata_plan_get_step (plan, i);

      if (before->kind != STRATA_STEP_COMMIT ||
          find_disk_on (facts->disks, strata_step_get_arg (before, "top")) == NULL)
        continue;
      strata_set_error (
          error, STRATA_ERROR_REFUSED, _ ("Shut it down, then resume the job."),
          _ ("“%s” was started meanwhile, and runs on “%s”, which was merged already"), facts->name,
          strata_step_get_arg (before, "top"));
      return FALSE;
    }

  return TRUE;
}

static gboolean
require_merged (StrataConnection *connection, StrataJournal *journal, guint index, GError **error)
{
  StrataPlan *plan = strata_journal_get_plan (journal);

  for (guint i = 0; i < index; i++)
    {
      StrataStep *before = strata_plan_get_step (plan, i);

      if (before->kind == STRATA_STEP_COMMIT &&
          !require_unwritten (connection, journal, MERGED, strata_step_get_arg (before, "top"),
                              error))
        return FALSE;
    }

  return require_run_on_none (connection, journal, index, error);
}

/**
 * strata_job_stamps_check:
 * @connection: a host
 * @journal: a job that is being done
 * @index: the step whose turn it is
 * @error: `STRATA_ERROR_REFUSED` with what was written to since
 *
 * Returns: whether the step takes away nothing that was written since
 */
gboolean
strata_job_stamps_check (StrataConnection *connection,
                         StrataJournal *journal,
                         guint index,
                         GError **error)
{
  StrataStep *step = strata_plan_get_step (strata_journal_get_plan (journal), index);

  if (step->kind == STRATA_STEP_SNAPSHOT_REVERT)
    return require_present (connection, journal, error);
  if (step->kind == STRATA_STEP_DEFINE)
    return require_merged (connection, journal, index, error);
  if (step->kind != STRATA_STEP_DELETE_VOLUME)
    return TRUE;

  return require_unwritten (connection, journal, PRESENT, strata_step_get_arg (step, "path"),
                            error) &&
         require_unwritten (connection, journal, MERGED, strata_step_get_arg (step, "path"), error);
}

/* Other merges may have been done or begun after it: each is of another disk, or of the same layer once more. */
static gboolean
is_last_touched (StrataJournal *journal, guint index)
{
  StrataPlan *plan = strata_journal_get_plan (journal);

  for (guint i = index + 1; i < strata_plan_get_n_steps (plan); i++)
    {
      if (strata_journal_get_mark (journal, i) != STRATA_STEP_UNTOUCHED &&
          strata_plan_get_step (plan, i)->kind != STRATA_STEP_COMMIT)
        return FALSE;
    }

  return TRUE;
}

/**
 * strata_job_stamps_adopt:
 * @connection: a host
 * @journal: a job that was stopped, and is resumed
 * @error: `STRATA_ERROR_REFUSED` with what was written to since
 *
 * A merge after which nothing was done yet is begun once more where its layer was written to since: it takes along what came.
 *
 * Returns: whether what is left takes away nothing that was written since
 */
gboolean
strata_job_stamps_adopt (StrataConnection *connection, StrataJournal *journal, GError **error)
{
  StrataPlan *plan = strata_journal_get_plan (journal);

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);
      StrataStepMark mark = strata_journal_get_mark (journal, i);

      if (mark == STRATA_STEP_DONE && step->kind == STRATA_STEP_COMMIT)
        {
          gboolean written = FALSE;

          if (is_last_touched (journal, i) &&
              !strata_job_notes_is_written (connection, journal, MERGED,
                                            strata_step_get_arg (step, "top"), &written, error))
            return FALSE;
          if (written && !strata_journal_begin_step (journal, i, NULL, error))
            return FALSE;
          continue;
        }
      if (mark != STRATA_STEP_DONE && step->kind == STRATA_STEP_DEFINE &&
          !require_run_on_none (connection, journal, i, error))
        return FALSE;
      /* A layer that was merged, and isn't any more, is merged again before its turn comes. */
      if (mark != STRATA_STEP_DONE &&
          (step->kind == STRATA_STEP_SNAPSHOT_REVERT || step->kind == STRATA_STEP_DELETE_VOLUME) &&
          !(step->kind == STRATA_STEP_DELETE_VOLUME
                ? require_unwritten (connection, journal, PRESENT,
                                     strata_step_get_arg (step, "path"), error)
                : require_present (connection, journal, error)))
        return FALSE;
    }

  return TRUE;
}
