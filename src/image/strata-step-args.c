/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the arguments of steps are: checked where a plan comes from a file and not from a planner, so that the primitives
 * may rely on them.
 */

#include "config.h"

#include "strata-plan.h"

typedef enum
{
  ARG_STRING, /* what is not in the table of types */
  ARG_BOOLEAN,
  ARG_INT,
  ARG_STRINGS,
  ARG_OBJECTS, /* each with arguments of its own */
} ArgType;

static const struct
{
  const char *kind; /* NULL: whatever kind of step */
  const char *key;
  ArgType type;
} types[] = {
  { "set-mode", "previous", ARG_INT },
  { NULL, "accepted", ARG_STRINGS },
  { NULL, "active", ARG_BOOLEAN },
  { NULL, "autostart", ARG_BOOLEAN },
  { NULL, "block", ARG_BOOLEAN },
  { NULL, "bytes", ARG_INT },
  { NULL, "capacity", ARG_INT },
  { NULL, "children", ARG_STRINGS },
  { NULL, "clones", ARG_OBJECTS },
  { NULL, "current", ARG_BOOLEAN },
  { NULL, "disks", ARG_OBJECTS },
  { NULL, "flat", ARG_BOOLEAN },
  { NULL, "force", ARG_BOOLEAN },
  { NULL, "map", ARG_OBJECTS },
  { NULL, "links", ARG_STRINGS },
  { NULL, "media", ARG_STRINGS },
  { NULL, "mode", ARG_INT },
  { NULL, "paused", ARG_BOOLEAN },
  { NULL, "quiesce", ARG_BOOLEAN },
  { NULL, "read-only", ARG_BOOLEAN },
  { NULL, "same-disks", ARG_BOOLEAN },
  { NULL, "screenshot", ARG_BOOLEAN },
  { NULL, "ssh-keys", ARG_STRINGS },
  { NULL, "stamp", ARG_BOOLEAN },
  { NULL, "timeout", ARG_INT },
  { NULL, "was-current", ARG_BOOLEAN },
  { NULL, "was-running", ARG_BOOLEAN },
};

/* What a step, or "STEP:KEY" for each object of a list, can't do without. */
static const struct
{
  const char *kind;
  const char *keys[6];
} required[] = {
  { "require-off", { "uuid" } },
  { "require-active", { "uuid" } },
  { "shut-down", { "uuid" } },
  { "start", { "uuid" } },
  { "define", { "uuid", "xml" } },
  { "undefine", { "uuid", "xml" } },
  { "check-space", { "path", "bytes" } },
  { "create-overlay", { "path", "format", "backing", "backing-format", "capacity" } },
  { "copy-image", { "source", "source-format", "destination", "format" } },
  { "copy-verbatim", { "from", "to" } },
  { "convert-tag", { "from", "tag", "to", "to-format" } },
  { "copy-file", { "from", "to" } },
  { "set-mode", { "path", "mode", "previous" } },
  { "delete-volume", { "path" } },
  { "delete-file", { "path" } },
  { "inspect", { "disks" } },
  { "inspect:disks", { "path" } },
  { "seal", { "disks" } },
  { "seal:disks", { "path" } },
  { "verify", { "disks" } },
  { "verify:disks", { "path" } },
  { "customise", { "clones" } },
  { "customise:clones", { "name", "disks" } },
  { "commit", { "top", "base" } },
  { "pull", { "image" } },
  { "check-chain", { "path" } },
  { "keep-tag", { "path", "tag" } },
  { "delete-tag", { "path", "tag" } },
  { "snapshot-create", { "uuid", "snapshot", "xml", "disks" } },
  { "snapshot-create:disks", { "target" } },
  { "snapshot-delete", { "uuid", "snapshot", "disks" } },
  { "snapshot-delete:disks", { "path" } },
  { "snapshot-revert", { "uuid", "snapshot" } },
  { "restore", { "uuid", "memory-file", "xml" } },
  { "snapshot-define", { "uuid", "snapshot", "xml" } },
  { "snapshot-forget", { "uuid", "snapshot", "xml" } },
  { "settle", { "uuid" } },
  { "settle:map", { "from", "to", "format" } },
};

static ArgType
get_type (const char *kind, const char *key)
{
  for (size_t i = 0; i < G_N_ELEMENTS (types); i++)
    {
      if (g_str_equal (types[i].key, key) &&
          (types[i].kind == NULL || g_str_equal (types[i].kind, kind)))
        return types[i].type;
    }

  return ARG_STRING;
}

static gboolean
are_strings (JsonNode *node)
{
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      if (json_node_get_value_type (json_array_get_element (array, i)) != G_TYPE_STRING)
        return FALSE;
    }

  return array != NULL;
}

static gboolean
are_objects (const char *kind, const char *key, JsonNode *node)
{
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  g_autofree char *inner = g_strdup_printf ("%s:%s", kind, key);

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (!JSON_NODE_HOLDS_OBJECT (element) ||
          !strata_step_args_are_valid (inner, json_node_get_object (element)))
        return FALSE;
    }

  return array != NULL;
}

static gboolean
is_of_type (const char *kind, const char *key, JsonNode *node)
{
  switch (get_type (kind, key))
    {
    case ARG_STRING:
      return json_node_get_value_type (node) == G_TYPE_STRING;
    case ARG_BOOLEAN:
      return json_node_get_value_type (node) == G_TYPE_BOOLEAN;
    case ARG_INT:
      return json_node_get_value_type (node) == G_TYPE_INT64;
    case ARG_STRINGS:
      return are_strings (node);
    case ARG_OBJECTS:
      return are_objects (kind, key, node);
    }

  g_assert_not_reached ();
}

static gboolean
has_required (const char *kind, JsonObject *args)
{
  for (size_t i = 0; i < G_N_ELEMENTS (required); i++)
    {
      if (!g_str_equal (required[i].kind, kind))
        continue;
      for (size_t j = 0; j < G_N_ELEMENTS (required[i].keys) && required[i].keys[j] != NULL; j++)
        {
          if (!json_object_has_member (args, required[i].keys[j]))
            return FALSE;
        }
    }

  return TRUE;
}

/**
 * strata_step_args_are_valid:
 * @kind: the kind of step; one that this version doesn't know needs nothing, since it is not carried out
 * @args: its arguments
 *
 * Returns: whether each has the type that it must have, and none is missing that the step can't do without
 */
gboolean
strata_step_args_are_valid (const char *kind, JsonObject *args)
{
  JsonObjectIter iter;
  const char *key;
  JsonNode *node;

  if (!has_required (kind, args))
    return FALSE;

  json_object_iter_init (&iter, args);
  while (json_object_iter_next (&iter, &key, &node))
    {
      if (!is_of_type (kind, key, node))
        return FALSE;
    }

  return TRUE;
}
