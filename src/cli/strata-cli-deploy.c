/* SPDX-License-Identifier: GPL-3.0-or-later */

/* template deploy: clones of a template, each with an identity of its own. */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "guest/strata-password.h"
#include "guest/strata-ssh-key.h"
#include "strata-cli-input.h"
#include "strata-cli-output.h"
#include "strata-cli-run.h"
#include "strata-cli-session.h"
#include "base/strata-error.h"
#include "plan/strata-name.h"

/* Upper limits, in bytes, of the small files that a command line may name. */
#define MAX_SCRIPT (256 * 1024)
#define MAX_KEYS   (64 * 1024)
/* Room for any password that crypt(3) takes, and its line's end. */
#define MAX_PASSWORD 1024

typedef struct
{
  char *name;
  int count;
  gboolean thin;
  gboolean full;
  char *hostname;
  GStrv ssh_keys;
  char *user;
  char *password_file;
  char *root_password_file;
  char *first_boot;
  char *pool;
  char *network;
  gboolean start;
} DeployOptions;

static GStrv
read_keys (GStrv paths, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (size_t i = 0; paths != NULL && paths[i] != NULL; i++)
    {
      g_autofree char *text = strata_cli_read_file (paths[i], MAX_KEYS, error);
      g_auto (GStrv) keys = NULL;

      if (text == NULL)
        return NULL;

      keys = strata_ssh_keys_parse (text, paths[i], error);
      if (keys == NULL)
        return NULL;

      g_strv_builder_addv (builder, (const char **) keys);
    }

  return g_strv_builder_end (builder);
}

/* The first line of the file; the password itself is wiped from memory. */
static char *
hash_password (const char *path, GError **error)
{
  char *text = strata_cli_read_file (path, MAX_PASSWORD, error);
  char *hash;

  if (text == NULL)
    return NULL;

  if (g_str_has_suffix (text, "\n"))
    text[strlen (text) - 1] = '\0';
  if (g_str_has_suffix (text, "\r"))
    text[strlen (text) - 1] = '\0';

  hash = strata_password_hash (text, error);
  strata_password_clear (text);
  g_prefix_error (error, "%s: ", path);

  return hash;
}

static char *
read_script (const char *path, GError **error)
{
  g_autofree char *text = strata_cli_read_file (path, MAX_SCRIPT, error);

  if (text == NULL)
    return NULL;

  /* Without that line the guest's kernel would not know what to run it with. */
  if (!g_str_has_prefix (text, "#!"))
    {
      strata_set_error (error, STRATA_ERROR_INVALID, _ ("Begin it with “#!/bin/sh”, for example."),
                        _ ("The script “%s” does not say what runs it"), path);
      return NULL;
    }

  return g_steal_pointer (&text);
}

static gboolean
check_options (StrataCli *cli, const DeployOptions *options)
{
  if (options->name == NULL)
    strata_cli_usage_error (cli, _ ("--name is missing: a name, or a pattern such as web-%%02d"));
  else if (options->count < 1)
    strata_cli_usage_error (cli, _ ("--count takes a number from 1"));
  else if (options->thin && options->full)
    strata_cli_usage_error (cli, _ ("--thin and --full exclude each other"));
  else if (options->password_file != NULL && options->user == NULL)
    strata_cli_usage_error (cli,
                            _ ("--password-file is for --user; root’s is --root-password-file"));
  else if (g_strcmp0 (options->password_file, "-") == 0 &&
           g_strcmp0 (options->root_password_file, "-") == 0)
    strata_cli_usage_error (cli, _ ("Only one password can come from stdin"));
  else
    return TRUE;

  return FALSE;
}

static gboolean
read_files (const DeployOptions *options, StrataRequest *request, GError **error)
{
  if (options->ssh_keys != NULL)
    {
      request->ssh_keys = read_keys (options->ssh_keys, error);
      if (request->ssh_keys == NULL)
        return FALSE;
    }

  if (options->first_boot != NULL)
    {
      request->first_boot = read_script (options->first_boot, error);
      if (request->first_boot == NULL)
        return FALSE;
    }

  if (options->password_file != NULL)
    {
      request->user_hash = hash_password (options->password_file, error);
      if (request->user_hash == NULL)
        return FALSE;
    }

  if (options->root_password_file != NULL)
    {
      request->root_hash = hash_password (options->root_password_file, error);
      if (request->root_hash == NULL)
        return FALSE;
    }

  return TRUE;
}

static StrataCliStatus
deploy (StrataCli *cli, const char *template, const DeployOptions *options)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_TEMPLATE_DEPLOY);
  g_auto (GStrv) names = NULL;
  g_autoptr (GError) error = NULL;

  request->domain = g_strdup (template);
  request->name = g_strdup (options->name);
  request->count = (guint) options->count;
  request->full = options->full;
  request->pool = g_strdup (options->pool);
  request->network = g_strdup (options->network);
  request->hostname = g_strdup (options->hostname);
  request->user = g_strdup (options->user);
  request->start = options->start;

  names = strata_name_pattern_expand (options->name, 1, request->count, &error);
  if (names == NULL || !read_files (options, request, &error) || !strata_cli_connect (cli, &error))
    return strata_cli_fail_unstarted (cli, error);

  return strata_cli_carry_out (cli, request, (const char *const *) names);
}

static void
deploy_options_clear (DeployOptions *options)
{
  g_free (options->name);
  g_free (options->hostname);
  g_strfreev (options->ssh_keys);
  g_free (options->user);
  g_free (options->password_file);
  g_free (options->root_password_file);
  g_free (options->first_boot);
  g_free (options->pool);
  g_free (options->network);
}

static StrataCliStatus
run_deploy (StrataCli *cli, GStrv argv)
{
  DeployOptions options = { .count = 1 };
  g_auto (GStrv) arguments = NULL;
  StrataCliStatus status = STRATA_CLI_USAGE;
  const GOptionEntry entries[] = {
    { "name", 0, 0, G_OPTION_ARG_STRING, &options.name,
      N_ ("The clones’ names: one name, or a pattern such as web-%02d"), N_ ("PATTERN") },
    { "count", 0, 0, G_OPTION_ARG_INT, &options.count, N_ ("How many (default: 1)"), N_ ("N") },
    { "thin", 0, 0, G_OPTION_ARG_NONE, &options.thin,
      N_ ("Overlays on the template’s disks (the default)"), NULL },
    { "full", 0, 0, G_OPTION_ARG_NONE, &options.full, N_ ("Independent copies"), NULL },
    { "hostname", 0, 0, G_OPTION_ARG_STRING, &options.hostname,
      N_ ("The host name inside, a pattern like that of --name"), N_ ("PATTERN") },
    { "ssh-key", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.ssh_keys,
      N_ ("A file with public SSH keys that may log in; can be given more than once"),
      N_ ("FILE") },
    { "user", 0, 0, G_OPTION_ARG_STRING, &options.user,
      N_ ("The user who gets the keys, made where there is none (default: root)"), N_ ("USER") },
    { "password-file", 0, 0, G_OPTION_ARG_FILENAME, &options.password_file,
      N_ ("The user’s password is the file’s first line; - is stdin"), N_ ("FILE") },
    { "root-password-file", 0, 0, G_OPTION_ARG_FILENAME, &options.root_password_file,
      N_ ("Likewise root’s password"), N_ ("FILE") },
    { "first-boot", 0, 0, G_OPTION_ARG_FILENAME, &options.first_boot,
      N_ ("A script that each clone runs once, when it boots for the first time"), N_ ("FILE") },
    { "pool", 0, 0, G_OPTION_ARG_STRING, &options.pool,
      N_ ("The storage pool of the new disks (default: the template’s)"), N_ ("POOL") },
    { "network", 0, 0, G_OPTION_ARG_STRING, &options.network,
      N_ ("The network of the clones (default: the template’s)"), N_ ("NETWORK") },
    { "start", 0, 0, G_OPTION_ARG_NONE, &options.start, N_ ("Start the clones when all are ready"),
      NULL },
    { NULL },
  };

  if (strata_cli_parse (cli, argv, entries, &arguments) && check_options (cli, &options))
    status = deploy (cli, arguments[0], &options);

  deploy_options_clear (&options);

  return status;
}

const StrataCliVerb strata_cli_template_deploy_verb = {
  "template", "deploy", N_ ("TEMPLATE"), N_ ("Deploy clones of a template, all or none"),
  1,          1,        run_deploy,
};
