/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Copying a file of the host through libvirt's streams.
 *
 * virStorageVolCreateXMLFrom() would run qemu-img, which drops internal snapshots. So the file is fetched in
 * pieces, and each is sent back before the next one: a stream that is read slower than it comes piles up
 * in memory. Pools are borrowed for one piece at a time, because others wait for them meanwhile.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host/connection/strata-connection-private.h"
#include "strata-pool-lease.h"
#include "strata-storage.h"
#include "host/connection/strata-vir.h"
#include "strata-volume-copy.h"
#include "base/strata-error.h"

#define PIECE ((guint64) 32 * 1024 * 1024)
/* Zeroes of this length are left out, as holes. */
#define BLOCK ((guint64) 64 * 1024)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (virStream, virStreamFree)

typedef struct
{
  StrataConnection *connection;
  char *from; /* canonical */
  char *to;
  guint8 *bytes; /* PIECE of them */
} Copy;

static void
copy_clear (Copy *self)
{
  g_free (self->from);
  g_free (self->to);
  g_free (self->bytes);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Copy, copy_clear)

static virStorageVolPtr
find_volume (Copy *self, const char *path, StrataPoolLease **lease, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr (GError) local = NULL;
  virStorageVolPtr volume = NULL;

  *lease = strata_pool_lease_new (self->connection, folder, error);
  if (*lease == NULL)
    return NULL;

  volume = strata_pool_lease_find_volume (*lease, name, &local);
  if (volume == NULL && local == NULL)
    strata_set_error (&local, STRATA_ERROR_NOT_FOUND, NULL, _ ("There is no image at “%s”"), path);
  if (volume == NULL)
    g_propagate_error (error, g_steal_pointer (&local));

  return volume;
}

/* How long the file is, not how much of it is on the disk. */
static gboolean
get_length (Copy *self, const char *path, guint64 *length, GError **error)
{
  g_autoptr (StrataPoolLease) lease = NULL;
  g_autoptr (virStorageVol) volume = find_volume (self, path, &lease, error);
  virStorageVolInfo info;

  if (volume == NULL)
    return FALSE;
  if (virStorageVolGetInfoFlags (volume, &info, VIR_STORAGE_VOL_GET_PHYSICAL) < 0)
    {
      strata_vir_set_error (error, _ ("Reading the image “%s”"), path);
      return FALSE;
    }
  *length = info.allocation;

  return TRUE;
}

/* FALSE with libvirt's error set */
static gboolean
receive (virStreamPtr stream, guint8 *bytes, guint64 n)
{
  guint64 got = 0;

  while (got < n)
    {
      int more = virStreamRecv (stream, (char *) bytes + got, (size_t) (n - got));

      if (more <= 0)
        return FALSE;
      got += (guint64) more;
    }

  return virStreamFinish (stream) == 0;
}

static gboolean
fetch (Copy *self, guint64 at, guint64 n, GError **error)
{
  g_autoptr (StrataPoolLease) lease = NULL;
  g_autoptr (virStorageVol) volume = find_volume (self, self->from, &lease, error);
  g_autoptr (virStream) stream = NULL;

  if (volume == NULL)
    return FALSE;

  stream = virStreamNew (strata_connection_get_handle (self->connection), 0);
  if (stream != NULL && virStorageVolDownload (volume, stream, at, n, 0) == 0 &&
      receive (stream, self->bytes, n))
    return TRUE;

  strata_vir_set_error (error, _ ("Reading the image “%s”"), self->from);
  if (stream != NULL)
    virStreamAbort (stream);

  return FALSE;
}

static gboolean
is_zero (const guint8 *bytes, guint64 n)
{
  return n == 0 || (bytes[0] == 0 && memcmp (bytes, bytes + 1, (size_t) n - 1) == 0);
}

/* From AT on: what is alike, data or zeroes, in whole blocks. */
static guint64
get_run (const guint8 *bytes, guint64 at, guint64 end, gboolean *zero)
{
  guint64 next = MIN (at + BLOCK, end);

  *zero = is_zero (bytes + at, next - at);
  while (next < end && is_zero (bytes + next, MIN (BLOCK, end - next)) == *zero)
    next = MIN (next + BLOCK, end);

  return next - at;
}

/* FALSE with libvirt's error set */
static gboolean
transmit (virStreamPtr stream, const guint8 *bytes, guint64 n)
{
  guint64 at = 0;

  while (at < n)
    {
      int sent = virStreamSend (stream, (const char *) bytes + at, (size_t) (n - at));

      if (sent < 0)
        return FALSE;
      at += (guint64) sent;
    }

  return TRUE;
}

static gboolean
transmit_runs (virStreamPtr stream, const guint8 *bytes, guint64 n)
{
  guint64 at = 0;

  while (at < n)
    {
      gboolean zero;
      guint64 run = get_run (bytes, at, n, &zero);

      if (zero ? virStreamSendHole (stream, (long long) run, 0) < 0
               : !transmit (stream, bytes + at, run))
        return FALSE;
      at += run;
    }

  return virStreamFinish (stream) == 0;
}

/* LAST: the file ends with it. libvirt ends the file where a hole ends, so that the last piece, hole or
 * not, is what gives it its length. */
static gboolean
put (Copy *self, guint64 at, guint64 n, gboolean last, GError **error)
{
  g_autoptr (StrataPoolLease) lease = NULL;
  g_autoptr (virStorageVol) volume = NULL;
  g_autoptr (virStream) stream = NULL;

  if (!last && is_zero (self->bytes, n))
    return TRUE;

  volume = find_volume (self, self->to, &lease, error);
  if (volume == NULL)
    return FALSE;

  stream = virStreamNew (strata_connection_get_handle (self->connection), 0);
  if (stream != NULL &&
      virStorageVolUpload (volume, stream, at, n, VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM) == 0 &&
      transmit_runs (stream, self->bytes, n))
    return TRUE;

  strata_vir_set_error (error, _ ("Writing the image “%s”"), self->to);
  if (stream != NULL)
    virStreamAbort (stream);

  return FALSE;
}

static gboolean
copy_pieces (Copy *self, guint64 length, const StrataTransfer *transfer, GError **error)
{
  guint64 n;

  for (guint64 at = 0; at < length; at += n)
    {
      n = MIN (PIECE, length - at);
      if (g_cancellable_set_error_if_cancelled (strata_transfer_get_cancellable (transfer),
                                                error) ||
          !fetch (self, at, n, error) || !put (self, at, n, at + n == length, error))
        return FALSE;
      strata_transfer_report (transfer, at + n, length);
    }

  return TRUE;
}

/* A stream that ended too soon has no other sign. */
static gboolean
check_length (Copy *self, guint64 length, GError **error)
{
  guint64 written;

  if (!get_length (self, self->to, &written, error))
    return FALSE;
  if (written == length)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_FAILED, NULL, _ ("“%s” could not be written completely"),
                    self->to);

  return FALSE;
}

/**
 * strata_volume_copy:
 * @connection: a connection
 * @from: an image that no process writes to
 * @to: where its twin goes, mode 0600; nothing may be there
 * @transfer: (nullable): tells bytes of the file; its cancellable is looked at between two pieces
 * @error: where to put `STRATA_ERROR_EXISTS`, `NO_SPACE`, `NOT_FOUND` or another
 *
 * Worker threads only. The host's kernel may still have to write some of it when this returns.
 *
 * Returns: whether @to is a copy of @from; if not, nothing of it is left
 */
gboolean
strata_volume_copy (StrataConnection *connection,
                    const char *from,
                    const char *to,
                    const StrataTransfer *transfer,
                    GError **error)
{
  g_auto (Copy) copy = { connection };
  StrataVolumeXml spec = { .format = (char *) "raw", .mode = 0600 };

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  copy.from = strata_connection_canonical_path (connection, from);
  copy.to = strata_connection_canonical_path (connection, to);
  copy.bytes = g_malloc (PIECE);

  if (!get_length (&copy, copy.from, &spec.capacity, error) ||
      !strata_storage_create (connection, copy.to, &spec, error))
    return FALSE;
  if (copy_pieces (&copy, spec.capacity, transfer, error) &&
      check_length (&copy, spec.capacity, error))
    return TRUE;

  strata_storage_delete (connection, copy.to, NULL);

  return FALSE;
}
