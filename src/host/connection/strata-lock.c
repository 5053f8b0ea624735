/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Locks that a daemon keeps for all its clients: transient storage pools, because libvirt makes one of a name, and no
 * second one, whichever client asks at the same moment.
 *
 * A lock is a pool "strata-lock-JOB" which says in <source><vendor> which process it belongs to and in <product> what
 * for; libvirt keeps both for every kind of pool. Whether one may be made is decided behind a gate, a pool of a name that
 * is always the same: who has made it reads all locks, and if none has a resource that it wants, it makes its own. So
 * all resources are had, or none, and two jobs never wait for each other.
 *
 * Who stands in the gate too long (it was stopped, or its network is gone) is put out by who waits. This is safe
 * because after making its lock a process looks whether the gate is still its own: if it isn't, another process may have
 * decided without having seen that lock, and the lock is taken back. A pool is destroyed by its UUID, so that what is
 * taken away is always what was seen.
 *
 * A pool needs a folder. All stand on one that is empty and on every Linux, and which no pool of a person's is on,
 * each under another spelling: libvirt takes two pools on one path for a conflict and compares what is written.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <unistd.h>

#include "plan/strata-plan.h"
#include "strata-connection-private.h"
#include "strata-lock.h"
#include "strata-opening.h"
#include "strata-process-id.h"
#include "strata-sleep.h"
#include "strata-vir.h"
#include "strata-xpath.h"
#include "xml/strata-volume-xml.h"

#define GATE STRATA_LOCK_PREFIX "gate"

#define PATIENCE_S 5 /* with another job */
#define GATE_PATIENCE_S \
  2 /* with a process that stands in the gate; deciding takes some milliseconds */
#define LOOK_AGAIN_MS 100
#define GATE_AGAIN_MS 10

struct _StrataLock
{
  StrataConnection *connection;
  virStoragePoolPtr pool; /* NULL where the host has no storage driver */
};

/* Whom we have seen in the gate, and since when. */
typedef struct
{
  char uuid[VIR_UUID_STRING_BUFLEN];
  gint64 since;
} GateWatch;

typedef struct
{
  StrataConnection *connection;
  const char *job_id;
  char *owner;
  char *note;
  GPtrArray *resources;
  GateWatch watch;
} Claim;

/* The pools --------------------------------------------------------------------------------------- */

static char *
spell (const char *folder)
{
  g_autofree char *base = g_path_get_basename (folder);
  gboolean is_root = g_str_equal (folder, "/");
  GString *path = g_string_new (is_root ? "" : folder);

  for (int i = 0; i < 2; i++)
    {
      guint32 bits = g_random_int ();

      for (int j = 0; j < 32; j++, bits >>= 1)
        {
          if ((bits & 1) == 0)
            g_string_append (path, "/.");
          else
            g_string_append_printf (path, "/..%s%s", is_root ? "" : "/", is_root ? "" : base);
        }
    }

  return g_string_free (path, FALSE);
}

/* NULL with libvirt's last error: OPERATION_FAILED where there is a pool of that name. */
static virStoragePoolPtr
make_pool (Claim *self, const char *name)
{
  static const char *const folders[] = { "/proc/tty/ldisc", "/sys/fs", "/" };
  virStoragePoolPtr pool = NULL;

  for (size_t i = 0; pool == NULL && i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = spell (folders[i]);
      g_autofree char *xml = strata_pool_xml_new_note (name, path, self->owner, self->note);

      pool = virStoragePoolCreateXML (strata_connection_get_handle (self->connection), xml, 0);
      if (pool == NULL && (strata_vir_last_code () == VIR_ERR_OPERATION_FAILED ||
                           strata_vir_last_code () == VIR_ERR_NO_SUPPORT))
        break;
    }

  return pool;
}

static void
end_pool (virStoragePoolPtr pool)
{
  virStoragePoolDestroy (pool);
  virStoragePoolFree (pool);
}

static gboolean
is_there (virStoragePoolPtr pool)
{
  return virStoragePoolIsActive (pool) == 1;
}

/* What they say ------------------------------------------------------------------------------------ */

void
strata_lock_facts_free (StrataLockFacts *self)
{
  g_clear_pointer (&self->resources, g_ptr_array_unref);
  g_free (self->job_id);
  g_free (self->title);
  g_free (self->user);
  g_free (self->host);
  g_free (self->since);
  g_free (self);
}

static gboolean
is_read_only (StrataConnection *connection, GError **error)
{
  const GError *reason = strata_connection_get_read_only (connection);

  if (reason != NULL)
    g_propagate_error (error, g_error_copy (reason));

  return reason != NULL;
}

static char *
make_note (const char *job_id, const char *title, GPtrArray *resources)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *since = g_date_time_format_iso8601 (now);
  g_autofree char *good_title = g_utf8_make_valid (title, -1);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < resources->len; i++)
    {
      g_autofree char *resource = g_utf8_make_valid (g_ptr_array_index (resources, i), -1);

      json_array_add_string_element (array, resource);
    }
  json_object_set_string_member (object, "job", job_id);
  json_object_set_string_member (object, "title", good_title);
  json_object_set_string_member (object, "user", g_get_user_name ());
  json_object_set_string_member (object, "host", g_get_host_name ());
  json_object_set_int_member (object, "pid", getpid ());
  json_object_set_string_member (object, "since", since);
  json_object_set_array_member (object, "resources", array);
  json_node_take_object (node, object);

  return json_to_string (node, FALSE);
}

static char *
dup_member (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return g_strdup (node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
                       ? json_node_get_string (node)
                       : "?");
}

static void
read_resources (StrataLockFacts *self, JsonObject *object)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, "resources") : NULL;
  JsonArray *array =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (json_node_get_value_type (element) == G_TYPE_STRING)
        g_ptr_array_add (self->resources, json_node_dup_string (element));
    }
}

/* NULL for what is no lock, or not any more. OWNER: (out): the process's line. */
static StrataLockFacts *
read_lock (virStoragePoolPtr pool, char **owner)
{
  const char *name = virStoragePoolGetName (pool);
  g_autofree char *xml = NULL;
  g_autofree char *note = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *own = NULL;
  JsonObject *object;
  StrataLockFacts *self;

  if (!g_str_has_prefix (name, STRATA_LOCK_PREFIX))
    return NULL;
  xml = virStoragePoolGetXMLDesc (pool, 0);
  if (xml == NULL)
    return NULL;

  *owner = strata_xpath_string (xml, "string(/pool/source/vendor/@name)");
  note = strata_xpath_string (xml, "string(/pool/source/product/@name)");
  node = note != NULL ? json_from_string (note, NULL) : NULL;
  object = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

  self = g_new0 (StrataLockFacts, 1);
  self->resources = g_ptr_array_new_with_free_func (g_free);
  self->job_id = g_strdup (name + strlen (STRATA_LOCK_PREFIX));
  self->title = dup_member (object, "title");
  self->user = dup_member (object, "user");
  self->host = dup_member (object, "host");
  self->since = dup_member (object, "since");
  if (object != NULL && json_object_has_member (object, "pid"))
    self->pid = (int) json_object_get_int_member_with_default (object, "pid", 0);
  read_resources (self, object);
  own = strata_process_id_new_text ();
  self->is_ours = g_strcmp0 (own, *owner) == 0;
  self->is_here = strata_process_id_is_here (*owner);

  return self;
}

/* All of them, those that are just being made too; NULL with an error. */
static GPtrArray *
list_pools (StrataConnection *connection, GError **error)
{
  virStoragePoolPtr *list = NULL;
  int n = virConnectListAllStoragePools (strata_connection_get_handle (connection), &list,
                                         VIR_CONNECT_LIST_STORAGE_POOLS_TRANSIENT);

  if (n < 0 && strata_vir_last_code () == VIR_ERR_NO_SUPPORT)
    return g_ptr_array_new ();
  if (n < 0)
    {
      strata_vir_set_error (error, _ ("Listing the storage pools"));
      return NULL;
    }

  return strata_vir_take_list ((gpointer *) list, n, (GDestroyNotify) virStoragePoolFree);
}

static char *
get_local_time (const char *utc)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (utc, NULL);
  g_autoptr (GDateTime) local = time != NULL ? g_date_time_to_local (time) : NULL;

  return local != NULL ? g_date_time_format (local, "%F %T") : g_strdup (utc);
}

static void
set_busy (GError **error, const StrataLockFacts *other)
{
  g_autofree char *since = get_local_time (other->since);
  g_autofree char *hint = NULL;

  if (other->is_here)
    hint = g_strdup_printf (_ ("Try again when it is over. It is the process %d of this computer."),
                            other->pid);
  else
    hint = g_strdup_printf (
        _ ("Try again when it is over. If that process is gone for good, “stratactl job unlock %s” takes its lock away."),
        other->job_id);
  strata_set_error (error, STRATA_ERROR_BUSY, hint,
                    /* Translators: a job's title, a user, a computer, a time */
                    _ ("Another job is at work there: “%s”, by %s on “%s”, since %s"), other->title,
                    other->user, other->host, since);
}

/* The gate ----------------------------------------------------------------------------------------- */

/* Puts out who is dead, or stood there too long. */
static void
clear_gate (Claim *self, virStoragePoolPtr gate)
{
  char uuid[VIR_UUID_STRING_BUFLEN];
  g_autofree char *owner = NULL;
  g_autoptr (StrataLockFacts) facts = NULL;

  if (virStoragePoolGetUUIDString (gate, uuid) < 0)
    return;
  if (!g_str_equal (uuid, self->watch.uuid))
    {
      g_strlcpy (self->watch.uuid, uuid, sizeof self->watch.uuid);
      self->watch.since = g_get_monotonic_time ();
      facts = read_lock (gate, &owner);
      if (!strata_process_id_is_dead (owner))
        return;
    }
  else if (g_get_monotonic_time () - self->watch.since < GATE_PATIENCE_S * G_TIME_SPAN_SECOND)
    return;

  virStoragePoolDestroy (gate);
}

/* NULL with an error, or without one where the host has no storage driver. */
static virStoragePoolPtr
enter_gate (Claim *self, GCancellable *cancellable, GError **error)
{
  gint64 patience = g_get_monotonic_time () + 3 * GATE_PATIENCE_S * G_TIME_SPAN_SECOND;

  for (;;)
    {
      virStoragePoolPtr pool = make_pool (self, GATE);
      g_autoptr (virStoragePool) other = NULL;

      if (pool != NULL || strata_vir_last_code () == VIR_ERR_NO_SUPPORT)
        return pool;
      if (strata_vir_last_code () != VIR_ERR_OPERATION_FAILED || g_get_monotonic_time () > patience)
        {
          strata_vir_set_error (error, _ ("Locking what the job is about"));
          return NULL;
        }

      other = virStoragePoolLookupByName (strata_connection_get_handle (self->connection), GATE);
      if (other != NULL)
        clear_gate (self, other);
      if (!strata_sleep ((guint) g_random_int_range (1, GATE_AGAIN_MS), cancellable, error))
        return NULL;
    }
}

/* Behind the gate: BUSY if another job has what we want. What dead processes left goes. */
static gboolean
check_free (Claim *self, GError **error)
{
  g_autoptr (GPtrArray) pools = list_pools (self->connection, error);

  for (guint i = 0; pools != NULL && i < pools->len; i++)
    {
      virStoragePoolPtr pool = g_ptr_array_index (pools, i);
      g_autofree char *owner = NULL;
      g_autoptr (StrataLockFacts) other = read_lock (pool, &owner);

      if (other == NULL || g_str_equal (virStoragePoolGetName (pool), GATE))
        continue;
      if (strata_process_id_is_dead (owner))
        virStoragePoolDestroy (pool);
      else if (g_str_equal (other->job_id, self->job_id) ||
               strata_resources_conflict (other->resources, self->resources))
        {
          set_busy (error, other);
          return FALSE;
        }
    }

  return pools != NULL;
}

/* NULL with an error, or without one: the gate was lost, and one has to begin again. */
static virStoragePoolPtr
decide (Claim *self, virStoragePoolPtr gate, GError **error)
{
  g_autofree char *name = g_strconcat (STRATA_LOCK_PREFIX, self->job_id, NULL);
  virStoragePoolPtr pool;

  if (!check_free (self, error))
    return NULL;

  pool = make_pool (self, name);
  if (pool == NULL)
    {
      strata_vir_set_error (error, _ ("Locking what the job is about"));
      return NULL;
    }
  if (is_there (gate))
    return pool;
  end_pool (pool);

  return NULL;
}

/* NULL with an error, or without one: one has to begin again. */
static StrataLock *
try_take (Claim *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;
  virStoragePoolPtr gate = enter_gate (self, cancellable, &local);
  virStoragePoolPtr pool = NULL;
  StrataLock *lock;

  if (gate != NULL)
    {
      pool = decide (self, gate, &local);
      end_pool (gate);
    }
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  if (gate != NULL && pool == NULL)
    return NULL;

  lock = g_new0 (StrataLock, 1);
  lock->connection = g_object_ref (self->connection);
  lock->pool = pool;

  return lock;
}

static StrataLock *
take (Claim *self, GCancellable *cancellable, GError **error)
{
  gint64 patience = g_get_monotonic_time () + PATIENCE_S * G_TIME_SPAN_SECOND;

  for (;;)
    {
      g_autoptr (GError) local = NULL;
      StrataLock *lock = try_take (self, cancellable, &local);

      if (lock != NULL)
        return lock;
      if (local != NULL && (!g_error_matches (local, STRATA_ERROR, STRATA_ERROR_BUSY) ||
                            g_get_monotonic_time () > patience))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
      if (!strata_sleep ((guint) g_random_int_range (LOOK_AGAIN_MS / 2, LOOK_AGAIN_MS), cancellable,
                         error))
        return NULL;
    }
}

/**
 * strata_lock_take:
 * @connection: a connection
 * @job_id: who takes it; a valid part of a pool's name
 * @title: what it is taken for
 * @resources: (element-type utf8): domains' UUIDs and images' paths, as strata_plan_get_resources() has them
 * @cancellable: (nullable): ends the waiting
 * @error: where to put `STRATA_ERROR_BUSY`, with the other job's title and owner, or another error
 *
 * What a process held that is known to be gone is free. On a host without a storage driver, which lets no image be
 * made either, nothing is locked.
 *
 * Returns: (transfer full): a lock on all of @resources, or %NULL
 */
StrataLock *
strata_lock_take (StrataConnection *connection,
                  const char *job_id,
                  const char *title,
                  GPtrArray *resources,
                  GCancellable *cancellable,
                  GError **error)
{
  g_autofree char *owner = strata_process_id_new_text ();
  g_autofree char *note = NULL;
  Claim claim = { .connection = connection, .job_id = job_id, .resources = resources };

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);
  g_return_val_if_fail (job_id != NULL && title != NULL && resources != NULL, NULL);

  if (is_read_only (connection, error))
    return NULL;

  note = make_note (job_id, title, resources);
  claim.owner = owner;
  claim.note = note;

  return take (&claim, cancellable, error);
}

typedef struct
{
  char *uri;
  char uuid[VIR_UUID_STRING_BUFLEN];
} Leftover;

/* The connection is gone, and the lock is not: this process lives, so that no other would take it away. */
static gpointer
end_leftover (gpointer data)
{
  Leftover *self = data;
  g_autoptr (GError) read_only = NULL;
  StrataOpenOptions options = { .uri = self->uri };
  virConnectPtr handle = strata_opening_run (&options, &read_only, NULL, NULL);
  virStoragePoolPtr pool =
      handle != NULL ? virStoragePoolLookupByUUIDString (handle, self->uuid) : NULL;

  if (pool != NULL)
    end_pool (pool);
  if (handle != NULL)
    virConnectClose (handle);
  g_free (self->uri);
  g_free (self);

  return NULL;
}

static void
end_elsewhere (StrataLock *self)
{
  Leftover *leftover = g_new0 (Leftover, 1);

  leftover->uri = g_strdup (strata_connection_get_uri (self->connection));
  if (virStoragePoolGetUUIDString (self->pool, leftover->uuid) == 0)
    g_thread_unref (g_thread_new ("strata-unlock", end_leftover, leftover));
}

/**
 * strata_lock_free:
 * @self: (transfer full): a lock
 *
 * Lets go of it.
 */
void
strata_lock_free (StrataLock *self)
{
  if (self->pool != NULL && virStoragePoolDestroy (self->pool) < 0 &&
      strata_vir_last_code () != VIR_ERR_NO_STORAGE_POOL)
    end_elsewhere (self);
  g_clear_pointer (&self->pool, virStoragePoolFree);
  g_clear_object (&self->connection);
  g_free (self);
}

/**
 * strata_lock_is_held:
 * @self: a lock
 * @error: where to put `STRATA_ERROR_BUSY` if it was taken away, or another error if the host can't be asked
 *
 * Returns: whether it is still there
 */
gboolean
strata_lock_is_held (StrataLock *self, GError **error)
{
  int active;

  STRATA_ASSERT_WORKER ();

  if (self->pool == NULL)
    return TRUE;

  active = virStoragePoolIsActive (self->pool);
  if (active == 1)
    return TRUE;
  if (active < 0 && strata_vir_last_code () != VIR_ERR_NO_STORAGE_POOL)
    strata_vir_set_error (error, _ ("Looking whether what the job is about is still locked"));
  else
    strata_set_error (error, STRATA_ERROR_BUSY,
                      _ ("Look at what the host is like now, then finish the job or take it back."),
                      _ ("The job’s lock was taken away by another client of the host"));

  return FALSE;
}

/**
 * strata_lock_list:
 * @connection: a connection
 * @error: where to put libvirt's error
 *
 * Returns: (transfer full) (element-type StrataLockFacts): who works on what; without what dead processes left
 */
GPtrArray *
strata_lock_list (StrataConnection *connection, GError **error)
{
  g_autoptr (GPtrArray) pools = NULL;
  g_autoptr (GPtrArray) locks =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_lock_facts_free);

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);

  pools = list_pools (connection, error);
  if (pools == NULL)
    return NULL;

  for (guint i = 0; i < pools->len; i++)
    {
      virStoragePoolPtr pool = g_ptr_array_index (pools, i);
      g_autofree char *owner = NULL;
      g_autoptr (StrataLockFacts) facts = read_lock (pool, &owner);

      if (facts != NULL && !g_str_equal (virStoragePoolGetName (pool), GATE) &&
          !strata_process_id_is_dead (owner))
        g_ptr_array_add (locks, g_steal_pointer (&facts));
    }

  return g_steal_pointer (&locks);
}

/**
 * strata_lock_break:
 * @connection: a connection
 * @job_id: the job whose lock is to go
 * @error: where to put `STRATA_ERROR_NOT_FOUND`, or `STRATA_ERROR_REFUSED` where the job is known to be alive
 *
 * For the lock of a computer that is gone. A job whose lock was broken stops before its next step.
 *
 * Returns: whether the lock is gone
 */
gboolean
strata_lock_break (StrataConnection *connection, const char *job_id, GError **error)
{
  g_autofree char *name = g_strconcat (STRATA_LOCK_PREFIX, job_id, NULL);
  g_autofree char *owner = NULL;
  g_autoptr (virStoragePool) pool = NULL;
  g_autoptr (StrataLockFacts) facts = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  if (is_read_only (connection, error))
    return FALSE;

  pool = virStoragePoolLookupByName (strata_connection_get_handle (connection), name);
  facts = pool != NULL ? read_lock (pool, &owner) : NULL;
  if (facts == NULL)
    {
      strata_set_error (error, STRATA_ERROR_NOT_FOUND,
                        _ ("“stratactl job list” shows which jobs are at work."),
                        _ ("No job “%s” holds a lock on this host"), job_id);
      return FALSE;
    }
  if (facts->is_here)
    {
      g_autofree char *hint = g_strdup_printf (_ ("End the process %d first."), facts->pid);

      strata_set_error (error, STRATA_ERROR_REFUSED, hint,
                        _ ("The job “%s” is still at work, on this computer"), facts->title);
      return FALSE;
    }
  if (virStoragePoolDestroy (pool) == 0 || strata_vir_last_code () == VIR_ERR_NO_STORAGE_POOL)
    return TRUE;
  strata_vir_set_error (error, _ ("Taking the lock away"));

  return FALSE;
}
