/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How long a frame of the map takes while it is moved: map-frames [FRAMES [IMAGES]]. */

#include "config.h"

#include <stdlib.h>
#include <time.h>

#include "frame-meter.h"
#include "host-on-paper.h"
#include "ui/map/strata-map-view.h"

#define N_CLONES 20 /* of each template; each has a snapshot */

typedef struct
{
  StrataMapView *view;
  GtkWindow *window;
  double zoom; /* where a run begins */
} Scene;

static StrataGraph *
make_host (guint n_images)
{
  StrataGraph *graph = paper_host_new ();
  guint n = 0;

  for (guint t = 0; n < n_images; t++)
    {
      g_autofree char *base = g_strdup_printf ("base-%u.qcow2", t);
      g_autofree char *template = g_strdup_printf ("template-%u", t);

      paper_host_image (graph, base, NULL);
      paper_host_add (graph, template, STRATA_DOMAIN_STATE_OFF, TRUE, NULL, base, NULL);
      n++;
      for (guint c = 0; c < N_CLONES && n < n_images; c++, n += 2)
        {
          g_autofree char *first = g_strdup_printf ("clone-%u-%u.qcow2", t, c);
          g_autofree char *second = g_strdup_printf ("clone-%u-%u.before-upgrade.qcow2", t, c);
          g_autofree char *name = g_strdup_printf ("clone-%u-%u", t, c);

          paper_host_image (graph, first, base);
          paper_host_image (graph, second, first);
          paper_host_add (graph, name, STRATA_DOMAIN_STATE_RUNNING, FALSE, NULL, second, NULL);
          paper_host_snapshot (graph, name, "before-upgrade", NULL, first, TRUE, FALSE);
        }
    }

  return graph;
}

static void
pan_step (guint frame, gpointer data)
{
  StrataMapViewport *viewport = strata_map_view_get_viewport (((Scene *) data)->view);
  double by = frame % 120 < 60 ? 9 : -9;

  strata_map_viewport_pan (viewport, by / 3, by);
}

static void
zoom_step (guint frame, gpointer data)
{
  Scene *scene = data;
  StrataMapViewport *viewport = strata_map_view_get_viewport (scene->view);
  double factor = frame % 120 < 60 ? 1.02 : 1 / 1.02;

  strata_map_viewport_zoom_at (viewport, strata_map_viewport_get_zoom (viewport) * factor, 400,
                               300);
}

/* From node to node, as the pointer does: what is lit changes with each frame. */
static void
hover_step (guint frame, gpointer data)
{
  StrataMapView *view = ((Scene *) data)->view;

  strata_map_highlight_set_hovered (strata_map_view_get_highlight (view),
                                    frame % strata_map_view_get_layout (view)->places->len);
}

static void
run (Scene *scene, const char *what, double zoom, guint n_frames, FrameStep step)
{
  StrataMapViewport *viewport = strata_map_view_get_viewport (scene->view);
  StrataMapLayout *layout = strata_map_view_get_layout (scene->view);
  FrameFigures figures;
  clock_t begun;

  strata_map_highlight_set_hovered (strata_map_view_get_highlight (scene->view), STRATA_MAP_NONE);
  strata_map_viewport_fit (viewport, FALSE);
  if (zoom > 0)
    strata_map_viewport_zoom_at (viewport, zoom, 500, 300);
  begun = clock ();
  frame_meter_run (GTK_WIDGET (scene->view), n_frames, step, scene, &figures);
  /* The processor's time says something on a busy machine as well. */
  g_print ("zoom %.2f, %u things, %.2f ms of processor a frame: ",
           strata_map_viewport_get_zoom (viewport), layout->places->len,
           (double) (clock () - begun) * 1000 / CLOCKS_PER_SEC / n_frames);
  frame_meter_print (what, &figures);
}

int
main (int argc, char **argv)
{
  guint n_frames = argc > 1 ? (guint) atoi (argv[1]) : 300;
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (StrataMap) map = NULL;
  g_autoptr (StrataMapLayout) layout = NULL;
  g_autoptr (GtkCssProvider) css = NULL;
  Scene scene;

  adw_init ();
  css = gtk_css_provider_new ();
  gtk_css_provider_load_from_resource (css, "/io/github/stratavm/Strata/style.css");
  gtk_style_context_add_provider_for_display (gdk_display_get_default (), GTK_STYLE_PROVIDER (css),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
  graph = make_host (argc > 2 ? (guint) atoi (argv[2]) : 1000);
  map = strata_map_new (graph);
  layout = strata_map_layout_new (map, NULL);

  scene.view = g_object_new (STRATA_TYPE_MAP_VIEW, NULL);
  scene.window = GTK_WINDOW (gtk_window_new ());
  gtk_window_set_default_size (scene.window, 1000, 680);
  gtk_window_set_child (scene.window, GTK_WIDGET (scene.view));
  strata_map_view_set_layout (scene.view, layout);
  gtk_window_present (scene.window);
  while (gtk_widget_get_width (GTK_WIDGET (scene.view)) == 0)
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;

  run (&scene, "pan, to be read", 1, n_frames, pan_step);
  run (&scene, "pan, half size", 0.5, n_frames, pan_step);
  run (&scene, "pan, cards without text", 0.3, n_frames, pan_step);
  run (&scene, "pan, all in sight", 0, n_frames, pan_step);
  run (&scene, "zoom, to be read", 0.6, n_frames, zoom_step);
  run (&scene, "zoom, all in sight", 0, n_frames, zoom_step);
  run (&scene, "hover, to be read", 1, n_frames, hover_step);
  run (&scene, "hover, all in sight", 0, n_frames, hover_step);
  gtk_window_destroy (scene.window);

  return 0;
}
