/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What undoing a step may do with what libvirt knows of a snapshot.
 *
 * A name is not a snapshot: while a job was stopped, and while it runs, other clients delete snapshots, take others of the same
 * name, and change them. So each step notes in the journal how it left the document, and undoing it changes only what is still just
 * that. Where there is no note, the document in the plan has to do.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/snapshot/strata-snapshot.h"
#include "jobs/strata-job-private.h"
#include "strata-metadata-undo.h"
#include "strata-perform-private.h"
#include "base/strata-error.h"

/* before a UUID, a slash and a snapshot's name, a result: its document as the job left it, or one of those below */
#define NOTE_LEFT "snapshot-left:"
/* there is none */
#define LEFT_NONE ""
/* a step is at it */
#define LEFT_UNKNOWN "?"
/* libvirt has taken it out of its list, and another client can't have */
#define LEFT_DROPPED "!"

static const char *
get_arg (JsonObject *args, const char *key)
{
  return json_object_get_string_member_with_default (args, key, NULL);
}

static char *
note_key (const char *uuid, const char *name)
{
  return g_strconcat (NOTE_LEFT, uuid, "/", name, NULL);
}

static const char *
get_left (JsonObject *results, const char *uuid, const char *name)
{
  g_autofree char *key = note_key (uuid, name);

  return results != NULL ? json_object_get_string_member_with_default (results, key, LEFT_UNKNOWN)
                         : LEFT_UNKNOWN;
}

static gboolean
is_document (const char *left)
{
  return *left == '<';
}

static StrataSnapshotFacts *
read_document (const char *xml)
{
  return xml != NULL ? strata_snapshot_facts_new (xml, FALSE, NULL) : NULL;
}

gboolean
strata_metadata_is_same (const StrataSnapshotFacts *a,
                         const StrataSnapshotFacts *b,
                         gboolean parent)
{
  if (!g_str_equal (a->id, b->id) || (parent && g_strcmp0 (a->parent, b->parent) != 0) ||
      g_strcmp0 (a->description, b->description) != 0 || a->retained != b->retained ||
      g_strcmp0 (a->memory_file, b->memory_file) != 0)
    return FALSE;

  for (guint i = 0; i < a->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (a->disks, i);
      const StrataSnapshotDisk *other = strata_snapshot_facts_find_disk (b, disk->target);

      /* What is left out is the domain's, and libvirt completes the list. */
      if (disk->location == STRATA_SNAPSHOT_NONE)
        continue;
      if (other == NULL || g_strcmp0 (disk->image, other->image) != 0 ||
          g_strcmp0 (disk->overlay, other->overlay) != 0 ||
          (other->revert_overlay != NULL &&
           g_strcmp0 (disk->revert_overlay, other->revert_overlay) != 0))
        return FALSE;
    }

  return TRUE;
}

static StrataSnapshotFacts *
read_now (const StrataDomainFacts *domain, const char *name)
{
  const StrataSnapshotFacts *snapshot =
      domain != NULL && name != NULL ? strata_domain_facts_find_snapshot (domain, name) : NULL;

  return snapshot != NULL ? read_document (snapshot->xml) : NULL;
}

static void
set (StrataMetadataUndo *self,
     StrataMetadataState state,
     StrataMetadataUndoKind kind,
     const char *xml,
     const char *seen)
{
  self->state = state;
  self->kind = kind;
  self->xml = g_strdup (xml);
  self->seen = g_strdup (seen);
}

static void
set_nothing (StrataMetadataUndo *self, StrataMetadataState state)
{
  set (self, state, STRATA_METADATA_UNDO_NOTHING, NULL, NULL);
}

static void
decide_create (StrataMetadataUndo *self,
               JsonObject *args,
               JsonObject *results,
               const StrataDomainFacts *domain)
{
  const char *name = get_arg (args, "snapshot");
  g_autoptr (StrataSnapshotFacts) now = read_now (domain, name);
  g_autofree char *key = g_strconcat (STRATA_JOB_SNAPSHOT_ID, name, NULL);
  const char *id = results != NULL ? get_arg (results, key) : NULL;

  if (now == NULL)
    set_nothing (self, STRATA_METADATA_GONE);
  else if (id != NULL && !g_str_equal (id, now->id))
    set_nothing (self, STRATA_METADATA_ANOTHER);
  else
    set (self, STRATA_METADATA_AS_LEFT, STRATA_METADATA_UNDO_DELETE, NULL, now->xml);
}

/* One that is kept for its image's sake alone goes with the next plan that finds it free: that mark is taken off whatever else
 * was changed. */
static void
decide_changed (StrataMetadataUndo *self,
                const StrataSnapshotFacts *before,
                const StrataSnapshotFacts *now)
{
  g_autoptr (StrataSnapshotXml) document = NULL;
  g_autofree char *xml = NULL;

  if (before == NULL || before->retained || !now->retained)
    {
      set_nothing (self, STRATA_METADATA_CHANGED);
      return;
    }

  document = strata_snapshot_xml_new_from_string (now->xml, NULL);
  strata_snapshot_xml_set_retained (document, FALSE);
  xml = strata_snapshot_xml_to_string (document);
  set (self, STRATA_METADATA_AS_LEFT, STRATA_METADATA_UNDO_DEFINE, xml, now->xml);
}

static void
decide_define (StrataMetadataUndo *self,
               JsonObject *args,
               JsonObject *results,
               const StrataDomainFacts *domain)
{
  const char *name = get_arg (args, "snapshot");
  const char *previous = get_arg (args, "previous");
  const char *left = get_left (results, get_arg (args, "uuid"), name);
  g_autoptr (StrataSnapshotFacts) before = read_document (previous);
  g_autoptr (StrataSnapshotFacts) after =
      read_document (is_document (left) ? left : get_arg (args, "xml"));
  g_autoptr (StrataSnapshotFacts) now = read_now (domain, name);

  /* It was passed over, since the snapshot was gone. */
  if (g_str_equal (left, LEFT_NONE) || (now == NULL && previous == NULL))
    set_nothing (self, STRATA_METADATA_AS_BEFORE);
  else if (now == NULL && g_str_equal (left, LEFT_DROPPED))
    set (self, STRATA_METADATA_AS_LEFT, STRATA_METADATA_UNDO_DEFINE, previous, NULL);
  else if (now == NULL)
    set_nothing (self, STRATA_METADATA_GONE);
  else if (after != NULL && strata_metadata_is_same (after, now, TRUE))
    set (self, STRATA_METADATA_AS_LEFT,
         previous != NULL ? STRATA_METADATA_UNDO_DEFINE : STRATA_METADATA_UNDO_DELETE, previous,
         now->xml);
  else if (before != NULL && strata_metadata_is_same (before, now, TRUE))
    set_nothing (self, STRATA_METADATA_AS_BEFORE);
  else if (after == NULL || !g_str_equal (after->id, now->id))
    set_nothing (self, STRATA_METADATA_ANOTHER);
  else
    decide_changed (self, before, now);
}

/* What a snapshot was renamed to is what was made of it: without that it is gone. */
static gboolean
is_still_renamed (JsonObject *args,
                  JsonObject *results,
                  const StrataDomainFacts *domain,
                  const char *renamed)
{
  const char *left = get_left (results, get_arg (args, "uuid"), renamed);
  g_autoptr (StrataSnapshotFacts) now = read_now (domain, renamed);
  g_autoptr (StrataSnapshotFacts) made =
      read_document (is_document (left) ? left : get_arg (args, "xml"));

  if (now == NULL || made == NULL)
    return FALSE;
  /* The new name may have come with a new description. */
  if (!is_document (left))
    g_set_str (&made->description, now->description);

  return strata_metadata_is_same (made, now, TRUE);
}

static void
decide_delete (StrataMetadataUndo *self,
               JsonObject *args,
               JsonObject *results,
               const StrataDomainFacts *domain)
{
  const char *renamed = get_arg (args, "renamed");
  const char *xml = get_arg (args, "xml");
  g_autoptr (StrataSnapshotFacts) before = read_document (xml);
  g_autoptr (StrataSnapshotFacts) now = read_now (domain, get_arg (args, "snapshot"));

  if (now != NULL)
    set_nothing (self, before != NULL && g_str_equal (before->id, now->id)
                           ? STRATA_METADATA_AS_BEFORE
                           : STRATA_METADATA_ANOTHER);
  else if (renamed != NULL && !is_still_renamed (args, results, domain, renamed))
    set_nothing (self, STRATA_METADATA_GONE);
  else
    set (self, STRATA_METADATA_AS_LEFT, STRATA_METADATA_UNDO_DEFINE, xml, NULL);
}

void
strata_metadata_undo_init (StrataMetadataUndo *self,
                           StrataStepKind kind,
                           JsonObject *args,
                           JsonObject *results,
                           const StrataDomainFacts *domain)
{
  g_return_if_fail (kind == STRATA_STEP_SNAPSHOT_CREATE || kind == STRATA_STEP_SNAPSHOT_DEFINE ||
                    kind == STRATA_STEP_DELETE_METADATA);

  if (kind == STRATA_STEP_SNAPSHOT_CREATE)
    decide_create (self, args, results, domain);
  else if (kind == STRATA_STEP_SNAPSHOT_DEFINE)
    decide_define (self, args, results, domain);
  else
    decide_delete (self, args, results, domain);
}

void
strata_metadata_undo_clear (StrataMetadataUndo *self)
{
  g_clear_pointer (&self->xml, g_free);
  g_clear_pointer (&self->seen, g_free);
}

/* What another client made of it is truer than what it was before. */
void
strata_metadata_tell_left (StrataStepContext *context, StrataMetadataState state, const char *name)
{
  g_autofree char *line = NULL;

  switch (state)
    {
    case STRATA_METADATA_AS_BEFORE:
    case STRATA_METADATA_AS_LEFT:
      return;
    case STRATA_METADATA_GONE:
      line = g_strdup_printf (
          _ ("The snapshot “%s” is not brought back: another program has deleted it since."), name);
      break;
    case STRATA_METADATA_CHANGED:
      line = g_strdup_printf (_ ("What is written down of the snapshot “%s” stays: another program "
                                 "has changed it since."),
                              name);
      break;
    case STRATA_METADATA_ANOTHER:
      line = g_strdup_printf (
          _ ("The snapshot “%s” stays: it is another one, which was taken since."), name);
      break;
    }
  if (context->job != NULL && !context->again)
    strata_job_add_line (context->job, STRATA_JOB_NOT_BACK, line);
}

/* The notes ---------------------------------------------------------------------------------------- */

static void
note (StrataStepContext *context, const char *name, const char *left)
{
  const char *uuid = strata_step_context_get (context, "uuid");
  g_autofree char *key = note_key (uuid, name);

  if (context->job != NULL)
    strata_job_set_result (context->job, key, left);
}

/* (transfer full) (nullable): as libvirt has it now; LEFT_NONE: it has none; NULL where it doesn't say */
static char *
query (StrataStepContext *context, const char *name)
{
  g_autoptr (GError) error = NULL;
  char *xml = strata_snapshot_get_xml (context->connection,
                                       strata_step_context_get (context, "uuid"), name, &error);

  return xml == NULL && g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND)
             ? g_strdup (LEFT_NONE)
             : xml;
}

static gboolean
is_as_left (StrataStepContext *context, const char *name, const char *left)
{
  g_autofree char *xml = query (context, name);
  g_autoptr (StrataSnapshotFacts) now =
      xml != NULL && is_document (xml) ? read_document (xml) : NULL;
  g_autoptr (StrataSnapshotFacts) noted = read_document (left);

  return now != NULL && noted != NULL && strata_metadata_is_same (noted, now, TRUE);
}

GPtrArray *
strata_metadata_note_begin (StrataStepContext *context)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *prefix = note_key (strata_step_context_get (context, "uuid"), "");
  JsonObjectIter iter;
  const char *key;
  JsonNode *node;

  if (context->results == NULL || context->job == NULL)
    return names;

  json_object_iter_init (&iter, context->results);
  while (json_object_iter_next (&iter, &key, &node))
    {
      const char *name = key + strlen (prefix);

      if (g_str_has_prefix (key, prefix) && is_document (json_node_get_string (node)) &&
          is_as_left (context, name, json_node_get_string (node)))
        g_ptr_array_add (names, g_strdup (name));
    }

  return names;
}

void
strata_metadata_note_end (StrataStepContext *context, GPtrArray *names, const char *name)
{
  if (context->job == NULL)
    return;

  if (name != NULL && !g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
    g_ptr_array_add (names, g_strdup (name));
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *left = query (context, names->pdata[i]);

      note (context, names->pdata[i], left != NULL ? left : LEFT_UNKNOWN);
    }
}

void
strata_metadata_note_unknown (StrataStepContext *context)
{
  note (context, strata_step_context_get (context, "snapshot"), LEFT_UNKNOWN);
}

void
strata_metadata_note_dropped (StrataStepContext *context)
{
  note (context, strata_step_context_get (context, "snapshot"), LEFT_DROPPED);
}
