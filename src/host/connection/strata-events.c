/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The event bridge: libvirt's raw callbacks, boiled down to "this domain changed".
 *
 * libvirt calls them from its event loop, which libvirt-glib runs on the default main context. There
 * no call may be made that blocks, so they take from their arguments what is known without one: the
 * UUID and the name. A callback may come after its connection object is gone; what it holds is
 * therefore a sink with a weak reference, freed by libvirt when the last callback is.
 */

#include "config.h"

#include "strata-events.h"
#include "xml/strata-volume-xml.h"
#include "xml/strata-worker-xml.h"

typedef struct
{
  GWeakRef target;
  StrataEventFunc func;
} Sink;

struct _StrataEvents
{
  virConnectPtr handle;
  GArray *domain_callbacks;
  GArray *pool_callbacks;
  Sink *sink;
};

static void
sink_clear (gpointer data)
{
  Sink *sink = data;

  g_weak_ref_clear (&sink->target);
}

static void
sink_release (gpointer sink)
{
  g_atomic_rc_box_release_full (sink, sink_clear);
}

static void
report (Sink *sink, StrataEventKind kind, const char *key)
{
  g_autoptr (GObject) target = g_weak_ref_get (&sink->target);

  if (target != NULL)
    sink->func (target, kind, key);
}

static void
report_domain (Sink *sink, StrataEventKind kind, virDomainPtr domain)
{
  char uuid[VIR_UUID_STRING_BUFLEN];
  const char *name = virDomainGetName (domain);

  /* Workers are our own tools, not something to show. */
  if (name == NULL || g_str_has_prefix (name, STRATA_WORKER_PREFIX))
    return;

  if (virDomainGetUUIDString (domain, uuid) == 0)
    report (sink, kind, uuid);
}

static gboolean
is_from_snapshot (int event, int detail)
{
  switch (event)
    {
    case VIR_DOMAIN_EVENT_DEFINED:
      return detail == VIR_DOMAIN_EVENT_DEFINED_FROM_SNAPSHOT;
    case VIR_DOMAIN_EVENT_STARTED:
      return detail == VIR_DOMAIN_EVENT_STARTED_FROM_SNAPSHOT;
    case VIR_DOMAIN_EVENT_SUSPENDED:
      return detail == VIR_DOMAIN_EVENT_SUSPENDED_FROM_SNAPSHOT;
    case VIR_DOMAIN_EVENT_RESUMED:
      return detail == VIR_DOMAIN_EVENT_RESUMED_FROM_SNAPSHOT;
    case VIR_DOMAIN_EVENT_STOPPED:
      return detail == VIR_DOMAIN_EVENT_STOPPED_FROM_SNAPSHOT;
    default:
      return FALSE;
    }
}

static void
on_lifecycle (virConnectPtr handle, virDomainPtr domain, int event, int detail, void *sink)
{
  gboolean left = event == VIR_DOMAIN_EVENT_STOPPED || event == VIR_DOMAIN_EVENT_UNDEFINED;

  if (is_from_snapshot (event, detail))
    report_domain (sink, STRATA_EVENT_DOMAIN_REVERTED, domain);
  report_domain (sink, left ? STRATA_EVENT_DOMAIN_LEFT : STRATA_EVENT_DOMAIN_CHANGED, domain);
}

static void
on_metadata_change (virConnectPtr handle,
                    virDomainPtr domain,
                    int type,
                    const char *namespace_uri,
                    void *sink)
{
  report_domain (sink, STRATA_EVENT_DOMAIN_CHANGED, domain);
}

static void
on_block_job (virConnectPtr handle,
              virDomainPtr domain,
              const char *disk,
              int type,
              int status,
              void *sink)
{
  report_domain (sink, STRATA_EVENT_DOMAIN_CHANGED, domain);
}

static void
on_disk_change (virConnectPtr handle,
                virDomainPtr domain,
                const char *old_source,
                const char *new_source,
                const char *alias,
                int reason,
                void *sink)
{
  report_domain (sink, STRATA_EVENT_DOMAIN_CHANGED, domain);
}

static void
on_device_change (virConnectPtr handle, virDomainPtr domain, const char *alias, void *sink)
{
  report_domain (sink, STRATA_EVENT_DOMAIN_CHANGED, domain);
}

static void
on_agent_lifecycle (virConnectPtr handle, virDomainPtr domain, int state, int reason, void *sink)
{
  report_domain (sink, STRATA_EVENT_DOMAIN_CHANGED, domain);
}

static void
report_pool (Sink *sink, virStoragePoolPtr pool)
{
  const char *name = virStoragePoolGetName (pool);

  if (name != NULL && !g_str_has_prefix (name, STRATA_POOL_LEASE_PREFIX) &&
      !g_str_has_prefix (name, STRATA_LOCK_PREFIX))
    report (sink, STRATA_EVENT_POOL_CHANGED, name);
}

/* A refresh is most often our own gathering's, which would never come to rest if it were an event. */
static void
on_pool_lifecycle (virConnectPtr handle, virStoragePoolPtr pool, int event, int detail, void *sink)
{
  report_pool (sink, pool);
}

static void
on_close (virConnectPtr handle, int reason, void *sink)
{
  report (sink, STRATA_EVENT_CLOSED, NULL);
}

/* A driver that does not have an event (test:/// has few) is followed without it. */
static void
add_domain_callback (StrataEvents *self, Sink *sink, int event, GCallback callback)
{
  int id = virConnectDomainEventRegisterAny (self->handle, NULL, event,
                                             VIR_DOMAIN_EVENT_CALLBACK (callback),
                                             g_atomic_rc_box_acquire (sink), sink_release);

  if (id >= 0)
    g_array_append_val (self->domain_callbacks, id);
  else
    sink_release (sink);
}

static void
add_pool_callback (StrataEvents *self, Sink *sink, int event, GCallback callback)
{
  int id = virConnectStoragePoolEventRegisterAny (self->handle, NULL, event,
                                                  VIR_STORAGE_POOL_EVENT_CALLBACK (callback),
                                                  g_atomic_rc_box_acquire (sink), sink_release);

  if (id >= 0)
    g_array_append_val (self->pool_callbacks, id);
  else
    sink_release (sink);
}

/**
 * strata_events_new:
 * @handle: an open connection
 * @target: passed to @func; only a weak reference is held
 * @func: called on the default main context
 *
 * Registers for everything that changes what Strata shows. Each registration is a call to the daemon:
 * worker threads only.
 *
 * Returns: (transfer full): the registrations
 */
StrataEvents *
strata_events_new (virConnectPtr handle, GObject *target, StrataEventFunc func)
{
  StrataEvents *self = g_new0 (StrataEvents, 1);
  Sink *sink = g_atomic_rc_box_new0 (Sink);

  g_weak_ref_init (&sink->target, target);
  sink->func = func;

  virConnectRef (handle);
  self->handle = handle;
  self->domain_callbacks = g_array_new (FALSE, FALSE, sizeof (int));
  self->pool_callbacks = g_array_new (FALSE, FALSE, sizeof (int));

  add_domain_callback (self, sink, VIR_DOMAIN_EVENT_ID_LIFECYCLE, G_CALLBACK (on_lifecycle));
  add_domain_callback (self, sink, VIR_DOMAIN_EVENT_ID_METADATA_CHANGE,
                       G_CALLBACK (on_metadata_change));
  add_domain_callback (self, sink, VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, G_CALLBACK (on_block_job));
  add_domain_callback (self, sink, VIR_DOMAIN_EVENT_ID_DISK_CHANGE, G_CALLBACK (on_disk_change));
  add_domain_callback (self, sink, VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, G_CALLBACK (on_device_change));
  add_domain_callback (self, sink, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
                       G_CALLBACK (on_device_change));
  add_domain_callback (self, sink, VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE,
                       G_CALLBACK (on_agent_lifecycle));
  add_pool_callback (self, sink, VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE,
                     G_CALLBACK (on_pool_lifecycle));

  /* A driver without this callback takes it and forgets it, its free function included; so the sink
   * is kept by us for it. There can be no call any more once it is unregistered. */
  virConnectRegisterCloseCallback (handle, on_close, sink, NULL);
  self->sink = sink;

  return self;
}

/**
 * strata_events_free:
 * @self: (transfer full): the registrations
 *
 * Ends them. Calls the daemon: worker threads only.
 */
void
strata_events_free (StrataEvents *self)
{
  for (guint i = 0; i < self->domain_callbacks->len; i++)
    virConnectDomainEventDeregisterAny (self->handle,
                                        g_array_index (self->domain_callbacks, int, i));
  for (guint i = 0; i < self->pool_callbacks->len; i++)
    virConnectStoragePoolEventDeregisterAny (self->handle,
                                             g_array_index (self->pool_callbacks, int, i));
  virConnectUnregisterCloseCallback (self->handle, on_close);

  g_array_unref (self->domain_callbacks);
  g_array_unref (self->pool_callbacks);
  g_clear_pointer (&self->sink, sink_release);
  virConnectClose (self->handle);
  g_free (self);
}
