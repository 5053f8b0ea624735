/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A disk's layers, on paper: who holds each, what is the matter with it, and what would merge it. */

#include "config.h"

#include <string.h>

#include "host-on-paper.h"
#include "model/disk/strata-disk-stack.h"

#define MIB (1024 * 1024)

/* base <- a <- tip: s1 froze base, s2 a; "web" runs on tip. */
static StrataGraph *
lined (void)
{
  StrataGraph *graph = paper_host_new ();

  paper_host_image (graph, "base.qcow2", NULL)->allocation = 64 * MIB;
  paper_host_image (graph, "a.qcow2", "base.qcow2")->allocation = 16 * MIB;
  paper_host_image (graph, "tip.qcow2", "a.qcow2")->allocation = 1 * MIB;
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_RUNNING, FALSE, NULL, "tip.qcow2", NULL);
  paper_host_snapshot (graph, "web", "s1", NULL, "base.qcow2", FALSE, FALSE);
  paper_host_snapshot (graph, "web", "s2", "s1", "a.qcow2", TRUE, FALSE);

  return graph;
}

static StrataDiskStack *
get_stack (StrataGraph *graph, const char *domain)
{
  g_autoptr (GPtrArray) stacks =
      strata_disk_stacks_new (graph, strata_graph_find_domain (graph, domain)->uuid);

  g_assert_cmpuint (stacks->len, ==, 1);

  return g_object_ref (g_ptr_array_index (stacks, 0));
}

static StrataDiskLayer *
get_layer (StrataDiskStack *stack, guint index)
{
  g_autoptr (StrataDiskLayer) layer = g_list_model_get_item (G_LIST_MODEL (stack), index);

  return layer; /* the stack keeps it */
}

static char *
join (GPtrArray *holders)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < holders->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "; " : "",
                            ((const StrataLayerHolder *) g_ptr_array_index (holders, i))->text);

  return g_string_free (text, FALSE);
}

static void
assert_held (StrataDiskLayer *layer, const char *owners, const char *dependents, gboolean shared)
{
  g_autofree char *own = join (strata_disk_layer_get_owners (layer));
  g_autofree char *stand = join (strata_disk_layer_get_dependents (layer));

  g_assert_cmpstr (own, ==, owners);
  g_assert_cmpstr (stand, ==, dependents);
  g_assert_cmpint (strata_disk_layer_is_shared (layer), ==, shared);
}

static void
assert_problem (StrataDiskLayer *layer, gboolean grave, const char *words)
{
  GPtrArray *problems = strata_disk_layer_get_problems (layer);

  for (guint i = 0; i < problems->len; i++)
    {
      const StrataLayerProblem *problem = g_ptr_array_index (problems, i);

      if (strstr (problem->text, words) != NULL && problem->grave == grave)
        return;
    }
  g_error ("nothing about “%s” of “%s”", strata_disk_layer_get_name (layer), words);
}

static void
test_sizes (void)
{
  g_autoptr (StrataGraph) graph = lined ();
  g_autoptr (StrataDiskStack) stack = get_stack (graph, "web");
  g_autofree char *size = strata_disk_layer_get_size_text (get_layer (stack, 1));

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (stack)), ==, 3);
  g_assert_cmpstr (strata_disk_stack_get_target (stack), ==, "vda");
  g_assert_cmpuint (strata_disk_stack_get_total (stack), ==, 81 * MIB);
  g_assert_nonnull (strstr (strata_disk_stack_get_title (stack), "104.9"));
  g_assert_nonnull (strstr (strata_disk_stack_get_summary (stack), "3 layers"));
  g_assert_nonnull (strstr (size, "16.8"));
  g_assert_cmpstr (strata_disk_layer_get_name (get_layer (stack, 0)), ==, "tip.qcow2");
  g_assert_cmpstr (strata_disk_layer_get_folder (get_layer (stack, 0)), ==, PAPER_POOL);
  /* A 64th of the bytes is still an eighth of the thickness. */
  g_assert_cmpfloat_with_epsilon (strata_disk_layer_get_thickness (get_layer (stack, 0)), 0.125,
                                  0.001);
  g_assert_cmpfloat (strata_disk_layer_get_thickness (get_layer (stack, 2)), ==, 1);
}

/* Who froze an image is not he who merely stands on it. */
static void
test_holders (void)
{
  g_autoptr (StrataGraph) graph = lined ();
  g_autoptr (StrataDiskStack) stack = get_stack (graph, "web");
  g_autofree char *text = strata_disk_layer_describe (get_layer (stack, 1));

  assert_held (get_layer (stack, 0), "This VM", "", FALSE);
  assert_held (get_layer (stack, 1), "Snapshot “s2”", "This VM", FALSE);
  assert_held (get_layer (stack, 2), "Snapshot “s1”", "This VM; Snapshot “s2”", FALSE);
  g_assert_nonnull (strstr (text, "a.qcow2, qcow2, "));
  g_assert_nonnull (strstr (text, "held by Snapshot “s2”, under This VM"));
}

static void
test_strangers (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataDiskStack) stack = NULL;

  paper_host_image (graph, "t.qcow2", NULL)->mode = 0444;
  paper_host_image (graph, "web.qcow2", "t.qcow2");
  paper_host_image (graph, "other.qcow2", "t.qcow2");
  paper_host_image (graph, "lost.qcow2", "t.qcow2");
  paper_host_add (graph, "template-web", STRATA_DOMAIN_STATE_OFF, TRUE, NULL, "t.qcow2", NULL);
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "web.qcow2", NULL);
  paper_host_add (graph, "other", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "other.qcow2", NULL);
  paper_host_snapshot (graph, "other", "o1", NULL, "t.qcow2", TRUE, TRUE);
  stack = get_stack (graph, "web");

  assert_held (get_layer (stack, 0), "This VM", "", FALSE);
  assert_held (get_layer (stack, 1),
               "Template “template-web”; A retained layer, of the deleted snapshot “o1”",
               "This VM; Virtual machine “other”; “lost.qcow2”, an image that no VM names", TRUE);
  g_assert_cmpuint (strata_disk_layer_get_problems (get_layer (stack, 1))->len, ==, 0);
}

static void
test_internal (void)
{
  g_autoptr (StrataGraph) graph = lined ();
  g_autoptr (StrataDiskStack) stack = NULL;

  paper_host_internal (graph, "web", "i1", "s2", "tip.qcow2", FALSE);
  stack = get_stack (graph, "web");
  assert_held (get_layer (stack, 0), "This VM; Internal snapshot “i1”", "", FALSE);
  g_assert_cmpstr (strata_disk_layer_get_tags (get_layer (stack, 0))[0], ==, "i1");
  g_assert_null (strata_disk_layer_get_tags (get_layer (stack, 1))[0]);
}

static void
test_broken_chains (void)
{
  g_autoptr (StrataGraph) graph = lined ();
  g_autoptr (StrataDiskStack) missing = NULL;
  g_autoptr (StrataDiskStack) looped = NULL;
  StrataImage *base = strata_graph_get_image (graph, PAPER_POOL "/base.qcow2");

  base->missing = TRUE;
  missing = get_stack (graph, "web");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (missing)), ==, 3);
  assert_problem (get_layer (missing, 2), TRUE, "missing");
  g_assert_null (strata_disk_layer_get_size_text (get_layer (missing, 2)));

  base->missing = FALSE;
  base->backing_path = g_strdup (PAPER_POOL "/tip.qcow2");
  looped = get_stack (graph, "web");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (looped)), ==, 3);
  assert_problem (get_layer (looped, 2), TRUE, "its own tail");
}

static void
test_unsafe_images (void)
{
  g_autoptr (StrataGraph) graph = lined ();
  g_autoptr (StrataDiskStack) stack = NULL;

  strata_graph_get_image (graph, PAPER_POOL "/base.qcow2")->mode = 0666;
  strata_graph_get_image (graph, PAPER_POOL "/tip.qcow2")->mode = 0644;
  g_set_str (&strata_graph_get_image (graph, PAPER_POOL "/a.qcow2")->backing_format, "raw");
  g_set_str (&strata_graph_get_image (graph, PAPER_POOL "/tip.qcow2")->backing_format, NULL);
  stack = get_stack (graph, "web");

  assert_problem (get_layer (stack, 0), FALSE, "Everybody on the host may read");
  assert_problem (get_layer (stack, 1), FALSE, "“tip.qcow2” doesn’t say what format");
  assert_problem (get_layer (stack, 2), FALSE, "Everybody on the host may write");
  assert_problem (get_layer (stack, 2), TRUE, "“a.qcow2” says that it is raw, but it is qcow2");
}

static void
assert_says (StrataDiskLayer *layer, guint i, const char *text)
{
  GPtrArray *problems = strata_disk_layer_get_problems (layer);

  g_assert_cmpuint (problems->len, >, i);
  g_assert_cmpstr (((const StrataLayerProblem *) g_ptr_array_index (problems, i))->text, ==, text);
}

/* Nothing is said of what could not be looked at, but why, and what to do; and what is grave is said first. */
static void
test_unseen (void)
{
  g_autoptr (StrataGraph) graph = lined ();
  g_autoptr (StrataDiskStack) stack = NULL;
  StrataImage *tip = strata_graph_get_image (graph, PAPER_POOL "/tip.qcow2");

  tip->mode = 0644;
  tip->capacity = 0;
  tip->allocation = 0;
  strata_image_set_problem (tip, STRATA_IMAGE_UNKNOWN, "“%s” can’t be seen: it is too dark",
                            tip->path);
  stack = get_stack (graph, "web");

  g_assert_cmpstr (strata_disk_stack_get_title (stack), ==, "vda");
  g_assert_null (strata_disk_layer_get_size_text (get_layer (stack, 0)));
  assert_says (get_layer (stack, 0), 0,
               "“tip.qcow2” can’t be seen: it is too dark. Make it visible again (plug the storage "
               "in, start its pool), or remove what names it.");
  assert_says (get_layer (stack, 0), 1, "Everybody on the host may read it");
}

static void
test_other_writers (void)
{
  g_autoptr (StrataGraph) graph = lined ();
  g_autoptr (StrataDiskStack) stack = NULL;

  paper_host_add (graph, "twin", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "tip.qcow2", NULL);
  stack = get_stack (graph, "web");
  assert_problem (get_layer (stack, 0), TRUE, "It is a disk of “twin” too");
}

static void
assert_request (StrataDiskLayer *layer,
                StrataMerge direction,
                StrataRequestKind kind,
                const char *snapshot,
                const char *image)
{
  const char *why;
  g_autoptr (StrataRequest) request = strata_disk_layer_create_request (layer, direction, &why);

  g_assert_null (why);
  g_assert_cmpint (request->kind, ==, kind);
  g_assert_cmpint (request->merge, ==, direction);
  g_assert_cmpstr (request->snapshot, ==, snapshot);
  g_assert_cmpstr (request->image, ==, image);
  g_assert_cmpstr (request->target, ==, image != NULL ? "vda" : NULL);
}

static void
test_requests (void)
{
  g_autoptr (StrataGraph) graph = lined ();
  g_autoptr (StrataDiskStack) stack = get_stack (graph, "web");
  const char *why;

  assert_request (get_layer (stack, 0), STRATA_MERGE_COMMIT, STRATA_REQUEST_SNAPSHOT_DELETE, "s2",
                  NULL);
  assert_request (get_layer (stack, 1), STRATA_MERGE_PULL, STRATA_REQUEST_SNAPSHOT_DELETE, "s2",
                  NULL);
  assert_request (get_layer (stack, 2), STRATA_MERGE_PULL, STRATA_REQUEST_SNAPSHOT_DELETE, "s1",
                  NULL);
  g_assert_null (strata_disk_layer_create_request (get_layer (stack, 0), STRATA_MERGE_PULL, &why));
  g_assert_cmpstr (why, ==, "No layer stands on it.");
  g_assert_null (
      strata_disk_layer_create_request (get_layer (stack, 2), STRATA_MERGE_COMMIT, &why));
  g_assert_cmpstr (why, ==, "It stands on no other image.");
}

/* What no domain names, and yet is in its chain, is nobody else's. */
static void
test_chain_by_hand (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataDiskStack) stack = NULL;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "mid.qcow2", "base.qcow2");
  paper_host_image (graph, "top.qcow2", "mid.qcow2");
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);
  stack = get_stack (graph, "web");

  assert_held (get_layer (stack, 1), "", "This VM", FALSE);
  assert_held (get_layer (stack, 2), "", "This VM", FALSE);
}

/* Without a snapshot between them, and with somebody else's. */
static void
test_requests_by_hand (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataDiskStack) stack = NULL;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "mid.qcow2", "base.qcow2");
  paper_host_image (graph, "top.qcow2", "mid.qcow2");
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);
  paper_host_add (graph, "db", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "base.qcow2", NULL);
  paper_host_snapshot (graph, "db", "d1", NULL, "mid.qcow2", TRUE, FALSE);
  stack = get_stack (graph, "web");

  assert_request (get_layer (stack, 0), STRATA_MERGE_COMMIT, STRATA_REQUEST_MERGE, NULL,
                  PAPER_POOL "/top.qcow2");
  assert_request (get_layer (stack, 1), STRATA_MERGE_PULL, STRATA_REQUEST_MERGE, NULL,
                  PAPER_POOL "/top.qcow2");
  assert_request (get_layer (stack, 2), STRATA_MERGE_PULL, STRATA_REQUEST_MERGE, NULL,
                  PAPER_POOL "/mid.qcow2");
}

static void
test_equal (void)
{
  g_autoptr (StrataGraph) graph = lined ();
  g_autoptr (StrataDiskStack) before = get_stack (graph, "web");
  g_autoptr (StrataDiskStack) again = get_stack (graph, "web");
  g_autoptr (StrataDiskStack) after = NULL;

  g_assert_true (strata_disk_stack_equal (before, again));
  strata_graph_get_image (graph, PAPER_POOL "/tip.qcow2")->allocation *= 2;
  after = get_stack (graph, "web");
  g_assert_false (strata_disk_stack_equal (before, after));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/disk-stack/sizes", test_sizes);
  g_test_add_func ("/disk-stack/holders", test_holders);
  g_test_add_func ("/disk-stack/strangers", test_strangers);
  g_test_add_func ("/disk-stack/internal", test_internal);
  g_test_add_func ("/disk-stack/broken-chains", test_broken_chains);
  g_test_add_func ("/disk-stack/unsafe-images", test_unsafe_images);
  g_test_add_func ("/disk-stack/unseen", test_unseen);
  g_test_add_func ("/disk-stack/other-writers", test_other_writers);
  g_test_add_func ("/disk-stack/requests", test_requests);
  g_test_add_func ("/disk-stack/chain-by-hand", test_chain_by_hand);
  g_test_add_func ("/disk-stack/requests-by-hand", test_requests_by_hand);
  g_test_add_func ("/disk-stack/equal", test_equal);

  return g_test_run ();
}
