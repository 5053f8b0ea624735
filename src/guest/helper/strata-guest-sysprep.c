/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Runs virt-sysprep: to ask it what it can do (the verb “list-operations”), and to do it, passing its
 * words on as progress.
 */

#include "config.h"

#include "strata-guest-sysprep.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

#include "guest/strata-guest-failure.h"
#include "guest/strata-sysprep-output.h"
#include "base/strata-error.h"

#define PROGRAM "virt-sysprep"

/**
 * strata_guest_sysprep_find:
 * @error: return location for `STRATA_ERROR_NO_TOOL`
 *
 * Returns: (transfer full): where virt-sysprep is
 */
char *
strata_guest_sysprep_find (GError **error)
{
  char *program = g_find_program_in_path (PROGRAM);

  if (program == NULL)
    strata_set_error (error, STRATA_ERROR_NO_TOOL, strata_guest_failure_hint (STRATA_ERROR_NO_TOOL),
                      _ ("The program “%s”, which seals guests, is not installed."), PROGRAM);

  return program;
}

static GSubprocess *
spawn (const char *const *argv, GSubprocessFlags flags, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (flags);

  /* Its words are parsed, so they must not be translated. */
  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C", TRUE);
  g_subprocess_launcher_unsetenv (launcher, "LANGUAGE");

  return g_subprocess_launcher_spawnv (launcher, argv, error);
}

static GPtrArray *
list_offered (GError **error)
{
  g_autofree char *program = strata_guest_sysprep_find (error);
  const char *argv[] = { program, "--list-operations", NULL };
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GPtrArray) operations = NULL;
  g_autofree char *text = NULL;

  if (program == NULL)
    return NULL;

  process = spawn (argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE, error);
  if (process == NULL || !g_subprocess_communicate_utf8 (process, NULL, NULL, &text, NULL, error) ||
      !g_subprocess_wait_check (process, NULL, error))
    return NULL;

  operations = strata_sysprep_operations_parse (text);
  if (operations->len == 0)
    {
      strata_set_error (error, STRATA_ERROR_FAILED, NULL,
                        _ ("“%s --list-operations” listed nothing."), program);
      return NULL;
    }

  return g_steal_pointer (&operations);
}

/**
 * strata_guest_sysprep_choose:
 * @chosen: (nullable): the operations asked for, %NULL for the defaults
 * @error: return location for `STRATA_ERROR_INVALID`, `STRATA_ERROR_NO_TOOL`
 *
 * Returns: (transfer full): the operations to run
 */
char **
strata_guest_sysprep_choose (char **chosen, GError **error)
{
  g_autoptr (GPtrArray) known = list_offered (error);

  if (known == NULL)
    return NULL;

  return strata_sysprep_operations_choose (known, (const char *const *) chosen, error);
}

/**
 * strata_guest_sysprep_list_operations:
 * @writer: not used for progress, this takes milliseconds
 * @error: return location
 *
 * Returns: (transfer full): the answer to “list-operations”
 */
JsonObject *
strata_guest_sysprep_list_operations (StrataEventWriter *writer, GError **error)
{
  g_autoptr (GPtrArray) known = list_offered (error);
  JsonObject *value;
  JsonArray *array;

  if (known == NULL)
    return NULL;

  array = json_array_new ();
  for (guint i = 0; i < known->len; i++)
    {
      StrataSysprepOperation *operation = g_ptr_array_index (known, i);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "name", operation->name);
      json_object_set_string_member (object, "description", operation->description);
      json_object_set_boolean_member (object, "default", operation->is_default);
      json_array_add_object_element (array, object);
    }

  value = json_object_new ();
  json_object_set_array_member (value, "operations", array);

  return value;
}

/* What one line of output leads to. COMPLAINTS gathers what it gave as the reason of a failure. */
static void
take_line (StrataEventWriter *writer,
           const char *line,
           guint *n_done,
           guint n_operations,
           JsonArray *warnings,
           GString *complaints)
{
  g_autofree char *text = NULL;
  g_autofree char *message = NULL;

  strata_event_writer_log (writer, line);
  strata_event_writer_note (writer, line, -1);
  strata_event_writer_note (writer, "\n", 1);

  switch (strata_sysprep_line_parse (line, &text))
    {
    case STRATA_SYSPREP_LINE_OPERATION:
      message = g_strdup_printf (_ ("Performing “%s”"), text);
      /* Examining the guest takes the first fifth; what remains is shared by the operations. */
      strata_event_writer_progress (writer, 0.2 + 0.8 * ++*n_done / (n_operations + 1), message);
      break;
    case STRATA_SYSPREP_LINE_STAGE:
      strata_event_writer_progress (
          writer, *n_done == 0 ? 0.0 : 0.2 + 0.8 * *n_done / (n_operations + 1), text);
      break;
    case STRATA_SYSPREP_LINE_WARNING:
      /* A seed that could not be set is one less to delete: the recipe leaves none. */
      if (!g_str_has_prefix (text, "random seed could not be set"))
        json_array_add_string_element (warnings, text);
      break;
    case STRATA_SYSPREP_LINE_ERROR:
      g_string_append (complaints, text);
      break;
    case STRATA_SYSPREP_LINE_OTHER:
      break;
    }
}

static gboolean
set_failure (StrataEventWriter *writer, const char *complaints, GError **error)
{
  g_autofree char *notes = strata_event_writer_dup_notes (writer);
  g_autofree char *hint = NULL;
  StrataError code;

  strata_event_writer_keep_notes (writer);
  if (*complaints == '\0')
    complaints = _ ("it gave no reason");
  code = strata_guest_failure_classify (complaints, notes, FALSE, &hint);
  strata_set_error (error, code, hint, _ ("virt-sysprep failed: %s"), complaints);

  return FALSE;
}

/**
 * strata_guest_sysprep_run:
 * @writer: where its progress and words go
 * @argv: the whole command
 * @n_operations: how many operations it will announce
 * @warnings: what it warns of is added here
 * @error: return location
 *
 * Returns: whether it succeeded
 */
gboolean
strata_guest_sysprep_run (StrataEventWriter *writer,
                          const char *const *argv,
                          guint n_operations,
                          JsonArray *warnings,
                          GError **error)
{
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GDataInputStream) lines = NULL;
  g_autoptr (GString) complaints = g_string_new (NULL);
  g_autoptr (GError) local_error = NULL;
  guint n_done = 0;
  char *line;

  process = spawn (argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, error);
  if (process == NULL)
    return FALSE;

  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  while ((line = g_data_input_stream_read_line (lines, NULL, NULL, &local_error)) != NULL)
    {
      g_autofree char *valid = g_utf8_make_valid (line, -1);

      take_line (writer, valid, &n_done, n_operations, warnings, complaints);
      g_free (line);
    }

  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  if (!g_subprocess_wait_check (process, NULL, NULL))
    return set_failure (writer, complaints->str, error);

  return TRUE;
}
