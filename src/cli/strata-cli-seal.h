/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-cli.h"

G_BEGIN_DECLS

/* The two options by which a verb is told what to seal. */
typedef struct
{
  char    *seal;
  gboolean no_seal;
  char   **accepted;
} StrataCliSealing;

/* clang-format off */
#define STRATA_CLI_SEALING_ENTRIES(sealing)                                                        \
  { "seal", 0, 0, G_OPTION_ARG_STRING, &(sealing)->seal,                                           \
    N_ ("Seal with these operations (default: those of “stratactl seal --list” with a star)"),     \
    N_ ("OP,OP") },                                                                                \
  { "no-seal", 0, 0, G_OPTION_ARG_NONE, &(sealing)->no_seal, N_ ("Leave the guest as it is"), NULL }, \
  { "accept-unmounted", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(sealing)->accepted,                     \
    N_ ("Let this mount point or device of the guest go unsealed (may be repeated)"),              \
    N_ ("NAME") }
/* clang-format on */

gboolean strata_cli_sealing_apply (StrataCli         *cli,
                                   StrataCliSealing  *sealing,
                                   StrataRequest     *request,
                                   StrataCliStatus   *status);

G_END_DECLS
