/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Whether what a job did is as it left it, which is asked of the host before it goes on and before it is taken back.
 *
 * While a job was stopped, and while it runs, the host's other clients go on: an image that it made and that was written to since,
 * a definition that was changed since, a machine that was started since are not its own any more.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/domain/strata-domain-control.h"
#include "host/storage/strata-file-chain.h"
#include "host/storage/strata-storage.h"
#include "strata-adopt.h"
#include "strata-job-notes.h"
#include "strata-job-results.h"
#include "jobs/perform/strata-metadata-undo.h"
#include "jobs/perform/strata-precondition.h"
#include "base/strata-error.h"

/* Seconds between a step that takes a snapshot, and libvirt that does. */
#define LONGEST_BEGINNING 2
/* Seconds; on a busy host. To go on from another's costs less than to delete it. */
#define LONGEST_BUSY_BEGINNING 30
/* Seconds until a copy makes its file: the machine that copies has to start, on a host that is busy. */
#define LONGEST_START 120

typedef enum
{
  POWER_ANY,
  POWER_OFF,
  POWER_ON,
} Power;

/* What the steps that were done made of UUID, which the job itself brought to be where that is so. */
static Power
get_expected_power (const StrataAdoption *self, const char *uuid)
{
  Power power = POWER_ANY;

  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (strata_journal_get_mark (self->journal, i) == STRATA_STEP_UNTOUCHED ||
          g_strcmp0 (strata_step_get_arg (step, "uuid"), uuid) != 0)
        continue;
      if (strata_step_is (step, STRATA_STEP_SHUT_DOWN, STRATA_STEP_REQUIRE_OFF) ||
          (step->kind == STRATA_STEP_DEFINE && strata_step_get_arg (step, "previous") == NULL))
        power = POWER_OFF;
      else if (strata_step_is (step, STRATA_STEP_START, STRATA_STEP_RESTORE,
                               STRATA_STEP_REQUIRE_ACTIVE))
        power = POWER_ON;
      else if (step->kind == STRATA_STEP_SNAPSHOT_REVERT)
        power = POWER_ANY;
    }

  return power;
}

gboolean
strata_adopt_check_not_started (const StrataAdoption *self,
                                StrataStep *step,
                                const char *hint,
                                GError **error)
{
  const char *uuid = strata_step_get_arg (step, "uuid");
  StrataDomainState state;
  gboolean exists;

  if (get_expected_power (self, uuid) != POWER_OFF)
    return TRUE;
  if (!strata_domain_exists (self->connection, uuid, &exists, error))
    return FALSE;
  if (!exists)
    return TRUE;
  if (!strata_domain_get_state (self->connection, uuid, &state, error))
    return FALSE;
  if (state == STRATA_DOMAIN_STATE_OFF || state == STRATA_DOMAIN_STATE_CRASHED)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, hint,
                    _ ("“%s” was started since the job was stopped"),
                    strata_step_get_arg (step, "name"));
  return FALSE;
}

/**
 * strata_adopt_check_power:
 * @connection: a host
 * @journal: a job that is being done
 * @index: the step whose turn it is
 * @error: `STRATA_ERROR_CHANGED` where a machine that is off by the steps before was started by another client
 *
 * What was asked of a machine some steps ago isn't true of it any more by the time that takes.
 *
 * Returns: whether what the step needs to be off is off
 */
gboolean
strata_adopt_check_power (StrataConnection *connection,
                          StrataJournal *journal,
                          guint index,
                          GError **error)
{
  StrataAdoption self = { connection, journal, strata_journal_get_plan (journal), FALSE };
  StrataStep *step = strata_plan_get_step (self.plan, index);
  gboolean exists;

  if (!strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_UNDEFINE, STRATA_STEP_SNAPSHOT_REVERT,
                       STRATA_STEP_RESTORE) ||
      get_expected_power (&self, strata_step_get_arg (step, "uuid")) != POWER_OFF)
    return TRUE;
  if (!strata_domain_exists (connection, strata_step_get_arg (step, "uuid"), &exists, error))
    return FALSE;

  return !exists || strata_require_off (connection, strata_step_get_arg (step, "uuid"), error);
}

/* What a machine was saved with goes with the disks and the definition that it had then. */
gboolean
strata_adopt_check_unsaved (const StrataAdoption *self, StrataStep *step, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (strata_step_get_arg (step, "uuid") == NULL ||
      strata_require_unsaved (self->connection, strata_step_get_arg (step, "uuid"), &local))
    return TRUE;

  /* Nothing was done. */
  if (g_error_matches (local, STRATA_ERROR, STRATA_ERROR_BUSY))
    local->code = STRATA_ERROR_REFUSED;
  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

/* An image that neither a pool nor a definition names yet. */
void
strata_adopt_add_images (const StrataAdoption *self, StrataGraph *graph)
{
  static const char *const keys[] = { "path", "backing", "top",  "base",
                                      "via",  "source",  "from", "image" };

  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      for (size_t j = 0; j < G_N_ELEMENTS (keys); j++)
        {
          g_auto (StrataFileChain) link = strata_file_chain_begin (
              strata_step_get_arg (strata_plan_get_step (self->plan, i), keys[j]), NULL);

          while (link.path != NULL && g_path_is_absolute (link.path) &&
                 strata_graph_get_image (graph, link.path) == NULL)
            {
              StrataImage *image = strata_storage_read_image (self->connection, link.path, NULL);

              if (image == NULL)
                break;
              strata_file_chain_next (&link, image->backing_path, NULL);
              strata_graph_take_image (graph, image);
            }
        }
    }
}

static gboolean
is_gone_by (const StrataAdoption *self, const char *path, guint index)
{
  for (guint i = 0; i < index; i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (strata_journal_get_mark (self->journal, i) != STRATA_STEP_UNTOUCHED &&
          strata_step_is (step, STRATA_STEP_DELETE_VOLUME, STRATA_STEP_DELETE_FILE) &&
          g_strcmp0 (strata_step_get_arg (step, "path"), path) == 0)
        return TRUE;
    }

  return FALSE;
}

/* What the steps before INDEX made for the machine that it defines or starts. */
static gboolean
check_made (const StrataAdoption *self, guint index, GError **error)
{
  StrataStep *step = strata_plan_get_step (self->plan, index);
  g_autoptr (GHashTable) disks = NULL;

  if (!strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_START, STRATA_STEP_RESTORE))
    return TRUE;

  disks = strata_job_notes_get_disks (self->plan, strata_step_get_arg (step, "uuid"));
  for (guint i = 0; i < index; i++)
    {
      const char *path = strata_job_notes_get_made (strata_plan_get_step (self->plan, i));
      gboolean exists;

      if (path == NULL || strata_journal_get_mark (self->journal, i) != STRATA_STEP_DONE ||
          !g_hash_table_contains (disks, path) || is_gone_by (self, path, index))
        continue;
      if (!strata_storage_exists (self->connection, path, &exists, error))
        return FALSE;
      if (exists)
        continue;
      strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Bring it back, or take the job back."),
                        _ ("The image “%s”, which the job made, isn’t there any more"), path);
      return FALSE;
    }

  return TRUE;
}

/**
 * strata_adopt_check_made:
 * @connection: a host
 * @journal: a job that is being done
 * @index: the step whose turn it is
 * @error: `STRATA_ERROR_REFUSED` where an image is gone
 *
 * Returns: whether the images that the job made for the machine that the step defines or starts are there
 */
gboolean
strata_adopt_check_made (StrataConnection *connection,
                         StrataJournal *journal,
                         guint index,
                         GError **error)
{
  StrataAdoption self = { connection, journal, strata_journal_get_plan (journal), FALSE };

  return check_made (&self, index, error);
}

/**
 * strata_adopt_check_left:
 * @connection: a host
 * @journal: a job
 * @index: a step that deletes an image
 * @error: `STRATA_ERROR_REFUSED` where it was written to since the job left it
 *
 * Also where it isn't known how the job left it: a process that was killed could not write that down.
 *
 * Returns: whether it may go
 */
gboolean
strata_adopt_check_left (StrataConnection *connection,
                         StrataJournal *journal,
                         guint index,
                         GError **error)
{
  StrataAdoption self = { connection, journal, strata_journal_get_plan (journal), FALSE };
  const char *path = strata_step_get_arg (strata_plan_get_step (self.plan, index), "path");
  gboolean written;

  if (!strata_job_notes_is_left (self.plan, path))
    return TRUE;
  if (!strata_job_notes_has (journal, STRATA_NOTE_IMAGE, path))
    {
      strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                        _ ("Whether “%s” was written to since the state before was kept can’t be "
                           "told"),
                        path);
      return FALSE;
    }
  if (!strata_job_notes_is_written (connection, journal, STRATA_NOTE_IMAGE, path, &written, error))
    return FALSE;
  if (!written)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                    _ ("“%s” was written to since the state before was kept"), path);
  return FALSE;
}

/* One that was begun was perhaps not made, and another client may have put a file there since the process was killed. A copy makes its file at once, or as
 * soon as the machine that copies has started. */
gboolean
strata_adopt_check_own_file (const StrataAdoption *self, guint index, GError **error)
{
  StrataStep *step = strata_plan_get_step (self->plan, index);
  const char *path = strata_job_notes_get_made (step);
  gint64 begun = path != NULL ? strata_job_notes_get_begun (self->journal, step) : 0;
  gint64 birth;

  if (self->at_once || begun == 0 ||
      strata_journal_get_mark (self->journal, index) != STRATA_STEP_BEGUN ||
      !strata_storage_get_birth (self->connection, path, &birth) ||
      (birth >= begun - 1 && birth <= begun + LONGEST_START))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Look at it. Delete it if it is the job’s, move it away if it is not, and "
                       "try again."),
                    _ ("Whether “%s” is the file that the job began can’t be told; going on would "
                       "delete it"),
                    path);
  return FALSE;
}

/* One that was begun may have failed, and another client may have taken one of that name since, on files that are called the
 * same. libvirt writes down when it began with one, which is directly after the job did. */
gboolean
strata_adopt_check_own_snapshot (const StrataAdoption *self,
                                 guint index,
                                 gboolean backwards,
                                 GError **error)
{
  StrataStep *step = strata_plan_get_step (self->plan, index);
  g_autoptr (StrataDomainFacts) facts = NULL;
  StrataSnapshotFacts *snapshot;
  gboolean exists;
  gint64 begun = strata_job_notes_get_begun (self->journal, step);
  gint64 longest = backwards ? LONGEST_BEGINNING : LONGEST_BUSY_BEGINNING;

  /* By what was noted when it was done, it is told for certain. */
  if (step->kind != STRATA_STEP_SNAPSHOT_CREATE || self->at_once ||
      strata_journal_get_mark (self->journal, index) == STRATA_STEP_UNTOUCHED ||
      strata_job_notes_get (self->journal, STRATA_JOB_SNAPSHOT_ID,
                            strata_step_get_arg (step, "snapshot")) != NULL)
    return TRUE;
  if (!strata_domain_exists (self->connection, strata_step_get_arg (step, "uuid"), &exists, error))
    return FALSE;
  facts = exists ? strata_connection_get_domain (self->connection,
                                                 strata_step_get_arg (step, "uuid"), error)
                 : NULL;
  if (facts == NULL)
    return !exists;

  snapshot = strata_domain_facts_find_snapshot (facts, strata_step_get_arg (step, "snapshot"));
  if (snapshot == NULL || (snapshot->created >= begun && snapshot->created <= begun + longest))
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Look at it, and delete it (virsh snapshot-delete) if it is the job’s."),
      backwards ? _ ("Whether the snapshot “%s” of “%s” is the one that the job began can’t be "
                     "told; taking the job back would delete it")
                : _ ("Whether the snapshot “%s” of “%s” is the one that the job began can’t be "
                     "told; the job would go on as if it was"),
      snapshot->name, facts->name);
  return FALSE;
}

/**
 * strata_adopt_check_kept:
 * @graph: the host as it is
 * @journal: a job that was begun
 * @done: which of its steps are done
 * @error: `STRATA_ERROR_REFUSED` where a snapshot that it took isn't there any more, or another has its name
 *
 * Another client may have taken what the job keeps the present state by out of the list, and then nothing names that state once the
 * machine is off it.
 *
 * Returns: whether all that it keeps is kept
 */
gboolean
strata_adopt_check_kept (StrataGraph *graph,
                         StrataJournal *journal,
                         const gboolean *done,
                         GError **error)
{
  StrataPlan *plan = strata_journal_get_plan (journal);

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);
      g_auto (StrataMetadataUndo) undo = { 0 };

      if (!done[i] || step->kind != STRATA_STEP_SNAPSHOT_CREATE)
        continue;
      strata_metadata_undo_init (
          &undo, step->kind, step->args, strata_journal_get_results (journal),
          strata_graph_find_domain (graph, strata_step_get_arg (step, "uuid")));
      if (undo.state == STRATA_METADATA_AS_LEFT)
        continue;
      strata_set_error (
          error, STRATA_ERROR_REFUSED, NULL,
          /* Translators: a snapshot */
          _ ("The snapshot “%s”, by which the job keeps the state before, isn’t there any more"),
          strata_step_get_arg (step, "snapshot"));
      return FALSE;
    }

  return TRUE;
}
