/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataWindow: puts the sidebar, the page of what is selected, and the operations together; with the actions "window.…", and the
 * keys for them and for its machines.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-action-context.h"
#include "strata-connect-dialog.h"
#include "strata-host-page.h"
#include "strata-known-hosts.h"
#include "ui/machine/strata-machine-actions.h"
#include "ui/machine/strata-machine-page.h"
#include "ui/map/strata-map-page.h"
#include "ui/job/strata-operations-bar.h"
#include "ui/job/strata-operations.h"
#include "ui/job/strata-plan-dialog.h"
#include "ui/job/strata-recovery-controller.h"
#include "strata-prompt-dialog.h"
#include "strata-sidebar.h"
#include "ui/snapshot/strata-snapshot-actions.h"
#include "ui/template/strata-template-page.h"
#include "strata-window.h"

struct _StrataWindow
{
  AdwApplicationWindow parent_instance;

  GSettings *settings;
  GListStore *hosts; /* those that are known */
  StrataHost *host;
  StrataJobQueue *queue;
  GCancellable *choosing; /* (nullable): of the first host */
  GSignalGroup *host_signals;
  GSignalGroup *machine_signals;
  StrataRecoveryController *recovery;
  gboolean may_close;
  gboolean has_machines;
  gboolean shows_map; /* while no machine is selected */

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

static void strata_window_action_context_init (StrataActionContextInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataWindow,
                               strata_window,
                               ADW_TYPE_APPLICATION_WINDOW,
                               G_IMPLEMENT_INTERFACE (STRATA_TYPE_ACTION_CONTEXT,
                                                      strata_window_action_context_init))

static StrataHost *
strata_window_get_host (StrataActionContext *context)
{
  return STRATA_WINDOW (context)->host;
}

static StrataMachine *
strata_window_get_machine (StrataActionContext *context)
{
  StrataWindow *self = STRATA_WINDOW (context);

  return self->sidebar != NULL ? strata_sidebar_get_machine (self->sidebar) : NULL;
}

static StrataJobQueue *
strata_window_get_queue (StrataActionContext *context)
{
  return STRATA_WINDOW (context)->queue;
}

static GSettings *
strata_window_get_settings (StrataActionContext *context)
{
  return STRATA_WINDOW (context)->settings;
}

static void
strata_window_action_context_init (StrataActionContextInterface *iface)
{
  iface->get_host = strata_window_get_host;
  iface->get_machine = strata_window_get_machine;
  iface->get_queue = strata_window_get_queue;
  iface->get_settings = strata_window_get_settings;
}

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
  strata_machine_actions_update (STRATA_ACTION_CONTEXT (self));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "machine.show-clones",
                                 machine != NULL && strata_machine_is_template (machine));
}

/* A narrow window shows either the list or the page. Where there is nothing to choose from, the page tells how the connection
 * stands. */
static void
host_items_changed_cb (StrataWindow *self)
{
  gboolean has_machines = g_list_model_get_n_items (G_LIST_MODEL (self->host)) > 0;

  if (self->has_machines == has_machines)
    return;

  self->has_machines = has_machines;
  if (strata_sidebar_get_machine (self->sidebar) == NULL && !self->shows_map)
    adw_navigation_split_view_set_show_content (self->split_view, !has_machines);
}

static void
prompt_cb (StrataWindow *self, StrataPrompt *prompt)
{
  strata_prompt_dialog_present (prompt, strata_host_get_name (self->host), GTK_WIDGET (self));
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

static void
close_answered_cb (StrataWindow *self, const char *response)
{
  if (g_str_equal (response, "stay"))
    return;

  gtk_widget_activate_action (GTK_WIDGET (self),
                              g_str_equal (response, "background") ? "app.work-in-background"
                                                                   : "app.cancel-and-quit",
                              NULL);
  self->may_close = TRUE;
  gtk_window_close (GTK_WINDOW (self));
}

/* Closing the window while work is under way: it can go on without a window, or be cancelled. */
static void
ask_to_close (StrataWindow *self, guint n)
{
  AdwDialog *dialog = adw_alert_dialog_new (_ ("Work Is Under Way"), NULL);
  AdwAlertDialog *alert = ADW_ALERT_DIALOG (dialog);

  adw_alert_dialog_format_body (
      alert,
      ngettext (
          "%u operation is not finished. It can go on without the window, or be cancelled, which puts things back as they were.",
          "%u operations are not finished. They can go on without the window, or be cancelled, which puts things back as they were.",
          n),
      n);
  adw_alert_dialog_add_responses (alert, "stay", _ ("_Stay"), "quit", _ ("_Cancel and Quit"),
                                  "background", _ ("_Keep Working in Background"), NULL);
  adw_alert_dialog_set_response_appearance (alert, "quit", ADW_RESPONSE_DESTRUCTIVE);
  adw_alert_dialog_set_response_appearance (alert, "background", ADW_RESPONSE_SUGGESTED);
  adw_alert_dialog_set_default_response (alert, "background");
  adw_alert_dialog_set_close_response (alert, "stay");
  g_signal_connect_object (dialog, "response", G_CALLBACK (close_answered_cb), self,
                           G_CONNECT_SWAPPED);
  adw_dialog_present (dialog, GTK_WIDGET (self));
}

static gboolean
strata_window_close_request (GtkWindow *window)
{
  StrataWindow *self = STRATA_WINDOW (window);
  guint n = strata_job_queue_get_n_active (self->queue);

  if (!self->may_close && n > 0)
    {
      ask_to_close (self, n);
      return TRUE;
    }

  return GTK_WINDOW_CLASS (strata_window_parent_class)->close_request (window);
}

static void
bind_settings (StrataWindow *self)
{
  GSettings *settings = self->settings;

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

/* Shows HOST and connects to it. The one shown before is let go, unless jobs use its connection. */
static void
set_host (StrataWindow *self, StrataHost *host)
{
  g_assert (STRATA_IS_HOST (host));

  if (self->host == host)
    return;

  if (self->host != NULL)
    strata_host_disconnect (self->host);
  g_set_object (&self->host, host);
  g_signal_group_set_target (self->host_signals, host);
  self->has_machines = FALSE;
  adw_navigation_split_view_set_show_content (self->split_view, TRUE);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HOST]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HOST_URI]);
  adw_navigation_page_set_title (self->sidebar_page, strata_host_get_name (host));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "window.remove-host",
                                 strata_known_hosts_can_remove (host));
  strata_recovery_controller_set_host (self->recovery, host);
  g_settings_set_string (self->settings, "last-connection", strata_host_get_uri (host));
  strata_host_connect (host);
}

static void
select_machine (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataWindow *self = STRATA_WINDOW (widget);
  StrataMachine *machine =
      self->host != NULL ? strata_host_find (self->host, g_variant_get_string (parameter, NULL))
                         : NULL;

  if (machine != NULL)
    strata_sidebar_set_machine (self->sidebar, machine);
}

static void
show_operations (GtkWidget *widget, const char *action, GVariant *parameter)
{
  adw_bottom_sheet_set_open (STRATA_WINDOW (widget)->sheet, TRUE);
}

/* Until a machine is selected. */
static void
show_map (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataWindow *self = STRATA_WINDOW (widget);

  strata_sidebar_set_machine (self->sidebar, NULL);
  self->shows_map = TRUE;
  update_content (self);
  adw_navigation_split_view_set_show_content (self->split_view, TRUE);
  strata_map_page_focus (self->map_page);
}

static void
show_clones (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataWindow *self = STRATA_WINDOW (widget);

  adw_navigation_split_view_set_show_content (self->split_view, TRUE);
  strata_template_page_show_clones (self->template_page);
}

/* What earlier processes, or a cancellation, left half done. */
static void
show_unfinished (GtkWidget *widget, const char *action, GVariant *parameter)
{
  strata_recovery_controller_show (STRATA_WINDOW (widget)->recovery);
}

static void
search (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataWindow *self = STRATA_WINDOW (widget);

  adw_navigation_split_view_set_show_content (self->split_view, FALSE);
  strata_sidebar_search (self->sidebar);
}

static void
connect_to_cb (StrataWindow *self, const char *uri)
{
  strata_window_connect_to (self, uri, FALSE);
}

static void
connect_elsewhere (GtkWidget *widget, const char *action, GVariant *parameter)
{
  AdwDialog *dialog = strata_connect_dialog_new ();

  g_signal_connect_object (dialog, "connect-to", G_CALLBACK (connect_to_cb), widget,
                           G_CONNECT_SWAPPED);
  adw_dialog_present (dialog, widget);
}

static void
try_again (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataWindow *self = STRATA_WINDOW (widget);

  if (self->host != NULL)
    strata_host_connect (self->host);
}

/* A host that doesn't answer is left alone at once. */
static void
stop_connecting (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataWindow *self = STRATA_WINDOW (widget);

  g_cancellable_cancel (self->choosing);
  if (self->host != NULL)
    strata_host_disconnect (self->host);
}

static void
remove_host (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataWindow *self = STRATA_WINDOW (widget);
  g_autoptr (StrataHost) host = g_object_ref (self->host);
  g_autoptr (StrataHost) first = g_list_model_get_item (G_LIST_MODEL (self->hosts), 0);

  set_host (self, first);
  strata_known_hosts_remove (self->hosts, self->settings, host);
}

/* The host that the job was about need not be the one that is shown by now. */
static StrataHost *
find_host (StrataWindow *self, const StrataRequest *request)
{
  GListModel *hosts = G_LIST_MODEL (self->hosts);

  for (guint i = 0; request->domain != NULL && i < g_list_model_get_n_items (hosts); i++)
    {
      g_autoptr (StrataHost) host = g_list_model_get_item (hosts, i);

      if (strata_host_find (host, request->domain) != NULL)
        return host; /* the list keeps it */
    }

  return self->host;
}

static void
show_new_plan (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataWindow *self = STRATA_WINDOW (widget);
  const char *id = g_variant_get_string (parameter, NULL);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->queue)); i++)
    {
      g_autoptr (StrataJob) job = g_list_model_get_item (G_LIST_MODEL (self->queue), i);
      const StrataRequest *request = strata_plan_get_request (strata_job_get_plan (job));

      if (request == NULL || !g_str_equal (strata_job_get_id (job), id))
        continue;

      adw_dialog_present (
          strata_plan_dialog_new_for_job (self->queue, find_host (self, request), job), widget);
      return;
    }
}

static void
install_actions (GtkWidgetClass *window_class)
{
  gtk_widget_class_install_action (window_class, "window.select", "s", select_machine);
  gtk_widget_class_install_action (window_class, "window.show-operations", NULL, show_operations);
  gtk_widget_class_install_action (window_class, "window.show-map", NULL, show_map);
  gtk_widget_class_install_action (window_class, "window.show-new-plan", "s", show_new_plan);
  gtk_widget_class_install_action (window_class, "window.show-unfinished", NULL, show_unfinished);
  gtk_widget_class_install_action (window_class, "machine.show-clones", NULL, show_clones);
  gtk_widget_class_install_action (window_class, "window.search", NULL, search);
  gtk_widget_class_install_action (window_class, "window.connect", NULL, connect_elsewhere);
  gtk_widget_class_install_action (window_class, "window.try-again", NULL, try_again);
  gtk_widget_class_install_action (window_class, "window.stop-connecting", NULL, stop_connecting);
  gtk_widget_class_install_action (window_class, "window.remove-host", NULL, remove_host);

  gtk_widget_class_add_binding_action (window_class, GDK_KEY_f, GDK_CONTROL_MASK, "window.search",
                                       NULL);
  gtk_widget_class_add_binding_action (window_class, GDK_KEY_m, GDK_CONTROL_MASK, "window.show-map",
                                       NULL);
  gtk_widget_class_add_binding_action (window_class, GDK_KEY_n, GDK_CONTROL_MASK, "window.connect",
                                       NULL);
  gtk_widget_class_add_binding_action (window_class, GDK_KEY_j, GDK_CONTROL_MASK,
                                       "window.show-operations", NULL);
  gtk_widget_class_add_binding_action (window_class, GDK_KEY_s, GDK_CONTROL_MASK | GDK_SHIFT_MASK,
                                       "machine.take-snapshot", NULL);
  gtk_widget_class_add_binding_action (window_class, GDK_KEY_t, GDK_CONTROL_MASK,
                                       "machine.make-template", NULL);
  gtk_widget_class_add_binding_action (window_class, GDK_KEY_d, GDK_CONTROL_MASK, "machine.deploy",
                                       NULL);
  gtk_widget_class_add_binding_action (window_class, GDK_KEY_r, GDK_CONTROL_MASK, "machine.start",
                                       NULL);
  gtk_widget_class_install_property_action (window_class, "window.host-uri", "host-uri");
}

static void
strata_window_dispose (GObject *object)
{
  StrataWindow *self = STRATA_WINDOW (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_WINDOW);
  g_cancellable_cancel (self->choosing);
  g_clear_object (&self->choosing);
  g_clear_object (&self->host_signals);
  g_clear_object (&self->machine_signals);
  g_clear_object (&self->recovery);
  g_clear_object (&self->host);
  g_clear_object (&self->hosts);
  g_clear_object (&self->queue);
  g_clear_object (&self->settings);

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
      set_host (self, g_value_get_object (value));
      break;
    case PROP_HOST_URI:
      if (g_value_get_string (value) != NULL)
        strata_window_connect_to (self, g_value_get_string (value), FALSE);
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
  install_actions (widget_class);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-window.ui");
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

  self->host_signals = g_signal_group_new (STRATA_TYPE_HOST);
  g_signal_group_connect_swapped (self->host_signals, "items-changed",
                                  G_CALLBACK (host_items_changed_cb), self);
  g_signal_group_connect_swapped (self->host_signals, "prompt", G_CALLBACK (prompt_cb), self);
  self->machine_signals = g_signal_group_new (STRATA_TYPE_MACHINE);
  g_signal_group_connect_swapped (self->machine_signals, "notify", G_CALLBACK (update_content),
                                  self);

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "window.remove-host", FALSE);
  update_content (self);
}

/**
 * strata_window_new:
 * @application: the application
 * @settings: a person’s
 * @queue: the jobs that it shows
 * @hosts: (element-type StrataHost): those that are known; see strata_known_hosts_new()
 *
 * Returns: (transfer none): a new window; GTK owns it
 */
StrataWindow *
strata_window_new (GtkApplication *application,
                   GSettings *settings,
                   StrataJobQueue *queue,
                   GListStore *hosts)
{
  StrataWindow *self;

  g_return_val_if_fail (GTK_IS_APPLICATION (application), NULL);
  g_return_val_if_fail (STRATA_IS_JOB_QUEUE (queue), NULL);

  self = g_object_new (STRATA_TYPE_WINDOW, "application", application, NULL);
  self->settings = g_object_ref (settings);
  self->hosts = g_object_ref (hosts);
  self->queue = g_object_ref (queue);
  self->recovery = strata_recovery_controller_new (GTK_WIDGET (self), queue);
  g_signal_connect_object (self->queue, "items-changed", G_CALLBACK (queue_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_QUEUE]);
  queue_changed_cb (self);

  strata_sidebar_set_hosts (self->sidebar, G_LIST_MODEL (hosts));
  bind_settings (self);

  return self;
}

/**
 * strata_window_connect_to:
 * @self: a window
 * @uri: a libvirt URI
 * @read_only: open it for reading only, where it isn't shown already
 *
 * Shows the host of @uri, which is remembered for the next start.
 */
void
strata_window_connect_to (StrataWindow *self, const char *uri, gboolean read_only)
{
  StrataHost *host;

  g_return_if_fail (STRATA_IS_WINDOW (self));
  g_return_if_fail (uri != NULL);

  host = strata_known_hosts_ensure (self->hosts, self->settings, uri);
  if (host != self->host)
    strata_host_set_read_only (host, read_only);
  set_host (self, host);
}

static void
first_chosen_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataWindow) self = STRATA_WINDOW (user_data);
  g_autofree char *uri = strata_host_choose_first_finish (result);

  g_clear_object (&self->choosing);
  /* Another may have been named meanwhile, and the window may be closed. */
  if (self->host != NULL || self->hosts == NULL)
    return;

  strata_window_connect_to (self, uri != NULL ? uri : "qemu:///session", FALSE);
}

void
strata_window_connect_first (StrataWindow *self)
{
  g_return_if_fail (STRATA_IS_WINDOW (self));
  g_return_if_fail (self->choosing == NULL);

  self->choosing = g_cancellable_new ();
  adw_navigation_split_view_set_show_content (self->split_view, TRUE);
  strata_host_choose_first_async (self->choosing, first_chosen_cb, g_object_ref (self));
}
