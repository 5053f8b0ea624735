/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Ending the workers that a dead process left behind. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/connection/strata-process-id.h"
#include "host/connection/strata-vir.h"
#include "strata-worker-reap.h"
#include "xml/strata-worker-xml.h"

static gboolean
is_orphan (virDomainPtr domain)
{
  g_autofree char *owner = NULL;

  if (!g_str_has_prefix (virDomainGetName (domain), STRATA_WORKER_PREFIX) ||
      virDomainIsPersistent (domain) != 0)
    return FALSE;

  owner = virDomainGetMetadata (domain, VIR_DOMAIN_METADATA_DESCRIPTION, NULL, 0);

  return strata_process_id_is_dead (owner);
}

/**
 * strata_worker_reap:
 * @handle: a connection
 * @error: where to put libvirt's error
 *
 * A worker goes with the connection that started it, unless the daemon was restarted meanwhile. What
 * is left then says in its description which process it belonged to; if that is known to be gone, the
 * worker is ended. Workers of other machines that use the same host are left alone. A commit that
 * ends so can be run again. Worker threads only.
 *
 * Returns: how many were ended, -1 on failure
 */
int
strata_worker_reap (virConnectPtr handle, GError **error)
{
  g_autoptr (GPtrArray) domains = NULL;
  virDomainPtr *list = NULL;
  int reaped = 0;
  int n;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (handle != NULL, -1);

  n = virConnectListAllDomains (handle, &list, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
  if (n < 0)
    {
      strata_vir_set_error (error, _ ("Listing the virtual machines"));
      return -1;
    }

  domains = strata_vir_take_list ((gpointer *) list, n, (GDestroyNotify) virDomainFree);
  for (guint i = 0; i < domains->len; i++)
    {
      virDomainPtr domain = g_ptr_array_index (domains, i);
      g_autoptr (GVirDomain) object = strata_vir_domain_new (domain);

      if (is_orphan (domain) && gvir_domain_stop (object, 0, NULL))
        reaped++;
    }

  return reaped;
}
