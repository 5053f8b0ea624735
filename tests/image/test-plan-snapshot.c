/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plans about snapshots, on paper: which way a layer is merged, when it stays as a retained, and when a request is
 * refused. Whether the law is kept is asserted by the planner itself, whatever the plan.
 */

#include "config.h"

#include "host-on-paper.h"
#include "base/strata-error.h"

#define MIB (1024 * 1024)

/* base <- a <- b <- tip: s1 froze base, s2 a, s3 b; "web" runs on tip. */
static StrataGraph *
lined (StrataDomainState state)
{
  StrataGraph *graph = paper_host_new ();

  paper_host_image (graph, "base.qcow2", NULL)->allocation = 50 * MIB;
  paper_host_image (graph, "a.qcow2", "base.qcow2")->allocation = 5 * MIB;
  paper_host_image (graph, "b.qcow2", "a.qcow2")->allocation = 1 * MIB;
  paper_host_image (graph, "tip.qcow2", "b.qcow2")->allocation = 3 * MIB;
  paper_host_add (graph, "web", state, FALSE, NULL, "tip.qcow2", NULL);
  paper_host_snapshot (graph, "web", "s1", NULL, "base.qcow2", FALSE, FALSE);
  paper_host_snapshot (graph, "web", "s2", "s1", "a.qcow2", FALSE, FALSE);
  paper_host_snapshot (graph, "web", "s3", "s2", "b.qcow2", TRUE, FALSE);

  return graph;
}

/* The same after a return to s1: a second branch, fork <- on base. */
static StrataGraph *
forked (void)
{
  StrataGraph *graph = paper_host_new ();

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_image (graph, "fork.qcow2", "base.qcow2");
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "fork.qcow2", NULL);
  paper_host_snapshot (graph, "web", "s1", NULL, "base.qcow2", TRUE, FALSE);
  paper_host_snapshot (graph, "web", "s2", "s1", "a.qcow2", FALSE, FALSE);

  return graph;
}

static StrataPlan *
plan_it (StrataGraph *graph, StrataRequest *request, GError **error)
{
  request->domain = g_strdup ("web");

  return strata_plan_request (graph, request, error);
}

static StrataPlan *
plan_delete (StrataGraph *graph, const char *snapshot, StrataMerge merge, GError **error)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SNAPSHOT_DELETE);

  request->snapshot = g_strdup (snapshot);
  request->merge = merge;

  return plan_it (graph, request, error);
}

static void
assert_kinds (StrataPlan *plan, const GError *error, const char *expected)
{
  g_autofree char *kinds = NULL;

  g_assert_no_error (error);
  kinds = paper_plan_to_kinds (plan);
  g_assert_cmpstr (kinds, ==, expected);
}

static void
assert_delete (StrataGraph *graph, const char *snapshot, StrataMerge merge, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = plan_delete (graph, snapshot, merge, &error);

  assert_kinds (plan, error, expected);
}

static void
assert_refused (GError *error, StrataPlan *plan, const char *words)
{
  g_assert_null (plan);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static const char *
get_arg (StrataPlan *plan, StrataStepKind kind, const char *key)
{
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);

      if (step->kind == kind)
        return json_object_get_string_member_with_default (step->args, key, NULL);
    }

  return NULL;
}

/* 5 MB go down into 50 MB, not the other way; the overlay above is told. */
static void
test_middle_moves_the_small_side (void)
{
  g_autoptr (StrataGraph) graph = lined (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = plan_delete (graph, "s1", STRATA_MERGE_CHEAPER, &error);

  assert_kinds (plan, error, "snapshot-define | commit snapshot-forget settle delete-volume");
  g_assert_cmpstr (get_arg (plan, STRATA_STEP_COMMIT, "top"), ==, PAPER_POOL "/a.qcow2");
  g_assert_cmpstr (get_arg (plan, STRATA_STEP_COMMIT, "base"), ==, PAPER_POOL "/base.qcow2");
  g_assert_cmpstr (get_arg (plan, STRATA_STEP_COMMIT, "via"), ==, PAPER_POOL "/b.qcow2");
  g_assert_cmpstr (get_arg (plan, STRATA_STEP_DELETE_VOLUME, "path"), ==, PAPER_POOL "/a.qcow2");
}

static void
test_pull_when_that_is_less (void)
{
  g_autoptr (StrataGraph) graph = lined (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = plan_delete (graph, "s3", STRATA_MERGE_CHEAPER, &error);

  assert_kinds (plan, error, "snapshot-define | pull snapshot-forget settle delete-volume");
  g_assert_cmpstr (get_arg (plan, STRATA_STEP_PULL, "image"), ==, PAPER_POOL "/tip.qcow2");
  g_assert_cmpstr (get_arg (plan, STRATA_STEP_PULL, "base"), ==, PAPER_POOL "/a.qcow2");
  g_assert_cmpstr (get_arg (plan, STRATA_STEP_DELETE_VOLUME, "path"), ==, PAPER_POOL "/b.qcow2");
}

/* The tip goes down into b, so the VM is told. */
static void
test_commit_of_the_tip (void)
{
  g_autoptr (StrataGraph) graph = lined (STRATA_DOMAIN_STATE_OFF);

  assert_delete (graph, "s3", STRATA_MERGE_COMMIT,
                 "snapshot-define | commit define snapshot-forget settle delete-volume");
}

static void
test_running (void)
{
  g_autoptr (StrataGraph) graph = lined (STRATA_DOMAIN_STATE_RUNNING);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) middle = plan_delete (graph, "s1", STRATA_MERGE_CHEAPER, &error);

  assert_kinds (middle, error, "snapshot-define | commit snapshot-forget settle delete-volume");
  g_assert_nonnull (get_arg (middle, STRATA_STEP_COMMIT, "uuid"));
  g_assert_null (get_arg (middle, STRATA_STEP_COMMIT, "via"));
  /* libvirt itself tells the VM that it is on b now. */
  assert_delete (graph, "s3", STRATA_MERGE_COMMIT,
                 "snapshot-define | commit snapshot-forget settle delete-volume");
  assert_delete (graph, "s3", STRATA_MERGE_PULL,
                 "snapshot-define | pull snapshot-forget settle delete-volume");
}

static void
test_several_children_make_a_joint (void)
{
  g_autoptr (StrataGraph) graph = forked ();
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = NULL;

  assert_delete (graph, "s1", STRATA_MERGE_CHEAPER, "snapshot-define settle");
  plan = plan_delete (graph, "s1", STRATA_MERGE_COMMIT, &error);
  assert_refused (error, plan, "a.qcow2, fork.qcow2");
}

static void
test_leaf_off_the_chain (void)
{
  g_autoptr (StrataGraph) graph = forked ();

  assert_delete (graph, "s2", STRATA_MERGE_CHEAPER, "snapshot-forget settle | delete-volume");
}

/* With its last child but one the retained goes, by the same plan. */
static void
test_joint_is_swept (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_image (graph, "fork.qcow2", "base.qcow2");
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "fork.qcow2", NULL);
  paper_host_snapshot (graph, "web", "s1", NULL, "base.qcow2", TRUE, TRUE);
  paper_host_snapshot (graph, "web", "s2", "s1", "a.qcow2", FALSE, FALSE);

  assert_delete (graph, "s2", STRATA_MERGE_CHEAPER,
                 "snapshot-forget settle | delete-volume commit define snapshot-forget settle "
                 "delete-volume");
}

static StrataSnapshotDisk *
get_snapshot_disk (StrataGraph *graph, const char *domain, guint number)
{
  StrataDomainFacts *facts = strata_graph_find_domain (graph, domain);

  return g_ptr_array_index (
      ((StrataSnapshotFacts *) g_ptr_array_index (facts->snapshots, number))->disks, 0);
}

/* As a merge leaves it whose job was dismissed: the content of the layer was taken up, and nothing stands on it. */
static void
test_abandoned_joint_is_swept (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();

  paper_host_image (graph, "base.qcow2", NULL)->mode = 0444;
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_image (graph, "b.qcow2", "base.qcow2")->allocation = 5 * MIB;
  paper_host_image (graph, "tip.qcow2", "b.qcow2")->allocation = 1 * MIB;
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_RUNNING, FALSE, NULL, "tip.qcow2", NULL);
  paper_host_snapshot (graph, "web", "s1", NULL, "a.qcow2", FALSE, TRUE);
  paper_host_snapshot (graph, "web", "s2", "s1", "b.qcow2", TRUE, FALSE);
  get_snapshot_disk (graph, "web", 0)->overlay = g_strdup (PAPER_POOL "/b.qcow2");

  assert_delete (graph, "s2", STRATA_MERGE_COMMIT,
                 "snapshot-define | commit snapshot-forget settle delete-volume snapshot-forget "
                 "settle delete-volume");
}

/* The overlay on a.qcow2 was merged into it by hand, and the disk detached: all of it is in a.qcow2 by now. */
static void
test_detached_disk_stays (void)
{
  for (guint retained = 0; retained < 2; retained++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();

      paper_host_image (graph, "base.qcow2", NULL);
      paper_host_image (graph, "a.qcow2", "base.qcow2");
      paper_host_image (graph, "other.qcow2", "base.qcow2");
      paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "other.qcow2", NULL);
      paper_host_snapshot (graph, "web", "s1", NULL, "a.qcow2", TRUE, retained == 1);
      get_snapshot_disk (graph, "web", 0)->overlay = g_strdup (PAPER_POOL "/a.s1");

      assert_delete (graph, "s1", STRATA_MERGE_CHEAPER, "snapshot-forget");
    }
}

/* With an overlay that stands on it still, and that no machine has: neither is merged with the other. */
static void
test_detached_disk_with_its_overlay_stays (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();

  paper_host_image (graph, "a.qcow2", NULL);
  paper_host_image (graph, "a.s1", "a.qcow2");
  paper_host_image (graph, "other.qcow2", NULL);
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "other.qcow2", NULL);
  paper_host_snapshot (graph, "web", "s1", NULL, "a.qcow2", TRUE, FALSE);

  assert_delete (graph, "s1", STRATA_MERGE_CHEAPER, "snapshot-forget");
}

/* Likewise of an internal one, with which no other image goes. */
static void
test_detached_disk_with_a_tag_stays (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();

  paper_host_image (graph, "a.qcow2", NULL);
  paper_host_image (graph, "other.qcow2", NULL);
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "other.qcow2", NULL);
  paper_host_internal (graph, "web", "i1", NULL, "a.qcow2", TRUE);

  assert_delete (graph, "i1", STRATA_MERGE_CHEAPER, "| snapshot-delete");
}

/* Both merges go down, and each defines the domain. */
static void
test_joint_below_is_swept (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();

  paper_host_image (graph, "base.qcow2", NULL)->allocation = 50 * MIB;
  paper_host_image (graph, "a.qcow2", "base.qcow2")->allocation = 5 * MIB;
  paper_host_image (graph, "tip.qcow2", "a.qcow2")->allocation = 1 * MIB;
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "tip.qcow2", NULL);
  paper_host_snapshot (graph, "web", "s1", NULL, "base.qcow2", FALSE, TRUE);
  paper_host_snapshot (graph, "web", "s2", "s1", "a.qcow2", TRUE, FALSE);

  assert_delete (
      graph, "s2", STRATA_MERGE_CHEAPER,
      "snapshot-define | commit define snapshot-forget settle delete-volume commit define "
      "snapshot-forget settle delete-volume");
}

/* libvirt's own deletion would lose it: the overlay holds an internal snapshot, which a commit would take along. */
static void
test_tag_in_the_overlay_makes_a_joint (void)
{
  g_autoptr (StrataGraph) graph = lined (STRATA_DOMAIN_STATE_OFF);

  paper_host_internal (graph, "web", "i1", "s3", "tip.qcow2", TRUE);
  assert_delete (graph, "s3", STRATA_MERGE_CHEAPER, "snapshot-define settle");
}

static void
test_thin_clone_makes_a_joint (void)
{
  g_autoptr (StrataGraph) graph = lined (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = NULL;

  paper_host_image (graph, "clone.qcow2", "a.qcow2");
  paper_host_add (graph, "clone", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "clone.qcow2", NULL);
  assert_delete (graph, "s2", STRATA_MERGE_CHEAPER, "snapshot-define settle");
  /* Two headers name a: both are told. */
  assert_delete (graph, "s1", STRATA_MERGE_COMMIT,
                 "snapshot-define | commit commit snapshot-forget settle delete-volume");
  plan = plan_delete (graph, "s2", STRATA_MERGE_PULL, &error);
  assert_refused (error, plan, "clone.qcow2");
}

static void
test_unequal_sizes (void)
{
  g_autoptr (StrataGraph) graph = lined (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = NULL;

  strata_graph_get_image (graph, PAPER_POOL "/tip.qcow2")->capacity *= 2;
  plan = plan_delete (graph, "s3", STRATA_MERGE_PULL, &error);
  assert_refused (error, plan, "different virtual sizes");
  /* Down is open: an active commit makes the base larger. */
  assert_delete (graph, "s3", STRATA_MERGE_COMMIT,
                 "snapshot-define | commit define snapshot-forget settle delete-volume");
}

static void
test_subtree (void)
{
  g_autoptr (StrataGraph) graph = forked ();
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SNAPSHOT_DELETE);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = NULL;

  request->snapshot = g_strdup ("s1");
  request->subtree = TRUE;
  plan = plan_it (graph, request, &error);
  assert_kinds (
      plan, error,
      "snapshot-forget settle | delete-volume snapshot-define commit define snapshot-forget "
      "settle delete-volume");
}

static StrataPlan *
plan_revert (StrataGraph *graph, const char *snapshot, const char *save_as, GError **error)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SNAPSHOT_REVERT);

  request->snapshot = g_strdup (snapshot);
  request->save_as = g_strdup (save_as);

  return plan_it (graph, request, error);
}

static void
test_revert (void)
{
  g_autoptr (StrataGraph) graph = lined (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) discard = plan_revert (graph, "s1", NULL, &error);
  g_autoptr (StrataPlan) keep = NULL;

  assert_kinds (
      discard, error,
      "check-chain create-overlay require-off define snapshot-define | delete-volume settle");
  g_assert_true (strata_plan_discards (discard));
  g_assert_cmpstr (get_arg (discard, STRATA_STEP_DELETE_VOLUME, "path"), ==,
                   PAPER_POOL "/tip.qcow2");

  keep = plan_revert (graph, "s1", "now", &error);
  assert_kinds (keep, error,
                "check-chain require-off snapshot-create create-overlay require-off define "
                "snapshot-define | delete-volume settle");
  g_assert_false (strata_plan_discards (keep));
}

/* Whether it runs or stands still: between two calls of libvirt's anybody might have it go on. */
static void
test_revert_halts_with_the_keeping (void)
{
  static const StrataDomainState states[] = { STRATA_DOMAIN_STATE_RUNNING,
                                              STRATA_DOMAIN_STATE_PAUSED, STRATA_DOMAIN_STATE_OFF };

  for (gsize i = 0; i < G_N_ELEMENTS (states); i++)
    {
      g_autoptr (StrataGraph) graph = lined (states[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (StrataPlan) plan = plan_revert (graph, "s1", "now", &error);
      gboolean halts = FALSE;

      g_assert_no_error (error);
      for (guint j = 0; j < strata_plan_get_n_steps (plan); j++)
        {
          StrataStep *step = strata_plan_get_step (plan, j);

          halts =
              halts || (step->kind == STRATA_STEP_SNAPSHOT_CREATE &&
                        json_object_get_boolean_member_with_default (step->args, "halt", FALSE));
        }
      g_assert_cmpint (halts, ==, states[i] != STRATA_DOMAIN_STATE_OFF);
    }
}

/* libvirt's own return would lose something: others read the image that the native way would rewrite. */
static void
test_revert_to_internal (void)
{
  g_autoptr (StrataGraph) alone = paper_host_new ();
  g_autoptr (StrataGraph) below = lined (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) native = NULL;
  g_autoptr (StrataPlan) copied = NULL;

  paper_host_image (alone, "web.qcow2", NULL);
  paper_host_add (alone, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "web.qcow2", NULL);
  paper_host_internal (alone, "web", "i1", NULL, "web.qcow2", TRUE);
  native = plan_revert (alone, "i1", NULL, &error);
  assert_kinds (native, error, "require-off | snapshot-revert define settle");

  paper_host_internal (below, "web", "i1", NULL, "base.qcow2", FALSE);
  copied = plan_revert (below, "i1", NULL, &error);
  assert_kinds (
      copied, error,
      "copy-verbatim keep-tag require-off define snapshot-define | snapshot-revert define "
      "delete-tag delete-volume settle");
}

/* Which of two tags of one name is meant nobody can tell QEMU. */
static void
test_doubled_tag (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  StrataImage *image;

  paper_host_image (graph, "web.qcow2", NULL);
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "web.qcow2", NULL);
  paper_host_internal (graph, "web", "i1", NULL, "web.qcow2", TRUE);
  image = strata_graph_get_image (graph, PAPER_POOL "/web.qcow2");
  g_strfreev (image->tags);
  image->tags = g_strdupv ((char *[]) { (char *) "i1", (char *) "i1", NULL });

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (StrataPlan) plan = i == 0
                                        ? plan_revert (graph, "i1", NULL, &error)
                                        : plan_delete (graph, "i1", STRATA_MERGE_CHEAPER, &error);

      g_assert_null (plan);
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
      g_assert_nonnull (strstr (error->message, "internal snapshots called"));
    }
}

/* Both disks stand on what the snapshot has, and nothing tells which of them is to be discarded. */
static void
test_revert_of_two_disks (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = NULL;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "x.qcow2", "base.qcow2");
  paper_host_image (graph, "y.qcow2", "base.qcow2");
  paper_host_define (
      graph, "web",
      "<devices>" PAPER_DISK ("vdb", "x.qcow2") PAPER_DISK ("vdc", "y.qcow2") "</devices>", NULL);
  paper_host_snapshot (graph, "web", "s1", NULL, "base.qcow2", TRUE, FALSE);
  plan = plan_revert (graph, "s1", NULL, &error);
  assert_refused (error, plan, "Both");
}

/* What was to be kept, and can't be in a snapshot, isn't discarded. */
static void
test_revert_keeps_all (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = NULL;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "x.qcow2", "base.qcow2");
  paper_host_image (graph, "y.qcow2", NULL);
  paper_host_define (graph, "web",
                     "<devices>" PAPER_DEVICE ("disk", "vda", "x.qcow2", "<readonly/>")
                         PAPER_DISK ("vdb", "y.qcow2") "</devices>",
                     NULL);
  paper_host_snapshot (graph, "web", "s1", NULL, "base.qcow2", TRUE, FALSE);
  plan = plan_revert (graph, "s1", "now", &error);
  assert_refused (error, plan, "x.qcow2");
}

/* “web” on base <- tip and v <- k; its snapshot s1 has base, and left v out. */
static StrataGraph *
left_out (const char *memory)
{
  StrataGraph *graph = paper_host_new ();
  g_autofree char *definition = NULL;
  g_autofree char *document = NULL;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "tip.qcow2", "base.qcow2");
  paper_host_image (graph, "v.qcow2", NULL);
  paper_host_image (graph, "k.qcow2", "v.qcow2");
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "tip.qcow2", "k.qcow2", NULL);
  definition = paper_host_definition ("web", strata_graph_find_domain (graph, "web")->uuid,
                                      "<devices>" PAPER_DISK ("vda", "base.qcow2")
                                          PAPER_DISK ("vdb", "v.qcow2") "</devices>");
  document = g_strdup_printf ("%s<disks><disk name='vda' snapshot='external'/>"
                              "<disk name='vdb' snapshot='no'/></disks>%s",
                              memory, definition);
  paper_host_document (graph, "web", "s1", document);

  return graph;
}

/* A disk that was left out stays the one that it is by now, which a guest whose memory comes back doesn't know. */
static void
test_revert_beside_a_disk (void)
{
  g_autoptr (StrataGraph) graph = left_out ("<memory snapshot='no'/>");
  g_autoptr (StrataGraph) memory = left_out ("<memory snapshot='external' file='/pool/s1.mem'/>");
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = plan_revert (graph, "s1", NULL, &error);
  g_autoptr (StrataPlan) refused = NULL;

  g_assert_no_error (error);
  g_assert_nonnull (strstr (get_arg (plan, STRATA_STEP_DEFINE, "xml"), "/pool/k.qcow2"));
  refused = plan_revert (memory, "s1", NULL, &error);
  assert_refused (error, refused, "k.qcow2");
}

/* What a clone was put on stays. */
static void
test_revert_below_a_clone (void)
{
  g_autoptr (StrataGraph) graph = lined (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = NULL;

  paper_host_image (graph, "clone.qcow2", "tip.qcow2");
  paper_host_add (graph, "clone", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "clone.qcow2", NULL);
  plan = plan_revert (graph, "s1", NULL, &error);
  assert_kinds (plan, error,
                "check-chain create-overlay require-off define snapshot-define settle");
}

/* What the machine has no more isn't rewritten: it goes on with a copy. */
static void
test_revert_to_detached (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = NULL;

  paper_host_image (graph, "a.qcow2", NULL);
  paper_host_image (graph, "b.qcow2", NULL);
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "b.qcow2", NULL);
  paper_host_internal (graph, "web", "i1", NULL, "a.qcow2", TRUE);
  plan = plan_revert (graph, "i1", NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (get_arg (plan, STRATA_STEP_COPY_VERBATIM, "from"));
}

/* Its files stay where only the metadata goes; and what a tag is in stays with the snapshot that froze it. */
static void
test_metadata_only (void)
{
  g_autoptr (StrataGraph) graph = lined (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataGraph) tagged = forked ();
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SNAPSHOT_DELETE);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = NULL;

  request->snapshot = g_strdup ("s3");
  request->metadata_only = TRUE;
  plan = plan_it (graph, request, &error);
  assert_kinds (plan, error, "snapshot-forget");

  paper_host_internal (tagged, "web", "i1", "s2", "a.qcow2", FALSE);
  assert_delete (tagged, "s2", STRATA_MERGE_CHEAPER, "snapshot-forget settle");
}

/* The image may have a tag of the name that nothing knows of. */
static void
test_taken_tag (void)
{
  g_autoptr (StrataGraph) graph = lined (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SNAPSHOT_CREATE);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = NULL;

  strata_graph_get_image (graph, PAPER_POOL "/tip.qcow2")->tags = g_strsplit ("i1", ",", -1);
  request->snapshot = g_strdup ("i1");
  request->snapshot_kind = STRATA_SNAPSHOT_KIND_INTERNAL;
  plan = plan_it (graph, request, &error);
  assert_refused (error, plan, "internal snapshot of that name");
}

/* What libvirt saved of the guest goes with the chain it had then. */
static void
test_managed_save (void)
{
  g_autoptr (StrataGraph) graph = lined (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) merge = NULL;
  g_autoptr (StrataPlan) revert = NULL;

  strata_graph_find_domain (graph, "web")->managed_save = TRUE;
  merge = plan_delete (graph, "s2", STRATA_MERGE_CHEAPER, &error);
  g_assert_null (merge);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_BUSY);
  g_clear_error (&error);

  revert = plan_revert (graph, "s1", NULL, &error);
  g_assert_null (revert);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_BUSY);
}

static void
test_edit (void)
{
  g_autoptr (StrataGraph) graph = lined (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SNAPSHOT_EDIT);
  g_autoptr (StrataRequest) internal = strata_request_new (STRATA_REQUEST_SNAPSHOT_EDIT);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (StrataPlan) refused = NULL;

  request->snapshot = g_strdup ("s2");
  request->rename = g_strdup ("before");
  plan = plan_it (graph, request, &error);
  assert_kinds (plan, error, "snapshot-define snapshot-define snapshot-forget settle");

  paper_host_internal (graph, "web", "i1", "s3", "tip.qcow2", TRUE);
  internal->snapshot = g_strdup ("i1");
  internal->rename = g_strdup ("other");
  refused = plan_it (graph, internal, &error);
  assert_refused (error, refused, "internal");
}

/* What libvirt names QEMU's job after. */
static void
test_internal_names (void)
{
  static const struct
  {
    gulong version;
    StrataDomainState state;
    const char *name;
    gboolean can;
  } cases[] = {
    { 11003000, STRATA_DOMAIN_STATE_RUNNING, "before-2.0_b", TRUE },
    { 11003000, STRATA_DOMAIN_STATE_RUNNING, "before upgrade", FALSE },
    { 11003000, STRATA_DOMAIN_STATE_PAUSED, "trước", FALSE },
    { 11003000, STRATA_DOMAIN_STATE_OFF, "before upgrade", TRUE },
    { 9000000, STRATA_DOMAIN_STATE_RUNNING, "before upgrade", TRUE },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StrataGraph) graph = lined (cases[i].state);
      g_autoptr (StrataRequest) create = strata_request_new (STRATA_REQUEST_SNAPSHOT_CREATE);
      g_autoptr (StrataPlan) created = NULL;
      g_autoptr (StrataPlan) deleted = NULL;
      g_autoptr (GError) error = NULL;

      strata_graph_set_libvirt_version (graph, cases[i].version);
      create->snapshot = g_strdup (cases[i].name);
      create->snapshot_kind = STRATA_SNAPSHOT_KIND_INTERNAL;
      created = plan_it (graph, create, &error);
      g_assert_cmpint (created != NULL, ==, cases[i].can);
      g_clear_error (&error);

      paper_host_internal (graph, "web", cases[i].name, "s3", "tip.qcow2", TRUE);
      deleted = plan_delete (graph, cases[i].name, STRATA_MERGE_CHEAPER, &error);
      g_assert_cmpint (deleted != NULL, ==, cases[i].can);
    }
}

/* QEMU's locks keep the tag from being written. */
static void
test_internal_below_a_running_one (void)
{
  for (guint running = 0; running < 2; running++)
    {
      g_autoptr (StrataGraph) graph = lined (STRATA_DOMAIN_STATE_OFF);
      g_autoptr (StrataRequest) create = strata_request_new (STRATA_REQUEST_SNAPSHOT_CREATE);
      g_autoptr (StrataPlan) created = NULL;
      g_autoptr (GError) error = NULL;

      paper_host_image (graph, "clone.qcow2", "tip.qcow2");
      paper_host_add (graph, "clone",
                      running ? STRATA_DOMAIN_STATE_RUNNING : STRATA_DOMAIN_STATE_OFF, FALSE, NULL,
                      "clone.qcow2", NULL);
      create->snapshot = g_strdup ("i1");
      create->snapshot_kind = STRATA_SNAPSHOT_KIND_INTERNAL;
      created = plan_it (graph, create, &error);
      if (!running)
        {
          g_assert_no_error (error);
          continue;
        }
      g_assert_null (created);
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_BUSY);
      g_assert_nonnull (strstr (error->message, "clone"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/plan-snapshot/middle-moves-the-small-side", test_middle_moves_the_small_side);
  g_test_add_func ("/plan-snapshot/pull-when-that-is-less", test_pull_when_that_is_less);
  g_test_add_func ("/plan-snapshot/commit-of-the-tip", test_commit_of_the_tip);
  g_test_add_func ("/plan-snapshot/running", test_running);
  g_test_add_func ("/plan-snapshot/several-children-make-a-joint",
                   test_several_children_make_a_joint);
  g_test_add_func ("/plan-snapshot/leaf-off-the-chain", test_leaf_off_the_chain);
  g_test_add_func ("/plan-snapshot/joint-is-swept", test_joint_is_swept);
  g_test_add_func ("/plan-snapshot/joint-below-is-swept", test_joint_below_is_swept);
  g_test_add_func ("/plan-snapshot/abandoned-joint-is-swept", test_abandoned_joint_is_swept);
  g_test_add_func ("/plan-snapshot/detached-disk", test_detached_disk_stays);
  g_test_add_func ("/plan-snapshot/detached-disk-with-its-overlay",
                   test_detached_disk_with_its_overlay_stays);
  g_test_add_func ("/plan-snapshot/detached-disk-with-a-tag", test_detached_disk_with_a_tag_stays);
  g_test_add_func ("/plan-snapshot/tag-in-the-overlay", test_tag_in_the_overlay_makes_a_joint);
  g_test_add_func ("/plan-snapshot/thin-clone", test_thin_clone_makes_a_joint);
  g_test_add_func ("/plan-snapshot/unequal-sizes", test_unequal_sizes);
  g_test_add_func ("/plan-snapshot/subtree", test_subtree);
  g_test_add_func ("/plan-snapshot/revert", test_revert);
  g_test_add_func ("/plan-snapshot/revert-halts-with-the-keeping",
                   test_revert_halts_with_the_keeping);
  g_test_add_func ("/plan-snapshot/internal-names", test_internal_names);
  g_test_add_func ("/plan-snapshot/internal-below-a-running-one",
                   test_internal_below_a_running_one);
  g_test_add_func ("/plan-snapshot/revert-to-internal", test_revert_to_internal);
  g_test_add_func ("/plan-snapshot/doubled-tag", test_doubled_tag);
  g_test_add_func ("/plan-snapshot/revert-of-two-disks", test_revert_of_two_disks);
  g_test_add_func ("/plan-snapshot/revert-keeps-all", test_revert_keeps_all);
  g_test_add_func ("/plan-snapshot/revert-beside-a-disk", test_revert_beside_a_disk);
  g_test_add_func ("/plan-snapshot/revert-below-a-clone", test_revert_below_a_clone);
  g_test_add_func ("/plan-snapshot/revert-to-detached", test_revert_to_detached);
  g_test_add_func ("/plan-snapshot/metadata-only", test_metadata_only);
  g_test_add_func ("/plan-snapshot/taken-tag", test_taken_tag);
  g_test_add_func ("/plan-snapshot/managed-save", test_managed_save);
  g_test_add_func ("/plan-snapshot/edit", test_edit);

  return g_test_run ();
}
