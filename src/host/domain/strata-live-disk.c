/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The disks of a running VM: which layers they have, and that what was merged is safe.
 *
 * A qcow2 image's tables are kept in QEMU's memory until a flush is asked for, which is the guest as a
 * rule. QEMU 7.2 says that a pull is done, and names the new base in the header, without one (10.0 does flush): were it
 * killed then, with the layers deleted that it pulled from, their content would be lost. No call of libvirt's is a
 * flush, but to stop a VM is one in QEMU, also where it is stopped already.
 */

#include "config.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <libvirt/libvirt-qemu.h>
#include <unistd.h>

#include "host/connection/strata-connection-private.h"
#include "host/storage/strata-layer.h"
#include "strata-live-disk.h"
#include "host/connection/strata-vir.h"
#include "base/strata-error.h"

/* The first QEMU seen to flush at the end of every job. */
#define FLUSHES_ITSELF 10000000

/**
 * strata_live_find:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @error: where to put `STRATA_ERROR_NOT_FOUND`, or `BUSY` if it is off
 *
 * Worker threads only.
 *
 * Returns: (transfer full): a running or paused domain
 */
virDomainPtr
strata_live_find (StrataConnection *connection, const char *uuid, GError **error)
{
  virDomainPtr domain = strata_connection_lookup_domain (connection, uuid, error);

  if (domain == NULL || virDomainIsActive (domain) == 1)
    return domain;

  strata_set_error (error, STRATA_ERROR_BUSY, _ ("Try again; what is to be done differs now."),
                    _ ("“%s” was shut down in the meantime"), virDomainGetName (domain));
  virDomainFree (domain);

  return NULL;
}

/**
 * strata_live_chain:
 * @connection: a connection
 * @uuid: a running or paused domain
 * @target: a disk of it, `vda`
 * @error: where to put `STRATA_ERROR_BUSY` if the domain is off, or another
 *
 * Worker threads only.
 *
 * Returns: (transfer full): canonical paths, what the domain writes to first
 */
GStrv
strata_live_chain (StrataConnection *connection,
                   const char *uuid,
                   const char *target,
                   GError **error)
{
  g_autoptr (virDomain) domain = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);

  domain = strata_live_find (connection, uuid, error);

  return domain != NULL ? strata_layer_list (connection, domain, target, error) : NULL;
}

/* The bulk of it, which the kernel still has, before the guest has to stand still for the rest. */
static void
write_back (StrataConnection *connection, const char *path)
{
  g_autofd int fd = -1;

  if (path == NULL || !strata_connection_get_facts (connection)->is_local)
    return;
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0)
    fdatasync (fd);
}

static gboolean
flush_running (virDomainPtr domain, GError **error)
{
  g_autoptr (GVirDomain) object = strata_vir_domain_new (domain);

  if (gvir_domain_suspend (object, NULL) && gvir_domain_resume (object, NULL))
    return TRUE;
  strata_vir_set_error (error, _ ("Flushing the disks of “%s”"), virDomainGetName (domain));

  return FALSE;
}

/* An error of QEMU's is an answer like any other to libvirt. */
static gboolean
says_done (const char *answer)
{
  g_autoptr (JsonNode) node = json_from_string (answer, NULL);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) &&
         json_object_has_member (json_node_get_object (node), "return");
}

/* libvirt would not tell QEMU. */
static gboolean
flush_paused (virDomainPtr domain, GError **error)
{
  g_autofree char *answer = NULL;

  if (virDomainQemuMonitorCommand (domain, "{\"execute\":\"stop\"}", &answer, 0) < 0)
    {
      strata_vir_set_error (error, _ ("Flushing the disks of “%s”"), virDomainGetName (domain));
      return FALSE;
    }
  if (says_done (answer))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_FAILED, NULL, _ ("QEMU can’t flush the disks of “%s”: %s"),
                    virDomainGetName (domain), answer);

  return FALSE;
}

/**
 * strata_live_flush:
 * @connection: a connection
 * @uuid: a domain, which may be off by now
 * @path: (nullable): the image that was written to most
 * @error: where to put libvirt's error
 *
 * With an old QEMU a running domain is paused for a moment. Worker threads only.
 *
 * Returns: whether what block jobs wrote is on the disk
 */
gboolean
strata_live_flush (StrataConnection *connection, const char *uuid, const char *path, GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  StrataDomainState state;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (strata_connection_get_facts (connection)->qemu_version >= FLUSHES_ITSELF)
    return TRUE;

  write_back (connection, path);
  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL)
    return FALSE;
  if (!strata_connection_read_state (domain, &state))
    {
      strata_vir_set_error (error, _ ("Flushing the disks of “%s”"), virDomainGetName (domain));
      return FALSE;
    }
  if (state == STRATA_DOMAIN_STATE_OFF || state == STRATA_DOMAIN_STATE_CRASHED)
    return TRUE;

  return state == STRATA_DOMAIN_STATE_RUNNING ? flush_running (domain, error)
                                              : flush_paused (domain, error);
}
