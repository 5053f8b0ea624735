/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A plan as JSON, for the journal and for programs, and as text, for people. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-plan.h"
#include "base/strata-error.h"
#include "base/strata-visible.h"

static const char *const effect_nicks[] = {
  [STRATA_EFFECT_CREATES] = "creates", [STRATA_EFFECT_CHANGES] = "changes",
  [STRATA_EFFECT_REMOVES] = "removes", [STRATA_EFFECT_DISCARDS] = "discards",
  [STRATA_EFFECT_NOTE] = "note",
};

static JsonArray *
strings_to_json (GPtrArray *strings)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < strings->len; i++)
    json_array_add_string_element (array, g_ptr_array_index (strings, i));

  return array;
}

/**
 * strata_plan_to_json:
 * @self: a plan
 *
 * The form in which a plan is journaled, and shown by `stratactl --json --dry-run`.
 *
 * Returns: (transfer full): an object with title, act, steps, effects, commands, resources, what the request gives up, and
 *   the request itself
 */
JsonObject *
strata_plan_to_json (StrataPlan *self)
{
  JsonObject *object = json_object_new ();
  JsonArray *steps = json_array_new ();
  JsonArray *effects = json_array_new ();
  JsonArray *discarding = json_array_new ();

  g_return_val_if_fail (STRATA_IS_PLAN (self), object);

  for (guint i = 0; i < strata_plan_get_n_steps (self); i++)
    {
      StrataStep *step = strata_plan_get_step (self, i);
      JsonObject *o = json_object_new ();

      json_object_set_string_member (o, "kind", strata_step_kind_get_word (step->kind));
      json_object_set_string_member (o, "title", step->title);
      json_object_set_boolean_member (o, "forward-only", step->forward_only);
      json_object_set_int_member (o, "bytes", (gint64) step->bytes);
      json_object_set_object_member (o, "args", json_object_ref (step->args));
      json_array_add_object_element (steps, o);
    }
  for (guint i = 0; i < strata_plan_get_effects (self)->len; i++)
    {
      StrataEffect *effect = g_ptr_array_index (strata_plan_get_effects (self), i);
      JsonObject *o = json_object_new ();

      json_object_set_string_member (o, "kind", effect_nicks[effect->kind]);
      json_object_set_string_member (o, "text", effect->text);
      json_object_set_int_member (o, "bytes", (gint64) effect->bytes);
      json_array_add_object_element (effects, o);
    }
  for (guint i = 0; i < strata_plan_get_given_up (self)->len; i++)
    json_array_add_object_element (discarding, strata_holder_key_to_json (g_ptr_array_index (
                                                   strata_plan_get_given_up (self), i)));

  json_object_set_string_member (object, "title", strata_plan_get_title (self));
  json_object_set_string_member (object, "act", strata_plan_get_act (self));
  json_object_set_array_member (object, "steps", steps);
  json_object_set_array_member (object, "effects", effects);
  json_object_set_array_member (object, "commands",
                                strings_to_json (strata_plan_get_commands (self)));
  json_object_set_array_member (object, "resources",
                                strings_to_json (strata_plan_get_resources (self)));
  json_object_set_array_member (object, "given-up", discarding);
  if (strata_plan_get_request (self) != NULL)
    json_object_set_object_member (object, "request",
                                   strata_request_to_json (strata_plan_get_request (self)));

  return object;
}

/* Of the right type, or absent where it may be: NULL then. */
static gboolean
read_member (JsonObject *object, const char *key, GType type, gboolean needed, JsonNode **node)
{
  *node = json_object_get_member (object, key);
  if (*node == NULL)
    return !needed;

  return json_node_get_value_type (*node) == type;
}

static gboolean
read_array (JsonObject *object, const char *key, gboolean needed, JsonArray **array)
{
  JsonNode *node = json_object_get_member (object, key);

  *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  return *array != NULL || (node == NULL && !needed);
}

static gboolean
read_step (StrataPlan *self, JsonNode *node)
{
  JsonObject *o = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  JsonNode *word, *title, *forward, *bytes, *args;
  StrataStepKind kind;
  StrataStep *step;

  if (o == NULL || !read_member (o, "kind", G_TYPE_STRING, TRUE, &word) ||
      !read_member (o, "title", G_TYPE_STRING, TRUE, &title) ||
      !read_member (o, "forward-only", G_TYPE_BOOLEAN, FALSE, &forward) ||
      !read_member (o, "bytes", G_TYPE_INT64, FALSE, &bytes))
    return FALSE;

  args = json_object_get_member (o, "args");
  if (args == NULL || !JSON_NODE_HOLDS_OBJECT (args) ||
      !strata_step_kind_from_word (json_node_get_string (word), &kind) ||
      !strata_step_kind_takes (kind, json_node_get_object (args)))
    return FALSE;

  step = strata_plan_add_step (self, kind, json_object_ref (json_node_get_object (args)), "%s",
                               json_node_get_string (title));
  step->forward_only = forward != NULL && json_node_get_boolean (forward);
  step->bytes = bytes != NULL ? (guint64) json_node_get_int (bytes) : 0;

  return TRUE;
}

static gboolean
read_strings (StrataPlan *self,
              JsonArray *array,
              void (*add) (StrataPlan *self, const char *string))
{
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (json_node_get_value_type (node) != G_TYPE_STRING)
        return FALSE;
      add (self, json_node_get_string (node));
    }

  return TRUE;
}

static gboolean
read_given_up (StrataPlan *self, JsonArray *array)
{
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      StrataHolderKey *key =
          JSON_NODE_HOLDS_OBJECT (node)
              ? strata_holder_key_new_from_json (json_node_get_object (node), NULL)
              : NULL;

      if (key == NULL)
        return FALSE;
      strata_plan_discard (self, key);
    }

  return TRUE;
}

static gboolean
read_request (StrataPlan *self, JsonObject *object)
{
  JsonNode *node = json_object_get_member (object, "request");
  g_autoptr (StrataRequest) request = NULL;

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return FALSE;

  request = strata_request_new_from_json (json_node_get_object (node), NULL);
  if (request == NULL)
    return FALSE;
  strata_plan_set_request (self, request);

  return TRUE;
}

/* What a plan read from the journal needs to be carried out and judged again: the effects and commands were for a
 * person who has confirmed them long ago. Journals of the first version have no request and nothing given up. */
static gboolean
read_plan (StrataPlan *self, JsonObject *object)
{
  JsonArray *steps, *resources, *discarding;

  if (!read_array (object, "steps", TRUE, &steps) ||
      !read_array (object, "resources", TRUE, &resources) ||
      !read_array (object, "given-up", FALSE, &discarding))
    return FALSE;

  for (guint i = 0; i < json_array_get_length (steps); i++)
    {
      if (!read_step (self, json_array_get_element (steps, i)))
        return FALSE;
    }

  return read_strings (self, resources, strata_plan_add_resource) &&
         read_given_up (self, discarding) && read_request (self, object);
}

/**
 * strata_plan_new_from_json:
 * @object: what strata_plan_to_json() made
 * @error: where to put `STRATA_ERROR_INVALID`: something is missing, or of another type than it must have
 *
 * Returns: (transfer full): the plan without its effects and commands, or %NULL
 */
StrataPlan *
strata_plan_new_from_json (JsonObject *object, GError **error)
{
  g_autoptr (StrataPlan) self = NULL;
  JsonNode *title, *act;

  g_return_val_if_fail (object != NULL, NULL);

  if (read_member (object, "title", G_TYPE_STRING, TRUE, &title) &&
      read_member (object, "act", G_TYPE_STRING, TRUE, &act))
    {
      self = strata_plan_new (json_node_get_string (title), json_node_get_string (act));
      if (read_plan (self, object))
        return g_steal_pointer (&self);
    }

  strata_set_error (error, STRATA_ERROR_INVALID, NULL, _ ("The stored plan can’t be read"));
  return NULL;
}

static void append_line (GString *text, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
append_line (GString *text, const char *format, ...)
{
  g_autofree char *line = NULL;
  g_autofree char *visible = NULL;
  va_list ap;

  va_start (ap, format);
  line = g_strdup_vprintf (format, ap);
  va_end (ap);

  visible = strata_make_visible (line);
  g_string_append_printf (text, "%s\n", visible);
}

/**
 * strata_plan_to_text:
 * @self: a plan
 *
 * Returns: (transfer full): the plan as `stratactl --dry-run` prints it, a line for each thing whatever is in its names
 */
char *
strata_plan_to_text (StrataPlan *self)
{
  GString *text;

  g_return_val_if_fail (STRATA_IS_PLAN (self), NULL);

  text = g_string_new (NULL);
  append_line (text, "%s", strata_plan_get_title (self));
  g_string_append_c (text, '\n');
  for (guint i = 0; i < strata_plan_get_effects (self)->len; i++)
    {
      StrataEffect *effect = g_ptr_array_index (strata_plan_get_effects (self), i);

      append_line (text, "  %-9s %s", effect_nicks[effect->kind], effect->text);
    }

  g_string_append_printf (text, "\n%s\n", _ ("Steps"));
  for (guint i = 0; i < strata_plan_get_n_steps (self); i++)
    {
      StrataStep *step = strata_plan_get_step (self, i);

      append_line (text, "  %2u. %s%s", i + 1, step->title,
                   step->forward_only ? _ (" (from here on only forward)") : "");
    }

  g_string_append_printf (text, "\n%s\n", _ ("By hand, about"));
  for (guint i = 0; i < strata_plan_get_commands (self)->len; i++)
    append_line (text, "  %s", (char *) g_ptr_array_index (strata_plan_get_commands (self), i));

  return g_string_free (text, FALSE);
}
