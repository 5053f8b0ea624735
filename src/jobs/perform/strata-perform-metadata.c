/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps that change what libvirt knows of snapshots, and no image. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/domain/strata-screenshot.h"
#include "host/snapshot/strata-snapshot-names.h"
#include "host/snapshot/strata-snapshot-reconcile.h"
#include "host/snapshot/strata-snapshot.h"
#include "host/storage/strata-storage.h"
#include "jobs/strata-job-notes.h"
#include "jobs/strata-job-private.h"
#include "strata-metadata-undo.h"
#include "strata-perform-private.h"
#include "base/strata-error.h"

/* taking back ------------------------------------------------------------------------------------ */

/* DOMAIN: (nullable): one that is gone has taken all that was known of its snapshots along. */
static gboolean
begin_undo (StrataStepContext *context,
            StrataStepKind kind,
            StrataDomainFacts **domain,
            StrataMetadataUndo *undo,
            GError **error)
{
  g_autoptr (GError) local = NULL;

  *domain = strata_connection_get_domain (context->connection,
                                          strata_step_context_get (context, "uuid"), &local);
  if (*domain == NULL && !g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  strata_metadata_undo_init (undo, kind, context->args, context->results, *domain);

  return TRUE;
}

static void G_GNUC_PRINTF (2, 3) tell (StrataStepContext *context, const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list ap;

  va_start (ap, format);
  line = g_strdup_vprintf (format, ap);
  va_end (ap);
  if (context->job != NULL && !context->again)
    strata_job_add_line (context->job, STRATA_JOB_NOT_BACK, line);
}

/* Writes XML down in the place of SEEN: (nullable). What another client is faster with stays. */
static gboolean
write_back (StrataStepContext *context,
            const char *name,
            const char *xml,
            const char *seen,
            gboolean current,
            GError **error)
{
  g_autoptr (GError) local = NULL;

  if (strata_snapshot_define (context->connection, strata_step_context_get (context, "uuid"), xml,
                              seen, current, &local))
    return TRUE;
  if (g_error_matches (local, STRATA_ERROR, STRATA_ERROR_CHANGED))
    {
      strata_metadata_tell_left (context, STRATA_METADATA_CHANGED, name);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

/* (nullable): the step that takes the snapshot out of the list which was renamed to RENAMED, or has that NAME; either may be NULL */
static JsonObject *
find_forgotten (StrataStepContext *context, const char *name, const char *renamed)
{
  for (guint i = 0; context->plan != NULL && i < strata_plan_get_n_steps (context->plan); i++)
    {
      StrataStep *step = strata_plan_get_step (context->plan, i);

      if (step->kind == STRATA_STEP_DELETE_METADATA &&
          g_strcmp0 (strata_step_get_arg (step, "uuid"),
                     strata_step_context_get (context, "uuid")) == 0 &&
          (name == NULL || g_strcmp0 (strata_step_get_arg (step, "snapshot"), name) == 0) &&
          (renamed == NULL || g_strcmp0 (strata_step_get_arg (step, "renamed"), renamed) == 0))
        return step->args;
    }

  return NULL;
}

/* Whether the snapshot NAME is there, and the one that the job found, as far as the job is about it. */
static gboolean
is_there (StrataStepContext *context, const StrataDomainFacts *domain, const char *name)
{
  const StrataSnapshotFacts *snapshot = strata_domain_facts_find_snapshot (domain, name);
  JsonObject *args = find_forgotten (context, name, NULL);
  const char *id =
      args != NULL ? json_object_get_string_member_with_default (args, "id", NULL) : NULL;

  return snapshot != NULL && (id == NULL || g_str_equal (id, snapshot->id));
}

/* (transfer full): with another parent */
static char *
with_parent (const char *xml, const char *parent)
{
  g_autoptr (StrataSnapshotXml) document = strata_snapshot_xml_new_from_string (xml, NULL);

  if (document == NULL)
    return NULL;
  strata_snapshot_xml_set_parent (document, parent);

  return strata_snapshot_xml_to_string (document);
}

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

  strata_metadata_note_unknown (context);
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

/* Whether the plan goes back to that very snapshot. */
static gboolean
is_reverted_to (StrataStepContext *context)
{
  const StrataRequest *request = get_request (context);

  return request != NULL && request->kind == STRATA_REQUEST_SNAPSHOT_REVERT &&
         g_strcmp0 (request->snapshot, strata_step_context_get (context, "snapshot")) == 0;
}

/* Where another client has deleted it meanwhile, there is nothing left to write down; but a person who edits it, or goes back to
 * it, is told. */
static gboolean
is_passed_over (StrataStepContext *context)
{
  const char *name = strata_step_context_get (context, "snapshot");
  g_autofree char *text = NULL;
  gboolean exists;

  if (get_request (context) == NULL || is_edit (context) || is_reverted_to (context) ||
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
  const char *uuid = strata_step_context_get (context, "uuid");
  const char *name = strata_step_context_get (context, "snapshot");
  g_autoptr (GPtrArray) own = strata_metadata_note_begin (context);
  gboolean exists;

  if (is_passed_over (context))
    {
      strata_metadata_note_end (context, own, name);
      return TRUE;
    }
  if (!require_same (context, error))
    return FALSE;

  /* In other jobs steps before this one may have changed what it was made of. */
  if (strata_snapshot_define (context->connection, uuid, strata_step_context_get (context, "xml"),
                              is_edit (context) ? strata_step_context_get (context, "previous")
                                                : NULL,
                              strata_step_context_is (context, "current"), error))
    {
      strata_metadata_note_end (context, own, name);
      return TRUE;
    }

  /* Its document is in the journal, and comes back with the way back. */
  context->left = strata_step_context_get (context, "previous") != NULL &&
                  strata_snapshot_exists (context->connection, uuid, name, &exists, NULL) &&
                  !exists;
  if (context->left)
    strata_metadata_note_dropped (context);

  return FALSE;
}

/* DOMAIN: as it was before anything else was undone of the step. */
static gboolean
restore_current (StrataStepContext *context,
                 const StrataDomainFacts *domain,
                 StrataMetadataState state,
                 GError **error)
{
  const char *previous = strata_step_context_get (context, "previous-current");
  const StrataSnapshotFacts *now = strata_domain_facts_get_current (domain);
  const StrataSnapshotFacts *then;
  g_autofree char *key = result_key (context);
  g_autofree char *xml = NULL;
  g_autoptr (StrataSnapshotFacts) noted = NULL;

  gboolean ours =
      now != NULL && g_strcmp0 (now->name, strata_step_context_get (context, "snapshot")) == 0;

  if (previous == NULL || !strata_step_context_is (context, "current") ||
      (now != NULL && g_str_equal (now->name, previous)) || state == STRATA_METADATA_GONE ||
      state == STRATA_METADATA_ANOTHER || (state == STRATA_METADATA_AS_BEFORE && !ours))
    return TRUE;

  if (context->job != NULL)
    xml = strata_job_get_result (context->job, key);
  noted = xml != NULL ? strata_snapshot_facts_new (xml, FALSE, NULL) : NULL;
  then = strata_domain_facts_find_snapshot (domain, previous);
  if (!ours || then == NULL || (noted != NULL && !g_str_equal (noted->id, then->id)))
    {
      tell (context,
            /* Translators: a virtual machine */
            _ ("Which snapshot of “%s” is the current one stays: another program has changed "
               "that since."),
            domain->name);
      return TRUE;
    }

  /* What libvirt drops of the one that isn't current any more comes back only where all else is as it was. */
  if (noted == NULL || !strata_metadata_is_same (noted, then, TRUE))
    g_set_str (&xml, then->xml);

  return write_back (context, previous, xml, then->xml, TRUE, error);
}

/* What was put on it in the tree, also meanwhile. */
static gboolean
move_children_back (StrataStepContext *context,
                    const StrataDomainFacts *domain,
                    const char *original,
                    GError **error)
{
  const char *name = strata_step_context_get (context, "snapshot");

  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *child = g_ptr_array_index (domain->snapshots, i);
      g_autofree char *xml = NULL;

      if (g_strcmp0 (child->parent, name) != 0)
        continue;
      xml = with_parent (child->xml, original);
      if (xml != NULL && !write_back (context, child->name, xml, child->xml, FALSE, error))
        return FALSE;
    }

  return TRUE;
}

/* One that a snapshot was renamed to goes only while that one is there: nothing else may name what it froze. */
static gboolean
delete_again (StrataStepContext *context,
              const StrataDomainFacts *domain,
              gboolean *stays,
              GError **error)
{
  const char *name = strata_step_context_get (context, "snapshot");
  JsonObject *forgotten = find_forgotten (context, NULL, name);
  const char *original =
      forgotten != NULL ? json_object_get_string_member (forgotten, "snapshot") : NULL;

  *stays = original != NULL && !is_there (context, domain, original);
  if (*stays)
    {
      tell (context,
            /* Translators: two snapshots, the new and the old name of one */
            _ ("The snapshot “%s” stays: “%s”, as which it would go on, isn’t there any more."),
            name, original);
      return TRUE;
    }

  return (original == NULL || move_children_back (context, domain, original, error)) &&
         strata_snapshot_delete_metadata (context->connection, domain->uuid, name, error);
}

/* Another client may have deleted what it stood on in the tree before. */
static gboolean
has_previous_parent (StrataStepContext *context,
                     const StrataDomainFacts *domain,
                     const StrataMetadataUndo *undo)
{
  g_autoptr (StrataSnapshotFacts) previous = strata_snapshot_facts_new (undo->xml, FALSE, NULL);
  g_autoptr (StrataSnapshotFacts) now =
      undo->seen != NULL ? strata_snapshot_facts_new (undo->seen, FALSE, NULL) : NULL;

  return previous == NULL || now == NULL || previous->parent == NULL ||
         g_strcmp0 (previous->parent, now->parent) == 0 ||
         is_there (context, domain, previous->parent);
}

static gboolean
snapshot_define_undo (StrataStepContext *context, GError **error)
{
  const char *name = strata_step_context_get (context, "snapshot");
  g_autoptr (StrataDomainFacts) domain = NULL;
  g_auto (StrataMetadataUndo) undo = { 0 };
  g_autoptr (GPtrArray) own = NULL;
  gboolean stays = FALSE;

  if (!begin_undo (context, STRATA_STEP_SNAPSHOT_DEFINE, &domain, &undo, error))
    return FALSE;
  if (undo.kind == STRATA_METADATA_UNDO_DEFINE && domain != NULL &&
      !has_previous_parent (context, domain, &undo))
    {
      undo.kind = STRATA_METADATA_UNDO_NOTHING;
      undo.state = STRATA_METADATA_CHANGED;
    }

  strata_metadata_tell_left (context, undo.state, name);
  if (domain == NULL)
    return TRUE;
  own = strata_metadata_note_begin (context);
  if (undo.kind == STRATA_METADATA_UNDO_DEFINE &&
      !write_back (context, name, undo.xml, undo.seen, FALSE, error))
    return FALSE;
  if (undo.kind == STRATA_METADATA_UNDO_DELETE && !delete_again (context, domain, &stays, error))
    return FALSE;
  if (!stays && !restore_current (context, domain, undo.state, error))
    return FALSE;
  strata_metadata_note_end (context, own, undo.kind != STRATA_METADATA_UNDO_NOTHING ? name : NULL);

  return TRUE;
}

const StrataStepOps strata_step_snapshot_define = {
  .check = snapshot_define_check,
  .run = snapshot_define_run,
  .undo = snapshot_define_undo,
};

/* snapshot-forget ---------------------------------------------------------------------------------- */

/* before a path, a result: the stamp of an image that the snapshot froze, when nothing named that any more */
#define NOTE_FROZEN "frozen:"

static void
note_frozen (StrataStepContext *context)
{
  g_autoptr (StrataSnapshotFacts) facts =
      strata_snapshot_facts_new (strata_step_context_get (context, "xml"), FALSE, NULL);

  for (guint i = 0; context->job != NULL && facts != NULL && i < facts->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (facts->disks, i);
      g_autofree char *key = NULL;
      g_autofree char *stamp = NULL;

      if (disk->location != STRATA_SNAPSHOT_EXTERNAL || disk->image == NULL)
        continue;
      key = g_strconcat (NOTE_FROZEN, disk->image, NULL);
      stamp = strata_job_notes_get_stamp (context->connection, disk->image);
      strata_job_set_result (context->job, key, stamp);
    }
}

/* Whether an image that the snapshot froze was written to since, when nothing named it any more, or is gone. */
static gboolean
is_frozen_written (StrataStepContext *context, const StrataSnapshotFacts *facts)
{
  for (guint i = 0; i < facts->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (facts->disks, i);
      g_autofree char *key = g_strconcat (NOTE_FROZEN, disk->image, NULL);
      const char *noted = disk->image != NULL ? strata_step_context_get_note (context, key) : NULL;
      g_autofree char *stamp = NULL;

      if (noted == NULL)
        continue;
      stamp = strata_job_notes_get_stamp (context->connection, disk->image);
      if (!g_str_equal (noted, stamp) || g_str_equal (stamp, STRATA_STAMP_UNKNOWN))
        return TRUE;
    }

  return FALSE;
}

/* The picture of the screen goes with the name; that it doesn't come back on the way back costs no holder a byte. */
static gboolean
delete_metadata_run (StrataStepContext *context, GCancellable *cancellable, GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");
  const char *name = strata_step_context_get (context, "snapshot");
  const char *renamed = strata_step_context_get (context, "renamed");
  g_autoptr (GPtrArray) own = strata_metadata_note_begin (context);

  if (!strata_step_require_same_or_none (context, error) ||
      !strata_snapshot_delete_metadata (context->connection, uuid, name, error))
    return FALSE;
  if (renamed != NULL)
    strata_screenshot_rename (uuid, name, renamed);
  else
    strata_screenshot_remove (uuid, name);
  strata_metadata_note_end (context, own, name);
  note_frozen (context);

  return TRUE;
}

/* A snapshot of the name that another client has taken meanwhile is in the way, and nothing would name what the job's own froze. */
static gboolean
delete_metadata_check_undo (StrataStepContext *context, GError **error)
{
  g_autoptr (StrataDomainFacts) domain = NULL;
  g_auto (StrataMetadataUndo) undo = { 0 };

  if (!begin_undo (context, STRATA_STEP_DELETE_METADATA, &domain, &undo, error))
    return FALSE;
  if (undo.state != STRATA_METADATA_ANOTHER)
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Delete that one (virsh snapshot-delete) if you don’t need it, and try again."),
      /* Translators: a snapshot, a virtual machine */
      _ ("“%s” of “%s” is another snapshot by now; the one that the job took out of the list can’t "
         "be brought back beside it"),
      strata_step_context_get (context, "snapshot"), domain->name);
  return FALSE;
}

/* What libvirt put on it in the tree before became its parent's, or that of what it was renamed to. What is somewhere else by now
 * was put there by another client. */
static gboolean
take_children_back (StrataStepContext *context, const StrataSnapshotFacts *before, GError **error)
{
  JsonArray *children = strata_step_context_get_array (context, "children");
  g_autoptr (StrataDomainFacts) domain = strata_connection_get_domain (
      context->connection, strata_step_context_get (context, "uuid"), error);

  if (domain == NULL)
    return FALSE;

  for (guint i = 0; children != NULL && i < json_array_get_length (children); i++)
    {
      const char *then = json_array_get_string_element (children, i);
      g_autoptr (StrataSnapshotFacts) child = strata_snapshot_facts_new (then, FALSE, error);
      const StrataSnapshotFacts *listed;
      g_autoptr (StrataSnapshotFacts) now = NULL;
      g_autofree char *xml = NULL;

      if (child == NULL)
        return FALSE;
      listed = strata_domain_facts_find_snapshot (domain, child->name);
      now = listed != NULL ? strata_snapshot_facts_new (listed->xml, FALSE, NULL) : NULL;
      if (now == NULL || !g_str_equal (now->id, child->id) ||
          g_strcmp0 (now->parent, before->name) == 0 ||
          (g_strcmp0 (now->parent, before->parent) != 0 &&
           g_strcmp0 (now->parent, strata_step_context_get (context, "renamed")) != 0))
        continue;

      xml = strata_metadata_is_same (child, now, FALSE) ? g_strdup (then)
                                                        : with_parent (now->xml, before->name);
      if (xml != NULL && !write_back (context, child->name, xml, now->xml, FALSE, error))
        return FALSE;
    }

  return TRUE;
}

/* What libvirt made current in its place, when it went. */
static gboolean
becomes_current (StrataStepContext *context,
                 const StrataDomainFacts *domain,
                 const StrataSnapshotFacts *before)
{
  const StrataSnapshotFacts *now = strata_domain_facts_get_current (domain);

  return strata_step_context_is (context, "was-current") &&
         (now == NULL || g_strcmp0 (now->name, before->parent) == 0 ||
          g_strcmp0 (now->name, strata_step_context_get (context, "renamed")) == 0);
}

static gboolean
bring_back (StrataStepContext *context,
            const StrataDomainFacts *domain,
            const StrataSnapshotFacts *before,
            const StrataMetadataUndo *undo,
            GError **error)
{
  const char *uuid = strata_step_context_get (context, "uuid");
  const char *renamed = strata_step_context_get (context, "renamed");

  if (!strata_snapshot_define (context->connection, uuid, undo->xml, NULL,
                               becomes_current (context, domain, before), error))
    return FALSE;
  if (renamed != NULL)
    strata_screenshot_rename (uuid, renamed, before->name);

  return TRUE;
}

static gboolean
delete_metadata_undo (StrataStepContext *context, GError **error)
{
  const char *name = strata_step_context_get (context, "snapshot");
  g_autoptr (StrataSnapshotFacts) before =
      strata_snapshot_facts_new (strata_step_context_get (context, "xml"), FALSE, error);
  g_autoptr (StrataDomainFacts) domain = NULL;
  g_auto (StrataMetadataUndo) undo = { 0 };
  g_autoptr (GPtrArray) own = NULL;

  if (before == NULL || !begin_undo (context, STRATA_STEP_DELETE_METADATA, &domain, &undo, error))
    return FALSE;
  if (domain != NULL && undo.kind == STRATA_METADATA_UNDO_DEFINE &&
      is_frozen_written (context, before))
    {
      tell (context,
            _ ("The snapshot “%s” is not brought back: what it froze was written to since."), name);
      return TRUE;
    }

  strata_metadata_tell_left (context, domain != NULL ? undo.state : STRATA_METADATA_GONE, name);
  if (domain == NULL || undo.state == STRATA_METADATA_GONE || undo.state == STRATA_METADATA_ANOTHER)
    return TRUE;
  own = strata_metadata_note_begin (context);
  if (undo.kind == STRATA_METADATA_UNDO_DEFINE &&
      !bring_back (context, domain, before, &undo, error))
    return FALSE;
  if (!take_children_back (context, before, error))
    return FALSE;
  strata_metadata_note_end (context, own, name);

  return TRUE;
}

/* Also where another snapshot has its name by now. */
static gboolean
delete_metadata_is_done (StrataStepContext *context, gboolean *done, GError **error)
{
  g_autoptr (StrataDomainFacts) domain = NULL;
  g_auto (StrataMetadataUndo) undo = { 0 };

  domain = strata_connection_get_domain (context->connection,
                                         strata_step_context_get (context, "uuid"), error);
  if (domain == NULL)
    return FALSE;
  strata_metadata_undo_init (&undo, STRATA_STEP_DELETE_METADATA, context->args, context->results,
                             domain);
  *done = undo.state != STRATA_METADATA_AS_BEFORE;

  return TRUE;
}

const StrataStepOps strata_step_delete_metadata = {
  .run = delete_metadata_run,
  .check_undo = delete_metadata_check_undo,
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
  g_autoptr (GPtrArray) own = NULL;
  gboolean reconciled;

  if (!require_listed (context, error))
    return FALSE;
  names = strata_snapshot_list_names (context->connection,
                                      strata_step_context_get (context, "uuid"), NULL);
  own = strata_metadata_note_begin (context);
  reconciled =
      strata_snapshot_reconcile (context->connection, strata_step_context_get (context, "uuid"),
                                 moves, remarks, cancellable, error);
  if (reconciled)
    strata_metadata_note_end (context, own, NULL);
  else
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
