/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataPrompter: what a host asks for when it is opened, on its way to the user. It has nothing that belongs to a thread, since
 * a worker that was left behind may be the last to have it.
 */

#include "config.h"

#include "strata-prompter.h"

struct _StrataPrompter
{
  GObject parent_instance;
};

enum
{
  PROMPT,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataPrompter, strata_prompter, G_TYPE_OBJECT)

static void
strata_prompter_class_init (StrataPrompterClass *klass)
{
  signals[PROMPT] = g_signal_new ("prompt", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                  NULL, NULL, G_TYPE_NONE, 1, STRATA_TYPE_PROMPT);
}

static void
strata_prompter_init (StrataPrompter *self)
{
}

StrataPrompter *
strata_prompter_new (void)
{
  return g_object_new (STRATA_TYPE_PROMPTER, NULL);
}

typedef struct
{
  StrataPrompter *prompter;
  StrataPrompt *prompt;
} Delivery;

static void
delivery_free (gpointer data)
{
  Delivery *delivery = data;

  g_object_unref (delivery->prompter);
  g_object_unref (delivery->prompt);
  g_free (delivery);
}

static gboolean
deliver_cb (gpointer user_data)
{
  Delivery *delivery = user_data;

  if (strata_prompt_is_open (delivery->prompt))
    g_signal_emit (delivery->prompter, signals[PROMPT], 0, delivery->prompt);

  return G_SOURCE_REMOVE;
}

static gboolean
end_cb (gpointer user_data)
{
  strata_prompt_end (user_data);

  return G_SOURCE_REMOVE;
}

gboolean
strata_prompter_ask (const char *uri,
                     StrataQuestion *question,
                     GCancellable *cancellable,
                     gpointer prompter)
{
  g_autoptr (StrataPrompt) prompt =
      strata_prompt_new (question->words, question->secret, question->answer);
  Delivery *delivery = g_new (Delivery, 1);
  char *answer;

  delivery->prompter = g_object_ref (prompter);
  delivery->prompt = g_object_ref (prompt);
  g_main_context_invoke_full (NULL, G_PRIORITY_DEFAULT, deliver_cb, delivery, delivery_free);

  answer = strata_prompt_wait (prompt, cancellable);
  g_main_context_invoke_full (NULL, G_PRIORITY_DEFAULT, end_cb, g_object_ref (prompt),
                              g_object_unref);
  if (answer == NULL)
    return FALSE;

  g_free (question->answer);
  question->answer = answer;

  return TRUE;
}
