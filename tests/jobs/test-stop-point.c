/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A run stops where a test wants it to, and nowhere else. */

#include "config.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jobs/strata-stop-point.h"

/* Passes three points in a process of its own; how often that stopped. */
static int
count_stops (const char *numbers)
{
  pid_t child;
  int status, stops = 0;

  if (numbers != NULL)
    g_setenv ("STRATA_TEST_STOP_AT", numbers, TRUE);
  else
    g_unsetenv ("STRATA_TEST_STOP_AT");
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      for (int i = 0; i < 3; i++)
        strata_stop_point ("a point");
      _exit (0);
    }

  for (;;)
    {
      g_assert_cmpint (waitpid (child, &status, WUNTRACED), ==, child);
      if (!WIFSTOPPED (status))
        break;
      g_assert_cmpint (WSTOPSIG (status), ==, SIGSTOP);
      stops++;
      g_assert_no_errno (kill (child, SIGCONT));
    }
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);

  return stops;
}

static void
test_stops (void)
{
  g_assert_cmpint (count_stops (NULL), ==, 0);
  g_assert_cmpint (count_stops ("4"), ==, 0);
  g_assert_cmpint (count_stops ("2"), ==, STRATA_DEBUG ? 1 : 0);
  g_assert_cmpint (count_stops ("1,3"), ==, STRATA_DEBUG ? 2 : 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stop-point/stops", test_stops);

  return g_test_run ();
}
