/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataWindow: puts the sidebar, the page of what is selected, and the operations together. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-close-dialog.h"
#include "strata-host-page.h"
#include "ui/machine/strata-machine-actions.h"
#include "ui/machine/strata-machine-page.h"
#include "ui/map/strata-map-page.h"
#include "ui/job/strata-operations-bar.h"
#include "ui/job/strata-operations.h"
#include "ui/job/strata-recovery-controller.h"
#include "strata-sidebar.h"
#include "ui/snapshot/strata-snapshot-actions.h"
#include "ui/template/strata-template-page.h"
#include "strata-window-actions.h"
#include "strata-window.h"

struct _StrataWindow
{
  AdwApplicationWindow parent_instance;

  StrataHost *host;
  StrataJobQueue *queue;
  GSignalGroup *machine_signals;
  StrataRecoveryController *recovery;
  gboolean may_close;
  gboolean shows_map; /* while no machine is selected */

  AdwToastOverlay *toasts;
  AdwBottomSheet *sheet;
  AdwNavigationSplitView *split_view;
  AdwNavigationPage *sidebar_page;
  AdwNavigationPage *content_page;
  StrataSidebar *sidebar;
  GtkStack *content_stack;
  StrataMapPage *map_page;
  StrataTemplatePage *template_page;
};

typedef enum
{
  PROP_HOST = 1,
  PROP_HOST_URI,
  PROP_QUEUE,
  N_PROPS,
} StrataWindowProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataWindow, strata_window, ADW_TYPE_APPLICATION_WINDOW)

static void
update_content (StrataWindow *self)
{
  StrataMachine *machine = strata_sidebar_get_machine (self->sidebar);
  const char *title = machine != NULL ? strata_machine_get_name (machine) : _ ("Strata");
  const char *page = "host";

  if (self->shows_map)
    {
      page = "map";
      title = _ ("Map");
    }
  else if (machine != NULL)
    page = strata_machine_is_template (machine) ? "template" : "machine";

  gtk_stack_set_visible_child_name (self->content_stack, page);
  adw_navigation_page_set_title (self->content_page, title);
  strata_machine_actions_update (self);
}

static void
machine_changed_cb (StrataWindow *self)
{
  StrataMachine *machine = strata_sidebar_get_machine (self->sidebar);

  g_signal_group_set_target (self->machine_signals, machine);
  self->shows_map &= machine == NULL;
  update_content (self);
}

/* What had the focus may be out of sight now (the row, or the button back to the list), and keys would
 * go nowhere. */
static void
rescue_focus_cb (gpointer user_data)
{
  g_autoptr (StrataWindow) self = STRATA_WINDOW (user_data);
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));

  if (self->sidebar == NULL || (focus != NULL && gtk_widget_get_mapped (focus)))
    return;

  if (gtk_widget_get_mapped (GTK_WIDGET (self->sidebar)))
    strata_sidebar_focus_list (self->sidebar);
  else
    gtk_widget_child_focus (GTK_WIDGET (self->content_page), GTK_DIR_TAB_FORWARD);
}

static void
collapsed_changed_cb (StrataWindow *self)
{
  g_idle_add_once (rescue_focus_cb, g_object_ref (self));
}

static void
row_activated_cb (StrataWindow *self)
{
  adw_navigation_split_view_set_show_content (self->split_view, TRUE);
}

static gboolean
strata_window_close_request (GtkWindow *window)
{
  StrataWindow *self = STRATA_WINDOW (window);

  if (!self->may_close && strata_job_queue_get_n_active (self->queue) > 0)
    {
      strata_close_dialog_ask (self);
      return TRUE;
    }

  return GTK_WINDOW_CLASS (strata_window_parent_class)->close_request (window);
}

static void
bind_settings (StrataWindow *self, GSettings *settings)
{
  g_settings_bind (settings, "window-width", self, "default-width", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "window-height", self, "default-height", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "window-maximized", self, "maximized", G_SETTINGS_BIND_DEFAULT);
}

static void
queue_changed_cb (StrataWindow *self)
{
  adw_bottom_sheet_set_reveal_bottom_bar (
      self->sheet, g_list_model_get_n_items (G_LIST_MODEL (self->queue)) > 0);
}

static void
strata_window_dispose (GObject *object)
{
  StrataWindow *self = STRATA_WINDOW (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_WINDOW);
  g_clear_object (&self->machine_signals);
  g_clear_object (&self->recovery);
  g_clear_object (&self->host);
  g_clear_object (&self->queue);

  G_OBJECT_CLASS (strata_window_parent_class)->dispose (object);
}

static void
strata_window_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  StrataWindow *self = STRATA_WINDOW (object);

  switch ((StrataWindowProperty) prop_id)
    {
    case PROP_HOST:
      g_value_set_object (value, self->host);
      break;
    case PROP_HOST_URI:
      g_value_set_string (value, self->host != NULL ? strata_host_get_uri (self->host) : "");
      break;
    case PROP_QUEUE:
      g_value_set_object (value, self->queue);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_window_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  StrataWindow *self = STRATA_WINDOW (object);

  switch ((StrataWindowProperty) prop_id)
    {
    case PROP_HOST:
      strata_window_set_host (self, g_value_get_object (value));
      break;
    case PROP_HOST_URI:
      if (g_value_get_string (value) != NULL)
        strata_window_connect_to (self, g_value_get_string (value));
      break;
    case PROP_QUEUE:
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_window_class_init (StrataWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  GtkWindowClass *window_class = GTK_WINDOW_CLASS (klass);
  const GParamFlags flags = G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = strata_window_dispose;
  object_class->get_property = strata_window_get_property;
  object_class->set_property = strata_window_set_property;
  window_class->close_request = strata_window_close_request;

  properties[PROP_HOST] =
      g_param_spec_object ("host", NULL, NULL, STRATA_TYPE_HOST, flags | G_PARAM_READWRITE);
  properties[PROP_HOST_URI] =
      g_param_spec_string ("host-uri", NULL, NULL, "", flags | G_PARAM_READWRITE);
  properties[PROP_QUEUE] =
      g_param_spec_object ("queue", NULL, NULL, STRATA_TYPE_JOB_QUEUE, flags | G_PARAM_READABLE);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  strata_machine_actions_install (widget_class);
  strata_snapshot_actions_install (widget_class);
  strata_window_actions_install (widget_class);
  gtk_widget_class_install_property_action (widget_class, "window.host-uri", "host-uri");

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-window.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, sheet);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, split_view);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, sidebar_page);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, content_page);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, sidebar);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, content_stack);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, map_page);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, template_page);
  gtk_widget_class_bind_template_callback (widget_class, collapsed_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, machine_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
}

static void
strata_window_init (StrataWindow *self)
{
  g_type_ensure (STRATA_TYPE_SIDEBAR);
  g_type_ensure (STRATA_TYPE_HOST_PAGE);
  g_type_ensure (STRATA_TYPE_MACHINE_PAGE);
  g_type_ensure (STRATA_TYPE_MAP_PAGE);
  g_type_ensure (STRATA_TYPE_TEMPLATE_PAGE);
  g_type_ensure (STRATA_TYPE_OPERATIONS);
  g_type_ensure (STRATA_TYPE_OPERATIONS_BAR);

  self->machine_signals = g_signal_group_new (STRATA_TYPE_MACHINE);
  g_signal_group_connect_swapped (self->machine_signals, "notify", G_CALLBACK (update_content),
                                  self);

  gtk_widget_init_template (GTK_WIDGET (self));
  update_content (self);
}

/**
 * strata_window_new:
 * @application: the application, whose jobs and hosts the window shows
 *
 * Returns: (transfer none): a new window; GTK owns it
 */
StrataWindow *
strata_window_new (StrataApplication *application)
{
  StrataWindow *self;

  g_return_val_if_fail (STRATA_IS_APPLICATION (application), NULL);

  self = g_object_new (STRATA_TYPE_WINDOW, "application", application, NULL);
  self->queue = g_object_ref (strata_application_get_queue (application));
  g_signal_connect_object (self->queue, "items-changed", G_CALLBACK (queue_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_QUEUE]);
  queue_changed_cb (self);

  strata_sidebar_set_hosts (self->sidebar, strata_application_get_hosts (application));
  bind_settings (self, strata_application_get_settings (application));
  self->recovery = strata_recovery_controller_new (self);

  return self;
}

StrataApplication *
strata_window_get_application (StrataWindow *self)
{
  g_return_val_if_fail (STRATA_IS_WINDOW (self), NULL);

  return STRATA_APPLICATION (gtk_window_get_application (GTK_WINDOW (self)));
}

StrataJobQueue *
strata_window_get_queue (StrataWindow *self)
{
  g_return_val_if_fail (STRATA_IS_WINDOW (self), NULL);

  return self->queue;
}

StrataHost *
strata_window_get_host (StrataWindow *self)
{
  g_return_val_if_fail (STRATA_IS_WINDOW (self), NULL);

  return self->host;
}

/**
 * strata_window_set_host:
 * @self: a window
 * @host: a host
 *
 * Shows @host and connects to it. The one shown before is let go, unless jobs use its connection.
 */
void
strata_window_set_host (StrataWindow *self, StrataHost *host)
{
  g_return_if_fail (STRATA_IS_WINDOW (self));
  g_return_if_fail (STRATA_IS_HOST (host));

  if (self->host == host)
    return;

  if (self->host != NULL)
    strata_host_disconnect (self->host);
  g_set_object (&self->host, host);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HOST]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HOST_URI]);
  adw_navigation_page_set_title (self->sidebar_page, strata_host_get_name (host));
  g_settings_set_string (strata_application_get_settings (strata_window_get_application (self)),
                         "last-connection", strata_host_get_uri (host));
  strata_host_connect (host);
}

StrataMachine *
strata_window_get_machine (StrataWindow *self)
{
  g_return_val_if_fail (STRATA_IS_WINDOW (self), NULL);

  return self->sidebar != NULL ? strata_sidebar_get_machine (self->sidebar) : NULL;
}

/**
 * strata_window_connect_to:
 * @self: a window
 * @uri: a libvirt URI
 *
 * Shows the host of @uri, which is remembered for the next start.
 */
void
strata_window_connect_to (StrataWindow *self, const char *uri)
{
  g_return_if_fail (STRATA_IS_WINDOW (self));
  g_return_if_fail (uri != NULL);

  strata_window_set_host (
      self, strata_application_ensure_host (strata_window_get_application (self), uri));
}

/**
 * strata_window_select:
 * @self: a window
 * @uuid: UUID of a machine
 *
 * Selects the machine, if it is on the window's host.
 */
void
strata_window_select (StrataWindow *self, const char *uuid)
{
  StrataMachine *machine;

  g_return_if_fail (STRATA_IS_WINDOW (self));
  g_return_if_fail (uuid != NULL);

  machine = self->host != NULL ? strata_host_find (self->host, uuid) : NULL;
  if (machine != NULL)
    strata_sidebar_set_machine (self->sidebar, machine);
}

void
strata_window_search (StrataWindow *self)
{
  g_return_if_fail (STRATA_IS_WINDOW (self));

  adw_navigation_split_view_set_show_content (self->split_view, FALSE);
  strata_sidebar_search (self->sidebar);
}

void
strata_window_show_operations (StrataWindow *self)
{
  g_return_if_fail (STRATA_IS_WINDOW (self));

  adw_bottom_sheet_set_open (self->sheet, TRUE);
}

/**
 * strata_window_show_unfinished:
 * @self: a window
 *
 * Shows what was left unfinished on its host.
 */
void
strata_window_show_unfinished (StrataWindow *self)
{
  g_return_if_fail (STRATA_IS_WINDOW (self));

  strata_recovery_controller_show (self->recovery);
}

/**
 * strata_window_show_map:
 * @self: a window
 *
 * Shows the map of the host, until a machine is selected.
 */
void
strata_window_show_map (StrataWindow *self)
{
  g_return_if_fail (STRATA_IS_WINDOW (self));

  strata_sidebar_set_machine (self->sidebar, NULL);
  self->shows_map = TRUE;
  update_content (self);
  adw_navigation_split_view_set_show_content (self->split_view, TRUE);
  strata_map_page_focus (self->map_page);
}

/**
 * strata_window_close_now:
 * @self: a window
 *
 * Closes the window without asking, though work is under way.
 */
void
strata_window_close_now (StrataWindow *self)
{
  g_return_if_fail (STRATA_IS_WINDOW (self));

  self->may_close = TRUE;
  gtk_window_close (GTK_WINDOW (self));
}

/**
 * strata_window_show_clones:
 * @self: a window in which a template is selected
 *
 * Shows the template's page where it lists its clones.
 */
void
strata_window_show_clones (StrataWindow *self)
{
  g_return_if_fail (STRATA_IS_WINDOW (self));

  adw_navigation_split_view_set_show_content (self->split_view, TRUE);
  strata_template_page_show_clones (self->template_page);
}

/**
 * strata_window_add_toast:
 * @self: a window
 * @text: a few words, not markup
 * @operations: whether the toast has a button that opens the operations
 */
void
strata_window_add_toast (StrataWindow *self, const char *text, gboolean operations)
{
  AdwToast *toast;

  g_return_if_fail (STRATA_IS_WINDOW (self));
  g_return_if_fail (text != NULL);

  toast = adw_toast_new (text);
  if (operations)
    {
      adw_toast_set_button_label (toast, _ ("_Details"));
      g_signal_connect_object (toast, "button-clicked", G_CALLBACK (strata_window_show_operations),
                               self, G_CONNECT_SWAPPED);
    }
  strata_window_take_toast (self, toast);
}

/**
 * strata_window_take_toast:
 * @self: a window
 * @toast: (transfer full): a toast, whose title is not markup
 */
void
strata_window_take_toast (StrataWindow *self, AdwToast *toast)
{
  g_return_if_fail (STRATA_IS_WINDOW (self));
  g_return_if_fail (ADW_IS_TOAST (toast));

  adw_toast_set_use_markup (toast, FALSE);
  adw_toast_overlay_add_toast (self->toasts, toast);
}
