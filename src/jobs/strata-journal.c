/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataJournal: what a job was to do and how far it came, in a file that outlives the process.
 *
 * A journal is JSON lines, mode 0600 because definitions hold passwords. The first has the version, the host's identity and
 * the plan with its request and what that gives up; each other one says what was begun, ended or taken back, with what was
 * found out. Its lock (flock) is held as long as a process works on it, so that another can tell an unfinished job from a
 * running one. Who only reads it does not keep the lock.
 *
 * A last line without its end was never acted on: it is cut off before anything is added. What can't be read in another place
 * is damage, and a job whose journal is damaged is neither resumed nor rolled back.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strata-journal.h"
#include "base/strata-error.h"

/* behind the name of one that is being made */
#define NEW ".new"

/* of what is written; 1 had no version, no identity, no request and nothing given up */
#define VERSION 2

/* A reader has the lock for the moment that it takes to see whether another has it. */
#define LOCK_TRIES 20
#define LOCK_PAUSE (10 * G_TIME_SPAN_MILLISECOND)

struct _StrataJournal
{
  char *path;
  char *id;
  char *uri;
  char *started;
  StrataPlan *plan;
  JsonObject *host; /* (nullable) */
  JsonObject *results;
  StrataStepMark *marks;
  GError *damage;
  gint64 version;
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

static gboolean
set_lock_error (StrataJournal *self, int saved_errno, GError **error)
{
  if (saved_errno == EWOULDBLOCK)
    strata_set_error (error, STRATA_ERROR_BUSY, _ ("Wait for it, or cancel it there."),
                      _ ("The job “%s” is being worked on by another process"), self->id);
  else
    strata_set_error (error, STRATA_ERROR_FAILED, NULL, _ ("The journal “%s” can’t be locked: %s"),
                      self->path, g_strerror (saved_errno));

  return FALSE;
}

static gboolean
take_lock (StrataJournal *self, GError **error)
{
  int saved_errno = 0;

  for (guint i = 0; i < LOCK_TRIES; i++)
    {
      if (flock (self->fd, LOCK_EX | LOCK_NB) == 0)
        return TRUE;

      saved_errno = errno;
      if (saved_errno != EWOULDBLOCK && saved_errno != EINTR)
        break;
      g_usleep (LOCK_PAUSE);
    }

  return set_lock_error (self, saved_errno, error);
}

/* Its holder may have removed it between the opening and the lock: then it is a file without a name, and no journal. */
static gboolean
has_name (int fd)
{
  struct stat info;

  return fstat (fd, &info) == 0 && info.st_nlink > 0;
}

/* Locked; a sweeper may have come between, and taken it for left over. */
static gboolean
open_new (StrataJournal *self, const char *path, GError **error)
{
  for (guint i = 0; i < LOCK_TRIES; i++)
    {
      self->fd = open (path, O_CREAT | O_EXCL | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
      if (self->fd < 0)
        return set_io_error (self, errno, error);
      if (!take_lock (self, error))
        {
          g_unlink (path);
          return FALSE;
        }
      if (has_name (self->fd))
        return TRUE;
      g_clear_fd (&self->fd, NULL);
    }

  return set_io_error (self, ENOENT, error);
}

/* Under its own name only when it is all there: a journal has a plan. */
static gboolean
write_plan (StrataJournal *self, const char *dir, JsonObject *line, GError **error)
{
  g_autofree char *unfinished = g_strconcat (self->path, NEW, NULL);

  if (g_mkdir_with_parents (dir, 0700) < 0)
    return set_io_error (self, errno, error);
  if (!open_new (self, unfinished, error))
    return FALSE;

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
 * @host: (nullable): which host that is: see strata_host_identity_new()
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
                       JsonObject *host,
                       StrataPlan *plan,
                       GError **error)
{
  g_autoptr (StrataJournal) self = journal_new (dir, id);
  g_autoptr (JsonObject) line = json_object_new ();
  g_autoptr (JsonObject) stored = strata_plan_to_json (plan);
  g_autoptr (StrataPlan) read_back = strata_plan_new_from_json (stored, error);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  /* What could not be taken up is not begun. */
  if (read_back == NULL)
    return NULL;

  self->uri = g_strdup (uri);
  self->plan = g_object_ref (plan);
  self->host = host != NULL ? json_object_ref (host) : NULL;
  self->version = VERSION;
  self->started = g_date_time_format_iso8601 (now);
  self->marks = g_new0 (StrataStepMark, strata_plan_get_n_steps (plan));

  json_object_set_string_member (line, "event", "plan");
  json_object_set_int_member (line, "version", VERSION);
  json_object_set_string_member (line, "id", id);
  json_object_set_string_member (line, "uri", uri);
  json_object_set_string_member (line, "started", self->started);
  if (host != NULL)
    json_object_set_object_member (line, "host", json_object_ref (host));
  json_object_set_object_member (line, "plan", g_steal_pointer (&stored));

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

static const char *
get_string (JsonObject *line, const char *key)
{
  JsonNode *node = json_object_get_member (line, key);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : NULL;
}

/* Without one: @fallback. Of another type: -1. */
static gint64
get_int (JsonObject *line, const char *key, gint64 fallback)
{
  JsonNode *node = json_object_get_member (line, key);

  if (node == NULL)
    return fallback;

  return json_node_get_value_type (node) == G_TYPE_INT64 ? json_node_get_int (node) : -1;
}

static JsonObject *
get_object (JsonObject *line, const char *key)
{
  JsonNode *node = json_object_get_member (line, key);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static gboolean
read_plan_line (StrataJournal *self, JsonObject *line, GError **error)
{
  JsonObject *plan = get_object (line, "plan");
  JsonObject *host = get_object (line, "host");

  self->uri = g_strdup (get_string (line, "uri"));
  self->started = g_strdup (get_string (line, "started"));
  self->host = host != NULL ? json_object_ref (host) : NULL;
  self->version = get_int (line, "version", 1);
  if (self->version > VERSION)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, _ ("Take the job up with that."),
                        _ ("A newer Strata wrote the journal “%s”"), self->path);
      return FALSE;
    }
  if (g_strcmp0 (get_string (line, "event"), "plan") != 0 || self->version < 1 ||
      self->uri == NULL || self->started == NULL || plan == NULL)
    return FALSE;

  self->plan = strata_plan_new_from_json (plan, error);
  if (self->plan == NULL)
    return FALSE;
  if (self->version == 1)
    strata_plan_discard_by_steps (self->plan);
  self->marks = g_new0 (StrataStepMark, strata_plan_get_n_steps (self->plan));

  return TRUE;
}

static gboolean
are_results (JsonObject *results)
{
  JsonObjectIter iter;
  const char *key;
  JsonNode *value;

  json_object_iter_init (&iter, results);
  while (json_object_iter_next (&iter, &key, &value))
    {
      if (json_node_get_value_type (value) != G_TYPE_STRING)
        return FALSE;
    }

  return TRUE;
}

static gboolean
read_event_line (StrataJournal *self, JsonObject *line)
{
  static const char *const events[] = {
    [STRATA_STEP_UNTOUCHED] = "clear",
    [STRATA_STEP_BEGUN] = "begin",
    [STRATA_STEP_DONE] = "end",
  };
  const char *event = get_string (line, "event");
  gint64 index = get_int (line, "step", -1);
  JsonObject *results = get_object (line, "results");

  if (event == NULL || index < 0 || index >= strata_plan_get_n_steps (self->plan) ||
      (json_object_has_member (line, "results") && (results == NULL || !are_results (results))))
    return FALSE;

  for (size_t i = 0; i < G_N_ELEMENTS (events); i++)
    {
      if (!g_str_equal (events[i], event))
        continue;
      self->marks[index] = (StrataStepMark) i;
      if (results != NULL)
        merge_results (self, results);
      return TRUE;
    }

  return FALSE;
}

static gboolean
read_line (StrataJournal *self, const char *text, size_t length, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  JsonNode *node;

  if (memchr (text, '\0', length) != NULL ||
      !json_parser_load_from_data (parser, text, (gssize) length, NULL))
    return FALSE;
  node = json_parser_get_root (parser);
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return FALSE;

  return self->plan == NULL ? read_plan_line (self, json_node_get_object (node), error)
                            : read_event_line (self, json_node_get_object (node));
}

/* What is found damaged goes to self->damage, and nothing behind it counts. Returns where the whole lines end. */
static size_t
read_lines (StrataJournal *self, const char *text, size_t length)
{
  size_t start = 0;

  for (guint number = 1; start < length; number++)
    {
      const char *end = memchr (text + start, '\n', length - start);

      if (end == NULL)
        break;
      if (self->damage == NULL &&
          !read_line (self, text + start, (size_t) (end - text) - start, &self->damage) &&
          self->damage == NULL)
        strata_set_error (
            &self->damage, STRATA_ERROR_INVALID,
            _ ("What it did can’t be told any more. Look at the virtual machine with “stratactl "
               "doctor”, then end the job with “stratactl job dismiss”."),
            _ ("The journal “%s” is damaged in line %u"), self->path, number);
      start = (size_t) (end - text) + 1;
    }

  if (self->plan == NULL && self->damage == NULL)
    strata_set_error (&self->damage, STRATA_ERROR_INVALID,
                      _ ("Nothing was done by that job; “stratactl job dismiss” ends it."),
                      _ ("The journal “%s” has no plan"), self->path);

  return start;
}

static gboolean
set_not_found (const char *id, GError **error)
{
  strata_set_error (error, STRATA_ERROR_NOT_FOUND, _ ("“stratactl job list” shows them."),
                    _ ("There is no unfinished job “%s”"), id);
  return FALSE;
}

static gboolean
open_existing (StrataJournal *self, GError **error)
{
  if (*self->id == '\0' || strchr (self->id, '/') != NULL)
    return set_not_found (self->id, error);

  self->fd = open (self->path, O_RDWR | O_APPEND | O_CLOEXEC);
  if (self->fd >= 0)
    return TRUE;
  if (errno == ENOENT)
    return set_not_found (self->id, error);

  strata_set_error (error, errno == EACCES ? STRATA_ERROR_PERMISSION : STRATA_ERROR_FAILED, NULL,
                    _ ("The journal “%s” can’t be opened: %s"), self->path, g_strerror (errno));
  return FALSE;
}

static gboolean
read_file (StrataJournal *self, size_t *whole, size_t *length, GError **error)
{
  g_autofree char *text = NULL;

  if (!g_file_get_contents (self->path, &text, length, error))
    return FALSE;
  *whole = read_lines (self, text, *length);

  return TRUE;
}

/**
 * strata_journal_peek:
 * @dir: the folder
 * @id: the job's name
 * @error: `STRATA_ERROR_NOT_FOUND`, also if its job ended meanwhile; `_BUSY` while a living process works on it
 *
 * Reads without keeping the lock, so that another process may take the job up meanwhile. One that is damaged is read as far
 * as it goes: see strata_journal_get_damage().
 *
 * Returns: (transfer full): what an earlier process left; nothing can be written to it
 */
StrataJournal *
strata_journal_peek (const char *dir, const char *id, GError **error)
{
  g_autoptr (StrataJournal) self = journal_new (dir, id);
  size_t whole, length;

  if (!open_existing (self, error))
    return NULL;
  if (flock (self->fd, LOCK_SH | LOCK_NB) < 0)
    {
      set_lock_error (self, errno, error);
      return NULL;
    }
  if (!has_name (self->fd))
    {
      set_not_found (id, error);
      return NULL;
    }
  g_clear_fd (&self->fd, NULL);

  return read_file (self, &whole, &length, error) ? g_steal_pointer (&self) : NULL;
}

static StrataJournal *
open_locked (const char *dir, const char *id, size_t *whole, size_t *length, GError **error)
{
  g_autoptr (StrataJournal) self = journal_new (dir, id);

  if (!open_existing (self, error) || !take_lock (self, error))
    return NULL;
  if (!has_name (self->fd))
    {
      set_not_found (id, error);
      return NULL;
    }

  return read_file (self, whole, length, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * strata_journal_open_damaged:
 * @dir: the folder
 * @id: the job's name
 * @error: `STRATA_ERROR_NOT_FOUND` or `_BUSY`
 *
 * For who removes it, and nothing else: see strata_journal_get_damage().
 *
 * Returns: (transfer full): what an earlier process left, locked, or %NULL
 */
StrataJournal *
strata_journal_open_damaged (const char *dir, const char *id, GError **error)
{
  size_t whole, length;

  return open_locked (dir, id, &whole, &length, error);
}

/**
 * strata_journal_open:
 * @dir: the folder
 * @id: the job's name
 * @error: `STRATA_ERROR_NOT_FOUND`, `_BUSY`, or `_INVALID` if it is damaged
 *
 * Returns: (transfer full): what an earlier process left, locked, or %NULL
 */
StrataJournal *
strata_journal_open (const char *dir, const char *id, GError **error)
{
  size_t whole, length;
  g_autoptr (StrataJournal) self = open_locked (dir, id, &whole, &length, error);

  if (self == NULL)
    return NULL;
  if (self->damage != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->damage));
      return NULL;
    }
  /* Never acted on, and what is written next must not become part of it. */
  if (whole < length &&
      (ftruncate (self->fd, (off_t) whole) < 0 || !strata_journal_sync (self, NULL)))
    {
      set_io_error (self, errno, error);
      return NULL;
    }

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
  g_clear_pointer (&self->host, json_object_unref);
  g_clear_error (&self->damage);
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

/**
 * strata_journal_begin_step:
 * @self: a journal
 * @index: the step
 * @results: (nullable): what was found out before it acts, that undoing it or going on with it will need
 * @error: as strata_journal_create()
 *
 * Returns: whether it is on the disk: only then may the step begin
 */
gboolean
strata_journal_begin_step (StrataJournal *self, guint index, JsonObject *results, GError **error)
{
  g_autoptr (JsonObject) line = event_new ("begin", index);

  if (results != NULL)
    {
      json_object_set_object_member (line, "results", json_object_ref (results));
      merge_results (self, results);
    }
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

/**
 * strata_journal_clear_step:
 * @self: a journal
 * @index: the step
 * @results: (nullable): what undoing it found out, for the steps before it
 * @error: as strata_journal_create()
 *
 * Returns: whether it is on the disk
 */
gboolean
strata_journal_clear_step (StrataJournal *self, guint index, JsonObject *results, GError **error)
{
  g_autoptr (JsonObject) line = event_new ("clear", index);

  if (results != NULL)
    {
      json_object_set_object_member (line, "results", json_object_ref (results));
      merge_results (self, results);
    }
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

gint64
strata_journal_get_version (StrataJournal *self)
{
  return self->version;
}

JsonObject *
strata_journal_get_host (StrataJournal *self)
{
  return self->host;
}

const GError *
strata_journal_get_damage (StrataJournal *self)
{
  return self->damage;
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
  for (guint i = 0; self->plan != NULL && i < strata_plan_get_n_steps (self->plan); i++)
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
  guint n = self->plan != NULL ? strata_plan_get_n_steps (self->plan) : 0;

  for (guint i = 0; i < n; i++)
    {
      if (self->marks[i] != STRATA_STEP_DONE)
        return i;
    }

  return n;
}
