/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "model/strata-machine.h"

G_BEGIN_DECLS

/* A machine in the sidebar: icon, name, state, what it was deployed from; and its menu. */
#define STRATA_TYPE_MACHINE_ROW (strata_machine_row_get_type ())

G_DECLARE_FINAL_TYPE (StrataMachineRow, strata_machine_row, STRATA, MACHINE_ROW, GtkBox)

StrataMachine *strata_machine_row_get_machine (StrataMachineRow *self);
void           strata_machine_row_set_machine (StrataMachineRow *self,
                                               StrataMachine    *machine);
/* X, Y: where in the row to point, negative for its middle */
void           strata_machine_row_pop_up_menu (StrataMachineRow *self,
                                               double            x,
                                               double            y);

G_END_DECLS
