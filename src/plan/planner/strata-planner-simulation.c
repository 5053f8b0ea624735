/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a planner knows of the host after the steps it has put down so far: images, definitions and the documents
 * of snapshots, simulated.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"
#include "base/strata-error.h"
#include "plan/strata-step-apply.h"

/* of every file system that a host is likely to have, in bytes */
#define LONGEST_FILE_NAME 255

StrataLayers *
strata_planner_get_layers (StrataPlanner *self)
{
  if (self->layers == NULL)
    self->layers = strata_layers_new (self->graph);

  return self->layers;
}

StrataLineage *
strata_planner_get_lineage (StrataPlanner *self, const StrataDomainFacts *domain)
{
  StrataLineage *lineage;

  if (self->lineages == NULL)
    self->lineages =
        g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) strata_lineage_free);
  lineage = g_hash_table_lookup (self->lineages, domain->uuid);
  if (lineage == NULL)
    {
      lineage = strata_lineage_new (self->graph, domain);
      g_hash_table_insert (self->lineages, domain->uuid, lineage);
    }

  return lineage;
}

gboolean
strata_planner_apply (StrataPlanner *self, StrataStep *step, GError **error)
{
  return strata_planner_require_writable (step, error) &&
         strata_layers_apply (strata_planner_get_layers (self), step, error);
}

/**
 * strata_planner_get_definition:
 * @self: the planner
 * @uuid: a domain
 *
 * Returns: (transfer none): its simulated definition, to be changed and defined
 */
StrataDomainXml *
strata_planner_get_definition (StrataPlanner *self, const char *uuid)
{
  StrataDomainXml *definition =
      self->definitions != NULL ? g_hash_table_lookup (self->definitions, uuid) : NULL;

  if (definition != NULL)
    return definition;

  strata_planner_put_definition (self, uuid,
                                 strata_graph_find_domain (self->graph, uuid)->definition);

  return g_hash_table_lookup (self->definitions, uuid);
}

/* A copy of DEFINITION is what the domain has in the simulation from now on. */
void
strata_planner_put_definition (StrataPlanner *self, const char *uuid, StrataDomainXml *definition)
{
  if (self->definitions == NULL)
    self->definitions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);

  g_hash_table_insert (self->definitions, g_strdup (uuid), strata_domain_xml_copy (definition));
}

void
strata_planner_note_move (StrataPlanner *self, const char *from, const char *to)
{
  if (self->moves == NULL)
    self->moves = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  g_hash_table_insert (self->moves, g_strdup (from), g_strdup (to));
}

/* A move goes down, so there is an end to them. */
const char *
strata_planner_where_is (StrataPlanner *self, const char *path)
{
  for (const char *next = path; next != NULL;)
    {
      path = next;
      next = self->moves != NULL ? g_hash_table_lookup (self->moves, path) : NULL;
    }

  return path;
}

static StrataSnapshotFacts *
find_frozen_by (StrataDomainFacts *domain, const char *target, const char *path)
{
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      StrataSnapshotFacts *candidate = g_ptr_array_index (domain->snapshots, i);
      const StrataSnapshotDisk *disk = strata_snapshot_facts_find_disk (candidate, target);

      if (disk != NULL && disk->location == STRATA_SNAPSHOT_EXTERNAL &&
          g_strcmp0 (disk->image, path) == 0)
        return candidate;
    }

  return NULL;
}

/* The nearest snapshot whose frozen image SNAPSHOT's stands on: where its parent was lost, the one that came before. */
static const char *
find_ancestor (StrataPlanner *self, StrataDomainFacts *domain, const StrataSnapshotFacts *snapshot)
{
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      for (StrataChain link = strata_graph_walk (self->graph, disk->image);
           link.image != NULL && disk->location == STRATA_SNAPSHOT_EXTERNAL;
           strata_chain_next (&link))
        {
          StrataSnapshotFacts *before =
              link.image->backing_path != NULL
                  ? find_frozen_by (domain, disk->target, link.image->backing_path)
                  : NULL;

          if (before != NULL && before != snapshot)
            return before->name;
        }
    }

  return NULL;
}

/**
 * strata_planner_get_document:
 * @self: the planner
 * @domain: a domain
 * @snapshot: a snapshot of it
 *
 * Returns: (transfer none): its simulated document, to be changed and defined
 */
StrataSnapshotXml *
strata_planner_get_document (StrataPlanner *self,
                             StrataDomainFacts *domain,
                             const StrataSnapshotFacts *snapshot)
{
  g_autoptr (StrataHolderKey) key =
      strata_holder_key_new_snapshot (domain->uuid, snapshot->name, NULL);
  StrataSnapshotXml *document;

  if (self->documents == NULL)
    self->documents =
        g_hash_table_new_full (strata_holder_key_hash, strata_holder_key_equal,
                               (GDestroyNotify) strata_holder_key_free, g_object_unref);

  document = g_hash_table_lookup (self->documents, key);
  if (document == NULL)
    {
      /* It was parsed before, so it can be again. */
      document = strata_snapshot_xml_new_from_string (snapshot->xml, NULL);
      g_assert (document != NULL);
      if (snapshot->lost_parent != NULL)
        strata_snapshot_xml_set_parent (document, find_ancestor (self, domain, snapshot));
      g_hash_table_insert (self->documents, g_steal_pointer (&key), document);
    }

  return document;
}

/* As much of TEXT as fits into ROOM bytes, in whole characters. */
static char *
shorten (const char *text, size_t room)
{
  size_t length = strlen (text);

  if (length > room)
    length = room;
  while (length > 0 && length < strlen (text) && ((guchar) text[length] & 0xc0) == 0x80)
    length--;

  return g_strndup (text, length);
}

char *
strata_planner_free_path (StrataPlanner *self,
                          const char *folder,
                          const char *stem,
                          const char *suffix)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  /* Room for a number is left. A name that another program gave may be as long as a file's. libvirt doubles a comma for
   * qemu-img, which then makes another file than the definition says (tested on 9.0 and 11.3). */
  g_autofree char *safe =
      g_strdelimit (shorten (stem, LONGEST_FILE_NAME - strlen (suffix) - 6), "/, \t\n\"'`$\\", '_');
  guint number = 1;

  for (;;)
    {
      g_autofree char *path = number == 1
                                  ? g_strdup_printf ("%s/%s%s", folder, safe, suffix)
                                  : g_strdup_printf ("%s/%s-%u%s", folder, safe, number, suffix);

      if (strata_layers_find (layers, path) == NULL &&
          strata_graph_get_image (self->graph, path) == NULL &&
          !strata_graph_is_taken (self->graph, path))
        return g_steal_pointer (&path);
      number++;
    }
}

/**
 * strata_planner_find_left_out:
 * @self: the planner
 * @domain: a domain
 * @path: an image
 *
 * Returns: (nullable): the disk of a snapshot of @domain, of one that stays, that was left out and is @path
 */
const StrataSnapshotDisk *
strata_planner_find_left_out (StrataPlanner *self,
                              const StrataDomainFacts *domain,
                              const char *path)
{
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      for (guint j = 0; j < snapshot->disks->len && !snapshot->retained; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);
          g_autoptr (StrataHolderKey) key =
              strata_holder_key_new_snapshot (domain->uuid, snapshot->name, disk->target);

          if (disk->location == STRATA_SNAPSHOT_NONE && g_strcmp0 (disk->image, path) == 0 &&
              !strata_plan_is_discarded (self->plan, key))
            return disk;
        }
    }

  return NULL;
}

gboolean
strata_planner_is_needed (StrataPlanner *self, const char *path)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  GPtrArray *holders = strata_layers_get_holders (layers);

  for (guint i = 0; i < holders->len; i++)
    {
      if (strata_layers_reach (layers, ((StrataHolder *) holders->pdata[i])->top, path))
        return TRUE;
    }

  return FALSE;
}

StrataHolder *
strata_planner_find_running (StrataPlanner *self, const char *path)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  GPtrArray *holders = strata_layers_get_holders (layers);

  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);

      if (holder->active && strata_layers_reach (layers, holder->top, path))
        return holder;
    }

  return NULL;
}

StrataSnapshotFacts *
strata_planner_find_snapshot (StrataPlanner *self,
                              StrataDomainFacts *domain,
                              const char *name,
                              GError **error)
{
  StrataSnapshotFacts *snapshot = strata_domain_facts_find_snapshot (domain, name);

  if (snapshot == NULL)
    strata_set_error (error, STRATA_ERROR_NOT_FOUND,
                      _ ("“stratactl snapshot list” shows the names."),
                      _ ("“%s” has no snapshot “%s”"), domain->name, name != NULL ? name : "");

  if (snapshot != NULL && self->request->snapshot_id != NULL &&
      g_strcmp0 (name, self->request->snapshot) == 0 &&
      !g_str_equal (snapshot->id, self->request->snapshot_id))
    {
      strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Look at it again, and begin anew."),
                        _ ("“%s” is another snapshot now: it was deleted and made again"), name);
      return NULL;
    }

  return snapshot;
}

/* Files are called after it: those that Strata makes for it now and at a return to it, and libvirt's own. */
static gboolean
require_short_name (const StrataDomainFacts *domain, const char *name, GError **error)
{
  size_t taken = strlen (".xml.new");
  size_t longest;

  for (guint i = 0; i < domain->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (domain->disks, i);

      taken =
          MAX (taken, strlen (domain->name) + strlen (disk->target) + strlen ("-.-tip-9999.qcow2"));
    }
  longest = taken < LONGEST_FILE_NAME ? LONGEST_FILE_NAME - taken : 0;
  if (strlen (name) <= longest)
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_INVALID, _ ("Choose a shorter name."),
      /* Translators: a name, a virtual machine, a number */
      _ ("“%s” is too long: the name of a snapshot of “%s” may have %u bytes at most, "
         "since files are called after it"),
      name, domain->name, (guint) longest);
  return FALSE;
}

gboolean
strata_planner_require_free_snapshot (StrataDomainFacts *domain, const char *name, GError **error)
{
  if (name == NULL || *name == '\0' || *name == '.' || *name == '@' ||
      strpbrk (name, "/\n") != NULL)
    {
      strata_set_error (error, STRATA_ERROR_INVALID,
                        _ ("It may have no slash, and not begin with a full stop or an at sign."),
                        _ ("“%s” is no name for a snapshot"), name != NULL ? name : "");
      return FALSE;
    }
  if (!require_short_name (domain, name, error))
    return FALSE;
  if (strata_domain_facts_find_snapshot (domain, name) == NULL)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_EXISTS, _ ("Choose another name."),
                    _ ("“%s” has a snapshot “%s” already"), domain->name, name);
  return FALSE;
}

/* qemu-img makes a second tag of a name without a word; QEMU and libvirt then take the first of them, whichever is meant. */
gboolean
strata_planner_require_single_tag (StrataPlanner *self,
                                   const StrataSnapshotFacts *snapshot,
                                   const StrataSnapshotDisk *disk,
                                   GError **error)
{
  const StrataImage *image = strata_graph_get_image (self->graph, disk->image);
  guint n = image != NULL ? strata_image_count_tags (image, snapshot->name) : 0;

  if (n < 2)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("“qemu-img snapshot -l” lists them, and “qemu-img snapshot -d” removes the "
                       "first of a name."),
                    /* Translators: an image, a number above 1, and a name */
                    _ ("“%s” has %u internal snapshots called “%s”, and QEMU can’t tell one from "
                       "another"),
                    disk->image, n, snapshot->name);
  return FALSE;
}
