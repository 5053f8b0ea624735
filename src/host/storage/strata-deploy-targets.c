/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Where clones can be put: the host's storage pools and networks. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-deploy-targets.h"
#include "host/connection/strata-lock.h"
#include "xml/strata-volume-xml.h"
#include "host/connection/strata-vir.h"

static gboolean
add_pools (StrataDeployTargets *self, virConnectPtr handle, GError **error)
{
  g_autoptr (GPtrArray) pools = NULL;
  virStoragePoolPtr *list = NULL;
  int n = virConnectListAllStoragePools (handle, &list, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE);

  if (n < 0)
    {
      strata_vir_set_error (error, _ ("Listing the storage pools"));
      return FALSE;
    }
  pools = strata_vir_take_list ((gpointer *) list, n, (GDestroyNotify) virStoragePoolFree);

  for (guint i = 0; i < pools->len; i++)
    {
      virStoragePoolPtr pool = g_ptr_array_index (pools, i);
      const char *name = virStoragePoolGetName (pool);
      virStoragePoolInfo info;
      StrataPoolFacts *facts;

      if (g_str_has_prefix (name, STRATA_POOL_LEASE_PREFIX) ||
          g_str_has_prefix (name, STRATA_LOCK_PREFIX) || virStoragePoolGetInfo (pool, &info) < 0)
        continue;

      facts = g_new0 (StrataPoolFacts, 1);
      facts->name = g_strdup (name);
      facts->capacity = info.capacity;
      facts->available = info.available;
      g_ptr_array_add (self->pools, facts);
    }

  return TRUE;
}

/* A session daemon has no networks of its own, and some have no driver for them at all: then there is
 * nothing to choose, which is no failure. */
static void
add_networks (StrataDeployTargets *self, virConnectPtr handle)
{
  g_autoptr (GPtrArray) networks = NULL;
  virNetworkPtr *list = NULL;
  int n = virConnectListAllNetworks (handle, &list, VIR_CONNECT_LIST_NETWORKS_ACTIVE);

  if (n < 0)
    return;
  networks = strata_vir_take_list ((gpointer *) list, n, (GDestroyNotify) virNetworkFree);

  for (guint i = 0; i < networks->len; i++)
    g_ptr_array_add (self->networks,
                     g_strdup (virNetworkGetName (g_ptr_array_index (networks, i))));
}

/**
 * strata_deploy_targets_new:
 * @connection: a connection
 * @error: return location, with libvirt's own words
 *
 * Blocks; worker threads only.
 *
 * Returns: (transfer full) (nullable): the active pools and networks
 */
StrataDeployTargets *
strata_deploy_targets_new (StrataConnection *connection, GError **error)
{
  g_autoptr (StrataDeployTargets) self = NULL;
  virConnectPtr handle;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);

  self = g_new0 (StrataDeployTargets, 1);
  self->pools = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_pool_facts_free);
  self->networks = g_ptr_array_new_with_free_func (g_free);

  handle = strata_connection_get_handle (connection);
  if (!add_pools (self, handle, error))
    return NULL;
  add_networks (self, handle);

  return g_steal_pointer (&self);
}

void
strata_deploy_targets_free (StrataDeployTargets *self)
{
  g_clear_pointer (&self->pools, g_ptr_array_unref);
  g_clear_pointer (&self->networks, g_ptr_array_unref);
  g_free (self);
}
