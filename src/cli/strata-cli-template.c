/* SPDX-License-Identifier: GPL-3.0-or-later */

/* template create, import, list, show and delete. */

#include "config.h"

#include <glib/gi18n.h>

#include "strata-cli-input.h"
#include "strata-cli-list.h"
#include "strata-cli-output.h"
#include "strata-cli-run.h"
#include "strata-cli-seal.h"
#include "strata-cli-session.h"
#include "base/strata-error.h"
#include "plan/strata-name.h"

/* bytes of a definition that is imported */
#define MAX_XML (4 * 1024 * 1024)

#define NAME_PATTERN "template-%s"

/* The longest wait for a guest to shut down, in seconds. */
#define MAX_TIMEOUT (24 * 60 * 60)

typedef struct
{
  char *name;
  char *pool;
  gboolean convert;
  gboolean copy;
  gboolean shut_down;
  gboolean force_off;
  int timeout;
  StrataCliSealing sealing;
} CreateOptions;

static gboolean
check_create_options (StrataCli *cli, const CreateOptions *options)
{
  if (options->convert && options->copy)
    strata_cli_usage_error (cli, _ ("--convert and --copy exclude each other"));
  else if (options->convert && options->pool != NULL)
    strata_cli_usage_error (cli,
                            _ ("--pool is for --copy; --convert leaves the disks where they are"));
  else if (options->shut_down && options->force_off)
    strata_cli_usage_error (cli, _ ("--shut-down and --force-off exclude each other"));
  else if (options->timeout != 0 && !options->shut_down)
    strata_cli_usage_error (cli, _ ("--timeout is for --shut-down"));
  else if (options->timeout < 0 || options->timeout > MAX_TIMEOUT)
    strata_cli_usage_error (cli, _ ("--timeout takes 1 to %d seconds"), MAX_TIMEOUT);
  else
    return TRUE;

  return FALSE;
}

/* The machine may be given by its UUID, which makes no good name. */
static char *
default_name (StrataCli *cli, const char *machine, GError **error)
{
  g_autoptr (StrataGraph) graph = NULL;
  StrataDomainFacts *domain;

  if (!g_uuid_string_is_valid (machine))
    return strata_name_from_source (NAME_PATTERN, machine);

  graph = strata_cli_gather (cli, error);
  if (graph == NULL)
    return NULL;

  domain = strata_cli_find_domain (graph, machine, STRATA_CLI_ALL, error);

  return domain != NULL ? strata_name_from_source (NAME_PATTERN, domain->name) : NULL;
}

static StrataCliStatus
create (StrataCli *cli, const char *machine, CreateOptions *options)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_TEMPLATE_CREATE);
  g_autoptr (GError) error = NULL;
  StrataCliStatus status;

  request->domain = g_strdup (machine);
  request->name = g_steal_pointer (&options->name);
  request->pool = g_steal_pointer (&options->pool);
  request->convert = options->convert;
  request->timeout = (guint) options->timeout;
  if (options->shut_down)
    request->running = STRATA_RUNNING_SHUT_DOWN;
  else if (options->force_off)
    request->running = STRATA_RUNNING_FORCE_OFF;

  if (!strata_cli_sealing_apply (cli, &options->sealing, request, &status))
    return status;

  if (strata_cli_connect (cli, &error) && request->name == NULL)
    request->name = default_name (cli, machine, &error);
  if (error != NULL)
    return strata_cli_fail_unstarted (cli, error);

  return strata_cli_carry_out (cli, request, (const char *const[]) { request->name, NULL });
}

static StrataCliStatus
run_create (StrataCli *cli, GStrv argv)
{
  CreateOptions options = { 0 };
  g_auto (GStrv) arguments = NULL;
  StrataCliStatus status = STRATA_CLI_USAGE;
  const GOptionEntry entries[] = {
    { "name", 0, 0, G_OPTION_ARG_STRING, &options.name,
      N_ ("The template’s name (default: template-VM)"), N_ ("NAME") },
    { "copy", 0, 0, G_OPTION_ARG_NONE, &options.copy,
      N_ ("Copy the disks and keep the virtual machine (the default)"), NULL },
    { "convert", 0, 0, G_OPTION_ARG_NONE, &options.convert,
      N_ ("Turn the virtual machine itself into the template; nothing is copied"), NULL },
    { "pool", 0, 0, G_OPTION_ARG_STRING, &options.pool,
      N_ ("The storage pool of the copies (default: where the disks are)"), N_ ("POOL") },
    STRATA_CLI_SEALING_ENTRIES (&options.sealing),
    { "shut-down", 0, 0, G_OPTION_ARG_NONE, &options.shut_down,
      N_ ("Shut it down first if it runs"), NULL },
    { "force-off", 0, 0, G_OPTION_ARG_NONE, &options.force_off,
      N_ ("Pull its plug first if it runs"), NULL },
    { "timeout", 0, 0, G_OPTION_ARG_INT, &options.timeout,
      N_ ("How long to wait for the shutdown (default: 120)"), N_ ("SECONDS") },
    { NULL },
  };

  if (strata_cli_parse (cli, argv, entries, &arguments) && check_create_options (cli, &options))
    status = create (cli, arguments[0], &options);

  g_free (options.name);
  g_free (options.pool);
  g_free (options.sealing.seal);

  return status;
}

/* The planner sees what the storage pools list; a dumped definition may name any file. */
static gboolean
check_disks (StrataDomainXml *definition, const char *path, GError **error)
{
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (definition);

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = disks->pdata[i];

      if (g_strcmp0 (disk->type, "file") != 0 || g_strcmp0 (disk->device, "disk") != 0 ||
          disk->source == NULL || g_file_test (disk->source, G_FILE_TEST_EXISTS))
        continue;

      strata_set_error (error, STRATA_ERROR_NOT_FOUND,
                        _ ("Put the disk there, or correct the path in the definition."),
                        _ ("Disk %s in “%s” names “%s”, which isn’t there"), disk->target, path,
                        disk->source);
      return FALSE;
    }

  return TRUE;
}

static gboolean
read_definition (StrataCli *cli, const char *path, StrataRequest *request, GError **error)
{
  g_autoptr (StrataDomainXml) definition = NULL;

  request->text = strata_cli_read_file (path, MAX_XML, error);
  if (request->text == NULL)
    return FALSE;

  definition = strata_domain_xml_new_from_string (request->text, error);
  if (definition == NULL)
    {
      g_prefix_error (error, "%s: ", path);
      return FALSE;
    }

  if (request->name == NULL)
    {
      g_autofree char *source = strata_domain_xml_get_name (definition);

      if (source == NULL || *source == '\0')
        {
          strata_set_error (error, STRATA_ERROR_INVALID, _ ("Give one with --name."),
                            _ ("The definition in “%s” has no name"), path);
          return FALSE;
        }
      request->name = strata_name_from_source (NAME_PATTERN, source);
    }

  return !strata_connection_get_facts (cli->connection)->is_local ||
         check_disks (definition, path, error);
}

static StrataCliStatus
import (StrataCli *cli, const char *path, char **name, StrataCliSealing *sealing)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_TEMPLATE_IMPORT);
  g_autoptr (GError) error = NULL;
  StrataCliStatus status;

  request->file = g_canonicalize_filename (path, NULL);
  request->name = g_steal_pointer (name);
  if (!strata_cli_sealing_apply (cli, sealing, request, &status))
    return status;

  if (!strata_cli_connect (cli, &error) || !read_definition (cli, path, request, &error))
    return strata_cli_fail_unstarted (cli, error);

  return strata_cli_carry_out (cli, request, (const char *const[]) { request->name, NULL });
}

static StrataCliStatus
run_import (StrataCli *cli, GStrv argv)
{
  StrataCliSealing sealing = { 0 };
  char *name = NULL;
  g_auto (GStrv) arguments = NULL;
  StrataCliStatus status = STRATA_CLI_USAGE;
  const GOptionEntry entries[] = {
    { "name", 0, 0, G_OPTION_ARG_STRING, &name,
      N_ ("The template’s name (default: template- and the definition’s own)"), N_ ("NAME") },
    STRATA_CLI_SEALING_ENTRIES (&sealing),
    { NULL },
  };

  if (strata_cli_parse (cli, argv, entries, &arguments))
    status = import (cli, arguments[0], &name, &sealing);

  g_free (name);
  g_free (sealing.seal);

  return status;
}

static StrataCliStatus
run_list (StrataCli *cli, GStrv argv)
{
  g_auto (GStrv) arguments = NULL;

  if (!strata_cli_parse (cli, argv, NULL, &arguments))
    return STRATA_CLI_USAGE;

  return strata_cli_list_domains (cli, STRATA_CLI_TEMPLATES);
}

static StrataCliStatus
run_show (StrataCli *cli, GStrv argv)
{
  g_auto (GStrv) arguments = NULL;

  if (!strata_cli_parse (cli, argv, NULL, &arguments))
    return STRATA_CLI_USAGE;

  return strata_cli_show_domain (cli, arguments[0], STRATA_CLI_TEMPLATES);
}

static StrataCliStatus
run_delete (StrataCli *cli, GStrv argv)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_DELETE);
  g_auto (GStrv) arguments = NULL;
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (GError) error = NULL;
  StrataDomainFacts *domain = NULL;

  if (!strata_cli_parse (cli, argv, NULL, &arguments))
    return STRATA_CLI_USAGE;

  if (strata_cli_connect (cli, &error))
    graph = strata_cli_gather (cli, &error);
  if (graph != NULL)
    domain = strata_cli_find_domain (graph, arguments[0], STRATA_CLI_TEMPLATES, &error);
  if (domain == NULL)
    return strata_cli_fail_unstarted (cli, error);

  /* By UUID, so that whatever has been looked at is what goes. */
  request->domain = g_strdup (domain->uuid);

  return strata_cli_carry_out (cli, request, NULL);
}

const StrataCliVerb strata_cli_template_create_verb = {
  "template", "create", N_ ("VM"),  N_ ("Make a sealed template of a virtual machine"),
  1,          1,        run_create,
};

const StrataCliVerb strata_cli_template_import_verb = {
  "template",
  "import",
  N_ ("FILE.xml"),
  N_ ("Make a template of a dumped definition and its disks"),
  1,
  1,
  run_import,
};

const StrataCliVerb strata_cli_template_list_verb = {
  "template", "list", "", N_ ("List the templates of a host"), 0, 0, run_list,
};

const StrataCliVerb strata_cli_template_show_verb = {
  "template", "show", N_ ("TEMPLATE"), N_ ("Show a template and its thin clones"), 1, 1, run_show,
};

const StrataCliVerb strata_cli_template_delete_verb = {
  "template", "delete", N_ ("TEMPLATE"), N_ ("Delete a template and its disks"), 1, 1, run_delete,
};
