/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Names of domains: which are fit, and how a pattern makes many. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-request.h"
#include "base/strata-error.h"
#include "xml/strata-snapshot-xml.h"
#include "strata-name.h"

#define MAX_NAME  200
#define MAX_COUNT 1000

/**
 * strata_name_check:
 * @name: a name that was chosen for a domain
 * @error: where to put `STRATA_ERROR_INVALID`
 *
 * A name also becomes a file's, so a slash, a leading dot or hyphen and control characters are refused
 * (libvirt itself refuses the slash, and trips over the rest later).
 *
 * Returns: whether @name is fit
 */
gboolean
strata_name_check (const char *name, GError **error)
{
  const char *why = NULL;

  if (name == NULL || *name == '\0')
    why = _ ("A name must not be empty");
  else if (!g_utf8_validate (name, -1, NULL))
    why = _ ("A name must be valid UTF-8");
  else if (strlen (name) > MAX_NAME)
    why = _ ("A name must not be longer than 200 bytes");
  else if (*name == '.' || *name == '-')
    why = _ ("A name must not begin with a dot or a hyphen");
  else if (g_ascii_isspace (*name) || g_ascii_isspace (name[strlen (name) - 1]))
    why = _ ("A name must not begin or end with a space");

  for (const char *p = name; why == NULL && *p != '\0'; p++)
    {
      if (*p == '/' || *p == '\\' || g_ascii_iscntrl (*p) || strchr ("<>&\"'|*?", *p) != NULL)
        why = _ ("A name must not contain / \\ < > & \" ' | * ? or control characters");
    }

  if (why == NULL)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_INVALID, why, _ ("“%s” can’t be a name"),
                    name != NULL ? name : "");
  return FALSE;
}

/* What follows the words is left out of account, so that no reader of any version takes it for the mark. */
gboolean
strata_description_check (const char *text, GError **error)
{
  while (text != NULL && g_ascii_isspace (*text))
    text++;
  if (text == NULL || !g_str_has_prefix (text, STRATA_RETAINED_MARK))
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_INVALID, _ ("Begin it with another word."),
      _ ("A description can’t begin with “%s”: that is how Strata marks the image of a "
         "deleted snapshot"),
      STRATA_RETAINED_MARK);
  return FALSE;
}

/**
 * strata_name_is_job_id:
 * @name: a name
 *
 * From some version after 9.0 on (seen on 11.3, not on 9.0) libvirt names QEMU's job for an internal snapshot after it, and QEMU
 * takes few characters there.
 *
 * Returns: whether @name can be part of the name of a job in QEMU
 */
gboolean
strata_name_is_job_id (const char *name)
{
  for (const char *p = name; *p != '\0'; p++)
    {
      if (!g_ascii_isalnum (*p) && strchr ("-._", *p) == NULL)
        return FALSE;
    }

  return TRUE;
}

/* Finds the one %d or %0Nd of PATTERN. %% and any other conversion are refused: PATTERN never
 * becomes a format string. */
static gboolean
find_number (const char *pattern, const char **start, const char **end, guint *width)
{
  *start = NULL;

  for (const char *p = strchr (pattern, '%'); p != NULL; p = strchr (p, '%'))
    {
      const char *q = p + 1;
      guint digits = 0;

      if (*q == '0' && g_ascii_isdigit (q[1]) && q[1] != '0')
        {
          digits = g_ascii_digit_value (q[1]);
          q += 2;
        }
      if (*q != 'd' || *start != NULL)
        return FALSE;

      *start = p;
      *end = q + 1;
      *width = digits;
      p = *end;
    }

  return TRUE;
}

/**
 * strata_name_pattern_expand:
 * @pattern: `web-%02d`: at most one `%d` or `%0Nd`, which a @count above 1 needs
 * @first: the first number
 * @count: how many, 1 to 1000
 * @error: where to put `STRATA_ERROR_INVALID`
 *
 * Returns: (transfer full): @count names, each checked, or %NULL
 */
GStrv
strata_name_pattern_expand (const char *pattern, guint first, guint count, GError **error)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  const char *start, *end = NULL;
  guint width = 0;

  g_return_val_if_fail (pattern != NULL, NULL);

  if (count < 1 || count > MAX_COUNT)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                        _ ("The number of clones must be between 1 and %d"), MAX_COUNT);
      return NULL;
    }
  if (!find_number (pattern, &start, &end, &width) || (start == NULL && count > 1))
    {
      strata_set_error (
          error, STRATA_ERROR_INVALID,
          _ ("Write %d, or %02d for two digits, once where the number goes: web-%02d."),
          _ ("“%s” is not a pattern for %u names"), pattern, count);
      return NULL;
    }

  for (guint i = 0; i < count; i++)
    {
      g_autofree char *name = NULL;

      if (start == NULL)
        name = g_strdup (pattern);
      else
        name = g_strdup_printf ("%.*s%0*u%s", (int) (start - pattern), pattern, (int) width,
                                first + i, end);

      if (!strata_name_check (name, error))
        return NULL;
      g_strv_builder_add (names, name);
    }

  return g_strv_builder_end (names);
}

/**
 * strata_name_from_source:
 * @pattern: `template-%s`
 * @source: the name of the VM
 *
 * Returns: (transfer full): @pattern with its first `%s` replaced; @pattern, a hyphen and @source where
 *   it has none
 */
char *
strata_name_from_source (const char *pattern, const char *source)
{
  const char *mark;

  g_return_val_if_fail (pattern != NULL, NULL);
  g_return_val_if_fail (source != NULL, NULL);

  mark = strstr (pattern, "%s");
  if (mark == NULL)
    return g_strdup_printf ("%s-%s", pattern, source);

  return g_strdup_printf ("%.*s%s%s", (int) (mark - pattern), pattern, source, mark + 2);
}

/**
 * strata_name_for_present:
 *
 * Returns: (transfer full): a name for the snapshot that keeps the present state, which says when that was
 */
char *
strata_name_for_present (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();

  return g_date_time_format (now, "present-%Y%m%d-%H%M%S");
}

gboolean
strata_name_is_for_present (const char *name)
{
  return g_regex_match_simple ("^present-[0-9]{8}-[0-9]{6}$", name, G_REGEX_DEFAULT,
                               G_REGEX_MATCH_DEFAULT);
}
