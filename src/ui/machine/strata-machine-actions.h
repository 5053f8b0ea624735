/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "ui/shell/strata-action-context.h"

G_BEGIN_DECLS

/* The actions "machine.…", done to the machine that is selected in the window, whose class is a StrataActionContext. */
void        strata_machine_actions_install    (GtkWidgetClass      *window_class);
/* enables what can be done with the machine now */
void        strata_machine_actions_update     (StrataActionContext *context);
/* why ACTION ("machine.start") can't be done; NULL if it can */
const char *strata_machine_actions_get_reason (StrataMachine       *machine,
                                               const char          *action);
/* gives the items of MENU, made from MODEL, the names that a screen reader says, and these reasons */
void        strata_machine_actions_explain    (GtkWidget           *menu,
                                               GMenuModel          *model,
                                               StrataMachine       *machine);

G_END_DECLS
