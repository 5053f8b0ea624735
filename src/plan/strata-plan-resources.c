/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a plan needs for itself while it is carried out, and what it needs to stay as it is.
 *
 * Two jobs can run side by side if neither changes an image or a domain that the other one changes or reads. An image is
 * read with all that it stands on, so that a job that changes or removes something in a chain, and one that builds upon it,
 * exclude each other; two who only build upon the same template don't.
 */

#include "config.h"

#include "plan/planner/strata-planner-private.h"

typedef struct
{
  StrataGraph *graph;
  GHashTable *changed; /* images' paths and domains' UUIDs */
  GHashTable *read;
} Needs;

/* What a step only reads. All else that it names it may change. */
static const struct
{
  StrataStepKind kind;
  const char *key;
} readers[] = {
  { STRATA_STEP_CREATE_OVERLAY, "backing" }, { STRATA_STEP_COPY_IMAGE, "source" },
  { STRATA_STEP_COPY_VERBATIM, "from" },     { STRATA_STEP_CONVERT_TAG, "from" },
  { STRATA_STEP_CHECK_CHAIN, "path" },       { STRATA_STEP_CHECK_SPACE, "path" },
  { STRATA_STEP_INSPECT, "path" },           { STRATA_STEP_VERIFY, "path" },
};

static gboolean
only_reads (StrataStepKind kind, const char *key)
{
  for (size_t i = 0; i < G_N_ELEMENTS (readers); i++)
    {
      if (readers[i].kind == kind && g_str_equal (readers[i].key, key))
        return TRUE;
    }

  return FALSE;
}

static void
add_image (Needs *self, const char *path, gboolean changes)
{
  const StrataImage *image = strata_graph_get_image (self->graph, path);

  if (image != NULL && changes)
    g_hash_table_add (self->changed, g_strdup (image->path));
  for (StrataChain link = strata_graph_walk (self->graph, path);
       link.image != NULL && g_hash_table_add (self->read, g_strdup (link.path));)
    strata_chain_next (&link);
}

static void
add_definition (Needs *self, const char *xml)
{
  g_autoptr (StrataDomainXml) definition = strata_domain_xml_new_from_string (xml, NULL);
  g_autoptr (GPtrArray) disks =
      definition != NULL ? strata_domain_xml_get_disks (definition) : NULL;

  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (disk->source != NULL)
        add_image (self, disk->source, !disk->read_only);
    }
}

static void
add_string (Needs *self, StrataStepKind kind, const char *key, const char *value)
{
  const StrataDomainFacts *domain;

  if (g_str_equal (key, "uuid"))
    {
      domain = strata_graph_find_domain (self->graph, value);
      if (domain != NULL)
        g_hash_table_add (self->changed, g_strdup (domain->uuid));
    }
  else if (*value == '<')
    {
      if (kind == STRATA_STEP_DEFINE || kind == STRATA_STEP_UNDEFINE)
        add_definition (self, value);
    }
  else
    {
      add_image (self, value, !only_reads (kind, key));
    }
}

static void add_object (Needs *self, StrataStepKind kind, JsonObject *object);

static void
add_node (Needs *self, StrataStepKind kind, const char *key, JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      add_object (self, kind, json_node_get_object (node));
    }
  else if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      for (guint i = 0; i < json_array_get_length (array); i++)
        add_node (self, kind, key, json_array_get_element (array, i));
    }
  else if (json_node_get_value_type (node) == G_TYPE_STRING)
    {
      add_string (self, kind, key, json_node_get_string (node));
    }
}

static void
add_object (Needs *self, StrataStepKind kind, JsonObject *object)
{
  JsonObjectIter iter;
  const char *key;
  JsonNode *node;

  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &key, &node))
    add_node (self, kind, key, node);
}

/**
 * strata_plan_get_lock_resources:
 * @plan: a plan
 * @graph: the host for which it was made
 *
 * What of @graph's domains and images @plan changes, and, after `STRATA_READS`, the images that it only reads or that
 * what it changes stands on. What does not exist yet is not among them.
 *
 * Returns: (transfer full) (element-type utf8): resources, each once
 */
GPtrArray *
strata_plan_get_lock_resources (StrataPlan *plan, StrataGraph *graph)
{
  g_autoptr (GHashTable) changed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) read = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Needs needs = { graph, changed, read };
  GPtrArray *resources = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  const char *resource;

  g_return_val_if_fail (STRATA_IS_PLAN (plan), resources);
  g_return_val_if_fail (STRATA_IS_GRAPH (graph), resources);

  for (guint i = 0; i < strata_plan_get_n_steps (plan); i++)
    {
      StrataStep *step = strata_plan_get_step (plan, i);

      add_object (&needs, step->kind, step->args);
    }

  g_hash_table_iter_init (&iter, changed);
  while (g_hash_table_iter_next (&iter, (gpointer *) &resource, NULL))
    g_ptr_array_add (resources, g_strdup (resource));
  g_hash_table_iter_init (&iter, read);
  while (g_hash_table_iter_next (&iter, (gpointer *) &resource, NULL))
    {
      if (!g_hash_table_contains (changed, resource))
        g_ptr_array_add (resources, g_strconcat (STRATA_READS, resource, NULL));
    }
  g_ptr_array_sort_values (resources, (GCompareFunc) g_strcmp0);

  return resources;
}

static const char *
strip (const char *resource, gboolean *changes)
{
  *changes = !g_str_has_prefix (resource, STRATA_READS);

  return *changes ? resource : resource + strlen (STRATA_READS);
}

/* Each to whether it is changed. */
static GHashTable *
index_resources (GPtrArray *resources)
{
  GHashTable *table = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < resources->len; i++)
    {
      gboolean changes;
      const char *resource = strip (g_ptr_array_index (resources, i), &changes);

      if (changes || !g_hash_table_contains (table, resource))
        g_hash_table_insert (table, (gpointer) resource, GINT_TO_POINTER (changes));
    }

  return table;
}

/**
 * strata_resources_conflict:
 * @a: (element-type utf8): what one job needs
 * @b: (element-type utf8): what another one needs
 *
 * Returns: whether one changes what the other one changes or reads
 */
gboolean
strata_resources_conflict (GPtrArray *a, GPtrArray *b)
{
  g_autoptr (GHashTable) of_a = index_resources (a);
  g_autoptr (GHashTable) of_b = index_resources (b);
  GHashTableIter iter;
  gpointer resource, changes, others;

  g_hash_table_iter_init (&iter, of_a);
  while (g_hash_table_iter_next (&iter, &resource, &changes))
    {
      if (g_hash_table_lookup_extended (of_b, resource, NULL, &others) &&
          (GPOINTER_TO_INT (changes) || GPOINTER_TO_INT (others)))
        return TRUE;
    }

  return FALSE;
}

/**
 * strata_resources_cover:
 * @held: (element-type utf8): what a job has
 * @needed: (element-type utf8): what it turns out to need
 *
 * Returns: whether it has all of that
 */
gboolean
strata_resources_cover (GPtrArray *held, GPtrArray *needed)
{
  g_autoptr (GHashTable) table = index_resources (held);

  for (guint i = 0; i < needed->len; i++)
    {
      gpointer has;
      gboolean changes;
      const char *resource = strip (g_ptr_array_index (needed, i), &changes);

      if (!g_hash_table_lookup_extended (table, resource, NULL, &has) ||
          (changes && !GPOINTER_TO_INT (has)))
        return FALSE;
    }

  return TRUE;
}
