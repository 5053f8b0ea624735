/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Steps about snapshots, in plans made by hand, with trouble at every step: all is as it was, what libvirt says of the
 * snapshots too. */

#include "config.h"

#include "host/domain/strata-domain-control.h"
#include "host/snapshot/strata-snapshot-reconcile.h"
#include "host/snapshot/strata-snapshot.h"
#include "strata-test.h"
#include "walk.h"
#include "xml/strata-snapshot-xml.h"

/* s1 <- s2, and the domain on an overlay beside s2, with s1 current */
typedef struct
{
  Walk walk;
  char *uuid;
  char *base;
  char *tip;
  char *s1;
  char *s2;
} Stage;

static char *
in_dir (Stage *self, const char *name)
{
  return g_build_filename (self->walk.dir, name, NULL);
}

static void
snapshot (Stage *self, const char *name, const char *overlay)
{
  g_autofree char *spec = g_strdup_printf ("vda,snapshot=external,file=%s", overlay);

  g_free (strata_test_run ("virsh", "-q", "-c", strata_test_uri (), "snapshot-create-as",
                           self->uuid, name, "--disk-only", "--atomic", "--diskspec", spec, NULL));
}

static char *
definition_on (Stage *self, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *xml = strata_domain_get_xml (self->walk.connection, self->uuid, &error);
  g_autoptr (StrataDomainXml) definition = strata_domain_xml_new_from_string (xml, &error);

  strata_domain_xml_set_disk_file (definition, "vda", path, "qcow2");

  return strata_domain_xml_to_string (definition);
}

static gboolean
stage_init (Stage *self, const char *name)
{
  g_autofree char *file = g_strdup_printf ("%s-vda.qcow2", name);
  g_autofree char *xml = NULL;
  g_autoptr (GError) error = NULL;

  self->walk.connection = strata_test_connection ();
  if (self->walk.connection == NULL)
    return FALSE;

  self->walk.dir = strata_test_dir ();
  self->walk.journal = strata_test_dir ();
  self->walk.index = -1;
  self->uuid = strata_test_define_tiny (self->walk.connection, name, self->walk.dir, 1);
  self->base = in_dir (self, file);
  self->s1 = in_dir (self, "s1");
  self->s2 = in_dir (self, "s2");
  self->tip = in_dir (self, "tip");

  snapshot (self, "s1", self->s1);
  snapshot (self, "s2", self->s2);
  strata_test_create_overlay (self->tip, self->base, "qcow2");
  xml = definition_on (self, self->tip);
  strata_test_assert_ok (strata_domain_define (self->walk.connection, xml, &error), error);
  strata_test_assert_ok (
      strata_snapshot_set_current (self->walk.connection, self->uuid, "s1", &error), error);
  strata_test_assert_ok (
      strata_snapshot_reconcile (self->walk.connection, self->uuid, NULL, NULL, NULL, &error),
      error);

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
  g_free (self->tip);
  g_free (self->s1);
  g_free (self->s2);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Stage, stage_clear)

static char *
get_xml (Stage *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  char *xml = strata_snapshot_get_xml (self->walk.connection, self->uuid, name, &error);

  g_assert_no_error (error);

  return xml;
}

/* The walk's inventory, and all that libvirt says of the snapshots. */
static char *
take_inventory (Stage *self)
{
  g_autofree char *rest = walk_inventory (&self->walk);
  g_autofree char *s1 = get_xml (self, "s1");
  g_autofree char *s2 = get_xml (self, "s2");
  g_autofree char *current = NULL;
  g_autoptr (StrataDomainFacts) facts =
      strata_connection_get_domain (self->walk.connection, self->uuid, NULL);

  strata_snapshot_get_current (self->walk.connection, self->uuid, &current, NULL);

  return g_strdup_printf ("%s\n%u, current %s\n%s%s", rest, facts->snapshots->len, current, s1, s2);
}

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
set_flag (StrataStep *step, const char *key)
{
  json_object_set_boolean_member (step->args, key, TRUE);
}

/* Trouble before and after each step. */
static void
walk (Stage *self, StrataPlan *plan)
{
  g_autofree char *before = take_inventory (self);
  guint n = strata_plan_get_n_steps (plan);

  for (guint i = 0; i < 2 * n; i++)
    {
      g_autofree char *after = NULL;

      self->walk.index = (int) (i / 2);
      self->walk.point = i % 2 == 0 ? STRATA_HOOK_BEFORE_STEP : STRATA_HOOK_AFTER_STEP;
      self->walk.trouble = i % 3 == 0 ? WALK_CANCEL : WALK_FAIL;
      g_assert_cmpint (walk_run (&self->walk, plan, NULL), ==, STRATA_JOB_OUTCOME_ROLLED_BACK);
      after = take_inventory (self);
      g_assert_cmpstr (after, ==, before);
    }

  self->walk.index = -1;
  g_assert_cmpint (walk_run (&self->walk, plan, NULL), ==, STRATA_JOB_OUTCOME_DONE);
}

static void
add_reconcile (Stage *self, StrataPlan *plan)
{
  add (plan, STRATA_STEP_RECONCILE, "uuid", self->uuid, NULL);
}

static void
assert_vda (Stage *self, const char *name, const char *overlay, const char *revert)
{
  g_autofree char *xml = get_xml (self, name);
  g_autoptr (StrataSnapshotXml) document = strata_snapshot_xml_new_from_string (xml, NULL);
  g_autoptr (GPtrArray) disks = strata_snapshot_xml_get_disks (document);
  StrataSnapshotDisk *disk = g_ptr_array_index (disks, 0);

  g_assert_cmpstr (disk->overlay, ==, overlay);
  g_assert_cmpstr (disk->revert_overlay, ==, revert);
}

static void
test_create (void)
{
  g_auto (Stage) stage = { 0 };
  g_autoptr (StrataPlan) plan = strata_plan_new ("Create", "Create");
  g_autoptr (StrataSnapshotXml) document = NULL;
  g_autoptr (GPtrArray) disks =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_snapshot_disk_free);
  StrataSnapshotDisk *disk = strata_snapshot_disk_new ("vda", STRATA_SNAPSHOT_EXTERNAL);
  g_autofree char *overlay = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *previous = NULL;
  JsonArray *array = json_array_new ();
  JsonObject *item = json_object_new ();
  StrataStep *step;

  if (!stage_init (&stage, "strata-steps-create"))
    return;

  overlay = in_dir (&stage, "b1");
  disk->overlay = g_strdup (overlay);
  g_ptr_array_add (disks, disk);
  document = strata_snapshot_xml_new ("b1", NULL, disks, STRATA_SNAPSHOT_NONE, NULL);
  xml = strata_snapshot_xml_to_string (document);
  previous = strata_domain_get_xml (stage.walk.connection, stage.uuid, NULL);
  json_object_set_string_member (item, "target", "vda");
  json_object_set_string_member (item, "overlay", overlay);
  json_object_set_string_member (item, "base", stage.tip);
  json_array_add_object_element (array, item);

  add (plan, STRATA_STEP_REQUIRE_OFF, "uuid", stage.uuid, "name", "strata-steps-create", NULL);
  step = add (plan, STRATA_STEP_SNAPSHOT_CREATE, "uuid", stage.uuid, "name", "strata-steps-create",
              "snapshot", "b1", "xml", xml, "kind", "disk-only", "previous", previous, NULL);
  json_object_set_array_member (step->args, "disks", array);
  add_reconcile (&stage, plan);

  walk (&stage, plan);
  assert_vda (&stage, "b1", overlay, NULL);
  assert_vda (&stage, "s1", stage.s1, NULL);
}

/* To s2, as it is done by hand. */
static void
test_go_back (void)
{
  g_auto (Stage) stage = { 0 };
  g_autoptr (StrataPlan) plan = strata_plan_new ("Go Back", "Go Back");
  g_autofree char *overlay = NULL;
  g_autofree char *definition = NULL;
  g_autofree char *previous = NULL;
  g_autofree char *s2 = NULL;
  StrataStep *step;

  if (!stage_init (&stage, "strata-steps-back"))
    return;

  overlay = in_dir (&stage, "new-tip");
  definition = definition_on (&stage, overlay);
  previous = strata_domain_get_xml (stage.walk.connection, stage.uuid, NULL);
  s2 = get_xml (&stage, "s2");

  step = add (plan, STRATA_STEP_CREATE_OVERLAY, "path", overlay, "format", "qcow2", "backing",
              stage.s1, "backing-format", "qcow2", NULL);
  json_object_set_int_member (step->args, "capacity", 64 * 1024 * 1024);
  add (plan, STRATA_STEP_DEFINE, "uuid", stage.uuid, "xml", definition, "previous", previous, NULL);
  step = add (plan, STRATA_STEP_SNAPSHOT_DEFINE, "uuid", stage.uuid, "snapshot", "s2", "xml", s2,
              "previous", s2, "previous-current", "s1", NULL);
  set_flag (step, "current");
  add (plan, STRATA_STEP_START, "uuid", stage.uuid, NULL);
  set_flag (strata_plan_get_step (plan, 3), "paused");
  add (plan, STRATA_STEP_REQUIRE_ACTIVE, "uuid", stage.uuid, "name", "strata-steps-back", NULL);
  add_reconcile (&stage, plan);

  walk (&stage, plan);
  assert_vda (&stage, "s1", stage.s1, NULL);
  assert_vda (&stage, "s2", overlay, NULL);
}

/* s1 gets another name, and s2 another parent by it. */
static void
test_rename (void)
{
  g_auto (Stage) stage = { 0 };
  g_autoptr (StrataPlan) plan = strata_plan_new ("Rename", "Rename");
  g_autoptr (StrataSnapshotXml) renamed = NULL;
  g_autoptr (StrataSnapshotXml) child = NULL;
  g_autofree char *s1 = NULL;
  g_autofree char *s2 = NULL;
  g_autofree char *renamed_xml = NULL;
  g_autofree char *child_xml = NULL;
  g_autofree char *current = NULL;
  const char *kept;
  StrataStep *step;

  if (!stage_init (&stage, "strata-steps-rename"))
    return;

  s1 = get_xml (&stage, "s1");
  s2 = get_xml (&stage, "s2");
  renamed = strata_snapshot_xml_new_from_string (s1, NULL);
  strata_snapshot_xml_set_name (renamed, "first");
  renamed_xml = strata_snapshot_xml_to_string (renamed);
  child = strata_snapshot_xml_new_from_string (s2, NULL);
  strata_snapshot_xml_set_parent (child, "first");
  child_xml = strata_snapshot_xml_to_string (child);

  step = add (plan, STRATA_STEP_SNAPSHOT_DEFINE, "uuid", stage.uuid, "snapshot", "first", "xml",
              renamed_xml, "previous-current", "s1", NULL);
  set_flag (step, "current");
  add (plan, STRATA_STEP_SNAPSHOT_DEFINE, "uuid", stage.uuid, "snapshot", "s2", "xml", child_xml,
       "previous", s2, NULL);
  add (plan, STRATA_STEP_DELETE_METADATA, "uuid", stage.uuid, "snapshot", "s1", "xml", s1, NULL);
  add_reconcile (&stage, plan);

  walk (&stage, plan);
  strata_snapshot_get_current (stage.walk.connection, stage.uuid, &current, NULL);
  g_assert_cmpstr (current, ==, "first");
  kept = strata_snapshot_keeps_revert_disks (stage.walk.connection) ? stage.tip : NULL;
  assert_vda (&stage, "first", stage.s1, kept);
  assert_vda (&stage, "s2", stage.s2, NULL);
}

int
main (int argc, char **argv)
{
  strata_test_init (&argc, &argv);

  g_test_add_func ("/snapshot-steps/create", test_create);
  g_test_add_func ("/snapshot-steps/go-back", test_go_back);
  g_test_add_func ("/snapshot-steps/rename", test_rename);

  return g_test_run ();
}
