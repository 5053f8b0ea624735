/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The return to an internal snapshot.
 *
 * libvirt's own way rewrites the image that has the tag. That is allowed where the domain runs on that very image and
 * no other holder reads it. Otherwise the image is copied, byte for byte and with its tags, the snapshot is told that it
 * is in the copy now, and the copy is rewritten.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"
#include "base/strata-error.h"

/* Whether a disk of the domain is the image itself. One that was detached the request does not give up. */
static gboolean
is_disk (StrataRevert *self, const char *path)
{
  GPtrArray *holders = strata_layers_get_holders (strata_planner_get_layers (self->planner));

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);

      if (holder->key->kind == STRATA_HOLDER_KEY_DISK && g_strcmp0 (holder->top, path) == 0 &&
          g_strcmp0 (holder->uuid, self->domain->uuid) == 0)
        return TRUE;
    }

  return FALSE;
}

/* Whether the domain's own disk is the image, and no other holder's bytes depend on it but tags. */
static gboolean
is_alone (StrataRevert *self, const StrataSnapshotDisk *disk)
{
  StrataLayers *layers = strata_planner_get_layers (self->planner);
  GPtrArray *holders = strata_layers_get_holders (layers);

  if (!is_disk (self, disk->image))
    return FALSE;

  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);
      gboolean tag_of_it = holder->by_tag && g_strcmp0 (holder->top, disk->image) == 0;
      gboolean domains_own =
          strata_holder_is_disk (holder) && g_strcmp0 (holder->uuid, self->domain->uuid) == 0;

      if (!tag_of_it && !domains_own && strata_layers_reach (layers, holder->top, disk->image))
        return FALSE;
    }

  return TRUE;
}

/* To go back to a tag QEMU takes a number for an ID first, and for a name only where there is no such ID. */
static gboolean
require_one_tag (StrataRevert *self, const StrataSnapshotDisk *disk, GError **error)
{
  const StrataImage *image = strata_graph_get_image (self->planner->graph, disk->image);
  const char *name = self->snapshot->name;

  if (!strata_planner_require_single_tag (self->planner, self->snapshot, disk, error))
    return FALSE;
  if (strspn (name, "0123456789") < strlen (name) || image == NULL || image->tags == NULL ||
      g_strv_length (image->tags) < 2)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Make a new virtual machine from it instead."),
                    _ ("QEMU can’t tell the internal snapshot “%s” in “%s” from another one"), name,
                    disk->image);
  return FALSE;
}

static gboolean
require_tag (StrataRevert *self, const StrataSnapshotDisk *disk, GError **error)
{
  StrataLayer *layer = strata_layers_find (strata_planner_get_layers (self->planner), disk->image);

  if (layer != NULL && strata_layer_may_have_tag (layer, self->snapshot->name))
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("It may have been renamed, or deleted by another program; “stratactl doctor” shows what can be repaired."),
      _ ("“%s” has no internal snapshot “%s” any more"), disk->image, self->snapshot->name);
  return FALSE;
}

/* What the machine does afterwards. */
static const char *
get_state (StrataRevert *self)
{
  StrataAfter after = self->planner->request->after;
  const char *word = self->snapshot->state;

  if (after == STRATA_AFTER_RUNNING ||
      (after == STRATA_AFTER_AS_SNAPSHOT && g_strcmp0 (word, "running") == 0))
    return "running";
  if (after == STRATA_AFTER_PAUSED ||
      (after == STRATA_AFTER_AS_SNAPSHOT && g_strcmp0 (word, "paused") == 0))
    return "paused";

  return "off";
}

/* libvirt starts it to bring its memory back, whatever it is to do afterwards. */
static gboolean
require_media (StrataRevert *self, StrataSnapshotXml *document, GError **error)
{
  gboolean memory = self->snapshot->memory == STRATA_SNAPSHOT_INTERNAL;
  g_autoptr (StrataDomainXml) definition = memory
                                               ? strata_snapshot_xml_get_live_definition (document)
                                               : strata_snapshot_xml_get_definition (document);

  return (!memory && g_str_equal (get_state (self), "off")) || definition == NULL ||
         strata_revert_require_media (self, definition, error);
}

static gboolean
add_native (StrataRevert *self, GError **error)
{
  StrataPlan *plan = self->planner->plan;
  JsonObject *args;
  StrataStep *step;

  args = strata_step_args ("uuid", self->domain->uuid, "name", self->domain->name, "snapshot",
                           self->snapshot->name, "state", get_state (self), "id",
                           self->snapshot->id, NULL);
  strata_return_add_media (self, args);
  step = strata_plan_add_step (plan, STRATA_STEP_SNAPSHOT_REVERT, args, _ ("Revert to “%s”"),
                               self->snapshot->name);
  step->forward_only = TRUE;
  strata_plan_add_command (plan, "virsh", "snapshot-revert", self->domain->name,
                           self->snapshot->name, NULL);

  return strata_planner_apply (self->planner, step, error);
}

/* The native return brings the whole old definition back, title and marks included. */
static gboolean
add_definition (StrataRevert *self, StrataDomainXml *definition, gboolean forward, GError **error)
{
  strata_domain_xml_preserve (definition, self->domain->definition);
  strata_domain_xml_drop_backing (definition);
  for (guint i = 0; i < self->copies->len; i++)
    {
      const StrataCopyMark *copy = g_ptr_array_index (self->copies, i);

      strata_domain_xml_add_copy (definition, copy->from, copy->to);
    }

  return strata_return_add_define (self, definition, forward, error);
}

static gboolean
add_copy (StrataRevert *self,
          const StrataSnapshotDisk *disk,
          StrataSnapshotXml *document,
          StrataDomainXml *definition,
          GError **error)
{
  StrataPlanner *planner = self->planner;
  StrataLayers *layers = strata_planner_get_layers (planner);
  StrataLineage *lineage = strata_planner_get_lineage (planner, self->domain);
  StrataLayer *layer = strata_layers_find (layers, disk->image);
  StrataImage *image = strata_graph_get_image (planner->graph, disk->image);
  g_autofree char *folder = g_path_get_dirname (disk->image);
  g_autofree char *from = g_path_get_basename (disk->image);
  g_autofree char *stem =
      g_strdup_printf ("%s-%s.%s", self->domain->name, disk->target, self->snapshot->name);
  g_autofree char *to = strata_planner_free_path (planner, folder, stem, ".qcow2");
  StrataStep *step;

  if (image != NULL && image->type == STRATA_IMAGE_BLOCK)
    {
      strata_set_error (
          error, STRATA_ERROR_REFUSED,
          _ ("Make a full clone of the snapshot, or delete what stands on the device."),
          /* Translators: a device, a snapshot */
          _ ("Others read “%s”, which reverting to “%s” would rewrite, and a device isn’t copied with its internal snapshots"),
          disk->image, self->snapshot->name);
      return FALSE;
    }
  if (!strata_planner_require_space (planner, to, layer->allocation, error))
    return FALSE;

  step = strata_plan_add_step (
      planner->plan, STRATA_STEP_COPY_VERBATIM,
      strata_step_args ("from", layer->path, "to", to, "format", layer->format, NULL),
      _ ("Copy “%s” with its internal snapshots"), from);
  step->bytes = layer->allocation;
  if (strata_lineage_is_current (lineage, layers, layer->path))
    {
      strata_lineage_join (lineage, layer->path, to);
      g_ptr_array_add (self->copies, strata_copy_mark_new (layer->path, to));
    }
  strata_plan_add_effect (planner->plan, STRATA_EFFECT_CREATES, layer->allocation,
                          _ ("“%s”, because others read “%s”, which this revert would rewrite"), to,
                          layer->path);
  strata_plan_add_command (planner->plan, "cp", layer->path, to, NULL);
  strata_plan_add_resource (planner->plan, to);
  strata_plan_add_resource (planner->plan, layer->path);
  if (!strata_planner_apply (planner, step, error))
    return FALSE;

  step = strata_plan_add_step (
      planner->plan, STRATA_STEP_KEEP_TAG,
      strata_step_args ("path", to, "format", "qcow2", "tag", self->snapshot->name, NULL),
      _ ("Keep only this internal snapshot in the copy"));
  strata_snapshot_xml_replace_image (document, disk->image, to, "qcow2");
  strata_domain_xml_set_disk_file (definition, disk->target, to, "qcow2");

  return strata_planner_apply (planner, step, error);
}

static gboolean
add_delete_tag (StrataRevert *self, const StrataSnapshotDisk *disk, GError **error)
{
  StrataPlan *plan = self->planner->plan;
  g_autofree char *base = g_path_get_basename (disk->image);
  StrataStep *step;

  /* A running VM that reads the image keeps everybody from writing to it. The tag then only takes up room. */
  if (strata_planner_find_running (self->planner, disk->image) != NULL)
    return TRUE;

  step = strata_plan_add_step (
      plan, STRATA_STEP_DELETE_TAG,
      strata_step_args ("path", disk->image, "format", "qcow2", "tag", self->snapshot->name, NULL),
      _ ("Delete the tag in “%s”"), base);
  step->forward_only = TRUE;
  strata_plan_add_command (plan, "qemu-img", "snapshot", "-d", self->snapshot->name, disk->image,
                           NULL);

  return strata_planner_apply (self->planner, step, error);
}

/* libvirt doesn't take its own document of such a snapshot back, in which the copies would have to be written down. */
static gboolean
require_changeable (StrataRevert *self, StrataDomainXml *definition, GError **error)
{
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (definition);

  for (guint i = 0; i < disks->len; i++)
    {
      if (!strata_planner_blocks_internal (g_ptr_array_index (disks, i)))
        continue;
      strata_set_error (
          error, STRATA_ERROR_REFUSED,
          _ ("Revert without keeping the present state, or make a new virtual machine from the snapshot."),
          /* Translators: a VM, and a snapshot */
          _ ("“%s” has a floppy drive in “%s”, and libvirt neither takes another internal snapshot "
             "with it nor lets this one be moved to a copy"),
          self->domain->name, self->snapshot->name);
      return FALSE;
    }

  return TRUE;
}

/* The present state being kept, it writes to a new overlay by then. */
static gboolean
writes_to_tagged (StrataRevert *self)
{
  StrataLayers *layers = strata_planner_get_layers (self->planner);

  for (guint i = 0; i < self->snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (self->snapshot->disks, i);
      const StrataHolder *holder =
          disk->location == STRATA_SNAPSHOT_INTERNAL
              ? strata_layers_find_disk (layers, self->domain->uuid, disk->target)
              : NULL;

      if (holder != NULL && holder->active && g_strcmp0 (holder->top, disk->image) == 0)
        return TRUE;
    }

  return FALSE;
}

/* The copies come first where they can: until the VM is stopped nothing has changed. One whose present is kept is stopped with that. */
static gboolean
return_on_copies (StrataRevert *self, StrataDomainXml *definition, GError **error)
{
  const StrataSnapshotFacts *snapshot = self->snapshot;
  StrataSnapshotXml *document = strata_planner_get_document (self->planner, self->domain, snapshot);
  g_autoptr (GPtrArray) copied = g_ptr_array_new ();
  gboolean stop_first = writes_to_tagged (self);

  if (!require_changeable (self, definition, error))
    return FALSE;
  if (stop_first)
    strata_return_add_stop (self);
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->location != STRATA_SNAPSHOT_INTERNAL)
        continue;
      if (!add_copy (self, disk, document, definition, error))
        return FALSE;
      g_ptr_array_add (copied, (gpointer) disk);
    }

  if (!stop_first)
    strata_return_add_stop (self);
  if (!add_definition (self, definition, FALSE, error) ||
      !strata_planner_add_snapshot_define (self->planner, self->domain, snapshot, document, FALSE,
                                           error) ||
      !add_native (self, error) || !add_definition (self, definition, TRUE, error))
    return FALSE;

  for (guint i = 0; i < copied->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (copied, i);

      if (!add_delete_tag (self, disk, error))
        return FALSE;
      /* It may have been there for that tag alone. */
      g_ptr_array_add (self->tips, g_strdup (disk->image));
    }

  return TRUE;
}

/* The return rewrites the very image that has the present state. */
static gboolean
return_in_place (StrataRevert *self, StrataDomainXml *definition, GError **error)
{
  StrataLayers *layers = strata_planner_get_layers (self->planner);

  for (guint i = 0; self->planner->request->save_as == NULL && i < self->tips->len; i++)
    strata_return_tell_discarded (self,
                                  strata_layers_find (layers, g_ptr_array_index (self->tips, i)));
  strata_return_add_stop (self);

  return add_native (self, error) && add_definition (self, definition, TRUE, error);
}

static gboolean
can_be_internal (StrataRevert *self)
{
  for (guint i = 0; i < self->domain->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (self->domain->disks, i);
      StrataLayer *layer =
          strata_layers_find (strata_planner_get_layers (self->planner), disk->source);

      if (strata_planner_blocks_internal (disk) ||
          (g_strcmp0 (disk->device, "disk") == 0 && !disk->read_only &&
           (layer == NULL || g_strcmp0 (layer->format, "qcow2") != 0)))
        return FALSE;
    }

  return TRUE;
}

/**
 * strata_return_to_internal:
 * @self: a return to a snapshot that is a tag in its images
 * @error: the refusal
 *
 * Returns: whether it can be done
 */
gboolean
strata_return_to_internal (StrataRevert *self, GError **error)
{
  const StrataSnapshotFacts *snapshot = self->snapshot;
  g_autoptr (StrataSnapshotXml) document =
      strata_snapshot_xml_new_from_string (snapshot->xml, error);
  g_autoptr (StrataDomainXml) definition =
      document != NULL ? strata_snapshot_xml_get_definition (document) : NULL;
  gboolean alone = TRUE;
  gboolean inside;

  if (definition == NULL)
    {
      strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                        _ ("libvirt has no definition with the snapshot “%s”"), snapshot->name);
      return FALSE;
    }

  if (!require_media (self, document, error))
    return FALSE;
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->location != STRATA_SNAPSHOT_INTERNAL)
        continue;
      if (!require_tag (self, disk, error) || !require_one_tag (self, disk, error))
        return FALSE;
      alone = alone && is_alone (self, disk);
    }

  /* Where the image is to be rewritten in place, the present state is best kept as another tag in it: an overlay would make
   * the kept snapshot read it. Where it can't be, it is in an overlay, and that reads the image. */
  inside = alone && can_be_internal (self);
  if (!strata_return_keep_present (
          self, inside ? STRATA_SNAPSHOT_KIND_INTERNAL : STRATA_SNAPSHOT_KIND_AUTO, error))
    return FALSE;

  if (inside || (alone && self->planner->request->save_as == NULL)
          ? !return_in_place (self, definition, error)
          : !return_on_copies (self, definition, error))
    return FALSE;

  return strata_return_remove_tips (self, error);
}
