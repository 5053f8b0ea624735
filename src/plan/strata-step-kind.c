/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The kinds of steps: all that is true of one whatever plan it stands in. A new kind has its line here, its act in the jobs
 * folder (strata_step_get_ops()) and what it does in the simulation in strata_layers_apply(); the compiler asks for the latter two.
 */

#include "config.h"

#include "strata-step-kind.h"

/* SECONDS is for the progress bar, which should move evenly: as measured under TCG for what boots an appliance; what moves
 * bytes takes longer by those. REQUIRED is what it can't do without, IN_LIST likewise of each object of its LIST. */
static const struct
{
  const char *word;
  StrataTouch touch;
  double seconds;
  const char *required[6];
  const char *list;
  const char *in_list[4];
} kinds[STRATA_N_STEP_KINDS] = {
  [STRATA_STEP_CHECK_CHAIN] = { "check-chain", STRATA_TOUCH_NOTHING, 1, { "path" } },
  [STRATA_STEP_CHECK_SPACE] = { "check-space", STRATA_TOUCH_NOTHING, 0.1, { "path", "bytes" } },
  [STRATA_STEP_COMMIT] = { "commit", STRATA_TOUCH_CHANGES, 3, { "top", "base" } },
  [STRATA_STEP_CONVERT_TAG] = { "convert-tag",
                                STRATA_TOUCH_READS,
                                1,
                                { "from", "tag", "to", "to-format" } },
  [STRATA_STEP_COPY_FILE] = { "copy-file", STRATA_TOUCH_NOTHING, 0.1, { "from", "to" } },
  [STRATA_STEP_COPY_IMAGE] = { "copy-image",
                               STRATA_TOUCH_READS,
                               1,
                               { "source", "source-format", "destination", "format" } },
  [STRATA_STEP_COPY_VERBATIM] = { "copy-verbatim", STRATA_TOUCH_READS, 1, { "from", "to" } },
  [STRATA_STEP_CREATE_OVERLAY] = { "create-overlay",
                                   STRATA_TOUCH_READS,
                                   0.1,
                                   { "path", "format", "backing", "backing-format", "capacity" } },
  [STRATA_STEP_CUSTOMISE] = { "customise",
                              STRATA_TOUCH_CHANGES,
                              15,
                              { "clones" },
                              "clones",
                              { "name", "disks" } },
  [STRATA_STEP_DEFINE] = { "define", STRATA_TOUCH_NOTHING, 0.1, { "uuid", "xml" } },
  [STRATA_STEP_DELETE_FILE] = { "delete-file", STRATA_TOUCH_REMOVES, 0.1, { "path" } },
  [STRATA_STEP_DELETE_TAG] = { "delete-tag", STRATA_TOUCH_CHANGES, 0.1, { "path", "tag" } },
  [STRATA_STEP_DELETE_VOLUME] = { "delete-volume", STRATA_TOUCH_REMOVES, 0.1, { "path" } },
  [STRATA_STEP_INSPECT] = { "inspect", STRATA_TOUCH_READS, 12, { "disks" }, "disks", { "path" } },
  [STRATA_STEP_KEEP_TAG] = { "keep-tag", STRATA_TOUCH_CHANGES, 0.1, { "path", "tag" } },
  [STRATA_STEP_PULL] = { "pull", STRATA_TOUCH_FILLS, 3, { "image" } },
  [STRATA_STEP_REQUIRE_ACTIVE] = { "require-active", STRATA_TOUCH_NOTHING, 0.1, { "uuid" } },
  [STRATA_STEP_REQUIRE_OFF] = { "require-off", STRATA_TOUCH_NOTHING, 0.1, { "uuid" } },
  [STRATA_STEP_RESTORE] = { "restore", STRATA_TOUCH_NOTHING, 2, { "uuid", "memory-file", "xml" } },
  [STRATA_STEP_SEAL] = { "seal", STRATA_TOUCH_CHANGES, 30, { "disks" }, "disks", { "path" } },
  [STRATA_STEP_SET_MODE] = { "set-mode", STRATA_TOUCH_READS, 0.1, { "path", "mode", "previous" } },
  [STRATA_STEP_RECONCILE] = { "settle",
                              STRATA_TOUCH_NOTHING,
                              0.3,
                              { "uuid" },
                              "map",
                              { "from", "to", "format" } },
  [STRATA_STEP_SHUT_DOWN] = { "shut-down", STRATA_TOUCH_NOTHING, 8, { "uuid" } },
  [STRATA_STEP_SNAPSHOT_CREATE] = { "snapshot-create",
                                    STRATA_TOUCH_READS,
                                    1,
                                    { "uuid", "snapshot", "xml", "disks" },
                                    "disks",
                                    { "target" } },
  [STRATA_STEP_SNAPSHOT_DEFINE] = { "snapshot-define",
                                    STRATA_TOUCH_NOTHING,
                                    0.1,
                                    { "uuid", "snapshot", "xml" } },
  [STRATA_STEP_SNAPSHOT_DELETE] = { "snapshot-delete",
                                    STRATA_TOUCH_CHANGES,
                                    0.1,
                                    { "uuid", "snapshot", "disks" },
                                    "disks",
                                    { "path" } },
  [STRATA_STEP_DELETE_METADATA] = { "snapshot-forget",
                                    STRATA_TOUCH_NOTHING,
                                    0.1,
                                    { "uuid", "snapshot", "xml" } },
  [STRATA_STEP_SNAPSHOT_REVERT] = { "snapshot-revert",
                                    STRATA_TOUCH_CHANGES,
                                    2,
                                    { "uuid", "snapshot" } },
  [STRATA_STEP_START] = { "start", STRATA_TOUCH_NOTHING, 1, { "uuid" } },
  [STRATA_STEP_UNDEFINE] = { "undefine", STRATA_TOUCH_NOTHING, 0.1, { "uuid", "xml" } },
  [STRATA_STEP_VERIFY] = { "verify", STRATA_TOUCH_READS, 12, { "disks" }, "disks", { "path" } },
};

typedef enum
{
  ARG_STRING, /* what is not in the table */
  ARG_BOOLEAN,
  ARG_INT,
  ARG_STRINGS,
  ARG_OBJECTS, /* each with arguments of its own */
} ArgType;

/* One key is of one type in all kinds but one: see get_type(). */
static const struct
{
  const char *key;
  ArgType type;
} types[] = {
  { "accepted", ARG_STRINGS },
  { "active", ARG_BOOLEAN },
  { "autostart", ARG_BOOLEAN },
  { "block", ARG_BOOLEAN },
  { "bytes", ARG_INT },
  { "capacity", ARG_INT },
  { "children", ARG_STRINGS },
  { "clones", ARG_OBJECTS },
  { "current", ARG_BOOLEAN },
  { "disks", ARG_OBJECTS },
  { "flat", ARG_BOOLEAN },
  { "force", ARG_BOOLEAN },
  { "halt", ARG_BOOLEAN },
  { "links", ARG_STRINGS },
  { "map", ARG_OBJECTS },
  { "media", ARG_STRINGS },
  { "mode", ARG_INT },
  { "paused", ARG_BOOLEAN },
  { "quiesce", ARG_BOOLEAN },
  { "read-only", ARG_BOOLEAN },
  { "same-disks", ARG_BOOLEAN },
  { "screenshot", ARG_BOOLEAN },
  { "ssh-keys", ARG_STRINGS },
  { "stamp", ARG_BOOLEAN },
  { "timeout", ARG_INT },
  { "was-current", ARG_BOOLEAN },
  { "was-running", ARG_BOOLEAN },
};

/**
 * strata_step_kind_get_word:
 * @kind: a kind of step
 *
 * Returns: what it is called in plans that are shown as JSON, and in journals
 */
const char *
strata_step_kind_get_word (StrataStepKind kind)
{
  return kinds[kind].word;
}

/**
 * strata_step_kind_from_word:
 * @word: a word from a plan on disk
 * @kind: (out): what it stands for
 *
 * Returns: whether it is a word of this version
 */
gboolean
strata_step_kind_from_word (const char *word, StrataStepKind *kind)
{
  for (guint i = 0; i < STRATA_N_STEP_KINDS; i++)
    {
      if (g_str_equal (kinds[i].word, word))
        {
          *kind = (StrataStepKind) i;
          return TRUE;
        }
    }

  return FALSE;
}

/**
 * strata_step_kind_get_touch:
 * @kind: a kind of step
 *
 * Returns: the most that it does to the images that it names
 */
StrataTouch
strata_step_kind_get_touch (StrataStepKind kind)
{
  return kinds[kind].touch;
}

/**
 * strata_step_kind_needs_law:
 * @kind: a kind of step
 *
 * What makes something new, freezes or takes a name out can't cost a holder bytes: what goes by that goes in a later step.
 *
 * Returns: whether it changes or removes what was there before, gives a machine other disks or lets its guest write to them, so
 *   that the law is to be asked right before it
 */
gboolean
strata_step_kind_needs_law (StrataStepKind kind)
{
  switch (kind)
    {
    case STRATA_STEP_COMMIT:
    case STRATA_STEP_CUSTOMISE:
    case STRATA_STEP_DEFINE:
    case STRATA_STEP_DELETE_FILE:
    case STRATA_STEP_DELETE_TAG:
    case STRATA_STEP_DELETE_VOLUME:
    case STRATA_STEP_KEEP_TAG:
    case STRATA_STEP_PULL:
    case STRATA_STEP_RESTORE:
    case STRATA_STEP_SEAL:
    case STRATA_STEP_SNAPSHOT_DELETE:
    case STRATA_STEP_SNAPSHOT_REVERT:
    case STRATA_STEP_START:
    case STRATA_STEP_UNDEFINE:
      return TRUE;
    case STRATA_STEP_CHECK_CHAIN:
    case STRATA_STEP_CHECK_SPACE:
    case STRATA_STEP_CONVERT_TAG:
    case STRATA_STEP_COPY_FILE:
    case STRATA_STEP_COPY_IMAGE:
    case STRATA_STEP_COPY_VERBATIM:
    case STRATA_STEP_CREATE_OVERLAY:
    case STRATA_STEP_DELETE_METADATA:
    case STRATA_STEP_INSPECT:
    case STRATA_STEP_RECONCILE:
    case STRATA_STEP_REQUIRE_ACTIVE:
    case STRATA_STEP_REQUIRE_OFF:
    case STRATA_STEP_SET_MODE:
    case STRATA_STEP_SHUT_DOWN:
    case STRATA_STEP_SNAPSHOT_CREATE:
    case STRATA_STEP_SNAPSHOT_DEFINE:
    case STRATA_STEP_VERIFY:
      return FALSE;
    }

  g_assert_not_reached ();
}

/**
 * strata_step_kind_get_seconds:
 * @kind: a kind of step
 *
 * Returns: about how long it takes, without the bytes that it moves
 */
double
strata_step_kind_get_seconds (StrataStepKind kind)
{
  return kinds[kind].seconds;
}

static ArgType
get_type (StrataStepKind kind, const char *key)
{
  /* Of all others it is a definition, or a description. */
  if (kind == STRATA_STEP_SET_MODE && g_str_equal (key, "previous"))
    return ARG_INT;
  for (size_t i = 0; i < G_N_ELEMENTS (types); i++)
    {
      if (g_str_equal (types[i].key, key))
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
has_all (JsonObject *args, const char *const *keys, size_t n)
{
  for (size_t i = 0; i < n && keys[i] != NULL; i++)
    {
      if (!json_object_has_member (args, keys[i]))
        return FALSE;
    }

  return TRUE;
}

static gboolean has_types (StrataStepKind kind, JsonObject *args);

static gboolean
are_objects (StrataStepKind kind, gboolean is_list, JsonNode *node)
{
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (!JSON_NODE_HOLDS_OBJECT (element) || !has_types (kind, json_node_get_object (element)))
        return FALSE;
      if (is_list && !has_all (json_node_get_object (element), kinds[kind].in_list,
                               G_N_ELEMENTS (kinds[kind].in_list)))
        return FALSE;
    }

  return array != NULL;
}

static gboolean
has_type (StrataStepKind kind, const char *key, JsonNode *node)
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
      return are_objects (kind, g_strcmp0 (kinds[kind].list, key) == 0, node);
    }

  g_assert_not_reached ();
}

static gboolean
has_types (StrataStepKind kind, JsonObject *args)
{
  JsonObjectIter iter;
  const char *key;
  JsonNode *node;

  json_object_iter_init (&iter, args);
  while (json_object_iter_next (&iter, &key, &node))
    {
      if (!has_type (kind, key, node))
        return FALSE;
    }

  return TRUE;
}

/**
 * strata_step_kind_takes:
 * @kind: a kind of step
 * @args: arguments that come from a file and not from a planner
 *
 * Returns: whether each has the type that it must have, and none is missing that the step can't do without, so that what
 *   carries it out may rely on them
 */
gboolean
strata_step_kind_takes (StrataStepKind kind, JsonObject *args)
{
  return has_all (args, kinds[kind].required, G_N_ELEMENTS (kinds[kind].required)) &&
         has_types (kind, args);
}
