/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Images by their paths, in pools and outside. */

#include "config.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

#include "host/storage/strata-direct-copy.h"
#include "host/storage/strata-storage.h"
#include "strata-test.h"
#include "base/strata-error.h"

#define MIB ((guint64) 1024 * 1024)

/* On DIR; tests beside this one have leases of their own. */
static int
count_leases (StrataConnection *connection, const char *dir)
{
  virStoragePoolPtr *list = NULL;
  int n = virConnectListAllStoragePools (strata_connection_get_handle (connection), &list, 0);
  int ours = 0;

  for (int i = 0; i < n; i++)
    {
      g_autofree char *xml = virStoragePoolGetXMLDesc (list[i], 0);

      ours += g_str_has_prefix (virStoragePoolGetName (list[i]), "strata-lease-") && xml != NULL &&
              strstr (xml, dir) != NULL;
      virStoragePoolFree (list[i]);
    }
  free (list);

  return ours;
}

static void
check_image (StrataConnection *connection,
             const char *path,
             const char *format,
             const char *backing,
             guint mode)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataImage) image = strata_storage_read_image (connection, path, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (image->path, ==, path);
  g_assert_cmpstr (image->format, ==, format);
  g_assert_cmpstr (image->backing_path, ==, backing);
  g_assert_cmpuint (image->capacity, ==, 64 * MIB);
  g_assert_cmpuint (image->allocation, <, 2 * MIB);
  g_assert_cmpuint (image->mode, ==, mode);
  g_assert_false (image->missing);
}

static void
check_exists (StrataConnection *connection, const char *path, gboolean expected)
{
  g_autoptr (GError) error = NULL;
  gboolean exists;

  strata_test_assert_ok (strata_storage_exists (connection, path, &exists, &error), error);
  g_assert_cmpint (exists, ==, expected);
}

/* The whole life of a base and its overlay in DIR. */
static void
check_life (StrataConnection *connection, const char *dir)
{
  g_autofree char *base = g_build_filename (dir, "base.qcow2", NULL);
  g_autofree char *overlay = g_build_filename (dir, "overlay.qcow2", NULL);
  StrataVolumeXml base_spec = { .format = (char *) "qcow2", .capacity = 64 * MIB };
  StrataVolumeXml overlay_spec = { .format = (char *) "qcow2",
                                   .capacity = 64 * MIB,
                                   .backing_path = base,
                                   .backing_format = (char *) "qcow2",
                                   .mode = 0640 };
  g_autoptr (GError) error = NULL;
  g_autofree char *info = NULL;
  guint mode;

  check_exists (connection, base, FALSE);
  strata_test_assert_ok (strata_storage_create (connection, base, &base_spec, &error), error);
  check_exists (connection, base, TRUE);
  check_image (connection, base, "qcow2", NULL, 0600);

  strata_test_assert_ok (strata_storage_set_mode (connection, base, 0444, &error), error);
  strata_test_assert_ok (strata_storage_get_mode (connection, base, &mode, &error), error);
  g_assert_cmpuint (mode, ==, 0444);

  strata_test_assert_ok (strata_storage_create (connection, overlay, &overlay_spec, &error), error);
  check_image (connection, overlay, "qcow2", base, 0640);
  info = strata_test_run ("qemu-img", "info", overlay, NULL);
  g_assert_nonnull (strstr (info, "backing file format: qcow2"));

  g_assert_false (strata_storage_create (connection, overlay, &overlay_spec, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
  g_clear_error (&error);

  strata_test_assert_ok (strata_storage_delete (connection, overlay, &error), error);
  strata_test_assert_ok (strata_storage_delete (connection, overlay, &error), error);
  strata_test_assert_ok (strata_storage_delete (connection, base, &error), error);
  check_exists (connection, base, FALSE);
  g_assert_false (g_file_test (base, G_FILE_TEST_EXISTS));
}

static void
test_outside_pools (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  check_life (connection, dir);
  g_assert_cmpint (count_leases (connection, dir), ==, 0);
}

static virStoragePoolPtr
define_pool (StrataConnection *connection, const char *name, const char *dir)
{
  g_autofree char *xml = strata_pool_xml_new_dir (name, dir);
  virStoragePoolPtr pool =
      virStoragePoolDefineXML (strata_connection_get_handle (connection), xml, 0);

  g_assert_nonnull (pool);

  return pool;
}

/* An inactive one is started for the moment, as no other pool may be on its folder. */
static void
test_in_a_pool (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  virStoragePoolPtr pool;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  pool = define_pool (connection, "strata-test-pool", dir);
  check_life (connection, dir);
  g_assert_cmpint (virStoragePoolIsActive (pool), ==, 0);

  g_assert_cmpint (virStoragePoolCreate (pool, 0), ==, 0);
  check_life (connection, dir);
  g_assert_cmpint (virStoragePoolIsActive (pool), ==, 1);
  g_assert_cmpint (count_leases (connection, dir), ==, 0);

  virStoragePoolDestroy (pool);
  virStoragePoolUndefine (pool);
  virStoragePoolFree (pool);
}

static void
test_what_is_not_there (void)
{
  StrataConnection *connection = strata_test_connection ();
  StrataVolumeXml spec = { .format = (char *) "qcow2", .capacity = MIB };
  g_autofree char *dir = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataImage) image = NULL;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  path = g_build_filename (dir, "nowhere", "a.qcow2", NULL);
  check_exists (connection, path, FALSE);
  image = strata_storage_read_image (connection, path, &error);
  g_assert_null (image);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (strata_storage_create (connection, path, &spec, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_test_message ("%s", error->message);
  g_clear_error (&error);
  strata_test_assert_ok (strata_storage_delete (connection, path, &error), error);
  g_assert_cmpint (count_leases (connection, dir), ==, 0);
}

/* libvirt did not see this file come. */
static void
test_foreign_file (void)
{
  StrataConnection *connection = strata_test_connection ();
  StrataVolumeXml spec = { .format = (char *) "qcow2", .capacity = MIB };
  g_autofree char *dir = NULL;
  g_autofree char *path = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  virStoragePoolPtr pool;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  pool = define_pool (connection, "strata-test-foreign", dir);
  g_assert_cmpint (virStoragePoolCreate (pool, 0), ==, 0);

  path = g_build_filename (dir, "new.qcow2", NULL);
  strata_test_create_image (path, "qcow2", "64M");
  before = strata_test_hash (path);
  check_image (connection, path, "qcow2", NULL, 0644);
  g_assert_false (strata_storage_create (connection, path, &spec, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
  after = strata_test_hash (path);
  g_assert_cmpstr (before, ==, after);

  g_assert_cmpint (g_unlink (path), ==, 0);
  check_exists (connection, path, FALSE);

  virStoragePoolDestroy (pool);
  virStoragePoolUndefine (pool);
  virStoragePoolFree (pool);
}

static void
test_no_space (void)
{
  StrataConnection *connection = strata_test_connection ();
  StrataVolumeXml spec = { .format = (char *) "raw" };
  g_autofree char *dir = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  guint64 available;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  path = g_build_filename (dir, "huge.img", NULL);
  strata_test_assert_ok (strata_storage_get_available (connection, path, &available, &error),
                         error);
  g_assert_cmpuint (available, >, 0);

  spec.capacity = available + (guint64) 1024 * 1024 * MIB;
  spec.allocation = spec.capacity;
  g_assert_false (strata_storage_create (connection, path, &spec, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NO_SPACE);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

static void
test_local_files (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *from = NULL;
  g_autofree char *to = NULL;
  g_autofree char *hash = NULL;
  g_autofree char *copy_hash = NULL;
  g_autoptr (GError) error = NULL;
  guint mode;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  from = g_build_filename (dir, "VARS.fd", NULL);
  to = g_build_filename (dir, "copy.fd", NULL);
  strata_test_create_image (from, "raw", "1M");
  strata_test_write_pattern (from, "raw", 7, 4096, 300000);
  hash = strata_test_hash (from);

  strata_test_assert_ok (strata_storage_copy_small (connection, from, to, &error), error);
  copy_hash = strata_test_hash (to);
  g_assert_cmpstr (hash, ==, copy_hash);
  strata_test_assert_ok (strata_storage_get_mode (connection, to, &mode, &error), error);
  g_assert_cmpuint (mode, ==, 0600);
  g_assert_false (strata_storage_copy_small (connection, from, to, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
  g_clear_error (&error);

  g_assert_false (strata_storage_set_mode (connection, "/proc/version", 0600, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_UNSUPPORTED);
}

/* Only an image that is all in one file, and holds nothing but what the guest sees, is copied as it is. */
static void
test_direct_copy (void)
{
  static const char *const unfit[] = { "overlay.qcow2", "snapshot.qcow2", "plain.raw", "none" };
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *plain = NULL;
  g_autofree char *copy = NULL;
  g_autofree char *hash = NULL;
  g_autofree char *copy_hash = NULL;
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  plain = g_build_filename (dir, "plain.qcow2", NULL);
  copy = g_build_filename (dir, "copy.qcow2", NULL);
  strata_test_create_image (plain, "qcow2", "64M");
  strata_test_write_pattern (plain, "qcow2", 7, 4096, 3000000);
  for (size_t i = 0; i < 3; i++)
    {
      g_autofree char *path = g_build_filename (dir, unfit[i], NULL);

      if (i == 0)
        strata_test_create_overlay (path, plain, "qcow2");
      else
        strata_test_create_image (path, i == 2 ? "raw" : "qcow2", "64M");
      if (i == 1)
        g_free (strata_test_run ("qemu-img", "snapshot", "-c", "tag", path, NULL));
    }

  for (size_t i = 0; i < G_N_ELEMENTS (unfit); i++)
    {
      g_autofree char *path = g_build_filename (dir, unfit[i], NULL);

      g_assert_false (strata_direct_copy (connection, path, copy, NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_UNSUPPORTED);
      g_assert_false (g_file_test (copy, G_FILE_TEST_EXISTS));
      g_clear_error (&error);
    }

  g_cancellable_cancel (cancelled);
  g_assert_false (strata_direct_copy (connection, plain, copy,
                                      &(StrataTransfer) { 0, NULL, NULL, cancelled }, &error));
  g_assert_false (g_file_test (copy, G_FILE_TEST_EXISTS));
  g_clear_error (&error);

  strata_test_assert_ok (strata_direct_copy (connection, plain, copy, NULL, &error), error);
  hash = strata_test_guest_hash (plain, "qcow2");
  copy_hash = strata_test_guest_hash (copy, "qcow2");
  g_assert_cmpstr (hash, ==, copy_hash);
  g_assert_false (strata_direct_copy (connection, plain, copy, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
}

#define N_THREADS 4

static gpointer
make_some (gpointer data)
{
  StrataVolumeXml spec = { .format = (char *) "qcow2", .capacity = 64 * MIB };
  const char *dir = data;

  for (int i = 0; i < 5; i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/%p-%d.qcow2", dir, (void *) g_thread_self (), i);
      g_autoptr (GError) error = NULL;

      strata_test_assert_ok (strata_storage_create (strata_test_connection (), path, &spec, &error),
                             error);
      check_image (strata_test_connection (), path, "qcow2", NULL, 0600);
    }

  return NULL;
}

/* Threads that want a pool on one folder take turns. */
static void
test_many_at_once (void)
{
  g_autofree char *dir = NULL;
  GThread *threads[N_THREADS];

  if (strata_test_connection () == NULL)
    return;

  dir = strata_test_dir ();
  for (int i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("maker", make_some, dir);
  for (int i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (count_leases (strata_test_connection (), dir), ==, 0);
}

/* A Strata that died in the middle of a call left its pool. */
static void
test_stale_lease (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *xml = NULL;
  virStoragePoolPtr pool;

  if (connection == NULL)
    return;
  if (!g_test_slow ())
    {
      g_test_skip ("waits ten seconds; -m slow runs it");
      return;
    }

  dir = strata_test_dir ();
  xml = strata_pool_xml_new_dir ("strata-lease-of-the-dead", dir);
  pool = virStoragePoolCreateXML (strata_connection_get_handle (connection), xml, 0);
  g_assert_nonnull (pool);
  virStoragePoolFree (pool);
  check_life (connection, dir);
  g_assert_cmpint (count_leases (connection, dir), ==, 0);
}

int
main (int argc, char **argv)
{
  strata_test_init (&argc, &argv);

  g_test_add_func ("/storage/outside-pools", test_outside_pools);
  g_test_add_func ("/storage/in-a-pool", test_in_a_pool);
  g_test_add_func ("/storage/what-is-not-there", test_what_is_not_there);
  g_test_add_func ("/storage/foreign-file", test_foreign_file);
  g_test_add_func ("/storage/no-space", test_no_space);
  g_test_add_func ("/storage/local-files", test_local_files);
  g_test_add_func ("/storage/direct-copy", test_direct_copy);
  g_test_add_func ("/storage/many-at-once", test_many_at_once);
  g_test_add_func ("/storage/stale-lease", test_stale_lease);

  return g_test_run ();
}
