/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The law against plans that no planner of ours would make: who would read something else is found, and named. */

#include "config.h"

#include "host-on-paper.h"
#include "graph/strata-layers.h"
#include "base/strata-error.h"
#include "plan/strata-law.h"

#define AT(name) PAPER_POOL "/" name

/* "other" and "vm" stand on base; vm has a frozen image between, of its snapshot s1. */
static StrataGraph *
make_host (void)
{
  StrataGraph *graph = paper_host_new ();

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "mid.qcow2", "base.qcow2");
  paper_host_image (graph, "top.qcow2", "mid.qcow2");
  paper_host_image (graph, "other.qcow2", "base.qcow2");
  paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);
  paper_host_snapshot (graph, "vm", "s1", NULL, "mid.qcow2", TRUE, FALSE);
  paper_host_add (graph, "other", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "other.qcow2", NULL);

  return graph;
}

static void add (StrataPlan *plan, StrataStepKind kind, const char *key, ...)
    G_GNUC_NULL_TERMINATED;

/* Pairs of a key and a string. */
static void
add (StrataPlan *plan, StrataStepKind kind, const char *key, ...)
{
  JsonObject *args = json_object_new ();
  va_list list;

  va_start (list, key);
  for (; key != NULL; key = va_arg (list, const char *))
    json_object_set_string_member (args, key, va_arg (list, const char *));
  va_end (list);
  strata_plan_add_step (plan, kind, args, "step %u", strata_plan_get_n_steps (plan));
}

static void
add_commit (StrataPlan *plan, const char *top, const char *base)
{
  add (plan, STRATA_STEP_COMMIT, "top", top, "base", base, NULL);
}

static const char *
get_uuid (StrataGraph *graph, const char *name)
{
  return strata_graph_find_domain (graph, name)->uuid;
}

static void
assert_lawful (StrataGraph *graph, StrataPlan *plan)
{
  g_autoptr (GError) error = NULL;
  gboolean allowed = strata_law_check (graph, plan, &error);

  g_assert_no_error (error);
  g_assert_true (allowed);
}

/* WHO and STEP: what the refusal has to name */
static void
assert_refused (StrataGraph *graph, StrataPlan *plan, const char *who, const char *step)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (strata_law_check (graph, plan, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, who));
  g_assert_nonnull (strstr (error->message, step));
}

static void
test_removal (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");

  add (plan, STRATA_STEP_DELETE_VOLUME, "path", AT ("base.qcow2"), NULL);
  assert_refused (graph, plan, "vm", "step 0");
}

/* What was written into mid would be read by "other", too. */
static void
test_commit_under_another (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");

  strata_plan_discard_snapshot (plan, get_uuid (graph, "vm"), "s1");
  add_commit (plan, AT ("mid.qcow2"), AT ("base.qcow2"));
  assert_refused (graph, plan, "“other”", "step 0");
}

/* Down into its own frozen image is fine, if nobody wants to go back there any more. */
static void
test_own_commit (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) kept = strata_plan_new ("plan", "Act");
  g_autoptr (StrataPlan) discarding = strata_plan_new ("plan", "Act");

  add_commit (kept, AT ("top.qcow2"), AT ("mid.qcow2"));
  assert_refused (graph, kept, "s1", "step 0");

  strata_plan_discard_snapshot (discarding, get_uuid (graph, "vm"), "s1");
  add_commit (discarding, AT ("top.qcow2"), AT ("mid.qcow2"));
  assert_lawful (graph, discarding);
}

/* Nothing changes for who reads the image, and all for who reads its tag. */
static void
test_pull_under_a_tag (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");

  paper_host_internal (graph, "other", "inside", NULL, "other.qcow2", TRUE);
  add (plan, STRATA_STEP_PULL, "image", AT ("other.qcow2"), NULL);
  assert_refused (graph, plan, "inside", "step 0");
}

/* A step that is taken back by the next one is one too many all the same. */
static void
test_every_step_counts (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");

  add (plan, STRATA_STEP_COPY_VERBATIM, "from", AT ("other.qcow2"), "to", AT ("spare.qcow2"), NULL);
  add (plan, STRATA_STEP_DELETE_VOLUME, "path", AT ("other.qcow2"), NULL);
  add (plan, STRATA_STEP_COPY_VERBATIM, "from", AT ("spare.qcow2"), "to", AT ("other.qcow2"), NULL);
  assert_refused (graph, plan, "other", "step 1");
}

/* Who comes to be on the way is held to what it read first. */
static void
test_latecomer (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
  const char *uuid = "6d1d4a5e-0000-4000-8000-000000000001";
  g_autofree char *xml = g_strdup_printf (
      "<domain type='qemu'><name>clone</name><uuid>%s</uuid><memory>65536</memory>"
      "<os><type>hvm</type></os><devices><disk type='file' device='disk'>"
      "<source file='" AT ("clone.qcow2") "'/><target dev='vda' bus='virtio'/></disk></devices>"
                                          "</domain>",
      uuid);

  strata_plan_discard_domain (plan, get_uuid (graph, "vm"));
  add (plan, STRATA_STEP_CREATE_OVERLAY, "path", AT ("clone.qcow2"), "backing", AT ("top.qcow2"),
       "backing-format", "qcow2", NULL);
  add (plan, STRATA_STEP_DEFINE, "uuid", uuid, "xml", xml, NULL);
  /* vm would write below it */
  assert_refused (graph, plan, uuid, "step 1");
  add (plan, STRATA_STEP_UNDEFINE, "uuid", get_uuid (graph, "vm"), NULL);
  assert_lawful (graph, plan);

  add (plan, STRATA_STEP_DELETE_VOLUME, "path", AT ("top.qcow2"), NULL);
  assert_refused (graph, plan, uuid, "step 3");
}

/* A disk that is missing reads nothing, until somebody makes it; from then on it is held as well. */
static void
test_found_again (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");

  paper_host_add (graph, "lost", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "lost.qcow2", NULL);
  add (plan, STRATA_STEP_COPY_IMAGE, "source", AT ("other.qcow2"), "destination", AT ("lost.qcow2"),
       NULL);
  assert_lawful (graph, plan);

  add (plan, STRATA_STEP_DELETE_VOLUME, "path", AT ("lost.qcow2"), NULL);
  assert_refused (graph, plan, "“lost”", "step 1");
}

/* With a host full of others, the one who is in the way is found, and nobody else is. */
static void
test_crowd (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");

  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *name = g_strdup_printf ("crowd-%u", i);
      g_autofree char *below = g_strdup_printf ("crowd-%u-a.qcow2", i);
      g_autofree char *above = g_strdup_printf ("crowd-%u-b.qcow2", i);

      paper_host_image (graph, below, NULL);
      paper_host_image (graph, above, below);
      paper_host_add (graph, name, STRATA_DOMAIN_STATE_OFF, FALSE, NULL, above, NULL);
      paper_host_snapshot (graph, name, "s1", NULL, below, TRUE, FALSE);
    }

  strata_plan_discard_snapshot (plan, get_uuid (graph, "crowd-7"), "s1");
  add_commit (plan, AT ("crowd-7-b.qcow2"), AT ("crowd-7-a.qcow2"));
  assert_lawful (graph, plan);
  add_commit (plan, AT ("crowd-8-b.qcow2"), AT ("crowd-8-a.qcow2"));
  assert_refused (graph, plan, "crowd-8", "step 1");
}

/* Another program's snapshot may be called anything; it is not taken for the disk of the next start, and what goes with the
 * domain's own disks does not go with it. */
static void
test_odd_names (void)
{
  static const char *const names[] = { "@next", "/", "s1/vda", "?", "ä\nb" };

  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");

      paper_host_image (graph, "base.qcow2", NULL);
      paper_host_image (graph, "top.qcow2", "base.qcow2");
      paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);
      paper_host_snapshot (graph, "vm", names[i], NULL, "base.qcow2", TRUE, FALSE);

      strata_plan_discard_domain (plan, get_uuid (graph, "vm"));
      strata_plan_discard_snapshot (plan, get_uuid (graph, "vm"), "s1");
      add (plan, STRATA_STEP_UNDEFINE, "uuid", get_uuid (graph, "vm"), NULL);
      assert_lawful (graph, plan);
      add_commit (plan, AT ("top.qcow2"), AT ("base.qcow2"));
      assert_refused (graph, plan, names[i], "step 1");
    }
}

/* A tag called "?" is not all that could not be read, and what could not be read holds what is below it. */
static void
test_unknown_tags (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
  StrataImage *image = strata_graph_get_image (graph, AT ("other.qcow2"));
  g_autoptr (StrataLayers) layers = NULL;

  image->tags = g_strdupv ((char *[]) { (char *) "?", NULL });
  layers = strata_layers_new (graph);
  g_assert_false (strata_layer_may_have_tag (strata_layers_find (layers, image->path), "another"));
  g_clear_pointer (&layers, strata_layers_free);

  g_clear_pointer (&image->tags, g_strfreev);
  image->tags_unknown = TRUE;
  layers = strata_layers_new (graph);
  g_assert_true (strata_layer_may_have_tag (strata_layers_find (layers, image->path), "another"));
  add (plan, STRATA_STEP_PULL, "image", AT ("other.qcow2"), NULL);
  assert_refused (graph, plan, "other.qcow2", "step 0");
}

/* Of what changed, one stands on the other, and somebody stands on both: found in whatever order they are gone through,
 * which is that of the hashes of their names. */
static void
test_changed_on_changed (void)
{
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
      g_autofree char *base = g_strdup_printf ("base-%u.qcow2", i);
      g_autofree char *mid = g_strdup_printf ("mid-%u.qcow2", i);
      g_autofree char *base_path = g_build_filename (PAPER_POOL, base, NULL);
      g_autofree char *mid_path = g_build_filename (PAPER_POOL, mid, NULL);

      paper_host_image (graph, base, NULL);
      paper_host_image (graph, mid, base);
      paper_host_image (graph, "leaf.qcow2", mid);
      paper_host_add (graph, "leaf", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "leaf.qcow2", NULL);

      add (plan, STRATA_STEP_PULL, "image", mid_path, NULL);
      add (plan, STRATA_STEP_DELETE_VOLUME, "path", base_path, NULL);
      assert_lawful (graph, plan);
      add (plan, STRATA_STEP_DELETE_VOLUME, "path", mid_path, NULL);
      assert_refused (graph, plan, "“leaf”", "step 2");
    }
}

static void
assert_rest (StrataGraph *graph, StrataPlan *plan, const gboolean *done, const char *who)
{
  g_autoptr (GError) error = NULL;
  gboolean allowed = strata_law_check_steps (graph, plan, done, &error);

  if (who == NULL)
    {
      g_assert_no_error (error);
      g_assert_true (allowed);
      return;
    }

  g_assert_false (allowed);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, who));
}

/* The deletion of s1, stopped at its commit: a clone that was made of it meanwhile is not given up. */
static void
test_rest_and_a_clone (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
  static const gboolean none[] = { FALSE, FALSE, FALSE };

  strata_plan_discard_snapshot (plan, get_uuid (graph, "vm"), "s1");
  add_commit (plan, AT ("top.qcow2"), AT ("mid.qcow2"));
  add (plan, STRATA_STEP_DELETE_METADATA, "uuid", get_uuid (graph, "vm"), "snapshot", "s1", NULL);
  add (plan, STRATA_STEP_RECONCILE, "uuid", get_uuid (graph, "vm"), NULL);
  assert_rest (graph, plan, none, NULL);

  paper_host_image (graph, "clone.qcow2", "mid.qcow2");
  paper_host_add (graph, "clone", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "clone.qcow2", NULL);
  assert_rest (graph, plan, none, "“clone”");
}

/* s1 is forgotten, and what has its name by now is another one. */
static void
test_rest_and_a_new_snapshot (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
  static const gboolean none[] = { FALSE, FALSE };
  static const gboolean forgotten[] = { TRUE, FALSE };

  strata_plan_discard_snapshot (plan, get_uuid (graph, "vm"), "s1");
  add (plan, STRATA_STEP_DELETE_METADATA, "uuid", get_uuid (graph, "vm"), "snapshot", "s1", NULL);
  add_commit (plan, AT ("top.qcow2"), AT ("mid.qcow2"));
  assert_rest (graph, plan, none, NULL);
  assert_rest (graph, plan, forgotten, "s1");
}

/* A return, stopped before the old tip goes: the present state was given up for the new one. What the domain has on its disk
 * now was not. */
static void
test_rest_and_a_disk (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
  static const char definition[] =
      "<domain><name>vm</name><devices><disk type='file' device='disk'>"
      "<driver name='qemu' type='qcow2'/><source file='" AT (
          "tip.qcow2") "'/>"
                       "<target dev='vda'/></disk></devices></domain>";
  static const gboolean none[] = { FALSE, FALSE };
  static const gboolean defined[] = { TRUE, FALSE };

  paper_host_image (graph, "tip.qcow2", "mid.qcow2");
  strata_plan_discard_domain (plan, get_uuid (graph, "vm"));
  add (plan, STRATA_STEP_DEFINE, "uuid", get_uuid (graph, "vm"), "xml", definition, NULL);
  add (plan, STRATA_STEP_DELETE_VOLUME, "path", AT ("top.qcow2"), NULL);
  assert_rest (graph, plan, none, NULL);
  assert_rest (graph, plan, defined, "“vm”");
}

/* As libvirt writes it into the first snapshot of “vm”. */
static void
put_overlay (StrataGraph *graph, const char *path)
{
  StrataDomainFacts *vm = strata_graph_find_domain (graph, "vm");
  StrataSnapshotFacts *snapshot = g_ptr_array_index (vm->snapshots, 0);

  g_set_str (&((StrataSnapshotDisk *) g_ptr_array_index (snapshot->disks, 0))->overlay, path);
}

static void
lose (StrataImage *image)
{
  strata_image_set_problem (image, STRATA_IMAGE_MISSING, "The image “%s” is missing", image->path);
}

/* “vm” as it is with its present image away. */
static StrataGraph *
make_torn_host (void)
{
  StrataGraph *graph = make_host ();

  lose (strata_graph_get_image (graph, AT ("top.qcow2")));
  g_clear_pointer (&strata_graph_get_image (graph, AT ("top.qcow2"))->backing_path, g_free);
  put_overlay (graph, AT ("top.qcow2"));

  return graph;
}

static StrataPlan *
plan_snapshot_delete (StrataGraph *graph,
                      const char *domain,
                      const char *snapshot,
                      gboolean metadata_only,
                      GError **error)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SNAPSHOT_DELETE);

  request->domain = g_strdup (domain);
  request->snapshot = g_strdup (snapshot);
  request->metadata_only = metadata_only;

  return strata_plan_request (graph, request, error);
}

static void
assert_kept (StrataGraph *graph, const char *domain, const char *snapshot, const char *absent)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = plan_snapshot_delete (graph, domain, snapshot, FALSE, &error);

  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
  g_assert_null (plan);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, absent));
}

/* What the machine is on was moved away for a while: it may stand on whatever the machine has. */
static void
test_absent_disk (void)
{
  g_autoptr (StrataGraph) graph = make_torn_host ();
  g_autoptr (StrataPlan) forget = NULL;
  g_autoptr (StrataPlan) merge = strata_plan_new ("plan", "Act");
  g_autoptr (StrataPlan) all = strata_plan_new ("plan", "Act");
  g_autoptr (GError) error = NULL;

  assert_kept (graph, "vm", "s1", "top.qcow2");

  forget = plan_snapshot_delete (graph, "vm", "s1", TRUE, &error);
  g_assert_no_error (error);
  g_assert_nonnull (forget);

  strata_plan_discard_snapshot (merge, get_uuid (graph, "vm"), "s1");
  add_commit (merge, AT ("mid.qcow2"), AT ("base.qcow2"));
  assert_refused (graph, merge, "top.qcow2", "mid.qcow2");

  strata_plan_discard_domain (all, get_uuid (graph, "vm"));
  strata_plan_discard_snapshot (all, get_uuid (graph, "vm"), "s1");
  add (all, STRATA_STEP_UNDEFINE, "uuid", get_uuid (graph, "vm"), NULL);
  add (all, STRATA_STEP_DELETE_VOLUME, "path", AT ("mid.qcow2"), NULL);
  assert_lawful (graph, all);
}

/* A raw image stands on nothing, wherever it is. */
static void
test_absent_raw (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;

  paper_host_add (graph, "iso", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "iso.qcow2", "away.raw",
                  NULL);
  paper_host_image (graph, "iso-base.qcow2", NULL);
  paper_host_image (graph, "iso.qcow2", "iso-base.qcow2");
  lose (paper_host_image (graph, "away.raw", NULL));
  paper_host_snapshot (graph, "iso", "s1", NULL, "iso-base.qcow2", TRUE, FALSE);

  plan = plan_snapshot_delete (graph, "iso", "s1", FALSE, &error);
  g_assert_no_error (error);
  g_assert_nonnull (plan);
}

/* Of a snapshot whose image is away: it can be deleted itself, but no other. What stands on its image is as little known. */
static void
test_absent_snapshot (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) itself = NULL;
  g_autoptr (GError) error = NULL;

  lose (paper_host_image (graph, "kept.qcow2", NULL));
  paper_host_snapshot (graph, "vm", "kept", "s1", "kept.qcow2", FALSE, FALSE);
  assert_kept (graph, "vm", "s1", "kept.qcow2");

  itself = plan_snapshot_delete (graph, "vm", "kept", FALSE, &error);
  g_assert_no_error (error);
  g_assert_nonnull (itself);
}

static void
test_absent_middle (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();

  paper_host_image (graph, "one.qcow2", NULL);
  lose (paper_host_image (graph, "two.qcow2", NULL));
  paper_host_image (graph, "tip.qcow2", "two.qcow2");
  paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "tip.qcow2", NULL);
  paper_host_snapshot (graph, "vm", "s1", NULL, "one.qcow2", FALSE, FALSE);
  put_overlay (graph, AT ("two.qcow2"));
  assert_kept (graph, "vm", "s1", "two.qcow2");
}

/* A thin clone whose image is away; MARK: the attributes and the elements of its mark */
static void
add_absent_clone (StrataGraph *graph, const char *mark)
{
  g_autoptr (StrataDomainFacts) clone = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *xml = g_strdup_printf (
      "<domain type='qemu'><name>c</name><uuid>6d1d4a5e-0000-4000-8000-00000000000c</uuid>"
      "<metadata><strata:strata xmlns:strata='https://stratavm.github.io/xmlns/1'>"
      "<strata:thin domain='6d1d4a5e-0000-4000-8000-00000000000d' %s</strata:thin>"
      "</strata:strata></metadata><memory>65536</memory><os><type>hvm</type></os>"
      "<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
      "<source file='" AT ("c.qcow2") "'/><target dev='vda' bus='virtio'/></disk></devices>"
                                      "</domain>",
      mark);

  lose (paper_host_image (graph, "c.qcow2", NULL));
  clone = strata_domain_facts_new (xml, NULL, STRATA_DOMAIN_STATE_OFF, &error);
  g_assert_no_error (error);
  strata_graph_add_domain (graph, clone);
}

/* A thin clone whose image is away stands on what its mark says, whatever UUID its definition has by now. */
static void
test_absent_thin_clone (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autofree char *mark =
      g_strdup_printf ("source='%s' source-name='web' snapshot='s1'>", get_uuid (graph, "vm"));

  add_absent_clone (graph, mark);
  assert_kept (graph, "vm", "s1", "c.qcow2");
}

/* An older mark, and its source was defined again under another UUID. */
static void
test_absent_thin_name (void)
{
  g_autoptr (StrataGraph) graph = make_host ();

  add_absent_clone (graph, "source='6d1d4a5e-0000-4000-8000-00000000000e' source-name='vm' "
                           "snapshot='s1'>");
  assert_kept (graph, "vm", "s1", "c.qcow2");
}

/* Whichever domain is on the images by now; and what is below the named ones, which nothing else says once a clone between
 * is gone, is held as they are. */
static void
test_absent_thin_bases (void)
{
  static const char *const named[] = { "mid.qcow2", "base.qcow2" };

  for (size_t i = 0; i < G_N_ELEMENTS (named); i++)
    {
      g_autoptr (StrataGraph) graph = make_host ();
      g_autoptr (StrataPlan) merge = strata_plan_new ("plan", "Act");
      g_autofree char *mark =
          g_strdup_printf ("source='6d1d4a5e-0000-4000-8000-00000000000e' source-name='gone' "
                           "snapshot='s1'><strata:base path='%s/%s'/>",
                           PAPER_POOL, named[i]);

      add_absent_clone (graph, mark);
      strata_plan_discard_snapshot (merge, get_uuid (graph, "vm"), "s1");
      add_commit (merge, AT ("mid.qcow2"), AT ("base.qcow2"));
      assert_refused (graph, merge, "c.qcow2", named[i]);
    }
}

/* A disk that the clone is not on goes on being its machine's own, whatever that machine is called. */
static void
test_absent_thin_elsewhere (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;

  paper_host_image (graph, "base2.qcow2", NULL);
  paper_host_image (graph, "top2.qcow2", "base2.qcow2");
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top2.qcow2", NULL);
  paper_host_snapshot (graph, "web", "s1", NULL, "base2.qcow2", TRUE, FALSE);
  add_absent_clone (graph, "source='6d1d4a5e-0000-4000-8000-00000000000e' source-name='web' "
                           "snapshot='s1'><strata:base path='" AT ("base.qcow2") "'/>");

  plan = plan_snapshot_delete (graph, "web", "s1", FALSE, &error);
  g_assert_no_error (error);
  g_assert_nonnull (plan);
}

static StrataPlan *
plan_deletion (StrataGraph *graph, const char *name)
{
  StrataPlan *plan = strata_plan_new ("plan", "Act");
  JsonArray *disks = json_array_new ();
  JsonObject *disk = json_object_new ();

  json_object_set_string_member (disk, "path", AT ("own.qcow2"));
  json_array_add_object_element (disks, disk);
  strata_plan_discard_snapshot (plan, get_uuid (graph, name), "i1");
  add (plan, STRATA_STEP_SNAPSHOT_DELETE, "uuid", get_uuid (graph, name), "snapshot", "i1", "tag",
       "i1", NULL);
  json_object_set_array_member (strata_plan_get_step (plan, 0)->args, "disks", disks);

  return plan;
}

/* A disk that came later has a tag of that name, which another machine's snapshot is, or none's. */
static void
test_foreign_tag (void)
{
  static const struct
  {
    StrataDomainState state;
    gboolean tagged;
    gboolean allowed;
  } cases[] = {
    { STRATA_DOMAIN_STATE_RUNNING, TRUE, FALSE },
    { STRATA_DOMAIN_STATE_RUNNING, FALSE, TRUE },
    { STRATA_DOMAIN_STATE_OFF, TRUE, TRUE },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StrataGraph) graph = make_host ();
      g_autoptr (StrataPlan) deletion = NULL;
      g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
      StrataImage *data;

      paper_host_image (graph, "own.qcow2", NULL);
      data = paper_host_image (graph, "data.qcow2", NULL);
      paper_host_add (graph, "two", cases[i].state, FALSE, NULL, "own.qcow2", "data.qcow2", NULL);
      paper_host_internal (graph, "two", "i1", NULL, "own.qcow2", TRUE);
      if (cases[i].tagged)
        data->tags = g_strsplit ("i1", ",", -1);

      deletion = plan_deletion (graph, "two");
      if (cases[i].allowed)
        assert_lawful (graph, deletion);
      else
        assert_refused (graph, deletion, AT ("data.qcow2"), "step 0");

      strata_plan_discard_domain (plan, get_uuid (graph, "two"));
      add (plan, STRATA_STEP_SNAPSHOT_REVERT, "uuid", get_uuid (graph, "two"), "snapshot", "i1",
           "state", "off", NULL);
      if (cases[i].tagged)
        assert_refused (graph, plan, AT ("data.qcow2"), "step 0");
      else
        assert_lawful (graph, plan);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/law/rest-and-a-clone", test_rest_and_a_clone);
  g_test_add_func ("/law/rest-and-a-new-snapshot", test_rest_and_a_new_snapshot);
  g_test_add_func ("/law/rest-and-a-disk", test_rest_and_a_disk);

  g_test_add_func ("/law/removal", test_removal);
  g_test_add_func ("/law/commit-under-another", test_commit_under_another);
  g_test_add_func ("/law/own-commit", test_own_commit);
  g_test_add_func ("/law/pull-under-a-tag", test_pull_under_a_tag);
  g_test_add_func ("/law/every-step-counts", test_every_step_counts);
  g_test_add_func ("/law/latecomer", test_latecomer);
  g_test_add_func ("/law/found-again", test_found_again);
  g_test_add_func ("/law/crowd", test_crowd);
  g_test_add_func ("/law/odd-names", test_odd_names);
  g_test_add_func ("/law/unknown-tags", test_unknown_tags);
  g_test_add_func ("/law/foreign-tag", test_foreign_tag);
  g_test_add_func ("/law/changed-on-changed", test_changed_on_changed);
  g_test_add_func ("/law/absent-disk", test_absent_disk);
  g_test_add_func ("/law/absent-raw", test_absent_raw);
  g_test_add_func ("/law/absent-snapshot", test_absent_snapshot);
  g_test_add_func ("/law/absent-middle", test_absent_middle);
  g_test_add_func ("/law/absent-thin-clone", test_absent_thin_clone);
  g_test_add_func ("/law/absent-thin-name", test_absent_thin_name);
  g_test_add_func ("/law/absent-thin-bases", test_absent_thin_bases);
  g_test_add_func ("/law/absent-thin-elsewhere", test_absent_thin_elsewhere);

  return g_test_run ();
}
