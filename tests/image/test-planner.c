/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The planner: which steps it answers with, and whom it names when it refuses. */

#include "config.h"

#include "host-on-paper.h"
#include "base/strata-error.h"

static void
assert_plan (StrataGraph *graph, const StrataRequest *request, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = strata_plan_request (graph, request, &error);
  g_autofree char *kinds = NULL;

  g_assert_no_error (error);
  kinds = paper_plan_to_kinds (plan);
  g_assert_cmpstr (kinds, ==, expected);
  g_assert_cmpuint (strata_plan_get_effects (plan)->len, >, 0);
  g_assert_cmpuint (strata_plan_get_commands (plan)->len, >, 0);
}

static void
assert_refused (StrataGraph *graph,
                const StrataRequest *request,
                StrataError code,
                const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = strata_plan_request (graph, request, &error);

  g_assert_null (plan);
  g_assert_error (error, STRATA_ERROR, (int) code);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

/* web is off, db runs, tmpl is a template with the thin clone "clone". */
static StrataGraph *
usual_host (void)
{
  StrataGraph *graph = paper_host_new ();

  paper_host_image (graph, "web.qcow2", NULL);
  paper_host_image (graph, "web-data.qcow2", NULL);
  paper_host_image (graph, "db.qcow2", NULL);
  paper_host_image (graph, "tmpl.qcow2", NULL);
  paper_host_image (graph, "clone.qcow2", "tmpl.qcow2");
  paper_host_add (graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "web.qcow2", "web-data.qcow2",
                  NULL);
  paper_host_add (graph, "db", STRATA_DOMAIN_STATE_RUNNING, FALSE, NULL, "db.qcow2", NULL);
  paper_host_add (graph, "tmpl", STRATA_DOMAIN_STATE_OFF, TRUE, NULL, "tmpl.qcow2", NULL);
  paper_host_add (graph, "clone", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "clone.qcow2", NULL);

  return graph;
}

static StrataRequest *
request_new (StrataRequestKind kind, const char *domain, const char *name)
{
  StrataRequest *request = strata_request_new (kind);

  request->domain = g_strdup (domain);
  request->name = g_strdup (name);

  return request;
}

static void
test_copy (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();
  g_autoptr (StrataRequest) request = request_new (STRATA_REQUEST_TEMPLATE_CREATE, "web", NULL);
  g_autoptr (StrataRequest) running = request_new (STRATA_REQUEST_TEMPLATE_CREATE, "db", NULL);

  assert_plan (graph, request,
               "require-off inspect check-space check-space copy-image copy-image seal verify "
               "set-mode set-mode define");

  running->running = STRATA_RUNNING_SHUT_DOWN;
  assert_plan (graph, running,
               "shut-down inspect check-space copy-image start seal verify set-mode define");

  request->operations = g_new0 (char *, 1);
  assert_plan (
      graph, request,
      "require-off check-space check-space copy-image copy-image set-mode set-mode define");
}

static void
test_convert (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();
  g_autoptr (StrataRequest) request = request_new (STRATA_REQUEST_TEMPLATE_CREATE, "web", NULL);

  request->convert = TRUE;
  assert_plan (
      graph, request,
      "require-off inspect check-space set-mode create-overlay set-mode create-overlay seal verify define "
      "undefine set-mode set-mode | commit commit define delete-volume delete-volume "
      "set-mode set-mode");

  request->operations = g_new0 (char *, 1);
  assert_plan (graph, request, "require-off set-mode set-mode define undefine");
}

static void
test_deploy (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();
  g_autoptr (StrataRequest) request =
      request_new (STRATA_REQUEST_TEMPLATE_DEPLOY, "tmpl", "web-%02d");

  request->count = 2;
  assert_plan (graph, request, "require-off create-overlay create-overlay define define");

  request->full = TRUE;
  request->start = TRUE;
  request->hostname = g_strdup ("web-%02d");
  assert_plan (graph, request,
               "require-off check-space copy-image copy-image customise define define start start");
}

/* What can be written to is nothing to stand on; a copy of it may be made. */
static void
test_deploy_writable (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();
  g_autoptr (StrataRequest) request =
      request_new (STRATA_REQUEST_TEMPLATE_DEPLOY, "tmpl", "web-%02d");
  g_autoptr (GError) error = NULL;

  strata_graph_get_image (graph, PAPER_POOL "/tmpl.qcow2")->mode = 0644;
  g_assert_null (strata_plan_request (graph, request, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "tmpl.qcow2"));

  request->full = TRUE;
  assert_plan (graph, request, "require-off check-space copy-image define");
}

static StrataDomainXml *
get_last_definition (StrataPlan *plan)
{
  for (guint i = strata_plan_get_n_steps (plan); i > 0; i--)
    {
      StrataStep *step = strata_plan_get_step (plan, i - 1);

      if (step->kind == STRATA_STEP_DEFINE)
        return strata_domain_xml_new_from_string (json_object_get_string_member (step->args, "xml"),
                                                  NULL);
    }

  g_assert_not_reached ();
}

static void
fix_modes (StrataGraph *graph)
{
  g_autoptr (GPtrArray) images = strata_graph_get_images (graph);

  strata_graph_set_modes_fixed (graph, TRUE);
  for (guint i = 0; i < images->len; i++)
    ((StrataImage *) g_ptr_array_index (images, i))->mode_fixed = TRUE;
}

/* Every template's definition is one that can't be started; what is made of it can be. */
static void
test_protected (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();

  for (int convert = FALSE; convert <= TRUE; convert++)
    {
      g_autoptr (StrataRequest) request = request_new (STRATA_REQUEST_TEMPLATE_CREATE, "web", NULL);
      g_autoptr (StrataGraph) next = paper_host_new ();
      g_autoptr (StrataRequest) deploy =
          request_new (STRATA_REQUEST_TEMPLATE_DEPLOY, "template-web", "c");
      g_autoptr (StrataPlan) plan = NULL;
      g_autoptr (StrataPlan) deployment = NULL;
      g_autoptr (StrataDomainXml) template = NULL;
      g_autoptr (StrataDomainXml) clone = NULL;
      g_autoptr (StrataDomainFacts) facts = NULL;
      g_autofree char *text = NULL;
      g_autoptr (GError) error = NULL;

      request->convert = convert;
      plan = strata_plan_request (graph, request, &error);
      g_assert_no_error (error);
      template = get_last_definition (plan);
      g_assert_true (strata_domain_xml_is_protected (template));

      /* Where the mode of its disks is not to be had, that is enough for thin clones. */
      paper_host_image (next, convert ? "web.qcow2" : "template-web-vda.qcow2", NULL)->mode = 0600;
      paper_host_image (next, convert ? "web-data.qcow2" : "template-web-vdb.qcow2", NULL)->mode =
          0600;
      text = strata_domain_xml_to_string (template);
      facts = strata_domain_facts_new (text, NULL, STRATA_DOMAIN_STATE_OFF, &error);
      g_assert_no_error (error);
      strata_graph_add_domain (next, facts);
      assert_refused (next, deploy, STRATA_ERROR_REFUSED, "can be written to");
      fix_modes (next);
      deployment = strata_plan_request (next, deploy, &error);
      g_assert_no_error (error);
      clone = get_last_definition (deployment);
      g_assert_false (strata_domain_xml_is_protected (clone));
    }
}

/* Of images that are another user's: nothing changes their permissions, and while one is sealed its machine can't be started. */
static void
test_modes_fixed (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();
  g_autoptr (StrataRequest) copy = request_new (STRATA_REQUEST_TEMPLATE_CREATE, "web", NULL);
  g_autoptr (StrataRequest) convert = request_new (STRATA_REQUEST_TEMPLATE_CREATE, "web", NULL);
  g_autoptr (StrataRequest) seal = request_new (STRATA_REQUEST_SEAL_DOMAIN, "web", NULL);
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (StrataDomainXml) guarded = NULL;
  StrataStep *step;

  fix_modes (graph);
  assert_plan (
      graph, copy,
      "require-off inspect check-space check-space copy-image copy-image seal verify define");
  convert->convert = TRUE;
  assert_plan (
      graph, convert,
      "require-off inspect define check-space create-overlay create-overlay seal verify define "
      "undefine | commit commit define delete-volume delete-volume");
  assert_plan (
      graph, seal,
      "require-off inspect define check-space create-overlay create-overlay seal verify define "
      "| commit commit define delete-volume delete-volume");

  plan = strata_plan_request (graph, convert, NULL);
  step = strata_plan_get_step (plan, 2);
  guarded =
      strata_domain_xml_new_from_string (json_object_get_string_member (step->args, "xml"), NULL);
  g_assert_true (strata_domain_xml_is_protected (guarded));
  g_assert_cmpstr (json_object_get_string_member (step->args, "previous"), ==,
                   strata_graph_find_domain (graph, "web")->xml);

  convert->operations = g_new0 (char *, 1);
  assert_plan (graph, convert, "require-off define undefine");
}

#define LABELLED(name)                                                                         \
  "<devices>" PAPER_DISK ("vda",                                                               \
                          name) "</devices><seclabel type='static' model='dac' relabel='yes'>" \
                                "<label>+1000:+1000</label></seclabel>"

/* It would go on being started; where its disks can be made read-only, they keep it from that. */
static void
test_own_label (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataRequest) request = request_new (STRATA_REQUEST_TEMPLATE_CREATE, "own", NULL);
  g_autoptr (StrataRequest) seal = request_new (STRATA_REQUEST_SEAL_DOMAIN, "own", NULL);

  paper_host_image (graph, "own.qcow2", NULL);
  paper_host_define (graph, "own", LABELLED ("own.qcow2"), NULL);
  request->operations = g_new0 (char *, 1);
  assert_plan (graph, request, "require-off check-space copy-image set-mode define");

  fix_modes (graph);
  for (int convert = FALSE; convert <= TRUE; convert++)
    {
      request->convert = convert;
      assert_refused (graph, request, STRATA_ERROR_REFUSED, "security label");
    }
  assert_refused (graph, seal, STRATA_ERROR_REFUSED, "security label");
}

/* libguestfs works where the disks are: what needs it is refused before anything is done. */
/* Whatever is asked for, in the words of what keeps it from being done. */
static void
test_read_only (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();
  g_autoptr (StrataGraph) patched = NULL;
  g_autoptr (GHashTable) none = g_hash_table_new (NULL, NULL);
  g_autoptr (StrataRequest) deletion = request_new (STRATA_REQUEST_DELETE, "web", NULL);
  g_autoptr (StrataRequest) creation = request_new (STRATA_REQUEST_SNAPSHOT_CREATE, "web", "s1");
  g_autoptr (GError) reason =
      strata_error_new (STRATA_ERROR_PERMISSION, NULL, "only to be looked at");

  strata_graph_set_read_only (graph, reason);
  assert_refused (graph, deletion, STRATA_ERROR_PERMISSION, "only to be looked at");
  assert_refused (graph, creation, STRATA_ERROR_PERMISSION, "only to be looked at");
  patched = strata_graph_copy_without (graph, none, none);
  assert_refused (patched, creation, STRATA_ERROR_PERMISSION, "only to be looked at");
}

static void
test_far_host (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();
  g_autoptr (StrataRequest) create = request_new (STRATA_REQUEST_TEMPLATE_CREATE, "web", NULL);
  g_autoptr (StrataRequest) seal = request_new (STRATA_REQUEST_SEAL_DOMAIN, "web", NULL);
  g_autoptr (StrataRequest) image = strata_request_new (STRATA_REQUEST_SEAL_IMAGE);
  g_autoptr (StrataRequest) deploy = request_new (STRATA_REQUEST_TEMPLATE_DEPLOY, "tmpl", "new");

  fix_modes (graph);
  strata_graph_set_far_host (graph, "server.example", FALSE);
  image->file = g_strdup (PAPER_POOL "/web.qcow2");
  assert_refused (graph, create, STRATA_ERROR_UNSUPPORTED, "“server.example”");
  assert_refused (graph, seal, STRATA_ERROR_UNSUPPORTED, "“server.example”");
  assert_refused (graph, image, STRATA_ERROR_UNSUPPORTED, "“server.example”");
  assert_plan (graph, deploy, "require-off create-overlay define");
  deploy->hostname = g_strdup ("new");
  assert_refused (graph, deploy, STRATA_ERROR_UNSUPPORTED, "“server.example”");
  /* Where a program can be run there, it works there. */
  strata_graph_set_far_host (graph, "server.example", TRUE);
  assert_plan (graph, deploy, "require-off create-overlay customise define");
  create->operations = g_new0 (char *, 1);
  assert_plan (graph, create, "require-off check-space check-space copy-image copy-image define");
}

/* A template that lost what keeps it from being started gets it back; another user's file that all may read stays so. */
static void
test_repair_fixed (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();
  g_autoptr (StrataRequest) request = request_new (STRATA_REQUEST_RECONCILE, "tmpl", NULL);
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (StrataDomainXml) definition = NULL;
  g_autoptr (GError) error = NULL;

  strata_graph_get_image (graph, PAPER_POOL "/tmpl.qcow2")->mode = 0644;
  fix_modes (graph);
  plan = strata_plan_request (graph, request, &error);
  g_assert_no_error (error);
  definition = get_last_definition (plan);
  g_assert_true (strata_domain_xml_is_protected (definition));
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    g_assert_cmpint (strata_plan_get_step (plan, i)->kind, !=, STRATA_STEP_SET_MODE);
}

/* What an image that the client can't open keeps inside is read by nothing that libvirt has. */
static void
test_closed (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataRequest) request = request_new (STRATA_REQUEST_CLONE, "vm", "new");

  paper_host_image (graph, "vm.qcow2", NULL);
  paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "vm.qcow2", NULL);
  paper_host_internal (graph, "vm", "inside", NULL, "vm.qcow2", TRUE);
  request->snapshot = g_strdup ("inside");
  request->full = TRUE;
  assert_plan (graph, request, "convert-tag define");

  strata_graph_get_image (graph, PAPER_POOL "/vm.qcow2")->closed = TRUE;
  assert_refused (graph, request, STRATA_ERROR_UNSUPPORTED, "“inside”");
}

static void
test_deploy_identities (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();
  g_autoptr (StrataRequest) request =
      request_new (STRATA_REQUEST_TEMPLATE_DEPLOY, "tmpl", "web-%03d");
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GError) error = NULL;

  request->count = 200;
  plan = strata_plan_request (graph, request, &error);
  g_assert_no_error (error);

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);
      g_autoptr (StrataDomainXml) definition = NULL;
      g_autoptr (StrataCloneMark) mark = NULL;
      g_auto (GStrv) macs = NULL;

      if (step->kind != STRATA_STEP_DEFINE)
        continue;

      definition = strata_domain_xml_new_from_string (
          json_object_get_string_member (step->args, "xml"), &error);
      g_assert_no_error (error);
      macs = strata_domain_xml_get_macs (definition);
      g_assert_cmpuint (g_strv_length (macs), ==, 1);
      g_assert_cmpstr (macs[0], !=, "52:54:00:00:00:01");
      g_assert_true (g_hash_table_add (seen, g_strdup (macs[0])));
      g_assert_true (g_hash_table_add (seen, strata_domain_xml_get_uuid (definition)));
      mark = strata_domain_xml_get_clone_mark (definition);
      g_assert_nonnull (mark);
      g_assert_cmpstr (mark->template_name, ==, "tmpl");
      g_assert_true (mark->thin);
      g_assert_null (strata_domain_xml_get_template_mark (definition));
    }

  g_assert_cmpuint (g_hash_table_size (seen), ==, 400);
}

static void
test_delete (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();
  g_autoptr (StrataRequest) clone = request_new (STRATA_REQUEST_DELETE, "clone", NULL);
  g_autoptr (StrataRequest) tmpl = request_new (STRATA_REQUEST_DELETE, "tmpl", NULL);

  assert_plan (graph, clone, "require-off undefine | delete-volume");
  assert_refused (graph, tmpl, STRATA_ERROR_REFUSED, "thin clone stands on “tmpl”: clone");
}

static void
test_refusals (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();
  static const struct
  {
    StrataRequestKind kind;
    const char *domain;
    const char *name;
    gboolean convert;
    StrataError code;
    const char *words;
  } cases[] = {
    { STRATA_REQUEST_TEMPLATE_CREATE, "nobody", NULL, FALSE, STRATA_ERROR_NOT_FOUND, "nobody" },
    { STRATA_REQUEST_TEMPLATE_CREATE, "db", NULL, FALSE, STRATA_ERROR_BUSY, "“db” is running" },
    { STRATA_REQUEST_TEMPLATE_CREATE, "web", "db", FALSE, STRATA_ERROR_EXISTS, "db" },
    { STRATA_REQUEST_TEMPLATE_CREATE, "web", "a/b", FALSE, STRATA_ERROR_INVALID, "a/b" },
    { STRATA_REQUEST_TEMPLATE_CREATE, "tmpl", "x", FALSE, STRATA_ERROR_REFUSED, "is a template" },
    { STRATA_REQUEST_TEMPLATE_CREATE, "based", "x", TRUE, STRATA_ERROR_REFUSED, "“leaf”" },
    { STRATA_REQUEST_TEMPLATE_CREATE, "snapped", "x", TRUE, STRATA_ERROR_REFUSED, "before, after" },
    { STRATA_REQUEST_TEMPLATE_CREATE, "lvm", "x", TRUE, STRATA_ERROR_REFUSED, "/dev/vg/lv" },
    { STRATA_REQUEST_TEMPLATE_CREATE, "broken", "x", FALSE, STRATA_ERROR_REFUSED, "gone.qcow2" },
    { STRATA_REQUEST_TEMPLATE_CREATE, "loop", "x", FALSE, STRATA_ERROR_REFUSED, "loops" },
    { STRATA_REQUEST_TEMPLATE_CREATE, "riddle", "x", FALSE, STRATA_ERROR_REFUSED, "riddle.qcow2" },
    { STRATA_REQUEST_TEMPLATE_CREATE, "huge", "x", FALSE, STRATA_ERROR_NO_SPACE, "default" },
    { STRATA_REQUEST_TEMPLATE_DEPLOY, "web", "x", FALSE, STRATA_ERROR_REFUSED, "not a template" },
    { STRATA_REQUEST_TEMPLATE_DEPLOY, "tmpl", "web", FALSE, STRATA_ERROR_EXISTS, "web" },
    { STRATA_REQUEST_TEMPLATE_DEPLOY, "tmpl", "stray", FALSE, STRATA_ERROR_EXISTS, "stray.qcow2" },
    { STRATA_REQUEST_DELETE, "db", NULL, FALSE, STRATA_ERROR_BUSY, "db" },
    { STRATA_REQUEST_DELETE, "based", NULL, FALSE, STRATA_ERROR_REFUSED, "leaf" },
    { STRATA_REQUEST_SEAL_DOMAIN, "db", NULL, FALSE, STRATA_ERROR_BUSY, "db" },
    { STRATA_REQUEST_SEAL_DOMAIN, "based", NULL, FALSE, STRATA_ERROR_REFUSED, "needed by “leaf”" },
    { STRATA_REQUEST_SEAL_DOMAIN, "tmpl", NULL, FALSE, STRATA_ERROR_REFUSED, "template" },
  };
  const char *const snapshots[] = { "before", "after", NULL };

  paper_host_image (graph, "based.qcow2", NULL);
  paper_host_image (graph, "leaf.qcow2", "based.qcow2");
  paper_host_image (graph, "snapped.qcow2", NULL);
  paper_host_image (graph, "broken.qcow2", "gone.qcow2");
  paper_host_image (graph, "loop.qcow2", "loop2.qcow2");
  paper_host_image (graph, "loop2.qcow2", "loop.qcow2");
  paper_host_image (graph, "huge.qcow2", NULL)->allocation = G_GUINT64_CONSTANT (1) << 40;
  strata_graph_get_image (graph, PAPER_POOL "/huge.qcow2")->capacity = G_GUINT64_CONSTANT (1) << 41;
  paper_host_image (graph, "stray.qcow2", NULL);
  g_clear_pointer (&paper_host_image (graph, "riddle.qcow2", NULL)->format, g_free);
  strata_graph_take_image (graph, strata_image_new ("/dev/vg/lv"));
  strata_graph_get_image (graph, "/dev/vg/lv")->format = g_strdup ("raw");
  paper_host_add (graph, "based", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "based.qcow2", NULL);
  paper_host_add (graph, "leaf", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "leaf.qcow2", NULL);
  paper_host_add (graph, "snapped", STRATA_DOMAIN_STATE_OFF, FALSE, snapshots, "snapped.qcow2",
                  NULL);
  paper_host_add (graph, "lvm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "/dev/vg/lv", NULL);
  paper_host_add (graph, "broken", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "broken.qcow2", NULL);
  paper_host_add (graph, "loop", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "loop.qcow2", NULL);
  paper_host_add (graph, "riddle", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "riddle.qcow2", NULL);
  paper_host_add (graph, "huge", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "huge.qcow2", NULL);

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StrataRequest) request =
          request_new (cases[i].kind, cases[i].domain, cases[i].name);

      request->convert = cases[i].convert;
      assert_refused (graph, request, cases[i].code, cases[i].words);
    }
}

static void
assert_copy_goes_to (StrataGraph *graph, const StrataRequest *request, const char *destination)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataPlan) plan = strata_plan_request (graph, request, &error);
  StrataStep *step = NULL;

  g_assert_no_error (error);
  for (guint i = 0; step == NULL && i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *each = strata_plan_get_step (plan, i);

      if (each->kind == STRATA_STEP_COPY_IMAGE)
        step = each;
    }
  g_assert_cmpstr (json_object_get_string_member (step->args, "destination"), ==, destination);
  g_assert_true (json_object_get_boolean_member (step->args, "block"));
}

static void
add_device (StrataGraph *graph, const char *path)
{
  StrataImage *image = strata_image_new (path);

  image->type = STRATA_IMAGE_BLOCK;
  image->format = g_strdup ("raw");
  strata_graph_take_image (graph, image);
}

/* Beside a block device no file can be. */
static void
test_device (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();
  g_autoptr (StrataRequest) clone = request_new (STRATA_REQUEST_CLONE, "lvm", "new");
  g_autoptr (StrataRequest) copy = request_new (STRATA_REQUEST_TEMPLATE_CREATE, "lvm", "new");
  g_autoptr (StrataRequest) snapshot = request_new (STRATA_REQUEST_SNAPSHOT_CREATE, "lvm", NULL);
  StrataPoolFacts *devices = g_new0 (StrataPoolFacts, 1);

  devices->name = g_strdup ("vg");
  devices->type = g_strdup ("logical");
  devices->path = g_strdup ("/dev/vg");
  devices->available = G_GUINT64_CONSTANT (1) << 40;
  strata_graph_take_pool (graph, devices);
  add_device (graph, "/dev/vg/lv");
  paper_host_add (graph, "lvm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "/dev/vg/lv", NULL);
  clone->full = TRUE;
  copy->operations = g_new0 (char *, 1);
  snapshot->snapshot = g_strdup ("s1");

  assert_copy_goes_to (graph, clone, PAPER_POOL "/new-vda.qcow2");
  assert_copy_goes_to (graph, copy, PAPER_POOL "/new-vda.qcow2");
  copy->pool = g_strdup ("vg");
  assert_refused (graph, copy, STRATA_ERROR_NOT_FOUND, "“vg”");

  g_set_str (&strata_graph_find_pool (graph, "default")->path, "/dev/other");
  g_clear_pointer (&copy->pool, g_free);
  assert_refused (graph, clone, STRATA_ERROR_REFUSED, "“default”");
  assert_refused (graph, copy, STRATA_ERROR_REFUSED, "“default”");
  assert_refused (graph, snapshot, STRATA_ERROR_REFUSED, "“default”");
}

/* With its internal snapshots a device can't be copied, as a return does where others read the image. */
static void
test_device_with_tags (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataRequest) request = request_new (STRATA_REQUEST_SNAPSHOT_REVERT, "vm", NULL);

  paper_host_image (graph, "device.qcow2", NULL)->type = STRATA_IMAGE_BLOCK;
  paper_host_image (graph, "clone.qcow2", "device.qcow2");
  paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "device.qcow2", NULL);
  paper_host_add (graph, "clone", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "clone.qcow2", NULL);
  paper_host_internal (graph, "vm", "i1", NULL, "device.qcow2", TRUE);
  request->snapshot = g_strdup ("i1");
  assert_refused (graph, request, STRATA_ERROR_REFUSED, "device");
}

/* A snapshot that was deleted is none that could be lost, and its name is the one there is. */
static void
test_retained_only (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataRequest) request = request_new (STRATA_REQUEST_TEMPLATE_CREATE, "vm", "new");

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "vm.qcow2", "base.qcow2");
  paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "vm.qcow2", NULL);
  paper_host_snapshot (graph, "vm", "gone", NULL, "base.qcow2", TRUE, TRUE);
  request->convert = TRUE;
  assert_refused (graph, request, STRATA_ERROR_REFUSED, "“gone”");
}

static void
add_defined (StrataGraph *graph, const char *name, const char *disk)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *xml = g_strdup_printf (
      "<domain type='qemu'><name>%s</name><uuid>%s</uuid>"
      "<memory>65536</memory><os><type arch='x86_64'>hvm</type></os><devices>%s</devices></domain>",
      name, uuid, disk);
  g_autoptr (StrataDomainFacts) facts =
      strata_domain_facts_new (xml, NULL, STRATA_DOMAIN_STATE_OFF, &error);

  g_assert_no_error (error);
  strata_graph_add_domain (graph, facts);
}

/* With the disk in its definition as it is, the new one would be a second writer. */
static void
test_no_second_writer (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();
  g_autoptr (StrataRequest) clone = request_new (STRATA_REQUEST_CLONE, "cluster", "new");
  g_autoptr (StrataRequest) copy = request_new (STRATA_REQUEST_TEMPLATE_CREATE, "cluster", "new");
  g_autoptr (StrataRequest) lun = request_new (STRATA_REQUEST_CLONE, "lun", "new");

  paper_host_image (graph, "shared.raw", NULL);
  add_device (graph, "/dev/sdz");
  add_defined (graph, "cluster",
               "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source "
               "file='" PAPER_POOL "/shared.raw'/><target dev='vda'/><shareable/></disk>");
  clone->full = TRUE;
  assert_refused (graph, clone, STRATA_ERROR_REFUSED, "shared");
  assert_refused (graph, copy, STRATA_ERROR_REFUSED, "shared");

  add_defined (graph, "lun",
               "<disk type='block' device='lun'><driver name='qemu' type='raw'/><source "
               "dev='/dev/sdz'/><target dev='sda' bus='scsi'/></disk>");
  lun->full = TRUE;
  assert_copy_goes_to (graph, lun, PAPER_POOL "/new-sda.qcow2");
}

/* What nothing may stand on, or that would be torn. */
static void
test_clone_refusals (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();
  g_autoptr (StrataRequest) thin = request_new (STRATA_REQUEST_CLONE, "web", "new");
  g_autoptr (StrataRequest) running = request_new (STRATA_REQUEST_CLONE, "db", "new");
  g_autoptr (StrataRequest) internal = request_new (STRATA_REQUEST_CLONE, "clone", "new");
  g_autoptr (GError) error = NULL;

  assert_refused (graph, thin, STRATA_ERROR_REFUSED, "must not change");
  running->full = TRUE;
  assert_refused (graph, running, STRATA_ERROR_BUSY, "“db” is running");
  g_assert_null (strata_plan_request (graph, running, &error));
  g_assert_nonnull (strstr (strata_error_get_hint (error), "--snapshot"));
  paper_host_internal (graph, "clone", "i1", NULL, "clone.qcow2", TRUE);
  internal->snapshot = g_strdup ("i1");
  assert_refused (graph, internal, STRATA_ERROR_REFUSED, "internal snapshot");
}

/* What a machine only reads, or has with others, isn't its own: it stays, and stays as it is. */
static void
test_own_disks (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataRequest) deletion = request_new (STRATA_REQUEST_DELETE, "vm", NULL);
  g_autoptr (StrataRequest) flatten = request_new (STRATA_REQUEST_FLATTEN, "vm", NULL);
  g_autoptr (StrataRequest) template = request_new (STRATA_REQUEST_FLATTEN, "t", NULL);

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "own.qcow2", "base.qcow2");
  paper_host_image (graph, "read.qcow2", "base.qcow2");
  paper_host_image (graph, "shared.qcow2", NULL);
  paper_host_image (graph, "t.qcow2", "base.qcow2");
  paper_host_define (graph, "vm",
                     "<devices>" PAPER_DISK ("vda", "own.qcow2")
                         PAPER_DEVICE ("disk", "vdb", "read.qcow2", "<readonly/>") PAPER_DEVICE (
                             "disk", "vdc", "shared.qcow2", "<shareable/>") "</devices>",
                     NULL);
  paper_host_add (graph, "t", STRATA_DOMAIN_STATE_OFF, TRUE, NULL, "t.qcow2", NULL);
  assert_plan (graph, deletion, "require-off undefine | delete-volume");
  assert_plan (graph, flatten, "| pull");
  assert_refused (graph, template, STRATA_ERROR_REFUSED, "is a template");
  paper_host_internal (graph, "vm", "i1", NULL, "own.qcow2", TRUE);
  assert_refused (graph, flatten, STRATA_ERROR_REFUSED, "holds internal snapshots");
}

/* Of what a template can't be made. */
static void
test_template_refusals (void)
{
  static const struct
  {
    const char *inner;
    const char *live; /* (nullable) */
    const char *words;
  } cases[] = {
    { "<devices>" PAPER_DEVICE ("disk", "vda", "web.qcow2", "<transient/>") "</devices>", NULL,
      "transient" },
    { "<devices>" PAPER_DISK (
          "vda",
          "web.qcow2") "<pstore backend='acpi-erst'><path>/pstore.raw</path></pstore></devices>",
      NULL, "/pstore.raw" },
    { "<devices>" PAPER_DISK ("vda", "web.qcow2") "</devices>",
      "<devices>" PAPER_DISK ("vda", "web-data.qcow2") "</devices>", "other disks" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StrataGraph) graph = paper_host_new ();
      g_autoptr (StrataRequest) request = request_new (STRATA_REQUEST_TEMPLATE_CREATE, "vm", "new");

      paper_host_image (graph, "web.qcow2", NULL);
      paper_host_image (graph, "web-data.qcow2", NULL);
      paper_host_define (graph, "vm", cases[i].inner, cases[i].live);
      request->running = STRATA_RUNNING_SHUT_DOWN;
      assert_refused (graph, request, STRATA_ERROR_REFUSED, cases[i].words);
    }
}

/* Nothing is made where nothing can be written, or where there is something. */
static void
test_folder (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();
  g_autoptr (StrataRequest) request = request_new (STRATA_REQUEST_SNAPSHOT_CREATE, "db", NULL);
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (GError) error = NULL;

  request->snapshot = g_strdup ("s1");
  strata_graph_add_taken (graph, PAPER_POOL "/db-vda.s1.qcow2");
  plan = strata_plan_request (graph, request, &error);
  g_assert_no_error (error);
  g_assert_false (strata_graph_is_taken (
      graph,
      json_object_get_string_member (
          json_array_get_object_element (
              json_object_get_array_member (strata_plan_get_step (plan, 1)->args, "disks"), 0),
          "overlay")));
  strata_graph_find_pool (graph, "default")->read_only = TRUE;
  assert_refused (graph, request, STRATA_ERROR_REFUSED, "read-only");
}

/* A plan about one machine that defines another, which would vanish with its guest. */
static void
test_transient_other (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataRequest) request = request_new (STRATA_REQUEST_SNAPSHOT_DELETE, "vm", NULL);

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "mid.qcow2", "base.qcow2");
  paper_host_image (graph, "top.qcow2", NULL);
  paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);
  paper_host_snapshot (graph, "vm", "s1", NULL, "base.qcow2", TRUE, FALSE);
  paper_host_add (graph, "other", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "mid.qcow2", NULL);
  request->snapshot = g_strdup ("s1");
  request->merge = STRATA_MERGE_COMMIT;
  assert_plan (graph, request,
               "snapshot-define | commit define snapshot-forget settle delete-volume");
  strata_graph_find_domain (graph, "other")->persistent = FALSE;
  assert_refused (graph, request, STRATA_ERROR_REFUSED, "“other” is transient");
}

static void
test_round_trip (void)
{
  g_autoptr (StrataGraph) graph = usual_host ();
  g_autoptr (StrataRequest) request = request_new (STRATA_REQUEST_TEMPLATE_CREATE, "web", NULL);
  g_autoptr (StrataPlan) plan = NULL;
  g_autoptr (StrataPlan) again = NULL;
  g_autoptr (JsonObject) json = NULL;
  g_autoptr (JsonObject) nonsense = json_object_new ();
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  request->convert = TRUE;
  plan = strata_plan_request (graph, request, NULL);
  json = strata_plan_to_json (plan);
  again = strata_plan_new_from_json (json, &error);
  g_assert_no_error (error);
  before = paper_plan_to_kinds (plan);
  after = paper_plan_to_kinds (again);
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpuint (strata_plan_get_resources (again)->len, ==,
                    strata_plan_get_resources (plan)->len);

  g_assert_null (strata_plan_new_from_json (nonsense, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
}

/* A machine may have another one's UUID for its name. */
static void
test_find_by_uuid (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  StrataDomainFacts *first;
  const char *uuid;

  paper_host_image (graph, "a.qcow2", NULL);
  paper_host_image (graph, "b.qcow2", NULL);
  paper_host_add (graph, "a", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  first = strata_graph_find_domain (graph, "a");
  uuid = first->uuid;
  paper_host_add (graph, uuid, STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "b.qcow2", NULL);

  g_assert_true (strata_graph_find_domain (graph, uuid) == first);
  g_assert_true (strata_graph_find_domain (graph, "a") == first);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/planner/copy", test_copy);
  g_test_add_func ("/planner/convert", test_convert);
  g_test_add_func ("/planner/deploy", test_deploy);
  g_test_add_func ("/planner/deploy-writable", test_deploy_writable);
  g_test_add_func ("/planner/deploy-identities", test_deploy_identities);
  g_test_add_func ("/planner/delete", test_delete);
  g_test_add_func ("/planner/refusals", test_refusals);
  g_test_add_func ("/planner/device", test_device);
  g_test_add_func ("/planner/device-with-tags", test_device_with_tags);
  g_test_add_func ("/planner/retained-only", test_retained_only);
  g_test_add_func ("/planner/no-second-writer", test_no_second_writer);
  g_test_add_func ("/planner/clone-refusals", test_clone_refusals);
  g_test_add_func ("/planner/own-disks", test_own_disks);
  g_test_add_func ("/planner/protected", test_protected);
  g_test_add_func ("/planner/modes-fixed", test_modes_fixed);
  g_test_add_func ("/planner/own-label", test_own_label);
  g_test_add_func ("/planner/far-host", test_far_host);
  g_test_add_func ("/planner/read-only", test_read_only);
  g_test_add_func ("/planner/repair-fixed", test_repair_fixed);
  g_test_add_func ("/planner/closed", test_closed);
  g_test_add_func ("/planner/template-refusals", test_template_refusals);
  g_test_add_func ("/planner/folder", test_folder);
  g_test_add_func ("/planner/transient-other", test_transient_other);
  g_test_add_func ("/planner/round-trip", test_round_trip);

  g_test_add_func ("/planner/find-by-uuid", test_find_by_uuid);

  return g_test_run ();
}
