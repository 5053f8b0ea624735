/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* "machine.take-snapshot", and with a snapshot's name "snapshot.revert", ".clone", ".edit", ".delete", ".delete-children":
 * of the machine that is selected in the window, whose class is a StrataActionContext. Each opens a dialog with its plan. */
void strata_snapshot_actions_install (GtkWidgetClass *window_class);

G_END_DECLS
