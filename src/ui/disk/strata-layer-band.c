/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataLayerBand: the stratum behind the words of a layer. */

#include "config.h"

#include "strata-layer-band.h"

#define LEAST   0.04 /* of the width: an empty layer is one, too */
#define STRIPE  9.0f /* pixels */
#define HATCHED 0.68f
#define BEYOND  0.22f /* of the colour: the layer goes on, and holds nothing there */

struct _StrataLayerBand
{
  GtkWidget parent_instance;

  double thickness;
  double progress;
  gboolean shared;
};

G_DEFINE_FINAL_TYPE (StrataLayerBand, strata_layer_band, GTK_TYPE_WIDGET)

/* From where the words begin, whichever side that is. */
static graphene_rect_t
get_part (GtkWidget *widget, double share)
{
  float width = (float) gtk_widget_get_width (widget);
  float height = (float) gtk_widget_get_height (widget);
  float part = width * (float) share;
  gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;

  return GRAPHENE_RECT_INIT (rtl ? width - part : 0, 0, part, height);
}

static void
draw_stripes (GtkSnapshot *snapshot, const graphene_rect_t *rect, const GdkRGBA *color)
{
  GdkRGBA faint = *color;
  GskColorStop stops[4];

  faint.alpha *= HATCHED;
  stops[0] = (GskColorStop) { 0, *color };
  stops[1] = (GskColorStop) { 0.5f, *color };
  stops[2] = (GskColorStop) { 0.5f, faint };
  stops[3] = (GskColorStop) { 1, faint };
  gtk_snapshot_append_repeating_linear_gradient (snapshot, rect, &GRAPHENE_POINT_INIT (0, 0),
                                                 &GRAPHENE_POINT_INIT (STRIPE, STRIPE), stops, 4);
}

static void
strata_layer_band_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  StrataLayerBand *self = STRATA_LAYER_BAND (widget);
  graphene_rect_t rect = get_part (widget, 1);
  GdkRGBA color;
  GdkRGBA faint;

  gtk_widget_get_color (widget, &color);
  faint = color;
  faint.alpha *= BEYOND;
  gtk_snapshot_append_color (snapshot, &faint, &rect);

  rect = get_part (widget, MAX (self->thickness, LEAST));
  if (self->shared)
    draw_stripes (snapshot, &rect, &color);
  else
    gtk_snapshot_append_color (snapshot, &color, &rect);

  if (self->progress < 0)
    return;

  rect = get_part (widget, MIN (self->progress, 1));
  color.alpha *= 0.9f;
  gtk_snapshot_append_color (snapshot, &color, &rect);
}

static void
strata_layer_band_class_init (StrataLayerBandClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->snapshot = strata_layer_band_snapshot;
  gtk_widget_class_set_css_name (widget_class, "layerband");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
strata_layer_band_init (StrataLayerBand *self)
{
  self->progress = -1;
}

/**
 * strata_layer_band_set_style:
 * @self: a band
 * @thickness: 0 to 1
 * @shared: whether it is hatched
 */
void
strata_layer_band_set_style (StrataLayerBand *self, double thickness, gboolean shared)
{
  g_return_if_fail (STRATA_IS_LAYER_BAND (self));

  self->thickness = thickness;
  self->shared = shared;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/**
 * strata_layer_band_set_progress:
 * @self: a band
 * @progress: 0 to 1; negative: nothing is under way
 */
void
strata_layer_band_set_progress (StrataLayerBand *self, double progress)
{
  g_return_if_fail (STRATA_IS_LAYER_BAND (self));

  if (self->progress == progress)
    return;

  self->progress = progress;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
