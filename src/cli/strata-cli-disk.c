/* SPDX-License-Identifier: GPL-3.0-or-later */

/* disk merge. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-cli-output.h"
#include "strata-cli-run.h"
#include "strata-cli-session.h"

static StrataCliStatus
run_merge (StrataCli *cli, GStrv argv)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_MERGE);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) arguments = NULL;
  g_autofree char *image = NULL;
  gboolean commit = FALSE;
  gboolean pull = FALSE;
  const GOptionEntry entries[] = {
    { "image", 0, 0, G_OPTION_ARG_FILENAME, &image,
      N_ ("The upper one of the two layers (default: what the machine writes to)"), N_ ("FILE") },
    { "commit", 0, 0, G_OPTION_ARG_NONE, &commit,
      N_ ("Merge down (default: whichever way moves less)"), NULL },
    { "pull", 0, 0, G_OPTION_ARG_NONE, &pull, N_ ("Merge up"), NULL },
    { NULL },
  };

  if (!strata_cli_parse (cli, argv, entries, &arguments))
    return STRATA_CLI_USAGE;
  if (commit && pull)
    return strata_cli_usage_error (cli, _ ("--commit and --pull exclude each other"));

  request->domain = g_strdup (arguments[0]);
  request->target = g_strdup (arguments[1]);
  request->image = image != NULL ? g_canonicalize_filename (image, NULL) : NULL;
  if (commit)
    request->merge = STRATA_MERGE_COMMIT;
  else if (pull)
    request->merge = STRATA_MERGE_PULL;
  if (!strata_cli_connect (cli, &error))
    return strata_cli_fail_unstarted (cli, error);

  return strata_cli_carry_out (cli, request, NULL);
}

const StrataCliVerb strata_cli_disk_merge_verb = {
  "disk",
  "merge",
  N_ ("VM TARGET"),
  N_ ("Merge a layer of a disk with the one below it, where no snapshot is between them"),
  2,
  2,
  run_merge,
};
