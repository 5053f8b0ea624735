/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Draws what of the map is no widget: its lines, and from far away everything.
 *
 * From far there may be thousands of things in sight. Rectangles without round corners are what every renderer does
 * fastest, so that is all that is drawn then; kinds differ by their proportions.
 */

#include "config.h"

#include <math.h>

#include "strata-map-renderer.h"

#define LINE_WIDTH 1.5f
#define LIT_WIDTH  2.5f
#define RADIUS     9.0f

typedef struct
{
  float x; /* of a node's rectangle, what part of its width and height is drawn */
  float width;
  float height;
  gboolean hollow;
} Shape;

static const Shape shapes[STRATA_MAP_N_COLOURS] = {
  [STRATA_MAP_COLOUR_IMAGE] = { 0, 1, 0.8f, FALSE },
  [STRATA_MAP_COLOUR_MACHINE] = { 0, 1, 0.5f, FALSE },
  [STRATA_MAP_COLOUR_TEMPLATE] = { 0, 1, 1.2f, FALSE },
  [STRATA_MAP_COLOUR_MEMORY] = { 0, 0.4f, 0.8f, FALSE },
  [STRATA_MAP_COLOUR_RETAINED] = { 0.4f, 0.2f, 0.8f, FALSE },
  [STRATA_MAP_COLOUR_FREE] = { 0, 1, 0.8f, TRUE },
  [STRATA_MAP_COLOUR_MISSING] = { 0, 1, 0.5f, TRUE },
  [STRATA_MAP_COLOUR_UNCLEAR] = { 0, 1, 0.8f, TRUE },
};

/**
 * strata_map_colour_get_css_class:
 * @colour: one of the colours
 *
 * Returns: (transfer none): the style class by which a style sheet gives it
 */
const char *
strata_map_colour_get_css_class (StrataMapColour colour)
{
  static const char *const classes[STRATA_MAP_N_COLOURS] = {
    "line",   "lit",   "dimmed-card", "image",   "machine", "template",
    "memory", "joint", "free",        "missing", "unclear",
  };

  g_return_val_if_fail (colour < STRATA_MAP_N_COLOURS, NULL);

  return classes[colour];
}

static StrataMapColour
get_colour (const StrataMapNode *node)
{
  if (node->missing)
    return STRATA_MAP_COLOUR_MISSING;
  if (node->unclear)
    return STRATA_MAP_COLOUR_UNCLEAR;

  switch (node->kind)
    {
    case STRATA_MAP_TEMPLATE:
      return STRATA_MAP_COLOUR_TEMPLATE;
    case STRATA_MAP_MACHINE:
      return STRATA_MAP_COLOUR_MACHINE;
    case STRATA_MAP_MEMORY:
      return STRATA_MAP_COLOUR_MEMORY;
    case STRATA_MAP_IMAGE:
      if (node->retained)
        return STRATA_MAP_COLOUR_RETAINED;
      return node->free ? STRATA_MAP_COLOUR_FREE : STRATA_MAP_COLOUR_IMAGE;
    }

  g_return_val_if_reached (STRATA_MAP_COLOUR_IMAGE);
}

static gboolean
is_lit (const StrataMapRenderer *self, const StrataMapLink *link)
{
  return self->lit != NULL && self->lit[link->from] && self->lit[link->to];
}

static gboolean
is_in_sight (const StrataMapRenderer *self, const StrataMapRoute *route)
{
  graphene_rect_t sight = strata_map_viewport_get_sight (self->viewport);
  const StrataMapPoint *points =
      &g_array_index (self->layout->points, StrataMapPoint, route->first);
  float left = points[0].x;
  float right = points[route->n_points - 1].x;
  float top = points[0].y;
  float bottom = points[0].y;

  for (guint i = 1; i < route->n_points; i++)
    {
      top = MIN (top, points[i].y);
      bottom = MAX (bottom, points[i].y);
    }

  return right >= sight.origin.x && left <= sight.origin.x + sight.size.width &&
         bottom >= sight.origin.y && top <= sight.origin.y + sight.size.height;
}

/* A turn that is as wide as there is room for. */
static void
add_corner (GskPathBuilder *builder,
            graphene_point_t before,
            graphene_point_t corner,
            graphene_point_t after,
            float radius)
{
  float in = hypotf (corner.x - before.x, corner.y - before.y);
  float out = hypotf (after.x - corner.x, after.y - corner.y);
  float r = MIN (radius, MIN (in, out) / 2);

  if (in <= 0 || out <= 0)
    return;
  gsk_path_builder_line_to (builder, corner.x - (corner.x - before.x) / in * r,
                            corner.y - (corner.y - before.y) / in * r);
  gsk_path_builder_quad_to (builder, corner.x, corner.y, corner.x + (after.x - corner.x) / out * r,
                            corner.y + (after.y - corner.y) / out * r);
}

static void
add_route (const StrataMapRenderer *self, GskPathBuilder *builder, const StrataMapRoute *route)
{
  const StrataMapPoint *points =
      &g_array_index (self->layout->points, StrataMapPoint, route->first);
  float radius = RADIUS * (float) strata_map_viewport_get_zoom (self->viewport);
  graphene_point_t here = strata_map_viewport_to_view (self->viewport, points[0].x, points[0].y);
  graphene_point_t next = here;

  gsk_path_builder_move_to (builder, here.x, here.y);
  for (guint i = 1; i < route->n_points; i++)
    {
      graphene_point_t last = here;

      here = i == 1 ? strata_map_viewport_to_view (self->viewport, points[1].x, points[1].y) : next;
      if (i + 1 == route->n_points)
        break;
      next = strata_map_viewport_to_view (self->viewport, points[i + 1].x, points[i + 1].y);
      add_corner (builder, last, here, next, radius);
    }
  gsk_path_builder_line_to (builder, here.x, here.y);
}

/* Those that only say whose it is are dashed: nothing is read through them. */
static gboolean
is_dashed (const StrataMapLink *link)
{
  return link->kind == STRATA_MAP_LINK_FROZEN || link->kind == STRATA_MAP_LINK_MEMORY;
}

static void
draw_routes (const StrataMapRenderer *self,
             GtkSnapshot *snapshot,
             gboolean lit,
             gboolean dashed,
             StrataMapColour colour)
{
  const float dash[] = { 4, 3 };
  g_autoptr (GskPathBuilder) builder = gsk_path_builder_new ();
  g_autoptr (GskPath) path = NULL;
  GskStroke *stroke;

  for (guint i = 0; i < self->layout->routes->len; i++)
    {
      const StrataMapRoute *route = &g_array_index (self->layout->routes, StrataMapRoute, i);
      const StrataMapLink *link =
          &g_array_index (self->layout->map->links, StrataMapLink, route->link);

      if (is_lit (self, link) == lit && is_dashed (link) == dashed && is_in_sight (self, route))
        add_route (self, builder, route);
    }

  path = gsk_path_builder_to_path (builder);
  if (gsk_path_is_empty (path))
    return;
  stroke = gsk_stroke_new (lit ? LIT_WIDTH : LINE_WIDTH);
  if (dashed)
    gsk_stroke_set_dash (stroke, dash, G_N_ELEMENTS (dash));
  gtk_snapshot_append_stroke (snapshot, path, stroke, &self->colours[colour]);
  gsk_stroke_free (stroke);
}

/**
 * strata_map_renderer_draw_lines:
 * @self: what to draw
 * @snapshot: where to
 */
void
strata_map_renderer_draw_lines (const StrataMapRenderer *self, GtkSnapshot *snapshot)
{
  StrataMapColour others = self->lit != NULL ? STRATA_MAP_COLOUR_DIMMED : STRATA_MAP_COLOUR_LINE;

  draw_routes (self, snapshot, FALSE, FALSE, others);
  draw_routes (self, snapshot, FALSE, TRUE, others);
  if (self->lit == NULL)
    return;
  draw_routes (self, snapshot, TRUE, FALSE, STRATA_MAP_COLOUR_LIT);
  draw_routes (self, snapshot, TRUE, TRUE, STRATA_MAP_COLOUR_LIT);
}

/* On whole pixels, so that nothing is blurred. */
static void
draw_rectangle (GtkSnapshot *snapshot,
                const GdkRGBA *colour,
                float x,
                float y,
                float width,
                float height)
{
  graphene_rect_t rect = GRAPHENE_RECT_INIT (floorf (x), floorf (y), MAX (1, roundf (width)),
                                             MAX (1, roundf (height)));

  gtk_snapshot_append_color (snapshot, colour, &rect);
}

static void
draw_line (const StrataMapRenderer *self,
           GtkSnapshot *snapshot,
           const GdkRGBA *colour,
           StrataMapPoint from,
           StrataMapPoint to,
           float thickness)
{
  graphene_point_t a = strata_map_viewport_to_view (self->viewport, from.x, from.y);
  graphene_point_t b = strata_map_viewport_to_view (self->viewport, to.x, to.y);

  draw_rectangle (snapshot, colour, MIN (a.x, b.x), MIN (a.y, b.y),
                  fabsf (a.x - b.x) + (a.x == b.x ? thickness : 0),
                  fabsf (a.y - b.y) + (a.y == b.y ? thickness : 0));
}

static void
draw_lit_routes (const StrataMapRenderer *self, GtkSnapshot *snapshot)
{
  for (guint i = 0; i < self->layout->routes->len; i++)
    {
      const StrataMapRoute *route = &g_array_index (self->layout->routes, StrataMapRoute, i);
      const StrataMapPoint *points =
          &g_array_index (self->layout->points, StrataMapPoint, route->first);

      if (!is_lit (self, &g_array_index (self->layout->map->links, StrataMapLink, route->link)) ||
          !is_in_sight (self, route))
        continue;
      for (guint j = 1; j < route->n_points; j++)
        draw_line (self, snapshot, &self->colours[STRATA_MAP_COLOUR_LIT], points[j - 1], points[j],
                   1);
    }
}

static void
draw_block (const StrataMapRenderer *self, GtkSnapshot *snapshot, guint index)
{
  StrataMapPoint place = strata_map_layout_get_place (self->layout, index);
  StrataMapColour kind = get_colour (strata_map_get_node (self->layout->map, index));
  gboolean dimmed = self->lit != NULL && !self->lit[index];
  const GdkRGBA *colour = &self->colours[index == self->selected ? STRATA_MAP_COLOUR_LIT
                                         : dimmed                ? STRATA_MAP_COLOUR_DIMMED
                                                                 : kind];
  const Shape *shape = &shapes[kind];
  float zoom = (float) strata_map_viewport_get_zoom (self->viewport);
  graphene_point_t corner =
      strata_map_viewport_to_view (self->viewport, place.x + shape->x * STRATA_MAP_NODE_WIDTH,
                                   place.y + (1 - shape->height) / 2 * STRATA_MAP_NODE_HEIGHT);
  float width = shape->width * STRATA_MAP_NODE_WIDTH * zoom;
  float height = shape->height * STRATA_MAP_NODE_HEIGHT * zoom;

  if (!shape->hollow || height < 3)
    {
      draw_rectangle (snapshot, colour, corner.x, corner.y, width, height);
      return;
    }
  draw_rectangle (snapshot, colour, corner.x, corner.y, width, 1);
  draw_rectangle (snapshot, colour, corner.x, corner.y + height - 1, width, 1);
  draw_rectangle (snapshot, colour, corner.x, corner.y, 1, height);
  draw_rectangle (snapshot, colour, corner.x + width - 1, corner.y, 1, height);
}

/**
 * strata_map_renderer_draw_far:
 * @self: what to draw
 * @snapshot: where to
 */
void
strata_map_renderer_draw_far (const StrataMapRenderer *self, GtkSnapshot *snapshot)
{
  graphene_rect_t sight = strata_map_viewport_get_sight (self->viewport);
  const GdkRGBA *line =
      &self->colours[self->lit != NULL ? STRATA_MAP_COLOUR_DIMMED : STRATA_MAP_COLOUR_LINE];

  for (guint i = 0; i < self->layout->segments->len; i++)
    {
      const StrataMapSegment *segment =
          &g_array_index (self->layout->segments, StrataMapSegment, i);

      if (segment->to.x >= sight.origin.x && segment->from.x <= sight.origin.x + sight.size.width &&
          MAX (segment->from.y, segment->to.y) >= sight.origin.y &&
          MIN (segment->from.y, segment->to.y) <= sight.origin.y + sight.size.height)
        draw_line (self, snapshot, line, segment->from, segment->to, 1);
    }
  if (self->lit != NULL)
    draw_lit_routes (self, snapshot);

  for (guint i = 0; i < self->layout->places->len; i++)
    {
      StrataMapPoint place = strata_map_layout_get_place (self->layout, i);
      graphene_rect_t rect =
          GRAPHENE_RECT_INIT (place.x, place.y, STRATA_MAP_NODE_WIDTH, STRATA_MAP_NODE_HEIGHT);

      if (graphene_rect_intersection (&sight, &rect, NULL))
        draw_block (self, snapshot, i);
    }
}
