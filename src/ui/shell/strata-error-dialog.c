/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What failed, in the words of what failed, and what can be done about it. */

#include "config.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "model/strata-short-paths.h"
#include "strata-command-card.h"
#include "strata-error-dialog.h"
#include "base/strata-error.h"

/**
 * strata_error_dialog_present:
 * @error: what went wrong; nothing is said of what was cancelled
 * @parent: a widget of the window it concerns
 */
void
strata_error_dialog_present (const GError *error, GtkWidget *parent)
{
  g_return_if_fail (error != NULL);
  g_return_if_fail (GTK_IS_WIDGET (parent));

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  strata_error_dialog_explain (_ ("That Did Not Work"), error, parent);
}

void
strata_error_dialog_explain (const char *heading, const GError *error, GtkWidget *parent)
{
  const char *hint;
  const char *command;
  g_autofree char *text = NULL;
  g_autofree char *body = NULL;
  AdwDialog *dialog;

  g_return_if_fail (error != NULL);
  g_return_if_fail (GTK_IS_WIDGET (parent));

  hint = strata_error_get_hint (error);
  command = strata_error_get_command (error);
  text = g_strconcat (error->message, hint != NULL ? "\n\n" : NULL, hint, NULL);
  body = strata_short_paths (text);
  dialog = adw_alert_dialog_new (heading, body);
  if (command != NULL)
    adw_alert_dialog_set_extra_child (ADW_ALERT_DIALOG (dialog), strata_command_card_new (command));
  adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "close", _ ("_Close"));
  adw_dialog_present (dialog, parent);
}
