/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A guest that is stopped loses its memory. Where that is kept, it is stopped in the same call of libvirt's, so that nothing it
 * did is in neither; the way back begins with it; and what keeps it is only given up while a guest runs that has it itself.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/snapshot/strata-bring-back.h"
#include "host/domain/strata-domain-control.h"
#include "host/domain/strata-restore.h"
#include "host/snapshot/strata-snapshot-reconcile.h"
#include "host/snapshot/strata-snapshot.h"
#include "host/storage/strata-storage.h"
#include "jobs/strata-job-notes.h"
#include "jobs/strata-job-private.h"
#include "jobs/strata-journal.h"
#include "strata-kept-stamps.h"
#include "strata-kept-state.h"
#include "strata-precondition.h"
#include "strata-perform-private.h"
#include "base/strata-error.h"

/* before a UUID, a note: which run of the guest has the memory that was kept */
#define NOTE_RUN "run:"
/* before a UUID, a note: the guest was stopped, so that one that runs now is another */
#define NOTE_WAS_STOPPED "was-stopped:"
/* before a UUID, a note: the guest was stopped with the keeping */
#define NOTE_HALTED "halted:"

static gboolean
has_memory (StrataStepContext *context)
{
  g_auto (StrataSnapshotParams) params = { NULL };

  strata_snapshot_params_read (context, &params);

  return strata_snapshot_params_have_memory (&params);
}

/* The step up to CONTEXT, which stops a guest, that kept its memory. */
static gboolean
find_kept (StrataStepContext *context, StrataStepContext *kept)
{
  const char *uuid = strata_step_context_get (context, "uuid");

  for (guint i = 0; context->plan != NULL && i < strata_plan_get_n_steps (context->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (context->plan, i);

      *kept = *context;
      kept->args = step->args;
      if (step->kind == STRATA_STEP_SNAPSHOT_CREATE &&
          g_strcmp0 (strata_step_context_get (kept, "uuid"), uuid) == 0 && has_memory (kept))
        return TRUE;
      if (step->args == context->args)
        break;
    }

  return FALSE;
}

gboolean
strata_kept_state_find_stop (StrataStepContext *context, StrataStepContext *stop)
{
  const char *uuid = strata_step_context_get (context, "uuid");

  for (guint i = 0; context->plan != NULL && i < strata_plan_get_n_steps (context->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (context->plan, i);

      *stop = *context;
      stop->args = step->args;
      if (step->kind == STRATA_STEP_SHUT_DOWN &&
          g_strcmp0 (strata_step_context_get (stop, "uuid"), uuid) == 0)
        return TRUE;
    }

  return FALSE;
}

/* A guest that was stood still and let go since isn't said to be booted any more; one that is was so all the time. */
static gboolean
is_same_run (const char *before, const char *now)
{
  static const char *const booted = STRATA_RUN_BOOTED;
  gsize n_before = strlen (before) - (g_str_has_suffix (before, booted) ? strlen (booted) : 0);
  gsize n_now = strlen (now) - (g_str_has_suffix (now, booted) ? strlen (booted) : 0);

  return n_before == n_now && strncmp (before, now, n_now) == 0 &&
         (!g_str_has_suffix (now, booted) || g_str_has_suffix (before, booted));
}

static char *
run_key (StrataStepContext *context)
{
  return g_strconcat (NOTE_RUN, strata_step_context_get (context, "uuid"), NULL);
}

static void
note_run (StrataStepContext *context)
{
  g_autofree char *key = run_key (context);
  g_autofree char *run = NULL;

  if (strata_domain_query_run (context->connection, strata_step_context_get (context, "uuid"), &run,
                               NULL) &&
      run != NULL)
    strata_job_set_result (context->job, key, run);
}

/* (transfer full) (nullable): also what the step itself has noted */
static char *
get_note (StrataStepContext *context, const char *key)
{
  char *fresh = context->job != NULL ? strata_job_get_result (context->job, key) : NULL;

  return fresh != NULL ? fresh : g_strdup (strata_step_context_get_note (context, key));
}

static char *
halted_key (StrataStepContext *context)
{
  return g_strconcat (NOTE_HALTED, strata_step_context_get (context, "uuid"), NULL);
}

void
strata_kept_state_note_before (StrataStepContext *context)
{
  if (context->job != NULL && has_memory (context) && !strata_step_context_is (context, "halt"))
    note_run (context);
}

void
strata_kept_state_note_taken (StrataStepContext *context)
{
  g_autofree char *key = NULL;

  if (context->job == NULL)
    return;
  strata_kept_state_note_before (context);
  if (!strata_step_context_is (context, "halt"))
    return;

  strata_kept_stamps_note (context);
  key = halted_key (context);
  strata_job_set_result (context->job, key, "yes");
}

static char *
was_stopped_key (StrataStepContext *context)
{
  return g_strconcat (NOTE_WAS_STOPPED, strata_step_context_get (context, "uuid"), NULL);
}

void
strata_kept_state_note_stopped (StrataStepContext *context)
{
  StrataStepContext kept;
  g_autofree char *was_stopped = NULL;

  if (context->job == NULL)
    return;
  was_stopped = was_stopped_key (context);
  strata_job_set_result (context->job, was_stopped, "yes");
  if (find_kept (context, &kept) && !strata_step_context_is (&kept, "halt"))
    strata_kept_stamps_note (&kept);
}

gboolean
strata_kept_state_require_last (StrataStepContext *context, GError **error)
{
  StrataStepContext kept;
  StrataDomainState state;

  if (!find_kept (context, &kept) || !strata_step_context_is (&kept, "halt"))
    return TRUE;
  if (!strata_domain_get_state (context->connection, strata_step_context_get (context, "uuid"),
                                &state, error))
    return FALSE;
  if (state == STRATA_DOMAIN_STATE_OFF || state == STRATA_DOMAIN_STATE_CRASHED)
    return strata_kept_stamps_require (context, &kept, error);

  strata_set_error (error, STRATA_ERROR_CHANGED, _ ("Look at it again, and begin anew."),
                    _ ("“%s” was started after its state was kept"),
                    strata_step_context_get (context, "name"));
  return FALSE;
}

/* Whether the snapshot is there, the very one, with its memory. */
static gboolean
is_kept (StrataStepContext *kept,
         const StrataSnapshotParams *params,
         gboolean *there,
         GError **error)
{
  g_autofree char *key = g_strconcat (STRATA_JOB_SNAPSHOT_ID, params->name, NULL);
  const char *id = strata_step_context_get_note (kept, key);
  g_autoptr (GError) local = NULL;

  *there = FALSE;
  if (!strata_snapshot_exists (kept->connection, params->uuid, params->name, there, error))
    return FALSE;
  if (!*there)
    return TRUE;
  if (id != NULL &&
      !strata_snapshot_check_id (kept->connection, params->uuid, params->name, id, &local))
    {
      *there = FALSE;
      if (g_error_matches (local, STRATA_ERROR, STRATA_ERROR_REFUSED) ||
          g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  return params->memory_file == NULL ||
         strata_storage_exists (kept->connection, params->memory_file, there, error);
}

/* libvirt may have lost the snapshot, or never written it down, and the memory is whole all the same. */
static gboolean
has_memory_file (StrataStepContext *kept,
                 const StrataSnapshotParams *params,
                 gboolean *there,
                 GError **error)
{
  gboolean another;

  *there = FALSE;

  return params->memory_file == NULL ||
         (strata_snapshot_exists (kept->connection, params->uuid, params->name, &another, error) &&
          (another || strata_storage_exists (kept->connection, params->memory_file, there, error)));
}

static void G_GNUC_PRINTF (2, 3) tell (StrataStepContext *context, const char *format, ...)
{
  g_autofree char *sentence = NULL;
  va_list ap;

  va_start (ap, format);
  sentence = g_strdup_vprintf (format, ap);
  va_end (ap);
  if (context->job != NULL)
    strata_job_add_line (context->job, STRATA_JOB_NOT_BACK, sentence);
}

static void
tell_anew (StrataStepContext *context)
{
  tell (context, _ ("“%s” was stopped, and was started anew: what was in its memory is lost."),
        strata_step_context_get (context, "name"));
}

void
strata_kept_state_tell_asked (StrataStepContext *context)
{
  tell (context, _ ("“%s” was asked to shut down, and may do so yet; nothing starts it then."),
        strata_step_context_get (context, "name"));
}

gboolean
strata_kept_state_start_again (StrataStepContext *context, gboolean *started, GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");
  g_autoptr (GError) local = NULL;

  *started = FALSE;
  if (!strata_require_unshared (context->connection, uuid, NULL, &local))
    {
      if (!g_error_matches (local, STRATA_ERROR, STRATA_ERROR_CHANGED))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      /* Translators: a virtual machine, then why, without a full stop */
      tell (context, _ ("“%s” stays off: %s."), strata_step_context_get (context, "name"),
            local->message);
      return TRUE;
    }
  *started = strata_domain_start (context->connection, uuid,
                                  strata_step_context_is (context, "paused"), error);

  return *started;
}

void
strata_kept_state_tell_off (StrataStepContext *context)
{
  tell (context, _ ("“%s”, which was on, is off, and stays so."),
        strata_step_context_get (context, "name"));
}

static gboolean
start_anew (StrataStepContext *context, GError **error)
{
  gboolean started;

  if (!strata_kept_state_start_again (context, &started, error))
    return FALSE;
  if (started)
    tell_anew (context);

  return TRUE;
}

/* One that stands still has done nothing since its state was kept. */
static void
tell_going_on (StrataStepContext *context, gboolean paused)
{
  if (!paused)
    tell (context,
          _ ("“%s” was stopped, and goes on from its memory as it was when its state was kept, a "
             "moment before."),
          strata_step_context_get (context, "name"));
}

/* By that it is known again until the job is over, also where another client has the machine run from something else. */
static gboolean
note_going_on (StrataStepContext *context, StrataStepContext *kept, GError **error)
{
  g_autoptr (JsonObject) results = NULL;

  note_run (kept);
  if (context->job == NULL || context->journal == NULL)
    return TRUE;
  results = strata_job_take_new_results (context->job);

  return strata_journal_get_mark (context->journal, context->index) == STRATA_STEP_DONE
             ? strata_journal_end_step (context->journal, context->index, results, error)
             : strata_journal_begin_step (context->journal, context->index, results, error);
}

/* (transfer full) (nullable): the run in which an earlier way back, or this one, brought to life what KEPT stopped */
static char *
get_brought (StrataStepContext *kept)
{
  g_autofree char *key = run_key (kept);

  return strata_step_context_is (kept, "halt") ? get_note (kept, key) : NULL;
}

/* It may have been suspended, or resumed, between the plan and the keeping. */
static gboolean
was_paused (StrataStepContext *kept)
{
  StrataStepContext stop;
  g_autofree char *xml =
      strata_snapshot_get_xml (kept->connection, strata_step_context_get (kept, "uuid"),
                               strata_step_context_get (kept, "snapshot"), NULL);
  g_autoptr (StrataSnapshotFacts) facts =
      xml != NULL ? strata_snapshot_facts_new (xml, FALSE, NULL) : NULL;

  /* libvirt may have lost it: then as the plan saw it. */
  if (facts == NULL)
    return strata_kept_state_find_stop (kept, &stop) && strata_step_context_is (&stop, "paused");

  return g_strcmp0 (facts->state, "running") != 0;
}

static gboolean
go_on_from (StrataStepContext *context, StrataStepContext *kept, GError **error)
{
  const char *name = strata_step_context_get (context, "name");
  gboolean paused = was_paused (kept);
  g_auto (StrataSnapshotParams) params = { NULL };
  g_autofree char *brought = get_brought (kept);
  g_autofree char *run = NULL;
  gboolean known = TRUE;
  gboolean there;

  /* Its owner has shut it down since: what it did by then is not in what was kept. */
  if (brought != NULL)
    {
      strata_kept_state_tell_off (context);
      return TRUE;
    }
  strata_snapshot_params_read (kept, &params);
  if (!is_kept (kept, &params, &there, error) ||
      (!there && !has_memory_file (kept, &params, &there, error)))
    return FALSE;
  if (!there)
    return start_anew (context, error);
  if (!strata_kept_stamps_agree (context, &params, &known))
    {
      tell (context,
            known
                ? _ ("“%s” stays off: its disks were written to since it was stopped.")
                : _ ("“%s” stays off: whether its disks were written to since it was stopped can’t "
                     "be told."),
            name);
      return TRUE;
    }
  if (!strata_domain_query_run (context->connection, params.uuid, &run, error))
    return FALSE;
  if (run != NULL)
    {
      strata_set_error (error, STRATA_ERROR_CHANGED, _ ("Look at the machine, and try again."),
                        _ ("“%s” was started in the meantime"), name);
      return FALSE;
    }

  if (!strata_snapshot_bring_back (context->connection, &params, paused, error))
    {
      g_prefix_error (error,
                      _ ("“%s” can’t go on from its memory, which is kept in the snapshot “%s”: "),
                      name, params.name);
      return FALSE;
    }
  tell_going_on (context, paused);

  return note_going_on (context, kept, error);
}

gboolean
strata_kept_state_bring_back (StrataStepContext *context, GError **error)
{
  StrataStepContext kept;
  g_autofree char *run = NULL;
  g_autofree char *was_stopped = was_stopped_key (context);

  if (!strata_domain_query_run (context->connection, strata_step_context_get (context, "uuid"),
                                &run, error))
    return FALSE;
  if (run != NULL)
    {
      gboolean has_kept = find_kept (context, &kept);
      g_autofree char *brought = has_kept ? get_brought (&kept) : NULL;

      /* By an earlier way back. */
      if (brought != NULL && is_same_run (brought, run))
        tell_going_on (context, was_paused (&kept));
      /* By a step of the job itself, once it had read the disks. */
      else if (!has_kept && strata_step_context_get_note (context, was_stopped) != NULL)
        tell_anew (context);
      else if (strata_step_context_get_note (context, was_stopped) == NULL &&
               !strata_step_context_is (context, "force"))
        strata_kept_state_tell_asked (context);
      return TRUE;
    }

  return find_kept (context, &kept) ? go_on_from (context, &kept, error)
                                    : start_anew (context, error);
}

/* Whether it was stopped, and its memory is in a tag of which libvirt's list knows nothing. */
static gboolean
is_in_image_alone (StrataStepContext *context, const StrataSnapshotParams *params)
{
  g_autofree char *key = halted_key (context);
  g_autofree char *halted = get_note (context, key);

  return halted != NULL && params->kind == STRATA_SNAPSHOT_KIND_INTERNAL &&
         strata_domain_is_off (context->connection, params->uuid) &&
         strata_snapshot_is_left (context->connection, params);
}

gboolean
strata_kept_state_wake (StrataStepContext *context, GError **error)
{
  g_auto (StrataSnapshotParams) params = { NULL };
  g_autofree char *was_stopped = was_stopped_key (context);
  g_autofree char *halted = halted_key (context);
  g_autofree char *run = NULL;
  gboolean there;

  /* Where it came to the stop, undoing that was it. */
  if (!strata_step_context_is (context, "halt") ||
      strata_step_context_get_note (context, was_stopped) != NULL)
    return TRUE;
  if (!strata_domain_query_run (context->connection, strata_step_context_get (context, "uuid"),
                                &run, error))
    return FALSE;
  if (run != NULL)
    {
      g_autofree char *brought = get_brought (context);

      if (brought != NULL && is_same_run (brought, run))
        tell_going_on (context, was_paused (context));
      return TRUE;
    }

  strata_snapshot_params_read (context, &params);
  if (!is_kept (context, &params, &there, error) ||
      (!there && !has_memory_file (context, &params, &there, error)))
    return FALSE;
  if (!there && is_in_image_alone (context, &params))
    return TRUE;
  if (there || strata_step_context_get_note (context, halted) != NULL)
    return go_on_from (context, context, error);

  /* Nothing of it was kept: another client shut it down, or libvirt was ended in the middle. */
  strata_kept_state_tell_off (context);

  return TRUE;
}

/* Whether a guest runs that has itself what the snapshot keeps of its memory. */
static gboolean
is_in_guest (StrataStepContext *context, gboolean *in_guest, GError **error)
{
  g_autofree char *key = run_key (context);
  g_autofree char *noted = get_note (context, key);
  g_autofree char *run = NULL;

  if (!strata_domain_query_run (context->connection, strata_step_context_get (context, "uuid"),
                                &run, error))
    return FALSE;
  /* One that was stopped with the keeping has it only once it was brought back. */
  *in_guest = run != NULL && noted != NULL && is_same_run (noted, run);

  return TRUE;
}

static gboolean
is_retained (StrataStepContext *kept, const StrataSnapshotParams *params)
{
  g_autofree char *xml =
      strata_snapshot_get_xml (kept->connection, params->uuid, params->name, NULL);
  g_autoptr (StrataSnapshotFacts) facts =
      xml != NULL ? strata_snapshot_facts_new (xml, FALSE, NULL) : NULL;

  return facts != NULL && facts->retained;
}

gboolean
strata_kept_state_may_go (StrataStepContext *context, gboolean *may_go, GError **error)
{
  g_auto (StrataSnapshotParams) params = { NULL };
  gboolean there;

  *may_go = TRUE;
  if (!has_memory (context))
    return TRUE;
  strata_snapshot_params_read (context, &params);
  if (!is_kept (context, &params, &there, error))
    return FALSE;
  if (!there && is_in_image_alone (context, &params))
    {
      tell (
          context,
          /* Translators: a virtual machine, a snapshot */
          _ ("“%s” was stopped, and stays off. What was in its memory is in the internal snapshot “%s” of its image, which "
             "libvirt doesn’t list."),
          strata_step_context_get (context, "name"), params.name);
      *may_go = FALSE;
      return TRUE;
    }
  /* One whose taking back was begun keeps nothing any more. */
  if (!there || is_retained (context, &params))
    return TRUE;
  if (!is_in_guest (context, may_go, error))
    return FALSE;
  if (*may_go)
    return TRUE;

  tell (context,
        _ ("The snapshot “%s” stays: it keeps the memory of “%s”, which doesn’t run on from it. "
           "Return to it for that, or delete it."),
        params.name, strata_step_context_get (context, "name"));

  return strata_snapshot_reconcile (context->connection, params.uuid, NULL, NULL, NULL, error);
}
