/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "model/strata-machine.h"

G_BEGIN_DECLS

/* Gives the items of a menu, made from MODEL, the names that a screen reader says; and where an item does something to
 * MACHINE (nullable) that can't be done now, the reason, to the eye (tooltip) and to the ear. */
void strata_menu_words_apply   (GtkWidget     *menu,
                                GMenuModel    *model,
                                StrataMachine *machine);
/* the same with reasons of another kind: NULL where ACTION can be done */
typedef const char *(*StrataMenuReasonFunc) (const char *action,
                                             gpointer    user_data);

void strata_menu_words_explain (GtkWidget            *menu,
                                GMenuModel           *model,
                                StrataMenuReasonFunc  func,
                                gpointer              user_data);
/* the names alone, for the menu of BUTTON, whenever it comes up */
void strata_menu_words_follow  (GtkMenuButton *button);

G_END_DECLS
