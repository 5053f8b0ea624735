/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Running qemu-img, for what libvirt has no call for, or does not say. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>

#include "host/connection/strata-vir.h"
#include "strata-qemu-img.h"
#include "base/strata-error.h"

#define PROGRAM  "qemu-img"
#define KEPT_MAX 4096

/* qemu-img writes "    (12.34/100%)\r" again and again. The decimal point depends on the language, so that
 * only what is before it is read. */
static void
report (const GString *output, StrataPercentFunc progress, gpointer user_data)
{
  const char *last = g_strrstr (output->str, "(");

  if (last != NULL && progress != NULL)
    progress ((guint) CLAMP (atoi (last + 1), 0, 100), user_data);
}

/* Everything it says, but only the end of it is kept: a check of a broken image says a lot. */
static gboolean
read_output (GSubprocess *process,
             GString *output,
             StrataPercentFunc progress,
             gpointer user_data,
             GCancellable *cancellable,
             GError **error)
{
  GInputStream *pipe = g_subprocess_get_stdout_pipe (process);
  char buffer[1024];
  gssize n;

  while ((n = g_input_stream_read (pipe, buffer, sizeof buffer, cancellable, error)) > 0)
    {
      g_string_append_len (output, buffer, n);
      if (output->len > KEPT_MAX)
        g_string_erase (output, 0, (gssize) output->len - KEPT_MAX);
      report (output, progress, user_data);
    }

  return n == 0;
}

/* What went wrong, in its words: "qemu-img: Could not open…". */
static char *
find_message (const GString *output)
{
  g_autofree char *valid = g_utf8_make_valid (output->str, (gssize) output->len);
  g_auto (GStrv) lines = g_strsplit_set (valid, "\r\n", -1);
  const char *message = NULL;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (g_str_has_prefix (lines[i], PROGRAM ": "))
        return g_strdup (lines[i] + strlen (PROGRAM ": "));
      if (*g_strstrip (lines[i]) != '\0')
        message = lines[i];
    }

  return g_strdup (message != NULL ? message : PROGRAM);
}

static GSubprocess *
start (const char *const *arguments, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GError) local = NULL;
  g_auto (GStrv) words = NULL;
  GSubprocess *process;

  g_strv_builder_add (builder, PROGRAM);
  g_strv_builder_addv (builder, (const char **) arguments);
  words = g_strv_builder_end (builder);

  process =
      g_subprocess_newv ((const char *const *) words,
                         G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &local);
  if (process == NULL)
    strata_set_error (error, STRATA_ERROR_NO_TOOL,
                      _ ("Install qemu-img; it is in the package qemu-utils or qemu-img."),
                      _ ("qemu-img can’t be run: %s"), local->message);

  return process;
}

/**
 * strata_qemu_img_run:
 * @arguments: (array zero-terminated=1): its verb and what comes after
 * @status: (out) (optional): its exit code; without this one other than 0 is an error
 * @progress: (nullable): called in this thread
 * @user_data: for @progress
 * @cancellable: (nullable): ends it
 * @error: where to put `STRATA_ERROR_NO_TOOL`, `STRATA_ERROR_FAILED` or `G_IO_ERROR_CANCELLED`
 *
 * Worker threads only. When this returns, the process is gone.
 *
 * Returns: whether it came to an end of its own, and, without @status, a good one
 */
gboolean
strata_qemu_img_run (const char *const *arguments,
                     int *status,
                     StrataPercentFunc progress,
                     gpointer user_data,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GString) output = g_string_new (NULL);
  g_autofree char *message = NULL;

  STRATA_ASSERT_WORKER ();

  if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
      (process = start (arguments, error)) == NULL)
    return FALSE;

  if (!read_output (process, output, progress, user_data, cancellable, error))
    {
      g_subprocess_force_exit (process);
      g_subprocess_wait (process, NULL, NULL);
      return FALSE;
    }
  if (!g_subprocess_wait (process, NULL, error))
    return FALSE;

  if (g_subprocess_get_if_exited (process) && status != NULL)
    {
      *status = g_subprocess_get_exit_status (process);
      return TRUE;
    }
  if (g_subprocess_get_successful (process))
    return TRUE;

  message = find_message (output);
  strata_set_error (error, strata_error_code_from_words (message), NULL, "%s", message);

  return FALSE;
}

static void
end_process (GCancellable *cancellable, gpointer process)
{
  g_subprocess_force_exit (process);
}

/* With a cancellable of its own g_subprocess_communicate() destroys a source when the main context that it was on may be gone
 * already (GLib 2.84.4; three threads that call it crash or hang after some thousand calls), and a cancelled one leaves the
 * process behind. So the process is ended, and with it the call. */
static char *
communicate (GSubprocess *process, GCancellable *cancellable)
{
  gulong id = cancellable != NULL
                  ? g_cancellable_connect (cancellable, G_CALLBACK (end_process), process, NULL)
                  : 0;
  char *output = NULL;

  g_subprocess_communicate_utf8 (process, NULL, NULL, &output, NULL, NULL);
  g_cancellable_disconnect (cancellable, id);

  return output;
}

/**
 * strata_qemu_img_read_info:
 * @path: an image's file
 * @format: (nullable): its format, where it is known
 * @cancellable: (nullable): to give up
 *
 * With `-U`, since an image may be in use; nothing is written. Worker threads only.
 *
 * Returns: (transfer full) (nullable): `qemu-img info`'s answer
 */
JsonObject *
strata_qemu_img_read_info (const char *path, const char *format, GCancellable *cancellable)
{
  const char *const with_format[] = { "qemu-img", "info", "-U", "--output=json",
                                      "-f",       format, path, NULL };
  const char *const without[] = { "qemu-img", "info", "-U", "--output=json", path, NULL };
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *output = NULL;

  STRATA_ASSERT_WORKER ();

  process =
      g_subprocess_newv (format != NULL ? with_format : without,
                         G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL);
  if (process == NULL)
    return NULL;
  output = communicate (process, cancellable);
  if (output == NULL || !g_subprocess_get_successful (process))
    return NULL;

  node = json_from_string (output, NULL);
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return NULL;

  return json_object_ref (json_node_get_object (node));
}
