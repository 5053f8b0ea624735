/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a job takes its bytes from: the snapshot that is cloned or gone back to, and the images of a template or a machine.
 *
 * Other clients heed no lock of ours. Who deletes the snapshot meanwhile merges other bytes into the image that it had, and who takes
 * one of the same name puts another moment there; the file, its name and the names in it are the same. So a request knows the
 * snapshot by its ID, the job notes the stamps of the images (STRATA_NOTE_IMAGE is for those that it makes) and of the tags in them,
 * and all of them are asked again before each step that copies, stands on or switches to what they give, after each copy, and when a
 * job is resumed. Past the point of no return what is left has to be done, whatever became of them.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "base/strata-error.h"
#include "host/snapshot/strata-snapshot.h"
#include "host/storage/strata-file-chain.h"
#include "host/storage/strata-image-tags.h"
#include "host/storage/strata-storage.h"
#include "plan/strata-request.h"
#include "strata-job-notes.h"
#include "strata-job-private.h"
#include "strata-job-sources.h"

/* before an image's path, a result: its stamp when the first step that takes from it began, or its own copy was done */
#define IMAGE "source:"
/* likewise, of an image with the snapshot inside of it: what tells that from another one of its name */
#define TAG "source-tag:"

typedef struct
{
  StrataConnection *connection;
  StrataJournal *journal;
  StrataPlan *plan;
  gboolean resumed;
} Sources;

static const char *
get_hint (const Sources *self)
{
  return self->resumed ? _ ("Take the job back, and begin anew.")
                       : _ ("Look at it again, and begin anew.");
}

static gboolean
is_revert (StrataPlan *plan)
{
  const StrataRequest *request = strata_plan_get_request (plan);

  return request != NULL && request->kind == STRATA_REQUEST_SNAPSHOT_REVERT;
}

static gboolean
is_copy (StrataStep *step)
{
  return strata_step_is (step, STRATA_STEP_COPY_IMAGE, STRATA_STEP_COPY_VERBATIM,
                         STRATA_STEP_CONVERT_TAG);
}

static gboolean
is_made (StrataPlan *plan, const char *path)
{
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      if (g_strcmp0 (strata_job_notes_get_made (strata_plan_get_step (plan, i)), path) == 0)
        return TRUE;
    }

  return FALSE;
}

/* (nullable): the image that STEP copies, or puts another on, as it is, or a memory; not one that the plan itself makes */
static const char *
get_image (StrataPlan *plan, StrataStep *step, const char **format)
{
  const char *path = NULL;

  if (step->kind == STRATA_STEP_COPY_IMAGE)
    {
      path = strata_step_get_arg (step, "source");
      *format = strata_step_get_arg (step, "source-format");
    }
  else if (step->kind == STRATA_STEP_COPY_VERBATIM)
    {
      path = strata_step_get_arg (step, "from");
      *format = strata_step_get_arg (step, "format");
    }
  else if (step->kind == STRATA_STEP_CREATE_OVERLAY)
    {
      path = strata_step_get_arg (step, "backing");
      *format = strata_step_get_arg (step, "backing-format");
    }

  else if (step->kind == STRATA_STEP_RESTORE)
    {
      path = strata_step_get_arg (step, "memory-file");
      *format = "raw";
    }

  return path != NULL && !is_made (plan, path) ? path : NULL;
}

/* (nullable): the image of which STEP copies what is TAG in it */
static const char *
get_tagged (StrataPlan *plan, StrataStep *step, const char **tag)
{
  if (step->kind == STRATA_STEP_CONVERT_TAG)
    *tag = strata_step_get_arg (step, "tag");
  else if (step->kind == STRATA_STEP_COPY_VERBATIM && is_revert (plan))
    *tag = strata_plan_get_request (plan)->snapshot;
  else
    return NULL;

  return strata_step_get_arg (step, "from");
}

static gboolean
is_first (StrataStep *step)
{
  return is_copy (step) || step->kind == STRATA_STEP_CREATE_OVERLAY;
}

static void
note_image (StrataJob *job, const char *path)
{
  g_autofree char *key = g_strconcat (IMAGE, path, NULL);
  g_autofree char *stamp = strata_job_notes_get_stamp (strata_job_get_connection (job), path);

  strata_job_set_result (job, key, stamp);
}

static gboolean
is_noted (StrataJob *job, const char *prefix, const char *path)
{
  g_autofree char *key = g_strconcat (prefix, path, NULL);
  g_autofree char *known = strata_job_get_result (job, key);

  return known != NULL;
}

/* With all that it stands on. */
static void
note_chain (StrataJob *job, const char *top, const char *format)
{
  g_auto (StrataFileChain) link = strata_file_chain_begin (top, format);

  while (link.path != NULL && g_path_is_absolute (link.path) && !is_noted (job, IMAGE, link.path))
    {
      g_autoptr (StrataImage) image =
          strata_storage_read_image (strata_job_get_connection (job), link.path, NULL);

      note_image (job, link.path);
      strata_file_chain_next (&link, image != NULL ? image->backing_path : NULL,
                              image != NULL ? image->backing_format : NULL);
    }
}

static void
note_tag (StrataJob *job, const char *path, const char *tag)
{
  g_autofree char *key = g_strconcat (TAG, path, NULL);
  g_autofree char *stamp = NULL;

  if (is_noted (job, TAG, path))
    return;
  stamp = strata_image_tags_get_stamp (strata_job_get_connection (job), path, tag, NULL);
  strata_job_set_result (job, key, stamp != NULL ? stamp : "");
}

/**
 * strata_job_sources_note_begin:
 * @job: a job
 * @plan: its plan
 * @index: the step that is about to begin
 *
 * All of them are noted before the first is taken from, since what is made of them has to be of one moment.
 */
void
strata_job_sources_note_begin (StrataJob *job, StrataPlan *plan, guint index)
{
  if (!is_first (strata_plan_get_step (plan, index)))
    return;

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);
      const char *format = NULL;
      const char *tag = NULL;
      const char *image = get_image (plan, step, &format);
      const char *tagged = get_tagged (plan, step, &tag);

      if (image != NULL)
        note_chain (job, image, format);
      if (tagged != NULL)
        note_tag (job, tagged, tag);
    }
}

/* QEMU writes to the header of what it opens to write, where that has bitmaps; a guest can't have it open meanwhile. */
static gboolean
may_write_to_source (StrataStep *step)
{
  return step->kind == STRATA_STEP_COPY_IMAGE &&
         !json_object_get_boolean_member_with_default (step->args, "read-only", FALSE);
}

/**
 * strata_job_sources_note_end:
 * @job: a job
 * @plan: its plan
 * @index: the step that is done
 */
void
strata_job_sources_note_end (StrataJob *job, StrataPlan *plan, guint index)
{
  StrataStep *step = strata_plan_get_step (plan, index);

  if (may_write_to_source (step))
    note_image (job, strata_step_get_arg (step, "source"));
}

/* What an earlier version began has no notes. */
static gboolean
set_unnoted (const Sources *self, const char *name, GError **error)
{
  strata_set_error (error, STRATA_ERROR_REFUSED, get_hint (self),
                    /* Translators: an image or a snapshot */
                    _ ("Whether “%s” is what it was when the job began can’t be told"), name);
  return FALSE;
}

static gboolean
require_snapshot (const Sources *self, GError **error)
{
  const StrataRequest *request = strata_plan_get_request (self->plan);
  g_autoptr (GError) local = NULL;

  if (request == NULL || request->snapshot == NULL ||
      !(request->kind == STRATA_REQUEST_CLONE || is_revert (self->plan)))
    return TRUE;
  if (request->domain_uuid == NULL || request->snapshot_id == NULL)
    return set_unnoted (self, request->snapshot, error);
  if (strata_snapshot_check_id (self->connection, request->domain_uuid, request->snapshot,
                                request->snapshot_id, &local))
    return TRUE;

  if (g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    strata_set_error (error, STRATA_ERROR_REFUSED, get_hint (self),
                      _ ("The snapshot “%s” was deleted since the job began"), request->snapshot);
  else if (g_error_matches (local, STRATA_ERROR, STRATA_ERROR_REFUSED))
    strata_set_error (
        error, STRATA_ERROR_REFUSED, get_hint (self),
        _ ("“%s” is another snapshot now: it was deleted and made again since the job began"),
        request->snapshot);
  else
    g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

static gboolean
require_unwritten (const Sources *self, const char *path, gboolean copies, GError **error)
{
  gboolean written;

  if (!strata_job_notes_is_written (self->connection, self->journal, IMAGE, path, &written, error))
    return FALSE;
  if (!written)
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_REFUSED, get_hint (self),
      copies
          ? _ ("“%s” was written to since the job began to copy; the copies would not be of one moment")
          : _ ("“%s”, from which the job takes what it makes, was written to since"),
      path);
  return FALSE;
}

/* But for SKIPPED: (nullable). */
static gboolean
require_all_unwritten (const Sources *self, const char *skipped, gboolean copies, GError **error)
{
  JsonObjectIter iter;
  const char *key;
  JsonNode *value;

  json_object_iter_init (&iter, strata_journal_get_results (self->journal));
  while (json_object_iter_next (&iter, &key, &value))
    {
      if (g_str_has_prefix (key, IMAGE) && g_strcmp0 (key + strlen (IMAGE), skipped) != 0 &&
          !require_unwritten (self, key + strlen (IMAGE), copies, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
require_tag (const Sources *self, const char *path, const char *tag, GError **error)
{
  const char *noted = strata_job_notes_get (self->journal, TAG, path);
  g_autofree char *now = NULL;

  if (noted == NULL)
    return TRUE;
  now = strata_image_tags_get_stamp (self->connection, path, tag, error);
  if (now == NULL || g_str_equal (now, noted))
    return now != NULL;

  strata_set_error (
      error, STRATA_ERROR_REFUSED, get_hint (self),
      *now == '\0'
          ? _ ("The internal snapshot “%s” in “%s” was deleted since the job began to copy it")
          : _ ("The internal snapshot “%s” in “%s” is another one than when the job began to copy it"),
      tag, path);
  return FALSE;
}

static gboolean
require_all_tags (const Sources *self, GError **error)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      const char *tag = NULL;
      const char *path = get_tagged (self->plan, strata_plan_get_step (self->plan, i), &tag);

      if (path != NULL && !require_tag (self, path, tag, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
require_noted (const Sources *self, GError **error)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);
      const char *format = NULL;
      const char *tag = NULL;
      const char *image = get_image (self->plan, step, &format);
      const char *tagged = get_tagged (self->plan, step, &tag);

      if (strata_journal_get_mark (self->journal, i) != STRATA_STEP_DONE)
        continue;
      if (image != NULL && !strata_job_notes_has (self->journal, IMAGE, image))
        return set_unnoted (self, image, error);
      if (tagged != NULL && !strata_job_notes_has (self->journal, TAG, tagged))
        return set_unnoted (self, tag, error);
    }

  return TRUE;
}

/* Whether the plan puts anything on a source. */
static gboolean
stands_on_sources (StrataPlan *plan)
{
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);
      const char *format = NULL;

      if (step->kind == STRATA_STEP_CREATE_OVERLAY && get_image (plan, step, &format) != NULL)
        return TRUE;
    }

  return FALSE;
}

/* Of many clones only the first and the last are asked about: what is found at the last takes back all of them. */
static gboolean
is_between (StrataPlan *plan, guint index)
{
  StrataStepKind kind = strata_plan_get_step (plan, index)->kind;
  gboolean before = FALSE;
  gboolean after = FALSE;

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      gboolean same = strata_plan_get_step (plan, i)->kind == kind;

      before = before || (same && i < index);
      after = after || (same && i > index);
    }

  return before && after;
}

/* What was copied is the job's own from then on, and so is what a revert has switched to. */
static gboolean
is_asked_about (const Sources *self, guint index)
{
  StrataStep *step = strata_plan_get_step (self->plan, index);

  if (is_copy (step))
    return TRUE;
  if (strata_step_is (step, STRATA_STEP_CREATE_OVERLAY, STRATA_STEP_DEFINE, STRATA_STEP_START) &&
      is_between (self->plan, index))
    return FALSE;
  if (step->kind == STRATA_STEP_CREATE_OVERLAY)
    return TRUE;

  return strata_step_is (step, STRATA_STEP_COMMIT, STRATA_STEP_DEFINE, STRATA_STEP_RESTORE,
                         STRATA_STEP_SHUT_DOWN, STRATA_STEP_SNAPSHOT_DEFINE,
                         STRATA_STEP_SNAPSHOT_REVERT, STRATA_STEP_START) &&
         (is_revert (self->plan) || stands_on_sources (self->plan));
}

static gboolean
check (const Sources *self, guint index, GError **error)
{
  StrataStep *step = strata_plan_get_step (self->plan, index);
  gboolean copies = is_copy (step);

  if (!strata_journal_can_roll_back (self->journal) || !is_asked_about (self, index))
    return TRUE;
  if (!require_noted (self, error) || !require_snapshot (self, error))
    return FALSE;
  if (copies && !require_all_tags (self, error))
    return FALSE;

  return !(copies || stands_on_sources (self->plan)) ||
         require_all_unwritten (self, NULL, copies, error);
}

/**
 * strata_job_sources_check:
 * @connection: a host
 * @journal: a job that is being done
 * @index: the step whose turn it is
 * @error: `STRATA_ERROR_REFUSED` with what is gone, or is another one
 *
 * Returns: whether what the step takes from, or makes a machine's, is what it was
 */
gboolean
strata_job_sources_check (StrataConnection *connection,
                          StrataJournal *journal,
                          guint index,
                          GError **error)
{
  const Sources self = { connection, journal, strata_journal_get_plan (journal), FALSE };

  return check (&self, index, error);
}

/**
 * strata_job_sources_check_done:
 * @connection: a host
 * @journal: a job that is being done
 * @index: the step that was just done
 * @error: `STRATA_ERROR_REFUSED` with what is gone, or is another one
 *
 * Returns: whether what the step copied was the same all the while, and of the same moment as what the steps before it did
 */
gboolean
strata_job_sources_check_done (StrataConnection *connection,
                               StrataJournal *journal,
                               guint index,
                               GError **error)
{
  const Sources self = { connection, journal, strata_journal_get_plan (journal), FALSE };
  StrataStep *step = strata_plan_get_step (self.plan, index);
  const char *skipped = may_write_to_source (step) ? strata_step_get_arg (step, "source") : NULL;

  return !is_copy (step) || (require_snapshot (&self, error) && require_all_tags (&self, error) &&
                             require_all_unwritten (&self, skipped, TRUE, error));
}

/**
 * strata_job_sources_adopt:
 * @connection: a host
 * @journal: a job that was stopped, and is resumed
 * @error: `STRATA_ERROR_REFUSED` with what is gone, or is another one
 *
 * Returns: whether what is left of it takes from what it took from before
 */
gboolean
strata_job_sources_adopt (StrataConnection *connection, StrataJournal *journal, GError **error)
{
  const Sources self = { connection, journal, strata_journal_get_plan (journal), TRUE };

  for (guint i = 0; i < strata_plan_get_n_steps (self.plan); i++)
    {
      if (strata_journal_get_mark (journal, i) != STRATA_STEP_DONE && is_asked_about (&self, i))
        return check (&self, i, error);
    }

  return TRUE;
}
