/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>
#include <stdio.h>

#include "strata-cli-session.h"

G_BEGIN_DECLS

/* What happened to the host, in the `outcome` member of every document. */
#define STRATA_CLI_OUTCOME_DONE        "done"
#define STRATA_CLI_OUTCOME_PLANNED     "planned"     /* --dry-run */
#define STRATA_CLI_OUTCOME_NOT_STARTED "not-started" /* failed before the first step */
#define STRATA_CLI_OUTCOME_REFUSED     "refused"     /* by the planner */
#define STRATA_CLI_OUTCOME_ROLLED_BACK "rolled-back"
#define STRATA_CLI_OUTCOME_STOPPED     "stopped"
#define STRATA_CLI_OUTCOME_STUCK       "stuck"

void            strata_cli_print_document (JsonObject        *document);
JsonObject     *strata_cli_document_new   (const char        *outcome);
void            strata_cli_set_string     (JsonObject        *object,
                                           const char        *member,
                                           const char        *value);
void            strata_cli_set_strings    (JsonObject        *object,
                                           const char        *member,
                                           const char *const *values);
void            strata_cli_print_line     (FILE              *stream,
                                           const char        *format,
                                           ...) G_GNUC_PRINTF (2, 3);
void            strata_cli_print_message  (const char        *format,
                                           ...) G_GNUC_PRINTF (1, 2);
void            strata_cli_print_table    (GPtrArray         *rows);
void            strata_cli_print_field    (const char        *name,
                                           const char        *format,
                                           ...) G_GNUC_PRINTF (2, 3);
StrataCliStatus strata_cli_fail           (StrataCli         *cli,
                                           const GError      *error,
                                           StrataCliStatus    status,
                                           const char        *outcome,
                                           const char        *job_id);
StrataCliStatus strata_cli_fail_unstarted (StrataCli         *cli,
                                           const GError      *error);

G_END_DECLS
