/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataGraphMonitor: keeps a host's graph while a page shows it.
 *
 * Events only say that something changed; they come in swarms, so they are awaited for a moment, and there is never more than
 * one look under way. A pool's events don't count: gathering refreshes the pools itself.
 *
 * Where it is only machines that changed, the graph is patched. What has no event (a snapshot that another program made of another
 * machine, a file) a patch doesn't see, so everything is gathered once the events have ceased.
 */

#include "config.h"

#include "strata-graph-monitor.h"

#define PATIENCE_MS 150
/* From the last event until all is gathered, where patches have done so far; events put it off no longer than twice that. */
#define CALM_MS 3000

struct _StrataGraphMonitor
{
  GObject parent_instance;

  StrataConnection *connection;
  StrataGraph *graph;
  GCancellable *cancellable; /* while gathering */
  char *error_message;
  GHashTable *
      changed; /* a set of UUIDs: what changed since the look that is under way, or the last one, began */
  gint64 patched_since; /* monotonic time of the first patch since all was gathered, or 0 */
  guint holders;
  guint timeout_id;
  guint calm_id;
  gboolean stale;  /* more changed than CHANGED */
  gboolean behind; /* GRAPH isn't of the last look, which failed */
};

typedef struct
{
  StrataGraph *last; /* (nullable): to patch */
  GStrv uuids;
  gboolean patched;
} Look;

typedef enum
{
  PROP_GRAPH = 1,
  PROP_BUSY,
  PROP_ERROR_MESSAGE,
  N_PROPS,
} StrataGraphMonitorProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataGraphMonitor, strata_graph_monitor, G_TYPE_OBJECT)

static void look_soon (StrataGraphMonitor *self);

static gboolean
has_changed (StrataGraphMonitor *self)
{
  return self->stale || g_hash_table_size (self->changed) > 0;
}

static void
look_free (gpointer data)
{
  Look *look = data;

  g_clear_object (&look->last);
  g_strfreev (look->uuids);
  g_free (look);
}

static void
look_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Look *look = task_data;
  GError *error = NULL;
  StrataGraph *graph = NULL;

  /* Why it can't be patched doesn't matter. */
  if (look->last != NULL)
    graph = strata_connection_patch (source, look->last, (const char *const *) look->uuids,
                                     cancellable, NULL);
  look->patched = graph != NULL;
  if (graph == NULL)
    graph = strata_connection_gather (source, cancellable, &error);

  if (graph != NULL)
    g_task_return_pointer (task, graph, g_object_unref);
  else
    g_task_return_error (task, error);
}

static void
calm_cb (gpointer user_data)
{
  StrataGraphMonitor *self = STRATA_GRAPH_MONITOR (user_data);

  self->calm_id = 0;
  strata_graph_monitor_refresh (self);
}

/* PATCHED: whether the last look saw only what there were events of */
static void
note_look (StrataGraphMonitor *self, gboolean patched)
{
  gint64 now = g_get_monotonic_time ();

  if (!patched)
    {
      self->patched_since = 0;
      g_clear_handle_id (&self->calm_id, g_source_remove);
      return;
    }

  if (self->patched_since == 0)
    self->patched_since = now;
  if (self->calm_id != 0 && now - self->patched_since > CALM_MS * G_TIME_SPAN_MILLISECOND)
    return;
  g_clear_handle_id (&self->calm_id, g_source_remove);
  self->calm_id = g_timeout_add_once (CALM_MS, calm_cb, self);
}

static void
looked_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataGraphMonitor) self = STRATA_GRAPH_MONITOR (user_data);
  const Look *look = g_task_get_task_data (G_TASK (result));
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (GError) error = NULL;

  /* It was for another connection. */
  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return;

  g_clear_object (&self->cancellable);
  graph = g_task_propagate_pointer (G_TASK (result), &error);
  self->behind = graph == NULL;
  note_look (self, look->patched);
  if (graph != NULL && g_set_object (&self->graph, graph))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_GRAPH]);
  if (g_set_str (&self->error_message, error != NULL ? error->message : NULL))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR_MESSAGE]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BUSY]);
  if (has_changed (self))
    look_soon (self);
}

static GStrv
take_keys (GHashTable *set)
{
  g_autoptr (GPtrArray) keys = g_hash_table_steal_all_keys (set);

  g_ptr_array_set_free_func (keys, NULL);
  g_ptr_array_add (keys, NULL);

  return (GStrv) g_ptr_array_steal (keys, NULL);
}

static Look *
look_new (StrataGraphMonitor *self)
{
  Look *look = g_new0 (Look, 1);

  if (!self->stale && !self->behind && self->graph != NULL)
    {
      look->last = g_object_ref (self->graph);
      look->uuids = take_keys (self->changed);
    }

  return look;
}

static void
look_cb (gpointer user_data)
{
  StrataGraphMonitor *self = STRATA_GRAPH_MONITOR (user_data);
  g_autoptr (GTask) task = NULL;

  self->timeout_id = 0;
  self->cancellable = g_cancellable_new ();
  task = g_task_new (self->connection, self->cancellable, looked_cb, g_object_ref (self));
  g_task_set_static_name (task, "strata-survey");
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, look_new (self), look_free);
  g_hash_table_remove_all (self->changed);
  self->stale = FALSE;
  g_task_run_in_thread (task, look_thread);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BUSY]);
}

static void
look_soon (StrataGraphMonitor *self)
{
  if (self->connection != NULL && self->holders > 0 && self->cancellable == NULL &&
      self->timeout_id == 0)
    self->timeout_id = g_timeout_add_once (self->graph != NULL ? PATIENCE_MS : 0, look_cb, self);
}

static void
stop (StrataGraphMonitor *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->timeout_id, g_source_remove);
  note_look (self, FALSE);
  if (self->connection != NULL)
    g_signal_handlers_disconnect_by_data (self->connection, self);
  g_clear_object (&self->connection);
}

static void
strata_graph_monitor_dispose (GObject *object)
{
  StrataGraphMonitor *self = STRATA_GRAPH_MONITOR (object);

  stop (self);
  g_clear_object (&self->graph);

  G_OBJECT_CLASS (strata_graph_monitor_parent_class)->dispose (object);
}

static void
strata_graph_monitor_finalize (GObject *object)
{
  StrataGraphMonitor *self = STRATA_GRAPH_MONITOR (object);

  g_clear_pointer (&self->error_message, g_free);
  g_clear_pointer (&self->changed, g_hash_table_unref);

  G_OBJECT_CLASS (strata_graph_monitor_parent_class)->finalize (object);
}

static void
strata_graph_monitor_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  StrataGraphMonitor *self = STRATA_GRAPH_MONITOR (object);

  switch ((StrataGraphMonitorProperty) prop_id)
    {
    case PROP_GRAPH:
      g_value_set_object (value, self->graph);
      break;
    case PROP_BUSY:
      g_value_set_boolean (value, strata_graph_monitor_get_busy (self));
      break;
    case PROP_ERROR_MESSAGE:
      g_value_set_string (value, self->error_message);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_graph_monitor_class_init (StrataGraphMonitorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->dispose = strata_graph_monitor_dispose;
  object_class->finalize = strata_graph_monitor_finalize;
  object_class->get_property = strata_graph_monitor_get_property;

  properties[PROP_GRAPH] = g_param_spec_object ("graph", NULL, NULL, STRATA_TYPE_GRAPH, flags);
  properties[PROP_BUSY] = g_param_spec_boolean ("busy", NULL, NULL, FALSE, flags);
  properties[PROP_ERROR_MESSAGE] = g_param_spec_string ("error-message", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
strata_graph_monitor_init (StrataGraphMonitor *self)
{
  self->changed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->stale = TRUE;
}

StrataGraphMonitor *
strata_graph_monitor_new (void)
{
  return g_object_new (STRATA_TYPE_GRAPH_MONITOR, NULL);
}

static void
domain_changed_cb (StrataGraphMonitor *self, const char *uuid)
{
  g_hash_table_add (self->changed, g_strdup (uuid));
  look_soon (self);
}

/**
 * strata_graph_monitor_set_connection:
 * @self: a monitor
 * @connection: (nullable): what to ask from now on
 *
 * Main thread.
 */
void
strata_graph_monitor_set_connection (StrataGraphMonitor *self, StrataConnection *connection)
{
  g_return_if_fail (STRATA_IS_GRAPH_MONITOR (self));

  if (self->connection == connection)
    return;

  stop (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BUSY]);
  if (connection == NULL)
    return;

  self->connection = g_object_ref (connection);
  g_signal_connect_object (connection, "domain-changed", G_CALLBACK (domain_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (connection, "domain-removed", G_CALLBACK (domain_changed_cb), self,
                           G_CONNECT_SWAPPED);
  strata_graph_monitor_refresh (self);
}

/**
 * strata_graph_monitor_get_graph:
 * @self: a monitor
 *
 * Returns: (transfer none) (nullable): the graph as it was gathered last; read only
 */
StrataGraph *
strata_graph_monitor_get_graph (StrataGraphMonitor *self)
{
  g_return_val_if_fail (STRATA_IS_GRAPH_MONITOR (self), NULL);

  return self->graph;
}

gboolean
strata_graph_monitor_get_busy (StrataGraphMonitor *self)
{
  g_return_val_if_fail (STRATA_IS_GRAPH_MONITOR (self), FALSE);

  return self->cancellable != NULL;
}

const char *
strata_graph_monitor_get_error_message (StrataGraphMonitor *self)
{
  g_return_val_if_fail (STRATA_IS_GRAPH_MONITOR (self), NULL);

  return self->error_message;
}

/**
 * strata_graph_monitor_hold:
 * @self: a monitor
 *
 * A page shows it, until strata_graph_monitor_release(). Main thread.
 */
void
strata_graph_monitor_hold (StrataGraphMonitor *self)
{
  g_return_if_fail (STRATA_IS_GRAPH_MONITOR (self));

  self->holders++;
  /* The graph may be hours old. */
  if (has_changed (self))
    strata_graph_monitor_refresh (self);
}

void
strata_graph_monitor_release (StrataGraphMonitor *self)
{
  g_return_if_fail (STRATA_IS_GRAPH_MONITOR (self));
  g_return_if_fail (self->holders > 0);

  self->holders--;
}

/**
 * strata_graph_monitor_refresh:
 * @self: a monitor
 *
 * Gathers again soon, if a page holds the graph; otherwise when one does. Main thread.
 */
void
strata_graph_monitor_refresh (StrataGraphMonitor *self)
{
  g_return_if_fail (STRATA_IS_GRAPH_MONITOR (self));

  self->stale = TRUE;
  look_soon (self);
}
