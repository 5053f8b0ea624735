/* SPDX-License-Identifier: GPL-3.0-or-later */

/* chain: every layer of every disk, from the one the guest writes to down to the bottom. */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "plan/strata-health.h"
#include "strata-cli-doctor.h"
#include "strata-cli-list.h"
#include "strata-cli-output.h"
#include "strata-cli-session.h"

/* Whatever is there of the chain, down to a layer that is missing or has been seen already: a broken
 * chain is a finding about the host and no failure of the command. */
static GPtrArray *
collect_layers (StrataGraph *graph, const char *top)
{
  GPtrArray *layers = g_ptr_array_new ();

  for (StrataChain link = strata_graph_walk (graph, top); link.image != NULL;
       strata_chain_next (&link))
    g_ptr_array_add (layers, link.image);

  return layers;
}

static char *
find_problem (StrataGraph *graph, const char *top)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) chain = NULL;

  if (top == NULL)
    return NULL;

  chain = strata_graph_get_chain (graph, top, &error);

  return error != NULL ? g_strdup (error->message) : NULL;
}

static JsonObject *
disk_to_json (StrataGraph *graph, const StrataDiskXml *disk)
{
  JsonObject *object = json_object_new ();
  JsonArray *array = json_array_new ();
  g_autoptr (GPtrArray) layers = collect_layers (graph, disk->source);
  g_autofree char *problem = find_problem (graph, disk->source);

  for (guint i = 0; i < layers->len; i++)
    json_array_add_object_element (array, strata_cli_image_to_json (layers->pdata[i]));

  json_object_set_string_member (object, "target", disk->target);
  json_object_set_array_member (object, "chain", array);
  strata_cli_set_string (object, "problem", problem);

  return object;
}

static void
print_disk (StrataGraph *graph, const StrataDiskXml *disk)
{
  g_autoptr (GPtrArray) layers = collect_layers (graph, disk->source);
  g_autofree char *problem = find_problem (graph, disk->source);

  strata_cli_print_line (stdout, "%s", disk->target);
  if (disk->source == NULL)
    strata_cli_print_line (stdout, "  %s", _ ("empty"));

  for (guint i = 0; i < layers->len; i++)
    {
      const StrataImage *image = layers->pdata[i];
      g_autofree char *facts = strata_cli_describe_image (image);

      strata_cli_print_line (stdout, "%*s%s%s  (%s)", (int) (2 + i * 2), "", i > 0 ? "└ " : "",
                             image->path, facts);
    }

  if (problem != NULL)
    strata_cli_print_line (stdout, "  %s", problem);
}

static StrataCliStatus
run_chain (StrataCli *cli, GStrv argv)
{
  g_auto (GStrv) arguments = NULL;
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) findings = NULL;
  StrataDomainFacts *domain = NULL;
  gboolean check = FALSE;
  const GOptionEntry entries[] = {
    { "check", 0, 0, G_OPTION_ARG_NONE, &check, N_ ("Say what is the matter with it"), NULL },
    { NULL },
  };

  if (!strata_cli_parse (cli, argv, entries, &arguments))
    return STRATA_CLI_USAGE;

  if (strata_cli_connect (cli, &error))
    graph = strata_cli_gather (cli, &error);
  if (graph != NULL)
    domain = strata_cli_find_domain (graph, arguments[0], STRATA_CLI_ALL, &error);
  if (domain == NULL)
    return strata_cli_fail_unstarted (cli, error);

  if (check)
    findings = strata_health_check (graph, domain);

  if (cli->json)
    {
      JsonObject *document = strata_cli_document_new (STRATA_CLI_OUTCOME_DONE);
      JsonArray *disks = json_array_new ();

      for (guint i = 0; i < domain->disks->len; i++)
        json_array_add_object_element (disks, disk_to_json (graph, domain->disks->pdata[i]));
      json_object_set_string_member (document, "name", domain->name);
      json_object_set_array_member (document, "disks", disks);
      if (check)
        json_object_set_array_member (document, "findings", strata_cli_findings_to_json (findings));
      strata_cli_print_document (document);
    }
  else
    {
      for (guint i = 0; i < domain->disks->len; i++)
        print_disk (graph, domain->disks->pdata[i]);
      if (check && findings->len == 0)
        strata_cli_print_line (stdout, "%s", _ ("Nothing is the matter."));
      else if (check)
        strata_cli_print_findings (findings);
    }

  return STRATA_CLI_DONE;
}

const StrataCliVerb strata_cli_chain_verb = {
  NULL, "chain", N_ ("NAME"), N_ ("Show the backing chain of each disk"), 1, 1, run_chain,
};
