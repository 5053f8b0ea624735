/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* why ACTION can't be done, or NULL where it can */
typedef const char *(*StrataMenuReasonFunc) (const char *action,
                                             gpointer    user_data);

/* Gives the items of a menu, made from MODEL, the names that a screen reader says; and where an item does what can't be
 * done now as FUNC (nullable) says, the reason, to the eye (tooltip) and to the ear. */
void strata_menu_words_apply  (GtkWidget            *menu,
                               GMenuModel           *model,
                               StrataMenuReasonFunc  func,
                               gpointer              user_data);
/* the names alone, for the menu of BUTTON, whenever it comes up */
void strata_menu_words_follow (GtkMenuButton        *button);

G_END_DECLS
