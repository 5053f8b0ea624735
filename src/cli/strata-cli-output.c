/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What stratactl prints: tables and fields for people, one JSON document for programs, and errors in
 * the shape of either.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-cli-output.h"
#include "jobs/strata-job-results.h"
#include "base/strata-error.h"
#include "base/strata-visible.h"

/* Prints for a terminal, which is told to do nothing by what is in a name. TEXT: without the end of the line */
static void
print_visible (FILE *stream, const char *text)
{
  g_autofree char *visible = strata_make_visible (text);

  fprintf (stream, "%s\n", visible);
}

/**
 * strata_cli_print_line:
 * @stream: stdout or stderr
 * @format: a line; one end of line in it is its own
 * @...: arguments for @format
 *
 * Prints one line for people, whatever is in the names that are in it.
 */
void
strata_cli_print_line (FILE *stream, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  if (g_str_has_suffix (text, "\n"))
    text[strlen (text) - 1] = '\0';
  print_visible (stream, text);
}

/**
 * strata_cli_print_message:
 * @format: text of one or more lines
 * @...: arguments for @format
 *
 * Prints on stderr. What another program says, as QEMU by libvirt, has more than one line; only the first begins at the margin,
 * so that none passes for a message of its own.
 */
void
strata_cli_print_message (const char *format, ...)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  lines = g_strsplit (g_strchomp (text), "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (i > 0)
        fputs ("  ", stderr);
      print_visible (stderr, lines[i]);
    }
}

/**
 * strata_cli_print_document:
 * @document: (transfer full): the document
 *
 * Prints the one document of a run on stdout.
 */
void
strata_cli_print_document (JsonObject *document)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *text = NULL;
  g_autofree char *visible = NULL;

  json_node_take_object (node, document);
  text = json_to_string (node, TRUE);
  visible = strata_make_json_visible (text);
  printf ("%s\n", visible);
}

/**
 * strata_cli_document_new:
 * @outcome: one of the `STRATA_CLI_OUTCOME_…` words
 *
 * Returns: (transfer full): a document that says so
 */
JsonObject *
strata_cli_document_new (const char *outcome)
{
  JsonObject *document = json_object_new ();

  json_object_set_string_member (document, "outcome", outcome);

  return document;
}

/**
 * strata_cli_set_string:
 * @object: where to
 * @member: the member's name
 * @value: (nullable): the text
 *
 * Sets @member, or leaves it out where there is nothing to say.
 */
void
strata_cli_set_string (JsonObject *object, const char *member, const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, member, value);
}

/**
 * strata_cli_set_strings:
 * @object: where to
 * @member: the member's name
 * @values: (nullable): the texts
 *
 * Sets @member to an array, an empty one for %NULL.
 */
void
strata_cli_set_strings (JsonObject *object, const char *member, const char *const *values)
{
  JsonArray *array = json_array_new ();

  for (size_t i = 0; values != NULL && values[i] != NULL; i++)
    json_array_add_string_element (array, values[i]);

  json_object_set_array_member (object, member, array);
}

static GStrv
make_row_visible (GStrv row)
{
  GStrv visible = g_new0 (char *, g_strv_length (row) + 1);

  for (guint i = 0; row[i] != NULL; i++)
    visible[i] = strata_make_visible (row[i]);

  return visible;
}

static void
measure_row (GStrv row, GArray *widths)
{
  for (guint i = 0; row[i] != NULL; i++)
    {
      glong width = g_utf8_strlen (row[i], -1);

      if (i == widths->len)
        g_array_append_val (widths, width);
      else if (width > g_array_index (widths, glong, i))
        g_array_index (widths, glong, i) = width;
    }
}

/**
 * strata_cli_print_table:
 * @rows: (element-type GStrv): the rows, headings first
 *
 * Prints columns, each as wide as its widest cell.
 */
void
strata_cli_print_table (GPtrArray *rows)
{
  g_autoptr (GArray) widths = g_array_new (FALSE, FALSE, sizeof (glong));
  g_autoptr (GPtrArray) visible = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);

  for (guint i = 0; i < rows->len; i++)
    g_ptr_array_add (visible, make_row_visible (rows->pdata[i]));
  for (guint i = 0; i < visible->len; i++)
    measure_row (visible->pdata[i], widths);

  for (guint i = 0; i < visible->len; i++)
    {
      GStrv row = visible->pdata[i];

      guint n_cells = g_strv_length (row);

      /* Nothing is padded after the last word, so that a line has no blanks at its end. */
      while (n_cells > 0 && *row[n_cells - 1] == '\0')
        n_cells--;

      for (guint j = 0; j < n_cells; j++)
        {
          glong gap = g_array_index (widths, glong, j) - g_utf8_strlen (row[j], -1) + 2;

          printf ("%s%*s", row[j], j + 1 < n_cells ? (int) gap : 0, "");
        }
      printf ("\n");
    }
}

/**
 * strata_cli_print_field:
 * @name: what it is
 * @format: its value
 * @...: arguments for @format
 *
 * Prints a line of a description.
 */
void
strata_cli_print_field (const char *name, const char *format, ...)
{
  g_autofree char *label = g_strconcat (name, ":", NULL);
  g_autofree char *value = NULL;
  va_list args;

  va_start (args, format);
  value = g_strdup_vprintf (format, args);
  va_end (args);

  strata_cli_print_line (stdout, "%s%*s%s", label, (int) MAX (1, 16 - g_utf8_strlen (label, -1)),
                         "", value);
}

static const char *
error_code (const GError *error)
{
  if (error->domain == STRATA_ERROR)
    return strata_error_code_to_nick ((StrataError) error->code);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return "cancelled";
  if (error->domain == G_OPTION_ERROR)
    return strata_error_code_to_nick (STRATA_ERROR_INVALID);
  if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return strata_error_code_to_nick (STRATA_ERROR_NOT_FOUND);

  return strata_error_code_to_nick (STRATA_ERROR_FAILED);
}

static void
print_error_document (const GError *error,
                      const char *outcome,
                      const char *job_id,
                      const char *const *notes)
{
  JsonObject *document = strata_cli_document_new (outcome);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "code", error_code (error));
  json_object_set_string_member (object, "message", error->message);
  strata_cli_set_string (object, "hint", strata_error_get_hint (error));
  strata_cli_set_string (object, "command", strata_error_get_command (error));
  if (strata_error_get_vir_code (error) != 0)
    json_object_set_int_member (object, "libvirt-code", strata_error_get_vir_code (error));

  strata_cli_set_string (document, "job", job_id);
  json_object_set_object_member (document, "error", object);
  if (notes != NULL && *notes != NULL)
    strata_cli_set_strings (document, "notes", notes);
  strata_cli_print_document (document);
}

/**
 * strata_cli_fail:
 * @cli: the run
 * @error: what went wrong
 * @status: what the process will say about it
 * @outcome: what became of the host, one of the `STRATA_CLI_OUTCOME_…` words
 * @job_id: (nullable): the job that failed
 *
 * Reports a failure: the message and its hint on stderr, and with `--json` a document on stdout.
 *
 * Returns: @status
 */
StrataCliStatus
strata_cli_fail (StrataCli *cli,
                 const GError *error,
                 StrataCliStatus status,
                 const char *outcome,
                 const char *job_id)
{
  const char *hint = strata_error_get_hint (error);
  const char *command = strata_error_get_command (error);
  g_auto (GStrv) notes = cli->job != NULL ? strata_job_dup_not_back (cli->job) : NULL;

  strata_cli_print_message ("stratactl: %s", error->message);
  if (hint != NULL)
    strata_cli_print_message ("%s", hint);
  if (command != NULL)
    strata_cli_print_message ("  %s", command);

  if (cli->json)
    print_error_document (error, outcome, job_id, (const char *const *) notes);

  return status;
}

/**
 * strata_cli_fail_unstarted:
 * @cli: the run
 * @error: what went wrong
 *
 * Reports a failure from before the first step, when nothing has been touched. A value that is wrong in
 * itself counts as wrong usage.
 *
 * Returns: the exit status
 */
StrataCliStatus
strata_cli_fail_unstarted (StrataCli *cli, const GError *error)
{
  StrataCliStatus status = STRATA_CLI_FAILED;

  if (g_error_matches (error, STRATA_ERROR, STRATA_ERROR_INVALID))
    status = STRATA_CLI_USAGE;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    status = STRATA_CLI_CANCELLED;

  return strata_cli_fail (cli, error, status, STRATA_CLI_OUTCOME_NOT_STARTED, NULL);
}
