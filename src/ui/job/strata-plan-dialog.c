/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A dialog for what needs no steps of its own: there is little or nothing to choose, so it is its plan. */

#include "config.h"

#include "strata-plan-dialog.h"

#define PAGE "strata-plan-page"

static void
submitted_cb (AdwDialog *dialog)
{
  adw_dialog_force_close (dialog);
}

static AdwDialog *
create (StrataJobQueue *queue, StrataHost *host, const char *title, int height)
{
  AdwNavigationPage *page = strata_plan_page_new (queue, host);
  GtkWidget *view = adw_navigation_view_new ();
  AdwDialog *dialog = adw_dialog_new ();

  adw_navigation_page_set_title (page, title);
  adw_navigation_view_add (ADW_NAVIGATION_VIEW (view), page);

  adw_dialog_set_title (dialog, title);
  adw_dialog_set_content_width (dialog, 540);
  adw_dialog_set_content_height (dialog, height);
  adw_dialog_set_child (dialog, view);
  g_object_set_data (G_OBJECT (dialog), PAGE, page);
  /* After everybody else who wants to know: the page and its form go with the dialog. */
  g_signal_connect_object (page, "submitted", G_CALLBACK (submitted_cb), dialog,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);

  return dialog;
}

/**
 * strata_plan_dialog_new:
 * @queue: where the job goes
 * @host: the host it is about
 * @title: what is done, "Delete"
 * @request: what is wanted
 *
 * Returns: (transfer none): a floating dialog, which asks for its plan at once
 */
AdwDialog *
strata_plan_dialog_new (StrataJobQueue *queue,
                        StrataHost *host,
                        const char *title,
                        const StrataRequest *request)
{
  AdwDialog *dialog;

  g_return_val_if_fail (title != NULL, NULL);
  g_return_val_if_fail (request != NULL, NULL);

  dialog = create (queue, host, title, 520);
  strata_plan_page_plan (strata_plan_dialog_get_page (dialog), request);

  return dialog;
}

/**
 * strata_plan_dialog_new_with_form:
 * @queue: where the job goes
 * @host: the host it is about
 * @title: what is done, "Take Snapshot"
 * @form: (transfer floating): what can be chosen
 *
 * Returns: (transfer none): a floating dialog, with the plan of what is chosen below the form
 */
AdwDialog *
strata_plan_dialog_new_with_form (StrataJobQueue *queue,
                                  StrataHost *host,
                                  const char *title,
                                  StrataRequestForm *form)
{
  AdwDialog *dialog;

  g_return_val_if_fail (title != NULL, NULL);
  g_return_val_if_fail (STRATA_IS_REQUEST_FORM (form), NULL);

  dialog = create (queue, host, title, 680);
  strata_plan_page_set_form (strata_plan_dialog_get_page (dialog), form);

  return dialog;
}

/**
 * strata_plan_dialog_new_for_job:
 * @queue: where the job goes
 * @host: the host it is about
 * @job: one that was not begun, because the host had changed
 *
 * Returns: (transfer none): a floating dialog, in which what @job would have done otherwise is marked
 */
AdwDialog *
strata_plan_dialog_new_for_job (StrataJobQueue *queue, StrataHost *host, StrataJob *job)
{
  StrataPlan *plan;
  const StrataRequest *request;
  AdwDialog *dialog;

  g_return_val_if_fail (STRATA_IS_JOB (job), NULL);

  plan = strata_job_get_plan (job);
  request = strata_plan_get_request (plan);
  g_return_val_if_fail (request != NULL, NULL);

  dialog = create (queue, host, strata_plan_get_act (plan), 520);
  strata_plan_page_expect (strata_plan_dialog_get_page (dialog), plan);
  strata_plan_page_plan (strata_plan_dialog_get_page (dialog), request);

  return dialog;
}

/**
 * strata_plan_dialog_get_page:
 * @dialog: one of these dialogs
 *
 * Returns: (transfer none): its page, for the signal "submitted"
 */
StrataPlanPage *
strata_plan_dialog_get_page (AdwDialog *dialog)
{
  g_return_val_if_fail (ADW_IS_DIALOG (dialog), NULL);

  return STRATA_PLAN_PAGE (g_object_get_data (G_OBJECT (dialog), PAGE));
}
