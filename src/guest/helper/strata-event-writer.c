/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the helper says to its client: a JSON object a line. It also keeps the last lines of libguestfs'
 * verbose log, because the reason why an appliance did not start is nowhere else.
 */

#include "config.h"

#include "strata-event-writer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/strata-error.h"

#define MAX_NOTES 50

struct _StrataEventWriter
{
  GMutex mutex;
  int fd;
  double from;
  double to;
  gint64 last_alive;
  GQueue notes;
  GString *unfinished;
  char *kept;
};

/**
 * strata_event_writer_new:
 * @fd: where to write; stays the caller's
 *
 * Returns: (transfer full): an writer
 */
StrataEventWriter *
strata_event_writer_new (int fd)
{
  StrataEventWriter *self = g_new0 (StrataEventWriter, 1);

  g_mutex_init (&self->mutex);
  g_queue_init (&self->notes);
  self->unfinished = g_string_new (NULL);
  self->fd = fd;
  self->to = 1.0;

  return self;
}

/**
 * strata_event_writer_free:
 * @self: (transfer full) (nullable): an writer
 */
void
strata_event_writer_free (StrataEventWriter *self)
{
  if (self == NULL)
    return;

  g_queue_clear_full (&self->notes, g_free);
  g_string_free (self->unfinished, TRUE);
  g_free (self->kept);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* A client that has gone away is noticed at stdin's end, not here. */
static void
write_all (int fd, const char *text, size_t length)
{
  while (length > 0)
    {
      ssize_t written = write (fd, text, length);

      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        return;
      text += written;
      length -= written;
    }
}

static void
emit (StrataEventWriter *self, JsonObject *event)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;

  json_node_take_object (node, event);
  text = json_to_string (node, FALSE);
  line = g_strconcat (text, "\n", NULL);

  g_mutex_lock (&self->mutex);
  write_all (self->fd, line, strlen (line));
  g_mutex_unlock (&self->mutex);
}

static JsonObject *
new_event (const char *name)
{
  JsonObject *event = json_object_new ();

  json_object_set_string_member (event, "event", name);

  return event;
}

/* What comes from a guest may be in any encoding; JSON is UTF-8. */
static void
set_text (JsonObject *event, const char *member, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  json_object_set_string_member (event, member, valid);
}

/**
 * strata_event_writer_set_span:
 * @self: an writer
 * @from: what 0 means from now on
 * @to: what 1 means from now on
 */
void
strata_event_writer_set_span (StrataEventWriter *self, double from, double to)
{
  self->from = from;
  self->to = to;
}

/**
 * strata_event_writer_progress:
 * @self: an writer
 * @fraction: 0 to 1, of the span that was set
 * @message: what is being done, for the user
 */
void
strata_event_writer_progress (StrataEventWriter *self, double fraction, const char *message)
{
  JsonObject *event = new_event ("progress");
  double within = CLAMP (fraction, 0.0, 1.0);

  json_object_set_double_member (event, "fraction", self->from + (self->to - self->from) * within);
  set_text (event, "message", message);
  emit (self, event);
}

/**
 * strata_event_writer_alive:
 * @self: an writer
 *
 * The appliance gave a sign of life. Said at most once a second.
 */
void
strata_event_writer_alive (StrataEventWriter *self)
{
  gint64 now = g_get_monotonic_time ();

  if (self->last_alive != 0 && now - self->last_alive < G_USEC_PER_SEC)
    return;

  self->last_alive = now;
  emit (self, new_event ("alive"));
}

/**
 * strata_event_writer_launch:
 * @self: an writer
 * @done: whether the appliance is up, or only about to start
 *
 * Between the two the client expects signs of life.
 */
void
strata_event_writer_launch (StrataEventWriter *self, gboolean done)
{
  emit (self, new_event (done ? "launched" : "launching"));
}

/**
 * strata_event_writer_done:
 * @self: an writer
 *
 * Says that the next request is waited for.
 */
void
strata_event_writer_done (StrataEventWriter *self)
{
  emit (self, new_event ("done"));
}

/**
 * strata_event_writer_log:
 * @self: an writer
 * @text: a line in virt-sysprep's or libguestfs' own words
 */
void
strata_event_writer_log (StrataEventWriter *self, const char *text)
{
  JsonObject *event = new_event ("log");

  set_text (event, "text", text);
  emit (self, event);
}

static void
note_line (StrataEventWriter *self, const char *line)
{
  g_queue_push_tail (&self->notes, g_utf8_make_valid (line, -1));
  if (g_queue_get_length (&self->notes) > MAX_NOTES)
    g_free (g_queue_pop_head (&self->notes));
}

/**
 * strata_event_writer_note:
 * @self: an writer
 * @text: a piece of a verbose log, cut anywhere
 * @length: its length in bytes, -1 if it ends with a zero
 *
 * Remembers the last lines of it. Any thread.
 */
void
strata_event_writer_note (StrataEventWriter *self, const char *text, gssize length)
{
  const char *end = text + (length < 0 ? (gssize) strlen (text) : length);

  g_mutex_lock (&self->mutex);
  for (const char *p = text; p < end; p++)
    {
      if (*p == '\n')
        {
          note_line (self, self->unfinished->str);
          g_string_truncate (self->unfinished, 0);
        }
      else if (*p != '\r' && *p != '\0')
        g_string_append_c (self->unfinished, *p);
    }
  g_mutex_unlock (&self->mutex);
}

/**
 * strata_event_writer_dup_notes:
 * @self: an writer
 *
 * Returns: (transfer full): the last lines of the verbose log, oldest first
 */
char *
strata_event_writer_dup_notes (StrataEventWriter *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_mutex_lock (&self->mutex);
  for (GList *l = self->notes.head; l != NULL; l = l->next)
    g_string_append_printf (text, "%s\n", (const char *) l->data);
  g_string_append (text, self->unfinished->str);
  g_mutex_unlock (&self->mutex);

  return g_string_free_and_steal (g_steal_pointer (&text));
}

/**
 * strata_event_writer_keep_notes:
 * @self: an writer
 *
 * Keeps the notes as they are now for strata_event_writer_error(), before the library adds to them that it is
 * tidying up.
 */
void
strata_event_writer_keep_notes (StrataEventWriter *self)
{
  g_free (self->kept);
  self->kept = strata_event_writer_dup_notes (self);
}

/**
 * strata_event_writer_result:
 * @self: an writer
 * @value: (transfer full): the answer to the request
 */
void
strata_event_writer_result (StrataEventWriter *self, JsonObject *value)
{
  JsonObject *event = new_event ("result");

  json_object_set_object_member (event, "value", value);
  emit (self, event);
}

/**
 * strata_event_writer_error:
 * @self: an writer
 * @error: why the request failed; the notes that were kept go with it
 */
void
strata_event_writer_error (StrataEventWriter *self, const GError *error)
{
  JsonObject *event = new_event ("error");
  StrataError code =
      error->domain == STRATA_ERROR ? (StrataError) error->code : STRATA_ERROR_FAILED;
  const char *hint = strata_error_get_hint (error);

  json_object_set_string_member (event, "code", strata_error_code_to_nick (code));
  set_text (event, "message", error->message);
  if (hint != NULL)
    set_text (event, "hint", hint);
  if (self->kept != NULL && *self->kept != '\0')
    set_text (event, "log", self->kept);
  emit (self, event);
}
