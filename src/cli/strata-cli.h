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

typedef struct _StrataCli StrataCli;

/**
 * StrataCliVerb:
 * @group: (nullable): the first word, "template", of a verb of two words
 * @name: the verb itself
 * @arguments: what follows the options, for the usage line
 * @summary: a line for the list of verbs
 * @min_arguments: how many there must be
 * @max_arguments: how many there may be
 * @run: carries the verb out; gets the command line from the verb's own word on
 */
typedef struct
{
  const char *group;
  const char *name;
  const char *arguments;
  const char *summary;
  guint       min_arguments;
  guint       max_arguments;
  StrataCliStatus (*run) (StrataCli *cli,
                          GStrv      argv);
} StrataCliVerb;

/**
 * StrataCli:
 * @verb: the verb that is being run
 * @uri: (nullable): from `--connect`
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
struct _StrataCli
{
  const StrataCliVerb *verb;
  char                *uri;
  gboolean             json;
  gboolean             wants_json;
  gboolean             dry_run;
  gboolean             verbose;
  GCancellable        *cancellable;
  StrataConnection    *connection;
  StrataJobQueue      *queue;
  StrataJob           *job;
  guint                interrupts;
};

extern const StrataCliVerb strata_cli_list_verb;
extern const StrataCliVerb strata_cli_show_verb;
extern const StrataCliVerb strata_cli_chain_verb;
extern const StrataCliVerb strata_cli_template_create_verb;
extern const StrataCliVerb strata_cli_template_deploy_verb;
extern const StrataCliVerb strata_cli_template_import_verb;
extern const StrataCliVerb strata_cli_template_list_verb;
extern const StrataCliVerb strata_cli_template_show_verb;
extern const StrataCliVerb strata_cli_template_delete_verb;
extern const StrataCliVerb strata_cli_seal_verb;
extern const StrataCliVerb strata_cli_snapshot_list_verb;
extern const StrataCliVerb strata_cli_snapshot_create_verb;
extern const StrataCliVerb strata_cli_snapshot_revert_verb;
extern const StrataCliVerb strata_cli_snapshot_delete_verb;
extern const StrataCliVerb strata_cli_snapshot_edit_verb;
extern const StrataCliVerb strata_cli_clone_create_verb;
extern const StrataCliVerb strata_cli_clone_flatten_verb;
extern const StrataCliVerb strata_cli_disk_merge_verb;
extern const StrataCliVerb strata_cli_doctor_verb;
extern const StrataCliVerb strata_cli_job_list_verb;
extern const StrataCliVerb strata_cli_job_resume_verb;
extern const StrataCliVerb strata_cli_job_rollback_verb;
extern const StrataCliVerb strata_cli_job_dismiss_verb;
extern const StrataCliVerb strata_cli_job_unlock_verb;

char           *strata_cli_verb_get_path (const StrataCliVerb *verb);
gboolean        strata_cli_parse         (StrataCli           *cli,
                                          GStrv                argv,
                                          const GOptionEntry  *entries,
                                          GStrv               *arguments);
StrataCliStatus strata_cli_usage_error   (StrataCli           *cli,
                                          const char          *format,
                                          ...) G_GNUC_PRINTF (2, 3);

G_END_DECLS
