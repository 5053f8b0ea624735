/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataHost: a host in the window: its connection, which comes back by itself, and its machines.
 *
 * A session daemon exits when no client needs it, and any daemon may be restarted. So the first attempt
 * after a connection closed is made at once and without a word; only if that fails is there an
 * error to show, and further attempts follow after 1, 2, 4… at most 30 seconds.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-host.h"
#include "host/connection/strata-first-host.h"
#include "strata-machine-list.h"
#include "strata-prompter.h"
#include "model/snapshot/strata-snapshot-reconciler.h"
#include "base/strata-error.h"

#define MAX_DELAY 30                    /* seconds */
#define STEADY    (10 * G_USEC_PER_SEC) /* a connection that lived this long was a good one */

struct _StrataHost
{
  GObject parent_instance;

  char *uri;
  char *name;
  char *summary; /* NULL until it is known */
  gboolean wants_read_only;
  StrataHostState state;
  GError *error;

  StrataPrompter *prompter;
  StrataConnection *connection;
  StrataSnapshotReconciler *keeper;
  StrataMachineList *machines;
  StrataGraphMonitor *monitor;
  GCancellable *cancellable;
  gint64 opened_at;
  guint delay; /* seconds before the next attempt */
  guint retry_id;
};

typedef enum
{
  PROP_URI = 1,
  PROP_NAME,
  PROP_STATE,
  PROP_ERROR_MESSAGE,
  PROP_ERROR_HINT,
  PROP_ERROR_COMMAND,
  PROP_READ_ONLY,
  PROP_SUMMARY,
  PROP_GRAPH_MONITOR,
  N_PROPS,
} StrataHostProperty;

static GParamSpec *properties[N_PROPS];
static guint touched_signal;
static guint prompt_signal;

static void strata_host_list_model_init (GListModelInterface *iface);

G_DEFINE_ENUM_TYPE (StrataHostState,
                    strata_host_state,
                    G_DEFINE_ENUM_VALUE (STRATA_HOST_DISCONNECTED, "disconnected"),
                    G_DEFINE_ENUM_VALUE (STRATA_HOST_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (STRATA_HOST_CONNECTED, "connected"),
                    G_DEFINE_ENUM_VALUE (STRATA_HOST_RECONNECTING, "reconnecting"))

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataHost,
                               strata_host,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      strata_host_list_model_init))

static void open_connection (StrataHost *self);

/* "This Computer" for qemu:///session, "root@server" for qemu+ssh://root@server/system. */
static char *
make_name (const char *uri)
{
  g_autoptr (GUri) parsed =
      g_uri_parse (uri, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_HAS_PASSWORD, NULL);
  const char *host;
  const char *user;

  if (parsed == NULL)
    return g_strdup (uri);

  host = g_uri_get_host (parsed);
  user = g_uri_get_user (parsed);
  if (host != NULL && *host != '\0')
    return user != NULL ? g_strdup_printf ("%s@%s", user, host) : g_strdup (host);
  if (g_str_equal (g_uri_get_scheme (parsed), "test"))
    return g_strdup (_ ("Test Host"));
  if (g_uri_get_query (parsed) != NULL)
    return g_strdup (_ ("This Computer (Other Socket)"));
  if (g_str_equal (g_uri_get_path (parsed), "/system"))
    return g_strdup (_ ("This Computer (System)"));

  return g_strdup (_ ("This Computer"));
}

static void
append_version (GString *text, const char *program, gulong version)
{
  /* Programs and versions: nothing to translate. */
  g_string_append_printf (text, "%s%s %lu.%lu.%lu", text->len > 0 ? " · " : "", program,
                          version / 1000000, version / 1000 % 1000, version % 1000);
}

static void
summarise_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  StrataConnection *connection = data;
  const StrataHostFacts *facts = strata_connection_get_facts (connection);
  GString *text = g_string_new (NULL);

  append_version (text, "libvirt", facts->libvirt_version);
  if (g_strcmp0 (facts->driver, "QEMU") == 0)
    append_version (text, "QEMU", facts->qemu_version);
  if (strata_connection_get_read_only (connection) != NULL)
    {
      g_string_append_printf (text, " · %s", _ ("read-only"));
    }
  else if (g_strcmp0 (facts->driver, "QEMU") == 0)
    {
      gboolean works = strata_connection_probe_kvm (connection, cancellable);

      g_string_append_printf (text, " · %s", works ? _ ("KVM works") : _ ("KVM can’t be used"));
    }

  g_task_return_pointer (task, g_string_free (text, FALSE), g_free);
}

/* What kind of host it is, in a line: "libvirt 11.3.0 · QEMU 10.0.13 · KVM works". KVM is tried out for it, which is why it takes a
 * worker. */
static void
summarise_async (StrataConnection *connection,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, summarise_async);
  g_task_set_task_data (task, g_object_ref (connection), g_object_unref);
  g_task_run_in_thread (task, summarise_in_thread);
}

static void
set_state (StrataHost *self, StrataHostState state)
{
  if (self->state == state)
    return;

  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_READ_ONLY]);
}

static void
take_error (StrataHost *self, GError *error)
{
  if (self->error == NULL && error == NULL)
    return;

  g_clear_error (&self->error);
  self->error = error;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR_MESSAGE]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR_HINT]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR_COMMAND]);
}

/* Lets go of the connection; what was seen through it stays in the list. */
static void
drop_connection (StrataHost *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->retry_id, g_source_remove);
  strata_machine_list_unfollow (self->machines);
  strata_graph_monitor_set_connection (self->monitor, NULL);
  if (self->connection != NULL)
    g_signal_handlers_disconnect_by_data (self->connection, self);
  g_clear_object (&self->keeper);
  g_clear_object (&self->connection);
}

static void
retry_cb (gpointer user_data)
{
  StrataHost *self = STRATA_HOST (user_data);

  self->retry_id = 0;
  self->delay = CLAMP (self->delay * 2, 1, MAX_DELAY);
  open_connection (self);
}

static void
retry_later (StrataHost *self)
{
  set_state (self, STRATA_HOST_RECONNECTING);
  if (self->delay == 0)
    self->retry_id = g_idle_add_once (retry_cb, self);
  else
    self->retry_id = g_timeout_add_seconds_once (self->delay, retry_cb, self);
}

/* The user has to do something first; asking again and again (perhaps for a password) is no help. */
static gboolean
is_final (const GError *error)
{
  return g_error_matches (error, STRATA_ERROR, STRATA_ERROR_PERMISSION) ||
         g_error_matches (error, STRATA_ERROR, STRATA_ERROR_INVALID) ||
         g_error_matches (error, STRATA_ERROR, STRATA_ERROR_UNSUPPORTED);
}

static void
fail (StrataHost *self, GError *error)
{
  drop_connection (self);
  take_error (self, error);
  if (is_final (error))
    set_state (self, STRATA_HOST_DISCONNECTED);
  else
    retry_later (self);
}

static void
closed_cb (StrataHost *self)
{
  if (g_get_monotonic_time () - self->opened_at > STEADY)
    self->delay = 0;
  drop_connection (self);
  retry_later (self);
}

static void
summarised_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataHost) self = STRATA_HOST (user_data);
  g_autofree char *summary = g_task_propagate_pointer (G_TASK (result), NULL);

  if (summary != NULL && g_set_str (&self->summary, summary))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SUMMARY]);
}

static void
followed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataHost) self = STRATA_HOST (user_data);
  GError *error = NULL;

  if (strata_machine_list_follow_finish (STRATA_MACHINE_LIST (object), result, &error))
    {
      take_error (self, NULL);
      set_state (self, STRATA_HOST_CONNECTED);
      strata_graph_monitor_set_connection (self->monitor, self->connection);
      summarise_async (self->connection, self->cancellable, summarised_cb, g_object_ref (self));
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_error_free (error);
  else
    fail (self, error);
}

static void
opened_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StrataHost) self = STRATA_HOST (user_data);
  g_autoptr (StrataConnection) connection = NULL;
  GError *error = NULL;

  connection = strata_connection_open_finish (result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_error_free (error);
      return;
    }
  if (connection == NULL)
    {
      fail (self, error);
      return;
    }

  self->connection = g_steal_pointer (&connection);
  self->keeper = strata_snapshot_reconciler_new (self->connection);
  self->opened_at = g_get_monotonic_time ();
  g_signal_connect_object (self->connection, "closed", G_CALLBACK (closed_cb), self,
                           G_CONNECT_SWAPPED);
  strata_machine_list_follow_async (self->machines, self->connection, self->cancellable,
                                    followed_cb, g_object_ref (self));
}

static void
open_connection (StrataHost *self)
{
  StrataOpenOptions options = { .uri = self->uri,
                                .read_only = self->wants_read_only,
                                .follow = TRUE,
                                .ask = strata_prompter_ask,
                                .ask_data = G_OBJECT (self->prompter) };

  g_assert (self->connection == NULL);

  g_set_object (&self->cancellable, NULL);
  self->cancellable = g_cancellable_new ();
  strata_connection_open_async (&options, self->cancellable, opened_cb, g_object_ref (self));
}

static GType
strata_host_get_item_type (GListModel *model)
{
  return STRATA_TYPE_MACHINE;
}

static guint
strata_host_get_n_items (GListModel *model)
{
  return g_list_model_get_n_items (G_LIST_MODEL (STRATA_HOST (model)->machines));
}

static gpointer
strata_host_get_item (GListModel *model, guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (STRATA_HOST (model)->machines), position);
}

static void
strata_host_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = strata_host_get_item_type;
  iface->get_n_items = strata_host_get_n_items;
  iface->get_item = strata_host_get_item;
}

static void
strata_host_dispose (GObject *object)
{
  StrataHost *self = STRATA_HOST (object);

  if (self->machines != NULL)
    drop_connection (self);
  g_clear_object (&self->prompter);
  g_clear_object (&self->machines);
  g_clear_object (&self->monitor);

  G_OBJECT_CLASS (strata_host_parent_class)->dispose (object);
}

static void
strata_host_finalize (GObject *object)
{
  StrataHost *self = STRATA_HOST (object);

  g_clear_pointer (&self->uri, g_free);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->summary, g_free);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (strata_host_parent_class)->finalize (object);
}

static void
strata_host_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  StrataHost *self = STRATA_HOST (object);

  switch ((StrataHostProperty) prop_id)
    {
    case PROP_URI:
      g_value_set_string (value, self->uri);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_ERROR_MESSAGE:
      g_value_set_string (value, self->error != NULL ? self->error->message : NULL);
      break;
    case PROP_SUMMARY:
      g_value_set_string (value, self->summary);
      break;
    case PROP_GRAPH_MONITOR:
      g_value_set_object (value, self->monitor);
      break;
    case PROP_ERROR_HINT:
      g_value_set_string (value, self->error != NULL ? strata_error_get_hint (self->error) : NULL);
      break;
    case PROP_ERROR_COMMAND:
      g_value_set_string (value,
                          self->error != NULL ? strata_error_get_command (self->error) : NULL);
      break;
    case PROP_READ_ONLY:
      g_value_set_boolean (value, strata_host_get_read_only_reason (self) != NULL);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_host_class_init (StrataHostClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->dispose = strata_host_dispose;
  object_class->finalize = strata_host_finalize;
  object_class->get_property = strata_host_get_property;

  properties[PROP_URI] = g_param_spec_string ("uri", NULL, NULL, NULL, flags);
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, STRATA_TYPE_HOST_STATE,
                                              STRATA_HOST_DISCONNECTED, flags);
  properties[PROP_ERROR_MESSAGE] = g_param_spec_string ("error-message", NULL, NULL, NULL, flags);
  properties[PROP_SUMMARY] = g_param_spec_string ("summary", NULL, NULL, NULL, flags);
  properties[PROP_ERROR_HINT] = g_param_spec_string ("error-hint", NULL, NULL, NULL, flags);
  properties[PROP_ERROR_COMMAND] = g_param_spec_string ("error-command", NULL, NULL, NULL, flags);
  properties[PROP_READ_ONLY] = g_param_spec_boolean ("read-only", NULL, NULL, FALSE, flags);
  properties[PROP_GRAPH_MONITOR] =
      g_param_spec_object ("survey", NULL, NULL, STRATA_TYPE_GRAPH_MONITOR, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  prompt_signal = g_signal_new ("prompt", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                NULL, NULL, G_TYPE_NONE, 1, STRATA_TYPE_PROMPT);
  touched_signal = g_signal_new ("touched", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 0);
}

static void
prompt_cb (StrataHost *self, StrataPrompt *prompt)
{
  g_signal_emit (self, prompt_signal, 0, prompt);
}

static void
strata_host_init (StrataHost *self)
{
  self->prompter = strata_prompter_new ();
  g_signal_connect_object (self->prompter, "prompt", G_CALLBACK (prompt_cb), self,
                           G_CONNECT_SWAPPED);
  self->machines = strata_machine_list_new ();
  self->monitor = strata_graph_monitor_new ();
  g_signal_connect_object (self->machines, "items-changed", G_CALLBACK (g_list_model_items_changed),
                           self, G_CONNECT_SWAPPED);
}

static void
choose_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (task, strata_first_host_choose (cancellable), g_free);
}

void
strata_host_choose_first_async (GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, strata_host_choose_first_async);
  g_task_set_return_on_cancel (task, TRUE);
  g_task_run_in_thread (task, choose_in_thread);
}

char *
strata_host_choose_first_finish (GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), NULL);
}

/**
 * strata_host_new:
 * @uri: a libvirt URI
 *
 * Does not connect yet. Main thread.
 *
 * Returns: (transfer full): a new host
 */
StrataHost *
strata_host_new (const char *uri)
{
  StrataHost *self;

  g_return_val_if_fail (uri != NULL, NULL);

  self = g_object_new (STRATA_TYPE_HOST, NULL);
  self->uri = g_strdup (uri);
  self->name = make_name (uri);

  return self;
}

const char *
strata_host_get_uri (StrataHost *self)
{
  g_return_val_if_fail (STRATA_IS_HOST (self), NULL);

  return self->uri;
}

const char *
strata_host_get_name (StrataHost *self)
{
  g_return_val_if_fail (STRATA_IS_HOST (self), NULL);

  return self->name;
}

/**
 * strata_host_get_connection:
 * @self: a host
 *
 * Returns: (transfer none) (nullable): the connection, %NULL unless connected
 */
StrataConnection *
strata_host_get_connection (StrataHost *self)
{
  g_return_val_if_fail (STRATA_IS_HOST (self), NULL);

  return self->state == STRATA_HOST_CONNECTED ? self->connection : NULL;
}

/**
 * strata_host_get_read_only_reason:
 * @self: a host
 *
 * Returns: (nullable): why nothing can be changed on the host, with what helps; %NULL where it can, or isn't connected
 */
const GError *
strata_host_get_read_only_reason (StrataHost *self)
{
  StrataConnection *connection;

  g_return_val_if_fail (STRATA_IS_HOST (self), NULL);

  connection = strata_host_get_connection (self);

  return connection != NULL ? strata_connection_get_read_only (connection) : NULL;
}

/* From the next connection on. */
void
strata_host_set_read_only (StrataHost *self, gboolean read_only)
{
  g_return_if_fail (STRATA_IS_HOST (self));

  self->wants_read_only = read_only;
}

/**
 * strata_host_connect:
 * @self: a host
 *
 * Connects, and from now on connects again whenever the daemon goes away. While it waits for the
 * next attempt, that is made at once. Main thread; returns immediately.
 */
void
strata_host_connect (StrataHost *self)
{
  g_return_if_fail (STRATA_IS_HOST (self));

  if (self->state == STRATA_HOST_CONNECTING || self->state == STRATA_HOST_CONNECTED)
    return;

  drop_connection (self);
  self->delay = 0;
  take_error (self, NULL);
  set_state (self, STRATA_HOST_CONNECTING);
  open_connection (self);
}

/**
 * strata_host_disconnect:
 * @self: a host
 *
 * Lets go of the connection and of what was seen through it. Main thread.
 */
void
strata_host_disconnect (StrataHost *self)
{
  g_return_if_fail (STRATA_IS_HOST (self));

  drop_connection (self);
  strata_machine_list_clear (self->machines);
  take_error (self, NULL);
  set_state (self, STRATA_HOST_DISCONNECTED);
}

/**
 * strata_host_refresh:
 * @self: a host
 * @uuid: UUID of one of its machines
 *
 * As if libvirt had said that it changed. Main thread.
 */
void
strata_host_refresh (StrataHost *self, const char *uuid)
{
  g_return_if_fail (STRATA_IS_HOST (self));
  g_return_if_fail (uuid != NULL);

  if (self->connection != NULL)
    g_signal_emit_by_name (self->connection, "domain-changed", uuid);
}

void
strata_host_touch (StrataHost *self)
{
  g_return_if_fail (STRATA_IS_HOST (self));

  g_signal_emit (self, touched_signal, 0);
}

/**
 * strata_host_get_graph_monitor:
 * @self: a host
 *
 * Returns: (transfer none): the graph of its images, while a page holds it
 */
StrataGraphMonitor *
strata_host_get_graph_monitor (StrataHost *self)
{
  g_return_val_if_fail (STRATA_IS_HOST (self), NULL);

  return self->monitor;
}

StrataMachine *
strata_host_find (StrataHost *self, const char *name_or_uuid)
{
  g_return_val_if_fail (STRATA_IS_HOST (self), NULL);

  return strata_machine_list_find (self->machines, name_or_uuid);
}
