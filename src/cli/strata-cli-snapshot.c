/* SPDX-License-Identifier: GPL-3.0-or-later */

/* snapshot create, revert, delete and edit. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-cli-output.h"
#include "strata-cli-run.h"
#include "strata-cli-session.h"
#include "plan/strata-name.h"

static StrataCliStatus
carry_out (StrataCli *cli, const StrataRequest *request)
{
  g_autoptr (GError) error = NULL;

  if (!strata_cli_connect (cli, &error))
    return strata_cli_fail_unstarted (cli, error);

  return strata_cli_carry_out (cli, request, NULL);
}

/* create ------------------------------------------------------------------------------------------- */

typedef struct
{
  char *description;
  GStrv disks;
  gboolean internal;
  gboolean external;
  gboolean memory;
  gboolean disk_only;
  gboolean quiesce;
} CreateOptions;

static gboolean
check_create_options (StrataCli *cli, const CreateOptions *options)
{
  if (options->internal && (options->external || options->disk_only || options->memory))
    strata_cli_usage_error (cli, _ ("--internal excludes --external, --memory and --disk-only"));
  else if (options->memory && options->disk_only)
    strata_cli_usage_error (cli, _ ("--memory and --disk-only exclude each other"));
  else
    return TRUE;

  return FALSE;
}

static StrataSnapshotKind
get_kind (const CreateOptions *options)
{
  if (options->internal)
    return STRATA_SNAPSHOT_KIND_INTERNAL;
  if (options->memory)
    return STRATA_SNAPSHOT_KIND_MEMORY;
  if (options->disk_only)
    return STRATA_SNAPSHOT_KIND_DISK_ONLY;

  return STRATA_SNAPSHOT_KIND_AUTO;
}

static StrataCliStatus
run_create (StrataCli *cli, GStrv argv)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SNAPSHOT_CREATE);
  g_auto (GStrv) arguments = NULL;
  CreateOptions options = { 0 };
  StrataCliStatus status = STRATA_CLI_USAGE;
  const GOptionEntry entries[] = {
    { "description", 0, 0, G_OPTION_ARG_STRING, &options.description, N_ ("What it is for"),
      N_ ("TEXT") },
    { "external", 0, 0, G_OPTION_ARG_NONE, &options.external,
      N_ ("Freeze the images and put overlays on them (the default)"), NULL },
    { "internal", 0, 0, G_OPTION_ARG_NONE, &options.internal,
      N_ ("Keep it inside the qcow2 images"), NULL },
    { "memory", 0, 0, G_OPTION_ARG_NONE, &options.memory,
      N_ ("With the guest’s memory (the default while it runs)"), NULL },
    { "disk-only", 0, 0, G_OPTION_ARG_NONE, &options.disk_only, N_ ("Without the guest’s memory"),
      NULL },
    { "quiesce", 0, 0, G_OPTION_ARG_NONE, &options.quiesce,
      N_ ("Freeze the guest’s file systems meanwhile; needs its agent"), NULL },
    { "disk", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.disks,
      N_ ("Only this disk; may be given more than once (default: all)"), N_ ("TARGET") },
    { NULL },
  };

  if (strata_cli_parse (cli, argv, entries, &arguments) && check_create_options (cli, &options))
    {
      request->domain = g_strdup (arguments[0]);
      request->snapshot = g_strdup (arguments[1]);
      request->description = g_steal_pointer (&options.description);
      request->disks = g_steal_pointer (&options.disks);
      request->quiesce = options.quiesce;
      request->snapshot_kind = get_kind (&options);
      if (options.quiesce && request->snapshot_kind == STRATA_SNAPSHOT_KIND_AUTO)
        request->snapshot_kind = STRATA_SNAPSHOT_KIND_DISK_ONLY;
      status = carry_out (cli, request);
    }

  g_free (options.description);
  g_strfreev (options.disks);

  return status;
}

const StrataCliVerb strata_cli_snapshot_create_verb = {
  "snapshot", "create", N_ ("VM NAME"), N_ ("Take a snapshot"), 2, 2, run_create,
};

/* revert ------------------------------------------------------------------------------------------- */

typedef struct
{
  char *save_as;
  gboolean discard;
  gboolean start;
  gboolean paused;
  gboolean off;
} RevertOptions;

static gboolean
check_revert_options (StrataCli *cli, const RevertOptions *options)
{
  if (options->discard && options->save_as != NULL)
    strata_cli_usage_error (cli, _ ("--save-current and --discard-current exclude each other"));
  else if (options->start + options->paused + options->off > 1)
    strata_cli_usage_error (cli, _ ("--start, --paused and --off exclude each other"));
  else
    return TRUE;

  return FALSE;
}

static StrataCliStatus
run_revert (StrataCli *cli, GStrv argv)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SNAPSHOT_REVERT);
  g_auto (GStrv) arguments = NULL;
  RevertOptions options = { 0 };
  StrataCliStatus status = STRATA_CLI_USAGE;
  const GOptionEntry entries[] = {
    { "save-current", 0, 0, G_OPTION_ARG_STRING, &options.save_as,
      N_ ("Keep the present state as a snapshot (the default, named after the time)"),
      N_ ("NAME") },
    { "discard-current", 0, 0, G_OPTION_ARG_NONE, &options.discard,
      N_ ("Discard what was written since the last snapshot"), NULL },
    { "start", 0, 0, G_OPTION_ARG_NONE, &options.start,
      N_ ("Run it afterwards (default: as it was in the snapshot)"), NULL },
    { "paused", 0, 0, G_OPTION_ARG_NONE, &options.paused, N_ ("Leave it paused afterwards"), NULL },
    { "off", 0, 0, G_OPTION_ARG_NONE, &options.off, N_ ("Leave it off afterwards"), NULL },
    { NULL },
  };

  if (strata_cli_parse (cli, argv, entries, &arguments) && check_revert_options (cli, &options))
    {
      request->domain = g_strdup (arguments[0]);
      request->snapshot = g_strdup (arguments[1]);
      if (!options.discard)
        request->save_as = options.save_as != NULL ? g_steal_pointer (&options.save_as)
                                                   : strata_name_for_present ();
      if (options.start)
        request->after = STRATA_AFTER_RUNNING;
      else if (options.paused)
        request->after = STRATA_AFTER_PAUSED;
      else if (options.off)
        request->after = STRATA_AFTER_OFF;
      status = carry_out (cli, request);
    }
  g_free (options.save_as);

  return status;
}

const StrataCliVerb strata_cli_snapshot_revert_verb = {
  "snapshot", "revert", N_ ("VM NAME"), N_ ("Revert to a snapshot"), 2, 2, run_revert,
};

/* delete ------------------------------------------------------------------------------------------- */

static StrataCliStatus
run_delete (StrataCli *cli, GStrv argv)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SNAPSHOT_DELETE);
  g_auto (GStrv) arguments = NULL;
  gboolean subtree = FALSE;
  gboolean commit = FALSE;
  gboolean pull = FALSE;
  gboolean metadata_only = FALSE;
  const GOptionEntry entries[] = {
    { "subtree", 0, 0, G_OPTION_ARG_NONE, &subtree, N_ ("With everything below it"), NULL },
    { "commit", 0, 0, G_OPTION_ARG_NONE, &commit,
      N_ ("Merge down (default: whichever way moves less)"), NULL },
    { "pull", 0, 0, G_OPTION_ARG_NONE, &pull, N_ ("Merge up"), NULL },
    { "metadata-only", 0, 0, G_OPTION_ARG_NONE, &metadata_only,
      N_ ("libvirt forgets it; every file stays"), NULL },
    { NULL },
  };

  if (!strata_cli_parse (cli, argv, entries, &arguments))
    return STRATA_CLI_USAGE;
  if (commit + pull + metadata_only > 1)
    return strata_cli_usage_error (cli,
                                   _ ("--commit, --pull and --metadata-only exclude each other"));

  request->domain = g_strdup (arguments[0]);
  request->snapshot = g_strdup (arguments[1]);
  request->subtree = subtree;
  request->metadata_only = metadata_only;
  if (commit)
    request->merge = STRATA_MERGE_COMMIT;
  else if (pull)
    request->merge = STRATA_MERGE_PULL;

  return carry_out (cli, request);
}

const StrataCliVerb strata_cli_snapshot_delete_verb = {
  "snapshot", "delete", N_ ("VM NAME"), N_ ("Delete a snapshot; what stands on it stays whole"),
  2,          2,        run_delete,
};

/* edit --------------------------------------------------------------------------------------------- */

static StrataCliStatus
run_edit (StrataCli *cli, GStrv argv)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_SNAPSHOT_EDIT);
  g_auto (GStrv) arguments = NULL;
  char *name = NULL;
  char *description = NULL;
  StrataCliStatus status = STRATA_CLI_USAGE;
  const GOptionEntry entries[] = {
    { "rename", 0, 0, G_OPTION_ARG_STRING, &name, N_ ("Another name"), N_ ("NAME") },
    { "description", 0, 0, G_OPTION_ARG_STRING, &description, N_ ("Another description"),
      N_ ("TEXT") },
    { NULL },
  };

  if (strata_cli_parse (cli, argv, entries, &arguments))
    {
      if (name == NULL && description == NULL)
        {
          status = strata_cli_usage_error (cli, _ ("“%s” needs --rename or --description"),
                                           "snapshot edit");
        }
      else
        {
          request->domain = g_strdup (arguments[0]);
          request->snapshot = g_strdup (arguments[1]);
          request->rename = g_steal_pointer (&name);
          request->description = g_steal_pointer (&description);
          status = carry_out (cli, request);
        }
    }
  g_free (name);
  g_free (description);

  return status;
}

const StrataCliVerb strata_cli_snapshot_edit_verb = {
  "snapshot", "edit", N_ ("VM NAME"), N_ ("Rename or describe a snapshot"), 2, 2, run_edit,
};
