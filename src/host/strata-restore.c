/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Memory that was saved in a file, put back into a domain. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-connection-private.h"
#include "strata-restore.h"
#include "strata-vir.h"

/**
 * strata_domain_restore:
 * @connection: a connection
 * @uuid: the UUID of a domain that is off
 * @file: the memory
 * @xml: the live definition that the memory goes with, on the disks that the domain shall have
 * @paused: whether the guest stands still afterwards
 * @error: where to put an error
 *
 * It is brought back standing still, and only then let go, since "paused" is what libvirt says of it either way.
 * Worker threads only.
 *
 * Returns: whether the domain goes on from @file
 */
gboolean
strata_domain_restore (StrataConnection *connection,
                       const char *uuid,
                       const char *file,
                       const char *xml,
                       gboolean paused,
                       GError **error)
{
  g_autoptr (virDomain) domain = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL)
    return FALSE;

  if (virDomainRestoreFlags (strata_connection_get_handle (connection), file, xml,
                             VIR_DOMAIN_SAVE_PAUSED) < 0)
    {
      strata_vir_set_error (error, _ ("Restoring the memory in “%s”"), file);
      return FALSE;
    }
  if (paused || virDomainResume (domain) == 0)
    return TRUE;

  strata_vir_set_error (error, _ ("Letting the restored guest go on"));
  virDomainDestroy (domain);

  return FALSE;
}
