/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataLaneGutter: draws the piece of the tree that belongs to one row; pieces of rows in a list meet at their edges.
 *
 * The kind of a snapshot is a shape, so that no colour is needed to tell it.  All lanes left of a row's own pass it by.
 */

#include "config.h"

#include "strata-lane-gutter.h"

#define MAX_LANES 12 /* what is further to the right is drawn in the last */
#define PITCH     16
#define MARGIN    14
#define END       10
#define LINE      2.0f

struct _StrataLaneGutter
{
  GtkWidget parent_instance;

  /* Never shows: it has the colour of the way to where the machine is, as the gutter itself has that of other lines. */
  GtkWidget *active;

  StrataSnapshotNodeStyle look; /* without its strings */
};

G_DEFINE_FINAL_TYPE (StrataLaneGutter, strata_lane_gutter, GTK_TYPE_WIDGET)

static guint
get_lane (StrataLaneGutter *self)
{
  return MIN (self->look.lane, MAX_LANES - 1);
}

static float
get_x (guint lane)
{
  return (float) (MARGIN + PITCH * lane);
}

static void
draw_line (GtkSnapshot *snapshot, float x, float from, float to, const GdkRGBA *color)
{
  if (to > from)
    gtk_snapshot_append_color (snapshot, color,
                               &GRAPHENE_RECT_INIT (x - LINE / 2, from, LINE, to - from));
}

/* From the lane on the left, where the branch leaves it, to the dot. */
static void
draw_branch (GtkSnapshot *snapshot, float from, float x, float y, const GdkRGBA *color)
{
  g_autoptr (GskPathBuilder) builder = gsk_path_builder_new ();
  g_autoptr (GskPath) path = NULL;
  g_autoptr (GskStroke) stroke = gsk_stroke_new (LINE);

  gsk_path_builder_move_to (builder, from, MAX (y - PITCH, 0));
  gsk_path_builder_cubic_to (builder, from, y, from, y, x, y);
  path = gsk_path_builder_free_to_path (g_steal_pointer (&builder));
  gtk_snapshot_append_stroke (snapshot, path, stroke, color);
}

static GskPath *
make_shape (StrataSnapshotNodeKind kind, float x, float y)
{
  GskPathBuilder *builder = gsk_path_builder_new ();
  GskRoundedRect square;

  switch (kind)
    {
    case STRATA_SNAPSHOT_NODE_INTERNAL:
      gsk_rounded_rect_init_from_rect (&square, &GRAPHENE_RECT_INIT (x - 5, y - 5, 10, 10), 1.5f);
      gsk_path_builder_add_rounded_rect (builder, &square);
      break;
    case STRATA_SNAPSHOT_NODE_RETAINED:
      gsk_path_builder_move_to (builder, x, y - 4);
      gsk_path_builder_line_to (builder, x + 4, y);
      gsk_path_builder_line_to (builder, x, y + 4);
      gsk_path_builder_line_to (builder, x - 4, y);
      gsk_path_builder_close (builder);
      break;
    case STRATA_SNAPSHOT_NODE_DISK:
    case STRATA_SNAPSHOT_NODE_MEMORY:
      gsk_path_builder_add_circle (builder, &GRAPHENE_POINT_INIT (x, y), 5);
      break;
    case STRATA_SNAPSHOT_NODE_HERE:
      gsk_path_builder_add_circle (builder, &GRAPHENE_POINT_INIT (x, y), 7);
      break;
    }

  return gsk_path_builder_free_to_path (builder);
}

static float
get_radius (StrataSnapshotNodeKind kind)
{
  return kind == STRATA_SNAPSHOT_NODE_HERE ? 8 : kind == STRATA_SNAPSHOT_NODE_RETAINED ? 4 : 6;
}

static void
draw_dot (StrataLaneGutter *self, GtkSnapshot *snapshot, float x, float y, const GdkRGBA *color)
{
  g_autoptr (GskPath) shape = make_shape (self->look.kind, x, y);
  g_autoptr (GskStroke) stroke = gsk_stroke_new (LINE);

  gtk_snapshot_append_stroke (snapshot, shape, stroke, color);
  if (self->look.kind == STRATA_SNAPSHOT_NODE_MEMORY)
    gtk_snapshot_append_fill (snapshot, shape, GSK_FILL_RULE_WINDING, color);
  if (self->look.kind == STRATA_SNAPSHOT_NODE_HERE)
    {
      GskPathBuilder *builder = gsk_path_builder_new ();
      g_autoptr (GskPath) centre = NULL;

      gsk_path_builder_add_circle (builder, &GRAPHENE_POINT_INIT (x, y), 3.5f);
      centre = gsk_path_builder_free_to_path (builder);
      gtk_snapshot_append_fill (snapshot, centre, GSK_FILL_RULE_WINDING, color);
    }
}

static void
strata_lane_gutter_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  StrataLaneGutter *self = STRATA_LANE_GUTTER (widget);
  const StrataSnapshotNodeStyle *look = &self->look;
  gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  float height = (float) gtk_widget_get_height (widget);
  float y = height / 2;
  float x = get_x (get_lane (self));
  float radius = get_radius (look->kind);
  GdkRGBA quiet;
  GdkRGBA active;
  const GdkRGBA *own = look->active ? &active : &quiet;

  gtk_widget_get_color (widget, &quiet);
  gtk_widget_get_color (self->active, &active);
  if (rtl)
    {
      gtk_snapshot_translate (snapshot,
                              &GRAPHENE_POINT_INIT ((float) gtk_widget_get_width (widget), 0));
      gtk_snapshot_scale (snapshot, -1, 1);
    }

  if (look->joined && look->branch && look->lane < MAX_LANES)
    draw_branch (snapshot, x - PITCH, x - radius, y, &quiet);
  else if (look->joined)
    draw_line (snapshot, x, 0, y - radius, own);
  for (guint lane = 0; lane < get_lane (self); lane++)
    draw_line (snapshot, get_x (lane), 0, height, lane == 0 && look->passed ? &active : &quiet);
  if (look->continues && look->expanded)
    draw_line (snapshot, x, y + radius, height, own);
  draw_dot (self, snapshot, x, y, own);
}

static void
strata_lane_gutter_measure (GtkWidget *widget,
                            GtkOrientation orientation,
                            int for_size,
                            int *minimum,
                            int *natural,
                            int *minimum_baseline,
                            int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL
                            ? (int) get_x (get_lane (STRATA_LANE_GUTTER (widget))) + END
                            : 2 * MARGIN;
}

static void
strata_lane_gutter_dispose (GObject *object)
{
  StrataLaneGutter *self = STRATA_LANE_GUTTER (object);

  g_clear_pointer (&self->active, gtk_widget_unparent);

  G_OBJECT_CLASS (strata_lane_gutter_parent_class)->dispose (object);
}

static void
strata_lane_gutter_class_init (StrataLaneGutterClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_lane_gutter_dispose;
  widget_class->snapshot = strata_lane_gutter_snapshot;
  widget_class->measure = strata_lane_gutter_measure;

  gtk_widget_class_set_css_name (widget_class, "lanes");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
strata_lane_gutter_init (StrataLaneGutter *self)
{
  self->active = g_object_new (GTK_TYPE_BOX, "css-name", "lane", "accessible-role",
                               GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  gtk_widget_set_child_visible (self->active, FALSE);
  gtk_widget_set_parent (self->active, GTK_WIDGET (self));
}

/**
 * strata_lane_gutter_set_style:
 * @self: a gutter
 * @look: what the row shows
 */
void
strata_lane_gutter_set_style (StrataLaneGutter *self, const StrataSnapshotNodeStyle *look)
{
  guint lane;

  g_return_if_fail (STRATA_IS_LANE_GUTTER (self));

  lane = get_lane (self);
  self->look = *look;
  self->look.name = self->look.description = self->look.parent = NULL;
  if (get_lane (self) != lane)
    gtk_widget_queue_resize (GTK_WIDGET (self));
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
