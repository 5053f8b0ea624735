/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a job notes in its journal of each step, before that acts and after: by it is told later on what is the job's own, and
 * whether another client has used it since.
 */

#include "config.h"

#include "host/domain/strata-domain-control.h"
#include "host/storage/strata-storage.h"
#include "strata-job-notes.h"
#include "strata-job-private.h"

/* The image that STEP makes and that undoing it removes. */
const char *
strata_job_notes_get_made (StrataStep *step)
{
  if (step->kind == STRATA_STEP_CREATE_OVERLAY)
    return strata_step_get_arg (step, "path");
  if (step->kind == STRATA_STEP_COPY_IMAGE)
    return strata_step_get_arg (step, "destination");
  if (strata_step_is (step, STRATA_STEP_COPY_VERBATIM, STRATA_STEP_CONVERT_TAG))
    return strata_step_get_arg (step, "to");

  return NULL;
}

/* The disks that the plan defines for UUID. */
GHashTable *
strata_job_notes_get_disks (StrataPlan *plan, const char *uuid)
{
  GHashTable *paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);
      g_autoptr (StrataDomainXml) definition = NULL;
      g_autoptr (GPtrArray) disks = NULL;

      if (step->kind != STRATA_STEP_DEFINE ||
          g_strcmp0 (strata_step_get_arg (step, "uuid"), uuid) != 0)
        continue;
      definition = strata_domain_xml_new_from_string (strata_step_get_arg (step, "xml"), NULL);
      disks = definition != NULL ? strata_domain_xml_get_disks (definition) : NULL;
      for (guint j = 0; disks != NULL && j < disks->len; j++)
        {
          const char *source = ((StrataDiskXml *) disks->pdata[j])->source;

          if (source != NULL)
            g_hash_table_add (paths, g_strdup (source));
        }
    }

  return paths;
}

gboolean
strata_job_notes_is_disk_of (StrataPlan *plan, const char *uuid, const char *path)
{
  g_autoptr (GHashTable) paths = strata_job_notes_get_disks (plan, uuid);

  return g_hash_table_contains (paths, path);
}

/* Whether STEP writes to the image PATH that the job made. */
static gboolean
writes (StrataPlan *plan, StrataStep *step, const char *path)
{
  g_autofree char *args = NULL;
  g_autoptr (JsonNode) node = NULL;

  if (g_strcmp0 (strata_job_notes_get_made (step), path) == 0)
    return TRUE;
  if (strata_step_is (step, STRATA_STEP_START, STRATA_STEP_RESTORE))
    return strata_job_notes_is_disk_of (plan, strata_step_get_arg (step, "uuid"), path);
  if (!strata_step_is (step, STRATA_STEP_SEAL, STRATA_STEP_CUSTOMISE, STRATA_STEP_KEEP_TAG,
                       STRATA_STEP_SNAPSHOT_CREATE))
    return FALSE;

  node = json_node_init_object (json_node_alloc (), step->args);
  args = json_to_string (node, FALSE);

  return strstr (args, path) != NULL;
}

char *
strata_job_notes_get_stamp (StrataConnection *connection, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *stamp = strata_storage_get_stamp (connection, path, &error);

  if (error != NULL)
    return g_strdup (STRATA_STAMP_UNKNOWN);

  return stamp != NULL ? g_steal_pointer (&stamp) : g_strdup ("");
}

static char *
image_key (const char *path)
{
  return g_strconcat (STRATA_NOTE_IMAGE, path, NULL);
}

static void
note_images (StrataJob *job, StrataPlan *plan, guint index, gboolean ended)
{
  StrataStep *step = strata_plan_get_step (plan, index);

  for (guint i = 0; i <= index; i++)
    {
      const char *path = strata_job_notes_get_made (strata_plan_get_step (plan, i));
      g_autofree char *key = NULL;
      g_autofree char *stamp = NULL;

      if (path == NULL || !writes (plan, step, path))
        continue;
      key = image_key (path);
      if (ended)
        stamp = strata_job_notes_get_stamp (strata_job_get_connection (job), path);
      /* Nothing while the job itself writes: what it is then can't be told from what another wrote. */
      strata_job_set_result (job, key, stamp != NULL ? stamp : "");
    }
}

static void
note_before (StrataJob *job, StrataPlan *plan, guint index)
{
  for (guint i = 0; i < index; i++)
    {
      const char *path = strata_job_notes_get_made (strata_plan_get_step (plan, i));
      g_autofree char *key = NULL;
      g_autofree char *stamp = NULL;

      if (path == NULL || !writes (plan, strata_plan_get_step (plan, index), path))
        continue;
      key = g_strconcat (STRATA_NOTE_IMAGE_BEFORE, path, NULL);
      stamp = strata_job_notes_get_stamp (strata_job_get_connection (job), path);
      strata_job_set_result (job, key, stamp);
    }
}

/* Whether the plan deletes PATH in the end. */
static gboolean
is_deleted (StrataPlan *plan, const char *path)
{
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);

      if (step->kind == STRATA_STEP_DELETE_VOLUME &&
          g_strcmp0 (strata_step_get_arg (step, "path"), path) == 0)
        return TRUE;
    }

  return FALSE;
}

/* The overlay I of STEP, which takes a snapshot of the state that is left; NULL at the end, and for one that stays. */
static const char *
get_left_overlay (StrataPlan *plan, StrataStep *step, guint i)
{
  JsonArray *disks = step->kind == STRATA_STEP_SNAPSHOT_CREATE
                         ? json_object_get_array_member (step->args, "disks")
                         : NULL;
  const char *overlay = disks != NULL && i < json_array_get_length (disks)
                            ? json_object_get_string_member_with_default (
                                  json_array_get_object_element (disks, i), "overlay", NULL)
                            : NULL;

  return overlay != NULL && is_deleted (plan, overlay) ? overlay : NULL;
}

gboolean
strata_job_notes_is_left (StrataPlan *plan, const char *path)
{
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      const char *overlay;

      for (guint j = 0;
           (overlay = get_left_overlay (plan, strata_plan_get_step (plan, i), j)) != NULL; j++)
        {
          if (g_str_equal (overlay, path))
            return TRUE;
        }
    }

  return FALSE;
}

static gboolean
has_later (StrataPlan *plan, guint index, StrataStepKind kind)
{
  for (guint i = index + 1; i < strata_plan_get_n_steps (plan); i++)
    {
      if (strata_plan_get_step (plan, i)->kind == kind)
        return TRUE;
    }

  return FALSE;
}

/* What was written since the present state was kept is in an overlay that goes. While the machine is off nothing is. */
static void
note_left_overlays (StrataJob *job, StrataPlan *plan, guint index)
{
  StrataStep *step = strata_plan_get_step (plan, index);
  StrataStepKind kind = step->kind;

  if (kind != STRATA_STEP_SHUT_DOWN &&
      (kind != STRATA_STEP_SNAPSHOT_CREATE ||
       (has_later (plan, index, STRATA_STEP_SHUT_DOWN) &&
        !json_object_get_boolean_member_with_default (step->args, "halt", FALSE))))
    return;

  for (guint i = 0; i <= index; i++)
    {
      StrataStep *before = strata_plan_get_step (plan, i);
      const char *overlay;

      for (guint j = 0; (overlay = get_left_overlay (plan, before, j)) != NULL; j++)
        {
          g_autofree char *key = image_key (overlay);
          g_autofree char *stamp =
              strata_job_notes_get_stamp (strata_job_get_connection (job), overlay);

          strata_job_set_result (job, key, stamp);
        }
    }
}

static void
note_definition (StrataJob *job, const char *prefix, const char *uuid)
{
  g_autofree char *key = g_strconcat (prefix, uuid, NULL);
  g_autofree char *xml = strata_domain_get_xml (strata_job_get_connection (job), uuid, NULL);

  strata_job_set_result (job, key, xml != NULL ? xml : "");
}

static char *
begun_key (StrataStep *step)
{
  const char *path = strata_job_notes_get_made (step);

  return path != NULL ? g_strdup_printf ("begun:%s", path)
                      : g_strdup_printf ("begun:%s:%s", strata_step_get_arg (step, "uuid"),
                                         strata_step_get_arg (step, "snapshot"));
}

/* By it a snapshot that a killed process took, or a file that it made, is told from a later one of the same name. */
static void
note_time (StrataJob *job, StrataStep *step)
{
  g_autofree char *key = begun_key (step);
  g_autofree char *now = g_strdup_printf ("%" G_GINT64_FORMAT, g_get_real_time () / G_USEC_PER_SEC);

  strata_job_set_result (job, key, now);
}

void
strata_job_notes_begin (StrataJob *job, StrataPlan *plan, guint index)
{
  StrataStep *step = strata_plan_get_step (plan, index);

  if (strata_step_is (step, STRATA_STEP_RESTORE, STRATA_STEP_START))
    note_before (job, plan, index);
  note_images (job, plan, index, FALSE);
  if (strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_SNAPSHOT_REVERT))
    note_definition (job, STRATA_NOTE_DEFINITION_BEFORE, strata_step_get_arg (step, "uuid"));
  if (step->kind == STRATA_STEP_SNAPSHOT_CREATE || strata_job_notes_get_made (step) != NULL)
    note_time (job, step);
}

void
strata_job_notes_end (StrataJob *job, StrataPlan *plan, guint index)
{
  StrataStep *step = strata_plan_get_step (plan, index);

  note_images (job, plan, index, TRUE);
  note_left_overlays (job, plan, index);
  if (strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_SNAPSHOT_REVERT))
    note_definition (job, STRATA_NOTE_DEFINITION, strata_step_get_arg (step, "uuid"));
}

/* libvirt itself wrote that definition; what the others left may have been changed since. */
void
strata_job_notes_found (StrataJob *job, StrataPlan *plan, guint index)
{
  StrataStep *step = strata_plan_get_step (plan, index);

  if (step->kind == STRATA_STEP_SNAPSHOT_REVERT)
    note_definition (job, STRATA_NOTE_DEFINITION, strata_step_get_arg (step, "uuid"));
}

static const char *
get_note (StrataJournal *journal, const char *key)
{
  const char *note =
      json_object_get_string_member_with_default (strata_journal_get_results (journal), key, NULL);

  return note != NULL && *note != '\0' ? note : NULL;
}

/**
 * strata_job_notes_get:
 * @journal: a job
 * @kind: what a note of it begins with
 * @name: what it is about: an image's path, a domain's UUID
 *
 * Returns: (nullable): the note; %NULL also where the host could not say what was to be noted
 */
const char *
strata_job_notes_get (StrataJournal *journal, const char *kind, const char *name)
{
  g_autofree char *key = g_strconcat (kind, name, NULL);

  return get_note (journal, key);
}

/* Whether the process lived to write it down, be it that nothing was to be found out. */
gboolean
strata_job_notes_has (StrataJournal *journal, const char *kind, const char *name)
{
  g_autofree char *key = g_strconcat (kind, name, NULL);

  return json_object_has_member (strata_journal_get_results (journal), key);
}

/**
 * strata_job_notes_is_written:
 * @connection: a host
 * @journal: a job
 * @kind: what the note begins with of which the stamp of an image follows
 * @path: the image
 * @written: (out): whether it is there and has another stamp, or may have, since the host could not be asked when that was noted;
 *   %FALSE where nothing was noted. Of what a step was begun that starts a guest on it: than before that
 * @error: where to put an error
 *
 * Returns: whether it could be told
 */
gboolean
strata_job_notes_is_written (StrataConnection *connection,
                             StrataJournal *journal,
                             const char *kind,
                             const char *path,
                             gboolean *written,
                             GError **error)
{
  const char *noted = strata_job_notes_get (journal, kind, path);
  g_autofree char *now = NULL;
  g_autoptr (GError) local = NULL;

  *written = FALSE;
  /* The guest that was about to write to it did so, or another did, or none. */
  if (noted == NULL && g_str_equal (kind, STRATA_NOTE_IMAGE))
    noted = strata_job_notes_get (journal, STRATA_NOTE_IMAGE_BEFORE, path);
  if (noted == NULL)
    return TRUE;
  now = strata_storage_get_stamp (connection, path, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  *written = now != NULL && !g_str_equal (now, noted);

  return TRUE;
}

/**
 * strata_job_notes_get_begun:
 * @journal: a job
 * @step: a step of it
 *
 * Returns: when it began, in seconds since 1970; 0 where that isn't noted
 */
gint64
strata_job_notes_get_begun (StrataJournal *journal, StrataStep *step)
{
  g_autofree char *key = begun_key (step);
  const char *noted = get_note (journal, key);

  return noted != NULL ? g_ascii_strtoll (noted, NULL, 10) : 0;
}
