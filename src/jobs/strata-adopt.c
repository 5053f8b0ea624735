/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The law asked once more: of what is left of a job when it is resumed, and of the way back when it is undone.
 *
 * While a job was stopped, the host's other clients went on. What is left to do is judged on a fresh graph; what was done is
 * undone only where it is as the job left it: an image that it made and that was written to since, a definition that was
 * changed since, a machine that was started since are not its own any more.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/domain/strata-domain-control.h"
#include "host/snapshot/strata-snapshot.h"
#include "host/storage/strata-file-chain.h"
#include "host/storage/strata-storage.h"
#include "plan/strata-request.h"
#include "strata-host-identity.h"
#include "strata-job-private.h"
#include "strata-precondition.h"
#include "strata-perform-private.h"
#include "strata-adopt.h"
#include "strata-undo-plan.h"
#include "base/strata-error.h"
#include "plan/strata-law.h"

/* Seconds between a step that takes a snapshot, and libvirt that does. */
#define LONGEST_BEGINNING 2
/* Seconds; on a busy host. To go on from another's costs less than to delete it. */
#define LONGEST_BUSY_BEGINNING 30
/* Seconds until a copy makes its file: the machine that copies has to start, on a host that is busy. */
#define LONGEST_START 120

typedef struct
{
  StrataConnection *connection;
  StrataJournal *journal;
  StrataPlan *plan;
  gboolean at_once;
} Adoption;

static const char *
get (StrataStep *step, const char *key)
{
  return json_object_get_string_member_with_default (step->args, key, NULL);
}

/* The image that STEP makes and that undoing it removes. */
static const char *
get_made (StrataStep *step)
{
  if (step->kind == STRATA_STEP_CREATE_OVERLAY)
    return get (step, "path");
  if (step->kind == STRATA_STEP_COPY_IMAGE)
    return get (step, "destination");
  if (strata_step_is (step, STRATA_STEP_COPY_VERBATIM, STRATA_STEP_CONVERT_TAG))
    return get (step, "to");

  return NULL;
}

/* Notes ------------------------------------------------------------------------------------------- */

static char *
image_key (const char *path)
{
  return g_strconcat ("image:", path, NULL);
}

/* The disks that the plan defines for UUID. */
static GHashTable *
get_disks (StrataPlan *plan, const char *uuid)
{
  GHashTable *paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);
      g_autoptr (StrataDomainXml) definition = NULL;
      g_autoptr (GPtrArray) disks = NULL;

      if (step->kind != STRATA_STEP_DEFINE || g_strcmp0 (get (step, "uuid"), uuid) != 0)
        continue;
      definition = strata_domain_xml_new_from_string (get (step, "xml"), NULL);
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

static gboolean
is_disk_of (StrataPlan *plan, const char *uuid, const char *path)
{
  g_autoptr (GHashTable) paths = get_disks (plan, uuid);

  return g_hash_table_contains (paths, path);
}

/* Whether STEP writes to the image PATH that the job made. */
static gboolean
writes (StrataPlan *plan, StrataStep *step, const char *path)
{
  g_autofree char *args = NULL;
  g_autoptr (JsonNode) node = NULL;

  if (g_strcmp0 (get_made (step), path) == 0)
    return TRUE;
  if (strata_step_is (step, STRATA_STEP_START, STRATA_STEP_RESTORE))
    return is_disk_of (plan, get (step, "uuid"), path);
  if (!strata_step_is (step, STRATA_STEP_SEAL, STRATA_STEP_CUSTOMISE, STRATA_STEP_KEEP_TAG,
                       STRATA_STEP_SNAPSHOT_CREATE))
    return FALSE;

  node = json_node_init_object (json_node_alloc (), step->args);
  args = json_to_string (node, FALSE);

  return strstr (args, path) != NULL;
}

static void
note_images (StrataJob *job, StrataPlan *plan, guint index, gboolean ended)
{
  StrataStep *step = strata_plan_get_step (plan, index);

  for (guint i = 0; i <= index; i++)
    {
      const char *path = get_made (strata_plan_get_step (plan, i));
      g_autofree char *key = NULL;
      g_autofree char *stamp = NULL;

      if (path == NULL || !writes (plan, step, path))
        continue;
      key = image_key (path);
      if (ended)
        stamp = strata_storage_get_stamp (strata_job_get_connection (job), path, NULL);
      /* Nothing while the job itself writes: what it is then can't be told from what another wrote. */
      strata_job_set_result (job, key, stamp != NULL ? stamp : "");
    }
}

/* Whether the plan deletes PATH in the end. */
static gboolean
is_deleted (StrataPlan *plan, const char *path)
{
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);

      if (step->kind == STRATA_STEP_DELETE_VOLUME && g_strcmp0 (get (step, "path"), path) == 0)
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
  StrataStepKind kind = strata_plan_get_step (plan, index)->kind;

  if (kind != STRATA_STEP_SHUT_DOWN &&
      (kind != STRATA_STEP_SNAPSHOT_CREATE || has_later (plan, index, STRATA_STEP_SHUT_DOWN)))
    return;

  for (guint i = 0; i <= index; i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);
      const char *overlay;

      for (guint j = 0; (overlay = get_left_overlay (plan, step, j)) != NULL; j++)
        {
          g_autofree char *key = image_key (overlay);
          g_autofree char *stamp =
              strata_storage_get_stamp (strata_job_get_connection (job), overlay, NULL);

          strata_job_set_result (job, key, stamp != NULL ? stamp : "");
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
  const char *path = get_made (step);

  return path != NULL ? g_strdup_printf ("begun:%s", path)
                      : g_strdup_printf ("begun:%s:%s", get (step, "uuid"), get (step, "snapshot"));
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
strata_adopt_note_begin (StrataJob *job, StrataPlan *plan, guint index)
{
  StrataStep *step = strata_plan_get_step (plan, index);

  note_images (job, plan, index, FALSE);
  if (strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_SNAPSHOT_REVERT))
    note_definition (job, STRATA_NOTE_DEFINITION_BEFORE, get (step, "uuid"));
  if (step->kind == STRATA_STEP_SNAPSHOT_CREATE || get_made (step) != NULL)
    note_time (job, step);
}

void
strata_adopt_note_end (StrataJob *job, StrataPlan *plan, guint index)
{
  StrataStep *step = strata_plan_get_step (plan, index);

  note_images (job, plan, index, TRUE);
  note_left_overlays (job, plan, index);
  if (strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_SNAPSHOT_REVERT))
    note_definition (job, STRATA_NOTE_DEFINITION, get (step, "uuid"));
}

/* libvirt itself wrote that definition; what the others left may have been changed since. */
void
strata_adopt_note_found (StrataJob *job, StrataPlan *plan, guint index)
{
  StrataStep *step = strata_plan_get_step (plan, index);

  if (step->kind == STRATA_STEP_SNAPSHOT_REVERT)
    note_definition (job, STRATA_NOTE_DEFINITION, get (step, "uuid"));
}

static const char *
get_note (Adoption *self, const char *key)
{
  const char *note = json_object_get_string_member_with_default (
      strata_journal_get_results (self->journal), key, NULL);

  return note != NULL && *note != '\0' ? note : NULL;
}

/* Power ------------------------------------------------------------------------------------------- */

typedef enum
{
  POWER_ANY,
  POWER_OFF,
  POWER_ON,
} Power;

/* What the steps that were done made of UUID, which the job itself brought to be where that is so. */
static Power
get_expected_power (Adoption *self, const char *uuid)
{
  Power power = POWER_ANY;

  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (strata_journal_get_mark (self->journal, i) == STRATA_STEP_UNTOUCHED ||
          g_strcmp0 (get (step, "uuid"), uuid) != 0)
        continue;
      if (strata_step_is (step, STRATA_STEP_SHUT_DOWN, STRATA_STEP_REQUIRE_OFF) ||
          (step->kind == STRATA_STEP_DEFINE && get (step, "previous") == NULL))
        power = POWER_OFF;
      else if (strata_step_is (step, STRATA_STEP_START, STRATA_STEP_RESTORE,
                               STRATA_STEP_REQUIRE_ACTIVE))
        power = POWER_ON;
      else if (step->kind == STRATA_STEP_SNAPSHOT_REVERT)
        power = POWER_ANY;
    }

  return power;
}

static gboolean
check_not_started (Adoption *self, StrataStep *step, const char *hint, GError **error)
{
  const char *uuid = get (step, "uuid");
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
                    _ ("“%s” was started since the job was stopped"), get (step, "name"));
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
  Adoption self = { connection, journal, strata_journal_get_plan (journal), FALSE };
  StrataStep *step = strata_plan_get_step (self.plan, index);
  gboolean exists;

  if (!strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_UNDEFINE, STRATA_STEP_SNAPSHOT_REVERT,
                       STRATA_STEP_RESTORE) ||
      get_expected_power (&self, get (step, "uuid")) != POWER_OFF)
    return TRUE;
  if (!strata_domain_exists (connection, get (step, "uuid"), &exists, error))
    return FALSE;

  return !exists || strata_require_off (connection, get (step, "uuid"), error);
}

/* What a machine was saved with goes with the disks and the definition that it had then. */
static gboolean
check_unsaved (Adoption *self, StrataStep *step, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (get (step, "uuid") == NULL ||
      strata_require_unsaved (self->connection, get (step, "uuid"), &local))
    return TRUE;

  /* Nothing was done. */
  if (g_error_matches (local, STRATA_ERROR, STRATA_ERROR_BUSY))
    local->code = STRATA_ERROR_REFUSED;
  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

/* Going on ---------------------------------------------------------------------------------------- */

/* An image that neither a pool nor a definition names yet. */
static void
add_images (Adoption *self, StrataGraph *graph)
{
  static const char *const keys[] = { "path", "backing", "top",  "base",
                                      "via",  "source",  "from", "image" };

  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      for (size_t j = 0; j < G_N_ELEMENTS (keys); j++)
        {
          g_auto (StrataFileChain) link =
              strata_file_chain_begin (get (strata_plan_get_step (self->plan, i), keys[j]), NULL);

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

/* Another may have done what is left, by its own ways: only what takes something away can be found done without having been
 * begun. */
static gboolean
may_be_overtaken (StrataStep *step)
{
  return strata_step_is (step, STRATA_STEP_DELETE_VOLUME, STRATA_STEP_DELETE_FILE,
                         STRATA_STEP_DELETE_METADATA, STRATA_STEP_UNDEFINE, STRATA_STEP_COMMIT);
}

/* A step that was undone is marked as done where that couldn't be written down any more: by a process that was killed, or in a
 * folder that was full. The way back stops there, so that it is the last one. */
static gboolean
find_undone (Adoption *self, GError **error)
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
  if (get_made (step) != NULL)
    {
      if (!strata_storage_exists (self->connection, get_made (step), &done, error))
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

static gboolean
is_gone_by (Adoption *self, const char *path, guint index)
{
  for (guint i = 0; i < index; i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (strata_journal_get_mark (self->journal, i) != STRATA_STEP_UNTOUCHED &&
          strata_step_is (step, STRATA_STEP_DELETE_VOLUME, STRATA_STEP_DELETE_FILE) &&
          g_strcmp0 (get (step, "path"), path) == 0)
        return TRUE;
    }

  return FALSE;
}

/* What the steps before INDEX made for the machine that it defines or starts. */
static gboolean
check_made (Adoption *self, guint index, GError **error)
{
  StrataStep *step = strata_plan_get_step (self->plan, index);
  g_autoptr (GHashTable) disks = NULL;

  if (!strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_START, STRATA_STEP_RESTORE))
    return TRUE;

  disks = get_disks (self->plan, get (step, "uuid"));
  for (guint i = 0; i < index; i++)
    {
      const char *path = get_made (strata_plan_get_step (self->plan, i));
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
  Adoption self = { connection, journal, strata_journal_get_plan (journal), FALSE };

  return check_made (&self, index, error);
}

/* Before the point of no return nothing can have been overtaken, and a mark would cut the way back off. */
static gboolean
find_done (Adoption *self, gboolean *done, GError **error)
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

/* A machine that has to be off for what is left, and was made sure of by a step that is done. */
static gboolean
check_still_off (Adoption *self, const gboolean *done, GError **error)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (!done[i] &&
          strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_UNDEFINE,
                          STRATA_STEP_SNAPSHOT_REVERT, STRATA_STEP_RESTORE) &&
          !check_not_started (self, step, _ ("Shut it down, and try again."), error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
is_shut_down_first (Adoption *self, const char *uuid, const gboolean *done, guint index)
{
  for (guint i = 0; i < index; i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (!done[i] && step->kind == STRATA_STEP_SHUT_DOWN &&
          g_strcmp0 (get (step, "uuid"), uuid) == 0)
        return TRUE;
    }

  return FALSE;
}

/* What is merged in a worker may be open nowhere else. */
static gboolean
check_not_open (Adoption *self,
                GPtrArray *domains,
                const gboolean *done,
                guint index,
                GError **error)
{
  StrataStep *step = strata_plan_get_step (self->plan, index);
  const char *opened = get (step, step->kind == STRATA_STEP_PULL ? "image"
                                  : get (step, "via") != NULL    ? "via"
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
check_none_open (Adoption *self, const gboolean *done, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) domains =
      strata_connection_list_domains (self->connection, cancellable, error);

  for (guint i = 0; domains != NULL && i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (!done[i] && strata_step_is (step, STRATA_STEP_COMMIT, STRATA_STEP_PULL) &&
          get (step, "uuid") == NULL && !check_not_open (self, domains, done, i, error))
        return FALSE;
    }

  return domains != NULL;
}

static gboolean
check_none_saved (Adoption *self, const gboolean *done, GError **error)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (!done[i] &&
          strata_step_is (step, STRATA_STEP_SNAPSHOT_CREATE, STRATA_STEP_SNAPSHOT_REVERT,
                          STRATA_STEP_DEFINE, STRATA_STEP_UNDEFINE, STRATA_STEP_RESTORE,
                          STRATA_STEP_SHUT_DOWN, STRATA_STEP_START, STRATA_STEP_COMMIT,
                          STRATA_STEP_PULL) &&
          !check_unsaved (self, step, error))
        return FALSE;
    }

  return TRUE;
}

/* Whether the state that is left was to be kept, and isn't yet. */
static gboolean
is_still_to_keep (Adoption *self, const gboolean *done)
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
is_kept_unseen (Adoption *self, guint index)
{
  return strata_plan_get_step (self->plan, index)->kind == STRATA_STEP_SNAPSHOT_CREATE &&
         strata_journal_get_mark (self->journal, index) == STRATA_STEP_BEGUN;
}

/* A guest that was to be stopped for a revert went on when the job stopped instead. What was kept, or what a person said to
 * discard, was the state of then. */
static gboolean
check_not_gone_on (Adoption *self, const gboolean *done, GError **error)
{
  const StrataRequest *request = strata_plan_get_request (self->plan);

  if (request == NULL || request->kind != STRATA_REQUEST_SNAPSHOT_REVERT ||
      is_still_to_keep (self, done))
    return TRUE;

  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (!is_kept_unseen (self, i) && (done[i] || step->kind != STRATA_STEP_SHUT_DOWN))
        continue;
      strata_set_error (
          error, STRATA_ERROR_REFUSED, _ ("End the job, and begin anew."),
          _ ("“%s” may have gone on since the job was stopped, and what it wrote would be lost"),
          get (step, "name"));
      return FALSE;
    }

  return TRUE;
}

static gboolean
is_left (StrataPlan *plan, const char *path)
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
  Adoption self = { connection, journal, strata_journal_get_plan (journal), FALSE };
  const char *path = get (strata_plan_get_step (self.plan, index), "path");
  g_autofree char *key = image_key (path);
  const char *noted = get_note (&self, key);
  g_autofree char *now = NULL;
  g_autoptr (GError) local = NULL;

  if (!is_left (self.plan, path))
    return TRUE;
  if (!json_object_has_member (strata_journal_get_results (journal), key))
    {
      strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                        _ ("Whether “%s” was written to since the state before was kept can’t be "
                           "told"),
                        path);
      return FALSE;
    }
  /* The host can't say when it was written. */
  if (noted == NULL)
    return TRUE;

  now = strata_storage_get_stamp (connection, path, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (now == NULL || g_str_equal (now, noted))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                    _ ("“%s” was written to since the state before was kept"), path);
  return FALSE;
}

/* What isn't noted may yet be; and if not, the file is kept, and all the rest is done. */
static gboolean
is_left_noted (Adoption *self, guint index)
{
  g_autofree char *key = image_key (get (strata_plan_get_step (self->plan, index), "path"));

  return get_note (self, key) != NULL;
}

/* One that was begun was perhaps not made, and another client may have put a file there since the process was killed. A copy makes its file at once, or as
 * soon as the machine that copies has started. */
static gboolean
check_own_file (Adoption *self, guint index, GError **error)
{
  StrataStep *step = strata_plan_get_step (self->plan, index);
  const char *path = get_made (step);
  g_autofree char *key = path != NULL ? begun_key (step) : NULL;
  const char *noted = path != NULL ? get_note (self, key) : NULL;
  gint64 begun = noted != NULL ? g_ascii_strtoll (noted, NULL, 10) : 0;
  gint64 birth;

  if (self->at_once || noted == NULL ||
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

/**
 * strata_adopt_check_kept:
 * @graph: the host as it is
 * @plan: a plan that was begun
 * @done: which of its steps are done
 * @error: `STRATA_ERROR_REFUSED` where a snapshot that it took isn't there any more
 *
 * Another client may have taken what the job keeps the present state by out of the list, and then nothing names that state once the
 * machine is off it.
 *
 * Returns: whether all that it keeps is kept
 */
gboolean
strata_adopt_check_kept (StrataGraph *graph, StrataPlan *plan, const gboolean *done, GError **error)
{
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);
      const StrataDomainFacts *domain;

      if (!done[i] || step->kind != STRATA_STEP_SNAPSHOT_CREATE)
        continue;
      domain = strata_graph_find_domain (graph, get (step, "uuid"));
      if (domain != NULL &&
          strata_domain_facts_find_snapshot (domain, get (step, "snapshot")) != NULL)
        continue;
      strata_set_error (
          error, STRATA_ERROR_REFUSED, NULL,
          /* Translators: a snapshot */
          _ ("The snapshot “%s”, by which the job keeps the state before, isn’t there any more"),
          get (step, "snapshot"));
      return FALSE;
    }

  return TRUE;
}

/* One that was begun may have failed, and another client may have taken one of that name since, on files that are called the
 * same. libvirt writes down when it began with one, which is directly after the job did. */
static gboolean
check_own_snapshot (Adoption *self, guint index, gboolean backwards, GError **error)
{
  StrataStep *step = strata_plan_get_step (self->plan, index);
  g_autofree char *key = begun_key (step);
  const char *noted = get_note (self, key);
  g_autoptr (StrataDomainFacts) facts = NULL;
  StrataSnapshotFacts *snapshot;
  gboolean exists;
  gint64 begun, longest = backwards ? LONGEST_BEGINNING : LONGEST_BUSY_BEGINNING;

  if (step->kind != STRATA_STEP_SNAPSHOT_CREATE || self->at_once ||
      strata_journal_get_mark (self->journal, index) != STRATA_STEP_BEGUN)
    return TRUE;
  if (!strata_domain_exists (self->connection, get (step, "uuid"), &exists, error))
    return FALSE;
  facts =
      exists ? strata_connection_get_domain (self->connection, get (step, "uuid"), error) : NULL;
  if (facts == NULL)
    return !exists;

  snapshot = strata_domain_facts_find_snapshot (facts, get (step, "snapshot"));
  begun = noted != NULL ? g_ascii_strtoll (noted, NULL, 10) : 0;
  if (snapshot == NULL || (snapshot->created >= begun && snapshot->created <= begun + longest))
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_REFUSED, _ ("Look at it, and delete it if it is the job’s."),
      backwards ? _ ("Whether the snapshot “%s” of “%s” is the one that the job began can’t be "
                     "told; taking the job back would delete it")
                : _ ("Whether the snapshot “%s” of “%s” is the one that the job began can’t be "
                     "told; the job would go on as if it was"),
      snapshot->name, facts->name);
  return FALSE;
}

/**
 * strata_adopt_check_forward:
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
strata_adopt_check_forward (StrataConnection *connection,
                            StrataJournal *journal,
                            GCancellable *cancellable,
                            GError **error)
{
  Adoption self = { connection, journal, strata_journal_get_plan (journal), FALSE };
  g_autofree gboolean *done = g_new0 (gboolean, strata_plan_get_n_steps (self.plan));
  g_autoptr (StrataGraph) graph = NULL;

  if (!strata_host_identity_check (connection, journal, error) || !find_undone (&self, error) ||
      !find_done (&self, done, error) || !check_still_off (&self, done, error) ||
      !check_none_open (&self, done, cancellable, error) ||
      !check_none_saved (&self, done, error) || !check_not_gone_on (&self, done, error))
    return FALSE;

  for (guint i = 0; i < strata_plan_get_n_steps (self.plan); i++)
    {
      if (!check_own_snapshot (&self, i, FALSE, error))
        return FALSE;
      if (!done[i] && (!check_own_file (&self, i, error) || !check_made (&self, i, error)))
        return FALSE;
      if (!done[i] && strata_plan_get_step (self.plan, i)->kind == STRATA_STEP_DELETE_VOLUME &&
          is_left_noted (&self, i) && !strata_adopt_check_left (connection, journal, i, error))
        return FALSE;
    }

  graph = strata_connection_gather (connection, cancellable, error);
  if (graph == NULL)
    return FALSE;
  add_images (&self, graph);

  return strata_adopt_check_kept (graph, self.plan, done, error) &&
         strata_law_check_steps (graph, self.plan, done, error);
}

/* Going back -------------------------------------------------------------------------------------- */

/* Whether this process started the machine that writes to PATH. */
static gboolean
is_written_by_us (Adoption *self, const char *path)
{
  for (guint i = 0; self->at_once && i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (strata_step_is (step, STRATA_STEP_START, STRATA_STEP_RESTORE) &&
          strata_journal_get_mark (self->journal, i) != STRATA_STEP_UNTOUCHED &&
          is_disk_of (self->plan, get (step, "uuid"), path))
        return TRUE;
    }

  return FALSE;
}

/* Of a snapshot on top of it, whose undoing merges it back into PATH, the file stands still below. */
static gboolean
check_unwritten (Adoption *self, StrataStep *step, GError **error)
{
  const char *path = get_made (step);
  g_autofree char *key = path != NULL ? image_key (path) : NULL;
  const char *noted = path != NULL ? get_note (self, key) : NULL;
  g_autofree char *now = NULL;
  g_autoptr (GError) local = NULL;

  if (noted == NULL || is_written_by_us (self, path))
    return TRUE;

  now = strata_storage_get_stamp (self->connection, path, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (now == NULL || g_str_equal (now, noted))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                    _ ("“%s”, which the job made, was written to since; taking the job back would "
                       "lose that"),
                    path);
  return FALSE;
}

static gboolean
is_last_define (Adoption *self, guint index)
{
  const char *uuid = get (strata_plan_get_step (self->plan, index), "uuid");

  for (guint i = index + 1; i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (strata_journal_get_mark (self->journal, i) != STRATA_STEP_UNTOUCHED &&
          strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_UNDEFINE,
                          STRATA_STEP_SNAPSHOT_CREATE) &&
          g_strcmp0 (get (step, "uuid"), uuid) == 0)
        return FALSE;
    }

  return TRUE;
}

/* What was defined since is another's. */
static gboolean
check_own_definition (Adoption *self, guint index, GError **error)
{
  StrataStep *step = strata_plan_get_step (self->plan, index);
  const char *uuid = get (step, "uuid");
  g_autofree char *key = g_strconcat (STRATA_NOTE_DEFINITION, uuid, NULL);
  const char *noted = get_note (self, key);
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
                    get (step, "name"));
  return FALSE;
}

/* What the step itself knows of what it made. */
static gboolean
check_undo (Adoption *self, StrataStep *step, GError **error)
{
  const StrataStepOps *klass = strata_step_get_ops (step->kind);
  StrataStepContext context = { self->connection, step->args, NULL,
                                strata_journal_get_results (self->journal) };

  return klass->check_undo == NULL || klass->check_undo (&context, error);
}

/* Where its definition or its images are to go from under it. */
static gboolean
check_step_back (Adoption *self, guint index, GError **error)
{
  StrataStep *step = strata_plan_get_step (self->plan, index);

  if (strata_journal_get_mark (self->journal, index) == STRATA_STEP_UNTOUCHED)
    return TRUE;
  if (strata_step_is (step, STRATA_STEP_SNAPSHOT_CREATE, STRATA_STEP_DEFINE,
                      STRATA_STEP_UNDEFINE) &&
      !check_unsaved (self, step, error))
    return FALSE;
  if (!check_own_snapshot (self, index, TRUE, error) || !check_own_file (self, index, error) ||
      !check_undo (self, step, error))
    return FALSE;
  if (step->kind != STRATA_STEP_DEFINE)
    return check_unwritten (self, step, error);
  if (!is_last_define (self, index))
    return TRUE;

  return check_not_started (self, step, NULL, error) && check_own_definition (self, index, error);
}

/* Whether there is anything that undoing could take from another client. */
static gboolean
has_begun (Adoption *self)
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

/* Whether the job starts a machine that writes to PATH, which it did until that was undone. */
static gboolean
is_started_on (Adoption *self, const char *path)
{
  for (guint i = 0; path != NULL && i < strata_plan_get_n_steps (self->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i);

      if (strata_step_is (step, STRATA_STEP_START, STRATA_STEP_RESTORE) &&
          is_disk_of (self->plan, get (step, "uuid"), path))
        return TRUE;
    }

  return FALSE;
}

/* Whether everything that is still marked as done may be undone. */
static gboolean
check_undo_plan (Adoption *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (StrataGraph) graph = strata_connection_gather (self->connection, cancellable, error);
  g_autoptr (StrataPlan) undo = NULL;

  if (graph == NULL)
    return FALSE;
  add_images (self, graph);
  undo = strata_undo_plan_new (self->journal, graph, self->at_once);

  return strata_law_check_steps (graph, undo, NULL, error);
}

/**
 * strata_adopt_check_removal:
 * @connection: a host
 * @journal: a job that is being taken back
 * @index: the step whose turn it is
 * @at_once: whether the process that did the steps undoes them
 * @error: `STRATA_ERROR_REFUSED` with what was used since, or who would lose what
 *
 * The way back was judged before it was begun; other clients go on meanwhile, and what a step made goes for good.
 *
 * Returns: whether what the step made may go now
 */
gboolean
strata_adopt_check_removal (StrataConnection *connection,
                            StrataJournal *journal,
                            guint index,
                            gboolean at_once,
                            GError **error)
{
  Adoption self = { connection, journal, strata_journal_get_plan (journal), at_once };
  StrataStep *step = strata_plan_get_step (self.plan, index);

  /* A guest that goes on from its memory gets new overlays in the place of those that it had. */
  if (get_made (step) == NULL &&
      !strata_step_is (step, STRATA_STEP_SNAPSHOT_CREATE, STRATA_STEP_SHUT_DOWN))
    return TRUE;

  return check_undo_plan (&self, NULL, error) &&
         (is_started_on (&self, get_made (step)) || check_unwritten (&self, step, error));
}

/**
 * strata_adopt_check_back:
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
strata_adopt_check_back (StrataConnection *connection,
                         StrataJournal *journal,
                         gboolean at_once,
                         GCancellable *cancellable,
                         GError **error)
{
  Adoption self = { connection, journal, strata_journal_get_plan (journal), at_once };

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
