/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Deleting an internal snapshot. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-plan-snapshot-delete.h"
#include "base/strata-error.h"
#include "plan/strata-name.h"

/* Native deletion reaches the image a VM has open only if it is the active one. */
static gboolean
require_tags_in_reach (StrataPlanner *self,
                       StrataDomainFacts *domain,
                       const StrataSnapshotFacts *snapshot,
                       GError **error)
{
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);
      StrataHolder *running;

      if (disk->location != STRATA_SNAPSHOT_INTERNAL)
        continue;
      if (!strata_planner_require_single_tag (self, snapshot, disk, error))
        return FALSE;
      running = strata_planner_find_running (self, disk->image);
      if (running == NULL && !strata_domain_facts_is_active (domain))
        continue;
      if (running != NULL && g_strcmp0 (running->uuid, domain->uuid) == 0 &&
          g_strcmp0 (running->top, disk->image) == 0)
        continue;

      strata_set_error (error, STRATA_ERROR_BUSY, _ ("Shut it down first."),
                        _ ("The snapshot “%s” is in “%s”, which can’t be written to while “%s” "
                           "runs"),
                        snapshot->name, disk->image,
                        running != NULL
                            ? strata_graph_find_domain (self->graph, running->uuid)->name
                            : domain->name);
      return FALSE;
    }

  return TRUE;
}

/* One that was taken while the VM was off, or by an older libvirt. */
static gboolean
require_deletable_name (StrataPlanner *self,
                        StrataDomainFacts *domain,
                        const StrataSnapshotFacts *snapshot,
                        GError **error)
{
  if (!strata_domain_facts_is_active (domain) || strata_name_is_job_id (snapshot->name) ||
      strata_graph_get_libvirt_version (self->graph) < STRATA_LIBVIRT_INTERNAL_JOBS)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_BUSY, _ ("Shut it down first."),
                    _ ("QEMU can’t delete the internal snapshot “%s” while “%s” runs, because of "
                       "the characters in its name"),
                    snapshot->name, domain->name);
  return FALSE;
}

/* An abandoned tip that was there for its tags only. */
static gboolean
remove_emptied (StrataPlanner *self,
                const StrataDomainFacts *domain,
                const StrataSnapshotFacts *snapshot,
                GError **error)
{
  StrataLayers *layers = strata_planner_get_layers (self);

  strata_planner_tell_left_out (self, domain, snapshot);
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->location == STRATA_SNAPSHOT_INTERNAL &&
          strata_layers_find (layers, disk->image) != NULL &&
          !strata_planner_is_needed (self, disk->image) &&
          !strata_planner_let_go (self, domain, disk->image, TRUE, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
strata_planner_delete_internal (StrataPlanner *self,
                                StrataDomainFacts *domain,
                                const StrataSnapshotFacts *snapshot,
                                GError **error)
{
  JsonArray *disks = json_array_new ();
  JsonObject *args =
      strata_step_args ("uuid", domain->uuid, "name", domain->name, "snapshot", snapshot->name,
                        "tag", snapshot->name, "id", snapshot->id, NULL);
  StrataStep *step;

  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->location == STRATA_SNAPSHOT_INTERNAL)
        json_array_add_object_element (
            disks, strata_step_args ("path", disk->image, "format", "qcow2", NULL));
    }
  json_object_set_array_member (args, "disks", disks);
  step = strata_plan_add_step (self->plan, STRATA_STEP_SNAPSHOT_DELETE, args,
                               _ ("Delete the internal snapshot “%s”"), snapshot->name);
  step->forward_only = TRUE;
  strata_plan_discard_snapshot (self->plan, domain->uuid, snapshot->name);
  strata_plan_add_effect (self->plan, STRATA_EFFECT_DISCARDS, 0,
                          _ ("The internal snapshot “%s” is deleted"), snapshot->name);
  strata_plan_add_command (self->plan, "virsh", "snapshot-delete", domain->name, snapshot->name,
                           NULL);
  strata_plan_add_resource (self->plan, domain->uuid);

  return require_tags_in_reach (self, domain, snapshot, error) &&
         require_deletable_name (self, domain, snapshot, error) &&
         strata_planner_apply (self, step, error) &&
         (domain->snapshots->len == 1 ||
          strata_planner_add_reconcile (self, domain, NULL, error)) &&
         remove_emptied (self, domain, snapshot, error);
}
