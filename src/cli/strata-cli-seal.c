/* SPDX-License-Identifier: GPL-3.0-or-later */

/* seal, and the sealing options of other verbs. The operations are virt-sysprep's own, asked of it at
 * run time.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <stdlib.h>

#include "guest/strata-guest-client.h"
#include "strata-cli-output.h"
#include "strata-cli-run.h"
#include "strata-cli-seal.h"
#include "strata-cli-session.h"
#include "base/strata-error.h"

/* Words with commas between them, and none of them empty. */
static gboolean
split_words (const char *list, GStrv *words, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (list, ",", -1);

  for (size_t i = 0; parts[i] != NULL; i++)
    {
      if (*g_strstrip (parts[i]) == '\0')
        {
          strata_set_error (error, STRATA_ERROR_INVALID,
                            _ ("“stratactl seal --list” shows the operations."),
                            _ ("“%s” is not a list of sealing operations"), list);
          return FALSE;
        }
    }

  if (parts[0] == NULL)
    {
      strata_set_error (error, STRATA_ERROR_INVALID,
                        _ ("To leave the guest as it is, use --no-seal."),
                        _ ("The list of sealing operations is empty"));
      return FALSE;
    }

  *words = g_steal_pointer (&parts);

  return TRUE;
}

static gpointer
operations_in_thread (StrataCli *cli, gpointer user_data, GError **error)
{
  g_autoptr (StrataGuestClient) client = strata_guest_client_new (NULL);

  return strata_guest_client_list_operations (client, cli->cancellable, error);
}

static gboolean
is_offered (JsonArray *offered, const char *name)
{
  for (guint i = 0; i < json_array_get_length (offered); i++)
    {
      JsonObject *operation = json_array_get_object_element (offered, i);

      if (g_strcmp0 (json_object_get_string_member_with_default (operation, "name", NULL), name) ==
          0)
        return TRUE;
    }

  return FALSE;
}

/* Whether all of them can be had here: asked before anything is begun, so that a slip of the finger costs nothing. */
static gboolean
check_operations (StrataCli *cli, GStrv operations, GError **error)
{
  g_autoptr (JsonObject) answer = NULL;
  JsonArray *offered;

  if (operations == NULL || operations[0] == NULL)
    return TRUE;

  answer = strata_cli_call (cli, operations_in_thread, NULL, error);
  if (answer == NULL)
    return FALSE;

  offered = json_object_get_array_member (answer, "operations");
  for (size_t i = 0; operations[i] != NULL; i++)
    {
      if (!is_offered (offered, operations[i]))
        {
          strata_set_error (error, STRATA_ERROR_INVALID,
                            _ ("“stratactl seal --list” shows the operations."),
                            _ ("There is no sealing operation “%s”"), operations[i]);
          return FALSE;
        }
    }

  return TRUE;
}

/**
 * strata_cli_sealing_apply:
 * @cli: the run
 * @sealing: what the user said; cleared
 * @request: where it goes
 * @status: (out): the exit status where it was wrong
 *
 * Returns: %FALSE if the user has been told what is wrong
 */
gboolean
strata_cli_sealing_apply (StrataCli *cli,
                          StrataCliSealing *sealing,
                          StrataRequest *request,
                          StrataCliStatus *status)
{
  g_autofree char *list = g_steal_pointer (&sealing->seal);
  g_auto (GStrv) accepted = g_steal_pointer (&sealing->accepted);
  g_autoptr (GError) error = NULL;

  if (list != NULL && sealing->no_seal)
    {
      *status = strata_cli_usage_error (cli, _ ("--seal and --no-seal exclude each other"));
      return FALSE;
    }

  if (accepted != NULL && sealing->no_seal)
    {
      *status =
          strata_cli_usage_error (cli, _ ("--accept-unmounted and --no-seal exclude each other"));
      return FALSE;
    }

  request->accepted = g_steal_pointer (&accepted);
  if (sealing->no_seal)
    request->operations = g_new0 (char *, 1);

  if (list != NULL && (!split_words (list, &request->operations, &error) ||
                       !check_operations (cli, request->operations, &error)))
    {
      *status = strata_cli_fail_unstarted (cli, error);
      return FALSE;
    }

  return TRUE;
}

static void
print_operations (JsonArray *operations)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);

  for (guint i = 0; i < json_array_get_length (operations); i++)
    {
      JsonObject *operation = json_array_get_object_element (operations, i);
      const char *cells[] = {
        json_object_get_boolean_member_with_default (operation, "default", FALSE) ? "*" : " ",
        json_object_get_string_member_with_default (operation, "name", ""),
        json_object_get_string_member_with_default (operation, "description", ""),
        NULL,
      };

      g_ptr_array_add (rows, g_strdupv ((GStrv) cells));
    }

  strata_cli_print_table (rows);
}

static StrataCliStatus
list_operations (StrataCli *cli)
{
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (GError) error = NULL;

  answer = strata_cli_call (cli, operations_in_thread, NULL, &error);
  if (answer == NULL)
    return strata_cli_fail_unstarted (cli, error);

  if (cli->json)
    {
      JsonObject *document = strata_cli_document_new (STRATA_CLI_OUTCOME_DONE);

      json_object_set_array_member (
          document, "operations",
          json_array_ref (json_object_get_array_member (answer, "operations")));
      strata_cli_print_document (document);
    }
  else
    {
      print_operations (json_object_get_array_member (answer, "operations"));
    }

  return STRATA_CLI_DONE;
}

/* A name with a slash is a path, as in the shell; so is a file that is there. */
static StrataRequest *
request_new (const char *what)
{
  StrataRequest *request;

  if (g_strstr_len (what, -1, "/") == NULL && !g_file_test (what, G_FILE_TEST_EXISTS))
    {
      request = strata_request_new (STRATA_REQUEST_SEAL_DOMAIN);
      request->domain = g_strdup (what);
      return request;
    }

  request = strata_request_new (STRATA_REQUEST_SEAL_IMAGE);
  /* Images are known by their canonical paths. One that isn't there is for the planner to miss, which
   * may look at another host than this. */
  request->file = realpath (what, NULL);
  if (request->file == NULL)
    request->file = g_canonicalize_filename (what, NULL);

  return request;
}

/* To the planner a file that isn't there is a broken chain; to the user who typed its name it is a slip. */
static gboolean
check_image (StrataCli *cli, const StrataRequest *request, GError **error)
{
  if (request->file == NULL || !strata_connection_get_facts (cli->connection)->is_local ||
      g_file_test (request->file, G_FILE_TEST_EXISTS))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL, _ ("There is no file “%s”"),
                    request->file);
  return FALSE;
}

static StrataCliStatus
seal (StrataCli *cli, GStrv arguments, GStrv accepted, const char *format)
{
  g_autoptr (StrataRequest) request = request_new (arguments[0]);
  g_autofree char *list = NULL;
  g_autoptr (GError) error = NULL;

  if (format != NULL && request->file == NULL)
    return strata_cli_usage_error (cli, _ ("--format is for an image"));
  request->format = g_strdup (format);
  request->accepted = g_strdupv (accepted);
  if (arguments[1] != NULL)
    {
      list = g_strjoinv (",", arguments + 1);
      if (!split_words (list, &request->operations, &error) ||
          !check_operations (cli, request->operations, &error))
        return strata_cli_fail_unstarted (cli, error);
    }

  if (!strata_cli_connect (cli, &error) || !check_image (cli, request, &error))
    return strata_cli_fail_unstarted (cli, error);

  return strata_cli_carry_out (cli, request, NULL);
}

static StrataCliStatus
run_seal (StrataCli *cli, GStrv argv)
{
  gboolean list = FALSE;
  g_auto (GStrv) accepted = NULL;
  g_auto (GStrv) arguments = NULL;
  g_autofree char *format = NULL;
  const GOptionEntry entries[] = {
    { "accept-unmounted", 0, 0, G_OPTION_ARG_STRING_ARRAY, &accepted,
      N_ ("Let this mount point or device of the guest go unsealed (may be repeated)"),
      N_ ("NAME") },
    { "format", 0, 0, G_OPTION_ARG_STRING, &format, N_ ("The image’s format, such as qcow2 or raw"),
      N_ ("FORMAT") },
    { "list", 0, 0, G_OPTION_ARG_NONE, &list,
      N_ ("List the operations; a star marks those that are the default"), NULL },
    { NULL },
  };

  if (!strata_cli_parse (cli, argv, entries, &arguments))
    return STRATA_CLI_USAGE;

  if (list && arguments[0] != NULL)
    return strata_cli_usage_error (cli, _ ("--list takes no argument"));
  if (list)
    return list_operations (cli);
  if (arguments[0] == NULL)
    return strata_cli_usage_error (cli, _ ("“seal” needs a virtual machine or an image"));

  return seal (cli, arguments, accepted, format);
}

const StrataCliVerb strata_cli_seal_verb = {
  NULL,
  "seal",
  N_ ("VM|IMAGE [OP…]"),
  N_ ("Seal a virtual machine that is off, or an image file, where it is"),
  0,
  64,
  run_seal,
};
