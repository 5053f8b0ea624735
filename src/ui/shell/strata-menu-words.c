/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Words for menus. GtkPopoverMenu makes its items itself, gives them no accessible name, and lets no caller
 * say more about them than a GMenu can hold; so they are found by their text and told here.
 */

#include "config.h"

#include "strata-menu-words.h"

/* A widget says its text without what marks the mnemonic, a model with it. */
static char *
drop_underscore (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "_", 2);

  return g_strjoinv ("", parts);
}

static gboolean
is_label (const char *text, const char *label)
{
  g_autofree char *plain = drop_underscore (text);

  return g_str_equal (plain, label);
}

static const char *
find_reason (GMenuModel *model, const char *label, StrataMenuReasonFunc func, gpointer user_data)
{
  for (int i = 0; i < g_menu_model_get_n_items (model); i++)
    {
      g_autoptr (GMenuModel) section = g_menu_model_get_item_link (model, i, G_MENU_LINK_SECTION);
      g_autofree char *text = NULL;
      g_autofree char *action = NULL;

      if (section != NULL)
        {
          const char *reason = find_reason (section, label, func, user_data);

          if (reason != NULL)
            return reason;
        }
      else if (g_menu_model_get_item_attribute (model, i, G_MENU_ATTRIBUTE_LABEL, "s", &text) &&
               g_menu_model_get_item_attribute (model, i, G_MENU_ATTRIBUTE_ACTION, "s", &action) &&
               is_label (text, label))
        return func (action, user_data);
    }

  return NULL;
}

static void
explain_item (GtkWidget *item, GMenuModel *model, StrataMenuReasonFunc func, gpointer user_data)
{
  g_autofree char *text = NULL;
  const char *reason = NULL;

  g_object_get (item, "text", &text, NULL);
  if (text == NULL)
    return;

  /* The item says that its label names it, but gives that label a role that has no name; and such a
   * relation outranks a name. */
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (item), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
  gtk_accessible_update_property (GTK_ACCESSIBLE (item), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);

  if (func != NULL)
    reason = find_reason (model, text, func, user_data);
  gtk_widget_set_tooltip_text (item, reason);
  if (reason != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (item), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                    reason, -1);
  else
    gtk_accessible_reset_property (GTK_ACCESSIBLE (item), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION);
}

static void
explain_widget (GtkWidget *widget, GMenuModel *model, StrataMenuReasonFunc func, gpointer user_data)
{
  GtkAccessibleRole role = gtk_accessible_get_accessible_role (GTK_ACCESSIBLE (widget));

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (widget), "text") != NULL &&
      (role == GTK_ACCESSIBLE_ROLE_MENU_ITEM || role == GTK_ACCESSIBLE_ROLE_MENU_ITEM_RADIO ||
       role == GTK_ACCESSIBLE_ROLE_MENU_ITEM_CHECKBOX))
    explain_item (widget, model, func, user_data);

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    explain_widget (child, model, func, user_data);
}

static void
mapped_cb (GtkWidget *menu, GtkMenuButton *button)
{
  strata_menu_words_apply (menu, gtk_menu_button_get_menu_model (button), NULL, NULL);
}

/**
 * strata_menu_words_apply:
 * @menu: a popover menu
 * @model: what it was made from
 * @func: (nullable) (scope call): says why an action can't be done
 * @user_data: for @func
 */
void
strata_menu_words_apply (GtkWidget *menu,
                         GMenuModel *model,
                         StrataMenuReasonFunc func,
                         gpointer user_data)
{
  g_return_if_fail (GTK_IS_WIDGET (menu));
  g_return_if_fail (G_IS_MENU_MODEL (model));

  explain_widget (menu, model, func, user_data);
}

/**
 * strata_menu_words_follow:
 * @button: a menu button that has its menu
 */
void
strata_menu_words_follow (GtkMenuButton *button)
{
  GtkPopover *menu;

  g_return_if_fail (GTK_IS_MENU_BUTTON (button));

  menu = gtk_menu_button_get_popover (button);
  g_signal_connect_object (menu, "map", G_CALLBACK (mapped_cb), button, G_CONNECT_DEFAULT);
}
