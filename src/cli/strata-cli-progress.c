/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A job's progress on stderr: one line that is written over where that is a terminal, a line for each
 * step where the user asked for them, and otherwise nothing.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "strata-cli-output.h"
#include "strata-cli-progress.h"
#include "base/strata-visible.h"

/* Milliseconds between two looks at the job; faster than anybody reads is only noise. */
#define REDRAW_INTERVAL 200

struct _StrataCliProgress
{
  StrataJob *job;
  guint timer;
  guint last_step;
  gulong notify_id;
  gboolean verbose;
  gboolean terminal;
  gboolean drawn;
};

static guint
terminal_columns (void)
{
  struct winsize size = { 0 };

  if (ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;

  return 80;
}

static void
append_time_left (GString *line, int seconds)
{
  if (seconds < 0)
    return;

  g_string_append (line, ", ");
  if (seconds < 60)
    g_string_append_printf (line, ngettext ("%d s left", "%d s left", (gulong) seconds), seconds);
  else
    /* Translators: minutes and seconds */
    g_string_append_printf (line, _ ("%d min %02d s left"), seconds / 60, seconds % 60);
}

static void
append_bytes (GString *line, const StrataProgress *progress)
{
  guint64 total = progress->bytes_total;
  guint64 rate = progress->rate;

  if (total > 0)
    {
      g_autofree char *done_text = g_format_size (progress->bytes_done);
      g_autofree char *total_text = g_format_size (total);

      /* Translators: “120 MB of 461 MB” */
      g_string_append_printf (line, _ (", %s of %s"), done_text, total_text);
    }

  if (rate > 0)
    {
      g_autofree char *rate_text = g_format_size (rate);

      /* Translators: “400 MB/s” */
      g_string_append_printf (line, _ (", %s/s"), rate_text);
    }
}

static void
clear_line (StrataCliProgress *self)
{
  if (!self->drawn)
    return;

  fputs ("\r\033[K", stderr);
  self->drawn = FALSE;
}

static gboolean
on_redraw (gpointer user_data)
{
  StrataCliProgress *self = user_data;
  const StrataProgress *progress = strata_job_get_progress (self->job);
  const char *title = strata_job_get_step_title (self->job);
  g_autoptr (GString) line = g_string_new (NULL);
  g_autofree char *visible = NULL;
  g_autofree char *cut = NULL;

  g_string_append_printf (line, "[%u/%u] %s %d %%", strata_job_get_progress (self->job)->step,
                          strata_plan_get_n_steps (strata_job_get_plan (self->job)),
                          title != NULL ? title : strata_job_get_title (self->job),
                          (int) (progress->fraction * 100));
  append_bytes (line, progress);
  append_time_left (line, progress->seconds_left);

  /* A line that wraps could not be written over. */
  visible = strata_make_visible (line->str);
  cut = g_utf8_substring (visible, 0,
                          MIN (g_utf8_strlen (visible, -1), (glong) terminal_columns () - 1));
  fprintf (stderr, "\r\033[K%s", cut);
  fflush (stderr);
  self->drawn = TRUE;

  return G_SOURCE_CONTINUE;
}

static void
on_step (StrataCliProgress *self)
{
  guint step = strata_job_get_progress (self->job)->step;
  const char *title = strata_job_get_step_title (self->job);

  if (step == self->last_step || title == NULL)
    return;

  self->last_step = step;
  clear_line (self);
  strata_cli_print_line (stderr, "[%u/%u] %s", step,
                         strata_plan_get_n_steps (strata_job_get_plan (self->job)), title);
}

/**
 * strata_cli_progress_new:
 * @job: (transfer none): the job to watch
 * @verbose: say each step in a line of its own
 *
 * Main thread.
 *
 * Returns: (transfer full): what draws until strata_cli_progress_free()
 */
StrataCliProgress *
strata_cli_progress_new (StrataJob *job, gboolean verbose)
{
  StrataCliProgress *self = g_new0 (StrataCliProgress, 1);

  self->job = g_object_ref (job);
  self->verbose = verbose;
  self->terminal = isatty (STDERR_FILENO) != 0;

  if (self->terminal)
    self->timer = g_timeout_add (REDRAW_INTERVAL, on_redraw, self);
  if (self->verbose)
    self->notify_id =
        g_signal_connect_swapped (job, "notify::step-title", G_CALLBACK (on_step), self);

  return self;
}

/**
 * strata_cli_progress_free:
 * @self: (transfer full): the progress
 *
 * Takes the line away, so that the next output starts on an empty one.
 */
void
strata_cli_progress_free (StrataCliProgress *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_signal_handler (&self->notify_id, self->job);
  clear_line (self);
  g_clear_object (&self->job);
  g_free (self);
}
