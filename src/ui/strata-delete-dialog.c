/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Deleting a machine or template: there is nothing to choose, so the dialog is its plan. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-delete-dialog.h"
#include "strata-plan-page.h"

static void
submitted_cb (AdwDialog *dialog)
{
  adw_dialog_close (dialog);
}

/**
 * strata_delete_dialog_new:
 * @queue: where the job goes
 * @host: the machine's host
 * @machine: what is to be deleted
 *
 * Returns: (transfer none): a floating dialog, which asks for its plan at once
 */
AdwDialog *
strata_delete_dialog_new (StrataJobQueue *queue, StrataHost *host, StrataMachine *machine)
{
  g_autoptr (StrataRequest) request = NULL;
  AdwNavigationPage *page;
  GtkWidget *view;
  AdwDialog *dialog;

  g_return_val_if_fail (STRATA_IS_MACHINE (machine), NULL);

  page = strata_plan_page_new (queue, host);
  adw_navigation_page_set_title (page, _ ("Delete"));

  view = adw_navigation_view_new ();
  adw_navigation_view_add (ADW_NAVIGATION_VIEW (view), page);

  dialog = adw_dialog_new ();
  adw_dialog_set_title (dialog, _ ("Delete"));
  adw_dialog_set_content_width (dialog, 540);
  adw_dialog_set_content_height (dialog, 520);
  adw_dialog_set_child (dialog, view);
  g_signal_connect_object (page, "submitted", G_CALLBACK (submitted_cb), dialog, G_CONNECT_SWAPPED);

  request = strata_request_new (STRATA_REQUEST_DELETE);
  request->domain = g_strdup (strata_machine_get_uuid (machine));
  strata_plan_page_plan (STRATA_PLAN_PAGE (page), request);

  return dialog;
}
