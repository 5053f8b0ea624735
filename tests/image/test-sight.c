/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is not seen, or not seen rightly: unknown is never nothing, a name is not an image, and content is no format. */

#include "config.h"

#include "host-on-paper.h"
#include "graph/strata-holders.h"
#include "plan/strata-health.h"
#include "plan/planner/strata-planner.h"
#include "plan/strata-request.h"
#include "base/strata-error.h"
#include "plan/strata-law.h"

#define AT(name) PAPER_POOL "/" name

static StrataPlan *
plan_delete (StrataGraph *graph, const char *domain, GError **error)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_DELETE);

  request->domain = g_strdup (domain);

  return strata_plan_request (graph, request, error);
}

static StrataPlan *
plan_merge_disk (StrataGraph *graph,
                 const char *domain,
                 const char *target,
                 StrataMerge direction,
                 GError **error)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_MERGE);

  request->domain = g_strdup (domain);
  request->target = g_strdup (target);
  request->merge = direction;

  return strata_plan_request (graph, request, error);
}

static StrataPlan *
plan_merge (StrataGraph *graph, const char *domain, GError **error)
{
  return plan_merge_disk (graph, domain, "vda", STRATA_MERGE_COMMIT, error);
}

static void
assert_refused (StrataPlan *plan, const GError *error, const char *word)
{
  g_assert_null (plan);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, word));
}

static gboolean
has_finding (StrataGraph *graph, const char *code)
{
  g_autoptr (GPtrArray) findings = strata_health_check (graph, NULL);

  for (guint i = 0; i < findings->len; i++)
    {
      if (g_str_equal (((StrataFinding *) g_ptr_array_index (findings, i))->code, code))
        return TRUE;
    }

  return FALSE;
}

/* The guest of “a” wrote a header onto its raw disk, with another VM's disk as what it stands on. */
static void
test_raw_is_raw (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (GPtrArray) chain = NULL;
  g_autoptr (GPtrArray) holders = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *image = paper_host_image (graph, "a.raw", "b.qcow2");

  g_set_str (&image->format, "qcow2");
  image->tags = g_strdupv ((char *[]) { (char *) "t", NULL });
  image->length = 64 * 1024 * 1024;
  paper_host_image (graph, "b.qcow2", NULL);
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.raw", NULL);
  paper_host_add (graph, "b", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "b.qcow2", NULL);
  strata_graph_finish (graph);

  g_assert_cmpstr (image->format, ==, "raw");
  g_assert_null (image->backing_path);
  g_assert_null (image->tags);
  g_assert_cmpuint (image->capacity, ==, image->length);
  chain = strata_graph_get_chain (graph, AT ("a.raw"), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (chain->len, ==, 1);
  holders = strata_graph_get_holders (graph, AT ("b.qcow2"));
  g_assert_cmpuint (holders->len, ==, 1);
}

/* virsh calls a disk raw where nothing is said, also one that is an overlay: what it stands on by its header is held, and never
 * followed. */
static void
test_claim (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *image = paper_host_image (graph, "u.raw", "base.qcow2");

  g_set_str (&image->format, "qcow2");
  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  paper_host_add (graph, "u", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "u.raw", NULL);
  strata_graph_finish (graph);

  g_assert_cmpint (image->state, ==, STRATA_IMAGE_SEEN);
  g_assert_null (image->backing_path);
  g_assert_true (has_finding (graph, "raw-header"));
  plan = plan_merge (graph, "a", &error);
  assert_refused (plan, error, "u.raw");
  g_assert_nonnull (strstr (error->message, "base.qcow2"));
  g_assert_nonnull (strstr (strata_error_get_hint (error), "type='qcow2'"));
  g_clear_error (&error);

  /* The raw disk itself is not held by what is in it. */
  plan = plan_delete (graph, "u", &error);
  g_assert_no_error (error);
  g_assert_nonnull (plan);
  /* With it goes what it may have stood on. */
  paper_plan_add (plan, STRATA_STEP_COMMIT, "{`top`:`%s`,`base`:`%s`}", AT ("a.qcow2"),
                  AT ("base.qcow2"));
  g_assert_true (strata_law_check (graph, plan, &error));
  g_assert_no_error (error);
}

/* A guest can't have what stands on its disk held by a header that names it. */
static void
test_claim_of_overlay (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *base = paper_host_image (graph, "base.raw", "a.qcow2");

  g_set_str (&base->format, "qcow2");
  g_set_str (&paper_host_image (graph, "a.qcow2", "base.raw")->backing_format, "raw");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  strata_graph_finish (graph);

  plan = plan_merge (graph, "a", &error);
  g_assert_no_error (error);
  g_assert_nonnull (plan);
}

/* A snapshot's document says that the machine is on an overlay, by itself or since a return, and its definition that this one is
 * raw. */
static void
assert_no_raw_overlay (gboolean returned)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *image = paper_host_image (graph, "a.raw", "base.qcow2");
  StrataSnapshotDisk *disk;

  g_set_str (&image->format, "qcow2");
  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.raw", NULL);
  paper_host_snapshot (graph, "a", "s1", NULL, "base.qcow2", TRUE, FALSE);
  disk = strata_snapshot_facts_find_disk (
      strata_domain_facts_find_snapshot (strata_graph_find_domain (graph, "a"), "s1"), "vda");
  g_set_str (returned ? &disk->revert_overlay : &disk->overlay, AT ("a.raw"));
  strata_graph_finish (graph);

  g_assert_cmpint (image->state, ==, STRATA_IMAGE_CONTRADICTING);
  g_assert_cmpstr (image->backing_path, ==, AT ("base.qcow2"));
  g_assert_true (has_finding (graph, "wrong-format"));
  plan = plan_merge (graph, "a", &error);
  assert_refused (plan, error, "s1");
}

static void
test_raw_overlay (void)
{
  assert_no_raw_overlay (FALSE);
  assert_no_raw_overlay (TRUE);
}

/* A thin clone's mark says that its disk stands on the image of its original, and its definition that it is raw. */
static void
test_raw_clone (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autofree char *inner = NULL;
  StrataImage *image = paper_host_image (graph, "c.qcow2", "o.qcow2");

  paper_host_image (graph, "o.qcow2", NULL);
  paper_host_add (graph, "o", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "o.qcow2", NULL);
  inner = g_strdup_printf (
      "<metadata><strata:strata xmlns:strata='https://stratavm.github.io/xmlns/1'>"
      "<strata:thin domain='x' source='%s' source-name='o'/></strata:strata></metadata><devices>"
      "<disk type='file' device='disk'><source file='/pool/c.qcow2'/><target dev='vda'/></disk>"
      "</devices>",
      strata_graph_find_domain (graph, "o")->uuid);
  paper_host_define (graph, "c", inner, NULL);
  strata_graph_finish (graph);

  g_assert_cmpint (image->state, ==, STRATA_IMAGE_CONTRADICTING);
  g_assert_cmpstr (image->backing_path, ==, AT ("o.qcow2"));
}

static StrataImage *
add_header (StrataGraph *graph, const char *name, const char *below, const char *format)
{
  StrataImage *image = paper_host_image (graph, name, below);

  g_set_str (&image->format, "qcow2");
  g_set_str (&image->backing_format, format);

  return image;
}

#define ONE_DISK(driver, more)                                                            \
  "<devices><disk type='file' device='disk'>" driver "<source file='/pool/a.qcow2'>" more \
  "</source><target dev='vda'/></disk></devices>"

/* What is said of an image, and by whom. */
static void
test_declared (void)
{
  static const struct
  {
    const char *inner;
    const char *live; /* (nullable) */
    const char *looks;
    const char *is;
    StrataImageSight state;
  } cases[] = {
    { ONE_DISK ("<driver type='qcow2'/>", ""), NULL, "qcow2", "qcow2", STRATA_IMAGE_SEEN },
    /* Without a driver's type it is raw, whatever it looks like. */
    { ONE_DISK ("", ""), NULL, "qcow2", "raw", STRATA_IMAGE_SEEN },
    { ONE_DISK ("<driver type='qcow2'/>", ""), NULL, "raw", "qcow2", STRATA_IMAGE_CONTRADICTING },
    { ONE_DISK ("<driver type='qcow2'/>", "<encryption format='luks'/>"), NULL, "qcow2", "qcow2",
      STRATA_IMAGE_FOREIGN },
    { ONE_DISK ("<driver type='qcow2'/>",
                "<slices><slice type='storage' offset='1' size='1'/></slices>"),
      NULL, "qcow2", "qcow2", STRATA_IMAGE_FOREIGN },
    /* Of its next start only, or of both, which don't agree. */
    { ONE_DISK ("<driver type='qcow2'/>", ""), "", "raw", "qcow2", STRATA_IMAGE_CONTRADICTING },
    { ONE_DISK ("<driver type='qcow2'/>", ""), ONE_DISK ("<driver type='raw'/>", ""), "qcow2",
      "raw", STRATA_IMAGE_CONTRADICTING },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      StrataImage *image = paper_host_image (graph, "a.qcow2", NULL);

      g_test_message ("case %zu", i);
      g_set_str (&image->format, cases[i].looks);
      paper_host_define (graph, "a", cases[i].inner, cases[i].live);
      strata_graph_finish (graph);
      g_assert_cmpstr (image->format, ==, cases[i].is);
      g_assert_cmpint (image->state, ==, cases[i].state);
    }
}

/* A header that nothing names says what is below it only where that looks so. */
static void
test_stray_header (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  StrataImage *raw = paper_host_image (graph, "a.raw", NULL);
  StrataImage *base = add_header (graph, "base.qcow2", NULL, NULL);

  add_header (graph, "stray.qcow2", "a.raw", "qcow2");
  add_header (graph, "top.qcow2", "base.qcow2", "qcow2");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.raw", NULL);
  strata_graph_finish (graph);

  g_assert_cmpint (raw->state, ==, STRATA_IMAGE_SEEN);
  g_assert_true (base->declared);
}

/* Of an image whose header can't be read nothing is known, unless it is raw. */
static void
test_unread (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  StrataImage *image = paper_host_image (graph, "a.qcow2", NULL);
  StrataImage *raw = paper_host_image (graph, "a.raw", NULL);

  image->unread = raw->unread = TRUE;
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", "a.raw", NULL);
  strata_graph_finish (graph);

  g_assert_cmpint (image->state, ==, STRATA_IMAGE_UNKNOWN);
  g_assert_cmpint (raw->state, ==, STRATA_IMAGE_SEEN);
}

/* By each of its names it stands on another file. */
static void
test_named_apart (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (GPtrArray) chain = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *image = paper_host_image (graph, "a.qcow2", "base.qcow2");

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "top.qcow2", "a.qcow2");
  image->named_apart = TRUE;
  image->relative = g_strdup ("base.qcow2");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);
  strata_graph_finish (graph);

  g_assert_cmpint (image->state, ==, STRATA_IMAGE_AMBIGUOUS);
  chain = strata_graph_get_chain (graph, AT ("top.qcow2"), &error);
  g_assert_null (chain);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "a.qcow2"));
}

/* The disagreement may be further down. */
static void
test_deep_disagreement (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  const char *above = NULL;
  const char *said = NULL;
  const char *below = NULL;
  StrataDomainFacts *domain;

  paper_host_image (graph, "one.qcow2", NULL);
  paper_host_image (graph, "two.qcow2", NULL);
  paper_host_image (graph, "mid.qcow2", "one.qcow2");
  paper_host_image (graph, "top.qcow2", "mid.qcow2");
  domain = paper_host_define (
      graph, "a",
      "<devices>" PAPER_DEVICE (
          "disk", "vda", "top.qcow2",
          "<backingStore type='file'><format type='qcow2'/>"
          "<source file='/pool/mid.qcow2'/>"
          "<backingStore type='file'><format type='qcow2'/>"
          "<source file='/pool/two.qcow2'/></backingStore></backingStore>") "</devices>",
      NULL);
  strata_graph_finish (graph);

  g_assert_true (strata_graph_find_disagreement (graph, g_ptr_array_index (domain->disks, 0),
                                                 &above, &said, &below));
  g_assert_cmpstr (above, ==, AT ("mid.qcow2"));
  g_assert_cmpstr (said, ==, AT ("two.qcow2"));
  g_assert_cmpstr (below, ==, AT ("one.qcow2"));
}

/* What a saved machine goes on with isn't known. */
static void
test_unread_state (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  strata_graph_set_unread (graph, "What “saved” goes on with isn't known", "Start it");
  plan = plan_merge (graph, "a", &error);
  assert_refused (plan, error, "“saved”");
}

/* A machine whose definition can't be told: nothing is planned for it, and no step may be about it. */
static void
test_unread_domain (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) made_before = NULL;
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  made_before = plan_merge (graph, "a", &error);
  g_assert_no_error (error);

  strata_graph_find_domain (graph, "a")->unread = g_strdup ("Reading “a”: format 0");
  plan = plan_merge (graph, "a", &error);
  assert_refused (plan, error, "format 0");
  g_clear_error (&error);
  g_assert_false (strata_law_check_steps (graph, made_before, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "format 0"));
}

/* Who holds x.qcow2: each by its name, in the order of the domains. */
static void
assert_holders (StrataGraph *graph, const char *expected)
{
  g_autoptr (GPtrArray) holders = strata_graph_get_holders (graph, AT ("x.qcow2"));
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);

      g_string_append_printf (text, "%s%s%s%s", i > 0 ? " " : "",
                              holder->domain != NULL ? holder->domain->name : holder->top,
                              holder->snapshot != NULL ? ":" : "",
                              holder->snapshot != NULL ? holder->snapshot : "");
    }
  g_assert_cmpstr (text->str, ==, expected);
}

#define ON(name) "<devices>" PAPER_DISK ("vda", name) "</devices>"

static void
add_snapshot (StrataGraph *graph, const char *name, const char *disks, const char *inner)
{
  g_autofree char *definition = paper_host_definition ("m", "", inner);
  g_autofree char *document = g_strdup_printf ("<disks>%s</disks>%s", disks, definition);

  paper_host_document (graph, "m", name, document);
}

/* By a disk, of now or of the next start, by what a definition says below it, by what a snapshot froze, left out or gives QEMU, by
 * a data file, and by an overlay that none names. */
static void
test_holders (void)
{
  static const char deep[] =
      "<devices>" PAPER_DEVICE ("disk", "vda", "o.qcow2",
                                "<backingStore type='file'><format type='qcow2'/>"
                                "<source file='/pool/x.qcow2'/></backingStore>") "</devices>";
  static const char both[] =
      "<devices>" PAPER_DISK ("vda", "o.qcow2") PAPER_DISK ("vdb", "x.qcow2") "</devices>";
  static const char *const out = "<disk name='vda' snapshot='no'/><disk name='vdb' snapshot='no'/>";

  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      static const char *const expected[] = { "m", "m",    "m", "m:s1",           "m:s1",
                                              "m", "m:s1", "m", "/pool/on.qcow2", "" };

      paper_host_image (graph, "x.qcow2", NULL);
      paper_host_image (graph, "o.qcow2", NULL);
      if (i == 8)
        paper_host_image (graph, "on.qcow2", "x.qcow2");
      if (i == 7)
        strata_graph_get_image (graph, AT ("o.qcow2"))->data_file = g_strdup (AT ("x.qcow2"));
      paper_host_define (graph, "m",
                         i == 0 || i == 1 ? ON ("x.qcow2")
                         : i == 2         ? deep
                         : i == 5         ? both
                                          : ON ("o.qcow2"),
                         i == 1 ? ON ("o.qcow2") : NULL);
      if (i == 3)
        add_snapshot (graph, "s1", "<disk name='vda' snapshot='external'/>", ON ("x.qcow2"));
      if (i == 4 || i == 5)
        add_snapshot (graph, "s1", out, both);
      if (i == 6)
        add_snapshot (graph, "s1", "", PAPER_OPTION ("x.qcow2"));
      if (i == 9)
        {
          add_snapshot (graph, "s1", "<disk name='vda' snapshot='external'/>", ON ("x.qcow2"));
          ((StrataSnapshotFacts *) g_ptr_array_index (
               strata_graph_find_domain (graph, "m")->snapshots, 0))
              ->retained = TRUE;
        }
      g_test_message ("case %u", i);
      assert_holders (graph, expected[i]);
    }
}

/* A thin clone whose image is away stands on its template by its mark; who reads a disc of the template's is no clone. */
static void
test_clones (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (GPtrArray) clones = NULL;
  g_autofree char *inner = NULL;
  StrataImage *away = paper_host_image (graph, "away.qcow2", NULL);
  StrataDomainFacts *template;

  strata_image_set_problem (away, STRATA_IMAGE_MISSING, "away");
  paper_host_image (graph, "x.qcow2", NULL);
  paper_host_image (graph, "disc.qcow2", NULL);
  paper_host_add (graph, "t", STRATA_DOMAIN_STATE_OFF, TRUE, NULL, "x.qcow2", "disc.qcow2", NULL);
  template = strata_graph_find_domain (graph, "t");
  ((StrataDiskXml *) g_ptr_array_index (template->disks, 1))->read_only = TRUE;
  paper_host_add (graph, "reader", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "disc.qcow2", NULL);
  inner = g_strdup_printf (
      "<metadata><strata:strata xmlns:strata='https://stratavm.github.io/xmlns/1'>"
      "<strata:clone domain='x' template='%s' template-name='t' version='1' thin='yes'/>"
      "</strata:strata></metadata>" ON ("away.qcow2"),
      template->uuid);
  paper_host_define (graph, "c", inner, NULL);

  assert_holders (graph, "t c");
  clones = strata_graph_get_thin_clones (graph, template);
  g_assert_cmpuint (clones->len, ==, 1);
  g_assert_cmpstr (((StrataDomainFacts *) g_ptr_array_index (clones, 0))->name, ==, "c");
}

/* What QEMU has open besides the disks of a machine that runs: the destination of a copy, and what it was given when it started. */
static void
test_live_uses (void)
{
  static const char *const live[] = {
    "<devices>" PAPER_DEVICE ("disk", "vda", "o.qcow2",
                              "<mirror type='file' job='copy'><format type='qcow2'/>"
                              "<source file='/pool/x.qcow2'/></mirror>") "</devices>",
    ON ("o.qcow2") PAPER_OPTION ("x.qcow2"),
  };

  for (size_t i = 0; i < G_N_ELEMENTS (live); i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();

      paper_host_image (graph, "x.qcow2", NULL);
      paper_host_image (graph, "o.qcow2", NULL);
      paper_host_define (graph, "m", ON ("o.qcow2"), live[i]);
      assert_holders (graph, "m");
    }
}

/* Two definitions, or a definition and a header, do not agree. */
static void
test_contradicting (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *image = paper_host_image (graph, "a.qcow2", NULL);

  g_set_str (&image->format, "raw");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  strata_graph_finish (graph);

  g_assert_cmpint (image->state, ==, STRATA_IMAGE_CONTRADICTING);
  g_assert_true (has_finding (graph, "wrong-format"));
  plan = plan_delete (graph, "a", &error);
  assert_refused (plan, error, "a.qcow2");
}

static void
test_no_format (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *image = paper_host_image (graph, "a.qcow2", "base.qcow2");

  g_clear_pointer (&image->backing_format, g_free);
  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  strata_graph_finish (graph);

  g_assert_true (has_finding (graph, "no-format"));
  plan = plan_merge (graph, "a", &error);
  assert_refused (plan, error, "base.qcow2");
}

/* “b” stands on another name of what “a” stands on. */
static void
test_alias (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) holders = NULL;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_image (graph, "b.qcow2", "link.qcow2");
  strata_graph_add_alias (graph, AT ("link.qcow2"), AT ("base.qcow2"));
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  paper_host_add (graph, "b", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "b.qcow2", NULL);
  strata_graph_finish (graph);

  holders = strata_graph_get_holders (graph, AT ("link.qcow2"));
  g_assert_cmpuint (holders->len, ==, 2);
  plan = plan_merge (graph, "a", &error);
  assert_refused (plan, error, "base.qcow2");
}

static StrataPlan *
plan_flatten (StrataGraph *graph, const char *domain, GError **error)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_FLATTEN);

  request->domain = g_strdup (domain);

  return strata_plan_request (graph, request, error);
}

/* A hard link that nothing on this host's graph is called by. */
static void
test_hidden_name (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *base = paper_host_image (graph, "base.qcow2", NULL);

  base->n_other_names = 1;
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  strata_graph_finish (graph);

  plan = plan_merge (graph, "a", &error);
  assert_refused (plan, error, "hard link");
}

/* The image of “away” could not be seen: it may stand on what “a” is about to merge away. */
static void
test_unknown (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (StrataPlan) other = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *away = paper_host_image (graph, "away.qcow2", NULL);

  strata_image_set_problem (away, STRATA_IMAGE_UNKNOWN, "“away.qcow2” can’t be seen");
  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  paper_host_add (graph, "away", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "away.qcow2", NULL);
  strata_graph_finish (graph);

  g_assert_true (has_finding (graph, "unknown"));
  plan = plan_merge (graph, "a", &error);
  assert_refused (plan, error, "away.qcow2");
  g_clear_error (&error);
  other = plan_delete (graph, "a", &error);
  assert_refused (other, error, "away.qcow2");
}

/* “other” can't be seen: what “a” takes up into its own image it reads already, and so does what may stand on that. */
static void
test_flatten_beside_unknown (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *kinds = NULL;
  StrataImage *away = paper_host_image (graph, "away.qcow2", NULL);

  strata_image_set_problem (away, STRATA_IMAGE_UNKNOWN, "“away.qcow2” can’t be seen");
  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_image (graph, "a.s1", "a.qcow2");
  paper_host_image (graph, "a.s2", "a.s1");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.s2", NULL);
  paper_host_add (graph, "other", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "away.qcow2", NULL);
  /* Its image is free once “a” stands on nothing; nothing shows that “other” doesn't need it. */
  paper_host_snapshot (graph, "a", "s1", NULL, "a.s1", FALSE, TRUE);
  strata_graph_add_blind_spot (graph, "images", "pool has asynchronous jobs running", TRUE);
  strata_graph_finish (graph);

  plan = plan_flatten (graph, "a", &error);
  g_assert_no_error (error);
  kinds = paper_plan_to_kinds (plan);
  g_assert_cmpstr (kinds, ==, "| pull define settle");
}

/* What can't be seen is of the machine itself: the chain of its other images alone tells on what it was made. */
static void
test_flatten_own_unknown (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *away = paper_host_image (graph, "away.qcow2", NULL);

  strata_image_set_problem (away, STRATA_IMAGE_UNKNOWN, "“away.qcow2” can’t be seen");
  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  paper_host_snapshot (graph, "a", "s1", NULL, "away.qcow2", FALSE, FALSE);
  strata_graph_finish (graph);

  plan = plan_flatten (graph, "a", &error);
  assert_refused (plan, error, "away.qcow2");
}

/* A raw image stands on nothing, whether it was seen or not: an ISO that is away keeps nothing from being done. */
static void
test_unknown_raw (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *away = paper_host_image (graph, "away.raw", NULL);

  strata_image_set_problem (away, STRATA_IMAGE_UNKNOWN, "“away.raw” can’t be seen");
  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  paper_host_add (graph, "away", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "away.raw", NULL);
  strata_graph_finish (graph);

  plan = plan_merge (graph, "a", &error);
  g_assert_no_error (error);
  g_assert_nonnull (plan);
}

static void
test_blind_spot (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  strata_graph_add_blind_spot (graph, "images", "pool has asynchronous jobs running", TRUE);
  strata_graph_finish (graph);

  g_assert_true (has_finding (graph, "unknown"));
  plan = plan_merge (graph, "a", &error);
  g_assert_null (plan);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_BUSY);
}

#define ELSEWHERE "6d1d4a5e-0000-4000-8000-00000000000f"

static char *
mark_to_xml (const char *domain, const char *template, const char *name, const char *thin)
{
  return g_strdup_printf (
      "<metadata><strata:strata xmlns:strata='https://stratavm.github.io/xmlns/1'>"
      "<strata:clone domain='%s' template='%s' template-name='%s' version='1' thin='%s'/>"
      "</strata:strata></metadata>",
      domain, template, name, thin);
}

static char *
clone_to_xml (const char *uuid, const char *metadata, const char *image)
{
  return g_strdup_printf (
      "<domain type='qemu'><name>c</name><uuid>%s</uuid><memory>65536</memory>"
      "<os><type arch='x86_64'>hvm</type></os>%s"
      "<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
      "<source file='%s'/><target dev='vda' bus='virtio'/></disk></devices></domain>",
      uuid, metadata, image);
}

static void
assert_mark_holds (StrataGraph *graph,
                   const char *metadata,
                   const char *then, /* (nullable): of a snapshot whose image is away */
                   gboolean held)
{
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *xml =
      clone_to_xml (uuid, metadata, then == NULL ? "/away/c.qcow2" : AT ("c.qcow2"));
  g_autoptr (StrataDomainFacts) clone = NULL;
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *away = strata_image_new ("/away/c.qcow2");

  clone = strata_domain_facts_new (xml, NULL, STRATA_DOMAIN_STATE_OFF, &error);
  g_assert_no_error (error);
  if (then != NULL)
    {
      g_autofree char *definition = clone_to_xml (uuid, then, "/away/c.qcow2");
      g_autofree char *document = g_strdup_printf (
          "<domainsnapshot><name>s1</name><state>shutoff</state><creationTime>1</creationTime>"
          "<memory snapshot='no'/><disks><disk name='vda' snapshot='external'/></disks>%s"
          "</domainsnapshot>",
          definition);
      StrataSnapshotFacts *snapshot = strata_snapshot_facts_new (document, TRUE, &error);

      g_assert_no_error (error);
      strata_domain_facts_take_snapshot (clone, snapshot);
      paper_host_image (graph, "c.qcow2", NULL);
    }
  strata_image_set_problem (away, STRATA_IMAGE_MISSING, "away");
  strata_graph_take_image (graph, away);
  strata_graph_add_domain (graph, clone);
  strata_graph_finish (graph);

  plan = plan_delete (graph, "t", &error);
  if (held)
    assert_refused (plan, error, "c");
  else
    g_assert_no_error (error);
}

/* The thin clone's own image is away with its storage; its mark says what it stands on, or what its snapshots do. */
static void
test_mark (void)
{
  static const struct
  {
    gboolean template; /* by its UUID */
    const char *name;
    const char *thin;
    gboolean then; /* it is in a snapshot's definition, and the snapshot's image is away */
    gboolean held;
  } cases[] = {
    { TRUE, "t", "yes", FALSE, TRUE },       { TRUE, "t", "was", FALSE, TRUE },
    { TRUE, "t", "no", FALSE, FALSE },       { FALSE, "t", "yes", FALSE, TRUE },
    { TRUE, "renamed", "yes", FALSE, TRUE }, { FALSE, "source", "yes", FALSE, TRUE },
    { FALSE, "other", "yes", FALSE, FALSE }, { TRUE, "t", "yes", TRUE, TRUE },
    { TRUE, "t", "was", TRUE, TRUE },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autofree char *metadata = NULL;
      StrataDomainFacts *template;

      paper_host_image (graph, "t.qcow2", NULL);
      paper_host_add (graph, "t", STRATA_DOMAIN_STATE_OFF, TRUE, NULL, "t.qcow2", NULL);
      template = strata_graph_find_domain (graph, "t");
      template->template_mark->source = g_strdup ("source");
      /* It was written for another domain: the definition got another UUID since. */
      metadata = mark_to_xml (ELSEWHERE, cases[i].template ? template->uuid : ELSEWHERE,
                              cases[i].name, cases[i].thin);
      assert_mark_holds (graph, cases[i].then ? "" : metadata, cases[i].then ? metadata : NULL,
                         cases[i].held);
    }
}

/* “b” is defined to stand on “base”, whatever its image's header says. */
static void
test_explicit_backing (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataDomainFacts) facts = NULL;
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *xml = g_strdup_printf (
      "<domain type='qemu'><name>b</name><uuid>%s</uuid><memory>65536</memory>"
      "<os><type arch='x86_64'>hvm</type></os>"
      "<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
      "<source file='" AT (
          "b.qcow2") "'/><backingStore type='file'><format type='qcow2'/>"
                     "<source file='" AT (
                         "base.qcow2") "'/><backingStore/></backingStore>"
                                       "<target dev='vda' bus='virtio'/></disk></devices></domain>",
      uuid);

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "other.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_image (graph, "b.qcow2", "other.qcow2");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  facts = strata_domain_facts_new (xml, NULL, STRATA_DOMAIN_STATE_OFF, &error);
  g_assert_no_error (error);
  strata_graph_add_domain (graph, facts);
  strata_graph_finish (graph);

  plan = plan_merge (graph, "a", &error);
  assert_refused (plan, error, "b");
}

/* The file with an image's data is a part of it. */
static void
test_data_file (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SEAL_IMAGE);
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (StrataPlan) removal = NULL;
  g_autofree char *kinds = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *image = paper_host_image (graph, "a.qcow2", NULL);

  image->data_file = g_strdup (AT ("a.raw"));
  paper_host_image (graph, "a.raw", NULL);
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  strata_graph_finish (graph);

  request->file = g_strdup (AT ("a.raw"));
  plan = strata_plan_request (graph, request, &error);
  assert_refused (plan, error, "a");
  g_clear_error (&error);
  removal = plan_delete (graph, "a", &error);
  g_assert_no_error (error);
  kinds = paper_plan_to_kinds (removal);
  g_assert_cmpstr (kinds, ==, "require-off undefine | delete-volume delete-volume");
}

/* What is merged into an image is written into its data file, on which another image stands. */
static void
test_data_file_below (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *base = paper_host_image (graph, "base.qcow2", NULL);
  StrataImage *other = NULL;

  base->data_file = g_strdup (AT ("data.raw"));
  paper_host_image (graph, "data.raw", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  other = paper_host_image (graph, "b.qcow2", "data.raw");
  g_set_str (&other->backing_format, "raw");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  paper_host_add (graph, "b", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "b.qcow2", NULL);
  strata_graph_finish (graph);

  plan = plan_merge (graph, "a", &error);
  assert_refused (plan, error, "b");
}

/* OS, DEVICES: what is in those elements */
static void
add_defined (StrataGraph *graph, const char *name, const char *os, const char *devices)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *xml =
      g_strdup_printf ("<domain type='qemu'><name>%s</name><uuid>%s</uuid><memory>65536</memory>"
                       "<os><type arch='x86_64'>hvm</type>%s</os><devices>%s</devices></domain>",
                       name, uuid, os, devices);
  g_autoptr (StrataDomainFacts) facts =
      strata_domain_facts_new (xml, NULL, STRATA_DOMAIN_STATE_OFF, &error);

  g_assert_no_error (error);
  strata_graph_add_domain (graph, facts);
}

/* A data file belongs to one image: another that has its data there too, and a machine that is on it, overwrite it. */
static void
test_data_file_shared (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *a = paper_host_image (graph, "a.qcow2", NULL);
  StrataImage *b = paper_host_image (graph, "b.qcow2", NULL);
  StrataImage *data = paper_host_image (graph, "data.raw", NULL);

  a->data_file = g_strdup (AT ("data.raw"));
  b->data_file = g_strdup (AT ("data.raw"));
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  paper_host_add (graph, "b", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "b.qcow2", NULL);
  strata_graph_finish (graph);

  g_assert_cmpint (a->state, ==, STRATA_IMAGE_CONTRADICTING);
  g_assert_cmpint (b->state, ==, STRATA_IMAGE_CONTRADICTING);
  g_assert_cmpint (data->state, ==, STRATA_IMAGE_CONTRADICTING);
  g_assert_true (has_finding (graph, "wrong-format"));
  plan = plan_delete (graph, "a", &error);
  assert_refused (plan, error, "b.qcow2");
}

static void
test_data_file_opened (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *a = paper_host_image (graph, "a.qcow2", NULL);

  a->data_file = g_strdup (AT ("data.raw"));
  g_set_str (&paper_host_image (graph, "data.raw", NULL)->format, "raw");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  add_defined (graph, "b", "",
               "<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
               "<source file='" AT ("data.raw") "'/><target dev='vda' bus='virtio'/></disk>");
  strata_graph_finish (graph);

  g_assert_cmpint (a->state, ==, STRATA_IMAGE_CONTRADICTING);
  plan = plan_delete (graph, "a", &error);
  assert_refused (plan, error, "b");
}

/* By an empty <backingStore/> QEMU opens the overlay alone, whatever its header says. */
static void
test_chain_ends (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  add_defined (graph, "a", "",
               "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
               "<source file='" AT ("a.qcow2") "'/><backingStore/>"
                                               "<target dev='vda' bus='virtio'/></disk>");
  strata_graph_finish (graph);

  g_assert_true (has_finding (graph, "wrong-format"));
  plan = plan_merge (graph, "a", &error);
  assert_refused (plan, error, "base.qcow2");
}

/* What another machine needs as something else than a disk is needed all the same. */
static void
test_named_file (void)
{
  static const char *const os[] = { "<kernel>" AT ("a.qcow2") "</kernel>",
                                    "<nvram template='" AT ("a.qcow2") "'>/nvram/b.fd</nvram>",
                                    "<loader type='pflash'>" AT ("a.qcow2") "</loader>" };

  for (size_t i = 0; i < G_N_ELEMENTS (os); i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataPlan) plan = NULL;
      g_autoptr (GError) error = NULL;

      paper_host_image (graph, "a.qcow2", NULL);
      paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
      add_defined (graph, "b", os[i], "");
      strata_graph_finish (graph);

      plan = plan_delete (graph, "a", &error);
      assert_refused (plan, error, "b");
    }
}

static GPtrArray *
list_disks (const char *disks)
{
  g_autofree char *text =
      g_strdup_printf ("<domain type='qemu'><name>x</name><devices>%s</devices></domain>", disks);
  g_autoptr (StrataDomainXml) xml = strata_domain_xml_new_from_string (text, NULL);

  return strata_domain_xml_get_disks (xml);
}

#define DISK(path, target)                                                                \
  "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='" path \
  "'/><target dev='" target "' bus='virtio'/></disk>"

/* What is opened for “m” besides its disks stands on “base”, into which “k” is to be merged. */
static void
test_used (void)
{
  for (guint kind = STRATA_IMAGE_USE_SAVED; kind <= STRATA_IMAGE_USE_OPTION; kind++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataPlan) plan = NULL;
      g_autoptr (StrataPlan) deletion = NULL;
      g_autoptr (GPtrArray) holders = NULL;
      g_autoptr (GError) error = NULL;
      StrataDomainFacts *domain;

      paper_host_image (graph, "a.qcow2", NULL);
      paper_host_image (graph, "base.qcow2", NULL);
      paper_host_image (graph, "k.qcow2", "base.qcow2");
      paper_host_add (graph, "m", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
      paper_host_add (graph, "k", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "k.qcow2", NULL);
      domain = strata_graph_find_domain (graph, "m");
      strata_domain_facts_take_uses (domain, kind, list_disks (DISK (AT ("base.qcow2"), "vdb")));
      strata_graph_finish (graph);

      holders = strata_graph_get_holders (graph, AT ("base.qcow2"));
      g_assert_cmpuint (holders->len, ==, 2);
      plan = plan_merge (graph, "k", &error);
      assert_refused (plan, error, "m");
      g_clear_error (&error);

      /* It is the machine's own that goes with it. */
      deletion = plan_delete (graph, "m", &error);
      g_assert_no_error (error);
      g_assert_nonnull (deletion);
    }
}

/* “s1” of “m” left a disk out, which the machine has no more: “k” isn't merged into it. While the machine has it, it is as it was. */
static void
test_left_out (void)
{
  static const char xml[] =
      "<domainsnapshot><name>s1</name><creationTime>1</creationTime><state>shutoff</state>"
      "<disks><disk name='vda' snapshot='external' type='file'><source file='" AT (
          "a.s1.qcow2") "'/></disk><disk name='vdb' snapshot='no'/></disks>"
                        "<domain type='qemu'><name>m</name><devices>" DISK (AT ("a.qcow2"), "vda")
                            DISK (AT ("v.qcow2"), "vdb") "</devices></domain></domainsnapshot>";

  for (guint has = 0; has < 2; has++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataPlan) plan = NULL;
      g_autoptr (GError) error = NULL;

      paper_host_image (graph, "a.qcow2", NULL);
      paper_host_image (graph, "a.s1.qcow2", "a.qcow2");
      paper_host_image (graph, "v.qcow2", NULL);
      paper_host_image (graph, "k.qcow2", "v.qcow2");
      if (has)
        paper_host_add (graph, "m", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.s1.qcow2", "k.qcow2",
                        NULL);
      else
        paper_host_add (graph, "m", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.s1.qcow2", NULL);
      if (!has)
        paper_host_add (graph, "k", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "k.qcow2", NULL);
      strata_domain_facts_take_snapshot (strata_graph_find_domain (graph, "m"),
                                         strata_snapshot_facts_new (xml, TRUE, &error));
      g_assert_no_error (error);
      strata_graph_finish (graph);

      g_assert_false (has_finding (graph, "orphan"));
      plan = has ? plan_merge_disk (graph, "m", "vdb", STRATA_MERGE_COMMIT, &error)
                 : plan_merge (graph, "k", &error);
      if (!has)
        {
          assert_refused (plan, error, "s1");
          continue;
        }
      g_assert_no_error (error);
      g_clear_object (&plan);

      /* Merged up, the snapshot is told. */
      plan = plan_merge_disk (graph, "m", "vdb", STRATA_MERGE_PULL, &error);
      g_assert_no_error (error);
    }
}

#define DISC(path)                                                                       \
  "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='" path \
  "'/><target dev='sda' bus='sata'/><readonly/></disk>"

/* One definition says raw, as virsh does where nothing is said, and another, or an overlay, says what it is: what it stands on is
 * held all the same, whichever comes first. */
static void
test_disputed (void)
{
  for (guint order = 0; order < 3; order++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataPlan) plan = NULL;
      g_autoptr (GError) error = NULL;
      StrataImage *image = paper_host_image (graph, "x.qcow2", "base.qcow2");

      paper_host_image (graph, "base.qcow2", NULL);
      paper_host_image (graph, "a.qcow2", "base.qcow2");
      if (order == 0)
        add_defined (graph, "cd", "", DISC (AT ("x.qcow2")));
      if (order < 2)
        paper_host_add (graph, "b", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "x.qcow2", NULL);
      else
        paper_host_image (graph, "y.qcow2", "x.qcow2");
      if (order > 0)
        add_defined (graph, "cd", "", DISC (AT ("x.qcow2")));
      paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
      strata_graph_finish (graph);

      g_assert_cmpint (image->state, ==, STRATA_IMAGE_CONTRADICTING);
      g_assert_nonnull (image->backing_path);
      plan = plan_merge (graph, "a", &error);
      g_assert_null (plan);
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
    }
}

static StrataPlan *
plan_snapshot (StrataGraph *graph, const char *domain, GError **error)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SNAPSHOT_CREATE);

  request->domain = g_strdup (domain);
  request->snapshot = g_strdup ("s1");

  return strata_plan_request (graph, request, error);
}

/* Who shares a disk writes to it, and so does a floppy's drive. */
static void
test_shared_writer (void)
{
  static const char *const disks[] = {
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><shareable/><source file='" AT (
        "a.qcow2") "'/><target dev='vda' bus='virtio'/></disk>",
    "<disk type='file' device='floppy'><driver name='qemu' type='qcow2'/><source file='" AT (
        "a.qcow2") "'/><target dev='fda' bus='fdc'/></disk>",
  };

  for (size_t i = 0; i < G_N_ELEMENTS (disks); i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataPlan) plan = NULL;
      g_autoptr (GError) error = NULL;

      paper_host_image (graph, "a.qcow2", NULL);
      paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
      add_defined (graph, "b", "", disks[i]);
      strata_graph_finish (graph);

      g_assert_true (has_finding (graph, "two-definitions"));
      plan = plan_snapshot (graph, "a", &error);
      assert_refused (plan, error, "b");
    }
}

/* Another file has come to be under the name of the one that was to be deleted. */
static void
test_replaced (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  StrataImage *image = paper_host_image (graph, "a.qcow2", NULL);

  image->identity = g_strdup ("file:1:2");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  strata_graph_finish (graph);
  plan = plan_delete (graph, "a", &error);
  g_assert_no_error (error);
  g_assert_true (strata_law_check_steps (graph, plan, NULL, &error));
  g_assert_no_error (error);

  g_set_str (&image->identity, "file:1:3");
  g_assert_false (strata_law_check_steps (graph, plan, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "a.qcow2"));
}

/* An external snapshot of vda, whose document says what its image stands on. */
static void
add_with_backing (StrataGraph *graph,
                  const char *domain,
                  const char *image,
                  const char *overlay,
                  const char *backing)
{
  StrataDomainFacts *facts = strata_graph_find_domain (graph, domain);
  g_autoptr (GError) error = NULL;
  g_autofree char *xml = g_strdup_printf (
      "<domainsnapshot><name>s1</name><state>shutoff</state><creationTime>1</creationTime>"
      "<memory snapshot='no'/><disks><disk name='vda' snapshot='external' type='file'>"
      "<driver type='qcow2'/><source file='" PAPER_POOL "/%s'/></disk></disks>"
      "<domain type='qemu'><name>%s</name><uuid>%s</uuid><memory unit='MiB'>64</memory>"
      "<os><type arch='x86_64'>hvm</type></os><devices><disk type='file' device='disk'>"
      "<driver name='qemu' type='qcow2'/><source file='" PAPER_POOL "/%s'/>"
      "<backingStore type='file'><format type='qcow2'/><source file='" PAPER_POOL "/%s'/>"
      "<backingStore/></backingStore><target dev='vda' bus='virtio'/></disk></devices></domain>"
      "</domainsnapshot>",
      overlay, facts->name, facts->uuid, image, backing);
  StrataSnapshotFacts *snapshot = strata_snapshot_facts_new (xml, TRUE, &error);

  g_assert_no_error (error);
  strata_domain_facts_take_snapshot (facts, snapshot);
}

/* The document of a snapshot names an image on which its own stands no more: libvirt would open it all the same. */
static void
test_named_below (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;

  paper_host_image (graph, "old.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", NULL);
  paper_host_image (graph, "a.s1", "a.qcow2");
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.s1", NULL);
  paper_host_add (graph, "c", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "old.qcow2", NULL);
  add_with_backing (graph, "a", "a.qcow2", "a.s1", "old.qcow2");
  strata_graph_finish (graph);

  plan = plan_delete (graph, "c", &error);
  assert_refused (plan, error, "s1");
  g_clear_error (&error);

  plan = plan_delete (graph, "a", &error);
  g_assert_no_error (error);
}

/* Whoever stands on an image that is made independent is told what is below it now. */
static void
test_told_of_pull (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *kinds = NULL;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "k.qcow2", "base.qcow2");
  paper_host_image (graph, "a.qcow2", "k.qcow2");
  paper_host_image (graph, "a.s1", "a.qcow2");
  paper_host_add (graph, "k", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "k.qcow2", NULL);
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.s1", NULL);
  add_with_backing (graph, "a", "a.qcow2", "a.s1", "k.qcow2");
  strata_graph_finish (graph);

  plan = plan_flatten (graph, "k", &error);
  g_assert_no_error (error);
  kinds = paper_plan_to_kinds (plan);
  g_assert_cmpstr (kinds, ==, "| pull settle");
}

/* A shorter overlay hides the end of what is below; the refusal doesn't send a person in a circle. */
static void
test_flatten_sizes (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (GError) error = NULL;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "k.qcow2", "base.qcow2")->capacity /= 2;
  paper_host_add (graph, "k", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "k.qcow2", NULL);
  strata_graph_finish (graph);

  g_assert_null (plan_flatten (graph, "k", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
  g_assert_nonnull (strstr (strata_error_get_hint (error), "--full"));
}

/* The overlay of “b” was moved away: a plan that takes away what it may stand on says so. */
static void
test_missing_is_told (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *effects;
  gboolean told = FALSE;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "a.qcow2", "base.qcow2");
  paper_host_image (graph, "b.qcow2", NULL)->state = STRATA_IMAGE_MISSING;
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  paper_host_add (graph, "b", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "b.qcow2", NULL);
  strata_graph_finish (graph);

  plan = plan_merge (graph, "a", &error);
  g_assert_no_error (error);
  effects = strata_plan_get_effects (plan);
  for (guint i = 0; i < effects->len; i++)
    {
      const StrataEffect *effect = g_ptr_array_index (effects, i);

      told |= effect->kind == STRATA_EFFECT_NOTE && strstr (effect->text, "b.qcow2") != NULL;
    }
  g_assert_true (told);
}

static void
add_with_variables (StrataGraph *graph, const char *name, const char *uuid)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *xml =
      g_strdup_printf ("<domain type='qemu'><name>%s</name><uuid>%s</uuid><memory>65536</memory>"
                       "<os><type arch='x86_64'>hvm</type><loader type='pflash'>/code.fd</loader>"
                       "<nvram>/nvram/shared.fd</nvram></os><devices/></domain>",
                       name, uuid);
  g_autoptr (StrataDomainFacts) facts =
      strata_domain_facts_new (xml, NULL, STRATA_DOMAIN_STATE_OFF, &error);

  g_assert_no_error (error);
  strata_graph_add_domain (graph, facts);
}

/* Two definitions share the file of their UEFI variables. */
static void
test_variables (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;

  add_with_variables (graph, "a", "6d1d4a5e-0000-4000-8000-00000000000a");
  plan = plan_delete (graph, "a", &error);
  g_assert_no_error (error);
  g_clear_object (&plan);

  add_with_variables (graph, "b", "6d1d4a5e-0000-4000-8000-00000000000b");
  plan = plan_delete (graph, "a", &error);
  assert_refused (plan, error, "b");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/sight/raw-is-raw", test_raw_is_raw);
  g_test_add_func ("/sight/claim", test_claim);
  g_test_add_func ("/sight/claim-of-overlay", test_claim_of_overlay);
  g_test_add_func ("/sight/raw-overlay", test_raw_overlay);
  g_test_add_func ("/sight/raw-clone", test_raw_clone);
  g_test_add_func ("/sight/declared", test_declared);
  g_test_add_func ("/sight/stray-header", test_stray_header);
  g_test_add_func ("/sight/unread", test_unread);
  g_test_add_func ("/sight/named-apart", test_named_apart);
  g_test_add_func ("/sight/deep-disagreement", test_deep_disagreement);
  g_test_add_func ("/sight/unread-state", test_unread_state);
  g_test_add_func ("/sight/unread-domain", test_unread_domain);
  g_test_add_func ("/sight/holders", test_holders);
  g_test_add_func ("/sight/clones", test_clones);
  g_test_add_func ("/sight/live-uses", test_live_uses);
  g_test_add_func ("/sight/contradicting", test_contradicting);
  g_test_add_func ("/sight/no-format", test_no_format);
  g_test_add_func ("/sight/alias", test_alias);
  g_test_add_func ("/sight/hidden-name", test_hidden_name);
  g_test_add_func ("/sight/unknown", test_unknown);
  g_test_add_func ("/sight/flatten-beside-unknown", test_flatten_beside_unknown);
  g_test_add_func ("/sight/flatten-own-unknown", test_flatten_own_unknown);
  g_test_add_func ("/sight/unknown-raw", test_unknown_raw);
  g_test_add_func ("/sight/blind-spot", test_blind_spot);
  g_test_add_func ("/sight/mark", test_mark);
  g_test_add_func ("/sight/explicit-backing", test_explicit_backing);
  g_test_add_func ("/sight/data-file", test_data_file);
  g_test_add_func ("/sight/data-file-below", test_data_file_below);
  g_test_add_func ("/sight/data-file-shared", test_data_file_shared);
  g_test_add_func ("/sight/data-file-opened", test_data_file_opened);
  g_test_add_func ("/sight/chain-ends", test_chain_ends);
  g_test_add_func ("/sight/named-file", test_named_file);
  g_test_add_func ("/sight/used", test_used);
  g_test_add_func ("/sight/left-out", test_left_out);
  g_test_add_func ("/sight/disputed", test_disputed);
  g_test_add_func ("/sight/shared-writer", test_shared_writer);
  g_test_add_func ("/sight/replaced", test_replaced);
  g_test_add_func ("/sight/named-below", test_named_below);
  g_test_add_func ("/sight/told-of-pull", test_told_of_pull);
  g_test_add_func ("/sight/missing-is-told", test_missing_is_told);
  g_test_add_func ("/sight/flatten-sizes", test_flatten_sizes);
  g_test_add_func ("/sight/variables", test_variables);

  return g_test_run ();
}
