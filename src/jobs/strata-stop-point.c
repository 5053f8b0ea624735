/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Where a test can hold a run, so that another client of the host acts at exactly that point. */

#include "config.h"

#include <signal.h>

#include "strata-stop-point.h"

#if STRATA_DEBUG

static gboolean
is_wanted (const char *numbers, int number)
{
  g_auto (GStrv) wanted = g_strsplit (numbers, ",", -1);
  g_autofree char *word = g_strdup_printf ("%d", number);

  return g_strv_contains ((const char *const *) wanted, word);
}

#endif

/**
 * strata_stop_point:
 * @where: what has just been done or is about to be, for the reader of a log
 *
 * In a debug build, stops the process with SIGSTOP if the number of this call, from 1, is among those in
 * `$STRATA_TEST_STOP_AT` ("3" or "2,5"). SIGCONT lets it go on. Does nothing in a release build. Any thread.
 */
void
strata_stop_point (const char *where)
{
#if STRATA_DEBUG
  static int passed; /* atomic */
  int number = g_atomic_int_add (&passed, 1) + 1;
  const char *numbers = g_getenv ("STRATA_TEST_STOP_AT");

  if (numbers == NULL || !is_wanted (numbers, number))
    return;

  g_printerr ("strata-stop-point: %d, %s\n", number, where);
  /* Of the whole process: a signal that stops does not stop one thread alone. */
  raise (SIGSTOP);
#endif
}
