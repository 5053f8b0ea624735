/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The menu in which one chooses a host. */

#include "config.h"

#include <glib/gi18n.h>

#include "model/strata-host.h"
#include "strata-host-menu.h"

/**
 * strata_host_menu_new:
 * @hosts: a list of StrataHost
 *
 * Returns: (transfer full): a menu of all of them, and a way to another
 */
GMenuModel *
strata_host_menu_new (GListModel *hosts)
{
  g_autoptr (GMenu) known = g_menu_new ();
  g_autoptr (GMenu) others = g_menu_new ();
  GMenu *menu = g_menu_new ();

  g_return_val_if_fail (G_IS_LIST_MODEL (hosts), G_MENU_MODEL (menu));

  for (guint i = 0; i < g_list_model_get_n_items (hosts); i++)
    {
      g_autoptr (StrataHost) host = g_list_model_get_item (hosts, i);
      g_autoptr (GMenuItem) item = g_menu_item_new (strata_host_get_name (host), NULL);

      g_menu_item_set_action_and_target (item, "window.host-uri", "s", strata_host_get_uri (host));
      g_menu_append_item (known, item);
    }

  g_menu_append (others, _ ("_Connect…"), "window.connect");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (known));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (others));

  return G_MENU_MODEL (menu);
}
