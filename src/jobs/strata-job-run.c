/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How a job carries out its plan: forward step by step, and back again when it fails or is cancelled
 * before its point of no return. Everything here runs in the job's worker thread.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/connection/strata-lock.h"
#include "host/domain/strata-domain-control.h"
#include "plan/strata-request.h"
#include "strata-host-identity.h"
#include "strata-job-notes.h"
#include "strata-job-private.h"
#include "strata-job-sources.h"
#include "strata-job-stamps.h"
#include "jobs/perform/strata-gone.h"
#include "jobs/perform/strata-perform.h"
#include "strata-resume.h"
#include "strata-rollback.h"
#include "strata-stop-point.h"
#include "strata-adopt.h"
#include "strata-unfinished-job.h"
#include "base/strata-error.h"
#include "plan/strata-law.h"

typedef struct
{
  StrataJob *job;
  StrataJournal *journal;
  StrataPlan *plan; /* the journal's, or the one that was made under the lock */
  StrataLock *lock;
  GCancellable *cancellable;
  StrataGuestClient *guest; /* (nullable): made where a step needs one */
  gboolean taken_up;        /* another process, or an earlier job, did the first steps */
} Run;

/* Who hears that the job is over may take up what is left of it. */
static void
set_finished (Run *run, StrataJobState state, StrataJobOutcome outcome, const GError *error)
{
  g_clear_object (&run->guest);
  g_clear_pointer (&run->lock, strata_lock_free);
  strata_job_set_finished (run->job, state, outcome, error);
}

static gboolean
call_hook (Run *run, guint index, StrataHookPoint point, GError **error)
{
  const StrataJobOrders *orders = strata_job_get_orders (run->job);

  strata_stop_point (point == STRATA_HOOK_BEFORE_STEP ? "before a step" : "after a step");

  return orders->hook == NULL || orders->hook (run->job, index, point, orders->hook_data, error);
}

static const StrataStepOps *
get_step (Run *run, guint index, StrataStepContext *context)
{
  StrataStep *spec = strata_plan_get_step (run->plan, index);

  context->connection = strata_job_get_connection (run->job);
  context->args = spec->args;
  context->job = run->job;
  context->results = strata_journal_get_results (run->journal);
  context->untouched = FALSE;
  context->left = FALSE;
  context->plan = run->plan;
  context->guest = &run->guest;
  context->again = FALSE;
  context->journal = run->journal;
  context->index = index;

  return strata_step_get_ops (spec->kind);
}

static gboolean
undo_step (Run *run, guint index, GError **error)
{
  StrataStepContext context;
  const StrataStepOps *klass = get_step (run, index, &context);
  g_autoptr (JsonObject) results = NULL;

  strata_job_enter_step (run->job, index, TRUE);
  strata_stop_point ("before a step is undone");
  if (!strata_rollback_check_removal (context.connection, run->journal, index, !run->taken_up,
                                      error) ||
      !strata_lock_is_held (run->lock, error))
    return FALSE;
  if (klass->undo_lasts && !strata_journal_begin_step (run->journal, index, NULL, error))
    return FALSE;
  if (klass->undo != NULL && !klass->undo (&context, error))
    return FALSE;

  results = strata_job_take_new_results (run->job);

  return strata_journal_clear_step (run->journal, index, results, error);
}

/* A step that an earlier process began: it may be done, half done, or not done at all. Only the host
 * knows. Returns whether it can be passed over. */
static gboolean
reconcile_begun_step (Run *run,
                      guint index,
                      const StrataStepOps *klass,
                      StrataStepContext *context,
                      gboolean *done,
                      GError **error)
{
  g_autoptr (JsonObject) found = NULL;

  *done = FALSE;
  if (klass->is_done != NULL && !klass->is_done (context, done, error))
    return FALSE;
  if (*done)
    {
      strata_job_notes_found (run->job, run->plan, index);
      found = strata_job_take_new_results (run->job);
      return strata_journal_end_step (run->journal, index, found, error);
    }
  context->again = TRUE;
  if (klass->undo != NULL && !strata_plan_get_step (run->plan, index)->forward_only)
    return klass->undo (context, error);

  return TRUE;
}

static gboolean
brings_machine (StrataStep *step)
{
  return step->kind == STRATA_STEP_DEFINE &&
         json_object_get_string_member_with_default (step->args, "previous", NULL) == NULL;
}

/* Of the steps that bring a machine to the host only the first and the last are asked about: what they stand on is the same,
 * however many they are, and what is found at the last takes back all of them. */
static gboolean
is_between_machines (StrataPlan *plan, guint index)
{
  gboolean before = FALSE;
  gboolean after = FALSE;

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      gboolean brings = brings_machine (strata_plan_get_step (plan, i));

      if (i == index && !brings)
        return FALSE;
      before = before || (i < index && brings);
      after = after || (i > index && brings);
    }

  return before && after;
}

/* Other clients of the host heed no lock of ours: they may have cloned or snapshotted what goes now, or written to what a
 * machine is to stand on, at any moment since the plan was made. So the law is asked for what is left of it, on the host as it
 * is. Steps that no request asked for are put together by hand, and there is nothing to hold them against. */
static gboolean
check_law (Run *run, guint index, GError **error)
{
  StrataStep *step = strata_plan_get_step (run->plan, index);
  g_autoptr (StrataGraph) graph = NULL;
  g_autofree gboolean *done = NULL;

  if (strata_plan_get_request (run->plan) == NULL || !strata_step_kind_needs_law (step->kind) ||
      is_between_machines (run->plan, index))
    return TRUE;

  if (step->kind == STRATA_STEP_DELETE_VOLUME &&
      !strata_adopt_check_left (strata_job_get_connection (run->job), run->journal, index, error))
    return FALSE;
  graph = strata_connection_gather (strata_job_get_connection (run->job), run->cancellable, error);
  if (graph == NULL)
    return FALSE;

  done = g_new0 (gboolean, strata_plan_get_n_steps (run->plan));
  for (guint i = 0; i < strata_plan_get_n_steps (run->plan); i++)
    done[i] = strata_journal_get_mark (run->journal, i) == STRATA_STEP_DONE;

  if (!strata_adopt_check_kept (graph, run->journal, done, error))
    return FALSE;

  /* What changes no image itself is done also where a file has to be kept in the end. */
  return strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_RESTORE, STRATA_STEP_START)
             ? strata_law_check_but_deletions (graph, run->plan, done, error)
             : strata_law_check_steps (graph, run->plan, done, error);
}

/* Whether a step that may not be done now is left out: a file that is not deleted takes room and does no harm. */
static gboolean
leave_out (Run *run, guint index, GError **error)
{
  StrataStep *step = strata_plan_get_step (run->plan, index);
  g_autofree char *line = NULL;
  g_autoptr (JsonObject) results = NULL;

  if (!g_error_matches (*error, STRATA_ERROR, STRATA_ERROR_REFUSED) ||
      !(step->kind == STRATA_STEP_DELETE_VOLUME || step->kind == STRATA_STEP_DELETE_FILE))
    return FALSE;

  /* Translators: a file, then why it was not deleted */
  line =
      g_strdup_printf (_ ("“%s” was kept: %s"),
                       json_object_get_string_member_with_default (step->args, "path", step->title),
                       (*error)->message);
  strata_job_add_line (run->job, STRATA_JOB_KEPT, line);
  g_clear_error (error);
  results = strata_job_take_new_results (run->job);

  return strata_journal_end_step (run->journal, index, results, error);
}

/* A step that fails has cleaned up behind itself, or says that something is left, which is undone then as if it was done. One that
 * can't be undone stays "begun", unless it failed before it changed anything: who resumes has to run it again. So does one that
 * lost the host, which may have done it all the same. */
static gboolean
left_no_trace (Run *run,
               guint index,
               const StrataStepContext *context,
               gboolean begun_before,
               const GError *error)
{
  if (g_error_matches (error, STRATA_ERROR, STRATA_ERROR_CONNECTION))
    return FALSE;

  if (!strata_plan_get_step (run->plan, index)->forward_only)
    return !context->left;

  return context->untouched && !begun_before;
}

/* What was made is taken back where it doesn't go with what was made before. */
static gboolean
check_done (Run *run, guint index, StrataStepContext *context, GError **error)
{
  if (strata_job_sources_check_done (context->connection, run->journal, index, error))
    return TRUE;
  context->left = TRUE;

  return FALSE;
}

static gboolean
run_step (Run *run, guint index, GError **error)
{
  gboolean begun_before = strata_journal_get_mark (run->journal, index) == STRATA_STEP_BEGUN;
  StrataStepContext context;
  const StrataStepOps *klass = get_step (run, index, &context);
  g_autoptr (JsonObject) found = NULL;
  g_autoptr (JsonObject) results = NULL;

  strata_job_enter_step (run->job, index, FALSE);
  if (begun_before)
    {
      gboolean done;

      if (!reconcile_begun_step (run, index, klass, &context, &done, error))
        return FALSE;
      if (done)
        return TRUE;
    }

  if (!call_hook (run, index, STRATA_HOOK_BEFORE_STEP, error) ||
      g_cancellable_set_error_if_cancelled (run->cancellable, error))
    return FALSE;
  if (!check_law (run, index, error))
    return leave_out (run, index, error);
  if (!strata_adopt_check_power (context.connection, run->journal, index, error) ||
      !strata_adopt_check_made (context.connection, run->journal, index, error))
    return FALSE;
  if (!strata_job_stamps_check (context.connection, run->journal, index, error))
    return leave_out (run, index, error);
  if (klass->check != NULL && !klass->check (&context, run->cancellable, error))
    return leave_out (run, index, error);
  if (!strata_job_sources_check (context.connection, run->journal, index, error))
    return FALSE;
  /* Last of all: whatever took its time, what is done now is done under the lock. */
  if (!strata_lock_is_held (run->lock, error))
    return FALSE;
  if (index + 1 == strata_plan_get_n_steps (run->plan) && !klass->interruptible)
    strata_job_enter_end (run->job);
  if (g_cancellable_set_error_if_cancelled (run->cancellable, error))
    return FALSE;
  strata_job_stamps_note_begin (run->job, run->plan, index);
  strata_job_sources_note_begin (run->job, run->plan, index);
  if (index == 0)
    strata_gone_note (run->job, run->plan, strata_journal_get_results (run->journal));
  strata_job_notes_begin (run->job, run->plan, index);
  found = strata_job_take_new_results (run->job);
  if (!strata_journal_begin_step (run->journal, index, found, error))
    return FALSE;

  if (!klass->run (&context, run->cancellable, error) || !check_done (run, index, &context, error))
    {
      results = strata_job_take_new_results (run->job);
      if (left_no_trace (run, index, &context, begun_before, *error))
        strata_journal_clear_step (run->journal, index, NULL, NULL);
      else if (results != NULL)
        strata_journal_begin_step (run->journal, index, results, NULL);
      return FALSE;
    }

  strata_job_stamps_note_end (run->job, run->plan, index);
  strata_job_sources_note_end (run->job, run->plan, index);
  strata_job_notes_end (run->job, run->plan, index);
  results = strata_job_take_new_results (run->job);
  if (!strata_journal_end_step (run->journal, index, results, error))
    return FALSE;

  return call_hook (run, index, STRATA_HOOK_AFTER_STEP, error);
}

static gboolean
go_forward (Run *run, GError **error)
{
  for (guint i = 0; i < strata_plan_get_n_steps (run->plan); i++)
    {
      if (strata_journal_get_mark (run->journal, i) != STRATA_STEP_DONE &&
          !run_step (run, i, error))
        return FALSE;
    }

  return strata_journal_sync (run->journal, error);
}

/* Undoes what was done, last step first, and stops where that fails: the earlier steps made what the later ones stand on. */
static gboolean
go_back (Run *run, GError **error)
{
  for (guint i = strata_plan_get_n_steps (run->plan); i > 0; i--)
    {
      if (strata_journal_get_mark (run->journal, i - 1) != STRATA_STEP_UNTOUCHED &&
          !undo_step (run, i - 1, error))
        {
          strata_job_append_log (run->job, (*error)->message);
          return FALSE;
        }
    }

  return TRUE;
}

static gboolean
is_cancellation (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
fail_for_good (Run *run, const GError *cause)
{
  StrataJobState state = is_cancellation (cause) ? STRATA_JOB_CANCELLED : STRATA_JOB_FAILED;
  g_autoptr (GError) undo_error = NULL;
  g_autoptr (GError) both = NULL;

  if (!strata_journal_can_roll_back (run->journal))
    {
      strata_journal_sync (run->journal, NULL);
      strata_journal_close (run->journal);
      set_finished (run, state, STRATA_JOB_OUTCOME_STOPPED, cause);
      return;
    }

  if (strata_rollback_check (strata_job_get_connection (run->job), run->journal, !run->taken_up,
                             NULL, &undo_error) &&
      go_back (run, &undo_error))
    {
      strata_journal_remove (run->journal);
      set_finished (run, state, STRATA_JOB_OUTCOME_ROLLED_BACK, cause);
      return;
    }

  both = strata_error_new (STRATA_ERROR_NEEDS_RECOVERY,
                           _ ("Repair that, then take the job back with “stratactl job rollback”."),
                           /* Translators: why it failed, and why undoing that failed too */
                           _ ("%s. Undoing it failed as well: %s"), cause->message,
                           undo_error->message);
  strata_journal_close (run->journal);
  set_finished (run, STRATA_JOB_FAILED, STRATA_JOB_OUTCOME_STUCK, both);
}

static void
run_backwards (Run *run)
{
  g_autoptr (GError) error = NULL;

  if (go_back (run, &error))
    {
      strata_journal_remove (run->journal);
      set_finished (run, STRATA_JOB_DONE, STRATA_JOB_OUTCOME_ROLLED_BACK, NULL);
    }
  else
    {
      strata_journal_close (run->journal);
      set_finished (run, STRATA_JOB_FAILED, STRATA_JOB_OUTCOME_STUCK, error);
    }
}

/* Nothing was done under the lock, or it was not had. */
static void
fail_at_once (Run *run, const GError *cause)
{
  StrataJobState state = is_cancellation (cause) ? STRATA_JOB_CANCELLED : STRATA_JOB_FAILED;
  StrataJobOutcome outcome = STRATA_JOB_OUTCOME_ROLLED_BACK;

  if (run->journal != NULL)
    {
      outcome = strata_job_get_orders (run->job)->backwards ? STRATA_JOB_OUTCOME_STUCK
                                                            : STRATA_JOB_OUTCOME_STOPPED;
      strata_journal_close (run->journal);
    }
  set_finished (run, state, outcome, cause);
}

/* What a person confirmed was planned for the host as it was then. What is carried out is planned for the host as it
 * is now, which no other job changes any more, and only if it is the same to that person. */
static gboolean
plan_again (Run *run, StrataPlan **fresh, GError **error)
{
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (GPtrArray) needed = NULL;
  g_autofree char *difference = NULL;

  *fresh =
      strata_job_plan_now (strata_job_get_connection (run->job),
                           strata_plan_get_request (run->plan), &graph, run->cancellable, error);
  if (*fresh == NULL)
    return FALSE;

  difference = strata_plan_find_difference (run->plan, *fresh);
  needed = strata_plan_get_lock_resources (*fresh, graph);
  if (difference == NULL && !strata_resources_cover (strata_plan_get_resources (run->plan), needed))
    difference = g_strdup (_ ("It concerns other images than it did."));
  if (difference != NULL)
    {
      g_autofree char *hint = g_strdup_printf ("%s\n%s", difference, _ ("Look at the plan again."));

      strata_job_set_new_plan (run->job, *fresh);
      strata_set_error (error, STRATA_ERROR_CHANGED, hint,
                        _ ("The host has changed, and “%s” would be something else now"),
                        strata_plan_get_title (run->plan));
      return FALSE;
    }

  return TRUE;
}

/* NULL with an error: nothing was done. */
static StrataJournal *
begin_journal (Run *run, GError **error)
{
  StrataConnection *connection = strata_job_get_connection (run->job);
  const char *dir = strata_job_get_orders (run->job)->journal_dir;
  g_autoptr (JsonObject) host = NULL;

  if (!strata_unfinished_job_check_plan (dir, connection, run->plan, error))
    return NULL;

  host = strata_host_identity_new (connection, run->plan);

  return strata_journal_create (dir, strata_job_get_id (run->job),
                                strata_connection_get_uri (connection), host, run->plan, error);
}

static gboolean
check_forward (Run *run, GError **error)
{
  StrataConnection *connection = strata_job_get_connection (run->job);

  return strata_job_stamps_adopt (connection, run->journal, error) &&
         strata_resume_check (connection, run->journal, run->cancellable, error) &&
         strata_job_sources_adopt (connection, run->journal, error);
}

static gboolean
check_back (Run *run, GError **error)
{
  if (strata_journal_can_roll_back (run->journal))
    return strata_rollback_check (strata_job_get_connection (run->job), run->journal, FALSE,
                                  run->cancellable, error);

  strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                    _ ("“%s” is past the point of no return; there is no way back"),
                    strata_plan_get_title (run->plan));
  return FALSE;
}

/* Takes REFUSAL; what else can be done with the job is found out, so that a person isn't sent from one refusal to the next. */
static GError *
add_ways (Run *run, gboolean backwards, GError *refusal)
{
  g_autoptr (GError) error = refusal;
  const char *hint = strata_error_get_hint (refusal);
  const char *id = strata_job_get_id (run->job);
  g_autofree char *ways = NULL;
  g_autofree char *both = NULL;

  if (!g_error_matches (refusal, STRATA_ERROR, STRATA_ERROR_REFUSED) ||
      !strata_host_identity_matches (strata_job_get_connection (run->job), run->journal))
    return g_steal_pointer (&error);

  if (backwards ? check_forward (run, NULL) : check_back (run, NULL))
    ways = g_strdup_printf (
        backwards ? _ ("“stratactl job resume %s” finishes it, “stratactl job dismiss %s” ends it "
                       "as it is.")
                  : _ ("“stratactl job rollback %s” takes it back, “stratactl job dismiss %s” ends "
                       "it as it is."),
        id, id);
  else
    ways = g_strdup_printf (_ ("As things are it can be neither finished nor taken back; "
                               "“stratactl job dismiss %s” ends it as it is, and says what stays "
                               "behind."),
                            id);
  both = hint != NULL ? g_strdup_printf ("%s\n%s", hint, ways) : g_strdup (ways);

  return strata_error_new (STRATA_ERROR_REFUSED, both, "%s", refusal->message);
}

/* What a process began that is gone may still be going on, and so may what others began. */
static gboolean
require_settled (Run *run, GError **error)
{
  g_autoptr (GHashTable) asked = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < strata_plan_get_n_steps (run->plan); i++)
    {
      const StrataStep *step = strata_plan_get_step (run->plan, i);
      const char *uuid = json_object_get_string_member_with_default (step->args, "uuid", NULL);

      if (uuid != NULL && g_hash_table_add (asked, (gpointer) uuid) &&
          !strata_domain_require_settled (strata_job_get_connection (run->job), uuid, error))
        return FALSE;
    }

  return TRUE;
}

/* The host's other clients went on while the job was stopped. What is refused here has changed nothing. */
static gboolean
check_taken_up (Run *run)
{
  gboolean backwards = strata_job_get_orders (run->job)->backwards;
  StrataJobOutcome outcome = STRATA_JOB_OUTCOME_STOPPED;
  g_autoptr (GError) error = NULL;

  if (!run->taken_up || (require_settled (run, &error) &&
                         (backwards ? check_back (run, &error) : check_forward (run, &error))))
    return TRUE;

  if (backwards && strata_journal_can_roll_back (run->journal))
    outcome = STRATA_JOB_OUTCOME_STUCK;
  error = add_ways (run, backwards, g_steal_pointer (&error));
  strata_journal_close (run->journal);
  set_finished (run, is_cancellation (error) ? STRATA_JOB_CANCELLED : STRATA_JOB_FAILED, outcome,
                error);

  return FALSE;
}

/**
 * strata_job_run:
 * @self: a job
 * @cancellable: what strata_job_cancel() triggers
 *
 * Worker thread. When it returns, strata_job_set_finished() was called once, and before it the journal and
 * the lock were let go of: a listener that hears that the job is over may take it up again.
 */
void
strata_job_run (StrataJob *self, GCancellable *cancellable)
{
  Run run = { .job = self, .plan = strata_job_get_plan (self), .cancellable = cancellable };
  StrataConnection *connection = strata_job_get_connection (self);
  g_autoptr (StrataPlan) fresh = NULL;
  g_autoptr (GError) error = NULL;

  strata_stop_point ("before the job");
  run.journal = g_steal_pointer (&strata_job_get_orders (self)->journal);
  run.taken_up = run.journal != NULL;
  run.lock = strata_lock_take (connection, strata_job_get_id (self), strata_job_get_title (self),
                               strata_plan_get_resources (run.plan), cancellable, &error);
  if (run.lock != NULL && run.journal == NULL && require_settled (&run, &error) &&
      (strata_plan_get_request (run.plan) == NULL || plan_again (&run, &fresh, &error)))
    {
      if (fresh != NULL)
        run.plan = fresh;
      if (strata_step_ask_for_guests (connection, run.plan, &run.guest, cancellable, &error))
        run.journal = begin_journal (&run, &error);
    }

  if (error != NULL)
    fail_at_once (&run, error);
  else if (!check_taken_up (&run))
    return;
  else if (strata_job_get_orders (self)->backwards)
    run_backwards (&run);
  else if (go_forward (&run, &error))
    {
      strata_journal_remove (run.journal);
      set_finished (&run, STRATA_JOB_DONE, STRATA_JOB_OUTCOME_DONE, NULL);
    }
  else
    fail_for_good (&run, error);
}
