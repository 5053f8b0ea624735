/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Internal snapshots in images, the copies that take them along, and what is gathered of snapshots. */

#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "host/storage/strata-chain-check.h"
#include "host/storage/strata-direct-copy.h"
#include "host/domain/strata-domain-control.h"
#include "host/storage/strata-image-tags.h"
#include "host/storage/strata-volume-copy.h"
#include "strata-test.h"
#include "base/strata-error.h"

#define SIZE "32M"
#define MIB  ((guint64) 1024 * 1024)

static void
add_tag (const char *path, const char *tag)
{
  g_free (strata_test_run ("qemu-img", "snapshot", "-c", tag, path, NULL));
}

/* An image with the internal snapshots "old" and "new", and something after them; the hash of "old". */
static char *
make_tagged (const char *path)
{
  char *old;

  strata_test_create_image (path, "qcow2", SIZE);
  strata_test_write_pattern (path, "qcow2", 1, 0, 4 * MIB);
  old = strata_test_guest_hash (path, "qcow2");
  add_tag (path, "old");
  strata_test_write_pattern (path, "qcow2", 2, 2 * MIB, 4 * MIB);
  add_tag (path, "new");
  strata_test_write_pattern (path, "qcow2", 3, 20 * MIB, 4 * MIB);

  return old;
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

static StrataGraph *
gather (void)
{
  g_autoptr (GError) error = NULL;
  StrataGraph *graph = strata_connection_gather (strata_test_connection (), NULL, &error);

  g_assert_no_error (error);

  return graph;
}

/* Tags --------------------------------------------------------------------------------------------- */

static virStorageVolPtr
make_volume (const char *dir, const char *name)
{
  virConnectPtr handle = strata_connection_get_handle (strata_test_connection ());
  g_autofree char *xml =
      g_strdup_printf ("<pool type='dir'><name>strata-test-tags</name><target><path>%s</path>"
                       "</target></pool>",
                       dir);
  virStoragePoolPtr pool = virStoragePoolCreateXML (handle, xml, 0);
  virStorageVolPtr volume;

  g_assert_nonnull (pool);
  volume = virStorageVolLookupByName (pool, name);
  g_assert_nonnull (volume);
  virStoragePoolFree (pool);

  return volume;
}

static void
drop_volume (virStorageVolPtr volume)
{
  virStoragePoolPtr pool = virStoragePoolLookupByVolume (volume);

  virStorageVolFree (volume);
  virStoragePoolDestroy (pool);
  virStoragePoolFree (pool);
}

static void
test_gathered (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *tagged = NULL;
  g_autofree char *plain = NULL;
  g_autofree char *old = NULL;
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (StrataImage) unseen = NULL;
  virStorageVolPtr volume;
  StrataImage *image;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  uuid = strata_test_define_tiny (connection, "strata-test-tags", dir, 1);
  plain = g_build_filename (dir, "strata-test-tags-vda.qcow2", NULL);
  tagged = g_build_filename (dir, "tagged.qcow2", NULL);
  old = make_tagged (tagged);

  graph = gather ();
  image = strata_graph_get_image (graph, tagged);
  g_assert_nonnull (image);
  g_assert_cmpuint (g_strv_length (image->tags), ==, 2);
  g_assert_cmpstr (image->tags[0], ==, "old");
  g_assert_cmpstr (image->tags[1], ==, "new");
  g_assert_null (strata_graph_get_image (graph, plain)->tags);
  g_assert_cmpuint (strata_graph_get_libvirt_version (graph), >, 8000000);

  /* as on a host whose files are not seen from here */
  unseen = strata_image_new ("/nowhere/tagged.qcow2");
  unseen->format = g_strdup ("qcow2");
  volume = make_volume (dir, "tagged.qcow2");
  strata_image_tags_fill (connection, unseen, volume);
  drop_volume (volume);
  g_assert_false (unseen->tags_unknown);
  g_assert_cmpuint (g_strv_length (unseen->tags), ==, 2);
  g_assert_cmpstr (unseen->tags[0], ==, "old");
  g_assert_cmpstr (unseen->tags[1], ==, "new");
  volume = make_volume (dir, "strata-test-tags-vda.qcow2");
  strata_image_tags_fill (connection, unseen, volume);
  drop_volume (volume);
  g_assert_false (unseen->tags_unknown);
  g_assert_null (unseen->tags);

  strata_test_undefine (connection, uuid);
}

/* By their names, not by their numbers: the one called "1" is number 2. */
static void
test_delete (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *path = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *old = NULL;
  g_autoptr (GError) error = NULL;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  path = g_build_filename (dir, "tagged.qcow2", NULL);
  strata_test_create_image (path, "qcow2", SIZE);
  strata_test_write_pattern (path, "qcow2", 1, 0, MIB);
  add_tag (path, "2");
  add_tag (path, "1");
  add_tag (path, "-c x");
  before = strata_test_guest_hash (path, "qcow2");

  for (int i = 0; i < 2; i++)
    {
      strata_test_assert_ok (
          strata_image_tags_delete (connection, path, "qcow2", "1", NULL, &error), error);
      check_tags (path, "2 -c x");
    }
  g_assert_false (strata_image_tags_keep (connection, path, "qcow2", "1", NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_clear_error (&error);
  check_tags (path, "2 -c x");
  strata_test_assert_ok (strata_image_tags_keep (connection, path, "qcow2", "-c x", NULL, &error),
                         error);
  check_tags (path, "-c x");
  after = strata_test_guest_hash (path, "qcow2");
  g_assert_cmpstr (before, ==, after);

  strata_test_assert_ok (strata_image_tags_delete (connection, path, "raw", "-c x", NULL, &error),
                         error);
  check_tags (path, "-c x");
}

/* By it one that was deleted and taken again is told from the first. */
static void
test_stamps (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *path = NULL;
  char *stamps[5] = { NULL };
  g_autofree char *gone = NULL;
  g_autofree char *missing = NULL;
  g_autoptr (GError) error = NULL;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  path = g_build_filename (dir, "tagged.qcow2", NULL);
  strata_test_create_image (path, "qcow2", SIZE);
  add_tag (path, "b\303\241");
  add_tag (path, "a");
  for (size_t i = 0; i < G_N_ELEMENTS (stamps); i++)
    {
      /* what is beside it says nothing of it */
      if (i == 1)
        add_tag (path, "c");
      if (i == 2)
        g_free (strata_test_run ("qemu-img", "snapshot", "-d", "b\303\241", path, NULL));
      if (i == 3)
        g_free (strata_test_run ("qemu-img", "snapshot", "-d", "a", path, NULL));
      if (i >= 3)
        add_tag (path, "a");
      stamps[i] = strata_image_tags_get_stamp (connection, path, "a", &error);
      g_assert_no_error (error);
      g_assert_cmpuint (strlen (stamps[i]), >, 0);
    }
  g_assert_cmpstr (stamps[1], ==, stamps[0]);
  g_assert_cmpstr (stamps[2], ==, stamps[0]);
  g_assert_cmpstr (stamps[3], !=, stamps[0]);
  /* a second one of the name */
  g_assert_cmpstr (stamps[4], !=, stamps[3]);

  gone = strata_image_tags_get_stamp (connection, path, "b\303\241", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (gone, ==, "");
  missing = strata_image_tags_get_stamp (connection, "/nowhere/x.qcow2", "a", &error);
  g_assert_null (missing);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  for (size_t i = 0; i < G_N_ELEMENTS (stamps); i++)
    g_free (stamps[i]);
}

/* What made the second of a name may need it. */
static void
test_doubled (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  path = g_build_filename (dir, "doubled.qcow2", NULL);
  strata_test_create_image (path, "qcow2", SIZE);
  add_tag (path, "twice");
  add_tag (path, "other");
  add_tag (path, "twice");

  g_assert_false (strata_image_tags_delete (connection, path, "qcow2", "twice", NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CHANGED);
  g_clear_error (&error);
  g_assert_false (strata_image_tags_keep (connection, path, "qcow2", "twice", NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CHANGED);
  g_clear_error (&error);
  check_tags (path, "twice other twice");

  strata_test_assert_ok (
      strata_image_tags_delete (connection, path, "qcow2", "other", NULL, &error), error);
  check_tags (path, "twice twice");
}

static void
test_in_use (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *path = NULL;
  g_autofree char *copy = NULL;
  g_autofree char *old = NULL;
  g_autofree char *seen = NULL;
  g_autoptr (GError) error = NULL;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  uuid = strata_test_define_tiny (connection, "strata-test-tags-used", dir, 1);
  path = g_build_filename (dir, "strata-test-tags-used-vda.qcow2", NULL);
  copy = g_build_filename (dir, "copy.raw", NULL);
  old = make_tagged (path);
  strata_test_assert_ok (strata_domain_start (connection, uuid, FALSE, &error), error);

  check_tags (path, "old new");
  g_assert_false (strata_image_tags_delete (connection, path, "qcow2", "old", NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_FAILED);
  g_assert_nonnull (strata_error_get_hint (error));
  g_test_message ("%s", error->message);
  g_clear_error (&error);
  strata_test_assert_ok (
      strata_image_tags_convert (connection, path, "old", copy, "raw", NULL, &error), error);
  seen = strata_test_hash (copy);
  g_assert_cmpstr (seen, ==, old);

  strata_test_undefine (connection, uuid);
  check_tags (path, "old new");
}

static guint64
see (guint64 done, guint64 total, gpointer data)
{
  guint64 *last = data;

  g_assert_cmpuint (done, <=, total);
  g_assert_cmpuint (done, >=, *last);
  *last = done;

  return STRATA_BANDWIDTH_SAME;
}

static void
test_convert (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autofree char *dir = NULL;
  g_autofree char *path = NULL;
  g_autofree char *copy = NULL;
  g_autofree char *hash = NULL;
  g_autofree char *old = NULL;
  g_autofree char *seen = NULL;
  g_autofree char *comma = NULL;
  g_autoptr (GError) error = NULL;
  guint64 done = 0;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  path = g_build_filename (dir, "tagged.qcow2", NULL);
  copy = g_build_filename (dir, "copy.qcow2", NULL);
  old = make_tagged (path);
  add_tag (path, "a,b=c");
  hash = strata_test_hash (path);

  g_cancellable_cancel (cancelled);
  g_assert_false (strata_image_tags_convert (connection, path, "old", copy, "qcow2",
                                             &(StrataTransfer) { 0, NULL, NULL, cancelled },
                                             &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (
      strata_image_tags_convert (connection, path, "none", copy, "qcow2", NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_test_message ("%s", error->message);
  g_clear_error (&error);
  g_assert_false (g_file_test (copy, G_FILE_TEST_EXISTS));

  strata_test_assert_ok (strata_image_tags_convert (connection, path, "old", copy, "qcow2",
                                                    &(StrataTransfer) { 0, see, &done, NULL },
                                                    &error),
                         error);
  g_assert_cmpuint (done, >, 0);
  seen = strata_test_guest_hash (copy, "qcow2");
  g_assert_cmpstr (seen, ==, old);
  check_tags (copy, "");
  g_assert_false (strata_image_tags_convert (connection, path, "old", copy, "qcow2", NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
  g_clear_error (&error);

  g_unlink (copy);
  strata_test_assert_ok (
      strata_image_tags_convert (connection, path, "a,b=c", copy, "raw", NULL, &error), error);
  comma = strata_test_hash (copy);
  g_free (old);
  old = strata_test_guest_hash (path, "qcow2");
  g_assert_cmpstr (comma, ==, old);
  g_free (seen);
  seen = strata_test_hash (path);
  g_assert_cmpstr (seen, ==, hash);
}

/* The disk of a snapshot is as large as it was then, and holds all that it did, also where the image is smaller now. */
static void
check_resized (const char *options, gboolean backed)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = strata_test_dir ();
  g_autofree char *base = g_build_filename (dir, "base.qcow2", NULL);
  g_autofree char *path = g_build_filename (dir, "resized, \"then\".qcow2", NULL);
  g_autofree char *copy = g_build_filename (dir, "copy.qcow2", NULL);
  const char *const formats[] = { "qcow2", "raw" };
  const char *const tags[] = { "small", "large", "now" };
  g_autofree char *small = NULL;
  g_autofree char *large = NULL;
  g_autofree char *now = NULL;
  g_autoptr (GError) error = NULL;

  strata_test_create_image (base, "qcow2", "64M");
  strata_test_write_pattern (base, "qcow2", 3, 4 * MIB, 50 * MIB);
  if (backed)
    g_free (strata_test_run ("qemu-img", "create", "-q", "-f", "qcow2", "-o", options, "-b",
                             "base.qcow2", "-F", "qcow2", path, SIZE, NULL));
  else
    g_free (strata_test_run ("qemu-img", "create", "-q", "-f", "qcow2", "-o", options, path, SIZE,
                             NULL));
  strata_test_write_pattern (path, "qcow2", 7, 31 * MIB, MIB);
  small = strata_test_guest_hash (path, "qcow2");
  add_tag (path, "small");
  g_free (strata_test_run ("qemu-img", "resize", "-q", path, "+8M", NULL));
  strata_test_write_pattern (path, "qcow2", 9, 31 * MIB, 3 * MIB);
  strata_test_write_pattern (path, "qcow2", 11, 38 * MIB, 2 * MIB);
  large = strata_test_guest_hash (path, "qcow2");
  add_tag (path, "large");
  g_free (strata_test_run ("qemu-img", "snapshot", "-a", "small", path, NULL));
  g_free (strata_test_run ("qemu-img", "bitmap", "--add", path, "backup", NULL));
  g_free (strata_test_run ("qemu-img", "resize", "-q", path, "+2M", NULL));
  strata_test_write_pattern (path, "qcow2", 13, 30 * MIB, 4 * MIB);
  now = strata_test_guest_hash (path, "qcow2");
  add_tag (path, "now");

  for (guint i = 0; i < G_N_ELEMENTS (tags) * G_N_ELEMENTS (formats); i++)
    {
      const char *const seen[] = { small, large, now };
      const char *format = formats[i % G_N_ELEMENTS (formats)];
      g_autofree char *after = NULL;

      strata_test_assert_ok (strata_image_tags_convert (connection, path,
                                                        tags[i / G_N_ELEMENTS (formats)], copy,
                                                        format, NULL, &error),
                             error);
      after = strata_test_guest_hash (copy, format);
      g_assert_cmpstr (after, ==, seen[i / G_N_ELEMENTS (formats)]);
      g_unlink (copy);
    }
}

static void
test_convert_resized (void)
{
  if (strata_test_connection () == NULL)
    return;

  check_resized ("cluster_size=65536", FALSE);
  check_resized ("cluster_size=4096", TRUE);
  check_resized ("cluster_size=2M", TRUE);
}

/* Copies ------------------------------------------------------------------------------------------- */

typedef gboolean (*CopyFunc) (StrataConnection *connection,
                              const char *from,
                              const char *to,
                              const StrataTransfer *transfer,
                              GError **error);

static void
check_copy (CopyFunc copy, const char *to_dir)
{
  StrataConnection *connection = strata_test_connection ();
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autofree char *dir = strata_test_dir ();
  g_autofree char *path = g_build_filename (dir, "tagged.qcow2", NULL);
  g_autofree char *to = g_build_filename (to_dir != NULL ? to_dir : dir, "twin.qcow2", NULL);
  g_autofree char *old = make_tagged (path);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  guint64 done = 0;
  GStatBuf from_status, to_status;

  /* a long hole at its end */
  g_assert_cmpint (truncate (path, 100 * (off_t) MIB + 512), ==, 0);
  before = strata_test_hash (path);
  strata_test_assert_ok (
      copy (connection, path, to, &(StrataTransfer) { 0, see, &done, NULL }, &error), error);
  after = strata_test_hash (to);
  g_assert_cmpstr (before, ==, after);
  check_tags (to, "old new");
  g_assert_cmpint (g_stat (path, &from_status), ==, 0);
  g_assert_cmpint (g_stat (to, &to_status), ==, 0);
  g_assert_cmpint (to_status.st_mode & 07777, ==, 0600);
  g_assert_cmpint (to_status.st_blocks, <=, from_status.st_blocks + 2048);

  g_assert_false (copy (connection, path, to, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
  g_clear_error (&error);
  g_unlink (to);

  g_cancellable_cancel (cancelled);
  g_assert_false (
      copy (connection, path, to, &(StrataTransfer) { .cancellable = cancelled }, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (g_file_test (to, G_FILE_TEST_EXISTS));

  g_unlink (path);
  g_assert_false (copy (connection, path, to, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_assert_false (g_file_test (to, G_FILE_TEST_EXISTS));
}

static void
test_copy_directly (void)
{
  if (strata_test_connection () != NULL)
    check_copy (strata_direct_copy_verbatim, NULL);
}

static void
test_copy_by_libvirt (void)
{
  g_autofree char *dir = NULL;

  if (strata_test_connection () == NULL)
    return;

  check_copy (strata_volume_copy, NULL);
  dir = strata_test_dir ();
  check_copy (strata_volume_copy, dir);
}

/* Chains ------------------------------------------------------------------------------------------- */

static void
check_unsound (const char *path, const char *format, StrataError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (strata_chain_check (strata_test_connection (), path, format, NULL, &error));
  g_assert_error (error, STRATA_ERROR, (int) code);
  g_test_message ("%s", error->message);
}

/* One image after the other, and what was told of each. */
static void
check_state (const char *path, const char *format, StrataImageState expected, const char *below)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *next = NULL;
  g_autofree char *next_format = NULL;
  StrataImageState state;

  strata_test_assert_ok (strata_image_check (strata_test_connection (), path, format, &state, &next,
                                             &next_format, NULL, &error),
                         error);
  g_assert_cmpint (state, ==, expected);
  g_assert_cmpstr (next, ==, below);
  g_assert_cmpstr (next_format, ==, below != NULL ? "raw" : NULL);
}

static void
test_chain_check (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *base = NULL;
  g_autofree char *mid = NULL;
  g_autofree char *top = NULL;
  g_autofree char *away = NULL;
  g_autofree guint8 *zeroes = g_malloc0 (65536);
  g_autoptr (GError) error = NULL;
  g_autofd int fd = -1;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  base = g_build_filename (dir, "base.raw", NULL);
  mid = g_build_filename (dir, "mid.qcow2", NULL);
  top = g_build_filename (dir, "top.qcow2", NULL);
  away = g_build_filename (dir, "away", NULL);
  strata_test_create_image (base, "raw", SIZE);
  strata_test_create_overlay (mid, base, "raw");
  strata_test_create_overlay (top, mid, "qcow2");
  strata_test_write_pattern (mid, "qcow2", 1, 0, MIB);

  strata_test_assert_ok (strata_chain_check (connection, top, "qcow2", NULL, &error), error);
  strata_test_assert_ok (strata_chain_check (connection, base, "raw", NULL, &error), error);
  check_state (mid, "qcow2", STRATA_IMAGE_SOUND, base);
  check_state (base, "raw", STRATA_IMAGE_PLAIN, NULL);
  check_unsound (base, "qcow2", STRATA_ERROR_FAILED);
  g_assert_cmpint (g_rename (base, away), ==, 0);
  check_unsound (top, "qcow2", STRATA_ERROR_NOT_FOUND);
  g_assert_cmpint (g_rename (away, base), ==, 0);

  /* its reference counts */
  fd = open (mid, O_RDWR);
  g_assert_cmpint (pwrite (fd, zeroes, 65536, 2 * 65536), ==, 65536);
  check_unsound (top, "qcow2", STRATA_ERROR_FAILED);
}

/* Snapshots ---------------------------------------------------------------------------------------- */

static void
take_snapshot (const char *uuid, const char *name, const char *overlay, const char *memory)
{
  virDomainPtr domain =
      virDomainLookupByUUIDString (strata_connection_get_handle (strata_test_connection ()), uuid);
  g_autofree char *xml = g_strdup_printf (
      "<domainsnapshot><name>%s</name>%s%s%s<disks><disk name='vda' snapshot='external'>"
      "<driver type='qcow2'/><source file='%s'/></disk></disks></domainsnapshot>",
      name, memory != NULL ? "<memory snapshot='external' file='" : "",
      memory != NULL ? memory : "", memory != NULL ? "'/>" : "", overlay);
  virDomainSnapshotPtr snapshot =
      virDomainSnapshotCreateXML (domain, xml,
                                  VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC |
                                      (memory == NULL ? VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY : 0));

  g_assert_nonnull (snapshot);
  virDomainSnapshotFree (snapshot);
  virDomainFree (domain);
}

/* What the snapshot's disk stands on. */
static void
write_chain (const char *uuid, const char *name, const char *mid, const char *bottom)
{
  virDomainPtr domain =
      virDomainLookupByUUIDString (strata_connection_get_handle (strata_test_connection ()), uuid);
  virDomainSnapshotPtr snapshot = virDomainSnapshotLookupByName (domain, name, 0);
  g_autofree char *xml = virDomainSnapshotGetXMLDesc (snapshot, VIR_DOMAIN_SNAPSHOT_XML_SECURE);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataSnapshotXml) document = strata_snapshot_xml_new_from_string (xml, &error);
  const char *const paths[] = { mid, bottom, NULL };
  const char *const formats[] = { "qcow2", "qcow2", NULL };
  g_autofree char *text = NULL;
  virDomainSnapshotPtr again;

  g_assert_no_error (error);
  g_assert_true (strata_snapshot_xml_set_backing (document, "vda", paths, formats));
  text = strata_snapshot_xml_to_string (document);
  again = virDomainSnapshotCreateXML (domain, text, VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE);
  g_assert_nonnull (again);

  virDomainSnapshotFree (again);
  virDomainSnapshotFree (snapshot);
  virDomainFree (domain);
}

static void
test_snapshots (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *base = NULL;
  g_autofree char *root = NULL;
  g_autofree char *link = NULL;
  g_autofree char *one = NULL;
  g_autofree char *two = NULL;
  g_autofree char *through_link = NULL;
  g_autofree char *memory = NULL;
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (GError) error = NULL;
  StrataDomainFacts *domain;
  StrataSnapshotFacts *snapshot;
  StrataSnapshotDisk *disk;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  uuid = strata_test_define_tiny (connection, "strata-test-snap", dir, 1);
  root = g_build_filename (dir, "root.qcow2", NULL);
  base = g_build_filename (dir, "strata-test-snap-vda.qcow2", NULL);
  link = g_build_filename (dir, "link", NULL);
  one = g_build_filename (dir, "one.qcow2", NULL);
  two = g_build_filename (dir, "two.qcow2", NULL);
  memory = g_build_filename (dir, "memory", NULL);
  through_link = g_build_filename (link, "one.qcow2", NULL);
  strata_test_create_image (root, "qcow2", "64M");
  g_unlink (base);
  strata_test_create_overlay (base, root, "qcow2");
  g_assert_cmpint (symlink (dir, link), ==, 0);

  take_snapshot (uuid, "off", through_link, NULL);
  strata_test_assert_ok (strata_domain_start (connection, uuid, FALSE, &error), error);
  take_snapshot (uuid, "on", two, memory);

  graph = gather ();
  domain = strata_graph_find_domain (graph, uuid);
  snapshot = strata_domain_facts_find_snapshot (domain, "off");
  disk = strata_snapshot_facts_find_disk (snapshot, "vda");
  g_assert_cmpstr (disk->image, ==, base);
  g_assert_cmpstr (disk->overlay, ==, one);
  g_assert_false (snapshot->backing_known);
  snapshot = strata_domain_facts_find_snapshot (domain, "on");
  disk = strata_snapshot_facts_find_disk (snapshot, "vda");
  g_assert_cmpstr (disk->image, ==, one);
  g_assert_cmpstr (disk->overlay, ==, two);
  g_assert_cmpstr (snapshot->memory_file, ==, memory);
  g_assert_false (snapshot->memory_missing);
  /* libvirt does not write down what it found out itself */
  g_assert_false (snapshot->backing_known);
  g_assert_true (snapshot->current);
  g_assert_nonnull (strata_graph_get_image (graph, root));
  g_clear_object (&graph);

  g_assert_cmpint (g_unlink (memory), ==, 0);
  write_chain (uuid, "on", base, root);
  graph = gather ();
  domain = strata_graph_find_domain (graph, uuid);
  snapshot = strata_domain_facts_find_snapshot (domain, "on");
  g_assert_true (snapshot->memory_missing);
  g_assert_true (snapshot->backing_known);
  g_assert_false (strata_domain_facts_find_snapshot (domain, "off")->backing_known);

  strata_test_undefine (connection, uuid);
}

int
main (int argc, char **argv)
{
  strata_test_init (&argc, &argv);

  g_test_add_func ("/tags/gathered", test_gathered);
  g_test_add_func ("/tags/delete", test_delete);
  g_test_add_func ("/tags/stamps", test_stamps);
  g_test_add_func ("/tags/doubled", test_doubled);
  g_test_add_func ("/tags/in-use", test_in_use);
  g_test_add_func ("/tags/convert", test_convert);
  g_test_add_func ("/tags/convert-resized", test_convert_resized);
  g_test_add_func ("/tags/copy-directly", test_copy_directly);
  g_test_add_func ("/tags/copy-by-libvirt", test_copy_by_libvirt);
  g_test_add_func ("/tags/chain-check", test_chain_check);
  g_test_add_func ("/tags/snapshots", test_snapshots);

  return g_test_run ();
}
