/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataJournal: what a job was to do and how far it came, in a file that outlives the process.
 *
 * A journal is JSON lines, mode 0600 because definitions hold passwords. Its lock (flock) is held as
 * long as a process works on it, so that another can tell an unfinished job from a running one.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "strata-journal.h"
#include "xml/strata-error.h"

/* behind the name of one that is being made */
#define NEW ".new"

struct _StrataJournal
{
  char *path;
  char *id;
  char *uri;
  char *started;
  StrataPlan *plan;
  JsonObject *results;
  StrataStepMark *marks;
  int fd;
};

/**
 * strata_journal_get_default_dir:
 *
 * Returns: (transfer full): `$XDG_STATE_HOME/strata/journal`
 */
char *
strata_journal_get_default_dir (void)
{
  return g_build_filename (g_get_user_state_dir (), "strata", "journal", NULL);
}

static gboolean
set_io_error (StrataJournal *self, int saved_errno, GError **error)
{
  strata_set_error (error, saved_errno == ENOSPC ? STRATA_ERROR_NO_SPACE : STRATA_ERROR_FAILED,
                    _ ("Nothing is done that isn’t written there first. Make room, or make the "
                       "folder writable."),
                    _ ("The journal “%s” can’t be written: %s"), self->path,
                    g_strerror (saved_errno));
  return FALSE;
}

static gboolean
append (StrataJournal *self, JsonObject *line, gboolean sync, GError **error)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *json = NULL;
  g_autofree char *text = NULL;
  size_t length, written = 0;

  json_node_set_object (node, line);
  json = json_to_string (node, FALSE);
  text = g_strconcat (json, "\n", NULL);
  length = strlen (text);

  while (written < length)
    {
      ssize_t n = write (self->fd, text + written, length - written);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return set_io_error (self, errno, error);
      written += (size_t) n;
    }

  return sync ? strata_journal_sync (self, error) : TRUE;
}

gboolean
strata_journal_sync (StrataJournal *self, GError **error)
{
  if (fdatasync (self->fd) == 0)
    return TRUE;

  return set_io_error (self, errno, error);
}

static JsonObject *
event_new (const char *event, guint index)
{
  JsonObject *line = json_object_new ();

  json_object_set_string_member (line, "event", event);
  json_object_set_int_member (line, "step", index);

  return line;
}

/* The folder's entry has to survive, too. */
static void
sync_folder (const char *dir)
{
  g_autofd int fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd >= 0)
    fsync (fd);
}

static StrataJournal *
journal_new (const char *dir, const char *id)
{
  StrataJournal *self = g_new0 (StrataJournal, 1);
  g_autofree char *name = g_strconcat (id, STRATA_JOURNAL_SUFFIX, NULL);

  self->path = g_build_filename (dir, name, NULL);
  self->id = g_strdup (id);
  self->results = json_object_new ();
  self->fd = -1;

  return self;
}

/* Under its own name only when it is all there: a journal has a plan. */
static gboolean
write_plan (StrataJournal *self, const char *dir, JsonObject *line, GError **error)
{
  g_autofree char *unfinished = g_strconcat (self->path, NEW, NULL);

  if (g_mkdir_with_parents (dir, 0700) < 0 ||
      (self->fd = open (unfinished, O_CREAT | O_EXCL | O_RDWR | O_APPEND | O_CLOEXEC, 0600)) < 0)
    return set_io_error (self, errno, error);

  flock (self->fd, LOCK_EX | LOCK_NB);
  if (append (self, line, TRUE, error))
    {
      if (g_rename (unfinished, self->path) == 0)
        {
          sync_folder (dir);
          return TRUE;
        }
      set_io_error (self, errno, error);
    }
  g_unlink (unfinished);

  return FALSE;
}

/**
 * strata_journal_create:
 * @dir: the folder, made if it isn't there
 * @id: the job's name
 * @uri: the host
 * @plan: what is going to be done
 * @error: `STRATA_ERROR_FAILED` or `_NO_SPACE`
 *
 * When it returns, @plan is on the disk.
 *
 * Returns: (transfer full): the journal, locked, or %NULL
 */
StrataJournal *
strata_journal_create (const char *dir,
                       const char *id,
                       const char *uri,
                       StrataPlan *plan,
                       GError **error)
{
  g_autoptr (StrataJournal) self = journal_new (dir, id);
  g_autoptr (JsonObject) line = json_object_new ();
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  self->uri = g_strdup (uri);
  self->plan = g_object_ref (plan);
  self->started = g_date_time_format_iso8601 (now);
  self->marks = g_new0 (StrataStepMark, strata_plan_get_n_steps (plan));

  json_object_set_string_member (line, "event", "plan");
  json_object_set_string_member (line, "id", id);
  json_object_set_string_member (line, "uri", uri);
  json_object_set_string_member (line, "started", self->started);
  json_object_set_object_member (line, "plan", strata_plan_to_json (plan));

  return write_plan (self, dir, line, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * strata_journal_sweep:
 * @dir: the folder
 *
 * Removes what processes left that were killed before they had written a plan, and so had not begun. One that is about to
 * rename its file finds it gone, and begins nothing.
 */
void
strata_journal_sweep (const char *dir)
{
  g_autoptr (GDir) open_dir = g_dir_open (dir, 0, NULL);
  const char *name;

  while (open_dir != NULL && (name = g_dir_read_name (open_dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (dir, name, NULL);
      g_autofd int fd = -1;

      if (!g_str_has_suffix (name, NEW))
        continue;
      fd = open (path, O_RDWR | O_CLOEXEC);
      if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) == 0)
        g_unlink (path);
    }
}

static void
merge_results (StrataJournal *self, JsonObject *results)
{
  JsonObjectIter iter;
  const char *key;
  JsonNode *value;

  json_object_iter_init (&iter, results);
  while (json_object_iter_next (&iter, &key, &value))
    json_object_set_member (self->results, key, json_node_copy (value));
}

static gboolean
read_plan_line (StrataJournal *self, JsonObject *line, GError **error)
{
  JsonNode *plan = json_object_get_member (line, "plan");

  if (plan == NULL || !JSON_NODE_HOLDS_OBJECT (plan))
    return FALSE;

  self->uri = g_strdup (json_object_get_string_member_with_default (line, "uri", ""));
  self->started = g_strdup (json_object_get_string_member_with_default (line, "started", ""));
  self->plan = strata_plan_new_from_json (json_node_get_object (plan), error);
  if (self->plan == NULL)
    return FALSE;
  self->marks = g_new0 (StrataStepMark, strata_plan_get_n_steps (self->plan));

  return TRUE;
}

static void
read_event_line (StrataJournal *self, JsonObject *line)
{
  const char *event = json_object_get_string_member_with_default (line, "event", "");
  gint64 index = json_object_get_int_member_with_default (line, "step", -1);
  JsonNode *results = json_object_get_member (line, "results");

  if (index < 0 || index >= strata_plan_get_n_steps (self->plan))
    return;

  if (g_str_equal (event, "begin"))
    self->marks[index] = STRATA_STEP_BEGUN;
  else if (g_str_equal (event, "end"))
    self->marks[index] = STRATA_STEP_DONE;
  else if (g_str_equal (event, "clear"))
    self->marks[index] = STRATA_STEP_UNTOUCHED;

  if (results != NULL && JSON_NODE_HOLDS_OBJECT (results))
    merge_results (self, json_node_get_object (results));
}

/* A line that was cut by the crash was never acted on: it is left out. */
static gboolean
read_lines (StrataJournal *self, const char *text, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (JsonNode) node = *lines[i] != '\0' ? json_from_string (lines[i], NULL) : NULL;

      if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
        continue;
      if (self->plan != NULL)
        read_event_line (self, json_node_get_object (node));
      else if (!read_plan_line (self, json_node_get_object (node), error))
        break;
    }

  if (self->plan != NULL)
    return TRUE;

  if (error != NULL && *error == NULL)
    strata_set_error (error, STRATA_ERROR_INVALID, _ ("Nothing was done by that job; delete it."),
                      _ ("The journal “%s” has no plan"), self->path);
  return FALSE;
}

/**
 * strata_journal_open:
 * @dir: the folder
 * @id: the job's name
 * @error: `STRATA_ERROR_NOT_FOUND`, `_BUSY` or `_INVALID`
 *
 * Returns: (transfer full): what an earlier process left, locked, or %NULL
 */
StrataJournal *
strata_journal_open (const char *dir, const char *id, GError **error)
{
  g_autoptr (StrataJournal) self = journal_new (dir, id);
  g_autofree char *text = NULL;

  self->fd = open (self->path, O_RDWR | O_APPEND | O_CLOEXEC);
  if (self->fd < 0 || strchr (id, '/') != NULL)
    {
      strata_set_error (error, STRATA_ERROR_NOT_FOUND, _ ("“stratactl job list” shows them."),
                        _ ("There is no unfinished job “%s”"), id);
      return NULL;
    }
  if (flock (self->fd, LOCK_EX | LOCK_NB) < 0)
    {
      strata_set_error (error, STRATA_ERROR_BUSY, _ ("Wait for it, or cancel it there."),
                        _ ("The job “%s” is being worked on by another process"), id);
      return NULL;
    }
  if (!g_file_get_contents (self->path, &text, NULL, error) || !read_lines (self, text, error))
    return NULL;

  return g_steal_pointer (&self);
}

void
strata_journal_close (StrataJournal *self)
{
  if (self == NULL)
    return;

  g_clear_fd (&self->fd, NULL);
  g_clear_object (&self->plan);
  g_clear_pointer (&self->results, json_object_unref);
  g_free (self->marks);
  g_free (self->path);
  g_free (self->id);
  g_free (self->uri);
  g_free (self->started);
  g_free (self);
}

void
strata_journal_remove (StrataJournal *self)
{
  g_unlink (self->path);
  strata_journal_close (self);
}

gboolean
strata_journal_begin_step (StrataJournal *self, guint index, GError **error)
{
  g_autoptr (JsonObject) line = event_new ("begin", index);

  if (!append (self, line, TRUE, error))
    return FALSE;
  self->marks[index] = STRATA_STEP_BEGUN;

  return TRUE;
}

/**
 * strata_journal_end_step:
 * @self: a journal
 * @index: the step
 * @results: (nullable): what the step found out, for later steps
 * @error: as strata_journal_create()
 *
 * The line is on the disk before anything else is done: with the next step's start, or by
 * strata_journal_sync().
 *
 * Returns: whether it was written
 */
gboolean
strata_journal_end_step (StrataJournal *self, guint index, JsonObject *results, GError **error)
{
  g_autoptr (JsonObject) line = event_new ("end", index);

  if (results != NULL)
    {
      json_object_set_object_member (line, "results", json_object_ref (results));
      merge_results (self, results);
    }
  if (!append (self, line, FALSE, error))
    return FALSE;
  self->marks[index] = STRATA_STEP_DONE;

  return TRUE;
}

gboolean
strata_journal_clear_step (StrataJournal *self, guint index, GError **error)
{
  g_autoptr (JsonObject) line = event_new ("clear", index);

  if (!append (self, line, TRUE, error))
    return FALSE;
  self->marks[index] = STRATA_STEP_UNTOUCHED;

  return TRUE;
}

const char *
strata_journal_get_id (StrataJournal *self)
{
  return self->id;
}

const char *
strata_journal_get_uri (StrataJournal *self)
{
  return self->uri;
}

const char *
strata_journal_get_started (StrataJournal *self)
{
  return self->started;
}

StrataPlan *
strata_journal_get_plan (StrataJournal *self)
{
  return self->plan;
}

JsonObject *
strata_journal_get_results (StrataJournal *self)
{
  return self->results;
}

StrataStepMark
strata_journal_get_mark (StrataJournal *self, guint index)
{
  return self->marks[index];
}

gboolean
strata_journal_can_roll_back (StrataJournal *self)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self->plan); i++)
    {
      if (self->marks[i] != STRATA_STEP_UNTOUCHED &&
          strata_plan_get_step (self->plan, i)->forward_only)
        return FALSE;
    }

  return TRUE;
}

guint
strata_journal_get_position (StrataJournal *self)
{
  guint n = strata_plan_get_n_steps (self->plan);

  for (guint i = 0; i < n; i++)
    {
      if (self->marks[i] != STRATA_STEP_DONE)
        return i;
    }

  return n;
}
