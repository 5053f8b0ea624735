/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataConnection: one libvirt host. It is opened in a worker thread, may then be used from any
 * worker thread, and says on the default main context what changed on the host.
 */

#include "config.h"

#include <libvirt/virterror.h>

#include "strata-connection-private.h"
#include "strata-events.h"
#include "strata-host-facts.h"
#include "strata-kvm-probe.h"
#include "strata-opening.h"
#include "strata-vir.h"
#include "host/blockjob/strata-worker-reap.h"

struct _StrataConnection
{
  GObject parent_instance;

  char *uri;
  GVirConnection *client; /* owns the handle, and closes it */
  virConnectPtr handle;
  GError *read_only;
  StrataHostFacts *facts;
  StrataEvents *events;
  GMutex lease_lock;
  GMutex kvm_lock; /* while it is tried out */
  gboolean kvm_probed;
  int closed;
  /* UUID to the count of its events: main context only */
  GHashTable *event_counts;
};

enum
{
  SIGNAL_CLOSED,
  SIGNAL_DOMAIN_CHANGED,
  SIGNAL_DOMAIN_REMOVED,
  SIGNAL_DOMAIN_REVERTED,
  SIGNAL_POOL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataConnection, strata_connection, G_TYPE_OBJECT)

typedef struct
{
  char *uuid;
  guint count;
} Departure;

static void
departure_free (gpointer data)
{
  Departure *departure = data;

  g_free (departure->uuid);
  g_free (departure);
}

static guint
count_event (StrataConnection *self, const char *uuid)
{
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (self->event_counts, uuid)) + 1;

  g_hash_table_insert (self->event_counts, g_strdup (uuid), GUINT_TO_POINTER (count));

  return count;
}

static void
look_whether_it_left (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  StrataConnection *self = source;
  Departure *departure = data;
  g_autoptr (virDomain) domain = NULL;

  domain = virDomainLookupByUUIDString (self->handle, departure->uuid);
  g_task_return_boolean (task, domain == NULL && strata_vir_last_code () == VIR_ERR_NO_DOMAIN);
}

/* If something else happened to the domain while we looked, what we saw may be out of date; the client that
 * listens then has to look again, and "changed" makes it do so. */
static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  StrataConnection *self = STRATA_CONNECTION (source);
  Departure *departure = g_task_get_task_data (G_TASK (result));
  gboolean left = g_task_propagate_boolean (G_TASK (result), NULL);
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (self->event_counts, departure->uuid));

  if (left && count == departure->count)
    {
      g_hash_table_remove (self->event_counts, departure->uuid);
      g_signal_emit (self, signals[SIGNAL_DOMAIN_REMOVED], 0, departure->uuid);
    }
  else
    g_signal_emit (self, signals[SIGNAL_DOMAIN_CHANGED], 0, departure->uuid);
}

/* A domain that stopped was perhaps transient, and one that was undefined perhaps still runs: only
 * the daemon knows, and asking it blocks. */
static void
check_departure (StrataConnection *self, const char *uuid)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_looked, NULL);
  Departure *departure = g_new0 (Departure, 1);

  departure->uuid = g_strdup (uuid);
  departure->count = count_event (self, uuid);
  g_task_set_source_tag (task, check_departure);
  g_task_set_task_data (task, departure, departure_free);
  g_task_run_in_thread (task, look_whether_it_left);
}

static void
on_event (GObject *target, StrataEventKind kind, const char *key)
{
  StrataConnection *self = STRATA_CONNECTION (target);

  switch (kind)
    {
    case STRATA_EVENT_DOMAIN_CHANGED:
      count_event (self, key);
      g_signal_emit (self, signals[SIGNAL_DOMAIN_CHANGED], 0, key);
      break;

    case STRATA_EVENT_DOMAIN_LEFT:
      check_departure (self, key);
      break;

    case STRATA_EVENT_DOMAIN_REVERTED:
      g_signal_emit (self, signals[SIGNAL_DOMAIN_REVERTED], 0, key);
      break;

    case STRATA_EVENT_POOL_CHANGED:
      g_signal_emit (self, signals[SIGNAL_POOL_CHANGED], 0, key);
      break;

    case STRATA_EVENT_CLOSED:
      if (g_atomic_int_compare_and_exchange (&self->closed, FALSE, TRUE))
        g_signal_emit (self, signals[SIGNAL_CLOSED], 0);
      break;

    default:
      g_assert_not_reached ();
    }
}

typedef struct
{
  GVirConnection *client;
  StrataEvents *events;
} Leaving;

static gpointer
leave (gpointer data)
{
  Leaving *leaving = data;

  g_clear_pointer (&leaving->events, strata_events_free);
  g_object_unref (leaving->client);
  g_free (leaving);

  return NULL;
}

/* The last reference may go on the main thread, where the daemon must not be waited for. */
static void
strata_connection_dispose (GObject *object)
{
  StrataConnection *self = STRATA_CONNECTION (object);

  if (self->client != NULL)
    {
      Leaving *leaving = g_new0 (Leaving, 1);

      self->handle = NULL;
      leaving->client = g_steal_pointer (&self->client);
      leaving->events = g_steal_pointer (&self->events);
      if (g_main_context_is_owner (NULL))
        g_thread_unref (g_thread_new ("strata-leave", leave, leaving));
      else
        leave (leaving);
    }

  G_OBJECT_CLASS (strata_connection_parent_class)->dispose (object);
}

static void
strata_connection_finalize (GObject *object)
{
  StrataConnection *self = STRATA_CONNECTION (object);

  g_clear_pointer (&self->uri, g_free);
  g_clear_error (&self->read_only);
  g_clear_pointer (&self->facts, strata_host_facts_free);
  g_clear_pointer (&self->event_counts, g_hash_table_unref);
  g_mutex_clear (&self->lease_lock);
  g_mutex_clear (&self->kvm_lock);

  G_OBJECT_CLASS (strata_connection_parent_class)->finalize (object);
}

static void
strata_connection_class_init (StrataConnectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = strata_connection_dispose;
  object_class->finalize = strata_connection_finalize;

  signals[SIGNAL_CLOSED] = g_signal_new ("closed", STRATA_TYPE_CONNECTION, G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_DOMAIN_CHANGED] =
      g_signal_new ("domain-changed", STRATA_TYPE_CONNECTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_DOMAIN_REMOVED] =
      g_signal_new ("domain-removed", STRATA_TYPE_CONNECTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_DOMAIN_REVERTED] =
      g_signal_new ("domain-reverted", STRATA_TYPE_CONNECTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_POOL_CHANGED] =
      g_signal_new ("pool-changed", STRATA_TYPE_CONNECTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
strata_connection_init (StrataConnection *self)
{
  g_mutex_init (&self->lease_lock);
  g_mutex_init (&self->kvm_lock);
  self->event_counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static StrataConnection *
open_now (const StrataOpenOptions *options, GCancellable *cancellable, GError **error)
{
  g_autoptr (StrataConnection) self = NULL;

  STRATA_ASSERT_WORKER ();

  self = g_object_new (STRATA_TYPE_CONNECTION, NULL);
  self->handle = strata_opening_run (options, &self->read_only, cancellable, error);
  if (self->handle == NULL)
    return NULL;
  self->client = g_object_new (GVIR_TYPE_CONNECTION, "handle", self->handle, NULL);
  virConnectClose (self->handle);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  self->uri = virConnectGetURI (self->handle);
  self->facts = strata_host_facts_new (self->handle, error);
  if (self->facts == NULL)
    return NULL;

  if (options->follow)
    self->events = strata_events_new (self->handle, G_OBJECT (self), on_event);

  return g_steal_pointer (&self);
}

/**
 * strata_connection_open:
 * @uri: (nullable): see StrataOpenOptions
 * @cancellable: (nullable): looked at between libvirt's calls
 * @error: where to put `STRATA_ERROR_CONNECTION`, `PERMISSION` or `INVALID`, with a hint
 *
 * Blocks until the host answers; worker threads only. libvirt starts a session's daemon by itself. Where the user may look and
 * not change anything, the host is open for that: strata_connection_get_read_only().
 *
 * Returns: (transfer full): an open connection, subscribed to the host's events
 */
StrataConnection *
strata_connection_open (const char *uri, GCancellable *cancellable, GError **error)
{
  StrataOpenOptions options = { .uri = uri, .follow = TRUE };

  return open_now (&options, cancellable, error);
}

static void
options_free (gpointer data)
{
  StrataOpenOptions *options = data;

  g_free ((char *) options->uri);
  g_clear_object (&options->ask_data);
  g_free (options);
}

static void
open_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  StrataConnection *self = open_now (data, cancellable, &error);

  if (self == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  /* What a client that died left running. That it can't be ended is no reason not to open the host. */
  if (self->read_only == NULL && !g_cancellable_is_cancelled (cancellable))
    strata_worker_reap (self->handle, NULL);
  g_task_return_pointer (task, self, g_object_unref);
}

/**
 * strata_connection_open_async:
 * @options: what is to be opened, and how; it is copied
 * @cancellable: (nullable): a cancellable
 * @callback: called on the caller's main context
 * @user_data: for @callback
 *
 * When @cancellable is cancelled @callback is called at once, however long libvirt, which can't be interrupted, goes on to
 * wait for the host. What it opens by then is closed again.
 */
void
strata_connection_open_async (const StrataOpenOptions *options,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  StrataOpenOptions *copy;

  g_return_if_fail (options != NULL);

  copy = g_memdup2 (options, sizeof *options);
  copy->uri = g_strdup (options->uri);
  if (copy->ask_data != NULL)
    g_object_ref (copy->ask_data);
  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, strata_connection_open_async);
  g_task_set_task_data (task, copy, options_free);
  g_task_set_return_on_cancel (task, TRUE);
  g_task_run_in_thread (task, open_in_thread);
}

/**
 * strata_connection_open_finish:
 * @result: what the callback got
 * @error: as for strata_connection_open()
 *
 * Returns: (transfer full): an open connection
 */
StrataConnection *
strata_connection_open_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

const GError *
strata_connection_get_read_only (StrataConnection *self)
{
  g_return_val_if_fail (STRATA_IS_CONNECTION (self), NULL);

  return self->read_only;
}

guint
strata_connection_get_secrecy (StrataConnection *self)
{
  g_return_val_if_fail (STRATA_IS_CONNECTION (self), 0);

  return self->read_only == NULL ? VIR_DOMAIN_XML_SECURE : 0;
}

/**
 * strata_connection_get_uri:
 * @self: a connection
 *
 * Any thread.
 *
 * Returns: the URI that libvirt opened, whatever alias stood for it; with it the same host is opened again
 */
const char *
strata_connection_get_uri (StrataConnection *self)
{
  g_return_val_if_fail (STRATA_IS_CONNECTION (self), NULL);

  return self->uri;
}

/**
 * strata_connection_get_handle:
 * @self: a connection
 *
 * Returns: (transfer none): libvirt's handle, for worker threads; valid as long as @self
 */
virConnectPtr
strata_connection_get_handle (StrataConnection *self)
{
  g_return_val_if_fail (STRATA_IS_CONNECTION (self), NULL);

  return self->handle;
}

/**
 * strata_connection_get_facts:
 * @self: a connection
 *
 * Any thread. Everything but `kvm_usable` is known from the start and never changes.
 *
 * Returns: (transfer none): what the probe found
 */
const StrataHostFacts *
strata_connection_get_facts (StrataConnection *self)
{
  g_return_val_if_fail (STRATA_IS_CONNECTION (self), NULL);

  return self->facts;
}

/**
 * strata_connection_is_alive:
 * @self: a connection
 *
 * Any thread: it looks at the client's end of the socket and does not ask the daemon.
 *
 * Returns: %FALSE once the daemon went away
 */
gboolean
strata_connection_is_alive (StrataConnection *self)
{
  g_return_val_if_fail (STRATA_IS_CONNECTION (self), FALSE);

  return !g_atomic_int_get (&self->closed) && virConnectIsAlive (self->handle) == 1;
}

GMutex *
strata_connection_get_lease_lock (StrataConnection *self)
{
  return &self->lease_lock;
}

/**
 * strata_connection_probe_kvm:
 * @self: a connection
 * @cancellable: (nullable): a cancellable
 *
 * Finds out whether KVM really runs something here, and remembers it in `kvm_usable` of the facts.
 * Takes up to two seconds the first time and is therefore not part of opening. Worker threads only,
 * with the default main context running in another.
 *
 * Returns: whether KVM was seen to run a guest's code
 */
gboolean
strata_connection_probe_kvm (StrataConnection *self, GCancellable *cancellable)
{
  g_autoptr (GMutexLocker) locker = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (self), FALSE);

  if (self->read_only != NULL)
    return FALSE;

  locker = g_mutex_locker_new (&self->kvm_lock);
  if (!self->kvm_probed)
    {
      self->facts->kvm_usable = strata_kvm_probe_run (self->handle, "kvm", cancellable);
      self->kvm_probed = !g_cancellable_is_cancelled (cancellable);
    }

  return self->facts->kvm_usable;
}
