/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A snapshot that is dragged onto WIDGET, the list of machines, becomes a new one. */
void strata_snapshot_drop_add (GtkWidget *widget);

G_END_DECLS
