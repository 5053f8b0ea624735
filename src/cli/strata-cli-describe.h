/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "graph/strata-graph.h"

G_BEGIN_DECLS

typedef enum
{
  STRATA_CLI_ALL,
  STRATA_CLI_MACHINES,
  STRATA_CLI_TEMPLATES,
} StrataCliFilter;

gboolean     strata_cli_filter_takes    (StrataCliFilter          filter,
                                         const StrataDomainFacts *domain);
char        *strata_cli_describe_kind   (const StrataDomainFacts *domain);
const char  *strata_cli_describe_state  (StrataDomainState        state);
JsonObject  *strata_cli_domain_to_json  (const StrataDomainFacts *domain);
JsonObject  *strata_cli_image_to_json   (const StrataImage       *image);
JsonObject  *strata_cli_details_to_json (StrataGraph             *graph,
                                         StrataDomainFacts       *domain);
void         strata_cli_print_details   (StrataGraph             *graph,
                                         StrataDomainFacts       *domain);
char        *strata_cli_describe_image  (const StrataImage       *image);

/* strata-cli-doctor.c: (element-type StrataFinding) */
JsonArray *strata_cli_findings_to_json (GPtrArray *findings);
void       strata_cli_print_findings   (GPtrArray *findings);

G_END_DECLS
