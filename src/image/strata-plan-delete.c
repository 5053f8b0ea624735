/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plan that deletes a virtual machine or a template, with the images that nobody else needs. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"
#include "xml/strata-error.h"

static gboolean
need_no_clones (StrataPlanner *self, StrataDomainFacts *domain, GError **error)
{
  g_autoptr (GPtrArray) clones = strata_graph_get_thin_clones (self->graph, domain);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;
  g_autofree char *list = NULL;

  if (clones->len == 0)
    return TRUE;

  for (guint i = 0; i < clones->len; i++)
    g_strv_builder_add (builder, ((StrataDomainFacts *) g_ptr_array_index (clones, i))->name);
  names = g_strv_builder_end (builder);
  list = g_strjoinv (", ", names);

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Delete them first, or make them independent of it."),
                    /* Translators: how many, a template or VM, and the names */
                    g_dngettext (GETTEXT_PACKAGE, "%u thin clone stands on “%s”: %s",
                                 "%u thin clones stand on “%s”: %s", clones->len),
                    clones->len, domain->name, list);
  return FALSE;
}

static gboolean
need_no_snapshots (StrataDomainFacts *domain, GError **error)
{
  g_auto (GStrv) list = NULL;
  g_autofree char *names = NULL;

  if (domain->snapshots->len == 0)
    return TRUE;

  list = strata_domain_facts_get_snapshot_names (domain);
  names = g_strjoinv (", ", list);
  strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Delete the snapshots first."),
                    _ ("“%s” has snapshots: %s"), domain->name, names);
  return FALSE;
}

static gboolean
is_own_file (StrataDiskXml *disk)
{
  return g_strcmp0 (disk->device, "disk") == 0 && g_strcmp0 (disk->type, "file") == 0 &&
         disk->source != NULL && !disk->shareable;
}

static gboolean
add_images (StrataPlanner *self, StrataDomainFacts *domain, GError **error)
{
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (domain->definition);

  for (guint i = 0; i < disks->len; i++)
    {
      StrataDiskXml *disk = g_ptr_array_index (disks, i);
      StrataImage *image = strata_graph_get_image (self->graph, disk->source);

      if (!is_own_file (disk))
        continue;
      if (image == NULL || image->missing)
        {
          strata_plan_add_effect (self->plan, STRATA_EFFECT_NOTE, 0, _ ("“%s” is missing already"),
                                  disk->source);
          continue;
        }
      if (!strata_planner_need_sole_use (self, domain, image->path, error))
        return FALSE;

      strata_planner_add_remove (self, image->path);
      strata_plan_add_effect (self->plan, STRATA_EFFECT_DISCARDS, image->allocation,
                              _ ("“%s” is deleted"), image->path);
    }

  return TRUE;
}

/**
 * strata_plan_delete:
 * @self: the planner
 * @error: the refusal, with the names of the thin clones
 *
 * Its own top images go; what they stand on (a template's disks) stays.
 *
 * Returns: (transfer full): the plan
 */
StrataPlan *
strata_plan_delete (StrataPlanner *self, GError **error)
{
  StrataDomainFacts *domain = strata_planner_find_domain (self, error);
  g_autofree char *nvram = NULL;
  g_autofree char *title = NULL;

  if (domain == NULL || !strata_planner_need_off (domain, error) ||
      !need_no_clones (self, domain, error) || !need_no_snapshots (domain, error))
    return NULL;

  title = g_strdup_printf (domain->template_mark != NULL ? _ ("Delete the template “%s”")
                                                         : _ ("Delete “%s”"),
                           domain->name);
  self->plan = strata_plan_new (title, _ ("Delete"));
  strata_planner_add_power (self, domain);
  strata_planner_add_undefine (self, domain);
  if (!add_images (self, domain, error))
    return NULL;

  nvram = strata_domain_xml_get_nvram (domain->definition);
  if (nvram != NULL)
    strata_plan_add_step (self->plan, "delete-file", strata_step_args ("path", nvram, NULL),
                          _ ("Delete its UEFI variables"))
        ->forward_only = TRUE;

  strata_plan_add_effect (self->plan, STRATA_EFFECT_REMOVES, 0,
                          _ ("The definition of “%s” is removed"), domain->name);

  return self->plan;
}
