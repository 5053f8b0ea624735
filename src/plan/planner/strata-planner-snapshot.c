/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps about the metadata of snapshots. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"

static char *
print_document (StrataPlanner *self, StrataSnapshotXml *document)
{
  strata_snapshot_xml_name_devices (document, strata_planner_is_device, self);

  return strata_snapshot_xml_to_string (document);
}

/**
 * strata_planner_add_snapshot_define:
 * @self: the planner
 * @domain: a domain
 * @snapshot: (nullable): the snapshot as libvirt knows it; %NULL for a new name
 * @document: how it is to be
 * @current: whether it becomes the current one
 * @error: where to put an error
 *
 * Returns: whether it can be done
 */
gboolean
strata_planner_add_snapshot_define (StrataPlanner *self,
                                    StrataDomainFacts *domain,
                                    const StrataSnapshotFacts *snapshot,
                                    StrataSnapshotXml *document,
                                    gboolean current,
                                    GError **error)
{
  g_autofree char *name = strata_snapshot_xml_get_name (document);
  g_autofree char *xml = print_document (self, document);
  g_autofree char *file = g_strconcat (name, ".xml", NULL);
  StrataSnapshotFacts *was_current = strata_domain_facts_get_current (domain);
  JsonObject *args = strata_step_args (
      "uuid", domain->uuid, "name", domain->name, "snapshot", name, "xml", xml, "previous",
      snapshot != NULL ? snapshot->xml : NULL, "id", snapshot != NULL ? snapshot->id : NULL, NULL);
  StrataStep *step;

  json_object_set_boolean_member (args, "current", current);
  if (current && was_current != NULL)
    json_object_set_string_member (args, "previous-current", was_current->name);
  step = strata_plan_add_step (self->plan, STRATA_STEP_SNAPSHOT_DEFINE, args,
                               _ ("Write down what the snapshot “%s” is"), name);
  strata_plan_add_command (self->plan, "virsh", "snapshot-create", domain->name, file, "--redefine",
                           current ? "--current" : NULL, NULL);
  strata_plan_add_resource (self->plan, domain->uuid);

  return strata_planner_apply (self, step, error);
}

static JsonArray *
get_children (StrataPlanner *self, StrataDomainFacts *domain, const StrataSnapshotFacts *snapshot)
{
  JsonArray *children = json_array_new ();

  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      StrataSnapshotFacts *child = g_ptr_array_index (domain->snapshots, i);

      if (g_strcmp0 (child->parent, snapshot->name) == 0)
        json_array_add_string_element (children, child->xml);
    }

  return children;
}

/**
 * strata_planner_add_delete_metadata:
 * @self: the planner
 * @domain: a domain
 * @snapshot: a snapshot of it
 * @forward: whether there is no way back any more
 * @error: where to put an error
 *
 * libvirt drops what it knows of @snapshot, and no file; its children become its parent's.
 *
 * Returns: whether it can be done
 */
gboolean
strata_planner_add_delete_metadata (StrataPlanner *self,
                                    StrataDomainFacts *domain,
                                    const StrataSnapshotFacts *snapshot,
                                    gboolean forward,
                                    GError **error)
{
  JsonObject *args =
      strata_step_args ("uuid", domain->uuid, "name", domain->name, "snapshot", snapshot->name,
                        "xml", snapshot->xml, "id", snapshot->id, NULL);
  StrataStep *step;

  json_object_set_boolean_member (args, "was-current", snapshot->current);
  json_object_set_array_member (args, "children", get_children (self, domain, snapshot));
  step = strata_plan_add_step (self->plan, STRATA_STEP_DELETE_METADATA, args,
                               _ ("Take “%s” out of the list of snapshots"), snapshot->name);
  step->forward_only = forward;
  strata_plan_add_command (self->plan, "virsh", "snapshot-delete", "--metadata", domain->name,
                           snapshot->name, NULL);
  strata_plan_add_resource (self->plan, domain->uuid);

  return strata_planner_apply (self, step, error);
}

static void
map_documents (StrataPlanner *self, StrataDomainFacts *domain, JsonArray *map)
{
  for (guint i = 0; i < json_array_get_length (map); i++)
    {
      JsonObject *item = json_array_get_object_element (map, i);

      for (guint j = 0; j < domain->snapshots->len; j++)
        {
          StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, j);

          if (strata_snapshot_facts_has (snapshot, STRATA_SNAPSHOT_EXTERNAL))
            strata_snapshot_xml_replace_image (strata_planner_get_document (self, domain, snapshot),
                                               json_object_get_string_member (item, "from"),
                                               json_object_get_string_member (item, "to"),
                                               json_object_get_string_member (item, "format"));
        }
    }
}

/**
 * strata_planner_add_reconcile:
 * @self: the planner
 * @domain: a domain with snapshots
 * @map: (nullable) (transfer full): images that were moved, [{from, to, format}]
 * @error: where to put an error
 *
 * Makes the metadata of every snapshot true and safe for other tools.
 *
 * Returns: whether it can be done
 */
gboolean
strata_planner_add_reconcile (StrataPlanner *self,
                              StrataDomainFacts *domain,
                              JsonArray *map,
                              GError **error)
{
  JsonObject *args = strata_step_args ("uuid", domain->uuid, "name", domain->name, NULL);
  gboolean moved = map != NULL && json_array_get_length (map) > 0;
  StrataStep *step;

  if (moved)
    {
      map_documents (self, domain, map);
      json_object_set_array_member (args, "map", json_array_ref (map));
    }
  g_clear_pointer (&map, json_array_unref);
  step = strata_plan_add_step (self->plan, STRATA_STEP_RECONCILE, args,
                               _ ("Bring the snapshots of “%s” up to date"), domain->name);
  step->forward_only = moved;
  strata_plan_add_resource (self->plan, domain->uuid);

  return strata_planner_apply (self, step, error);
}

/**
 * strata_planner_remove_path:
 * @self: the planner
 * @path: an image whose content is in another one now, or a memory file that no snapshot has any more
 * @error: where to put an error
 *
 * Returns: whether it can be done
 */
gboolean
strata_planner_remove_path (StrataPlanner *self, const char *path, GError **error)
{
  guint first = strata_plan_get_n_steps (self->plan);

  strata_planner_add_remove (self, path);
  for (guint i = first; i < strata_plan_get_n_steps (self->plan); i++)
    {
      if (!strata_planner_apply (self, strata_plan_get_step (self->plan, i), error))
        return FALSE;
    }

  return TRUE;
}

static void
tell_stays (StrataPlanner *self, const StrataDomainFacts *domain, const char *path)
{
  strata_plan_add_effect (
      self->plan, STRATA_EFFECT_NOTE, 0,
      /* Translators: an image, and a VM */
      _ ("“%s” stays: it isn’t a layer of a disk that “%s” has. Delete it yourself if what is "
         "in it isn’t needed"),
      path, domain->name);
}

/**
 * strata_planner_tell_left_out:
 * @self: the planner
 * @domain: a domain
 * @snapshot: a snapshot of it that is gone in the simulation
 *
 * Tells of the disks that it left out and was the last to name. Discs come and go in their drives, and are not told of.
 */
void
strata_planner_tell_left_out (StrataPlanner *self,
                              const StrataDomainFacts *domain,
                              const StrataSnapshotFacts *snapshot)
{
  StrataLayers *layers = strata_planner_get_layers (self);

  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->location == STRATA_SNAPSHOT_NONE &&
          strata_layers_find (layers, disk->image) != NULL &&
          !g_ptr_array_find_with_equal_func (snapshot->media, disk->image, g_str_equal, NULL) &&
          !strata_planner_is_needed (self, disk->image))
        tell_stays (self, domain, disk->image);
    }
}

/**
 * strata_planner_let_go:
 * @self: the planner
 * @domain: a domain
 * @path: an image of it that is needed by none any more
 * @tell: whether it is told of here
 * @error: where to put an error
 *
 * Its content goes for good, so that it has to be a layer of a disk that the domain still has: what is left of a disk that was
 * detached, or exchanged for another one, may be all that there is of it, and stays.
 *
 * Returns: whether it can be done
 */
gboolean
strata_planner_let_go (StrataPlanner *self,
                       const StrataDomainFacts *domain,
                       const char *path,
                       gboolean tell,
                       GError **error)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  StrataLayer *layer = strata_layers_find (layers, path);
  StrataLineage *lineage = strata_planner_get_lineage (self, domain);

  /* Where an image is away the law says so, and no person is sent to delete what that one may stand on. */
  if (!strata_lineage_is_current (lineage, layers, path) &&
      !strata_lineage_is_torn (lineage, layers))
    {
      tell_stays (self, domain, path);
      return TRUE;
    }

  if (tell)
    strata_plan_add_effect (self->plan, STRATA_EFFECT_DISCARDS,
                            layer != NULL ? layer->allocation : 0, _ ("“%s” is deleted"), path);

  return strata_planner_remove_path (self, path, error);
}
