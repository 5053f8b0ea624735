/* SPDX-License-Identifier: GPL-3.0-or-later */

/* list, show and chain: what there is on a host. */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "strata-cli-list.h"
#include "strata-cli-output.h"
#include "strata-cli-session.h"
#include "base/strata-error.h"

static gpointer
list_in_thread (StrataCli *cli, gpointer user_data, GError **error)
{
  return strata_connection_list_domains (cli->connection, cli->cancellable, error);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  const StrataDomainFacts *first = *(const StrataDomainFacts *const *) a;
  const StrataDomainFacts *second = *(const StrataDomainFacts *const *) b;

  return g_strcmp0 (first->name, second->name);
}

static void
list_as_json (GPtrArray *domains, StrataCliFilter filter)
{
  JsonObject *document = strata_cli_document_new (STRATA_CLI_OUTCOME_DONE);
  JsonArray *machines = json_array_new ();
  JsonArray *templates = json_array_new ();

  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = domains->pdata[i];

      json_array_add_object_element (domain->template_mark != NULL ? templates : machines,
                                     strata_cli_domain_to_json (domain));
    }

  if (filter != STRATA_CLI_TEMPLATES)
    json_object_set_array_member (document, "machines", json_array_ref (machines));
  if (filter != STRATA_CLI_MACHINES)
    json_object_set_array_member (document, "templates", json_array_ref (templates));

  json_array_unref (machines);
  json_array_unref (templates);
  strata_cli_print_document (document);
}

static GStrv
row_new (const char *name, const char *kind, const char *state, const char *system)
{
  const char *cells[] = { name, kind, state, system, NULL };

  return g_strdupv ((GStrv) cells);
}

static void
list_as_table (GPtrArray *domains, StrataCliFilter filter)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);

  g_ptr_array_add (rows, row_new (_ ("Name"), _ ("Kind"), _ ("State"), _ ("System")));
  for (guint i = 0; i < domains->len; i++)
    {
      const StrataDomainFacts *domain = domains->pdata[i];
      const StrataTemplateMark *mark = domain->template_mark;
      g_autofree char *kind = NULL;

      if (!strata_cli_filter_takes (filter, domain))
        continue;

      kind = strata_cli_describe_kind (domain);
      g_ptr_array_add (rows, row_new (domain->name, kind, strata_cli_describe_state (domain->state),
                                      mark != NULL && mark->os != NULL ? mark->os : ""));
    }

  strata_cli_print_table (rows);
}

/**
 * strata_cli_list_domains:
 * @cli: a run that is not connected yet
 * @filter: which ones
 *
 * Prints the domains of the host by their names.
 *
 * Returns: the exit status
 */
StrataCliStatus
strata_cli_list_domains (StrataCli *cli, StrataCliFilter filter)
{
  g_autoptr (GPtrArray) domains = NULL;
  g_autoptr (GError) error = NULL;

  if (strata_cli_connect (cli, &error))
    domains = strata_cli_call (cli, list_in_thread, NULL, &error);
  if (domains == NULL)
    return strata_cli_fail_unstarted (cli, error);

  g_ptr_array_sort (domains, compare_names);
  if (cli->json)
    list_as_json (domains, filter);
  else
    list_as_table (domains, filter);

  return STRATA_CLI_DONE;
}

/**
 * strata_cli_find_domain:
 * @graph: the host
 * @name: a name or UUID
 * @filter: what it has to be
 * @error: `STRATA_ERROR_NOT_FOUND`
 *
 * Returns: (transfer none): the domain, or %NULL
 */
StrataDomainFacts *
strata_cli_find_domain (StrataGraph *graph,
                        const char *name,
                        StrataCliFilter filter,
                        GError **error)
{
  StrataDomainFacts *domain = strata_graph_find_domain (graph, name);

  if (domain == NULL)
    strata_set_error (error, STRATA_ERROR_NOT_FOUND,
                      _ ("“stratactl list” shows the names on this host."),
                      _ ("There is no virtual machine or template “%s” on this host"), name);
  else if (!strata_cli_filter_takes (filter, domain))
    strata_set_error (error, STRATA_ERROR_NOT_FOUND,
                      _ ("“stratactl template list” shows the templates on this host."),
                      _ ("“%s” is a virtual machine, not a template"), name);
  else
    return domain;

  return NULL;
}

/**
 * strata_cli_show_domain:
 * @cli: a run that is not connected yet
 * @name: a name or UUID
 * @filter: what it has to be
 *
 * Prints what is known about one domain.
 *
 * Returns: the exit status
 */
StrataCliStatus
strata_cli_show_domain (StrataCli *cli, const char *name, StrataCliFilter filter)
{
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (GError) error = NULL;
  StrataDomainFacts *domain = NULL;

  if (strata_cli_connect (cli, &error))
    graph = strata_cli_gather (cli, &error);
  if (graph != NULL)
    domain = strata_cli_find_domain (graph, name, filter, &error);
  if (domain == NULL)
    return strata_cli_fail_unstarted (cli, error);

  if (cli->json)
    {
      JsonObject *document = strata_cli_document_new (STRATA_CLI_OUTCOME_DONE);

      json_object_set_object_member (document,
                                     domain->template_mark != NULL ? "template" : "machine",
                                     strata_cli_details_to_json (graph, domain));
      strata_cli_print_document (document);
    }
  else
    {
      strata_cli_print_details (graph, domain);
    }

  return STRATA_CLI_DONE;
}

static StrataCliStatus
run_list (StrataCli *cli, GStrv argv)
{
  gboolean templates = FALSE;
  gboolean machines = FALSE;
  g_auto (GStrv) arguments = NULL;
  const GOptionEntry entries[] = {
    { "templates", 0, 0, G_OPTION_ARG_NONE, &templates, N_ ("Only templates"), NULL },
    { "machines", 0, 0, G_OPTION_ARG_NONE, &machines, N_ ("Only virtual machines"), NULL },
    { NULL },
  };

  if (!strata_cli_parse (cli, argv, entries, &arguments))
    return STRATA_CLI_USAGE;
  if (templates && machines)
    return strata_cli_usage_error (cli, _ ("--templates and --machines exclude each other"));

  if (templates)
    return strata_cli_list_domains (cli, STRATA_CLI_TEMPLATES);

  return strata_cli_list_domains (cli, machines ? STRATA_CLI_MACHINES : STRATA_CLI_ALL);
}

static StrataCliStatus
run_show (StrataCli *cli, GStrv argv)
{
  g_auto (GStrv) arguments = NULL;

  if (!strata_cli_parse (cli, argv, NULL, &arguments))
    return STRATA_CLI_USAGE;

  return strata_cli_show_domain (cli, arguments[0], STRATA_CLI_ALL);
}

const StrataCliVerb strata_cli_list_verb = {
  NULL, "list", "", N_ ("List the virtual machines and templates of a host"), 0, 0, run_list,
};

const StrataCliVerb strata_cli_show_verb = {
  NULL, "show", N_ ("NAME"), N_ ("Show a virtual machine or template"), 1, 1, run_show,
};
