/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void strata_error_dialog_present (const GError *error,
                                  GtkWidget    *parent);

/* the same under another HEADING, also of what was cancelled */
void strata_error_dialog_explain (const char   *heading,
                                  const GError *error,
                                  GtkWidget    *parent);

G_END_DECLS
