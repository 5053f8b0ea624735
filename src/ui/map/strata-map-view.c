/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMapView: the part of the map that is in sight. Each node there is a widget, placed by a transform; from far nodes are
 * drawn in one go, and the widgets are only there to be met.
 */

#include "config.h"

#include "strata-map-card-pool.h"
#include "strata-map-input.h"
#include "strata-map-renderer.h"
#include "strata-map-view.h"

#define NEAR    0.6 /* cards from this zoom on, since it is from there that they can be read */
#define REST_MS 120

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

/* From far there are too many cards to move them along with each frame, and nobody sees them: they follow when the map has
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

static void
sync_later_cb (gpointer user_data)
{
  StrataMapView *self = STRATA_MAP_VIEW (user_data);

  self->sync_id = 0;
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

static gboolean
strata_map_view_focus (GtkWidget *widget, GtkDirectionType direction)
{
  return strata_map_input_move_focus (STRATA_MAP_VIEW (widget), direction);
}

static gboolean
strata_map_view_grab_focus (GtkWidget *widget)
{
  return strata_map_input_enter (STRATA_MAP_VIEW (widget));
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
  strata_map_input_attach (self);
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
 * strata_map_view_pick:
 * @self: a map
 * @x: in pixels of the widget
 * @y: in pixels of the widget
 *
 * Returns: the node at that place, or %STRATA_MAP_NONE
 */
guint
strata_map_view_pick (StrataMapView *self, double x, double y)
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

/**
 * strata_map_view_activate:
 * @self: a map
 * @index: a node, or %STRATA_MAP_NONE for nothing
 *
 * Opens what the node belongs to: emits “activated”.
 */
void
strata_map_view_activate (StrataMapView *self, guint index)
{
  g_return_if_fail (STRATA_IS_MAP_VIEW (self));

  if (index != STRATA_MAP_NONE)
    g_signal_emit (self, signals[ACTIVATED], 0, index);
}
