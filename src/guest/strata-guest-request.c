/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The request that the helper reads, checked before anything is done with it. The helper may run as
 * root, so nothing in a request is trusted to be well-formed. Pure.
 */

#include "config.h"

#include "strata-guest-request.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "strata-guest-disk.h"
#include "base/strata-error.h"

static const char *const verbs[] = {
  [STRATA_GUEST_VERB_CHECK] = "check",     [STRATA_GUEST_VERB_LIST_OPERATIONS] = "list-operations",
  [STRATA_GUEST_VERB_INSPECT] = "inspect", [STRATA_GUEST_VERB_SEAL] = "seal",
  [STRATA_GUEST_VERB_VERIFY] = "verify",   [STRATA_GUEST_VERB_CUSTOMISE] = "customise",
};

/**
 * strata_guest_verb_to_nick:
 * @verb: a verb
 *
 * Returns: (transfer none): its name in a request
 */
const char *
strata_guest_verb_to_nick (StrataGuestVerb verb)
{
  g_return_val_if_fail (verb < G_N_ELEMENTS (verbs), NULL);

  return verbs[verb];
}

/**
 * strata_guest_clone_free:
 * @self: (transfer full) (nullable): a clone
 */
void
strata_guest_clone_free (StrataGuestClone *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_clear_pointer (&self->disks, g_ptr_array_unref);
  g_free (self->hostname);
  g_strfreev (self->ssh_keys);
  g_free (self->root_hash);
  g_free (self->user);
  g_free (self->user_hash);
  g_free (self->first_boot);
  g_free (self);
}

/**
 * strata_guest_request_free:
 * @self: (transfer full) (nullable): a request
 */
void
strata_guest_request_free (StrataGuestRequest *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->disks, g_ptr_array_unref);
  g_strfreev (self->operations);
  g_strfreev (self->accepted);
  g_clear_pointer (&self->clones, g_ptr_array_unref);
  g_free (self);
}

/* json-glib's own getters take a member of the wrong kind for a programmer's mistake, these take it for an error. What is absent or
 * null leaves VALUE as it is. */
static gboolean
set_invalid (const char *member, GError **error)
{
  strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                    _ ("The member “%s” of the request is missing or of the wrong kind."), member);
  return FALSE;
}

static gboolean
read_string (JsonObject *object, const char *member, char **value, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return set_invalid (member, error);

  *value = json_node_dup_string (node);
  return TRUE;
}

static gboolean
read_boolean (JsonObject *object, const char *member, gboolean *value, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return set_invalid (member, error);

  *value = json_node_get_boolean (node);
  return TRUE;
}

static gboolean
read_array (JsonObject *object, const char *member, JsonArray **value, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  *value = NULL;
  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return set_invalid (member, error);

  *value = json_node_get_array (node);
  return TRUE;
}

static gboolean
read_strings (JsonObject *object, const char *member, char ***value, GError **error)
{
  g_autoptr (GStrvBuilder) strings = g_strv_builder_new ();
  JsonArray *array;

  if (!read_array (object, member, &array, error))
    return FALSE;
  if (array == NULL)
    return TRUE;

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
        return set_invalid (member, error);
      g_strv_builder_add (strings, json_node_get_string (node));
    }

  *value = g_strv_builder_end (strings);
  return TRUE;
}

static gboolean
read_disk (JsonNode *node, GPtrArray *disks, GError **error)
{
  g_autofree char *path = NULL;
  g_autofree char *format = NULL;
  JsonObject *object;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return set_invalid ("disks", error);

  object = json_node_get_object (node);
  if (!read_string (object, "path", &path, error) ||
      !read_string (object, "format", &format, error))
    return FALSE;
  if (path == NULL || !g_path_is_absolute (path))
    return set_invalid ("path", error);
  /* A missing format would be guessed from the disk's content, which the guest decides. */
  if (format == NULL || *format == '\0' ||
      strspn (format, "abcdefghijklmnopqrstuvwxyz0123456789") != strlen (format))
    return set_invalid ("format", error);

  g_ptr_array_add (disks, strata_guest_disk_new (path, format));
  return TRUE;
}

static GPtrArray *
read_disks (JsonObject *object, GError **error)
{
  g_autoptr (GPtrArray) disks =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_guest_disk_free);
  JsonArray *array;

  if (!read_array (object, "disks", &array, error))
    return NULL;
  if (array == NULL || json_array_get_length (array) == 0)
    {
      set_invalid ("disks", error);
      return NULL;
    }

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      if (!read_disk (json_array_get_element (array, i), disks, error))
        return NULL;
    }

  return g_steal_pointer (&disks);
}

static gboolean
check_hostname (const char *hostname, GError **error)
{
  if (hostname == NULL ||
      (strlen (hostname) <= 253 &&
       g_regex_match_simple ("^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
                             "(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$",
                             hostname, G_REGEX_DOLLAR_ENDONLY, 0)))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_INVALID,
                    _ ("A host name has letters, digits and hyphens, and dots between its parts."),
                    _ ("“%s” is not a host name."), hostname);
  return FALSE;
}

static gboolean
check_user (const char *user, GError **error)
{
  if (user == NULL ||
      g_regex_match_simple ("^[a-z_][a-z0-9_-]{0,31}$", user, G_REGEX_DOLLAR_ENDONLY, 0))
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_INVALID,
      _ ("A user name has up to 32 lower-case letters, digits, hyphens and underscores."),
      _ ("“%s” is not a user name."), user);
  return FALSE;
}

/* The text of a password hash goes into a field of /etc/shadow. */
static gboolean
check_hash (const char *hash, GError **error)
{
  if (hash == NULL || (*hash == '$' && strpbrk (hash, ":\n\r") == NULL))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                    _ ("The password hash is not one of crypt(5)."));
  return FALSE;
}

static gboolean
check_keys (char **keys, GError **error)
{
  for (size_t i = 0; keys != NULL && keys[i] != NULL; i++)
    {
      g_strstrip (keys[i]);
      if (strpbrk (keys[i], "\n\r") == NULL && strchr (keys[i], ' ') != NULL)
        continue;

      strata_set_error (error, STRATA_ERROR_INVALID,
                        _ ("Give the content of a file such as id_ed25519.pub."),
                        _ ("“%.40s” is not an SSH public key."), keys[i]);
      return FALSE;
    }

  return TRUE;
}

static StrataGuestClone *
read_clone (JsonNode *node, GError **error)
{
  g_autoptr (StrataGuestClone) self = g_new0 (StrataGuestClone, 1);
  JsonObject *object;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      set_invalid ("clones", error);
      return NULL;
    }

  object = json_node_get_object (node);
  self->disks = read_disks (object, error);
  if (self->disks == NULL || !read_string (object, "name", &self->name, error) ||
      !read_string (object, "hostname", &self->hostname, error) ||
      !read_strings (object, "ssh-keys", &self->ssh_keys, error) ||
      !read_string (object, "root-hash", &self->root_hash, error) ||
      !read_string (object, "user", &self->user, error) ||
      !read_string (object, "user-hash", &self->user_hash, error) ||
      !read_string (object, "first-boot", &self->first_boot, error))
    return NULL;

  if (self->name == NULL)
    {
      set_invalid ("name", error);
      return NULL;
    }
  if (!check_hostname (self->hostname, error) || !check_user (self->user, error) ||
      !check_hash (self->root_hash, error) || !check_hash (self->user_hash, error) ||
      !check_keys (self->ssh_keys, error))
    return NULL;

  return g_steal_pointer (&self);
}

static gboolean
read_clones (StrataGuestRequest *self, JsonObject *object, GError **error)
{
  JsonArray *array;

  if (!read_array (object, "clones", &array, error))
    return FALSE;
  if (array == NULL || json_array_get_length (array) == 0)
    return set_invalid ("clones", error);

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      StrataGuestClone *clone = read_clone (json_array_get_element (array, i), error);

      if (clone == NULL)
        return FALSE;
      g_ptr_array_add (self->clones, clone);
    }

  return TRUE;
}

static gboolean
read_verb (StrataGuestRequest *self, JsonObject *object, GError **error)
{
  g_autofree char *name = NULL;

  if (!read_string (object, "verb", &name, error))
    return FALSE;

  for (size_t i = 0; i < G_N_ELEMENTS (verbs); i++)
    {
      if (g_strcmp0 (name, verbs[i]) == 0)
        {
          self->verb = i;
          return TRUE;
        }
    }

  return set_invalid ("verb", error);
}

static gboolean
read_for_verb (StrataGuestRequest *self, JsonObject *object, GError **error)
{
  switch (self->verb)
    {
    case STRATA_GUEST_VERB_CHECK:
    case STRATA_GUEST_VERB_LIST_OPERATIONS:
      return TRUE;
    case STRATA_GUEST_VERB_CUSTOMISE:
      return read_clones (self, object, error);
    case STRATA_GUEST_VERB_INSPECT:
    case STRATA_GUEST_VERB_SEAL:
    case STRATA_GUEST_VERB_VERIFY:
      g_clear_pointer (&self->disks, g_ptr_array_unref);
      self->disks = read_disks (object, error);
      return self->disks != NULL;
    }

  g_return_val_if_reached (FALSE);
}

/**
 * strata_guest_request_parse:
 * @text: one JSON object
 * @error: return location
 *
 * Returns: (transfer full): the request; %NULL with `STRATA_ERROR_INVALID`
 */
StrataGuestRequest *
strata_guest_request_parse (const char *text, GError **error)
{
  g_autoptr (StrataGuestRequest) self = g_new0 (StrataGuestRequest, 1);
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GError) local_error = NULL;
  JsonObject *object;

  g_return_val_if_fail (text != NULL, NULL);

  self->disks = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_guest_disk_free);
  self->clones = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_guest_clone_free);

  root = json_from_string (text, &local_error);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                        _ ("The request is not a JSON object: %s"),
                        local_error != NULL ? local_error->message : text);
      return NULL;
    }

  object = json_node_get_object (root);
  if (!read_verb (self, object, error) || !read_for_verb (self, object, error) ||
      !read_strings (object, "operations", &self->operations, error) ||
      !read_strings (object, "accepted", &self->accepted, error) ||
      !read_boolean (object, "for-sealing", &self->for_sealing, error) ||
      !read_boolean (object, "refuse-windows", &self->refuse_windows, error) ||
      !read_boolean (object, "force-tcg", &self->force_tcg, error) ||
      !read_boolean (object, "attended", &self->attended, error))
    return NULL;

  return g_steal_pointer (&self);
}
