/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How far a job is, in words. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-job-words.h"

static char *
describe_time (int seconds)
{
  if (seconds < 60)
    return g_strdup_printf (ngettext ("%d second left", "%d seconds left", seconds), seconds);

  return g_strdup_printf (ngettext ("%d minute left", "%d minutes left", (seconds + 30) / 60),
                          (seconds + 30) / 60);
}

/**
 * strata_job_words_describe_progress:
 * @done: bytes
 * @total: bytes; 0 if there are none to move
 * @rate: bytes per second
 * @seconds_left: -1 if it is not known
 *
 * Returns: (transfer full): how far it is, in words; may be empty
 */
char *
strata_job_words_describe_progress (guint64 done, guint64 total, guint64 rate, int seconds_left)
{
  g_autoptr (GStrvBuilder) parts = g_strv_builder_new ();
  g_auto (GStrv) strings = NULL;

  if (total > 0)
    {
      g_autofree char *done_text = g_format_size (done);
      g_autofree char *total_text = g_format_size (total);

      /* Translators: bytes done of bytes to do. */
      g_strv_builder_take (parts, g_strdup_printf (_ ("%s of %s"), done_text, total_text));
    }
  if (total > 0 && rate > 0)
    {
      g_autofree char *rate_text = g_format_size (rate);

      /* Translators: speed, “120 MB/s”. */
      g_strv_builder_take (parts, g_strdup_printf (_ ("%s/s"), rate_text));
    }
  if (seconds_left >= 0)
    g_strv_builder_take (parts, describe_time (seconds_left));

  strings = g_strv_builder_end (parts);

  return g_strjoinv (" · ", strings);
}
