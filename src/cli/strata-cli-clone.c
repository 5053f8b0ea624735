/* SPDX-License-Identifier: GPL-3.0-or-later */

/* clone create and flatten. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-cli-output.h"
#include "strata-cli-run.h"
#include "strata-cli-session.h"

static StrataCliStatus
run_create (StrataCli *cli, GStrv argv)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_CLONE);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) arguments = NULL;
  g_autofree char *snapshot = NULL;
  gboolean thin = FALSE;
  gboolean full = FALSE;
  const GOptionEntry entries[] = {
    { "snapshot", 0, 0, G_OPTION_ARG_STRING, &snapshot,
      N_ ("As it was in this snapshot (default: as it is)"), N_ ("NAME") },
    { "thin", 0, 0, G_OPTION_ARG_NONE, &thin,
      N_ ("Overlays on the snapshot’s images (the default with --snapshot)"), NULL },
    { "full", 0, 0, G_OPTION_ARG_NONE, &full, N_ ("Independent copies"), NULL },
    { NULL },
  };

  if (!strata_cli_parse (cli, argv, entries, &arguments))
    return STRATA_CLI_USAGE;
  if (thin && full)
    return strata_cli_usage_error (cli, _ ("--thin and --full exclude each other"));

  request->domain = g_strdup (arguments[0]);
  request->name = g_strdup (arguments[1]);
  request->full = full || (!thin && snapshot == NULL);
  request->snapshot = g_steal_pointer (&snapshot);
  if (!strata_cli_connect (cli, &error))
    return strata_cli_fail_unstarted (cli, error);

  return strata_cli_carry_out (cli, request, (const char *const[]) { arguments[1], NULL });
}

static StrataCliStatus
run_flatten (StrataCli *cli, GStrv argv)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_FLATTEN);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) arguments = NULL;

  if (!strata_cli_parse (cli, argv, NULL, &arguments))
    return STRATA_CLI_USAGE;

  request->domain = g_strdup (arguments[0]);
  if (!strata_cli_connect (cli, &error))
    return strata_cli_fail_unstarted (cli, error);

  return strata_cli_carry_out (cli, request, NULL);
}

const StrataCliVerb strata_cli_clone_create_verb = {
  "clone",
  "create",
  N_ ("VM NAME"),
  N_ ("Make a new virtual machine of another, or of a snapshot of it"),
  2,
  2,
  run_create,
};

const StrataCliVerb strata_cli_clone_flatten_verb = {
  "clone",     "flatten",
  N_ ("VM"),   N_ ("Make a virtual machine’s disks independent of what they stand on"),
  1,           1,
  run_flatten,
};
