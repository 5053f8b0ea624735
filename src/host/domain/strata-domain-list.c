/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The domains of a host, all of them or one. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>

#include "host/connection/strata-connection-private.h"
#include "host/connection/strata-parallel.h"
#include "host/connection/strata-vir.h"
#include "base/strata-error.h"
#include "xml/strata-worker-xml.h"

typedef struct
{
  StrataConnection *connection;
  GPtrArray *domains;        /* virDomain */
  StrataDomainFacts **facts; /* one for each, NULL: left out */
} Listing;

static gboolean
look (guint i, gpointer user_data, GError **error)
{
  Listing *self = user_data;
  virDomainPtr domain = g_ptr_array_index (self->domains, i);
  g_autoptr (GError) local_error = NULL;

  /* A worker is transient; a person may have given a machine such a name. */
  if (g_str_has_prefix (virDomainGetName (domain), STRATA_WORKER_PREFIX) &&
      virDomainIsPersistent (domain) != 1)
    return TRUE;

  self->facts[i] = strata_connection_read_without_traits (self->connection, domain, &local_error);
  if (self->facts[i] != NULL || g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}

/* UUIDs of the domains that FLAGS filter, of the type virConnectListAllDomainsFlags */
static GHashTable *
list_uuids (StrataConnection *self, guint flags, GError **error)
{
  g_autoptr (GPtrArray) domains = NULL;
  virDomainPtr *list = NULL;
  int n = virConnectListAllDomains (strata_connection_get_handle (self), &list, flags);
  GHashTable *uuids;

  if (n < 0)
    {
      strata_vir_set_error (error, _ ("Listing the virtual machines"));
      return NULL;
    }

  domains = strata_vir_take_list ((gpointer *) list, n, (GDestroyNotify) virDomainFree);
  uuids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < domains->len; i++)
    {
      char uuid[VIR_UUID_STRING_BUFLEN];

      if (virDomainGetUUIDString (g_ptr_array_index (domains, i), uuid) == 0)
        g_hash_table_add (uuids, g_strdup (uuid));
    }

  return uuids;
}

/* Three questions instead of three for each domain. They come last: of one that was running when it was looked at and
 * has been saved since we may know too much, but of one that was off because it had been saved never too little. */
static gboolean
add_traits (Listing *self, GError **error)
{
  g_autoptr (GHashTable) persistent =
      list_uuids (self->connection, VIR_CONNECT_LIST_DOMAINS_PERSISTENT, error);
  g_autoptr (GHashTable) autostart = NULL;
  g_autoptr (GHashTable) managed_save = NULL;

  if (persistent != NULL)
    autostart = list_uuids (self->connection, VIR_CONNECT_LIST_DOMAINS_AUTOSTART, error);
  if (autostart != NULL)
    managed_save = list_uuids (self->connection, VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE, error);
  if (managed_save == NULL)
    return FALSE;

  for (guint i = 0; i < self->domains->len; i++)
    {
      StrataDomainFacts *facts = self->facts[i];

      if (facts == NULL)
        continue;
      facts->persistent = g_hash_table_contains (persistent, facts->uuid);
      facts->autostart = g_hash_table_contains (autostart, facts->uuid);
      facts->managed_save = g_hash_table_contains (managed_save, facts->uuid);
      if (!strata_connection_read_saved (self->connection, facts, error))
        return FALSE;
    }

  return TRUE;
}

static GPtrArray *
list_all (Listing *self, GCancellable *cancellable, GError **error)
{
  g_autofree StrataDomainFacts **facts = g_new0 (StrataDomainFacts *, self->domains->len);
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_domain_facts_unref);
  gboolean listed;

  self->facts = facts;
  listed = strata_parallel_run (self->domains->len, look, self, cancellable, error) &&
           add_traits (self, error);

  for (guint i = 0; i < self->domains->len; i++)
    {
      if (facts[i] != NULL)
        g_ptr_array_add (result, facts[i]);
    }
  if (!listed)
    g_clear_pointer (&result, g_ptr_array_unref);

  return result;
}

/**
 * strata_connection_list_domains:
 * @self: a connection
 * @cancellable: (nullable): looked at between two domains
 * @error: where to put libvirt's error
 *
 * Every domain of the host with its snapshots' names, worker domains left out. A domain that goes
 * while we look is left out too. Disks given as a volume of a pool appear as the file or device that is.
 * Worker threads only.
 *
 * Returns: (transfer container) (element-type StrataDomainFacts): the domains
 */
GPtrArray *
strata_connection_list_domains (StrataConnection *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) domains = NULL;
  virDomainPtr *list = NULL;
  Listing listing = { self };
  int n;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (self), NULL);

  n = virConnectListAllDomains (strata_connection_get_handle (self), &list, 0);
  if (n < 0)
    {
      strata_vir_set_error (error, _ ("Listing the virtual machines"));
      return NULL;
    }
  domains = strata_vir_take_list ((gpointer *) list, n, (GDestroyNotify) virDomainFree);
  listing.domains = domains;

  return list_all (&listing, cancellable, error);
}

StrataDomainFacts *
strata_connection_look_at_domain (StrataConnection *self, const char *uuid, GError **error)
{
  g_autoptr (virDomain) domain = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (self), NULL);

  domain = strata_connection_lookup_domain (self, uuid, error);
  if (domain == NULL)
    return NULL;

  return strata_connection_read_domain (self, domain, error);
}

/**
 * strata_connection_get_domain:
 * @self: a connection
 * @uuid: a domain's UUID
 * @error: where to put `STRATA_ERROR_NOT_FOUND`, `REFUSED` where it can't be read whole, or another
 *
 * Worker threads only.
 *
 * Returns: (transfer full): what is true of the domain now
 */
StrataDomainFacts *
strata_connection_get_domain (StrataConnection *self, const char *uuid, GError **error)
{
  g_autoptr (StrataDomainFacts) facts = strata_connection_look_at_domain (self, uuid, error);

  return facts != NULL && strata_domain_facts_require_read (facts, error) ? g_steal_pointer (&facts)
                                                                          : NULL;
}

/* NOT_FOUND if it is gone */
virDomainPtr
strata_connection_lookup_domain (StrataConnection *self, const char *uuid, GError **error)
{
  virDomainPtr domain = virDomainLookupByUUIDString (strata_connection_get_handle (self), uuid);

  if (domain == NULL)
    strata_vir_set_error (error, _ ("Looking for the virtual machine %s"), uuid);

  return domain;
}
