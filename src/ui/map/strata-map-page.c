/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMapPage: the map of a host, and what is around it: search, zoom, and what is said of a node.
 *
 * The map is made and laid out in a worker each time the monitor has looked at the host; the last one stays until then.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "model/map/strata-map-summary.h"
#include "model/map/strata-map-task.h"
#include "strata-map-legend.h"
#include "strata-map-page.h"
#include "strata-map-panel.h"
#include "strata-map-search.h"
#include "strata-map-view.h"

#define ZOOM_STEP 1.3

struct _StrataMapPage
{
  AdwBin parent_instance;

  StrataHost *host;
  StrataGraphMonitor *monitor; /* of the host; held while the page shows */
  GSignalGroup *monitor_signals;
  GCancellable *cancellable; /* of the layout under way */
  gboolean held;
  gboolean wants_focus;

  AdwWindowTitle *title;
  AdwSpinner *spinner;
  AdwBanner *banner;
  AdwStatusPage *failed;
  GtkStack *stack;
  StrataMapSearch *search;
  StrataMapView *view;
  GtkRevealer *panel_revealer;
  StrataMapPanel *panel;
};

typedef enum
{
  PROP_HOST = 1,
  N_PROPS,
} StrataMapPageProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataMapPage, strata_map_page, ADW_TYPE_BIN)

static void
update_stack (StrataMapPage *self)
{
  StrataMapLayout *layout = strata_map_view_get_layout (self->view);
  const char *error =
      self->monitor != NULL ? strata_graph_monitor_get_error_message (self->monitor) : NULL;
  const char *page = "looking";

  if (layout != NULL)
    page = layout->places->len > 0 ? "map" : "empty";
  else if (error != NULL)
    page = "failed";

  gtk_stack_set_visible_child_name (self->stack, page);
  adw_status_page_set_description (self->failed, NULL);
  if (error != NULL)
    {
      g_autofree char *escaped = g_markup_escape_text (error, -1);

      adw_status_page_set_description (self->failed, escaped);
      adw_banner_set_title (self->banner, error);
    }
  adw_banner_set_revealed (self->banner, error != NULL && layout != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner),
                          layout != NULL && self->monitor != NULL &&
                              strata_graph_monitor_get_busy (self->monitor));
}

static void
focus_if_wanted (StrataMapPage *self)
{
  if (self->wants_focus && gtk_widget_get_mapped (GTK_WIDGET (self->view)))
    self->wants_focus = !gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

static void
drawn_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataMapPage) self = STRATA_MAP_PAGE (user_data);
  g_autoptr (StrataMapLayout) layout = strata_map_task_finish (result, NULL);
  g_autofree char *subtitle = NULL;

  /* A newer one is under way, or the page is gone. */
  if (layout == NULL || g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return;

  g_clear_object (&self->cancellable);
  strata_map_view_set_layout (self->view, layout);
  subtitle = strata_map_summary_to_words (layout->map);
  adw_window_title_set_subtitle (self->title, subtitle);
  update_stack (self);
  strata_map_search_again (self->search);
  focus_if_wanted (self);
}

static void
forget_draft (StrataMapPage *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

static void
draw (StrataMapPage *self)
{
  StrataGraph *graph =
      self->monitor != NULL ? strata_graph_monitor_get_graph (self->monitor) : NULL;

  forget_draft (self);
  if (graph == NULL)
    return;

  self->cancellable = g_cancellable_new ();
  strata_map_task_async (graph, strata_map_view_get_layout (self->view), self->cancellable,
                         drawn_cb, g_object_ref (self));
}

static void
hold (StrataMapPage *self, gboolean held)
{
  if (self->held == held)
    return;

  self->held = held;
  if (!held)
    {
      strata_graph_monitor_release (self->monitor);
      return;
    }
  strata_graph_monitor_hold (self->monitor);
  /* Not everything that happens to images has an event. */
  strata_graph_monitor_refresh (self->monitor);
}

static void
set_host (StrataMapPage *self, StrataHost *host)
{
  if (self->host == host)
    return;

  hold (self, FALSE);
  g_set_object (&self->host, host);
  g_clear_object (&self->monitor);
  if (host != NULL)
    self->monitor = g_object_ref (strata_host_get_graph_monitor (host));
  g_signal_group_set_target (self->monitor_signals, self->monitor);
  if (self->view != NULL)
    {
      strata_map_view_set_layout (self->view, NULL);
      adw_window_title_set_subtitle (self->title, "");
      update_stack (self);
      draw (self);
    }
  hold (self, host != NULL && gtk_widget_get_mapped (GTK_WIDGET (self)));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HOST]);
}

static void
active_changed_cb (StrataMapPage *self)
{
  StrataMapLayout *layout = strata_map_view_get_layout (self->view);
  guint active = strata_map_highlight_get_active (strata_map_view_get_highlight (self->view));
  gboolean shown = layout != NULL && active != STRATA_MAP_NONE;

  if (self->panel == NULL)
    return;

  if (shown)
    strata_map_panel_show_node (self->panel, layout->map, active);
  gtk_revealer_set_reveal_child (self->panel_revealer, shown);
  /* What only shows while the pointer is elsewhere must not be in the pointer's way. */
  gtk_widget_set_can_target (
      GTK_WIDGET (self->panel_revealer),
      shown && strata_map_highlight_get_selected (strata_map_view_get_highlight (self->view)) !=
                   STRATA_MAP_NONE);
}

static void
activated_cb (StrataMapPage *self, guint index)
{
  StrataMapLayout *layout = strata_map_view_get_layout (self->view);
  const char *owner = strata_map_get_owner (layout->map, index);

  if (owner != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "window.select", "s", owner);
  else
    gtk_widget_error_bell (GTK_WIDGET (self));
}

static void
search (GtkWidget *widget, const char *action, GVariant *parameter)
{
  strata_map_search_start (STRATA_MAP_PAGE (widget)->search);
}

static void
zoom (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataMapViewport *viewport = strata_map_view_get_viewport (STRATA_MAP_PAGE (widget)->view);
  double factor = g_str_equal (action, "map.zoom-in") ? ZOOM_STEP : 1 / ZOOM_STEP;

  strata_map_viewport_zoom_to (viewport, strata_map_viewport_get_zoom (viewport) * factor);
}

static void
zoom_fit (GtkWidget *widget, const char *action, GVariant *parameter)
{
  strata_map_viewport_fit (strata_map_view_get_viewport (STRATA_MAP_PAGE (widget)->view), TRUE);
}

static void
refresh (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataMapPage *self = STRATA_MAP_PAGE (widget);

  if (self->monitor != NULL)
    strata_graph_monitor_refresh (self->monitor);
}

static void
strata_map_page_map (GtkWidget *widget)
{
  StrataMapPage *self = STRATA_MAP_PAGE (widget);

  GTK_WIDGET_CLASS (strata_map_page_parent_class)->map (widget);
  hold (self, self->monitor != NULL);
  focus_if_wanted (self);
}

static void
strata_map_page_unmap (GtkWidget *widget)
{
  hold (STRATA_MAP_PAGE (widget), FALSE);
  GTK_WIDGET_CLASS (strata_map_page_parent_class)->unmap (widget);
}

static void
strata_map_page_dispose (GObject *object)
{
  StrataMapPage *self = STRATA_MAP_PAGE (object);

  forget_draft (self);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_MAP_PAGE);
  if (self->monitor_signals != NULL)
    set_host (self, NULL);
  g_clear_object (&self->monitor_signals);

  G_OBJECT_CLASS (strata_map_page_parent_class)->dispose (object);
}

static void
strata_map_page_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch ((StrataMapPageProperty) prop_id)
    {
    case PROP_HOST:
      g_value_set_object (value, STRATA_MAP_PAGE (object)->host);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_map_page_set_property (GObject *object,
                              guint prop_id,
                              const GValue *value,
                              GParamSpec *pspec)
{
  switch ((StrataMapPageProperty) prop_id)
    {
    case PROP_HOST:
      set_host (STRATA_MAP_PAGE (object), g_value_get_object (value));
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_actions (GtkWidgetClass *widget_class)
{
  static const guint zoom_in[] = { GDK_KEY_plus, GDK_KEY_equal, GDK_KEY_KP_Add };
  static const guint zoom_out[] = { GDK_KEY_minus, GDK_KEY_KP_Subtract };
  static const guint fit[] = { GDK_KEY_0, GDK_KEY_KP_0 };

  gtk_widget_class_install_action (widget_class, "map.search", NULL, search);
  gtk_widget_class_install_action (widget_class, "map.zoom-in", NULL, zoom);
  gtk_widget_class_install_action (widget_class, "map.zoom-out", NULL, zoom);
  gtk_widget_class_install_action (widget_class, "map.zoom-fit", NULL, zoom_fit);
  gtk_widget_class_install_action (widget_class, "map.refresh", NULL, refresh);

  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_f, GDK_CONTROL_MASK, "map.search",
                                       NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F5, 0, "map.refresh", NULL);
  /* With Ctrl too, as elsewhere. */
  for (guint i = 0; i < 2; i++)
    {
      GdkModifierType state = i == 0 ? 0 : GDK_CONTROL_MASK;

      for (guint j = 0; j < G_N_ELEMENTS (zoom_in); j++)
        gtk_widget_class_add_binding_action (widget_class, zoom_in[j], state, "map.zoom-in", NULL);
      for (guint j = 0; j < G_N_ELEMENTS (zoom_out); j++)
        gtk_widget_class_add_binding_action (widget_class, zoom_out[j], state, "map.zoom-out",
                                             NULL);
      for (guint j = 0; j < G_N_ELEMENTS (fit); j++)
        gtk_widget_class_add_binding_action (widget_class, fit[j], state, "map.zoom-fit", NULL);
    }
}

static void
strata_map_page_class_init (StrataMapPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_map_page_dispose;
  object_class->get_property = strata_map_page_get_property;
  object_class->set_property = strata_map_page_set_property;
  widget_class->map = strata_map_page_map;
  widget_class->unmap = strata_map_page_unmap;

  properties[PROP_HOST] =
      g_param_spec_object ("host", NULL, NULL, STRATA_TYPE_HOST,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  install_actions (widget_class);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-map-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataMapPage, title);
  gtk_widget_class_bind_template_child (widget_class, StrataMapPage, spinner);
  gtk_widget_class_bind_template_child (widget_class, StrataMapPage, banner);
  gtk_widget_class_bind_template_child (widget_class, StrataMapPage, failed);
  gtk_widget_class_bind_template_child (widget_class, StrataMapPage, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataMapPage, search);
  gtk_widget_class_bind_template_child (widget_class, StrataMapPage, view);
  gtk_widget_class_bind_template_child (widget_class, StrataMapPage, panel_revealer);
  gtk_widget_class_bind_template_child (widget_class, StrataMapPage, panel);
  gtk_widget_class_bind_template_callback (widget_class, active_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, activated_cb);
}

static void
strata_map_page_init (StrataMapPage *self)
{
  g_type_ensure (STRATA_TYPE_MAP_LEGEND);
  g_type_ensure (STRATA_TYPE_MAP_PANEL);
  g_type_ensure (STRATA_TYPE_MAP_SEARCH);
  g_type_ensure (STRATA_TYPE_MAP_VIEW);

  gtk_widget_init_template (GTK_WIDGET (self));
  self->monitor_signals = g_signal_group_new (STRATA_TYPE_GRAPH_MONITOR);
  g_signal_group_connect_swapped (self->monitor_signals, "notify::graph", G_CALLBACK (draw), self);
  g_signal_group_connect_swapped (self->monitor_signals, "notify::busy", G_CALLBACK (update_stack),
                                  self);
  g_signal_group_connect_swapped (self->monitor_signals, "notify::error-message",
                                  G_CALLBACK (update_stack), self);
  update_stack (self);
}

/**
 * strata_map_page_focus:
 * @self: a page
 *
 * Puts the keyboard's focus on the map, as soon as there is one.
 */
void
strata_map_page_focus (StrataMapPage *self)
{
  g_return_if_fail (STRATA_IS_MAP_PAGE (self));

  self->wants_focus = TRUE;
  focus_if_wanted (self);
}
