/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One thing that a host asks for. Asked in a worker, answered on the main thread. Signal, there: "over" (): nothing waits for the answer any
 * more, given or not. */
#define STRATA_TYPE_PROMPT (strata_prompt_get_type ())

G_DECLARE_FINAL_TYPE (StrataPrompt, strata_prompt, STRATA, PROMPT, GObject)

StrataPrompt *strata_prompt_new            (const char   *words,
                                            gboolean      secret,
                                            const char   *suggestion);
const char   *strata_prompt_get_words      (StrataPrompt *self);
gboolean      strata_prompt_is_secret      (StrataPrompt *self);
const char   *strata_prompt_get_suggestion (StrataPrompt *self);
/* whether an answer is still waited for */
gboolean      strata_prompt_is_open        (StrataPrompt *self);
/* ANSWER: (nullable): NULL gives up. Only the first one counts. */
void          strata_prompt_answer         (StrataPrompt *self,
                                            const char   *answer);
/* emits "over" */
void          strata_prompt_end            (StrataPrompt *self);
/* (transfer full) (nullable): blocks; NULL where there is none, or CANCELLABLE was cancelled */
char         *strata_prompt_wait           (StrataPrompt *self,
                                            GCancellable *cancellable);

G_END_DECLS
