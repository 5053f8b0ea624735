/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The header of a qcow2 image, as far as a chain is made of it, after docs/interop/qcow2.txt in QEMU's source. To ask
 * libvirt or qemu-img for it costs a hundred times as much, and a host has thousands of images; so whatever is
 * plain is read here, and they are asked for the rest.
 */

#include "config.h"

#include <string.h>
#include <unistd.h>

#include "strata-qcow2.h"

#define MAGIC               0x514649fb
#define EXTENSION_END       0
#define EXTENSION_FORMAT    0xe2792aca
#define EXTENSION_DATA_FILE 0x44415441
#define HEADER_SIZE_V3      104
#define LONGEST_BACKING     1023
#define LONGEST_FORMAT      15
#define TAG_SIZE            40
#define TAG_EXTRA_SIZE      16 /* the sizes of the memory and of the disk */
#define MOST_TAGS           65536
#define LONGEST_TAG_TRAILER 4096

/* dirty, corrupt, compression type, extended L2 entries: they don't change what the header says */
#define HARMLESS_FEATURES (1 | 2 | 8 | 16)
#define FEATURE_DIRTY     1
#define FEATURE_DATA_FILE 4

static guint16
get_16 (const guint8 *bytes)
{
  return (guint16) (bytes[0] << 8 | bytes[1]);
}

static guint32
get_32 (const guint8 *bytes)
{
  return (guint32) get_16 (bytes) << 16 | get_16 (bytes + 2);
}

static guint64
get_64 (const guint8 *bytes)
{
  return (guint64) get_32 (bytes) << 32 | get_32 (bytes + 4);
}

/* NULL for what is no text either. */
static char *
get_text (const guint8 *bytes, gsize n)
{
  return g_utf8_validate_len ((const char *) bytes, n, NULL) ? g_strndup ((const char *) bytes, n)
                                                             : NULL;
}

/* FALSE where the extensions don't end in what was read. */
static gboolean
parse_extensions (StrataQcow2 *self, const guint8 *bytes, gsize n, gsize at)
{
  while (at + 8 <= n)
    {
      guint32 type = get_32 (bytes + at);
      gsize length = get_32 (bytes + at + 4);

      if (type == EXTENSION_END)
        return TRUE;
      at += 8;
      if (length > n - at)
        return FALSE;
      if (type == EXTENSION_FORMAT && length <= LONGEST_FORMAT)
        self->backing_format = get_text (bytes + at, length);
      if (type == EXTENSION_DATA_FILE && length <= LONGEST_BACKING)
        self->data_file = get_text (bytes + at, length);
      at += (length + 7) & ~(gsize) 7;
    }

  return FALSE;
}

static gboolean
parse_backing (StrataQcow2 *self, const guint8 *bytes, gsize n)
{
  guint64 at = get_64 (bytes + 8);
  guint32 length = get_32 (bytes + 16);

  if (at == 0 || length == 0)
    return TRUE;
  if (length > LONGEST_BACKING || at > n || length > n - at)
    return FALSE;
  self->backing = get_text (bytes + at, length);

  return self->backing != NULL;
}

static gboolean
parse_rest (StrataQcow2 *self, const guint8 *bytes, gsize n)
{
  guint32 version = get_32 (bytes + 4);
  gsize extensions_at = STRATA_QCOW2_HEADER_SIZE;
  guint64 features = 0;
  gboolean backed;

  if (version > 3 || n < HEADER_SIZE_V3)
    return FALSE;
  backed = parse_backing (self, bytes, n);
  if (version == 3)
    {
      extensions_at = get_32 (bytes + 100);
      features = get_64 (bytes + 72);
      self->dirty = (features & FEATURE_DIRTY) != 0;
      if ((features & ~(guint64) (HARMLESS_FEATURES | FEATURE_DATA_FILE)) != 0 ||
          extensions_at < HEADER_SIZE_V3)
        return FALSE;
    }

  /* One whose data are elsewhere, and which doesn't say where, can't be seen whole from here. */
  return parse_extensions (self, bytes, n, extensions_at) && backed &&
         ((features & FEATURE_DATA_FILE) == 0) == (self->data_file == NULL);
}

/**
 * strata_qcow2_parse:
 * @bytes: how a file begins
 * @n: how many of its bytes these are
 *
 * Any thread.
 *
 * Returns: (transfer full) (nullable): what they say, %NULL if the file isn't a qcow2 image
 */
StrataQcow2 *
strata_qcow2_parse (const guint8 *bytes, gsize n)
{
  StrataQcow2 *self;

  /* Version 1 is another format, "qcow". */
  if (n < STRATA_QCOW2_HEADER_SIZE || get_32 (bytes) != MAGIC || get_32 (bytes + 4) < 2)
    return NULL;

  self = g_new0 (StrataQcow2, 1);
  self->capacity = get_64 (bytes + 24);
  self->n_tags = get_32 (bytes + 60);
  self->tags_at = get_64 (bytes + 64);
  self->encrypted = get_32 (bytes + 32) != 0;
  self->plain = parse_rest (self, bytes, n);

  return self;
}

static void
put_32 (guint8 *bytes, guint32 value)
{
  for (guint i = 0; i < 4; i++)
    bytes[i] = (guint8) (value >> (24 - 8 * i));
}

static void
put_64 (guint8 *bytes, guint64 value)
{
  put_32 (bytes, (guint32) (value >> 32));
  put_32 (bytes + 4, (guint32) value);
}

typedef struct
{
  char *name;
  char *id;
  StrataQcow2State state; /* its capacity is 0 where the tag doesn't say it */
  guint32 seconds;        /* since 1970 */
  guint32 nanoseconds;
} Tag;

static void
tag_clear (Tag *self)
{
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->id, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Tag, tag_clear)

/* The tag at AT, which is set to where the next begins; without a name where that can't be told. */
static Tag
read_tag (int fd, guint64 *at)
{
  guint8 bytes[TAG_SIZE + TAG_EXTRA_SIZE] = { 0 };
  Tag tag = { NULL };
  g_autofree guint8 *texts = NULL;
  guint64 texts_at;
  gsize of_id;
  gsize of_name;

  if (pread (fd, bytes, sizeof bytes, (off_t) *at) < TAG_SIZE ||
      get_32 (bytes + 36) > LONGEST_TAG_TRAILER)
    return tag;

  tag.state.table_at = get_64 (bytes);
  tag.state.table_length = get_32 (bytes + 8);
  of_id = get_16 (bytes + 12);
  of_name = get_16 (bytes + 14);
  tag.seconds = get_32 (bytes + 16);
  tag.nanoseconds = get_32 (bytes + 20);
  if (get_32 (bytes + 36) >= TAG_EXTRA_SIZE)
    tag.state.capacity = get_64 (bytes + TAG_SIZE + 8);
  texts_at = *at + TAG_SIZE + get_32 (bytes + 36);
  texts = g_malloc (of_id + of_name + 1);
  if (of_name == 0 ||
      pread (fd, texts, of_id + of_name, (off_t) texts_at) != (gssize) (of_id + of_name))
    return tag;
  tag.id = get_text (texts, of_id);
  tag.name = get_text (texts + of_id, of_name);
  *at = (texts_at + of_id + of_name + 7) & ~(guint64) 7;

  return tag;
}

/**
 * strata_qcow2_read_tags:
 * @self: a header
 * @fd: the file that it is of
 *
 * Any thread.
 *
 * Returns: (transfer full) (nullable): the names of its internal snapshots; %NULL if they can't be told from here
 */
GStrv
strata_qcow2_read_tags (const StrataQcow2 *self, int fd)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  guint64 at = self->tags_at;

  if (self->n_tags > MOST_TAGS || at > G_MAXINT64 / 2)
    return NULL;

  for (guint32 i = 0; i < self->n_tags; i++)
    {
      g_auto (Tag) tag = read_tag (fd, &at);

      if (tag.name == NULL)
        return NULL;
      g_strv_builder_add (builder, tag.name);
    }

  return g_strv_builder_end (builder);
}

/**
 * strata_qcow2_find_state:
 * @self: a header
 * @fd: the file that it is of
 * @tag: the name of an internal snapshot in it
 * @state: (out): where its data are and how large the disk was, which may have been resized since
 *
 * Any thread.
 *
 * Returns: %FALSE if there is no such tag, or that can't be told from here
 */
gboolean
strata_qcow2_find_state (const StrataQcow2 *self, int fd, const char *tag, StrataQcow2State *state)
{
  guint64 at = self->tags_at;

  for (guint32 i = 0; i < self->n_tags && at < G_MAXINT64 / 2; i++)
    {
      g_auto (Tag) item = read_tag (fd, &at);

      if (item.name == NULL)
        break;
      if (!g_str_equal (item.name, tag))
        continue;
      *state = item.state;
      if (state->capacity == 0)
        state->capacity = self->capacity;
      return TRUE;
    }

  return FALSE;
}

/**
 * strata_qcow2_put_state:
 * @bytes: the first `STRATA_QCOW2_STATE_SIZE` or more of an image
 * @state: what it was once
 *
 * Makes of them the head of an image that is @state, for reading it only: it has no tags, and no bitmaps. Any thread.
 */
void
strata_qcow2_put_state (guint8 *bytes, const StrataQcow2State *state)
{
  put_64 (bytes + 24, state->capacity);
  put_32 (bytes + 36, state->table_length);
  put_64 (bytes + 40, state->table_at);
  put_32 (bytes + 60, 0);
  if (get_32 (bytes + 4) >= 3)
    put_64 (bytes + 88, 0);
}

/**
 * strata_qcow2_get_tag_stamp:
 * @self: a header
 * @fd: the file that it is of
 * @tag: the name of an internal snapshot in it
 *
 * Any thread.
 *
 * Returns: (transfer full) (nullable): what tells @tag from another one that gets its name: its ID, and when it was taken; empty if
 *   there is no such tag, %NULL if that can't be told from here
 */
char *
strata_qcow2_get_tag_stamp (const StrataQcow2 *self, int fd, const char *tag)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint64 at = self->tags_at;

  if (self->n_tags > MOST_TAGS || at > G_MAXINT64 / 2)
    return NULL;

  for (guint32 i = 0; i < self->n_tags; i++)
    {
      g_auto (Tag) item = read_tag (fd, &at);

      if (item.name == NULL || item.id == NULL)
        return NULL;
      if (g_str_equal (item.name, tag))
        g_string_append_printf (text, "%s %" G_GUINT32_FORMAT ".%09" G_GUINT32_FORMAT " ", item.id,
                                item.seconds, item.nanoseconds);
    }

  return g_string_free_and_steal (g_steal_pointer (&text));
}

void
strata_qcow2_free (StrataQcow2 *self)
{
  g_free (self->backing);
  g_free (self->backing_format);
  g_free (self->data_file);
  g_free (self);
}
