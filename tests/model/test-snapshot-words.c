/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is written of a snapshot, and what the planner is asked about it. */

#include "config.h"

#include "host-on-paper.h"
#include "model/snapshot/strata-snapshot-feasibility.h"
#include "model/snapshot/strata-snapshot-words.h"

static void
assert_time (const char *taken, const char *words)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_utc ();
  g_autoptr (GDateTime) now = g_date_time_new (zone, 2025, 11, 10, 0, 5, 0);
  g_autoptr (GDateTime) then = g_date_time_new_from_iso8601 (taken, zone);
  g_autofree char *text = strata_snapshot_words_for_time (g_date_time_to_unix (then), now);

  g_assert_cmpstr (text, ==, words);
}

static void
test_times (void)
{
  assert_time ("2025-11-10T00:03:00", "Today 00:03");
  assert_time ("2025-11-09T23:59:59", "Yesterday 23:59");
  assert_time ("2025-11-08T14:00:00", "8 Nov");
  assert_time ("2024-11-10T14:00:00", "10 Nov 2024");
  g_assert_null (strata_snapshot_words_for_exact_time (0));
}

static void
test_row (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_utc (2025, 11, 10, 12, 0, 0);
  StrataSnapshotNodeStyle look = {
    .kind = STRATA_SNAPSHOT_NODE_MEMORY,
    .name = (char *) "before upgrade",
    .description = (char *) " two\nlines ",
    .created = g_date_time_to_unix (now),
    .bytes = 340000000,
    .current = TRUE,
  };
  g_autofree char *row = strata_snapshot_words_for_row (&look, now);
  g_autofree char *detail = strata_snapshot_words_for_detail (&look);
  g_autofree char *since = NULL;
  g_autofree char *here = NULL;

  g_assert_cmpstr (row, ==, "before upgrade, Disk and memory, Today 12:00, 340.0\u00a0MB, current");
  g_assert_cmpstr (detail, ==, "two lines");

  look = (StrataSnapshotNodeStyle) { .kind = STRATA_SNAPSHOT_NODE_HERE,
                                     .parent = (char *) "x",
                                     .bytes = -1 };
  here = strata_snapshot_words_for_row (&look, now);
  since = strata_snapshot_words_for_detail (&look);
  g_assert_cmpstr (here, ==, "You are here, Present state");
  g_assert_cmpstr (since, ==, "Since “x”");
}

static StrataFeasibility
wait_for_verdict (StrataSnapshotFeasibility *feasibility,
                  StrataSnapshotAct act,
                  const char *name,
                  const char **reason)
{
  StrataFeasibility feasible;

  while ((feasible = strata_snapshot_feasibility_ask (feasibility, act, name, reason)) ==
         STRATA_FEASIBILITY_UNKNOWN)
    g_main_context_iteration (NULL, TRUE);

  return feasible;
}

static void
count_cb (StrataSnapshotFeasibility *feasibility, guint *n)
{
  ++*n;
}

static void
test_verdicts (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataSnapshotFeasibility) feasibility = strata_snapshot_feasibility_new ();
  const char *reason = NULL;
  guint n_changes = 0;
  const char *uuid;

  paper_host_image (graph, "base.qcow2", NULL);
  paper_host_image (graph, "mid.qcow2", "base.qcow2");
  paper_host_image (graph, "top.qcow2", "mid.qcow2");
  paper_host_add (graph, "vm", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);
  paper_host_snapshot (graph, "vm", "old", NULL, "base.qcow2", FALSE, FALSE);
  paper_host_snapshot (graph, "vm", "joint", "old", "mid.qcow2", TRUE, TRUE);
  uuid = strata_graph_find_domain (graph, "vm")->uuid;

  g_assert_cmpint (
      strata_snapshot_feasibility_ask (feasibility, STRATA_SNAPSHOT_REVERT, "old", &reason), ==,
      STRATA_FEASIBILITY_UNKNOWN);
  strata_snapshot_feasibility_set_subject (feasibility, graph, uuid);
  g_signal_connect (feasibility, "changed", G_CALLBACK (count_cb), &n_changes);

  for (StrataSnapshotAct act = 0; act < STRATA_N_SNAPSHOT_ACTS; act++)
    {
      StrataFeasibility feasible = wait_for_verdict (feasibility, act, "old", &reason);

      g_test_message ("%d: %s", act, reason);
      g_assert_cmpint (feasible, ==, STRATA_FEASIBILITY_ALLOWED);
      g_assert_null (reason);
    }
  g_assert_cmpuint (n_changes, ==, STRATA_N_SNAPSHOT_ACTS);

  g_assert_cmpint (wait_for_verdict (feasibility, STRATA_SNAPSHOT_REVERT, "joint", &reason), ==,
                   STRATA_FEASIBILITY_REFUSED);
  g_assert_true (g_str_has_prefix (reason, "“joint” was deleted"));
  g_assert_true (g_str_has_suffix (reason, "."));

  /* What was asked and not begun with can be given up, and then be asked again. */
  n_changes = 0;
  for (StrataSnapshotAct act = 0; act < STRATA_N_SNAPSHOT_ACTS; act++)
    strata_snapshot_feasibility_ask (feasibility, act, "nobody", NULL);
  strata_snapshot_feasibility_drop (feasibility);
  g_assert_cmpint (wait_for_verdict (feasibility, STRATA_SNAPSHOT_REVERT, "nobody", NULL), ==,
                   STRATA_FEASIBILITY_REFUSED);
  g_assert_cmpuint (n_changes, ==, 1);

  strata_snapshot_feasibility_set_subject (feasibility, NULL, NULL);
  g_assert_cmpint (
      strata_snapshot_feasibility_ask (feasibility, STRATA_SNAPSHOT_REVERT, "old", NULL), ==,
      STRATA_FEASIBILITY_UNKNOWN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/snapshot-words/times", test_times);
  g_test_add_func ("/snapshot-words/row", test_row);
  g_test_add_func ("/snapshot-words/verdicts", test_verdicts);

  return g_test_run ();
}
