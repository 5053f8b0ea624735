/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Volumes by their paths: making, removing and looking at images through libvirt, so that it works
 * alike on this computer, for the system's daemon, and on another host.
 */

#include "config.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "host/connection/strata-connection-private.h"
#include "strata-pool-lease.h"
#include "strata-storage.h"
#include "strata-volume.h"
#include "host/connection/strata-vir.h"
#include "host/connection/strata-xpath.h"
#include "base/strata-error.h"

/* An overlay's header and tables; what an image without data of its own needs at least. */
#define SMALLEST_IMAGE ((guint64) 1024 * 1024)

/* What may be left of a full disk, on which there was no room for the next piece. */
#define SPACE_MARGIN ((guint64) 1024 * 1024)

static gboolean
is_local (StrataConnection *connection)
{
  return strata_connection_get_facts (connection)->is_local;
}

static StrataPoolLease *
lease_for (StrataConnection *connection, const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  return strata_pool_lease_new (connection, folder, error);
}

/* Only a yes is believed: in a sandbox the client may see less than the daemon. */
static gboolean
is_seen_here (StrataConnection *connection, const char *path)
{
  struct stat status;

  return is_local (connection) && lstat (path, &status) == 0;
}

/**
 * strata_storage_is_same:
 * @connection: a connection
 * @path: (nullable): an image
 * @other: (nullable): another name, or the same
 *
 * libvirt and the headers of images call a file by what it was called when it was opened, which may be another of its names
 * (a hard link) than the one that a plan has. Worker threads only.
 *
 * Returns: whether both are one image; no name is none
 */
gboolean
strata_storage_is_same (StrataConnection *connection, const char *path, const char *other)
{
  struct stat first;
  struct stat second;

  STRATA_ASSERT_WORKER ();

  if (path == NULL || other == NULL)
    return FALSE;
  if (g_str_equal (path, other))
    return TRUE;

  return is_local (connection) && stat (path, &first) == 0 && stat (other, &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

gboolean
strata_storage_is_among (StrataConnection *connection, const char *const *paths, const char *path)
{
  for (guint i = 0; paths[i] != NULL; i++)
    {
      if (strata_storage_is_same (connection, paths[i], path))
        return TRUE;
    }

  return FALSE;
}

static void
set_exists (const char *path, GError **error)
{
  strata_set_error (error, STRATA_ERROR_EXISTS,
                    _ ("Choose another name, or remove that file first."),
                    _ ("There is already something at “%s”"), path);
}

static gboolean
pool_available (StrataPoolLease *lease, guint64 *bytes, GError **error)
{
  virStoragePoolInfo info;

  if (!strata_pool_lease_refresh (lease, error))
    return FALSE;
  if (virStoragePoolGetInfo (strata_pool_lease_get_pool (lease), &info) < 0)
    {
      strata_vir_set_error (error, _ ("Asking how much space is free"));
      return FALSE;
    }
  *bytes = info.available;

  return TRUE;
}

static gboolean
folder_available (StrataConnection *connection, const char *path, guint64 *bytes)
{
  g_autofree char *folder = g_path_get_dirname (path);
  struct statvfs status;

  if (!is_local (connection) || statvfs (folder, &status) != 0)
    return FALSE;
  *bytes = (guint64) status.f_bavail * status.f_frsize;

  return TRUE;
}

/* qemu-img, which libvirt calls for this, has no error code for a full disk; so the space is looked at
 * instead of its words. */
static gboolean
check_space (StrataConnection *connection,
             StrataPoolLease *lease,
             const char *path,
             guint64 needed,
             GError **error)
{
  g_autofree char *need = NULL;
  g_autofree char *have = NULL;
  guint64 available;

  if (!folder_available (connection, path, &available) &&
      !pool_available (lease, &available, error))
    return FALSE;
  if (available >= needed)
    return TRUE;

  need = g_format_size (needed);
  have = g_format_size (available);
  strata_set_error (error, STRATA_ERROR_NO_SPACE, _ ("Free some space, or choose another place."),
                    /* Translators: a path, and two sizes such as “1.2 GB” */
                    _ ("There is no space for “%s”: it needs %s, and %s are free"), path, need,
                    have);

  return FALSE;
}

/* libvirt found something in the way, or qemu-img failed: say which. */
static void
explain_failed_create (StrataConnection *connection,
                       StrataPoolLease *lease,
                       const char *path,
                       const char *name,
                       guint64 needed,
                       GError *failure,
                       GError **error)
{
  int code = strata_error_get_vir_code (failure);

  if (code == VIR_ERR_STORAGE_VOL_EXIST || code == VIR_ERR_OPERATION_INVALID)
    {
      g_autoptr (virStorageVol) there = strata_pool_lease_find_volume (lease, name, NULL);

      if (there != NULL || is_seen_here (connection, path))
        {
          set_exists (path, error);
          g_error_free (failure);
          return;
        }
    }

  if (!check_space (connection, lease, path, needed, error))
    {
      g_error_free (failure);
      return;
    }

  g_propagate_error (error, failure);
}

/**
 * strata_storage_create:
 * @connection: a connection
 * @path: the image to be made; its folder has to be there
 * @spec: what it shall be; its name is taken from @path
 * @error: where to put `STRATA_ERROR_EXISTS`, `NO_SPACE`, `NOT_FOUND` (no such folder) or another
 *
 * Worker threads only.
 *
 * Returns: whether the image was made
 */
gboolean
strata_storage_create (StrataConnection *connection,
                       const char *path,
                       const StrataVolumeXml *spec,
                       GError **error)
{
  g_autofree char *canonical = NULL;
  g_autofree char *name = NULL;
  g_autofree char *xml = NULL;
  g_autoptr (StrataPoolLease) lease = NULL;
  g_autoptr (virStorageVol) volume = NULL;
  StrataVolumeXml request;
  GError *failure = NULL;
  guint64 needed;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (spec != NULL && spec->format != NULL, FALSE);
  g_return_val_if_fail (spec->backing_path == NULL || spec->backing_format != NULL, FALSE);

  canonical = strata_connection_canonical_path (connection, path);
  if (is_seen_here (connection, path) || is_seen_here (connection, canonical))
    {
      set_exists (path, error);
      return FALSE;
    }

  lease = lease_for (connection, canonical, error);
  needed = MAX (spec->allocation, SMALLEST_IMAGE);
  if (lease == NULL || !check_space (connection, lease, canonical, needed, error))
    return FALSE;

  name = g_path_get_basename (canonical);
  request = *spec;
  request.name = name;
  xml = strata_volume_xml_to_string (&request);
  volume = virStorageVolCreateXML (strata_pool_lease_get_pool (lease), xml, 0);
  if (volume != NULL)
    return TRUE;

  strata_vir_set_error (&failure, _ ("Creating “%s”"), path);
  explain_failed_create (connection, lease, canonical, name, needed, failure, error);

  return FALSE;
}

/**
 * strata_storage_delete:
 * @connection: a connection
 * @path: an image
 * @error: where to put libvirt's error, or `STRATA_ERROR_REFUSED` for a link
 *
 * Removes the image, whatever its mode, and never what a link leads to: plans name files themselves. Nothing here asks who needs it: that is the planner's part.
 * Worker threads only.
 *
 * Returns: whether there is nothing at @path any more
 */
gboolean
strata_storage_delete (StrataConnection *connection, const char *path, GError **error)
{
  g_autofree char *canonical = NULL;
  g_autofree char *name = NULL;
  g_autoptr (StrataPoolLease) lease = NULL;
  g_autoptr (virStorageVol) volume = NULL;
  g_autoptr (GError) local_error = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (is_local (connection) && g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    {
      strata_set_error (error, STRATA_ERROR_REFUSED,
                        _ ("Look where it leads, and remove the link."),
                        _ ("“%s” is a link by now, and is left alone"), path);
      return FALSE;
    }

  canonical = strata_connection_canonical_path (connection, path);
  name = g_path_get_basename (canonical);
  lease = lease_for (connection, canonical, &local_error);
  if (lease != NULL)
    volume = strata_pool_lease_find_volume (lease, name, &local_error);

  if (volume == NULL)
    {
      if (local_error == NULL ||
          g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  if (virStorageVolDelete (volume, 0) < 0 && strata_vir_last_code () != VIR_ERR_NO_STORAGE_VOL)
    {
      strata_vir_set_error (error, _ ("Removing “%s”"), path);
      return FALSE;
    }

  return TRUE;
}

static gboolean
leads_to (StrataConnection *connection, const char *link, const char *path)
{
  g_autofree char *canonical = NULL;

  if (!is_local (connection) || !g_file_test (link, G_FILE_TEST_IS_SYMLINK))
    return FALSE;
  canonical = strata_connection_canonical_path (connection, link);

  return g_str_equal (canonical, path);
}

/**
 * strata_storage_delete_link:
 * @connection: a connection
 * @link: a symbolic link
 * @path: the image that it led to
 * @error: where to put an error
 *
 * Removes @link if it still is a link to @path, and never what it leads to. Worker threads only.
 *
 * Returns: whether @link is no link to @path any more
 */
gboolean
strata_storage_delete_link (StrataConnection *connection,
                            const char *link,
                            const char *path,
                            GError **error)
{
  g_autofree char *name = NULL;
  g_autoptr (StrataPoolLease) lease = NULL;
  g_autoptr (virStorageVol) volume = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (!leads_to (connection, link, path))
    return TRUE;

  name = g_path_get_basename (link);
  lease = lease_for (connection, link, NULL);
  volume = lease != NULL ? strata_pool_lease_find_volume (lease, name, NULL) : NULL;
  /* The refresh took its time. */
  if (!leads_to (connection, link, path))
    return TRUE;
  /* libvirt removes what has the name, and follows no link there. */
  if (volume != NULL && virStorageVolDelete (volume, 0) == 0)
    return TRUE;
  if (g_unlink (link) == 0)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_FAILED, NULL, _ ("“%s” can’t be deleted: %s"), link,
                    g_strerror (errno));
  return FALSE;
}

/**
 * strata_storage_read_image:
 * @connection: a connection
 * @path: an image
 * @error: where to put `STRATA_ERROR_NOT_FOUND` or another error
 *
 * Worker threads only.
 *
 * Returns: (transfer full): what is true of the image now
 */
StrataImage *
strata_storage_read_image (StrataConnection *connection, const char *path, GError **error)
{
  g_autofree char *canonical = NULL;
  g_autofree char *name = NULL;
  g_autoptr (StrataPoolLease) lease = NULL;
  g_autoptr (virStorageVol) volume = NULL;
  g_autoptr (GError) local_error = NULL;
  StrataImage *image = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);

  canonical = strata_connection_canonical_path (connection, path);
  name = g_path_get_basename (canonical);
  lease = lease_for (connection, canonical, &local_error);
  if (lease != NULL)
    volume = strata_pool_lease_find_volume (lease, name, &local_error);
  if (volume != NULL)
    image =
        strata_volume_read (connection, volume, strata_pool_lease_get_name (lease), &local_error);

  if (image == NULL && local_error != NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  else if (image == NULL)
    strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL, _ ("There is no image at “%s”"), path);

  return image;
}

static char *
describe_known (StrataPoolLease *lease, const char *name)
{
  g_autoptr (virStorageVol) volume =
      virStorageVolLookupByName (strata_pool_lease_get_pool (lease), name);

  return volume != NULL ? virStorageVolGetXMLDesc (volume, 0) : NULL;
}

/**
 * strata_storage_get_stamp:
 * @connection: a connection
 * @path: an image
 * @error: where to put an error other than that there is nothing
 *
 * Two stamps of one image are equal if it was not written to between them: QEMU writes nothing by opening an image. The
 * times are the daemon's, and its alone. What it takes on the disk is no part of it: a file system (ext4, XFS) may find out about that
 * long after the write. Worker threads only.
 *
 * Returns: (transfer full) (nullable): how long it is and when it was last written; %NULL with no @error if there is no
 *   image, or the host doesn't say when it was written
 */
char *
strata_storage_get_stamp (StrataConnection *connection, const char *path, GError **error)
{
  g_autofree char *canonical = NULL;
  g_autofree char *name = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *written = NULL;
  g_autofree char *size = NULL;
  g_autoptr (StrataPoolLease) lease = NULL;
  g_autoptr (virStorageVol) volume = NULL;
  g_autoptr (GError) local_error = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);

  canonical = strata_connection_canonical_path (connection, path);
  name = g_path_get_basename (canonical);
  lease = lease_for (connection, canonical, &local_error);
  /* Of a volume that it knows libvirt looks at the file each time it describes it, also while the pool is busy. */
  if (lease != NULL)
    xml = describe_known (lease, name);
  if (lease != NULL && xml == NULL)
    volume = strata_pool_lease_find_volume (lease, name, &local_error);
  if (local_error != NULL && !g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND) &&
      !g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_UNSUPPORTED))
    g_propagate_error (error, g_steal_pointer (&local_error));
  if (volume != NULL)
    xml = virStorageVolGetXMLDesc (volume, 0);
  if (volume != NULL && xml == NULL)
    strata_vir_set_error (error, _ ("Looking at the image “%s”"), path);
  if (xml == NULL)
    return NULL;
  written = strata_xpath_string (xml, "/volume/target/timestamps/mtime");
  size = strata_xpath_string (xml, "/volume/physical");
  if (written == NULL || *written == '\0')
    return NULL;

  return g_strdup_printf ("%s %s", size, written);
}

/**
 * strata_storage_exists:
 * @connection: a connection
 * @path: an image
 * @exists: (out): whether something is there
 * @error: where to put an error other than that there is nothing
 *
 * Worker threads only.
 *
 * Returns: whether @exists was set
 */
gboolean
strata_storage_exists (StrataConnection *connection,
                       const char *path,
                       gboolean *exists,
                       GError **error)
{
  g_autoptr (StrataImage) image = NULL;
  g_autoptr (GError) local_error = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  *exists = is_seen_here (connection, path);
  if (*exists)
    return TRUE;

  image = strata_storage_read_image (connection, path, &local_error);
  *exists = image != NULL;
  if (image != NULL || g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}

/**
 * strata_storage_require_absent:
 * @connection: a connection
 * @path: an image that a step is about to make
 * @error: `STRATA_ERROR_EXISTS` where a file has that name by now
 *
 * Worker threads only.
 *
 * Returns: whether nothing is there
 */
gboolean
strata_storage_require_absent (StrataConnection *connection, const char *path, GError **error)
{
  gboolean exists;

  if (!strata_storage_exists (connection, path, &exists, error))
    return FALSE;
  if (!exists)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_EXISTS, _ ("Move it away, or choose another name."),
                    _ ("The file “%s” has come to be in the meantime"), path);
  return FALSE;
}

/**
 * strata_storage_get_available:
 * @connection: a connection
 * @path: an image that is there or may come to be
 * @bytes: (out): how much is free where it is
 * @error: where to put an error
 *
 * Worker threads only.
 *
 * Returns: whether @bytes was set
 */
gboolean
strata_storage_get_available (StrataConnection *connection,
                              const char *path,
                              guint64 *bytes,
                              GError **error)
{
  g_autofree char *canonical = NULL;
  g_autoptr (StrataPoolLease) lease = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  canonical = strata_connection_canonical_path (connection, path);
  if (folder_available (connection, canonical, bytes))
    return TRUE;

  lease = lease_for (connection, canonical, error);

  return lease != NULL && pool_available (lease, bytes, error);
}

/**
 * strata_storage_explain_failure:
 * @connection: a connection
 * @path: the image that was written to
 * @error: (inout): how that failed
 *
 * libvirt says that a job failed and not why; that the disk is full can be seen. Worker threads only.
 */
void
strata_storage_explain_failure (StrataConnection *connection, const char *path, GError **error)
{
  guint64 available;

  if (error == NULL || !g_error_matches (*error, STRATA_ERROR, STRATA_ERROR_FAILED) ||
      !strata_storage_get_available (connection, path, &available, NULL) ||
      available > SPACE_MARGIN)
    return;

  g_clear_error (error);
  strata_set_error (error, STRATA_ERROR_NO_SPACE, _ ("Free some space, and try again."),
                    _ ("There is no space left for “%s”"), path);
}
