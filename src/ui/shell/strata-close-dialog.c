/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Closing the window while work is under way: it can go on without a window, or be cancelled. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-close-dialog.h"

static void
answered_cb (AdwAlertDialog *dialog, const char *response, StrataWindow *window)
{
  StrataApplication *application = strata_window_get_application (window);

  if (g_str_equal (response, "stay"))
    return;

  if (g_str_equal (response, "background"))
    strata_application_work_in_background (application);
  else
    strata_application_cancel_and_quit (application);

  strata_window_close_now (window);
}

/**
 * strata_close_dialog_ask:
 * @window: a window whose jobs are not over
 *
 * Presents the question, and closes the window if the answer says so.
 */
void
strata_close_dialog_ask (StrataWindow *window)
{
  AdwDialog *dialog = adw_alert_dialog_new (_ ("Work Is Under Way"), NULL);
  AdwAlertDialog *alert = ADW_ALERT_DIALOG (dialog);
  guint n;

  g_return_if_fail (STRATA_IS_WINDOW (window));

  n = strata_job_queue_get_n_active (strata_window_get_queue (window));
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
  g_signal_connect_object (dialog, "response", G_CALLBACK (answered_cb), window, G_CONNECT_DEFAULT);
  adw_dialog_present (dialog, GTK_WIDGET (window));
}
