/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The map of a host on paper: what is on it, who would break, and where everything is. */

#include "config.h"

#include <math.h>
#include <time.h>

#include "host-on-paper.h"
#include "graph/strata-holders.h"
#include "model/map/strata-map-layout-private.h"
#include "model/map/strata-map-impact.h"
#include "model/map/strata-map-walk.h"
#include "model/map/strata-map-words.h"

#define MIB (1024 * 1024)

static guint
find (StrataMap *map, const char *name)
{
  for (guint i = 0; i < strata_map_get_n_nodes (map); i++)
    {
      if (g_str_equal (strata_map_get_node (map, i)->name, name))
        return i;
    }
  g_error ("nothing named %s", name);
}

static StrataMapNode *
get (StrataMap *map, const char *name)
{
  return strata_map_get_node (map, find (map, name));
}

static gboolean
is_linked (StrataMap *map, const char *from, const char *to)
{
  for (guint i = 0; i < map->links->len; i++)
    {
      const StrataMapLink *link = &g_array_index (map->links, StrataMapLink, i);

      if (link->from == find (map, from) && link->to == find (map, to))
        return TRUE;
    }

  return FALSE;
}

static StrataMapPoint
place (StrataMapLayout *layout, const char *name)
{
  return strata_map_layout_get_place (layout, find (layout->map, name));
}

/* A template with two clones, a machine with two snapshots and a retained, an orphan, an overlay that nobody names. */
static StrataGraph *
make_host (void)
{
  StrataGraph *graph = paper_host_new ();

  paper_host_image (graph, "web.qcow2", NULL);
  paper_host_image (graph, "web-01.qcow2", "web.qcow2");
  paper_host_image (graph, "web-02.qcow2", "web.qcow2");
  paper_host_add (graph, "template-web", STRATA_DOMAIN_STATE_OFF, TRUE, NULL, "web.qcow2", NULL);
  paper_host_add (graph, "web-01", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "web-01.qcow2", NULL);
  paper_host_add (graph, "web-02", STRATA_DOMAIN_STATE_RUNNING, FALSE, NULL, "web-02.qcow2", NULL);

  paper_host_image (graph, "db.qcow2", NULL);
  paper_host_image (graph, "db.1.qcow2", "db.qcow2");
  paper_host_image (graph, "db.2.qcow2", "db.1.qcow2");
  paper_host_image (graph, "db.tip.qcow2", "db.1.qcow2");
  paper_host_add (graph, "db", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "db.2.qcow2", NULL);
  paper_host_snapshot (graph, "db", "first", NULL, "db.qcow2", FALSE, FALSE);
  paper_host_snapshot (graph, "db", "second", "first", "db.1.qcow2", TRUE, TRUE);
  paper_host_snapshot (graph, "db", "left", "second", "db.tip.qcow2", FALSE, FALSE);

  paper_host_image (graph, "orphan.qcow2", NULL)->pool = g_strdup ("default");
  paper_host_image (graph, "nobody.qcow2", "db.qcow2")->pool = g_strdup ("default");

  return graph;
}

static void
test_content (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataMap) map = strata_map_new (graph);

  g_assert_cmpuint (strata_map_get_n_nodes (map), ==, 13);
  g_assert_cmpint (get (map, "template-web")->kind, ==, STRATA_MAP_TEMPLATE);
  g_assert_cmpint (get (map, "web-01")->kind, ==, STRATA_MAP_MACHINE);
  g_assert_true (is_linked (map, "template-web", "web.qcow2"));
  g_assert_true (is_linked (map, "web.qcow2", "web-01.qcow2"));
  g_assert_true (is_linked (map, "web-01.qcow2", "web-01"));

  g_assert_true (get (map, "orphan.qcow2")->free);
  g_assert_true (get (map, "nobody.qcow2")->free);
  g_assert_false (get (map, "web.qcow2")->free);
  g_assert_false (get (map, "db.tip.qcow2")->free);
  g_assert_true (get (map, "db.1.qcow2")->retained);
  g_assert_false (get (map, "db.qcow2")->retained);
  g_assert_cmpuint (get (map, "db.qcow2")->marks->len, ==, 1);
  /* What a machine left behind is its own nevertheless. */
  g_assert_true (is_linked (map, "db.tip.qcow2", "db"));
  g_assert_false (is_linked (map, "db.qcow2", "db"));

  g_assert_true (strata_map_matches (map, find (map, "db.qcow2"), "FIRST"));
  g_assert_false (strata_map_matches (map, find (map, "db.1.qcow2"), "second"));
  g_assert_cmpuint (strata_map_find (map, PAPER_POOL "/orphan.qcow2"), ==,
                    find (map, "orphan.qcow2"));
  g_assert_cmpuint (strata_map_find (map, "/nowhere"), ==, STRATA_MAP_NONE);
}

static void
test_missing (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataMap) map = NULL;
  g_autoptr (StrataMapImpact) impact = NULL;

  paper_host_image (graph, "top.qcow2", "gone.qcow2");
  paper_host_add (graph, "broken", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "top.qcow2", NULL);
  paper_host_add (graph, "bare", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "away.qcow2", NULL);
  map = strata_map_new (graph);

  g_assert_true (get (map, "gone.qcow2")->missing);
  g_assert_true (get (map, "away.qcow2")->missing);
  g_assert_false (get (map, "top.qcow2")->missing);
  impact = strata_map_impact_new (map, find (map, "gone.qcow2"));
  g_assert_cmpstr (impact->machines[0], ==, "broken");
  g_assert_cmpuint (impact->n_freed, ==, 0);
}

/* An image that a definition names elsewhere than in a disk is nobody's to throw away. */
static void
test_mentioned (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataDomainFacts) facts = NULL;
  g_autoptr (StrataMap) map = NULL;
  g_autoptr (GError) error = NULL;

  paper_host_image (graph, "vars & co.raw", NULL)->pool = g_strdup ("default");
  paper_host_image (graph, "kernel.raw", NULL)->pool = g_strdup ("default");
  paper_host_image (graph, "spare.raw", NULL)->pool = g_strdup ("default");
  facts = strata_domain_facts_new (
      "<domain type='qemu'><name>uefi</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>"
      "<memory>65536</memory><os><type arch='x86_64'>hvm</type><kernel>/pool/kernel.raw</kernel>"
      "<nvram template='/pool/vars &amp; co.raw'/></os></domain>",
      NULL, STRATA_DOMAIN_STATE_OFF, &error);
  g_assert_no_error (error);
  strata_graph_add_domain (graph, facts);
  map = strata_map_new (graph);

  g_assert_false (get (map, "kernel.raw")->free);
  g_assert_false (get (map, "vars & co.raw")->free);
  g_assert_true (get (map, "spare.raw")->free);
}

/* Of an image the map says the same as the graph. */
static void
check_holders (StrataGraph *graph, StrataMap *map, guint index)
{
  StrataMapNode *node = strata_map_get_node (map, index);
  g_autoptr (GPtrArray) holders = strata_graph_get_holders (graph, node->id);
  g_autoptr (StrataMapImpact) impact = strata_map_impact_new (map, index);
  guint n_machines = 0;
  guint n_snapshots = 0;

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);
      g_autofree char *base = g_path_get_basename (holder->top);

      if (holder->kind == STRATA_HOLDER_SNAPSHOT)
        n_snapshots++;
      else if (holder->kind == STRATA_HOLDER_IMAGE)
        g_assert_true (g_strv_contains ((const char *const *) impact->images, base));
      else
        {
          n_machines++;
          g_assert_true (
              g_strv_contains ((const char *const *) impact->machines, holder->domain->name));
        }
    }
  g_assert_cmpuint (n_machines, ==, g_strv_length (impact->machines));
  g_assert_cmpuint (n_snapshots, ==, impact->n_snapshots);
}

static void
test_impact_is_that_of_holders (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataMap) map = strata_map_new (graph);

  for (guint i = 0; i < strata_map_get_n_nodes (map); i++)
    {
      if (strata_map_get_node (map, i)->kind == STRATA_MAP_IMAGE)
        check_holders (graph, map, i);
    }
}

static void
check_freed (StrataMap *map, const char *name, guint n_freed)
{
  g_autoptr (StrataMapImpact) impact = strata_map_impact_new (map, find (map, name));

  g_assert_cmpuint (impact->n_freed, ==, n_freed);
  g_assert_cmpuint (impact->freed, ==, n_freed * (guint64) 10 * MIB);
}

static void
test_freed (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataMap) map = strata_map_new (graph);
  g_autoptr (StrataMapImpact) clone = strata_map_impact_new (map, find (map, "web-01"));
  g_autoptr (StrataMapImpact) template = strata_map_impact_new (map, find (map, "template-web"));

  check_freed (map, "orphan.qcow2", 1);
  check_freed (map, "nobody.qcow2", 1);
  check_freed (map, "web-01", 1);
  check_freed (map, "template-web", 0);
  /* Its tip, what its snapshots keep and the retained; but not what nobody.qcow2 stands on. */
  check_freed (map, "db", 3);
  g_assert_true (strata_map_impact_is_harmless (clone));
  g_assert_cmpstr (template->machines[0], ==, "web-01");
  g_assert_cmpstr (template->machines[1], ==, "web-02");
  g_assert_null (template->machines[2]);
}

static void
test_words (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataMap) map = strata_map_new (graph);
  guint base = find (map, "web.qcow2");
  guint orphan = find (map, "orphan.qcow2");
  g_autoptr (StrataMapImpact) impact = strata_map_impact_new (map, base);
  g_autoptr (StrataMapImpact) none = strata_map_impact_new (map, orphan);
  g_autofree char *text = strata_map_words_for_impact (map, base, impact);
  g_autofree char *nothing = strata_map_words_for_impact (map, orphan, none);
  g_autofree char *freed = strata_map_words_for_freed (strata_map_get_node (map, orphan), none);
  g_autofree char *line = strata_map_words_for_line (get (map, "db.qcow2"));

  g_assert_cmpstr (text, ==, "If it went, these would break: template-web, web-01, web-02.");
  g_assert_true (g_str_has_prefix (nothing, "Nothing needs it"));
  g_assert_cmpstr (freed, ==, "Would free 10.5\302\240MB.");
  g_assert_cmpstr (line, ==, "10.5\302\240MB · first");
}

static gboolean
overlap (StrataMapPoint a, StrataMapPoint b)
{
  return fabsf (a.x - b.x) < STRATA_MAP_NODE_WIDTH && fabsf (a.y - b.y) < STRATA_MAP_NODE_HEIGHT;
}

/* Nothing lies on anything else, and everything is right of what it stands on. */
static void
check_layout (StrataMapLayout *layout)
{
  StrataMap *map = layout->map;

  for (guint i = 0; i < strata_map_get_n_nodes (map); i++)
    {
      StrataMapPoint one = strata_map_layout_get_place (layout, i);

      g_assert_true (one.x >= 0 && one.x + STRATA_MAP_NODE_WIDTH <= layout->width);
      g_assert_true (one.y >= 0 && one.y + STRATA_MAP_NODE_HEIGHT <= layout->height);
      for (guint j = 0; j < i; j++)
        g_assert_false (overlap (one, strata_map_layout_get_place (layout, j)));
    }
  for (guint i = 0; i < layout->routes->len; i++)
    {
      const StrataMapRoute *route = &g_array_index (layout->routes, StrataMapRoute, i);
      const StrataMapLink *link = &g_array_index (map->links, StrataMapLink, route->link);
      StrataMapPoint from = strata_map_layout_get_place (layout, link->from);
      StrataMapPoint to = strata_map_layout_get_place (layout, link->to);
      const StrataMapPoint *points = &g_array_index (layout->points, StrataMapPoint, route->first);

      g_assert_cmpfloat (from.x, <, to.x);
      g_assert_cmpfloat (points[0].x, ==, from.x + STRATA_MAP_NODE_WIDTH);
      g_assert_cmpfloat (points[0].y, ==, from.y + STRATA_MAP_NODE_HEIGHT / 2);
      g_assert_cmpfloat (points[route->n_points - 1].x, ==, to.x);
      g_assert_cmpfloat (points[route->n_points - 1].y, ==, to.y + STRATA_MAP_NODE_HEIGHT / 2);
      /* Lines go straight across or down. */
      for (guint j = 1; j < route->n_points; j++)
        g_assert_true (points[j].x == points[j - 1].x || points[j].y == points[j - 1].y);
    }
}

static void
test_layout (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataMap) map = strata_map_new (graph);
  g_autoptr (StrataMapLayout) layout = strata_map_layout_new (map, NULL);
  g_autoptr (StrataMapLayout) again = strata_map_layout_new (map, NULL);
  StrataMapPoint base;

  check_layout (layout);
  g_assert_cmpmem (layout->places->data, layout->places->len * sizeof (StrataMapPoint),
                   again->places->data, again->places->len * sizeof (StrataMapPoint));
  base = place (layout, "web.qcow2");
  g_assert_cmpfloat (place (layout, "template-web").x, <, base.x);
  g_assert_cmpfloat (base.x, <, place (layout, "web-01.qcow2").x);
  /* Between the two that stand on it. */
  g_assert_cmpfloat (base.y, >, place (layout, "web-01.qcow2").y);
  g_assert_cmpfloat (base.y, <, place (layout, "web-02.qcow2").y);
}

static void
test_loop (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataMap) map = NULL;
  g_autoptr (StrataMapLayout) layout = NULL;
  g_autoptr (StrataMapImpact) impact = NULL;

  paper_host_image (graph, "a.qcow2", "b.qcow2");
  paper_host_image (graph, "b.qcow2", "c.qcow2");
  paper_host_image (graph, "c.qcow2", "a.qcow2");
  paper_host_add (graph, "looped", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "a.qcow2", NULL);
  map = strata_map_new (graph);
  layout = strata_map_layout_new (map, NULL);
  impact = strata_map_impact_new (map, find (map, "b.qcow2"));

  check_layout (layout);
  g_assert_cmpstr (impact->machines[0], ==, "looped");
}

static void
test_new_snapshot_moves_nobody (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataGraph) later = make_host ();
  g_autoptr (StrataMap) map = strata_map_new (graph);
  g_autoptr (StrataMapLayout) layout = strata_map_layout_new (map, NULL);
  g_autoptr (StrataMap) map_later = NULL;
  g_autoptr (StrataMapLayout) layout_later = NULL;
  const char *others[] = { "template-web", "web.qcow2",    "web-01.qcow2", "web-01",
                           "web-02.qcow2", "orphan.qcow2", "db.qcow2",     "db.1.qcow2" };

  /* The order in which things are found is not that of the time before. */
  paper_host_image (later, "db.3.qcow2", "db.2.qcow2");
  paper_host_add (later, "another", STRATA_DOMAIN_STATE_OFF, FALSE, NULL, "db.3.qcow2", NULL);
  map_later = strata_map_new (later);
  layout_later = strata_map_layout_new (map_later, layout);

  check_layout (layout_later);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_cmpfloat (place (layout, others[i]).x, ==, place (layout_later, others[i]).x);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpfloat (place (layout, others[i]).y, ==, place (layout_later, others[i]).y);
}

static void
test_walk (void)
{
  g_autoptr (StrataGraph) graph = make_host ();
  g_autoptr (StrataMap) map = strata_map_new (graph);
  g_autoptr (StrataMapLayout) layout = strata_map_layout_new (map, NULL);
  guint template = find (map, "template-web");
  guint base = find (map, "web.qcow2");
  guint clone = find (map, "web-01.qcow2");

  g_assert_cmpuint (strata_map_walk (layout, template, STRATA_MAP_WALK_RIGHT), ==, base);
  g_assert_cmpuint (strata_map_walk (layout, base, STRATA_MAP_WALK_RIGHT), ==, clone);
  g_assert_cmpuint (strata_map_walk (layout, clone, STRATA_MAP_WALK_LEFT), ==, base);
  g_assert_cmpuint (strata_map_walk (layout, clone, STRATA_MAP_WALK_DOWN), ==,
                    find (map, "web-02.qcow2"));
  g_assert_cmpuint (strata_map_walk_near (layout, place (layout, "db")), ==, find (map, "db"));
}

/* Six machines with two disks each, one of them on a base that all share. By name the links cross fifteen times and more; with
 * three machines above the base's line and three below it, the fan from the base still crosses 1 + 2 of
 * each. */
static void
test_crossings (void)
{
  g_autoptr (StrataGraph) graph = paper_host_new ();
  g_autoptr (StrataMap) map = NULL;
  g_autoptr (GPtrArray) families = NULL;
  StrataMapFamily *family;

  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *system = g_strdup_printf ("a-system-%u.qcow2", i);
      g_autofree char *data = g_strdup_printf ("b-data-%u.qcow2", 5 - i);
      g_autofree char *name = g_strdup_printf ("vm-%u", i);

      paper_host_image (graph, system, "shared.qcow2");
      paper_host_image (graph, data, NULL);
      paper_host_add (graph, name, STRATA_DOMAIN_STATE_OFF, FALSE, NULL, system, data, NULL);
    }
  paper_host_image (graph, "shared.qcow2", NULL);
  map = strata_map_new (graph);
  families = strata_map_families_new (map);
  g_assert_cmpuint (families->len, ==, 1);
  family = g_ptr_array_index (families, 0);
  strata_map_family_order (family, NULL);
  g_assert_cmpuint (strata_map_family_count_crossings (family, family->columns), ==, 6);
}

/* COUNT images: templates with clones that have snapshots, some of them with a second disk; some orphans. */
static StrataGraph *
make_crowd (guint count)
{
  StrataGraph *graph = paper_host_new ();
  guint n = 0;

  for (guint t = 0; n < count; t++)
    {
      g_autofree char *base = g_strdup_printf ("base-%u.qcow2", t);
      g_autofree char *template = g_strdup_printf ("template-%u", t);
      g_autofree char *orphan = g_strdup_printf ("orphan-%u.qcow2", t);

      paper_host_image (graph, base, NULL);
      paper_host_image (graph, orphan, NULL)->pool = g_strdup ("default");
      paper_host_add (graph, template, STRATA_DOMAIN_STATE_OFF, TRUE, NULL, base, NULL);
      n += 2;
      for (guint c = 0; c < 20 && n < count; c++)
        {
          g_autofree char *first = g_strdup_printf ("clone-%u-%u.qcow2", t, c);
          g_autofree char *second = g_strdup_printf ("clone-%u-%u.snap.qcow2", t, c);
          g_autofree char *data = g_strdup_printf ("data-%u-%u.qcow2", t, (c * 7) % 20);
          g_autofree char *name = g_strdup_printf ("clone-%u-%u", t, c);

          paper_host_image (graph, first, base);
          paper_host_image (graph, second, first);
          paper_host_image (graph, data, NULL);
          paper_host_add (graph, name, STRATA_DOMAIN_STATE_OFF, FALSE, NULL, second,
                          c % 3 == 0 ? data : NULL, NULL);
          paper_host_snapshot (graph, name, "before", NULL, first, TRUE, FALSE);
          n += 3;
        }
    }

  return graph;
}

/* Seconds of the processor, which another program on it doesn't change. */
static double
get_processor_time (void)
{
  struct timespec time;

  g_assert_cmpint (clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &time), ==, 0);

  return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

/* The least time that laying MAP out takes. */
static double
time_layout (StrataMap *map)
{
  double least = G_MAXDOUBLE;

  for (guint i = 0; i < 3; i++)
    {
      double start = get_processor_time ();
      g_autoptr (StrataMapLayout) layout = strata_map_layout_new (map, NULL);

      least = MIN (least, get_processor_time () - start);
    }

  return least;
}

static double
check_crowd (guint count)
{
  g_autoptr (StrataGraph) graph = make_crowd (count);
  g_autoptr (StrataMap) map = NULL;
  g_autoptr (StrataMapLayout) layout = NULL;
  g_autoptr (StrataMapLayout) again = NULL;
  double seconds;

  map = strata_map_new (graph);
  layout = strata_map_layout_new (map, NULL);
  again = strata_map_layout_new (map, layout);
  seconds = time_layout (map);

  g_test_message ("%u images: layout %.1f ms, %u things, %.0f x %.0f", count, seconds * 1000,
                  strata_map_get_n_nodes (map), layout->width, layout->height);
  check_layout (layout);
  /* Seen again, all is where it was. */
  g_assert_cmpmem (layout->places->data, layout->places->len * sizeof (StrataMapPoint),
                   again->places->data, again->places->len * sizeof (StrataMapPoint));

  return seconds;
}

/* What is compared with all the others would take nine times as long for three times as many. */
static void
test_crowd (void)
{
  double few = check_crowd (1000);
  double many = check_crowd (3000);

  g_assert_cmpfloat (many, <, 6 * few);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/map/content", test_content);
  g_test_add_func ("/map/missing", test_missing);
  g_test_add_func ("/map/mentioned", test_mentioned);
  g_test_add_func ("/map/impact/holders", test_impact_is_that_of_holders);
  g_test_add_func ("/map/impact/freed", test_freed);
  g_test_add_func ("/map/words", test_words);
  g_test_add_func ("/map/layout", test_layout);
  g_test_add_func ("/map/layout/loop", test_loop);
  g_test_add_func ("/map/layout/stable", test_new_snapshot_moves_nobody);
  g_test_add_func ("/map/layout/crossings", test_crossings);
  g_test_add_func ("/map/layout/crowd", test_crowd);
  g_test_add_func ("/map/walk", test_walk);

  return g_test_run ();
}
