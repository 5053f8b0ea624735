/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Scrolls what something is dragged over: GTK's lists do that for a selection, but not for a drop. */

#include "config.h"

#include "strata-edge-scroller.h"

#define EDGE  48    /* pixels */
#define SPEED 900.0 /* pixels in a second, at the very edge */

typedef struct
{
  GtkScrolledWindow *scroller;
  double share; /* of SPEED; negative upwards */
  gint64 last;  /* microseconds, of the frame before */
  guint tick_id;
} EdgeScroller;

static gboolean
tick_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  EdgeScroller *self = data;
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  gint64 now = gdk_frame_clock_get_frame_time (clock);

  if (self->last != 0)
    gtk_adjustment_set_value (adjustment,
                              gtk_adjustment_get_value (adjustment) +
                                  self->share * SPEED * (double) (now - self->last) / 1000000);
  self->last = now;

  return G_SOURCE_CONTINUE;
}

static void
set_share (EdgeScroller *self, double share)
{
  GtkWidget *widget = GTK_WIDGET (self->scroller);

  self->share = share;
  if (share != 0 && self->tick_id == 0)
    {
      self->last = 0;
      self->tick_id = gtk_widget_add_tick_callback (widget, tick_cb, self, NULL);
    }
  else if (share == 0 && self->tick_id != 0)
    {
      gtk_widget_remove_tick_callback (widget, self->tick_id);
      self->tick_id = 0;
    }
}

static void
motion_cb (EdgeScroller *self, double x, double y)
{
  double height = gtk_widget_get_height (GTK_WIDGET (self->scroller));
  double edge = MIN (EDGE, height / 4);

  if (y < edge)
    set_share (self, (y - edge) / edge);
  else if (y > height - edge)
    set_share (self, (y - height + edge) / edge);
  else
    set_share (self, 0);
}

static void
leave_cb (EdgeScroller *self)
{
  set_share (self, 0);
}

/**
 * strata_edge_scroller_add:
 * @scroller: a scrolled window
 */
void
strata_edge_scroller_add (GtkScrolledWindow *scroller)
{
  GtkEventController *motion = gtk_drop_controller_motion_new ();
  EdgeScroller *self = g_new0 (EdgeScroller, 1);

  g_return_if_fail (GTK_IS_SCROLLED_WINDOW (scroller));

  self->scroller = scroller;
  g_signal_connect_swapped (motion, "enter", G_CALLBACK (motion_cb), self);
  g_signal_connect_swapped (motion, "motion", G_CALLBACK (motion_cb), self);
  g_signal_connect_swapped (motion, "leave", G_CALLBACK (leave_cb), self);
  g_object_set_data_full (G_OBJECT (motion), "strata-edge-scroller", self, g_free);
  gtk_widget_add_controller (GTK_WIDGET (scroller), motion);
}
