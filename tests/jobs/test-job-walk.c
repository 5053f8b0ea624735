/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Every job fails, and is cancelled, before and after each of its steps, on real domains. Before the
 * point of no return everything has to be as it was, to the byte; after it every domain has to be whole
 * and read what it should, and resuming has to finish the job.
 */

#include "config.h"

#include <glib/gstdio.h>

#include "strata-test.h"
#include "walk.h"
#include "base/strata-error.h"

typedef struct
{
  const char *name;
  StrataRequestKind kind;
  const char *domain;
  const char *made; /* the domain whose content is looked at */
  gboolean convert, seals, full, start;
} Scenario;

static const Scenario scenarios[] = {
  { "copy", STRATA_REQUEST_TEMPLATE_CREATE, "walk", "tmpl", FALSE, FALSE, FALSE, FALSE },
  { "convert", STRATA_REQUEST_TEMPLATE_CREATE, "walk", "tmpl", TRUE, TRUE, FALSE, FALSE },
  { "convert-unsealed", STRATA_REQUEST_TEMPLATE_CREATE, "walk", "tmpl", TRUE, FALSE, FALSE, FALSE },
  { "deploy-thin", STRATA_REQUEST_TEMPLATE_DEPLOY, "base", "clone-1", FALSE, FALSE, FALSE, TRUE },
  { "deploy-full", STRATA_REQUEST_TEMPLATE_DEPLOY, "base", "clone-1", FALSE, FALSE, TRUE, FALSE },
  { "seal", STRATA_REQUEST_SEAL_DOMAIN, "walk", "walk", FALSE, TRUE, FALSE, FALSE },
  { "delete", STRATA_REQUEST_DELETE, "walk", NULL, FALSE, FALSE, FALSE, FALSE },
};

static StrataRequest *
make_request (const Scenario *scenario)
{
  StrataRequest *request = strata_request_new (scenario->kind);

  request->domain = g_strdup (scenario->domain);
  request->name = g_strdup (scenario->kind == STRATA_REQUEST_TEMPLATE_DEPLOY ? "clone-%d" : "tmpl");
  request->convert = scenario->convert;
  request->full = scenario->full;
  request->start = scenario->start;
  request->count = 2;
  if (!scenario->seals)
    request->operations = g_new0 (char *, 1);

  return request;
}

/* "walk", off, with two written disks; for a deployment also "base", a template of it. */
static void
set_up (Walk *walk, const Scenario *scenario)
{
  g_autofree char *uuid = strata_test_define_tiny (walk->connection, "walk", walk->dir, 2);
  g_autofree char *vda = g_build_filename (walk->dir, "walk-vda.qcow2", NULL);
  g_autofree char *vdb = g_build_filename (walk->dir, "walk-vdb.qcow2", NULL);

  strata_test_write_pattern (vda, "qcow2", 0x11, 0, 4 * 1024 * 1024);
  strata_test_write_pattern (vdb, "qcow2", 0x22, 0, 1024 * 1024);

  if (scenario->kind == STRATA_REQUEST_TEMPLATE_DEPLOY)
    {
      g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_TEMPLATE_CREATE);
      g_autoptr (StrataPlan) plan = NULL;

      request->domain = g_strdup ("walk");
      request->name = g_strdup ("base");
      request->operations = g_new0 (char *, 1);
      plan = walk_plan (walk, request);
      walk->index = -1;
      g_assert_cmpint (walk_run (walk, plan, NULL), ==, STRATA_JOB_OUTCOME_DONE);
    }
}

static char *
expected_hash (Walk *walk, const Scenario *scenario)
{
  g_autofree char *vda = g_build_filename (walk->dir, "walk-vda.qcow2", NULL);
  g_autofree char *copy = g_build_filename (walk->dir, "expected.qcow2", NULL);
  g_autofree char *bytes = NULL;
  gsize length;
  char *hash;

  g_assert_true (g_file_get_contents (vda, &bytes, &length, NULL));
  g_assert_true (g_file_set_contents (copy, bytes, (gssize) length, NULL));
  if (scenario->seals)
    strata_test_write_pattern (copy, "qcow2", 0x5e, 1024 * 1024, 65536);
  hash = strata_test_guest_hash (copy, "qcow2");
  g_unlink (copy);

  return hash;
}

static void
assert_no_journal (Walk *walk)
{
  g_autoptr (GDir) dir = g_dir_open (walk->journal, 0, NULL);

  g_assert_true (dir == NULL || g_dir_read_name (dir) == NULL);
}

static gboolean
is_past_return (Walk *walk, StrataPlan *plan)
{
  int last = walk->point == STRATA_HOOK_AFTER_STEP ? walk->index : walk->index - 1;

  for (int i = 0; i <= last; i++)
    {
      if (strata_plan_get_step (plan, (guint) i)->forward_only)
        return TRUE;
    }

  return FALSE;
}

static void
assert_finished (Walk *walk, const Scenario *scenario, const char *expected)
{
  g_autofree char *hash = NULL;

  assert_no_journal (walk);
  if (scenario->made == NULL)
    return;
  hash = walk_read (walk, scenario->made);
  g_assert_cmpstr (hash, ==, expected);
}

/* One job with one trouble. Returns how many steps it has. */
static guint
walk_once (Walk *walk, const Scenario *scenario)
{
  g_autoptr (StrataRequest) request = make_request (scenario);
  g_autoptr (StrataPlan) whole = NULL;
  g_autoptr (StrataPlan) plan = NULL;
  g_autofree char *before = NULL;
  g_autofree char *expected = NULL;
  g_autofree char *id = NULL;
  int index = walk->index;
  guint n_steps;

  set_up (walk, scenario);
  walk->index = index;
  walk->seals = scenario->seals;
  expected = expected_hash (walk, scenario);
  before = walk_inventory (walk);
  whole = walk_plan (walk, request);
  plan = walk_drop_guest (whole);
  n_steps = strata_plan_get_n_steps (plan);

  switch (walk_run (walk, plan, &id))
    {
    case STRATA_JOB_OUTCOME_DONE:
      g_assert_cmpint (index, <, 0);
      assert_finished (walk, scenario, expected);
      break;

    case STRATA_JOB_OUTCOME_ROLLED_BACK:
      {
        g_autofree char *after = walk_inventory (walk);

        g_assert_false (is_past_return (walk, plan));
        g_assert_cmpstr (after, ==, before);
        assert_no_journal (walk);
      }
      break;

    case STRATA_JOB_OUTCOME_STOPPED:
      g_assert_true (is_past_return (walk, plan));
      if (scenario->made != NULL)
        {
          g_autofree char *hash = walk_read (walk, scenario->made);

          g_assert_cmpstr (hash, ==, expected);
        }
      walk->seals = FALSE;
      g_assert_cmpint (walk_take_up (walk, id, FALSE), ==, STRATA_JOB_OUTCOME_STOPPED);
      g_assert_cmpint (walk_take_up (walk, id, TRUE), ==, STRATA_JOB_OUTCOME_DONE);
      assert_finished (walk, scenario, expected);
      break;

    case STRATA_JOB_OUTCOME_NONE:
    case STRATA_JOB_OUTCOME_STUCK:
      g_assert_not_reached ();
    }

  walk_clean (walk);

  return n_steps;
}

static void
test_walk (gconstpointer data)
{
  const Scenario *scenario = data;
  g_autofree char *dir = strata_test_dir ();
  g_autofree char *journal = g_build_filename (dir, "journal", NULL);
  g_autofree char *images = g_build_filename (dir, "images", NULL);
  Walk walk = { .connection = strata_test_connection (), .dir = images, .journal = journal };
  guint n_steps;

  g_assert_cmpint (g_mkdir (images, 0700), ==, 0);
  walk.index = -1;
  n_steps = walk_once (&walk, scenario);
  g_assert_cmpuint (n_steps, >, 1);

  for (int i = 0; i < (int) n_steps; i++)
    {
      /* Failing after a step and before the next is one and the same to the job. */
      walk.index = i;
      walk.trouble = WALK_FAIL;
      walk.point = STRATA_HOOK_AFTER_STEP;
      walk_once (&walk, scenario);

      walk.index = i;
      walk.trouble = WALK_CANCEL;
      walk.point = STRATA_HOOK_BEFORE_STEP;
      walk_once (&walk, scenario);
    }
  g_test_message ("%s: %u steps, each failed and cancelled", scenario->name, n_steps);
}

/* A file that came to be between plan and job is somebody else's: it stays. */
static void
test_foreign_file (void)
{
  const Scenario *scenario = &scenarios[3];
  g_autoptr (StrataRequest) request = make_request (scenario);
  g_autofree char *dir = strata_test_dir ();
  g_autofree char *journal = g_build_filename (dir, "journal", NULL);
  g_autofree char *images = g_build_filename (dir, "images", NULL);
  g_autofree char *foreign = g_build_filename (images, "clone-2-vda.qcow2", NULL);
  Walk walk = { .connection = strata_test_connection (), .dir = images, .journal = journal };
  g_autoptr (StrataPlan) plan = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  g_assert_cmpint (g_mkdir (images, 0700), ==, 0);
  set_up (&walk, scenario);
  plan = walk_plan (&walk, request);
  g_assert_true (g_file_set_contents (foreign, "mine", 4, NULL));
  before = walk_inventory (&walk);
  walk.index = -1;
  g_assert_cmpint (walk_run (&walk, plan, NULL), ==, STRATA_JOB_OUTCOME_ROLLED_BACK);
  after = walk_inventory (&walk);
  g_assert_cmpstr (after, ==, before);
  walk_clean (&walk);
}

int
main (int argc, char *argv[])
{
  strata_test_init (&argc, &argv);
  for (size_t i = 0; i < G_N_ELEMENTS (scenarios); i++)
    {
      g_autofree char *path = g_strconcat ("/job/walk/", scenarios[i].name, NULL);

      g_test_add_data_func (path, &scenarios[i], test_walk);
    }
  g_test_add_func ("/job/foreign-file", test_foreign_file);

  return g_test_run ();
}
