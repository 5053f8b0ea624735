/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plan that makes a VM's disks independent: each takes up what it reads of the images below it. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"
#include "base/strata-error.h"

static gboolean
require_pullable (StrataPlanner *self,
                  StrataDomainFacts *domain,
                  const StrataDiskXml *disk,
                  const StrataLayer *layer,
                  GError **error)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  g_autoptr (GPtrArray) overlays = strata_layers_get_overlays (layers, layer->path);
  StrataHolder *running = strata_planner_find_running (self, layer->path);

  if (layer->tags->len > 0)
    {
      strata_set_error (
          error, STRATA_ERROR_REFUSED, _ ("Delete its internal snapshots, or make a full clone."),
          _ ("Disk %s of “%s” holds internal snapshots, which would read other bytes"),
          disk->target, domain->name);
      return FALSE;
    }
  if (running == NULL || (g_strcmp0 (running->uuid, domain->uuid) == 0 && overlays->len == 0))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_BUSY, _ ("Shut it down first."),
                    _ ("“%s” runs and has “%s” open"),
                    strata_graph_find_domain (self->graph, running->uuid)->name, layer->path);
  return FALSE;
}

static guint64
get_bytes_below (StrataPlanner *self, const StrataLayer *layer)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  guint64 bytes = 0;

  for (StrataChain link = strata_layers_walk (layers, layer->backing); link.layer != NULL;
       strata_chain_next (&link))
    bytes += link.layer->allocation;

  return MIN (bytes, layer->capacity);
}

static gboolean
add_pull (StrataPlanner *self,
          StrataDomainFacts *domain,
          const StrataDiskXml *disk,
          StrataLayer *layer,
          GError **error)
{
  guint64 bytes = get_bytes_below (self, layer);
  StrataHolder *running = strata_planner_find_running (self, layer->path);
  JsonObject *args = strata_step_args ("image", layer->path, "format", layer->format, NULL);
  StrataStep *step;

  if (!strata_planner_require_space (self, layer->path, bytes, error))
    {
      json_object_unref (args);
      return FALSE;
    }
  if (running != NULL)
    {
      json_object_set_string_member (args, "uuid", running->uuid);
      json_object_set_string_member (args, "target", running->target);
    }
  step = strata_plan_add_step (self->plan, STRATA_STEP_PULL, args, _ ("Make %s independent"),
                               disk->target);
  step->forward_only = TRUE;
  step->bytes = bytes;
  strata_plan_add_effect (self->plan, STRATA_EFFECT_CHANGES, bytes,
                          _ ("“%s” takes up what it reads of the images below it"), layer->path);
  if (running != NULL)
    strata_plan_add_command (self->plan, "virsh", "blockpull", domain->name, disk->target, "--wait",
                             NULL);
  else
    strata_plan_add_command (self->plan, "qemu-img", "rebase", "-b", "", layer->path, NULL);
  strata_plan_add_resource (self->plan, layer->path);

  return strata_planner_apply (self, step, error);
}

static gboolean
is_frozen (const StrataDomainFacts *domain, const char *path)
{
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      for (guint j = 0; j < snapshot->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);

          if (disk->location != STRATA_SNAPSHOT_NONE && g_strcmp0 (disk->image, path) == 0)
            return TRUE;
        }
    }

  return FALSE;
}

/* The disk goes on without what its snapshots have, and once one of those is deleted no document says any more that it is the same
 * disk. LAYER: still as it stands */
static void
note_left (StrataPlanner *self, StrataDomainFacts *domain, const StrataLayer *layer, gboolean *left)
{
  if (!domain->persistent || !is_frozen (domain, layer->backing))
    return;

  strata_domain_xml_add_copy (strata_planner_get_definition (self, domain->uuid), layer->backing,
                              layer->path);
  *left = TRUE;
}

/* Whether an image of DISKS stands on another after all: of one that is read-only, or that isn't seen. */
static gboolean
still_stand (StrataPlanner *self, GPtrArray *disks)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);
      const StrataLayer *layer =
          strata_layers_find (strata_planner_get_layers (self), disk->source);

      if (layer != NULL ? layer->backing != NULL
                        : disk->source != NULL && g_strcmp0 (disk->format, "raw") != 0)
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_free (StrataPlanner *self, const StrataDomainFacts *domain)
{
  g_autoptr (GPtrArray) uses = g_ptr_array_new ();

  for (guint i = 0; i < domain->uses->len; i++)
    g_ptr_array_add (uses, ((StrataImageUse *) g_ptr_array_index (domain->uses, i))->disk);

  return domain->snapshots->len == 0 && !still_stand (self, domain->disks) &&
         !still_stand (self, domain->next_disks) && !still_stand (self, uses);
}

/* A clone that stands on no template any more says so, and that it did: its snapshots, and a disk that is read-only, stay where
 * they stand. LEFT: whether its definition was changed already */
static gboolean
add_mark (StrataPlanner *self, StrataDomainFacts *domain, gboolean left, GError **error)
{
  StrataDomainXml *definition = strata_planner_get_definition (self, domain->uuid);
  g_autoptr (StrataCloneMark) mark = strata_domain_xml_get_clone_mark (definition);
  g_autoptr (StrataThinMark) thin = strata_domain_xml_get_thin_mark (definition);
  gboolean free = thin != NULL && is_free (self, domain);
  StrataStep *step;

  if ((mark == NULL || !mark->thin) && !free && !left)
    return TRUE;

  if (mark != NULL && mark->thin)
    {
      mark->thin = FALSE;
      mark->was_thin = TRUE;
      strata_domain_xml_set_clone_mark (definition, mark);
    }
  /* The images of its snapshots, and of the disks that were passed over, stand where they stood. */
  if (free)
    strata_domain_xml_set_thin_mark (definition, NULL);
  strata_domain_xml_drop_backing (definition);
  step = strata_planner_add_define (self, definition, strata_planner_get_defined (self, domain),
                                    FALSE);
  step->forward_only = TRUE;

  return strata_planner_apply (self, step, error);
}

/**
 * strata_plan_flatten:
 * @self: the planner
 * @error: the refusal
 *
 * Its own snapshots stay what they are, on the images below.
 *
 * Returns: (transfer full): the plan
 */
StrataPlan *
strata_plan_flatten (StrataPlanner *self, GError **error)
{
  StrataDomainFacts *domain = strata_planner_find_domain (self, error);
  g_autoptr (GPtrArray) pulled = g_ptr_array_new ();
  g_autofree char *title = NULL;
  gboolean left = FALSE;

  if (domain == NULL || !strata_planner_require_no_template (domain, error) ||
      !strata_planner_require_agreement (self, domain, error))
    return NULL;

  title = g_strdup_printf (_ ("Make “%s” independent"), domain->name);
  self->plan = strata_plan_new (title, _ ("Make Independent"));
  strata_plan_add_resource (self->plan, domain->uuid);
  for (guint i = 0; i < domain->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (domain->disks, i);
      StrataLayer *layer = strata_layers_find (strata_planner_get_layers (self), disk->source);
      const StrataImage *image = strata_graph_get_image (self->graph, disk->source);
      g_autoptr (GPtrArray) chain = NULL;

      /* What isn't seen says nothing of what it stands on. */
      if (image != NULL && g_strcmp0 (disk->device, "disk") == 0 && !disk->read_only &&
          g_strcmp0 (disk->format, "raw") != 0 &&
          (image->state == STRATA_IMAGE_MISSING || image->state == STRATA_IMAGE_UNKNOWN) &&
          !strata_image_require_seen (image, error))
        return NULL;
      if (layer == NULL || layer->backing == NULL || disk->read_only ||
          g_strcmp0 (disk->device, "disk") != 0)
        continue;
      chain = strata_graph_get_chain (self->graph, disk->source, error);
      if (chain == NULL || !require_pullable (self, domain, disk, layer, error) ||
          !strata_planner_drop_backing (self, layer->path, error))
        return NULL;
      note_left (self, domain, layer, &left);
      if (!add_pull (self, domain, disk, layer, error))
        return NULL;
      g_ptr_array_add (pulled, layer->path);
    }

  if (strata_plan_get_n_steps (self->plan) == 0)
    {
      strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                        _ ("“%s” stands on no other image; it is independent already"),
                        domain->name);
      return NULL;
    }

  return add_mark (self, domain, left, error) &&
                 strata_planner_reconcile_pulled (self, domain, pulled, error) &&
                 strata_planner_sweep (self, domain, NULL, error)
             ? self->plan
             : NULL;
}
