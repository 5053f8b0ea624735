/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Graphs for the planner's tests. */

#include "config.h"

#include "host-on-paper.h"

#define MIB (1024 * 1024)

StrataGraph *
paper_host_new (void)
{
  StrataGraph *graph = strata_graph_new ();
  StrataPoolFacts *pool = g_new0 (StrataPoolFacts, 1);

  pool->name = g_strdup ("default");
  pool->type = g_strdup ("dir");
  pool->path = g_strdup (PAPER_POOL);
  pool->capacity = 1000 * (guint64) MIB;
  pool->available = 500 * (guint64) MIB;
  strata_graph_take_pool (graph, pool);
  strata_graph_set_nvram_dir (graph, "/nvram");

  return graph;
}

StrataImage *
paper_host_image (StrataGraph *graph, const char *name, const char *backing)
{
  g_autofree char *path = g_strdup_printf ("%s/%s", PAPER_POOL, name);
  StrataImage *image = strata_image_new (path);

  image->format = g_strdup (g_str_has_suffix (name, ".raw") ? "raw" : "qcow2");
  image->capacity = 100 * MIB;
  image->allocation = 10 * MIB;
  image->mode = 0600;
  if (backing != NULL)
    {
      image->backing_path = g_strdup_printf ("%s/%s", PAPER_POOL, backing);
      image->backing_format = g_strdup ("qcow2");
    }
  strata_graph_take_image (graph, image);

  return image;
}

void
paper_host_add (StrataGraph *graph,
                const char *name,
                StrataDomainState state,
                gboolean template_mark,
                const char *const *snapshots,
                const char *image,
                ...)
{
  g_autoptr (GString) xml = g_string_new (NULL);
  g_autofree char *uuid = g_uuid_string_random ();
  g_autoptr (StrataDomainFacts) facts = NULL;
  g_autoptr (GError) error = NULL;
  char target = 'a';
  va_list args;

  g_string_append_printf (xml,
                          "<domain type='qemu'><name>%s</name><uuid>%s</uuid>"
                          "<memory unit='MiB'>64</memory>"
                          "<os><type arch='x86_64'>hvm</type></os>",
                          name, uuid);
  if (template_mark)
    g_string_append_printf (xml,
                            "<metadata><strata:strata "
                            "xmlns:strata='https://stratavm.github.io/xmlns/1'>"
                            "<strata:template version='1' domain='%s'/></strata:strata>"
                            "</metadata>",
                            uuid);
  g_string_append (xml, "<devices>");
  va_start (args, image);
  for (const char *i = image; i != NULL; i = va_arg (args, const char *), target++)
    g_string_append_printf (xml,
                            "<disk type='%s' device='disk'><driver name='qemu' type='%s'/>"
                            "<source %s='%s%s'/><target dev='vd%c' bus='virtio'/></disk>",
                            *i == '/' ? "block" : "file",
                            g_str_has_suffix (i, ".raw") ? "raw" : "qcow2",
                            *i == '/' ? "dev" : "file", *i == '/' ? "" : PAPER_POOL "/", i, target);
  va_end (args);
  g_string_append (xml, "<interface type='user'><mac address='52:54:00:00:00:01'/></interface>"
                        "</devices></domain>");

  facts = strata_domain_facts_new (xml->str, NULL, state, &error);
  g_assert_no_error (error);
  for (guint i = 0; snapshots != NULL && snapshots[i] != NULL; i++)
    {
      g_autofree char *text =
          g_strdup_printf ("<domainsnapshot><name>%s</name><state>shutoff</state>"
                           "<creationTime>1</creationTime><memory snapshot='no'/></domainsnapshot>",
                           snapshots[i]);
      StrataSnapshotFacts *snapshot = strata_snapshot_facts_new (text, FALSE, &error);

      g_assert_no_error (error);
      strata_domain_facts_take_snapshot (facts, snapshot);
    }
  g_assert_true (!template_mark || facts->template_mark != NULL);
  for (guint i = 0; template_mark && i < facts->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (facts->disks, i);
      StrataImage *file = strata_graph_get_image (graph, disk->source);

      if (file != NULL)
        file->mode = 0444;
    }
  strata_graph_add_domain (graph, facts);
}

char *
paper_host_definition (const char *name, const char *uuid, const char *inner)
{
  return g_strdup_printf ("<domain type='qemu'><name>%s</name><uuid>%s</uuid>"
                          "<memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os>"
                          "%s</domain>",
                          name, uuid, inner);
}

StrataDomainFacts *
paper_host_define (StrataGraph *graph, const char *name, const char *inner, const char *live)
{
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *xml = paper_host_definition (name, uuid, inner);
  g_autofree char *live_xml = live != NULL ? paper_host_definition (name, uuid, live) : NULL;
  g_autoptr (StrataDomainFacts) facts = NULL;
  g_autoptr (GError) error = NULL;

  facts = strata_domain_facts_new (
      xml, live_xml, live != NULL ? STRATA_DOMAIN_STATE_RUNNING : STRATA_DOMAIN_STATE_OFF, &error);
  g_assert_no_error (error);
  strata_graph_add_domain (graph, facts);

  return strata_graph_find_domain (graph, uuid);
}

StrataSnapshotFacts *
paper_host_document (StrataGraph *graph, const char *domain, const char *name, const char *inner)
{
  g_autofree char *xml = g_strdup_printf ("<domainsnapshot><name>%s</name><state>shutoff</state>"
                                          "<creationTime>1</creationTime>%s</domainsnapshot>",
                                          name, inner);
  g_autoptr (GError) error = NULL;
  StrataSnapshotFacts *snapshot = strata_snapshot_facts_new (xml, FALSE, &error);

  g_assert_no_error (error);
  strata_domain_facts_take_snapshot (strata_graph_find_domain (graph, domain), snapshot);

  return snapshot;
}

StrataStep *
paper_plan_add (StrataPlan *plan, StrataStepKind kind, const char *args, ...)
{
  g_autoptr (GString) filled = g_string_new (NULL);
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) error = NULL;
  va_list list;

  va_start (list, args);
  g_string_vprintf (filled, args, list);
  va_end (list);
  g_strdelimit (filled->str, "`", '"');
  node = json_from_string (filled->str, &error);
  g_assert_no_error (error);

  return strata_plan_add_step (plan, kind, json_object_ref (json_node_get_object (node)), "step %u",
                               strata_plan_get_n_steps (plan));
}

void
paper_plan_assert_readable (StrataPlan *plan)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (JsonNode) read = NULL;
  g_autoptr (JsonNode) written = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (StrataPlan) again = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  json_node_take_object (node, strata_plan_to_json (plan));
  text = json_to_string (node, FALSE);
  read = json_from_string (text, NULL);
  again = strata_plan_new_from_json (json_node_get_object (read), &error);
  g_assert_no_error (error);

  json_node_take_object (written, strata_plan_to_json (again));
  for (guint i = 0; i < 2; i++)
    {
      JsonObject *object = json_node_get_object (i == 0 ? node : written);

      json_object_remove_member (object, "effects");
      json_object_remove_member (object, "commands");
    }
  g_assert_true (json_node_equal (node, written));
}

static char *
get_sources (const char *xml)
{
  g_autoptr (StrataDomainXml) definition = strata_domain_xml_new_from_string (xml, NULL);
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (definition);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      g_string_append_printf (text, "%s=%s ", disk->target, disk->source);
    }

  return g_string_free (text, FALSE);
}

static const char *
get_member (StrataStep *step, const char *name)
{
  return json_object_get_string_member_with_default (step->args, name, NULL);
}

/* What the step takes for the definition that it comes upon is what the step before it left. */
void
paper_plan_assert_defines (StrataPlan *plan)
{
  g_autoptr (GHashTable) left = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);
      const char *uuid = get_member (step, "uuid");
      const char *before = uuid != NULL ? g_hash_table_lookup (left, uuid) : NULL;

      if (step->kind == STRATA_STEP_SNAPSHOT_REVERT)
        {
          g_hash_table_remove (left, uuid);
        }
      else if (step->kind == STRATA_STEP_DEFINE)
        {
          g_autofree char *there = before != NULL ? get_sources (before) : NULL;
          g_autofree char *made = get_sources (get_member (step, "xml"));

          if (there != NULL && get_member (step, "previous") != NULL && !g_str_equal (there, made))
            {
              g_autofree char *previous = get_sources (get_member (step, "previous"));

              g_assert_cmpstr (previous, ==, there);
            }
          g_hash_table_insert (left, (gpointer) uuid, (gpointer) get_member (step, "xml"));
        }
    }
}

char *
paper_plan_to_kinds (StrataPlan *plan)
{
  GString *text = g_string_new (NULL);
  gboolean forward = FALSE;

  paper_plan_assert_readable (plan);
  paper_plan_assert_defines (plan);
  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);

      if (i > 0)
        g_string_append_c (text, ' ');
      if (step->forward_only && !forward)
        g_string_append (text, "| ");
      forward = forward || step->forward_only;
      g_string_append (text, strata_step_kind_get_word (step->kind));
    }

  return g_string_free (text, FALSE);
}

static void
add_snapshot (StrataGraph *graph,
              const char *domain,
              const char *name,
              const char *parent,
              const char *image,
              const char *location,
              const char *description,
              gboolean current)
{
  StrataDomainFacts *facts = strata_graph_find_domain (graph, domain);
  g_autoptr (GString) xml = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  StrataSnapshotFacts *snapshot;

  g_string_append_printf (xml,
                          "<domainsnapshot><name>%s</name><description>%s</description>"
                          "<state>shutoff</state><creationTime>%u</creationTime>",
                          name, description, facts->snapshots->len + 1);
  if (parent != NULL)
    g_string_append_printf (xml, "<parent><name>%s</name></parent>", parent);
  g_string_append_printf (xml,
                          "<memory snapshot='no'/><disks><disk name='vda' snapshot='%s'/></disks>"
                          "<domain type='qemu'><name>%s</name><uuid>%s</uuid>"
                          "<memory unit='MiB'>64</memory>"
                          "<os><type arch='x86_64'>hvm</type></os>"
                          "<devices><disk type='file' device='disk'>"
                          "<driver name='qemu' type='qcow2'/><source file='%s/%s'/>"
                          "<target dev='vda' bus='virtio'/></disk></devices></domain>"
                          "</domainsnapshot>",
                          location, facts->name, facts->uuid, PAPER_POOL, image);
  snapshot = strata_snapshot_facts_new (xml->str, current, &error);
  g_assert_no_error (error);
  strata_domain_facts_take_snapshot (facts, snapshot);
}

void
paper_host_snapshot (StrataGraph *graph,
                     const char *domain,
                     const char *name,
                     const char *parent,
                     const char *image,
                     gboolean current,
                     gboolean retained)
{
  add_snapshot (graph, domain, name, parent, image, "external", retained ? "strata:retained" : "",
                current);
}

void
paper_host_internal (StrataGraph *graph,
                     const char *domain,
                     const char *name,
                     const char *parent,
                     const char *image,
                     gboolean current)
{
  g_autofree char *path = g_strdup_printf ("%s/%s", PAPER_POOL, image);
  StrataImage *file = strata_graph_get_image (graph, path);
  g_autoptr (GStrvBuilder) tags = g_strv_builder_new ();

  if (file->tags != NULL)
    g_strv_builder_addv (tags, (const char **) file->tags);
  g_strv_builder_add (tags, name);
  g_strfreev (file->tags);
  file->tags = g_strv_builder_end (tags);
  add_snapshot (graph, domain, name, parent, image, "internal", "", current);
}
