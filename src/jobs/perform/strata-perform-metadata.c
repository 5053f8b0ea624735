/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps that change what libvirt knows of snapshots, and no image. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/domain/strata-screenshot.h"
#include "host/snapshot/strata-snapshot-names.h"
#include "host/snapshot/strata-snapshot-reconcile.h"
#include "host/snapshot/strata-snapshot.h"
#include "jobs/strata-job-private.h"
#include "strata-perform-private.h"
#include "base/strata-error.h"

/* snapshot-define ---------------------------------------------------------------------------------- */

/* The key of the result that keeps the document of the snapshot that was current: with the change libvirt drops its
 * <revertDisks>, and undo has to bring that back. */
static char *
result_key (StrataStepContext *context)
{
  return g_strconcat ("was-current:", strata_step_context_get (context, "snapshot"), NULL);
}

/* Before anything is changed: undo needs it however far the change came. On the way again what is current is our own doing. */
static gboolean
snapshot_define_check (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");
  const char *current = strata_step_context_get (context, "previous-current");
  g_autofree char *key = result_key (context);
  g_autofree char *known = NULL;
  g_autofree char *xml = NULL;
  g_autoptr (GError) local = NULL;

  if (current == NULL || context->job == NULL || !strata_step_context_is (context, "current"))
    return TRUE;
  known = strata_job_get_result (context->job, key);
  if (known != NULL)
    return TRUE;

  xml = strata_snapshot_get_xml (context->connection, uuid, current, &local);
  if (xml != NULL)
    strata_job_set_result (context->job, key, xml);
  else if (!g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  return TRUE;
}

/* What is to be changed has to be there, and be what was seen; what is to come to be must not be another's. */
static gboolean
require_same (StrataStepContext *context, GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");
  const char *name = strata_step_context_get (context, "snapshot");
  g_autoptr (StrataSnapshotFacts) made = NULL;
  gboolean exists;

  if (strata_step_context_get (context, "id") != NULL ||
      strata_step_context_get (context, "previous") != NULL)
    return strata_snapshot_check_id (context->connection, uuid, name,
                                     strata_step_context_get (context, "id"), error);

  made = strata_snapshot_facts_new (strata_step_context_get (context, "xml"), FALSE, error);

  return made != NULL && strata_snapshot_exists (context->connection, uuid, name, &exists, error) &&
         (!exists || strata_snapshot_check_id (context->connection, uuid, name, made->id, error));
}

gboolean
strata_step_require_same_or_none (StrataStepContext *context, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  if (strata_snapshot_check_id (context->connection, strata_step_context_get (context, "uuid"),
                                strata_step_context_get (context, "snapshot"),
                                strata_step_context_get (context, "id"), &local_error) ||
      g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}

/* (nullable) */
static const StrataRequest *
get_request (StrataStepContext *context)
{
  StrataPlan *plan = context->job != NULL ? strata_job_get_plan (context->job) : NULL;

  return plan != NULL ? strata_plan_get_request (plan) : NULL;
}

static gboolean
is_edit (StrataStepContext *context)
{
  const StrataRequest *request = get_request (context);

  return request != NULL && request->kind == STRATA_REQUEST_SNAPSHOT_EDIT;
}

/* Where another client has deleted it meanwhile, there is nothing left to write down; but a person who edits it is told. */
static gboolean
is_passed_over (StrataStepContext *context)
{
  const char *name = strata_step_context_get (context, "snapshot");
  g_autofree char *text = NULL;
  gboolean exists;

  if (get_request (context) == NULL || is_edit (context) ||
      (strata_step_context_get (context, "id") == NULL &&
       strata_step_context_get (context, "previous") == NULL) ||
      !strata_snapshot_exists (context->connection, strata_step_context_get (context, "uuid"), name,
                               &exists, NULL) ||
      exists)
    return FALSE;

  text = g_strdup_printf (_ ("The snapshot “%s” is gone, so nothing is written down of it"), name);
  strata_job_append_log (context->job, text);
  return TRUE;
}

static gboolean
snapshot_define_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  gboolean exists;

  if (is_passed_over (context))
    return TRUE;
  if (!require_same (context, error))
    return FALSE;

  /* In other jobs steps before this one may have changed what it was made of. */
  if (strata_snapshot_define (context->connection, strata_step_context_get (context, "uuid"),
                              strata_step_context_get (context, "xml"),
                              is_edit (context) ? strata_step_context_get (context, "previous")
                                                : NULL,
                              strata_step_context_is (context, "current"), error))
    return TRUE;

  /* Its document is in the journal, and comes back with the way back. */
  context->left =
      strata_step_context_get (context, "previous") != NULL &&
      strata_snapshot_exists (context->connection, strata_step_context_get (context, "uuid"),
                              strata_step_context_get (context, "snapshot"), &exists, NULL) &&
      !exists;

  return FALSE;
}

static gboolean
restore_current (StrataStepContext *context, GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");
  const char *current = strata_step_context_get (context, "previous-current");
  g_autofree char *key = result_key (context);
  g_autofree char *xml = NULL;
  g_autofree char *now = NULL;

  if (current == NULL || !strata_step_context_is (context, "current"))
    return TRUE;
  if (!strata_snapshot_get_current (context->connection, uuid, &now, error))
    return FALSE;
  if (g_strcmp0 (now, current) == 0)
    return TRUE;

  if (context->job != NULL)
    xml = strata_job_get_result (context->job, key);
  if (xml == NULL)
    return strata_snapshot_set_current (context->connection, uuid, current, error);

  return strata_snapshot_define (context->connection, uuid, xml, NULL, TRUE, error);
}

/* What another client made of it is truer than what it was before. */
static gboolean
leave_as_it_is (StrataStepContext *context)
{
  g_autofree char *line =
      g_strdup_printf (_ ("What is written down of the snapshot “%s” stays: another program has "
                          "changed it since."),
                       strata_step_context_get (context, "snapshot"));

  if (context->job != NULL)
    strata_job_add_line (context->job, STRATA_JOB_NOT_BACK, line);

  return TRUE;
}

static gboolean
snapshot_define_undo (StrataStepContext *context, GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");
  const char *name = strata_step_context_get (context, "snapshot");
  const char *previous = strata_step_context_get (context, "previous");
  g_autoptr (GError) local = NULL;
  gboolean undone;

  if (previous != NULL)
    {
      undone = strata_snapshot_define (
          context->connection, uuid, previous,
          is_edit (context) ? strata_step_context_get (context, "xml") : NULL, FALSE, &local);
      if (g_error_matches (local, STRATA_ERROR, STRATA_ERROR_CHANGED))
        return leave_as_it_is (context);
      if (!undone)
        g_propagate_error (error, g_steal_pointer (&local));
    }
  else
    undone = strata_snapshot_delete_metadata (context->connection, uuid, name, error);

  return undone && restore_current (context, error);
}

const StrataStepOps strata_step_snapshot_define = {
  .check = snapshot_define_check,
  .run = snapshot_define_run,
  .undo = snapshot_define_undo,
};

/* snapshot-forget ---------------------------------------------------------------------------------- */

/* The picture of the screen goes with the name; that it doesn't come back on the way back costs no holder a byte. */
static gboolean
delete_metadata_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");
  const char *name = strata_step_context_get (context, "snapshot");
  const char *renamed = strata_step_context_get (context, "renamed");

  if (!strata_step_require_same_or_none (context, error) ||
      !strata_snapshot_delete_metadata (context->connection, uuid, name, error))
    return FALSE;
  if (renamed != NULL)
    strata_screenshot_rename (uuid, name, renamed);
  else
    strata_screenshot_remove (uuid, name);

  return TRUE;
}

/* Its children went to its parent meanwhile; their own documents name it. */
static gboolean
delete_metadata_undo (StrataStepContext *context, GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");
  const char *renamed = strata_step_context_get (context, "renamed");
  JsonArray *children = strata_step_context_get_array (context, "children");

  if (renamed != NULL)
    strata_screenshot_rename (uuid, renamed, strata_step_context_get (context, "snapshot"));
  if (!strata_snapshot_define (context->connection, uuid, strata_step_context_get (context, "xml"),
                               NULL, strata_step_context_is (context, "was-current"), error))
    return FALSE;

  for (guint i = 0; children != NULL && i < json_array_get_length (children); i++)
    {
      if (!strata_snapshot_define (context->connection, uuid,
                                   json_array_get_string_element (children, i), NULL, FALSE, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
delete_metadata_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  gboolean exists;

  if (!strata_snapshot_exists (context->connection, strata_step_context_get (context, "uuid"),
                               strata_step_context_get (context, "snapshot"), &exists, error))
    return FALSE;
  *done = !exists;

  return TRUE;
}

const StrataStepOps strata_step_delete_metadata = {
  .run = delete_metadata_run,
  .undo = delete_metadata_undo,
  .is_done = delete_metadata_is_done,
};

/* reconcile ------------------------------------------------------------------------------------------- */

static GPtrArray *
get_moves (StrataStepContext *context)
{
  JsonArray *map = strata_step_context_get_array (context, "map");
  GPtrArray *moves = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_image_move_free);

  for (guint i = 0; map != NULL && i < json_array_get_length (map); i++)
    {
      JsonObject *move = json_array_get_object_element (map, i);

      g_ptr_array_add (moves,
                       strata_image_move_new (json_object_get_string_member (move, "from"),
                                              json_object_get_string_member (move, "to"),
                                              json_object_get_string_member (move, "format")));
    }

  return moves;
}

/* a result: the snapshot that libvirt took out of its list, because it could not write it down */
#define DROPPED "dropped"

static gboolean
is_listed (StrataStepContext *context, const char *name)
{
  gboolean exists;

  return !strata_snapshot_exists (context->connection, strata_step_context_get (context, "uuid"),
                                  name, &exists, NULL) ||
         exists;
}

/* What libvirt doesn't list is held by none, until its daemon has read it again. */
static gboolean
require_listed (StrataStepContext *context, GError **error)
{
  const char *dropped = strata_step_context_get_note (context, DROPPED);

  if (dropped == NULL || is_listed (context, dropped))
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Let libvirt write to its folder (room, rights), start its daemon again, and "
         "try again."),
      /* Translators: a snapshot */
      _ ("libvirt doesn’t list the snapshot “%s”, which it could not write down"), dropped);
  return FALSE;
}

static void
note_dropped (StrataStepContext *context, GStrv names)
{
  for (guint i = 0; context->job != NULL && names != NULL && names[i] != NULL; i++)
    {
      if (*names[i] == '/' || is_listed (context, names[i]))
        continue;
      strata_job_set_result (context->job, DROPPED, names[i]);
      context->left = TRUE;
    }
}

static gboolean
reconcile_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  g_auto (GStrv) names = NULL;
  g_autoptr (GPtrArray) moves = get_moves (context);
  g_autoptr (GPtrArray) remarks = g_ptr_array_new_with_free_func (g_free);
  gboolean reconciled;

  if (!require_listed (context, error))
    return FALSE;
  names = strata_snapshot_list_names (context->connection,
                                      strata_step_context_get (context, "uuid"), NULL);
  reconciled =
      strata_snapshot_reconcile (context->connection, strata_step_context_get (context, "uuid"),
                                 moves, remarks, cancellable, error);
  if (!reconciled)
    note_dropped (context, names);

  for (guint i = 0; context->job != NULL && i < remarks->len; i++)
    strata_job_append_log (context->job, g_ptr_array_index (remarks, i));

  return reconciled;
}

/* What was brought up to date may stay so, but a snapshot that libvirt lost by it isn't how it was. */
static gboolean
reconcile_undo (StrataStepContext *context, GError **error)
{
  return require_listed (context, error);
}

const StrataStepOps strata_step_reconcile = {
  .interruptible = TRUE,
  .run = reconcile_run,
  .undo = reconcile_undo,
};
