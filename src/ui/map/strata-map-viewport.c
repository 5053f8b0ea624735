/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMapViewport: what part of a plane is in sight, and how one gets from one to another. */

#include "config.h"

#include <math.h>

#include "strata-map-viewport.h"

#define DURATION_MS   220
#define MARGIN        24.0 /* pixels around what is to be seen */
#define KEEP          72.0 /* so much of the plane always stays in sight */
#define SMALLEST      0.02
#define LARGEST       2.0
#define LEAST_TO_FIT  0.05
#define LEAST_TO_READ 0.8

typedef struct
{
  double x; /* on the plane, at the widget's upper left corner */
  double y;
  double zoom;
} View;

struct _StrataMapViewport
{
  GObject parent_instance;

  AdwAnimation *animation;
  View view;
  View start;
  View goal;
  double plane_width;
  double plane_height;
  double width;
  double height;
  double life; /* the zoom at which what is on the plane is as large as other text */
};

enum
{
  CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataMapViewport, strata_map_viewport, G_TYPE_OBJECT)

/* The map is never lost out of sight. */
static double
keep_in_sight (double position, double plane, double size, double zoom)
{
  double least = (KEEP - size) / zoom;
  double most = plane - KEEP / zoom;

  return least <= most ? CLAMP (position, least, most) : (least + most) / 2;
}

static void
set_view (StrataMapViewport *self, View view)
{
  view.zoom = CLAMP (view.zoom, SMALLEST, LARGEST * self->life);
  view.x = keep_in_sight (view.x, self->plane_width, self->width, view.zoom);
  view.y = keep_in_sight (view.y, self->plane_height, self->height, view.zoom);
  if (view.x == self->view.x && view.y == self->view.y && view.zoom == self->view.zoom)
    return;

  self->view = view;
  g_signal_emit (self, signals[CHANGED], 0);
}

/* The middle goes straight, and the size by equal factors. */
static void
animate_cb (double value, gpointer user_data)
{
  StrataMapViewport *self = STRATA_MAP_VIEWPORT (user_data);
  const View *a = &self->start;
  const View *b = &self->goal;
  View view;
  double middle[2] = { a->x + self->width / a->zoom / 2, a->y + self->height / a->zoom / 2 };
  double end[2] = { b->x + self->width / b->zoom / 2, b->y + self->height / b->zoom / 2 };

  if (value >= 1)
    {
      set_view (self, *b);
      return;
    }

  view.zoom = a->zoom * pow (b->zoom / a->zoom, value);
  view.x = middle[0] + (end[0] - middle[0]) * value - self->width / view.zoom / 2;
  view.y = middle[1] + (end[1] - middle[1]) * value - self->height / view.zoom / 2;
  set_view (self, view);
}

static void
go_to (StrataMapViewport *self, View goal, gboolean animate)
{
  adw_animation_reset (self->animation);
  if (!animate || self->width == 0)
    {
      set_view (self, goal);
      return;
    }

  goal.zoom = CLAMP (goal.zoom, SMALLEST, LARGEST * self->life);
  self->start = self->view;
  self->goal = goal;
  adw_animation_play (self->animation);
}

static void
strata_map_viewport_dispose (GObject *object)
{
  StrataMapViewport *self = STRATA_MAP_VIEWPORT (object);

  if (self->animation != NULL)
    adw_animation_pause (self->animation);
  g_clear_object (&self->animation);

  G_OBJECT_CLASS (strata_map_viewport_parent_class)->dispose (object);
}

static void
strata_map_viewport_class_init (StrataMapViewportClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = strata_map_viewport_dispose;

  signals[CHANGED] = g_signal_new ("changed", STRATA_TYPE_MAP_VIEWPORT, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
}

static void
strata_map_viewport_init (StrataMapViewport *self)
{
  self->view.zoom = 1;
  self->life = 1;
}

/**
 * strata_map_viewport_new:
 * @widget: the widget whose frames drive the movements, and which must live as long
 *
 * Returns: (transfer full): a viewport
 */
StrataMapViewport *
strata_map_viewport_new (GtkWidget *widget)
{
  StrataMapViewport *self = g_object_new (STRATA_TYPE_MAP_VIEWPORT, NULL);

  self->animation = adw_timed_animation_new (
      widget, 0, 1, DURATION_MS, adw_callback_animation_target_new (animate_cb, self, NULL));
  adw_timed_animation_set_easing (ADW_TIMED_ANIMATION (self->animation), ADW_EASE_IN_OUT_CUBIC);

  return self;
}

/**
 * strata_map_viewport_set_plane:
 * @self: a viewport
 * @width: of all there is to see, on the plane
 * @height: the same, downwards
 *
 * What was in sight stays there as far as the new plane has it.
 */
void
strata_map_viewport_set_plane (StrataMapViewport *self, float width, float height)
{
  g_return_if_fail (STRATA_IS_MAP_VIEWPORT (self));

  self->plane_width = width;
  self->plane_height = height;
  set_view (self, self->view);
}

/**
 * strata_map_viewport_set_size:
 * @self: a viewport
 * @width: of the widget, in pixels
 * @height: of the widget, in pixels
 */
void
strata_map_viewport_set_size (StrataMapViewport *self, float width, float height)
{
  g_return_if_fail (STRATA_IS_MAP_VIEWPORT (self));

  self->width = width;
  self->height = height;
}

/**
 * strata_map_viewport_set_life:
 * @self: a viewport
 * @life: the zoom at which what is on the plane is as large as the other text that is read
 *
 * What is in sight stays there, larger or smaller by as much as the text.
 */
void
strata_map_viewport_set_life (StrataMapViewport *self, double life)
{
  double factor;

  g_return_if_fail (STRATA_IS_MAP_VIEWPORT (self));
  g_return_if_fail (life > 0);

  if (life == self->life)
    return;

  factor = life / self->life;
  self->life = life;
  strata_map_viewport_zoom_at (self, self->view.zoom * factor, self->width / 2, self->height / 2);
}

/**
 * strata_map_viewport_get_zoom:
 * @self: a viewport
 *
 * Returns: how many pixels of the widget a unit of the plane takes
 */
double
strata_map_viewport_get_zoom (StrataMapViewport *self)
{
  g_return_val_if_fail (STRATA_IS_MAP_VIEWPORT (self), 1);

  return self->view.zoom;
}

/**
 * strata_map_viewport_get_sight:
 * @self: a viewport
 *
 * Returns: what is in sight, on the plane
 */
graphene_rect_t
strata_map_viewport_get_sight (StrataMapViewport *self)
{
  const View *view = &self->view;

  return GRAPHENE_RECT_INIT ((float) view->x, (float) view->y, (float) (self->width / view->zoom),
                             (float) (self->height / view->zoom));
}

/**
 * strata_map_viewport_to_view:
 * @self: a viewport
 * @x: on the plane
 * @y: on the plane
 *
 * Returns: where that is seen, in pixels of the widget
 */
graphene_point_t
strata_map_viewport_to_view (StrataMapViewport *self, float x, float y)
{
  return GRAPHENE_POINT_INIT ((float) ((x - self->view.x) * self->view.zoom),
                              (float) ((y - self->view.y) * self->view.zoom));
}

/**
 * strata_map_viewport_to_plane:
 * @self: a viewport
 * @x: in pixels of the widget
 * @y: in pixels of the widget
 *
 * Returns: what is seen there, on the plane
 */
graphene_point_t
strata_map_viewport_to_plane (StrataMapViewport *self, float x, float y)
{
  return GRAPHENE_POINT_INIT ((float) (x / self->view.zoom + self->view.x),
                              (float) (y / self->view.zoom + self->view.y));
}

/**
 * strata_map_viewport_pan:
 * @self: a viewport
 * @dx: pixels to the right
 * @dy: pixels down
 */
void
strata_map_viewport_pan (StrataMapViewport *self, double dx, double dy)
{
  View view = self->view;

  g_return_if_fail (STRATA_IS_MAP_VIEWPORT (self));

  view.x -= dx / view.zoom;
  view.y -= dy / view.zoom;
  go_to (self, view, FALSE);
}

static View
get_zoomed (StrataMapViewport *self, double zoom, double x, double y)
{
  View view = self->view;

  view.zoom = CLAMP (zoom, SMALLEST, LARGEST * self->life);
  view.x += x / self->view.zoom - x / view.zoom;
  view.y += y / self->view.zoom - y / view.zoom;

  return view;
}

/**
 * strata_map_viewport_zoom_at:
 * @self: a viewport
 * @zoom: how large to show it
 * @x: in pixels of the widget
 * @y: in pixels of the widget
 *
 * Zooms at once; what is seen at that place stays there.
 */
void
strata_map_viewport_zoom_at (StrataMapViewport *self, double zoom, double x, double y)
{
  g_return_if_fail (STRATA_IS_MAP_VIEWPORT (self));

  go_to (self, get_zoomed (self, zoom, x, y), FALSE);
}

/**
 * strata_map_viewport_zoom_to:
 * @self: a viewport
 * @zoom: how large to show it
 *
 * Zooms around the middle, in a movement that one sees.
 */
void
strata_map_viewport_zoom_to (StrataMapViewport *self, double zoom)
{
  g_return_if_fail (STRATA_IS_MAP_VIEWPORT (self));

  go_to (self, get_zoomed (self, zoom, self->width / 2, self->height / 2), TRUE);
}

static double
get_fitting_zoom (StrataMapViewport *self)
{
  return MIN ((self->width - 2 * MARGIN) / self->plane_width,
              (self->height - 2 * MARGIN) / self->plane_height);
}

/**
 * strata_map_viewport_fit:
 * @self: a viewport
 * @animate: whether one sees it move
 *
 * Shows the whole plane in the middle, but not larger than it is.
 */
void
strata_map_viewport_fit (StrataMapViewport *self, gboolean animate)
{
  View view;

  g_return_if_fail (STRATA_IS_MAP_VIEWPORT (self));

  if (self->plane_width <= 0 || self->plane_height <= 0)
    return;

  view.zoom = CLAMP (get_fitting_zoom (self), LEAST_TO_FIT, self->life);
  view.x = (self->plane_width - self->width / view.zoom) / 2;
  view.y = (self->plane_height - self->height / view.zoom) / 2;
  go_to (self, view, animate);
}

/* In the middle if all of it is in sight, else from its beginning. */
static double
begin (double length, double sight, double margin)
{
  return length + 2 * margin <= sight ? (length - sight) / 2 : -margin;
}

/**
 * strata_map_viewport_open:
 * @self: a viewport
 *
 * Shows the whole plane where it can be read then, else as much of it as can be read, from where it begins.
 */
void
strata_map_viewport_open (StrataMapViewport *self)
{
  View view;

  g_return_if_fail (STRATA_IS_MAP_VIEWPORT (self));

  if (self->plane_width <= 0 || self->plane_height <= 0)
    return;

  view.zoom = CLAMP (get_fitting_zoom (self), LEAST_TO_READ * self->life, self->life);
  view.x = begin (self->plane_width, self->width / view.zoom, MARGIN / view.zoom);
  view.y = begin (self->plane_height, self->height / view.zoom, MARGIN / view.zoom);
  go_to (self, view, FALSE);
}

static double
reach (double position, double size, double from, double length, double margin)
{
  if (from - margin < position)
    return from - margin;
  if (from + length + margin > position + size)
    return from + length + margin - size;

  return position;
}

/**
 * strata_map_viewport_show:
 * @self: a viewport
 * @rect: a part of the plane
 *
 * Moves, in a movement that one sees, as little as it takes to see @rect, and not at all if it is in sight.
 */
void
strata_map_viewport_show (StrataMapViewport *self, const graphene_rect_t *rect)
{
  View view = self->view;
  double margin = MARGIN / view.zoom;

  g_return_if_fail (STRATA_IS_MAP_VIEWPORT (self));

  view.x = reach (view.x, self->width / view.zoom, rect->origin.x, rect->size.width, margin);
  view.y = reach (view.y, self->height / view.zoom, rect->origin.y, rect->size.height, margin);
  if (view.x != self->view.x || view.y != self->view.y)
    go_to (self, view, TRUE);
}
