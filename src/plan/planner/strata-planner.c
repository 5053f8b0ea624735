/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The planner's door: a graph and a request go in, a plan or a refusal comes out. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"
#include "plan/strata-law.h"

static StrataPlan *
make_plan (StrataPlanner *self, GError **error)
{
  switch (self->request->kind)
    {
    case STRATA_REQUEST_TEMPLATE_CREATE:
      return strata_plan_template_create (self, error);
    case STRATA_REQUEST_TEMPLATE_IMPORT:
      return strata_plan_template_import (self, error);
    case STRATA_REQUEST_TEMPLATE_DEPLOY:
      return strata_plan_deploy (self, error);
    case STRATA_REQUEST_SEAL_DOMAIN:
      return strata_plan_seal_domain (self, error);
    case STRATA_REQUEST_SEAL_IMAGE:
      return strata_plan_seal_image (self, error);
    case STRATA_REQUEST_DELETE:
      return strata_plan_delete (self, error);
    case STRATA_REQUEST_SNAPSHOT_CREATE:
      return strata_plan_snapshot_create (self, error);
    case STRATA_REQUEST_SNAPSHOT_REVERT:
      return strata_plan_snapshot_revert (self, error);
    case STRATA_REQUEST_SNAPSHOT_DELETE:
      return strata_plan_snapshot_delete (self, error);
    case STRATA_REQUEST_SNAPSHOT_EDIT:
      return strata_plan_snapshot_edit (self, error);
    case STRATA_REQUEST_CLONE:
      return strata_plan_clone (self, error);
    case STRATA_REQUEST_FLATTEN:
      return strata_plan_flatten (self, error);
    case STRATA_REQUEST_MERGE:
      return strata_plan_merge (self, error);
    case STRATA_REQUEST_RECONCILE:
      return strata_plan_reconcile (self, error);
    }

  g_assert_not_reached ();
}

/* So that the job that plans it again means the same machine and the same snapshot. */
static void
keep_request (StrataPlanner *self)
{
  g_autoptr (StrataRequest) request = strata_request_copy (self->request);
  StrataDomainFacts *domain = NULL;
  StrataSnapshotFacts *snapshot = NULL;

  if (request->domain != NULL)
    domain = strata_graph_find_domain (self->graph, request->domain);
  if (domain != NULL)
    g_set_str (&request->domain_uuid, domain->uuid);
  if (domain != NULL && request->kind != STRATA_REQUEST_SNAPSHOT_CREATE &&
      request->snapshot != NULL)
    snapshot = strata_domain_facts_find_snapshot (domain, request->snapshot);
  if (snapshot != NULL)
    g_set_str (&request->snapshot_id, snapshot->id);
  strata_plan_set_request (self->plan, request);
}

static gboolean
takes_away (StrataPlan *plan)
{
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      if (strata_step_is (strata_plan_get_step (plan, i), STRATA_STEP_COMMIT,
                          STRATA_STEP_DELETE_VOLUME))
        return TRUE;
    }

  return FALSE;
}

/* An image that isn't where its definition has it was moved away, or deleted. A broken VM would block every merge on the host
 * if it were held to stand on whatever there is, so a person is told instead. */
static void
note_missing (StrataPlanner *self)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      for (guint j = 0; j < domain->next_disks->len; j++)
        {
          const StrataDiskXml *disk = g_ptr_array_index (domain->next_disks, j);
          const StrataImage *image = strata_graph_get_image (self->graph, disk->source);

          if (image == NULL || image->state != STRATA_IMAGE_MISSING || disk->format == NULL ||
              g_str_equal (disk->format, "raw"))
            continue;
          strata_plan_add_effect (
              self->plan, STRATA_EFFECT_NOTE, 0,
              /* Translators: an image, and a VM */
              _ ("“%s”, a disk of “%s”, isn’t there, so that what it stands on isn’t known: if it "
                 "is to come back, bring it back before"),
              disk->source, domain->name);
        }
    }
}

static gboolean
changes_disks (StrataPlan *plan, const StrataRequest *request, const StrataDomainFacts *domain)
{
  if (request->kind == STRATA_REQUEST_SNAPSHOT_CREATE)
    return request->snapshot_kind != STRATA_SNAPSHOT_KIND_INTERNAL;

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      const StrataStep *step = strata_plan_get_step (plan, i);

      if (strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_UNDEFINE,
                          STRATA_STEP_SNAPSHOT_REVERT) &&
          g_strcmp0 (json_object_get_string_member_with_default (step->args, "uuid", NULL),
                     domain->uuid) == 0)
        return TRUE;
    }

  return takes_away (plan);
}

/* `virsh restore` of a file that libvirt doesn't know goes on with the disks of then by their paths: it may write to what a snapshot
 * froze since, or find an image of that name that holds other bytes. */
static void
note_saved (StrataPlanner *self)
{
  const StrataDomainFacts *domain =
      self->request->domain != NULL ? strata_graph_find_domain (self->graph, self->request->domain)
                                    : NULL;

  if (domain != NULL && domain->saved && !domain->managed_save &&
      changes_disks (self->plan, self->request, domain))
    strata_plan_add_effect (
        self->plan, STRATA_EFFECT_NOTE, 0,
        /* Translators: a VM. “virsh save” and “virsh restore” are commands. */
        _ ("“%s” was saved by another program. If that was to a file (“virsh save”), restore it "
           "before or never: “virsh restore” would go on with the disks of then"),
        domain->name);
}

static void
complete (StrataPlanner *self)
{
  g_autoptr (GPtrArray) resources = strata_plan_get_lock_resources (self->plan, self->graph);

  keep_request (self);
  if (takes_away (self->plan))
    note_missing (self);
  note_saved (self);
  for (guint i = 0; i < resources->len; i++)
    strata_plan_add_resource (self->plan, g_ptr_array_index (resources, i));
}

/**
 * strata_plan_request:
 * @graph: the host, as it is
 * @request: what is wanted
 * @error: where to put the refusal
 *
 * Pure: no I/O, the same answer for the same graph, apart from the random parts of new identities. The law: whatever
 * holder @request does not itself discard reads the same bytes after every step as it did before; a
 * plan for which the graph can't show that is refused.
 *
 * Any thread.
 *
 * Returns: (transfer full): a plan, or %NULL with the holder that is in the way in the message and
 *   what to do instead in the hint
 */
StrataPlan *
strata_plan_request (StrataGraph *graph, const StrataRequest *request, GError **error)
{
  StrataPlanner planner = { .graph = graph, .request = request };
  gboolean planned;

  g_return_val_if_fail (STRATA_IS_GRAPH (graph), NULL);
  g_return_val_if_fail (request != NULL, NULL);

  if (strata_graph_get_read_only (graph) != NULL)
    {
      g_propagate_error (error, g_error_copy (strata_graph_get_read_only (graph)));
      return NULL;
    }

  planned = strata_planner_require_fit (&planner, error) && make_plan (&planner, error) != NULL &&
            strata_planner_require_fit_steps (&planner, error);

  g_clear_pointer (&planner.layers, strata_layers_free);
  g_clear_pointer (&planner.definitions, g_hash_table_unref);
  g_clear_pointer (&planner.documents, g_hash_table_unref);
  g_clear_pointer (&planner.moves, g_hash_table_unref);
  g_clear_pointer (&planner.lineages, g_hash_table_unref);

  /* No planner is trusted with the law. A planner that gives up leaves its half-made
   * plan here. */
  if (!planned || !strata_law_check (graph, planner.plan, error))
    g_clear_object (&planner.plan);
  else
    complete (&planner);

  return planner.plan;
}
