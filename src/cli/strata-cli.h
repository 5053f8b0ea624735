/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-cli-session.h"

G_BEGIN_DECLS

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
struct _StrataCliVerb
{
  const char *group;
  const char *name;
  const char *arguments;
  const char *summary;
  guint       min_arguments;
  guint       max_arguments;
  StrataCliStatus (*run) (StrataCli *cli,
                          GStrv      argv);
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

gboolean        strata_cli_parse         (StrataCli           *cli,
                                          GStrv                argv,
                                          const GOptionEntry  *entries,
                                          GStrv               *arguments);
StrataCliStatus strata_cli_usage_error   (StrataCli           *cli,
                                          const char          *format,
                                          ...) G_GNUC_PRINTF (2, 3);

G_END_DECLS
