/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps that merge layers: down (commit) and up (pull), in a worker domain or in the VM that runs on them.
 *
 * A VM may be shut down, from inside too, while that goes on, which can take long. What was begun under it
 * is then finished in a worker: nothing that comes after depends on whether the VM runs.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/strata-domain-control.h"
#include "host/strata-live-merge.h"
#include "host/strata-storage.h"
#include "host/strata-worker.h"
#include "strata-job-private.h"
#include "strata-merge-subject.h"
#include "strata-precondition.h"
#include "strata-step-private.h"
#include "xml/strata-error.h"

static guint64
on_bytes (guint64 done, guint64 total, gpointer user_data)
{
  StrataStepContext *context = user_data;

  context->untouched = FALSE;
  strata_job_report_bytes (context->job, done, total);

  return strata_job_get_bandwidth (context->job);
}

static StrataWorker *
start_worker (StrataStepContext *context,
              const char *path,
              const char *format,
              GCancellable *cancellable,
              GError **error)
{
  gboolean block = strata_step_context_is (context, "block");

  return strata_worker_start (context->connection, path, format,
                              block ? STRATA_WORKER_BLOCK : STRATA_WORKER_FILE, cancellable, error);
}

/* Whether the header of PATH names BASE, or nothing where that is NULL. */
static gboolean
stands_on (StrataStepContext *context,
           const char *path,
           const char *base,
           gboolean *stands,
           GError **error)
{
  g_autoptr (StrataImage) image = strata_storage_look (context->connection, path, error);

  if (image == NULL)
    return FALSE;
  *stands = (image->backing_path == NULL && base == NULL) ||
            strata_storage_is_same (context->connection, image->backing_path, base);

  return TRUE;
}

static gboolean
look (StrataStepContext *context, StrataMergeSubject *subject, GError **error)
{
  return strata_merge_subject_look (subject, context->connection,
                                    strata_step_context_get (context, "uuid"),
                                    strata_step_context_get (context, "target"), error);
}

/* Who was to see to it may have died before. */
static gboolean
flush (StrataStepContext *context, const StrataMergeSubject *subject, GError **error)
{
  return !subject->active ||
         strata_live_flush (context->connection, subject->facts->uuid, subject->layers[0], error);
}

/* commit ------------------------------------------------------------------------------------------- */

/* One overlay of TOP after the other gets its turn, each in a worker of its own; one that had it knows
 * nothing of TOP any more. */
static gboolean
commit_below (StrataStepContext *context,
              const char *via,
              const char *via_format,
              GCancellable *cancellable,
              GError **error)
{
  g_autoptr (StrataWorker) worker = start_worker (context, via, via_format, cancellable, error);

  return worker != NULL &&
         strata_worker_commit_below (worker, strata_step_context_get (context, "top"),
                                     strata_step_context_get (context, "base"),
                                     strata_job_get_bandwidth (context->job), on_bytes, context,
                                     cancellable, error);
}

static gboolean
commit_via (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *via = strata_step_context_get (context, "via");
  gboolean done;

  if (!stands_on (context, via, strata_step_context_get (context, "base"), &done, error))
    return FALSE;

  return done || commit_below (context, via, strata_step_context_get (context, "via-format"),
                               cancellable, error);
}

/* Merging takes its time, in which another client may put the machine on something else, which no lock keeps it from. */
static gboolean
check_still_on_top (StrataStepContext *context, GError **error)
{
  const char *top = strata_step_context_get (context, "top");
  g_autoptr (StrataDomainFacts) facts = strata_connection_get_domain (
      context->connection, strata_step_context_get (context, "uuid"), error);

  for (guint i = 0; facts != NULL && i < facts->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (facts->disks, i);

      if (g_strcmp0 (disk->target, strata_step_context_get (context, "target")) == 0 &&
          strata_storage_is_same (context->connection, disk->source, top))
        return strata_require_unsaved (context->connection, facts->uuid, error);
    }

  if (facts != NULL)
    strata_set_error (error, STRATA_ERROR_CHANGED,
                      _ ("Nothing more is done. Look at the machine, and try again."),
                      _ ("“%s” does not run on “%s” any more"), facts->name, top);
  return FALSE;
}

static gboolean
define_on_base (StrataStepContext *context, GError **error)
{
  g_autofree char *xml =
      strata_domain_get_xml (context->connection, strata_step_context_get (context, "uuid"), error);
  g_autoptr (StrataDomainXml) definition = NULL;
  g_autofree char *text = NULL;

  if (xml == NULL)
    return FALSE;
  definition = strata_domain_xml_new_from_string (xml, error);
  if (definition == NULL)
    return FALSE;

  strata_domain_xml_set_disk_file (definition, strata_step_context_get (context, "target"),
                                   strata_step_context_get (context, "base"),
                                   strata_step_context_get (context, "base-format"));
  text = strata_domain_xml_to_string (definition);

  return strata_domain_define (context->connection, text, error);
}

/* REDEFINE: the VM goes on with the base, and says so before the worker lets go of it, lest it be
 * started on what is no longer needed. */
static gboolean
commit_top (StrataStepContext *context,
            gboolean redefine,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (StrataWorker) worker =
      start_worker (context, strata_step_context_get (context, "top"),
                    strata_step_context_get (context, "top-format"), cancellable, error);

  return worker != NULL &&
         strata_worker_commit (worker, strata_step_context_get (context, "base"),
                               strata_job_get_bandwidth (context->job), on_bytes, context,
                               cancellable, error) &&
         (!redefine || (check_still_on_top (context, error) && define_on_base (context, error)));
}

static gboolean
commit_off (StrataStepContext *context,
            const StrataMergeSubject *subject,
            GCancellable *cancellable,
            GError **error)
{
  const char *top = strata_step_context_get (context, "top");

  if (!strata_merge_subject_has (subject, top))
    return TRUE;
  if (!strata_require_unsaved (context->connection, subject->facts->uuid, error))
    return FALSE;
  if (!strata_step_context_is (context, "active"))
    return commit_below (context, subject->disk->source, subject->disk->format, cancellable, error);

  return strata_merge_subject_check_top (subject, top, error) &&
         commit_top (context, TRUE, cancellable, error);
}

static gboolean
commit_live (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_auto (StrataMergeSubject) subject = { 0 };
  g_autoptr (GError) local = NULL;

  if (!look (context, &subject, error))
    return FALSE;

  if (subject.active)
    {
      if (strata_live_commit (
              context->connection, strata_step_context_get (context, "uuid"),
              strata_step_context_get (context, "target"), strata_step_context_get (context, "top"),
              strata_step_context_get (context, "base"), strata_step_context_is (context, "active"),
              strata_job_get_bandwidth (context->job), on_bytes, context, cancellable, &local))
        return TRUE;
      if (!strata_merge_subject_went_off (&subject, context->connection, &local))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }

  return commit_off (context, &subject, cancellable, error);
}

static gboolean
commit_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  context->untouched = TRUE;
  if (strata_step_context_get (context, "uuid") != NULL)
    return commit_live (context, cancellable, error);
  if (strata_step_context_get (context, "via") != NULL)
    return commit_via (context, cancellable, error);

  return commit_top (context, FALSE, cancellable, error);
}

/* Under a VM the merge itself looks what the VM runs on; an overlay that is merged away below it is found by its header.
 * The overlay of a VM that is off is known to us alone. */
static gboolean
commit_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *top = strata_step_context_get (context, "top");

  if (strata_step_context_get (context, "uuid") != NULL)
    return TRUE;
  if (!strata_require_none_saved_on (context->connection, top, cancellable, error))
    return FALSE;

  return strata_step_context_get (context, "via") != NULL ||
         strata_require_at_rest (context->connection, top,
                                 strata_step_context_get (context, "base"), cancellable, error);
}

/* Whether the folder of PATH has anything in it. There is nothing where storage isn't mounted. */
static gboolean
is_folder_there (StrataStepContext *context, StrataGraph *graph, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GPtrArray) images = NULL;
  g_autoptr (GDir) dir = NULL;

  if (strata_connection_get_facts (context->connection)->is_local)
    {
      dir = g_dir_open (folder, 0, NULL);
      return dir != NULL && g_dir_read_name (dir) != NULL;
    }

  images = strata_graph_get_images (graph);
  for (guint i = 0; i < images->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (images, i);
      g_autofree char *other = g_path_get_dirname (image->path);

      if (!image->missing && g_str_equal (folder, other))
        return TRUE;
    }

  return FALSE;
}

/* Whether any definition, snapshot or header on the host names PATH. */
static gboolean
is_named (StrataGraph *graph, const char *path)
{
  g_autoptr (GPtrArray) holders = strata_graph_get_holders (graph, path);

  return holders->len > 0;
}

/* Another merged it away meanwhile, or nothing but its file was left to delete: then the host does without it. What is only away,
 * with its storage, is still needed. */
static gboolean
is_top_gone (StrataStepContext *context, gboolean *gone, GError **error)
{
  const char *top = strata_step_context_get (context, "top");
  gboolean has_top, has_base;
  g_autoptr (StrataGraph) graph = NULL;

  *gone = FALSE;
  if (!strata_storage_exists (context->connection, top, &has_top, error) ||
      !strata_storage_exists (context->connection, strata_step_context_get (context, "base"),
                              &has_base, error))
    return FALSE;
  if (has_top || !has_base)
    return TRUE;

  graph = strata_connection_gather (context->connection, NULL, error);
  if (graph == NULL)
    return FALSE;
  *gone = !is_named (graph, top) && is_folder_there (context, graph, top);
  if (*gone)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Bring back the storage that it is on, and resume the job. If it is lost, "
                       "“stratactl job dismiss” ends the job as it is."),
                    _ ("The image “%s”, which is to be merged, is missing"), top);
  return FALSE;
}

/* In a worker it may be run again; under a VM it can't, because there is nothing to commit then. */
static gboolean
commit_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  g_auto (StrataMergeSubject) subject = { 0 };

  if (!is_top_gone (context, done, error))
    return FALSE;
  if (*done)
    return TRUE;
  if (strata_step_context_get (context, "uuid") == NULL)
    return TRUE;

  if (!look (context, &subject, error))
    return FALSE;
  *done = !strata_merge_subject_has (&subject, strata_step_context_get (context, "top"));

  return !*done || flush (context, &subject, error);
}

const StrataStepClass strata_step_commit = {
  .kind = "commit",
  .check = commit_check,
  .run = commit_run,
  .is_done = commit_is_done,
};

/* pull --------------------------------------------------------------------------------------------- */

static gboolean
pull_in_worker (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_autoptr (StrataWorker) worker =
      start_worker (context, strata_step_context_get (context, "image"),
                    strata_step_context_get (context, "format"), cancellable, error);

  return worker != NULL && strata_worker_pull (worker, strata_step_context_get (context, "base"),
                                               strata_job_get_bandwidth (context->job), on_bytes,
                                               context, cancellable, error);
}

/* libvirt pulls only into what the VM writes to. */
static gboolean
pull_live (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_auto (StrataMergeSubject) subject = { 0 };
  g_autoptr (GError) local = NULL;

  if (!look (context, &subject, error))
    return FALSE;

  if (subject.active)
    {
      if (!strata_merge_subject_check_top (&subject, strata_step_context_get (context, "image"),
                                           error))
        return FALSE;
      if (strata_live_pull (context->connection, strata_step_context_get (context, "uuid"),
                            strata_step_context_get (context, "target"),
                            strata_step_context_get (context, "base"),
                            strata_job_get_bandwidth (context->job), on_bytes, context, cancellable,
                            &local))
        return TRUE;
      if (!strata_merge_subject_went_off (&subject, context->connection, &local))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }

  return strata_require_unsaved (context->connection, subject.facts->uuid, error) &&
         pull_in_worker (context, cancellable, error);
}

/* A machine that runs on it has no such state. */
static gboolean
pull_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  return strata_require_none_saved_on (
      context->connection, strata_step_context_get (context, "image"), cancellable, error);
}

static gboolean
pull_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  g_auto (StrataMergeSubject) subject = { 0 };

  if (!stands_on (context, strata_step_context_get (context, "image"),
                  strata_step_context_get (context, "base"), done, error))
    return FALSE;
  if (!*done || strata_step_context_get (context, "uuid") == NULL)
    return TRUE;

  return look (context, &subject, error) && flush (context, &subject, error);
}

/* What is above it is deleted next, trusting the header. */
static gboolean
pull_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  gboolean live = strata_step_context_get (context, "uuid") != NULL;
  gboolean done;

  context->untouched = TRUE;
  if (live ? !pull_live (context, cancellable, error)
           : !pull_in_worker (context, cancellable, error))
    return FALSE;
  if (!pull_is_done (context, &done, error))
    return FALSE;
  if (done)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_FAILED, NULL,
                    _ ("“%s” still stands on what it should have taken"),
                    strata_step_context_get (context, "image"));
  return FALSE;
}

const StrataStepClass strata_step_pull = {
  .kind = "pull",
  .check = pull_check,
  .run = pull_run,
  .is_done = pull_is_done,
};
