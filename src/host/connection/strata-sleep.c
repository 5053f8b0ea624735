/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A pause between two looks at the host, which a cancel cuts short. */

#include "config.h"

#include "strata-sleep.h"

/**
 * strata_sleep:
 * @milliseconds: how long
 * @cancellable: (nullable): wakes the thread early
 * @error: where to put `G_IO_ERROR_CANCELLED`
 *
 * Worker threads only: it blocks.
 *
 * Returns: %FALSE if @cancellable was cancelled
 */
gboolean
strata_sleep (guint milliseconds, GCancellable *cancellable, GError **error)
{
  GPollFD fd;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  if (cancellable == NULL || !g_cancellable_make_pollfd (cancellable, &fd))
    {
      g_usleep ((gulong) milliseconds * 1000);
      return !g_cancellable_set_error_if_cancelled (cancellable, error);
    }

  g_poll (&fd, 1, (int) milliseconds);
  g_cancellable_release_fd (cancellable);

  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}
