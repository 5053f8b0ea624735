/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What can be done with snapshots from the window. What the planner would refuse is refused in its dialog, with the reason. */

#include "config.h"

#include <glib/gi18n.h>

#include "ui/machine/strata-clone-form.h"
#include "strata-edit-form.h"
#include "ui/disk/strata-merge-form.h"
#include "ui/job/strata-plan-dialog.h"
#include "strata-revert-form.h"
#include "strata-revert-undo.h"
#include "strata-snapshot-actions.h"
#include "ui/shell/strata-action-context.h"
#include "strata-create-snapshot-form.h"

static AdwDialog *
present_form (StrataActionContext *context, const char *title, StrataRequestForm *form)
{
  AdwDialog *dialog =
      strata_plan_dialog_new_with_form (strata_action_context_get_queue (context),
                                        strata_action_context_get_host (context), title, form);

  adw_dialog_present (dialog, GTK_WIDGET (context));

  return dialog;
}

static void
take (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataActionContext *context = STRATA_ACTION_CONTEXT (widget);

  present_form (context, _ ("Take Snapshot"),
                strata_create_snapshot_form_new (strata_action_context_get_host (context),
                                                 strata_action_context_get_machine (context)));
}

static void
revert_submitted_cb (StrataPlanPage *page, StrataJob *job, StrataRequestForm *form)
{
  g_autoptr (StrataRequest) request = strata_request_form_make_request (form);
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (page));

  if (request->save_as != NULL && STRATA_IS_ACTION_CONTEXT (root))
    strata_revert_undo_offer (strata_action_context_get_queue (STRATA_ACTION_CONTEXT (root)),
                              strata_action_context_get_host (STRATA_ACTION_CONTEXT (root)), job,
                              request->domain, request->save_as);
}

static void
revert (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataActionContext *context = STRATA_ACTION_CONTEXT (widget);
  const char *snapshot = g_variant_get_string (parameter, NULL);
  StrataRequestForm *form =
      strata_revert_form_new (strata_action_context_get_machine (context), snapshot);
  g_autofree char *title = NULL;
  AdwDialog *dialog;

  /* Translators: %s is a snapshot. */
  title = g_strdup_printf (_ ("Revert to “%s”"), snapshot);
  dialog = present_form (context, title, form);
  g_signal_connect_object (strata_plan_dialog_get_page (dialog), "submitted",
                           G_CALLBACK (revert_submitted_cb), form, G_CONNECT_DEFAULT);
}

static void
make_machine (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataActionContext *context = STRATA_ACTION_CONTEXT (widget);

  present_form (context, _ ("New Machine from Here"),
                strata_clone_form_new (strata_action_context_get_host (context),
                                       strata_action_context_get_machine (context),
                                       g_variant_get_string (parameter, NULL)));
}

static void
edit (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataActionContext *context = STRATA_ACTION_CONTEXT (widget);

  present_form (context, _ ("Edit Snapshot"),
                strata_edit_form_new (strata_action_context_get_machine (context),
                                      g_variant_get_string (parameter, NULL)));
}

static void
delete_with (StrataActionContext *context, const char *snapshot, gboolean subtree)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SNAPSHOT_DELETE);
  StrataMachine *machine = strata_action_context_get_machine (context);

  request->domain = g_strdup (strata_machine_get_uuid (machine));
  request->snapshot = g_strdup (snapshot);
  request->snapshot_id = strata_machine_dup_snapshot_id (machine, snapshot);
  request->subtree = subtree;
  adw_dialog_present (strata_plan_dialog_new (
                          strata_action_context_get_queue (context),
                          strata_action_context_get_host (context),
                          subtree ? _ ("Delete with Children") : _ ("Delete Snapshot"), request),
                      GTK_WIDGET (context));
}

/* Nothing of an internal one merges. */
static gboolean
has_layers (StrataMachine *machine, const char *name)
{
  const StrataSnapshotFacts *snapshot =
      strata_domain_facts_find_snapshot (strata_machine_get_facts (machine), name);

  return snapshot != NULL && strata_snapshot_facts_has (snapshot, STRATA_SNAPSHOT_EXTERNAL);
}

static void
delete_one (GtkWidget *widget, const char *action, GVariant *parameter)
{
  StrataActionContext *context = STRATA_ACTION_CONTEXT (widget);
  const char *snapshot = g_variant_get_string (parameter, NULL);

  if (has_layers (strata_action_context_get_machine (context), snapshot))
    present_form (context, _ ("Delete Snapshot"),
                  strata_merge_form_new (strata_action_context_get_machine (context), snapshot));
  else
    delete_with (context, snapshot, FALSE);
}

static void
delete_children (GtkWidget *widget, const char *action, GVariant *parameter)
{
  delete_with (STRATA_ACTION_CONTEXT (widget), g_variant_get_string (parameter, NULL), TRUE);
}

/**
 * strata_snapshot_actions_install:
 * @window_class: the class of a StrataActionContext
 */
void
strata_snapshot_actions_install (GtkWidgetClass *window_class)
{
  gtk_widget_class_install_action (window_class, "machine.take-snapshot", NULL, take);
  gtk_widget_class_install_action (window_class, "snapshot.revert", "s", revert);
  gtk_widget_class_install_action (window_class, "snapshot.clone", "s", make_machine);
  gtk_widget_class_install_action (window_class, "snapshot.edit", "s", edit);
  gtk_widget_class_install_action (window_class, "snapshot.delete", "s", delete_one);
  gtk_widget_class_install_action (window_class, "snapshot.delete-children", "s", delete_children);
}
