/* SPDX-License-Identifier: GPL-3.0-or-later */

/* See walk.h. */

#include "config.h"

#include <glib/gstdio.h>

#include "host/domain/strata-domain-control.h"
#include "strata-test.h"
#include "walk.h"

static gboolean
is_mine (Walk *self, StrataDomainFacts *domain)
{
  for (guint i = 0; i < domain->disks->len; i++)
    {
      StrataDiskXml *disk = g_ptr_array_index (domain->disks, i);

      if (disk->source != NULL && g_str_has_prefix (disk->source, self->dir))
        return TRUE;
    }

  return FALSE;
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char *
walk_inventory (Walk *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) domains = strata_connection_list_domains (self->connection, NULL, &error);
  g_autoptr (GDir) dir = g_dir_open (self->dir, 0, NULL);
  const char *name;

  g_assert_no_error (error);
  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      if (is_mine (self, domain))
        g_ptr_array_add (lines, g_strdup_printf ("%s %d %d\n%s", domain->name, domain->state,
                                                 domain->autostart, domain->xml));
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->dir, name, NULL);
      g_autofree char *hash = strata_test_hash (path);
      GStatBuf info;

      g_assert_cmpint (g_stat (path, &info), ==, 0);
      g_ptr_array_add (lines, g_strdup_printf ("%s %o %s", name, info.st_mode & 07777, hash));
    }

  g_ptr_array_sort (lines, compare_strings);
  g_ptr_array_add (lines, NULL);

  return g_strjoinv ("\n", (char **) lines->pdata);
}

StrataPlan *
walk_plan (Walk *self, const StrataRequest *request)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataGraph) graph = strata_connection_gather (self->connection, NULL, &error);
  StrataPlan *plan;

  g_assert_no_error (error);
  plan = strata_plan_request (graph, request, &error);
  g_assert_no_error (error);

  return plan;
}

StrataPlan *
walk_drop_guest (StrataPlan *plan)
{
  StrataPlan *rest = strata_plan_new (strata_plan_get_title (plan), strata_plan_get_act (plan));

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);

      if (step->kind == STRATA_STEP_INSPECT || step->kind == STRATA_STEP_SEAL ||
          step->kind == STRATA_STEP_VERIFY)
        continue;

      strata_plan_add_step (rest, step->kind, json_object_ref (step->args), "%s", step->title)
          ->forward_only = step->forward_only;
    }

  return rest;
}

static void
cancel_job (gpointer data, gpointer unused)
{
  strata_job_cancel (data);
}

/* In the place of the guest steps: as the last thing before the point of no return, since nothing but a step of the job may
 * write to what it made if it is to be taken back. */
static void
write_seal (Walk *self, StrataJob *job)
{
  StrataPlan *plan = strata_job_get_plan (job);

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);

      if (step->kind == STRATA_STEP_COMMIT)
        strata_test_write_pattern (json_object_get_string_member (step->args, "top"), "qcow2", 0x5e,
                                   1024 * 1024, 65536);
    }
  self->seals = FALSE;
}

static gboolean
is_at_commit (StrataJob *job, guint index)
{
  return strata_plan_get_step (strata_job_get_plan (job), index)->kind == STRATA_STEP_COMMIT;
}

static gboolean
make_trouble (StrataJob *job,
              guint index,
              StrataHookPoint point,
              gpointer user_data,
              GError **error)
{
  Walk *self = user_data;

  if ((int) index != self->index || point != self->point)
    {
      if (self->seals && point == STRATA_HOOK_BEFORE_STEP && is_at_commit (job, index))
        write_seal (self, job);
      return TRUE;
    }

  if (self->trouble == WALK_CANCEL)
    {
      strata_test_invoke (cancel_job, job);
      return TRUE;
    }

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "Trouble at step %u", index);
  return FALSE;
}

typedef struct
{
  Walk *walk;
  StrataJob *job;
  gboolean over;
  GMutex mutex;
  GCond cond;
} Waiter;

static void
on_state (StrataJob *job, GParamSpec *pspec, Waiter *waiter)
{
  if (!strata_job_is_finished (job))
    return;

  g_mutex_lock (&waiter->mutex);
  waiter->over = TRUE;
  g_cond_signal (&waiter->cond);
  g_mutex_unlock (&waiter->mutex);
}

static void
start_job (gpointer data, gpointer unused)
{
  Waiter *waiter = data;

  g_signal_connect (waiter->job, "notify::state", G_CALLBACK (on_state), waiter);
  strata_job_start (waiter->job);
}

/* Made, run and let go of on the main context, as a window would. */
typedef struct
{
  Walk *walk;
  StrataPlan *plan;
  StrataJournal *journal;
  gboolean resume;
  StrataJob *job;
} Making;

static void
make_job (gpointer data, gpointer unused)
{
  Making *making = data;

  if (making->journal != NULL)
    making->job =
        strata_job_new_from_journal (making->walk->connection, making->journal, making->resume);
  else
    making->job = strata_job_new (making->walk->connection, making->plan, making->walk->journal);
  strata_job_set_hook (making->job, make_trouble, making->walk);
}

static void
drop_job (gpointer data, gpointer unused)
{
  g_object_unref (data);
}

static StrataJobOutcome
run_job (Walk *self, StrataJob *job, char **id)
{
  Waiter waiter = { .walk = self, .job = job };
  gint64 limit = g_get_monotonic_time () + 120 * G_TIME_SPAN_SECOND;
  StrataJobOutcome outcome;

  g_mutex_init (&waiter.mutex);
  g_cond_init (&waiter.cond);
  strata_test_invoke (start_job, &waiter);
  g_mutex_lock (&waiter.mutex);
  while (!waiter.over)
    g_assert_true (g_cond_wait_until (&waiter.cond, &waiter.mutex, limit));
  g_mutex_unlock (&waiter.mutex);

  outcome = strata_job_get_outcome (job);
  if (outcome == STRATA_JOB_OUTCOME_STUCK)
    g_test_message ("stuck: %s", strata_job_get_error (job)->message);
  if (id != NULL)
    *id = g_strdup (strata_job_get_id (job));
  strata_test_invoke (drop_job, job);
  g_mutex_clear (&waiter.mutex);
  g_cond_clear (&waiter.cond);

  return outcome;
}

StrataJobOutcome
walk_run (Walk *self, StrataPlan *plan, char **id)
{
  Making making = { .walk = self, .plan = plan };

  strata_test_invoke (make_job, &making);

  return run_job (self, making.job, id);
}

StrataJobOutcome
walk_take_up (Walk *self, const char *id, gboolean resume)
{
  g_autoptr (GError) error = NULL;
  Making making = { .walk = self, .resume = resume };

  making.journal = strata_journal_open (self->journal, id, &error);
  g_assert_no_error (error);
  self->index = -1;
  strata_test_invoke (make_job, &making);

  return run_job (self, making.job, NULL);
}

char *
walk_read (Walk *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataGraph) graph = strata_connection_gather (self->connection, NULL, &error);
  char *hash = NULL;

  g_assert_no_error (error);
  for (guint i = 0; i < strata_graph_get_domains (graph)->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (strata_graph_get_domains (graph), i);

      if (!is_mine (self, domain))
        continue;
      /* A running domain has its images locked. */
      strata_test_assert_ok (strata_domain_force_off (self->connection, domain->uuid, &error),
                             error);
      for (guint d = 0; d < domain->disks->len; d++)
        {
          StrataDiskXml *disk = g_ptr_array_index (domain->disks, d);
          g_autoptr (GPtrArray) chain = strata_graph_get_chain (graph, disk->source, &error);

          g_assert_no_error (error);
          if (d == 0 && g_str_equal (domain->name, name))
            hash = strata_test_guest_hash (disk->source, disk->format);
        }
    }

  return hash;
}

void
walk_clean (Walk *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) domains = strata_connection_list_domains (self->connection, NULL, &error);
  g_autoptr (GDir) dir = g_dir_open (self->dir, 0, NULL);
  const char *name;

  g_assert_no_error (error);
  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      if (is_mine (self, domain))
        strata_test_undefine (self->connection, domain->uuid);
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->dir, name, NULL);

      g_unlink (path);
    }
}
