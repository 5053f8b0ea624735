/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A storage pool for a folder, whether or not the host has one there.
 *
 * libvirt handles volumes in pools only, and has at most one pool on a folder. Where there is none
 * a transient one is made, which leaves nothing behind when it is destroyed (a pool's end does not
 * touch its files). One that another Strata made for its own call is waited for, and taken away when
 * it is still there after a time in which no such call is under way any more.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>

#include "host/connection/strata-connection-private.h"
#include "host/connection/strata-lock.h"
#include "strata-pool-lease.h"
#include "host/connection/strata-sleep.h"
#include "host/connection/strata-vir.h"
#include "base/strata-error.h"
#include "xml/strata-volume-xml.h"

#define FOREIGN_LEASE_SECONDS 10
#define BUSY_POOL_SECONDS     5
#define LOOK_AGAIN_MS         50

struct _StrataPoolLease
{
  StrataConnection *connection;
  virStoragePoolPtr pool;
  char *name;
  gboolean ours;  /* started by us, to be ended by us */
  gboolean fresh; /* scanned since the lease began */
};

static gboolean
is_pool_of (StrataConnection *connection, virStoragePoolPtr pool, const char *folder)
{
  g_autofree char *xml = NULL;
  g_autoptr (StrataPoolXml) facts = NULL;
  g_autofree char *path = NULL;

  /* A lock has a folder only because a pool must have one. */
  if (g_str_has_prefix (virStoragePoolGetName (pool), STRATA_LOCK_PREFIX))
    return FALSE;

  xml = virStoragePoolGetXMLDesc (pool, 0);
  facts = xml != NULL ? strata_pool_xml_new_from_string (xml, NULL) : NULL;
  if (facts == NULL || facts->path == NULL)
    return FALSE;

  path = strata_connection_canonical_path (connection, facts->path);

  return g_str_equal (path, folder);
}

/* The pool on FOLDER, active or not; NULL without an error if there is none. */
static gboolean
find_pool (StrataConnection *connection,
           const char *folder,
           virStoragePoolPtr *found,
           GError **error)
{
  g_autoptr (GPtrArray) pools = NULL;
  virStoragePoolPtr *list = NULL;
  int n;

  *found = NULL;
  n = virConnectListAllStoragePools (strata_connection_get_handle (connection), &list, 0);
  if (n < 0)
    {
      strata_vir_set_error (error, _ ("Listing the storage pools"));
      return FALSE;
    }

  pools = strata_vir_take_list ((gpointer *) list, n, (GDestroyNotify) virStoragePoolFree);
  for (guint i = 0; i < pools->len && *found == NULL; i++)
    {
      virStoragePoolPtr pool = g_ptr_array_index (pools, i);

      if (is_pool_of (connection, pool, folder))
        {
          virStoragePoolRef (pool);
          *found = pool;
        }
    }

  return TRUE;
}

static gboolean
is_foreign_lease (virStoragePoolPtr pool)
{
  return g_str_has_prefix (virStoragePoolGetName (pool), STRATA_POOL_LEASE_PREFIX);
}

/* Sets MADE if it worked. Neither that nor an error is set where there is a pool on the folder by now, so that one looks
 * again. */
static gboolean
make_pool (StrataPoolLease *self, const char *folder, gboolean *made, GError **error)
{
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *name = g_strconcat (STRATA_POOL_LEASE_PREFIX, uuid, NULL);
  g_autofree char *xml = strata_pool_xml_new_dir (name, folder);

  /* It would be a list of all the machine has, each opened to be looked at. */
  if (g_str_equal (folder, "/dev") ||
      (strata_path_is_device (folder) && !g_str_equal (folder, "/dev/shm")))
    {
      strata_set_error (error, STRATA_ERROR_UNSUPPORTED,
                        _ ("Make a storage pool for these devices."),
                        _ ("No storage pool manages the devices in “%s”"), folder);
      return FALSE;
    }

  self->pool = virStoragePoolCreateXML (strata_connection_get_handle (self->connection), xml, 0);
  if (self->pool == NULL)
    {
      /* A source conflict: there is a pool on this folder by now. */
      if (strata_vir_last_code () == VIR_ERR_OPERATION_FAILED)
        return TRUE;
      strata_vir_set_error (error, _ ("Looking into the folder “%s”"), folder);
      return FALSE;
    }
  self->ours = TRUE;
  self->fresh = TRUE;
  *made = TRUE;

  return TRUE;
}

static gboolean
use_pool (StrataPoolLease *self, virStoragePoolPtr pool, GError **error)
{
  self->name = g_strdup (virStoragePoolGetName (pool));
  self->pool = pool;

  if (virStoragePoolIsActive (pool) == 1)
    return TRUE;

  /* No second pool may be made on its folder, so the one there is started for a moment. */
  if (virStoragePoolCreate (pool, 0) < 0)
    {
      strata_vir_set_error (error, _ ("Starting the storage pool “%s”"), self->name);
      return FALSE;
    }
  self->ours = TRUE;
  self->fresh = TRUE;

  return TRUE;
}

/* With the lease lock held, a lease pool that is found belongs to another process. */
static gboolean
take_pool (StrataPoolLease *self, const char *folder, GError **error)
{
  gint64 patience = g_get_monotonic_time () + FOREIGN_LEASE_SECONDS * G_TIME_SPAN_SECOND;
  gboolean made = FALSE;

  while (!made)
    {
      virStoragePoolPtr pool;

      if (!find_pool (self->connection, folder, &pool, error))
        return FALSE;

      if (pool == NULL)
        {
          if (!make_pool (self, folder, &made, error))
            return FALSE;
          /* libvirt knows of a pool there that is not found by its path: it may be defined by a name of the folder that can't be
           * resolved now. */
          if (!made && g_get_monotonic_time () > patience)
            {
              strata_set_error (error, STRATA_ERROR_BUSY,
                                _ ("See which storage pool is defined there: virsh pool-list "
                                   "--all."),
                                _ ("Another storage pool is in the way of looking into “%s”"),
                                folder);
              return FALSE;
            }
          if (!made)
            strata_sleep (LOOK_AGAIN_MS, NULL, NULL);
        }
      else if (!is_foreign_lease (pool))
        return use_pool (self, pool, error);
      else
        {
          if (g_get_monotonic_time () > patience)
            virStoragePoolDestroy (pool);
          virStoragePoolFree (pool);
          strata_sleep (LOOK_AGAIN_MS, NULL, NULL);
        }
    }

  return TRUE;
}

/* An active pool that is defined by FOLDER itself, which is one question however many pools there are; NULL where it takes a look at
 * each of them. */
static virStoragePoolPtr
find_active_pool (StrataConnection *connection, const char *folder)
{
  virStoragePoolPtr pool =
      virStoragePoolLookupByTargetPath (strata_connection_get_handle (connection), folder);

  if (pool != NULL && (is_foreign_lease (pool) ||
                       g_str_has_prefix (virStoragePoolGetName (pool), STRATA_LOCK_PREFIX)))
    g_clear_pointer (&pool, virStoragePoolFree);

  return pool;
}

/**
 * strata_pool_lease_new:
 * @connection: a connection
 * @folder: a canonical path
 * @error: where to put `STRATA_ERROR_NOT_FOUND` if there is no such folder, or another error
 *
 * Worker threads only. Where no pool is on @folder, or an inactive one, other threads that want the
 * same wait until this lease is freed, by the thread that took it.
 *
 * Returns: (transfer full): a lease on an active pool
 */
StrataPoolLease *
strata_pool_lease_new (StrataConnection *connection, const char *folder, GError **error)
{
  g_autoptr (StrataPoolLease) self = NULL;
  GMutex *lock = strata_connection_get_lease_lock (connection);
  virStoragePoolPtr pool;
  gboolean taken;

  STRATA_ASSERT_WORKER ();

  if (!g_path_is_absolute (folder))
    {
      strata_set_error (error, STRATA_ERROR_UNSUPPORTED, NULL,
                        _ ("“%s” is not a folder of the host. Strata can’t make images there yet."),
                        folder);
      return NULL;
    }

  pool = find_active_pool (connection, folder);
  if (pool == NULL)
    {
      if (!find_pool (connection, folder, &pool, error))
        return NULL;
      if (pool != NULL && (is_foreign_lease (pool) || virStoragePoolIsActive (pool) != 1))
        g_clear_pointer (&pool, virStoragePoolFree);
    }

  self = g_new0 (StrataPoolLease, 1);
  self->connection = g_object_ref (connection);
  if (pool != NULL)
    {
      self->name = g_strdup (virStoragePoolGetName (pool));
      self->pool = pool;
      return g_steal_pointer (&self);
    }

  g_mutex_lock (lock);
  taken = take_pool (self, folder, error);
  /* The lock goes with what has to be ended; the pool may have become another client's meanwhile. */
  if (!self->ours)
    g_mutex_unlock (lock);

  return taken ? g_steal_pointer (&self) : NULL;
}

/**
 * strata_pool_lease_free:
 * @self: (transfer full): a lease
 *
 * Ends the pool if the lease made or started it. In the thread that took the lease.
 */
void
strata_pool_lease_free (StrataPoolLease *self)
{
  if (self->ours)
    {
      virStoragePoolDestroy (self->pool);
      g_mutex_unlock (strata_connection_get_lease_lock (self->connection));
    }
  g_clear_pointer (&self->pool, virStoragePoolFree);
  g_clear_pointer (&self->name, g_free);
  g_clear_object (&self->connection);
  g_free (self);
}

virStoragePoolPtr
strata_pool_lease_get_pool (StrataPoolLease *self)
{
  return self->pool;
}

const char *
strata_pool_lease_get_name (StrataPoolLease *self)
{
  return self->name;
}

/**
 * strata_pool_refresh:
 * @pool: an active pool
 * @error: where to put libvirt's error
 *
 * Makes the daemon look at the pool's folder again. It refuses that while a volume is being made in
 * the pool; such a moment is waited for. Worker threads only.
 *
 * Returns: whether what the daemon says of the pool is true now
 */
gboolean
strata_pool_refresh (virStoragePoolPtr pool, GError **error)
{
  gint64 patience = g_get_monotonic_time () + BUSY_POOL_SECONDS * G_TIME_SPAN_SECOND;
  g_autofree char *name = g_strdup (virStoragePoolGetName (pool));

  while (virStoragePoolRefresh (pool, 0) < 0)
    {
      if (strata_vir_last_code () != VIR_ERR_INTERNAL_ERROR || g_get_monotonic_time () > patience)
        {
          strata_vir_set_error (error, _ ("Refreshing the storage pool “%s”"), name);
          return FALSE;
        }
      strata_sleep (LOOK_AGAIN_MS, NULL, NULL);
    }

  return TRUE;
}

gboolean
strata_pool_lease_refresh (StrataPoolLease *self, GError **error)
{
  if (self->fresh)
    return TRUE;

  self->fresh = strata_pool_refresh (self->pool, error);

  return self->fresh;
}

/**
 * strata_pool_lease_find_volume:
 * @self: a lease
 * @name: a volume's name
 * @error: where to put libvirt's error
 *
 * Refreshes the pool unless that was done under this lease.
 *
 * Returns: (transfer full) (nullable): the volume, %NULL without an error if there is none
 */
virStorageVolPtr
strata_pool_lease_find_volume (StrataPoolLease *self, const char *name, GError **error)
{
  virStorageVolPtr volume;

  if (!strata_pool_lease_refresh (self, error))
    return NULL;

  volume = virStorageVolLookupByName (self->pool, name);
  if (volume == NULL && strata_vir_last_code () != VIR_ERR_NO_STORAGE_VOL)
    strata_vir_set_error (error, _ ("Looking for the image “%s”"), name);

  return volume;
}
