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
#include <libvirt/virterror.h>

#include "strata-block-job.h"
#include "strata-connection-private.h"
#include "strata-owner.h"
#include "strata-storage.h"
#include "strata-vir.h"
#include "strata-worker.h"
#include "strata-xpath.h"
#include "xml/strata-error.h"
#include "xml/strata-worker-xml.h"

#define TARGET "vda"

/* What a copy may lack at its end without the disk having been full. */
#define SPACE_MARGIN ((guint64) 1024 * 1024)

struct _StrataWorker
{
  StrataConnection *connection;
  virDomainPtr domain;
  char *path;
};

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
  g_autofree char *owner = strata_owner_new_text ();
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

/**
 * strata_worker_start:
 * @connection: a connection
 * @path: an image that no VM has open for writing
 * @format: its format
 * @block: whether it is a block device
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
                     gboolean block,
                     GCancellable *cancellable,
                     GError **error)
{
  StrataWorkerDisk disk = { TARGET, path, format, block, FALSE };
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

  disk.read_only = is_write_protected (connection, path, block);
  uuid = g_uuid_string_random ();
  plain = strata_worker_xml_new (uuid, choose_type (connection), facts->arch, facts->emulator,
                                 &disk, 1);
  xml = add_owner (plain);
  domain = virDomainCreateXML (strata_connection_get_handle (connection), xml,
                               VIR_DOMAIN_START_PAUSED | VIR_DOMAIN_START_AUTODESTROY);
  if (domain == NULL)
    {
      strata_vir_set_error (error, _ ("Opening “%s”"), path);
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
  STRATA_ASSERT_WORKER ();

  virDomainDestroy (self->domain);
  g_clear_pointer (&self->domain, virDomainFree);
  g_clear_object (&self->connection);
  g_clear_pointer (&self->path, g_free);
  g_free (self);
}

typedef struct
{
  StrataByteFunc func;
  gpointer user_data;
  guint64 done;
  guint64 total;
} Progress;

static void
on_progress (guint64 done, guint64 total, gpointer user_data)
{
  Progress *progress = user_data;

  progress->done = done;
  progress->total = total;
  if (progress->func != NULL)
    progress->func (done, total, progress->user_data);
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
  StrataWorkerDisk disk = { TARGET, destination, format, FALSE, FALSE };
  g_autofree char *xml = strata_worker_copy_xml_new (&disk);
  virTypedParameterPtr params = NULL;
  int n_params = 0;
  int max_params = 0;
  int result;

  if (bandwidth > 0)
    virTypedParamsAddULLong (&params, &n_params, &max_params, VIR_DOMAIN_BLOCK_COPY_BANDWIDTH,
                             bandwidth);
  result = virDomainBlockCopy (self->domain, TARGET, xml, params, n_params,
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
 * @bandwidth: bytes per second, 0 for no limit
 * @progress: (nullable): called in this thread, about four times a second
 * @user_data: for @progress
 * @cancellable: (nullable): aborts the copy
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
                    guint64 bandwidth,
                    StrataByteFunc progress,
                    gpointer user_data,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (StrataBlockJob) job = NULL;
  g_autoptr (GError) local_error = NULL;
  Progress state = { progress, user_data, 0, 0 };
  gboolean exists;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (self != NULL && destination != NULL && format != NULL, FALSE);

  if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
      !strata_storage_exists (self->connection, destination, &exists, error))
    return FALSE;
  if (exists)
    {
      strata_set_error (error, STRATA_ERROR_EXISTS,
                        _ ("Choose another name, or remove that file first."),
                        _ ("There is already something at “%s”"), destination);
      return FALSE;
    }

  job =
      strata_block_job_new (strata_connection_get_handle (self->connection), self->domain, TARGET);
  if (start_copy (self, destination, format, bandwidth, &local_error))
    {
      if (strata_block_job_wait_ready (job, on_progress, &state, cancellable, &local_error) &&
          strata_block_job_finish (job, FALSE, &local_error))
        return TRUE;
      strata_block_job_abort (job);
    }

  explain_failed_copy (self, destination, &state, &local_error);
  strata_storage_delete (self->connection, destination, NULL);
  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}

/* libvirt compares the base with the names in the overlays' headers, which may be other names of the
 * file than the one we know it by; the index of a layer has only one meaning. */
static char *
find_layer (StrataWorker *self, const char *base)
{
  g_autofree char *xml = virDomainGetXMLDesc (self->domain, 0);
  g_autofree char *wanted = strata_connection_canonical_path (self->connection, base);
  g_auto (GStrv) layers =
      strata_xpath_strings (xml, "/domain/devices/disk//backingStore[source]/@index");

  for (guint i = 0; layers[i] != NULL; i++)
    {
      g_autofree char *expression = g_strdup_printf (
          "string(/domain/devices/disk//backingStore[@index='%s']/source/@*[name()='file' or "
          "name()='dev'])",
          layers[i]);
      g_autofree char *source = strata_xpath_string (xml, expression);
      g_autofree char *path =
          source != NULL ? strata_connection_canonical_path (self->connection, source) : NULL;

      if (g_strcmp0 (path, wanted) == 0)
        return g_strdup_printf (TARGET "[%s]", layers[i]);
    }

  return NULL;
}

/**
 * strata_worker_commit:
 * @self: a worker on the overlay
 * @base: the image that takes its content; somewhere below it
 * @bandwidth: bytes per second, 0 for no limit
 * @progress: (nullable): called in this thread, about four times a second
 * @user_data: for @progress
 * @cancellable: (nullable): stops the commit where it is
 * @error: where to put `STRATA_ERROR_INVALID` if @base is not below the overlay, or another
 *
 * Merges the overlay, and what is between it and @base, down into @base. Stopped half-way, @base has changed
 * and the overlay is whole, so that it shows what it did; run again, it is finished. After success @base
 * shows what the overlay did. Worker threads only.
 *
 * Returns: whether all of it is in @base
 */
gboolean
strata_worker_commit (StrataWorker *self,
                      const char *base,
                      guint64 bandwidth,
                      StrataByteFunc progress,
                      gpointer user_data,
                      GCancellable *cancellable,
                      GError **error)
{
  g_autoptr (StrataBlockJob) job = NULL;
  g_autofree char *layer = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (self != NULL && base != NULL, FALSE);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  /* Without a base libvirt would commit to the very bottom, into a template perhaps. */
  layer = find_layer (self, base);
  if (layer == NULL)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL, _ ("“%s” does not stand on “%s”"),
                        self->path, base);
      return FALSE;
    }

  job =
      strata_block_job_new (strata_connection_get_handle (self->connection), self->domain, TARGET);
  if (virDomainBlockCommit (self->domain, TARGET, layer, NULL, bandwidth,
                            VIR_DOMAIN_BLOCK_COMMIT_ACTIVE |
                                VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES) < 0)
    {
      strata_vir_set_error (error, _ ("Merging “%s” into “%s”"), self->path, base);
      return FALSE;
    }

  if (strata_block_job_wait_ready (job, progress, user_data, cancellable, error) &&
      strata_block_job_finish (job, TRUE, error))
    return TRUE;

  strata_block_job_abort (job);

  return FALSE;
}
