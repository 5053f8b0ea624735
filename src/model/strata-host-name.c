/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a host is called in the window. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-host-name.h"

/**
 * strata_host_name_from_uri:
 * @uri: a libvirt URI
 *
 * Returns: (transfer full): a name for people
 */
char *
strata_host_name_from_uri (const char *uri)
{
  g_autoptr (GUri) parsed =
      g_uri_parse (uri, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_HAS_PASSWORD, NULL);
  const char *host;
  const char *user;

  if (parsed == NULL)
    return g_strdup (uri);

  host = g_uri_get_host (parsed);
  user = g_uri_get_user (parsed);
  if (host != NULL && *host != '\0')
    return user != NULL ? g_strdup_printf ("%s@%s", user, host) : g_strdup (host);
  if (g_str_equal (g_uri_get_scheme (parsed), "test"))
    return g_strdup (_ ("Test Host"));
  if (g_uri_get_query (parsed) != NULL)
    return g_strdup (_ ("This Computer (Other Socket)"));
  if (g_str_equal (g_uri_get_path (parsed), "/system"))
    return g_strdup (_ ("This Computer (System)"));

  return g_strdup (_ ("This Computer"));
}
