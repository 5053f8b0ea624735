/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How machines look wherever they are shown: icon, style of the state, menu. */

#include "config.h"

#include "strata-machine-actions.h"
#include "strata-machine-look.h"

/* The distributions that we have a drawing for. */
static const char *const drawn[] = { "debian", "ubuntu", "fedora", "windows", NULL };

/* inspection and libosinfo call the same things by different names */
static const struct
{
  const char *os_id;
  const char *drawing;
} aliases[] = {
  { "microsoft", "windows" }, { "ubuntu-core", "ubuntu" },  { "fedoraproject.org", "fedora" },
  { "debian.org", "debian" }, { "ubuntu.com", "ubuntu" },   { "microsoft.com", "windows" },
};

/**
 * strata_machine_look_get_icon_name:
 * @os_id: (nullable): short name of the guest's distribution
 * @is_template: whether it is a template
 *
 * Returns: (transfer full): name of a symbolic icon
 */
char *
strata_machine_look_get_icon_name (const char *os_id,
                                   gboolean    is_template)
{
  if (is_template)
    return g_strdup ("strata-template-symbolic");

  for (size_t i = 0; i < G_N_ELEMENTS (aliases); i++)
    {
      if (g_strcmp0 (os_id, aliases[i].os_id) == 0)
        os_id = aliases[i].drawing;
    }
  if (os_id != NULL && g_strv_contains (drawn, os_id))
    return g_strdup_printf ("strata-os-%s-symbolic", os_id);

  return g_strdup ("computer-symbolic");
}

/**
 * strata_machine_look_get_state_classes:
 * @state: a machine's state
 *
 * Returns: (transfer full): style classes that colour its dot
 */
char **
strata_machine_look_get_state_classes (StrataDomainState state)
{
  static const char *const names[] = {
    [STRATA_DOMAIN_STATE_OFF] = "off",
    [STRATA_DOMAIN_STATE_RUNNING] = "running",
    [STRATA_DOMAIN_STATE_PAUSED] = "paused",
    [STRATA_DOMAIN_STATE_SHUTTING_DOWN] = "paused",
    [STRATA_DOMAIN_STATE_CRASHED] = "crashed",
    [STRATA_DOMAIN_STATE_SUSPENDED] = "paused",
  };

  return g_strdupv ((char **) (const char *const[]) { "machine-state", names[state], NULL });
}

static const char *
find_reason (GMenuModel    *model,
             const char    *label,
             StrataMachine *machine)
{
  for (int i = 0; i < g_menu_model_get_n_items (model); i++)
    {
      g_autoptr (GMenuModel) section = g_menu_model_get_item_link (model, i, G_MENU_LINK_SECTION);
      g_autofree char *text = NULL;
      g_autofree char *action = NULL;

      if (section != NULL)
        {
          const char *reason = find_reason (section, label, machine);

          if (reason != NULL)
            return reason;
        }
      else if (g_menu_model_get_item_attribute (model, i, G_MENU_ATTRIBUTE_LABEL, "s", &text)
               && g_menu_model_get_item_attribute (model, i, G_MENU_ATTRIBUTE_ACTION, "s", &action)
               && g_str_equal (text, label))
        return strata_machine_actions_get_reason (machine, action);
    }

  return NULL;
}

/* GtkPopoverMenu makes its items itself and lets nobody say more about them than a GMenu can hold; they are found by
 * their text. */
static void
explain_widget (GtkWidget     *widget,
                GMenuModel    *model,
                StrataMachine *machine)
{
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (widget), "text") != NULL
      && gtk_accessible_get_accessible_role (GTK_ACCESSIBLE (widget)) == GTK_ACCESSIBLE_ROLE_MENU_ITEM)
    {
      g_autofree char *text = NULL;
      const char *reason;

      g_object_get (widget, "text", &text, NULL);
      reason = text != NULL ? find_reason (model, text, machine) : NULL;
      gtk_widget_set_tooltip_text (widget, reason);
      if (reason != NULL)
        gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, reason, -1);
      else
        gtk_accessible_reset_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION);
    }

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    explain_widget (child, model, machine);
}

/**
 * strata_machine_look_explain_menu:
 * @menu: a popover menu that was just made from @model
 * @model: its items, of actions "machine.…"
 * @machine: the machine it is for
 */
void
strata_machine_look_explain_menu (GtkWidget     *menu,
                                  GMenuModel    *model,
                                  StrataMachine *machine)
{
  g_return_if_fail (GTK_IS_WIDGET (menu));
  g_return_if_fail (STRATA_IS_MACHINE (machine));

  explain_widget (menu, model, machine);
}
