/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plans that merge layers between which no snapshot stands. */

#include "config.h"

#include "host-on-paper.h"
#include "base/strata-error.h"

/* base <- mid <- top, made by hand; "web" runs on top. */
static StrataGraph *
stacked (StrataDomainState state)
{
  StrataGraph *graph = paper_host_new ();

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "mid.qcow2", "base.qcow2");
  paper_host_image (graph, "top.qcow2", "mid.qcow2");
  paper_host_add (graph, "web", state, FALSE, NULL, "top.qcow2", NULL);

  return graph;
}

static StrataPlan *
plan_merge (StrataGraph *graph, const char *image, StrataMerge merge, GError **error)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_MERGE);

  request->domain = g_strdup ("web");
  request->target = g_strdup ("vda");
  request->image = image != NULL ? g_strdup_printf ("%s/%s", PAPER_POOL, image) : NULL;
  request->merge = merge;

  return strata_plan_request (graph, request, error);
}

static void
assert_plan (StrataGraph *graph,
             const char *image,
             StrataMerge merge,
             const char *expected,
             const char *removed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = plan_merge (graph, image, merge, &error);
  g_autofree char *kinds = NULL;
  StrataStep *last;

  g_assert_no_error (error);
  kinds = paper_plan_to_kinds (plan);
  g_assert_cmpstr (kinds, ==, expected);
  last = strata_plan_get_step (plan, strata_plan_get_n_steps (plan) - 1);
  g_assert_cmpstr (json_object_get_string_member (last->args, "path"), ==, removed);
}

static void
assert_refused (StrataGraph *graph, const char *image, StrataMerge merge, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = plan_merge (graph, image, merge, &error);

  g_assert_null (plan);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

/* A device goes on as one, wherever its node is, and no plan takes the node away. */
static void
test_device (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  StrataImage *base = paper_host_image (graph, "node.raw", NULL);
  StrataImage *top = paper_host_image (graph, "top.qcow2", "node.raw");
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) down = NULL;
  g_autoptr (StrataPlan) up = NULL;
  g_autofree char *kinds = NULL;

  base->type = STRATA_IMAGE_BLOCK;
  g_set_str (&top->backing_format, "raw");
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);

  down = plan_merge (graph, NULL, STRATA_MERGE_COMMIT, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < strata_plan_get_n_steps (down); i++)
    {
      const StrataStep *step = strata_plan_get_step (down, i);
      const char *xml;

      if (step->kind != STRATA_STEP_DEFINE)
        continue;
      xml = json_object_get_string_member (step->args, "xml");
      g_assert_nonnull (strstr (xml, "<disk type=\"block\""));
      g_assert_nonnull (strstr (xml, "<source dev=\"" PAPER_POOL "/node.raw\"/>"));
    }

  up = plan_merge (graph, NULL, STRATA_MERGE_PULL, &error);
  g_assert_no_error (error);
  kinds = paper_plan_to_kinds (up);
  g_assert_null (strstr (kinds, "delete-"));
}

/* Another user's image may have that user's machines on it, which a session of one's own doesn't show; on the system's host all are another's. */
static void
test_anothers (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  StrataImage *base = paper_host_image (graph, "base.qcow2", NULL);
  StrataImage *top = paper_host_image (graph, "top.qcow2", "base.qcow2");
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) up = NULL;
  g_autofree char *kinds = NULL;

  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);
  base->mode_fixed = TRUE;
  assert_refused (graph, NULL, STRATA_MERGE_COMMIT, "belongs to another user");
  up = plan_merge (graph, NULL, STRATA_MERGE_PULL, &error);
  g_assert_no_error (error);
  kinds = paper_plan_to_kinds (up);
  g_assert_null (strstr (kinds, "delete-"));

  strata_graph_set_modes_fixed (graph, TRUE);
  top->mode_fixed = TRUE;
  assert_plan (graph, NULL, STRATA_MERGE_COMMIT, "| commit define delete-volume",
               PAPER_POOL "/top.qcow2");
}

/* What was made larger above a device can't go down into it. */
static void
test_device_too_small (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  StrataImage *base = paper_host_image (graph, "node.raw", NULL);
  StrataImage *top = paper_host_image (graph, "top.qcow2", "node.raw");
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = NULL;

  g_set_str (&top->backing_format, "raw");
  top->capacity *= 2;
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);

  plan = plan_merge (graph, NULL, STRATA_MERGE_COMMIT, &error);
  g_assert_no_error (error);
  base->type = STRATA_IMAGE_BLOCK;
  assert_refused (graph, NULL, STRATA_MERGE_COMMIT, "different virtual sizes");
}

/* What the VM runs on goes down, so its definition says so; the middle one is told of by the header above it. */
static void
test_down (void)
{
  g_autoptr (StrataGraph) graph = stacked (STRATA_DOMAIN_STATE_OFF);

  assert_plan (graph, NULL, STRATA_MERGE_COMMIT, "| commit define delete-volume",
               PAPER_POOL "/top.qcow2");
  assert_plan (graph, "mid.qcow2", STRATA_MERGE_COMMIT, "| commit delete-volume",
               PAPER_POOL "/mid.qcow2");
}

static void
test_up (void)
{
  g_autoptr (StrataGraph) graph = stacked (STRATA_DOMAIN_STATE_OFF);

  assert_plan (graph, NULL, STRATA_MERGE_PULL, "| pull delete-volume", PAPER_POOL "/mid.qcow2");
  assert_plan (graph, "mid.qcow2", STRATA_MERGE_PULL, "| pull delete-volume",
               PAPER_POOL "/base.qcow2");
  assert_refused (graph, "base.qcow2", STRATA_MERGE_PULL, "stands on no other image");
}

/* libvirt tells the VM itself; and it pulls only into what the VM writes to. */
static void
test_running (void)
{
  g_autoptr (StrataGraph) graph = stacked (STRATA_DOMAIN_STATE_RUNNING);

  assert_plan (graph, NULL, STRATA_MERGE_COMMIT, "| commit delete-volume", PAPER_POOL "/top.qcow2");
  assert_plan (graph, NULL, STRATA_MERGE_PULL, "| pull delete-volume", PAPER_POOL "/mid.qcow2");
  assert_plan (graph, "mid.qcow2", STRATA_MERGE_COMMIT, "| commit delete-volume",
               PAPER_POOL "/mid.qcow2");
  assert_refused (graph, "mid.qcow2", STRATA_MERGE_PULL, "shut it down first");
}

/* What the guest of a running VM wrote needs room below, or it would stop in the middle. */
static void
test_no_room (void)
{
  g_autoptr (StrataGraph) graph = stacked (STRATA_DOMAIN_STATE_RUNNING);

  strata_graph_find_pool (graph, "default")->available = 1;
  assert_refused (graph, NULL, STRATA_MERGE_COMMIT, "left");
  strata_graph_get_image (graph, PAPER_POOL "/mid.qcow2")->allocation = 100 * 1024 * 1024;
  assert_plan (graph, NULL, STRATA_MERGE_COMMIT, "| commit delete-volume", PAPER_POOL "/top.qcow2");
}

/* What a snapshot froze goes by the snapshot's deletion; what it froze above the merge is told where it is now. */
static void
test_snapshots (void)
{
  g_autoptr (StrataGraph) graph = stacked (STRATA_DOMAIN_STATE_OFF);

  paper_host_snapshot (graph, "web", "s1", NULL, "mid.qcow2", TRUE, FALSE);
  assert_refused (graph, NULL, STRATA_MERGE_COMMIT, "the snapshot “s1” of “web” froze");
  assert_plan (graph, "mid.qcow2", STRATA_MERGE_COMMIT, "| commit settle delete-volume",
               PAPER_POOL "/mid.qcow2");
  assert_plan (graph, "mid.qcow2", STRATA_MERGE_PULL, "| pull settle delete-volume",
               PAPER_POOL "/base.qcow2");
}

static void
test_joint (void)
{
  g_autoptr (StrataGraph) graph = stacked (STRATA_DOMAIN_STATE_OFF);

  paper_host_snapshot (graph, "web", "s1", NULL, "mid.qcow2", TRUE, TRUE);
  assert_refused (graph, NULL, STRATA_MERGE_COMMIT, "a retained layer");
}

static void
test_template (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();

  paper_host_image (graph, "t.qcow2", NULL)->mode = 0444;
  paper_host_image (graph, "top.qcow2", "t.qcow2");
  paper_host_add (graph, "template-web", STRATA_DOMAIN_STATE_OFF, TRUE, NULL, "t.qcow2", NULL);
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);

  assert_refused (graph, NULL, STRATA_MERGE_COMMIT, "a disk of the template “template-web”");
  assert_refused (graph, NULL, STRATA_MERGE_PULL, "a disk of the template “template-web”");
}

static void
test_other_overlay (void)
{
  g_autoptr (StrataGraph) graph = stacked (STRATA_DOMAIN_STATE_OFF);

  paper_host_image (graph, "other.qcow2", "base.qcow2");
  paper_host_add (graph, "other", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "other.qcow2", NULL);
  assert_refused (graph, "mid.qcow2", STRATA_MERGE_COMMIT, "other.qcow2");
  assert_refused (graph, "mid.qcow2", STRATA_MERGE_PULL, "other.qcow2");
}

static void
test_tag (void)
{
  g_autoptr (StrataGraph) graph = stacked (STRATA_DOMAIN_STATE_OFF);

  paper_host_internal (graph, "web", "i1", NULL, "top.qcow2", TRUE);
  assert_refused (graph, NULL, STRATA_MERGE_COMMIT, "internal snapshots");
  assert_refused (graph, NULL, STRATA_MERGE_PULL, "internal snapshots");
}

/* base <- mid, on which “web” stands and “k”, with a snapshot of its own */
static StrataGraph *
shared (StrataDomainState web, StrataDomainState k)
{
  StrataGraph *graph = stacked (web);

  paper_host_image (graph, "k.qcow2", "mid.qcow2");
  paper_host_image (graph, "k-tip.qcow2", "k.qcow2");
  paper_host_add (graph, "k", k, FALSE, NULL, "k-tip.qcow2", NULL);
  paper_host_snapshot (graph, "k", "s1", NULL, "k.qcow2", TRUE, FALSE);

  return graph;
}

/* Another machine's layers stand on what is merged away: its header and its snapshots are told, and while it runs it can't be. */
static void
test_others (void)
{
  static const struct
  {
    StrataDomainState web, k;
    const char *words;
  } cases[] = {
    { STRATA_DOMAIN_STATE_OFF, STRATA_DOMAIN_STATE_OFF, NULL },
    { STRATA_DOMAIN_STATE_RUNNING, STRATA_DOMAIN_STATE_OFF, "has “/pool/mid.qcow2” open" },
    { STRATA_DOMAIN_STATE_RUNNING, STRATA_DOMAIN_STATE_RUNNING, "has “/pool/base.qcow2” open" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StrataGraph) graph = shared (cases[i].web, cases[i].k);

      if (cases[i].words != NULL)
        assert_refused (graph, "mid.qcow2", STRATA_MERGE_COMMIT, cases[i].words);
      else
        assert_plan (graph, "mid.qcow2", STRATA_MERGE_COMMIT,
                     "| commit commit settle delete-volume", PAPER_POOL "/mid.qcow2");
    }
}

/* What is protected isn't written to, and a template goes on being on the image that it is on. */
static void
test_protected (void)
{
  g_autoptr (StrataGraph) lower = stacked (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataGraph) upper = stacked (STRATA_DOMAIN_STATE_OFF);

  strata_graph_get_image (lower, PAPER_POOL "/mid.qcow2")->mode = 0444;
  assert_refused (lower, NULL, STRATA_MERGE_COMMIT, "write-protected");
  paper_host_add (upper, "t", STRATA_DOMAIN_STATE_OFF, TRUE, NULL, "mid.qcow2", NULL);
  assert_refused (upper, "mid.qcow2", STRATA_MERGE_COMMIT, "the template “t”");
}

/* A definition that names the layers is told before one of them goes. */
static void
test_named_layers (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = NULL;
  g_autofree char *kinds = NULL;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "mid.qcow2", "base.qcow2");
  paper_host_image (graph, "top.qcow2", "mid.qcow2");
  paper_host_define (
      graph, "web",
      "<devices>" PAPER_DEVICE ("disk", "vda", "top.qcow2",
                                "<backingStore type='file'><format type='qcow2'/>"
                                "<source file='/pool/mid.qcow2'/></backingStore>") "</devices>",
      NULL);
  plan = plan_merge (graph, "mid.qcow2", STRATA_MERGE_COMMIT, &error);
  g_assert_no_error (error);
  kinds = paper_plan_to_kinds (plan);
  g_assert_cmpstr (kinds, ==, "define | commit delete-volume");
  g_assert_null (strstr (
      json_object_get_string_member (strata_plan_get_step (plan, 0)->args, "xml"), "backingStore"));
}

static void
test_wrong_words (void)
{
  g_autoptr (StrataGraph) graph = stacked (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_MERGE);
  g_autoptr (GError) error = NULL;

  request->domain = g_strdup ("web");
  request->target = g_strdup ("vdz");
  g_assert_null (strata_plan_request (graph, request, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (plan_merge (graph, "nowhere.qcow2", STRATA_MERGE_COMMIT, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/plan-merge/anothers", test_anothers);
  g_test_add_func ("/plan-merge/down", test_down);
  g_test_add_func ("/plan-merge/up", test_up);
  g_test_add_func ("/plan-merge/running", test_running);
  g_test_add_func ("/plan-merge/no-room", test_no_room);
  g_test_add_func ("/plan-merge/snapshots", test_snapshots);
  g_test_add_func ("/plan-merge/joint", test_joint);
  g_test_add_func ("/plan-merge/template", test_template);
  g_test_add_func ("/plan-merge/other-overlay", test_other_overlay);
  g_test_add_func ("/plan-merge/tag", test_tag);
  g_test_add_func ("/plan-merge/others", test_others);
  g_test_add_func ("/plan-merge/protected", test_protected);
  g_test_add_func ("/plan-merge/named-layers", test_named_layers);
  g_test_add_func ("/plan-merge/wrong-words", test_wrong_words);

  g_test_add_func ("/plan-merge/device", test_device);
  g_test_add_func ("/plan-merge/device-too-small", test_device_too_small);

  return g_test_run ();
}
