/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataPrompt: a question that a worker waits for the answer to. What was asked never changes; the rest is under a mutex. */

#include "config.h"

#include <string.h>

#include "strata-prompt.h"

#define LOOK_AGAIN (100 * G_TIME_SPAN_MILLISECOND) /* whether it was cancelled */

struct _StrataPrompt
{
  GObject parent_instance;

  char *words;
  char *suggestion;
  gboolean secret;

  GMutex mutex;
  GCond answered;
  gboolean over;
  char *answer;
};

enum
{
  OVER,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataPrompt, strata_prompt, G_TYPE_OBJECT)

static void
strata_prompt_finalize (GObject *object)
{
  StrataPrompt *self = STRATA_PROMPT (object);

  g_clear_pointer (&self->words, g_free);
  g_clear_pointer (&self->suggestion, g_free);
  g_clear_pointer (&self->answer, g_free);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->answered);

  G_OBJECT_CLASS (strata_prompt_parent_class)->finalize (object);
}

static void
strata_prompt_class_init (StrataPromptClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_prompt_finalize;

  signals[OVER] = g_signal_new ("over", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 0);
}

static void
strata_prompt_init (StrataPrompt *self)
{
  g_mutex_init (&self->mutex);
  g_cond_init (&self->answered);
}

StrataPrompt *
strata_prompt_new (const char *words, gboolean secret, const char *suggestion)
{
  StrataPrompt *self = g_object_new (STRATA_TYPE_PROMPT, NULL);

  self->words = g_strdup (words);
  self->secret = secret;
  self->suggestion = g_strdup (suggestion);

  return self;
}

const char *
strata_prompt_get_words (StrataPrompt *self)
{
  g_return_val_if_fail (STRATA_IS_PROMPT (self), NULL);

  return self->words;
}

gboolean
strata_prompt_is_secret (StrataPrompt *self)
{
  g_return_val_if_fail (STRATA_IS_PROMPT (self), FALSE);

  return self->secret;
}

const char *
strata_prompt_get_suggestion (StrataPrompt *self)
{
  g_return_val_if_fail (STRATA_IS_PROMPT (self), NULL);

  return self->suggestion;
}

gboolean
strata_prompt_is_open (StrataPrompt *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (STRATA_IS_PROMPT (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);

  return !self->over;
}

void
strata_prompt_answer (StrataPrompt *self, const char *answer)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_if_fail (STRATA_IS_PROMPT (self));

  locker = g_mutex_locker_new (&self->mutex);
  if (self->over)
    return;

  self->over = TRUE;
  self->answer = g_strdup (answer);
  g_cond_signal (&self->answered);
}

void
strata_prompt_end (StrataPrompt *self)
{
  g_return_if_fail (STRATA_IS_PROMPT (self));

  g_signal_emit (self, signals[OVER], 0);
}

char *
strata_prompt_wait (StrataPrompt *self, GCancellable *cancellable)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (STRATA_IS_PROMPT (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);
  while (!self->over && !g_cancellable_is_cancelled (cancellable))
    g_cond_wait_until (&self->answered, &self->mutex, g_get_monotonic_time () + LOOK_AGAIN);
  self->over = TRUE;

  return g_steal_pointer (&self->answer);
}
