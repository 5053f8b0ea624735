/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A plan as JSON, for the journal and for programs, and as text, for people. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-plan.h"
#include "xml/strata-error.h"

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
 * Returns: (transfer full): an object with title, act, steps, effects, commands and resources
 */
JsonObject *
strata_plan_to_json (StrataPlan *self)
{
  JsonObject *object = json_object_new ();
  JsonArray *steps = json_array_new ();
  JsonArray *effects = json_array_new ();

  g_return_val_if_fail (STRATA_IS_PLAN (self), object);

  for (guint i = 0; i < strata_plan_get_n_steps (self); i++)
    {
      StrataStepSpec *step = strata_plan_get_step (self, i);
      JsonObject *o = json_object_new ();

      json_object_set_string_member (o, "kind", step->kind);
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

  json_object_set_string_member (object, "title", strata_plan_get_title (self));
  json_object_set_string_member (object, "act", strata_plan_get_act (self));
  json_object_set_array_member (object, "steps", steps);
  json_object_set_array_member (object, "effects", effects);
  json_object_set_array_member (object, "commands",
                                strings_to_json (strata_plan_get_commands (self)));
  json_object_set_array_member (object, "resources",
                                strings_to_json (strata_plan_get_resources (self)));

  return object;
}

static gboolean
read_step (StrataPlan *self, JsonNode *node)
{
  JsonObject *o = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *kind, *title;
  StrataStepSpec *step;
  JsonNode *args;

  if (o == NULL)
    return FALSE;

  kind = json_object_get_string_member_with_default (o, "kind", NULL);
  title = json_object_get_string_member_with_default (o, "title", "");
  args = json_object_get_member (o, "args");
  if (kind == NULL || args == NULL || !JSON_NODE_HOLDS_OBJECT (args))
    return FALSE;

  step =
      strata_plan_add_step (self, kind, json_object_ref (json_node_get_object (args)), "%s", title);
  step->forward_only = json_object_get_boolean_member_with_default (o, "forward-only", FALSE);
  step->bytes = (guint64) json_object_get_int_member_with_default (o, "bytes", 0);

  return TRUE;
}

/* What a plan read from the journal needs to be carried out: the effects and commands were for a
 * person who has confirmed them long ago. */
static gboolean
read_plan (StrataPlan *self, JsonObject *object)
{
  JsonNode *steps = json_object_get_member (object, "steps");
  JsonNode *resources = json_object_get_member (object, "resources");

  if (steps == NULL || !JSON_NODE_HOLDS_ARRAY (steps) || resources == NULL ||
      !JSON_NODE_HOLDS_ARRAY (resources))
    return FALSE;

  for (guint i = 0; i < json_array_get_length (json_node_get_array (steps)); i++)
    {
      if (!read_step (self, json_array_get_element (json_node_get_array (steps), i)))
        return FALSE;
    }
  for (guint i = 0; i < json_array_get_length (json_node_get_array (resources)); i++)
    strata_plan_add_resource (
        self, json_node_get_string (json_array_get_element (json_node_get_array (resources), i)));

  return TRUE;
}

/**
 * strata_plan_new_from_json:
 * @object: what strata_plan_to_json() made
 * @error: where to put `STRATA_ERROR_INVALID`
 *
 * Returns: (transfer full): the plan's steps and resources, or %NULL
 */
StrataPlan *
strata_plan_new_from_json (JsonObject *object, GError **error)
{
  g_autoptr (StrataPlan) self = NULL;

  g_return_val_if_fail (object != NULL, NULL);

  self = strata_plan_new (json_object_get_string_member_with_default (object, "title", ""),
                          json_object_get_string_member_with_default (object, "act", ""));
  if (!read_plan (self, object))
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL, _ ("The stored plan can’t be read"));
      return NULL;
    }

  return g_steal_pointer (&self);
}

/**
 * strata_plan_to_text:
 * @self: a plan
 *
 * Returns: (transfer full): the plan as `stratactl --dry-run` prints it
 */
char *
strata_plan_to_text (StrataPlan *self)
{
  GString *text;

  g_return_val_if_fail (STRATA_IS_PLAN (self), NULL);

  text = g_string_new (strata_plan_get_title (self));
  g_string_append (text, "\n\n");
  for (guint i = 0; i < strata_plan_get_effects (self)->len; i++)
    {
      StrataEffect *effect = g_ptr_array_index (strata_plan_get_effects (self), i);

      g_string_append_printf (text, "  %-9s %s\n", effect_nicks[effect->kind], effect->text);
    }

  g_string_append_printf (text, "\n%s\n", _ ("Steps"));
  for (guint i = 0; i < strata_plan_get_n_steps (self); i++)
    {
      StrataStepSpec *step = strata_plan_get_step (self, i);

      g_string_append_printf (text, "  %2u. %s%s\n", i + 1, step->title,
                              step->forward_only ? _ (" (from here on only forward)") : "");
    }

  g_string_append_printf (text, "\n%s\n", _ ("By hand, about"));
  for (guint i = 0; i < strata_plan_get_commands (self)->len; i++)
    g_string_append_printf (text, "  %s\n",
                            (char *) g_ptr_array_index (strata_plan_get_commands (self), i));

  return g_string_free (text, FALSE);
}
