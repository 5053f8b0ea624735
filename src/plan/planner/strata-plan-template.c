/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plans that make a template: of a copy of a VM, of the VM itself, of a dumped definition. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-plan-in-place.h"
#include "base/strata-error.h"
#include "plan/strata-name.h"

/* The template's definition: DEFINITION with a name, a UUID and MACs of its own, and the mark. IN_PLACE: on the very disks, which
 * stand on what they stand on. */
static StrataDomainXml *
make_definition (StrataPlanner *self,
                 StrataDomainXml *source,
                 gboolean in_place,
                 const char *name,
                 const char *nvram)
{
  g_autoptr (GPtrArray) clones = strata_domain_xml_get_clone_marks (source);
  StrataDomainXml *definition = strata_domain_xml_copy (source);
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *source_name = strata_domain_xml_get_name (source);
  g_autoptr (StrataThinMark) thin = strata_domain_xml_get_thin_mark (source);
  StrataTemplateMark mark = { .domain = uuid, .source = source_name, .version = 1 };

  strata_domain_xml_renew_identity (definition, name, uuid, NULL);
  if (in_place)
    strata_domain_xml_set_thin_mark (definition, thin);
  if (nvram != NULL)
    strata_domain_xml_set_nvram (definition, nvram);
  strata_domain_xml_set_template_mark (definition, &mark);
  strata_domain_xml_set_protected (definition, TRUE);
  if (in_place && clones->len > 0)
    {
      StrataCloneMark clone = *(StrataCloneMark *) g_ptr_array_index (clones, 0);

      clone.domain = uuid;
      strata_domain_xml_set_clone_mark (definition, &clone);
    }

  return definition;
}

/* By its definition it can't be started, by the mode of its disks not another definition on them, either. Where neither is to be had
 * nothing keeps them as they are. */
static gboolean
require_protectable (StrataPlanner *self,
                     StrataDomainXml *definition,
                     GPtrArray *disks,
                     gboolean in_place,
                     const char *name,
                     GError **error)
{
  gboolean fixed = !in_place && strata_graph_get_modes_fixed (self->graph);

  for (guint i = 0; in_place && i < disks->len; i++)
    fixed = fixed || strata_planner_is_mode_fixed (
                         self, ((StrataPlannedDisk *) g_ptr_array_index (disks, i))->disk->source);
  if (!fixed || strata_domain_xml_is_protected (definition))
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Take the <seclabel> out of its definition; libvirt then chooses the user itself."),
      _ ("“%s” has a security label of its own, by which it would go on being started as a template, and its disks "
         "can’t be made read-only from here"),
      name);
  return FALSE;
}

static void
add_protect (StrataPlanner *self, GPtrArray *disks)
{
  for (guint i = 0; i < disks->len; i++)
    {
      StrataPlannedDisk *disk = g_ptr_array_index (disks, i);
      StrataImage *top = g_ptr_array_index (disk->chain, 0);

      strata_planner_add_set_mode (self, top->path, strata_image_get_protected_mode (top),
                                   strata_image_get_own_mode (top));
    }
}

static void
add_notes (StrataPlanner *self, GPtrArray *disks)
{
  if (strata_graph_get_modes_fixed (self->graph))
    strata_plan_add_effect (self->plan, STRATA_EFFECT_NOTE, 0,
                            _ ("The template can’t be started, and its bytes stay. Nothing stops "
                               "another tool from defining a virtual machine on its disks, or "
                               "from deleting its volumes."));
  else
    strata_plan_add_effect (self->plan, STRATA_EFFECT_NOTE, 0,
                            _ ("The template’s disks become read-only: it can’t be "
                               "started and its bytes stay. Nothing stops another tool from "
                               "deleting its volumes."));
  if (!strata_planner_seals (self))
    strata_plan_add_effect (self->plan, STRATA_EFFECT_NOTE, 0,
                            _ ("It isn’t sealed: every clone will have the same machine-id, SSH "
                               "host keys and logs"));

  for (guint i = 0; i < disks->len; i++)
    {
      StrataPlannedDisk *disk = g_ptr_array_index (disks, i);
      StrataImage *top = g_ptr_array_index (disk->chain, 0);

      if (g_strcmp0 (top->format, "raw") == 0 && self->request->convert)
        strata_plan_add_effect (self->plan, STRATA_EFFECT_NOTE, 0,
                                _ ("“%s” stays a raw image; thin clones of it are qcow2 overlays"),
                                top->path);
    }
}

static gboolean
plan_copies (StrataPlanner *self,
             StrataDomainFacts *domain,
             GPtrArray *disks,
             StrataDomainXml *definition,
             const char *name,
             GError **error)
{
  for (guint i = 0; i < disks->len; i++)
    {
      StrataPlannedDisk *disk = g_ptr_array_index (disks, i);
      StrataImage *top = g_ptr_array_index (disk->chain, 0);
      StrataPoolFacts *pool = NULL;
      g_autofree char *folder = NULL;
      JsonObject *args;

      if (self->request->pool != NULL)
        {
          pool = strata_graph_find_pool (self->graph, self->request->pool);
          if (pool == NULL || !strata_pool_has_folder (pool))
            {
              strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL,
                                _ ("There is no storage pool “%s” with a folder on this host"),
                                self->request->pool);
              return FALSE;
            }
        }

      folder = pool != NULL
                   ? g_strdup (pool->path)
                   : strata_planner_require_folder (
                         self, top, disk->disk->target, domain->name,
                         _ ("Name a storage pool with a folder for the copy (--pool)."), error);
      if (folder == NULL)
        return FALSE;
      disk->overlay = g_strdup_printf ("%s/%s-%s.qcow2", folder, name, disk->disk->target);
      if (!strata_planner_require_free_path (self, disk->overlay, error) ||
          !strata_planner_require_space (self, disk->overlay, strata_planned_disk_get_bytes (disk),
                                         error))
        return FALSE;

      args = strata_step_args ("path", disk->overlay, NULL);
      json_object_set_int_member (args, "bytes", (gint64) strata_planned_disk_get_bytes (disk));
      strata_plan_add_step (self->plan, STRATA_STEP_CHECK_SPACE, args,
                            _ ("Check that there is room"));
      strata_plan_add_resource (self->plan, top->path);
    }

  for (guint i = 0; i < disks->len; i++)
    {
      StrataPlannedDisk *disk = g_ptr_array_index (disks, i);

      strata_planner_add_copy (self, disk, disk->overlay);
      strata_domain_xml_set_disk_file (definition, disk->disk->target, disk->overlay, "qcow2");
    }

  return TRUE;
}

static StrataPlan *
plan_copy (StrataPlanner *self,
           StrataDomainFacts *domain,
           GPtrArray *disks,
           StrataDomainXml *definition,
           const char *name,
           GError **error)
{
  gboolean was_running = strata_domain_facts_is_active (domain);
  g_autofree char *old_nvram = strata_domain_xml_get_nvram (domain->definition);
  g_autofree char *new_nvram = strata_domain_xml_get_nvram (definition);
  g_autoptr (JsonArray) copies = NULL;
  g_autoptr (GPtrArray) chains =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);

  strata_planner_add_power (self, domain);
  if (strata_planner_seals (self))
    strata_planner_add_inspect (self, strata_planner_disks_to_json (disks));
  if (!plan_copies (self, domain, disks, definition, name, error))
    return NULL;
  if (old_nvram != NULL && new_nvram != NULL)
    strata_planner_add_copy_nvram (self, old_nvram, new_nvram);
  /* Everything that is read from the VM has been read: it need not wait for the sealing. */
  if (was_running)
    strata_planner_add_start_again (self, domain);

  copies = strata_planner_disks_to_json (disks);
  if (strata_planner_seals (self))
    strata_planner_add_seal (self, copies);
  for (guint i = 0; i < disks->len; i++)
    strata_planner_add_set_mode (
        self, ((StrataPlannedDisk *) g_ptr_array_index (disks, i))->overlay, 0400, 0600);
  strata_planner_add_media_chains (self, definition, chains);
  if (chains->len > 0)
    strata_planner_mark_thin (definition, domain, NULL, chains);
  strata_planner_add_define (self, definition, NULL, TRUE);

  strata_plan_add_effect (self->plan, STRATA_EFFECT_CREATES, 0, _ ("The template “%s”"), name);
  strata_plan_add_effect (self->plan, STRATA_EFFECT_NOTE, 0, _ ("“%s” stays as it is"),
                          domain->name);

  return self->plan;
}

static StrataPlan *
plan_convert (StrataPlanner *self,
              StrataDomainFacts *domain,
              GPtrArray *disks,
              StrataDomainXml *definition,
              const char *name,
              GError **error)
{
  g_autoptr (StrataDomainXml) on_overlays = strata_domain_xml_copy (definition);
  g_autofree char *old_nvram = strata_domain_xml_get_nvram (domain->definition);
  g_autofree char *new_nvram = strata_domain_xml_get_nvram (definition);
  gboolean seals = strata_planner_seals (self);

  if (!strata_in_place_require_plain (domain, error) ||
      !strata_in_place_require_files (disks, domain->name, error))
    return NULL;

  strata_planner_add_power (self, domain);
  if (seals && !strata_in_place_prepare (self, domain, disks, name, error))
    return NULL;
  for (guint i = 0; !seals && i < disks->len; i++)
    {
      StrataPlannedDisk *disk = g_ptr_array_index (disks, i);

      if (!strata_planner_require_sole_use (self, domain, disk->disk->source, error))
        return NULL;
      strata_plan_add_resource (self->plan, disk->disk->source);
    }

  if (old_nvram != NULL && new_nvram != NULL)
    strata_planner_add_copy_nvram (self, old_nvram, new_nvram);
  if (!seals)
    add_protect (self, disks);

  strata_in_place_set_disks (on_overlays, disks, seals);
  strata_planner_add_define (self, on_overlays, NULL, TRUE);
  strata_planner_add_undefine (self, domain);
  if (seals)
    {
      strata_in_place_finish (self, disks, on_overlays, definition);
      add_protect (self, disks);
    }
  if (old_nvram != NULL && new_nvram != NULL)
    strata_plan_add_step (self->plan, STRATA_STEP_DELETE_FILE,
                          strata_step_args ("path", old_nvram, NULL),
                          _ ("Delete the UEFI variables of “%s”"), domain->name)
        ->forward_only = TRUE;

  strata_plan_add_effect (self->plan, STRATA_EFFECT_CHANGES, 0,
                          _ ("“%s” becomes the template “%s”"), domain->name, name);
  if (seals)
    strata_plan_add_effect (self->plan, STRATA_EFFECT_DISCARDS, 0,
                            _ ("Its host keys, machine-id, logs and the like are gone for good"));

  return self->plan;
}

/**
 * strata_plan_template_create:
 * @self: the planner
 * @error: the refusal
 *
 * Returns: (transfer full): the plan
 */
StrataPlan *
strata_plan_template_create (StrataPlanner *self, GError **error)
{
  const StrataRequest *request = self->request;
  StrataDomainFacts *domain = strata_planner_find_domain (self, error);
  g_autoptr (GPtrArray) disks = NULL;
  g_autoptr (StrataDomainXml) definition = NULL;
  g_autofree char *name = NULL;
  g_autofree char *nvram = NULL;
  g_autofree char *title = NULL;
  StrataPlan *plan;

  if (domain == NULL)
    return NULL;

  name = request->name != NULL ? g_strdup (request->name)
                               : strata_name_from_source ("template-%s", domain->name);
  if (!strata_planner_require_no_template (domain, error) ||
      !strata_planner_require_free_name (self, name, error) ||
      (strata_planner_seals (self) && !strata_planner_require_guest_here (self, error)))
    return NULL;
  if ((request->running == STRATA_RUNNING_REFUSE || !strata_domain_facts_is_active (domain)) &&
      !strata_planner_require_off (domain, error))
    return NULL;

  disks = strata_planner_get_disks (self, domain->definition, domain->name, error);
  /* The template has the disks of the definition; those that the guest is stopped on are to be the same. */
  if (disks == NULL || !strata_planner_require_same_disks (domain, TRUE, error) ||
      !strata_planner_require_own_storage (domain->definition, domain->name, error))
    return NULL;

  nvram = strata_planner_nvram_path (self, domain->definition, name);
  definition = make_definition (self, domain->definition, request->convert, name, nvram);
  if (!require_protectable (self, definition, disks, request->convert, domain->name, error))
    return NULL;
  title = g_strdup_printf (request->convert ? _ ("Convert “%s” to the template “%s”")
                                            : _ ("Make the template “%2$s” from “%1$s”"),
                           domain->name, name);
  self->plan = strata_plan_new (title, _ ("Make Template"));
  strata_plan_add_resource (self->plan, domain->uuid);
  if (request->convert)
    strata_plan_discard_domain (self->plan, domain->uuid);

  plan = request->convert ? plan_convert (self, domain, disks, definition, name, error)
                          : plan_copy (self, domain, disks, definition, name, error);
  if (plan != NULL)
    add_notes (self, disks);

  return plan;
}

/**
 * strata_plan_template_import:
 * @self: the planner
 * @error: the refusal
 *
 * A definition that was dumped, and its disks where it says they are: sealed in place and defined.
 *
 * Returns: (transfer full): the plan
 */
StrataPlan *
strata_plan_template_import (StrataPlanner *self, GError **error)
{
  const StrataRequest *request = self->request;
  g_autoptr (StrataDomainXml) source = NULL;
  g_autoptr (StrataDomainXml) definition = NULL;
  g_autoptr (StrataDomainXml) on_overlays = NULL;
  g_autoptr (GPtrArray) disks = NULL;
  g_autofree char *old_name = NULL;
  g_autofree char *name = NULL;
  g_autofree char *nvram = NULL;
  g_autofree char *title = NULL;
  gboolean seals = strata_planner_seals (self);

  g_return_val_if_fail (request->text != NULL, NULL);

  source = strata_domain_xml_new_from_string (request->text, error);
  if (source == NULL)
    return NULL;

  old_name = strata_domain_xml_get_name (source);
  name = g_strdup (request->name != NULL ? request->name : old_name);
  nvram = strata_domain_xml_get_nvram (source);
  if (!strata_planner_require_free_name (self, name, error) ||
      (seals && !strata_planner_require_guest_here (self, error)))
    return NULL;

  disks = strata_planner_get_disks (self, source, old_name, error);
  if (disks == NULL || !strata_planner_require_own_storage (source, old_name, error) ||
      !strata_in_place_require_files (disks, old_name, error))
    return NULL;

  definition = make_definition (self, source, TRUE, name, nvram);
  if (!require_protectable (self, definition, disks, TRUE, old_name, error))
    return NULL;
  title = g_strdup_printf (_ ("Import the template “%s”"), name);
  self->plan = strata_plan_new (title, _ ("Import"));
  if (seals && !strata_in_place_prepare (self, NULL, disks, name, error))
    return NULL;
  for (guint i = 0; !seals && i < disks->len; i++)
    {
      StrataPlannedDisk *disk = g_ptr_array_index (disks, i);

      if (!strata_planner_require_sole_use (self, NULL, disk->disk->source, error))
        return NULL;
      strata_plan_add_resource (self->plan, disk->disk->source);
    }

  if (!seals)
    add_protect (self, disks);
  on_overlays = strata_domain_xml_copy (definition);
  strata_in_place_set_disks (on_overlays, disks, seals);
  strata_planner_add_define (self, on_overlays, NULL, TRUE);
  if (seals)
    {
      strata_in_place_finish (self, disks, on_overlays, definition);
      add_protect (self, disks);
    }

  strata_plan_add_effect (self->plan, STRATA_EFFECT_CREATES, 0, _ ("The template “%s”"), name);
  add_notes (self, disks);

  return self->plan;
}
