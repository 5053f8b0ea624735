/* SPDX-License-Identifier: GPL-3.0-or-later */

/* snapshot list: the snapshots of a VM, as a table or as a tree with "you are here". */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "strata-cli-list.h"
#include "strata-cli-output.h"
#include "strata-cli-session.h"

static const char *
kind_to_nick (const StrataSnapshotFacts *snapshot)
{
  if (snapshot->retained)
    return "joint";
  if (strata_snapshot_facts_has (snapshot, STRATA_SNAPSHOT_INTERNAL) ||
      snapshot->memory == STRATA_SNAPSHOT_INTERNAL)
    return "internal";

  return snapshot->memory == STRATA_SNAPSHOT_EXTERNAL ? "memory" : "disk-only";
}

static const char *
describe_kind (const StrataSnapshotFacts *snapshot)
{
  if (snapshot->retained)
    return _ ("joint");
  if (strata_snapshot_facts_has (snapshot, STRATA_SNAPSHOT_INTERNAL) ||
      snapshot->memory == STRATA_SNAPSHOT_INTERNAL)
    return _ ("internal");

  return snapshot->memory == STRATA_SNAPSHOT_EXTERNAL ? _ ("disk and memory") : _ ("disk only");
}

static char *
describe_time (const StrataSnapshotFacts *snapshot)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (snapshot->created);

  return g_date_time_format (time, "%Y-%m-%d %H:%M:%S");
}

static JsonObject *
disk_to_json (StrataGraph *graph, const StrataSnapshotDisk *disk)
{
  static const char *const locations[] = { "none", "internal", "external" };
  JsonObject *object = json_object_new ();
  StrataImage *image = strata_graph_get_image (graph, disk->image);

  json_object_set_string_member (object, "target", disk->target);
  json_object_set_string_member (object, "location", locations[disk->location]);
  strata_cli_set_string (object, "image", disk->image);
  if (image != NULL)
    {
      json_object_set_int_member (object, "allocation", (gint64) image->allocation);
      json_object_set_boolean_member (object, "missing", image->missing);
    }

  return object;
}

static JsonObject *
snapshot_to_json (StrataGraph *graph, const StrataSnapshotFacts *snapshot)
{
  JsonObject *object = json_object_new ();
  JsonArray *disks = json_array_new ();
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (snapshot->created);
  g_autofree char *created = g_date_time_format_iso8601 (time);

  for (guint i = 0; i < snapshot->disks->len; i++)
    json_array_add_object_element (disks, disk_to_json (graph, snapshot->disks->pdata[i]));
  json_object_set_string_member (object, "name", snapshot->name);
  strata_cli_set_string (object, "parent", snapshot->parent);
  strata_cli_set_string (object, "description", snapshot->description);
  json_object_set_string_member (object, "kind", kind_to_nick (snapshot));
  json_object_set_string_member (object, "created", created);
  strata_cli_set_string (object, "state", snapshot->state);
  json_object_set_boolean_member (object, "current", snapshot->current);
  strata_cli_set_string (object, "memory-file", snapshot->memory_file);
  json_object_set_array_member (object, "disks", disks);

  return object;
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  const StrataSnapshotFacts *left = a;
  const StrataSnapshotFacts *right = b;

  return left->created != right->created ? (left->created < right->created ? -1 : 1)
                                         : g_strcmp0 (left->name, right->name);
}

/* PARENT: NULL for the roots, and for what lost its parent. The oldest first. */
static GPtrArray *
get_children (const StrataDomainFacts *domain, const StrataSnapshotFacts *parent)
{
  GPtrArray *children = g_ptr_array_new ();

  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      StrataSnapshotFacts *snapshot = domain->snapshots->pdata[i];
      gboolean root = snapshot->parent == NULL ||
                      strata_domain_facts_find_snapshot (domain, snapshot->parent) == NULL;

      if (parent != NULL ? g_strcmp0 (snapshot->parent, parent->name) == 0 : root)
        g_ptr_array_add (children, snapshot);
    }
  g_ptr_array_sort_values (children, compare_times);

  return children;
}

/* Each before what was taken after it; libvirt has them in no order. */
static void
collect_below (const StrataDomainFacts *domain, const StrataSnapshotFacts *parent, GPtrArray *all)
{
  g_autoptr (GPtrArray) children = get_children (domain, parent);

  for (guint i = 0; i < children->len; i++)
    {
      g_ptr_array_add (all, children->pdata[i]);
      collect_below (domain, children->pdata[i], all);
    }
}

static void
print_json (StrataGraph *graph, const StrataDomainFacts *domain)
{
  JsonObject *document = strata_cli_document_new (STRATA_CLI_OUTCOME_DONE);
  JsonArray *snapshots = json_array_new ();
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  collect_below (domain, NULL, all);
  for (guint i = 0; i < all->len; i++)
    json_array_add_object_element (snapshots, snapshot_to_json (graph, all->pdata[i]));
  json_object_set_string_member (document, "name", domain->name);
  json_object_set_array_member (document, "snapshots", snapshots);
  strata_cli_print_document (document);
}

static void
print_table (const StrataDomainFacts *domain)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  const char *headings[] = { _ ("Name"), _ ("Taken"), _ ("Kind"), _ ("After"), _ ("Here"), NULL };

  if (domain->snapshots->len == 0)
    {
      strata_cli_print_line (stdout, _ ("“%s” has no snapshots.\n"), domain->name);
      return;
    }

  g_ptr_array_add (rows, g_strdupv ((GStrv) headings));
  collect_below (domain, NULL, all);
  for (guint i = 0; i < all->len; i++)
    {
      const StrataSnapshotFacts *snapshot = all->pdata[i];
      g_autofree char *time = describe_time (snapshot);
      const char *cells[] = { snapshot->name,
                              time,
                              describe_kind (snapshot),
                              snapshot->parent != NULL ? snapshot->parent : "",
                              snapshot->current ? "*" : "",
                              NULL };

      g_ptr_array_add (rows, g_strdupv ((GStrv) cells));
    }
  strata_cli_print_table (rows);
}

/* INDENT: what stands in front of the children's branches. */
static void
print_below (const StrataDomainFacts *domain, const StrataSnapshotFacts *parent, const char *indent)
{
  g_autoptr (GPtrArray) children = get_children (domain, parent);
  gboolean here = parent != NULL && parent->current;

  for (guint i = 0; i < children->len; i++)
    {
      const StrataSnapshotFacts *snapshot = children->pdata[i];
      gboolean last = i + 1 == children->len && !here;
      g_autofree char *time = describe_time (snapshot);
      g_autofree char *below = g_strdup_printf ("%s%s", indent,
                                                parent == NULL ? ""
                                                : last         ? "   "
                                                               : "│  ");

      strata_cli_print_line (stdout, "%s%s%s  (%s, %s)", indent,
                             parent == NULL ? ""
                             : last         ? "╰─ "
                                            : "├─ ",
                             snapshot->name, describe_kind (snapshot), time);
      print_below (domain, snapshot, below);
    }
  if (here)
    strata_cli_print_line (stdout, "%s╰─ %s", indent, _ ("◉ You are here"));
}

static StrataCliStatus
run_list (StrataCli *cli, GStrv argv)
{
  g_auto (GStrv) arguments = NULL;
  g_autoptr (StrataGraph) graph = NULL;
  g_autoptr (GError) error = NULL;
  StrataDomainFacts *domain = NULL;
  gboolean tree = FALSE;
  const GOptionEntry entries[] = {
    { "tree", 0, 0, G_OPTION_ARG_NONE, &tree, N_ ("Show what was taken after what"), NULL },
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

  if (cli->json)
    print_json (graph, domain);
  else if (tree && domain->snapshots->len > 0)
    print_below (domain, NULL, "");
  else
    print_table (domain);

  return STRATA_CLI_DONE;
}

const StrataCliVerb strata_cli_snapshot_list_verb = {
  "snapshot", "list", N_ ("VM"), N_ ("List the snapshots of a virtual machine"), 1, 1, run_list,
};
