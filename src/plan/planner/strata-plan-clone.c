/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plan that makes a new VM of another one, as it is or as it was in a snapshot. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"
#include "base/strata-error.h"

typedef struct
{
  StrataPlanner *planner;
  StrataDomainFacts *domain;
  const StrataSnapshotFacts *snapshot; /* (nullable) */
  StrataDomainXml *definition;
  GPtrArray *chains; /* (element-type GPtrArray): of StrataImage, what its thin disks stand on */
} Clone;

/* What a disk of the new VM is made from. */
typedef struct
{
  const char *target;
  const char *path;
  const char *tag; /* (nullable) */
} Source;

static gboolean
get_source (Clone *self, const StrataDiskXml *disk, Source *source, GError **error)
{
  const StrataSnapshotDisk *then;
  StrataHolder *holder;

  *source = (Source) { disk->target, NULL, NULL };
  if (self->snapshot == NULL)
    {
      holder = strata_layers_find_disk (strata_planner_get_layers (self->planner),
                                        self->domain->uuid, disk->target);
      source->path = holder != NULL ? holder->top : NULL;
    }
  else
    {
      then = strata_snapshot_facts_find_disk (self->snapshot, disk->target);
      if (then != NULL && then->location != STRATA_SNAPSHOT_NONE)
        source->path = then->image;
      if (then != NULL && then->location == STRATA_SNAPSHOT_INTERNAL)
        {
          if (!strata_planner_require_single_tag (self->planner, self->snapshot, then, error))
            return FALSE;
          source->tag = self->snapshot->name;
        }
    }

  if (source->path != NULL)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                    _ ("Disk %s of “%s” is not in the snapshot, so nothing says what the new "
                       "virtual machine would have there"),
                    disk->target, self->domain->name);
  return FALSE;
}

static gboolean
refuse_thin (Clone *self, const char *why, GError **error)
{
  strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Use --full, or an external snapshot."),
                    /* Translators: a VM, and the reason */
                    _ ("“%s” can’t have a thin clone: %s"), self->domain->name, why);
  return FALSE;
}

static gboolean
require_thin_source (Clone *self, const Source *source, GError **error)
{
  if (self->planner->request->full || source->tag == NULL)
    return TRUE;

  return refuse_thin (self, _ ("an internal snapshot can’t be stood on; make it full"), error);
}

static gboolean
add_convert (Clone *self, const Source *source, StrataImage *image, const char *to, GError **error)
{
  StrataPlan *plan = self->planner->plan;
  g_autofree char *name = g_path_get_basename (to);
  g_autofree char *tag = g_strconcat ("snapshot.name=", source->tag, NULL);
  StrataStep *step;

  /* libvirt has no call that reads one. */
  if (image->closed)
    {
      strata_set_error (
          error, STRATA_ERROR_UNSUPPORTED,
          _ ("Revert to it, and make the clone of the virtual machine; or run Strata on that host, "
             "as a user who may open the image."),
          /* Translators: an internal snapshot, an image */
          _ ("“%s” is inside of “%s”, which can’t be opened from here"), source->tag, image->path);
      return FALSE;
    }

  step = strata_plan_add_step (plan, STRATA_STEP_CONVERT_TAG,
                               strata_step_args ("from", image->path, "tag", source->tag, "to", to,
                                                 "to-format", "qcow2", NULL),
                               _ ("Copy “%s” of that time to “%s”"), source->tag, name);
  step->bytes = image->allocation;
  strata_plan_add_effect (plan, STRATA_EFFECT_CREATES, image->allocation, _ ("“%s”, a full copy"),
                          to);
  strata_plan_add_command (plan, "qemu-img", "convert", "-l", tag, "-O", "qcow2", image->path, to,
                           NULL);
  strata_plan_add_resource (plan, to);

  return TRUE;
}

/* What a running VM has open can still be read beside it. */
static gboolean
add_full (Clone *self, StrataDiskXml *disk, GPtrArray *chain, const char *to, GError **error)
{
  StrataPlannedDisk planned = { disk, chain, NULL };
  StrataImage *top = g_ptr_array_index (chain, 0);
  StrataStep *step;

  if (!strata_planner_require_space (self->planner, to, strata_planned_disk_get_bytes (&planned),
                                     error))
    return FALSE;

  step = strata_planner_add_copy (self->planner, &planned, to);
  json_object_set_boolean_member (step->args, "read-only",
                                  strata_planner_find_running (self->planner, top->path) != NULL);

  return TRUE;
}

static gboolean
add_disk (Clone *self, StrataDiskXml *disk, GError **error)
{
  StrataPlanner *planner = self->planner;
  const char *name = planner->request->name;
  g_autoptr (GPtrArray) chain = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *stem = NULL;
  g_autofree char *path = NULL;
  Source source;
  StrataImage *top;

  if (!strata_planner_require_own_disk (disk, self->domain->name, error) ||
      !get_source (self, disk, &source, error) || !require_thin_source (self, &source, error))
    return FALSE;
  chain = strata_graph_get_chain (planner->graph, source.path, error);
  if (chain == NULL || !strata_planner_require_known_format (chain, error))
    return FALSE;

  top = g_ptr_array_index (chain, 0);
  folder = strata_planner_require_folder (planner, top, disk->target, self->domain->name,
                                          strata_planner_get_folder_hint (), error);
  if (folder == NULL)
    return FALSE;
  stem = g_strdup_printf ("%s-%s", name, disk->target);
  path = strata_planner_free_path (planner, folder, stem, ".qcow2");
  strata_plan_add_resource (planner->plan, top->path);
  strata_domain_xml_set_disk_file (self->definition, disk->target, path, "qcow2");

  if (source.tag != NULL)
    return add_convert (self, &source, top, path, error);
  if (planner->request->full)
    return add_full (self, disk, chain, path, error);

  g_ptr_array_add (self->chains, g_ptr_array_ref (chain));
  strata_planner_add_overlay (planner, path, top, top->format);
  strata_plan_add_effect (planner->plan, STRATA_EFFECT_CREATES, 0,
                          _ ("“%s”, a thin overlay on “%s”"), path, top->path);

  return TRUE;
}

static gboolean
require_copyable (Clone *self, const StrataDiskXml *disk, GError **error)
{
  if (disk->source != NULL)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Remove this disk from the virtual machine, or give it a disk of its own."),
                    _ ("Disk %s of “%s” can’t be taken: %s"), disk->target, self->domain->name,
                    _ ("it is neither a file nor a block device"));
  return FALSE;
}

static gboolean
add_disks (Clone *self, GError **error)
{
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (self->definition);

  for (guint i = 0; i < disks->len; i++)
    {
      StrataDiskXml *disk = g_ptr_array_index (disks, i);

      strata_graph_resolve_disk (self->planner->graph, disk);
      if (!strata_planner_is_media (disk) &&
          (!require_copyable (self, disk, error) || !add_disk (self, disk, error)))
        return FALSE;
    }

  return TRUE;
}

static StrataDomainXml *
make_definition (Clone *self, GError **error)
{
  StrataPlanner *planner = self->planner;
  const char *name = planner->request->name;
  g_autoptr (StrataSnapshotXml) document = NULL;
  g_autoptr (StrataDomainXml) definition = NULL;
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *nvram = NULL;
  g_auto (GStrv) macs = strata_planner_collect_macs (planner->graph);

  if (self->snapshot != NULL)
    {
      document = strata_snapshot_xml_new_from_string (self->snapshot->xml, error);
      definition = document != NULL ? strata_snapshot_xml_get_definition (document) : NULL;
      if (definition == NULL)
        {
          strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                            _ ("libvirt has no definition with the snapshot “%s”"),
                            self->snapshot->name);
          return NULL;
        }
    }
  else
    {
      definition = strata_domain_xml_copy (self->domain->definition);
    }

  strata_domain_xml_renew_identity (definition, name, uuid, (const char *const *) macs);
  nvram = strata_planner_nvram_path (planner, self->domain->definition, name);
  if (nvram != NULL)
    strata_domain_xml_set_nvram (definition, nvram);

  return g_steal_pointer (&definition);
}

static void
add_definition (Clone *self)
{
  g_autofree char *from = strata_domain_xml_get_nvram (self->domain->definition);
  g_autofree char *to = strata_domain_xml_get_nvram (self->definition);

  if (from != NULL && to != NULL)
    strata_planner_add_copy_nvram (self->planner, from, to);
  strata_planner_add_define (self->planner, self->definition, NULL, FALSE);
  strata_plan_add_effect (self->planner->plan, STRATA_EFFECT_CREATES, 0,
                          _ ("“%s”, a new virtual machine"), self->planner->request->name);
}

static gboolean
require_still (Clone *self, GError **error)
{
  if (self->snapshot == NULL && !self->planner->request->full)
    return refuse_thin (
        self,
        _ ("what stands under a thin clone must not change; take a snapshot, or make it full"),
        error);
  if (self->snapshot == NULL && strata_domain_facts_is_active (self->domain))
    {
      strata_set_error (error, STRATA_ERROR_BUSY,
                        _ ("Shut it down first, or take a snapshot and clone that (--snapshot)."),
                        _ ("“%s” is running, so its disks are in use"), self->domain->name);
      return FALSE;
    }
  if (self->snapshot == NULL)
    return strata_planner_require_off (self->domain, error);
  if (!self->snapshot->retained)
    return strata_planner_require_fresh (self->planner, self->domain, self->snapshot, error);

  strata_set_error (error, STRATA_ERROR_REFUSED, NULL,
                    _ ("“%s” was deleted; its image is only kept for what stands on it"),
                    self->snapshot->name);
  return FALSE;
}

/**
 * strata_plan_clone:
 * @self: the planner
 * @error: the refusal
 *
 * Returns: (transfer full): the plan
 */
StrataPlan *
strata_plan_clone (StrataPlanner *self, GError **error)
{
  const StrataRequest *request = self->request;
  StrataDomainFacts *domain = strata_planner_find_domain (self, error);
  g_autofree char *title = NULL;
  Clone clone = { self, domain, NULL, NULL, NULL };
  gboolean allowed;

  if (domain == NULL || !strata_planner_require_free_name (self, request->name, error) ||
      !strata_planner_require_agreement (self, domain, error))
    return NULL;
  if (request->snapshot != NULL)
    {
      clone.snapshot = strata_planner_find_snapshot (self, domain, request->snapshot, error);
      if (clone.snapshot == NULL)
        return NULL;
    }
  if (!require_still (&clone, error))
    return NULL;

  title = g_strdup_printf (_ ("Make “%s” of “%s”"), request->name, domain->name);
  self->plan = strata_plan_new (title, _ ("Clone"));
  strata_plan_add_resource (self->plan, domain->uuid);
  if (clone.snapshot == NULL)
    strata_planner_add_power (self, domain);

  clone.chains = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  clone.definition = make_definition (&clone, error);
  allowed = clone.definition != NULL &&
            strata_planner_require_own_storage (clone.definition, domain->name, error) &&
            add_disks (&clone, error);
  if (allowed)
    strata_planner_add_media_chains (self, clone.definition, clone.chains);
  if (allowed && clone.chains->len > 0)
    strata_planner_mark_thin (clone.definition, domain, clone.snapshot, clone.chains);
  if (allowed)
    add_definition (&clone);
  g_clear_object (&clone.definition);
  g_ptr_array_unref (clone.chains);

  return allowed ? self->plan : NULL;
}
