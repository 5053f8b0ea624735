/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Snapshots made, taken back, rewritten and reconciled, on a real host. */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "host/domain/strata-screenshot.h"
#include "host/domain/strata-domain-control.h"
#include "host/snapshot/strata-internal-snapshot.h"
#include "host/domain/strata-restore.h"
#include "host/snapshot/strata-snapshot-create.h"
#include "host/snapshot/strata-snapshot-names.h"
#include "host/snapshot/strata-snapshot-reconcile.h"
#include "host/snapshot/strata-snapshot.h"
#include "host/storage/strata-storage.h"
#include "jobs/perform/strata-perform.h"
#include "strata-test.h"
#include "base/strata-error.h"

#define MIB ((guint64) 1024 * 1024)

/* A tiny VM and its folder. */
typedef struct
{
  StrataConnection *connection;
  char *dir;
  char *uuid;
  char *base; /* of vda */
} Vm;

static void
vm_clear (Vm *self)
{
  if (self->connection != NULL)
    strata_test_undefine (self->connection, self->uuid);
  g_clear_pointer (&self->dir, g_free);
  g_clear_pointer (&self->uuid, g_free);
  g_clear_pointer (&self->base, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Vm, vm_clear)

static gboolean
vm_init (Vm *self, const char *name, guint n_disks)
{
  g_autofree char *file = g_strdup_printf ("%s-vda.qcow2", name);

  self->connection = strata_test_connection ();
  if (self->connection == NULL)
    return FALSE;

  self->dir = strata_test_dir ();
  self->uuid = strata_test_define_tiny (self->connection, name, self->dir, n_disks);
  self->base = g_build_filename (self->dir, file, NULL);

  return TRUE;
}

static char *
in_dir (Vm *vm, const char *name)
{
  return g_build_filename (vm->dir, name, NULL);
}

static gboolean
is_there (const char *path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
start_paused (Vm *vm)
{
  g_autoptr (GError) error = NULL;

  strata_test_assert_ok (strata_domain_start (vm->connection, vm->uuid, TRUE, &error), error);
}

static void
force_off (Vm *vm)
{
  g_autoptr (GError) error = NULL;

  strata_test_assert_ok (strata_domain_force_off (vm->connection, vm->uuid, &error), error);
}

static void
assert_state (Vm *vm, StrataDomainState expected)
{
  g_autoptr (GError) error = NULL;
  StrataDomainState state;

  strata_test_assert_ok (strata_domain_get_state (vm->connection, vm->uuid, &state, &error), error);
  g_assert_cmpint (state, ==, expected);
}

static StrataDomainFacts *
look (Vm *vm)
{
  g_autoptr (GError) error = NULL;
  StrataDomainFacts *facts = strata_connection_get_domain (vm->connection, vm->uuid, &error);

  g_assert_no_error (error);

  return facts;
}

static void
assert_source (Vm *vm, guint disk, const char *path)
{
  g_autoptr (StrataDomainFacts) facts = look (vm);
  g_autoptr (GPtrArray) inactive = strata_domain_xml_get_disks (facts->definition);
  StrataDiskXml *live = g_ptr_array_index (facts->disks, disk);
  StrataDiskXml *next = g_ptr_array_index (inactive, disk);

  g_assert_cmpstr (live->source, ==, path);
  g_assert_cmpstr (next->source, ==, path);
}

static void
assert_snapshots (Vm *vm, const char *expected)
{
  g_autoptr (StrataDomainFacts) facts = look (vm);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autofree char *actual = NULL;

  for (guint i = 0; i < facts->snapshots->len; i++)
    g_ptr_array_add (names,
                     ((StrataSnapshotFacts *) g_ptr_array_index (facts->snapshots, i))->name);
  g_ptr_array_sort_values (names, (GCompareFunc) strcmp);
  g_ptr_array_add (names, NULL);
  actual = g_strjoinv (" ", (char **) names->pdata);
  g_assert_cmpstr (actual, ==, expected);
}

static void
assert_current (Vm *vm, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *current = NULL;

  strata_test_assert_ok (strata_snapshot_get_current (vm->connection, vm->uuid, &current, &error),
                         error);
  g_assert_cmpstr (current, ==, expected);
}

static char *
get_xml (Vm *vm, const char *name)
{
  g_autoptr (GError) error = NULL;
  char *xml = strata_snapshot_get_xml (vm->connection, vm->uuid, name, &error);

  g_assert_no_error (error);

  return xml;
}

static StrataSnapshotXml *
get_document (Vm *vm, const char *name)
{
  g_autofree char *xml = get_xml (vm, name);
  g_autoptr (GError) error = NULL;
  StrataSnapshotXml *document = strata_snapshot_xml_new_from_string (xml, &error);

  g_assert_no_error (error);

  return document;
}

static StrataSnapshotDisk *
find_disk (GPtrArray *disks, const char *target)
{
  for (guint i = 0; i < disks->len; i++)
    {
      StrataSnapshotDisk *disk = g_ptr_array_index (disks, i);

      if (g_str_equal (disk->target, target))
        return disk;
    }
  g_assert_not_reached ();
}

/* What libvirt says of vda in a snapshot, by the names of the files. */
static void
assert_vda (Vm *vm, const char *name, const char *image, const char *overlay, const char *revert)
{
  g_autoptr (StrataSnapshotXml) document = get_document (vm, name);
  g_autoptr (GPtrArray) disks = strata_snapshot_xml_get_disks (document);
  StrataSnapshotDisk *disk = find_disk (disks, "vda");
  g_autofree char *image_path = in_dir (vm, image);
  g_autofree char *overlay_path = overlay != NULL ? in_dir (vm, overlay) : NULL;
  g_autofree char *revert_path = revert != NULL ? in_dir (vm, revert) : NULL;

  g_assert_cmpstr (disk->image, ==, image_path);
  g_assert_cmpstr (disk->overlay, ==, overlay_path);
  g_assert_cmpstr (disk->revert_overlay, ==, revert_path);
}

static void
define_on (Vm *vm, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *xml = strata_domain_get_xml (vm->connection, vm->uuid, &error);
  g_autoptr (StrataDomainXml) definition = strata_domain_xml_new_from_string (xml, &error);
  g_autofree char *text = NULL;

  strata_domain_xml_set_disk_file (definition, "vda", path, "qcow2");
  text = strata_domain_xml_to_string (definition);
  strata_test_assert_ok (strata_domain_define (vm->connection, text, &error), error);
}

/* An overlay on FROM, and vda on it: what going back by hand does. */
static void
go_back (Vm *vm, const char *from, const char *tip)
{
  g_autofree char *from_path = in_dir (vm, from);
  g_autofree char *tip_path = in_dir (vm, tip);

  strata_test_create_overlay (tip_path, from_path, "qcow2");
  define_on (vm, tip_path);
}

static void
reconcile (Vm *vm)
{
  g_autoptr (GPtrArray) remarks = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;

  strata_test_assert_ok (
      strata_snapshot_reconcile (vm->connection, vm->uuid, NULL, remarks, NULL, &error), error);
  g_assert_cmpuint (remarks->len, ==, 0);
}

static gboolean
native_revert (Vm *vm, const char *name)
{
  virDomainPtr domain =
      virDomainLookupByUUIDString (strata_connection_get_handle (vm->connection), vm->uuid);
  virDomainSnapshotPtr snapshot = virDomainSnapshotLookupByName (domain, name, 0);
  gboolean reverted;

  g_assert_nonnull (snapshot);
  reverted = virDomainRevertToSnapshot (snapshot, 0) == 0;
  virDomainSnapshotFree (snapshot);
  virDomainFree (domain);

  return reverted;
}

static gboolean
native_delete (Vm *vm, const char *name)
{
  virDomainPtr domain =
      virDomainLookupByUUIDString (strata_connection_get_handle (vm->connection), vm->uuid);
  virDomainSnapshotPtr snapshot = virDomainSnapshotLookupByName (domain, name, 0);
  gboolean deleted;

  g_assert_nonnull (snapshot);
  deleted = virDomainSnapshotDelete (snapshot, 0) == 0;
  virDomainSnapshotFree (snapshot);
  virDomainFree (domain);

  return deleted;
}

/* An order for a snapshot, with all that it points to. */
typedef struct
{
  StrataSnapshotParams order;
  char *xml;
  char *previous;
  char *memory_file;
} Order;

static void
order_clear (Order *self)
{
  g_clear_pointer (&self->order.overlays, g_ptr_array_unref);
  g_clear_pointer (&self->order.images, g_strfreev);
  g_clear_pointer (&self->xml, g_free);
  g_clear_pointer (&self->previous, g_free);
  g_clear_pointer (&self->memory_file, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Order, order_clear)

static void
add_image (Order *self, const char *path)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (self->order.images != NULL)
    g_strv_builder_addv (builder, (const char **) self->order.images);
  g_strv_builder_add (builder, path);
  g_strfreev (self->order.images);
  self->order.images = g_strv_builder_end (builder);
}

static void
add_disk (Vm *vm, GPtrArray *disks, Order *self, StrataDiskXml *disk, gboolean left_out)
{
  StrataSnapshotDisk *item = strata_snapshot_disk_new (disk->target, STRATA_SNAPSHOT_NONE);

  g_ptr_array_add (disks, item);
  if (left_out)
    return;

  if (self->order.kind == STRATA_SNAPSHOT_KIND_INTERNAL)
    {
      item->location = STRATA_SNAPSHOT_INTERNAL;
      add_image (self, disk->source);
    }
  else
    {
      g_autofree char *file = g_strdup_printf ("%s.%s", self->order.name, disk->target);

      item->location = STRATA_SNAPSHOT_EXTERNAL;
      item->overlay = in_dir (vm, file);
      g_ptr_array_add (
          self->order.overlays,
          strata_snapshot_overlay_new (disk->target, item->overlay, disk->source, disk->format));
    }
}

/* LEFT_OUT: a disk that takes no part, or NULL. Overlays are DIR/NAME.vda. */
static void
order_init (Vm *vm, Order *self, const char *name, StrataSnapshotKind kind, const char *left_out)
{
  g_autoptr (StrataDomainFacts) facts = look (vm);
  g_autoptr (GPtrArray) disks =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_snapshot_disk_free);
  StrataSnapshotLocation memory = STRATA_SNAPSHOT_NONE;
  g_autoptr (StrataSnapshotXml) document = NULL;

  self->previous = g_strdup (facts->xml);
  self->order.uuid = vm->uuid;
  self->order.name = name;
  self->order.kind = kind;
  self->order.previous = self->previous;
  self->order.overlays =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_snapshot_overlay_free);

  if (kind == STRATA_SNAPSHOT_KIND_MEMORY)
    {
      g_autofree char *file = g_strdup_printf ("%s.memory", name);

      memory = STRATA_SNAPSHOT_EXTERNAL;
      self->memory_file = in_dir (vm, file);
      self->order.memory_file = self->memory_file;
    }
  else if (kind == STRATA_SNAPSHOT_KIND_INTERNAL && strata_domain_facts_is_active (facts))
    memory = STRATA_SNAPSHOT_INTERNAL;

  for (guint i = 0; i < facts->disks->len; i++)
    {
      StrataDiskXml *disk = g_ptr_array_index (facts->disks, i);

      add_disk (vm, disks, self, disk, g_strcmp0 (disk->target, left_out) == 0);
    }
  document = strata_snapshot_xml_new (name, "made by a test", disks, memory, self->memory_file);
  self->xml = strata_snapshot_xml_to_string (document);
  self->order.xml = self->xml;
}

static void
create (Vm *vm, Order *self)
{
  g_autoptr (GError) error = NULL;

  strata_test_assert_ok (strata_snapshot_check_params (vm->connection, &self->order, &error),
                         error);
  strata_test_assert_ok (strata_snapshot_create (vm->connection, &self->order, NULL, &error),
                         error);
}

static void
take_back (Vm *vm, Order *self)
{
  g_autoptr (GError) error = NULL;

  strata_test_assert_ok (strata_snapshot_undo (vm->connection, &self->order, &error), error);
}

/* NAME, external, of the disks only */
static void
snapshot (Vm *vm, const char *name)
{
  g_auto (Order) order = { 0 };

  order_init (vm, &order, name, STRATA_SNAPSHOT_KIND_DISK_ONLY, NULL);
  create (vm, &order);
}

/* Making ------------------------------------------------------------------------------------------- */

/* What is shown, which is read otherwise, is what the cheapest look says; another snapshot of that name is not. */
static void
assert_names_are_shown (Vm *vm)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataDomainFacts) facts = look (vm);
  g_autofree char *shown =
      strata_snapshot_names_get_current (strata_domain_facts_get_current (facts));
  g_auto (GStrv) names = strata_snapshot_list_names (vm->connection, vm->uuid, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (names), ==, facts->snapshots->len + 1);
  g_assert_cmpstr (names[facts->snapshots->len], ==, shown);
  ((StrataSnapshotFacts *) strata_domain_facts_get_current (facts))->retained = TRUE;
  g_clear_pointer (&shown, g_free);
  shown = strata_snapshot_names_get_current (strata_domain_facts_get_current (facts));
  g_assert_cmpstr (names[facts->snapshots->len], !=, shown);
}

static void
test_create_off (void)
{
  g_auto (Vm) vm = { NULL };
  g_auto (Order) order = { 0 };
  g_autofree char *overlay = NULL;
  g_autofree char *left_out = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  if (!vm_init (&vm, "strata-snap-off", 2))
    return;
  overlay = in_dir (&vm, "s1.vda");
  left_out = in_dir (&vm, "strata-snap-off-vdb.qcow2");
  strata_test_write_pattern (vm.base, "qcow2", 1, 0, MIB);

  order_init (&vm, &order, "s1", STRATA_SNAPSHOT_KIND_DISK_ONLY, "vdb");
  create (&vm, &order);
  assert_snapshots (&vm, "s1");
  assert_source (&vm, 0, overlay);
  assert_source (&vm, 1, left_out);
  assert_vda (&vm, "s1", "strata-snap-off-vda.qcow2", "s1.vda", NULL);
  assert_names_are_shown (&vm);

  /* What is written meanwhile survives that it is taken back. */
  strata_test_write_pattern (overlay, "qcow2", 2, 2 * MIB, MIB);
  before = strata_test_guest_hash (overlay, "qcow2");
  take_back (&vm, &order);
  take_back (&vm, &order);
  assert_snapshots (&vm, "");
  assert_source (&vm, 0, vm.base);
  g_assert_false (is_there (overlay));
  after = strata_test_guest_hash (vm.base, "qcow2");
  g_assert_cmpstr (after, ==, before);
  xml = strata_domain_get_xml (vm.connection, vm.uuid, NULL);
  g_assert_cmpstr (xml, ==, order.previous);
}

static void
assert_picture (const char *path)
{
  g_autofree char *bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_file_get_contents (path, &bytes, &length, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (length, >, 1000);
  g_assert_true (memcmp (bytes, "\x89PNG", 4) == 0 || memcmp (bytes, "P6", 2) == 0);
}

static void
check_active (Vm *vm, StrataSnapshotKind kind, StrataDomainState state)
{
  g_auto (Order) order = { 0 };
  g_autofree char *overlay = in_dir (vm, "s1.vda");

  order_init (vm, &order, "s1", kind, NULL);
  create (vm, &order);
  assert_snapshots (vm, "s1");
  assert_source (vm, 0, overlay);
  assert_state (vm, state);
  if (order.memory_file != NULL)
    g_assert_true (is_there (order.memory_file));

  take_back (vm, &order);
  assert_snapshots (vm, "");
  assert_source (vm, 0, vm->base);
  assert_state (vm, state);
  g_assert_false (is_there (overlay));
  g_assert_true (order.memory_file == NULL || !is_there (order.memory_file));
}

static void
test_create_active (void)
{
  g_auto (Vm) vm = { NULL };
  g_autoptr (GError) error = NULL;

  if (!vm_init (&vm, "strata-snap-active", 2))
    return;

  start_paused (&vm);
  check_active (&vm, STRATA_SNAPSHOT_KIND_DISK_ONLY, STRATA_DOMAIN_STATE_PAUSED);
  check_active (&vm, STRATA_SNAPSHOT_KIND_MEMORY, STRATA_DOMAIN_STATE_PAUSED);
  force_off (&vm);

  strata_test_assert_ok (strata_domain_start (vm.connection, vm.uuid, FALSE, &error), error);
  check_active (&vm, STRATA_SNAPSHOT_KIND_DISK_ONLY, STRATA_DOMAIN_STATE_RUNNING);
  check_active (&vm, STRATA_SNAPSHOT_KIND_MEMORY, STRATA_DOMAIN_STATE_RUNNING);
}

static void
add_video (Vm *vm)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *xml = strata_domain_get_xml (vm->connection, vm->uuid, &error);
  g_autoptr (GString) text = g_string_new (xml);

  g_string_replace (text, "</devices>", "<video><model type='vga'/></video></devices>", 1);
  strata_test_assert_ok (strata_domain_define (vm->connection, text->str, &error), error);
}

static void
test_screenshot (void)
{
  g_auto (Vm) vm = { NULL };
  g_auto (Order) order = { 0 };
  g_auto (Order) blind = { 0 };
  g_autofree char *screenshot = NULL;

  if (!vm_init (&vm, "strata-snap-screen", 1))
    return;
  screenshot = in_dir (&vm, "screens/s1");

  /* Where there is no screen, there is a snapshot all the same. */
  order_init (&vm, &blind, "s1", STRATA_SNAPSHOT_KIND_DISK_ONLY, NULL);
  blind.order.screenshot = screenshot;
  create (&vm, &blind);
  g_assert_false (is_there (screenshot));
  take_back (&vm, &blind);

  add_video (&vm);
  start_paused (&vm);
  order_init (&vm, &order, "s1", STRATA_SNAPSHOT_KIND_MEMORY, NULL);
  order.order.screenshot = screenshot;
  create (&vm, &order);
  assert_picture (screenshot);
  take_back (&vm, &order);
  g_assert_false (is_there (screenshot));
}

/* The picture goes with the snapshot's name, whatever is in that. */
static void
test_screenshot_names (void)
{
  g_autofree char *old = strata_screenshot_get_path ("uuid", "before / after");
  g_autofree char *new = strata_screenshot_get_path ("uuid", "sau nâng cấp");
  g_autofree char *folder = g_path_get_dirname (old);
  g_autofree char *other = g_path_get_dirname (new);

  g_assert_cmpstr (folder, ==, other);
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (old, "picture", -1, NULL));
  strata_screenshot_rename ("uuid", "before / after", "sau nâng cấp");
  g_assert_false (is_there (old));
  g_assert_true (is_there (new));
  strata_screenshot_remove ("uuid", "sau nâng cấp");
  strata_screenshot_remove ("uuid", "never there");
  g_assert_false (is_there (new));
}

static gboolean
has_tag (const char *path, const char *tag)
{
  g_autofree char *list = strata_test_run ("qemu-img", "snapshot", "-U", "-l", path, NULL);
  g_autofree char *word = g_strdup_printf (" %s ", tag);

  return strstr (list, word) != NULL;
}

static void
check_internal (Vm *vm)
{
  g_auto (Order) order = { 0 };

  order_init (vm, &order, "i1", STRATA_SNAPSHOT_KIND_INTERNAL, NULL);
  create (vm, &order);
  assert_snapshots (vm, "i1");
  g_assert_true (has_tag (vm->base, "i1"));
  take_back (vm, &order);
  take_back (vm, &order);
  assert_snapshots (vm, "");
  g_assert_false (has_tag (vm->base, "i1"));
}

static void
test_create_internal (void)
{
  g_auto (Vm) vm = { NULL };

  if (!vm_init (&vm, "strata-snap-internal", 1))
    return;

  check_internal (&vm);
  start_paused (&vm);
  check_internal (&vm);
}

/* Whenever it is cancelled, there is all of it or nothing. */
static void
test_create_cancelled (void)
{
  static const guint delays[] = { 0, 5, 20, 60 };
  g_auto (Vm) vm = { NULL };

  if (!vm_init (&vm, "strata-snap-cancel", 1))
    return;
  start_paused (&vm);

  for (size_t i = 0; i < G_N_ELEMENTS (delays); i++)
    {
      g_auto (Order) order = { 0 };
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;
      GSource *source = g_timeout_source_new (delays[i]);

      order_init (&vm, &order, "s1", STRATA_SNAPSHOT_KIND_MEMORY, NULL);
      g_source_set_callback (source, G_SOURCE_FUNC (g_cancellable_cancel), cancellable, NULL);
      g_source_attach (source, NULL);
      if (strata_snapshot_create (vm.connection, &order.order,
                                  &(StrataTransfer) { 0, NULL, NULL, cancellable }, &error))
        take_back (&vm, &order);
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_source_destroy (source);
      g_source_unref (source);

      assert_snapshots (&vm, "");
      assert_source (&vm, 0, vm.base);
      assert_state (&vm, STRATA_DOMAIN_STATE_PAUSED);
      g_assert_false (is_there (order.memory_file));
    }
}

static void
test_create_fails (void)
{
  g_auto (Vm) vm = { NULL };
  g_auto (Order) quiet = { 0 };
  g_auto (Order) taken = { 0 };
  g_autofree char *overlay = NULL;
  g_autoptr (GError) error = NULL;

  if (!vm_init (&vm, "strata-snap-fails", 1))
    return;
  overlay = in_dir (&vm, "s1.vda");
  strata_test_assert_ok (strata_domain_start (vm.connection, vm.uuid, FALSE, &error), error);

  /* There is no agent in the guest. */
  order_init (&vm, &quiet, "s1", STRATA_SNAPSHOT_KIND_DISK_ONLY, NULL);
  quiet.order.quiesce = TRUE;
  g_assert_false (strata_snapshot_create (vm.connection, &quiet.order, NULL, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strata_error_get_hint (error));
  g_clear_error (&error);
  assert_snapshots (&vm, "");
  assert_source (&vm, 0, vm.base);
  g_assert_false (is_there (overlay));

  /* What others made is seen before, and is not ours to remove. */
  strata_test_create_image (overlay, "qcow2", "1M");
  order_init (&vm, &taken, "s1", STRATA_SNAPSHOT_KIND_DISK_ONLY, NULL);
  g_assert_false (strata_snapshot_check_params (vm.connection, &taken.order, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
  g_assert_true (is_there (overlay));
}

/* Taking back stops where somebody else put something on top. */
static void
test_take_back_refuses (void)
{
  g_auto (Vm) vm = { NULL };
  g_auto (Order) order = { 0 };
  g_autofree char *overlay = NULL;
  g_autoptr (GError) error = NULL;

  if (!vm_init (&vm, "strata-snap-refuse", 1))
    return;
  overlay = in_dir (&vm, "s1.vda");
  order_init (&vm, &order, "s1", STRATA_SNAPSHOT_KIND_DISK_ONLY, NULL);
  create (&vm, &order);
  go_back (&vm, "s1.vda", "foreign");

  g_assert_false (strata_snapshot_undo (vm.connection, &order.order, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_FAILED);
  g_assert_true (is_there (overlay));
  assert_snapshots (&vm, "s1");
}

/* Documents ---------------------------------------------------------------------------------------- */

static void
define (Vm *vm, StrataSnapshotXml *document, gboolean current)
{
  g_autofree char *xml = strata_snapshot_xml_to_string (document);
  g_autoptr (GError) error = NULL;

  strata_test_assert_ok (
      strata_snapshot_define (vm->connection, vm->uuid, xml, NULL, current, &error), error);
}

static void
set_revert (Vm *vm, StrataSnapshotXml *document, const char *file)
{
  g_autoptr (GPtrArray) disks =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_snapshot_disk_free);
  StrataSnapshotDisk *disk = strata_snapshot_disk_new ("vda", STRATA_SNAPSHOT_EXTERNAL);

  disk->revert_overlay = in_dir (vm, file);
  g_ptr_array_add (disks, disk);
  strata_snapshot_xml_set_revert_disks (document, disks);
}

static void
test_define (void)
{
  g_auto (Vm) vm = { NULL };
  g_autoptr (StrataSnapshotXml) s1 = NULL;
  g_autoptr (StrataSnapshotXml) s2 = NULL;
  const char *kept;

  if (!vm_init (&vm, "strata-snap-define", 1))
    return;
  kept = strata_snapshot_keeps_revert_disks (vm.connection) ? "tip" : NULL;
  snapshot (&vm, "s1");
  snapshot (&vm, "s2");
  go_back (&vm, "strata-snap-define-vda.qcow2", "tip");

  /* Of one that is not current it is not kept, of one that becomes it, and one that is it, it is. */
  s1 = get_document (&vm, "s1");
  set_revert (&vm, s1, "tip");
  define (&vm, s1, FALSE);
  assert_current (&vm, "s2");
  assert_vda (&vm, "s1", "strata-snap-define-vda.qcow2", "s1.vda", NULL);
  set_revert (&vm, s1, "tip");
  define (&vm, s1, TRUE);
  assert_current (&vm, "s1");
  assert_vda (&vm, "s1", "strata-snap-define-vda.qcow2", "s1.vda", kept);
  strata_snapshot_xml_set_description (s1, "another text");
  define (&vm, s1, TRUE);
  define (&vm, s1, FALSE);
  assert_current (&vm, "s1");
  assert_vda (&vm, "s1", "strata-snap-define-vda.qcow2", "s1.vda", kept);

  s2 = get_document (&vm, "s2");
  strata_snapshot_xml_set_retained (s2, TRUE);
  define (&vm, s2, FALSE);
  assert_current (&vm, "s1");
  assert_vda (&vm, "s1", "strata-snap-define-vda.qcow2", "s1.vda", kept);
  g_clear_object (&s2);
  s2 = get_document (&vm, "s2");
  g_assert_true (strata_snapshot_xml_get_retained (s2));
}

static JsonObject *parse_args (const char *format, ...) G_GNUC_PRINTF (1, 2);

static JsonObject *
parse_args (const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) error = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  node = json_from_string (text, &error);
  g_assert_no_error (error);

  return json_object_ref (json_node_get_object (node));
}

static void
set_string (JsonObject *args, const char *key, const char *value)
{
  json_object_set_string_member (args, key, value);
}

static const StrataStepOps *
find_step (StrataStepKind kind)
{
  return strata_step_get_ops (kind);
}

static void
test_step_forget (void)
{
  g_auto (Vm) vm = { NULL };
  const StrataStepOps *step = find_step (STRATA_STEP_DELETE_METADATA);
  g_autoptr (JsonObject) args = NULL;
  g_autofree char *s1 = NULL;
  g_autofree char *s2 = NULL;
  g_autofree char *s2_again = NULL;
  g_autofree char *overlay = NULL;
  g_autoptr (StrataSnapshotXml) child = NULL;
  g_autofree char *parent = NULL;
  JsonArray *children = json_array_new ();
  g_autoptr (GError) error = NULL;
  StrataStepContext context = { NULL };
  gboolean done = TRUE;

  if (!vm_init (&vm, "strata-snap-forget", 1))
    return;
  snapshot (&vm, "s1");
  snapshot (&vm, "s2");
  s1 = get_xml (&vm, "s1");
  s2 = get_xml (&vm, "s2");
  overlay = in_dir (&vm, "s1.vda");

  args = parse_args ("{\"uuid\":\"%s\",\"snapshot\":\"s1\",\"was-current\":false}", vm.uuid);
  set_string (args, "xml", s1);
  json_array_add_string_element (children, s2);
  json_object_set_array_member (args, "children", children);
  context.connection = vm.connection;
  context.args = args;

  strata_test_assert_ok (step->is_done (&context, &done, &error), error);
  g_assert_false (done);
  strata_test_assert_ok (step->run (&context, NULL, &error), error);
  strata_test_assert_ok (step->run (&context, NULL, &error), error);
  strata_test_assert_ok (step->is_done (&context, &done, &error), error);
  g_assert_true (done);
  assert_snapshots (&vm, "s2");
  child = get_document (&vm, "s2");
  parent = strata_snapshot_xml_get_parent (child);
  g_assert_null (parent);
  g_assert_true (is_there (overlay));

  strata_test_assert_ok (step->undo (&context, &error), error);
  assert_snapshots (&vm, "s1 s2");
  assert_current (&vm, "s2");
  s2_again = get_xml (&vm, "s2");
  g_assert_cmpstr (s2_again, ==, s2);
}

static void
test_step_define (void)
{
  g_auto (Vm) vm = { NULL };
  const StrataStepOps *step = find_step (STRATA_STEP_SNAPSHOT_DEFINE);
  g_autoptr (JsonObject) args = NULL;
  g_autoptr (JsonObject) rename_args = NULL;
  g_autoptr (StrataSnapshotXml) document = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *changed = NULL;
  g_autofree char *renamed = NULL;
  g_autoptr (GError) error = NULL;
  StrataStepContext context = { NULL };

  if (!vm_init (&vm, "strata-snap-step-def", 1))
    return;
  snapshot (&vm, "s1");
  snapshot (&vm, "s2");
  before = get_xml (&vm, "s1");
  document = get_document (&vm, "s1");
  strata_snapshot_xml_set_description (document, "changed");
  changed = strata_snapshot_xml_to_string (document);
  strata_snapshot_xml_set_name (document, "s0");
  renamed = strata_snapshot_xml_to_string (document);

  args = parse_args ("{\"uuid\":\"%s\",\"snapshot\":\"s1\",\"current\":true,"
                     "\"previous-current\":\"s2\"}",
                     vm.uuid);
  set_string (args, "xml", changed);
  set_string (args, "previous", before);
  context.connection = vm.connection;
  context.args = args;
  strata_test_assert_ok (step->run (&context, NULL, &error), error);
  assert_current (&vm, "s1");
  strata_test_assert_ok (step->undo (&context, &error), error);
  strata_test_assert_ok (step->undo (&context, &error), error);
  assert_current (&vm, "s2");
  after = get_xml (&vm, "s1");
  g_assert_cmpstr (after, ==, before);

  rename_args = parse_args ("{\"uuid\":\"%s\",\"snapshot\":\"s0\",\"current\":false,"
                            "\"previous\":null,\"previous-current\":null}",
                            vm.uuid);
  set_string (rename_args, "xml", renamed);
  context.args = rename_args;
  strata_test_assert_ok (step->run (&context, NULL, &error), error);
  assert_snapshots (&vm, "s0 s1 s2");
  strata_test_assert_ok (step->undo (&context, &error), error);
  assert_snapshots (&vm, "s1 s2");
  assert_current (&vm, "s2");
}

/* Internal ones ------------------------------------------------------------------------------------ */

static void
internal (Vm *vm, const char *name)
{
  g_auto (Order) order = { 0 };

  order_init (vm, &order, name, STRATA_SNAPSHOT_KIND_INTERNAL, NULL);
  create (vm, &order);
}

static void
delete_internal (Vm *vm, const char *name, const char *tag)
{
  const char *const paths[] = { vm->base, NULL };
  const char *const formats[] = { "qcow2", NULL };
  g_autoptr (GError) error = NULL;

  strata_test_assert_ok (strata_snapshot_delete_internal (vm->connection, vm->uuid, name, tag,
                                                          paths, formats, NULL, &error),
                         error);
  g_assert_false (has_tag (vm->base, tag));
}

static void
test_delete_internal (void)
{
  g_auto (Vm) vm = { NULL };
  g_autoptr (StrataSnapshotXml) document = NULL;
  g_autoptr (GError) error = NULL;

  if (!vm_init (&vm, "strata-snap-del-int", 1))
    return;
  internal (&vm, "i1");
  internal (&vm, "i2");
  internal (&vm, "i3");

  delete_internal (&vm, "i1", "i1");
  delete_internal (&vm, "i1", "i1");
  assert_snapshots (&vm, "i2 i3");
  g_assert_true (has_tag (vm.base, "i2"));

  /* Somebody renamed it; libvirt then deletes it without finding its tag. */
  document = get_document (&vm, "i2");
  strata_snapshot_xml_set_name (document, "renamed");
  define (&vm, document, FALSE);
  strata_test_assert_ok (strata_snapshot_delete_metadata (vm.connection, vm.uuid, "i2", &error),
                         error);
  delete_internal (&vm, "renamed", "i2");
  assert_snapshots (&vm, "i3");
  g_assert_true (has_tag (vm.base, "i3"));
}

/* QEMU deletes by the name in every disk that it has: also in one that the snapshot isn't in. */
static void
test_delete_internal_elsewhere (void)
{
  static const char *const elsewhere[] = { "/elsewhere.qcow2", NULL };
  static const char *const formats[] = { NULL };
  g_auto (Vm) vm = { NULL };
  g_autoptr (GError) error = NULL;

  if (!vm_init (&vm, "strata-snap-del-elsewhere", 1))
    return;
  internal (&vm, "i1");
  start_paused (&vm);

  g_assert_false (strata_snapshot_delete_internal (vm.connection, vm.uuid, "i1", "i1", elsewhere,
                                                   formats, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CHANGED);
  g_assert_true (has_tag (vm.base, "i1"));
  assert_snapshots (&vm, "i1");
  force_off (&vm);
}

static void
revert_internal (Vm *vm, const char *name, StrataAfter after)
{
  g_autoptr (GError) error = NULL;

  strata_test_assert_ok (
      strata_snapshot_revert_internal (vm->connection, vm->uuid, name, after, &error), error);
}

static void
test_revert_internal (void)
{
  g_auto (Vm) vm = { NULL };
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  if (!vm_init (&vm, "strata-snap-rev-int", 1))
    return;
  strata_test_write_pattern (vm.base, "qcow2", 1, 0, MIB);
  before = strata_test_guest_hash (vm.base, "qcow2");
  internal (&vm, "off");
  strata_test_write_pattern (vm.base, "qcow2", 2, 0, MIB);

  revert_internal (&vm, "off", STRATA_AFTER_OFF);
  assert_state (&vm, STRATA_DOMAIN_STATE_OFF);
  after = strata_test_guest_hash (vm.base, "qcow2");
  g_assert_cmpstr (after, ==, before);
  assert_current (&vm, "off");

  start_paused (&vm);
  internal (&vm, "on");
  force_off (&vm);
  revert_internal (&vm, "on", STRATA_AFTER_PAUSED);
  assert_state (&vm, STRATA_DOMAIN_STATE_PAUSED);
  force_off (&vm);
  revert_internal (&vm, "on", STRATA_AFTER_RUNNING);
  assert_state (&vm, STRATA_DOMAIN_STATE_RUNNING);
  force_off (&vm);
  revert_internal (&vm, "on", STRATA_AFTER_OFF);
  assert_state (&vm, STRATA_DOMAIN_STATE_OFF);
  revert_internal (&vm, "off", STRATA_AFTER_PAUSED);
  assert_state (&vm, STRATA_DOMAIN_STATE_PAUSED);

  /* Another client may have started it. */
  g_assert_false (
      strata_snapshot_revert_internal (vm.connection, vm.uuid, "off", STRATA_AFTER_OFF, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CHANGED);
  assert_state (&vm, STRATA_DOMAIN_STATE_PAUSED);
}

/* Memory from a file, with another disk than it was saved with. */
static void
assert_restored (Vm *vm, gboolean paused, gboolean expected)
{
  g_autoptr (GError) error = NULL;
  gboolean restored;

  strata_test_assert_ok (
      strata_domain_is_restored (vm->connection, vm->uuid, paused, &restored, &error), error);
  g_assert_cmpint (restored, ==, expected);
}

static void
test_restore (void)
{
  g_auto (Vm) vm = { NULL };
  g_auto (Order) order = { 0 };
  g_autoptr (StrataSnapshotXml) document = NULL;
  g_autoptr (StrataDomainXml) live = NULL;
  g_autofree char *tip = NULL;
  g_autofree char *xml = NULL;
  g_autoptr (GError) error = NULL;

  if (!vm_init (&vm, "strata-snap-restore", 1))
    return;
  strata_test_assert_ok (strata_domain_start (vm.connection, vm.uuid, FALSE, &error), error);
  order_init (&vm, &order, "m1", STRATA_SNAPSHOT_KIND_MEMORY, NULL);
  create (&vm, &order);
  force_off (&vm);

  go_back (&vm, "strata-snap-restore-vda.qcow2", "tip");
  tip = in_dir (&vm, "tip");
  document = get_document (&vm, "m1");
  live = strata_snapshot_xml_get_live_definition (document);
  strata_domain_xml_set_disk_file (live, "vda", tip, "qcow2");
  xml = strata_domain_xml_to_string (live);

  for (int paused = 1; paused >= 0; paused--)
    {
      strata_test_assert_ok (
          strata_domain_restore (vm.connection, vm.uuid, order.memory_file, xml, paused, &error),
          error);
      assert_state (&vm, paused ? STRATA_DOMAIN_STATE_PAUSED : STRATA_DOMAIN_STATE_RUNNING);
      assert_source (&vm, 0, tip);
      g_assert_true (is_there (order.memory_file));
      assert_restored (&vm, TRUE, TRUE);
      assert_restored (&vm, FALSE, !paused);
      force_off (&vm);
    }

  /* Between the two halves Strata may be killed. */
  assert_restored (&vm, FALSE, FALSE);
  strata_test_assert_ok (
      strata_domain_restore (vm.connection, vm.uuid, order.memory_file, xml, TRUE, &error), error);
  strata_test_assert_ok (
      strata_domain_restore (vm.connection, vm.uuid, order.memory_file, xml, FALSE, &error), error);
  assert_state (&vm, STRATA_DOMAIN_STATE_RUNNING);

  /* What runs already is another client's. */
  g_assert_false (
      strata_domain_restore (vm.connection, vm.uuid, order.memory_file, xml, FALSE, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CHANGED);
  g_clear_error (&error);
  assert_state (&vm, STRATA_DOMAIN_STATE_RUNNING);
  force_off (&vm);

  g_assert_false (
      strata_domain_restore (vm.connection, vm.uuid, "/nonexistent/memory", xml, FALSE, &error));
  g_assert_nonnull (error);
  assert_state (&vm, STRATA_DOMAIN_STATE_OFF);
}

/* Settling ----------------------------------------------------------------------------------------- */

static void
assert_reconciled (Vm *vm, const char *const *names)
{
  for (size_t i = 0; names[i] != NULL; i++)
    {
      g_autofree char *before = get_xml (vm, names[i]);
      g_autofree char *after = NULL;

      reconcile (vm);
      after = get_xml (vm, names[i]);
      g_assert_cmpstr (after, ==, before);
    }
}

/* A current snapshot with a child, and the domain elsewhere: without <revertDisks> the next native revert
 * would unlink the child's base. */
static void
test_reconcile_branch (void)
{
  g_auto (Vm) vm = { NULL };
  g_autofree char *s1 = NULL;
  g_autofree char *s2 = NULL;
  g_autofree char *tip = NULL;
  g_autoptr (GError) error = NULL;
  gboolean keeps;

  if (!vm_init (&vm, "strata-set-branch", 1))
    return;
  keeps = strata_snapshot_keeps_revert_disks (vm.connection);
  snapshot (&vm, "s1");
  snapshot (&vm, "s2");
  go_back (&vm, "strata-set-branch-vda.qcow2", "tip");
  strata_test_assert_ok (strata_snapshot_set_current (vm.connection, vm.uuid, "s1", &error), error);

  reconcile (&vm);
  assert_current (&vm, "s1");
  assert_vda (&vm, "s1", "strata-set-branch-vda.qcow2", "s1.vda", keeps ? "tip" : NULL);
  assert_reconciled (&vm, (const char *const[]) { "s1", "s2", NULL });
  if (!keeps)
    return;

  s1 = in_dir (&vm, "s1.vda");
  s2 = in_dir (&vm, "s2.vda");
  tip = in_dir (&vm, "tip");
  g_assert_true (native_revert (&vm, "s2"));
  g_assert_true (is_there (s1));
  g_assert_true (is_there (s2));
  g_assert_false (is_there (tip));
}

/* What the domain is on has nothing to do with the current snapshot: nobody may take it for its overlay. */
static void
test_reconcile_foreign (void)
{
  g_auto (Vm) vm = { NULL };
  g_autofree char *other = NULL;
  g_autofree char *s1 = NULL;

  if (!vm_init (&vm, "strata-set-foreign", 1))
    return;
  snapshot (&vm, "s1");
  snapshot (&vm, "s2");
  s1 = in_dir (&vm, "s1.vda");
  other = in_dir (&vm, "other.qcow2");
  strata_test_create_image (other, "qcow2", "64M");
  define_on (&vm, other);

  reconcile (&vm);
  if (!strata_snapshot_keeps_revert_disks (vm.connection))
    {
      assert_vda (&vm, "s2", "s1.vda", "s1.vda" STRATA_NO_OVERLAY_SUFFIX, NULL);
      return;
    }
  assert_vda (&vm, "s2", "s1.vda", "s2.vda", "s1.vda" STRATA_NO_OVERLAY_SUFFIX);
  assert_reconciled (&vm, (const char *const[]) { "s1", "s2", NULL });

  g_assert_true (native_revert (&vm, "s1"));
  g_assert_true (is_there (other));
  g_assert_true (is_there (s1));
}

/* What the domain is on has another snapshot inside, which would go with it. */
static void
test_reconcile_tagged (void)
{
  g_auto (Vm) vm = { NULL };
  g_autofree char *s1 = NULL;
  g_autoptr (GError) error = NULL;

  if (!vm_init (&vm, "strata-set-tagged", 1))
    return;
  snapshot (&vm, "s1");
  internal (&vm, "i1");
  s1 = in_dir (&vm, "s1.vda");
  strata_test_assert_ok (strata_snapshot_set_current (vm.connection, vm.uuid, "s1", &error), error);

  reconcile (&vm);
  assert_reconciled (&vm, (const char *const[]) { "s1", "i1", NULL });
  if (!strata_snapshot_keeps_revert_disks (vm.connection))
    return;

  g_assert_true (native_revert (&vm, "s1"));
  g_assert_true (is_there (s1));
  g_assert_true (has_tag (s1, "i1"));
}

/* A leaf is told where the domain is by <disks> itself, on any host. */
static void
test_reconcile_leaf (void)
{
  g_auto (Vm) vm = { NULL };

  if (!vm_init (&vm, "strata-set-leaf", 1))
    return;
  snapshot (&vm, "s1");
  go_back (&vm, "strata-set-leaf-vda.qcow2", "tip");

  reconcile (&vm);
  assert_vda (&vm, "s1", "strata-set-leaf-vda.qcow2", "tip", NULL);
  assert_reconciled (&vm, (const char *const[]) { "s1", NULL });
}

/* A child was made and deleted: its parent's <revertDisks> went with it. */
static void
test_reconcile_after_child (void)
{
  g_auto (Vm) vm = { NULL };
  g_auto (Order) order = { 0 };
  g_autoptr (GError) error = NULL;
  const char *kept;

  if (!vm_init (&vm, "strata-set-child", 1))
    return;
  kept = strata_snapshot_keeps_revert_disks (vm.connection) ? "tip" : NULL;
  snapshot (&vm, "s1");
  snapshot (&vm, "s2");
  go_back (&vm, "strata-set-child-vda.qcow2", "tip");
  strata_test_assert_ok (strata_snapshot_set_current (vm.connection, vm.uuid, "s1", &error), error);
  reconcile (&vm);

  order_init (&vm, &order, "b1", STRATA_SNAPSHOT_KIND_DISK_ONLY, NULL);
  create (&vm, &order);
  assert_vda (&vm, "s1", "strata-set-child-vda.qcow2", "s1.vda", NULL);
  take_back (&vm, &order);
  assert_current (&vm, "s1");
  assert_vda (&vm, "s1", "strata-set-child-vda.qcow2", "s1.vda", kept);
}

/* The definitions of snapshots that were taken while the VM was off do not say their chains, by which libvirt 11.3
 * crashes when another is deleted. */
static void
test_reconcile_backing (void)
{
  g_auto (Vm) vm = { NULL };
  g_autofree char *s1 = NULL;
  g_autoptr (StrataSnapshotXml) document = NULL;
  const char *paths[3] = { NULL };
  const char *const formats[] = { "qcow2", "qcow2", NULL };
  g_autoptr (GError) error = NULL;

  if (!vm_init (&vm, "strata-set-backing", 1))
    return;
  snapshot (&vm, "s1");
  snapshot (&vm, "s2");
  snapshot (&vm, "s3");
  go_back (&vm, "s1.vda", "tip");
  strata_test_assert_ok (strata_snapshot_set_current (vm.connection, vm.uuid, "s2", &error), error);

  reconcile (&vm);
  s1 = in_dir (&vm, "s1.vda");
  paths[0] = s1;
  paths[1] = vm.base;
  document = get_document (&vm, "s3");
  g_assert_false (strata_snapshot_xml_set_backing (document, "vda", paths, formats));
  assert_reconciled (&vm, (const char *const[]) { "s1", "s2", "s3", NULL });

  if (strata_snapshot_keeps_revert_disks (vm.connection))
    {
      g_assert_true (native_delete (&vm, "s3"));
      assert_snapshots (&vm, "s1 s2");
    }
}

/* An image was merged away: definitions that still name it below themselves would be believed. */
static void
test_reconcile_moved (void)
{
  g_auto (Vm) vm = { NULL };
  g_autoptr (GPtrArray) moves =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_image_move_free);
  g_autofree char *s1 = NULL;
  g_autofree char *moved = NULL;
  g_autofree char *top = NULL;
  g_autoptr (StrataSnapshotXml) document = NULL;
  g_autoptr (GError) error = NULL;
  const char *paths[3] = { NULL };
  const char *const formats[] = { "qcow2", "qcow2", NULL };

  if (!vm_init (&vm, "strata-set-moved", 1))
    return;
  s1 = in_dir (&vm, "s1.vda");
  moved = in_dir (&vm, "moved.qcow2");
  top = in_dir (&vm, "s2.vda");
  snapshot (&vm, "s1");
  internal (&vm, "i1");
  snapshot (&vm, "s2");
  snapshot (&vm, "s3");
  reconcile (&vm);

  /* s1's overlay gets another name, in the header of what stands on it too. */
  g_assert_cmpint (g_rename (s1, moved), ==, 0);
  g_free (strata_test_run ("qemu-img", "rebase", "-u", "-f", "qcow2", "-F", "qcow2", "-b", moved,
                           top, NULL));
  g_ptr_array_add (moves, strata_image_move_new (s1, moved, "qcow2"));
  for (int i = 0; i < 2; i++)
    strata_test_assert_ok (
        strata_snapshot_reconcile (vm.connection, vm.uuid, moves, NULL, NULL, &error), error);

  assert_vda (&vm, "s1", "strata-set-moved-vda.qcow2", "moved.qcow2", NULL);
  assert_vda (&vm, "i1", "moved.qcow2", NULL, NULL);
  assert_vda (&vm, "s2", "moved.qcow2", "s2.vda", NULL);
  paths[0] = moved;
  paths[1] = vm.base;
  document = get_document (&vm, "s3");
  g_assert_false (strata_snapshot_xml_set_backing (document, "vda", paths, formats));
}

/* A root with two children that is forgotten while the domain is elsewhere leaves none current, by which the next
 * native revert crashes libvirt. */
static void
test_reconcile_no_current (void)
{
  g_auto (Vm) vm = { NULL };
  g_autoptr (StrataSnapshotXml) document = NULL;
  g_autoptr (GError) error = NULL;

  if (!vm_init (&vm, "strata-set-none", 1))
    return;
  snapshot (&vm, "s1");
  snapshot (&vm, "s2");
  document = get_document (&vm, "s2");
  go_back (&vm, "strata-set-none-vda.qcow2", "tip");
  strata_test_assert_ok (strata_snapshot_set_current (vm.connection, vm.uuid, "s1", &error), error);
  snapshot (&vm, "b1");
  strata_test_assert_ok (strata_snapshot_set_current (vm.connection, vm.uuid, "s1", &error), error);
  strata_test_assert_ok (strata_snapshot_delete_metadata (vm.connection, vm.uuid, "s1", &error),
                         error);
  assert_current (&vm, NULL);

  reconcile (&vm);
  assert_current (&vm, "b1");
  assert_reconciled (&vm, (const char *const[]) { "b1", "s2", NULL });
}

/* Nothing is written where nothing is to be done, and that costs little. */
static void
test_reconcile_cheap (void)
{
  g_auto (Vm) vm = { NULL };
  gint64 start;

  if (!vm_init (&vm, "strata-set-cheap", 1))
    return;
  for (int i = 0; i < 8; i++)
    {
      g_autofree char *name = g_strdup_printf ("s%d", i);

      snapshot (&vm, name);
    }
  reconcile (&vm);

  start = g_get_monotonic_time ();
  reconcile (&vm);
  g_test_message ("settling 8 snapshots again took %.3f s",
                  (double) (g_get_monotonic_time () - start) / G_TIME_SPAN_SECOND);
}

/* Both disks of a snapshot are looked at, and one that was left out is left alone. */
static void
test_reconcile_disks (void)
{
  g_auto (Vm) vm = { NULL };
  g_auto (Order) order = { 0 };
  g_autoptr (StrataSnapshotXml) document = NULL;
  g_autoptr (GPtrArray) disks = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *tip = NULL;
  g_autofree char *vdc = NULL;

  if (!vm_init (&vm, "strata-set-disks", 3))
    return;
  order_init (&vm, &order, "s1", STRATA_SNAPSHOT_KIND_DISK_ONLY, "vdc");
  create (&vm, &order);
  snapshot (&vm, "s2");
  go_back (&vm, "strata-set-disks-vda.qcow2", "tip");
  strata_test_assert_ok (strata_snapshot_set_current (vm.connection, vm.uuid, "s1", &error), error);
  reconcile (&vm);

  document = get_document (&vm, "s1");
  disks = strata_snapshot_xml_get_disks (document);
  tip = in_dir (&vm, "tip");
  vdc = in_dir (&vm, "strata-set-disks-vdc.qcow2");
  if (strata_snapshot_keeps_revert_disks (vm.connection))
    {
      g_assert_cmpstr (find_disk (disks, "vda")->revert_overlay, ==, tip);
      /* vdb is still on s2's overlay, which does not stand on the image that s1 froze. */
      g_assert_true (
          g_str_has_suffix (find_disk (disks, "vdb")->revert_overlay, STRATA_NO_OVERLAY_SUFFIX));
    }
  g_assert_null (find_disk (disks, "vdc")->revert_overlay);
  g_assert_cmpstr (find_disk (disks, "vdc")->image, ==, vdc);
}

int
main (int argc, char **argv)
{
  strata_test_init (&argc, &argv);

  g_test_add_func ("/snapshot/create-off", test_create_off);
  g_test_add_func ("/snapshot/create-active", test_create_active);
  g_test_add_func ("/snapshot/screenshot", test_screenshot);
  g_test_add_func ("/snapshot/screenshot-names", test_screenshot_names);
  g_test_add_func ("/snapshot/create-internal", test_create_internal);
  g_test_add_func ("/snapshot/create-cancelled", test_create_cancelled);
  g_test_add_func ("/snapshot/create-fails", test_create_fails);
  g_test_add_func ("/snapshot/take-back-refuses", test_take_back_refuses);
  g_test_add_func ("/snapshot/define", test_define);
  g_test_add_func ("/snapshot/step-forget", test_step_forget);
  g_test_add_func ("/snapshot/step-define", test_step_define);
  g_test_add_func ("/snapshot/delete-internal", test_delete_internal);
  g_test_add_func ("/snapshot/delete-internal-elsewhere", test_delete_internal_elsewhere);
  g_test_add_func ("/snapshot/revert-internal", test_revert_internal);
  g_test_add_func ("/snapshot/restore", test_restore);
  g_test_add_func ("/snapshot/settle-branch", test_reconcile_branch);
  g_test_add_func ("/snapshot/settle-foreign", test_reconcile_foreign);
  g_test_add_func ("/snapshot/settle-tagged", test_reconcile_tagged);
  g_test_add_func ("/snapshot/settle-leaf", test_reconcile_leaf);
  g_test_add_func ("/snapshot/settle-after-child", test_reconcile_after_child);
  g_test_add_func ("/snapshot/settle-backing", test_reconcile_backing);
  g_test_add_func ("/snapshot/settle-moved", test_reconcile_moved);
  g_test_add_func ("/snapshot/settle-no-current", test_reconcile_no_current);
  g_test_add_func ("/snapshot/settle-cheap", test_reconcile_cheap);
  g_test_add_func ("/snapshot/settle-disks", test_reconcile_disks);

  return g_test_run ();
}
