/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What an unfinished job leaves behind when it is dismissed: nothing is undone and nothing goes, so it has to be said. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/domain/strata-domain-control.h"
#include "host/snapshot/strata-snapshot.h"
#include "host/storage/strata-storage.h"
#include "strata-job-notes.h"
#include "strata-job-remains.h"
#include "strata-job-results.h"
#include "jobs/perform/strata-perform.h"
#include "base/strata-error.h"

typedef struct
{
  StrataJournal *journal;
  StrataConnection *connection; /* (nullable) */
  StrataGraph *graph;           /* (nullable): of the host */
  GPtrArray *sentences;
  GHashTable *told; /* a set of the files that a sentence says stay; of the plan */
} Remains;

static void say (Remains *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
say (Remains *self, const char *format, ...)
{
  g_autofree char *sentence = NULL;
  va_list ap;

  va_start (ap, format);
  sentence = g_strdup_vprintf (format, ap);
  va_end (ap);
  /* Of one machine two steps may say the same. */
  if (!g_ptr_array_find_with_equal_func (self->sentences, sentence, g_str_equal, NULL))
    g_ptr_array_add (self->sentences, g_steal_pointer (&sentence));
}

/* Where the host can't say, it is taken to be there: better told of once too often. */
static gboolean
has_file (Remains *self, const char *path)
{
  gboolean exists;

  return self->connection == NULL ||
         !strata_storage_exists (self->connection, path, &exists, NULL) || exists;
}

static gboolean
has_domain (Remains *self, const char *uuid)
{
  gboolean exists;

  return self->connection == NULL ||
         !strata_domain_exists (self->connection, uuid, &exists, NULL) || exists;
}

/* The very one; a machine that is gone has taken what was known of its snapshots along. ID: (nullable) */
static gboolean
has_snapshot (Remains *self, StrataStep *step, const char *id)
{
  const char *uuid = strata_step_get_arg (step, "uuid");
  const char *name = strata_step_get_arg (step, "snapshot");
  gboolean exists;
  g_autoptr (GError) error = NULL;

  if (!has_domain (self, uuid))
    return FALSE;
  if (self->connection == NULL)
    return TRUE;
  if (strata_snapshot_exists (self->connection, uuid, name, &exists, NULL) && !exists)
    return FALSE;

  return strata_snapshot_check_id (self->connection, uuid, name, id, &error) ||
         !(g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND) ||
           g_error_matches (error, STRATA_ERROR, STRATA_ERROR_REFUSED));
}

static gboolean
is_on (Remains *self, GPtrArray *disks, const char *path)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (disk->source != NULL && strata_graph_reaches (self->graph, disk->source, path))
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_in_snapshot (Remains *self, const StrataDomainFacts *domain, const char *path)
{
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      for (guint j = 0; !snapshot->retained && j < snapshot->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);

          if (disk->location != STRATA_SNAPSHOT_NONE && disk->image != NULL &&
              strata_graph_reaches (self->graph, disk->image, path))
            return TRUE;
        }
    }

  return FALSE;
}

/* (nullable): a machine whose disks, or whose snapshots, stand on PATH or are it */
static const char *
find_user (Remains *self, const char *path)
{
  GPtrArray *domains = self->graph != NULL ? strata_graph_get_domains (self->graph) : NULL;

  for (guint i = 0; domains != NULL && i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      if (is_on (self, domain->disks, path) || is_on (self, domain->next_disks, path) ||
          is_in_snapshot (self, domain, path))
        return domain->name;
    }

  return NULL;
}

static void
say_made (Remains *self, const char *path)
{
  if (path != NULL && has_file (self, path) && g_hash_table_add (self->told, (gpointer) path))
    say (self, _ ("The file “%s”, which the job made, stays."), path);
}

static gboolean
is_retained (Remains *self, StrataStep *step)
{
  const StrataDomainFacts *domain =
      self->graph != NULL
          ? strata_graph_find_domain (self->graph, strata_step_get_arg (step, "uuid"))
          : NULL;
  const StrataSnapshotFacts *snapshot =
      domain != NULL
          ? strata_domain_facts_find_snapshot (domain, strata_step_get_arg (step, "snapshot"))
          : NULL;

  return snapshot != NULL && snapshot->retained;
}

static void
say_snapshot_made (Remains *self, StrataStep *step)
{
  const char *name = strata_step_get_arg (step, "snapshot");
  const char *id = strata_job_notes_get (self->journal, STRATA_JOB_SNAPSHOT_ID, name);
  JsonArray *disks = json_object_has_member (step->args, "disks")
                         ? json_object_get_array_member (step->args, "disks")
                         : NULL;

  if (has_snapshot (self, step, id) && is_retained (self, step))
    {
      say (self,
           _ ("The snapshot “%s” of “%s”, whose taking back was begun, keeps nothing any more; its "
              "layer stays until it is merged."),
           name, strata_step_get_arg (step, "name"));
      return;
    }
  if (has_snapshot (self, step, id))
    {
      say (self, _ ("The snapshot “%s” of “%s”, which the job took, stays."), name,
           strata_step_get_arg (step, "name"));
      return;
    }

  say_made (self, strata_step_get_arg (step, "memory-file"));
  for (guint i = 0; disks != NULL && i < json_array_get_length (disks); i++)
    say_made (self, json_object_get_string_member_with_default (
                        json_array_get_object_element (disks, i), "overlay", NULL));
}

/* ERROR is set where the definition is neither that of before nor the job's. */
static gboolean
is_as_defined (Remains *self, StrataStep *step, StrataStepMark mark, GError **error)
{
  const StrataStepOps *klass = strata_step_get_ops (step->kind);
  const char *uuid = strata_step_get_arg (step, "uuid");
  const char *noted = strata_job_notes_get (self->journal, STRATA_NOTE_DEFINITION, uuid);
  StrataStepContext context = { self->connection, step->args, NULL,
                                strata_journal_get_results (self->journal) };
  g_autofree char *now = NULL;
  gboolean done = FALSE;

  if (self->connection == NULL)
    return mark == STRATA_STEP_DONE;
  if (mark == STRATA_STEP_DONE && noted != NULL)
    {
      now = strata_domain_get_xml (self->connection, uuid, NULL);
      if (g_strcmp0 (now, noted) == 0)
        return TRUE;
    }

  return klass->is_done (&context, &done, error) && done;
}

static void
say_defined (Remains *self, StrataStep *step, StrataStepMark mark)
{
  g_autoptr (GError) error = NULL;

  if (!has_domain (self, strata_step_get_arg (step, "uuid")))
    return;
  if (is_as_defined (self, step, mark, &error))
    say (self, _ ("“%s” stays as the job defined it."), strata_step_get_arg (step, "name"));
  else if (error != NULL)
    say (self,
         _ ("“%s” stays as it is defined now, which is neither as it was nor as the job "
            "defined it."),
         strata_step_get_arg (step, "name"));
}

static void
say_merging (Remains *self, StrataStep *step)
{
  const char *top = strata_step_get_arg (step, step->kind == STRATA_STEP_COMMIT ? "top" : "image");

  if (has_file (self, top))
    say (self, _ ("“%s” was not merged to the end: it is whole, and as much needed as before."),
         top);
}

static void
say_written_down (Remains *self, StrataStep *step)
{
  const char *name = strata_step_get_arg (step, "snapshot");
  g_autoptr (StrataSnapshotFacts) made =
      strata_snapshot_facts_new (strata_step_get_arg (step, "xml"), FALSE, NULL);

  if (strata_step_get_arg (step, "previous") == NULL && made != NULL &&
      has_snapshot (self, step, made->id))
    say (
        self,
        _ ("The snapshot “%s” of “%s”, which the job wrote down, stays; “stratactl snapshot delete … "
           "--metadata-only” takes it out of the list, and no file."),
        name, strata_step_get_arg (step, "name"));
}

static void
say_mode (Remains *self, StrataStep *step)
{
  const char *path = strata_step_get_arg (step, "path");
  guint previous = (guint) json_object_get_int_member_with_default (step->args, "previous", 0);
  guint mode = (guint) json_object_get_int_member_with_default (step->args, "mode", 0);

  if (!has_file (self, path))
    return;
  if ((mode & 0222) == 0)
    say (self, _ ("“%s” stays read-only; “chmod %04o” makes it as it was."), path, previous);
  else
    say (self, _ ("“%s” stays writable; “chmod %04o” makes it as it was."), path, previous);
}

static void
say_power (Remains *self, StrataStep *step)
{
  const char *name = strata_step_get_arg (step, "name");
  StrataDomainState state;
  gboolean off;

  if (self->connection == NULL ||
      !strata_domain_get_state (self->connection, strata_step_get_arg (step, "uuid"), &state, NULL))
    return;
  off = state == STRATA_DOMAIN_STATE_OFF || state == STRATA_DOMAIN_STATE_CRASHED;
  if (step->kind == STRATA_STEP_SHUT_DOWN && off)
    say (self, _ ("“%s”, which the job shut down, stays off."), name);
  else if (step->kind != STRATA_STEP_SHUT_DOWN && !off)
    say (self, _ ("“%s”, which the job started, stays on."), name);
}

static void
say_halted (Remains *self, StrataStep *step)
{
  StrataDomainState state;

  if (self->connection == NULL ||
      !strata_domain_get_state (self->connection, strata_step_get_arg (step, "uuid"), &state, NULL))
    return;
  if (json_object_get_boolean_member_with_default (step->args, "halt", FALSE) &&
      (state == STRATA_DOMAIN_STATE_OFF || state == STRATA_DOMAIN_STATE_CRASHED))
    say (self, _ ("“%s”, which the job shut down, stays off."), strata_step_get_arg (step, "name"));
}

static void
say_what_was_done (Remains *self, StrataStep *step, StrataStepMark mark)
{
  switch (step->kind)
    {
    case STRATA_STEP_CREATE_OVERLAY:
      say_made (self, strata_step_get_arg (step, "path"));
      break;
    case STRATA_STEP_COPY_IMAGE:
      say_made (self, strata_step_get_arg (step, "destination"));
      break;
    case STRATA_STEP_COPY_VERBATIM:
    case STRATA_STEP_CONVERT_TAG:
    case STRATA_STEP_COPY_FILE:
      say_made (self, strata_step_get_arg (step, "to"));
      break;
    case STRATA_STEP_SNAPSHOT_CREATE:
      say_snapshot_made (self, step);
      say_halted (self, step);
      break;
    case STRATA_STEP_SNAPSHOT_DEFINE:
      say_written_down (self, step);
      break;
    case STRATA_STEP_DEFINE:
      say_defined (self, step, mark);
      break;
    case STRATA_STEP_UNDEFINE:
      if (!has_domain (self, strata_step_get_arg (step, "uuid")))
        say (self, _ ("“%s” is not defined any more."), strata_step_get_arg (step, "name"));
      break;
    case STRATA_STEP_COMMIT:
    case STRATA_STEP_PULL:
      if (mark == STRATA_STEP_BEGUN)
        say_merging (self, step);
      break;
    case STRATA_STEP_SET_MODE:
      say_mode (self, step);
      break;
    case STRATA_STEP_SHUT_DOWN:
    case STRATA_STEP_START:
    case STRATA_STEP_RESTORE:
      say_power (self, step);
      break;
    case STRATA_STEP_SNAPSHOT_REVERT:
      say (self, _ ("“%s” stays at the snapshot “%s”, to which the job took it."),
           strata_step_get_arg (step, "name"), strata_step_get_arg (step, "snapshot"));
      break;
    /* What these delete is gone, as it was to be, what they write into the job has made, and the others change nothing. */
    case STRATA_STEP_CHECK_CHAIN:
    case STRATA_STEP_CHECK_SPACE:
    case STRATA_STEP_CUSTOMISE:
    case STRATA_STEP_DELETE_FILE:
    case STRATA_STEP_DELETE_METADATA:
    case STRATA_STEP_DELETE_TAG:
    case STRATA_STEP_DELETE_VOLUME:
    case STRATA_STEP_INSPECT:
    case STRATA_STEP_KEEP_TAG:
    case STRATA_STEP_RECONCILE:
    case STRATA_STEP_REQUIRE_ACTIVE:
    case STRATA_STEP_REQUIRE_OFF:
    case STRATA_STEP_SEAL:
    case STRATA_STEP_SNAPSHOT_DELETE:
    case STRATA_STEP_VERIFY:
      break;
    }
}

static void
say_file_left (Remains *self, const char *path)
{
  const char *user;

  if (!has_file (self, path) || !g_hash_table_add (self->told, (gpointer) path))
    return;
  user = find_user (self, path);
  if (user != NULL)
    /* Translators: a path, and a virtual machine */
    say (self, _ ("The file “%s” stays, and “%s” needs it."), path, user);
  else
    say (self, _ ("The file “%s”, which the job was to delete, stays."), path);
}

static void
say_snapshot_left (Remains *self, StrataStep *step)
{
  const char *name = strata_step_get_arg (step, "snapshot");

  if (!has_snapshot (self, step, strata_step_get_arg (step, "id")))
    return;
  if (is_retained (self, step))
    say (self,
         _ ("The snapshot “%s”, which the job was to delete, stays as a retained layer, with its "
            "image."),
         name);
  else
    say (self, _ ("The snapshot “%s”, which the job was to delete, stays."), name);
}

static void
say_what_was_left (Remains *self, StrataStep *step)
{
  if (step->kind == STRATA_STEP_DELETE_VOLUME || step->kind == STRATA_STEP_DELETE_FILE)
    say_file_left (self, strata_step_get_arg (step, "path"));
  else if (step->kind == STRATA_STEP_DELETE_METADATA || step->kind == STRATA_STEP_SNAPSHOT_DELETE)
    say_snapshot_left (self, step);
  else if (step->kind == STRATA_STEP_COMMIT || step->kind == STRATA_STEP_PULL)
    say_merging (self, step);
}

/* A machine that can't start the way it is left. */
static void
say_unusable (Remains *self, const char *uuid)
{
  g_autoptr (StrataDomainFacts) facts = strata_connection_get_domain (self->connection, uuid, NULL);

  for (guint i = 0; facts != NULL && i < facts->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (facts->disks, i);
      gboolean exists;

      if (disk->source == NULL || g_strcmp0 (disk->device, "disk") != 0 ||
          !g_path_is_absolute (disk->source) ||
          !strata_storage_exists (self->connection, disk->source, &exists, NULL) || exists)
        continue;
      say (self, _ ("“%s” can’t be started: its disk %s, “%s”, is missing."), facts->name,
           disk->target, disk->source);
    }
}

/**
 * strata_job_remains_list:
 * @journal: an unfinished job
 * @connection: (nullable): its host, to ask what of it is there
 *
 * Worker threads only.
 *
 * Returns: (transfer full) (element-type utf8): what stays behind when it is forgotten, in sentences
 */
GPtrArray *
strata_job_remains_list (StrataJournal *journal, StrataConnection *connection)
{
  g_autoptr (GHashTable) told = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (StrataGraph) graph =
      connection != NULL ? strata_connection_gather (connection, NULL, NULL) : NULL;
  Remains self = { journal, connection, graph, g_ptr_array_new_with_free_func (g_free), told };
  StrataPlan *plan = strata_journal_get_plan (journal);
  g_autoptr (GHashTable) uuids = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; plan != NULL && i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);
      StrataStepMark mark = strata_journal_get_mark (journal, i);

      if (strata_step_get_arg (step, "uuid") != NULL)
        g_hash_table_add (uuids, (gpointer) strata_step_get_arg (step, "uuid"));
      if (mark == STRATA_STEP_UNTOUCHED ||
          (mark == STRATA_STEP_BEGUN &&
           strata_step_is (step, STRATA_STEP_DELETE_VOLUME, STRATA_STEP_DELETE_FILE)))
        say_what_was_left (&self, step);
      else
        say_what_was_done (&self, step, mark);
    }

  if (connection != NULL)
    {
      g_autoptr (GPtrArray) keys = g_hash_table_get_keys_as_ptr_array (uuids);

      for (guint i = 0; i < keys->len; i++)
        say_unusable (&self, keys->pdata[i]);
    }

  return self.sentences;
}
