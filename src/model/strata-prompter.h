/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "host/connection/strata-question.h"
#include "strata-prompt.h"

G_BEGIN_DECLS

/* Brings what a host asks for from the worker that opens it to the main thread. Signal, there: "prompt" (StrataPrompt *prompt). */
#define STRATA_TYPE_PROMPTER (strata_prompter_get_type ())

G_DECLARE_FINAL_TYPE (StrataPrompter, strata_prompter, STRATA, PROMPTER, GObject)

StrataPrompter *strata_prompter_new (void);
/* a StrataAskFunc; PROMPTER: a StrataPrompter */
gboolean        strata_prompter_ask (const char     *uri,
                                     StrataQuestion *question,
                                     GCancellable   *cancellable,
                                     gpointer        prompter);

G_END_DECLS
