/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads what virt-sysprep prints. It has no machine-readable mode, so its words for people are parsed,
 * always in the C locale. Pure: text in, values out.
 */

#include "config.h"

#include "strata-sysprep-output.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/strata-error.h"

/* Changing the UUIDs of file systems leaves /etc/fstab and the boot loader with the old ones, and the
 * guest does not boot any more. virt-sysprep's own documentation warns of it; Strata never offers it. */
#define NEVER_OFFERED "fs-uuids"

/* On RHEL and Fedora it removes each of NetworkManager's connections: static addresses, bonds, VPNs. Who
 * wants that has to say so; the card's address that a connection may name goes with “net-hwaddr”. */
#define NOT_BY_DEFAULT "net-nmconn"

/**
 * strata_sysprep_operation_free:
 * @self: (transfer full) (nullable): an operation
 */
void
strata_sysprep_operation_free (StrataSysprepOperation *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self->description);
  g_free (self);
}

static StrataSysprepOperation *
parse_operation (const char *line)
{
  StrataSysprepOperation *self;
  size_t length = strcspn (line, " ");

  /* The mark of a default stands in a column of its own: “name * text” or “name   text”. */
  if (length == 0 || strlen (line) < length + 4 || line[length + 2] != ' ')
    return NULL;

  self = g_new0 (StrataSysprepOperation, 1);
  self->name = g_strndup (line, length);
  self->is_default = line[length + 1] == '*' && strcmp (self->name, NOT_BY_DEFAULT) != 0;
  self->description = g_strstrip (g_strdup (line + length + 3));

  return self;
}

/**
 * strata_sysprep_operations_parse:
 * @text: what `virt-sysprep --list-operations` printed
 *
 * Leaves out the operation that Strata never offers. Lines that are not operations are passed over.
 *
 * Returns: (transfer full) (element-type StrataSysprepOperation): the operations, in virt-sysprep's order
 */
GPtrArray *
strata_sysprep_operations_parse (const char *text)
{
  g_autoptr (GPtrArray) operations =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_sysprep_operation_free);
  g_auto (GStrv) lines = NULL;

  g_return_val_if_fail (text != NULL, NULL);

  lines = g_strsplit (text, "\n", -1);
  for (size_t i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (StrataSysprepOperation) operation = parse_operation (lines[i]);

      if (operation != NULL && strcmp (operation->name, NEVER_OFFERED) != 0)
        g_ptr_array_add (operations, g_steal_pointer (&operation));
    }

  return g_steal_pointer (&operations);
}

/* How many letters have to be added, removed or changed to make A into B (Levenshtein). */
static guint
distance (const char *a, const char *b)
{
  size_t n = strlen (b);
  g_autofree guint *row = g_new (guint, n + 1);

  for (size_t j = 0; j <= n; j++)
    row[j] = j;

  for (size_t i = 0; a[i] != '\0'; i++)
    {
      guint diagonal = row[0];

      row[0] = i + 1;
      for (size_t j = 0; j < n; j++)
        {
          guint above = row[j + 1];

          row[j + 1] = MIN (MIN (above, row[j]) + 1, diagonal + (a[i] == b[j] ? 0 : 1));
          diagonal = above;
        }
    }

  return row[n];
}

static const char *
nearest (GPtrArray *known, const char *name)
{
  const char *best = NULL;
  guint best_distance = G_MAXUINT;

  for (guint i = 0; i < known->len; i++)
    {
      StrataSysprepOperation *operation = g_ptr_array_index (known, i);
      guint d = distance (name, operation->name);

      /* “hostkeys” is nearer to “ssh-hostkeys” than to any other, whatever the count of letters says. */
      if (*name != '\0' && strstr (operation->name, name) != NULL)
        d = 1;
      if (d < best_distance)
        {
          best_distance = d;
          best = operation->name;
        }
    }

  return best;
}

static gboolean
is_known (GPtrArray *known, const char *name)
{
  for (guint i = 0; i < known->len; i++)
    {
      StrataSysprepOperation *operation = g_ptr_array_index (known, i);

      if (strcmp (operation->name, name) == 0)
        return TRUE;
    }

  return FALSE;
}

static gboolean
check_chosen (GPtrArray *known, const char *name, GError **error)
{
  g_autofree char *hint = NULL;
  const char *other;

  if (is_known (known, name))
    return TRUE;

  if (strcmp (name, NEVER_OFFERED) == 0)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, _ ("Leave this operation out."),
                        _ ("The operation “%s” is not offered: a guest whose file systems get new "
                           "UUIDs does not boot any more."),
                        name);
      return FALSE;
    }

  other = nearest (known, name);
  if (other != NULL)
    hint = g_strdup_printf (_ ("Did you mean “%s”?"), other);
  strata_set_error (error, STRATA_ERROR_INVALID, hint,
                    _ ("virt-sysprep on this computer has no operation “%s”."), name);
  return FALSE;
}

/**
 * strata_sysprep_operations_choose:
 * @known: (element-type StrataSysprepOperation): what virt-sysprep can do here
 * @chosen: (nullable) (array zero-terminated=1): names, or %NULL for virt-sysprep's defaults
 * @error: return location
 *
 * Returns: (transfer full): the names to run, each once, in @known's order; %NULL with
 *   `STRATA_ERROR_INVALID` that names an operation which does not exist, and the nearest that does
 */
char **
strata_sysprep_operations_choose (GPtrArray *known, const char *const *chosen, GError **error)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  g_return_val_if_fail (known != NULL, NULL);

  for (size_t i = 0; chosen != NULL && chosen[i] != NULL; i++)
    {
      if (!check_chosen (known, chosen[i], error))
        return NULL;
    }

  for (guint i = 0; i < known->len; i++)
    {
      StrataSysprepOperation *operation = g_ptr_array_index (known, i);

      if (chosen == NULL ? operation->is_default : g_strv_contains (chosen, operation->name))
        g_strv_builder_add (names, operation->name);
    }

  return g_strv_builder_end (names);
}

/* The path in “libguestfs: trace: add_drive "/a" "readonly:false" …”; a handle's name may come before the
 * call's. NULL for a line that says something else, as that the call returned. */
static char *
parse_drive (const char *line)
{
  static const char begin[] = "libguestfs: trace: ";
  const char *call;
  const char *path;
  const char *end;

  if (!g_str_has_prefix (line, begin))
    return NULL;

  call = strstr (line + strlen (begin) - 1, " add_drive");
  path = call != NULL ? strstr (call, " \"") : NULL;
  if (path == NULL || memchr (call, '=', path - call) != NULL)
    return NULL;

  path += 2;
  end = strchr (path, '"');

  return end != NULL ? g_strndup (path, end - path) : NULL;
}

/**
 * strata_sysprep_drives_parse:
 * @text: what virt-sysprep printed with its option -x
 *
 * Returns: (transfer full) (array zero-terminated=1): the disks that it added, in its order
 */
char **
strata_sysprep_drives_parse (const char *text)
{
  g_autoptr (GStrvBuilder) drives = g_strv_builder_new ();
  g_auto (GStrv) lines = NULL;

  g_return_val_if_fail (text != NULL, NULL);

  lines = g_strsplit (text, "\n", -1);
  for (size_t i = 0; lines[i] != NULL; i++)
    {
      char *drive = parse_drive (lines[i]);

      if (drive != NULL)
        g_strv_builder_take (drives, drive);
    }

  return g_strv_builder_end (drives);
}

/* The text after “[  17.3] ”, or NULL. */
static const char *
skip_clock (const char *line)
{
  const char *end;

  if (line[0] != '[')
    return NULL;

  end = strchr (line, ']');
  if (end == NULL || strspn (line + 1, " 0123456789.") != (size_t) (end - line - 1) ||
      end[1] != ' ')
    return NULL;

  return end + 2;
}

static StrataSysprepLine
parse_message (const char *message, char **text)
{
  g_autofree char *stripped = g_strdup (message);

  g_strchomp (stripped);
  if (g_str_has_suffix (stripped, "..."))
    stripped[strlen (stripped) - 3] = '\0';
  g_strchomp (stripped);

  if (g_str_has_prefix (stripped, "Performing \"") && g_str_has_suffix (stripped, "\""))
    {
      stripped[strlen (stripped) - 1] = '\0';
      *text = g_strdup (stripped + strlen ("Performing \""));
      return STRATA_SYSPREP_LINE_OPERATION;
    }

  *text = g_steal_pointer (&stripped);
  return STRATA_SYSPREP_LINE_STAGE;
}

/**
 * strata_sysprep_line_parse:
 * @line: one line of virt-sysprep's output, without its line end
 * @text: (out) (transfer full): what matters of it
 *
 * Returns: what kind of line it is
 */
StrataSysprepLine
strata_sysprep_line_parse (const char *line, char **text)
{
  static const char warning[] = "virt-sysprep: warning: ";
  static const char failure[] = "virt-sysprep: error: ";
  const char *message;

  g_return_val_if_fail (line != NULL && text != NULL, STRATA_SYSPREP_LINE_OTHER);

  if (g_str_has_prefix (line, warning))
    {
      *text = g_strdup (line + strlen (warning));
      return STRATA_SYSPREP_LINE_WARNING;
    }
  if (g_str_has_prefix (line, failure))
    {
      *text = g_strdup (line + strlen (failure));
      return STRATA_SYSPREP_LINE_ERROR;
    }

  message = skip_clock (line);
  if (message != NULL)
    return parse_message (message, text);

  *text = g_strdup (line);
  return STRATA_SYSPREP_LINE_OTHER;
}
