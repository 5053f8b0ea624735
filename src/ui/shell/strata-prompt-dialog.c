/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a host asks for when it is opened: a name, a password. */

#include "config.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "strata-prompt-dialog.h"

static void
answered_cb (StrataPrompt *prompt, const char *response, AdwAlertDialog *dialog)
{
  GtkWidget *row = gtk_widget_get_first_child (adw_alert_dialog_get_extra_child (dialog));
  gboolean given = g_str_equal (response, "continue");

  strata_prompt_answer (prompt, given ? gtk_editable_get_text (GTK_EDITABLE (row)) : NULL);
}

/* ROW: the field */
static GtkWidget *
make_list (GtkWidget *row)
{
  GtkWidget *list = gtk_list_box_new ();

  gtk_list_box_set_selection_mode (GTK_LIST_BOX (list), GTK_SELECTION_NONE);
  gtk_widget_add_css_class (list, "boxed-list");
  gtk_list_box_append (GTK_LIST_BOX (list), row);

  return list;
}

void
strata_prompt_dialog_present (StrataPrompt *prompt, const char *host_name, GtkWidget *parent)
{
  AdwDialog *dialog;
  AdwAlertDialog *alert;
  GtkWidget *row;

  g_return_if_fail (STRATA_IS_PROMPT (prompt));
  g_return_if_fail (GTK_IS_WIDGET (parent));

  dialog = adw_alert_dialog_new (NULL, strata_prompt_get_words (prompt));
  alert = ADW_ALERT_DIALOG (dialog);
  /* Translators: a host */
  adw_alert_dialog_format_heading (alert, _ ("Log In to “%s”"), host_name);

  row = strata_prompt_is_secret (prompt) ? adw_password_entry_row_new () : adw_entry_row_new ();
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row),
                                 strata_prompt_is_secret (prompt) ? _ ("Password") : _ ("Name"));
  adw_entry_row_set_activates_default (ADW_ENTRY_ROW (row), TRUE);
  if (strata_prompt_get_suggestion (prompt) != NULL)
    gtk_editable_set_text (GTK_EDITABLE (row), strata_prompt_get_suggestion (prompt));
  adw_alert_dialog_set_extra_child (alert, make_list (row));

  adw_alert_dialog_add_responses (alert, "cancel", _ ("_Cancel"), "continue", _ ("_Continue"),
                                  NULL);
  adw_alert_dialog_set_response_appearance (alert, "continue", ADW_RESPONSE_SUGGESTED);
  adw_alert_dialog_set_default_response (alert, "continue");
  adw_alert_dialog_set_close_response (alert, "cancel");
  g_signal_connect_data (dialog, "response", G_CALLBACK (answered_cb), g_object_ref (prompt),
                         (GClosureNotify) g_object_unref, G_CONNECT_SWAPPED);
  g_signal_connect_object (prompt, "over", G_CALLBACK (adw_dialog_force_close), dialog,
                           G_CONNECT_SWAPPED);
  adw_dialog_present (dialog, parent);
  gtk_widget_grab_focus (row);
}
