/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plans of "seal": a stopped VM, or an image file by itself. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-plan-in-place.h"
#include "base/strata-error.h"

StrataPlan *
strata_plan_seal_domain (StrataPlanner *self, GError **error)
{
  StrataDomainFacts *domain = strata_planner_find_domain (self, error);
  g_autoptr (GPtrArray) disks = NULL;
  g_autoptr (StrataDomainXml) on_overlays = NULL;
  g_autoptr (StrataDomainXml) on_disks = NULL;
  g_autofree char *title = NULL;

  if (domain == NULL || !strata_planner_require_guest_here (self, error) ||
      !strata_planner_require_off (domain, error) || !strata_in_place_require_plain (domain, error))
    return NULL;

  disks = strata_planner_get_disks (self, domain->definition, domain->name, error);
  if (disks == NULL || !strata_in_place_require_files (disks, domain->name, error))
    return NULL;

  title = g_strdup_printf (_ ("Seal “%s”"), domain->name);
  self->plan = strata_plan_new (title, _ ("Seal"));
  strata_plan_add_resource (self->plan, domain->uuid);
  strata_planner_add_power (self, domain);
  if (!strata_in_place_prepare (self, domain, disks, domain->name, error))
    return NULL;

  on_overlays = strata_domain_xml_new_from_string (domain->xml, error);
  on_disks = strata_domain_xml_new_from_string (domain->xml, error);
  if (on_overlays == NULL || on_disks == NULL)
    return NULL;

  strata_in_place_set_disks (on_overlays, disks, TRUE);
  strata_in_place_set_disks (on_disks, disks, FALSE);
  strata_planner_add_define (self, on_overlays, domain->xml, FALSE);
  strata_in_place_finish (self, disks, on_overlays, on_disks);
  strata_plan_add_effect (self->plan, STRATA_EFFECT_DISCARDS, 0,
                          _ ("Host keys, machine-id, logs and the like leave “%s” for good"),
                          domain->name);

  return self->plan;
}

/* A guest may have written any header onto a raw disk, with any file of the host as what it stands on. Where nothing says that
 * the image is of that format, only a person can. */
static gboolean
require_trusted (const StrataImage *image, GError **error)
{
  g_autofree char *hint = NULL;

  if (image->declared || (image->backing_path == NULL && image->data_file == NULL))
    return TRUE;

  hint = g_strdup_printf (_ ("If that is right, say so with “--format %s”; if it is the disk of a "
                             "guest, it is most likely “--format raw”."),
                          image->format);
  strata_set_error (
      error, STRATA_ERROR_REFUSED, hint,
      /* Translators: an image, then a format and another image */
      _ ("No definition names “%s”, and what is in it says that it is %s and stands on "
         "“%s”, which its guest may have written there"),
      image->path, image->format,
      image->backing_path != NULL ? image->backing_path : image->data_file);
  return FALSE;
}

StrataPlan *
strata_plan_seal_image (StrataPlanner *self, GError **error)
{
  const char *path = self->request->file;
  g_autoptr (GPtrArray) disks = g_ptr_array_new_with_free_func (strata_planned_disk_free);
  g_autofree char *base = NULL;
  g_autofree char *title = NULL;
  StrataPlannedDisk *disk;

  g_return_val_if_fail (path != NULL, NULL);

  base = g_path_get_basename (path);
  disk = g_new0 (StrataPlannedDisk, 1);
  disk->disk = g_new0 (StrataDiskXml, 1);
  disk->disk->target = g_strdup ("disk");
  g_ptr_array_add (disks, disk);
  disk->chain = strata_planner_require_guest_here (self, error)
                    ? strata_graph_get_chain (self->graph, path, error)
                    : NULL;
  if (disk->chain == NULL || !require_trusted (g_ptr_array_index (disk->chain, 0), error) ||
      !strata_planner_require_known_format (disk->chain, error))
    return NULL;

  title = g_strdup_printf (_ ("Seal the image “%s”"), base);
  self->plan = strata_plan_new (title, _ ("Seal"));
  if (!strata_in_place_prepare (self, NULL, disks, base, error))
    return NULL;

  strata_in_place_finish (self, disks, NULL, NULL);
  strata_plan_add_effect (self->plan, STRATA_EFFECT_DISCARDS, 0,
                          _ ("Host keys, machine-id, logs and the like leave “%s” for good"), path);

  return self->plan;
}
