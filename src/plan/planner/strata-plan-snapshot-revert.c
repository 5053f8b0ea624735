/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plan that goes back to a snapshot.
 *
 * To an external one by hand, not by libvirt's native way, which discards without asking, stops the VM before it looks,
 * and takes the daemon down in cases that happen: new overlays on the frozen images, the snapshot's definition on
 * them, the metadata, the memory, and only then what was abandoned is let go.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"
#include "base/strata-error.h"
#include "plan/strata-name.h"

/* Only what the snapshot has a word about is discarded: a disk that was added later is none of its business, nor is what has
 * the name of one of its disks now, a disc in a drive perhaps. */
static gboolean
is_in_snapshot (StrataRevert *self, const StrataHolder *holder)
{
  StrataLayers *layers = strata_planner_get_layers (self->planner);
  StrataLineage *lineage = strata_planner_get_lineage (self->planner, self->domain);

  for (guint i = 0; i < self->snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (self->snapshot->disks, i);

      const StrataHolder *present =
          disk->location != STRATA_SNAPSHOT_NONE && disk->image != NULL
              ? strata_lineage_find_disk (lineage, layers, disk->image, disk->target)
              : NULL;

      if (present != NULL && g_str_equal (present->top, holder->top))
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_present (StrataRevert *self, const StrataHolder *holder)
{
  return strata_holder_is_disk (holder) && holder->key->kind != STRATA_HOLDER_KEY_BACKING &&
         g_strcmp0 (holder->uuid, self->domain->uuid) == 0;
}

/* What is discarded, or written anew, and what of it the snapshot of the present state does not have, as a floppy or a disk that
 * is read-only by now. PRESENT: (element-type utf8): the machine's images before that snapshot was taken */
static gboolean
require_all_kept (StrataRevert *self, GPtrArray *present, const char *save_as, GError **error)
{
  GPtrArray *holders = strata_layers_get_holders (strata_planner_get_layers (self->planner));

  for (guint i = 0; i < present->len; i++)
    {
      const char *path = g_ptr_array_index (present, i);
      gboolean kept = FALSE;

      for (guint j = 0; j < holders->len && !kept; j++)
        {
          const StrataHolder *holder = g_ptr_array_index (holders, j);

          kept = holder->key->kind == STRATA_HOLDER_KEY_SNAPSHOT &&
                 g_strcmp0 (holder->uuid, self->domain->uuid) == 0 &&
                 g_strcmp0 (holder->snapshot, save_as) == 0 && g_strcmp0 (holder->top, path) == 0;
        }
      if (kept)
        continue;
      strata_set_error (
          error, STRATA_ERROR_REFUSED,
          _ ("Detach it or make it an ordinary disk first, or revert without keeping the present state."),
          /* Translators: an image, a VM, and a snapshot */
          _ ("What is in “%s” now, a disk of “%s”, can’t be kept in a snapshot, and the "
             "return to “%s” would discard it"),
          path, self->domain->name, self->snapshot->name);
      return FALSE;
    }

  return TRUE;
}

/* What is discarded is what was put on the snapshot's images. PATH: an image of it; TARGET: of which disk */
static gboolean
require_clear (StrataRevert *self, const char *path, const char *target, GError **error)
{
  g_autoptr (GPtrArray) found =
      strata_lineage_find_disks (strata_planner_get_lineage (self->planner, self->domain),
                                 strata_planner_get_layers (self->planner), path, target);
  const StrataHolder *one;
  const StrataHolder *other;

  if (found->len < 2)
    return TRUE;

  one = g_ptr_array_index (found, 0);
  other = g_ptr_array_index (found, 1);
  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Take the one that isn’t out of the machine first, or revert and keep the present state."),
      /* Translators: two images, the image that they stand on, a snapshot, a disk (vda) */
      _ ("Both “%s” and “%s” stand on “%s”, which the snapshot “%s” has of disk %s, and nothing "
         "tells for certain which of them that disk is, to be discarded"),
      one->top, other->top, path, self->snapshot->name, target);
  return FALSE;
}

static gboolean
require_all_clear (StrataRevert *self, GError **error)
{
  for (guint i = 0; i < self->snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (self->snapshot->disks, i);

      if (disk->location != STRATA_SNAPSHOT_NONE && disk->image != NULL &&
          !require_clear (self, disk->image, disk->target, error))
        return FALSE;
    }

  return TRUE;
}

/* (element-type utf8): the machine's images that going back is about */
static GPtrArray *
collect_present (StrataRevert *self)
{
  GPtrArray *holders = strata_layers_get_holders (strata_planner_get_layers (self->planner));
  GPtrArray *present = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);

      if (is_present (self, holder) && is_in_snapshot (self, holder))
        g_ptr_array_add (present, g_strdup (holder->top));
    }

  return present;
}

/* Whether keeping the present state has made PATH. */
static gboolean
is_new (StrataRevert *self, const char *path)
{
  return self->present_moved && strata_graph_get_image (self->planner->graph, path) == NULL;
}

/* An overlay that keeping the present state has put on a disk is of that disk. */
static void
join_new_overlays (StrataRevert *self)
{
  StrataLayers *layers = strata_planner_get_layers (self->planner);
  GPtrArray *holders = strata_layers_get_holders (layers);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);
      const StrataLayer *layer = strata_layers_find (layers, holder->top);

      if (is_present (self, holder) && layer != NULL && layer->backing != NULL &&
          is_new (self, layer->path))
        strata_lineage_join (strata_planner_get_lineage (self->planner, self->domain), layer->path,
                             layer->backing);
    }
}

static void
note_tips (StrataRevert *self)
{
  StrataLayers *layers = strata_planner_get_layers (self->planner);
  GPtrArray *holders = strata_layers_get_holders (layers);
  gboolean kept = self->planner->request->save_as != NULL;
  g_autoptr (StrataDomainXml) definition = strata_domain_xml_copy (self->domain->definition);

  join_new_overlays (self);
  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);
      StrataLayer *layer = strata_layers_find (layers, holder->top);

      if (!is_present (self, holder) || layer == NULL ||
          (!is_new (self, layer->path) && !is_in_snapshot (self, holder)))
        continue;
      if (!g_ptr_array_find_with_equal_func (self->tips, holder->top, g_str_equal, NULL))
        g_ptr_array_add (self->tips, g_strdup (holder->top));
      if (kept && holder->key->kind == STRATA_HOLDER_KEY_DISK && self->present_moved)
        strata_domain_xml_set_disk_file (definition, holder->target, holder->top, layer->format);
    }

  self->previous = kept && self->present_moved
                       ? strata_planner_print_definition (self->planner, definition)
                       : g_strdup (self->domain->xml);
}

/* A name that Strata chose says when that was, to the second: where there were two in one, the later gets a number. */
static char *
get_save_as (StrataRevert *self)
{
  const char *wanted = self->planner->request->save_as;
  char *name = g_strdup (wanted);

  for (guint number = 2; name != NULL && strata_name_is_for_present (wanted) &&
                         strata_domain_facts_find_snapshot (self->domain, name) != NULL;
       number++)
    {
      g_free (name);
      name = g_strdup_printf ("%s-%u", wanted, number);
    }

  return name;
}

/**
 * strata_return_keep_present:
 * @self: a return
 * @kind: as which kind of snapshot the present state is kept, if it is
 * @error: the refusal
 *
 * Returns: whether it can be done
 */
gboolean
strata_return_keep_present (StrataRevert *self, StrataSnapshotKind kind, GError **error)
{
  g_autofree char *save_as = get_save_as (self);
  g_autoptr (GPtrArray) present = collect_present (self);

  if (save_as == NULL
          ? !require_all_clear (self, error)
          /* A snapshot moves a running machine on to overlays, and in its definition only the disks that are the same there. */
          : kind != STRATA_SNAPSHOT_KIND_INTERNAL &&
                !strata_planner_require_same_disks (self->domain, FALSE, error))
    return FALSE;
  if (save_as != NULL && (!strata_planner_add_snapshot (self->planner, self->domain, save_as, NULL,
                                                        kind, NULL, FALSE, error) ||
                          !require_all_kept (self, present, save_as, error)))
    return FALSE;

  self->present_moved = kind != STRATA_SNAPSHOT_KIND_INTERNAL;
  note_tips (self);
  strata_plan_discard_domain (self->planner->plan, self->domain->uuid);

  return TRUE;
}

/* Without it libvirt neither starts the machine nor brings its memory back, and says so only when the guest is stopped. */
gboolean
strata_revert_require_media (StrataRevert *self, StrataDomainXml *definition, GError **error)
{
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (definition);

  g_clear_pointer (&self->media, json_array_unref);
  self->media = json_array_new ();
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (!strata_disk_xml_is_drive (disk) || disk->optional || disk->source == NULL)
        continue;
      if (g_ptr_array_find_with_equal_func (self->snapshot->missing_media, disk->source,
                                            g_str_equal, NULL))
        {
          strata_set_error (error, STRATA_ERROR_REFUSED,
                            self->snapshot->memory == STRATA_SNAPSHOT_INTERNAL
                                ? _ ("Put the file back, or make a new virtual machine from the "
                                     "snapshot.")
                                : _ ("Put the file back, or revert and leave it off (--off)."),
                            /* Translators: a file, a drive (“sda”), a VM, and a snapshot */
                            _ ("“%s”, which is in the drive %s of “%s” in “%s”, is missing"),
                            disk->source, disk->target, self->domain->name, self->snapshot->name);
          return FALSE;
        }
      if (g_path_is_absolute (disk->source))
        json_array_add_string_element (self->media, disk->source);
    }

  return TRUE;
}

void
strata_return_add_media (StrataRevert *self, JsonObject *args)
{
  if (self->media != NULL && json_array_get_length (self->media) > 0)
    json_object_set_array_member (args, "media", json_array_ref (self->media));
}

void
strata_return_add_stop (StrataRevert *self)
{
  StrataDomainFacts *domain = self->domain;
  StrataPlan *plan = self->planner->plan;
  JsonObject *args = strata_step_args ("uuid", domain->uuid, "name", domain->name, NULL);
  /* It was stopped with the keeping. */
  gboolean kept = self->planner->request->save_as != NULL;

  if (!strata_domain_facts_is_active (domain))
    {
      strata_plan_add_step (plan, STRATA_STEP_REQUIRE_OFF, args, _ ("Check that “%s” is off"),
                            domain->name);
      return;
    }

  strata_return_add_media (self, args);
  json_object_set_boolean_member (args, "force", TRUE);
  json_object_set_boolean_member (args, "paused", domain->state == STRATA_DOMAIN_STATE_PAUSED);
  strata_planner_apply (self->planner,
                        strata_plan_add_step (plan, STRATA_STEP_SHUT_DOWN, args,
                                              kept ? _ ("Check that “%s” is off") : _ ("Stop “%s”"),
                                              domain->name),
                        NULL);
  strata_plan_add_effect (plan, STRATA_EFFECT_CHANGES, 0, _ ("“%s” is stopped where it is"),
                          domain->name);
  if (!kept)
    strata_plan_add_command (plan, "virsh", "destroy", domain->name, NULL);
}

gboolean
strata_return_add_define (StrataRevert *self,
                          StrataDomainXml *definition,
                          gboolean forward,
                          GError **error)
{
  StrataStep *step = strata_planner_add_define (self->planner, definition, self->previous, FALSE);

  step->forward_only = forward;
  strata_planner_put_definition (self->planner, self->domain->uuid, definition);

  return strata_planner_apply (self->planner, step, error);
}

/* By a holder that reads what is in it now, and not a tag only. */
static gboolean
is_read (StrataPlanner *planner, const char *path)
{
  StrataLayers *layers = strata_planner_get_layers (planner);
  GPtrArray *holders = strata_layers_get_holders (layers);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);

      if (!(holder->by_tag && g_strcmp0 (holder->top, path) == 0) &&
          strata_layers_reach (layers, holder->top, path))
        return TRUE;
    }

  return FALSE;
}

/* An image that holds internal snapshots gives nothing free. */
void
strata_return_tell_discarded (StrataRevert *self, const StrataLayer *layer)
{
  strata_plan_add_effect (self->planner->plan, STRATA_EFFECT_DISCARDS,
                          layer->tags->len > 0 ? 0 : layer->allocation,
                          _ ("What was written since, in “%s”, is discarded"), layer->path);
}

/* What a snapshot that stays left out is the disk that the domain has now. Where that is another image than it was, the snapshot names
 * that from now on; KEPT gets what has to stay, because the domain has no such disk. */
static gboolean
follow_left_out (StrataRevert *self, GHashTable *kept, GError **error)
{
  StrataPlanner *planner = self->planner;
  StrataLayers *layers = strata_planner_get_layers (planner);
  StrataLineage *lineage = strata_planner_get_lineage (planner, self->domain);
  g_autoptr (JsonArray) map = json_array_new ();

  for (guint i = 0; i < self->tips->len; i++)
    {
      const char *path = g_ptr_array_index (self->tips, i);
      const StrataSnapshotDisk *disk = strata_planner_find_left_out (planner, self->domain, path);
      const StrataHolder *holder =
          disk != NULL && !strata_planner_is_needed (planner, path)
              ? strata_lineage_find_disk (lineage, layers, path, disk->target)
              : NULL;
      const StrataLayer *layer = holder != NULL ? strata_layers_find (layers, holder->top) : NULL;

      if (layer != NULL)
        json_array_add_object_element (
            map, strata_step_args ("from", path, "to", layer->path, "format", layer->format, NULL));
      else if (disk != NULL)
        g_hash_table_add (kept, (char *) path);
    }

  return json_array_get_length (map) == 0 ||
         strata_planner_add_reconcile (planner, self->domain, g_steal_pointer (&map), error);
}

/* Where a retained layer was held by the tip alone, it is free now. */
gboolean
strata_return_remove_tips (StrataRevert *self, GError **error)
{
  StrataPlanner *planner = self->planner;
  gboolean kept = planner->request->save_as != NULL;
  g_autoptr (GHashTable) left_out = g_hash_table_new (g_str_hash, g_str_equal);

  if (!follow_left_out (self, left_out, error))
    return FALSE;

  for (guint i = 0; i < self->tips->len; i++)
    {
      const char *path = g_ptr_array_index (self->tips, i);
      StrataLayer *layer = strata_layers_find (strata_planner_get_layers (planner), path);

      if (layer == NULL || g_hash_table_contains (left_out, path))
        continue;

      if (!kept && !is_read (planner, path))
        strata_return_tell_discarded (self, layer);
      if (!strata_planner_is_needed (planner, path) &&
          !(is_new (self, path)
                ? strata_planner_remove_path (planner, path, error)
                : strata_planner_let_go (planner, self->domain, path, FALSE, error)))
        return FALSE;
    }

  return strata_planner_add_reconcile (planner, self->domain, NULL, error) &&
         strata_planner_sweep (planner, self->domain, NULL, error);
}

static gboolean
require_whole (StrataRevert *self, const StrataSnapshotDisk *disk, GError **error)
{
  StrataPlanner *planner = self->planner;
  g_autoptr (GPtrArray) chain = strata_graph_get_chain (planner->graph, disk->image, error);

  return chain != NULL && strata_planner_require_known_format (chain, error);
}

static void
add_check (StrataRevert *self, const StrataSnapshotDisk *disk, const char *memory_file)
{
  StrataLayer *layer = strata_layers_find (strata_planner_get_layers (self->planner), disk->image);
  g_autofree char *base = g_path_get_basename (disk->image);

  strata_plan_add_step (self->planner->plan, STRATA_STEP_CHECK_CHAIN,
                        strata_step_args ("path", disk->image, "format", layer->format,
                                          "memory-file", memory_file, NULL),
                        _ ("Check “%s”"), base);
}

/* A new overlay on the frozen image, in both definitions and in the metadata. */
static gboolean
add_overlay (StrataRevert *self,
             const StrataSnapshotDisk *disk,
             StrataDomainXml *definition,
             StrataDomainXml *live,
             GPtrArray *overlays,
             GError **error)
{
  StrataPlanner *planner = self->planner;
  StrataImage *image = strata_graph_get_image (planner->graph, disk->image);
  g_autofree char *folder = NULL;
  g_autofree char *stem =
      g_strdup_printf ("%s-%s.%s-tip", self->domain->name, disk->target, self->snapshot->name);
  StrataSnapshotDisk *entry;

  if (image->type == STRATA_IMAGE_BLOCK && disk->overlay != NULL &&
      !strata_path_is_device (disk->overlay))
    folder = g_path_get_dirname (disk->overlay);
  else
    folder = strata_planner_require_folder (planner, image, disk->target, self->domain->name,
                                            strata_planner_get_folder_hint (), error);
  if (folder == NULL)
    return FALSE;

  entry = strata_snapshot_disk_new (disk->target, STRATA_SNAPSHOT_EXTERNAL);
  entry->revert_overlay = strata_planner_free_path (planner, folder, stem, ".qcow2");
  g_ptr_array_add (overlays, entry);
  strata_planner_add_overlay (planner, entry->revert_overlay, image, image->format);
  strata_domain_xml_set_disk_file (definition, disk->target, entry->revert_overlay, "qcow2");
  strata_domain_xml_set_disk_file (live, disk->target, entry->revert_overlay, "qcow2");

  return strata_planner_apply (
      planner, strata_plan_get_step (planner->plan, strata_plan_get_n_steps (planner->plan) - 1),
      error);
}

/* A disk that was left out of the snapshot stays as it is, under whatever name the machine has it by now. One that it has no
 * more comes back as it was, unless something was put on its image since. */
static gboolean
keep_disk (StrataRevert *self,
           const StrataSnapshotDisk *disk,
           StrataDomainXml *definition,
           StrataDomainXml *live,
           GError **error)
{
  StrataLayers *layers = strata_planner_get_layers (self->planner);
  StrataLineage *lineage = strata_planner_get_lineage (self->planner, self->domain);
  StrataHolder *holder = disk->image != NULL
                             ? strata_lineage_find_disk (lineage, layers, disk->image, disk->target)
                             : NULL;
  StrataLayer *layer = holder != NULL ? strata_layers_find (layers, holder->top) : NULL;
  g_autoptr (GPtrArray) overlays =
      disk->image != NULL ? strata_layers_get_overlays (layers, disk->image) : NULL;

  if (layer != NULL)
    {
      strata_domain_xml_set_disk_file (definition, disk->target, layer->path, layer->format);
      strata_domain_xml_set_disk_file (live, disk->target, layer->path, layer->format);
      return TRUE;
    }
  if (overlays == NULL || overlays->len == 0)
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_REFUSED, _ ("Make a new virtual machine from the snapshot instead."),
      /* Translators: a disk (vdb), a snapshot, and two images */
      _ ("Disk %s was left out of “%s” and isn’t the machine’s any more; on its image, "
         "“%s”, stands “%s” by now"),
      disk->target, self->snapshot->name, disk->image,
      ((StrataLayer *) g_ptr_array_index (overlays, 0))->path);
  return FALSE;
}

static gboolean
add_overlays (StrataRevert *self,
              StrataDomainXml *definition,
              StrataDomainXml *live,
              GPtrArray *overlays,
              GError **error)
{
  const StrataSnapshotFacts *snapshot = self->snapshot;

  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->location != STRATA_SNAPSHOT_EXTERNAL
              ? !keep_disk (self, disk, definition, live, error)
              : !add_overlay (self, disk, definition, live, overlays, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
is_leaf (StrataRevert *self)
{
  for (guint i = 0; i < self->domain->snapshots->len; i++)
    {
      StrataSnapshotFacts *other = g_ptr_array_index (self->domain->snapshots, i);

      if (g_strcmp0 (other->parent, self->snapshot->name) == 0)
        return FALSE;
    }

  return !(self->snapshot->current && self->planner->request->save_as != NULL);
}

/* libvirt's own return and deletion go by these: without them they unlink what the snapshot's child stands on. */
static gboolean
add_current (StrataRevert *self, GPtrArray *overlays, GError **error)
{
  StrataSnapshotXml *document =
      strata_planner_get_document (self->planner, self->domain, self->snapshot);
  gboolean leaf = is_leaf (self);

  for (guint i = 0; leaf && i < overlays->len; i++)
    {
      StrataSnapshotDisk *entry = g_ptr_array_index (overlays, i);

      strata_snapshot_xml_set_overlay (document, entry->target, entry->revert_overlay);
    }
  strata_snapshot_xml_set_revert_disks (document, leaf ? NULL : overlays);

  return strata_planner_add_snapshot_define (self->planner, self->domain, self->snapshot, document,
                                             TRUE, error);
}

static gboolean
has_memory (StrataRevert *self)
{
  return self->snapshot->memory == STRATA_SNAPSHOT_EXTERNAL && !self->snapshot->memory_missing;
}

static gboolean
is_off_afterwards (StrataRevert *self)
{
  StrataAfter after = self->planner->request->after;

  return after == STRATA_AFTER_OFF || (after == STRATA_AFTER_AS_SNAPSHOT && !has_memory (self));
}

static gboolean
add_power (StrataRevert *self, StrataDomainXml *live, GError **error)
{
  StrataPlan *plan = self->planner->plan;
  const StrataSnapshotFacts *snapshot = self->snapshot;
  StrataAfter after = self->planner->request->after;
  const char *uuid = self->domain->uuid;
  const char *name = self->domain->name;
  gboolean memory = has_memory (self);
  gboolean paused = after == STRATA_AFTER_PAUSED || (after == STRATA_AFTER_AS_SNAPSHOT &&
                                                     g_strcmp0 (snapshot->state, "paused") == 0);
  g_autofree char *xml = strata_planner_print_definition (self->planner, live);
  g_autofree char *file = g_strconcat (name, ".xml", NULL);
  JsonObject *args;
  StrataStep *step;

  if (is_off_afterwards (self))
    return TRUE;

  args = strata_step_args ("uuid", uuid, "name", name, "memory-file",
                           memory ? snapshot->memory_file : NULL, "xml", memory ? xml : NULL, NULL);
  json_object_set_boolean_member (args, "paused", paused);
  step =
      strata_plan_add_step (plan, memory ? STRATA_STEP_RESTORE : STRATA_STEP_START, args,
                            memory ? _ ("Bring the memory of “%s” back") : _ ("Start “%s”"), name);
  if (memory)
    strata_plan_add_command (plan, "virsh", "restore", snapshot->memory_file, "--xml", file,
                             paused ? "--paused" : "--running", NULL);
  else
    strata_plan_add_command (plan, "virsh", "start", name, paused ? "--paused" : NULL, NULL);

  return strata_planner_apply (self->planner, step, error);
}

static gboolean
brings_memory (StrataRevert *self)
{
  return self->snapshot->memory == STRATA_SNAPSHOT_EXTERNAL && !self->snapshot->memory_missing &&
         self->planner->request->after != STRATA_AFTER_OFF;
}

/* Whether DISK, of the snapshot, is one that its guest wrote to. */
static gboolean
is_written (const StrataSnapshotDisk *disk, StrataDomainXml *live)
{
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (live);

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *item = g_ptr_array_index (disks, i);

      if (g_strcmp0 (item->target, disk->target) == 0)
        return !strata_planner_is_media (item);
    }

  return FALSE;
}

/* A guest whose memory comes back goes on with what it knew of a disk, and damages one that was written to since. On another image
 * it was; on the same it can't be told. */
static gboolean
require_matching_disks (StrataRevert *self, StrataDomainXml *live, GError **error)
{
  StrataLayers *layers = strata_planner_get_layers (self->planner);
  StrataLineage *lineage = strata_planner_get_lineage (self->planner, self->domain);

  for (guint i = 0; i < self->snapshot->disks->len && brings_memory (self); i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (self->snapshot->disks, i);
      const StrataHolder *holder;

      if (disk->location != STRATA_SNAPSHOT_NONE || disk->image == NULL || !is_written (disk, live))
        continue;
      holder = strata_lineage_find_disk (lineage, layers, disk->image, disk->target);
      if (holder != NULL && g_strcmp0 (holder->top, disk->image) != 0)
        {
          strata_set_error (error, STRATA_ERROR_REFUSED,
                            _ ("Revert without the memory (--off), and start it then."),
                            /* Translators: a disk ("vdb"), a snapshot, and an image */
                            _ ("Disk %s was left out of “%s” and is on “%s” by now: it doesn’t "
                               "match the memory, and the guest would damage what is on it"),
                            disk->target, self->snapshot->name, holder->top);
          return FALSE;
        }
      strata_plan_add_effect (self->planner->plan, STRATA_EFFECT_NOTE, 0,
                              /* Translators: a disk ("vdb"), and a snapshot */
                              _ ("Disk %s was left out of “%s”. If it was written to since, it "
                                 "doesn’t match the memory, and the guest damages what is on it; "
                                 "--off goes back without the memory"),
                              disk->target, self->snapshot->name);
    }

  return TRUE;
}

static gboolean
require_memory (StrataRevert *self, GError **error)
{
  const StrataSnapshotFacts *snapshot = self->snapshot;

  if (!snapshot->memory_missing || self->planner->request->after != STRATA_AFTER_AS_SNAPSHOT)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Bring the file back, or revert without the memory (--start)."),
                    _ ("The memory of “%s”, “%s”, is missing"), snapshot->name,
                    snapshot->memory_file);
  return FALSE;
}

/* libvirt (11.3) restores a memory under no other name than it was saved with, and says so only when the guest is stopped. */
static gboolean
require_same_name (StrataRevert *self, StrataDomainXml *live, GError **error)
{
  g_autofree char *name = strata_domain_xml_get_name (live);

  if (!brings_memory (self) || name == NULL || g_str_equal (name, self->domain->name))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Revert without the memory (--off), or give the machine that name again "
                       "(virsh domrename) until it is back."),
                    /* Translators: a snapshot, and two names of one virtual machine */
                    _ ("The memory of “%s” was saved when “%s” was called “%s”, and libvirt "
                       "restores it only under that name"),
                    self->snapshot->name, self->domain->name, name);
  return FALSE;
}

static gboolean
return_to_external (StrataRevert *self, GError **error)
{
  const StrataSnapshotFacts *snapshot = self->snapshot;
  g_autoptr (StrataSnapshotXml) document =
      strata_snapshot_xml_new_from_string (snapshot->xml, error);
  g_autoptr (StrataDomainXml) definition = NULL;
  g_autoptr (StrataDomainXml) live = NULL;
  g_autoptr (GPtrArray) overlays =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_snapshot_disk_free);

  definition = document != NULL ? strata_snapshot_xml_get_definition (document) : NULL;
  live = document != NULL ? strata_snapshot_xml_get_live_definition (document) : NULL;
  if (definition == NULL || live == NULL)
    {
      strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                        _ ("libvirt has no definition with the snapshot “%s”"), snapshot->name);
      return FALSE;
    }
  if (!require_same_name (self, live, error))
    return FALSE;
  strata_domain_xml_preserve (definition, self->domain->definition);
  strata_domain_xml_drop_backing (definition);
  strata_domain_xml_preserve (live, self->domain->definition);
  strata_domain_xml_drop_backing (live);

  if (!require_memory (self, error) || !require_matching_disks (self, live, error) ||
      (!is_off_afterwards (self) &&
       !strata_revert_require_media (self, has_memory (self) ? live : definition, error)))
    return FALSE;
  for (guint i = 0; i < snapshot->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, i);

      if (disk->location != STRATA_SNAPSHOT_EXTERNAL)
        continue;
      if (!require_whole (self, disk, error))
        return FALSE;
      add_check (self, disk, snapshot->memory_missing ? NULL : snapshot->memory_file);
    }

  if (!strata_return_keep_present (self, STRATA_SNAPSHOT_KIND_AUTO, error) ||
      !add_overlays (self, definition, live, overlays, error))
    return FALSE;
  strata_return_add_stop (self);
  if (!strata_return_add_define (self, definition, FALSE, error) ||
      !add_current (self, overlays, error) || !add_power (self, live, error))
    return FALSE;

  return strata_return_remove_tips (self, error);
}

static gboolean
require_returnable (StrataRevert *self, GError **error)
{
  const StrataSnapshotFacts *snapshot = self->snapshot;

  if (!snapshot->retained)
    return strata_planner_require_no_template (self->domain, error);

  strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                    _ ("“%s” was deleted; its image is only kept for what stands on it"),
                    snapshot->name);
  return FALSE;
}

/**
 * strata_plan_snapshot_revert:
 * @self: the planner
 * @error: the refusal
 *
 * Returns: (transfer full): the plan
 */
StrataPlan *
strata_plan_snapshot_revert (StrataPlanner *self, GError **error)
{
  StrataDomainFacts *domain = strata_planner_find_domain (self, error);
  g_autoptr (GPtrArray) tips = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) copies =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_copy_mark_free);
  StrataRevert state = { self, domain, NULL, tips, NULL, copies, FALSE };
  g_autofree char *title = NULL;
  gboolean allowed;

  if (domain != NULL)
    state.snapshot = strata_planner_find_snapshot (self, domain, self->request->snapshot, error);
  if (state.snapshot == NULL || !require_returnable (&state, error) ||
      !strata_planner_require_fresh (self, domain, state.snapshot, error) ||
      !strata_planner_require_unsaved (domain, error) ||
      !strata_planner_require_agreement (self, domain, error))
    return NULL;

  title = g_strdup_printf (_ ("Revert “%s” to “%s”"), domain->name, state.snapshot->name);
  self->plan = strata_plan_new (title, _ ("Revert"));
  strata_plan_add_resource (self->plan, domain->uuid);
  allowed = strata_snapshot_facts_has (state.snapshot, STRATA_SNAPSHOT_INTERNAL)
                ? strata_return_to_internal (&state, error)
                : return_to_external (&state, error);
  g_free (state.previous);
  g_clear_pointer (&state.media, json_array_unref);

  return allowed ? self->plan : NULL;
}
