/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps that merge layers: down (commit) and up (pull), in a worker domain or in the VM that runs on them.
 *
 * A VM may be shut down, from inside too, while that goes on, which can take long. What was begun under it
 * is then finished in a worker: nothing that comes after depends on whether the VM runs.
 */

#include "graph/strata-holders.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/domain/strata-domain-control.h"
#include "host/domain/strata-restore.h"
#include "host/blockjob/strata-live-merge.h"
#include "host/storage/strata-qemu-img.h"
#include "host/storage/strata-file-chain.h"
#include "host/storage/strata-storage.h"
#include "host/blockjob/strata-worker.h"
#include "jobs/strata-job-private.h"
#include "strata-gone.h"
#include "strata-precondition.h"
#include "strata-perform-private.h"
#include "base/strata-error.h"

/* before a UUID, a note: the guest that ran when its machine's layers were begun to be merged */
#define NOTE_MERGE_RUN "merge-run:"

/* Where a disk is looked for: among those that QEMU has open, and in the definition that the VM is started from. */
typedef enum
{
  MERGE_LIVE = 1 << 0,
  MERGE_DEFINED = 1 << 1,
} MergeWhere;

/* The disk of a VM whose layers are to be merged, as it is now, wherever it is attached. On the stack, all zeroes at first.
 * Blocking; worker threads only. */
typedef struct
{
  StrataConnection *connection; /* the caller's */
  StrataDomainFacts *facts;
  const StrataDiskXml *disk; /* of @facts; NULL: the VM has no such disk */
  gboolean active;           /* QEMU has @disk open */
  GStrv layers;              /* canonical paths; what the VM writes to, or would, first */
} MergeTarget;

static void
merge_target_clear (MergeTarget *self)
{
  self->disk = NULL;
  self->active = FALSE;
  g_clear_pointer (&self->facts, strata_domain_facts_unref);
  g_clear_pointer (&self->layers, g_strfreev);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MergeTarget, merge_target_clear)

/* By the headers, since no QEMU has it open. FORMAT: what the definition says of PATH; below a raw image is nothing, whatever a
 * guest wrote into it. */
static GStrv
list_layers (StrataConnection *connection, const char *path, const char *format, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (StrataFileChain) link = strata_file_chain_begin (path, format);

  while (link.path != NULL && g_path_is_absolute (link.path))
    {
      g_autoptr (StrataImage) image = strata_storage_read_image (connection, link.path, error);

      if (image == NULL)
        return NULL;
      g_strv_builder_add (builder, link.path);
      strata_file_chain_next (&link, image->backing_path, image->backing_format);
    }

  return g_strv_builder_end (builder);
}

/* PROBLEM: (inout): why the first layers that could not be read could not be; not of a drive, whose medium may be away. Returns
 * whether SELF has found its disk. */
static gboolean
try_disk (MergeTarget *self,
          const StrataDiskXml *disk,
          gboolean active,
          const char *image,
          GError **problem)
{
  g_autoptr (GError) local = NULL;
  g_auto (GStrv) layers = NULL;

  if (disk->source == NULL)
    return FALSE;
  if (active)
    layers = strata_live_chain (self->connection, self->facts->uuid, disk->target, &local);
  else
    layers = list_layers (self->connection, disk->source, disk->format, &local);
  if (layers == NULL && *problem == NULL && g_strcmp0 (disk->device, "disk") == 0)
    *problem = g_steal_pointer (&local);
  if (layers == NULL ||
      !strata_storage_is_among (self->connection, (const char *const *) layers, image))
    return FALSE;

  self->disk = disk;
  self->active = active;
  self->layers = g_steal_pointer (&layers);

  return TRUE;
}

static gboolean
try_disks (MergeTarget *self,
           GPtrArray *disks,
           gboolean active,
           const char *image,
           GError **problem)
{
  for (guint i = 0; i < disks->len; i++)
    {
      if (try_disk (self, g_ptr_array_index (disks, i), active, image, problem))
        return TRUE;
    }

  return FALSE;
}

static gboolean
query_target (MergeTarget *self,
              StrataConnection *connection,
              const char *uuid,
              const char *image,
              MergeWhere which,
              GError **error)
{
  g_autoptr (GError) problem = NULL;
  gboolean active;

  merge_target_clear (self);
  self->connection = connection;
  self->facts = strata_connection_get_domain (connection, uuid, error);
  if (self->facts == NULL)
    return FALSE;

  active = strata_domain_facts_is_active (self->facts);
  if ((which & MERGE_LIVE) != 0 && active &&
      try_disks (self, self->facts->disks, TRUE, image, &problem))
    return TRUE;
  if ((which & MERGE_DEFINED) != 0 &&
      try_disks (self, self->facts->next_disks, FALSE, image, &problem))
    return TRUE;
  if (problem == NULL)
    return TRUE;

  /* It may be the one. */
  g_propagate_error (error, g_steal_pointer (&problem));

  return FALSE;
}

static gboolean
check_top (const MergeTarget *self, const char *path, GError **error)
{
  if (strata_storage_is_same (self->connection, self->layers[0], path))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_BUSY, _ ("Try again; what is to be done differs now."),
                    _ ("“%s” does not run on “%s” any more"), self->facts->name, path);

  return FALSE;
}

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
  g_autoptr (StrataImage) image = strata_storage_read_image (context->connection, path, error);

  if (image == NULL)
    return FALSE;
  *stands = (image->backing_path == NULL && base == NULL) ||
            strata_storage_is_same (context->connection, image->backing_path, base);

  return TRUE;
}

static gboolean
look (StrataStepContext *context,
      MergeTarget *subject,
      const char *image,
      MergeWhere where,
      GError **error)
{
  return query_target (subject, context->connection, strata_step_context_get (context, "uuid"),
                       image, where, error);
}

/* The process that was to see to it may have died before. */
static gboolean
flush (StrataStepContext *context, const MergeTarget *subject, GError **error)
{
  return !subject->active ||
         strata_live_flush (context->connection, subject->facts->uuid, subject->layers[0], error);
}

/* Whether a merge under the VM failed because that is off now. */
static gboolean
went_off (StrataStepContext *context, const GError *error)
{
  StrataDomainState state;

  return !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) &&
         strata_domain_get_state (context->connection, strata_step_context_get (context, "uuid"),
                                  &state, NULL) &&
         (state == STRATA_DOMAIN_STATE_OFF || state == STRATA_DOMAIN_STATE_CRASHED);
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
                                     &(StrataTransfer) { strata_job_get_bandwidth (context->job),
                                                         on_bytes, context, cancellable },
                                     error);
}

/* What of the definition names the top. Another client may have put the disk elsewhere in it, and libvirt itself follows only one
 * that is where it was. REQUIRED: there has to be one: merging takes its time, in which another client may put the machine on
 * something else, which no lock keeps it from. */
static gboolean
define_on_base (StrataStepContext *context, gboolean required, GError **error)
{
  const char *top = strata_step_context_get (context, "top");
  g_autoptr (StrataDomainFacts) facts = strata_connection_get_domain (
      context->connection, strata_step_context_get (context, "uuid"), error);
  g_autoptr (StrataDomainXml) definition = NULL;
  g_autofree char *text = NULL;
  gboolean found = FALSE;

  if (facts == NULL)
    return FALSE;
  definition = strata_domain_xml_new_from_string (facts->xml, error);
  if (definition == NULL)
    return FALSE;

  for (guint i = 0; facts->persistent && i < facts->next_disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (facts->next_disks, i);

      if (strata_storage_is_same (context->connection, disk->source, top))
        found |= strata_domain_xml_set_disk_file (definition, disk->target,
                                                  strata_step_context_get (context, "base"),
                                                  strata_step_context_get (context, "base-format"));
    }
  if (!found && !required)
    return TRUE;
  if (!found)
    {
      strata_set_error (error, STRATA_ERROR_CHANGED,
                        _ ("Nothing more is done. Look at the machine, and try again."),
                        _ ("“%s” does not run on “%s” any more"), facts->name, top);
      return FALSE;
    }

  text = strata_domain_xml_to_string (definition);

  return strata_require_unsaved (context->connection, facts->uuid, error) &&
         strata_domain_define (context->connection, text, error);
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
                               &(StrataTransfer) { strata_job_get_bandwidth (context->job),
                                                   on_bytes, context, cancellable },
                               error) &&
         (!redefine || define_on_base (context, TRUE, error));
}

/* An overlay that another client removed has nothing to be told, but the top is merged all the same: others may rely on it. */
static gboolean
commit_via (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *via = strata_step_context_get (context, "via");
  gboolean gone, done;

  if (!strata_gone_find_image (context->connection, context->results, via, &gone, error))
    return FALSE;
  if (gone)
    return commit_top (context, FALSE, cancellable, error);
  if (!stands_on (context, via, strata_step_context_get (context, "base"), &done, error))
    return FALSE;

  return done || commit_below (context, via, strata_step_context_get (context, "via-format"),
                               cancellable, error);
}

/* Whether a domain but our own has PATH open or would, or an image stands on it. */
static gboolean
is_held_elsewhere (StrataStepContext *context, const char *path, gboolean *held, GError **error)
{
  g_autoptr (StrataGraph) graph = strata_connection_gather (context->connection, NULL, error);
  g_autoptr (GPtrArray) holders = graph != NULL ? strata_graph_get_holders (graph, path) : NULL;

  *held = FALSE;
  for (guint i = 0; holders != NULL && i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);

      *held |= holder->kind != STRATA_HOLDER_SNAPSHOT &&
               (holder->domain == NULL ||
                g_strcmp0 (holder->domain->uuid, strata_step_context_get (context, "uuid")) != 0);
    }

  return holders != NULL;
}

/* Whether a disk of the VM, none of which has the top, is where one is after the merge. */
static gboolean
look_for_base (StrataStepContext *context,
               MergeTarget *subject,
               MergeWhere where,
               gboolean *there,
               GError **error)
{
  const char *base = strata_step_context_get (context, "base");

  if (!look (context, subject, base, where, error))
    return FALSE;
  *there = subject->disk != NULL &&
           (!strata_step_context_is (context, "active") ||
            strata_storage_is_same (context->connection, subject->layers[0], base));

  return TRUE;
}

static char *
run_key (StrataStepContext *context)
{
  return g_strconcat (NOTE_MERGE_RUN, strata_step_context_get (context, "uuid"), NULL);
}

/* (nullable): the guest's process, told from each other one that this computer had; of a remote one that can't be told, which gives the
 * same numbers to its guests after each start */
static char *
describe_run (StrataStepContext *context)
{
  char *run;

  if (!strata_connection_get_facts (context->connection)->is_local ||
      !strata_domain_query_run (context->connection, strata_step_context_get (context, "uuid"),
                                &run, NULL))
    return NULL;
  /* It stands still and goes on meanwhile. */
  if (run != NULL && g_str_has_suffix (run, STRATA_RUN_BOOTED))
    run[strlen (run) - strlen (STRATA_RUN_BOOTED)] = '\0';

  return run;
}

/* Whether the guest runs on that was there when the merge began: what it writes to is the base now, and only a merge puts it there. */
static gboolean
runs_on (StrataStepContext *context)
{
  g_autofree char *key = run_key (context);
  g_autofree char *run = describe_run (context);

  return run != NULL && g_strcmp0 (run, strata_step_context_get_note (context, key)) == 0;
}

/* That the base is in a chain and the top is not shows a merge only if the base has what the top had: another client may have put
 * the machine on the base by a return or a definition of its own. Below what is open nothing is written, so that they can be compared;
 * and of what a guest wrote to since they may differ, and it can't be told. */
static gboolean
is_in_base (StrataStepContext *context)
{
  const char *format = strata_step_context_get (context, "top-format");
  const char *base_format = strata_step_context_get (context, "base-format");
  const char *top = strata_step_context_get (context, "top");
  const char *const arguments[] = { "compare",   "-q",   "-U",
                                    "-f",        format, "-F",
                                    base_format, top,    strata_step_context_get (context, "base"),
                                    NULL };
  gboolean exists;
  int status;

  if (strata_storage_exists (context->connection, top, &exists, NULL) && !exists)
    return TRUE;
  if (strata_step_context_is (context, "active") && runs_on (context))
    return TRUE;

  return format != NULL && base_format != NULL &&
         strata_connection_get_facts (context->connection)->is_local &&
         strata_qemu_img_run (arguments, &status, NULL, NULL, NULL, NULL) && status == 0;
}

/* MERGED: the VM shows that the top is not needed any more. That a disk is gone, or another is in its place, shows nothing. */
static gboolean
find_top (StrataStepContext *context, MergeTarget *subject, gboolean *merged, GError **error)
{
  const char *top = strata_step_context_get (context, "top");
  const char *base = strata_step_context_get (context, "base");
  gboolean active;
  gboolean held;

  *merged = FALSE;
  if (!look (context, subject, top, MERGE_LIVE, error))
    return FALSE;
  if (subject->disk != NULL)
    return TRUE;

  active = strata_domain_facts_is_active (subject->facts);
  if (active && !look_for_base (context, subject, MERGE_LIVE, merged, error))
    return FALSE;
  if (!*merged)
    {
      if (!look (context, subject, top, MERGE_DEFINED, error))
        return FALSE;
      if (subject->disk != NULL)
        return TRUE;
      if (!active && !look_for_base (context, subject, MERGE_DEFINED, merged, error))
        return FALSE;
    }
  if (*merged && !is_held_elsewhere (context, top, &held, error))
    return FALSE;
  if (*merged && !held && is_in_base (context))
    return TRUE;

  *merged = FALSE;
  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Give the machine its disk back, and try again. Keep both images."),
      _ ("No disk of “%s” is on “%s” any more, and whether that was merged into “%s” can’t be told"),
      subject->facts->name, top, base);
  return FALSE;
}

/* Also for a process that died when the merge was done. */
static gboolean
end_commit (StrataStepContext *context, const MergeTarget *subject, GError **error)
{
  return flush (context, subject, error) &&
         (!strata_step_context_is (context, "active") || define_on_base (context, FALSE, error));
}

static gboolean
commit_off (StrataStepContext *context,
            const MergeTarget *subject,
            GCancellable *cancellable,
            GError **error)
{
  const char *top = strata_step_context_get (context, "top");

  if (!strata_require_unsaved (context->connection, subject->facts->uuid, error))
    return FALSE;
  if (!strata_step_context_is (context, "active"))
    return commit_below (context, subject->disk->source, subject->disk->format, cancellable, error);

  return check_top (subject, top, error) && commit_top (context, TRUE, cancellable, error);
}

static gboolean
commit_live (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_auto (MergeTarget) subject = { 0 };
  g_autoptr (GError) local = NULL;
  gboolean merged;

  if (!find_top (context, &subject, &merged, error))
    return FALSE;

  if (subject.active && !merged)
    {
      merged = strata_live_commit (context->connection, strata_step_context_get (context, "uuid"),
                                   subject.disk->target, strata_step_context_get (context, "top"),
                                   strata_step_context_get (context, "base"),
                                   strata_step_context_is (context, "active"),
                                   &(StrataTransfer) { strata_job_get_bandwidth (context->job),
                                                       on_bytes, context, cancellable },
                                   &local);
      if (!merged && went_off (context, local) && !find_top (context, &subject, &merged, error))
        return FALSE;
      if (!merged && subject.active)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }

  return merged ? end_commit (context, &subject, error)
                : commit_off (context, &subject, cancellable, error);
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

static void
note_run (StrataStepContext *context)
{
  g_autofree char *key = NULL;
  g_autofree char *run = NULL;

  if (context->job == NULL || strata_step_context_get (context, "uuid") == NULL)
    return;
  key = run_key (context);
  run = describe_run (context);
  strata_job_set_result (context->job, key, run != NULL ? run : "");
}

/* After the merge of what a guest writes to, libvirt writes the base into the definition, and says nothing where it can't: then the
 * definition names, from the daemon's next start on, an overlay that was deleted. So it is asked to write before anything is
 * changed. */
static gboolean
require_writable_definition (StrataStepContext *context, GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");

  return uuid == NULL || !strata_step_context_is (context, "active") ||
         strata_domain_require_writable (context->connection, uuid, error);
}

/* Under a VM the merge itself looks what the VM runs on; an overlay that is merged away below it is found by its header.
 * The overlay of a VM that is off is known to us alone. */
static gboolean
commit_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *top = strata_step_context_get (context, "top");
  const char *base = strata_step_context_get (context, "base");

  /* What stands on the top stands on the base, too. */
  if (!strata_require_none_saved_on (context->connection, base, cancellable, error) ||
      !require_writable_definition (context, error))
    return FALSE;
  note_run (context);

  return strata_step_context_get (context, "uuid") != NULL ||
         strata_step_context_get (context, "via") != NULL ||
         strata_require_at_rest (context->connection, top, base, cancellable, error);
}

/* Another merged it away meanwhile, or nothing but its file was left to delete: then the host does without it. */
static gboolean
is_top_gone (StrataStepContext *context, gboolean *gone, GError **error)
{
  gboolean has_base;

  *gone = FALSE;
  if (!strata_storage_exists (context->connection, strata_step_context_get (context, "base"),
                              &has_base, error))
    return FALSE;

  return !has_base ||
         strata_gone_find_image (context->connection, context->results,
                                 strata_step_context_get (context, "top"), gone, error);
}

/* In a worker it may be run again; under a VM it can't, because there is nothing to commit then. */
static gboolean
commit_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  g_auto (MergeTarget) subject = { 0 };
  gboolean gone;

  if (!is_top_gone (context, done, error))
    return FALSE;
  if (*done)
    return TRUE;
  /* What is only away is waited for before anything begins. */
  if (strata_step_context_get (context, "via") != NULL)
    return strata_gone_find_image (context->connection, context->results,
                                   strata_step_context_get (context, "via"), &gone, error);
  if (strata_step_context_get (context, "uuid") == NULL)
    return TRUE;

  return find_top (context, &subject, done, error) &&
         (!*done || end_commit (context, &subject, error));
}

const StrataStepOps strata_step_commit = {
  .interruptible = TRUE,
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

  return worker != NULL &&
         strata_worker_pull (worker, strata_step_context_get (context, "base"),
                             &(StrataTransfer) { strata_job_get_bandwidth (context->job), on_bytes,
                                                 context, cancellable },
                             error);
}

/* libvirt pulls only into what the VM writes to. What the VM has not open is pulled into without it: the image reads the same
 * before and after. */
static gboolean
pull_live (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *image = strata_step_context_get (context, "image");
  g_auto (MergeTarget) subject = { 0 };
  g_autoptr (GError) local = NULL;

  if (!look (context, &subject, image, MERGE_LIVE, error))
    return FALSE;

  if (subject.active)
    {
      if (!check_top (&subject, image, error))
        return FALSE;
      if (strata_live_pull (context->connection, strata_step_context_get (context, "uuid"),
                            subject.disk->target, strata_step_context_get (context, "base"),
                            &(StrataTransfer) { strata_job_get_bandwidth (context->job), on_bytes,
                                                context, cancellable },
                            &local))
        return TRUE;
      if (!went_off (context, local))
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
  const char *image = strata_step_context_get (context, "image");
  g_auto (MergeTarget) subject = { 0 };

  if (!strata_gone_find_image (context->connection, context->results, image, done, error))
    return FALSE;
  if (*done)
    return TRUE;
  if (!stands_on (context, image, strata_step_context_get (context, "base"), done, error))
    return FALSE;
  if (!*done || strata_step_context_get (context, "uuid") == NULL)
    return TRUE;

  return look (context, &subject, image, MERGE_LIVE, error) && flush (context, &subject, error);
}

/* What is above it is deleted next, trusting the header. */
static gboolean
pull_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  gboolean live = strata_step_context_get (context, "uuid") != NULL;
  gboolean done;

  context->untouched = TRUE;
  if (!strata_gone_find_image (context->connection, context->results,
                               strata_step_context_get (context, "image"), &done, error))
    return FALSE;
  if (done)
    return TRUE;
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

const StrataStepOps strata_step_pull = {
  .interruptible = TRUE,
  .check = pull_check,
  .run = pull_run,
  .is_done = pull_is_done,
};
