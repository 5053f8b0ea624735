/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "jobs/strata-job-queue.h"

G_BEGIN_DECLS

/**
 * StrataCliStatus:
 * @STRATA_CLI_DONE: what was asked for is done
 * @STRATA_CLI_FAILED: it failed and was rolled back: nothing has changed
 * @STRATA_CLI_USAGE: the command line, or a value on it, is wrong
 * @STRATA_CLI_REFUSED: the planner will not do it
 * @STRATA_CLI_UNFINISHED: it failed and waits for `job resume` or `job rollback`
 * @STRATA_CLI_CANCELLED: the user stopped it
 *
 * The exit statuses, which are part of the contract with scripts.
 */
typedef enum
{
  STRATA_CLI_DONE = 0,
  STRATA_CLI_FAILED = 1,
  STRATA_CLI_USAGE = 2,
  STRATA_CLI_REFUSED = 3,
  STRATA_CLI_UNFINISHED = 4,
  STRATA_CLI_CANCELLED = 130,
} StrataCliStatus;

typedef struct _StrataCliVerb StrataCliVerb;

/**
 * StrataCli:
 * @verb: the verb that is being run
 * @uri: (nullable): from `--connect`
 * @read_only: from `--readonly`
 * @json: print one JSON document instead of text
 * @wants_json: the same, told before the options are read, for what is wrong with them
 * @dry_run: print the plan and touch nothing
 * @verbose: say each step on stderr
 * @cancellable: cancelled by the first Ctrl-C
 * @connection: (nullable): set by strata_cli_connect()
 * @queue: (nullable): likewise
 * @job: (nullable) (unowned): the job that runs; Ctrl-C cancels it
 * @interrupts: how often the user pressed Ctrl-C
 *
 * One run of the command. Main thread.
 */
typedef struct
{
  const StrataCliVerb *verb;
  char                *uri;
  gboolean             read_only;
  gboolean             json;
  gboolean             wants_json;
  gboolean             dry_run;
  gboolean             verbose;
  GCancellable        *cancellable;
  StrataConnection    *connection;
  StrataJobQueue      *queue;
  StrataJob           *job;
  guint                interrupts;
} StrataCli;

/**
 * StrataCliFunc:
 * @cli: the run
 * @user_data: what the caller gave
 * @error: what went wrong
 *
 * Something that blocks; called in a worker thread.
 *
 * Returns: (transfer full) (nullable): the result, %NULL with @error set
 */
typedef gpointer (*StrataCliFunc) (StrataCli *cli,
                                   gpointer   user_data,
                                   GError   **error);

void     strata_cli_watch_signals (StrataCli      *cli);
gboolean strata_cli_connect       (StrataCli      *cli,
                                   GError        **error);
gpointer strata_cli_call          (StrataCli      *cli,
                                   StrataCliFunc   func,
                                   gpointer        user_data,
                                   GError        **error);
gpointer strata_cli_gather        (StrataCli      *cli,
                                   GError        **error);

G_END_DECLS
