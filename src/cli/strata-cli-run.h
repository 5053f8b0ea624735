/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-cli.h"

G_BEGIN_DECLS

StrataCliStatus strata_cli_carry_out (StrataCli           *cli,
                                      const StrataRequest *request,
                                      const char *const   *created);
StrataCliStatus strata_cli_watch_job (StrataCli           *cli,
                                      StrataJob           *job,
                                      const char *const   *created);

G_END_DECLS
