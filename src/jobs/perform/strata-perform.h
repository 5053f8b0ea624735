/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "guest/strata-guest-client.h"
#include "host/connection/strata-connection.h"
#include "plan/strata-plan.h"

G_BEGIN_DECLS

typedef struct _StrataJob StrataJob;
typedef struct _StrataJournal StrataJournal;

/**
 * StrataStepContext:
 * @connection: where the step works
 * @args: the step's own arguments, from the plan
 * @job: (nullable): to report progress to
 * @results: (nullable): what was found out before, as the journal has it
 * @untouched: set by a step that can't be undone, when it fails: it has changed nothing yet, as if it had not begun
 * @left: set by a step that can be undone, when it fails: something of what it did is there, and is to be undone
 * @plan: (nullable): what the step is a part of, where it is done or undone
 * @guest: (nullable): where the job keeps what it looks into guests with
 * @again: it is undone to be done again, and what isn't as it was is nothing to be told of
 * @journal: (nullable): where it is done or undone: for what has to be written down before that is over, at the step @index
 *
 * What a step has to work with. It keeps nothing between do and undo but what @args and the host say,
 * because they may run in different processes.
 */
typedef struct
{
  StrataConnection *connection;
  JsonObject *args;
  StrataJob *job;
  JsonObject *results;
  gboolean untouched;
  gboolean left;
  StrataPlan *plan;
  StrataGuestClient **guest;
  gboolean again;
  StrataJournal *journal;
  guint index;
} StrataStepContext;

/**
 * StrataStepOps:
 * @interruptible: @run heeds its cancellable; what can't be interrupted is finished, and the job with it where it is the last
 * @check: (nullable): run before the step's start is written to the journal; what fails here left no trace
 * @run: does it; when it fails it has removed what it had begun, or says that it is left
 * @check_undo: (nullable): run before a job is taken back, of each step that was begun: whether undoing it would take nothing
 *   that came to be since from another client
 * @undo: (nullable): takes back a step that was done; does nothing where nothing is left to take back
 * @undo_lasts: @undo may be broken off where the step is neither done nor undone, and is called done no more from its beginning on
 * @is_done: (nullable): asks the host, never memory; without it a step is run again on resume
 *
 * A primitive. Every function blocks and runs in the job's worker thread.
 */
typedef struct
{
  gboolean interruptible;
  gboolean undo_lasts;
  gboolean (*check) (StrataStepContext *context, GCancellable *cancellable, GError **error);
  gboolean (*run) (StrataStepContext *context, GCancellable *cancellable, GError **error);
  gboolean (*check_undo) (StrataStepContext *context, GError **error);
  gboolean (*undo) (StrataStepContext *context, GError **error);
  gboolean (*is_done) (StrataStepContext *context, gboolean *done, GError **error);
} StrataStepOps;

const StrataStepOps *strata_step_get_ops (StrataStepKind kind);
/* strata-perform-guest.c */
gboolean strata_step_ask_for_guests (StrataConnection *connection,
                                     StrataPlan *plan,
                                     StrataGuestClient **guest,
                                     GCancellable *cancellable,
                                     GError **error);

G_END_DECLS
