/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What each kind of step does on paper, as far as the law goes by it: a golden case for each, lawful or refused. */

#include "config.h"

#include "host-on-paper.h"
#include "graph/strata-layers.h"
#include "base/strata-error.h"
#include "plan/strata-law.h"
#include "plan/strata-step-apply.h"

#define CLONE "6d1d4a5e-0000-4000-8000-000000000001"

/* "vm" on base <- a, with the tag "t" in a; "other" on base <- other. */
static StrataGraph *
make_host (StrataDomainState state)
{
  StrataGraph *graph = paper_host_new ();

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_image (graph, "other.qcow2", "base.qcow2");
  paper_host_add (graph, "vm", state, FALSE, NULL, "a.qcow2", NULL);
  paper_host_internal (graph, "vm", "t", NULL, "a.qcow2", TRUE);
  paper_host_add (graph, "other", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "other.qcow2", NULL);

  return graph;
}

static const char *
get_uuid (StrataGraph *graph, const char *name)
{
  return strata_graph_find_domain (graph, name)->uuid;
}

static StrataPlan *
new_plan (void)
{
  return strata_plan_new ("plan", "Act");
}

/* WORDS: (nullable): what its refusal has to say; %NULL if it keeps the law */
static void
assert_law (StrataGraph *graph, StrataPlan *plan, const char *words)
{
  g_autoptr (GError) error = NULL;
  gboolean allowed = strata_law_check (graph, plan, &error);

  if (words == NULL)
    {
      g_assert_no_error (error);
      g_assert_true (allowed);
      return;
    }

  g_assert_false (allowed);
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
}

/* The host after the steps of PLAN. */
static StrataLayers *
carry_out (StrataGraph *graph, StrataPlan *plan)
{
  StrataLayers *layers = strata_layers_new (graph);

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      g_autoptr (GError) error = NULL;

      strata_layers_apply (layers, strata_plan_get_step (plan, i), &error);
      g_assert_no_error (error);
    }

  return layers;
}

static void
assert_fails (StrataGraph *graph, StrataPlan *plan, const char *words)
{
  g_autoptr (StrataLayers) layers = strata_layers_new (graph);
  guint last = strata_plan_get_n_steps (plan) - 1;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < last; i++)
    g_assert_true (strata_layers_apply (layers, strata_plan_get_step (plan, i), NULL));
  g_assert_false (strata_layers_apply (layers, strata_plan_get_step (plan, last), &error));
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
}

static char *
read_disk (StrataLayers *layers, const char *uuid)
{
  return strata_layers_read (layers, strata_layers_find_disk (layers, uuid, "vda"));
}

/* What "vm" reads in each is the same, or not. */
static void
assert_same (StrataLayers *layers, const char *one, const char *other, gboolean same)
{
  g_autofree char *a = read_disk (layers, one);
  g_autofree char *b = read_disk (layers, other);

  g_assert_nonnull (a);
  g_assert_nonnull (b);
  g_assert_cmpint (g_str_equal (a, b), ==, same);
}

/* "clone", on IMAGE */
static void
define_clone (StrataPlan *plan, const char *image)
{
  g_autofree char *inner =
      g_strdup_printf ("<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
                       "<source file='%s'/><target dev='vda'/></disk></devices>",
                       image);
  g_autofree char *xml = paper_host_definition ("clone", CLONE, inner);

  paper_plan_add (plan, STRATA_STEP_DEFINE, "{`uuid`:`%s`,`xml`:`%s`}", CLONE, xml);
}

static void
define (StrataGraph *graph, StrataPlan *plan, const char *name, const char *inner)
{
  g_autofree char *xml = paper_host_definition (name, get_uuid (graph, name), inner);

  paper_plan_add (plan, STRATA_STEP_DEFINE, "{`uuid`:`%s`,`xml`:`%s`}", get_uuid (graph, name),
                  xml);
}

static void
delete_volume (StrataPlan *plan, const char *path)
{
  paper_plan_add (plan, STRATA_STEP_DELETE_VOLUME, "{`path`:`%s`}", path);
}

static void
commit (StrataPlan *plan, const char *top, const char *base)
{
  paper_plan_add (plan, STRATA_STEP_COMMIT, "{`top`:`%s`,`base`:`%s`}", top, base);
}

static void
copy_verbatim (StrataPlan *plan, const char *from, const char *to)
{
  paper_plan_add (plan, STRATA_STEP_COPY_VERBATIM, "{`from`:`%s`,`to`:`%s`}", from, to);
}

/* A flat copy has all that is read through its source. */
static void
test_flat_copy (void)
{
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataPlan) plan = new_plan ();
  g_autoptr (StrataLayers) layers = NULL;

  paper_plan_add (plan, STRATA_STEP_COPY_IMAGE, "{`source`:`%s`,`destination`:`%s`}",
                  PAPER_FILE ("a.qcow2"), PAPER_FILE ("copy.qcow2"));
  define_clone (plan, PAPER_FILE ("copy.qcow2"));
  layers = carry_out (graph, plan);
  assert_same (layers, get_uuid (graph, "vm"), CLONE, TRUE);
  assert_same (layers, get_uuid (graph, "other"), CLONE, FALSE);
  g_assert_null (strata_layers_find (layers, PAPER_FILE ("copy.qcow2"))->backing);
}

/* A copy with its tags has the image's own content and stands where that stands: what goes into the base is in both. */
static void
test_verbatim_copy (void)
{
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataPlan) plan = new_plan ();
  g_autoptr (StrataLayers) layers = NULL;
  StrataLayer *copy;

  copy_verbatim (plan, PAPER_FILE ("a.qcow2"), PAPER_FILE ("copy.qcow2"));
  define_clone (plan, PAPER_FILE ("copy.qcow2"));
  commit (plan, PAPER_FILE ("other.qcow2"), PAPER_FILE ("base.qcow2"));
  layers = carry_out (graph, plan);
  assert_same (layers, get_uuid (graph, "vm"), CLONE, TRUE);
  copy = strata_layers_find (layers, PAPER_FILE ("copy.qcow2"));
  g_assert_cmpstr (copy->backing, ==, PAPER_FILE ("base.qcow2"));
  g_assert_nonnull (strata_layer_find_tag (copy, "t"));
}

static void
test_running_source (void)
{
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_RUNNING);
  g_autoptr (StrataPlan) plan = new_plan ();

  copy_verbatim (plan, PAPER_FILE ("a.qcow2"), PAPER_FILE ("copy.qcow2"));
  assert_fails (graph, plan, "“vm”");
}

/* What is made of a tag is what was in the image then, with what the image stands on. */
static void
test_converted_tag (void)
{
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataPlan) plan = new_plan ();
  g_autoptr (StrataLayers) layers = NULL;
  g_autofree char *mark = strata_content_id_new (PAPER_FILE ("a.qcow2"), "tag", "t");
  g_autofree char *then = g_strdup_printf ("%s\n%s\n", mark, PAPER_FILE ("base.qcow2"));
  g_autofree char *content = NULL;

  paper_plan_add (plan, STRATA_STEP_CONVERT_TAG, "{`from`:`%s`,`tag`:`t`,`to`:`%s`}",
                  PAPER_FILE ("a.qcow2"), PAPER_FILE ("copy.qcow2"));
  define_clone (plan, PAPER_FILE ("copy.qcow2"));
  layers = carry_out (graph, plan);
  content = read_disk (layers, CLONE);
  g_assert_cmpstr (content, ==, then);
}

/* One tag goes, or all but one. */
static void
test_tags (void)
{
  static const struct
  {
    StrataStepKind kind;
    const char *tag;
    gboolean t, u;
  } cases[] = {
    { STRATA_STEP_DELETE_TAG, "t", FALSE, TRUE },
    { STRATA_STEP_KEEP_TAG, "t", TRUE, FALSE },
    { STRATA_STEP_KEEP_TAG, "none", FALSE, FALSE },
    { STRATA_STEP_SNAPSHOT_DELETE, "t", FALSE, TRUE },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
      g_autoptr (StrataPlan) plan = new_plan ();
      g_autoptr (StrataLayers) layers = NULL;
      StrataLayer *layer;

      paper_host_internal (graph, "vm", "u", "t", "a.qcow2", TRUE);
      if (cases[i].kind == STRATA_STEP_SNAPSHOT_DELETE)
        paper_plan_add (plan, cases[i].kind,
                        "{`uuid`:`%s`,`snapshot`:`%s`,`disks`:[{`path`:`%s`}]}",
                        get_uuid (graph, "vm"), cases[i].tag, PAPER_FILE ("a.qcow2"));
      else
        paper_plan_add (plan, cases[i].kind, "{`path`:`%s`,`tag`:`%s`}", PAPER_FILE ("a.qcow2"),
                        cases[i].tag);
      layers = carry_out (graph, plan);
      layer = strata_layers_find (layers, PAPER_FILE ("a.qcow2"));
      g_assert_cmpint (strata_layer_may_have_tag (layer, "t"), ==, cases[i].t);
      g_assert_cmpint (strata_layer_may_have_tag (layer, "u"), ==, cases[i].u);
    }
}

/* What is in an image's data file is read and copied with it, and what is merged down or sealed is written there: who stands on
 * that file sees it. */
static void
test_data_file (void)
{
  static const char *const steps[] = {
    "{`top`:`/pool/top.qcow2`,`base`:`/pool/a.qcow2`}",
    "{`disks`:[{`path`:`/pool/a.qcow2`}]}",
    "{`clones`:[{`name`:`vm`,`disks`:[{`path`:`/pool/a.qcow2`}]}]}",
  };
  static const StrataStepKind kinds[] = { STRATA_STEP_COMMIT, STRATA_STEP_SEAL,
                                          STRATA_STEP_CUSTOMISE };

  for (size_t i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
      g_autoptr (StrataPlan) plan = new_plan ();
      g_autoptr (StrataLayers) before = NULL;
      g_autoptr (StrataLayers) after = NULL;
      g_autofree char *was = NULL;
      g_autofree char *is = NULL;
      g_autofree char *vm_was = NULL;
      g_autofree char *vm_is = NULL;

      paper_host_image (graph, "data.raw", NULL);
      paper_host_image (graph, "top.qcow2", "a.qcow2");
      paper_host_image (graph, "on-data.qcow2", "data.raw");
      strata_graph_get_image (graph, PAPER_FILE ("a.qcow2"))->data_file =
          g_strdup (PAPER_FILE ("data.raw"));
      paper_host_add (graph, "on-data", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "on-data.qcow2",
                      NULL);
      before = strata_layers_new (graph);
      was = read_disk (before, get_uuid (graph, "on-data"));
      vm_was = read_disk (before, get_uuid (graph, "vm"));
      g_assert_nonnull (strstr (vm_was, "data.raw"));
      paper_plan_add (plan, kinds[i], "%s", steps[i]);
      after = carry_out (graph, plan);
      is = read_disk (after, get_uuid (graph, "on-data"));
      vm_is = read_disk (after, get_uuid (graph, "vm"));
      g_assert_cmpstr (was, !=, is);
      g_assert_cmpstr (vm_was, !=, vm_is);
    }
}

static void
test_copied_data_file (void)
{
  for (guint flat = 0; flat < 2; flat++)
    {
      g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
      g_autoptr (StrataPlan) plan = new_plan ();
      g_autoptr (StrataLayers) layers = NULL;

      paper_host_image (graph, "data.raw", NULL);
      strata_graph_get_image (graph, PAPER_FILE ("a.qcow2"))->data_file =
          g_strdup (PAPER_FILE ("data.raw"));
      if (flat)
        paper_plan_add (plan, STRATA_STEP_COPY_IMAGE, "{`source`:`%s`,`destination`:`%s`}",
                        PAPER_FILE ("a.qcow2"), PAPER_FILE ("copy.qcow2"));
      else
        copy_verbatim (plan, PAPER_FILE ("a.qcow2"), PAPER_FILE ("copy.qcow2"));
      define_clone (plan, PAPER_FILE ("copy.qcow2"));
      layers = carry_out (graph, plan);
      assert_same (layers, get_uuid (graph, "vm"), CLONE, TRUE);
      g_assert_cmpstr (strata_layers_find (layers, PAPER_FILE ("copy.qcow2"))->data_file, ==,
                       flat ? NULL : PAPER_FILE ("data.raw"));
    }
}

/* A data file that goes is missed by whom it has the data of; without it there is no content. */
static void
test_lost_data_file (void)
{
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataPlan) plan = new_plan ();
  g_autoptr (StrataLayers) layers = NULL;

  paper_host_image (graph, "data.raw", NULL);
  strata_graph_get_image (graph, PAPER_FILE ("other.qcow2"))->data_file =
      g_strdup (PAPER_FILE ("data.raw"));
  delete_volume (plan, PAPER_FILE ("data.raw"));
  assert_law (graph, plan, "“other”");
  layers = carry_out (graph, plan);
  g_assert_null (read_disk (layers, get_uuid (graph, "other")));
}

/* base <- low <- mid <- top */
static StrataGraph *
make_tower (void)
{
  StrataGraph *graph = paper_host_new ();

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "low.qcow2", "base.qcow2");
  paper_host_image (graph, "mid.qcow2", "low.qcow2");
  paper_host_image (graph, "top.qcow2", "mid.qcow2");
  paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);

  return graph;
}

/* Over several layers it takes all that is between, and reads the same afterwards. */
static void
test_long_commit (void)
{
  g_autoptr (StrataGraph) graph = make_tower ();
  g_autoptr (StrataPlan) plan = new_plan ();
  g_autoptr (StrataLayers) layers = NULL;

  commit (plan, PAPER_FILE ("top.qcow2"), PAPER_FILE ("low.qcow2"));
  define_clone (plan, PAPER_FILE ("low.qcow2"));
  layers = carry_out (graph, plan);
  assert_same (layers, get_uuid (graph, "vm"), CLONE, TRUE);
}

/* IMAGE gets another size; WORDS: (nullable) */
static void
assert_sizes (const char *image, StrataStepKind kind, const char *args, const char *words)
{
  g_autoptr (StrataGraph) graph = make_tower ();
  g_autoptr (StrataPlan) plan = new_plan ();
  guint64 *capacity = &strata_graph_get_image (graph, image)->capacity;

  *capacity = g_str_has_suffix (image, "top.qcow2") ? *capacity * 2 : *capacity / 2;
  paper_plan_add (plan, kind, "%s", args);
  if (words != NULL)
    assert_fails (graph, plan, words);
  else
    strata_layers_free (carry_out (graph, plan));
}

#define TOP_INTO_MID "`top`:`/pool/top.qcow2`,`base`:`/pool/mid.qcow2`"

/* What is beyond the end of a smaller image is in none, whatever is merged. */
static void
test_sizes (void)
{
  assert_sizes (PAPER_FILE ("top.qcow2"), STRATA_STEP_COMMIT, "{" TOP_INTO_MID "}", "sizes");
  assert_sizes (PAPER_FILE ("top.qcow2"), STRATA_STEP_COMMIT, "{" TOP_INTO_MID ",`active`:true}",
                NULL);
  assert_sizes (PAPER_FILE ("mid.qcow2"), STRATA_STEP_COMMIT,
                "{`top`:`/pool/top.qcow2`,`base`:`/pool/low.qcow2`,`active`:true}", "sizes");
  assert_sizes (PAPER_FILE ("low.qcow2"), STRATA_STEP_PULL,
                "{`image`:`/pool/mid.qcow2`,`base`:`/pool/base.qcow2`}", "sizes");
  assert_sizes (PAPER_FILE ("base.qcow2"), STRATA_STEP_PULL, "{`image`:`/pool/mid.qcow2`}", NULL);
  assert_sizes (PAPER_FILE ("mid.qcow2"), STRATA_STEP_PULL,
                "{`image`:`/pool/mid.qcow2`,`base`:`/pool/base.qcow2`}", "sizes");
}

/* A pull ends at its base, which has to stay. */
static void
test_pull_to_base (void)
{
  g_autoptr (StrataGraph) graph = make_tower ();
  g_autoptr (StrataPlan) plan = new_plan ();
  g_autoptr (StrataLayers) layers = NULL;

  paper_plan_add (plan, STRATA_STEP_PULL, "{`image`:`%s`,`base`:`%s`}", PAPER_FILE ("top.qcow2"),
                  PAPER_FILE ("low.qcow2"));
  delete_volume (plan, PAPER_FILE ("mid.qcow2"));
  assert_law (graph, plan, NULL);
  layers = carry_out (graph, plan);
  g_assert_cmpstr (strata_layers_find (layers, PAPER_FILE ("top.qcow2"))->backing, ==,
                   PAPER_FILE ("low.qcow2"));
  delete_volume (plan, PAPER_FILE ("low.qcow2"));
  assert_law (graph, plan, "“vm”");
}

/* Of two overlays the one is told that the commit has open, and the other goes on standing on what was merged away. */
static void
test_told_overlay (void)
{
  g_autoptr (StrataGraph) graph = make_tower ();
  g_autoptr (StrataPlan) plan = new_plan ();

  paper_host_image (graph, "fork.qcow2", "mid.qcow2");
  paper_host_add (graph, "fork", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "fork.qcow2", NULL);
  paper_plan_add (plan, STRATA_STEP_COMMIT, "{`top`:`%s`,`base`:`%s`,`via`:`%s`}",
                  PAPER_FILE ("mid.qcow2"), PAPER_FILE ("low.qcow2"), PAPER_FILE ("fork.qcow2"));
  assert_law (graph, plan, NULL);
  delete_volume (plan, PAPER_FILE ("mid.qcow2"));
  assert_law (graph, plan, "“vm”");
}

/* A machine that runs is on the base as soon as its own layer is merged down. */
static void
test_live_commit (void)
{
  g_autoptr (StrataGraph) graph = make_tower ();
  g_autoptr (StrataPlan) plan = new_plan ();

  strata_graph_find_domain (graph, "vm")->state = STRATA_DOMAIN_STATE_RUNNING;
  paper_plan_add (plan, STRATA_STEP_COMMIT, "{`top`:`%s`,`base`:`%s`,`uuid`:`%s`,`active`:true}",
                  PAPER_FILE ("top.qcow2"), PAPER_FILE ("mid.qcow2"), get_uuid (graph, "vm"));
  delete_volume (plan, PAPER_FILE ("top.qcow2"));
  assert_law (graph, plan, NULL);
}

/* It writes to what another program has put on that since, and QEMU merges that alone. What isn't running has no such limit for a pull. */
static void
test_covered (void)
{
  for (guint running = 0; running < 2; running++)
    {
      g_autoptr (StrataGraph) graph = make_tower ();
      g_autoptr (StrataPlan) plan = new_plan ();
      g_autoptr (StrataPlan) below = new_plan ();
      g_autoptr (StrataPlan) pull = new_plan ();
      const char *covered = PAPER_FILE ("covered.qcow2");

      paper_host_image (graph, "covered.qcow2", "base.qcow2");
      paper_host_image (graph, "backup.qcow2", "covered.qcow2");
      paper_host_add (graph, "other",
                      running ? STRATA_DOMAIN_STATE_RUNNING : STRATA_DOMAIN_STATE_OFF, FALSE, NULL,
                      "backup.qcow2", NULL);

      paper_plan_add (plan, STRATA_STEP_COMMIT,
                      "{`top`:`%s`,`base`:`%s`,`uuid`:`%s`,`active`:true}", covered,
                      PAPER_FILE ("base.qcow2"), get_uuid (graph, "other"));
      assert_law (graph, plan, "backup.qcow2");
      paper_plan_add (below, STRATA_STEP_PULL, "{`image`:`%s`}", covered);
      assert_law (graph, below, NULL);
      paper_plan_add (pull, STRATA_STEP_PULL, "{`image`:`%s`,`uuid`:`%s`}", covered,
                      get_uuid (graph, "other"));
      assert_law (graph, pull, running ? "backup.qcow2" : NULL);
    }
}

#define TEMPLATE                                                                \
  "<metadata><strata:strata xmlns:strata='https://stratavm.github.io/xmlns/1'>" \
  "<strata:template version='1' domain='" CLONE "'/></strata:strata></metadata>"

/* A template on what others stand on writes to nothing; any other machine would. */
static void
test_new_template (void)
{
  for (guint template = 0; template <2; template ++)
    {
      g_autoptr (StrataGraph) graph = make_tower ();
      g_autoptr (StrataPlan) plan = new_plan ();
      g_autofree char *xml = paper_host_definition (
          "new", CLONE,
          template ? TEMPLATE "<devices>" PAPER_DISK ("vda", "base.qcow2") "</devices>"
                   : "<devices>" PAPER_DISK ("vda", "base.qcow2") "</devices>");

      paper_plan_add (plan, STRATA_STEP_DEFINE, "{`uuid`:`%s`,`xml`:`%s`}", CLONE, xml);
      assert_law (graph, plan, template ? NULL : "“vm”");
    }
}

/* What runs goes on running whatever it is defined as, until it is shut down; a copy of its disk would be torn. */
static void
test_power (void)
{
  for (guint step = 0; step < 3; step++)
    {
      g_autoptr (StrataGraph) graph =
          make_host (step < 2 ? STRATA_DOMAIN_STATE_RUNNING : STRATA_DOMAIN_STATE_OFF);
      g_autoptr (StrataPlan) plan = new_plan ();

      if (step == 0)
        define (graph, plan, "vm", "<devices>" PAPER_DISK ("vda", "a.qcow2") "</devices>");
      else
        paper_plan_add (plan, step == 1 ? STRATA_STEP_SHUT_DOWN : STRATA_STEP_START,
                        "{`uuid`:`%s`}", get_uuid (graph, "vm"));
      copy_verbatim (plan, PAPER_FILE ("a.qcow2"), PAPER_FILE ("copy.qcow2"));
      if (step == 1)
        strata_layers_free (carry_out (graph, plan));
      else
        assert_fails (graph, plan, "“vm”");
    }
}

/* What a new definition gives QEMU on its command line is needed from then on. */
static void
test_new_option (void)
{
  g_autoptr (StrataGraph) graph = make_tower ();
  g_autoptr (StrataPlan) plan = new_plan ();
  g_autofree char *xml = paper_host_definition ("new", CLONE, PAPER_OPTION ("x.qcow2"));

  paper_plan_add (plan, STRATA_STEP_COPY_IMAGE, "{`source`:`%s`,`destination`:`%s`}",
                  PAPER_FILE ("top.qcow2"), PAPER_FILE ("x.qcow2"));
  paper_plan_add (plan, STRATA_STEP_DEFINE, "{`uuid`:`%s`,`xml`:`%s`}", CLONE, xml);
  assert_law (graph, plan, NULL);
  delete_volume (plan, PAPER_FILE ("x.qcow2"));
  assert_law (graph, plan, "command line");
}

static GPtrArray *
list_disk (const char *name)
{
  g_autofree char *inner =
      g_strdup_printf ("<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
                       "<source file='" PAPER_POOL "/%s'/><target dev='vda'/></disk></devices>",
                       name);
  g_autofree char *xml = paper_host_definition ("x", CLONE, inner);
  g_autoptr (StrataDomainXml) definition = strata_domain_xml_new_from_string (xml, NULL);

  return strata_domain_xml_get_disks (definition);
}

/* What is saved of a guest goes with its definition, and so has to be given up; and it stays when that is changed. */
static void
test_saved (void)
{
  for (guint discards = 0; discards < 2; discards++)
    {
      g_autoptr (StrataGraph) graph = make_tower ();
      g_autoptr (StrataPlan) undefine = new_plan ();
      g_autoptr (StrataPlan) change = new_plan ();
      StrataDomainFacts *saved = paper_host_define (graph, "saved", "", NULL);

      paper_host_image (graph, "s.qcow2", NULL);
      strata_domain_facts_take_uses (saved, STRATA_IMAGE_USE_SAVED, list_disk ("s.qcow2"));
      if (discards)
        strata_plan_discard_domain (undefine, saved->uuid);
      paper_plan_add (undefine, STRATA_STEP_UNDEFINE, "{`uuid`:`%s`}", saved->uuid);
      assert_law (graph, undefine, discards ? NULL : "saved state");

      define (graph, change, "saved", "");
      assert_law (graph, change, NULL);
    }
}

/* The memory comes back with the disks of then. */
static void
test_restore (void)
{
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataPlan) plan = new_plan ();
  g_autoptr (StrataLayers) layers = NULL;
  g_autofree char *xml = paper_host_definition (
      "vm", get_uuid (graph, "vm"), "<devices>" PAPER_DISK ("vda", "other.qcow2") "</devices>");

  paper_plan_add (plan, STRATA_STEP_RESTORE, "{`uuid`:`%s`,`xml`:`%s`}", get_uuid (graph, "vm"),
                  xml);
  layers = carry_out (graph, plan);
  assert_same (layers, get_uuid (graph, "vm"), get_uuid (graph, "other"), TRUE);
  copy_verbatim (plan, PAPER_FILE ("other.qcow2"), PAPER_FILE ("copy.qcow2"));
  assert_fails (graph, plan, "“vm”");
}

static void
take_snapshot (StrataGraph *graph, StrataPlan *plan, const char *overlay)
{
  g_autofree char *member = overlay != NULL ? g_strdup_printf (",`overlay`:`%s`", overlay) : NULL;

  paper_plan_add (plan, STRATA_STEP_SNAPSHOT_CREATE,
                  "{`uuid`:`%s`,`snapshot`:`new`,`xml`:`x`,`kind`:`%s`,"
                  "`disks`:[{`target`:`vda`,`base`:`%s`%s}]}",
                  get_uuid (graph, "vm"), overlay != NULL ? "disk-only" : "internal",
                  PAPER_FILE ("a.qcow2"), member != NULL ? member : "");
}

/* From then on the machine is on the overlay, and what it was on is held. */
static void
test_external_snapshot (void)
{
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataPlan) plan = new_plan ();

  take_snapshot (graph, plan, PAPER_FILE ("a.new"));
  paper_plan_add (plan, STRATA_STEP_SEAL, "{`disks`:[{`path`:`%s`}]}", PAPER_FILE ("a.new"));
  strata_plan_discard_domain (plan, get_uuid (graph, "vm"));
  assert_law (graph, plan, NULL);
  commit (plan, PAPER_FILE ("a.new"), PAPER_FILE ("a.qcow2"));
  assert_law (graph, plan, "“new”");
}

/* Its tag keeps what is in the image now, which may change then. */
static void
test_internal_snapshot (void)
{
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataPlan) plan = new_plan ();

  strata_plan_discard_domain (plan, get_uuid (graph, "vm"));
  take_snapshot (graph, plan, NULL);
  paper_plan_add (plan, STRATA_STEP_SEAL, "{`disks`:[{`path`:`%s`}]}", PAPER_FILE ("a.qcow2"));
  assert_law (graph, plan, NULL);
  paper_plan_add (plan, STRATA_STEP_DELETE_TAG, "{`path`:`%s`,`tag`:`new`}",
                  PAPER_FILE ("a.qcow2"));
  assert_law (graph, plan, "“new”");
}

/* Another disk of the machine has a tag of the name, which libvirt would take for the new one's. */
static void
test_name_of_internal_snapshot (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = new_plan ();

  paper_host_image (graph, "a.qcow2", NULL);
  paper_host_image (graph, "b.qcow2", NULL)->tags = g_strsplit ("new", ",", -1);
  paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", "b.qcow2", NULL);
  take_snapshot (graph, plan, NULL);
  assert_law (graph, plan, PAPER_FILE ("b.qcow2"));
}

#define RUNS_ON(name) "<devices>" PAPER_DISK ("vda", name) "</devices>"

/* An internal snapshot "m" of "vm", in a.qcow2; MEMORY: with the memory of then, which was on LIVE; OPTION: on the command line */
static void
add_internal (StrataGraph *graph, gboolean memory, const char *option)
{
  StrataImage *image = strata_graph_get_image (graph, PAPER_FILE ("a.qcow2"));
  const char *uuid = get_uuid (graph, "vm");
  g_autofree char *inner = g_strconcat (RUNS_ON ("a.qcow2"), option, NULL);
  g_autofree char *definition = paper_host_definition ("vm", uuid, inner);
  g_autofree char *document = g_strdup_printf (
      "<memory snapshot='%s'/><disks><disk name='vda' snapshot='internal'/></disks>%s",
      memory ? "internal" : "no", definition);

  paper_host_document (graph, "vm", "m", document);
  g_strfreev (image->tags);
  image->tags = g_strsplit ("m,t", ",", -1);
}

static StrataPlan *
plan_native (StrataGraph *graph, const char *state)
{
  StrataPlan *plan = new_plan ();

  strata_plan_discard_domain (plan, get_uuid (graph, "vm"));
  paper_plan_add (plan, STRATA_STEP_SNAPSHOT_REVERT, "{`uuid`:`%s`,`snapshot`:`m`,`state`:`%s`}",
                  get_uuid (graph, "vm"), state);

  return plan;
}

/* It rewrites the image that has the tag: what stands on that reads something else then. */
static void
test_native_return (void)
{
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataPlan) plan = NULL;

  add_internal (graph, FALSE, "");
  plan = plan_native (graph, "off");
  assert_law (graph, plan, NULL);
  paper_host_image (graph, "on.qcow2", "a.qcow2");
  paper_host_add (graph, "on", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "on.qcow2", NULL);
  assert_law (graph, plan, "“on”");
}

/* Its guest runs then, or doesn't. */
static void
test_state_of_native_return (void)
{
  for (guint running = 0; running < 2; running++)
    {
      g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
      g_autoptr (StrataPlan) plan = NULL;

      add_internal (graph, FALSE, "");
      plan = plan_native (graph, running ? "running" : "off");
      copy_verbatim (plan, PAPER_FILE ("a.qcow2"), PAPER_FILE ("copy.qcow2"));
      if (running)
        assert_fails (graph, plan, "“vm”");
      else
        strata_layers_free (carry_out (graph, plan));
    }
}

/* With its memory the machine is on the disk of then, whatever it has been defined on since. */
static void
test_memory_of_native_return (void)
{
  for (guint memory = 0; memory < 2; memory++)
    {
      g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
      g_autoptr (StrataPlan) plan = NULL;
      g_autoptr (StrataLayers) layers = NULL;

      add_internal (graph, memory, "");
      paper_host_image (graph, "b.qcow2", NULL);
      plan = new_plan ();
      define (graph, plan, "vm", RUNS_ON ("b.qcow2"));
      paper_plan_add (plan, STRATA_STEP_SNAPSHOT_REVERT,
                      "{`uuid`:`%s`,`snapshot`:`m`,`state`:`off`}", get_uuid (graph, "vm"));
      layers = carry_out (graph, plan);
      g_assert_cmpstr (strata_layers_find_disk (layers, get_uuid (graph, "vm"), "vda")->top, ==,
                       memory ? PAPER_FILE ("a.qcow2") : PAPER_FILE ("b.qcow2"));
    }
}

/* What the snapshot's definition has on QEMU's command line the machine has then. */
static void
test_option_of_native_return (void)
{
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataPlan) plan = NULL;

  paper_host_image (graph, "x.qcow2", NULL);
  add_internal (graph, FALSE, PAPER_OPTION ("x.qcow2"));
  plan = plan_native (graph, "running");
  assert_law (graph, plan, NULL);
  paper_host_image (graph, "on-x.qcow2", "x.qcow2");
  paper_host_add (graph, "on-x", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "on-x.qcow2", NULL);
  assert_law (graph, plan, "“on-x”");
}

#define MOVE "`map`:[{`from`:`/pool/old.qcow2`,`to`:`/pool/new.qcow2`,`format`:`qcow2`}]"

/* A snapshot's image may go where the snapshot is told of another with the same content; only its own machine's are told. */
static void
test_reconcile (void)
{
  for (guint own = 0; own < 2; own++)
    {
      g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
      g_autoptr (StrataPlan) plan = new_plan ();

      paper_host_image (graph, "old.qcow2", NULL);
      paper_host_snapshot (graph, "vm", "s1", NULL, "old.qcow2", FALSE, FALSE);
      copy_verbatim (plan, PAPER_FILE ("old.qcow2"), PAPER_FILE ("new.qcow2"));
      paper_plan_add (plan, STRATA_STEP_RECONCILE, "{`uuid`:`%s`," MOVE "}",
                      get_uuid (graph, own ? "vm" : "other"));
      delete_volume (plan, PAPER_FILE ("old.qcow2"));
      assert_law (graph, plan, own ? NULL : "“s1”");
    }
}

/* A snapshot that is defined on another image holds that. */
static void
test_defined_snapshot (void)
{
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataPlan) plan = new_plan ();
  g_autofree char *definition =
      paper_host_definition ("vm", get_uuid (graph, "vm"), RUNS_ON ("new.qcow2"));

  paper_host_image (graph, "old.qcow2", NULL);
  paper_host_snapshot (graph, "vm", "s1", NULL, "old.qcow2", FALSE, FALSE);
  copy_verbatim (plan, PAPER_FILE ("old.qcow2"), PAPER_FILE ("new.qcow2"));
  paper_plan_add (plan, STRATA_STEP_SNAPSHOT_DEFINE,
                  "{`uuid`:`%s`,`snapshot`:`s1`,`xml`:`<domainsnapshot><name>s1</name>"
                  "<creationTime>2</creationTime><disks><disk name='vda' snapshot='external'/>"
                  "</disks>%s</domainsnapshot>`}",
                  get_uuid (graph, "vm"), definition);
  delete_volume (plan, PAPER_FILE ("old.qcow2"));
  assert_law (graph, plan, NULL);
  delete_volume (plan, PAPER_FILE ("new.qcow2"));
  assert_law (graph, plan, "“s1”");
}

/* One that nothing is known of any more holds nothing, and its name may be another's. */
static void
test_deleted_metadata (void)
{
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataPlan) plan = new_plan ();

  paper_plan_add (plan, STRATA_STEP_DELETE_METADATA, "{`uuid`:`%s`,`snapshot`:`t`}",
                  get_uuid (graph, "vm"));
  assert_law (graph, plan, "“t”");
  strata_plan_discard_snapshot (plan, get_uuid (graph, "vm"), "t");
  assert_law (graph, plan, NULL);
}

/* Guests are changed by sealing and customising, and by them alone. */
static void
test_sealed (void)
{
  for (guint seal = 0; seal < 2; seal++)
    {
      g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
      g_autoptr (StrataPlan) plan = new_plan ();

      if (seal)
        paper_plan_add (plan, STRATA_STEP_SEAL, "{`disks`:[{`path`:`%s`}]}",
                        PAPER_FILE ("a.qcow2"));
      else
        paper_plan_add (plan, STRATA_STEP_CUSTOMISE,
                        "{`clones`:[{`name`:`vm`,`disks`:[{`path`:`%s`}]}]}",
                        PAPER_FILE ("a.qcow2"));
      assert_law (graph, plan, "“vm”");
      strata_plan_discard_domain (plan, get_uuid (graph, "vm"));
      assert_law (graph, plan, NULL);
    }
}

/* What a plan builds on must not be written to by any guest meanwhile: "writer" is on what "vm" stands on. */
static void
test_moving_ground (void)
{
  static const struct
  {
    StrataStepKind kind;
    const char *args;
  } cases[] = {
    { STRATA_STEP_CREATE_OVERLAY,
      "{`path`:`/pool/n.qcow2`,`backing`:`/pool/a.qcow2`,`backing-format`:`qcow2`}" },
    { STRATA_STEP_COPY_IMAGE, "{`source`:`/pool/a.qcow2`,`destination`:`/pool/n.qcow2`}" },
    { STRATA_STEP_COPY_VERBATIM, "{`from`:`/pool/a.qcow2`,`to`:`/pool/n.qcow2`}" },
    { STRATA_STEP_CONVERT_TAG, "{`from`:`/pool/a.qcow2`,`tag`:`t`,`to`:`/pool/n.qcow2`}" },
    { STRATA_STEP_PULL, "{`image`:`/pool/a.qcow2`}" },
    { STRATA_STEP_COMMIT, "{`top`:`/pool/over.qcow2`,`base`:`/pool/a.qcow2`}" },
    { STRATA_STEP_CHECK_CHAIN, "{`path`:`/pool/a.qcow2`}" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
      g_autoptr (StrataPlan) plan = new_plan ();

      paper_host_image (graph, "over.qcow2", "a.qcow2");
      paper_plan_add (plan, cases[i].kind, "%s", cases[i].args);
      if (cases[i].kind == STRATA_STEP_PULL || cases[i].kind == STRATA_STEP_COMMIT)
        {
          strata_plan_discard_snapshot (plan, get_uuid (graph, "vm"), "t");
          strata_plan_discard_domain (plan, get_uuid (graph, "vm"));
        }
      assert_law (graph, plan, NULL);
      paper_host_add (graph, "writer", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "base.qcow2", NULL);
      assert_law (graph, plan, "“writer” writes");
    }
}

/* However far down. */
static void
test_moving_bottom (void)
{
  g_autoptr (StrataGraph) graph = make_tower ();
  g_autoptr (StrataPlan) plan = new_plan ();

  paper_plan_add (plan, STRATA_STEP_CHECK_CHAIN, "{`path`:`%s`}", PAPER_FILE ("top.qcow2"));
  assert_law (graph, plan, NULL);
  paper_host_add (graph, "writer", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "base.qcow2", NULL);
  assert_law (graph, plan, "“writer” writes");
}

/* What a snapshot froze, of a machine that is defined on it by now, may be written to by that machine alone. */
static void
test_taken_over (void)
{
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
  g_autoptr (StrataPlan) plan = new_plan ();

  paper_host_image (graph, "n.qcow2", NULL);
  paper_host_add (graph, "new", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "n.qcow2", NULL);
  paper_host_snapshot (graph, "new", "s1", NULL, "n.qcow2", FALSE, FALSE);
  paper_host_image (graph, "m.qcow2", NULL);
  paper_host_snapshot (graph, "new", "s2", NULL, "m.qcow2", FALSE, FALSE);
  strata_plan_discard_domain (plan, get_uuid (graph, "new"));
  define (graph, plan, "new", RUNS_ON ("m.qcow2"));
  assert_law (graph, plan, "“s2”");
  strata_plan_discard_snapshot (plan, get_uuid (graph, "new"), "s2");
  assert_law (graph, plan, NULL);
}

/* Where another file has the name of what a snapshot froze, the overlay's header alone says where that is: a pull rewrites it, and
 * would be allowed otherwise. */
static void
test_frozen_elsewhere (void)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataPlan) plan = new_plan ();
      StrataDomainFacts *domain;
      StrataSnapshotFacts *snapshot;

      paper_host_image (graph, "over.qcow2", i == 1 ? "frozen.qcow2" : "moved.qcow2");
      paper_host_image (graph, "moved.qcow2", NULL);
      paper_host_image (graph, "frozen.qcow2", NULL);
      paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "over.qcow2", NULL);
      paper_host_snapshot (graph, "vm", "s1", NULL, "frozen.qcow2", TRUE, FALSE);
      domain = strata_graph_find_domain (graph, "vm");
      snapshot = strata_domain_facts_find_snapshot (domain, "s1");
      g_set_str (&strata_snapshot_facts_find_disk (snapshot, "vda")->overlay,
                 PAPER_FILE ("over.qcow2"));
      strata_graph_finish (graph);

      paper_plan_add (plan, STRATA_STEP_PULL, "{`image`:`%s`}", PAPER_FILE ("over.qcow2"));
      if (i == 2)
        strata_plan_discard_snapshot (plan, domain->uuid, "s1");
      assert_law (graph, plan, i == 0 ? "shows where the image is" : NULL);
    }
}

/* What is in a place that could not be looked into may stand on what a step rewrites, or on what it gives a guest to write to. */
static void
test_blind_spot (void)
{
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
      g_autoptr (StrataPlan) plan = new_plan ();
      gboolean blind = i % 2 == 1;

      paper_host_image (graph, "free.qcow2", NULL);
      if (blind)
        strata_graph_add_blind_spot (graph, "elsewhere", "it is locked", FALSE);
      strata_graph_finish (graph);

      if (i < 2)
        paper_plan_add (plan, STRATA_STEP_KEEP_TAG, "{`path`:`%s`,`tag`:`t`}",
                        PAPER_FILE ("a.qcow2"));
      else
        define_clone (plan, PAPER_FILE ("free.qcow2"));
      assert_law (graph, plan, blind ? "can’t be looked into" : NULL);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/law-steps/flat-copy", test_flat_copy);
  g_test_add_func ("/law-steps/verbatim-copy", test_verbatim_copy);
  g_test_add_func ("/law-steps/running-source", test_running_source);
  g_test_add_func ("/law-steps/converted-tag", test_converted_tag);
  g_test_add_func ("/law-steps/tags", test_tags);
  g_test_add_func ("/law-steps/data-file", test_data_file);
  g_test_add_func ("/law-steps/copied-data-file", test_copied_data_file);
  g_test_add_func ("/law-steps/lost-data-file", test_lost_data_file);
  g_test_add_func ("/law-steps/long-commit", test_long_commit);
  g_test_add_func ("/law-steps/sizes", test_sizes);
  g_test_add_func ("/law-steps/pull-to-base", test_pull_to_base);
  g_test_add_func ("/law-steps/told-overlay", test_told_overlay);
  g_test_add_func ("/law-steps/live-commit", test_live_commit);
  g_test_add_func ("/law-steps/covered", test_covered);
  g_test_add_func ("/law-steps/new-template", test_new_template);
  g_test_add_func ("/law-steps/power", test_power);
  g_test_add_func ("/law-steps/new-option", test_new_option);
  g_test_add_func ("/law-steps/saved", test_saved);
  g_test_add_func ("/law-steps/restore", test_restore);
  g_test_add_func ("/law-steps/external-snapshot", test_external_snapshot);
  g_test_add_func ("/law-steps/internal-snapshot", test_internal_snapshot);
  g_test_add_func ("/law-steps/name-of-internal-snapshot", test_name_of_internal_snapshot);
  g_test_add_func ("/law-steps/native-return", test_native_return);
  g_test_add_func ("/law-steps/state-of-native-return", test_state_of_native_return);
  g_test_add_func ("/law-steps/memory-of-native-return", test_memory_of_native_return);
  g_test_add_func ("/law-steps/option-of-native-return", test_option_of_native_return);
  g_test_add_func ("/law-steps/reconcile", test_reconcile);
  g_test_add_func ("/law-steps/defined-snapshot", test_defined_snapshot);
  g_test_add_func ("/law-steps/deleted-metadata", test_deleted_metadata);
  g_test_add_func ("/law-steps/sealed", test_sealed);
  g_test_add_func ("/law-steps/moving-ground", test_moving_ground);
  g_test_add_func ("/law-steps/moving-bottom", test_moving_bottom);
  g_test_add_func ("/law-steps/taken-over", test_taken_over);
  g_test_add_func ("/law-steps/frozen-elsewhere", test_frozen_elsewhere);
  g_test_add_func ("/law-steps/blind-spot", test_blind_spot);

  return g_test_run ();
}
