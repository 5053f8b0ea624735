/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Times what every command and every dialog begins with: gathering the host, judging its health, and planning; and what a window does
 * when a machine changed. Prints a line for each round: what was done, and the seconds it took.
 *
 * Usage: bench-gather ROUNDS DOMAIN SNAPSHOT
 */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/connection/strata-connection.h"
#include "plan/strata-health.h"
#include "plan/planner/strata-planner.h"

static void
tell (const char *what, gint64 since)
{
  printf ("%s %.4f\n", what, (double) (g_get_monotonic_time () - since) / G_TIME_SPAN_SECOND);
}

static void
fail_on (GError *error)
{
  if (error == NULL)
    return;

  fprintf (stderr, "%s\n", error->message);
  exit (EXIT_FAILURE);
}

/* What of this process is in memory, MiB. */
static guint64
get_resident (void)
{
  g_autofree char *text = NULL;
  guint64 pages = 0;

  if (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    sscanf (text, "%*u %" G_GUINT64_FORMAT, &pages);

  return pages * (guint64) sysconf (_SC_PAGESIZE) / (1024 * 1024);
}

static void
count (StrataGraph *graph, GPtrArray *findings)
{
  GPtrArray *domains = strata_graph_get_domains (graph);
  g_autoptr (GPtrArray) images = strata_graph_get_images (graph);
  guint snapshots = 0;

  for (guint i = 0; i < domains->len; i++)
    snapshots += ((StrataDomainFacts *) g_ptr_array_index (domains, i))->snapshots->len;

  printf ("# %u domains, %u snapshots, %u images, %u findings; %" G_GUINT64_FORMAT " MiB\n",
          domains->len, snapshots, images->len, findings->len, get_resident ());
}

static void
patch (StrataConnection *connection, StrataGraph *last, const char *name)
{
  const StrataDomainFacts *domain = strata_graph_find_domain (last, name);
  const char *const uuids[] = { domain->uuid, NULL };
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();

  graph = strata_connection_patch (connection, last, uuids, NULL, &error);
  fail_on (error);
  if (graph == NULL)
    {
      fprintf (stderr, "“%s” can't be patched\n", name);
      exit (EXIT_FAILURE);
    }
  tell ("patch", start);
}

static void
do_round (StrataConnection *connection, const char *domain, const char *snapshot)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SNAPSHOT_DELETE);
  g_autoptr (GError) error = NULL;
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (GPtrArray) findings = NULL;
  g_autoptr (StrataPlan) plan = NULL;
  gint64 start = g_get_monotonic_time ();

  graph = strata_connection_gather (connection, NULL, &error);
  fail_on (error);
  tell ("gather", start);
  patch (connection, graph, domain);

  start = g_get_monotonic_time ();
  findings = strata_health_check (graph, NULL);
  tell ("health", start);

  request->domain = g_strdup (domain);
  request->snapshot = g_strdup (snapshot);
  start = g_get_monotonic_time ();
  plan = strata_plan_request (graph, request, &error);
  fail_on (error);
  tell ("plan", start);

  count (graph, findings);
}

int
main (int argc, char *argv[])
{
  g_autoptr (StrataConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  if (argc != 4)
    return EXIT_FAILURE;

  connection = strata_connection_open ("qemu:///session", NULL, &error);
  fail_on (error);
  for (int i = 0; i < atoi (argv[1]); i++)
    do_round (connection, argv[2], argv[3]);

  return EXIT_SUCCESS;
}
