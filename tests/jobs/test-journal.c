/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The journal: what was written is read back, a torn last line is nothing, a living process is left alone. */

#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>

#include "jobs/strata-journal.h"
#include "base/strata-error.h"

static StrataPlan *
make_plan (void)
{
  StrataPlan *plan = strata_plan_new ("Title", "Act");

  for (int i = 0; i < 3; i++)
    {
      JsonObject *args = json_object_new ();

      json_object_set_string_member (args, "path", "/image");
      json_object_set_int_member (args, "bytes", 1);
      strata_plan_add_step (plan, STRATA_STEP_CHECK_SPACE, args, "Step %d", i)->forward_only =
          i == 2;
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
  StrataJournal *journal = strata_journal_create (dir, "id", "qemu:///session", NULL, plan, &error);
  GStatBuf info;

  g_assert_no_error (error);
  json_object_set_string_member (results, "os", "Debian");
  g_assert_true (strata_journal_begin_step (journal, 0, NULL, NULL));
  g_assert_true (strata_journal_end_step (journal, 0, results, NULL));
  g_assert_true (strata_journal_begin_step (journal, 1, NULL, NULL));

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

  g_assert_true (strata_journal_begin_step (journal, 2, NULL, NULL));
  g_assert_false (strata_journal_can_roll_back (journal));
  g_assert_true (strata_journal_clear_step (journal, 2, NULL, NULL));
  g_assert_true (strata_journal_can_roll_back (journal));
  strata_journal_remove (journal);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

/* One that could not be read again, when it is to be taken up. */
static void
test_unreadable_plan (void)
{
  g_autoptr (Folder) dir = g_dir_make_tmp ("journal-XXXXXX", NULL);
  g_autoptr (StrataPlan) plan = make_plan ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (dir, "id.journal", NULL);

  json_object_set_string_member (strata_plan_get_step (plan, 1)->args, "bytes", "many");
  g_assert_null (strata_journal_create (dir, "id", "test:///default", NULL, plan, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
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
  StrataJournal *journal = strata_journal_create (dir, "id", "test:///default", NULL, plan, NULL);

  g_assert_true (strata_journal_begin_step (journal, 0, NULL, NULL));
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
  journal = strata_journal_create (dir, "begun", "qemu:///session", NULL, plan, NULL);
  g_assert_nonnull (journal);

  strata_journal_sweep (dir);
  g_assert_false (g_file_test (dead, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (alive, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (begun, G_FILE_TEST_EXISTS));
}

/* What was cut off is not acted on, and what is written next is not swallowed by it. */
static void
test_torn_and_on (void)
{
  static const char *const tails[] = { "{\"event\":\"end\",\"st", "{", "\x01\x02",
                                       "{\"event\":\"end\",\"step\":0}" };

  for (size_t i = 0; i < G_N_ELEMENTS (tails); i++)
    {
      g_autoptr (Folder) dir = g_dir_make_tmp ("journal-XXXXXX", NULL);
      g_autoptr (StrataPlan) plan = make_plan ();
      g_autoptr (GError) error = NULL;
      g_autofree char *path = g_build_filename (dir, "id.journal", NULL);
      StrataJournal *journal =
          strata_journal_create (dir, "id", "test:///default", NULL, plan, NULL);

      g_assert_true (strata_journal_begin_step (journal, 0, NULL, NULL));
      strata_journal_close (journal);
      append (path, tails[i]);

      journal = strata_journal_open (dir, "id", &error);
      g_assert_no_error (error);
      g_assert_true (strata_journal_end_step (journal, 0, NULL, NULL));
      g_assert_true (strata_journal_begin_step (journal, 1, NULL, NULL));
      strata_journal_close (journal);

      journal = strata_journal_open (dir, "id", &error);
      g_assert_no_error (error);
      g_assert_cmpint (strata_journal_get_mark (journal, 0), ==, STRATA_STEP_DONE);
      g_assert_cmpint (strata_journal_get_mark (journal, 1), ==, STRATA_STEP_BEGUN);
      strata_journal_close (journal);
    }
}

/* What can't be read is told, never passed over; the job can be ended and nothing else. */
static void
test_damage (void)
{
  static const char *const lines[] = {
    "nonsense\n",
    "\n",
    "[]\n",
    "{\"event\":\"begin\",\"step\":3}\n",
    "{\"event\":\"begin\",\"step\":-1}\n",
    "{\"event\":\"begin\",\"step\":\"0\"}\n",
    "{\"event\":\"begin\"}\n",
    "{\"event\":\"finish\",\"step\":0}\n",
    "{\"step\":0}\n",
    "{\"event\":\"end\",\"step\":0,\"results\":[]}\n",
    "{\"event\":\"end\",\"step\":0,\"results\":{\"os\":7}}\n",
    "{\"event\":\"begin\",\"step\":0}\n{\"event\":\"end\",\"st{\"event\":\"begin\",\"step\":1}\n",
  };

  for (size_t i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (Folder) dir = g_dir_make_tmp ("journal-XXXXXX", NULL);
      g_autoptr (StrataPlan) plan = make_plan ();
      g_autoptr (GError) error = NULL;
      g_autofree char *path = g_build_filename (dir, "id.journal", NULL);
      StrataJournal *journal =
          strata_journal_create (dir, "id", "test:///default", NULL, plan, NULL);

      strata_journal_close (journal);
      append (path, lines[i]);
      append (path, "{\"event\":\"begin\",\"step\":1}\n");
      g_assert_null (strata_journal_open (dir, "id", &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, path));
      g_assert_nonnull (strstr (error->message, "line"));
      g_clear_error (&error);

      journal = strata_journal_peek (dir, "id", &error);
      g_assert_no_error (error);
      g_assert_nonnull (strata_journal_get_damage (journal));
      g_assert_cmpint (strata_journal_get_mark (journal, 1), ==, STRATA_STEP_UNTOUCHED);
      strata_journal_close (journal);

      journal = strata_journal_open_damaged (dir, "id", &error);
      g_assert_no_error (error);
      strata_journal_remove (journal);
      g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
    }
}

/* Who looks does not keep others from it, and sees what another works on as busy. */
static void
test_peek (void)
{
  g_autoptr (Folder) dir = g_dir_make_tmp ("journal-XXXXXX", NULL);
  g_autoptr (StrataPlan) plan = make_plan ();
  g_autoptr (GError) error = NULL;
  StrataJournal *journal = strata_journal_create (dir, "id", "test:///default", NULL, plan, NULL);
  g_autoptr (StrataJournal) seen = strata_journal_peek (dir, "id", &error);

  g_assert_null (seen);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_BUSY);
  g_clear_error (&error);
  strata_journal_close (journal);

  seen = strata_journal_peek (dir, "id", &error);
  g_assert_no_error (error);
  journal = strata_journal_open (dir, "id", &error);
  g_assert_no_error (error);
  g_assert_nonnull (journal);
  strata_journal_remove (journal);

  g_clear_pointer (&seen, strata_journal_close);
  g_assert_null (strata_journal_peek (dir, "id", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
}

/* Another may have ended the job between the opening of the file and its lock. */
static gpointer
end_job (gpointer journal)
{
  g_usleep (G_USEC_PER_SEC / 20);
  strata_journal_remove (journal);

  return NULL;
}

static void
test_removed_meanwhile (void)
{
  g_autoptr (Folder) dir = g_dir_make_tmp ("journal-XXXXXX", NULL);
  g_autoptr (StrataPlan) plan = make_plan ();
  g_autoptr (GError) error = NULL;
  StrataJournal *journal = strata_journal_create (dir, "id", "test:///default", NULL, plan, NULL);
  GThread *thread = g_thread_new ("end", end_job, journal);

  g_assert_null (strata_journal_open (dir, "id", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_thread_join (thread);
}

/* Jobs begin while others list them. */
static gpointer
sweep_on (gpointer data)
{
  for (guint i = 0; i < 3000; i++)
    strata_journal_sweep (data);

  return NULL;
}

static void
test_sweep_and_create (void)
{
  g_autoptr (Folder) dir = g_dir_make_tmp ("journal-XXXXXX", NULL);
  g_autoptr (StrataPlan) plan = make_plan ();
  GThread *thread = g_thread_new ("sweep", sweep_on, dir);

  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *id = g_strdup_printf ("id%u", i);
      g_autoptr (GError) error = NULL;
      StrataJournal *journal =
          strata_journal_create (dir, id, "test:///default", NULL, plan, &error);

      g_assert_no_error (error);
      strata_journal_remove (journal);
    }
  g_thread_join (thread);
}

static void
write_first_line (const char *path, const char *version, JsonObject *plan)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), plan);
  g_autofree char *json = json_to_string (node, FALSE);
  g_autofree char *text = g_strdup_printf (
      "{\"event\":\"plan\",%s\"id\":\"id\",\"uri\":\"qemu:///session\",\"started\":\"2026\",\"plan\":%s}\n"
      "{\"event\":\"begin\",\"step\":0}\n",
      version, json);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

/* Those of the first version said nothing of the host, the request and what it gives up. */
static void
test_versions (void)
{
  g_autoptr (Folder) dir = g_dir_make_tmp ("journal-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "id.journal", NULL);
  g_autoptr (StrataPlan) plan = make_plan ();
  g_autoptr (JsonObject) json = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataJournal) journal = NULL;
  g_autoptr (StrataHolderKey) key = strata_holder_key_new_snapshot ("u", "s1", "vda");
  JsonObject *args = json_object_new ();

  json_object_set_string_member (args, "uuid", "u");
  json_object_set_string_member (args, "snapshot", "s1");
  json_object_set_string_member (args, "xml", "<domainsnapshot/>");
  strata_plan_add_step (plan, STRATA_STEP_DELETE_METADATA, args, "Forget");
  json = strata_plan_to_json (plan);
  json_object_remove_member (json, "given-up");

  write_first_line (path, "", json);
  journal = strata_journal_open (dir, "id", &error);
  g_assert_no_error (error);
  g_assert_cmpint (strata_journal_get_version (journal), ==, 1);
  g_assert_null (strata_journal_get_host (journal));
  g_assert_null (strata_plan_get_request (strata_journal_get_plan (journal)));
  g_assert_true (strata_plan_is_discarded (strata_journal_get_plan (journal), key));
  g_assert_cmpint (strata_journal_get_mark (journal, 0), ==, STRATA_STEP_BEGUN);
  g_clear_pointer (&journal, strata_journal_close);

  write_first_line (path, "\"version\":3,", json);
  g_assert_null (strata_journal_open (dir, "id", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "newer"));
  g_clear_error (&error);

  write_first_line (path, "\"version\":\"two\",", json);
  g_assert_null (strata_journal_open (dir, "id", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_INVALID);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/journal/never-begun", test_never_begun);
  g_test_add_func ("/journal/round-trip", test_round_trip);
  g_test_add_func ("/journal/unreadable-plan", test_unreadable_plan);
  g_test_add_func ("/journal/torn", test_torn);
  g_test_add_func ("/journal/absent", test_absent);
  g_test_add_func ("/journal/torn-and-on", test_torn_and_on);
  g_test_add_func ("/journal/damage", test_damage);
  g_test_add_func ("/journal/peek", test_peek);
  g_test_add_func ("/journal/removed-meanwhile", test_removed_meanwhile);
  g_test_add_func ("/journal/sweep-and-create", test_sweep_and_create);
  g_test_add_func ("/journal/versions", test_versions);

  return g_test_run ();
}
