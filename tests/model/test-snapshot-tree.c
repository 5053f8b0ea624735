/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The tree of snapshots: order, lanes, what stays when something changes, and that no metadata can hang it. */

#include "config.h"

#include "facts-on-paper.h"
#include "model/snapshot/strata-snapshot-tree.h"

/* Rows as "lane:name", "*" marking the way to where the machine is; spaces between. */
static char *
describe (StrataSnapshotTree *tree)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (tree)); i++)
    {
      g_autoptr (StrataSnapshotNode) node = g_list_model_get_item (G_LIST_MODEL (tree), i);
      const StrataSnapshotNodeStyle *look = strata_snapshot_node_get_style (node);

      g_string_append_printf (text, "%s%u:%s%s", i > 0 ? " " : "", look->lane,
                              look->name != NULL ? look->name : "HERE", look->active ? "*" : "");
    }

  return g_string_free (text, FALSE);
}

#define assert_rows(tree, rows)              \
  G_STMT_START                               \
  {                                          \
    g_autofree char *text = describe (tree); \
    g_assert_cmpstr (text, ==, rows);        \
  }                                          \
  G_STMT_END

/* a - b - d (current), with c, e beside b, and f on c */
static StrataDomainFacts *
make_branches (void)
{
  StrataDomainFacts *facts = paper_facts_new ();

  paper_facts_add (facts, "a", NULL, 1);
  paper_facts_add (facts, "b", "a", 2);
  paper_facts_add (facts, "e", "a", 5);
  paper_facts_add (facts, "c", "a", 3);
  paper_facts_add (facts, "d", "b", 4)->current = TRUE;
  paper_facts_add (facts, "f", "c", 6);

  return facts;
}

static void
test_order (void)
{
  g_autoptr (StrataDomainFacts) facts = make_branches ();
  g_autoptr (StrataSnapshotTree) tree = strata_snapshot_tree_new ();
  const StrataSnapshotNodeStyle *look;

  strata_snapshot_tree_update (tree, facts, NULL);
  assert_rows (tree, "0:a* 1:c 1:f 1:e 0:b* 0:d* 0:HERE*");
  g_assert_cmpuint (strata_snapshot_tree_get_n_snapshots (tree), ==, 6);

  look = strata_snapshot_node_get_style (strata_snapshot_tree_find (tree, "c"));
  g_assert_true (look->branch && look->joined && look->continues && look->passed);
  g_assert_cmpuint (look->n_below, ==, 1);
  g_assert_cmpuint (look->level, ==, 2);
  g_assert_cmpint (look->bytes, ==, -1);
  look = strata_snapshot_node_get_style (strata_snapshot_tree_find (tree, "a"));
  g_assert_false (look->branch || look->joined || look->passed);
  g_assert_cmpuint (look->n_below, ==, 6);
  g_assert_cmpuint (look->level, ==, 1);
  look = strata_snapshot_node_get_style (strata_snapshot_tree_find (tree, NULL));
  g_assert_cmpstr (look->parent, ==, "d");
  g_assert_cmpuint (look->level, ==, 4);
}

static void
test_moves (void)
{
  g_autoptr (StrataDomainFacts) facts = make_branches ();
  g_autoptr (StrataSnapshotTree) tree = strata_snapshot_tree_new ();
  StrataSnapshotNode *here;

  strata_snapshot_tree_update (tree, facts, NULL);
  here = strata_snapshot_tree_find (tree, NULL);
  strata_domain_facts_find_snapshot (facts, "d")->current = FALSE;
  strata_domain_facts_find_snapshot (facts, "c")->current = TRUE;
  strata_snapshot_tree_update (tree, facts, NULL);
  assert_rows (tree, "0:a* 1:b 1:d 1:e 0:c* 1:f 0:HERE*");
  g_assert_true (here == strata_snapshot_tree_find (tree, NULL));
}

static void
test_no_current (void)
{
  g_autoptr (StrataDomainFacts) facts = paper_facts_new ();
  g_autoptr (StrataSnapshotTree) tree = strata_snapshot_tree_new ();

  strata_snapshot_tree_update (tree, facts, NULL);
  assert_rows (tree, "0:HERE*");
  paper_facts_add (facts, "a", NULL, 1);
  paper_facts_add (facts, "b", "a", 2);
  strata_snapshot_tree_update (tree, facts, NULL);
  assert_rows (tree, "0:a 0:b 0:HERE*");
  g_assert_false (strata_snapshot_node_get_style (strata_snapshot_tree_find (tree, NULL))->joined);
  strata_snapshot_tree_update (tree, NULL, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (tree)), ==, 0);
}

static void
test_unsound (void)
{
  g_autoptr (StrataDomainFacts) facts = paper_facts_new ();
  g_autoptr (StrataSnapshotTree) tree = strata_snapshot_tree_new ();

  paper_facts_add (facts, "self", "self", 1);
  paper_facts_add (facts, "lost", "nobody", 2);
  paper_facts_add (facts, "ring-2", "ring-3", 4);
  paper_facts_add (facts, "ring-1", "ring-2", 3);
  paper_facts_add (facts, "ring-3", "ring-1", 5)->current = TRUE;
  paper_facts_add (facts, "on-ring", "ring-2", 6);
  strata_snapshot_tree_update (tree, facts, NULL);
  assert_rows (tree, "0:self 0:lost 0:ring-1* 0:ring-3* 1:ring-2 1:on-ring 0:HERE*");
}

typedef struct
{
  guint n;
  guint removed;
  guint added;
} Changes;

static void
changed_cb (GListModel *model, guint position, guint removed, guint added, Changes *changes)
{
  changes->n++;
  changes->removed += removed;
  changes->added += added;
}

static void
test_small_changes (void)
{
  g_autoptr (StrataDomainFacts) facts = make_branches ();
  g_autoptr (StrataSnapshotTree) tree = strata_snapshot_tree_new ();
  Changes changes = { 0 };
  StrataSnapshotNode *b;

  strata_snapshot_tree_update (tree, facts, NULL);
  b = strata_snapshot_tree_find (tree, "b");
  g_signal_connect (tree, "items-changed", G_CALLBACK (changed_cb), &changes);

  strata_snapshot_tree_update (tree, facts, NULL);
  g_assert_cmpuint (changes.n, ==, 0);

  paper_facts_add (facts, "g", "f", 7);
  strata_snapshot_tree_update (tree, facts, NULL);
  assert_rows (tree, "0:a* 1:c 1:f 1:g 1:e 0:b* 0:d* 0:HERE*");
  g_assert_cmpuint (changes.n, ==, 1);
  g_assert_cmpuint (changes.added, ==, 1);
  g_assert_cmpuint (changes.removed, ==, 0);

  /* libvirt deletes c and gives f to a. */
  g_ptr_array_remove (facts->snapshots, strata_domain_facts_find_snapshot (facts, "c"));
  g_set_str (&strata_domain_facts_find_snapshot (facts, "f")->parent, "a");
  changes = (Changes) { 0 };
  strata_snapshot_tree_update (tree, facts, NULL);
  assert_rows (tree, "0:a* 1:e 1:f 1:g 0:b* 0:d* 0:HERE*");
  g_assert_true (b == strata_snapshot_tree_find (tree, "b"));
  g_assert_null (strata_snapshot_tree_find (tree, "c"));
  g_assert_cmpuint (changes.removed, ==, 2);
  g_assert_cmpuint (changes.added, ==, 1);
}

static void
test_collapse (void)
{
  g_autoptr (StrataDomainFacts) facts = make_branches ();
  g_autoptr (StrataSnapshotTree) tree = strata_snapshot_tree_new ();
  StrataSnapshotNode *c;

  strata_snapshot_tree_update (tree, facts, NULL);
  c = strata_snapshot_tree_find (tree, "c");
  g_assert_true (strata_snapshot_node_is_expandable (c));
  g_assert_false (strata_snapshot_node_is_expandable (strata_snapshot_tree_find (tree, "e")));
  g_assert_false (strata_snapshot_node_is_expandable (strata_snapshot_tree_find (tree, "a")));
  g_assert_true (c == strata_snapshot_tree_get_outer (tree, strata_snapshot_tree_find (tree, "f")));
  g_assert_true (strata_snapshot_tree_find (tree, "a") == strata_snapshot_tree_get_outer (tree, c));

  strata_snapshot_tree_set_expanded (tree, c, FALSE);
  assert_rows (tree, "0:a* 1:c 1:e 0:b* 0:d* 0:HERE*");
  g_assert_true (c == strata_snapshot_tree_find (tree, "c"));
  g_assert_cmpuint (strata_snapshot_tree_get_position (tree, strata_snapshot_tree_find (tree, "f")),
                    ==, G_MAXUINT);

  paper_facts_add (facts, "g", "f", 7);
  strata_snapshot_tree_update (tree, facts, NULL);
  assert_rows (tree, "0:a* 1:c 1:e 0:b* 0:d* 0:HERE*");
  g_assert_cmpuint (strata_snapshot_node_get_style (c)->n_below, ==, 2);

  /* Where the machine is can't be hidden. */
  strata_domain_facts_find_snapshot (facts, "d")->current = FALSE;
  strata_domain_facts_find_snapshot (facts, "g")->current = TRUE;
  strata_snapshot_tree_update (tree, facts, NULL);
  assert_rows (tree, "0:a* 1:b 1:d 1:e 0:c* 0:f* 0:g* 0:HERE*");
}

static StrataImage *
add_image (StrataGraph *graph, const char *path, const char *backing, guint64 allocation)
{
  StrataImage *image = strata_image_new (path);

  image->backing_path = g_strdup (backing);
  image->allocation = allocation;
  strata_graph_take_image (graph, image);

  return image;
}

static gint64
get_bytes (StrataSnapshotTree *tree, const char *name)
{
  return strata_snapshot_node_get_style (strata_snapshot_tree_find (tree, name))->bytes;
}

static void
test_bytes (void)
{
  g_autoptr (StrataDomainFacts) facts = make_branches ();
  g_autoptr (StrataSnapshotTree) tree = strata_snapshot_tree_new ();
  g_autoptr (StrataGraph) graph = strata_graph_new ();
  StrataSnapshotFacts *e = strata_domain_facts_find_snapshot (facts, "e");
  StrataImage *top;

  add_image (graph, "/pool/a.qcow2", NULL, 1000);
  add_image (graph, "/pool/d.qcow2", "/pool/b.qcow2", 30);
  add_image (graph, "/pool/e.qcow2", "/pool/a.qcow2", 50);
  add_image (graph, "/pool/c.qcow2", "/pool/a.qcow2", 70)->missing = TRUE;
  top = add_image (graph, "/pool/top.qcow2", "/pool/d.qcow2", 7);
  e->memory = STRATA_SNAPSHOT_EXTERNAL;
  e->memory_file = g_strdup ("/pool/e.mem");
  strata_snapshot_tree_update (tree, facts, graph);
  g_assert_cmpint (get_bytes (tree, "a"), ==, 1000);
  g_assert_cmpint (get_bytes (tree, "b"), ==, -1);
  g_assert_cmpint (get_bytes (tree, "c"), ==, -1);
  g_assert_cmpint (get_bytes (tree, "e"), ==, -1);
  g_assert_cmpint (get_bytes (tree, NULL), ==, 7);

  /* The memory counts, and what was written since is unknown where the machine runs on something else. */
  add_image (graph, "/pool/e.mem", NULL, 200);
  g_set_str (&top->backing_path, "/pool/a.qcow2");
  strata_snapshot_tree_update (tree, facts, graph);
  g_assert_cmpint (get_bytes (tree, "e"), ==, 250);
  g_assert_cmpint (get_bytes (tree, NULL), ==, -1);
}

static void
test_many (void)
{
  g_autoptr (StrataDomainFacts) facts = paper_facts_many (10000);
  g_autoptr (StrataSnapshotTree) tree = strata_snapshot_tree_new ();
  gint64 start = g_get_monotonic_time ();
  double first;
  double again;

  strata_snapshot_tree_update (tree, facts, NULL);
  first = (double) (g_get_monotonic_time () - start) / 1000;
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (tree)), ==, 10001);

  paper_facts_add (facts, "one-more", "snapshot-05000", 1)->retained = TRUE;
  start = g_get_monotonic_time ();
  strata_snapshot_tree_update (tree, facts, NULL);
  again = (double) (g_get_monotonic_time () - start) / 1000;
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (tree)), ==, 10002);
  g_assert_cmpuint (strata_snapshot_tree_get_n_snapshots (tree), ==, 10000);

  g_test_message ("10,000 rows: %.1f ms at first, %.1f ms after a change", first, again);
  g_assert_cmpfloat (first, <, 1000);
  g_assert_cmpfloat (again, <, 1000);
}

static void
test_deep (void)
{
  g_autoptr (StrataDomainFacts) facts = paper_facts_new ();
  g_autoptr (StrataSnapshotTree) tree = strata_snapshot_tree_new ();
  StrataSnapshotFacts *last = NULL;

  for (guint i = 0; i < 20000; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      g_autofree char *parent = i > 0 ? g_strdup_printf ("%u", i - 1) : NULL;

      last = paper_facts_add (facts, name, parent, i + 1);
    }
  last->current = TRUE;
  strata_snapshot_tree_update (tree, facts, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (tree)), ==, 20001);
  g_assert_cmpuint (strata_snapshot_node_get_style (strata_snapshot_tree_find (tree, NULL))->level,
                    ==, 20001);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/snapshot-tree/order", test_order);
  g_test_add_func ("/snapshot-tree/moves", test_moves);
  g_test_add_func ("/snapshot-tree/no-current", test_no_current);
  g_test_add_func ("/snapshot-tree/unsound", test_unsound);
  g_test_add_func ("/snapshot-tree/small-changes", test_small_changes);
  g_test_add_func ("/snapshot-tree/collapse", test_collapse);
  g_test_add_func ("/snapshot-tree/bytes", test_bytes);
  g_test_add_func ("/snapshot-tree/many", test_many);
  g_test_add_func ("/snapshot-tree/deep", test_deep);

  return g_test_run ();
}
