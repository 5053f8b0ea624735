/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the window itself can do, and the keys for it and for its machines. */

#include "config.h"

#include "strata-connect-dialog.h"
#include "ui/job/strata-plan-dialog.h"
#include "strata-window-actions.h"
#include "strata-window.h"

static void
select_machine (GtkWidget *widget, const char *action, GVariant *parameter)
{
  strata_window_select (STRATA_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

static void
show_operations (GtkWidget *widget, const char *action, GVariant *parameter)
{
  strata_window_show_operations (STRATA_WINDOW (widget));
}

static void
show_map (GtkWidget *widget, const char *action, GVariant *parameter)
{
  strata_window_show_map (STRATA_WINDOW (widget));
}

static void
show_unfinished (GtkWidget *widget, const char *action, GVariant *parameter)
{
  strata_window_show_unfinished (STRATA_WINDOW (widget));
}

static void
search (GtkWidget *widget, const char *action, GVariant *parameter)
{
  strata_window_search (STRATA_WINDOW (widget));
}

static void
connect_elsewhere (GtkWidget *widget, const char *action, GVariant *parameter)
{
  AdwDialog *dialog = strata_connect_dialog_new ();

  g_signal_connect_object (dialog, "connect-to", G_CALLBACK (strata_window_connect_to), widget,
                           G_CONNECT_SWAPPED);
  adw_dialog_present (dialog, widget);
}

static void
try_again (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataHost *host = strata_window_get_host (STRATA_WINDOW (widget));

  if (host != NULL)
    strata_host_connect (host);
}

/* The host that the job was about need not be the one that is shown by now. */
static StrataHost *
find_host (StrataWindow *window, const StrataRequest *request)
{
  GListModel *hosts = strata_application_get_hosts (strata_window_get_application (window));

  for (guint i = 0; request->domain != NULL && i < g_list_model_get_n_items (hosts); i++)
    {
      g_autoptr (StrataHost) host = g_list_model_get_item (hosts, i);

      if (strata_host_find (host, request->domain) != NULL)
        return host; /* the list keeps it */
    }

  return strata_window_get_host (window);
}

static void
show_new_plan (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataWindow *window = STRATA_WINDOW (widget);
  StrataJobQueue *queue = strata_window_get_queue (window);
  const char *id = g_variant_get_string (parameter, NULL);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (queue)); i++)
    {
      g_autoptr (StrataJob) job = g_list_model_get_item (G_LIST_MODEL (queue), i);
      const StrataRequest *request = strata_plan_get_request (strata_job_get_plan (job));

      if (request == NULL || !g_str_equal (strata_job_get_id (job), id))
        continue;

      adw_dialog_present (strata_plan_dialog_new_for_job (queue, find_host (window, request), job),
                          widget);
      return;
    }
}

/**
 * strata_window_actions_install:
 * @window_class: the class of StrataWindow
 */
void
strata_window_actions_install (GtkWidgetClass *window_class)
{
  gtk_widget_class_install_action (window_class, "window.select", "s", select_machine);
  gtk_widget_class_install_action (window_class, "window.show-operations", NULL, show_operations);
  gtk_widget_class_install_action (window_class, "window.show-map", NULL, show_map);
  gtk_widget_class_install_action (window_class, "window.show-new-plan", "s", show_new_plan);
  gtk_widget_class_install_action (window_class, "window.show-unfinished", NULL, show_unfinished);
  gtk_widget_class_install_action (window_class, "window.search", NULL, search);
  gtk_widget_class_install_action (window_class, "window.connect", NULL, connect_elsewhere);
  gtk_widget_class_install_action (window_class, "window.try-again", NULL, try_again);

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
}
