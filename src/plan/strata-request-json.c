/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A request to and from JSON: what a journal keeps, so that a job can be planned again. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-request-private.h"
#include "base/strata-error.h"

static JsonNode *
strings_to_node (GStrv strings)
{
  JsonArray *array = json_array_new ();
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  for (guint i = 0; strings[i] != NULL; i++)
    json_array_add_string_element (array, strings[i]);
  json_node_take_array (node, array);

  return node;
}

static void
write_field (const StrataRequest *self, const StrataRequestField *field, JsonObject *object)
{
  switch (field->type)
    {
    case STRATA_FIELD_STRING:
      if (*STRATA_REQUEST_MEMBER (self, field, char *) != NULL)
        json_object_set_string_member (object, field->key,
                                       *STRATA_REQUEST_MEMBER (self, field, char *));
      break;
    case STRATA_FIELD_STRINGS:
      if (*STRATA_REQUEST_MEMBER (self, field, GStrv) != NULL)
        json_object_set_member (object, field->key,
                                strings_to_node (*STRATA_REQUEST_MEMBER (self, field, GStrv)));
      break;
    case STRATA_FIELD_BOOLEAN:
      json_object_set_boolean_member (object, field->key,
                                      *STRATA_REQUEST_MEMBER (self, field, gboolean));
      break;
    case STRATA_FIELD_UINT:
      json_object_set_int_member (object, field->key, *STRATA_REQUEST_MEMBER (self, field, guint));
      break;
    case STRATA_FIELD_ENUM:
      json_object_set_string_member (object, field->key,
                                     field->nicks[*STRATA_REQUEST_MEMBER (self, field, guint)]);
      break;
    }
}

/**
 * strata_request_to_json:
 * @self: a request
 *
 * A string or a list that is %NULL is left out; an empty list is not. Password hashes are in it, as they are in a plan's steps.
 *
 * Returns: (transfer full): an object that strata_request_new_from_json() reads
 */
JsonObject *
strata_request_to_json (const StrataRequest *self)
{
  JsonObject *object = json_object_new ();
  guint n_fields;
  const StrataRequestField *fields = strata_request_get_fields (&n_fields);

  g_return_val_if_fail (self != NULL, object);

  for (guint i = 0; i < n_fields; i++)
    write_field (self, &fields[i], object);

  return object;
}

static gboolean
read_strings (JsonNode *node, GStrv *strings)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;

  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (json_node_get_value_type (element) != G_TYPE_STRING)
        return FALSE;
      g_strv_builder_add (builder, json_node_get_string (element));
    }
  *strings = g_strv_builder_end (builder);

  return TRUE;
}

static gboolean
read_nick (JsonNode *node, const char *const *nicks, guint *value)
{
  if (json_node_get_value_type (node) != G_TYPE_STRING)
    return FALSE;

  for (*value = 0; nicks[*value] != NULL; (*value)++)
    {
      if (g_str_equal (nicks[*value], json_node_get_string (node)))
        return TRUE;
    }

  return FALSE;
}

static gboolean
read_uint (JsonNode *node, guint *value)
{
  gint64 number;

  if (json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  number = json_node_get_int (node);
  *value = (guint) number;

  return number >= 0 && number <= G_MAXUINT;
}

static gboolean
read_field (StrataRequest *self, const StrataRequestField *field, JsonNode *node)
{
  switch (field->type)
    {
    case STRATA_FIELD_STRING:
      if (json_node_get_value_type (node) != G_TYPE_STRING)
        return FALSE;
      *STRATA_REQUEST_MEMBER (self, field, char *) = json_node_dup_string (node);
      return TRUE;
    case STRATA_FIELD_STRINGS:
      return read_strings (node, STRATA_REQUEST_MEMBER (self, field, GStrv));
    case STRATA_FIELD_BOOLEAN:
      if (json_node_get_value_type (node) != G_TYPE_BOOLEAN)
        return FALSE;
      *STRATA_REQUEST_MEMBER (self, field, gboolean) = json_node_get_boolean (node);
      return TRUE;
    case STRATA_FIELD_UINT:
      return read_uint (node, STRATA_REQUEST_MEMBER (self, field, guint));
    case STRATA_FIELD_ENUM:
      return read_nick (node, field->nicks, STRATA_REQUEST_MEMBER (self, field, guint));
    }

  g_assert_not_reached ();
}

static const StrataRequestField *
find_field (const char *key)
{
  guint n_fields;
  const StrataRequestField *fields = strata_request_get_fields (&n_fields);

  for (guint i = 0; i < n_fields; i++)
    {
      if (g_str_equal (fields[i].key, key))
        return &fields[i];
    }

  return NULL;
}

/**
 * strata_request_new_from_json:
 * @object: what strata_request_to_json() made
 * @error: where to put `STRATA_ERROR_INVALID`, also for a member that this version does not know: without it the request
 *   would mean something else
 *
 * Returns: (transfer full): the request, or %NULL
 */
StrataRequest *
strata_request_new_from_json (JsonObject *object, GError **error)
{
  g_autoptr (StrataRequest) self = NULL;
  JsonObjectIter iter;
  const char *key;
  JsonNode *node;

  g_return_val_if_fail (object != NULL, NULL);

  self = strata_request_new (STRATA_REQUEST_TEMPLATE_CREATE);
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &key, &node))
    {
      const StrataRequestField *field = find_field (key);

      if (field == NULL || !read_field (self, field, node))
        {
          strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                            _ ("The stored request can’t be read: “%s”"), key);
          return NULL;
        }
    }
  if (!json_object_has_member (object, "kind"))
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                        _ ("The stored request can’t be read: “%s”"), "kind");
      return NULL;
    }

  return g_steal_pointer (&self);
}
