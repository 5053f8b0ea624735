/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataPlan: what will be done, step by step, as data that can be shown, stored and carried out. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-plan.h"
#include "xml/strata-error.h"

struct _StrataPlan
{
  GObject    parent_instance;

  char      *title;
  char      *act;
  GPtrArray *steps;     /* StrataStepSpec */
  GPtrArray *effects;   /* StrataEffect */
  GPtrArray *commands;  /* char * */
  GPtrArray *resources; /* char * */
};

G_DEFINE_FINAL_TYPE (StrataPlan, strata_plan, G_TYPE_OBJECT)

static const char *const effect_nicks[] = {
  [STRATA_EFFECT_CREATES] = "creates",   [STRATA_EFFECT_CHANGES] = "changes",
  [STRATA_EFFECT_REMOVES] = "removes",   [STRATA_EFFECT_DISCARDS] = "discards",
  [STRATA_EFFECT_NOTE] = "note",
};

static void
step_free (gpointer data)
{
  StrataStepSpec *step = data;

  g_free (step->kind);
  g_free (step->title);
  json_object_unref (step->args);
  g_free (step);
}

static void
effect_free (gpointer data)
{
  StrataEffect *effect = data;

  g_free (effect->text);
  g_free (effect);
}

static void
strata_plan_finalize (GObject *object)
{
  StrataPlan *self = STRATA_PLAN (object);

  g_free (self->title);
  g_free (self->act);
  g_ptr_array_unref (self->steps);
  g_ptr_array_unref (self->effects);
  g_ptr_array_unref (self->commands);
  g_ptr_array_unref (self->resources);

  G_OBJECT_CLASS (strata_plan_parent_class)->finalize (object);
}

static void
strata_plan_class_init (StrataPlanClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_plan_finalize;
}

static void
strata_plan_init (StrataPlan *self)
{
  self->steps = g_ptr_array_new_with_free_func (step_free);
  self->effects = g_ptr_array_new_with_free_func (effect_free);
  self->commands = g_ptr_array_new_with_free_func (g_free);
  self->resources = g_ptr_array_new_with_free_func (g_free);
}

/**
 * strata_plan_new:
 * @title: what is done, to whom: "Make template “template-web” from “web”"
 * @act: the confirm button's words: "Make Template"
 *
 * Returns: (transfer full): an empty plan
 */
StrataPlan *
strata_plan_new (const char *title,
                 const char *act)
{
  StrataPlan *self = g_object_new (STRATA_TYPE_PLAN, NULL);

  self->title = g_strdup (title);
  self->act = g_strdup (act);

  return self;
}

const char *
strata_plan_get_title (StrataPlan *self)
{
  g_return_val_if_fail (STRATA_IS_PLAN (self), NULL);

  return self->title;
}

const char *
strata_plan_get_act (StrataPlan *self)
{
  g_return_val_if_fail (STRATA_IS_PLAN (self), NULL);

  return self->act;
}

guint
strata_plan_get_n_steps (StrataPlan *self)
{
  g_return_val_if_fail (STRATA_IS_PLAN (self), 0);

  return self->steps->len;
}

/**
 * strata_plan_get_step:
 * @self: a plan
 * @index: from 0
 *
 * Returns: (transfer none): the step
 */
StrataStepSpec *
strata_plan_get_step (StrataPlan *self,
                      guint       index)
{
  g_return_val_if_fail (STRATA_IS_PLAN (self), NULL);
  g_return_val_if_fail (index < self->steps->len, NULL);

  return g_ptr_array_index (self->steps, index);
}

/**
 * strata_plan_get_effects:
 * @self: a plan
 *
 * Returns: (transfer none) (element-type StrataEffect): what it amounts to, in words
 */
GPtrArray *
strata_plan_get_effects (StrataPlan *self)
{
  g_return_val_if_fail (STRATA_IS_PLAN (self), NULL);

  return self->effects;
}

/**
 * strata_plan_get_commands:
 * @self: a plan
 *
 * Returns: (transfer none) (element-type utf8): about what one would have typed instead
 */
GPtrArray *
strata_plan_get_commands (StrataPlan *self)
{
  g_return_val_if_fail (STRATA_IS_PLAN (self), NULL);

  return self->commands;
}

/**
 * strata_plan_get_resources:
 * @self: a plan
 *
 * Returns: (transfer none) (element-type utf8): domains' UUIDs and images' paths that it needs for itself
 */
GPtrArray *
strata_plan_get_resources (StrataPlan *self)
{
  g_return_val_if_fail (STRATA_IS_PLAN (self), NULL);

  return self->resources;
}

/**
 * strata_plan_discards:
 * @self: a plan
 *
 * Returns: whether anybody's content is lost by it
 */
gboolean
strata_plan_discards (StrataPlan *self)
{
  g_return_val_if_fail (STRATA_IS_PLAN (self), FALSE);

  for (guint i = 0; i < self->effects->len; i++)
    {
      if (((StrataEffect *) g_ptr_array_index (self->effects, i))->kind == STRATA_EFFECT_DISCARDS)
        return TRUE;
    }

  return FALSE;
}

/**
 * strata_plan_add_step:
 * @self: a plan that is being made
 * @kind: which primitive
 * @args: (transfer full): its arguments
 * @title_format: what a person reads while it runs
 * @...: arguments for @title_format
 *
 * Returns: (transfer none): the step, to set its other fields
 */
StrataStepSpec *
strata_plan_add_step (StrataPlan *self,
                      const char *kind,
                      JsonObject *args,
                      const char *title_format,
                      ...)
{
  StrataStepSpec *step;
  va_list ap;

  g_return_val_if_fail (STRATA_IS_PLAN (self), NULL);

  step = g_new0 (StrataStepSpec, 1);
  step->kind = g_strdup (kind);
  step->args = args;
  va_start (ap, title_format);
  step->title = g_strdup_vprintf (title_format, ap);
  va_end (ap);
  g_ptr_array_add (self->steps, step);

  return step;
}

/**
 * strata_plan_add_effect:
 * @self: a plan that is being made
 * @kind: what sort of effect
 * @bytes: how many bytes it is about, 0 where that means nothing
 * @format: the sentence
 * @...: arguments for @format
 */
void
strata_plan_add_effect (StrataPlan      *self,
                        StrataEffectKind kind,
                        guint64          bytes,
                        const char      *format,
                        ...)
{
  StrataEffect *effect;
  va_list ap;

  g_return_if_fail (STRATA_IS_PLAN (self));

  effect = g_new0 (StrataEffect, 1);
  effect->kind = kind;
  effect->bytes = bytes;
  va_start (ap, format);
  effect->text = g_strdup_vprintf (format, ap);
  va_end (ap);
  g_ptr_array_add (self->effects, effect);
}

/**
 * strata_plan_add_command:
 * @self: a plan that is being made
 * @format: a shell command
 * @...: arguments for @format
 */
void
strata_plan_add_command (StrataPlan *self,
                         const char *format,
                         ...)
{
  va_list ap;

  g_return_if_fail (STRATA_IS_PLAN (self));

  va_start (ap, format);
  g_ptr_array_add (self->commands, g_strdup_vprintf (format, ap));
  va_end (ap);
}

/**
 * strata_plan_add_resource:
 * @self: a plan that is being made
 * @resource: (nullable): a domain's UUID or an image's path
 */
void
strata_plan_add_resource (StrataPlan *self,
                          const char *resource)
{
  g_return_if_fail (STRATA_IS_PLAN (self));

  if (resource != NULL
      && !g_ptr_array_find_with_equal_func (self->resources, resource, g_str_equal, NULL))
    g_ptr_array_add (self->resources, g_strdup (resource));
}

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

  for (guint i = 0; i < self->steps->len; i++)
    {
      StrataStepSpec *step = g_ptr_array_index (self->steps, i);
      JsonObject *o = json_object_new ();

      json_object_set_string_member (o, "kind", step->kind);
      json_object_set_string_member (o, "title", step->title);
      json_object_set_boolean_member (o, "forward-only", step->forward_only);
      json_object_set_int_member (o, "bytes", (gint64) step->bytes);
      json_object_set_object_member (o, "args", json_object_ref (step->args));
      json_array_add_object_element (steps, o);
    }
  for (guint i = 0; i < self->effects->len; i++)
    {
      StrataEffect *effect = g_ptr_array_index (self->effects, i);
      JsonObject *o = json_object_new ();

      json_object_set_string_member (o, "kind", effect_nicks[effect->kind]);
      json_object_set_string_member (o, "text", effect->text);
      json_object_set_int_member (o, "bytes", (gint64) effect->bytes);
      json_array_add_object_element (effects, o);
    }

  json_object_set_string_member (object, "title", self->title);
  json_object_set_string_member (object, "act", self->act);
  json_object_set_array_member (object, "steps", steps);
  json_object_set_array_member (object, "effects", effects);
  json_object_set_array_member (object, "commands", strings_to_json (self->commands));
  json_object_set_array_member (object, "resources", strings_to_json (self->resources));

  return object;
}

static gboolean
read_step (StrataPlan *self,
           JsonNode   *node)
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

  step = strata_plan_add_step (self, kind, json_object_ref (json_node_get_object (args)), "%s",
                               title);
  step->forward_only = json_object_get_boolean_member_with_default (o, "forward-only", FALSE);
  step->bytes = (guint64) json_object_get_int_member_with_default (o, "bytes", 0);

  return TRUE;
}

/* What a plan read from the journal needs to be carried out: the effects and commands were for a
 * person who has confirmed them long ago. */
static gboolean
read_plan (StrataPlan *self,
           JsonObject *object)
{
  JsonNode *steps = json_object_get_member (object, "steps");
  JsonNode *resources = json_object_get_member (object, "resources");

  if (steps == NULL || !JSON_NODE_HOLDS_ARRAY (steps) || resources == NULL
      || !JSON_NODE_HOLDS_ARRAY (resources))
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
strata_plan_new_from_json (JsonObject *object,
                           GError    **error)
{
  g_autoptr (StrataPlan) self = NULL;

  g_return_val_if_fail (object != NULL, NULL);

  self = strata_plan_new (json_object_get_string_member_with_default (object, "title", ""),
                          json_object_get_string_member_with_default (object, "act", ""));
  if (!read_plan (self, object))
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL, _("The stored plan can’t be read"));
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

  text = g_string_new (self->title);
  g_string_append (text, "\n\n");
  for (guint i = 0; i < self->effects->len; i++)
    {
      StrataEffect *effect = g_ptr_array_index (self->effects, i);

      g_string_append_printf (text, "  %-9s %s\n", effect_nicks[effect->kind], effect->text);
    }

  g_string_append_printf (text, "\n%s\n", _("Steps"));
  for (guint i = 0; i < self->steps->len; i++)
    {
      StrataStepSpec *step = g_ptr_array_index (self->steps, i);

      g_string_append_printf (text, "  %2u. %s%s\n", i + 1, step->title,
                              step->forward_only ? _(" (from here on only forward)") : "");
    }

  g_string_append_printf (text, "\n%s\n", _("By hand, about"));
  for (guint i = 0; i < self->commands->len; i++)
    g_string_append_printf (text, "  %s\n", (char *) g_ptr_array_index (self->commands, i));

  return g_string_free (text, FALSE);
}
