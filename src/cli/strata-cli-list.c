/* SPDX-License-Identifier: GPL-3.0-or-later */

/* list and show: what there is on a host, in words for people and in JSON for programs. */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "graph/strata-holders.h"
#include "strata-cli-list.h"
#include "strata-cli-output.h"
#include "strata-cli-session.h"
#include "base/strata-error.h"

/* Part of the JSON contract, hence not translated. */
static const char *const state_nicks[] = {
  [STRATA_DOMAIN_STATE_OFF] = "off",         [STRATA_DOMAIN_STATE_RUNNING] = "running",
  [STRATA_DOMAIN_STATE_PAUSED] = "paused",   [STRATA_DOMAIN_STATE_SHUTTING_DOWN] = "shutting-down",
  [STRATA_DOMAIN_STATE_CRASHED] = "crashed", [STRATA_DOMAIN_STATE_SUSPENDED] = "suspended",
};

static gboolean
filter_takes (StrataCliFilter filter, const StrataDomainFacts *domain)
{
  switch (filter)
    {
    case STRATA_CLI_MACHINES:
      return domain->template_mark == NULL;
    case STRATA_CLI_TEMPLATES:
      return domain->template_mark != NULL;
    case STRATA_CLI_ALL:
      break;
    }

  return TRUE;
}

static char *
describe_kind (const StrataDomainFacts *domain)
{
  if (domain->template_mark != NULL)
    return g_strdup (domain->template_mark->sealed != NULL ? _ ("template")
                                                           : _ ("template, not sealed"));
  if (domain->clone_mark == NULL)
    return g_strdup (_ ("machine"));

  /* Translators: a clone, and the name of its template */
  return g_strdup_printf (domain->clone_mark->thin ? _ ("thin clone of %s")
                                                   : _ ("full clone of %s"),
                          domain->clone_mark->template_name);
}

static const char *
describe_state (StrataDomainState state)
{
  switch (state)
    {
    case STRATA_DOMAIN_STATE_RUNNING:
      return _ ("running");
    case STRATA_DOMAIN_STATE_PAUSED:
      return _ ("paused");
    case STRATA_DOMAIN_STATE_SHUTTING_DOWN:
      return _ ("shutting down");
    case STRATA_DOMAIN_STATE_CRASHED:
      return _ ("crashed");
    case STRATA_DOMAIN_STATE_SUSPENDED:
      return _ ("suspended");
    case STRATA_DOMAIN_STATE_OFF:
      break;
    }

  return _ ("off");
}

static JsonObject *
template_to_json (const StrataTemplateMark *mark)
{
  JsonObject *object = json_object_new ();
  g_auto (GStrv) operations =
      g_strsplit (mark->operations != NULL ? mark->operations : "", ",", -1);
  g_auto (GStrv) notes = g_strsplit (mark->notes != NULL ? mark->notes : "", "\n", -1);

  json_object_set_int_member (object, "version", mark->version);
  json_object_set_boolean_member (object, "is-sealed", mark->sealed != NULL);
  strata_cli_set_string (object, "sealed", mark->sealed);
  strata_cli_set_string (object, "source", mark->source);
  strata_cli_set_string (object, "os", mark->os);
  strata_cli_set_string (object, "os-id", mark->os_id);
  strata_cli_set_strings (object, "operations", (const char *const *) operations);
  strata_cli_set_strings (object, "notes", (const char *const *) notes);

  return object;
}

static JsonObject *
clone_to_json (const StrataCloneMark *mark)
{
  JsonObject *object = json_object_new ();

  strata_cli_set_string (object, "template", mark->template_name);
  strata_cli_set_string (object, "template-uuid", mark->template_uuid);
  json_object_set_int_member (object, "version", mark->version);
  json_object_set_boolean_member (object, "thin", mark->thin);

  return object;
}

static JsonObject *
domain_to_json (const StrataDomainFacts *domain)
{
  JsonObject *object = json_object_new ();
  g_auto (GStrv) snapshots = strata_domain_facts_get_snapshot_names (domain);

  json_object_set_string_member (object, "name", domain->name);
  json_object_set_string_member (object, "uuid", domain->uuid);
  json_object_set_string_member (object, "kind",
                                 domain->template_mark != NULL ? "template" : "machine");
  json_object_set_string_member (object, "state", state_nicks[domain->state]);
  json_object_set_boolean_member (object, "persistent", domain->persistent);
  json_object_set_boolean_member (object, "autostart", domain->autostart);
  strata_cli_set_strings (object, "snapshots", (const char *const *) snapshots);

  if (domain->template_mark != NULL)
    json_object_set_object_member (object, "template", template_to_json (domain->template_mark));
  if (domain->clone_mark != NULL)
    json_object_set_object_member (object, "clone", clone_to_json (domain->clone_mark));

  return object;
}

static const char *
sight_to_nick (StrataImageSight sight)
{
  switch (sight)
    {
    case STRATA_IMAGE_SEEN:
      break;
    case STRATA_IMAGE_MISSING:
      return "missing";
    case STRATA_IMAGE_UNKNOWN:
      return "unknown";
    case STRATA_IMAGE_AMBIGUOUS:
      return "ambiguous";
    case STRATA_IMAGE_CONTRADICTING:
      return "contradicting";
    case STRATA_IMAGE_FOREIGN:
      return "foreign";
    }

  return "seen";
}

/**
 * strata_cli_image_to_json:
 * @image: an image
 *
 * Returns: (transfer full): its facts, sizes in bytes
 */
JsonObject *
strata_cli_image_to_json (const StrataImage *image)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "path", image->path);
  strata_cli_set_string (object, "format", image->format);
  strata_cli_set_string (object, "pool", image->pool);
  json_object_set_int_member (object, "capacity", (gint64) image->capacity);
  json_object_set_int_member (object, "allocation", (gint64) image->allocation);
  json_object_set_boolean_member (object, "missing", image->missing);
  json_object_set_string_member (object, "state", sight_to_nick (image->state));
  strata_cli_set_string (object, "problem", image->problem);
  strata_cli_set_string (object, "data-file", image->data_file);

  return object;
}

static JsonObject *
disk_to_json (StrataGraph *graph, const StrataDiskXml *disk)
{
  StrataImage *image = disk->source != NULL ? strata_graph_get_image (graph, disk->source) : NULL;
  JsonObject *object = image != NULL ? strata_cli_image_to_json (image) : json_object_new ();

  json_object_set_string_member (object, "target", disk->target);
  strata_cli_set_string (object, "device", disk->device);
  strata_cli_set_string (object, "bus", disk->bus);
  json_object_set_boolean_member (object, "read-only", disk->read_only);
  if (image == NULL)
    {
      strata_cli_set_string (object, "path", disk->source);
      strata_cli_set_string (object, "format", disk->format);
    }

  return object;
}

static GStrv
thin_clone_names (StrataGraph *graph, StrataDomainFacts *domain)
{
  g_autoptr (GPtrArray) clones = strata_graph_get_thin_clones (graph, domain);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (guint i = 0; i < clones->len; i++)
    g_strv_builder_add (names, ((StrataDomainFacts *) clones->pdata[i])->name);

  return g_strv_builder_end (names);
}

static void
add_hardware (JsonObject *object, StrataDomainXml *definition)
{
  g_auto (GStrv) macs = strata_domain_xml_get_macs (definition);
  g_autofree char *machine = strata_domain_xml_get_machine (definition);
  g_autofree char *virt_type = strata_domain_xml_get_virt_type (definition);

  json_object_set_int_member (object, "memory", (gint64) strata_domain_xml_get_memory (definition));
  json_object_set_int_member (object, "vcpus", strata_domain_xml_get_vcpus (definition));
  strata_cli_set_string (object, "virtualisation", virt_type);
  strata_cli_set_string (object, "machine", machine);
  json_object_set_string_member (object, "firmware",
                                 strata_domain_xml_is_uefi (definition) ? "uefi" : "bios");
  strata_cli_set_strings (object, "macs", (const char *const *) macs);
}

static JsonObject *
details_to_json (StrataGraph *graph, StrataDomainFacts *domain)
{
  JsonObject *object = domain_to_json (domain);
  JsonArray *disks = json_array_new ();

  strata_cli_set_string (object, "unread", domain->unread);
  if (strata_domain_facts_is_told (domain))
    add_hardware (object, domain->definition);

  for (guint i = 0; i < domain->disks->len; i++)
    json_array_add_object_element (disks, disk_to_json (graph, domain->disks->pdata[i]));
  json_object_set_array_member (object, "disks", disks);

  if (domain->template_mark != NULL)
    {
      g_auto (GStrv) names = thin_clone_names (graph, domain);

      strata_cli_set_strings (object, "thin-clones", (const char *const *) names);
    }

  return object;
}

/**
 * strata_cli_describe_image:
 * @image: (nullable): an image
 *
 * Returns: (transfer full): its format and sizes in words
 */
char *
strata_cli_describe_image (const StrataImage *image)
{
  g_autofree char *capacity = NULL;
  g_autofree char *allocation = NULL;

  if (image == NULL)
    return g_strdup (_ ("nothing is known about it"));
  if (image->missing)
    return g_strdup (_ ("missing"));
  if (image->state == STRATA_IMAGE_UNKNOWN)
    return g_strdup (image->problem);

  capacity = g_format_size (image->capacity);
  allocation = g_format_size (image->allocation);

  /* Translators: an image's format, its size in the guest, and what it takes on the disk */
  return g_strdup_printf (_ ("%s, %s, %s on disk"), image->format != NULL ? image->format : "?",
                          capacity, allocation);
}

static void
print_template (StrataGraph *graph, StrataDomainFacts *domain)
{
  const StrataTemplateMark *mark = domain->template_mark;
  g_auto (GStrv) names = thin_clone_names (graph, domain);
  g_autofree char *list = g_strjoinv (", ", names);
  g_auto (GStrv) notes = g_strsplit (mark->notes != NULL ? mark->notes : "", "\n", -1);

  strata_cli_print_field (_ ("Version"), "%u", mark->version);
  strata_cli_print_field (_ ("Sealed"), "%s", mark->sealed != NULL ? mark->sealed : _ ("no"));
  if (mark->operations != NULL)
    strata_cli_print_field (_ ("Operations"), "%s", mark->operations);
  if (mark->source != NULL)
    strata_cli_print_field (_ ("Made from"), "%s", mark->source);
  if (mark->os != NULL)
    strata_cli_print_field (_ ("System"), "%s", mark->os);
  for (size_t i = 0; notes[i] != NULL; i++)
    strata_cli_print_field (i == 0 ? _ ("Notes") : "", "%s", notes[i]);
  strata_cli_print_field (_ ("Thin clones"), "%s", *list != '\0' ? list : _ ("none"));
}

static void
print_hardware (StrataDomainXml *definition)
{
  g_autofree char *machine = strata_domain_xml_get_machine (definition);
  g_autofree char *memory =
      g_format_size_full (strata_domain_xml_get_memory (definition), G_FORMAT_SIZE_IEC_UNITS);
  g_auto (GStrv) macs = strata_domain_xml_get_macs (definition);
  g_autofree char *list = g_strjoinv (", ", macs);

  strata_cli_print_field (_ ("Memory"), "%s", memory);
  strata_cli_print_field (_ ("Processors"), "%u", strata_domain_xml_get_vcpus (definition));
  strata_cli_print_field (_ ("Machine"), "%s, %s", machine != NULL ? machine : "?",
                          strata_domain_xml_is_uefi (definition) ? "UEFI" : "BIOS");
  if (*list != '\0')
    strata_cli_print_field (_ ("MAC"), "%s", list);
}

static void
print_details (StrataGraph *graph, StrataDomainFacts *domain)
{
  g_auto (GStrv) snapshots = strata_domain_facts_get_snapshot_names (domain);
  g_autofree char *kind = describe_kind (domain);

  strata_cli_print_field (_ ("Name"), "%s", domain->name);
  strata_cli_print_field (_ ("UUID"), "%s", domain->uuid);
  strata_cli_print_field (_ ("Kind"), "%s", kind);
  strata_cli_print_field (_ ("State"), "%s", describe_state (domain->state));
  if (domain->unread != NULL)
    strata_cli_print_field (_ ("Unknown"), "%s", domain->unread);
  if (domain->template_mark != NULL)
    print_template (graph, domain);
  if (strata_domain_facts_is_told (domain))
    print_hardware (domain->definition);

  for (guint i = 0; i < domain->disks->len; i++)
    {
      const StrataDiskXml *disk = domain->disks->pdata[i];
      StrataImage *image =
          disk->source != NULL ? strata_graph_get_image (graph, disk->source) : NULL;
      g_autofree char *label = g_strdup_printf (_ ("Disk %s"), disk->target);
      g_autofree char *facts = disk->source != NULL ? strata_cli_describe_image (image) : NULL;

      if (disk->source != NULL)
        strata_cli_print_field (label, "%s (%s)", disk->source, facts);
      else
        strata_cli_print_field (label, "%s", _ ("empty"));
    }

  if (snapshots[0] != NULL)
    {
      g_autofree char *list = g_strjoinv (", ", snapshots);

      strata_cli_print_field (_ ("Snapshots"), "%s", list);
    }
}

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
                                     domain_to_json (domain));
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

      if (!filter_takes (filter, domain))
        continue;

      kind = describe_kind (domain);
      g_ptr_array_add (rows, row_new (domain->name, kind, describe_state (domain->state),
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
  else if (!filter_takes (filter, domain))
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
                                     details_to_json (graph, domain));
      strata_cli_print_document (document);
    }
  else
    {
      print_details (graph, domain);
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
