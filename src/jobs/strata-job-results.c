/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataJobResults: what a job finds out, for its later steps, for its journal and for its person. Any thread. */

#include "config.h"

#include "strata-job-report.h"
#include "strata-job-results.h"

struct _StrataJobResults
{
  GMutex mutex;
  JsonObject *all;
  JsonObject *unwritten; /* NULL: all of them are in the journal */
};

/**
 * strata_job_results_new:
 * @before: (nullable): what an earlier process found out; it is added to
 *
 * Returns: (transfer full): results
 */
StrataJobResults *
strata_job_results_new (JsonObject *before)
{
  StrataJobResults *self = g_new0 (StrataJobResults, 1);

  g_mutex_init (&self->mutex);
  self->all = before != NULL ? json_object_ref (before) : json_object_new ();

  return self;
}

void
strata_job_results_free (StrataJobResults *self)
{
  g_clear_pointer (&self->all, json_object_unref);
  g_clear_pointer (&self->unwritten, json_object_unref);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
strata_job_set_result (StrataJob *job, const char *key, const char *value)
{
  StrataJobResults *self = strata_job_get_results (job);

  g_mutex_lock (&self->mutex);
  if (self->unwritten == NULL)
    self->unwritten = json_object_new ();
  json_object_set_string_member (self->unwritten, key, value);
  json_object_set_string_member (self->all, key, value);
  g_mutex_unlock (&self->mutex);
}

char *
strata_job_get_result (StrataJob *job, const char *key)
{
  StrataJobResults *self = strata_job_get_results (job);
  char *value;

  g_mutex_lock (&self->mutex);
  value = g_strdup (json_object_get_string_member_with_default (self->all, key, NULL));
  g_mutex_unlock (&self->mutex);

  return value;
}

/* Returns: (transfer full) (nullable): what isn't in the journal yet */
JsonObject *
strata_job_take_new_results (StrataJob *job)
{
  StrataJobResults *self = strata_job_get_results (job);
  JsonObject *results;

  g_mutex_lock (&self->mutex);
  results = g_steal_pointer (&self->unwritten);
  g_mutex_unlock (&self->mutex);

  return results;
}

void
strata_job_add_line (StrataJob *job, const char *key, const char *sentence)
{
  g_autofree char *before = strata_job_get_result (job, key);
  g_auto (GStrv) lines = strata_job_dup_lines (job, key);
  g_autofree char *line = g_strdelimit (g_strdup (sentence), "\n\r", ' ');
  g_autofree char *all = before != NULL && *before != '\0'
                             ? g_strdup_printf ("%s\n%s", before, line)
                             : g_strdup (line);

  /* One that an earlier way back said, which stopped after it. */
  if (g_strv_contains ((const char *const *) lines, line))
    return;
  strata_job_append_log (job, line);
  strata_job_set_result (job, key, all);
}

GStrv
strata_job_dup_lines (StrataJob *job, const char *key)
{
  g_autofree char *lines = strata_job_get_result (job, key);

  return lines != NULL && *lines != '\0' ? g_strsplit (lines, "\n", -1) : g_new0 (char *, 1);
}

/**
 * strata_job_dup_kept:
 * @job: a job
 *
 * Returns: (transfer full) (array zero-terminated=1): what its plan would have deleted, and what turned out to be needed when
 *   it came to that, a sentence each
 */
GStrv
strata_job_dup_kept (StrataJob *job)
{
  g_return_val_if_fail (job != NULL, NULL);

  return strata_job_dup_lines (job, STRATA_JOB_KEPT);
}

/**
 * strata_job_dup_not_back:
 * @job: a job that was taken back
 *
 * Returns: (transfer full) (array zero-terminated=1): what isn't as it was before it, a sentence each; empty where everything is
 */
GStrv
strata_job_dup_not_back (StrataJob *job)
{
  g_return_val_if_fail (job != NULL, NULL);

  return strata_job_dup_lines (job, STRATA_JOB_NOT_BACK);
}

/**
 * strata_job_dup_snapshot_id:
 * @job: a job
 * @name: a snapshot that it takes
 *
 * Returns: (transfer full) (nullable): the StrataSnapshotFacts.id of the very one that it took; %NULL before
 */
char *
strata_job_dup_snapshot_id (StrataJob *job, const char *name)
{
  g_autofree char *key = NULL;

  g_return_val_if_fail (job != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  key = g_strconcat (STRATA_JOB_SNAPSHOT_ID, name, NULL);

  return strata_job_get_result (job, key);
}
