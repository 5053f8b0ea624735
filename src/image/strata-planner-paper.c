/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a planner knows of the host after the steps it has put down so far: images, definitions and the documents
 * of snapshots, on paper.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"
#include "xml/strata-error.h"

StrataLayers *
strata_planner_get_layers (StrataPlanner *self)
{
  if (self->layers == NULL)
    self->layers = strata_layers_new (self->graph);

  return self->layers;
}

gboolean
strata_planner_apply (StrataPlanner *self, StrataStepSpec *step, GError **error)
{
  return strata_layers_apply (strata_planner_get_layers (self), step, error);
}

/**
 * strata_planner_get_definition:
 * @self: the planner
 * @uuid: a domain
 *
 * Returns: (transfer none): its definition on paper, to be changed and defined
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

/* A copy of DEFINITION is what the domain has on paper from now on. */
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

/**
 * strata_planner_get_document:
 * @self: the planner
 * @domain: a domain
 * @snapshot: a snapshot of it
 *
 * Returns: (transfer none): its document on paper, to be changed and defined
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
      g_hash_table_insert (self->documents, g_steal_pointer (&key), document);
    }

  return document;
}

char *
strata_planner_free_path (StrataPlanner *self,
                          const char *folder,
                          const char *stem,
                          const char *suffix)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  g_autofree char *safe = g_strdelimit (g_strdup (stem), "/ \t\n\"'`$\\", '_');
  guint number = 1;

  for (;;)
    {
      g_autofree char *path = number == 1
                                  ? g_strdup_printf ("%s/%s%s", folder, safe, suffix)
                                  : g_strdup_printf ("%s/%s-%u%s", folder, safe, number, suffix);

      if (strata_layers_find (layers, path) == NULL &&
          strata_graph_get_image (self->graph, path) == NULL)
        return g_steal_pointer (&path);
      number++;
    }
}

gboolean
strata_planner_is_needed (StrataPlanner *self, const char *path)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  GPtrArray *stakes = strata_layers_get_stakes (layers);

  for (guint i = 0; i < stakes->len; i++)
    {
      if (strata_layers_reach (layers, ((StrataStake *) stakes->pdata[i])->top, path))
        return TRUE;
    }

  return FALSE;
}

StrataStake *
strata_planner_find_running (StrataPlanner *self, const char *path)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  GPtrArray *stakes = strata_layers_get_stakes (layers);

  for (guint i = 0; i < stakes->len; i++)
    {
      StrataStake *stake = g_ptr_array_index (stakes, i);

      if (stake->active && strata_layers_reach (layers, stake->top, path))
        return stake;
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

  return snapshot;
}

gboolean
strata_planner_need_free_snapshot (StrataDomainFacts *domain, const char *name, GError **error)
{
  if (name == NULL || *name == '\0' || *name == '.' || *name == '@' ||
      strpbrk (name, "/\n") != NULL)
    {
      strata_set_error (error, STRATA_ERROR_INVALID,
                        _ ("It may have no slash, and not begin with a full stop or an at sign."),
                        _ ("“%s” is no name for a snapshot"), name != NULL ? name : "");
      return FALSE;
    }
  if (strata_domain_facts_find_snapshot (domain, name) == NULL)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_EXISTS, _ ("Choose another name."),
                    _ ("“%s” has a snapshot “%s” already"), domain->name, name);
  return FALSE;
}
