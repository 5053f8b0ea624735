/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The client of strata-guest: each verb is a request in, and an answer or an error out. It watches over the appliance: there are
 * computers where /dev/kvm opens and then the guest hangs, which libguestfs waits for twenty minutes.
 */

#include "config.h"

#include "strata-guest-client.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "strata-guest-process.h"
#include "strata-guest-request.h"
#include "base/strata-error.h"

#define DEFAULT_PATIENCE_MS 30000

struct _StrataGuestClient
{
  GObject parent_instance;

  char **accepted;
  gboolean for_sealing;

  StrataGuestProgressFunc progress;
  gpointer progress_data;
  char *log; /* the last words of the library, if the last run failed */
  guint patience_ms;
  char **ssh;   /* (nullable): how the host is reached where the images are */
  char **names; /* (nullable): it runs as root, and serves one request after another */
  StrataGuestProcess *process; /* (nullable): that one */
  gboolean force_tcg;          /* KVM was found not to work */
};

G_DEFINE_FINAL_TYPE (StrataGuestClient, strata_guest_client, G_TYPE_OBJECT)

/* One run of the helper. */
typedef struct
{
  StrataGuestClient *client;
  JsonObject *value;
  GError *error;
  gint64 last_alive;
  gboolean launching;
  gboolean hung;
  gboolean done; /* it waits for the next request */
} Run;

static void
run_clear (Run *run)
{
  g_clear_pointer (&run->value, json_object_unref);
  g_clear_error (&run->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

/* Did the caller's environment ask for an appliance without KVM? Then there is nothing to fall back to. */
static gboolean
runs_without_kvm (StrataGuestClient *self)
{
  const char *settings = g_getenv ("LIBGUESTFS_BACKEND_SETTINGS");

  return self->force_tcg || (settings != NULL && strstr (settings, "force_tcg") != NULL);
}

static void
take_error (Run *run, JsonObject *event)
{
  const char *code = json_object_get_string_member_with_default (event, "code", NULL);
  const char *message = json_object_get_string_member_with_default (event, "message", "");
  const char *hint = json_object_get_string_member_with_default (event, "hint", NULL);

  g_clear_error (&run->error);
  run->error = strata_error_new (strata_error_code_from_nick (code), hint, "%s", message);
  g_set_str (&run->client->log, json_object_get_string_member_with_default (event, "log", NULL));
}

static void
take_progress (Run *run, JsonObject *event)
{
  StrataGuestClient *self = run->client;

  if (self->progress != NULL)
    self->progress (json_object_get_double_member_with_default (event, "fraction", 0.0),
                    json_object_get_string_member_with_default (event, "message", ""),
                    self->progress_data);
}

static void
take_event (Run *run, JsonObject *event)
{
  const char *name = json_object_get_string_member_with_default (event, "event", "");

  /* Whatever it says, it lives. */
  run->last_alive = g_get_monotonic_time ();

  if (strcmp (name, "progress") == 0)
    take_progress (run, event);
  else if (strcmp (name, "launching") == 0)
    run->launching = TRUE;
  else if (strcmp (name, "launched") == 0)
    run->launching = FALSE;
  else if (strcmp (name, "done") == 0)
    run->done = TRUE;
  else if (strcmp (name, "result") == 0 && json_object_has_member (event, "value"))
    run->value = json_object_ref (json_object_get_object_member (event, "value"));
  else if (strcmp (name, "error") == 0)
    take_error (run, event);
  else if (strcmp (name, "log") == 0)
    g_debug ("strata-guest: %s", json_object_get_string_member_with_default (event, "text", ""));
}

static void
take_line (Run *run, const char *line)
{
  g_autoptr (JsonNode) node = json_from_string (line, NULL);

  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    take_event (run, json_node_get_object (node));
  else
    g_debug ("strata-guest said: %s", line);
}

/* How long the helper may be silent from now on, -1 for ever. */
static int
remaining_patience (Run *run)
{
  gint64 waited;

  if (!run->launching || runs_without_kvm (run->client))
    return -1;

  waited = (g_get_monotonic_time () - run->last_alive) / 1000;
  return (int) MAX (0, (gint64) run->client->patience_ms - waited);
}

static void
set_no_answer (Run *run, StrataGuestProcess *process)
{
  int status = strata_guest_process_wait (process);
  const char *words = strata_guest_process_get_stderr (process);

  /* pkexec: 126 is a password that was not given, 127 is no authorisation. */
  if (run->client->ssh != NULL && status == STRATA_GUEST_NOT_THERE)
    run->error = strata_error_new (
        STRATA_ERROR_NO_TOOL, _ ("Install Strata there, or go on without sealing."),
        _ ("Guests are looked into where their disks are, and Strata’s sealing helper is not installed there."));
  else if (run->client->ssh != NULL && status == 255)
    run->error = strata_error_new (STRATA_ERROR_CONNECTION, NULL,
                                   _ ("The other computer can’t be reached by ssh: %s"), words);
  else if (run->client->names != NULL && (status == 126 || status == 127))
    run->error = strata_error_new (
        STRATA_ERROR_PERMISSION,
        _ ("Ask an administrator for the right to io.github.stratavm.Strata.guest (a rule of polkit), or go on "
           "without sealing."),
        _ ("Looking into the system’s guests needs an administrator’s password."));
  else
    run->error =
        strata_error_new (STRATA_ERROR_FAILED, NULL,
                          _ ("Strata's sealing helper ended without an answer. %s"), words);
}

/* Reads until it is done or, where it serves one request only, ends. FALSE: it is to be ended. */
static gboolean
read_answer (Run *run, StrataGuestProcess *process, GCancellable *cancellable)
{
  run->done = FALSE;
  while (!run->done)
    {
      g_autofree char *line = NULL;

      switch (strata_guest_process_read (process, remaining_patience (run), cancellable, &line))
        {
        case STRATA_GUEST_READ_LINE:
          take_line (run, line);
          continue;
        case STRATA_GUEST_READ_TIMEOUT:
          run->hung = TRUE;
          if (run->client->names == NULL)
            return FALSE;
          /* Another one would ask for the password again. */
          run->launching = FALSE;
          strata_guest_process_send (process, "{\"verb\":\"stop\"}");
          continue;
        case STRATA_GUEST_READ_CANCELLED:
          g_cancellable_set_error_if_cancelled (cancellable, &run->error);
          return FALSE;
        case STRATA_GUEST_READ_END:
          if (run->value == NULL && run->error == NULL)
            set_no_answer (run, process);
          strata_guest_process_wait (process);
          return FALSE;
        }
    }

  return TRUE;
}

/* A process to talk to; the one that runs as root waits there for the first request once it was allowed. */
static StrataGuestProcess *
get_process (Run *run, GCancellable *cancellable)
{
  StrataGuestClient *self = run->client;
  g_autoptr (StrataGuestProcess) process = g_steal_pointer (&self->process);

  if (process != NULL)
    return g_steal_pointer (&process);

  process = strata_guest_process_new ((const char *const *) self->names,
                                      (const char *const *) self->ssh, &run->error);
  if (process == NULL || (self->names != NULL && !read_answer (run, process, cancellable)))
    return NULL;

  return g_steal_pointer (&process);
}

static void
run_helper (Run *run, const char *request, GCancellable *cancellable)
{
  StrataGuestClient *self = run->client;
  g_autoptr (StrataGuestProcess) process = get_process (run, cancellable);

  if (process == NULL)
    return;

  strata_guest_process_send (process, request);
  if (!read_answer (run, process, cancellable))
    return;
  if (run->value == NULL && run->error == NULL && !run->hung)
    run->error = strata_error_new (STRATA_ERROR_FAILED, NULL,
                                   _ ("Strata's sealing helper ended without an answer. %s"),
                                   strata_guest_process_get_stderr (process));
  self->process = g_steal_pointer (&process);
}

/* Can it be KVM's fault, so that trying without is worth the time? */
static gboolean
is_worth_retrying (Run *run)
{
  if (runs_without_kvm (run->client))
    return FALSE;
  if (run->hung)
    return TRUE;

  return run->launching && g_error_matches (run->error, STRATA_ERROR, STRATA_ERROR_NO_APPLIANCE) &&
         access ("/dev/kvm", F_OK) == 0;
}

static char *
request_to_text (StrataGuestClient *self, JsonObject *request)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), request);

  json_object_set_boolean_member (request, "attended", TRUE);
  /* What is set for us isn't for root's process. */
  json_object_set_boolean_member (request, "force-tcg", runs_without_kvm (self));

  return json_to_string (node, FALSE);
}

/* Blocks. An appliance that hangs or fails under KVM is tried once more without; REQUEST gets some more members. */
static JsonObject *
run_request (StrataGuestClient *self,
             JsonObject *request,
             GCancellable *cancellable,
             GError **error)
{
  g_auto (Run) run = { .client = self };
  g_autofree char *text = request_to_text (self, request);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  g_clear_pointer (&self->log, g_free);
  run_helper (&run, text, cancellable);
  if (is_worth_retrying (&run))
    {
      /* Nothing has been written yet: the appliance was only starting. */
      g_autofree char *again = NULL;

      self->force_tcg = TRUE;
      again = request_to_text (self, request);
      run_clear (&run);
      run = (Run) { .client = self };
      run_helper (&run, again, cancellable);
    }

  if (run.error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&run.error));
      return NULL;
    }

  return g_steal_pointer (&run.value);
}

static JsonObject *
new_request (StrataGuestVerb verb)
{
  JsonObject *request = json_object_new ();

  json_object_set_string_member (request, "verb", strata_guest_verb_to_nick (verb));

  return request;
}

static void
set_strings (JsonObject *object, const char *member, const char *const *strings)
{
  JsonArray *array = json_array_new ();

  for (size_t i = 0; strings[i] != NULL; i++)
    json_array_add_string_element (array, strings[i]);
  json_object_set_array_member (object, member, array);
}

static JsonObject *
new_disks_request (StrataGuestClient *self,
                   StrataGuestVerb verb,
                   GPtrArray *disks,
                   const char *const *operations)
{
  JsonObject *request = new_request (verb);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < disks->len; i++)
    {
      StrataGuestDisk *disk = g_ptr_array_index (disks, i);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "path", disk->path);
      json_object_set_string_member (object, "format", disk->format);
      json_array_add_object_element (array, object);
    }
  json_object_set_array_member (request, "disks", array);

  if (operations != NULL)
    set_strings (request, "operations", operations);
  if (self->accepted != NULL)
    set_strings (request, "accepted", (const char *const *) self->accepted);
  json_object_set_boolean_member (request, "for-sealing", self->for_sealing);

  return request;
}

static void
strata_guest_client_finalize (GObject *object)
{
  StrataGuestClient *self = STRATA_GUEST_CLIENT (object);

  g_clear_pointer (&self->process, strata_guest_process_free);
  g_free (self->log);
  g_strfreev (self->names);
  g_strfreev (self->ssh);
  g_strfreev (self->accepted);

  G_OBJECT_CLASS (strata_guest_client_parent_class)->finalize (object);
}

static void
strata_guest_client_class_init (StrataGuestClientClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_guest_client_finalize;
}

static void
strata_guest_client_init (StrataGuestClient *self)
{
  self->patience_ms = DEFAULT_PATIENCE_MS;
}

/**
 * strata_guest_client_new:
 * @names: (nullable) (array zero-terminated=1): where the images belong to `qemu:///system`: domains, and “POOL/VOLUME” of what no
 *   domain has. The helper runs through pkexec, whose prompt names them, and takes no other disks
 *
 * Returns: (transfer full): a client, for one thread at a time
 */
StrataGuestClient *
strata_guest_client_new (const char *const *names)
{
  StrataGuestClient *self = g_object_new (STRATA_TYPE_GUEST_CLIENT, NULL);

  self->names = g_strdupv ((char **) names);

  return self;
}

/**
 * strata_guest_client_set_far:
 * @self: a client that has done nothing yet
 * @ssh: (nullable) (array zero-terminated=1): how a command is run on the host where the images are; %NULL for this one
 */
void
strata_guest_client_set_far (StrataGuestClient *self, const char *const *ssh)
{
  g_return_if_fail (STRATA_IS_GUEST_CLIENT (self));

  g_strfreev (self->ssh);
  self->ssh = g_strdupv ((char **) ssh);
}

/**
 * strata_guest_client_ask:
 * @self: a client
 * @cancellable: (nullable): cancels it
 * @error: return location for `STRATA_ERROR_PERMISSION`, `STRATA_ERROR_NO_TOOL`
 *
 * Has the person asked for the administrator's password, where one is needed; the calls that follow don't ask again, as long as
 * none is cancelled. Blocks as long as that takes; worker threads.
 *
 * Returns: whether it was given
 */
gboolean
strata_guest_client_ask (StrataGuestClient *self, GCancellable *cancellable, GError **error)
{
  g_auto (Run) run = { .client = self };

  g_return_val_if_fail (STRATA_IS_GUEST_CLIENT (self), FALSE);

  if (self->names == NULL)
    return TRUE;

  self->process = get_process (&run, cancellable);
  if (self->process != NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&run.error));

  return FALSE;
}

/**
 * strata_guest_client_set_progress:
 * @self: a client
 * @func: (nullable): called in the thread that made the call, with a fraction from 0 to 1
 * @user_data: for @func
 */
void
strata_guest_client_set_progress (StrataGuestClient *self,
                                  StrataGuestProgressFunc func,
                                  gpointer user_data)
{
  g_return_if_fail (STRATA_IS_GUEST_CLIENT (self));

  self->progress = func;
  self->progress_data = user_data;
}

/**
 * strata_guest_client_set_patience:
 * @self: a client
 * @milliseconds: how long an appliance may be silent while it starts
 */
void
strata_guest_client_set_patience (StrataGuestClient *self, guint milliseconds)
{
  g_return_if_fail (STRATA_IS_GUEST_CLIENT (self));

  self->patience_ms = milliseconds;
}

/**
 * strata_guest_client_set_for_sealing:
 * @self: a client
 * @accepted: (nullable) (array zero-terminated=1): mount points or devices of the guest that may go unsealed
 *
 * From now on inspecting fails with `STRATA_ERROR_NOT_SEALED`, `STRATA_ERROR_UNSUPPORTED` or
 * `STRATA_ERROR_NO_SPACE` if not all of the guest can be sealed, and both inspecting and verifying list each
 * of its files, for strata_guest_listing_compare(): the member “listing”.
 */
void
strata_guest_client_set_for_sealing (StrataGuestClient *self, const char *const *accepted)
{
  g_return_if_fail (STRATA_IS_GUEST_CLIENT (self));

  g_strfreev (self->accepted);
  self->accepted = g_strdupv ((char **) accepted);
  self->for_sealing = TRUE;
}

/**
 * strata_guest_client_get_log:
 * @self: a client
 *
 * Returns: (transfer none) (nullable): about fifty lines of libguestfs' log, if the last call failed
 */
const char *
strata_guest_client_get_log (StrataGuestClient *self)
{
  g_return_val_if_fail (STRATA_IS_GUEST_CLIENT (self), NULL);

  return self->log;
}

/**
 * strata_guest_client_check:
 * @self: a client
 * @cancellable: (nullable): cancels it
 * @error: return location for `STRATA_ERROR_NO_TOOL`, `STRATA_ERROR_KERNEL_UNREADABLE`,
 *   `STRATA_ERROR_NO_APPLIANCE`
 *
 * Blocks for milliseconds; worker threads.
 *
 * Returns: whether everything is there that sealing needs
 */
gboolean
strata_guest_client_check (StrataGuestClient *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (JsonObject) request = new_request (STRATA_GUEST_VERB_CHECK);
  g_autoptr (JsonObject) value = NULL;

  g_return_val_if_fail (STRATA_IS_GUEST_CLIENT (self), FALSE);

  value = run_request (self, request, cancellable, error);

  return value != NULL;
}

/**
 * strata_guest_client_list_operations:
 * @self: a client
 * @cancellable: (nullable): cancels it
 * @error: return location for `STRATA_ERROR_NO_TOOL`
 *
 * Blocks for milliseconds; worker threads.
 *
 * Returns: (transfer full): the operations that virt-sysprep has here
 */
JsonObject *
strata_guest_client_list_operations (StrataGuestClient *self,
                                     GCancellable *cancellable,
                                     GError **error)
{
  g_autoptr (JsonObject) request = new_request (STRATA_GUEST_VERB_LIST_OPERATIONS);

  g_return_val_if_fail (STRATA_IS_GUEST_CLIENT (self), NULL);

  return run_request (self, request, cancellable, error);
}

/**
 * strata_guest_client_inspect:
 * @self: a client
 * @disks: (element-type StrataGuestDisk): the guest's disks, in their order
 * @refuse_windows: fail with `STRATA_ERROR_WINDOWS` on a Windows guest
 * @cancellable: (nullable): cancels it
 * @error: return location for `STRATA_ERROR_NO_OS`, `STRATA_ERROR_WINDOWS`, `STRATA_ERROR_BUSY`, …
 *
 * Reads the disks and changes nothing. Blocks for some seconds; worker threads.
 *
 * Returns: (transfer full): what is in the guest
 */
JsonObject *
strata_guest_client_inspect (StrataGuestClient *self,
                             GPtrArray *disks,
                             gboolean refuse_windows,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (JsonObject) request = NULL;

  g_return_val_if_fail (STRATA_IS_GUEST_CLIENT (self), NULL);
  g_return_val_if_fail (disks != NULL, NULL);

  request = new_disks_request (self, STRATA_GUEST_VERB_INSPECT, disks, NULL);
  json_object_set_boolean_member (request, "refuse-windows", refuse_windows);

  return run_request (self, request, cancellable, error);
}

/**
 * strata_guest_client_seal:
 * @self: a client
 * @disks: (element-type StrataGuestDisk): the guest's disks, which no other process uses
 * @operations: (nullable) (array zero-terminated=1): names, %NULL for virt-sysprep's defaults
 * @cancellable: (nullable): cancels it, and leaves the disks half sealed
 * @error: return location for `STRATA_ERROR_INVALID` (an operation that does not exist), …
 *
 * Blocks for up to a minute; worker threads.
 *
 * Returns: (transfer full): what was done; whether it worked is for strata_guest_client_verify() to say
 */
JsonObject *
strata_guest_client_seal (StrataGuestClient *self,
                          GPtrArray *disks,
                          const char *const *operations,
                          GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (JsonObject) request = NULL;

  g_return_val_if_fail (STRATA_IS_GUEST_CLIENT (self), NULL);
  g_return_val_if_fail (disks != NULL, NULL);

  request = new_disks_request (self, STRATA_GUEST_VERB_SEAL, disks, operations);

  return run_request (self, request, cancellable, error);
}

/**
 * strata_guest_client_verify:
 * @self: a client
 * @disks: (element-type StrataGuestDisk): the guest's disks
 * @operations: (nullable) (array zero-terminated=1): what was given to strata_guest_client_seal()
 * @cancellable: (nullable): cancels it
 * @error: return location for `STRATA_ERROR_NOT_SEALED`, whose message names what is still there
 *
 * Reads the disks and changes nothing. Blocks for some seconds; worker threads.
 *
 * Returns: (transfer full): the checks that were made, all of them passed
 */
JsonObject *
strata_guest_client_verify (StrataGuestClient *self,
                            GPtrArray *disks,
                            const char *const *operations,
                            GCancellable *cancellable,
                            GError **error)
{
  g_autoptr (JsonObject) request = NULL;

  g_return_val_if_fail (STRATA_IS_GUEST_CLIENT (self), NULL);
  g_return_val_if_fail (disks != NULL, NULL);

  request = new_disks_request (self, STRATA_GUEST_VERB_VERIFY, disks, operations);

  return run_request (self, request, cancellable, error);
}

/**
 * strata_guest_client_customise:
 * @self: a client
 * @clones: (transfer none): see the header; their disks, which no other process uses
 * @cancellable: (nullable): cancels it, and leaves some of the clones customised
 * @error: return location for `STRATA_ERROR_INVALID`, `STRATA_ERROR_NOT_FOUND` (a user), …
 *
 * Blocks for some seconds, and less than one more for each clone; worker threads.
 *
 * Returns: whether all clones have what they were to get
 */
gboolean
strata_guest_client_customise (StrataGuestClient *self,
                               JsonArray *clones,
                               GCancellable *cancellable,
                               GError **error)
{
  g_autoptr (JsonObject) request = NULL;
  g_autoptr (JsonObject) value = NULL;

  g_return_val_if_fail (STRATA_IS_GUEST_CLIENT (self), FALSE);
  g_return_val_if_fail (clones != NULL, FALSE);

  request = new_request (STRATA_GUEST_VERB_CUSTOMISE);
  json_object_set_array_member (request, "clones", json_array_ref (clones));
  value = run_request (self, request, cancellable, error);

  return value != NULL;
}
