/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The client of strata-guest: each verb is a request in, and an answer or an error out. */

#include "config.h"

#include "strata-guest-client.h"

#include "strata-guest-request.h"
#include "strata-guest-run.h"

#define DEFAULT_PATIENCE_MS 30000

struct _StrataGuestClient
{
  GObject parent_instance;

  StrataGuestManner manner;
  char **accepted;
  gboolean for_sealing;
};

G_DEFINE_FINAL_TYPE (StrataGuestClient, strata_guest_client, G_TYPE_OBJECT)

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

  g_free (self->manner.log);
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
  self->manner.patience_ms = DEFAULT_PATIENCE_MS;
}

/**
 * strata_guest_client_new:
 * @as_root: run the helper through pkexec, because the images belong to `qemu:///system`
 *
 * Returns: (transfer full): a client, for one thread at a time
 */
StrataGuestClient *
strata_guest_client_new (gboolean as_root)
{
  StrataGuestClient *self = g_object_new (STRATA_TYPE_GUEST_CLIENT, NULL);

  self->manner.as_root = as_root;

  return self;
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

  self->manner.progress = func;
  self->manner.progress_data = user_data;
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

  self->manner.patience_ms = milliseconds;
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

  return self->manner.log;
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

  value = strata_guest_run (&self->manner, request, cancellable, error);

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

  return strata_guest_run (&self->manner, request, cancellable, error);
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

  return strata_guest_run (&self->manner, request, cancellable, error);
}

/**
 * strata_guest_client_seal:
 * @self: a client
 * @disks: (element-type StrataGuestDisk): the guest's disks, which nobody else uses
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

  return strata_guest_run (&self->manner, request, cancellable, error);
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

  return strata_guest_run (&self->manner, request, cancellable, error);
}

/**
 * strata_guest_client_customise:
 * @self: a client
 * @clones: (transfer none): see the header; their disks, which nobody else uses
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
  value = strata_guest_run (&self->manner, request, cancellable, error);

  return value != NULL;
}
