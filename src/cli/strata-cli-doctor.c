/* SPDX-License-Identifier: GPL-3.0-or-later */

/* doctor: what is the matter with images and snapshots, and the repair of what can be repaired without touching a
 * byte.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "plan/strata-health.h"
#include "strata-cli-doctor.h"
#include "strata-cli-list.h"
#include "strata-cli-output.h"
#include "strata-cli-run.h"
#include "strata-cli-session.h"

JsonArray *
strata_cli_findings_to_json (GPtrArray *findings)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < findings->len; i++)
    {
      const StrataFinding *finding = findings->pdata[i];
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "code", finding->code);
      strata_cli_set_string (object, "name", finding->domain);
      json_object_set_string_member (object, "message", finding->text);
      strata_cli_set_string (object, "hint", finding->hint);
      json_object_set_boolean_member (object, "mendable", finding->mendable);
      json_array_add_object_element (array, object);
    }

  return array;
}

void
strata_cli_print_findings (GPtrArray *findings)
{
  for (guint i = 0; i < findings->len; i++)
    {
      const StrataFinding *finding = findings->pdata[i];

      strata_cli_print_line (stdout, "%s%s%s", finding->domain != NULL ? finding->domain : "",
                             finding->domain != NULL ? ": " : "", finding->text);
      strata_cli_print_line (stdout, "  %s", finding->hint);
    }
}

static void
print_all (StrataCli *cli, GPtrArray *findings)
{
  if (cli->json)
    {
      JsonObject *document = strata_cli_document_new (STRATA_CLI_OUTCOME_DONE);

      json_object_set_array_member (document, "findings", strata_cli_findings_to_json (findings));
      strata_cli_print_document (document);
    }
  else if (findings->len == 0)
    {
      strata_cli_print_line (stdout, "%s", _ ("Nothing is the matter."));
    }
  else
    {
      strata_cli_print_findings (findings);
    }
}

static StrataCliStatus
repair (StrataCli *cli, const char *name)
{
  g_autoptr (StrataRequest) request = strata_request_new (STRATA_REQUEST_RECONCILE);

  request->domain = g_strdup (name);

  return strata_cli_carry_out (cli, request, NULL);
}

static StrataCliStatus
run_doctor (StrataCli *cli, GStrv argv)
{
  g_auto (GStrv) arguments = NULL;
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (GPtrArray) findings = NULL;
  g_autoptr (GError) error = NULL;
  StrataDomainFacts *domain = NULL;
  gboolean wants_repair = FALSE;
  const GOptionEntry entries[] = {
    { "repair", 0, 0, G_OPTION_ARG_NONE, &wants_repair,
      N_ ("Repair what can be repaired of this virtual machine"), NULL },
    /* as it was called at first */
    { "mend", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &wants_repair, NULL, NULL },
    { NULL },
  };

  if (!strata_cli_parse (cli, argv, entries, &arguments))
    return STRATA_CLI_USAGE;
  if (wants_repair && arguments[0] == NULL)
    return strata_cli_usage_error (cli, _ ("--repair needs the name of a virtual machine"));

  if (strata_cli_connect (cli, &error))
    graph = strata_cli_gather (cli, &error);
  if (graph != NULL && arguments[0] != NULL)
    domain = strata_cli_find_domain (graph, arguments[0], STRATA_CLI_ALL, &error);
  if (error != NULL)
    return strata_cli_fail_unstarted (cli, error);
  if (wants_repair)
    return repair (cli, domain->uuid);

  findings = strata_health_check (graph, domain);
  print_all (cli, findings);

  return STRATA_CLI_DONE;
}

const StrataCliVerb strata_cli_doctor_verb = {
  NULL, "doctor", N_ ("[NAME]"), N_ ("Say what is the matter with images and snapshots"),
  0,    1,        run_doctor,
};
