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

#define DISKS(name) "<devices>" PAPER_DISK ("vda", name) "</devices>"

static void
add_define (StrataPlan *plan,
            StrataGraph *graph,
            const char *name,
            const char *now,
            const char *was)
{
  const char *uuid = get_uuid (graph, name);
  g_autofree char *xml = paper_host_definition (name, uuid, now);
  g_autofree char *previous = was != NULL ? paper_host_definition (name, uuid, was) : NULL;

  add (plan, STRATA_STEP_DEFINE, "uuid", uuid, "xml", xml, previous != NULL ? "previous" : NULL,
       previous, NULL);
}

/* A layer that two stand on is merged by the same commit once on each: what is in the base by the first is no news. */
static void
test_rest_and_a_commit (void)
{
  for (guint between = 0; between < 2; between++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
      const char *base = between ? AT ("base.qcow2") : AT ("low.qcow2");
      static const gboolean none[] = { FALSE, FALSE };
      static const gboolean one[] = { TRUE, FALSE };

      paper_host_image (graph, "base.qcow2", NULL);
      paper_host_image (graph, "low.qcow2", "base.qcow2");
      paper_host_image (graph, "mid.qcow2", "low.qcow2");
      paper_host_image (graph, "fork.qcow2", "mid.qcow2");
      paper_host_add (graph, "fork", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "fork.qcow2", NULL);
      add (plan, STRATA_STEP_COMMIT, "top", AT ("mid.qcow2"), "base", base, "via", AT ("top.qcow2"),
           NULL);
      add (plan, STRATA_STEP_COMMIT, "top", AT ("mid.qcow2"), "base", base, "via",
           AT ("fork.qcow2"), NULL);

      paper_host_image (graph, "top.qcow2", "mid.qcow2");
      paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);
      assert_rest (graph, plan, none, NULL);
      g_set_str (&strata_graph_get_image (graph, AT ("top.qcow2"))->backing_path, base);
      assert_rest (graph, plan, one, NULL);
    }
}

/* What a copy that is made has is known by its source only, and so are its tags. */
static void
test_rest_and_a_copy (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
  g_autofree char *definition =
      paper_host_definition ("other", get_uuid (graph, "other"), DISKS ("copy.qcow2"));
  g_autofree char *document =
      g_strdup_printf ("<domainsnapshot><name>i1</name><creationTime>2</creationTime>"
                       "<disks><disk name='vda' snapshot='internal'/></disks>%s</domainsnapshot>",
                       definition);
  static const gboolean copied[] = { TRUE, FALSE, FALSE, FALSE };

  paper_host_internal (graph, "other", "i1", NULL, "other.qcow2", TRUE);
  add (plan, STRATA_STEP_COPY_VERBATIM, "from", AT ("other.qcow2"), "to", AT ("copy.qcow2"), NULL);
  add_define (plan, graph, "other", DISKS ("copy.qcow2"), NULL);
  add (plan, STRATA_STEP_SNAPSHOT_DEFINE, "uuid", get_uuid (graph, "other"), "snapshot", "i1",
       "xml", document, NULL);
  add (plan, STRATA_STEP_DELETE_VOLUME, "path", AT ("other.qcow2"), NULL);
  assert_lawful (graph, plan);

  paper_host_image (graph, "copy.qcow2", "base.qcow2")->tags = g_strsplit ("i1", ",", -1);
  assert_rest (graph, plan, copied, NULL);
}

/* What has the name by now of what is still to be made is another's. */
static void
test_rest_and_a_stranger (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
  static const gboolean none[] = { FALSE };
  static const gboolean made[] = { TRUE };

  add (plan, STRATA_STEP_COPY_IMAGE, "source", AT ("base.qcow2"), "destination", AT ("new.qcow2"),
       NULL);
  assert_rest (graph, plan, none, NULL);
  paper_host_image (graph, "new.qcow2", "base.qcow2");
  assert_rest (graph, plan, none, "new.qcow2");
  assert_rest (graph, plan, made, NULL);
}

/* That an image, or a tag, is still to be deleted says nothing of others. */
static void
test_rest_and_another_image (void)
{
  for (guint tag = 0; tag < 2; tag++)
    {
      g_autoptr (StrataGraph) graph = make_host ();
      g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
      static const gboolean none[] = { FALSE, FALSE };

      paper_host_image (graph, "one.qcow2", tag ? NULL : "base.qcow2")->tags =
          tag ? g_strsplit ("t,u", ",", -1) : NULL;
      if (!tag)
        paper_host_image (graph, "two.qcow2", "base.qcow2");
      if (tag)
        add (plan, STRATA_STEP_DELETE_TAG, "path", AT ("one.qcow2"), "tag", "t", NULL);
      else
        add (plan, STRATA_STEP_DELETE_VOLUME, "path", AT ("one.qcow2"), NULL);
      assert_rest (graph, plan, none, NULL);
      add (plan, STRATA_STEP_COPY_IMAGE, "source", AT ("base.qcow2"), "destination",
           tag ? AT ("one.qcow2") : AT ("two.qcow2"), NULL);
      assert_rest (graph, plan, none, tag ? "“u”" : "two.qcow2");
    }
}

/* What was given up is spent by the steps that discard it, and by those of no other. */
static void
test_rest_and_others_steps (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) snapshot = strata_plan_new ("plan", "Act");
  g_autoptr (StrataPlan) domain = strata_plan_new ("plan", "Act");
  static const gboolean one[] = { TRUE, FALSE };

  strata_plan_discard_snapshot (snapshot, get_uuid (graph, "vm"), "s1");
  add (snapshot, STRATA_STEP_DELETE_METADATA, "uuid", get_uuid (graph, "vm"), "snapshot", "s2",
       NULL);
  add_commit (snapshot, AT ("top.qcow2"), AT ("mid.qcow2"));
  assert_rest (graph, snapshot, one, NULL);

  strata_plan_discard_domain (domain, get_uuid (graph, "vm"));
  add_define (domain, graph, "other", DISKS ("other.qcow2"), NULL);
  add (domain, STRATA_STEP_COPY_VERBATIM, "from", AT ("base.qcow2"), "to", AT ("top.qcow2"), NULL);
  assert_rest (graph, domain, one, NULL);
}

/* The machine that is to be started would write to what it got by the plan, if it did not have that before. */
static void
test_rest_and_a_start (void)
{
  for (guint had = 0; had < 2; had++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
      static const gboolean defined[] = { TRUE, FALSE };

      paper_host_image (graph, "base.qcow2", NULL);
      paper_host_image (graph, "other.qcow2", "base.qcow2");
      paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "base.qcow2", NULL);
      paper_host_add (graph, "other", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "other.qcow2", NULL);
      add_define (plan, graph, "vm", DISKS ("base.qcow2"),
                  had ? DISKS ("base.qcow2") : DISKS ("old.qcow2"));
      add (plan, STRATA_STEP_START, "uuid", get_uuid (graph, "vm"), NULL);
      assert_rest (graph, plan, defined, had ? NULL : "“other”");
    }
}

/* An overlay that was made stands on the file that was there then; one that was made read-only is that file. */
static void
test_rest_and_its_base (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) overlay = strata_plan_new ("plan", "Act");
  g_autoptr (StrataPlan) mode = strata_plan_new ("plan", "Act");
  StrataImage *base = strata_graph_get_image (graph, AT ("base.qcow2"));
  static const gboolean one[] = { TRUE };

  paper_host_image (graph, "new.qcow2", "base.qcow2");
  base->identity = g_strdup ("file:1:2");
  add (overlay, STRATA_STEP_CREATE_OVERLAY, "path", AT ("new.qcow2"), "backing", AT ("base.qcow2"),
       "backing-format", "qcow2", "backing-identity", "file:1:2", NULL);
  add (mode, STRATA_STEP_SET_MODE, "path", AT ("base.qcow2"), "identity", "file:1:2", NULL);
  assert_rest (graph, overlay, one, NULL);
  assert_rest (graph, mode, one, NULL);

  g_set_str (&base->identity, "file:1:3");
  assert_rest (graph, overlay, one, "another file");
  assert_rest (graph, mode, one, "another file");
  lose (base);
  assert_rest (graph, overlay, one, "gone missing");
}

/* What may not be deleted is no reason against the steps before its deletion. */
static void
test_rest_but_deletions (void)
{
  static const StrataStepKind kinds[] = { STRATA_STEP_DELETE_VOLUME, STRATA_STEP_DELETE_FILE };

  for (size_t i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (StrataGraph) graph = make_host ();
      g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
      g_autoptr (GError) error = NULL;
      static const gboolean none[] = { FALSE };

      add (plan, kinds[i], "path", AT ("base.qcow2"), NULL);
      assert_rest (graph, plan, none, "“vm”");
      g_assert_true (strata_law_check_but_deletions (graph, plan, none, &error));
      g_assert_no_error (error);
    }
}

/* Whose disk it is by the definition that it gets: one that it only read, or that a snapshot left out, it may not have so. */
static void
test_new_writer (void)
{
  static const struct
  {
    const char *was;
    const char *is;
    const char *words; /* (nullable) */
  } cases[] = {
    /* What it wrote to before is not the plan's doing. */
    { DISKS ("base.qcow2"), DISKS ("base.qcow2"), NULL },
    { "<devices>" PAPER_DEVICE ("disk", "vda", "base.qcow2", "<readonly/>") "</devices>",
      DISKS ("base.qcow2"), "reads" },
    /* Two that share a disk may share it, and not what is below. */
    { "", "<devices>" PAPER_DEVICE ("disk", "vda", "shared.qcow2", "<shareable/>") "</devices>",
      NULL },
    { "", "<devices>" PAPER_DEVICE ("disk", "vda", "ground.qcow2", "<shareable/>") "</devices>",
      "“sharing”" },
    { "", DISKS ("shared.qcow2"), "“sharing”" },
    /* An overlay that none names is whose it gets to be, and so is an image of which only a tag is kept. */
    { "", DISKS ("unnamed.qcow2"), NULL },
    { "", DISKS ("tagged.qcow2"), NULL },
    { "", "<devices>" PAPER_DEVICE ("disk", "vda", "base.qcow2", "<transient/>") "</devices>",
      NULL },
    { "", "<devices>" PAPER_DEVICE ("cdrom", "vda", "base.qcow2", "") "</devices>", NULL },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StrataGraph) graph = make_host ();
      g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");

      paper_host_image (graph, "ground.qcow2", NULL);
      paper_host_image (graph, "shared.qcow2", "ground.qcow2");
      paper_host_image (graph, "unnamed.qcow2", "base.qcow2");
      paper_host_image (graph, "tagged.qcow2", NULL);
      paper_host_internal (graph, "other", "i1", NULL, "tagged.qcow2", TRUE);
      paper_host_define (
          graph, "sharing",
          "<devices>" PAPER_DEVICE ("disk", "vda", "shared.qcow2", "<shareable/>") "</devices>",
          NULL);
      paper_host_define (graph, "new", cases[i].was, NULL);
      strata_plan_discard_domain (plan, get_uuid (graph, "new"));
      add_define (plan, graph, "new", cases[i].is, NULL);
      g_test_message ("case %zu", i);
      if (cases[i].words != NULL)
        assert_refused (graph, plan, cases[i].words, "step 0");
      else
        assert_lawful (graph, plan);
    }
}

/* That “twin” writes below “other” is so before the plan, and not its doing. */
static void
test_old_writer (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");

  paper_host_internal (graph, "other", "i1", NULL, "other.qcow2", TRUE);
  paper_host_add (graph, "twin", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "base.qcow2", NULL);
  strata_plan_discard_snapshot (plan, get_uuid (graph, "other"), "i1");
  add (plan, STRATA_STEP_DELETE_TAG, "path", AT ("other.qcow2"), "tag", "i1", NULL);
  assert_lawful (graph, plan);
}

/* A snapshot of “vm” that left vdb out, which was v.qcow2 */
static void
add_left_out (StrataGraph *graph)
{
  g_autofree char *definition = paper_host_definition (
      "vm", get_uuid (graph, "vm"),
      "<devices>" PAPER_DISK ("vda", "mid.qcow2") PAPER_DISK ("vdb", "v.qcow2") "</devices>");
  g_autofree char *document = g_strdup_printf (
      "<disks><disk name='vda' snapshot='external'/><disk name='vdb' snapshot='no'/></disks>%s",
      definition);

  paper_host_document (graph, "vm", "left", document);
  paper_host_image (graph, "v.qcow2", NULL);
}

#define MOVE "`map`:[{`from`:`/pool/v.qcow2`,`to`:`/pool/w.qcow2`,`format`:`qcow2`}]"

/* A disk that a snapshot left out, and that its machine has no more, comes back with it: it may go where the snapshot is told of
 * another with the same content. */
static void
test_left_out (void)
{
  static const struct
  {
    const char *told;
    gboolean copy;
    gboolean allowed;
  } cases[] = {
    { "vm", TRUE, TRUE },
    { "other", TRUE, FALSE },
    { "vm", FALSE, FALSE },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StrataGraph) graph = make_host ();
      g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");

      add_left_out (graph);
      if (cases[i].copy)
        add (plan, STRATA_STEP_COPY_VERBATIM, "from", AT ("v.qcow2"), "to", AT ("w.qcow2"), NULL);
      else
        paper_host_image (graph, "w.qcow2", NULL);
      paper_plan_add (plan, STRATA_STEP_RECONCILE, "{`uuid`:`%s`," MOVE "}",
                      get_uuid (graph, cases[i].told));
      add (plan, STRATA_STEP_DELETE_VOLUME, "path", AT ("v.qcow2"), NULL);
      if (cases[i].allowed)
        assert_lawful (graph, plan);
      else
        assert_refused (graph, plan, "“left”", "");
    }
}

/* While the machine has it it may be written to; that it gives the disk up is no reason for the snapshot to miss it. */
static void
test_left_out_disk (void)
{
  static const struct
  {
    const char *is; /* the machine's disks after the plan */
    const char *told;
    const char *map;
    gboolean allowed;
  } cases[] = {
    { "<devices>" PAPER_DISK ("vda", "top.qcow2") PAPER_DISK ("vdb", "w.qcow2") "</devices>", "vm",
      "," MOVE, TRUE },
    { "<devices>" PAPER_DISK ("vda", "top.qcow2") PAPER_DISK ("vdb", "w.qcow2") "</devices>",
      "other", "," MOVE, FALSE },
    { DISKS ("top.qcow2"), "vm", "", FALSE },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");

      paper_host_image (graph, "mid.qcow2", NULL);
      paper_host_image (graph, "top.qcow2", "mid.qcow2");
      paper_host_image (graph, "w.qcow2", NULL);
      paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", "v.qcow2",
                      NULL);
      paper_host_define (graph, "other", "", NULL);
      add_left_out (graph);
      strata_plan_discard_domain (plan, get_uuid (graph, "vm"));
      add_define (plan, graph, "vm", cases[i].is, NULL);
      paper_plan_add (plan, STRATA_STEP_RECONCILE, "{`uuid`:`%s`%s}",
                      get_uuid (graph, cases[i].told), cases[i].map);
      add (plan, STRATA_STEP_DELETE_VOLUME, "path", AT ("v.qcow2"), NULL);
      if (cases[i].allowed)
        assert_lawful (graph, plan);
      else
        assert_refused (graph, plan, "“left”", "v.qcow2");
    }
}

/* The machine may have it back, and then writes to it. */
static void
test_left_out_and_back (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
  g_autoptr (StrataPlan) other = strata_plan_new ("plan", "Act");
  static const char both[] =
      "<devices>" PAPER_DISK ("vda", "top.qcow2") PAPER_DISK ("vdb", "v.qcow2") "</devices>";

  add_left_out (graph);
  add_define (plan, graph, "vm", both, NULL);
  assert_lawful (graph, plan);
  strata_plan_discard_domain (other, get_uuid (graph, "other"));
  add_define (other, graph, "other", DISKS ("v.qcow2"), NULL);
  assert_refused (graph, other, "“left”", "step 0");
}

/* What the machine or a snapshot of it has, and that isn't there, may stand on any image that is or was the machine's, also on one
 * that only a definition or a document names. */
static void
test_absent_anywhere (void)
{
  enum
  {
    NOTHING,
    NEXT_START,
    SAVED,
    LEFT_OUT,
    OPTION,
    BACKING,
    NAMED,
    N_CASES,
  };

  for (guint i = 0; i < N_CASES; i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
      static const char top[] = "<devices>" PAPER_DISK ("vda", "top.qcow2") "</devices>";
      static const char both[] =
          "<devices>" PAPER_DISK ("vda", "top.qcow2") PAPER_DISK ("vdb", "gone.qcow2") "</devices>";
      static const char below[] =
          "<devices>" PAPER_DEVICE ("disk", "vda", "x.qcow2",
                                    "<backingStore type='file'><format type='qcow2'/>"
                                    "<source file='/pool/base.qcow2'/></backingStore>")
              PAPER_DISK ("vdb", "gone.qcow2") "</devices>";
      static const char beside[] =
          "<devices>" PAPER_DISK ("vda", "x.qcow2") PAPER_DISK ("vdb", "gone.qcow2") "</devices>";
      gboolean other = i == BACKING || i == NAMED;

      lose (paper_host_image (graph, "gone.qcow2", NULL));
      paper_host_image (graph, "x.qcow2", NULL);
      paper_host_image (graph, "base.qcow2", NULL);
      paper_host_image (graph, "top.qcow2", "base.qcow2");
      paper_host_define (graph, "vm",
                         i == NEXT_START ? both
                         : i == BACKING  ? below
                         : i == NAMED    ? beside
                                         : top,
                         i == NEXT_START ? top : NULL);
      if (i == NAMED)
        {
          g_autofree char *definition = paper_host_definition ("vm", get_uuid (graph, "vm"), below);
          g_autofree char *document = g_strdup_printf (
              "<disks><disk name='vda' snapshot='external'/></disks>%s", definition);

          paper_host_document (graph, "vm", "s1", document);
        }
      if (i == LEFT_OUT || i == OPTION)
        {
          g_autofree char *inner = g_strconcat (
              i == LEFT_OUT ? both : top, i == OPTION ? PAPER_OPTION ("gone.qcow2") : "", NULL);
          g_autofree char *definition = paper_host_definition ("vm", get_uuid (graph, "vm"), inner);
          g_autofree char *document = g_strdup_printf (
              "<disks><disk name='vda' snapshot='no'/><disk name='vdb' snapshot='no'/></disks>%s",
              definition);

          paper_host_document (graph, "vm", "s1", document);
        }
      if (i == SAVED)
        {
          g_autofree char *xml = paper_host_definition (
              "x", "", "<devices>" PAPER_DISK ("vda", "gone.qcow2") "</devices>");
          g_autoptr (StrataDomainXml) saved = strata_domain_xml_new_from_string (xml, NULL);

          strata_domain_facts_take_uses (strata_graph_find_domain (graph, "vm"),
                                         STRATA_IMAGE_USE_SAVED,
                                         strata_domain_xml_get_disks (saved));
        }
      if (other)
        paper_host_image (graph, "otop.qcow2", "base.qcow2");
      add_commit (plan, other ? AT ("otop.qcow2") : AT ("top.qcow2"), AT ("base.qcow2"));
      g_test_message ("case %u", i);
      if (i == NOTHING)
        assert_lawful (graph, plan);
      else
        assert_refused (graph, plan, "gone.qcow2", "");
    }
}

/* What a definition names below a disk that isn't there is held, also where the disk itself is given up. */
static void
test_below_absent (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");

  lose (paper_host_image (graph, "gone.qcow2", NULL));
  paper_host_image (graph, "below.qcow2", NULL);
  paper_host_image (graph, "on.qcow2", "below.qcow2");
  paper_host_define (
      graph, "torn",
      "<devices>" PAPER_DEVICE ("disk", "vda", "gone.qcow2",
                                "<backingStore type='file'><format type='qcow2'/>"
                                "<source file='/pool/below.qcow2'/></backingStore>") "</devices>",
      NULL);
  strata_plan_discard (plan, strata_holder_key_new_disk (get_uuid (graph, "torn"), "vda"));
  add_commit (plan, AT ("on.qcow2"), AT ("below.qcow2"));
  assert_refused (graph, plan, "“torn”", "step 0");
}

/* What is still to be deleted was the machine's, though nothing names it by now; what its own snapshot made was not there when
 * the absent image was. */
static void
test_absent_and_begun (void)
{
  for (guint absent = 0; absent < 2; absent++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataPlan) deletion = strata_plan_new ("plan", "Act");
      g_autoptr (StrataPlan) overlay = strata_plan_new ("plan", "Act");
      const char *uuid;
      static const gboolean one[] = { TRUE, FALSE };

      paper_host_image (graph, "old.qcow2", NULL);
      paper_host_image (graph, "base.qcow2", NULL);
      paper_host_image (graph, "top.qcow2", "base.qcow2");
      lose (paper_host_image (graph, "gone.qcow2", NULL));
      paper_host_define (graph, "vm",
                         absent ? "<devices>" PAPER_DISK ("vda", "top.qcow2")
                                      PAPER_DISK ("vdb", "gone.qcow2") "</devices>"
                                : "<devices>" PAPER_DISK ("vda", "top.qcow2") "</devices>",
                         NULL);
      uuid = get_uuid (graph, "vm");
      strata_plan_discard_snapshot (deletion, uuid, "s1");
      add (deletion, STRATA_STEP_DELETE_METADATA, "uuid", uuid, "snapshot", "s1", NULL);
      add (deletion, STRATA_STEP_DELETE_VOLUME, "path", AT ("old.qcow2"), NULL);
      assert_rest (graph, deletion, one, absent ? "gone.qcow2" : NULL);

      strata_plan_discard (overlay, strata_holder_key_new_disk (uuid, "vda"));
      paper_plan_add (overlay, STRATA_STEP_SNAPSHOT_CREATE,
                      "{`uuid`:`%s`,`snapshot`:`s2`,`xml`:`x`,"
                      "`disks`:[{`target`:`vda`,`base`:`%s`,`overlay`:`%s`}]}",
                      uuid, AT ("base.qcow2"), AT ("top.qcow2"));
      paper_plan_add (overlay, STRATA_STEP_SEAL, "{`disks`:[{`path`:`%s`}]}", AT ("top.qcow2"));
      assert_rest (graph, overlay, one, NULL);
    }
}

/* A raw image that isn't there has no content, and what is made independent only reads what is below. */
static void
test_absent_content (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) removal = strata_plan_new ("plan", "Act");

  lose (paper_host_image (graph, "gone.raw", NULL));
  paper_host_add (graph, "lost", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "gone.raw", NULL);
  add (removal, STRATA_STEP_DELETE_VOLUME, "path", AT ("gone.raw"), NULL);
  assert_lawful (graph, removal);
}

/* An image that can't be seen may stand on whatever is only changed, unless its definition says what it stands on. */
static void
test_unseen (void)
{
  for (guint said = 0; said < 2; said++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
      StrataImage *away = paper_host_image (graph, "away.qcow2", NULL);

      strata_image_set_problem (away, STRATA_IMAGE_UNKNOWN, "“away.qcow2” can’t be seen");
      paper_host_image (graph, "ground.qcow2", NULL);
      paper_host_image (graph, "base.qcow2", NULL);
      paper_host_image (graph, "top.qcow2", "base.qcow2");
      paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);
      paper_host_define (
          graph, "away",
          said ? "<devices>" PAPER_DEVICE (
                     "disk", "vda", "away.qcow2",
                     "<backingStore type='file'><format type='qcow2'/><source "
                     "file='/pool/ground.qcow2'/><backingStore/></backingStore>") "</devices>"
               : DISKS ("away.qcow2"),
          NULL);
      strata_graph_finish (graph);
      add_commit (plan, AT ("top.qcow2"), AT ("base.qcow2"));
      if (!said)
        {
          assert_refused (graph, plan, "away.qcow2", "");
          continue;
        }
      assert_lawful (graph, plan);
      g_assert_cmpstr (away->backing_path, ==, AT ("ground.qcow2"));
    }
}

static void
add_native (StrataGraph *graph, StrataPlan *plan)
{
  strata_plan_discard_domain (plan, get_uuid (graph, "other"));
  add (plan, STRATA_STEP_SNAPSHOT_REVERT, "uuid", get_uuid (graph, "other"), "snapshot", "i1",
       "state", "off", NULL);
}

/* A return to an internal snapshot rewrites an image that it doesn't name: it has to be seen, under all its names. */
static void
test_seen_return (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
  StrataImage *image = strata_graph_get_image (graph, AT ("other.qcow2"));

  paper_host_internal (graph, "other", "i1", NULL, "other.qcow2", TRUE);
  add_native (graph, plan);
  assert_lawful (graph, plan);
  image->n_other_names = 1;
  assert_refused (graph, plan, "hard link", "other.qcow2");
  image->n_other_names = 0;
  strata_image_set_problem (strata_graph_get_image (graph, AT ("base.qcow2")),
                            STRATA_IMAGE_CONTRADICTING, "it is not what it is said to be");
  assert_refused (graph, plan, "not what it is said", "");
}

/* A definition that goes on naming the file is no reason to do without it. */
static void
test_still_named (void)
{
  static const char *const os[] = { "<os><type>hvm</type></os>",
                                    "<os><type>hvm</type><kernel>/pool/k.qcow2</kernel></os>" };

  for (guint still = 0; still < 2; still++)
    {
      g_autoptr (StrataGraph) graph = make_host ();
      g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
      g_autofree char *xml = NULL;

      paper_host_image (graph, "k.qcow2", NULL);
      paper_host_define (graph, "booted", os[1], NULL);
      xml = g_strdup_printf ("<domain><name>booted</name><uuid>%s</uuid>%s</domain>",
                             get_uuid (graph, "booted"), os[still]);
      add (plan, STRATA_STEP_DEFINE, "uuid", get_uuid (graph, "booted"), "xml", xml, NULL);
      add (plan, STRATA_STEP_DELETE_VOLUME, "path", AT ("k.qcow2"), NULL);
      if (still)
        assert_refused (graph, plan, "“booted”", "k.qcow2");
      else
        assert_lawful (graph, plan);
    }
}

/* The document of one snapshot isn't corrected by the deletion of another. */
static void
test_named_by_document (void)
{
  for (guint own = 0; own < 2; own++)
    {
      g_autoptr (StrataGraph) graph = make_host ();
      g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
      const char *uuid = get_uuid (graph, "vm");
      g_autofree char *definition = paper_host_definition (
          "vm", uuid,
          "<devices>" PAPER_DEVICE (
              "disk", "vda", "mid.qcow2",
              "<backingStore type='file'><format type='qcow2'/>"
              "<source file='/pool/old.qcow2'/></backingStore>") "</devices>");
      g_autofree char *document =
          g_strdup_printf ("<disks><disk name='vda' snapshot='external'/></disks>%s", definition);

      paper_host_image (graph, "old.qcow2", NULL);
      paper_host_document (graph, "vm", "s2", document);
      strata_plan_discard_snapshot (plan, uuid, "s1");
      strata_plan_discard_snapshot (plan, uuid, "s2");
      add (plan, STRATA_STEP_DELETE_METADATA, "uuid", uuid, "snapshot", own ? "s2" : "s1", NULL);
      add (plan, STRATA_STEP_DELETE_VOLUME, "path", AT ("old.qcow2"), NULL);
      if (own)
        assert_lawful (graph, plan);
      else
        assert_refused (graph, plan, "“s2”", "old.qcow2");
    }
}

/* The file with the memory of a snapshot is a part of it. */
static void
test_memory_file (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");

  paper_host_document (graph, "vm", "s2", "<memory snapshot='external' file='/pool/s2.mem'/>");
  add (plan, STRATA_STEP_DELETE_FILE, "path", AT ("s2.mem"), NULL);
  assert_refused (graph, plan, "“s2”", "s2.mem");
  strata_plan_discard_snapshot (plan, get_uuid (graph, "vm"), "s2");
  assert_lawful (graph, plan);
}

/* It is so too where a snapshot calls it by another of its names. */
static void
test_memory_by_other_name (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");

  paper_host_image (graph, "s2.mem", NULL);
  strata_graph_add_alias (graph, "/bound/s2.mem", AT ("s2.mem"));
  paper_host_document (graph, "vm", "s2", "<memory snapshot='external' file='/bound/s2.mem'/>");
  add (plan, STRATA_STEP_DELETE_VOLUME, "path", AT ("s2.mem"), NULL);
  assert_refused (graph, plan, "“s2”", "step 0");
}

/* What a snapshot gives QEMU on its command line comes back with it, also where it is a disk of the machine now; and nothing is
 * merged into it. */
static void
test_option_of_snapshot (void)
{
  for (guint disk = 0; disk < 2; disk++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
      g_autofree char *definition = NULL;

      paper_host_image (graph, "top.qcow2", NULL);
      paper_host_image (graph, "x.qcow2", NULL);
      paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2",
                      disk ? "x.qcow2" : NULL, NULL);
      definition = paper_host_definition ("vm", get_uuid (graph, "vm"), PAPER_OPTION ("x.qcow2"));
      paper_host_document (graph, "vm", "opt", definition);
      strata_plan_discard_domain (plan, get_uuid (graph, "vm"));
      if (disk)
        {
          add_define (plan, graph, "vm", DISKS ("top.qcow2"), NULL);
          add (plan, STRATA_STEP_DELETE_VOLUME, "path", AT ("x.qcow2"), NULL);
        }
      else
        {
          paper_host_image (graph, "on-x.qcow2", "x.qcow2");
          add_commit (plan, AT ("on-x.qcow2"), AT ("x.qcow2"));
        }
      assert_refused (graph, plan, "“opt”", "command line");
    }
}

/* While a machine runs its next start may be on another disk; that is held as well. */
static void
test_next_start (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");

  paper_host_image (graph, "now.qcow2", NULL);
  paper_host_image (graph, "then.qcow2", NULL);
  paper_host_image (graph, "on-then.qcow2", "then.qcow2");
  paper_host_define (graph, "running", DISKS ("then.qcow2"), DISKS ("now.qcow2"));
  add_commit (plan, AT ("on-then.qcow2"), AT ("then.qcow2"));
  assert_refused (graph, plan, "“running”", "step 0");
}

/* What a machine that is defined anew keeps: what its mark says of its template, and for its snapshots what it got back. */
static void
test_defined_anew (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) plan = strata_plan_new ("plan", "Act");
  g_autoptr (StrataPlan) snapshot = strata_plan_new ("plan", "Act");
  const char *uuid = get_uuid (graph, "vm");
  g_autofree char *document = NULL;
  g_autofree char *mark = NULL;
  StrataSnapshotFacts *left;

  paper_host_image (graph, "t.qcow2", NULL);
  paper_host_add (graph, "t", STRATA_DOMAIN_STATE_OFF, TRUE, NULL, "t.qcow2", NULL);
  lose (paper_host_image (graph, "c.qcow2", NULL));
  mark = g_strdup_printf (
      "<metadata><strata:strata xmlns:strata='https://stratavm.github.io/xmlns/1'>"
      "<strata:clone domain='x' template='%s' template-name='t' version='1' thin='yes'/>"
      "</strata:strata></metadata>" DISKS ("c.qcow2"),
      get_uuid (graph, "t"));
  paper_host_define (graph, "clone", mark, NULL);
  add_define (plan, graph, "clone", mark, NULL);
  assert_lawful (graph, plan);
  strata_plan_discard_domain (plan, get_uuid (graph, "t"));
  add (plan, STRATA_STEP_COPY_VERBATIM, "from", AT ("base.qcow2"), "to", AT ("t.qcow2"), NULL);
  assert_refused (graph, plan, "“clone”", "step 1");

  add_left_out (graph);
  left = strata_domain_facts_find_snapshot (strata_graph_find_domain (graph, "vm"), "left");
  document = g_strdup (left->xml);
  add_define (
      snapshot, graph, "vm",
      "<devices>" PAPER_DISK ("vda", "top.qcow2") PAPER_DISK ("vdb", "v.qcow2") "</devices>", NULL);
  add (snapshot, STRATA_STEP_SNAPSHOT_DEFINE, "uuid", uuid, "snapshot", "left", "xml", document,
       NULL);
  assert_lawful (graph, snapshot);
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
  g_test_add_func ("/law/rest-and-a-commit", test_rest_and_a_commit);
  g_test_add_func ("/law/rest-and-a-copy", test_rest_and_a_copy);
  g_test_add_func ("/law/rest-and-a-stranger", test_rest_and_a_stranger);
  g_test_add_func ("/law/rest-and-another-image", test_rest_and_another_image);
  g_test_add_func ("/law/rest-and-others-steps", test_rest_and_others_steps);
  g_test_add_func ("/law/rest-and-a-start", test_rest_and_a_start);
  g_test_add_func ("/law/rest-and-its-base", test_rest_and_its_base);
  g_test_add_func ("/law/rest-but-deletions", test_rest_but_deletions);
  g_test_add_func ("/law/new-writer", test_new_writer);
  g_test_add_func ("/law/old-writer", test_old_writer);
  g_test_add_func ("/law/left-out", test_left_out);
  g_test_add_func ("/law/left-out-disk", test_left_out_disk);
  g_test_add_func ("/law/left-out-and-back", test_left_out_and_back);

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
  g_test_add_func ("/law/absent-anywhere", test_absent_anywhere);
  g_test_add_func ("/law/below-absent", test_below_absent);
  g_test_add_func ("/law/absent-and-begun", test_absent_and_begun);
  g_test_add_func ("/law/absent-content", test_absent_content);
  g_test_add_func ("/law/unseen", test_unseen);
  g_test_add_func ("/law/seen-return", test_seen_return);
  g_test_add_func ("/law/still-named", test_still_named);
  g_test_add_func ("/law/named-by-document", test_named_by_document);
  g_test_add_func ("/law/memory-file", test_memory_file);
  g_test_add_func ("/law/memory-by-other-name", test_memory_by_other_name);
  g_test_add_func ("/law/option-of-snapshot", test_option_of_snapshot);
  g_test_add_func ("/law/next-start", test_next_start);
  g_test_add_func ("/law/defined-anew", test_defined_anew);

  return g_test_run ();
}
