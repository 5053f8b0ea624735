/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From a request to an exit status: the planner's answer, then either the plan in words or a job that
 * is watched to its end.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "strata-cli-output.h"
#include "strata-cli-run.h"
#include "jobs/strata-job-results.h"
#include "jobs/strata-stop-point.h"
#include "base/strata-error.h"
#include "base/strata-visible.h"

/* Milliseconds between two looks at the job; faster than people read is only noise. */
#define REDRAW_INTERVAL 200

static void
on_planned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **answer = user_data;

  *answer = g_object_ref (result);
}

static StrataPlan *
make_plan (StrataCli *cli, const StrataRequest *request, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  strata_job_queue_plan_async (cli->queue, cli->connection, request, cli->cancellable, on_planned,
                               &answer);
  while (answer == NULL)
    g_main_context_iteration (NULL, TRUE);

  return strata_job_queue_plan_finish (cli->queue, answer, error);
}

static StrataCliStatus
fail_unplanned (StrataCli *cli, const GError *error, const char *job_id)
{
  if (error->domain == STRATA_ERROR)
    {
      switch ((StrataError) error->code)
        {
        case STRATA_ERROR_REFUSED:
        case STRATA_ERROR_CHANGED:
        case STRATA_ERROR_EXISTS:
        case STRATA_ERROR_BUSY:
        case STRATA_ERROR_NO_SPACE:
        case STRATA_ERROR_UNSUPPORTED:
        case STRATA_ERROR_WINDOWS:
        case STRATA_ERROR_NO_OS:
        case STRATA_ERROR_NEEDS_RECOVERY: /* an unfinished job is in the way */
          return strata_cli_fail (cli, error, STRATA_CLI_REFUSED, STRATA_CLI_OUTCOME_REFUSED,
                                  job_id);

        case STRATA_ERROR_FAILED:
        case STRATA_ERROR_INVALID:
        case STRATA_ERROR_NOT_FOUND:
        case STRATA_ERROR_CONNECTION:
        case STRATA_ERROR_PERMISSION:
        case STRATA_ERROR_TIMEOUT:
        case STRATA_ERROR_NO_TOOL:
        case STRATA_ERROR_NO_APPLIANCE:
        case STRATA_ERROR_KERNEL_UNREADABLE:
        case STRATA_ERROR_NOT_SEALED:
          break;
        }
    }

  return strata_cli_fail_unstarted (cli, error);
}

static StrataCliStatus
print_plan (StrataCli *cli, StrataPlan *plan)
{
  if (cli->json)
    {
      JsonObject *document = strata_cli_document_new (STRATA_CLI_OUTCOME_PLANNED);

      json_object_set_object_member (document, "plan", strata_plan_to_json (plan));
      strata_cli_print_document (document);
    }
  else
    {
      g_autofree char *text = strata_plan_to_text (plan);
      g_auto (GStrv) lines = g_strsplit (g_strchomp (text), "\n", -1);

      for (guint i = 0; lines[i] != NULL; i++)
        strata_cli_print_line (stdout, "%s", lines[i]);
    }

  return STRATA_CLI_DONE;
}

/**
 * strata_cli_carry_out:
 * @cli: a connected run
 * @request: what the user wants
 * @created: (nullable): names of the domains that will have come to be
 *
 * Lets the planner answer; with `--dry-run` prints the plan, otherwise runs it to its end.
 *
 * Returns: the exit status
 */
StrataCliStatus
strata_cli_carry_out (StrataCli *cli, const StrataRequest *request, const char *const *created)
{
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;

  plan = make_plan (cli, request, &error);
  if (plan == NULL)
    return fail_unplanned (cli, error, NULL);

  if (cli->dry_run)
    return print_plan (cli, plan);

  strata_stop_point ("after the plan");
  /* The user may have pressed Ctrl-C while the planner's answer was on its way. */
  if (g_cancellable_set_error_if_cancelled (cli->cancellable, &error))
    return strata_cli_fail_unstarted (cli, error);

  return strata_cli_watch_job (cli, strata_job_queue_submit (cli->queue, cli->connection, plan),
                               created);
}

/* To FILE: how far everything is as it was before JOB. */
static void
say_taken_back (StrataJob *job, FILE *file)
{
  g_auto (GStrv) lines = strata_job_dup_not_back (job);

  for (size_t i = 0; lines[i] != NULL; i++)
    strata_cli_print_line (file, "%s", lines[i]);
  strata_cli_print_line (
      file, "%s", *lines != NULL ? _ ("All else is as it was.") : _ ("Everything is as it was."));
}

static StrataCliStatus
report_done (StrataCli *cli, StrataJob *job, const char *const *created)
{
  gboolean taken_back = strata_job_get_outcome (job) == STRATA_JOB_OUTCOME_ROLLED_BACK;
  g_auto (GStrv) notes = strata_job_dup_notes (job);

  for (size_t i = 0; !taken_back && notes[i] != NULL; i++)
    strata_cli_print_message (_ ("Note: %s\n"), notes[i]);
  if (cli->json)
    {
      JsonObject *document = strata_cli_document_new (taken_back ? STRATA_CLI_OUTCOME_ROLLED_BACK
                                                                 : STRATA_CLI_OUTCOME_DONE);

      json_object_set_string_member (document, "job", strata_job_get_id (job));
      json_object_set_string_member (document, "title", strata_job_get_title (job));
      strata_cli_set_strings (document, "created", created);
      strata_cli_set_strings (document, "notes", (const char *const *) notes);
      strata_cli_print_document (document);
    }
  else if (taken_back)
    {
      say_taken_back (job, stdout);
    }
  else if (created != NULL)
    {
      for (size_t i = 0; created[i] != NULL; i++)
        strata_cli_print_line (stdout, "%s", created[i]);
    }

  return STRATA_CLI_DONE;
}

static GError *
cancelled_error (StrataJob *job)
{
  g_auto (GStrv) not_back = strata_job_dup_not_back (job);
  g_autofree char *sentences = g_strjoinv (" ", not_back);

  if (strata_job_get_outcome (job) == STRATA_JOB_OUTCOME_STOPPED)
    return g_error_new (
        G_IO_ERROR, G_IO_ERROR_CANCELLED,
        _ ("Cancelled after the point of no return; “stratactl job resume %s” finishes it"),
        strata_job_get_id (job));

  if (*not_back != NULL)
    return g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                        _ ("Cancelled. %s All else is as it was."), sentences);

  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                              _ ("Cancelled; everything is as it was"));
}

static StrataCliStatus
report_failed (StrataCli *cli, StrataJob *job)
{
  const char *id = strata_job_get_id (job);
  g_autoptr (GError) error = NULL;
  StrataCliStatus status;

  if (strata_job_get_error (job) != NULL)
    error = g_error_copy (strata_job_get_error (job));
  else
    error = g_error_new (STRATA_ERROR, STRATA_ERROR_FAILED, _ ("“%s” failed"),
                         strata_job_get_title (job));

  /* Taken up again, and refused before anything was done. */
  if (strata_job_get_progress (job)->step == 0 &&
      strata_job_get_outcome (job) != STRATA_JOB_OUTCOME_ROLLED_BACK &&
      (g_error_matches (error, STRATA_ERROR, STRATA_ERROR_REFUSED) ||
       g_error_matches (error, STRATA_ERROR, STRATA_ERROR_BUSY)))
    return fail_unplanned (cli, error, id);

  /* Before its first step: the plan no longer holds, or another job is at work there. */
  if (strata_job_get_outcome (job) == STRATA_JOB_OUTCOME_ROLLED_BACK &&
      strata_job_get_progress (job)->step == 0)
    {
      status = fail_unplanned (cli, error, id);
    }
  else if (strata_job_get_outcome (job) == STRATA_JOB_OUTCOME_STUCK)
    {
      status = strata_cli_fail (cli, error, STRATA_CLI_UNFINISHED, STRATA_CLI_OUTCOME_STUCK, id);
      strata_cli_print_message (
          _ ("The way back failed too; “stratactl job rollback %s” tries again.\n"), id);
    }
  else if (strata_job_get_outcome (job) == STRATA_JOB_OUTCOME_STOPPED)
    {
      status = strata_cli_fail (cli, error, STRATA_CLI_UNFINISHED, STRATA_CLI_OUTCOME_STOPPED, id);
      strata_cli_print_message (
          _ ("It stopped in a consistent state; once that is mended “stratactl job resume %s” goes on.\n"),
          id);
    }
  else
    {
      status = strata_cli_fail (cli, error, STRATA_CLI_FAILED, STRATA_CLI_OUTCOME_ROLLED_BACK, id);
      say_taken_back (job, stderr);
    }

  return status;
}

static StrataCliStatus
report_finished (StrataCli *cli, StrataJob *job, const char *const *created)
{
  StrataJobOutcome outcome = strata_job_get_outcome (job);

  /* Taking a job back is done, too, when everything is as it was. */
  if (strata_job_get_state (job) == STRATA_JOB_DONE)
    return report_done (cli, job, created);

  /* A way back that failed needs the user, whatever began it. */
  if (strata_job_get_state (job) == STRATA_JOB_CANCELLED && outcome != STRATA_JOB_OUTCOME_STUCK)
    {
      g_autoptr (GError) error = cancelled_error (job);

      return strata_cli_fail (cli, error, STRATA_CLI_CANCELLED,
                              outcome == STRATA_JOB_OUTCOME_STOPPED
                                  ? STRATA_CLI_OUTCOME_STOPPED
                                  : STRATA_CLI_OUTCOME_ROLLED_BACK,
                              strata_job_get_id (job));
    }

  return report_failed (cli, job);
}

/* A job's progress on stderr: one line that is written over where that is a terminal, a line for each step where the user asked
 * for them, and otherwise nothing. */
typedef struct
{
  StrataJob *job;
  guint timer;
  guint last_step;
  gulong notify_id;
  gboolean verbose;
  gboolean terminal;
  gboolean drawn;
} Progress;

static guint
terminal_columns (void)
{
  struct winsize size = { 0 };

  if (ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;

  return 80;
}

static void
append_time_left (GString *line, int seconds)
{
  if (seconds < 0)
    return;

  g_string_append (line, ", ");
  if (seconds < 60)
    g_string_append_printf (line, ngettext ("%d s left", "%d s left", (gulong) seconds), seconds);
  else
    /* Translators: minutes and seconds */
    g_string_append_printf (line, _ ("%d min %02d s left"), seconds / 60, seconds % 60);
}

static void
append_bytes (GString *line, const StrataProgress *progress)
{
  guint64 total = progress->bytes_total;
  guint64 rate = progress->rate;

  if (total > 0)
    {
      g_autofree char *done_text = g_format_size (progress->bytes_done);
      g_autofree char *total_text = g_format_size (total);

      /* Translators: “120 MB of 461 MB” */
      g_string_append_printf (line, _ (", %s of %s"), done_text, total_text);
    }

  if (rate > 0)
    {
      g_autofree char *rate_text = g_format_size (rate);

      /* Translators: “400 MB/s” */
      g_string_append_printf (line, _ (", %s/s"), rate_text);
    }
}

static void
clear_line (Progress *self)
{
  if (!self->drawn)
    return;

  fputs ("\r\033[K", stderr);
  self->drawn = FALSE;
}

static gboolean
on_redraw (gpointer user_data)
{
  Progress *self = user_data;
  const StrataProgress *progress = strata_job_get_progress (self->job);
  const char *title = strata_job_get_step_title (self->job);
  g_autoptr (GString) line = g_string_new (NULL);
  g_autofree char *visible = NULL;
  g_autofree char *cut = NULL;

  g_string_append_printf (line, "[%u/%u] %s %d %%", strata_job_get_progress (self->job)->step,
                          strata_plan_get_n_steps (strata_job_get_plan (self->job)),
                          title != NULL ? title : strata_job_get_title (self->job),
                          (int) (progress->fraction * 100));
  append_bytes (line, progress);
  append_time_left (line, progress->seconds_left);

  /* A line that wraps could not be written over. */
  visible = strata_make_visible (line->str);
  cut = g_utf8_substring (visible, 0,
                          MIN (g_utf8_strlen (visible, -1), (glong) terminal_columns () - 1));
  fprintf (stderr, "\r\033[K%s", cut);
  fflush (stderr);
  self->drawn = TRUE;

  return G_SOURCE_CONTINUE;
}

static void
on_step (Progress *self)
{
  guint step = strata_job_get_progress (self->job)->step;
  const char *title = strata_job_get_step_title (self->job);

  if (step == self->last_step || title == NULL)
    return;

  self->last_step = step;
  clear_line (self);
  strata_cli_print_line (stderr, "[%u/%u] %s", step,
                         strata_plan_get_n_steps (strata_job_get_plan (self->job)), title);
}

static Progress *
progress_new (StrataJob *job, gboolean verbose)
{
  Progress *self = g_new0 (Progress, 1);

  self->job = g_object_ref (job);
  self->verbose = verbose;
  self->terminal = isatty (STDERR_FILENO) != 0;

  if (self->terminal)
    self->timer = g_timeout_add (REDRAW_INTERVAL, on_redraw, self);
  if (self->verbose)
    self->notify_id =
        g_signal_connect_swapped (job, "notify::step-title", G_CALLBACK (on_step), self);

  return self;
}

/* Takes the line away, so that the next output starts on an empty one. */
static void
progress_free (Progress *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_signal_handler (&self->notify_id, self->job);
  clear_line (self);
  g_clear_object (&self->job);
  g_free (self);
}

/**
 * strata_cli_watch_job:
 * @cli: a connected run
 * @job: a job that was submitted
 * @created: (nullable): names of the domains that will have come to be
 *
 * Runs the main loop until @job is over, showing its progress, and reports how it ended.
 *
 * Returns: the exit status
 */
StrataCliStatus
strata_cli_watch_job (StrataCli *cli, StrataJob *job, const char *const *created)
{
  g_autoptr (StrataJob) kept = g_object_ref (job);
  Progress *progress = progress_new (kept, cli->verbose);
  StrataCliStatus status;

  cli->job = kept;
  /* Ctrl-C may have come between the last look at the cancellable and this line. */
  if (g_cancellable_is_cancelled (cli->cancellable))
    strata_job_cancel (kept);

  while (!strata_job_is_finished (kept))
    g_main_context_iteration (NULL, TRUE);

  progress_free (progress);
  status = report_finished (cli, kept, created);
  cli->job = NULL;

  return status;
}
