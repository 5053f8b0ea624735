/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What has to do with each other in a graph, and a graph without it. */

#include "config.h"

#include "graph/strata-related.h"
#include "host-on-paper.h"

typedef struct
{
  StrataGraph *graph;
  GHashTable *domains;
  GHashTable *images;
} Part;

/* web, and a thin clone of it; base, on which nothing else stands; and loose, an overlay of web's that no domain names */
static void
set_up (Part *part)
{
  part->graph = paper_host_new ();
  part->domains = g_hash_table_new (NULL, NULL);
  part->images = g_hash_table_new (NULL, NULL);
  paper_host_image (part->graph, "root", NULL);
  paper_host_image (part->graph, "web", "root");
  paper_host_image (part->graph, "clone", "root");
  paper_host_image (part->graph, "loose", "web");
  paper_host_image (part->graph, "base", NULL);
  paper_host_add (part->graph, "web", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "web", NULL);
  paper_host_add (part->graph, "clone", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "clone", NULL);
  paper_host_add (part->graph, "base", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "base", NULL);
  strata_graph_finish (part->graph);
}

static void
tear_down (Part *part)
{
  g_hash_table_unref (part->domains);
  g_hash_table_unref (part->images);
  g_object_unref (part->graph);
}

static gboolean
has_image (Part *part, const char *name)
{
  g_autofree char *path = g_build_filename (PAPER_POOL, name, NULL);
  StrataImage *image = strata_graph_get_image (part->graph, path);

  g_assert_nonnull (image);

  return g_hash_table_contains (part->images, image);
}

static gboolean
has_domain (Part *part, const char *name)
{
  StrataDomainFacts *domain = strata_graph_find_domain (part->graph, name);

  g_assert_nonnull (domain);

  return g_hash_table_contains (part->domains, domain);
}

static void
check_family (Part *part)
{
  g_assert_true (has_domain (part, "web"));
  g_assert_true (has_domain (part, "clone"));
  g_assert_false (has_domain (part, "base"));
  g_assert_true (has_image (part, "root"));
  g_assert_true (has_image (part, "web"));
  g_assert_true (has_image (part, "clone"));
  g_assert_true (has_image (part, "loose"));
  g_assert_false (has_image (part, "base"));
}

static void
test_by_domain (void)
{
  Part part;

  set_up (&part);
  g_hash_table_add (part.domains, strata_graph_find_domain (part.graph, "clone"));
  strata_graph_add_related (part.graph, part.domains, part.images);
  check_family (&part);
  tear_down (&part);
}

static void
test_by_image (void)
{
  Part part;

  set_up (&part);
  g_hash_table_add (part.images, strata_graph_get_image (part.graph, PAPER_FILE ("loose")));
  strata_graph_add_related (part.graph, part.domains, part.images);
  check_family (&part);
  tear_down (&part);
}

static void
test_nothing (void)
{
  Part part;

  set_up (&part);
  strata_graph_add_related (part.graph, part.domains, part.images);
  g_assert_cmpuint (g_hash_table_size (part.domains), ==, 0);
  g_assert_cmpuint (g_hash_table_size (part.images), ==, 0);
  tear_down (&part);
}

static void
test_copy_without (void)
{
  g_autoptr (StrataGraph) copy = NULL;
  Part part;

  set_up (&part);
  g_hash_table_add (part.domains, strata_graph_find_domain (part.graph, "web"));
  strata_graph_add_related (part.graph, part.domains, part.images);
  copy = strata_graph_copy_without (part.graph, part.domains, part.images);

  g_assert_null (strata_graph_find_domain (copy, "web"));
  g_assert_null (strata_graph_find_domain (copy, "clone"));
  g_assert_null (strata_graph_get_image (copy, PAPER_FILE ("root")));
  g_assert_null (strata_graph_get_image (copy, PAPER_FILE ("loose")));
  g_assert_true (strata_graph_find_domain (copy, "base") ==
                 strata_graph_find_domain (part.graph, "base"));
  g_assert_true (strata_graph_get_image (copy, PAPER_FILE ("base")) ==
                 strata_graph_get_image (part.graph, PAPER_FILE ("base")));
  g_assert_cmpuint (strata_graph_get_pools (copy)->len, ==,
                    strata_graph_get_pools (part.graph)->len);

  /* What is shared outlives the graph that it is from. */
  tear_down (&part);
  g_assert_cmpstr (strata_graph_get_image (copy, PAPER_FILE ("base"))->format, ==, "qcow2");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/related/by-domain", test_by_domain);
  g_test_add_func ("/related/by-image", test_by_image);
  g_test_add_func ("/related/nothing", test_nothing);
  g_test_add_func ("/related/copy-without", test_copy_without);

  return g_test_run ();
}
