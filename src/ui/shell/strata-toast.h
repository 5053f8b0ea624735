/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* A few words in the window of WIDGET, which may be the window itself; nothing where it is in none any more. TEXT isn't markup. */
void strata_toast_add            (GtkWidget  *widget,
                                  const char *text);
/* the same with a button that opens the operations */
void strata_toast_add_operations (GtkWidget  *widget,
                                  const char *text);
/* TOAST: (transfer full): its title isn't markup */
void strata_toast_take           (GtkWidget  *widget,
                                  AdwToast   *toast);

G_END_DECLS
