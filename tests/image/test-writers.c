/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Domains that are not in a state to be worked on, disks that two of them have, and snapshots that don't hold what they froze
 * any more: refused by name, found, and mended.
 */

#include "config.h"

#include "host-on-paper.h"
#include "plan/strata-health.h"
#include "base/strata-error.h"

#define AT(name) PAPER_POOL "/" name

static StrataRequest *
request_new (StrataRequestKind kind, const char *domain, const char *snapshot)
{
  StrataRequest *request = strata_request_new (kind);

  request->domain = g_strdup (domain);
  request->snapshot = g_strdup (snapshot);
  if (kind == STRATA_REQUEST_CLONE || kind == STRATA_REQUEST_TEMPLATE_CREATE)
    request->name = g_strdup ("new");
  if (kind == STRATA_REQUEST_TEMPLATE_CREATE)
    request->operations = g_new0 (char *, 1);
  if (kind == STRATA_REQUEST_MERGE)
    request->target = g_strdup ("vda");
  if (kind == STRATA_REQUEST_SNAPSHOT_EDIT)
    request->description = g_strdup ("other");

  return request;
}

/* takes REQUEST; the kinds of the plan's steps */
static char *
plan (StrataGraph *graph, StrataRequest *request)
{
  g_autoptr (StrataRequest) owned = request;
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) made = strata_plan_request (graph, owned, &error);

  g_assert_no_error (error);

  return paper_plan_to_kinds (made);
}

/* takes REQUEST; WHO: what the refusal has to name */
static void
assert_refused (StrataGraph *graph, StrataRequest *request, StrataError code, const char *who)
{
  g_autoptr (StrataRequest) owned = request;
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) made = strata_plan_request (graph, owned, &error);

  g_assert_null (made);
  g_assert_error (error, STRATA_ERROR, (gint) code);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, who));
  g_assert_nonnull (strata_error_get_hint (error));
}

static gboolean
finds (StrataGraph *graph, const char *domain, const char *code)
{
  g_autoptr (GPtrArray) findings =
      strata_health_check (graph, strata_graph_find_domain (graph, domain));

  for (guint i = 0; i < findings->len; i++)
    {
      const StrataFinding *finding = g_ptr_array_index (findings, i);

      if (g_str_equal (finding->code, code))
        return TRUE;
    }

  return FALSE;
}

/* with CODE, and a hint that names virsh */
static gboolean
says (StrataGraph *graph, const char *domain, const char *code, const char *words)
{
  g_autoptr (GPtrArray) findings =
      strata_health_check (graph, strata_graph_find_domain (graph, domain));

  for (guint i = 0; i < findings->len; i++)
    {
      const StrataFinding *finding = g_ptr_array_index (findings, i);

      if (g_str_equal (finding->code, code) && strstr (finding->text, words) != NULL)
        return strstr (finding->hint, "virsh") != NULL;
    }

  return FALSE;
}

/* "vm" on top, whose base its snapshot s1 froze. */
static StrataGraph *
make_host (StrataDomainState state)
{
  StrataGraph *graph = paper_host_new ();

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "top.qcow2", "base.qcow2");
  paper_host_add (graph, "vm", state, FALSE, NULL, "top.qcow2", NULL);
  paper_host_snapshot (graph, "vm", "s1", NULL, "base.qcow2", TRUE, FALSE);

  return graph;
}

static void
test_transient (void)
{
  static const StrataRequestKind kinds[] = {
    STRATA_REQUEST_TEMPLATE_CREATE, STRATA_REQUEST_SEAL_DOMAIN,     STRATA_REQUEST_DELETE,
    STRATA_REQUEST_SNAPSHOT_CREATE, STRATA_REQUEST_SNAPSHOT_REVERT, STRATA_REQUEST_SNAPSHOT_DELETE,
    STRATA_REQUEST_SNAPSHOT_EDIT,
  };
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_RUNNING);
  StrataRequest *request;

  g_assert_false (finds (graph, "vm", "transient"));
  strata_graph_find_domain (graph, "vm")->persistent = FALSE;
  g_assert_true (finds (graph, "vm", "transient"));

  for (size_t i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_test_message ("request %d", kinds[i]);
      request =
          request_new (kinds[i], "vm", kinds[i] == STRATA_REQUEST_SNAPSHOT_CREATE ? "new" : "s1");
      request->running = STRATA_RUNNING_FORCE_OFF;
      assert_refused (graph, request, STRATA_ERROR_REFUSED, "transient");
      request =
          request_new (kinds[i], "vm", kinds[i] == STRATA_REQUEST_SNAPSHOT_CREATE ? "new" : "s1");
      request->convert = TRUE;
      request->snapshot_kind = STRATA_SNAPSHOT_KIND_INTERNAL;
      request->running = STRATA_RUNNING_SHUT_DOWN;
      assert_refused (graph, request, STRATA_ERROR_REFUSED, "transient");
    }

  /* What loses nothing when it ends */
  g_free (plan (graph, request_new (STRATA_REQUEST_CLONE, "vm", "s1")));
  request = request_new (STRATA_REQUEST_SNAPSHOT_DELETE, "vm", "s1");
  request->metadata_only = TRUE;
  g_free (plan (graph, request));
}

static void
make_busy (StrataGraph *graph, const char *domain, const char *image)
{
  StrataDomainFacts *facts = strata_graph_find_domain (graph, domain);

  facts->busy = g_strdup ("a block copy of vda to “/copy.qcow2”");
  facts->busy_images = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (facts->busy_images, g_strdup (image));
}

static void
test_busy (void)
{
  static const StrataRequestKind kinds[] = {
    STRATA_REQUEST_TEMPLATE_CREATE, STRATA_REQUEST_SNAPSHOT_CREATE, STRATA_REQUEST_SNAPSHOT_REVERT,
    STRATA_REQUEST_SNAPSHOT_DELETE, STRATA_REQUEST_FLATTEN,         STRATA_REQUEST_MERGE,
  };
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_RUNNING);

  paper_host_image (graph, "other.qcow2", "base.qcow2");
  paper_host_add (graph, "other", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "other.qcow2", NULL);
  g_assert_false (finds (graph, "vm", "busy"));
  make_busy (graph, "vm", AT ("top.qcow2"));
  g_assert_true (finds (graph, "vm", "busy"));

  for (size_t i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      StrataRequest *request =
          request_new (kinds[i], "vm", kinds[i] == STRATA_REQUEST_SNAPSHOT_CREATE ? "new" : "s1");

      request->running = STRATA_RUNNING_FORCE_OFF;
      assert_refused (graph, request, STRATA_ERROR_BUSY, "block copy");
    }

  /* Of the others only who names an image that the job is about. */
  g_free (plan (graph, request_new (STRATA_REQUEST_FLATTEN, "other", NULL)));
  g_free (plan (graph, request_new (STRATA_REQUEST_CLONE, "vm", "s1")));
  g_ptr_array_add (strata_graph_find_domain (graph, "vm")->busy_images,
                   g_strdup (AT ("other.qcow2")));
  assert_refused (graph, request_new (STRATA_REQUEST_FLATTEN, "other", NULL), STRATA_ERROR_BUSY,
                  "block copy");
  assert_refused (graph, request_new (STRATA_REQUEST_SNAPSHOT_CREATE, "other", "new"),
                  STRATA_ERROR_BUSY, "block copy");
}

static void
test_two_definitions (void)
{
  static const StrataRequestKind kinds[] = {
    STRATA_REQUEST_TEMPLATE_CREATE, STRATA_REQUEST_SEAL_DOMAIN,     STRATA_REQUEST_DELETE,
    STRATA_REQUEST_SNAPSHOT_CREATE, STRATA_REQUEST_SNAPSHOT_REVERT, STRATA_REQUEST_FLATTEN,
    STRATA_REQUEST_MERGE,
  };
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
  StrataDomainFacts *twin;
  StrataRequest *request;

  paper_host_add (graph, "twin", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);
  g_assert_true (finds (graph, "vm", "two-definitions"));
  g_assert_true (finds (graph, "twin", "two-definitions"));
  for (size_t i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_test_message ("request %d", kinds[i]);
      assert_refused (
          graph,
          request_new (kinds[i], "vm", kinds[i] == STRATA_REQUEST_SNAPSHOT_CREATE ? "new" : "s1"),
          STRATA_ERROR_REFUSED, "“twin”");
    }
  request = request_new (STRATA_REQUEST_SNAPSHOT_CREATE, "vm", "new");
  request->snapshot_kind = STRATA_SNAPSHOT_KIND_INTERNAL;
  assert_refused (graph, request, STRATA_ERROR_REFUSED, "“twin”");

  /* One that only reads it, or that shares it on purpose, is nobody's second. */
  twin = strata_graph_find_domain (graph, "twin");
  ((StrataDiskXml *) twin->disks->pdata[0])->read_only = TRUE;
  g_assert_false (finds (graph, "vm", "two-definitions"));
  g_free (plan (graph, request_new (STRATA_REQUEST_SNAPSHOT_CREATE, "vm", "new")));
}

/* Copied by hand with its <nvram>. */
static void
test_shared_variables (void)
{
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);
  StrataDomainFacts *twin;

  strata_domain_xml_set_nvram (strata_graph_find_domain (graph, "vm")->definition, "/v/vm_VARS.fd");
  paper_host_add (graph, "twin", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "other.qcow2", NULL);
  twin = strata_graph_find_domain (graph, "twin");
  g_assert_false (finds (graph, "vm", "shared-variables"));
  strata_domain_xml_set_nvram (twin->definition, "/v/vm_VARS.fd");
  g_assert_true (finds (graph, "vm", "shared-variables"));
  g_assert_true (finds (graph, "twin", "shared-variables"));
  strata_domain_xml_set_nvram (twin->definition, "/v/twin_VARS.fd");
  g_assert_false (finds (graph, "vm", "shared-variables"));
}

static void
test_template_and_domain (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  StrataRequest *request = request_new (STRATA_REQUEST_TEMPLATE_DEPLOY, "tmpl", NULL);

  paper_host_image (graph, "tmpl.qcow2", NULL);
  paper_host_add (graph, "tmpl", STRATA_DOMAIN_STATE_OFF, TRUE, NULL, "tmpl.qcow2", NULL);
  paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "tmpl.qcow2", NULL);
  g_assert_true (finds (graph, "tmpl", "two-definitions"));
  request->name = g_strdup ("clone");
  assert_refused (graph, request, STRATA_ERROR_REFUSED, "“vm”");
}

static StrataRequest *
deploy_new (const char *template)
{
  StrataRequest *request = request_new (STRATA_REQUEST_TEMPLATE_DEPLOY, template, NULL);

  request->name = g_strdup ("clone");

  return request;
}

/* Two that only read a disk, or that share it on purpose, are nobody's second; what one has at its next start is. */
static void
test_no_second (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  static const char one[] = "<devices>" PAPER_DISK ("vda", "own.qcow2")
      PAPER_DEVICE ("disk", "vdb", "shared.qcow2", "<shareable/>") "</devices>";
  static const char two[] =
      "<devices>" PAPER_DEVICE ("disk", "vdb", "shared.qcow2", "<shareable/>") "</devices>";

  paper_host_image (graph, "tmpl.qcow2", NULL);
  paper_host_add (graph, "t1", STRATA_DOMAIN_STATE_OFF, TRUE, NULL, "tmpl.qcow2", NULL);
  paper_host_add (graph, "t2", STRATA_DOMAIN_STATE_OFF, TRUE, NULL, "tmpl.qcow2", NULL);
  g_free (plan (graph, deploy_new ("t1")));

  paper_host_image (graph, "shared.qcow2", NULL);
  paper_host_image (graph, "below.qcow2", NULL);
  paper_host_image (graph, "own.qcow2", "below.qcow2");
  paper_host_define (graph, "one", one, NULL);
  paper_host_define (graph, "two", two, NULL);
  g_free (plan (graph, request_new (STRATA_REQUEST_FLATTEN, "one", NULL)));

  paper_host_image (graph, "now.qcow2", NULL);
  paper_host_image (graph, "then.qcow2", NULL);
  paper_host_define (graph, "runs", "<devices>" PAPER_DISK ("vda", "then.qcow2") "</devices>",
                     "<devices>" PAPER_DISK ("vda", "now.qcow2") "</devices>");
  g_assert_false (finds (graph, "runs", "two-definitions"));
  paper_host_add (graph, "twin", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "then.qcow2", NULL);
  g_assert_true (finds (graph, "runs", "two-definitions"));
}

/* As a backup leaves it: what was written above the frozen image came down into it, and the snapshot is there still. */
static StrataGraph *
make_stale (void)
{
  StrataGraph *graph = paper_host_new ();

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "base.qcow2", NULL);
  paper_host_snapshot (graph, "vm", "s1", NULL, "base.qcow2", FALSE, FALSE);
  paper_host_snapshot (graph, "vm", "s2", "s1", "base.qcow2", TRUE, FALSE);

  return graph;
}

static void
test_stale (void)
{
  g_autoptr (StrataGraph) graph = make_stale ();
  g_autofree char *deleted = NULL;
  g_autofree char *mended = NULL;
  StrataRequest *request;

  g_assert_true (finds (graph, "vm", "stale-snapshot"));
  g_assert_false (finds (graph, "vm", "native-unsafe"));
  assert_refused (graph, request_new (STRATA_REQUEST_SNAPSHOT_REVERT, "vm", "s1"),
                  STRATA_ERROR_REFUSED, "“s1”");
  assert_refused (graph, request_new (STRATA_REQUEST_CLONE, "vm", "s1"), STRATA_ERROR_REFUSED,
                  "“s1”");
  request = request_new (STRATA_REQUEST_CLONE, "vm", "s1");
  request->full = TRUE;
  assert_refused (graph, request, STRATA_ERROR_REFUSED, "“s1”");

  deleted = plan (graph, request_new (STRATA_REQUEST_SNAPSHOT_DELETE, "vm", "s1"));
  g_assert_nonnull (strstr (deleted, "snapshot-forget"));
  g_assert_null (strstr (deleted, "delete-volume"));
  mended = plan (graph, request_new (STRATA_REQUEST_RECONCILE, "vm", NULL));
  g_assert_cmpstr (mended, ==, "snapshot-forget snapshot-forget");
}

/* Frozen once more, the image is at rest, and the earlier snapshots of it are none the better for that. */
/* What virsh snapshot-delete and snapshot-revert do to a tag in an overlay, and to what stands on a tag's image. */
static void
test_tag_in_overlay (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataGraph) plain = paper_host_new ();

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "e1.qcow2", "base.qcow2");
  paper_host_image (graph, "e2.qcow2", "e1.qcow2");
  paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "e1.qcow2", NULL);
  paper_host_add (graph, "clone", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "e2.qcow2", NULL);
  paper_host_snapshot (graph, "vm", "e1", NULL, "base.qcow2", FALSE, FALSE);
  paper_host_internal (graph, "vm", "i1", "e1", "e1.qcow2", TRUE);
  strata_graph_finish (graph);
  g_assert_true (says (graph, "vm", "native-unsafe", "deletes “e1”"));
  g_assert_true (says (graph, "vm", "native-unsafe", "on which other images stand"));

  paper_host_image (plain, "base.qcow2", NULL);
  paper_host_image (plain, "vm.qcow2", "base.qcow2");
  paper_host_add (plain, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "vm.qcow2", NULL);
  paper_host_internal (plain, "vm", "i1", NULL, "vm.qcow2", TRUE);
  strata_graph_finish (plain);
  g_assert_false (finds (plain, "vm", "native-unsafe"));
}

static void
test_stale_and_frozen_again (void)
{
  g_autoptr (StrataGraph) graph = make_stale ();
  g_autoptr (StrataGraph) later = paper_host_new ();

  g_free (plan (graph, request_new (STRATA_REQUEST_SNAPSHOT_CREATE, "vm", "s3")));

  paper_host_image (later, "base.qcow2", NULL);
  paper_host_image (later, "top.qcow2", "base.qcow2");
  paper_host_add (later, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);
  paper_host_snapshot (later, "vm", "s1", NULL, "base.qcow2", FALSE, FALSE);
  paper_host_snapshot (later, "vm", "s2", "s1", "base.qcow2", FALSE, FALSE);
  paper_host_snapshot (later, "vm", "s3", "s2", "base.qcow2", TRUE, FALSE);
  assert_refused (later, request_new (STRATA_REQUEST_SNAPSHOT_REVERT, "vm", "s1"),
                  STRATA_ERROR_REFUSED, "frozen again");
  g_free (plan (later, request_new (STRATA_REQUEST_SNAPSHOT_REVERT, "vm", "s3")));
}

/* On two branches the same image may be frozen: neither came after the other. */
static void
test_frozen_on_two_branches (void)
{
  g_autoptr (StrataGraph) graph = make_host (STRATA_DOMAIN_STATE_OFF);

  paper_host_snapshot (graph, "vm", "s2", NULL, "base.qcow2", FALSE, FALSE);
  g_free (plan (graph, request_new (STRATA_REQUEST_SNAPSHOT_REVERT, "vm", "s1")));
}

/* A file that is older than the snapshot was not written to since, as far as its host has put down what a guest wrote. */
static void
test_lost (void)
{
  static const struct
  {
    gint64 modified;
    StrataDomainState state;
    gboolean lost;
  } cases[] = {
    { 0, STRATA_DOMAIN_STATE_OFF, TRUE },
    { 1, STRATA_DOMAIN_STATE_OFF, FALSE },
    { 2, STRATA_DOMAIN_STATE_OFF, TRUE },
    { 1, STRATA_DOMAIN_STATE_RUNNING, TRUE },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autofree char *mended = NULL;

      paper_host_image (graph, "other.qcow2", NULL);
      paper_host_image (graph, "base.qcow2", NULL)->modified = cases[i].modified;
      paper_host_add (graph, "vm", cases[i].state, FALSE, NULL, "base.qcow2", NULL);
      paper_host_snapshot (graph, "vm", "s1", NULL, "other.qcow2", FALSE, FALSE);
      paper_host_snapshot (graph, "vm", "s2", "s1", "base.qcow2", TRUE, FALSE);
      mended = plan (graph, request_new (STRATA_REQUEST_RECONCILE, "vm", NULL));
      g_test_message ("case %zu: %s", i, mended);
      g_assert_cmpint (strstr (mended, "snapshot-forget") != NULL, ==, cases[i].lost);
    }
}

/* What was frozen twice was written to in between, perhaps; a file that is older than the first wasn't. */
static void
test_frozen_again_and_not_written (void)
{
  static const struct
  {
    gint64 modified;
    gboolean lost;
  } cases[] = { { 0, TRUE }, { 1, FALSE }, { 2, TRUE } };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autofree char *mended = NULL;

      paper_host_image (graph, "base.qcow2", NULL)->modified = cases[i].modified;
      paper_host_image (graph, "top.qcow2", "base.qcow2");
      paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_RUNNING, FALSE, NULL, "top.qcow2", NULL);
      paper_host_image (graph, "other.qcow2", NULL);
      paper_host_snapshot (graph, "vm", "s0", NULL, "other.qcow2", FALSE, FALSE);
      paper_host_snapshot (graph, "vm", "s1", "s0", "base.qcow2", FALSE, FALSE);
      paper_host_snapshot (graph, "vm", "s2", "s1", "base.qcow2", TRUE, FALSE);
      mended = plan (graph, request_new (STRATA_REQUEST_RECONCILE, "vm", NULL));
      g_assert_cmpint (strstr (mended, "snapshot-forget") != NULL, ==, cases[i].lost);
      assert_refused (graph, request_new (STRATA_REQUEST_SNAPSHOT_REVERT, "vm", "s1"),
                      STRATA_ERROR_REFUSED, "frozen again");
    }
}

/* What libvirt is in the middle of is listed before it is true. */
static void
test_under_way (void)
{
  g_autoptr (StrataGraph) graph = make_stale ();
  g_autofree char *before = plan (graph, request_new (STRATA_REQUEST_RECONCILE, "vm", NULL));
  g_autofree char *mended = NULL;

  g_assert_nonnull (strstr (before, "snapshot-forget"));
  strata_graph_find_domain (graph, "vm")->job = g_strdup ("a save");
  mended = plan (graph, request_new (STRATA_REQUEST_RECONCILE, "vm", NULL));
  g_assert_null (strstr (mended, "snapshot-forget"));
  assert_refused (graph, request_new (STRATA_REQUEST_SNAPSHOT_REVERT, "vm", "s1"),
                  STRATA_ERROR_BUSY, "a save");
  g_assert_false (finds (graph, "vm", "stale-snapshot"));
  g_assert_true (finds (graph, "vm", "busy"));
}

/* That the snapshot is none any more is seen from the domain that writes; a new snapshot would hide it for good where it is not
 * on the same line. */
static void
test_pretender (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataRequest) request = request_new (STRATA_REQUEST_SNAPSHOT_CREATE, "vm", "new");
  g_autofree char *mended = NULL;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "other.qcow2", "base.qcow2");
  paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "base.qcow2", NULL);
  paper_host_add (graph, "other", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "other.qcow2", NULL);
  paper_host_snapshot (graph, "other", "s1", NULL, "base.qcow2", TRUE, FALSE);

  g_assert_true (finds (graph, "other", "stale-snapshot"));
  /* "vm" may not have written yet, and then the snapshot is whole. */
  mended = plan (graph, request_new (STRATA_REQUEST_RECONCILE, "other", NULL));
  g_assert_null (strstr (mended, "snapshot-forget"));
  assert_refused (graph, g_steal_pointer (&request), STRATA_ERROR_REFUSED, "“s1” of “other”");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/writers/transient", test_transient);
  g_test_add_func ("/writers/busy", test_busy);
  g_test_add_func ("/writers/two-definitions", test_two_definitions);
  g_test_add_func ("/writers/shared-variables", test_shared_variables);
  g_test_add_func ("/writers/template-and-domain", test_template_and_domain);
  g_test_add_func ("/writers/stale", test_stale);
  g_test_add_func ("/writers/stale-and-frozen-again", test_stale_and_frozen_again);
  g_test_add_func ("/writers/tag-in-overlay", test_tag_in_overlay);
  g_test_add_func ("/writers/no-second", test_no_second);
  g_test_add_func ("/writers/frozen-on-two-branches", test_frozen_on_two_branches);
  g_test_add_func ("/writers/frozen-again-and-not-written", test_frozen_again_and_not_written);
  g_test_add_func ("/writers/lost", test_lost);
  g_test_add_func ("/writers/under-way", test_under_way);
  g_test_add_func ("/writers/pretender", test_pretender);

  return g_test_run ();
}
