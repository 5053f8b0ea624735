/* SPDX-License-Identifier: GPL-3.0-or-later */

/* stratactl: the command line to the same engine that the window drives. This file finds the verb and
 * reads the options that all verbs share.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "strata-cli-output.h"
#include "strata-cli-session.h"
#include "strata-cli.h"
#include "base/strata-error.h"

static const StrataCliVerb *const verbs[] = {
  &strata_cli_list_verb,
  &strata_cli_show_verb,
  &strata_cli_chain_verb,
  &strata_cli_template_create_verb,
  &strata_cli_template_deploy_verb,
  &strata_cli_template_import_verb,
  &strata_cli_template_list_verb,
  &strata_cli_template_show_verb,
  &strata_cli_template_delete_verb,
  &strata_cli_seal_verb,
  &strata_cli_snapshot_list_verb,
  &strata_cli_snapshot_create_verb,
  &strata_cli_snapshot_revert_verb,
  &strata_cli_snapshot_delete_verb,
  &strata_cli_snapshot_edit_verb,
  &strata_cli_clone_create_verb,
  &strata_cli_clone_flatten_verb,
  &strata_cli_disk_merge_verb,
  &strata_cli_doctor_verb,
  &strata_cli_job_list_verb,
  &strata_cli_job_resume_verb,
  &strata_cli_job_rollback_verb,
  &strata_cli_job_dismiss_verb,
  &strata_cli_job_unlock_verb,
};

/* The words that call it, "template create". */
static char *
get_path (const StrataCliVerb *verb)
{
  if (verb->group == NULL)
    return g_strdup (verb->name);

  return g_strdup_printf ("%s %s", verb->group, verb->name);
}

/* They belong to the main options of every context, so that --help shows them without being asked. */
static void
add_shared_options (StrataCli *cli, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "connect", 'c', 0, G_OPTION_ARG_STRING, &cli->uri,
      N_ ("The libvirt host, as with virsh: a URI or an alias of libvirt.conf"), N_ ("URI") },
    { "readonly", 'r', 0, G_OPTION_ARG_NONE, &cli->read_only,
      N_ ("Open it for reading only, as with virsh"), NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &cli->json, N_ ("Print one JSON document"), NULL },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &cli->dry_run, N_ ("Print the plan and touch nothing"),
      NULL },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &cli->verbose, N_ ("Say each step on stderr"), NULL },
    { NULL },
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static char *
describe_verbs (void)
{
  GString *text = g_string_new (_ ("Verbs:"));

  for (size_t i = 0; i < G_N_ELEMENTS (verbs); i++)
    {
      g_autofree char *path = get_path (verbs[i]);

      g_string_append_printf (text, "\n  %-18s %s", path, _ (verbs[i]->summary));
    }
  g_string_append_printf (text, "\n\n%s", _ ("“stratactl VERB --help” describes a verb."));

  return g_string_free (text, FALSE);
}

static void
print_usage (StrataCli *cli)
{
  g_autofree char *path = NULL;

  if (cli->verb == NULL)
    {
      fprintf (stderr, "%s\n%s\n", _ ("Usage: stratactl [OPTION…] VERB …"),
               _ ("“stratactl --help” lists the verbs."));
      return;
    }

  path = get_path (cli->verb);
  strata_cli_print_line (stderr, _ ("Usage: stratactl %s [OPTION…] %s\n"), path,
                         _ (cli->verb->arguments));
  strata_cli_print_line (stderr, _ ("“stratactl %s --help” describes it.\n"), path);
}

/**
 * strata_cli_usage_error:
 * @cli: the run
 * @format: what is wrong with the command line
 * @...: arguments for @format
 *
 * Says so, and how the verb is to be used.
 *
 * Returns: %STRATA_CLI_USAGE
 */
StrataCliStatus
strata_cli_usage_error (StrataCli *cli, const char *format, ...)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);

  /* GOption takes back what it had read when it fails. */
  cli->json = cli->wants_json;
  error = strata_error_new (STRATA_ERROR_INVALID, NULL, "%s", message);
  strata_cli_fail (cli, error, STRATA_CLI_USAGE, STRATA_CLI_OUTCOME_NOT_STARTED, NULL);
  print_usage (cli);

  return STRATA_CLI_USAGE;
}

/* GOption leaves the “--” in that ends the options where other words came before it. */
static void
remove_separator (GStrv words, GStrv original)
{
  guint n = g_strv_length (words);
  guint left = 0;
  guint given = 0;
  guint first = n;

  for (guint i = 0; original[i] != NULL; i++)
    given += g_str_equal (original[i], "--");
  for (guint i = n; i > 0; i--)
    {
      if (!g_str_equal (words[i - 1], "--"))
        continue;
      left++;
      first = i - 1;
    }
  if (given == 0 || left < given)
    return;

  g_free (words[first]);
  memmove (words + first, words + first + 1, (n - first) * sizeof *words);
}

/**
 * strata_cli_parse:
 * @cli: the run
 * @argv: the command line from the verb's own word on
 * @entries: (nullable): the verb's own options
 * @arguments: (out) (transfer full): what remains, without the verb
 *
 * Reads the options of the verb that runs. Where they are wrong it says so, and the caller returns
 * %STRATA_CLI_USAGE.
 *
 * Returns: %FALSE if the command line is wrong
 */
gboolean
strata_cli_parse (StrataCli *cli, GStrv argv, const GOptionEntry *entries, GStrv *arguments)
{
  g_autoptr (GOptionContext) context = g_option_context_new (_ (cli->verb->arguments));
  g_autofree char *path = get_path (cli->verb);
  g_auto (GStrv) words = g_strdupv (argv);
  g_autoptr (GError) error = NULL;
  g_autofree char *program = g_strdup_printf ("stratactl %s", path);
  guint n_arguments;

  /* The word in front is what --help calls the program. */
  g_free (words[0]);
  words[0] = g_steal_pointer (&program);
  g_set_prgname (words[0]);

  g_option_context_set_summary (context, _ (cli->verb->summary));
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  if (entries != NULL)
    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  add_shared_options (cli, context);

  if (!g_option_context_parse_strv (context, &words, &error))
    {
      strata_cli_usage_error (cli, "%s", error->message);
      return FALSE;
    }

  remove_separator (words, argv);
  n_arguments = g_strv_length (words) - 1;
  if (n_arguments < cli->verb->min_arguments)
    {
      strata_cli_usage_error (cli, _ ("“%s” needs %s"), path, _ (cli->verb->arguments));
      return FALSE;
    }
  if (n_arguments > cli->verb->max_arguments)
    {
      strata_cli_usage_error (cli, _ ("“%s” is one argument too many"),
                              words[cli->verb->max_arguments + 1]);
      return FALSE;
    }

  *arguments = g_strdupv (words + 1);

  return TRUE;
}

static const StrataCliVerb *
find_verb (GStrv words, guint *n_words)
{
  for (size_t i = 0; i < G_N_ELEMENTS (verbs); i++)
    {
      const StrataCliVerb *verb = verbs[i];

      *n_words = verb->group != NULL ? 2 : 1;
      if (g_strv_length (words) < *n_words)
        continue;
      if (verb->group != NULL && !g_str_equal (words[0], verb->group))
        continue;
      if (g_str_equal (words[*n_words - 1], verb->name))
        return verb;
    }

  return NULL;
}

/* Returns FALSE with the exit status in STATUS if there is nothing more to do. */
static gboolean
parse_before_verb (StrataCli *cli, GStrv *words, StrataCliStatus *status)
{
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("VERB …"));
  g_autofree char *description = describe_verbs ();
  g_autoptr (GError) error = NULL;
  gboolean version = FALSE;
  const GOptionEntry entries[] = {
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, N_ ("Print the version"), NULL },
    { NULL },
  };

  /* What comes after the verb is the verb's own. */
  g_option_context_set_strict_posix (context, TRUE);
  g_option_context_set_summary (context,
                                _ ("Makes sealed templates of virtual machines, deploys clones of "
                                   "them, and keeps their snapshots."));
  g_option_context_set_description (context, description);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  add_shared_options (cli, context);

  if (!g_option_context_parse_strv (context, words, &error))
    {
      *status = strata_cli_usage_error (cli, "%s", error->message);
      return FALSE;
    }

  if (version)
    {
      printf ("stratactl %s\n", PACKAGE_VERSION);
      *status = STRATA_CLI_DONE;
      return FALSE;
    }

  return TRUE;
}

static StrataCliStatus
run (StrataCli *cli, GStrv *words)
{
  StrataCliStatus status;
  guint n_words = 0;

  if (!parse_before_verb (cli, words, &status))
    return status;

  if ((*words)[1] == NULL)
    return strata_cli_usage_error (cli, "%s", _ ("A verb is missing"));

  cli->verb = find_verb (*words + 1, &n_words);
  if (cli->verb == NULL)
    {
      g_autofree char *given = g_strjoinv (" ", *words + 1);

      return strata_cli_usage_error (cli, _ ("There is no verb “%s”"), given);
    }

  strata_cli_watch_signals (cli);

  return cli->verb->run (cli, *words + n_words);
}

/* A command line that can't be parsed is answered in JSON too, so this one is looked for by itself. */
static gboolean
wants_json (GStrv words)
{
  for (size_t i = 1; words[i] != NULL && !g_str_equal (words[i], "--"); i++)
    {
      if (g_str_equal (words[i], "--json"))
        return TRUE;
    }

  return FALSE;
}

int
main (int argc, char **argv)
{
  g_auto (GStrv) words = g_strdupv (argv);
  StrataCli cli = { 0 };
  StrataCliStatus status;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("stratactl");

  /* What libvirt wants to say comes back as an error; its log would get between our own lines. */
  g_setenv ("LIBVIRT_DEBUG", "4", FALSE);

  cli.wants_json = wants_json (words);
  cli.cancellable = g_cancellable_new ();

  status = run (&cli, &words);
  fflush (stdout);

  g_clear_object (&cli.queue);
  g_clear_object (&cli.connection);
  g_clear_object (&cli.cancellable);
  g_free (cli.uri);

  return status;
}
