/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Measures how long the frames of a window take: what the main thread does between two phases of its frame clock. */

#include "config.h"

#include "frame-meter.h"

typedef struct
{
  GdkFrameClock *clock;
  FrameStep step;
  gpointer data;
  GArray *times; /* double, milliseconds */
  gint64 begun;
  guint n_frames;
} Meter;

static void
before_paint_cb (GdkFrameClock *clock, Meter *self)
{
  self->begun = g_get_monotonic_time ();
  if (self->times->len < self->n_frames)
    self->step (self->times->len, self->data);
}

static void
after_paint_cb (GdkFrameClock *clock, Meter *self)
{
  double time = (double) (g_get_monotonic_time () - self->begun) / 1000;

  if (self->begun != 0 && self->times->len < self->n_frames)
    g_array_append_val (self->times, time);
  self->begun = 0;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double left = *(const double *) a;
  double right = *(const double *) b;

  return left < right ? -1 : left > right;
}

/**
 * frame_meter_run:
 * @widget: a mapped widget
 * @n_frames: how many frames to measure, at least one
 * @step: changes something that has to be drawn
 * @data: for @step
 * @figures: (out): what was measured
 *
 * What happens between frames (events, idle sources) is not counted. Main thread.
 */
void
frame_meter_run (GtkWidget *widget,
                 guint n_frames,
                 FrameStep step,
                 gpointer data,
                 FrameFigures *figures)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));
  Meter meter = { gtk_widget_get_frame_clock (widget), step, data, times, 0, n_frames };
  gulong before;
  gulong after;

  g_return_if_fail (meter.clock != NULL && n_frames > 0);

  before = g_signal_connect (meter.clock, "before-paint", G_CALLBACK (before_paint_cb), &meter);
  after = g_signal_connect (meter.clock, "after-paint", G_CALLBACK (after_paint_cb), &meter);
  gdk_frame_clock_begin_updating (meter.clock);
  while (times->len < n_frames)
    g_main_context_iteration (NULL, TRUE);
  gdk_frame_clock_end_updating (meter.clock);
  g_signal_handler_disconnect (meter.clock, before);
  g_signal_handler_disconnect (meter.clock, after);

  g_array_sort (times, compare_doubles);
  figures->n_frames = times->len;
  figures->median = g_array_index (times, double, times->len / 2);
  figures->percentile_99 = g_array_index (times, double, (times->len - 1) * 99 / 100);
  figures->worst = g_array_index (times, double, times->len - 1);
}

void
frame_meter_print (const char *what, const FrameFigures *figures)
{
  g_print ("%s: %u frames, median %.2f ms, 99th percentile %.2f ms, worst %.2f ms\n", what,
           figures->n_frames, figures->median, figures->percentile_99, figures->worst);
}
