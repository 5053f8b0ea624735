/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The journal: what was written is read back, a torn last line is nothing, a living process is left alone. */

#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>

#include "jobs/strata-journal.h"
#include "xml/strata-error.h"

static StrataPlan *
make_plan (void)
{
  StrataPlan *plan = strata_plan_new ("Title", "Act");

  for (int i = 0; i < 3; i++)
    {
      JsonObject *args = json_object_new ();

      json_object_set_string_member (args, "path", "/image");
      json_object_set_int_member (args, "bytes", 1);
      strata_plan_add_step (plan, "check-space", args, "Step %d", i)->forward_only = i == 2;
    }
  strata_plan_add_resource (plan, "/image");

  return plan;
}

static void
remove_dir (char *dir)
{
  g_autoptr (GDir) open = g_dir_open (dir, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (open)) != NULL)
    {
      g_autofree char *path = g_build_filename (dir, name, NULL);

      g_unlink (path);
    }
  g_rmdir (dir);
  g_free (dir);
}

typedef char Folder;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Folder, remove_dir)

static void
test_round_trip (void)
{
  g_autoptr (Folder) dir = g_dir_make_tmp ("journal-XXXXXX", NULL);
  g_autoptr (StrataPlan) plan = make_plan ();
  g_autoptr (JsonObject) results = json_object_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (dir, "id.journal", NULL);
  StrataJournal *journal = strata_journal_create (dir, "id", "qemu:///session", plan, &error);
  GStatBuf info;

  g_assert_no_error (error);
  json_object_set_string_member (results, "os", "Debian");
  g_assert_true (strata_journal_begin_step (journal, 0, NULL));
  g_assert_true (strata_journal_end_step (journal, 0, results, NULL));
  g_assert_true (strata_journal_begin_step (journal, 1, NULL));

  /* As long as somebody has it open, nobody else takes it. */
  g_assert_null (strata_journal_open (dir, "id", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_BUSY);
  g_clear_error (&error);
  strata_journal_close (journal);

  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);

  journal = strata_journal_open (dir, "id", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (strata_journal_get_uri (journal), ==, "qemu:///session");
  g_assert_cmpuint (strata_plan_get_n_steps (strata_journal_get_plan (journal)), ==, 3);
  g_assert_cmpint (strata_journal_get_mark (journal, 0), ==, STRATA_STEP_DONE);
  g_assert_cmpint (strata_journal_get_mark (journal, 1), ==, STRATA_STEP_BEGUN);
  g_assert_cmpint (strata_journal_get_mark (journal, 2), ==, STRATA_STEP_UNTOUCHED);
  g_assert_cmpuint (strata_journal_get_position (journal), ==, 1);
  g_assert_true (strata_journal_can_roll_back (journal));
  g_assert_cmpstr (json_object_get_string_member (strata_journal_get_results (journal), "os"), ==,
                   "Debian");

  g_assert_true (strata_journal_begin_step (journal, 2, NULL));
  g_assert_false (strata_journal_can_roll_back (journal));
  g_assert_true (strata_journal_clear_step (journal, 2, NULL));
  g_assert_true (strata_journal_can_roll_back (journal));
  strata_journal_remove (journal);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

static void
append (const char *path, const char *text)
{
  g_autofree char *old = NULL;
  g_autofree char *new = NULL;

  g_assert_true (g_file_get_contents (path, &old, NULL, NULL));
  new = g_strconcat (old, text, NULL);
  g_assert_true (g_file_set_contents (path, new, -1, NULL));
}

static void
test_torn (void)
{
  g_autoptr (Folder) dir = g_dir_make_tmp ("journal-XXXXXX", NULL);
  g_autoptr (StrataPlan) plan = make_plan ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (dir, "id.journal", NULL);
  StrataJournal *journal = strata_journal_create (dir, "id", "test:///default", plan, NULL);

  g_assert_true (strata_journal_begin_step (journal, 0, NULL));
  strata_journal_close (journal);
  append (path, "{\"event\":\"end\",\"st");
  journal = strata_journal_open (dir, "id", &error);
  g_assert_no_error (error);
  g_assert_cmpint (strata_journal_get_mark (journal, 0), ==, STRATA_STEP_BEGUN);
  strata_journal_close (journal);

  g_assert_true (g_file_set_contents (path, "{\"event\":\"pl", -1, NULL));
  g_assert_null (strata_journal_open (dir, "id", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
}

static void
test_absent (void)
{
  g_autoptr (Folder) dir = g_dir_make_tmp ("journal-XXXXXX", NULL);
  static const char *const ids[] = { "nobody", "../../etc/passwd", "" };

  for (size_t i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (strata_journal_open (dir, ids[i], &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
    }
}

/* A process that was killed before its plan was written has begun nothing. */
static void
test_never_begun (void)
{
  g_autoptr (Folder) dir = g_dir_make_tmp ("journal-XXXXXX", NULL);
  g_autoptr (StrataPlan) plan = make_plan ();
  g_autofree char *dead = g_build_filename (dir, "dead.journal.new", NULL);
  g_autofree char *alive = g_build_filename (dir, "alive.journal.new", NULL);
  g_autofree char *begun = g_build_filename (dir, "begun.journal", NULL);
  g_autoptr (StrataJournal) journal = NULL;
  g_autofd int fd = -1;

  g_assert_true (g_file_set_contents (dead, "{\"event\":\"pl", -1, NULL));
  g_assert_true (g_file_set_contents (alive, "", -1, NULL));
  fd = g_open (alive, O_RDWR | O_CLOEXEC);
  g_assert_cmpint (flock (fd, LOCK_EX), ==, 0);
  journal = strata_journal_create (dir, "begun", "qemu:///session", plan, NULL);
  g_assert_nonnull (journal);

  strata_journal_sweep (dir);
  g_assert_false (g_file_test (dead, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (alive, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (begun, G_FILE_TEST_EXISTS));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/journal/never-begun", test_never_begun);
  g_test_add_func ("/journal/round-trip", test_round_trip);
  g_test_add_func ("/journal/torn", test_torn);
  g_test_add_func ("/journal/absent", test_absent);

  return g_test_run ();
}
