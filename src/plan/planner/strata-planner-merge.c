/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Merging an image into its neighbour: which way is open, and the steps.
 *
 * Commit brings the upper image's bytes down into the lower one, pull the lower one's up into the upper. Which of the two
 * may be done is a matter of the law (internal snapshots, sizes, who else reads the image) and of what QEMU can do
 * while some of the images are open.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"
#include "base/strata-error.h"

static gboolean
is_writable (const StrataLayer *layer)
{
  return layer->mode == 0 || (layer->mode & 0222) != 0;
}

/* The one disk of a running VM in whose open chain PATH is; SEVERAL where there are more than one. */
static StrataHolder *
find_sole_running (StrataPlanner *self, const char *path, gboolean *several)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  GPtrArray *holders = strata_layers_get_holders (layers);
  StrataHolder *found = NULL;

  *several = FALSE;
  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);

      if (!holder->active || !strata_layers_reach (layers, holder->top, path))
        continue;
      *several = found != NULL;
      found = holder;
    }

  return found;
}

static char *
say_running (StrataPlanner *self, const StrataHolder *holder, const char *path)
{
  StrataDomainFacts *domain = strata_graph_find_domain (self->graph, holder->uuid);

  /* Translators: a VM's name, then a file */
  return g_strdup_printf (_ ("“%s” runs and has “%s” open; shut it down first"), domain->name,
                          path);
}

/* A disk that has all of a device's bytes is as large as the device. */
static gboolean
can_grow (StrataPlanner *self, const StrataLayer *layer)
{
  const StrataImage *image = strata_graph_get_image (self->graph, layer->path);

  return image == NULL || image->type != STRATA_IMAGE_BLOCK ||
         g_strcmp0 (image->format, "raw") != 0;
}

static char *
check_sizes (const StrataLayer *upper, const StrataLayer *lower, gboolean may_grow)
{
  if (upper->capacity == lower->capacity || (may_grow && upper->capacity > lower->capacity))
    return NULL;

  return g_strdup_printf (
      _ ("“%s” and “%s” have different virtual sizes, and merging them would change bytes"),
      upper->path, lower->path);
}

/* Whose header has to be rewritten can only be open in the VM that does the commit. */
static char *
check_live_commit (StrataPlanner *self, const StrataMerging *merging, const StrataHolder *running)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  g_autoptr (GPtrArray) overlays = strata_layers_get_overlays (layers, merging->upper->path);

  if (!strata_layers_reach (layers, running->top, merging->upper->path))
    return say_running (self, running, merging->lower->path);

  for (guint i = 0; i < overlays->len; i++)
    {
      StrataLayer *overlay = g_ptr_array_index (overlays, i);

      if (!strata_layers_reach (layers, running->top, overlay->path))
        return say_running (self, running, merging->upper->path);
    }

  return NULL;
}

/* An image that goes by another's name afterwards must belong to a domain that can be told so. */
static char *
check_owners (StrataPlanner *self, const StrataLayer *upper)
{
  GPtrArray *holders = strata_layers_get_holders (strata_planner_get_layers (self));

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);

      if (g_strcmp0 (holder->top, upper->path) != 0)
        continue;
      if (holder->kind == STRATA_HOLDER_IMAGE)
        return g_strdup_printf (_ ("“%s” stands on it, and nobody names that one"), upper->path);
      if (holder->key->kind == STRATA_HOLDER_KEY_USE && holder->snapshot != NULL)
        /* Translators: a snapshot, a virtual machine */
        return g_strdup_printf (_ ("the snapshot “%s” of “%s” has it on QEMU’s command line"),
                                holder->snapshot,
                                strata_graph_find_domain (self->graph, holder->uuid)->name);
      if (holder->key->kind == STRATA_HOLDER_KEY_USE)
        return g_strdup_printf (_ ("“%s” has it open or saved under that name, besides its disks"),
                                strata_graph_find_domain (self->graph, holder->uuid)->name);
      if (holder->kind == STRATA_HOLDER_TEMPLATE)
        return g_strdup_printf (_ ("the template “%s” stands on it"),
                                strata_graph_find_domain (self->graph, holder->uuid)->name);
    }

  return NULL;
}

/* A guest that runs goes on writing while its overlay is put into the image below, and stops where that can't grow. */
static char *
check_room (StrataPlanner *self, const StrataMerging *merging)
{
  const StrataLayer *lower = merging->lower;
  guint64 left = lower->capacity > lower->allocation ? lower->capacity - lower->allocation : 0;
  g_autoptr (GError) error = NULL;

  if (strata_planner_require_space (self, lower->path, MIN (merging->upper->allocation, left),
                                    &error))
    return NULL;

  return g_strdup (error->message);
}

static char *
check_commit (StrataPlanner *self, const StrataMerging *merging)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  g_autoptr (GPtrArray) overlays = strata_layers_get_overlays (layers, merging->upper->path);
  const StrataHolder *running;
  gboolean several;
  char *why;

  if (merging->upper->tags->len > 0)
    return g_strdup_printf (_ ("“%s” holds internal snapshots, which would go with it"),
                            merging->upper->path);
  if (!is_writable (merging->lower))
    return g_strdup_printf (_ ("“%s” is write-protected"), merging->lower->path);
  if (strata_planner_is_anothers (self, merging->lower->path))
    return g_strdup_printf (_ ("“%s” belongs to another user"), merging->lower->path);
  why = check_owners (self, merging->upper);
  if (why == NULL)
    why = check_sizes (merging->upper, merging->lower,
                       overlays->len == 0 && can_grow (self, merging->lower));
  if (why != NULL)
    return why;

  running = find_sole_running (self, merging->lower->path, &several);
  if (several)
    return say_running (self, running, merging->lower->path);
  if (running != NULL)
    {
      why = check_live_commit (self, merging, running);
      return why != NULL ? why : check_room (self, merging);
    }

  for (guint i = 0; i < overlays->len; i++)
    {
      StrataLayer *overlay = g_ptr_array_index (overlays, i);

      if (!is_writable (overlay))
        return g_strdup_printf (_ ("“%s” is write-protected"), overlay->path);
    }

  return NULL;
}

static char *
check_pull (StrataPlanner *self, const StrataMerging *merging)
{
  const StrataHolder *running;
  gboolean several;
  char *why;

  if (merging->upper->tags->len > 0 || merging->lower->tags->len > 0)
    return g_strdup_printf (_ ("“%s” holds internal snapshots"), merging->upper->tags->len > 0
                                                                     ? merging->upper->path
                                                                     : merging->lower->path);
  if (!is_writable (merging->upper))
    return g_strdup_printf (_ ("“%s” is write-protected"), merging->upper->path);
  why = check_sizes (merging->upper, merging->lower, FALSE);
  if (why != NULL)
    return why;

  running = find_sole_running (self, merging->upper->path, &several);
  /* libvirt pulls into the active layer only, and no other process can write to an image that is open. */
  if (running != NULL && (several || g_strcmp0 (running->top, merging->upper->path) != 0))
    return say_running (self, running, merging->upper->path);
  if (running == NULL)
    {
      running = find_sole_running (self, merging->lower->path, &several);
      if (running != NULL && g_strcmp0 (running->top, merging->lower->path) == 0)
        return say_running (self, running, merging->lower->path);
    }

  return NULL;
}

/**
 * strata_planner_choose_merge:
 * @self: the planner
 * @wanted: which way
 * @merging: upper and lower image; takes the direction
 * @why: (out) (transfer full): why not
 *
 * The caller has seen to it that each holder that reads the lower image reads it through the upper one.
 *
 * Returns: whether a way is open
 */
gboolean
strata_planner_choose_merge (StrataPlanner *self,
                             StrataMerge wanted,
                             StrataMerging *merging,
                             char **why)
{
  g_autofree char *no_commit = check_commit (self, merging);
  g_autofree char *no_pull = check_pull (self, merging);
  gboolean commit = no_commit == NULL && wanted != STRATA_MERGE_PULL;
  gboolean pull = no_pull == NULL && wanted != STRATA_MERGE_COMMIT;

  if (commit && pull)
    pull = merging->lower->allocation < merging->upper->allocation;
  if (!commit && !pull)
    {
      *why = wanted == STRATA_MERGE_PULL || no_commit == NULL ? g_steal_pointer (&no_pull)
                                                              : g_steal_pointer (&no_commit);
      return FALSE;
    }

  merging->direction = pull ? STRATA_MERGE_PULL : STRATA_MERGE_COMMIT;

  return TRUE;
}

static gboolean
add_one_commit (StrataPlanner *self,
                const StrataMerging *merging,
                const StrataLayer *via,
                const StrataHolder *running,
                GError **error)
{
  const StrataLayer *upper = merging->upper;
  const StrataLayer *lower = merging->lower;
  g_autofree char *top_name = g_path_get_basename (upper->path);
  g_autofree char *base_name = g_path_get_basename (lower->path);
  gboolean active = via == NULL && (running == NULL || g_strcmp0 (running->top, upper->path) == 0);
  JsonObject *args = strata_step_args ("top", upper->path, "top-format", upper->format, "base",
                                       lower->path, "base-format", lower->format, NULL);
  StrataStep *step;

  json_object_set_boolean_member (args, "active", active);
  if (via != NULL)
    {
      json_object_set_string_member (args, "via", via->path);
      json_object_set_string_member (args, "via-format", via->format);
    }
  if (running != NULL)
    {
      json_object_set_string_member (args, "uuid", running->uuid);
      json_object_set_string_member (args, "target", running->target);
    }

  step = strata_plan_add_step (self->plan, STRATA_STEP_COMMIT, args, _ ("Commit “%s” into “%s”"),
                               top_name, base_name);
  step->forward_only = TRUE;
  step->bytes = upper->allocation;
  if (running != NULL)
    strata_plan_add_command (self->plan, "virsh", "blockcommit",
                             strata_graph_find_domain (self->graph, running->uuid)->name,
                             running->target, "--top", upper->path, "--base", lower->path, "--wait",
                             active ? "--active" : NULL, "--pivot", NULL);
  else
    strata_plan_add_command (self->plan, "qemu-img", "commit", "-b", lower->path, upper->path,
                             NULL);

  return strata_planner_apply (self, step, error);
}

/* Every overlay of the image that goes is told of its new base, by the same commit once more on each. */
static gboolean
add_commit (StrataPlanner *self, const StrataMerging *merging, GError **error)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  g_autoptr (GPtrArray) overlays = strata_layers_get_overlays (layers, merging->upper->path);
  StrataHolder *running = strata_planner_find_running (self, merging->upper->path);

  if (running != NULL || overlays->len == 0)
    return add_one_commit (self, merging, NULL, running, error);

  for (guint i = 0; i < overlays->len; i++)
    {
      if (!add_one_commit (self, merging, g_ptr_array_index (overlays, i), NULL, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
add_pull (StrataPlanner *self, const StrataMerging *merging, GError **error)
{
  const StrataLayer *upper = merging->upper;
  const StrataLayer *lower = merging->lower;
  StrataHolder *running = strata_planner_find_running (self, upper->path);
  g_autofree char *name = g_path_get_basename (upper->path);
  g_autofree char *from = g_path_get_basename (lower->path);
  JsonObject *args = strata_step_args ("image", upper->path, "format", upper->format, "base",
                                       lower->backing, "base-format", lower->backing_format, NULL);
  StrataStep *step;

  if (running != NULL)
    {
      json_object_set_string_member (args, "uuid", running->uuid);
      json_object_set_string_member (args, "target", running->target);
    }
  step = strata_plan_add_step (self->plan, STRATA_STEP_PULL, args, _ ("Pull “%s” up into “%s”"),
                               from, name);
  step->forward_only = TRUE;
  step->bytes = lower->allocation;
  if (running != NULL)
    strata_plan_add_command (self->plan, "virsh", "blockpull",
                             strata_graph_find_domain (self->graph, running->uuid)->name,
                             running->target, "--wait", lower->backing != NULL ? "--base" : NULL,
                             lower->backing, NULL);
  else
    strata_plan_add_command (self->plan, "qemu-img", "rebase", "-b",
                             lower->backing != NULL ? lower->backing : "", upper->path, NULL);

  return strata_planner_apply (self, step, error);
}

static gboolean
says_backing (StrataDomainXml *definition)
{
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (definition);

  for (guint i = 0; i < disks->len; i++)
    {
      if (((StrataDiskXml *) g_ptr_array_index (disks, i))->backing != NULL)
        return TRUE;
    }

  return FALSE;
}

/* An explicit <backingStore>, as libvirt itself writes it when it takes an external snapshot of a VM that is off, outranks
 * the headers. After a merge it would open images that are gone, or worse, still there. So it goes before. */
gboolean
strata_planner_drop_backing (StrataPlanner *self, const char *path, GError **error)
{
  StrataLayers *layers = strata_planner_get_layers (self);
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (domains, i);
      StrataDomainXml *definition;
      gboolean reaches = FALSE;

      for (guint j = 0; j < domain->disks->len && !reaches; j++)
        {
          StrataHolder *holder = strata_layers_find_disk (
              layers, domain->uuid, ((StrataDiskXml *) domain->disks->pdata[j])->target);

          reaches = holder != NULL && strata_layers_reach (layers, holder->top, path);
        }
      if (reaches && !strata_planner_require_unsaved (domain, error))
        return FALSE;
      definition = reaches ? strata_planner_get_definition (self, domain->uuid) : NULL;
      if (definition == NULL || !domain->persistent || !says_backing (definition))
        continue;
      if (!strata_planner_require_agreement (self, domain, error))
        return FALSE;

      strata_domain_xml_drop_backing (definition);
      if (!strata_planner_apply (
              self,
              strata_planner_add_define (self, definition,
                                         strata_planner_get_defined (self, domain), FALSE),
              error))
        return FALSE;
    }

  return TRUE;
}

/**
 * strata_planner_add_merge:
 * @self: the planner
 * @merging: what strata_planner_choose_merge() chose
 * @error: why it can't be done
 *
 * Adds the steps. What stands on the image that goes, and who names it, is for the caller.
 *
 * Returns: whether it can be done
 */
gboolean
strata_planner_add_merge (StrataPlanner *self, const StrataMerging *merging, GError **error)
{
  strata_plan_add_resource (self->plan, merging->upper->path);
  strata_plan_add_resource (self->plan, merging->lower->path);
  if (!strata_planner_drop_backing (self, merging->upper->path, error))
    return FALSE;

  return merging->direction == STRATA_MERGE_COMMIT ? add_commit (self, merging, error)
                                                   : add_pull (self, merging, error);
}
