/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What pointer, fingers, wheel and keys do to a map: drag or scroll to move it, Ctrl and wheel or two fingers to zoom,
 * a click to select, a second one or Enter to open.
 */

#include "config.h"

#include <math.h>

#include "model/map/strata-map-walk.h"
#include "strata-map-input.h"

#define NOTCH      56.0 /* pixels, that one notch of a wheel moves */
#define WHEEL_ZOOM 1.2  /* and how much larger it makes the map */
#define STEP       80.0 /* pixels, that Ctrl and an arrow move */

typedef struct
{
  StrataMapView *view;
  double x; /* of the pointer */
  double y;
  double offset_x; /* so far, of a drag */
  double offset_y;
  double scale; /* when two fingers came down */
  double press_x;
  double press_y;
  int n_press;
} Input;

static void
motion_cb (Input *self, double x, double y)
{
  self->x = x;
  self->y = y;
  strata_map_highlight_set_hovered (strata_map_view_get_highlight (self->view),
                                    strata_map_view_pick (self->view, x, y));
}

/* After a layout GTK says where the pointer is though nobody moved it, which must not undo what keys did since. */
static void
moved_cb (Input *self, double x, double y)
{
  if (x != self->x || y != self->y)
    motion_cb (self, x, y);
}

static void
leave_cb (Input *self)
{
  strata_map_highlight_set_hovered (strata_map_view_get_highlight (self->view), STRATA_MAP_NONE);
}

static void
drag_begin_cb (Input *self, double x, double y)
{
  self->offset_x = 0;
  self->offset_y = 0;
}

static void
drag_update_cb (Input *self, double x, double y, GtkGesture *gesture)
{
  GtkWidget *widget = GTK_WIDGET (self->view);

  if (self->offset_x == 0 && self->offset_y == 0 &&
      !gtk_drag_check_threshold (widget, 0, 0, (int) x, (int) y))
    return;

  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  gtk_widget_set_cursor_from_name (widget, "grabbing");
  strata_map_viewport_pan (strata_map_view_get_viewport (self->view), x - self->offset_x,
                           y - self->offset_y);
  self->offset_x = x;
  self->offset_y = y;
}

static void
drag_end_cb (Input *self)
{
  gtk_widget_set_cursor (GTK_WIDGET (self->view), NULL);
}

static gboolean
scroll_cb (Input *self, double dx, double dy, GtkEventControllerScroll *scroll)
{
  StrataMapViewport *viewport = strata_map_view_get_viewport (self->view);
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
zoom_begin_cb (Input *self)
{
  self->scale = strata_map_viewport_get_zoom (strata_map_view_get_viewport (self->view));
}

static void
zoom_changed_cb (Input *self, double scale, GtkGesture *gesture)
{
  double x = self->x;
  double y = self->y;

  gtk_gesture_get_bounding_box_center (gesture, &x, &y);
  strata_map_viewport_zoom_at (strata_map_view_get_viewport (self->view), self->scale * scale, x,
                               y);
}

static void
released_cb (Input *self, int n_press, double x, double y)
{
  guint index = strata_map_view_pick (self->view, x, y);
  if (index == STRATA_MAP_NONE)
    strata_map_highlight_select (strata_map_view_get_highlight (self->view), STRATA_MAP_NONE);
  else if (n_press == 1)
    strata_map_view_go_to (self->view, index, TRUE);
  else if (n_press == 2)
    strata_map_view_activate (self->view, index);
}

static void
pressed_cb (Input *self, int n_press, double x, double y)
{
  self->n_press = n_press;
  self->press_x = x;
  self->press_y = y;
}

/* What shows of a node when the pointer comes to it makes the window lay itself out, after which GTK asks where the pointer is.
 * If the button is up by then, though the release still waits to be seen, GTK takes the click back: to whoever clicked it was
 * one. */
static void
cancelled_cb (Input *self, GdkEventSequence *sequence, GtkGesture *click)
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
pan_by_key (Input *self, guint keyval)
{
  StrataMapViewport *viewport = strata_map_view_get_viewport (self->view);

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
key_cb (Input *self, guint keyval, guint keycode, GdkModifierType state)
{
  if ((state & GDK_CONTROL_MASK) != 0)
    return pan_by_key (self, keyval);

  switch (keyval)
    {
    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
    case GDK_KEY_ISO_Enter:
    case GDK_KEY_space:
      strata_map_view_activate (self->view, strata_map_highlight_get_selected (
                                                strata_map_view_get_highlight (self->view)));
      return TRUE;
    case GDK_KEY_Escape:
      /* Nothing to clear: whoever is above may want to close something. */
      if (strata_map_highlight_get_active (strata_map_view_get_highlight (self->view)) ==
          STRATA_MAP_NONE)
        return FALSE;
      strata_map_highlight_set_hovered (strata_map_view_get_highlight (self->view),
                                        STRATA_MAP_NONE);
      strata_map_highlight_select (strata_map_view_get_highlight (self->view), STRATA_MAP_NONE);
      return TRUE;
    default:
      return FALSE;
    }
}

static void
attach_pointer (Input *self)
{
  GtkWidget *widget = GTK_WIDGET (self->view);
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

/**
 * strata_map_input_attach:
 * @view: a map
 */
void
strata_map_input_attach (StrataMapView *view)
{
  GtkWidget *widget = GTK_WIDGET (view);
  Input *self = g_new0 (Input, 1);
  GtkEventController *scroll =
      gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
  GtkEventController *keys = gtk_event_controller_key_new ();
  GtkGesture *zoom = gtk_gesture_zoom_new ();

  g_return_if_fail (STRATA_IS_MAP_VIEW (view));

  self->view = view;
  g_object_set_data_full (G_OBJECT (view), "strata-map-hands", self, g_free);
  attach_pointer (self);

  g_signal_connect_swapped (scroll, "scroll", G_CALLBACK (scroll_cb), self);
  gtk_widget_add_controller (widget, scroll);

  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (key_cb), self);
  gtk_widget_add_controller (widget, keys);

  g_signal_connect_swapped (zoom, "begin", G_CALLBACK (zoom_begin_cb), self);
  g_signal_connect_swapped (zoom, "scale-changed", G_CALLBACK (zoom_changed_cb), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (zoom));
}

/**
 * strata_map_input_enter:
 * @view: a map
 *
 * Gives the keyboard’s focus to what is selected, or else to what is nearest to the middle.
 *
 * Returns: whether there is anything on the map
 */
gboolean
strata_map_input_enter (StrataMapView *view)
{
  StrataMapLayout *layout = strata_map_view_get_layout (view);
  guint first = strata_map_highlight_get_selected (strata_map_view_get_highlight (view));

  if (layout == NULL || layout->places->len == 0)
    return FALSE;

  if (first == STRATA_MAP_NONE)
    {
      graphene_rect_t sight = strata_map_viewport_get_sight (strata_map_view_get_viewport (view));

      first = strata_map_walk_near (layout,
                                    (StrataMapPoint) { sight.origin.x + sight.size.width / 2,
                                                       sight.origin.y + sight.size.height / 2 });
    }
  strata_map_view_go_to (view, first, TRUE);

  return TRUE;
}

static void
walk (StrataMapView *view, StrataMapDirection direction, double dx, double dy)
{
  guint next = strata_map_walk (
      strata_map_view_get_layout (view),
      strata_map_highlight_get_selected (strata_map_view_get_highlight (view)), direction);

  if (next != STRATA_MAP_NONE)
    strata_map_view_go_to (view, next, TRUE);
  else
    strata_map_viewport_pan (strata_map_view_get_viewport (view), dx * STEP, dy * STEP);
}

/**
 * strata_map_input_move_focus:
 * @view: a map
 * @direction: where to
 *
 * One stop for Tab, since a map may have thousands of nodes; the arrow keys walk over it.
 *
 * Returns: whether the focus is on the map now
 */
gboolean
strata_map_input_move_focus (StrataMapView *view, GtkDirectionType direction)
{
  gboolean inside = gtk_widget_get_focus_child (GTK_WIDGET (view)) != NULL;

  if (inside && (direction == GTK_DIR_TAB_FORWARD || direction == GTK_DIR_TAB_BACKWARD))
    return FALSE;
  if (!inside ||
      strata_map_highlight_get_selected (strata_map_view_get_highlight (view)) == STRATA_MAP_NONE)
    return strata_map_input_enter (view);

  switch (direction)
    {
    case GTK_DIR_LEFT:
      walk (view, STRATA_MAP_WALK_LEFT, 1, 0);
      break;
    case GTK_DIR_RIGHT:
      walk (view, STRATA_MAP_WALK_RIGHT, -1, 0);
      break;
    case GTK_DIR_UP:
      walk (view, STRATA_MAP_WALK_UP, 0, 1);
      break;
    case GTK_DIR_DOWN:
      walk (view, STRATA_MAP_WALK_DOWN, 0, -1);
      break;
    case GTK_DIR_TAB_FORWARD:
    case GTK_DIR_TAB_BACKWARD:
      return FALSE;
    }

  return TRUE;
}
