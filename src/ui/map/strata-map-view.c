/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMapView: the part of the map that is in sight. Each node there is a widget, placed by a transform; from far nodes are
 * drawn in one go, and the widgets are only there to be met. Drag or scroll to move it, Ctrl and wheel or two fingers to zoom,
 * a click to select, a second one or Enter to open.
 */

#include "config.h"

#include <math.h>

#include "model/map/strata-map-walk.h"
#include "strata-map-card-pool.h"
#include "strata-map-renderer.h"
#include "strata-map-view.h"

#define CARD_TEXT  14.667 /* pixels; as in style.css */
#define POINTS     72.0   /* in an inch */
#define NEAR       0.6 /* cards from this zoom on, since it is from there that they can be read */
#define REST_MS    120
#define NOTCH      56.0 /* pixels, that one notch of a wheel moves */
#define WHEEL_ZOOM 1.2  /* and how much larger it makes the map */
#define STEP       80.0 /* pixels, that Ctrl and an arrow move */

struct _StrataMapView
{
  GtkWidget parent_instance;

  StrataMapLayout *layout;
  StrataMapViewport *viewport;
  StrataMapCardPool *pool;
  StrataMapHighlight *highlight;
  GtkWidget *colours[STRATA_MAP_N_COLOURS];
  guint sync_id;
  guint rest_id;
  gboolean opened;

  double x; /* of the pointer */
  double y;
  double offset_x; /* so far, of a drag */
  double offset_y;
  double scale; /* when two fingers came down */
  double press_x;
  double press_y;
  int n_press;
};

enum
{
  ACTIVE_CHANGED,
  ACTIVATED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataMapView, strata_map_view, GTK_TYPE_WIDGET)

static graphene_rect_t
get_rect (StrataMapView *self, guint index)
{
  StrataMapPoint place = strata_map_layout_get_place (self->layout, index);

  return GRAPHENE_RECT_INIT (place.x, place.y, STRATA_MAP_NODE_WIDTH, STRATA_MAP_NODE_HEIGHT);
}

static gboolean
is_far (StrataMapView *self)
{
  return strata_map_viewport_get_zoom (self->viewport) < NEAR;
}

static void
bring_cards (StrataMapView *self)
{
  if (gtk_widget_get_width (GTK_WIDGET (self)) > 0)
    strata_map_card_pool_sync (self->pool);
  gtk_widget_queue_allocate (GTK_WIDGET (self));
}

static void
rest_cb (gpointer user_data)
{
  StrataMapView *self = STRATA_MAP_VIEW (user_data);

  self->rest_id = 0;
  bring_cards (self);
}

static void
highlight_changed_cb (StrataMapView *self)
{
  /* A pointer leaves what is being disposed of, too. */
  if (self->pool == NULL)
    return;
  strata_map_card_pool_light (self->pool, strata_map_highlight_get_lit (self->highlight));
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[ACTIVE_CHANGED], 0);
}

/* From far there are too many cards to move them along with each frame, and they can't be made out: they follow when the map has
 * come to rest. */
static void
viewport_changed_cb (StrataMapView *self)
{
  g_clear_handle_id (&self->rest_id, g_source_remove);
  if (!is_far (self))
    {
      bring_cards (self);
      return;
    }
  self->rest_id = g_timeout_add_once (REST_MS, rest_cb, self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* Cards have a size of their own, so that where they are doesn't follow from what a reader's text is like; text on them is as
 * large as it is drawn for, and they are shown larger. */
static double
get_life (StrataMapView *self)
{
  PangoContext *context = gtk_widget_get_pango_context (GTK_WIDGET (self));
  const PangoFontDescription *font = pango_context_get_font_description (context);
  double size = (double) pango_font_description_get_size (font) / PANGO_SCALE;

  if (!pango_font_description_get_size_is_absolute (font))
    size *= pango_cairo_context_get_resolution (context) / POINTS;

  return size > 0 ? size / CARD_TEXT : 1;
}

static void
sync_later_cb (gpointer user_data)
{
  StrataMapView *self = STRATA_MAP_VIEW (user_data);

  self->sync_id = 0;
  strata_map_viewport_set_life (self->viewport, get_life (self));
  if (!self->opened && self->layout != NULL)
    {
      self->opened = TRUE;
      strata_map_viewport_open (self->viewport);
    }
  bring_cards (self);
}

static void
strata_map_view_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  StrataMapView *self = STRATA_MAP_VIEW (widget);
  graphene_rect_t sight = strata_map_viewport_get_sight (self->viewport);
  float zoom = (float) strata_map_viewport_get_zoom (self->viewport);

  /* Children can't come while they are being placed. */
  if ((int) (sight.size.width * zoom + 0.5f) != width ||
      (int) (sight.size.height * zoom + 0.5f) != height)
    {
      strata_map_viewport_set_size (self->viewport, (float) width, (float) height);
      if (self->sync_id == 0)
        self->sync_id = g_idle_add_once (sync_later_cb, self);
    }

  strata_map_card_pool_place (self->pool);
}

/* Text may have become larger. */
static void
strata_map_view_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  StrataMapView *self = STRATA_MAP_VIEW (widget);

  GTK_WIDGET_CLASS (strata_map_view_parent_class)->css_changed (widget, change);

  if (self->opened && self->sync_id == 0)
    self->sync_id = g_idle_add_once (sync_later_cb, self);
}

static void
strata_map_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  StrataMapView *self = STRATA_MAP_VIEW (widget);
  GdkRGBA colours[STRATA_MAP_N_COLOURS];
  StrataMapRenderer renderer = { self->layout, self->viewport,
                                 strata_map_highlight_get_lit (self->highlight), colours,
                                 strata_map_highlight_get_selected (self->highlight) };

  if (self->layout == NULL)
    return;

  for (guint i = 0; i < STRATA_MAP_N_COLOURS; i++)
    gtk_widget_get_color (self->colours[i], &colours[i]);
  if (is_far (self))
    {
      strata_map_renderer_draw_far (&renderer, snapshot);
      return;
    }

  strata_map_renderer_draw_lines (&renderer, snapshot);
  strata_map_card_pool_draw (self->pool, snapshot);
}

static void
strata_map_view_measure (GtkWidget *widget,
                         GtkOrientation orientation,
                         int for_size,
                         int *minimum,
                         int *natural,
                         int *minimum_baseline,
                         int *natural_baseline)
{
  *minimum = 120;
  *natural = 400;
}

/* The node at that place of the widget, or STRATA_MAP_NONE. */
static guint
pick (StrataMapView *self, double x, double y)
{
  graphene_point_t point = strata_map_viewport_to_plane (self->viewport, (float) x, (float) y);

  for (guint i = 0; self->layout != NULL && i < self->layout->places->len; i++)
    {
      graphene_rect_t rect = get_rect (self, i);

      if (graphene_rect_contains_point (&rect, &point))
        return i;
    }

  return STRATA_MAP_NONE;
}

/* Opens what the node belongs to. INDEX: or STRATA_MAP_NONE for nothing */
static void
activate (StrataMapView *self, guint index)
{
  if (index != STRATA_MAP_NONE)
    g_signal_emit (self, signals[ACTIVATED], 0, index);
}

static void
motion_cb (StrataMapView *self, double x, double y)
{
  self->x = x;
  self->y = y;
  strata_map_highlight_set_hovered (self->highlight, pick (self, x, y));
}

/* After a layout GTK says where the pointer is though it was not moved, which must not undo what keys did since. */
static void
moved_cb (StrataMapView *self, double x, double y)
{
  if (x != self->x || y != self->y)
    motion_cb (self, x, y);
}

static void
leave_cb (StrataMapView *self)
{
  strata_map_highlight_set_hovered (self->highlight, STRATA_MAP_NONE);
}

static void
drag_begin_cb (StrataMapView *self, double x, double y)
{
  self->offset_x = 0;
  self->offset_y = 0;
}

static void
drag_update_cb (StrataMapView *self, double x, double y, GtkGesture *gesture)
{
  GtkWidget *widget = GTK_WIDGET (self);

  if (self->offset_x == 0 && self->offset_y == 0 &&
      !gtk_drag_check_threshold (widget, 0, 0, (int) x, (int) y))
    return;

  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  gtk_widget_set_cursor_from_name (widget, "grabbing");
  strata_map_viewport_pan (self->viewport, x - self->offset_x, y - self->offset_y);
  self->offset_x = x;
  self->offset_y = y;
}

static void
drag_end_cb (StrataMapView *self)
{
  gtk_widget_set_cursor (GTK_WIDGET (self), NULL);
}

static gboolean
scroll_cb (StrataMapView *self, double dx, double dy, GtkEventControllerScroll *scroll)
{
  StrataMapViewport *viewport = self->viewport;
  GdkModifierType state =
      gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (scroll));
  double unit = gtk_event_controller_scroll_get_unit (scroll) == GDK_SCROLL_UNIT_WHEEL ? NOTCH : 1;

  if ((state & GDK_CONTROL_MASK) != 0)
    strata_map_viewport_zoom_at (
        viewport, strata_map_viewport_get_zoom (viewport) * pow (WHEEL_ZOOM, -dy * unit / NOTCH),
        self->x, self->y);
  else if ((state & GDK_SHIFT_MASK) != 0 && dx == 0)
    strata_map_viewport_pan (viewport, -dy * unit, 0);
  else
    strata_map_viewport_pan (viewport, -dx * unit, -dy * unit);

  /* The map moves below a pointer that stands still. */
  motion_cb (self, self->x, self->y);

  return GDK_EVENT_STOP;
}

static void
zoom_begin_cb (StrataMapView *self)
{
  self->scale = strata_map_viewport_get_zoom (self->viewport);
}

static void
zoom_changed_cb (StrataMapView *self, double scale, GtkGesture *gesture)
{
  double x = self->x;
  double y = self->y;

  gtk_gesture_get_bounding_box_center (gesture, &x, &y);
  strata_map_viewport_zoom_at (self->viewport, self->scale * scale, x, y);
}

static void
released_cb (StrataMapView *self, int n_press, double x, double y)
{
  guint index = pick (self, x, y);
  if (index == STRATA_MAP_NONE)
    strata_map_highlight_select (self->highlight, STRATA_MAP_NONE);
  else if (n_press == 1)
    strata_map_view_go_to (self, index, TRUE);
  else if (n_press == 2)
    activate (self, index);
}

static void
pressed_cb (StrataMapView *self, int n_press, double x, double y)
{
  self->n_press = n_press;
  self->press_x = x;
  self->press_y = y;
}

/* What shows of a node when the pointer comes to it makes the window lay itself out, after which GTK asks where the pointer is.
 * If the button is up by then, though the release still waits to be seen, GTK takes the click back: to the user it was
 * one. */
static void
cancelled_cb (StrataMapView *self, GdkEventSequence *sequence, GtkGesture *click)
{
  GdkEvent *event = gtk_event_controller_get_current_event (GTK_EVENT_CONTROLLER (click));

  if (event == NULL || gdk_event_get_event_type (event) != GDK_MOTION_NOTIFY ||
      (gdk_event_get_modifier_state (event) & GDK_BUTTON1_MASK) != 0)
    return;
  /* It was a drag. */
  if (self->offset_x != 0 || self->offset_y != 0)
    return;

  released_cb (self, self->n_press, self->press_x, self->press_y);
}

static gboolean
pan_by_key (StrataMapView *self, guint keyval)
{
  StrataMapViewport *viewport = self->viewport;

  switch (keyval)
    {
    case GDK_KEY_Left:
      strata_map_viewport_pan (viewport, STEP, 0);
      return TRUE;
    case GDK_KEY_Right:
      strata_map_viewport_pan (viewport, -STEP, 0);
      return TRUE;
    case GDK_KEY_Up:
      strata_map_viewport_pan (viewport, 0, STEP);
      return TRUE;
    case GDK_KEY_Down:
      strata_map_viewport_pan (viewport, 0, -STEP);
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
key_cb (StrataMapView *self, guint keyval, guint keycode, GdkModifierType state)
{
  if ((state & GDK_CONTROL_MASK) != 0)
    return pan_by_key (self, keyval);

  switch (keyval)
    {
    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
    case GDK_KEY_ISO_Enter:
    case GDK_KEY_space:
      activate (self, strata_map_highlight_get_selected (self->highlight));
      return TRUE;
    case GDK_KEY_Escape:
      /* Nothing to clear: a widget above may want to close something. */
      if (strata_map_highlight_get_active (self->highlight) == STRATA_MAP_NONE)
        return FALSE;
      strata_map_highlight_set_hovered (self->highlight, STRATA_MAP_NONE);
      strata_map_highlight_select (self->highlight, STRATA_MAP_NONE);
      return TRUE;
    default:
      return FALSE;
    }
}

static void
attach_pointer (StrataMapView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkGesture *click = gtk_gesture_click_new ();
  GtkGesture *drag = gtk_gesture_drag_new ();

  g_signal_connect_swapped (motion, "enter", G_CALLBACK (motion_cb), self);
  g_signal_connect_swapped (motion, "motion", G_CALLBACK (moved_cb), self);
  g_signal_connect_swapped (motion, "leave", G_CALLBACK (leave_cb), self);
  gtk_widget_add_controller (widget, motion);

  g_signal_connect_swapped (click, "pressed", G_CALLBACK (pressed_cb), self);
  g_signal_connect_swapped (click, "cancel", G_CALLBACK (cancelled_cb), self);
  g_signal_connect_swapped (click, "released", G_CALLBACK (released_cb), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));

  g_signal_connect_swapped (drag, "drag-begin", G_CALLBACK (drag_begin_cb), self);
  g_signal_connect_swapped (drag, "drag-update", G_CALLBACK (drag_update_cb), self);
  g_signal_connect_swapped (drag, "drag-end", G_CALLBACK (drag_end_cb), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (drag));
}

static void
attach_input (StrataMapView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *scroll =
      gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
  GtkEventController *keys = gtk_event_controller_key_new ();
  GtkGesture *zoom = gtk_gesture_zoom_new ();

  attach_pointer (self);

  g_signal_connect_swapped (scroll, "scroll", G_CALLBACK (scroll_cb), self);
  gtk_widget_add_controller (widget, scroll);

  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (key_cb), self);
  gtk_widget_add_controller (widget, keys);

  g_signal_connect_swapped (zoom, "begin", G_CALLBACK (zoom_begin_cb), self);
  g_signal_connect_swapped (zoom, "scale-changed", G_CALLBACK (zoom_changed_cb), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (zoom));
}

/* Gives the keyboard’s focus to what is selected, or else to what is nearest to the middle; FALSE if there is nothing. */
static gboolean
strata_map_view_grab_focus (GtkWidget *widget)
{
  StrataMapView *self = STRATA_MAP_VIEW (widget);
  StrataMapLayout *layout = self->layout;
  guint first = strata_map_highlight_get_selected (self->highlight);

  if (layout == NULL || layout->places->len == 0)
    return FALSE;

  if (first == STRATA_MAP_NONE)
    {
      graphene_rect_t sight = strata_map_viewport_get_sight (self->viewport);

      first = strata_map_walk_near (layout,
                                    (StrataMapPoint) { sight.origin.x + sight.size.width / 2,
                                                       sight.origin.y + sight.size.height / 2 });
    }
  strata_map_view_go_to (self, first, TRUE);

  return TRUE;
}

static void
walk (StrataMapView *self, StrataMapDirection direction, double dx, double dy)
{
  guint next = strata_map_walk (self->layout, strata_map_highlight_get_selected (self->highlight),
                                direction);

  if (next != STRATA_MAP_NONE)
    strata_map_view_go_to (self, next, TRUE);
  else
    strata_map_viewport_pan (self->viewport, dx * STEP, dy * STEP);
}

/* One stop for Tab, since a map may have thousands of nodes; the arrow keys walk over it. */
static gboolean
strata_map_view_focus (GtkWidget *widget, GtkDirectionType direction)
{
  StrataMapView *self = STRATA_MAP_VIEW (widget);
  gboolean inside = gtk_widget_get_focus_child (widget) != NULL;

  if (inside && (direction == GTK_DIR_TAB_FORWARD || direction == GTK_DIR_TAB_BACKWARD))
    return FALSE;
  if (!inside || strata_map_highlight_get_selected (self->highlight) == STRATA_MAP_NONE)
    return strata_map_view_grab_focus (widget);

  switch (direction)
    {
    case GTK_DIR_LEFT:
      walk (self, STRATA_MAP_WALK_LEFT, 1, 0);
      break;
    case GTK_DIR_RIGHT:
      walk (self, STRATA_MAP_WALK_RIGHT, -1, 0);
      break;
    case GTK_DIR_UP:
      walk (self, STRATA_MAP_WALK_UP, 0, 1);
      break;
    case GTK_DIR_DOWN:
      walk (self, STRATA_MAP_WALK_DOWN, 0, -1);
      break;
    case GTK_DIR_TAB_FORWARD:
    case GTK_DIR_TAB_BACKWARD:
      return FALSE;
    }

  return TRUE;
}

static void
strata_map_view_dispose (GObject *object)
{
  StrataMapView *self = STRATA_MAP_VIEW (object);
  GtkWidget *child;

  g_clear_handle_id (&self->sync_id, g_source_remove);
  g_clear_handle_id (&self->rest_id, g_source_remove);
  g_clear_object (&self->pool);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  g_clear_object (&self->viewport);
  g_clear_pointer (&self->layout, strata_map_layout_unref);

  G_OBJECT_CLASS (strata_map_view_parent_class)->dispose (object);
}

static void
strata_map_view_finalize (GObject *object)
{
  g_clear_object (&STRATA_MAP_VIEW (object)->highlight);

  G_OBJECT_CLASS (strata_map_view_parent_class)->finalize (object);
}

static void
strata_map_view_class_init (StrataMapViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_map_view_dispose;
  object_class->finalize = strata_map_view_finalize;
  widget_class->size_allocate = strata_map_view_size_allocate;
  widget_class->css_changed = strata_map_view_css_changed;
  widget_class->snapshot = strata_map_view_snapshot;
  widget_class->measure = strata_map_view_measure;
  widget_class->focus = strata_map_view_focus;
  widget_class->grab_focus = strata_map_view_grab_focus;

  signals[ACTIVE_CHANGED] = g_signal_new ("active-changed", STRATA_TYPE_MAP_VIEW, G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ACTIVATED] = g_signal_new ("activated", STRATA_TYPE_MAP_VIEW, G_SIGNAL_RUN_LAST, 0, NULL,
                                     NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);

  gtk_widget_class_set_css_name (widget_class, "mapview");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_LIST);
}

static void
strata_map_view_init (StrataMapView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);

  self->highlight = strata_map_highlight_new ();
  self->viewport = strata_map_viewport_new (widget);
  self->pool = strata_map_card_pool_new (widget, self->viewport);
  g_signal_connect_object (self->pool, "focused", G_CALLBACK (strata_map_highlight_select),
                           self->highlight, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->highlight, "changed", G_CALLBACK (highlight_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->viewport, "changed", G_CALLBACK (viewport_changed_cb), self,
                           G_CONNECT_SWAPPED);
  gtk_widget_set_overflow (widget, GTK_OVERFLOW_HIDDEN);

  /* Never seen: the style sheet gives each a colour. */
  for (guint i = 0; i < STRATA_MAP_N_COLOURS; i++)
    {
      self->colours[i] = g_object_new (ADW_TYPE_BIN, "css-name", "mapink", "visible", FALSE, NULL);
      gtk_widget_add_css_class (self->colours[i], strata_map_colour_get_css_class (i));
      gtk_widget_set_parent (self->colours[i], widget);
    }
  attach_input (self);
}

/**
 * strata_map_view_set_layout:
 * @self: a map
 * @layout: (nullable): another one, or %NULL where there is nothing to see
 *
 * What is selected stays selected if it is still there, and the focus stays with it.
 */
void
strata_map_view_set_layout (StrataMapView *self, StrataMapLayout *layout)
{
  g_return_if_fail (STRATA_IS_MAP_VIEW (self));

  g_clear_pointer (&self->layout, strata_map_layout_unref);
  self->layout = layout != NULL ? strata_map_layout_ref (layout) : NULL;
  strata_map_card_pool_deal (self->pool, layout);

  strata_map_viewport_set_plane (self->viewport, layout != NULL ? layout->width : 0,
                                 layout != NULL ? layout->height : 0);
  if (!self->opened && layout != NULL && gtk_widget_get_width (GTK_WIDGET (self)) > 0)
    {
      self->opened = TRUE;
      strata_map_viewport_open (self->viewport);
    }
  bring_cards (self);
  strata_map_highlight_set_map (self->highlight, layout != NULL ? layout->map : NULL);
}

/**
 * strata_map_view_get_layout:
 * @self: a map
 *
 * Returns: (transfer none) (nullable): what it shows
 */
StrataMapLayout *
strata_map_view_get_layout (StrataMapView *self)
{
  g_return_val_if_fail (STRATA_IS_MAP_VIEW (self), NULL);

  return self->layout;
}

/**
 * strata_map_view_get_viewport:
 * @self: a map
 *
 * Returns: (transfer none): what it is seen through
 */
StrataMapViewport *
strata_map_view_get_viewport (StrataMapView *self)
{
  g_return_val_if_fail (STRATA_IS_MAP_VIEW (self), NULL);

  return self->viewport;
}

/**
 * strata_map_view_get_highlight:
 * @self: a map
 *
 * Returns: (transfer none): what one looks at
 */
StrataMapHighlight *
strata_map_view_get_highlight (StrataMapView *self)
{
  g_return_val_if_fail (STRATA_IS_MAP_VIEW (self), NULL);

  return self->highlight;
}

/**
 * strata_map_view_go_to:
 * @self: a map
 * @index: a node
 * @focus: whether the keyboard’s focus goes there too
 *
 * Selects a node and brings it into sight.
 */
void
strata_map_view_go_to (StrataMapView *self, guint index, gboolean focus)
{
  graphene_rect_t rect;
  StrataMapCard *card;

  g_return_if_fail (STRATA_IS_MAP_VIEW (self) && self->layout != NULL);
  g_return_if_fail (index < self->layout->places->len);

  rect = get_rect (self, index);
  card = strata_map_card_pool_ensure (self->pool, index);
  strata_map_card_describe (card, self->layout->map);
  strata_map_highlight_select (self->highlight, index);
  strata_map_viewport_show (self->viewport, &rect);
  if (focus)
    gtk_widget_grab_focus (GTK_WIDGET (card));
  gtk_widget_queue_allocate (GTK_WIDGET (self));
}
