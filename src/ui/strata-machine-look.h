/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "model/strata-machine.h"

G_BEGIN_DECLS

/* How machines look wherever they are shown: their icon, and the style of their state. */
char  *strata_machine_look_get_icon_name     (const char        *os_id,
                                              gboolean           is_template);
char **strata_machine_look_get_state_classes (StrataDomainState  state);
/* says in the menu why an item can't be chosen, to the eye (tooltip) and to a screen reader */
void   strata_machine_look_explain_menu      (GtkWidget         *menu,
                                              GMenuModel        *model,
                                              StrataMachine     *machine);

G_END_DECLS
