/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What can be done with a machine from the window, by menu, button or key. Whether it can be done
 * now is the model's to say; it is looked up in one table here.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "model/strata-host-power.h"
#include "ui/template/strata-deploy-dialog.h"
#include "ui/shell/strata-error-dialog.h"
#include "strata-machine-actions.h"
#include "ui/template/strata-make-template-dialog.h"
#include "ui/job/strata-plan-dialog.h"

#define VIEWER "virt-viewer"

static const struct
{
  const char *action;
  StrataCapability capability;
} abilities[] = {
  { "machine.start", STRATA_CAPABILITY_START },
  { "machine.shut-down", STRATA_CAPABILITY_SHUT_DOWN },
  { "machine.force-off", STRATA_CAPABILITY_FORCE_OFF },
  { "machine.open-console", STRATA_CAPABILITY_OPEN_CONSOLE },
  { "machine.make-template", STRATA_CAPABILITY_MAKE_TEMPLATE },
  { "machine.deploy", STRATA_CAPABILITY_DEPLOY },
  { "machine.delete", STRATA_CAPABILITY_DELETE },
  { "machine.take-snapshot", STRATA_CAPABILITY_TAKE_SNAPSHOT },
};

static void
powered_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataWindow) window = STRATA_WINDOW (user_data);
  g_autoptr (GError) error = NULL;

  if (!strata_host_power_finish (STRATA_HOST (object), result, &error))
    strata_error_dialog_present (error, GTK_WIDGET (window));
}

static void
power (StrataWindow *window, StrataPowerAct act)
{
  strata_host_power_async (strata_window_get_host (window), strata_window_get_machine (window), act,
                           NULL, powered_cb, g_object_ref (window));
}

static void
start (GtkWidget *widget, const char *action, GVariant *parameter)
{
  power (STRATA_WINDOW (widget), STRATA_POWER_START);
}

static void
shut_down (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataWindow *window = STRATA_WINDOW (widget);
  g_autofree char *text = NULL;

  /* The guest takes its time; without a word nothing would seem to happen. */
  text = g_strdup_printf (_ ("Asked “%s” to shut down"),
                          strata_machine_get_name (strata_window_get_machine (window)));
  strata_window_add_toast (window, text, FALSE);
  power (window, STRATA_POWER_SHUT_DOWN);
}

static void
force_off_cb (AdwAlertDialog *dialog, const char *response, StrataWindow *window)
{
  if (g_str_equal (response, "force"))
    power (window, STRATA_POWER_FORCE_OFF);
}

static void
force_off (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataMachine *machine = strata_window_get_machine (STRATA_WINDOW (widget));
  AdwDialog *dialog = adw_alert_dialog_new (NULL, NULL);

  adw_alert_dialog_format_heading (ADW_ALERT_DIALOG (dialog), _ ("Force Off “%s”?"),
                                   strata_machine_get_name (machine));
  adw_alert_dialog_set_body (
      ADW_ALERT_DIALOG (dialog),
      _ ("This is like pulling the plug: what the guest has not written yet is lost."));
  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (dialog), "cancel", _ ("_Cancel"), "force",
                                  _ ("_Force Off"), NULL);
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (dialog), "force",
                                            ADW_RESPONSE_DESTRUCTIVE);
  g_signal_connect_object (dialog, "response", G_CALLBACK (force_off_cb), widget,
                           G_CONNECT_DEFAULT);
  adw_dialog_present (dialog, widget);
}

static void
open_console (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataWindow *window = STRATA_WINDOW (widget);
  g_autoptr (GSubprocess) viewer = NULL;
  g_autoptr (GError) error = NULL;

  viewer = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error, VIEWER, "--connect",
                             strata_host_get_uri (strata_window_get_host (window)), "--uuid",
                             strata_machine_get_uuid (strata_window_get_machine (window)), NULL);
  if (viewer == NULL)
    strata_error_dialog_present (error, GTK_WIDGET (window));
}

static void
make_template (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataWindow *window = STRATA_WINDOW (widget);

  adw_dialog_present (strata_make_template_dialog_new (strata_window_get_application (window),
                                                       strata_window_get_host (window),
                                                       strata_window_get_machine (window)),
                      widget);
}

static void
deploy (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataWindow *window = STRATA_WINDOW (widget);

  adw_dialog_present (strata_deploy_dialog_new (strata_window_get_queue (window),
                                                strata_window_get_host (window),
                                                strata_window_get_machine (window)),
                      widget);
}

static void delete (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataWindow *window = STRATA_WINDOW (widget);
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_DELETE);

  request->domain = g_strdup (strata_machine_get_uuid (strata_window_get_machine (window)));
  adw_dialog_present (strata_plan_dialog_new (strata_window_get_queue (window),
                                              strata_window_get_host (window), _ ("Delete"),
                                              request),
                      widget);
}

static void
show_clones (GtkWidget *widget, const char *action, GVariant *parameter)
{
  strata_window_show_clones (STRATA_WINDOW (widget));
}

/**
 * strata_machine_actions_install:
 * @window_class: the class of StrataWindow
 */
void
strata_machine_actions_install (GtkWidgetClass *window_class)
{
  gtk_widget_class_install_action (window_class, "machine.start", NULL, start);
  gtk_widget_class_install_action (window_class, "machine.shut-down", NULL, shut_down);
  gtk_widget_class_install_action (window_class, "machine.force-off", NULL, force_off);
  gtk_widget_class_install_action (window_class, "machine.open-console", NULL, open_console);
  gtk_widget_class_install_action (window_class, "machine.make-template", NULL, make_template);
  gtk_widget_class_install_action (window_class, "machine.deploy", NULL, deploy);
  gtk_widget_class_install_action (window_class, "machine.delete", NULL, delete);
  gtk_widget_class_install_action (window_class, "machine.show-clones", NULL, show_clones);
}

/**
 * strata_machine_actions_get_reason:
 * @machine: (nullable): a machine
 * @action: an action's name, "machine.start"
 *
 * Returns: (nullable): why @action can't be done, a sentence
 */
const char *
strata_machine_actions_get_reason (StrataMachine *machine, const char *action)
{
  g_return_val_if_fail (action != NULL, NULL);

  if (machine == NULL)
    return _ ("Nothing is selected.");

  for (size_t i = 0; i < G_N_ELEMENTS (abilities); i++)
    {
      g_autofree char *program = NULL;
      const char *reason;

      if (!g_str_equal (abilities[i].action, action))
        continue;

      reason = strata_machine_get_reason (machine, abilities[i].capability);
      if (reason != NULL || abilities[i].capability != STRATA_CAPABILITY_OPEN_CONSOLE)
        return reason;

      program = g_find_program_in_path (VIEWER);
      return program != NULL ? NULL : _ ("The program “virt-viewer” is not installed.");
    }

  return NULL;
}

/**
 * strata_machine_actions_update:
 * @window: a window
 *
 * Enables what can be done with the window's machine now.
 */
void
strata_machine_actions_update (StrataWindow *window)
{
  StrataMachine *machine;

  g_return_if_fail (STRATA_IS_WINDOW (window));

  machine = strata_window_get_machine (window);
  for (size_t i = 0; i < G_N_ELEMENTS (abilities); i++)
    gtk_widget_action_set_enabled (
        GTK_WIDGET (window), abilities[i].action,
        strata_machine_actions_get_reason (machine, abilities[i].action) == NULL);

  gtk_widget_action_set_enabled (GTK_WIDGET (window), "machine.show-clones",
                                 machine != NULL && strata_machine_is_template (machine));
}
