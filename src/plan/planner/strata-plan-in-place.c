/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sealing a disk where it is: on an overlay first, which is committed once it is verified. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-plan-in-place.h"
#include "base/strata-error.h"

/* What sealing writes to an overlay as a rule: metadata, journals of file systems, no data. */
#define OVERLAY_BYTES ((guint64) 64 * 1024 * 1024)

static void
add_check_space (StrataPlanner *self, const char *path, guint64 bytes)
{
  JsonObject *args = strata_step_args ("path", path, NULL);

  json_object_set_int_member (args, "bytes", (gint64) bytes);
  strata_plan_add_step (self->plan, STRATA_STEP_CHECK_SPACE, args, _ ("Check that there is room"));
}

/* A guest that wrote to a disk now would pull the ground from under its overlay. Where the disk's mode keeps QEMU from opening
 * it that is enough; else the definition is made one that can't be started. */
static gboolean
guard_by_definition (StrataPlanner *self,
                     StrataDomainFacts *domain,
                     GPtrArray *disks,
                     GError **error)
{
  g_autoptr (StrataDomainXml) guarded = NULL;
  gboolean fixed = FALSE;

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataPlannedDisk *disk = g_ptr_array_index (disks, i);
      const StrataImage *top = g_ptr_array_index (disk->chain, 0);

      fixed = fixed || strata_planner_is_mode_fixed (self, top->path);
    }
  if (!fixed || domain == NULL)
    return TRUE;

  guarded = strata_domain_xml_new_from_string (domain->xml, error);
  if (guarded == NULL)
    return FALSE;
  if (strata_domain_xml_set_protected (guarded, TRUE))
    {
      strata_planner_add_define (self, guarded, domain->xml, FALSE);
      return TRUE;
    }

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Take the <seclabel> out of its definition; libvirt then chooses the user itself."),
      _ ("“%s” has a security label of its own, by which it could be started while it is sealed"),
      domain->name);
  return FALSE;
}

/**
 * strata_in_place_prepare:
 * @self: the planner
 * @domain: (nullable): who may hold the disks
 * @disks: (element-type StrataPlannedDisk): the disks
 * @stem: what the overlays are named after
 * @error: why it can't be done
 *
 * Adds the reversible part: an overlay on each disk, sealed and verified. The disks themselves are
 * not written to.
 *
 * Returns: whether the law allows it
 */
gboolean
strata_in_place_prepare (StrataPlanner *self,
                         StrataDomainFacts *domain,
                         GPtrArray *disks,
                         const char *stem,
                         GError **error)
{
  g_autoptr (JsonArray) json = NULL;

  strata_planner_add_inspect (self, strata_planner_disks_to_json (disks));
  if (!guard_by_definition (self, domain, disks, error))
    return FALSE;

  for (guint i = 0; i < disks->len; i++)
    {
      StrataPlannedDisk *disk = g_ptr_array_index (disks, i);
      StrataImage *top = g_ptr_array_index (disk->chain, 0);
      g_autofree char *folder = g_path_get_dirname (top->path);

      disk->overlay = g_strdup_printf ("%s/%s-%s.sealing.qcow2", folder, stem, disk->disk->target);
      if (!strata_planner_require_sole_use (self, domain, top->path, error) ||
          !strata_planner_require_free_path (self, disk->overlay, error) ||
          !strata_planner_require_space (self, disk->overlay, disks->len * OVERLAY_BYTES, error))
        return FALSE;
      if (i == 0)
        add_check_space (self, disk->overlay, disks->len * OVERLAY_BYTES);

      strata_planner_add_set_mode (self, top->path, strata_image_get_protected_mode (top),
                                   strata_image_get_own_mode (top));
      strata_planner_add_overlay (self, disk->overlay, top, top->format);
      strata_plan_add_resource (self->plan, top->path);
      strata_plan_discard (self->plan, strata_holder_key_new_image (top->path));
    }
  if (domain != NULL)
    strata_plan_discard_domain (self->plan, domain->uuid);

  json = strata_planner_disks_to_json (disks);
  strata_planner_add_seal (self, json);

  return TRUE;
}

/**
 * strata_in_place_finish:
 * @self: the planner
 * @disks: (element-type StrataPlannedDisk): the disks, sealed on their overlays
 * @on_overlays: (nullable): the definition on the overlays, which is what is true now
 * @on_disks: (nullable): the same on the disks
 *
 * Adds the forward-only part: the overlays go down into the disks, then the definition, then the overlays. Each
 * state in between is a whole domain: until the second definition it reads through the overlays,
 * to which a commit, half done or done, makes no difference.
 */
void
strata_in_place_finish (StrataPlanner *self,
                        GPtrArray *disks,
                        StrataDomainXml *on_overlays,
                        StrataDomainXml *on_disks)
{
  g_autofree char *previous =
      on_overlays != NULL ? strata_planner_print_definition (self, on_overlays) : NULL;

  for (guint i = 0; i < disks->len; i++)
    {
      StrataPlannedDisk *disk = g_ptr_array_index (disks, i);
      StrataImage *top = g_ptr_array_index (disk->chain, 0);

      strata_planner_add_set_mode (self, top->path, strata_image_get_own_mode (top),
                                   strata_image_get_protected_mode (top));
    }

  for (guint i = 0; i < disks->len; i++)
    {
      StrataPlannedDisk *disk = g_ptr_array_index (disks, i);

      strata_planner_add_commit (self, disk->overlay, disk);
    }

  if (on_disks != NULL)
    strata_planner_add_define (self, on_disks, previous, TRUE)->forward_only = TRUE;

  for (guint i = 0; i < disks->len; i++)
    {
      StrataPlannedDisk *disk = g_ptr_array_index (disks, i);

      strata_planner_add_remove (self, disk->overlay);
    }
}

/**
 * strata_in_place_set_disks:
 * @definition: a definition
 * @disks: (element-type StrataPlannedDisk): its disks
 * @overlays: whether it is to open the overlays, or what is below them
 */
void
strata_in_place_set_disks (StrataDomainXml *definition, GPtrArray *disks, gboolean overlays)
{
  for (guint i = 0; i < disks->len; i++)
    {
      StrataPlannedDisk *disk = g_ptr_array_index (disks, i);
      StrataImage *top = g_ptr_array_index (disk->chain, 0);

      strata_domain_xml_set_disk_file (definition, disk->disk->target,
                                       overlays ? disk->overlay : top->path,
                                       overlays ? "qcow2" : top->format);
    }
}

/**
 * strata_in_place_require_files:
 * @disks: (element-type StrataPlannedDisk): disks
 * @domain_name: whose
 * @error: `STRATA_ERROR_REFUSED`
 *
 * An overlay beside it, and a mode that protects it, need a file.
 *
 * Returns: whether every disk is a file
 */
gboolean
strata_in_place_require_files (GPtrArray *disks, const char *domain_name, GError **error)
{
  for (guint i = 0; i < disks->len; i++)
    {
      StrataPlannedDisk *disk = g_ptr_array_index (disks, i);
      const StrataImage *top = g_ptr_array_index (disk->chain, 0);

      /* By what it is, too: the definition may call a device a file. */
      if (top->type == STRATA_IMAGE_BLOCK || g_strcmp0 (disk->disk->type, "block") == 0)
        {
          strata_set_error (
              error, STRATA_ERROR_REFUSED,
              _ ("Use --copy: the copy is a qcow2 file in a storage pool."),
              _ ("Disk %s of “%s” is the block device “%s” (LVM, perhaps), which can "
                 "hold no overlay beside it and can’t be made read-only as a template"),
              disk->disk->target, domain_name, disk->disk->source);
          return FALSE;
        }
    }

  return TRUE;
}

/**
 * strata_in_place_require_plain:
 * @domain: a domain whose disks are to be changed, or go to a template
 * @error: `STRATA_ERROR_REFUSED`
 *
 * Returns: whether it is no template and has no snapshots, which would see the change
 */
gboolean
strata_in_place_require_plain (StrataDomainFacts *domain, GError **error)
{
  g_auto (GStrv) list = NULL;
  g_autofree char *names = NULL;

  if (!strata_planner_require_no_template (domain, error))
    return FALSE;
  if (domain->snapshots->len == 0)
    return TRUE;

  list = strata_domain_facts_get_snapshot_names (domain);
  if (list[0] == NULL)
    {
      const StrataSnapshotFacts *kept = g_ptr_array_index (domain->snapshots, 0);

      strata_set_error (error, STRATA_ERROR_REFUSED,
                        _ ("Use --copy, which leaves the virtual machine as it is, or delete what "
                           "stands on that image first."),
                        /* Translators: a virtual machine, a snapshot */
                        _ ("An image of “%s” is kept for what stands on it, of the deleted "
                           "snapshot “%s”"),
                        domain->name, kept->name);
      return FALSE;
    }
  names = g_strjoinv (", ", list);
  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Use --copy, which leaves the virtual machine as it is, or delete the "
                       "snapshots first."),
                    _ ("“%s” has snapshots, which would be lost: %s"), domain->name, names);
  return FALSE;
}
