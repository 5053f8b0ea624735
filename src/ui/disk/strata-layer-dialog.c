/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The dialog of everything that is done to a disk's layers. The speed is asked for before the work begins: a guest that
 * runs on these disks feels every byte that is moved beside its own.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-layer-dialog.h"
#include "ui/job/strata-plan-page.h"

#define MEGABYTE 1000000

static void
submitted_cb (AdwDialog *dialog, StrataJob *job)
{
  GtkSpinButton *speed = g_object_get_data (G_OBJECT (dialog), "strata-speed");

  gtk_spin_button_update (speed);
  strata_job_set_bandwidth (job, (guint64) gtk_spin_button_get_value_as_int (speed) * MEGABYTE);
  adw_dialog_close (dialog);
}

static GtkWidget *
create_speed_bar (AdwDialog *dialog)
{
  GtkWidget *bar = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *label = gtk_label_new (_ ("Speed limit, in MB per second (0: none)"));
  GtkWidget *button = gtk_spin_button_new_with_range (0, 100000, 10);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_spin_button_set_numeric (GTK_SPIN_BUTTON (button), TRUE);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  gtk_label_get_label (GTK_LABEL (label)), -1);
  g_object_set_data (G_OBJECT (dialog), "strata-speed", button);

  gtk_widget_set_margin_top (bar, 12);
  gtk_widget_set_margin_bottom (bar, 12);
  gtk_widget_set_margin_start (bar, 24);
  gtk_widget_set_margin_end (bar, 24);
  gtk_box_append (GTK_BOX (bar), label);
  gtk_box_append (GTK_BOX (bar), button);

  return bar;
}

/**
 * strata_layer_dialog_new:
 * @queue: where the job goes
 * @host: the disk's host
 * @request: what is to be done
 * @title: what that is called, "Merge Down"
 *
 * Returns: (transfer none): a floating dialog, which asks for its plan at once
 */
AdwDialog *
strata_layer_dialog_new (StrataJobQueue *queue,
                         StrataHost *host,
                         const StrataRequest *request,
                         const char *title)
{
  AdwNavigationPage *page;
  GtkWidget *view;
  GtkWidget *toolbar_view;
  AdwDialog *dialog;

  g_return_val_if_fail (request != NULL, NULL);

  page = strata_plan_page_new (queue, host);
  adw_navigation_page_set_title (page, title);
  view = adw_navigation_view_new ();
  adw_navigation_view_add (ADW_NAVIGATION_VIEW (view), page);

  dialog = adw_dialog_new ();
  toolbar_view = adw_toolbar_view_new ();
  adw_toolbar_view_set_content (ADW_TOOLBAR_VIEW (toolbar_view), view);
  adw_toolbar_view_add_bottom_bar (ADW_TOOLBAR_VIEW (toolbar_view), create_speed_bar (dialog));
  adw_toolbar_view_set_bottom_bar_style (ADW_TOOLBAR_VIEW (toolbar_view),
                                         ADW_TOOLBAR_RAISED_BORDER);
  adw_dialog_set_title (dialog, title);
  adw_dialog_set_content_width (dialog, 540);
  adw_dialog_set_content_height (dialog, 560);
  adw_dialog_set_child (dialog, toolbar_view);
  g_signal_connect_object (page, "submitted", G_CALLBACK (submitted_cb), dialog, G_CONNECT_SWAPPED);

  strata_plan_page_plan (STRATA_PLAN_PAGE (page), request);

  return dialog;
}
