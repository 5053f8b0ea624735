/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataHostWatch: when what is shown of a host has to be looked at again.
 *
 * Events come in swarms and only say that something changed, and a look gathers the whole host: so it is due when the swarm
 * had a moment to end, and not more often than once a second.
 */

#include "config.h"

#include "strata-host-watch.h"

#define PATIENCE_US (150 * G_TIME_SPAN_MILLISECOND)
#define PAUSE_US    G_TIME_SPAN_SECOND

struct _StrataHostWatch
{
  GObject parent_instance;

  StrataHost *host;
  GSignalGroup *connection_signals;
  gint64 last_due; /* monotonic time */
  guint timeout_id;
};

enum
{
  CHANGED,
  DUE,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataHostWatch, strata_host_watch, G_TYPE_OBJECT)

static void
due_cb (gpointer user_data)
{
  g_autoptr (StrataHostWatch) self = g_object_ref (STRATA_HOST_WATCH (user_data));

  self->timeout_id = 0;
  self->last_due = g_get_monotonic_time ();
  g_signal_emit (self, signals[DUE], 0);
}

static void
changed_cb (StrataHostWatch *self)
{
  strata_host_watch_schedule (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
state_changed_cb (StrataHostWatch *self)
{
  g_signal_group_set_target (self->connection_signals, strata_host_get_connection (self->host));
  changed_cb (self);
}

static void
strata_host_watch_dispose (GObject *object)
{
  StrataHostWatch *self = STRATA_HOST_WATCH (object);

  g_clear_handle_id (&self->timeout_id, g_source_remove);
  g_clear_object (&self->connection_signals);
  g_clear_object (&self->host);

  G_OBJECT_CLASS (strata_host_watch_parent_class)->dispose (object);
}

static void
strata_host_watch_class_init (StrataHostWatchClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = strata_host_watch_dispose;

  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
  signals[DUE] = g_signal_new ("due", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                               NULL, G_TYPE_NONE, 0);
}

static void
strata_host_watch_init (StrataHostWatch *self)
{
  self->connection_signals = g_signal_group_new (STRATA_TYPE_CONNECTION);
  g_signal_group_connect_swapped (self->connection_signals, "domain-changed",
                                  G_CALLBACK (changed_cb), self);
  g_signal_group_connect_swapped (self->connection_signals, "domain-removed",
                                  G_CALLBACK (changed_cb), self);
  g_signal_group_connect_swapped (self->connection_signals, "pool-changed", G_CALLBACK (changed_cb),
                                  self);
}

/**
 * strata_host_watch_new:
 * @host: what is watched, whether it is connected or not
 *
 * A connection that is lost or comes back is a change, too.
 *
 * Returns: (transfer full): a new watch
 */
StrataHostWatch *
strata_host_watch_new (StrataHost *host)
{
  StrataHostWatch *self;

  g_return_val_if_fail (STRATA_IS_HOST (host), NULL);

  self = g_object_new (STRATA_TYPE_HOST_WATCH, NULL);
  self->host = g_object_ref (host);
  g_signal_group_set_target (self->connection_signals, strata_host_get_connection (host));
  g_signal_connect_object (host, "notify::state", G_CALLBACK (state_changed_cb), self,
                           G_CONNECT_SWAPPED);

  g_signal_connect_object (host, "touched", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);

  return self;
}

void
strata_host_watch_schedule (StrataHostWatch *self)
{
  gint64 pause;

  g_return_if_fail (STRATA_IS_HOST_WATCH (self));

  if (self->timeout_id != 0)
    return;

  pause = self->last_due + PAUSE_US - g_get_monotonic_time ();
  self->timeout_id = g_timeout_add_once (
      (guint) (CLAMP (pause, PATIENCE_US, PAUSE_US) / G_TIME_SPAN_MILLISECOND), due_cb, self);
}
