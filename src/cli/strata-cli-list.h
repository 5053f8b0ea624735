/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-cli-describe.h"
#include "strata-cli.h"

G_BEGIN_DECLS

StrataCliStatus     strata_cli_list_domains (StrataCli        *cli,
                                             StrataCliFilter   filter);
StrataCliStatus     strata_cli_show_domain  (StrataCli        *cli,
                                             const char       *name,
                                             StrataCliFilter   filter);
StrataDomainFacts  *strata_cli_find_domain  (StrataGraph      *graph,
                                             const char       *name,
                                             StrataCliFilter   filter,
                                             GError          **error);

G_END_DECLS
