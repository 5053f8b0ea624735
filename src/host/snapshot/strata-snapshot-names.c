/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which snapshots a domain has. libvirt has no event for one that is made or deleted, so the page that shows them asks. */

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

char *
strata_snapshot_names_get_current (const StrataSnapshotFacts *current)
{
  return g_strdup_printf ("/%s\n%s\n%s%s", current->name, current->id,
                          current->retained ? "retained " : "",
                          current->description != NULL ? current->description : "");
}

/**
 * strata_snapshot_list_names:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @error: return location; %STRATA_ERROR_NOT_FOUND if the domain is gone
 *
 * Worker threads only.
 *
 * Returns: (transfer full): the snapshots' names in a fixed order, and last, after a "/", which no name contains, which one
 *   the current one is: another of that name may have come to be since
 */
GStrv
strata_snapshot_list_names (StrataConnection *connection, const char *uuid, GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (virDomainSnapshot) current = NULL;
  g_autofree char *xml = NULL;
  g_autoptr (StrataSnapshotFacts) facts = NULL;
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
  xml = current != NULL
            ? virDomainSnapshotGetXMLDesc (current, strata_connection_get_secrecy (connection))
            : NULL;
  facts = xml != NULL ? strata_snapshot_facts_new (xml, TRUE, NULL) : NULL;
  if (facts != NULL)
    g_ptr_array_add (names, strata_snapshot_names_get_current (facts));
  g_ptr_array_add (names, NULL);

  return (GStrv) g_ptr_array_steal (names, NULL);
}
