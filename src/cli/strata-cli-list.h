/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "strata-cli.h"

G_BEGIN_DECLS

typedef enum
{
  STRATA_CLI_ALL,
  STRATA_CLI_MACHINES,
  STRATA_CLI_TEMPLATES,
} StrataCliFilter;

StrataCliStatus     strata_cli_list_domains (StrataCli        *cli,
                                             StrataCliFilter   filter);
StrataCliStatus     strata_cli_show_domain  (StrataCli        *cli,
                                             const char       *name,
                                             StrataCliFilter   filter);
StrataDomainFacts  *strata_cli_find_domain  (StrataGraph      *graph,
                                             const char       *name,
                                             StrataCliFilter   filter,
                                             GError          **error);
JsonObject         *strata_cli_image_to_json   (const StrataImage *image);
char               *strata_cli_describe_image  (const StrataImage *image);

G_END_DECLS
