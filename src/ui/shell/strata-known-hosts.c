/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The hosts that a person has connected to, remembered for the next start. */

#include "config.h"

#include "strata-known-hosts.h"

/* This computer's, side by side. */
static const char *const own_uris[] = { "qemu:///session", "qemu:///system" };

static StrataHost *
find_host (GListStore *hosts, const char *uri)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (hosts));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (StrataHost) host = g_list_model_get_item (G_LIST_MODEL (hosts), i);

      if (g_str_equal (strata_host_get_uri (host), uri))
        return host; /* the list keeps it */
    }

  return NULL;
}

static StrataHost *
add_host (GListStore *hosts, const char *uri)
{
  g_autoptr (StrataHost) host = strata_host_new (uri);

  g_list_store_append (hosts, host);

  return host; /* the list keeps it */
}

static void
remember (GListStore *hosts, GSettings *settings)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) uris = NULL;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (hosts));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (StrataHost) host = g_list_model_get_item (G_LIST_MODEL (hosts), i);

      g_strv_builder_add (builder, strata_host_get_uri (host));
    }

  uris = g_strv_builder_end (builder);
  g_settings_set_strv (settings, "connections", (const char *const *) uris);
}

GListStore *
strata_known_hosts_new (GSettings *settings)
{
  GListStore *hosts = g_list_store_new (STRATA_TYPE_HOST);
  g_auto (GStrv) uris = g_settings_get_strv (settings, "connections");

  for (size_t i = 0; i < G_N_ELEMENTS (own_uris); i++)
    add_host (hosts, own_uris[i]);
  for (guint i = 0; uris[i] != NULL; i++)
    {
      if (find_host (hosts, uris[i]) == NULL)
        add_host (hosts, uris[i]);
    }

  return hosts;
}

StrataHost *
strata_known_hosts_ensure (GListStore *hosts, GSettings *settings, const char *uri)
{
  StrataHost *host = find_host (hosts, uri);

  if (host == NULL)
    {
      host = add_host (hosts, uri);
      remember (hosts, settings);
    }

  return host;
}

gboolean
strata_known_hosts_can_remove (StrataHost *host)
{
  for (size_t i = 0; i < G_N_ELEMENTS (own_uris); i++)
    {
      if (g_str_equal (strata_host_get_uri (host), own_uris[i]))
        return FALSE;
    }

  return TRUE;
}

void
strata_known_hosts_remove (GListStore *hosts, GSettings *settings, StrataHost *host)
{
  guint position;

  g_return_if_fail (strata_known_hosts_can_remove (host));

  if (!g_list_store_find (hosts, host, &position))
    return;

  g_list_store_remove (hosts, position);
  remember (hosts, settings);
}
