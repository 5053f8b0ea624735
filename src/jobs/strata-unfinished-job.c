/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What earlier processes left unfinished, as their journals tell it. */

#include "config.h"

#include "strata-job-private.h"
#include "strata-job-queue-private.h"

void
strata_unfinished_job_free (StrataUnfinishedJob *self)
{
  g_free (self->id);
  g_free (self->title);
  g_free (self->uri);
  g_free (self->started);
  g_free (self->step);
  g_free (self);
}

static StrataUnfinishedJob *
describe (StrataJournal *journal)
{
  StrataUnfinishedJob *job = g_new0 (StrataUnfinishedJob, 1);
  StrataPlan *plan = strata_journal_get_plan (journal);

  job->id = g_strdup (strata_journal_get_id (journal));
  job->title = g_strdup (strata_plan_get_title (plan));
  job->uri = g_strdup (strata_journal_get_uri (journal));
  job->started = g_strdup (strata_journal_get_started (journal));
  job->n_steps = strata_plan_get_n_steps (plan);
  job->step_index = strata_journal_get_position (journal);
  job->can_roll_back = strata_journal_can_roll_back (journal);
  if (job->step_index < job->n_steps)
    job->step = g_strdup (strata_plan_get_step (plan, job->step_index)->title);

  return job;
}

/**
 * strata_job_queue_list_unfinished:
 * @self: a queue
 * @error: unused for now: a folder that isn't there has no journals
 *
 * Worker threads: it reads files.
 *
 * Returns: (transfer full) (element-type StrataUnfinishedJob): the jobs that no living process works on
 */
GPtrArray *
strata_job_queue_list_unfinished (StrataJobQueue *self, GError **error)
{
  g_autoptr (GPtrArray) list =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_unfinished_job_free);
  const char *dir_name = strata_job_queue_get_journal_dir (self);
  g_autoptr (GDir) dir = g_dir_open (dir_name, 0, NULL);
  const char *name;

  strata_journal_sweep (dir_name);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autoptr (StrataJournal) journal = NULL;
      g_autofree char *id = NULL;

      if (!g_str_has_suffix (name, ".journal"))
        continue;
      id = g_strndup (name, strlen (name) - strlen (".journal"));
      /* One that is busy is not unfinished. */
      journal = strata_journal_open (dir_name, id, NULL);
      if (journal != NULL)
        g_ptr_array_add (list, describe (journal));
    }

  return g_steal_pointer (&list);
}
