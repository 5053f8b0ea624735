/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The dialog of everything that is done to a disk's layers. The speed is asked for before the work begins: a guest that
 * runs on these disks feels every byte that is moved beside its own.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-layer-dialog.h"
#include "strata-plan-page.h"

#define MEGABYTE 1000000

static void
submitted_cb (AdwDialog *dialog, StrataJob *job)
{
  AdwSpinRow *speed = g_object_get_data (G_OBJECT (dialog), "strata-speed");

  strata_job_set_bandwidth (job, (guint64) adw_spin_row_get_value (speed) * MEGABYTE);
  adw_dialog_close (dialog);
}

static GtkWidget *
create_speed_bar (AdwDialog *dialog)
{
  GtkWidget *row = adw_spin_row_new_with_range (0, 100000, 10);
  GtkWidget *list_box = gtk_list_box_new ();
  GtkWidget *clamp = adw_clamp_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _ ("Speed Limit"));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), _ ("MB per second; 0: none"));
  g_object_set_data (G_OBJECT (dialog), "strata-speed", row);

  gtk_list_box_set_selection_mode (GTK_LIST_BOX (list_box), GTK_SELECTION_NONE);
  gtk_list_box_append (GTK_LIST_BOX (list_box), row);
  gtk_widget_add_css_class (list_box, "boxed-list");
  gtk_accessible_update_property (GTK_ACCESSIBLE (list_box), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Speed Limit"), -1);
  gtk_widget_set_margin_top (clamp, 12);
  gtk_widget_set_margin_bottom (clamp, 12);
  gtk_widget_set_margin_start (clamp, 12);
  gtk_widget_set_margin_end (clamp, 12);
  adw_clamp_set_child (ADW_CLAMP (clamp), list_box);

  return clamp;
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
