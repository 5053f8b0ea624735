/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plans that change what is written about snapshots, and no image: a new name or description, and metadata that
 * another program left unsound.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"
#include "base/strata-error.h"
#include "plan/strata-writers.h"
#include "plan/strata-name.h"

static gboolean
require_renamable (StrataDomainFacts *domain, const StrataSnapshotFacts *snapshot, GError **error)
{
  if (!strata_snapshot_facts_has (snapshot, STRATA_SNAPSHOT_INTERNAL) &&
      snapshot->memory != STRATA_SNAPSHOT_INTERNAL)
    return TRUE;

  /* Revert then fails, and native deletion says that it succeeded and leaves the tag (tested on 9.0 and 11.3). */
  strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Give it a description instead."),
                    _ ("“%s” of “%s” is internal, and its name is the tag in the image"),
                    snapshot->name, domain->name);
  return FALSE;
}

static gboolean
move_children (StrataPlanner *self,
               StrataDomainFacts *domain,
               const StrataSnapshotFacts *snapshot,
               const char *name,
               GError **error)
{
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      StrataSnapshotFacts *child = g_ptr_array_index (domain->snapshots, i);
      StrataSnapshotXml *document;

      if (g_strcmp0 (child->parent, snapshot->name) != 0)
        continue;
      document = strata_planner_get_document (self, domain, child);
      strata_snapshot_xml_set_parent (document, name);
      if (!strata_planner_add_snapshot_define (self, domain, child, document, FALSE, error))
        return FALSE;
    }

  return TRUE;
}

/* The new name first, then the children, then the old name goes: at each moment every frozen image is named. */
static gboolean
rename_snapshot (StrataPlanner *self,
                 StrataDomainFacts *domain,
                 const StrataSnapshotFacts *snapshot,
                 StrataSnapshotXml *document,
                 GError **error)
{
  const char *name = self->request->rename;
  StrataStep *forgotten;

  if (!require_renamable (domain, snapshot, error) ||
      !strata_planner_require_free_snapshot (domain, name, error))
    return FALSE;

  strata_snapshot_xml_set_name (document, name);
  strata_plan_discard_snapshot (self->plan, domain->uuid, snapshot->name);
  strata_plan_add_effect (self->plan, STRATA_EFFECT_CHANGES, 0,
                          _ ("“%s” is called “%s” from now on"), snapshot->name, name);

  if (!strata_planner_add_snapshot_define (self, domain, NULL, document, snapshot->current,
                                           error) ||
      !move_children (self, domain, snapshot, name, error) ||
      !strata_planner_add_delete_metadata (self, domain, snapshot, FALSE, error))
    return FALSE;
  forgotten = strata_plan_get_step (self->plan, strata_plan_get_n_steps (self->plan) - 1);
  json_object_set_string_member (forgotten->args, "renamed", name);

  return strata_planner_add_reconcile (self, domain, NULL, error);
}

/**
 * strata_plan_snapshot_edit:
 * @self: the planner
 * @error: the refusal
 *
 * Returns: (transfer full): the plan
 */
StrataPlan *
strata_plan_snapshot_edit (StrataPlanner *self, GError **error)
{
  const StrataRequest *request = self->request;
  StrataDomainFacts *domain = strata_planner_find_domain (self, error);
  StrataSnapshotFacts *snapshot =
      domain != NULL ? strata_planner_find_snapshot (self, domain, request->snapshot, error) : NULL;
  g_autofree char *title = NULL;
  StrataSnapshotXml *document;

  if (snapshot == NULL || !strata_description_check (request->description, error))
    return NULL;

  title = g_strdup_printf (_ ("Edit the snapshot “%s” of “%s”"), snapshot->name, domain->name);
  self->plan = strata_plan_new (title, _ ("Save"));
  document = strata_planner_get_document (self, domain, snapshot);
  if (request->description != NULL)
    {
      strata_snapshot_xml_set_description (document, request->description);
      strata_plan_add_effect (self->plan, STRATA_EFFECT_CHANGES, 0,
                              _ ("“%s” gets a new description"), snapshot->name);
    }

  if (request->rename != NULL && g_strcmp0 (request->rename, snapshot->name) != 0)
    return rename_snapshot (self, domain, snapshot, document, error) ? self->plan : NULL;

  if (request->description == NULL)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                        _ ("There is neither a new name nor a new description"));
      return NULL;
    }

  return strata_planner_add_snapshot_define (self, domain, snapshot, document, snapshot->current,
                                             error) &&
                 strata_planner_add_reconcile (self, domain, NULL, error)
             ? self->plan
             : NULL;
}

/* Their names go and every file stays: the images are the domain's disks, and hold nothing else any more. Where it is another
 * domain that may write below a snapshot it may not have done so yet, and what was kept is there still. */
static gboolean
forget_stale (StrataPlanner *self, StrataDomainFacts *domain, guint *n_left, GError **error)
{
  g_autoptr (StrataLayers) layers = strata_layers_new (self->graph);
  g_autoptr (StrataWriters) writers = strata_writers_new (self->graph, layers);

  *n_left = domain->snapshots->len;
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);
      gboolean lost;
      g_autofree char *why = strata_writers_find_stale (writers, domain, snapshot, &lost);

      if (why == NULL || !lost)
        continue;
      (*n_left)--;
      strata_plan_discard_snapshot (self->plan, domain->uuid, snapshot->name);
      strata_plan_add_effect (
          self->plan, STRATA_EFFECT_CHANGES, 0,
          /* Translators: a snapshot, and the reason */
          _ ("“%s” is taken out of the list of snapshots, and no file is touched: "
             "%s"),
          snapshot->name, why);
      if (snapshot->memory_file != NULL && !snapshot->memory_missing)
        strata_plan_add_effect (self->plan, STRATA_EFFECT_NOTE, 0,
                                _ ("The memory of that time stays in “%s”"), snapshot->memory_file);
      if (!strata_planner_add_delete_metadata (self, domain, snapshot, FALSE, error))
        return FALSE;
    }

  return TRUE;
}

/* libvirt takes no document whose parent it doesn't know. */
static gboolean
find_parents (StrataPlanner *self, StrataDomainFacts *domain, GError **error)
{
  g_autoptr (StrataLayers) layers = strata_layers_new (self->graph);
  g_autoptr (StrataWriters) writers = strata_writers_new (self->graph, layers);

  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);
      g_autofree char *stale = NULL;
      g_autofree char *parent = NULL;
      gboolean lost;
      StrataSnapshotXml *document;

      if (snapshot->lost_parent == NULL)
        continue;
      /* That one is forgotten. */
      stale = strata_writers_find_stale (writers, domain, snapshot, &lost);
      if (stale != NULL && lost)
        continue;
      document = strata_planner_get_document (self, domain, snapshot);
      parent = strata_snapshot_xml_get_parent (document);
      if (parent != NULL)
        strata_plan_add_effect (self->plan, STRATA_EFFECT_CHANGES, 0,
                                _ ("“%s” comes after “%s” from now on"), snapshot->name, parent);
      else
        strata_plan_add_effect (self->plan, STRATA_EFFECT_CHANGES, 0,
                                _ ("“%s” comes after no other snapshot from now on"),
                                snapshot->name);
      if (!strata_planner_add_snapshot_define (self, domain, snapshot, document, snapshot->current,
                                               error))
        return FALSE;
    }

  return TRUE;
}

/* What a template has where the permissions of its disks are not to be changed from here. */
static gboolean
protect_by_definition (StrataPlanner *self, StrataDomainFacts *domain, GError **error)
{
  const char *defined = strata_planner_get_defined (self, domain);
  g_autoptr (StrataDomainXml) definition = strata_domain_xml_new_from_string (defined, error);

  if (definition == NULL)
    return FALSE;
  if (strata_domain_xml_is_protected (definition) ||
      !strata_domain_xml_set_protected (definition, TRUE))
    return TRUE;

  strata_planner_add_define (self, definition, defined, FALSE);
  strata_plan_add_effect (self->plan, STRATA_EFFECT_CHANGES, 0,
                          _ ("“%s” can’t be started any more"), domain->name);

  return TRUE;
}

/* A template's disk is made what it was made when it became one; what a guest may write to, another user may not read. */
static void
mend_mode (StrataPlanner *self, const StrataDomainFacts *domain, const StrataDiskXml *disk)
{
  StrataImage *image = strata_graph_get_image (self->graph, disk->source);
  guint mode;

  mode = image->mode;
  if (domain->template_mark != NULL && !disk->read_only && strata_image_is_writable (image))
    {
      mode = strata_image_get_protected_mode (image);
      strata_plan_add_effect (self->plan, STRATA_EFFECT_CHANGES, 0,
                              _ ("“%s” can’t be written to any more"), image->path);
    }
  if (image->backing_path != NULL && (image->mode & 0004) != 0)
    {
      mode &= ~0007u;
      strata_plan_add_effect (self->plan, STRATA_EFFECT_CHANGES, 0,
                              _ ("“%s” can’t be read by everybody any more"), image->path);
    }
  if (mode != image->mode)
    strata_planner_add_set_mode (self, image->path, mode, image->mode);
}

/**
 * strata_plan_reconcile:
 * @self: the planner
 * @error: the refusal
 *
 * Mends what can be mended without touching an image's bytes: the metadata of snapshots, also of those that do not hold what
 * they froze any more, retained layers that are free, and the mode of images that everybody may read and of a template's disks.
 *
 * Returns: (transfer full): the plan
 */
StrataPlan *
strata_plan_reconcile (StrataPlanner *self, GError **error)
{
  StrataDomainFacts *domain = strata_planner_find_domain (self, error);
  g_autofree char *title = NULL;
  guint n_left;

  if (domain == NULL)
    return NULL;

  title = g_strdup_printf (_ ("Repair “%s”"), domain->name);
  self->plan = strata_plan_new (title, _ ("Repair"));
  for (guint i = 0; i < domain->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (domain->disks, i);
      const StrataImage *image = strata_graph_get_image (self->graph, disk->source);

      if (image == NULL || g_strcmp0 (disk->device, "disk") != 0)
        continue;
      if (!image->mode_fixed)
        mend_mode (self, domain, disk);
      else if (domain->template_mark != NULL && !disk->read_only &&
               strata_template_is_open (domain, image) &&
               !protect_by_definition (self, domain, error))
        return NULL;
    }

  if (!find_parents (self, domain, error) || !forget_stale (self, domain, &n_left, error))
    return NULL;
  if (n_left > 0 && (!strata_planner_add_reconcile (self, domain, NULL, error) ||
                     !strata_planner_sweep (self, domain, NULL, error)))
    return NULL;

  return self->plan;
}
