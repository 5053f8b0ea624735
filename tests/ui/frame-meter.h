/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* How long a window's frames take, from the beginning of a frame to where it is painted; in milliseconds. */
typedef struct
{
  guint  n_frames;
  double median;
  double percentile_99;
  double worst;
} FrameFigures;

/* Changes something that has to be drawn; FRAME counts from 0. */
typedef void (*FrameStep) (guint    frame,
                           gpointer data);

/* Runs the main loop until N_FRAMES frames of the window that WIDGET is in, which is mapped, were painted, STEP being
 * called at the head of each. */
void frame_meter_run   (GtkWidget          *widget,
                        guint               n_frames,
                        FrameStep           step,
                        gpointer            data,
                        FrameFigures       *figures);
/* "WHAT: 300 frames, median 4.21 ms, 99th percentile 9.80 ms, worst 12.01 ms" on stdout */
void frame_meter_print (const char         *what,
                        const FrameFigures *figures);

G_END_DECLS
