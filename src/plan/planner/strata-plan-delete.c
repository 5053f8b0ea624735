/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plan that deletes a virtual machine or a template, with the images that no other holder needs. */

#include "graph/strata-holders.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"
#include "base/strata-error.h"

/* Its name; and where it is itself independent by now, and only its snapshots are not, theirs. ONLY is set then. */
static char *
describe_clone (StrataPlanner *self,
                StrataDomainFacts *template,
                StrataDomainFacts *clone,
                gboolean *only)
{
  g_autoptr (GPtrArray) snapshots = g_ptr_array_new_null_terminated (4, g_free, TRUE);
  g_autofree char *list = NULL;

  for (guint i = 0; i < template->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (template->disks, i);
      g_autoptr (GPtrArray) holders = disk->source != NULL
                                          ? strata_graph_get_holders (self->graph, disk->source)
                                          : g_ptr_array_new ();

      for (guint j = 0; j < holders->len; j++)
        {
          const StrataHolder *holder = g_ptr_array_index (holders, j);

          /* It may be its mark alone that names the template. */
          if (holder->domain != clone || holder->key->kind == STRATA_HOLDER_KEY_TEMPLATE)
            continue;
          if (holder->kind != STRATA_HOLDER_SNAPSHOT)
            return g_strdup (clone->name);
          if (!g_ptr_array_find_with_equal_func (snapshots, holder->snapshot, g_str_equal, NULL))
            g_ptr_array_add (snapshots, g_strdup (holder->snapshot));
        }
    }
  if (snapshots->len == 0)
    return g_strdup (clone->name);

  *only = TRUE;
  list = g_strjoinv (", ", (char **) snapshots->pdata);

  /* Translators: a virtual machine, and the names of its snapshots */
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s by its snapshot %s",
                                       "%s by its snapshots %s", snapshots->len),
                          clone->name, list);
}

static gboolean
require_no_clones (StrataPlanner *self, StrataDomainFacts *domain, GError **error)
{
  g_autoptr (GPtrArray) clones = strata_graph_get_thin_clones (self->graph, domain);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;
  g_autofree char *list = NULL;
  gboolean only = FALSE;

  if (clones->len == 0)
    return TRUE;

  for (guint i = 0; i < clones->len; i++)
    g_strv_builder_take (builder,
                         describe_clone (self, domain, g_ptr_array_index (clones, i), &only));
  names = g_strv_builder_end (builder);
  list = g_strjoinv (", ", names);

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    only ? _ ("Delete them first, or make them independent of it; where it is "
                              "snapshots that stand on it, delete those.")
                         : _ ("Delete them first, or make them independent of it."),
                    /* Translators: how many, a template or VM, and the names */
                    g_dngettext (GETTEXT_PACKAGE, "%u thin clone stands on “%s”: %s",
                                 "%u thin clones stand on “%s”: %s", clones->len),
                    clones->len, domain->name, list);
  return FALSE;
}

/* Children first, so that on the way back parents come first. */
static gboolean
forget_below (StrataPlanner *self, StrataDomainFacts *domain, const char *parent, GError **error)
{
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      if (g_strcmp0 (snapshot->parent, parent) == 0 &&
          (!forget_below (self, domain, snapshot->name, error) ||
           !strata_planner_add_delete_metadata (self, domain, snapshot, FALSE, error)))
        return FALSE;
    }

  return TRUE;
}

static gboolean
add_file (StrataPlanner *self,
          StrataDomainFacts *domain,
          const char *path,
          GPtrArray *paths,
          GError **error)
{
  StrataImage *image = strata_graph_get_image (self->graph, path);

  if (image == NULL || image->missing || image->type != STRATA_IMAGE_FILE ||
      g_ptr_array_find_with_equal_func (paths, path, g_str_equal, NULL))
    return TRUE;
  if (!strata_planner_require_sole_use (self, domain, path, error))
    return FALSE;

  g_ptr_array_add (paths, (gpointer) path);
  strata_planner_add_remove (self, path);
  if (strata_planner_removes (self, path))
    strata_plan_add_effect (self->plan, STRATA_EFFECT_DISCARDS, image->allocation,
                            _ ("“%s” is deleted"), path);

  return TRUE;
}

/* Frozen images and memories; what the lowest of them stands on is not the domain's. PATHS: what is removed already. */
static gboolean
add_snapshot_files (StrataPlanner *self,
                    StrataDomainFacts *domain,
                    GPtrArray *paths,
                    GError **error)
{
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      for (guint j = 0; j < snapshot->disks->len; j++)
        {
          StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);

          if (disk->location != STRATA_SNAPSHOT_NONE && disk->image != NULL &&
              !add_file (self, domain, disk->image, paths, error))
            return FALSE;
        }
      if (snapshot->memory_file != NULL && !snapshot->memory_missing)
        {
          strata_planner_add_remove (self, snapshot->memory_file);
          strata_plan_add_effect (self->plan, STRATA_EFFECT_DISCARDS, 0, _ ("“%s” is deleted"),
                                  snapshot->memory_file);
        }
      strata_plan_discard_snapshot (self->plan, domain->uuid, snapshot->name);
    }

  return TRUE;
}

/* What a definition says is only read was made by another, and is there for reference; a template's own disks are read-only by their
 * permissions alone. */
static gboolean
is_own_file (StrataDiskXml *disk)
{
  return g_strcmp0 (disk->device, "disk") == 0 && g_strcmp0 (disk->type, "file") == 0 &&
         disk->source != NULL && !disk->shareable && !disk->read_only;
}

static gboolean
add_images (StrataPlanner *self, StrataDomainFacts *domain, GPtrArray *paths, GError **error)
{
  GPtrArray *disks = domain->disks;

  for (guint i = 0; i < disks->len; i++)
    {
      StrataDiskXml *disk = g_ptr_array_index (disks, i);
      StrataImage *image = strata_graph_get_image (self->graph, disk->source);

      if (!is_own_file (disk))
        {
          if (disk->source != NULL)
            strata_plan_add_effect (self->plan, STRATA_EFFECT_NOTE, 0, _ ("“%s” stays as it is"),
                                    disk->source);
          continue;
        }
      if (image == NULL || image->missing)
        {
          strata_plan_add_effect (self->plan, STRATA_EFFECT_NOTE, 0, _ ("“%s” is missing already"),
                                  disk->source);
          continue;
        }
      if (!add_file (self, domain, image->path, paths, error))
        return FALSE;
    }

  return TRUE;
}

/**
 * strata_plan_delete:
 * @self: the planner
 * @error: the refusal, with the names of the thin clones
 *
 * Its own images and those of its snapshots go; what they stand on (a template's disks) stays.
 *
 * Returns: (transfer full): the plan
 */
StrataPlan *
strata_plan_delete (StrataPlanner *self, GError **error)
{
  StrataDomainFacts *domain = strata_planner_find_domain (self, error);
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  g_autofree char *nvram = NULL;
  g_autofree char *title = NULL;

  if (domain == NULL || !strata_planner_require_off (domain, error) ||
      !require_no_clones (self, domain, error))
    return NULL;

  title = g_strdup_printf (domain->template_mark != NULL ? _ ("Delete the template “%s”")
                                                         : _ ("Delete “%s”"),
                           domain->name);
  self->plan = strata_plan_new (title, _ ("Delete"));
  strata_planner_add_power (self, domain);
  strata_plan_discard_domain (self->plan, domain->uuid);
  if (!forget_below (self, domain, NULL, error))
    return NULL;
  strata_planner_add_undefine (self, domain);
  if (!add_images (self, domain, paths, error) || !add_snapshot_files (self, domain, paths, error))
    return NULL;

  nvram = strata_domain_xml_get_nvram (domain->definition);
  if (nvram != NULL)
    strata_plan_add_step (self->plan, STRATA_STEP_DELETE_FILE,
                          strata_step_args ("path", nvram, NULL), _ ("Delete its UEFI variables"))
        ->forward_only = TRUE;

  strata_plan_add_effect (self->plan, STRATA_EFFECT_REMOVES, 0,
                          _ ("The definition of “%s” is removed"), domain->name);

  return self->plan;
}
