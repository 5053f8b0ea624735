/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-cli.h"

G_BEGIN_DECLS

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
