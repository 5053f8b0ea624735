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
#include "ui/shell/strata-menu-words.h"
#include "ui/shell/strata-toast.h"

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
  g_autoptr (GtkWidget) widget = GTK_WIDGET (user_data);
  g_autoptr (GError) error = NULL;

  if (!strata_host_power_finish (STRATA_HOST (object), result, &error))
    strata_error_dialog_present (error, widget);
}

static void
power (StrataActionContext *context, StrataPowerAct act)
{
  strata_host_power_async (strata_action_context_get_host (context),
                           strata_action_context_get_machine (context), act, NULL, powered_cb,
                           g_object_ref (context));
}

static void
start (GtkWidget *widget, const char *action, GVariant *parameter)
{
  power (STRATA_ACTION_CONTEXT (widget), STRATA_POWER_START);
}

static void
shut_down (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataActionContext *context = STRATA_ACTION_CONTEXT (widget);
  g_autofree char *text = NULL;

  /* The guest takes its time; without a word nothing would seem to happen. */
  text = g_strdup_printf (_ ("Asked “%s” to shut down"),
                          strata_machine_get_name (strata_action_context_get_machine (context)));
  strata_toast_add (widget, text);
  power (context, STRATA_POWER_SHUT_DOWN);
}

static void
force_off_cb (AdwAlertDialog *dialog, const char *response, StrataActionContext *context)
{
  if (g_str_equal (response, "force"))
    power (context, STRATA_POWER_FORCE_OFF);
}

static void
force_off (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataMachine *machine = strata_action_context_get_machine (STRATA_ACTION_CONTEXT (widget));
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
  StrataActionContext *context = STRATA_ACTION_CONTEXT (widget);
  g_autoptr (GSubprocess) viewer = NULL;
  g_autoptr (GError) error = NULL;

  viewer = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error, VIEWER, "--connect",
      strata_host_get_uri (strata_action_context_get_host (context)), "--uuid",
      strata_machine_get_uuid (strata_action_context_get_machine (context)), NULL);
  if (viewer == NULL)
    strata_error_dialog_present (error, GTK_WIDGET (context));
}

static void
make_template (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataActionContext *context = STRATA_ACTION_CONTEXT (widget);

  adw_dialog_present (strata_make_template_dialog_new (strata_action_context_get_queue (context),
                                                       strata_action_context_get_settings (context),
                                                       strata_action_context_get_host (context),
                                                       strata_action_context_get_machine (context)),
                      widget);
}

static void
deploy (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataActionContext *context = STRATA_ACTION_CONTEXT (widget);

  adw_dialog_present (strata_deploy_dialog_new (strata_action_context_get_queue (context),
                                                strata_action_context_get_host (context),
                                                strata_action_context_get_machine (context)),
                      widget);
}

static void delete (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataActionContext *context = STRATA_ACTION_CONTEXT (widget);
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_DELETE);

  request->domain =
      g_strdup (strata_machine_get_uuid (strata_action_context_get_machine (context)));
  adw_dialog_present (strata_plan_dialog_new (strata_action_context_get_queue (context),
                                              strata_action_context_get_host (context),
                                              _ ("Delete"), request),
                      widget);
}

/**
 * strata_machine_actions_install:
 * @window_class: the class of a StrataActionContext
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

static const char *
get_reason (const char *action, gpointer user_data)
{
  return strata_machine_actions_get_reason (user_data, action);
}

/**
 * strata_machine_actions_explain:
 * @menu: a popover menu
 * @model: what it was made from
 * @machine: the machine that its actions are done to
 *
 * Says of each item that can't be done why not.
 */
void
strata_machine_actions_explain (GtkWidget *menu, GMenuModel *model, StrataMachine *machine)
{
  strata_menu_words_apply (menu, model, get_reason, machine);
}

/**
 * strata_machine_actions_update:
 * @context: on whose class the actions are
 *
 * Enables what can be done with its machine now.
 */
void
strata_machine_actions_update (StrataActionContext *context)
{
  StrataMachine *machine;

  g_return_if_fail (STRATA_IS_ACTION_CONTEXT (context));

  machine = strata_action_context_get_machine (context);
  for (size_t i = 0; i < G_N_ELEMENTS (abilities); i++)
    gtk_widget_action_set_enabled (
        GTK_WIDGET (context), abilities[i].action,
        strata_machine_actions_get_reason (machine, abilities[i].action) == NULL);
}
