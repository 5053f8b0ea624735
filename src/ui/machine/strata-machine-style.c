/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How machines look wherever they are shown: icon, and style of the state. */

#include "config.h"

#include "strata-machine-style.h"

/* The distributions that we have a drawing for. */
static const char *const drawn[] = { "debian", "ubuntu", "fedora", "windows", NULL };

/* inspection and libosinfo call the same things by different names */
static const struct
{
  const char *os_id;
  const char *drawing;
} aliases[] = {
  { "win", "windows" },
  { "ubuntu-core", "ubuntu" },
  { "silverblue", "fedora" },
};

/**
 * strata_machine_style_get_icon_name:
 * @os_id: (nullable): short name of the guest's distribution
 * @is_template: whether it is a template
 *
 * Returns: (transfer full): name of a symbolic icon
 */
char *
strata_machine_style_get_icon_name (const char *os_id, gboolean is_template)
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
 * strata_machine_style_get_state_classes:
 * @state: a machine's state
 *
 * Returns: (transfer full): style classes that colour its dot
 */
char **
strata_machine_style_get_state_classes (StrataDomainState state)
{
  static const char *const names[] = {
    [STRATA_DOMAIN_STATE_OFF] = "off",         [STRATA_DOMAIN_STATE_RUNNING] = "running",
    [STRATA_DOMAIN_STATE_PAUSED] = "paused",   [STRATA_DOMAIN_STATE_SHUTTING_DOWN] = "paused",
    [STRATA_DOMAIN_STATE_CRASHED] = "crashed", [STRATA_DOMAIN_STATE_SUSPENDED] = "paused",
  };

  return g_strdupv ((char **) (const char *const[]) { "machine-state", names[state], NULL });
}
