/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The worker domain: a paused guest that never executes anything, in which QEMU works on images that
 * no VM has open.
 *
 * It is started with "autodestroy": when our connection ends, however it ends, the daemon ends the
 * worker. A daemon that was restarted meanwhile has forgotten that, so the worker's description also
 * says which process it belongs to, for strata_worker_reap().
 *
 * Its type is "qemu" where the host has that: no virtual CPU of it ever runs, so that KVM would gain
 * nothing, and on a host where KVM hangs the worker works all the same.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-block-job.h"
#include "host/connection/strata-connection-private.h"
#include "host/storage/strata-chain-reader.h"
#include "host/connection/strata-process-id.h"
#include "host/storage/strata-storage.h"
#include "host/connection/strata-vir.h"
#include "strata-worker-private.h"
#include "base/strata-error.h"
#include "xml/strata-worker-xml.h"

/* What a copy may lack at its end without the disk having been full. */
#define SPACE_MARGIN ((guint64) 1024 * 1024)

/* What libvirt before 12 opens (tested on 11.3); of more it says that JSON is nested too deep. */
#define DEEPEST_CHAIN 24

static const char *
choose_type (StrataConnection *connection)
{
  const StrataHostFacts *facts = strata_connection_get_facts (connection);
  g_autofree char *offered = virConnectGetDomainCapabilities (
      strata_connection_get_handle (connection), facts->emulator, facts->arch, NULL, "qemu", 0);

  return offered != NULL ? "qemu" : "kvm";
}

static char *
add_owner (const char *xml)
{
  g_autofree char *owner = strata_process_id_new_text ();
  const char *end = g_strrstr (xml, "</domain>");

  g_assert (end != NULL);

  return g_strdup_printf ("%.*s<description>%s</description>%s", (int) (end - xml), xml, owner,
                          end);
}

/* An image that may not be written is only read, so that a template's disk can be copied. */
static gboolean
is_write_protected (StrataConnection *connection, const char *path, gboolean block)
{
  guint mode;

  return !block && strata_storage_get_mode (connection, path, &mode, NULL) && (mode & 0222) == 0;
}

static void
explain_depth (StrataConnection *connection, const char *path, const char *format, GError **error)
{
  g_autoptr (StrataChainReader) reader = strata_chain_reader_new (connection, NULL);
  g_auto (GStrv) paths = NULL;
  g_auto (GStrv) formats = NULL;

  if (error == NULL || *error == NULL || (*error)->domain != STRATA_ERROR ||
      !strata_chain_reader_read (reader, path, format, &paths, &formats) ||
      g_strv_length (paths) + 1 <= DEEPEST_CHAIN)
    return;

  strata_error_set_hint (*error,
                         _ ("It stands on more images than libvirt opens. Delete snapshots one by "
                            "one first, the oldest first, so that there are fewer."));
}

/* QEMU's words for an image that another process has open. */
static void
explain_lock (const char *path, GError **error)
{
  if (error == NULL || *error == NULL || strstr ((*error)->message, "Failed to get ") == NULL ||
      strstr ((*error)->message, " lock") == NULL)
    return;

  g_clear_error (error);
  strata_set_error (
      error, STRATA_ERROR_BUSY,
      _ ("Shut down the virtual machine, or end the program, that uses it, and try again."),
      _ ("“%s” is open in another process"), path);
}

/**
 * strata_worker_start:
 * @connection: a connection
 * @path: an image that no VM has open for writing
 * @format: its format
 * @flags: what @path is, and how it is opened
 * @cancellable: (nullable): looked at before the start
 * @error: where to put an error
 *
 * Starts a worker on @path and everything it is an overlay on. An image without write permission (mode
 * 0444) is opened for reading only: it can be copied then, and not committed. Worker threads only.
 *
 * Returns: (transfer full): the worker
 */
StrataWorker *
strata_worker_start (StrataConnection *connection,
                     const char *path,
                     const char *format,
                     StrataWorkerFlags flags,
                     GCancellable *cancellable,
                     GError **error)
{
  gboolean block = (flags & STRATA_WORKER_BLOCK) != 0;
  StrataWorkerDisk disk = { STRATA_WORKER_TARGET, path, format, block, FALSE };
  const StrataHostFacts *facts;
  g_autofree char *uuid = NULL;
  g_autofree char *plain = NULL;
  g_autofree char *xml = NULL;
  virDomainPtr domain;
  StrataWorker *self;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);
  g_return_val_if_fail (path != NULL && format != NULL, NULL);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  facts = strata_connection_get_facts (connection);
  if (facts->emulator == NULL || facts->arch == NULL)
    {
      strata_set_error (error, STRATA_ERROR_UNSUPPORTED, _ ("Install QEMU on that host."),
                        _ ("“%s” has no QEMU that could work on disks"), facts->hostname);
      return NULL;
    }

  disk.read_only =
      (flags & STRATA_WORKER_READ_ONLY) != 0 || is_write_protected (connection, path, block);
  uuid = g_uuid_string_random ();
  plain = strata_worker_xml_new (uuid, choose_type (connection), facts->arch, facts->emulator,
                                 &disk, 1);
  xml = add_owner (plain);
  domain = virDomainCreateXML (strata_connection_get_handle (connection), xml,
                               VIR_DOMAIN_START_PAUSED | VIR_DOMAIN_START_AUTODESTROY);
  if (domain == NULL)
    {
      strata_vir_set_error (error, _ ("Opening “%s”"), path);
      explain_depth (connection, path, format, error);
      explain_lock (path, error);
      return NULL;
    }

  self = g_new0 (StrataWorker, 1);
  self->connection = g_object_ref (connection);
  self->domain = domain;
  self->path = g_strdup (path);

  return self;
}

/**
 * strata_worker_stop:
 * @self: (transfer full): a worker
 *
 * Ends the worker; when this returns its images are closed. A block job in it is aborted. Worker
 * threads only.
 */
void
strata_worker_stop (StrataWorker *self)
{
  g_autoptr (GVirDomain) object = strata_vir_domain_new (self->domain);

  STRATA_ASSERT_WORKER ();

  gvir_domain_stop (object, 0, NULL);
  g_clear_pointer (&self->domain, virDomainFree);
  g_clear_object (&self->connection);
  g_clear_pointer (&self->path, g_free);
  g_free (self);
}

typedef struct
{
  const StrataTransfer *transfer;
  guint64 done;
  guint64 total;
} Progress;

static guint64
on_progress (guint64 done, guint64 total, gpointer user_data)
{
  Progress *progress = user_data;

  progress->done = done;
  progress->total = total;

  return strata_transfer_report (progress->transfer, done, total);
}

/* libvirt says that a job failed and not why; that the destination's disk is full can be seen. */
static void
explain_failed_copy (StrataWorker *self,
                     const char *destination,
                     const Progress *progress,
                     GError **error)
{
  guint64 available;

  if (!g_error_matches (*error, STRATA_ERROR, STRATA_ERROR_FAILED) ||
      !strata_storage_get_available (self->connection, destination, &available, NULL) ||
      available > SPACE_MARGIN || available >= progress->total - progress->done)
    return;

  g_clear_error (error);
  strata_set_error (error, STRATA_ERROR_NO_SPACE, _ ("Free some space, or choose another place."),
                    _ ("There is no space left for “%s”"), destination);
}

static gboolean
start_copy (StrataWorker *self,
            const char *destination,
            const char *format,
            guint64 bandwidth,
            GError **error)
{
  StrataWorkerDisk disk = { STRATA_WORKER_TARGET, destination, format, FALSE, FALSE };
  g_autofree char *xml = strata_worker_copy_xml_new (&disk);
  virTypedParameterPtr params = NULL;
  int n_params = 0;
  int max_params = 0;
  int result;

  if (bandwidth > 0)
    virTypedParamsAddULLong (&params, &n_params, &max_params, VIR_DOMAIN_BLOCK_COPY_BANDWIDTH,
                             bandwidth);
  result = virDomainBlockCopy (self->domain, STRATA_WORKER_TARGET, xml, params, n_params,
                               VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB);
  if (result < 0)
    strata_vir_set_error (error, _ ("Copying “%s” to “%s”"), self->path, destination);
  virTypedParamsFree (params, n_params);

  return result == 0;
}

/**
 * strata_worker_copy:
 * @self: a worker
 * @destination: the new image; nothing may be there
 * @format: its format
 * @transfer: (nullable): cancelled, the copy is aborted
 * @error: where to put `STRATA_ERROR_EXISTS`, `NO_SPACE` or another
 *
 * Copies what a guest would see to a flat image, mode 0600. Worker threads only.
 *
 * Returns: whether @destination is complete; if not, nothing is left there
 */
gboolean
strata_worker_copy (StrataWorker *self,
                    const char *destination,
                    const char *format,
                    const StrataTransfer *transfer,
                    GError **error)
{
  g_autoptr (StrataBlockJob) job = NULL;
  g_autoptr (GError) local_error = NULL;
  Progress state = { transfer, 0, 0 };
  StrataTransfer watched = { strata_transfer_get_bandwidth (transfer), on_progress, &state,
                             strata_transfer_get_cancellable (transfer) };
  gboolean exists;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (self != NULL && destination != NULL && format != NULL, FALSE);

  if (g_cancellable_set_error_if_cancelled (strata_transfer_get_cancellable (transfer), error) ||
      !strata_storage_exists (self->connection, destination, &exists, error))
    return FALSE;
  if (exists)
    {
      strata_set_error (error, STRATA_ERROR_EXISTS,
                        _ ("Choose another name, or remove that file first."),
                        _ ("There is already something at “%s”"), destination);
      return FALSE;
    }

  job = strata_block_job_new (strata_connection_get_handle (self->connection), self->domain,
                              STRATA_WORKER_TARGET);
  if (start_copy (self, destination, format, watched.bandwidth, &local_error))
    {
      if (strata_block_job_wait_ready (job, &watched, &local_error) &&
          strata_block_job_finish (job, FALSE, &local_error))
        return TRUE;
      strata_block_job_abort (job);
    }

  explain_failed_copy (self, destination, &state, &local_error);
  strata_storage_delete (self->connection, destination, NULL);
  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}
