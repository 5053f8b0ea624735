/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which snapshots a domain has. libvirt has no event for one that is made or deleted, so whoever shows them asks. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/connection/strata-connection-private.h"
#include "strata-snapshot-names.h"
#include "host/connection/strata-vir.h"

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/**
 * strata_snapshot_list_names:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @error: return location; %STRATA_ERROR_NOT_FOUND if the domain is gone
 *
 * Worker threads only.
 *
 * Returns: (transfer full): the snapshots' names in a fixed order, and last the current one's once more after a "/", which
 *   no name contains
 */
GStrv
strata_snapshot_list_names (StrataConnection *connection, const char *uuid, GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (virDomainSnapshot) current = NULL;
  virDomainSnapshotPtr *snapshots = NULL;
  int n = -1;

  STRATA_ASSERT_WORKER ();

  domain = virDomainLookupByUUIDString (strata_connection_get_handle (connection), uuid);
  if (domain != NULL)
    n = virDomainListAllSnapshots (domain, &snapshots, 0);
  if (n < 0)
    {
      strata_vir_set_error (error, _ ("Listing the snapshots"));
      return NULL;
    }

  list = strata_vir_take_list ((gpointer *) snapshots, n, (GDestroyNotify) virDomainSnapshotFree);
  for (guint i = 0; i < list->len; i++)
    g_ptr_array_add (names, g_strdup (virDomainSnapshotGetName (g_ptr_array_index (list, i))));
  g_ptr_array_sort (names, compare_names);

  current = n > 0 ? virDomainSnapshotCurrent (domain, 0) : NULL;
  if (current != NULL)
    g_ptr_array_add (names, g_strconcat ("/", virDomainSnapshotGetName (current), NULL));
  g_ptr_array_add (names, NULL);

  return (GStrv) g_ptr_array_steal (names, NULL);
}
