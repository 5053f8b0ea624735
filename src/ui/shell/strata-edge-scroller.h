/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Lets a scrolled window scroll while something is dragged along its upper or lower edge. It lives as long as SCROLLER. */
void strata_edge_scroller_add (GtkScrolledWindow *scroller);

G_END_DECLS
