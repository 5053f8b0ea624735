/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Toasts, for whatever is in a window: the overlay that shows them is all of the window's content. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-toast.h"

void
strata_toast_take (GtkWidget *widget, AdwToast *toast)
{
  g_autoptr (AdwToast) owned = toast;
  GtkRoot *root = gtk_widget_get_root (widget);
  GtkWidget *overlay = ADW_IS_APPLICATION_WINDOW (root)
                           ? adw_application_window_get_content (ADW_APPLICATION_WINDOW (root))
                           : NULL;

  if (!ADW_IS_TOAST_OVERLAY (overlay))
    return;

  adw_toast_set_use_markup (toast, FALSE);
  adw_toast_overlay_add_toast (ADW_TOAST_OVERLAY (overlay), g_steal_pointer (&owned));
}

void
strata_toast_add (GtkWidget *widget, const char *text)
{
  strata_toast_take (widget, adw_toast_new (text));
}

void
strata_toast_add_operations (GtkWidget *widget, const char *text)
{
  AdwToast *toast = adw_toast_new (text);

  adw_toast_set_button_label (toast, _ ("_Details"));
  adw_toast_set_action_name (toast, "window.show-operations");
  strata_toast_take (widget, toast);
}
