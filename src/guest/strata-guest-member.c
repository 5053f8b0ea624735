/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Members of a JSON object that somebody else wrote: json-glib's own getters take a member of the wrong
 * kind for a programmer's mistake, these take it for an error. Pure.
 */

#include "config.h"

#include "strata-guest-member.h"

#include <glib/gi18n-lib.h>

#include "base/strata-error.h"

/**
 * strata_guest_member_invalid:
 * @member: a member's name
 * @error: return location for `STRATA_ERROR_INVALID` that names @member
 *
 * Returns: %FALSE
 */
gboolean
strata_guest_member_invalid (const char *member, GError **error)
{
  strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                    _ ("The member “%s” of the request is missing or of the wrong kind."), member);
  return FALSE;
}

/**
 * strata_guest_member_string:
 * @object: an object
 * @member: a member's name
 * @value: (inout) (transfer full): left as it is if the member is absent or null
 * @error: return location
 *
 * Returns: %FALSE with `STRATA_ERROR_INVALID` if the member is something else than a string
 */
gboolean
strata_guest_member_string (JsonObject *object, const char *member, char **value, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return strata_guest_member_invalid (member, error);

  *value = json_node_dup_string (node);
  return TRUE;
}

/**
 * strata_guest_member_boolean:
 * @object: an object
 * @member: a member's name
 * @value: (inout): left as it is if the member is absent or null
 * @error: return location
 *
 * Returns: %FALSE with `STRATA_ERROR_INVALID` if the member is something else than a boolean
 */
gboolean
strata_guest_member_boolean (JsonObject *object,
                             const char *member,
                             gboolean *value,
                             GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return strata_guest_member_invalid (member, error);

  *value = json_node_get_boolean (node);
  return TRUE;
}

/**
 * strata_guest_member_array:
 * @object: an object
 * @member: a member's name
 * @value: (out) (transfer none) (nullable): %NULL if the member is absent or null
 * @error: return location
 *
 * Returns: %FALSE with `STRATA_ERROR_INVALID` if the member is something else than an array
 */
gboolean
strata_guest_member_array (JsonObject *object,
                           const char *member,
                           JsonArray **value,
                           GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  *value = NULL;
  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return strata_guest_member_invalid (member, error);

  *value = json_node_get_array (node);
  return TRUE;
}

/**
 * strata_guest_member_strings:
 * @object: an object
 * @member: a member's name
 * @value: (inout) (transfer full): left as it is if the member is absent or null
 * @error: return location
 *
 * Returns: %FALSE with `STRATA_ERROR_INVALID` if the member is something else than an array of strings
 */
gboolean
strata_guest_member_strings (JsonObject *object, const char *member, char ***value, GError **error)
{
  g_autoptr (GStrvBuilder) strings = g_strv_builder_new ();
  JsonArray *array;

  if (!strata_guest_member_array (object, member, &array, error))
    return FALSE;
  if (array == NULL)
    return TRUE;

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
        return strata_guest_member_invalid (member, error);
      g_strv_builder_add (strings, json_node_get_string (node));
    }

  *value = g_strv_builder_end (strings);
  return TRUE;
}
