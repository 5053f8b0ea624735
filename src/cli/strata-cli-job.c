/* SPDX-License-Identifier: GPL-3.0-or-later */

/* job list, resume, rollback and dismiss: what an earlier run left unfinished; and unlock: what is at work now. */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "host/connection/strata-lock.h"
#include "jobs/strata-unfinished-job.h"
#include "strata-cli-output.h"
#include "strata-cli-run.h"
#include "strata-cli-session.h"
#include "base/strata-error.h"

static gpointer
unfinished_in_thread (StrataCli *cli, gpointer user_data, GError **error)
{
  return strata_job_queue_list_unfinished (cli->queue, NULL);
}

/* (element-type StrataUnfinishedJob) (transfer full) */
static GPtrArray *
list_unfinished (StrataCli *cli, GError **error)
{
  if (cli->queue == NULL)
    cli->queue = strata_job_queue_new (NULL);

  return strata_cli_call (cli, unfinished_in_thread, NULL, error);
}

static JsonObject *
unfinished_to_json (const StrataUnfinishedJob *job)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "id", job->id);
  strata_cli_set_string (object, "title", job->title);
  strata_cli_set_string (object, "uri", job->uri);
  strata_cli_set_string (object, "started", job->started);
  strata_cli_set_string (object, "step-title", job->step);
  json_object_set_int_member (object, "step", job->step_index);
  json_object_set_int_member (object, "n-steps", job->steps->len);
  json_object_set_boolean_member (object, "can-roll-back", job->can_roll_back);
  json_object_set_int_member (object, "version", job->version);
  strata_cli_set_string (object, "host", job->hostname);
  strata_cli_set_string (object, "damage", job->damage);

  return object;
}

static gpointer
locks_in_thread (StrataCli *cli, gpointer user_data, GError **error)
{
  return strata_lock_list (cli->connection, error);
}

/* What jobs of any process and computer are at work on the host. It need not be there for what was left unfinished to be
 * told, unless it was asked for by name: an empty list then. */
static GPtrArray *
list_running (StrataCli *cli, GError **error)
{
  gboolean named = cli->uri != NULL;
  g_autoptr (GError) local = NULL;
  GPtrArray *locks = NULL;

  if (strata_cli_connect (cli, &local))
    locks = strata_cli_call (cli, locks_in_thread, NULL, &local);
  if (locks == NULL && named)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (locks == NULL)
    locks = g_ptr_array_new ();

  return locks;
}

static JsonObject *
running_to_json (const StrataLockFacts *lock)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "id", lock->job_id);
  json_object_set_string_member (object, "title", lock->title);
  json_object_set_string_member (object, "user", lock->user);
  json_object_set_string_member (object, "host", lock->host);
  json_object_set_string_member (object, "since", lock->since);
  json_object_set_int_member (object, "pid", lock->pid);
  json_object_set_boolean_member (object, "here", lock->is_here);

  return object;
}

static void
list_running_as_table (GPtrArray *locks)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  const char *headings[] = { _ ("At work"), _ ("Since"), _ ("User"), _ ("Computer"),
                             _ ("Process"), _ ("Title"), NULL };

  g_ptr_array_add (rows, g_strdupv ((GStrv) headings));
  for (guint i = 0; i < locks->len; i++)
    {
      const StrataLockFacts *lock = locks->pdata[i];
      g_autofree char *pid = g_strdup_printf ("%d", lock->pid);
      const char *cells[] = { lock->job_id, lock->since, lock->user, lock->host,
                              pid,          lock->title, NULL };

      g_ptr_array_add (rows, g_strdupv ((GStrv) cells));
    }

  strata_cli_print_table (rows);
}

static void
list_as_json (GPtrArray *jobs, GPtrArray *locks)
{
  JsonArray *running = json_array_new ();
  JsonObject *document = strata_cli_document_new (STRATA_CLI_OUTCOME_DONE);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < jobs->len; i++)
    json_array_add_object_element (array, unfinished_to_json (jobs->pdata[i]));

  for (guint i = 0; i < locks->len; i++)
    json_array_add_object_element (running, running_to_json (locks->pdata[i]));

  json_object_set_array_member (document, "jobs", array);
  json_object_set_array_member (document, "running", running);
  strata_cli_print_document (document);
}

static void
list_as_table (GPtrArray *jobs)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  const char *headings[] = { _ ("Job"),  _ ("Started"), _ ("Step"), _ ("Way back"),
                             _ ("Host"), _ ("Title"),   NULL };

  g_ptr_array_add (rows, g_strdupv ((GStrv) headings));
  for (guint i = 0; i < jobs->len; i++)
    {
      const StrataUnfinishedJob *job = jobs->pdata[i];
      g_autofree char *step = g_strdup_printf ("%u/%u", job->step_index, job->steps->len);
      const char *cells[] = { job->id,  job->started,
                              step,     job->can_roll_back ? _ ("yes") : _ ("no"),
                              job->uri, job->damage != NULL ? job->damage : job->title,
                              NULL };

      for (size_t j = 0; j + 1 < G_N_ELEMENTS (cells); j++)
        {
          if (cells[j] == NULL)
            cells[j] = "";
        }
      g_ptr_array_add (rows, g_strdupv ((GStrv) cells));
    }

  strata_cli_print_table (rows);
}

static StrataCliStatus
run_list (StrataCli *cli, GStrv argv)
{
  g_auto (GStrv) arguments = NULL;
  g_autoptr (GPtrArray) jobs = NULL;
  g_autoptr (GPtrArray) locks = NULL;
  g_autoptr (GError) error = NULL;

  if (!strata_cli_parse (cli, argv, NULL, &arguments))
    return STRATA_CLI_USAGE;

  jobs = list_unfinished (cli, &error);
  locks = jobs != NULL ? list_running (cli, &error) : NULL;
  if (locks == NULL)
    return strata_cli_fail_unstarted (cli, error);

  if (cli->json)
    {
      list_as_json (jobs, locks);
      return STRATA_CLI_DONE;
    }
  if (locks->len > 0)
    list_running_as_table (locks);
  if (jobs->len > 0)
    list_as_table (jobs);
  else
    strata_cli_print_line (stdout, "%s", _ ("No job was left unfinished."));

  return STRATA_CLI_DONE;
}

typedef struct
{
  const char *id;
  gboolean look_only;
} Dismissal;

static gpointer
dismiss_in_thread (StrataCli *cli, gpointer user_data, GError **error)
{
  Dismissal *dismissal = user_data;

  return strata_job_queue_dismiss (cli->queue, cli->connection, dismissal->id, dismissal->look_only,
                                   error);
}

static void
set_running (GError **error, const StrataLockFacts *lock)
{
  g_autofree char *hint = NULL;

  if (lock->is_here)
    hint = g_strdup_printf (_ ("Wait until it is over, or cancel it: “kill -INT %d”."), lock->pid);
  else
    hint = g_strdup_printf (_ ("Wait until it is over, or cancel it there. If that computer is "
                               "gone for good, “stratactl job unlock %s” takes its lock away."),
                            lock->job_id);
  strata_set_error (error, STRATA_ERROR_BUSY, hint,
                    /* Translators: a job’s title, a user, a computer, the number of a process */
                    _ ("“%s” is not unfinished: it is running now, started by %s on “%s” as the "
                       "process %d"),
                    lock->title, lock->user, lock->host, lock->pid);
}

/* That a job is not among the unfinished ones may mean that a process is at work on it, perhaps of another user or computer. */
static void
explain_absence (StrataCli *cli, const char *id, GError **error)
{
  g_autoptr (GPtrArray) locks = list_running (cli, NULL);
  g_autoptr (GPtrArray) remains = NULL;
  g_autoptr (GError) local = NULL;
  Dismissal dismissal = { id, TRUE };

  for (guint i = 0; locks != NULL && i < locks->len; i++)
    {
      const StrataLockFacts *lock = locks->pdata[i];

      if (!g_str_equal (lock->job_id, id))
        continue;
      set_running (error, lock);
      return;
    }

  remains = strata_cli_call (cli, dismiss_in_thread, &dismissal, &local);
  if (g_error_matches (local, STRATA_ERROR, STRATA_ERROR_BUSY))
    g_propagate_error (error, g_steal_pointer (&local));
  else
    strata_set_error (error, STRATA_ERROR_NOT_FOUND,
                      _ ("“stratactl job list” shows what is unfinished."),
                      _ ("There is no unfinished job “%s”"), id);
}

static const StrataUnfinishedJob *
find_unfinished (StrataCli *cli, GPtrArray *jobs, const char *id, GError **error)
{
  for (guint i = 0; i < jobs->len; i++)
    {
      const StrataUnfinishedJob *job = jobs->pdata[i];

      if (g_str_equal (job->id, id))
        return job;
    }

  explain_absence (cli, id, error);
  return NULL;
}

/* Finds the job before the host is opened: where --connect is silent the job knows its host. */
static StrataJob *
adopt (StrataCli *cli, const char *id, gboolean resume, GError **error)
{
  g_autoptr (GPtrArray) jobs = list_unfinished (cli, error);
  const StrataUnfinishedJob *job;

  if (jobs == NULL)
    return NULL;

  job = find_unfinished (cli, jobs, id, error);
  if (job == NULL)
    return NULL;

  if (job->damage != NULL)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, _ ("“stratactl job dismiss” ends it."), "%s",
                        job->damage);
      return NULL;
    }

  if (cli->uri == NULL)
    cli->uri = g_strdup (job->uri);
  if (!strata_cli_connect (cli, error))
    return NULL;

  return strata_job_queue_adopt (cli->queue, cli->connection, id, resume, error);
}

static gboolean
is_in_the_way (const GError *error)
{
  return g_error_matches (error, STRATA_ERROR, STRATA_ERROR_REFUSED) ||
         g_error_matches (error, STRATA_ERROR, STRATA_ERROR_BUSY);
}

static StrataCliStatus
run_adopt (StrataCli *cli, GStrv argv, gboolean resume)
{
  g_auto (GStrv) arguments = NULL;
  g_autoptr (GError) error = NULL;
  StrataJob *job;

  if (!strata_cli_parse (cli, argv, NULL, &arguments))
    return STRATA_CLI_USAGE;
  if (cli->dry_run)
    return strata_cli_usage_error (cli, _ ("--dry-run shows a plan that isn’t begun yet"));

  job = adopt (cli, arguments[0], resume, &error);
  if (is_in_the_way (error))
    return strata_cli_fail (cli, error, STRATA_CLI_REFUSED, STRATA_CLI_OUTCOME_REFUSED,
                            arguments[0]);
  /* A journal that can't be read is not the user's mistake. */
  if (g_error_matches (error, STRATA_ERROR, STRATA_ERROR_INVALID))
    return strata_cli_fail (cli, error, STRATA_CLI_FAILED, STRATA_CLI_OUTCOME_NOT_STARTED,
                            arguments[0]);
  if (job == NULL)
    return strata_cli_fail_unstarted (cli, error);

  return strata_cli_watch_job (cli, job, NULL);
}

static StrataCliStatus
run_resume (StrataCli *cli, GStrv argv)
{
  return run_adopt (cli, argv, TRUE);
}

static StrataCliStatus
run_rollback (StrataCli *cli, GStrv argv)
{
  return run_adopt (cli, argv, FALSE);
}

static void
print_remains (StrataCli *cli, const StrataUnfinishedJob *job, GPtrArray *remains)
{
  /* Translators: an operation’s title */
  strata_cli_print_line (
      stdout,
      cli->dry_run ? _ ("“%s” would be dismissed: nothing more done, nothing taken back.\n")
                   : _ ("“%s” is dismissed: nothing more was done, nothing taken back.\n"),
      job->title);
  strata_cli_print_line (stdout, "%s",
                         remains->len == 0 ? _ ("Nothing stays behind.")
                         : cli->dry_run    ? _ ("What would stay behind:")
                                           : _ ("What stays behind:"));
  for (guint i = 0; i < remains->len; i++)
    strata_cli_print_line (stdout, "  %s", (const char *) remains->pdata[i]);
  if (cli->connection == NULL)
    strata_cli_print_line (stdout, "%s",
                           _ ("The host could not be asked; this is what the journal says."));
}

static void
print_dismissed (StrataCli *cli, const StrataUnfinishedJob *job, GPtrArray *remains)
{
  JsonObject *document;
  JsonArray *array;

  if (!cli->json)
    {
      print_remains (cli, job, remains);
      return;
    }

  document =
      strata_cli_document_new (cli->dry_run ? STRATA_CLI_OUTCOME_PLANNED : STRATA_CLI_OUTCOME_DONE);
  array = json_array_new ();
  for (guint i = 0; i < remains->len; i++)
    json_array_add_string_element (array, remains->pdata[i]);
  json_object_set_string_member (document, "job", job->id);
  json_object_set_array_member (document, "remains", array);
  json_object_set_boolean_member (document, "host-asked", cli->connection != NULL);
  strata_cli_print_document (document);
}

static StrataCliStatus
fail_dismissal (StrataCli *cli, const GError *error, const char *id)
{
  return is_in_the_way (error)
             ? strata_cli_fail (cli, error, STRATA_CLI_REFUSED, STRATA_CLI_OUTCOME_REFUSED, id)
             : strata_cli_fail_unstarted (cli, error);
}

/* Also where the host is gone for good, or the journal can't be read: a job has to have an end. */
static StrataCliStatus
run_dismiss (StrataCli *cli, GStrv argv)
{
  g_auto (GStrv) arguments = NULL;
  g_autoptr (GPtrArray) jobs = NULL;
  g_autoptr (GPtrArray) remains = NULL;
  g_autoptr (GError) error = NULL;
  const StrataUnfinishedJob *job;
  Dismissal dismissal;

  if (!strata_cli_parse (cli, argv, NULL, &arguments))
    return STRATA_CLI_USAGE;

  jobs = list_unfinished (cli, &error);
  job = jobs != NULL ? find_unfinished (cli, jobs, arguments[0], &error) : NULL;
  if (job == NULL)
    return fail_dismissal (cli, error, arguments[0]);

  if (cli->uri == NULL)
    cli->uri = g_strdup (job->uri);
  strata_cli_connect (cli, NULL);
  dismissal = (Dismissal) { job->id, cli->dry_run };
  remains = strata_cli_call (cli, dismiss_in_thread, &dismissal, &error);
  if (remains == NULL)
    return fail_dismissal (cli, error, arguments[0]);
  print_dismissed (cli, job, remains);

  return STRATA_CLI_DONE;
}

const StrataCliVerb strata_cli_job_list_verb = {
  "job", "list", "", N_ ("List the jobs that were left unfinished"), 0, 0, run_list,
};

const StrataCliVerb strata_cli_job_resume_verb = {
  "job", "resume", N_ ("JOB"), N_ ("Finish a job from where it stopped"), 1, 1, run_resume,
};

const StrataCliVerb strata_cli_job_rollback_verb = {
  "job", "rollback", N_ ("JOB"), N_ ("Take back what a job has done"), 1, 1, run_rollback,
};

const StrataCliVerb strata_cli_job_dismiss_verb = {
  "job", "dismiss", N_ ("JOB"),  N_ ("End a job as it is; says what stays behind"),
  1,     1,         run_dismiss,
};

static gpointer
break_in_thread (StrataCli *cli, gpointer job_id, GError **error)
{
  strata_lock_break (cli->connection, job_id, error);

  return NULL;
}

static StrataCliStatus
run_unlock (StrataCli *cli, GStrv argv)
{
  g_auto (GStrv) arguments = NULL;
  g_autoptr (GError) error = NULL;

  if (!strata_cli_parse (cli, argv, NULL, &arguments))
    return STRATA_CLI_USAGE;
  if (cli->dry_run)
    return strata_cli_usage_error (cli, _ ("--dry-run shows a plan that isn’t begun yet"));

  if (strata_cli_connect (cli, &error))
    strata_cli_call (cli, break_in_thread, arguments[0], &error);
  if (g_error_matches (error, STRATA_ERROR, STRATA_ERROR_REFUSED))
    return strata_cli_fail (cli, error, STRATA_CLI_REFUSED, STRATA_CLI_OUTCOME_REFUSED,
                            arguments[0]);
  if (error != NULL)
    return strata_cli_fail_unstarted (cli, error);

  if (cli->json)
    strata_cli_print_document (strata_cli_document_new (STRATA_CLI_OUTCOME_DONE));
  else
    strata_cli_print_line (stdout, "%s", _ ("The lock is gone."));

  return STRATA_CLI_DONE;
}

const StrataCliVerb strata_cli_job_unlock_verb = {
  "job", "unlock", N_ ("JOB"), N_ ("Take away the lock of a job whose computer is gone"),
  1,     1,        run_unlock,
};
