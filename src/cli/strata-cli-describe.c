/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A machine, a template, an image: in words for people, in JSON for programs. */

#include "graph/strata-holders.h"
#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "strata-cli-describe.h"
#include "strata-cli-output.h"

/* Part of the JSON contract, hence not translated. */
static const char *const state_nicks[] = {
  [STRATA_DOMAIN_STATE_OFF] = "off",         [STRATA_DOMAIN_STATE_RUNNING] = "running",
  [STRATA_DOMAIN_STATE_PAUSED] = "paused",   [STRATA_DOMAIN_STATE_SHUTTING_DOWN] = "shutting-down",
  [STRATA_DOMAIN_STATE_CRASHED] = "crashed", [STRATA_DOMAIN_STATE_SUSPENDED] = "suspended",
};

/**
 * strata_cli_filter_takes:
 * @filter: what the user asked for
 * @domain: a domain
 *
 * Returns: whether @domain is to be listed
 */
gboolean
strata_cli_filter_takes (StrataCliFilter filter, const StrataDomainFacts *domain)
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

/**
 * strata_cli_describe_kind:
 * @domain: a domain
 *
 * Returns: (transfer full): "template", "thin, template-web"…
 */
char *
strata_cli_describe_kind (const StrataDomainFacts *domain)
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

/**
 * strata_cli_describe_state:
 * @state: a domain's state
 *
 * Returns: (transfer none): a word for it
 */
const char *
strata_cli_describe_state (StrataDomainState state)
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

/**
 * strata_cli_domain_to_json:
 * @domain: a domain
 *
 * Returns: (transfer full): what `list` says of it
 */
JsonObject *
strata_cli_domain_to_json (const StrataDomainFacts *domain)
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

/**
 * strata_cli_details_to_json:
 * @graph: the host
 * @domain: one of its domains
 *
 * Returns: (transfer full): what `show` says of it
 */
JsonObject *
strata_cli_details_to_json (StrataGraph *graph, StrataDomainFacts *domain)
{
  JsonObject *object = strata_cli_domain_to_json (domain);
  JsonArray *disks = json_array_new ();
  g_auto (GStrv) macs = strata_domain_xml_get_macs (domain->definition);
  g_autofree char *machine = strata_domain_xml_get_machine (domain->definition);
  g_autofree char *virt_type = strata_domain_xml_get_virt_type (domain->definition);

  json_object_set_int_member (object, "memory",
                              (gint64) strata_domain_xml_get_memory (domain->definition));
  json_object_set_int_member (object, "vcpus", strata_domain_xml_get_vcpus (domain->definition));
  strata_cli_set_string (object, "virtualisation", virt_type);
  strata_cli_set_string (object, "machine", machine);
  json_object_set_string_member (object, "firmware",
                                 strata_domain_xml_is_uefi (domain->definition) ? "uefi" : "bios");
  strata_cli_set_strings (object, "macs", (const char *const *) macs);

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

/**
 * strata_cli_print_details:
 * @graph: the host
 * @domain: one of its domains
 *
 * Prints what `show` says of it.
 */
void
strata_cli_print_details (StrataGraph *graph, StrataDomainFacts *domain)
{
  g_auto (GStrv) snapshots = strata_domain_facts_get_snapshot_names (domain);
  g_autofree char *kind = strata_cli_describe_kind (domain);

  strata_cli_print_field (_ ("Name"), "%s", domain->name);
  strata_cli_print_field (_ ("UUID"), "%s", domain->uuid);
  strata_cli_print_field (_ ("Kind"), "%s", kind);
  strata_cli_print_field (_ ("State"), "%s", strata_cli_describe_state (domain->state));
  if (domain->template_mark != NULL)
    print_template (graph, domain);
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
