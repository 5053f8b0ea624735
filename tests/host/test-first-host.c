/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which of a computer's two hosts is opened at the first start. */

#include "config.h"

#include <glib.h>

#include "host/connection/strata-first-host.h"

static void
test_decide (void)
{
  static const struct
  {
    int n_session;
    int n_system;
    gboolean may_manage;
    const char *uri;
  } cases[] = {
    /* the one with machines, whatever may be done there */
    { 3, 0, TRUE, STRATA_URI_SESSION },
    { 3, -1, FALSE, STRATA_URI_SESSION },
    { 0, 3, TRUE, STRATA_URI_SYSTEM },
    { 0, 3, FALSE, STRATA_URI_SYSTEM },
    { -1, 3, FALSE, STRATA_URI_SYSTEM },
    /* both, or neither: the system, for who may manage it */
    { 1, 3, TRUE, STRATA_URI_SYSTEM },
    { 3, 1, FALSE, STRATA_URI_SESSION },
    { 0, 0, TRUE, STRATA_URI_SYSTEM },
    { 0, 0, FALSE, STRATA_URI_SESSION },
    { -1, 0, TRUE, STRATA_URI_SYSTEM },
    /* one that can't be opened is no choice while the other can */
    { 0, -1, TRUE, STRATA_URI_SESSION },
    { -1, -1, TRUE, STRATA_URI_SESSION },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("session %d, system %d, %s", cases[i].n_session, cases[i].n_system,
                      cases[i].may_manage ? "may" : "may not");
      g_assert_cmpstr (
          strata_first_host_decide (cases[i].n_session, cases[i].n_system, cases[i].may_manage), ==,
          cases[i].uri);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/first-host/decide", test_decide);

  return g_test_run ();
}
