/* SPDX-License-Identifier: GPL-3.0-or-later */

/* frames [N_FRAMES [N_SNAPSHOTS]]: scrolls through the tree of a machine with very many snapshots and says how long the
 * frames took; fails if they took longer than anybody would stand.
 */

#include "config.h"

#include <adwaita.h>
#include <stdlib.h>

#include "facts-on-paper.h"
#include "frame-meter.h"
#include "ui/snapshot/strata-snapshot-list.h"

#define LIMIT_MS 1000 /* of the median: a hang, not a slow machine */

typedef struct
{
  GtkAdjustment *adjustment;
  guint n_frames;
} Scroll;

/* From one end to the other. */
static void
scroll_through (guint frame, gpointer data)
{
  Scroll *self = data;
  double end =
      gtk_adjustment_get_upper (self->adjustment) - gtk_adjustment_get_page_size (self->adjustment);

  gtk_adjustment_set_value (self->adjustment, end * (frame + 1) / self->n_frames);
}

/* As a wheel does: three rows a frame. */
static void
scroll_slowly (guint frame, gpointer data)
{
  Scroll *self = data;

  gtk_adjustment_set_value (self->adjustment, 54.0 * 3 * (frame + 1));
}

static void
measure (StrataSnapshotList *list, const char *what, FrameStep step, guint n_frames)
{
  GtkScrolledWindow *scroller = strata_snapshot_list_get_scroller (list);
  Scroll scroll = { gtk_scrolled_window_get_vadjustment (scroller), n_frames };
  FrameFigures figures;

  gtk_adjustment_set_value (scroll.adjustment, 0);
  frame_meter_run (GTK_WIDGET (list), n_frames, step, &scroll, &figures);
  frame_meter_print (what, &figures);
  g_assert_cmpuint (figures.n_frames, ==, n_frames);
  g_assert_cmpfloat (gtk_adjustment_get_value (scroll.adjustment), >, 0);
  g_assert_cmpfloat (figures.work.median, <, LIMIT_MS);
}

int
main (int argc, char **argv)
{
  guint n_frames = argc > 1 ? (guint) atoi (argv[1]) : 300;
  guint n_snapshots = argc > 2 ? (guint) atoi (argv[2]) : 10000;
  g_autoptr (StrataDomainFacts) facts = paper_facts_many (n_snapshots);
  g_autoptr (StrataSnapshotTree) tree = strata_snapshot_tree_new ();
  g_autoptr (StrataSnapshotFeasibility) feasibility = strata_snapshot_feasibility_new ();
  StrataSnapshotList *list;
  GtkWidget *window;

  if (!gtk_init_check ())
    {
      g_print ("no display\n");
      return 77;
    }
  adw_init ();

  list = g_object_new (STRATA_TYPE_SNAPSHOT_LIST, NULL);
  strata_snapshot_tree_update (tree, facts, NULL);
  strata_snapshot_list_set_tree (list, tree, feasibility);
  window = g_object_new (ADW_TYPE_WINDOW, "default-width", 1000, "default-height", 680, "content",
                         list, NULL);
  gtk_window_present (GTK_WINDOW (window));
  while (!gtk_widget_get_mapped (GTK_WIDGET (list)) || gtk_widget_get_height (window) <= 0)
    g_main_context_iteration (NULL, TRUE);

  measure (list, "first frames", scroll_slowly, 10);
  measure (list, "three rows a frame", scroll_slowly, n_frames);
  measure (list, "from end to end", scroll_through, n_frames);
  gtk_window_destroy (GTK_WINDOW (window));

  return 0;
}
