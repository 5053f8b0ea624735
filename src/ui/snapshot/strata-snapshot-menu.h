/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "model/snapshot/strata-snapshot-feasibility.h"

G_BEGIN_DECLS

/* What a page does with the snapshot that is selected in it: actions "tree.…", and the words for why not. */

/* "tree.revert" */
const char *strata_snapshot_menu_get_action (StrataSnapshotAct       act);
/* Pops MENU up over PARENT at AT. REASONS[act]: why not, NULL where one can. Unparent it when it is not needed any more. */
GtkWidget  *strata_snapshot_menu_pop_up     (GtkWidget              *parent,
                                             const GdkRectangle     *at,
                                             GMenuModel             *menu,
                                             const char *const      *reasons);
/* puts REASON, NULL where there is none, to the eye and the ear of WIDGET */
void        strata_snapshot_menu_explain    (GtkWidget              *widget,
                                             const char             *reason);

G_END_DECLS
