/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Names of files, machines and snapshots are any bytes, and other people's. Where they are shown they show, and do nothing: to
 * a terminal, which obeys control characters; to a reader, whom marks of writing direction mislead; to the shell that a
 * command is pasted into.
 */

#include "config.h"

#include "strata-visible.h"

#include <string.h>

/* Some languages can't be written without the joiners, which only touch the letters beside them. */
static gboolean
is_visible (gunichar c)
{
  if (c == 0x200c || c == 0x200d)
    return TRUE;

  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED:
      return FALSE;
    default:
      return TRUE;
    }
}

/* Returns: the first character of TEXT, of *LENGTH bytes; a byte that belongs to none stands for itself, and *VALID is FALSE */
static gunichar
get_char (const char *text, gsize *length, gboolean *valid)
{
  gunichar c = g_utf8_get_char_validated (text, -1);

  *valid = c != (gunichar) -1 && c != (gunichar) -2;
  *length = *valid ? (gsize) (g_utf8_next_char (text) - text) : 1;

  return *valid ? c : (guchar) *text;
}

/**
 * strata_make_visible:
 * @text: text that has names in it, perhaps not UTF-8
 *
 * Returns: (transfer full): UTF-8 without a control character, not even a new line, and without marks of writing direction
 */
char *
strata_make_visible (const char *text)
{
  GString *visible;
  gboolean valid;
  gsize length;

  g_return_val_if_fail (text != NULL, NULL);

  visible = g_string_sized_new (strlen (text));
  for (; *text != '\0'; text += length)
    {
      gunichar c = get_char (text, &length, &valid);

      if (valid && is_visible (c))
        g_string_append_len (visible, text, (gssize) length);
      else if (c < 0x100)
        g_string_append_printf (visible, "\\x%02x", c);
      else if (c < 0x10000)
        g_string_append_printf (visible, "\\u%04x", c);
      else
        g_string_append_printf (visible, "\\U%08x", c);
    }

  return g_string_free (visible, FALSE);
}

/**
 * strata_make_json_visible:
 * @json: a document as text
 *
 * A program reads the same in it, and a terminal finds nothing to obey. What isn't ASCII is in strings only, and what is
 * below a space is escaped in them already.
 *
 * Returns: (transfer full): the same document; a byte that is no UTF-8, which JSON can't hold, is U+FFFD in it
 */
char *
strata_make_json_visible (const char *json)
{
  GString *visible;
  gboolean valid;
  gsize length;

  g_return_val_if_fail (json != NULL, NULL);

  visible = g_string_sized_new (strlen (json));
  for (; *json != '\0'; json += length)
    {
      gunichar c = get_char (json, &length, &valid);

      if (!valid)
        g_string_append (visible, "\\ufffd");
      else if (c < 0x7f || is_visible (c))
        g_string_append_len (visible, json, (gssize) length);
      else if (c < 0x10000)
        g_string_append_printf (visible, "\\u%04x", c);
      else
        g_string_append_printf (visible, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                                0xdc00 + ((c - 0x10000) & 0x3ff));
    }

  return g_string_free (visible, FALSE);
}

static gboolean
is_plain (gunichar c)
{
  if (c < 0x80)
    return g_ascii_isalnum ((char) c) || strchr ("%+,-./:=@_", (int) c) != NULL;

  return g_unichar_isalnum (c) || c == 0x2026;
}

/* The way of bash, zsh and POSIX of 2024, by octal digits, which end by themselves. */
static char *
quote_invisible (const char *word)
{
  GString *quoted = g_string_new ("$'");
  gboolean valid;
  gsize length;

  for (; *word != '\0'; word += length)
    {
      gunichar c = get_char (word, &length, &valid);

      if (c == '\'' || c == '\\')
        g_string_append_printf (quoted, "\\%c", (char) c);
      else if (valid && is_visible (c))
        g_string_append_len (quoted, word, (gssize) length);
      else
        for (gsize i = 0; i < length; i++)
          g_string_append_printf (quoted, "\\%03o", (guchar) word[i]);
    }
  g_string_append_c (quoted, '\'');

  return g_string_free (quoted, FALSE);
}

/**
 * strata_quote_word:
 * @word: one word of a command, perhaps not UTF-8
 *
 * Returns: (transfer full): how to type it, of visible characters only
 */
char *
strata_quote_word (const char *word)
{
  gboolean plain;
  gboolean visible = TRUE;
  gboolean valid;
  gsize length;

  g_return_val_if_fail (word != NULL, NULL);

  plain = *word != '\0';
  for (const char *at = word; *at != '\0'; at += length)
    {
      gunichar c = get_char (at, &length, &valid);

      plain = plain && valid && is_plain (c);
      visible = visible && valid && is_visible (c);
    }

  if (plain)
    return g_strdup (word);

  return visible ? g_shell_quote (word) : quote_invisible (word);
}
