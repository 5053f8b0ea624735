/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps about images, in plans made by hand: merges in workers and under VMs, copies with internal snapshots. */

#include "config.h"

#include <glib/gstdio.h>

#include "host/domain/strata-domain-control.h"
#include "host/storage/strata-image-tags.h"
#include "host/storage/strata-storage.h"
#include "jobs/perform/strata-perform.h"
#include "jobs/strata-job-notes.h"
#include "strata-test.h"
#include "walk.h"

#define MIB ((guint64) 1024 * 1024)

/* base <- a <- the VM's disk */
typedef struct
{
  Walk walk;
  char *uuid;
  char *base;
  char *a;
  char *disk;
  char *seen;
} Stage;

static gboolean
stage_init (Stage *self, const char *name)
{
  self->walk.connection = strata_test_connection ();
  if (self->walk.connection == NULL)
    return FALSE;

  self->walk.dir = strata_test_dir ();
  self->walk.journal = strata_test_dir ();
  self->walk.index = -1;
  self->uuid = strata_test_define_tiny (self->walk.connection, name, self->walk.dir, 1);
  self->base = g_build_filename (self->walk.dir, "base.qcow2", NULL);
  self->a = g_build_filename (self->walk.dir, "a.qcow2", NULL);
  self->disk = g_strdup_printf ("%s/%s-vda.qcow2", self->walk.dir, name);

  /* Another test's job must not come upon an empty folder, which storage that is away looks like. */
  strata_test_create_image (self->base, "qcow2", "32M");
  strata_test_create_overlay (self->a, self->base, "qcow2");
  g_unlink (self->disk);
  strata_test_create_overlay (self->disk, self->a, "qcow2");
  strata_test_write_pattern (self->base, "qcow2", 1, 0, 8 * MIB);
  strata_test_write_pattern (self->a, "qcow2", 2, 4 * MIB, 2 * MIB);
  strata_test_write_pattern (self->disk, "qcow2", 3, 5 * MIB, 2 * MIB);
  self->seen = strata_test_guest_hash (self->disk, "qcow2");

  return TRUE;
}

static void
stage_clear (Stage *self)
{
  if (self->uuid != NULL)
    strata_test_undefine (self->walk.connection, self->uuid);
  g_free (self->walk.dir);
  g_free (self->walk.journal);
  g_free (self->uuid);
  g_free (self->base);
  g_free (self->a);
  g_free (self->disk);
  g_free (self->seen);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Stage, stage_clear)

/* A step of KIND; then keys and their values. */
static StrataStep *
add (StrataPlan *plan, StrataStepKind kind, ...)
{
  JsonObject *args = json_object_new ();
  const char *key;
  va_list ap;

  va_start (ap, kind);
  while ((key = va_arg (ap, const char *)) != NULL)
    json_object_set_string_member (args, key, va_arg (ap, const char *));
  va_end (ap);

  return strata_plan_add_step (plan, kind, args, "%s", strata_step_kind_get_word (kind));
}

static void
check_hash (const char *path, const char *format, const char *expected)
{
  g_autofree char *hash = strata_test_guest_hash (path, format);

  g_assert_cmpstr (hash, ==, expected);
}

static void
check_backing (Stage *self, const char *path, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataImage) image = strata_storage_read_image (self->walk.connection, path, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (image->backing_path, ==, expected);
}

static gboolean
ask_done (Stage *self, StrataStep *step)
{
  const StrataStepOps *klass = strata_step_get_ops (step->kind);
  StrataStepContext context = { self->walk.connection, step->args, NULL };
  g_autoptr (GError) error = NULL;
  gboolean done;

  strata_test_assert_ok (klass->is_done (&context, &done, &error), error);

  return done;
}

/* Stopped between the two, and taken up; the first is run again. */
static void
test_commit_on_each (void)
{
  g_auto (Stage) stage = { 0 };
  g_autoptr (StrataPlan) plan = strata_plan_new ("Merge", "Merge");
  g_autofree char *other = NULL;
  g_autofree char *other_seen = NULL;
  g_autofree char *id = NULL;

  if (!stage_init (&stage, "strata-test-each"))
    return;

  other = g_build_filename (stage.walk.dir, "other.qcow2", NULL);
  strata_test_create_overlay (other, stage.a, "qcow2");
  strata_test_write_pattern (other, "qcow2", 9, MIB, MIB);
  other_seen = strata_test_guest_hash (other, "qcow2");

  add (plan, STRATA_STEP_CHECK_CHAIN, "path", stage.disk, "format", "qcow2", NULL);
  for (int i = 0; i < 2; i++)
    {
      add (plan, STRATA_STEP_COMMIT, "top", stage.a, "top-format", "qcow2", "base", stage.base,
           "base-format", "qcow2", "via", stage.disk, "via-format", "qcow2", NULL)
          ->forward_only = TRUE;
      add (plan, STRATA_STEP_COMMIT, "top", stage.a, "top-format", "qcow2", "base", stage.base,
           "base-format", "qcow2", "via", other, "via-format", "qcow2", NULL)
          ->forward_only = TRUE;
    }
  add (plan, STRATA_STEP_DELETE_VOLUME, "path", stage.a, NULL)->forward_only = TRUE;

  stage.walk.index = 1;
  stage.walk.point = STRATA_HOOK_AFTER_STEP;
  g_assert_cmpint (walk_run (&stage.walk, plan, &id), ==, STRATA_JOB_OUTCOME_STOPPED);
  check_backing (&stage, stage.disk, stage.base);
  check_backing (&stage, other, stage.a);
  check_hash (stage.disk, "qcow2", stage.seen);
  check_hash (other, "qcow2", other_seen);

  g_assert_cmpint (walk_take_up (&stage.walk, id, TRUE), ==, STRATA_JOB_OUTCOME_DONE);
  g_assert_false (g_file_test (stage.a, G_FILE_TEST_EXISTS));
  check_hash (stage.disk, "qcow2", stage.seen);
  check_hash (other, "qcow2", other_seen);
}

static void
test_pull (void)
{
  g_auto (Stage) stage = { 0 };
  g_autoptr (StrataPlan) plan = strata_plan_new ("Merge", "Merge");
  StrataStep *first;

  if (!stage_init (&stage, "strata-test-pull"))
    return;

  first = add (plan, STRATA_STEP_PULL, "image", stage.disk, "format", "qcow2", "base", stage.base,
               NULL);
  g_assert_false (ask_done (&stage, first));
  g_assert_cmpint (walk_run (&stage.walk, plan, NULL), ==, STRATA_JOB_OUTCOME_DONE);
  g_assert_true (ask_done (&stage, first));
  check_backing (&stage, stage.disk, stage.base);
  g_unlink (stage.a);
  check_hash (stage.disk, "qcow2", stage.seen);

  add (plan, STRATA_STEP_PULL, "image", stage.disk, "format", "qcow2", NULL);
  g_assert_cmpint (walk_run (&stage.walk, plan, NULL), ==, STRATA_JOB_OUTCOME_DONE);
  check_backing (&stage, stage.disk, NULL);
  g_unlink (stage.base);
  check_hash (stage.disk, "qcow2", stage.seen);
}

static void
test_live (void)
{
  g_auto (Stage) stage = { 0 };
  g_autoptr (StrataPlan) plan = strata_plan_new ("Merge", "Merge");
  g_autoptr (StrataPlan) wrong = strata_plan_new ("Merge", "Merge");
  g_autoptr (GError) error = NULL;
  StrataStep *commit;
  StrataStep *pull;

  if (!stage_init (&stage, "strata-test-live"))
    return;
  strata_test_assert_ok (strata_domain_start (stage.walk.connection, stage.uuid, FALSE, &error),
                         error);

  add (wrong, STRATA_STEP_PULL, "image", stage.a, "format", "qcow2", "uuid", stage.uuid, "target",
       "vda", NULL);
  g_assert_cmpint (walk_run (&stage.walk, wrong, NULL), ==, STRATA_JOB_OUTCOME_ROLLED_BACK);

  commit = add (plan, STRATA_STEP_COMMIT, "top", stage.disk, "top-format", "qcow2", "base", stage.a,
                "base-format", "qcow2", "uuid", stage.uuid, "target", "vda", NULL);
  json_object_set_boolean_member (commit->args, "active", TRUE);
  pull = add (plan, STRATA_STEP_PULL, "image", stage.a, "format", "qcow2", "uuid", stage.uuid,
              "target", "vda", NULL);
  g_assert_false (ask_done (&stage, commit));
  g_assert_false (ask_done (&stage, pull));
  g_assert_cmpint (walk_run (&stage.walk, plan, NULL), ==, STRATA_JOB_OUTCOME_DONE);
  g_assert_true (ask_done (&stage, commit));
  g_assert_true (ask_done (&stage, pull));

  strata_test_assert_ok (strata_domain_force_off (stage.walk.connection, stage.uuid, &error),
                         error);
  check_backing (&stage, stage.a, NULL);
  check_hash (stage.a, "qcow2", stage.seen);
}

/* What a plan for a running VM does when that is off by then. */
static void
test_live_gone_off (void)
{
  g_auto (Stage) stage = { 0 };
  g_autoptr (StrataPlan) plan = strata_plan_new ("Merge", "Merge");
  g_autoptr (StrataDomainFacts) facts = NULL;
  g_autoptr (GError) error = NULL;
  StrataStep *below;
  StrataStep *active;

  if (!stage_init (&stage, "strata-test-gone-off"))
    return;

  below = add (plan, STRATA_STEP_COMMIT, "top", stage.a, "top-format", "qcow2", "base", stage.base,
               "base-format", "qcow2", "uuid", stage.uuid, "target", "vda", NULL);
  g_assert_false (ask_done (&stage, below));
  g_assert_cmpint (walk_run (&stage.walk, plan, NULL), ==, STRATA_JOB_OUTCOME_DONE);
  g_assert_true (ask_done (&stage, below));
  check_backing (&stage, stage.disk, stage.base);
  check_hash (stage.disk, "qcow2", stage.seen);

  active = add (plan, STRATA_STEP_COMMIT, "top", stage.disk, "top-format", "qcow2", "base",
                stage.base, "base-format", "qcow2", "uuid", stage.uuid, "target", "vda", NULL);
  json_object_set_boolean_member (active->args, "active", TRUE);
  g_assert_false (ask_done (&stage, active));
  g_assert_cmpint (walk_run (&stage.walk, plan, NULL), ==, STRATA_JOB_OUTCOME_DONE);
  g_assert_true (ask_done (&stage, active));
  facts = strata_connection_get_domain (stage.walk.connection, stage.uuid, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (((StrataDiskXml *) g_ptr_array_index (facts->disks, 0))->source, ==, stage.base);
  check_hash (stage.base, "qcow2", stage.seen);
}

static gpointer
pull_the_plug (gpointer data)
{
  Stage *stage = data;
  g_autoptr (GError) error = NULL;

  g_usleep (G_USEC_PER_SEC);
  strata_test_assert_ok (strata_domain_force_off (stage->walk.connection, stage->uuid, &error),
                         error);

  return NULL;
}

/* A slow job of a client that died is under way; then the VM is off in the middle of it. */
static void
test_live_goes_off (void)
{
  for (int active = 0; active < 2; active++)
    {
      g_auto (Stage) stage = { 0 };
      g_autoptr (StrataPlan) plan = strata_plan_new ("Merge", "Merge");
      g_autoptr (GError) error = NULL;
      virDomainPtr domain;
      StrataStep *step;
      GThread *thread;

      if (!stage_init (&stage, "strata-test-goes-off"))
        return;

      strata_test_assert_ok (strata_domain_start (stage.walk.connection, stage.uuid, FALSE, &error),
                             error);
      domain = virDomainLookupByUUIDString (strata_connection_get_handle (stage.walk.connection),
                                            stage.uuid);
      g_assert_cmpint (virDomainBlockCommit (domain, "vda", stage.base, active ? NULL : stage.a,
                                             MIB / 4,
                                             VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES |
                                                 (active ? VIR_DOMAIN_BLOCK_COMMIT_ACTIVE : 0)),
                       ==, 0);
      virDomainFree (domain);

      step = add (plan, STRATA_STEP_COMMIT, "top", active ? stage.disk : stage.a, "top-format",
                  "qcow2", "base", stage.base, "base-format", "qcow2", "uuid", stage.uuid, "target",
                  "vda", NULL);
      json_object_set_boolean_member (step->args, "active", active);
      thread = g_thread_new ("plug", pull_the_plug, &stage);
      g_assert_cmpint (walk_run (&stage.walk, plan, NULL), ==, STRATA_JOB_OUTCOME_DONE);
      g_thread_join (thread);

      g_assert_true (ask_done (&stage, step));
      check_backing (&stage, active ? stage.base : stage.disk, active ? NULL : stage.base);
      check_hash (active ? stage.base : stage.disk, "qcow2", stage.seen);
    }
}

static void
check_tags (const char *path, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) tags =
      strata_image_tags_list (strata_test_connection (), path, "qcow2", NULL, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = g_strjoinv (" ", tags);
  g_assert_cmpstr (text, ==, expected);
}

/* One that can't be asked for is another than any, and not that of a file that isn't there. */
static void
test_stamps (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *closed = NULL;
  g_autofree char *path = NULL;
  g_autofree char *hidden = NULL;
  g_autofree char *there = NULL;
  g_autofree char *absent = NULL;
  g_autofree char *unknown = NULL;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  closed = g_build_filename (dir, "closed", NULL);
  path = g_build_filename (dir, "there.qcow2", NULL);
  hidden = g_build_filename (closed, "hidden.qcow2", NULL);
  strata_test_create_image (path, "qcow2", "1M");
  g_assert_cmpint (g_mkdir (closed, 0000), ==, 0);

  there = strata_job_notes_get_stamp (connection, path);
  g_assert_cmpint (g_unlink (path), ==, 0);
  absent = strata_job_notes_get_stamp (connection, path);
  unknown = strata_job_notes_get_stamp (connection, hidden);
  g_chmod (closed, 0700);

  g_assert_cmpuint (strlen (there), >, 1);
  g_assert_cmpstr (absent, ==, "");
  g_assert_cmpstr (unknown, ==, STRATA_STAMP_UNKNOWN);
}

static void
test_tags (void)
{
  g_auto (Stage) stage = { 0 };
  g_autoptr (StrataPlan) plan = strata_plan_new ("Copy", "Copy");
  g_autofree char *copy = NULL;
  g_autofree char *flat = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  if (!stage_init (&stage, "strata-test-tags"))
    return;

  copy = g_build_filename (stage.walk.dir, "copy.qcow2", NULL);
  flat = g_build_filename (stage.walk.dir, "flat.raw", NULL);
  g_free (strata_test_run ("qemu-img", "snapshot", "-c", "one", stage.disk, NULL));
  strata_test_write_pattern (stage.disk, "qcow2", 7, 0, MIB);
  g_free (strata_test_run ("qemu-img", "snapshot", "-c", "two", stage.disk, NULL));
  before = walk_inventory (&stage.walk);

  add (plan, STRATA_STEP_COPY_VERBATIM, "from", stage.disk, "to", copy, "format", "qcow2", NULL);
  add (plan, STRATA_STEP_CONVERT_TAG, "from", stage.disk, "tag", "one", "to", flat, "to-format",
       "raw", NULL);
  add (plan, STRATA_STEP_KEEP_TAG, "path", copy, "format", "qcow2", "tag", "one", NULL);
  add (plan, STRATA_STEP_DELETE_TAG, "path", copy, "format", "qcow2", "tag", "two", NULL);

  stage.walk.index = 3;
  stage.walk.point = STRATA_HOOK_BEFORE_STEP;
  g_assert_cmpint (walk_run (&stage.walk, plan, NULL), ==, STRATA_JOB_OUTCOME_ROLLED_BACK);
  after = walk_inventory (&stage.walk);
  g_assert_cmpstr (before, ==, after);

  stage.walk.index = -1;
  g_assert_cmpint (walk_run (&stage.walk, plan, NULL), ==, STRATA_JOB_OUTCOME_DONE);
  check_tags (stage.disk, "one two");
  check_tags (copy, "one");
  check_hash (flat, "raw", stage.seen);

  /* What is there is not written over. */
  g_assert_cmpint (walk_run (&stage.walk, plan, NULL), ==, STRATA_JOB_OUTCOME_ROLLED_BACK);
  check_tags (copy, "one");
}

int
main (int argc, char **argv)
{
  strata_test_init (&argc, &argv);

  g_test_add_func ("/image-steps/commit-on-each", test_commit_on_each);
  g_test_add_func ("/image-steps/pull", test_pull);
  g_test_add_func ("/image-steps/live", test_live);
  g_test_add_func ("/image-steps/live-gone-off", test_live_gone_off);
  g_test_add_func ("/image-steps/live-goes-off", test_live_goes_off);
  g_test_add_func ("/image-steps/stamps", test_stamps);
  g_test_add_func ("/image-steps/tags", test_tags);

  return g_test_run ();
}
