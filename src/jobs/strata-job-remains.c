/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What an unfinished job leaves behind when it is dismissed: nothing is undone and nothing goes, so it has to be said. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/domain/strata-domain-control.h"
#include "host/snapshot/strata-snapshot.h"
#include "host/storage/strata-storage.h"
#include "strata-job-remains.h"

typedef struct
{
  StrataJournal *journal;
  StrataConnection *connection; /* (nullable) */
  GPtrArray *sentences;
  GHashTable *told; /* a set of the files that a sentence says stay; of the plan */
} Remains;

static const char *
get (StrataStep *step, const char *key)
{
  return json_object_get_string_member_with_default (step->args, key, NULL);
}

static void say (Remains *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
say (Remains *self, const char *format, ...)
{
  va_list ap;

  va_start (ap, format);
  g_ptr_array_add (self->sentences, g_strdup_vprintf (format, ap));
  va_end (ap);
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

/* A machine that is gone has taken what was known of its snapshots along. */
static gboolean
has_snapshot (Remains *self, const char *uuid, const char *name)
{
  gboolean exists;

  if (!has_domain (self, uuid))
    return FALSE;

  return self->connection == NULL ||
         !strata_snapshot_exists (self->connection, uuid, name, &exists, NULL) || exists;
}

static void
say_made (Remains *self, const char *path)
{
  if (path != NULL && has_file (self, path) && g_hash_table_add (self->told, (gpointer) path))
    say (self, _ ("The file “%s”, which the job made, stays."), path);
}

static void
say_snapshot_made (Remains *self, StrataStep *step)
{
  const char *name = get (step, "snapshot");
  JsonArray *disks = json_object_has_member (step->args, "disks")
                         ? json_object_get_array_member (step->args, "disks")
                         : NULL;

  if (has_snapshot (self, get (step, "uuid"), name))
    {
      say (self, _ ("The snapshot “%s” of “%s”, which the job took, stays."), name,
           get (step, "name"));
      return;
    }

  say_made (self, get (step, "memory-file"));
  for (guint i = 0; disks != NULL && i < json_array_get_length (disks); i++)
    say_made (self, json_object_get_string_member_with_default (
                        json_array_get_object_element (disks, i), "overlay", NULL));
}

static void
say_defined (Remains *self, StrataStep *step)
{
  if (has_domain (self, get (step, "uuid")))
    say (self, _ ("“%s” stays as the job defined it."), get (step, "name"));
}

static void
say_merging (Remains *self, StrataStep *step)
{
  const char *top = get (step, step->kind == STRATA_STEP_COMMIT ? "top" : "image");

  if (has_file (self, top))
    say (self, _ ("“%s” was not merged to the end: it is whole, and as much needed as before."),
         top);
}

static void
say_what_was_done (Remains *self, StrataStep *step, StrataStepMark mark)
{
  if (step->kind == STRATA_STEP_CREATE_OVERLAY)
    say_made (self, get (step, "path"));
  else if (step->kind == STRATA_STEP_COPY_IMAGE)
    say_made (self, get (step, "destination"));
  else if (step->kind == STRATA_STEP_COPY_VERBATIM || step->kind == STRATA_STEP_CONVERT_TAG ||
           step->kind == STRATA_STEP_COPY_FILE)
    say_made (self, get (step, "to"));
  else if (step->kind == STRATA_STEP_SNAPSHOT_CREATE)
    say_snapshot_made (self, step);
  else if (step->kind == STRATA_STEP_DEFINE)
    say_defined (self, step);
  else if (step->kind == STRATA_STEP_UNDEFINE && !has_domain (self, get (step, "uuid")))
    say (self, _ ("“%s” is not defined any more."), get (step, "name"));
  else if (mark == STRATA_STEP_BEGUN &&
           (step->kind == STRATA_STEP_COMMIT || step->kind == STRATA_STEP_PULL))
    say_merging (self, step);
}

static void
say_what_was_left (Remains *self, StrataStep *step)
{
  if (step->kind == STRATA_STEP_DELETE_VOLUME || step->kind == STRATA_STEP_DELETE_FILE)
    {
      if (has_file (self, get (step, "path")) &&
          g_hash_table_add (self->told, (gpointer) get (step, "path")))
        say (self, _ ("The file “%s”, which the job was to delete, stays."), get (step, "path"));
    }
  else if (step->kind == STRATA_STEP_DELETE_METADATA || step->kind == STRATA_STEP_SNAPSHOT_DELETE)
    {
      if (has_snapshot (self, get (step, "uuid"), get (step, "snapshot")))
        say (self, _ ("The snapshot “%s”, which the job was to delete, stays."),
             get (step, "snapshot"));
    }
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

GPtrArray *
strata_job_list_remains (StrataJournal *journal, StrataConnection *connection)
{
  g_autoptr (GHashTable) told = g_hash_table_new (g_str_hash, g_str_equal);
  Remains self = { journal, connection, g_ptr_array_new_with_free_func (g_free), told };
  StrataPlan *plan = strata_journal_get_plan (journal);
  g_autoptr (GHashTable) uuids = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; plan != NULL && i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);
      StrataStepMark mark = strata_journal_get_mark (journal, i);

      if (get (step, "uuid") != NULL)
        g_hash_table_add (uuids, (gpointer) get (step, "uuid"));
      if (mark == STRATA_STEP_UNTOUCHED)
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
