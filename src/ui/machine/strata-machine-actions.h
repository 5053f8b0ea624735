/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "ui/shell/strata-window.h"

G_BEGIN_DECLS

/* The actions "machine.…", done to the machine that is selected in the window. */
void        strata_machine_actions_install    (GtkWidgetClass *window_class);
/* enables what can be done with the window's machine now */
void        strata_machine_actions_update     (StrataWindow   *window);
/* why ACTION ("machine.start") can't be done; NULL if it can */
const char *strata_machine_actions_get_reason (StrataMachine  *machine,
                                               const char     *action);

G_END_DECLS
