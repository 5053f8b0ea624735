/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The planner's door: a graph and a request go in, a plan or a refusal comes out. */

#include "config.h"

#include "strata-planner-private.h"

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
  StrataPlan *plan = NULL;

  g_return_val_if_fail (STRATA_IS_GRAPH (graph), NULL);
  g_return_val_if_fail (request != NULL, NULL);

  switch (request->kind)
    {
    case STRATA_REQUEST_TEMPLATE_CREATE:
      plan = strata_plan_template_create (&planner, error);
      break;
    case STRATA_REQUEST_TEMPLATE_IMPORT:
      plan = strata_plan_template_import (&planner, error);
      break;
    case STRATA_REQUEST_TEMPLATE_DEPLOY:
      plan = strata_plan_deploy (&planner, error);
      break;
    case STRATA_REQUEST_SEAL_DOMAIN:
      plan = strata_plan_seal_domain (&planner, error);
      break;
    case STRATA_REQUEST_SEAL_IMAGE:
      plan = strata_plan_seal_image (&planner, error);
      break;
    case STRATA_REQUEST_DELETE:
      plan = strata_plan_delete (&planner, error);
      break;
    case STRATA_REQUEST_SNAPSHOT_CREATE:
      plan = strata_plan_snapshot_create (&planner, error);
      break;
    case STRATA_REQUEST_SNAPSHOT_REVERT:
      plan = strata_plan_snapshot_revert (&planner, error);
      break;
    case STRATA_REQUEST_SNAPSHOT_DELETE:
      plan = strata_plan_snapshot_delete (&planner, error);
      break;
    case STRATA_REQUEST_SNAPSHOT_EDIT:
      plan = strata_plan_snapshot_edit (&planner, error);
      break;
    case STRATA_REQUEST_CLONE:
      plan = strata_plan_clone (&planner, error);
      break;
    case STRATA_REQUEST_FLATTEN:
      plan = strata_plan_flatten (&planner, error);
      break;
    case STRATA_REQUEST_MERGE:
      plan = strata_plan_merge (&planner, error);
      break;
    case STRATA_REQUEST_SETTLE:
      plan = strata_plan_settle (&planner, error);
      break;
    }

  g_clear_pointer (&planner.layers, strata_layers_free);
  g_clear_pointer (&planner.definitions, g_hash_table_unref);
  g_clear_pointer (&planner.documents, g_hash_table_unref);
  g_clear_pointer (&planner.moves, g_hash_table_unref);

  /* Whoever made the plan: nobody is trusted with the law but the law. A planner that gives up leaves its half-made
   * plan here. */
  if (plan == NULL || !strata_law_check (graph, plan, error))
    g_clear_object (&planner.plan);
  else
    strata_plan_set_request (plan, request);

  return planner.plan;
}
