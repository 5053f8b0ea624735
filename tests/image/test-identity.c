/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A snapshot is known by more than its name; where its parent was lost, it has a place all the same; and no name is too long only
 * once it is too late.
 */

#include "config.h"

#include "host-on-paper.h"
#include "graph/strata-lineage.h"
#include "plan/strata-health.h"
#include "base/strata-error.h"

static StrataGraph *
make_host (void)
{
  StrataGraph *graph = paper_host_new ();

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "mid.qcow2", "base.qcow2");
  paper_host_image (graph, "top.qcow2", "mid.qcow2");
  paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);

  return graph;
}

static StrataPlan *
plan (StrataGraph *graph,
      StrataRequestKind kind,
      const char *snapshot,
      const char *id,
      const char *other,
      GError **error)
{
  g_autoptr (StrataRequest) request = strata_request_new (kind);

  request->domain = g_strdup ("vm");
  request->snapshot = g_strdup (snapshot);
  request->snapshot_id = g_strdup (id);
  if (kind == STRATA_REQUEST_CLONE)
    request->name = g_strdup (other);
  else if (kind == STRATA_REQUEST_SNAPSHOT_EDIT)
    request->description = g_strdup (other);
  else
    request->save_as = g_strdup (other);

  return strata_plan_request (graph, request, error);
}

/* The first step of KIND; NULL: there is none */
static StrataStep *
find_step (StrataPlan *made, StrataStepKind kind)
{
  for (guint i = 0; i < strata_plan_get_n_steps (made); i++)
    {
      if (strata_plan_get_step (made, i)->kind == kind)
        return strata_plan_get_step (made, i);
    }

  return NULL;
}

static void
test_made_again (void)
{
  static const StrataRequestKind kinds[] = {
    STRATA_REQUEST_SNAPSHOT_REVERT,
    STRATA_REQUEST_SNAPSHOT_DELETE,
    STRATA_REQUEST_SNAPSHOT_EDIT,
    STRATA_REQUEST_CLONE,
  };
  g_autoptr (StrataGraph) before = make_host ();
  g_autoptr (StrataGraph) after = make_host ();
  StrataSnapshotFacts *seen;

  paper_host_snapshot (before, "vm", "s1", NULL, "mid.qcow2", TRUE, FALSE);
  seen = strata_domain_facts_find_snapshot (strata_graph_find_domain (before, "vm"), "s1");
  /* one second later */
  paper_host_snapshot (after, "vm", "other", NULL, "base.qcow2", FALSE, FALSE);
  paper_host_snapshot (after, "vm", "s1", NULL, "mid.qcow2", TRUE, FALSE);

  for (size_t i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (StrataPlan) same = plan (before, kinds[i], "s1", seen->id, "new", &error);
      g_autoptr (StrataPlan) again = NULL;

      g_assert_no_error (error);
      again = plan (after, kinds[i], "s1", seen->id, "new", &error);
      g_assert_null (again);
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
      g_assert_nonnull (strstr (error->message, "another snapshot now"));
      /* what is asked for without it means the same from then on */
      g_clear_error (&error);
      again = plan (before, kinds[i], "s1", NULL, "new", &error);
      g_assert_no_error (error);
      g_assert_cmpstr (strata_plan_get_request (again)->snapshot_id, ==, seen->id);
    }
}

static void
test_another_machine (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) made = NULL;
  g_autoptr (StrataPlan) again = NULL;
  g_autoptr (StrataRequest) request = NULL;
  g_autoptr (GError) error = NULL;

  paper_host_snapshot (graph, "vm", "s1", NULL, "mid.qcow2", TRUE, FALSE);
  made = plan (graph, STRATA_REQUEST_CLONE, "s1", NULL, "new", &error);
  g_assert_no_error (error);
  request = strata_request_copy (strata_plan_get_request (made));
  g_assert_cmpstr (request->domain_uuid, ==, strata_graph_find_domain (graph, "vm")->uuid);
  again = strata_plan_request (graph, request, &error);
  g_assert_no_error (error);
  g_clear_object (&again);

  g_set_str (&request->domain_uuid, "00000000-0000-4000-8000-000000000000");
  again = strata_plan_request (graph, request, &error);
  g_assert_null (again);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "another virtual machine"));
}

static void
test_steps_say_which (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataPlan) edit = NULL;
  g_autoptr (StrataPlan) gone = NULL;
  StrataSnapshotFacts *facts;
  StrataStep *step;

  paper_host_snapshot (graph, "vm", "s1", NULL, "mid.qcow2", TRUE, FALSE);
  facts = strata_domain_facts_find_snapshot (strata_graph_find_domain (graph, "vm"), "s1");
  edit = plan (graph, STRATA_REQUEST_SNAPSHOT_EDIT, "s1", NULL, "new", NULL);
  step = find_step (edit, STRATA_STEP_SNAPSHOT_DEFINE);
  g_assert_cmpstr (json_object_get_string_member (step->args, "id"), ==, facts->id);
  gone = plan (graph, STRATA_REQUEST_SNAPSHOT_DELETE, "s1", NULL, NULL, NULL);
  step = find_step (gone, STRATA_STEP_DELETE_METADATA);
  g_assert_cmpstr (json_object_get_string_member (step->args, "id"), ==, facts->id);
}

static void
test_lost_parent (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  StrataDomainFacts *domain = strata_graph_find_domain (graph, "vm");
  g_autoptr (GPtrArray) findings = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) mended = NULL;
  g_autoptr (StrataSnapshotXml) document = NULL;
  g_autofree char *parent = NULL;
  gboolean found = FALSE;
  StrataStep *step;

  paper_host_snapshot (graph, "vm", "s0", NULL, "base.qcow2", FALSE, FALSE);
  paper_host_snapshot (graph, "vm", "s2", "s1", "mid.qcow2", TRUE, FALSE);
  strata_domain_facts_find_lost (domain);
  g_assert_null (strata_domain_facts_find_snapshot (domain, "s2")->parent);

  findings = strata_health_check (graph, domain);
  for (guint i = 0; i < findings->len; i++)
    found = found || g_str_equal (((StrataFinding *) findings->pdata[i])->code, "lost-parent");
  g_assert_true (found);

  mended = plan (graph, STRATA_REQUEST_RECONCILE, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  step = find_step (mended, STRATA_STEP_SNAPSHOT_DEFINE);
  document = strata_snapshot_xml_new_from_string (json_object_get_string_member (step->args, "xml"),
                                                  &error);
  g_assert_no_error (error);
  parent = strata_snapshot_xml_get_parent (document);
  g_assert_cmpstr (parent, ==, "s0");
}

static void
test_present_twice (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) made = NULL;

  paper_host_snapshot (graph, "vm", "s1", NULL, "base.qcow2", FALSE, FALSE);
  paper_host_snapshot (graph, "vm", "present-20260101-000000", "s1", "mid.qcow2", TRUE, FALSE);
  made =
      plan (graph, STRATA_REQUEST_SNAPSHOT_REVERT, "s1", NULL, "present-20260101-000000", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (json_object_get_string_member (
                       find_step (made, STRATA_STEP_SNAPSHOT_CREATE)->args, "snapshot"),
                   ==, "present-20260101-000000-2");
}

static void
assert_short (StrataPlan *made)
{
  for (guint i = 0; i < strata_plan_get_n_steps (made); i++)
    {
      const char *path = json_object_get_string_member_with_default (
          strata_plan_get_step (made, i)->args, "path", "");
      g_autofree char *name = g_path_get_basename (path);

      g_assert_cmpuint (strlen (name), <=, 255);
      g_assert_true (g_utf8_validate (name, -1, NULL));
    }
}

static void
test_long_names (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autofree char *foreign = g_strnfill (243, 'k');
  g_autoptr (GString) umlauts = g_string_new ("x");
  g_autoptr (StrataPlan) made = NULL;
  g_autoptr (GError) error = NULL;

  for (guint length = 200; length < 300; length++)
    {
      g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SNAPSHOT_CREATE);
      g_autoptr (StrataPlan) taken = NULL;
      g_autoptr (GError) refusal = NULL;

      request->domain = g_strdup ("vm");
      request->snapshot = g_strnfill (length, 's');
      taken = strata_plan_request (graph, request, &refusal);
      if (taken != NULL)
        g_assert_cmpuint (length + strlen ("vm-vda.-tip-9999.qcow2"), <=, 255);
      else
        g_assert_error (refusal, STRATA_ERROR, STRATA_ERROR_INVALID);
    }

  /* One that another program gave can be gone back to. */
  while (umlauts->len < 241)
    g_string_append (umlauts, "ä");
  paper_host_snapshot (graph, "vm", foreign, NULL, "base.qcow2", FALSE, FALSE);
  paper_host_snapshot (graph, "vm", umlauts->str, foreign, "mid.qcow2", TRUE, FALSE);
  made = plan (graph, STRATA_REQUEST_SNAPSHOT_REVERT, foreign, NULL, "kept", &error);
  g_assert_no_error (error);
  assert_short (made);
  g_clear_object (&made);
  made = plan (graph, STRATA_REQUEST_SNAPSHOT_REVERT, umlauts->str, NULL, "kept", &error);
  g_assert_no_error (error);
  assert_short (made);
}

/* Whose layer an image is: of the disk that is or stands on it, of the one on which its machine went on with a copy, and of two
 * that stand on it of the one that is said to have been put there, unless the names say otherwise. */
static void
test_lineage (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataLineage) lineage = NULL;
  g_autoptr (StrataLayers) layers = NULL;
  g_autofree char *definition = NULL;
  g_autofree char *document = NULL;
  StrataDomainFacts *vm;
  StrataSnapshotFacts *snapshot;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "x.qcow2", "base.qcow2");
  paper_host_image (graph, "y.qcow2", "base.qcow2");
  paper_host_image (graph, "old.qcow2", NULL);
  paper_host_image (graph, "two.qcow2", "base.qcow2");
  paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "x.qcow2", "y.qcow2", NULL);
  paper_host_add (graph, "other", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "old.qcow2", NULL);
  vm = strata_graph_find_domain (graph, "vm");
  strata_domain_xml_add_copy (vm->definition, PAPER_FILE ("from.qcow2"), PAPER_FILE ("x.qcow2"));
  definition = paper_host_definition ("vm", vm->uuid,
                                      "<devices>" PAPER_DISK ("vda", "base.qcow2")
                                          PAPER_DISK ("vdc", "two.qcow2") "</devices>");
  document = g_strdup_printf ("<disks><disk name='vda' snapshot='external'/>"
                              "<disk name='vdc' snapshot='external'/></disks>%s",
                              definition);
  snapshot = paper_host_document (graph, "vm", "s1", document);
  g_set_str (&strata_snapshot_facts_find_disk (snapshot, "vda")->overlay, PAPER_FILE ("x.qcow2"));
  lineage = strata_lineage_new (graph, vm);
  layers = strata_layers_new (graph);

  g_assert_true (
      strata_lineage_is_one (lineage, PAPER_FILE ("x.qcow2"), PAPER_FILE ("base.qcow2")));
  g_assert_true (
      strata_lineage_is_one (lineage, PAPER_FILE ("from.qcow2"), PAPER_FILE ("x.qcow2")));
  /* It stands on the other, and they were two disks at a time. */
  g_assert_false (
      strata_lineage_is_one (lineage, PAPER_FILE ("two.qcow2"), PAPER_FILE ("base.qcow2")));
  g_assert_cmpstr (
      strata_lineage_find_disk (lineage, layers, PAPER_FILE ("base.qcow2"), "vde")->top, ==,
      PAPER_FILE ("x.qcow2"));
  g_assert_null (strata_lineage_find_disk (lineage, layers, PAPER_FILE ("base.qcow2"), "vdb"));
  /* A disk of another machine is none of this. */
  g_assert_false (strata_lineage_is_current (lineage, layers, PAPER_FILE ("old.qcow2")));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/identity/made-again", test_made_again);
  g_test_add_func ("/identity/another-machine", test_another_machine);
  g_test_add_func ("/identity/steps-say-which", test_steps_say_which);
  g_test_add_func ("/identity/lost-parent", test_lost_parent);
  g_test_add_func ("/identity/present-twice", test_present_twice);
  g_test_add_func ("/identity/lineage", test_lineage);
  g_test_add_func ("/identity/long-names", test_long_names);

  return g_test_run ();
}
