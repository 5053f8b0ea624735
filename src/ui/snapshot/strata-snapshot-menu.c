/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The menu of a row of the tree, each item of which says why it can't be chosen. */

#include "config.h"

#include "ui/shell/strata-menu-words.h"
#include "strata-snapshot-menu.h"

/**
 * strata_snapshot_menu_get_action:
 * @act: what one can do with a snapshot
 *
 * Returns: (transfer none): the action's name
 */
const char *
strata_snapshot_menu_get_action (StrataSnapshotAct act)
{
  static const char *const actions[STRATA_N_SNAPSHOT_ACTS] = {
    [STRATA_SNAPSHOT_REVERT] = "tree.revert",
    [STRATA_SNAPSHOT_CLONE] = "tree.clone",
    [STRATA_SNAPSHOT_EDIT] = "tree.edit",
    [STRATA_SNAPSHOT_DELETE] = "tree.delete",
    [STRATA_SNAPSHOT_DELETE_CHILDREN] = "tree.delete-children",
  };

  g_return_val_if_fail (act < STRATA_N_SNAPSHOT_ACTS, NULL);

  return actions[act];
}

/* Finds by its text what action an item has, since the widget doesn't say it. */
static char *
find_action (GMenuModel *menu, const char *text)
{
  for (int i = 0; i < g_menu_model_get_n_items (menu); i++)
    {
      g_autoptr (GMenuModel) section = g_menu_model_get_item_link (menu, i, G_MENU_LINK_SECTION);
      g_autofree char *label = NULL;
      char *action = NULL;

      if (section != NULL && (action = find_action (section, text)) != NULL)
        return action;
      if (section != NULL ||
          !g_menu_model_get_item_attribute (menu, i, G_MENU_ATTRIBUTE_LABEL, "s", &label))
        continue;

      g_strdelimit (label, "_", '\1');
      for (char *at; (at = strchr (label, '\1')) != NULL;)
        memmove (at, at + 1, strlen (at));
      if (g_str_equal (label, text) &&
          g_menu_model_get_item_attribute (menu, i, G_MENU_ATTRIBUTE_ACTION, "s", &action))
        return action;
    }

  return NULL;
}

static void
explain_items (GtkWidget *widget, GMenuModel *menu, const char *const *reasons)
{
  g_autofree char *text = NULL;
  g_autofree char *action = NULL;

  if (gtk_accessible_get_accessible_role (GTK_ACCESSIBLE (widget)) == GTK_ACCESSIBLE_ROLE_MENU_ITEM)
    g_object_get (widget, "text", &text, NULL);
  if (text != NULL)
    action = find_action (menu, text);
  for (StrataSnapshotAct act = 0; action != NULL && act < STRATA_N_SNAPSHOT_ACTS; act++)
    if (g_str_equal (action, strata_snapshot_menu_get_action (act)))
      strata_snapshot_menu_explain (widget, reasons[act]);

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    explain_items (child, menu, reasons);
}

GtkWidget *
strata_snapshot_menu_pop_up (GtkWidget *parent,
                             const GdkRectangle *at,
                             GMenuModel *menu,
                             const char *const *reasons)
{
  GtkWidget *popover = gtk_popover_menu_new_from_model (menu);

  gtk_widget_set_parent (popover, parent);
  gtk_popover_set_has_arrow (GTK_POPOVER (popover), FALSE);
  gtk_widget_set_halign (popover, GTK_ALIGN_START);
  gtk_popover_set_pointing_to (GTK_POPOVER (popover), at);
  strata_menu_words_apply (popover, menu, NULL, NULL);
  explain_items (popover, menu, reasons);
  gtk_popover_popup (GTK_POPOVER (popover));

  return popover;
}

void
strata_snapshot_menu_explain (GtkWidget *widget, const char *reason)
{
  gtk_widget_set_tooltip_text (widget, reason);
  if (reason != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                    reason, -1);
  else
    gtk_accessible_reset_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION);
}
