/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The way back as a plan: what undoing each done step amounts to, in steps that the law knows. It is judged, and not carried
 * out: the primitives undo themselves.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "jobs/perform/strata-metadata-undo.h"
#include "strata-undo-plan.h"

typedef struct
{
  StrataPlan *undo;
  StrataGraph *graph;
  JsonObject *results;
  gboolean at_once;
  GHashTable *
      on; /* "UUID PATH": the images that a domain is on again, once the definitions are those of before */
} Undo;

static JsonObject *
args_new (const char *key, const char *value, const char *key2, const char *value2)
{
  JsonObject *args = json_object_new ();

  json_object_set_string_member (args, key, value);
  if (value2 != NULL)
    json_object_set_string_member (args, key2, value2);

  return args;
}

static void
add (Undo *self, StrataStep *step, StrataStepKind kind, JsonObject *args)
{
  /* Translators: the title of a step, “Define “web”” */
  strata_plan_add_step (self->undo, kind, args, _ ("Take back: %s"), step->title);
}

/* COPIED: it came with the tags of what it is a copy of. In an overlay a tag is another client's. */
static void
add_removal (Undo *self, StrataStep *step, const char *path, gboolean copied)
{
  StrataImage *image = copied ? strata_graph_get_image (self->graph, path) : NULL;
  JsonObject *args = args_new ("path", path, NULL, NULL);

  strata_plan_discard (self->undo, strata_holder_key_new_image (path));
  for (guint i = 0; image != NULL && image->tags != NULL && image->tags[i] != NULL; i++)
    strata_plan_discard (self->undo, strata_holder_key_new_tag (image->path, image->tags[i]));
  /* The job made it, so that nothing that it found can stand on it. */
  json_object_set_string_member (args, "own", path);
  add (self, step, STRATA_STEP_DELETE_VOLUME, args);
}

static void
note_on (Undo *self, const char *uuid, GPtrArray *disks)
{
  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (disk->source != NULL)
        g_hash_table_add (self->on, g_strdup_printf ("%s %s", uuid, disk->source));
    }
}

static gboolean
is_on (Undo *self, const char *uuid, const char *path)
{
  g_autofree char *key = g_strdup_printf ("%s %s", uuid, path);

  return g_hash_table_contains (self->on, key);
}

/* Whether any domain but UUID is. */
static gboolean
is_on_another (Undo *self, const char *uuid, const char *path)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      if (g_strcmp0 (domain->uuid, uuid) != 0 && is_on (self, domain->uuid, path))
        return TRUE;
    }

  return FALSE;
}

static void
note_disks (Undo *self, const char *uuid, const char *xml)
{
  g_autoptr (StrataDomainXml) definition = strata_domain_xml_new_from_string (xml, NULL);
  g_autoptr (GPtrArray) disks =
      definition != NULL ? strata_domain_xml_get_disks (definition) : NULL;

  note_on (self, uuid, disks);
}

static void
add_definition (Undo *self, StrataStep *step, const char *xml)
{
  JsonObject *args = args_new ("uuid", strata_step_get_arg (step, "uuid"), "xml", xml);

  json_object_set_boolean_member (args, "at-once", self->at_once);
  add (self, step, STRATA_STEP_DEFINE, args);
}

static void
add_define (Undo *self, StrataStep *step)
{
  const char *uuid = strata_step_get_arg (step, "uuid");
  const char *previous = strata_step_get_arg (step, "previous");

  strata_plan_discard_domain (self->undo, uuid);
  if (previous == NULL)
    {
      add (self, step, STRATA_STEP_UNDEFINE, args_new ("uuid", uuid, NULL, NULL));
      return;
    }

  add_definition (self, step, previous);
  note_disks (self, uuid, previous);
}

/* libvirt deletes an overlay that it can't write into the definition of a domain that is off, and goes on naming it. Its folder is
 * that of the base, which is there: it is not the storage that is away. */
static gboolean
was_deleted (Undo *self, StrataStep *step, const char *overlay, const char *base)
{
  const StrataDomainFacts *domain =
      strata_graph_find_domain (self->graph, strata_step_get_arg (step, "uuid"));
  const StrataImage *image = strata_graph_get_image (self->graph, overlay);
  const StrataImage *base_image = strata_graph_get_image (self->graph, base);
  g_autofree char *folder = g_path_get_dirname (overlay);
  g_autofree char *base_folder = g_path_get_dirname (base);

  return domain != NULL && !strata_domain_facts_is_active (domain) &&
         strata_domain_facts_find_snapshot (domain, strata_step_get_arg (step, "snapshot")) ==
             NULL &&
         image->state == STRATA_IMAGE_MISSING && base_image != NULL &&
         base_image->state != STRATA_IMAGE_MISSING && g_str_equal (folder, base_folder);
}

/* What another snapshot left out is the domain's own disk, which it has back, and was written to by it. */
static void
discard_left_out (Undo *self, const char *uuid, const char *path)
{
  const StrataDomainFacts *domain = strata_graph_find_domain (self->graph, uuid);

  for (guint i = 0; domain != NULL && i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      for (guint j = 0; j < snapshot->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);

          if (disk->location == STRATA_SNAPSHOT_NONE &&
              g_strcmp0 (strata_graph_resolve (self->graph, disk->image),
                         strata_graph_resolve (self->graph, path)) == 0)
            strata_plan_discard (
                self->undo, strata_holder_key_new_snapshot (uuid, snapshot->name, disk->target));
        }
    }
}

/* The overlays are merged into what the snapshot froze, so that nothing of what was written since is lost to the domain. One that
 * has come to be another's is not given up. */
static void
add_merge (Undo *self, StrataStep *step, JsonObject *disk)
{
  const char *overlay = json_object_get_string_member_with_default (disk, "overlay", NULL);
  const char *base = json_object_get_string_member_with_default (disk, "base", NULL);
  JsonObject *args;

  if (overlay == NULL || base == NULL || strata_graph_get_image (self->graph, overlay) == NULL ||
      was_deleted (self, step, overlay, base))
    return;

  if (is_on (self, strata_step_get_arg (step, "uuid"), overlay))
    {
      args = args_new ("top", overlay, "base", base);
      json_object_set_string_member (args, "uuid", strata_step_get_arg (step, "uuid"));
      json_object_set_boolean_member (args, "active", TRUE);
      json_object_set_string_member (args, "own", overlay);
      /* Without the snapshot the domain would have written into the base itself. */
      json_object_set_boolean_member (args, "at-once", self->at_once);
      add (self, step, STRATA_STEP_COMMIT, args);
      discard_left_out (self, strata_step_get_arg (step, "uuid"), base);
    }
  if (is_on_another (self, strata_step_get_arg (step, "uuid"), overlay))
    add (self, step, STRATA_STEP_DELETE_VOLUME, args_new ("path", overlay, NULL, NULL));
  else
    add_removal (self, step, overlay, FALSE);
}

static void
decide (Undo *self, StrataStep *step, StrataMetadataUndo *metadata)
{
  strata_metadata_undo_init (
      metadata, step->kind, step->args, self->results,
      strata_graph_find_domain (self->graph, strata_step_get_arg (step, "uuid")));
}

static void
add_snapshot_undo (Undo *self, StrataStep *step)
{
  const char *uuid = strata_step_get_arg (step, "uuid");
  const char *snapshot = strata_step_get_arg (step, "snapshot");
  JsonArray *disks = json_object_get_array_member (step->args, "disks");
  gboolean internal = g_strcmp0 (strata_step_get_arg (step, "kind"), "internal") == 0;
  g_auto (StrataMetadataUndo) metadata = { 0 };
  JsonArray *images;

  /* One that has its name by now is another client's, with all that goes with it. */
  decide (self, step, &metadata);
  if (metadata.state == STRATA_METADATA_ANOTHER)
    return;

  images = json_array_new ();
  strata_plan_discard_snapshot (self->undo, uuid, snapshot);
  for (guint i = 0; i < json_array_get_length (disks); i++)
    {
      JsonObject *disk = json_array_get_object_element (disks, i);
      const char *base = json_object_get_string_member_with_default (disk, "base", NULL);

      if (!internal || base == NULL)
        continue;
      json_array_add_object_element (images, args_new ("path", base, NULL, NULL));
      /* The tag was not there before; without the snapshot's document, which libvirt couldn't write, none names it. */
      if (self->at_once)
        strata_plan_discard (self->undo, strata_holder_key_new_tag (base, snapshot));
    }

  if (internal)
    {
      JsonObject *args = args_new ("uuid", uuid, "snapshot", snapshot);

      json_object_set_array_member (args, "disks", images);
      add (self, step, STRATA_STEP_SNAPSHOT_DELETE, args);
      return;
    }

  json_array_unref (images);
  add (self, step, STRATA_STEP_DELETE_METADATA, args_new ("uuid", uuid, "snapshot", snapshot));
  for (guint i = 0; i < json_array_get_length (disks); i++)
    add_merge (self, step, json_array_get_object_element (disks, i));
  if (strata_step_get_arg (step, "memory-file") != NULL)
    add_removal (self, step, strata_step_get_arg (step, "memory-file"), FALSE);
}

/* Of a snapshot that was defined, or taken out of the list: only what is still as the job left it changes. */
static void
add_metadata (Undo *self, StrataStep *step)
{
  const char *uuid = strata_step_get_arg (step, "uuid");
  const char *snapshot = strata_step_get_arg (step, "snapshot");
  g_auto (StrataMetadataUndo) metadata = { 0 };

  decide (self, step, &metadata);
  if (metadata.kind == STRATA_METADATA_UNDO_NOTHING)
    return;
  /* What it is by now, which is the job's. */
  if (metadata.seen != NULL)
    strata_plan_discard_snapshot (self->undo, uuid, snapshot);
  if (metadata.kind == STRATA_METADATA_UNDO_DEFINE)
    add (self, step, STRATA_STEP_SNAPSHOT_DEFINE, args_new ("uuid", uuid, "xml", metadata.xml));
  else
    add (self, step, STRATA_STEP_DELETE_METADATA, args_new ("uuid", uuid, "snapshot", snapshot));
}

static void
add_power (Undo *self, StrataStep *step, StrataStepKind kind)
{
  add (self, step, kind, args_new ("uuid", strata_step_get_arg (step, "uuid"), NULL, NULL));
}

static void
add_undo (Undo *self, StrataStep *step)
{
  StrataStepKind kind = step->kind;

  if (kind == STRATA_STEP_CREATE_OVERLAY)
    add_removal (self, step, strata_step_get_arg (step, "path"), FALSE);
  else if (kind == STRATA_STEP_COPY_IMAGE)
    add_removal (self, step, strata_step_get_arg (step, "destination"), TRUE);
  else if (kind == STRATA_STEP_COPY_VERBATIM || kind == STRATA_STEP_CONVERT_TAG)
    add_removal (self, step, strata_step_get_arg (step, "to"), TRUE);
  else if (kind == STRATA_STEP_COPY_FILE)
    add (self, step, STRATA_STEP_DELETE_FILE,
         args_new ("path", strata_step_get_arg (step, "to"), NULL, NULL));
  else if (kind == STRATA_STEP_DEFINE)
    add_define (self, step);
  else if (kind == STRATA_STEP_UNDEFINE)
    add_definition (self, step, strata_step_get_arg (step, "xml"));
  else if (kind == STRATA_STEP_SNAPSHOT_CREATE)
    add_snapshot_undo (self, step);
  else if (kind == STRATA_STEP_SNAPSHOT_DEFINE || kind == STRATA_STEP_DELETE_METADATA)
    add_metadata (self, step);
  else if (kind == STRATA_STEP_SHUT_DOWN)
    add_power (self, step, STRATA_STEP_START);
  else if (kind == STRATA_STEP_START || kind == STRATA_STEP_RESTORE)
    add_power (self, step, STRATA_STEP_SHUT_DOWN);
}

static void
note_present (Undo *self)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      note_on (self, domain->uuid, domain->disks);
      note_on (self, domain->uuid, domain->next_disks);
    }
}

/**
 * strata_undo_plan_new:
 * @journal: a job of which no forward-only step was begun
 * @graph: the host as it is
 * @at_once: whether the process that did the steps has held the lock ever since: what stands on the images of before by then, and
 *   can't be seen, stood there when they were those of the domain, too
 *
 * Gives up what the job itself made and no more: an image that it created, the snapshot that it took, the disks of a domain
 * while they are those that it defined. That these were not used since is to be asked of the host.
 *
 * Returns: (transfer full): the way back
 */
StrataPlan *
strata_undo_plan_new (StrataJournal *journal, StrataGraph *graph, gboolean at_once)
{
  StrataPlan *plan = strata_journal_get_plan (journal);
  g_autoptr (GHashTable) on = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Undo self = { strata_plan_new (strata_plan_get_title (plan), strata_plan_get_act (plan)), graph,
                strata_journal_get_results (journal), at_once, on };

  note_present (&self);
  for (guint i = strata_plan_get_n_steps (plan); i > 0; i--)
    {
      if (strata_journal_get_mark (journal, i - 1) != STRATA_STEP_UNTOUCHED)
        add_undo (&self, strata_plan_get_step (plan, i - 1));
    }

  return self.undo;
}
