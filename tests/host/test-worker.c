/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Copies and merges in the worker domain, on real images. */

#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/connection/strata-process-id.h"
#include "host/storage/strata-storage.h"
#include "host/blockjob/strata-worker-reap.h"
#include "host/blockjob/strata-worker.h"
#include "strata-test.h"
#include "base/strata-error.h"
#include "xml/strata-worker-xml.h"

#define MIB     ((guint64) 1024 * 1024)
#define LIMITED (8 * MIB) /* bytes per second, so that a job can be caught under way */

typedef struct
{
  guint64 done;
  guint64 total;
  guint calls;
  guint64 cancel_at;
  GCancellable *cancellable;
} Seen;

static guint64
see (guint64 done, guint64 total, gpointer data)
{
  Seen *seen = data;

  g_assert_cmpuint (done, >=, seen->done);
  g_assert_cmpuint (done, <=, total);
  seen->done = done;
  seen->total = total;
  seen->calls++;
  if (seen->cancel_at > 0 && done >= seen->cancel_at)
    g_cancellable_cancel (seen->cancellable);

  return STRATA_BANDWIDTH_SAME;
}

/* base (raw or qcow2) with bytes in some places, an overlay with others: sparse, zeroed, overwritten */
static void
make_chain (const char *dir, char **base, char **top)
{
  *base = g_build_filename (dir, "base.qcow2", NULL);
  *top = g_build_filename (dir, "top.qcow2", NULL);
  strata_test_create_image (*base, "qcow2", "64M");
  strata_test_write_pattern (*base, "qcow2", 1, 0, 24 * MIB);
  strata_test_write_pattern (*base, "qcow2", 2, 40 * MIB, 4 * MIB);
  strata_test_create_overlay (*top, *base, "qcow2");
  strata_test_write_pattern (*top, "qcow2", 9, 8 * MIB, 8 * MIB);
  strata_test_write_pattern (*top, "qcow2", 0, 20 * MIB, 2 * MIB);
  strata_test_write_pattern (*top, "qcow2", 5, 60 * MIB + 512, 3 * 512);
}

static int
count_workers (StrataConnection *connection, const char *dir)
{
  virDomainPtr *list = NULL;
  int n = virConnectListAllDomains (strata_connection_get_handle (connection), &list, 0);
  int found = 0;

  for (int i = 0; i < n; i++)
    {
      g_autofree char *xml = virDomainGetXMLDesc (list[i], 0);

      found += g_str_has_prefix (virDomainGetName (list[i]), STRATA_WORKER_PREFIX) && xml != NULL &&
               strstr (xml, dir) != NULL;
      virDomainFree (list[i]);
    }
  free (list);

  return found;
}

static StrataWorker *
start (StrataConnection *connection, const char *path)
{
  g_autoptr (GError) error = NULL;
  StrataWorker *worker =
      strata_worker_start (connection, path, "qcow2", STRATA_WORKER_FILE, NULL, &error);

  g_assert_no_error (error);

  return worker;
}

static void
check_copy (const char *format)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *base = NULL;
  g_autofree char *top = NULL;
  g_autofree char *copy = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *base_before = NULL;
  g_autofree char *base_after = NULL;
  g_autofree char *info = NULL;
  g_autoptr (GError) error = NULL;
  StrataWorker *worker;
  Seen seen = { 0 };
  GStatBuf status;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  make_chain (dir, &base, &top);
  /* as a template's disk is */
  g_assert_cmpint (g_chmod (base, 0444), ==, 0);
  g_assert_cmpint (g_chmod (top, 0444), ==, 0);
  before = strata_test_guest_hash (top, "qcow2");
  base_before = strata_test_hash (base);
  copy = g_build_filename (dir, "copy.img", NULL);

  worker = start (connection, top);
  g_assert_cmpint (count_workers (connection, dir), ==, 1);
  strata_test_assert_ok (
      strata_worker_copy (worker, copy, format, &(StrataTransfer) { 0, see, &seen, NULL }, &error),
      error);
  g_assert_cmpuint (seen.calls, >, 0);
  g_assert_cmpuint (seen.done, ==, seen.total);
  g_assert_cmpuint (seen.total, >=, 28 * MIB);

  g_assert_false (strata_worker_copy (worker, copy, format, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
  strata_worker_stop (worker);
  g_assert_cmpint (count_workers (connection, dir), ==, 0);

  after = strata_test_guest_hash (copy, format);
  g_assert_cmpstr (before, ==, after);
  info = strata_test_run ("qemu-img", "info", "-f", format, copy, NULL);
  g_assert_null (strstr (info, "backing file"));
  base_after = strata_test_hash (base);
  g_assert_cmpstr (base_before, ==, base_after);
  g_assert_cmpint (g_stat (copy, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 07777, ==, 0600);
  g_assert_cmpuint ((guint64) status.st_blocks * 512, <, 48 * MIB);
}

static void
test_copy_to_qcow2 (void)
{
  check_copy ("qcow2");
}

static void
test_copy_to_raw (void)
{
  check_copy ("raw");
}

static void
test_copy_cancelled (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *dir = NULL;
  g_autofree char *base = NULL;
  g_autofree char *top = NULL;
  g_autofree char *copy = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  StrataWorker *worker;
  Seen seen = { .cancel_at = 2 * MIB, .cancellable = cancellable };

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  make_chain (dir, &base, &top);
  before = strata_test_hash (top);
  copy = g_build_filename (dir, "copy.qcow2", NULL);

  worker = start (connection, top);
  g_assert_false (strata_worker_copy (
      worker, copy, "qcow2", &(StrataTransfer) { LIMITED, see, &seen, cancellable }, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_cmpuint (seen.done, <, seen.total);
  g_assert_false (g_file_test (copy, G_FILE_TEST_EXISTS));

  /* and the next one may have the name */
  strata_test_assert_ok (strata_worker_copy (worker, copy, "qcow2", NULL, &error), error);
  strata_worker_stop (worker);
  after = strata_test_hash (top);
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpint (count_workers (connection, dir), ==, 0);
}

/* $STRATA_TEST_SMALL_DIR is a folder on a file system of less than 28 MB, which only root can make. */
/* Two looks at the speed that it was begun with, then as fast as it can. */
static guint64
see_changing (guint64 done, guint64 total, gpointer data)
{
  guint *calls = data;

  return ++*calls > 2 ? 0 : 2 * MIB;
}

/* 28 MiB at 2 MiB a second would take a quarter of a minute. */
static void
test_copy_hurried (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *base = NULL;
  g_autofree char *top = NULL;
  g_autofree char *copy = NULL;
  g_autoptr (GError) error = NULL;
  StrataWorker *worker;
  guint calls = 0;
  gint64 begun;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  make_chain (dir, &base, &top);
  copy = g_build_filename (dir, "copy.qcow2", NULL);
  worker = start (connection, top);
  begun = g_get_monotonic_time ();
  strata_test_assert_ok (
      strata_worker_copy (worker, copy, "qcow2",
                          &(StrataTransfer) { 2 * MIB, see, &(Seen) { 0 }, NULL }, &error),
      error);
  g_assert_cmpint (g_get_monotonic_time () - begun, >, 8 * G_USEC_PER_SEC);
  g_remove (copy);

  begun = g_get_monotonic_time ();
  strata_test_assert_ok (
      strata_worker_copy (worker, copy, "qcow2",
                          &(StrataTransfer) { 2 * MIB, see_changing, &calls, NULL }, &error),
      error);
  g_assert_cmpuint (calls, >, 1);
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 8 * G_USEC_PER_SEC);
  strata_worker_stop (worker);
}

static void
test_copy_to_full_disk (void)
{
  StrataConnection *connection = strata_test_connection ();
  const char *small = g_getenv ("STRATA_TEST_SMALL_DIR");
  g_autofree char *dir = NULL;
  g_autofree char *base = NULL;
  g_autofree char *top = NULL;
  g_autofree char *copy = NULL;
  g_autoptr (GError) error = NULL;
  StrataWorker *worker;

  if (connection == NULL)
    return;
  if (small == NULL)
    {
      g_test_skip ("no small file system");
      return;
    }

  dir = strata_test_dir ();
  make_chain (dir, &base, &top);
  copy = g_build_filename (small, "copy.qcow2", NULL);

  worker = start (connection, top);
  g_assert_false (strata_worker_copy (worker, copy, "qcow2", NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NO_SPACE);
  g_test_message ("%s", error->message);
  g_assert_false (g_file_test (copy, G_FILE_TEST_EXISTS));
  strata_worker_stop (worker);
}

static void
test_commit (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *base = NULL;
  g_autofree char *top = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *stranger = NULL;
  g_autoptr (GError) error = NULL;
  StrataWorker *worker;
  Seen seen = { 0 };

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  make_chain (dir, &base, &top);
  before = strata_test_guest_hash (top, "qcow2");
  stranger = g_build_filename (dir, "stranger.qcow2", NULL);
  strata_test_create_image (stranger, "qcow2", "64M");

  worker = start (connection, top);
  g_assert_false (strata_worker_commit (worker, stranger, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
  g_clear_error (&error);
  strata_test_assert_ok (
      strata_worker_commit (worker, base, &(StrataTransfer) { 0, see, &seen, NULL }, &error),
      error);
  strata_worker_stop (worker);
  g_assert_cmpuint (seen.done, ==, seen.total);

  after = strata_test_guest_hash (base, "qcow2");
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpint (count_workers (connection, dir), ==, 0);
}

/* Stopped under way the overlay is whole, and run again, also after it was done, the base is right. */
static void
test_commit_again (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *dir = NULL;
  g_autofree char *base = NULL;
  g_autofree char *top = NULL;
  g_autofree char *before = NULL;
  g_autofree char *half = NULL;
  g_autoptr (GError) error = NULL;
  StrataWorker *worker;
  Seen seen = { .cancel_at = 2 * MIB, .cancellable = cancellable };

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  make_chain (dir, &base, &top);
  before = strata_test_guest_hash (top, "qcow2");

  worker = start (connection, top);
  g_assert_false (strata_worker_commit (
      worker, base, &(StrataTransfer) { LIMITED / 4, see, &seen, cancellable }, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  strata_worker_stop (worker);
  half = strata_test_guest_hash (top, "qcow2");
  g_assert_cmpstr (before, ==, half);

  for (int i = 0; i < 2; i++)
    {
      g_autofree char *after = NULL;

      worker = start (connection, top);
      strata_test_assert_ok (strata_worker_commit (worker, base, NULL, &error), error);
      strata_worker_stop (worker);
      after = strata_test_guest_hash (base, "qcow2");
      g_assert_cmpstr (before, ==, after);
    }
}

/* The overlay's header knows the base by another name of the same file. */
static void
test_commit_through_link (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *base = NULL;
  g_autofree char *top = NULL;
  g_autofree char *link = NULL;
  g_autofree char *other = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  StrataWorker *worker;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  make_chain (dir, &base, &top);
  link = g_build_filename (dir, "link.qcow2", NULL);
  g_assert_cmpint (symlink (base, link), ==, 0);
  other = g_build_filename (dir, "other.qcow2", NULL);
  strata_test_create_overlay (other, link, "qcow2");
  strata_test_write_pattern (other, "qcow2", 77, MIB, MIB);
  before = strata_test_guest_hash (other, "qcow2");

  worker = start (connection, other);
  strata_test_assert_ok (strata_worker_commit (worker, base, NULL, &error), error);
  strata_worker_stop (worker);
  after = strata_test_guest_hash (base, "qcow2");
  g_assert_cmpstr (before, ==, after);
}

static void
test_image_not_there (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataWorker) worker = NULL;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  path = g_build_filename (dir, "nothing.qcow2", NULL);
  worker = strata_worker_start (connection, path, "qcow2", STRATA_WORKER_FILE, NULL, &error);
  g_assert_null (worker);
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_cmpint (count_workers (connection, dir), ==, 0);
}

static gboolean
is_hidden (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) domains =
      strata_connection_list_domains (strata_test_connection (), NULL, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      if (g_str_has_prefix (domain->name, STRATA_WORKER_PREFIX))
        return FALSE;
    }

  return TRUE;
}

/* The child's whole life: a worker that it does not stop. */
static int
leave_worker (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataConnection) connection =
      strata_connection_open (strata_test_uri (), NULL, &error);

  g_assert_no_error (error);
  start (connection, path);
  kill (getpid (), SIGKILL);

  return 0;
}

static gboolean
has_no_worker (gpointer data)
{
  return count_workers (strata_test_connection (), data) == 0;
}

static void
test_client_dies (void)
{
  StrataConnection *connection;
  g_autofree char *dir = NULL;
  g_autofree char *path = NULL;

  if (g_test_subprocess ())
    {
      leave_worker (g_getenv ("STRATA_TEST_IMAGE"));
      return;
    }

  connection = strata_test_connection ();
  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  path = g_build_filename (dir, "image.qcow2", NULL);
  strata_test_create_image (path, "qcow2", "64M");
  g_setenv ("STRATA_TEST_IMAGE", path, TRUE);
  g_test_trap_subprocess (NULL, 60 * G_TIME_SPAN_SECOND, G_TEST_SUBPROCESS_DEFAULT);
  g_assert_false (g_test_trap_has_passed ());
  g_assert_true (strata_test_wait (has_no_worker, dir, 20));
}

/* A worker without autodestroy stands for one whose daemon was restarted. */
static virDomainPtr
start_orphan (StrataConnection *connection, const char *path, const char *owner)
{
  const StrataHostFacts *facts = strata_connection_get_facts (connection);
  StrataWorkerDisk disk = { "vda", path, "qcow2", FALSE, FALSE };
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *plain =
      strata_worker_xml_new (uuid, "qemu", facts->arch, facts->emulator, &disk, 1);
  g_autofree char *description = g_strdup_printf ("<description>%s</description></domain>", owner);
  g_autoptr (GString) xml = g_string_new (plain);
  virDomainPtr domain;

  g_string_replace (xml, "</domain>", description, 1);
  domain = virDomainCreateXML (strata_connection_get_handle (connection), xml->str,
                               VIR_DOMAIN_START_PAUSED);
  g_assert_nonnull (domain);

  return domain;
}

static void
test_reap (void)
{
  StrataConnection *connection = strata_test_connection ();
  g_autofree char *dir = NULL;
  g_autofree char *dead_path = NULL;
  g_autofree char *live_path = NULL;
  g_autofree char *live_owner = strata_process_id_new_text ();
  g_autoptr (GString) dead_owner = g_string_new (live_owner);
  g_autoptr (GError) error = NULL;
  virDomainPtr dead;
  virDomainPtr live;
  int reaped;

  if (connection == NULL)
    return;

  dir = strata_test_dir ();
  dead_path = g_build_filename (dir, "dead.qcow2", NULL);
  live_path = g_build_filename (dir, "live.qcow2", NULL);
  strata_test_create_image (dead_path, "qcow2", "64M");
  strata_test_create_image (live_path, "qcow2", "64M");
  /* the same number, but a process that began at another time */
  g_string_replace (dead_owner, " start=", " start=1", 1);
  g_assert_false (strata_process_id_is_dead (live_owner));
  g_assert_true (strata_process_id_is_dead (dead_owner->str));
  g_assert_false (strata_process_id_is_dead ("somebody else’s notes"));
  g_assert_false (strata_process_id_is_dead (NULL));

  dead = start_orphan (connection, dead_path, dead_owner->str);
  live = start_orphan (connection, live_path, live_owner);
  g_assert_true (is_hidden (NULL));

  reaped = strata_worker_reap (strata_connection_get_handle (connection), &error);
  g_assert_no_error (error);
  g_assert_cmpint (reaped, ==, 1);
  g_assert_cmpint (virDomainIsActive (dead), !=, 1);
  g_assert_cmpint (virDomainIsActive (live), ==, 1);

  virDomainDestroy (live);
  virDomainFree (live);
  virDomainFree (dead);
}

int
main (int argc, char **argv)
{
  strata_test_init (&argc, &argv);

  g_test_add_func ("/worker/copy-to-qcow2", test_copy_to_qcow2);
  g_test_add_func ("/worker/copy-to-raw", test_copy_to_raw);
  g_test_add_func ("/worker/copy-cancelled", test_copy_cancelled);
  g_test_add_func ("/worker/copy-hurried", test_copy_hurried);
  g_test_add_func ("/worker/copy-to-full-disk", test_copy_to_full_disk);
  g_test_add_func ("/worker/commit", test_commit);
  g_test_add_func ("/worker/commit-again", test_commit_again);
  g_test_add_func ("/worker/commit-through-link", test_commit_through_link);
  g_test_add_func ("/worker/image-not-there", test_image_not_there);
  g_test_add_func ("/worker/client-dies", test_client_dies);
  g_test_add_func ("/worker/reap", test_reap);

  return g_test_run ();
}
