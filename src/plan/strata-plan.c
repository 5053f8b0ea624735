/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataPlan: what will be done, step by step, as data that can be shown, stored and carried out. */

#include "config.h"

#include "strata-plan.h"
#include "strata-request.h"
#include "base/strata-visible.h"

struct _StrataPlan
{
  GObject parent_instance;

  char *title;
  char *act;
  GPtrArray *steps;      /* StrataStep */
  GPtrArray *effects;    /* StrataEffect */
  GPtrArray *commands;   /* char * */
  GPtrArray *resources;  /* char * */
  GPtrArray *discarding; /* StrataHolderKey */
  StrataRequest *request;
};

G_DEFINE_FINAL_TYPE (StrataPlan, strata_plan, G_TYPE_OBJECT)

static void
step_free (gpointer data)
{
  StrataStep *step = data;

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
  g_ptr_array_unref (self->discarding);
  g_clear_pointer (&self->request, strata_request_free);

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
  self->discarding = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_holder_key_free);
}

const char *
strata_step_get_arg (const StrataStep *step, const char *key)
{
  return json_object_get_string_member_with_default (step->args, key, NULL);
}

/**
 * strata_plan_new:
 * @title: what is done, to whom: "Make template “template-web” from “web”"
 * @act: the confirm button's words: "Make Template"
 *
 * Returns: (transfer full): an empty plan
 */
StrataPlan *
strata_plan_new (const char *title, const char *act)
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
StrataStep *
strata_plan_get_step (StrataPlan *self, guint index)
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
 * Returns: whether a holder's content is lost by it
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
 * strata_plan_get_request:
 * @self: a plan
 *
 * Returns: (transfer none) (nullable): the request that it answers; %NULL for a plan that was put together otherwise
 */
const StrataRequest *
strata_plan_get_request (StrataPlan *self)
{
  g_return_val_if_fail (STRATA_IS_PLAN (self), NULL);

  return self->request;
}

/**
 * strata_plan_get_given_up:
 * @self: a plan
 *
 * Returns: (transfer none) (element-type StrataHolderKey): what the request itself discards
 */
GPtrArray *
strata_plan_get_given_up (StrataPlan *self)
{
  g_return_val_if_fail (STRATA_IS_PLAN (self), NULL);

  return self->discarding;
}

/**
 * strata_plan_set_request:
 * @self: a plan that is being made
 * @request: what it answers
 */
void
strata_plan_set_request (StrataPlan *self, const StrataRequest *request)
{
  g_return_if_fail (STRATA_IS_PLAN (self));
  g_return_if_fail (request != NULL);

  g_clear_pointer (&self->request, strata_request_free);
  self->request = strata_request_copy (request);
}

/**
 * strata_plan_add_step:
 * @self: a plan that is being made
 * @kind: what it does
 * @args: (transfer full): its arguments
 * @title_format: what a person reads while it runs
 * @...: arguments for @title_format
 *
 * Returns: (transfer none): the step, to set its other fields
 */
StrataStep *
strata_plan_add_step (StrataPlan *self,
                      StrataStepKind kind,
                      JsonObject *args,
                      const char *title_format,
                      ...)
{
  StrataStep *step;
  va_list ap;

  g_return_val_if_fail (STRATA_IS_PLAN (self), NULL);

  step = g_new0 (StrataStep, 1);
  step->kind = kind;
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
strata_plan_add_effect (StrataPlan *self,
                        StrataEffectKind kind,
                        guint64 bytes,
                        const char *format,
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
 * @program: the first word of a shell command
 * @...: its other words, then %NULL
 *
 * Each word is quoted where a shell would take it for anything else than that word.
 */
void
strata_plan_add_command (StrataPlan *self, const char *program, ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  va_list ap;

  g_return_if_fail (STRATA_IS_PLAN (self));

  va_start (ap, program);
  for (const char *word = program; word != NULL; word = va_arg (ap, const char *))
    g_ptr_array_add (words, (char *) word);
  va_end (ap);
  g_ptr_array_add (words, NULL);

  strata_plan_add_command_words (self, (const char *const *) words->pdata);
}

void
strata_plan_add_command_words (StrataPlan *self, const char *const *words)
{
  GString *command;

  g_return_if_fail (STRATA_IS_PLAN (self));

  command = g_string_new (NULL);
  for (guint i = 0; words[i] != NULL; i++)
    {
      g_autofree char *quoted = strata_quote_word (words[i]);

      g_string_append_printf (command, "%s%s", i > 0 ? " " : "", quoted);
    }
  g_ptr_array_add (self->commands, g_string_free (command, FALSE));
}

/**
 * strata_plan_add_resource:
 * @self: a plan that is being made
 * @resource: (nullable): a domain's UUID or an image's path
 */
void
strata_plan_add_resource (StrataPlan *self, const char *resource)
{
  g_return_if_fail (STRATA_IS_PLAN (self));

  if (resource != NULL &&
      !g_ptr_array_find_with_equal_func (self->resources, resource, g_str_equal, NULL))
    g_ptr_array_add (self->resources, g_strdup (resource));
}

/**
 * strata_plan_discard:
 * @self: a plan that is being made
 * @key: (transfer full): whose content goes or changes because that is what was asked for; without a target it covers
 *   every disk
 */
void
strata_plan_discard (StrataPlan *self, StrataHolderKey *key)
{
  g_return_if_fail (STRATA_IS_PLAN (self));
  g_return_if_fail (key != NULL);

  g_ptr_array_add (self->discarding, key);
}

/* its own disks, also those of its next start; not its snapshots */
void
strata_plan_discard_domain (StrataPlan *self, const char *uuid)
{
  strata_plan_discard (self, strata_holder_key_new_disk (uuid, NULL));
}

/* its disks and its memory */
void
strata_plan_discard_snapshot (StrataPlan *self, const char *uuid, const char *snapshot)
{
  strata_plan_discard (self, strata_holder_key_new_snapshot (uuid, snapshot, NULL));
}

/* What the steps themselves discard: a plan in a journal of the first version doesn't have what its request gave up. */
void
strata_plan_discard_by_steps (StrataPlan *self)
{
  for (guint i = 0; i < strata_plan_get_n_steps (self); i++)
    {
      const StrataStep *step = strata_plan_get_step (self, i);
      const char *uuid = strata_step_get_arg (step, "uuid");

      if (strata_step_is (step, STRATA_STEP_DEFINE, STRATA_STEP_UNDEFINE,
                          STRATA_STEP_SNAPSHOT_REVERT))
        strata_plan_discard_domain (self, uuid);
      else if (strata_step_is (step, STRATA_STEP_DELETE_METADATA, STRATA_STEP_SNAPSHOT_DELETE))
        strata_plan_discard_snapshot (self, uuid, strata_step_get_arg (step, "snapshot"));
    }
}

/**
 * strata_plan_is_discarded:
 * @self: a plan
 * @key: a holder, whose content was promised
 *
 * Returns: whether the request asked for that content to go or change
 */
gboolean
strata_plan_is_discarded (StrataPlan *self, const StrataHolderKey *key)
{
  g_return_val_if_fail (STRATA_IS_PLAN (self), FALSE);

  for (guint i = 0; i < self->discarding->len; i++)
    {
      if (strata_holder_key_covers (g_ptr_array_index (self->discarding, i), key))
        return TRUE;
    }

  return FALSE;
}
