/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps that make snapshots, delete them and go back to them. What only changes libvirt's documents of them is in
 * strata-perform-metadata.c.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/storage/strata-direct-copy.h"
#include "host/domain/strata-domain-control.h"
#include "host/snapshot/strata-internal-snapshot.h"
#include "host/domain/strata-restore.h"
#include "host/domain/strata-screenshot.h"
#include "host/snapshot/strata-snapshot-create.h"
#include "host/snapshot/strata-snapshot.h"
#include "host/storage/strata-storage.h"
#include "jobs/strata-job-private.h"
#include "strata-kept-state.h"
#include "strata-metadata-undo.h"
#include "strata-precondition.h"
#include "strata-snapshot-params.h"
#include "strata-perform-private.h"
#include "jobs/strata-job-notes.h"
#include "base/strata-error.h"

static guint64
on_bytes (guint64 done, guint64 total, gpointer user_data)
{
  strata_job_report_bytes (user_data, done, total);

  return strata_job_get_bandwidth (user_data);
}

/* snapshot-create ---------------------------------------------------------------------------------- */

/* A guest that runs has its disks open itself, and goes over to the overlays. */
static gboolean
require_frozen (StrataStepContext *context, const StrataSnapshotParams *params, GError **error)
{
  StrataDomainState state;

  if (params->overlays->len == 0)
    return TRUE;
  if (!strata_domain_get_state (context->connection, params->uuid, &state, error))
    return FALSE;
  if (state != STRATA_DOMAIN_STATE_OFF && state != STRATA_DOMAIN_STATE_CRASHED)
    return TRUE;

  for (guint i = 0; i < params->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (params->overlays, i);

      if (item->base != NULL &&
          !strata_direct_require_frozen (context->connection, item->base, error))
        return FALSE;
    }

  return TRUE;
}

/* A guest that is stopped with its keeping is asked about here as it is where it is stopped by itself. */
static gboolean
require_stoppable (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  StrataStepContext stop;

  return !strata_step_context_is (context, "halt") ||
         !strata_kept_state_find_stop (context, &stop) ||
         (strata_shut_down_require_possible (&stop, cancellable, error) &&
          strata_require_definition (context->connection, strata_step_context_get (context, "uuid"),
                                     strata_step_context_get (context, "previous"), NULL, NULL,
                                     error));
}

static gboolean
snapshot_create_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_auto (StrataSnapshotParams) params = { NULL };

  strata_snapshot_params_read (context, &params);

  strata_kept_state_note_before (context);

  return require_stoppable (context, cancellable, error) &&
         strata_require_persistent (context->connection, params.uuid, error) &&
         strata_require_unsaved (context->connection, params.uuid, error) &&
         (params.kind != STRATA_SNAPSHOT_KIND_INTERNAL ||
          strata_snapshot_require_no_other_tag (context->connection, params.uuid, params.name,
                                                (const char *const *) params.images, cancellable,
                                                error)) &&
         require_frozen (context, &params, error) &&
         strata_snapshot_check_params (context->connection, &params, error);
}

/* For what comes later and means this one, not another of its name. */
static void
note_id (StrataStepContext *context, const StrataSnapshotParams *params)
{
  g_autofree char *key = g_strconcat (STRATA_JOB_SNAPSHOT_ID, params->name, NULL);
  g_autofree char *xml =
      strata_snapshot_get_xml (context->connection, params->uuid, params->name, NULL);
  g_autoptr (StrataSnapshotFacts) facts =
      xml != NULL ? strata_snapshot_facts_new (xml, FALSE, NULL) : NULL;

  if (facts != NULL && context->job != NULL)
    strata_job_set_result (context->job, key, facts->id);
}

static gboolean
snapshot_create_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_auto (StrataSnapshotParams) params = { NULL };

  strata_snapshot_params_read (context, &params);
  if (!strata_snapshot_create (context->connection, &params,
                               &(StrataTransfer) { 0, on_bytes, context->job, cancellable }, error))
    {
      gboolean halted = params.halt && strata_domain_was_halted (context->connection, params.uuid);

      if (halted)
        strata_kept_state_note_taken (context);
      /* Its owner ended it meanwhile. */
      else if (params.halt && strata_domain_is_off (context->connection, params.uuid))
        strata_kept_state_tell_off (context);
      context->left = halted || strata_snapshot_is_left (context->connection, &params);
      return FALSE;
    }
  note_id (context, &params);
  strata_kept_state_note_taken (context);

  return TRUE;
}

/* The job's own was deleted since, and another client has taken one of its name. */
static gboolean
is_another (StrataStepContext *context, gboolean *another, GError **error)
{
  g_autoptr (StrataDomainFacts) domain = strata_connection_get_domain (
      context->connection, strata_step_context_get (context, "uuid"), error);
  g_auto (StrataMetadataUndo) undo = { 0 };

  if (domain == NULL)
    return FALSE;
  strata_metadata_undo_init (&undo, STRATA_STEP_SNAPSHOT_CREATE, context->args, context->results,
                             domain);
  *another = undo.state == STRATA_METADATA_ANOTHER;

  return TRUE;
}

/* Files have names, too. */
static gboolean
require_no_file (StrataStepContext *context, const char *path, GError **error)
{
  gboolean exists = FALSE;

  if (path == NULL)
    return TRUE;
  if (!strata_storage_exists (context->connection, path, &exists, error))
    return FALSE;
  if (!exists)
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Look at both. Delete that snapshot if you don’t need it, and try again."),
      /* Translators: a snapshot, a virtual machine, and a path */
      _ ("“%s” of “%s” is another snapshot by now, and “%s” may be its; taking the job back would "
         "delete that"),
      strata_step_context_get (context, "snapshot"), strata_step_context_get (context, "name"),
      path);
  return FALSE;
}

static gboolean
require_nothing_left (StrataStepContext *context,
                      const StrataSnapshotParams *params,
                      GError **error)
{
  for (guint i = 0; i < params->overlays->len; i++)
    {
      const StrataSnapshotOverlay *item = g_ptr_array_index (params->overlays, i);

      if (!require_no_file (context, item->overlay, error))
        return FALSE;
    }

  return require_no_file (context, params->memory_file, error);
}

static gboolean
snapshot_create_check_undo (StrataStepContext *context, GError **error)
{
  g_auto (StrataSnapshotParams) params = { NULL };
  gboolean another;

  strata_snapshot_params_read (context, &params);
  if (!is_another (context, &another, error))
    return FALSE;
  if (another)
    return require_nothing_left (context, &params, error);

  return strata_snapshot_check_undo (context->connection, &params, error);
}

static gboolean
snapshot_create_undo (StrataStepContext *context, GError **error)
{
  g_auto (StrataSnapshotParams) params = { NULL };
  gboolean may_go;
  gboolean another;

  if (!is_another (context, &another, error))
    return FALSE;
  strata_snapshot_params_read (context, &params);
  if (another)
    {
      strata_metadata_tell_left (context, STRATA_METADATA_ANOTHER, params.name);
      return require_nothing_left (context, &params, error) &&
             strata_kept_state_wake (context, error) &&
             (!params.quiesce || strata_snapshot_thaw (context->connection, params.uuid, error));
    }
  if (!strata_kept_state_wake (context, error) ||
      !strata_kept_state_may_go (context, &may_go, error))
    return FALSE;

  return !may_go || strata_snapshot_undo (context->connection, &params, error);
}

/* One whose taking back was begun keeps nothing any more. */
static gboolean
is_taken (StrataStepContext *context, gboolean *taken, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *xml =
      strata_snapshot_get_xml (context->connection, strata_step_context_get (context, "uuid"),
                               strata_step_context_get (context, "snapshot"), &local);
  g_autoptr (StrataSnapshotFacts) facts = NULL;

  *taken = FALSE;
  if (g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    return TRUE;
  if (xml != NULL)
    facts = strata_snapshot_facts_new (xml, FALSE, &local);
  if (facts == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  *taken = !facts->retained;

  return TRUE;
}

static gboolean
snapshot_create_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  if (!is_taken (context, done, error))
    return FALSE;

  if (*done)
    {
      g_auto (StrataSnapshotParams) params = { NULL };

      strata_snapshot_params_read (context, &params);
      note_id (context, &params);
    }
  /* Who made it may have been killed before the guest could write again. */
  if (*done && strata_step_context_is (context, "quiesce"))
    return strata_snapshot_thaw (context->connection, strata_step_context_get (context, "uuid"),
                                 error);

  return TRUE;
}

const StrataStepOps strata_step_snapshot_create = {
  .interruptible = TRUE,
  .undo_lasts = TRUE,
  .check = snapshot_create_check,
  .run = snapshot_create_run,
  .check_undo = snapshot_create_check_undo,
  .undo = snapshot_create_undo,
  .is_done = snapshot_create_is_done,
};

/* snapshot-delete ---------------------------------------------------------------------------------- */

static GStrv
get_strings (JsonArray *array, const char *key)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    g_strv_builder_add (
        builder, json_object_get_string_member (json_array_get_object_element (array, i), key));

  return g_strv_builder_end (builder);
}

static gboolean
snapshot_delete_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *name = strata_step_context_get (context, "snapshot");
  const char *tag = strata_step_context_get (context, "tag");
  JsonArray *disks = strata_step_context_get_array (context, "disks");
  g_auto (GStrv) paths = get_strings (disks, "path");
  g_auto (GStrv) formats = get_strings (disks, "format");

  if (!strata_step_require_same_or_none (context, error) ||
      !strata_snapshot_delete_internal (context->connection,
                                        strata_step_context_get (context, "uuid"), name,
                                        tag != NULL ? tag : name, (const char *const *) paths,
                                        (const char *const *) formats, cancellable, error))
    return FALSE;
  strata_screenshot_remove (strata_step_context_get (context, "uuid"), name);

  return TRUE;
}

const StrataStepOps strata_step_snapshot_delete = {
  .interruptible = TRUE,
  .run = snapshot_delete_run,
};

/* snapshot-revert ---------------------------------------------------------------------------------- */

static gboolean
snapshot_revert_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *state = strata_step_context_get (context, "state");
  StrataAfter after = STRATA_AFTER_OFF;
  g_autoptr (GError) local = NULL;

  if (g_strcmp0 (state, "running") == 0)
    after = STRATA_AFTER_RUNNING;
  else if (g_strcmp0 (state, "paused") == 0)
    after = STRATA_AFTER_PAUSED;

  context->untouched = TRUE;
  if (!strata_snapshot_check_id (context->connection, strata_step_context_get (context, "uuid"),
                                 strata_step_context_get (context, "snapshot"),
                                 strata_step_context_get (context, "id"), error))
    return FALSE;

  if (strata_snapshot_revert_internal (
          context->connection, strata_step_context_get (context, "uuid"),
          strata_step_context_get (context, "snapshot"), after, &local))
    return TRUE;
  context->untouched = g_error_matches (local, STRATA_ERROR, STRATA_ERROR_CHANGED);
  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

/* What a return changes: when each disk was written, and which snapshot is current. */
static char *
describe_disks (StrataStepContext *context, GError **error)
{
  g_autoptr (StrataDomainFacts) facts = strata_connection_get_domain (
      context->connection, strata_step_context_get (context, "uuid"), error);
  g_autoptr (GString) text = g_string_new (NULL);

  if (facts == NULL)
    return NULL;

  for (guint i = 0; i < facts->disks->len; i++)
    {
      const StrataDiskXml *disk = facts->disks->pdata[i];
      g_autoptr (GError) local = NULL;
      g_autofree char *stamp = NULL;

      if (g_strcmp0 (disk->device, "disk") != 0 || disk->source == NULL)
        continue;
      stamp = strata_storage_get_stamp (context->connection, disk->source, &local);
      if (local != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
      g_string_append_printf (text, "%s %s\n", disk->source, stamp != NULL ? stamp : "");
    }

  return g_string_free_and_steal (g_steal_pointer (&text));
}

static char *
revert_key (StrataStepContext *context, const char *what)
{
  return g_strdup_printf ("revert-%s:%s", what, strata_step_context_get (context, "uuid"));
}

/* Noted before it acts: afterwards nothing else tells whether it did. */
static gboolean
snapshot_revert_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");
  g_autofree char *disks = describe_disks (context, error);
  g_autofree char *current = NULL;
  g_autofree char *disks_key = revert_key (context, "disks");
  g_autofree char *current_key = revert_key (context, "current");

  if (disks == NULL || !strata_require_off (context->connection, uuid, error) ||
      !strata_require_unsaved (context->connection, uuid, error) ||
      !strata_require_media (context->connection, strata_step_context_get (context, "name"),
                             strata_step_context_get_array (context, "media"), error) ||
      !strata_snapshot_get_current (context->connection, uuid, &current, error))
    return FALSE;

  if (context->job != NULL)
    {
      strata_job_set_result (context->job, disks_key, disks);
      strata_job_set_result (context->job, current_key, current != NULL ? current : "");
    }

  return TRUE;
}

/* libvirt makes the snapshot current, and its definition the domain's, when the disks are done. */
static gboolean
was_reverted (StrataStepContext *context, gboolean *reverted, GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");
  const char *name = strata_step_context_get (context, "snapshot");
  g_autofree char *current_key = revert_key (context, "current");
  g_autofree char *definition_key = g_strconcat (STRATA_NOTE_DEFINITION_BEFORE, uuid, NULL);
  g_autofree char *current = NULL;
  g_autofree char *now = NULL;

  if (!strata_snapshot_get_current (context->connection, uuid, &current, error))
    return FALSE;
  now = strata_domain_get_xml (context->connection, uuid, error);
  if (now == NULL)
    return FALSE;

  *reverted = g_strcmp0 (current, name) == 0 &&
              (g_strcmp0 (strata_step_context_get_note (context, current_key), name) != 0 ||
               g_strcmp0 (strata_step_context_get_note (context, definition_key), now) != 0);

  return TRUE;
}

/* A second return would discard what was written since the first one: in doubt there is none. */
static gboolean
snapshot_revert_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  g_autofree char *key = revert_key (context, "disks");
  const char *before = strata_step_context_get_note (context, key);
  g_autofree char *now = NULL;

  *done = FALSE;
  if (before != NULL)
    {
      now = describe_disks (context, error);
      if (now == NULL)
        return FALSE;
      if (g_str_equal (before, now))
        return TRUE;
      if (!was_reverted (context, done, error))
        return FALSE;
      if (*done)
        return TRUE;
    }

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("End the job, look at the virtual machine, and revert to the snapshot again if that is what you want."),
      _ ("The disks of “%s” were written to since; whether the revert to “%s” was done before that can’t be told"),
      strata_step_context_get (context, "name"), strata_step_context_get (context, "snapshot"));
  return FALSE;
}

const StrataStepOps strata_step_snapshot_revert = {
  .check = snapshot_revert_check,
  .run = snapshot_revert_run,
  .is_done = snapshot_revert_is_done,
};

/* restore ------------------------------------------------------------------------------------------ */

static gboolean
restore_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  return strata_require_unsaved (context->connection, strata_step_context_get (context, "uuid"),
                                 error);
}

static gboolean
restore_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  return strata_domain_restore (context->connection, strata_step_context_get (context, "uuid"),
                                strata_step_context_get (context, "memory-file"),
                                strata_step_context_get (context, "xml"),
                                strata_step_context_is (context, "paused"), error);
}

/* Who was killed in the middle of it may have left the guest off, and another may have booted it since. */
static gboolean
restore_undo (StrataStepContext *context, GError **error)
{
  g_autofree char *run = NULL;

  if (!strata_domain_query_run (context->connection, strata_step_context_get (context, "uuid"),
                                &run, error))
    return FALSE;
  if (run != NULL && g_str_has_suffix (run, STRATA_RUN_BOOTED))
    {
      strata_set_error (error, STRATA_ERROR_CHANGED, _ ("Shut it down, and try again."),
                        _ ("“%s” was started in the meantime"),
                        strata_step_context_get (context, "name"));
      return FALSE;
    }

  return strata_domain_force_off (context->connection, strata_step_context_get (context, "uuid"),
                                  error);
}

static gboolean
restore_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  return strata_domain_is_restored (context->connection, strata_step_context_get (context, "uuid"),
                                    strata_step_context_is (context, "paused"), done, error);
}

const StrataStepOps strata_step_restore = {
  .check = restore_check,
  .run = restore_run,
  .undo = restore_undo,
  .is_done = restore_is_done,
};
